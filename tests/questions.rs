//! `reports/questions.md`: every question has an answer that exists, and a claim with a source.

use clap::CommandFactory;
use kinesim::cli::Cli;
use kinesim::scenario;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Cells of each row: number, question, command, expectation, source.
fn rows() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("reports/questions.md")).expect("the table is there");
    let cells = |line: &str| {
        let inner = line.trim().trim_matches('|');
        inner.split('|').map(|c| c.trim().trim_matches('`').to_owned()).collect::<Vec<_>>()
    };
    text.lines().filter(|l| l.starts_with('|')).skip(2).map(cells).collect()
}

#[test]
fn every_question_has_a_row_and_no_cell_is_empty() {
    let rows = rows();
    assert_eq!(rows.len(), 32);
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(row.len(), 5, "row {}", i + 1);
        assert_eq!(row[0], (i + 1).to_string());
        assert!(row.iter().all(|c| !c.is_empty() && !c.chars().all(|c| "-–?".contains(c))), "{row:?}");
    }
}

#[test]
fn every_command_exists_and_every_scenario_claims_what_its_row_names() {
    let commands: Vec<String> = Cli::command().get_subcommands().map(|c| c.get_name().to_owned()).collect();
    for row in rows() {
        let words: Vec<&str> = row[2].split_whitespace().collect();
        assert_eq!(words[0], "kinesim", "{row:?}");
        assert!(commands.iter().any(|c| c == words[1]), "no command `{}`: {row:?}", words[1]);
        let file =
            words.iter().find(|w| w.ends_with(".yaml")).unwrap_or_else(|| panic!("a scenario: {row:?}"));
        for other in words.iter().filter(|w| w.contains('/')) {
            assert!(root().join(other).is_file(), "no file {other}: {row:?}");
        }
        let expect = claims(&root().join(file));
        let (claim, source) = (row[3].as_str(), row[4].as_str());
        assert!(
            expect.iter().any(|(that, from)| that == claim && from == source),
            "{file} claims no `{claim}` from {source}: {expect:?}"
        );
    }
}

/// What a scenario claims, mode included, with its sources.
fn claims(path: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let folder = path.parent().expect("a folder").to_owned();
    let beside = move |name: &str| std::fs::read_to_string(folder.join(name)).map_err(|e| e.to_string());
    let scenario = scenario::load(&text, "scenario.yaml", &beside, &[]).unwrap_or_else(|d| panic!("{d:?}"));
    scenario.expect.into_iter().map(|e| (e.limit.path, e.source)).collect()
}
