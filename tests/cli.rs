//! The commands as a user meets them: stdout, stderr, exit code.

use std::process::{Command, Output};

fn kinesim(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinesim"));
    command.args(args).env("NO_COLOR", "1");
    command.output().expect("kinesim starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

#[test]
fn a_misspelt_command_is_wrong_input_with_a_suggestion() {
    let out = kinesim(&["fcats"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(stdout(&out).is_empty());
    assert!(stderr(&out).contains("'facts'"), "{}", stderr(&out));
}

#[test]
fn facts_are_listed_as_table_json_and_csv() {
    let table = kinesim(&["facts", "shard.write"]);
    assert_eq!(table.status.code(), Some(0));
    assert!(stdout(&table).contains("shard.write.bytes_per_s"));
    assert!(stderr(&table).contains("kinesim explain"), "talk goes to stderr");
    let quiet = kinesim(&["facts", "shard.write", "--quiet"]);
    assert!(stderr(&quiet).is_empty());
    assert_eq!(stdout(&quiet), stdout(&table));
    let json = kinesim(&["--json", "facts", "shard.write"]);
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).expect("JSON");
    let csv = kinesim(&["facts", "shard.write", "--csv"]);
    let mut reader = csv::Reader::from_reader(csv.stdout.as_slice());
    assert_eq!(reader.records().count(), rows.len());
    assert!(rows.iter().all(|r| r["key"].as_str().is_some_and(|k| k.contains("shard.write"))));
}

#[test]
fn a_filter_that_fits_nothing_is_wrong_input() {
    let out = kinesim(&["prices", "no-such-price"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(stderr(&out).starts_with("error: no key contains"), "{}", stderr(&out));
    let out = kinesim(&["prices", "--region", "moon-1"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(stderr(&out).contains("moon-1"), "{}", stderr(&out));
}

#[test]
fn explain_tells_value_standing_and_source_or_the_nearest_key() {
    let out = kinesim(&["explain", "shard.write.bytes_per_s"]);
    assert_eq!(out.status.code(), Some(0));
    for part in ["1 MiB/s", "documented", "https://"] {
        assert!(stdout(&out).contains(part), "{part}: {}", stdout(&out));
    }
    let out = kinesim(&["explain", "shard.write.byte_per_s"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(stderr(&out).contains("did you mean shard.write.bytes_per_s"), "{}", stderr(&out));
}

#[test]
fn a_missing_scenario_is_named() {
    let out = kinesim(&["check", "no/such/file.yaml"]);
    assert_eq!(out.status.code(), Some(2));
    assert_eq!(stderr(&out), "error: cannot read no/such/file.yaml: there is no such file or folder\n");
}

#[test]
fn a_wrong_set_is_refused_before_anything_runs() {
    let out = kinesim(&["check", "x.yaml", "--set", "shards"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(stderr(&out).contains("KEY=VALUE"), "{}", stderr(&out));
}

#[test]
fn completions_and_manual_go_to_stdout() {
    for shell in ["bash", "zsh", "fish"] {
        let out = kinesim(&["completions", shell]);
        assert_eq!(out.status.code(), Some(0));
        assert!(stdout(&out).contains("explain"), "{shell}");
    }
    let page = stdout(&kinesim(&["man"]));
    assert!(page.contains(".TH kinesim"), "{page}");
    assert!(stdout(&kinesim(&["man", "facts"])).contains("\\-\\-csv"));
    assert_eq!(kinesim(&["man", "nothing"]).status.code(), Some(2));
}

/// A scenario file of this test's own.
fn scenario(name: &str, text: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("written");
    path.display().to_string()
}

const SMALL: &str = "version: 1
question: Does it fit?
duration: 2 min
producers:
  web: { client: sdk, rate: 500 records/s, record_size: 1 KiB }
stream: { shards: 2 }
consumers:
  dashboard: { client: sdk, read: polling, processing: 40 us/record }
";

#[test]
fn check_accepts_a_valid_scenario_and_obeys_set() {
    let path = scenario("cli-valid.yaml", SMALL);
    let out = kinesim(&["check", &path]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    assert_eq!(stdout(&out), "cli-valid: valid, within all documented quotas\n");
    let out = kinesim(&["check", &path, "--set", "stream.shards=many"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(stderr(&out).contains("shards"), "{}", stderr(&out));
}

#[test]
fn check_reports_all_mistakes_at_once_with_their_places() {
    let wrong = SMALL.replace("shards", "shrads").replace("500 records", "500 recrods");
    let path = scenario("cli-wrong.yaml", &wrong);
    let out = kinesim(&["check", &path]);
    assert_eq!(out.status.code(), Some(2));
    let said = stderr(&out);
    assert!(said.contains(":5:") && said.contains(":6:"), "{said}");
    assert!(said.contains("2 mistakes found"), "{said}");
    let json = kinesim(&["check", &path, "--json"]);
    assert_eq!(json.status.code(), Some(2));
    let list: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(list.len(), 2);
    assert!(stderr(&json).is_empty());
}

#[test]
fn run_prints_the_summary_writes_the_report_and_judges_the_goal() {
    let goal = "goal: { mode: provisioned, monthly_cost: { at_most: 1 USD } }\n";
    let path = scenario("cli-run.yaml", &format!("{SMALL}{goal}"));
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli-run-report");
    let at = folder.display().to_string();
    let out = kinesim(&["run", &path, "--out", &at, "--no-png", "--set", "curves=off"]);
    assert_eq!(out.status.code(), Some(1), "{}", stderr(&out));
    assert!(stdout(&out).contains("cost of a month"), "{}", stdout(&out));
    assert!(stderr(&out).contains("goal missed: Provisioned: monthly_cost"), "{}", stderr(&out));
    for name in ["index.html", "summary.json", "writes.svg", "cloudwatch.csv"] {
        assert!(folder.join(name).is_file(), "{name}");
    }
    let again = kinesim(&["run", &path, "--no-report", "--json", "--set", "curves=off"]);
    let summary = std::fs::read(folder.join("summary.json")).expect("the summary");
    assert!(again.stdout == summary, "--json prints what summary.json holds");
}

#[test]
fn trace_schema_and_init_answer() {
    let path = scenario("cli-trace.yaml", SMALL);
    let trace = stdout(&kinesim(&["trace", &path, "--record", "3"]));
    assert!(trace.starts_with("record 3 of web") && trace.contains("processed by dashboard"), "{trace}");
    assert_eq!(kinesim(&["trace", &path, "--record", "99999999"]).status.code(), Some(2));
    let schema: serde_json::Value = serde_json::from_slice(&kinesim(&["schema"]).stdout).expect("JSON");
    assert!(schema["$schema"].is_string());
    let preset = stdout(&kinesim(&["init", "launch-day"]));
    let path = scenario("cli-preset.yaml", &preset);
    assert_eq!(kinesim(&["check", &path]).status.code(), Some(0));
}
