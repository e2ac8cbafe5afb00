//! One mistake per file under `tests/errors/`, each with the exact text it must produce; and files made to hurt,
//! which must be refused quickly.
//!
//! `KINESIM_BLESS=1 cargo test --test errors` rewrites the expected texts, to be read before they are committed.

#![allow(clippy::disallowed_types, reason = "a bound on time is what this asserts")]

use kinesim::scenario::{Diag, load, render};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors")
}

fn read_file(name: &str) -> Result<String, String> {
    let plain = !name.contains('/') && !name.contains("..");
    let text = fs::read_to_string(folder().join("files").join(name)).ok();
    text.filter(|_| plain).ok_or_else(|| "no such file".to_owned())
}

fn mistakes(text: &str, name: &str) -> Vec<Diag> {
    load(text, name, &read_file, &[]).err().unwrap_or_default()
}

/// Files with more than one mistake.
const SEVERAL: [&str; 3] = ["many.yaml", "trace_numbers.yaml", "kpl_all_at_once.yaml"];

#[test]
fn each_mistake_has_its_exact_text() {
    let mut files: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    assert!(files.len() > 50);
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let found = mistakes(&text, name);
        assert!(!found.is_empty(), "{name} is accepted");
        if !SEVERAL.contains(&name) {
            assert_eq!(found.len(), 1, "{name}:\n{}", render(&found, false));
        }
        let printed = render(&found, false);
        let expected = path.with_extension("txt");
        if std::env::var_os("KINESIM_BLESS").is_some() {
            fs::write(&expected, &printed).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != printed {
            wrong.push(format!("{name}:\n{printed}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Loads a text that must be refused with this code, within a bound far above what it takes.
fn refused_fast(text: &str, code: &str) {
    let start = Instant::now();
    let found = mistakes(text, "hurt.yaml");
    let took = start.elapsed();
    let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
    let head: String = text.chars().take(40).collect();
    assert!(codes.contains(&code), "{head}: {codes:?} {:?}", found.first().map(|d| &d.message));
    assert!(took < Duration::from_secs(5), "{head}: {took:?}");
    assert!(!render(&found, false).is_empty());
}

#[test]
fn bombs_cycles_and_monsters_are_refused_fast() {
    let mut bomb = "x-0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n".to_owned();
    for i in 1..12 {
        let row = vec![format!("*a{}", i - 1); 9].join(", ");
        bomb.push_str(&format!("x-{i}: &a{i} [{row}]\n"));
    }
    refused_fast(&bomb, "alias-bomb");
    refused_fast("x-a: &a { b: *a }\n", "alias-cycle");
    refused_fast("x-a: &a [*a]\n", "alias-cycle");
    refused_fast(&"[".repeat(500_000), "too-deep");
    refused_fast(&"{a: ".repeat(200_000), "too-deep");
    refused_fast(&"- ".repeat(400_000), "too-deep");
    let long: String = (0..15_000).map(|i| format!("k{i}: 1\n")).collect();
    refused_fast(&long, "too-many-nodes");
    refused_fast(&format!("a: {}", "x".repeat(2 << 20)), "file-too-large");
    refused_fast(&format!("duration: {}", "9".repeat(900_000)), "missing-unit");
    refused_fast(&format!("stream: {{ {}: 1 }}", "k".repeat(1_000)), "unknown-key");
    let wide: String = (0..9_000).map(|i| format!("k{i}: 1\n")).collect();
    refused_fast(&wide, "unknown-key");
    let merged = format!("x-a: &a {{ {} }}\n", (0..4_000).map(|i| format!("k{i}: 1, ")).collect::<String>());
    refused_fast(&format!("{merged}stream: {{ <<: *a }}\nconsumers: {{ a: {{ <<: *a }} }}\n"), "unknown-key");
    let many: String = (0..3_000).map(|i| format!("  c{i}: {{ count: 1000 }}\n")).collect();
    refused_fast(&format!("consumers:\n{many}"), "too-many-consumers");
}

#[test]
fn positions_count_characters_and_survive_windows_line_ends() {
    let text = "# é ü 漢字\r\nquestion: 漢字?\r\nduration: 5 m # ü\r\n";
    let found = mistakes(text, "t.yaml");
    let wrong = found.iter().find(|d| d.code == "wrong-unit").unwrap();
    assert_eq!((wrong.line, wrong.column, wrong.end_column), (3, 11, 14));
    let text = "stream: { \"漢字\": 1, retension: 24 h }\n";
    let found = mistakes(text, "t.yaml");
    let key = found.iter().find(|d| d.message.contains("retension")).unwrap();
    assert_eq!((key.line, key.column, key.end_column), (1, 20, 29));
}

#[test]
fn the_same_list_is_there_for_machines() {
    let found = mistakes("duration: 5 m\nproducers: {}\nstream: {}\n", "t.yaml");
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json[0]["code"], "wrong-unit");
    assert_eq!(
        (json[0]["file"].as_str(), json[0]["line"].as_u64(), json[0]["column"].as_u64()),
        (Some("t.yaml"), Some(1), Some(11))
    );
    assert_eq!(json[0]["end_column"], 14);
    assert!(json[0]["help"][0].as_str().unwrap().contains("min"));
    assert_eq!(json.as_array().unwrap().len(), found.len());
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let found = mistakes("duration: \"\\e[31m5 s\\u0007\"\nx\u{7f}y: 1\n", "t.yaml");
    let printed = render(&found, false);
    assert!(printed.chars().all(|c| c == '\n' || !c.is_control()), "{printed:?}");
}

mod never_panics {
    use super::*;
    use proptest::prelude::*;

    fn presets() -> Vec<&'static str> {
        kinesim::scenario::presets::PRESETS.iter().map(|p| p.text).collect()
    }

    /// Words that reach deep into the grammar.
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ": ",
        ", ",
        "\n  ",
        "- ",
        "&a ",
        "*a",
        "<<",
        "~",
        "!t ",
        "|",
        "'",
        "\"",
        "0",
        "-1",
        "5x",
        "1e9",
        "..",
        "99999999999999999999 records/s",
        "18446744073709551615",
        "0 s",
        "5 m",
        "1 KiB",
        "100 %",
        "400 %",
        "\u{0}",
        "\t",
        "漢",
        "rate",
        "trace",
        "zipf",
        "lognormal",
        "mmpp",
        "shards",
        "consumers",
        "goal",
        "expect",
        "that",
        "central",
        "events",
        "count",
        "duration",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

        #[test]
        fn on_arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let text = String::from_utf8_lossy(&bytes);
            let _ = render(&mistakes(&text, "t.yaml"), false);
        }

        #[test]
        fn on_soups_of_words(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
            let text: String = pieces.into_iter().map(|i| PIECES[i]).collect();
            let _ = render(&mistakes(&text, "t.yaml"), false);
        }

        #[test]
        fn on_mutated_scenarios(which in 0usize..6, cuts in proptest::collection::vec((any::<u16>(), 0u8..12, 0..PIECES.len()), 1..6)) {
            let mut text: Vec<char> = presets()[which].chars().collect();
            for (at, length, piece) in cuts {
                let at = usize::from(at) % text.len().max(1);
                let end = (at + usize::from(length)).min(text.len());
                text.splice(at..end, PIECES[piece].chars());
            }
            let text: String = text.into_iter().collect();
            match load(&text, "t.yaml", &read_file, &[]) {
                Ok(scenario) => {
                    let _ = (scenario.quota_findings(), scenario.too_large());
                }
                Err(found) => {
                    prop_assert!(!found.is_empty());
                    let _ = render(&found, true);
                }
            }
        }

        #[test]
        fn on_any_overlay(key in "[a-z_.0-9]{0,30}", value in ".{0,30}") {
            let _ = load(presets()[0], "t.yaml", &read_file, &[(key, value)]);
        }

        #[test]
        fn on_any_trace(text in "(timestamp|records_per_second|mean_record_bytes|[0-9]{1,20}|[-,.\nTZ:]|NaN|\r|漢){0,40}") {
            let file = |_: &str| Ok(format!("timestamp,records_per_second\n{text}"));
            let scenario = "duration: 1 min\nproducers: { a: { rate: { trace: f }, record_size: 1 KiB, keys: { file: k } } }\nstream: {}\n";
            if let Ok(scenario) = load(scenario, "t.yaml", &file, &[]) {
                let _ = (scenario.quota_findings(), scenario.too_large());
            }
        }
    }
}
