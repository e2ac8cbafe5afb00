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
fn run_markdown_is_short_and_the_exit_code_agrees_with_its_mark() {
    let goal =
        |most: &str| format!("{SMALL}goal: {{ mode: provisioned, monthly_cost: {{ at_most: {most} }} }}\n");
    let run = |name: &str, text: &str| {
        let path = scenario(name, text);
        kinesim(&["run", &path, "--no-report", "--markdown", "--set", "curves=off"])
    };
    let fine = run("cli-md.yaml", &goal("500 USD"));
    assert_eq!(fine.status.code(), Some(0), "{}", stderr(&fine));
    let said = stdout(&fine);
    assert!(said.starts_with("### ✅ `cli-md`: Does it fit?\n"), "{said}");
    assert!(said.contains("| ✅ | Provisioned | `monthly_cost at most 500 USD` |"), "{said}");
    assert!(said.contains("| | Provisioned | On-demand |") && said.lines().count() < 60, "{said}");
    let missed = run("cli-md-missed.yaml", &goal("1 USD"));
    assert_eq!(missed.status.code(), Some(1));
    assert!(stdout(&missed).starts_with("### ❌ `cli-md-missed`"), "{}", stdout(&missed));
    let none = run("cli-md-none.yaml", SMALL);
    assert_eq!(none.status.code(), Some(0));
    assert!(stdout(&none).starts_with("### `cli-md-none`"), "{}", stdout(&none));
    let wrong = run("cli-md-wrong.yaml", &SMALL.replace("shards", "shrads"));
    assert_eq!((wrong.status.code(), stdout(&wrong).as_str()), (Some(2), ""));
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

/// A folder of this test's own, empty.
fn empty_folder(name: &str) -> std::path::PathBuf {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("made");
    path
}

/// Everything in a folder, hidden files too, in order.
fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("readable");
    let mut names: Vec<String> =
        entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Exit code, stdout, stderr: all of it.
#[track_caller]
fn says(args: &[&str], code: i32, out: &str, err: &str) {
    let got = kinesim(args);
    assert_eq!(stderr(&got), err, "stderr of {args:?}");
    assert_eq!(stdout(&got), out, "stdout of {args:?}");
    assert_eq!(got.status.code(), Some(code), "{args:?}");
}

#[test]
fn a_broken_quota_ends_with_one_and_names_its_fact() {
    let crowd = SMALL.replace("dashboard: {", "dashboard: { count: 6,");
    let path = scenario("cli-quota.yaml", &crowd);
    let said = "quota: consumers: pollers ask for 6 GetRecords calls per second and shard; the shard allows 5 (kinesim explain shard.read.calls_per_s)\n";
    says(&["check", &path], 1, said, "");
    let crowd = SMALL.replace("read: polling", "count: 21, read: enhanced_fan_out");
    let path = scenario("cli-fan-out-21.yaml", &crowd);
    let out = kinesim(&["check", &path, "--set", "modes=[provisioned]"]);
    assert_eq!(out.status.code(), Some(1));
    let said = "quota: consumers: 21 enhanced fan-out consumers; Provisioned allows 20 (kinesim explain fan_out.consumers_max)\n";
    assert_eq!(stdout(&out), said);
}

#[test]
fn a_missed_goal_ends_with_one_and_says_what_was_measured() {
    let goal = "goal: { mode: provisioned, consumers: { dashboard: { unread: { at_least: 1000000 } } } }\n";
    let path = scenario("cli-goal.yaml", &format!("{SMALL}{goal}"));
    let out = kinesim(&["check", &path]);
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(stdout(&out), "cli-goal: valid, within all documented quotas\n");
    let said = stderr(&out);
    assert!(
        said.starts_with("goal missed: Provisioned: consumers.dashboard.unread at least 1000000: it was "),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_folder_that_is_not_ours_is_left_as_it_was() {
    let path = scenario("cli-place.yaml", SMALL);
    let home = empty_folder("cli-place");
    let full = home.join("full");
    std::fs::create_dir(&full).expect("made");
    std::fs::write(full.join("mine.txt"), "mine").expect("written");
    let at = full.display().to_string();
    let said =
        format!("error: {at} is not empty and is no report of kinesim; choose another folder with --out\n");
    says(&["run", &path, "--out", &at], 2, "", &said);
    assert_eq!(names(&home), ["full"]);
    assert_eq!(names(&full), ["mine.txt"]);
    let at = full.join("mine.txt").display().to_string();
    says(&["run", &path, "--out", &at], 2, "", &format!("error: {at} is a file, not a folder\n"));
    assert_eq!(names(&full), ["mine.txt"]);
}

#[test]
fn a_run_that_is_too_large_is_refused_with_the_estimate_before_anything_is_written() {
    let large = SMALL.replace("500 records/s", "10000000000 records/s");
    let path = scenario("cli-large.yaml", &large);
    let said = "error: a run would give birth to about 1,200,000,000,000 records; at most 2,000,000,000 are simulated one by one. Choose `resolution: auto`, shorten `duration`, or lower the rates and the shards by the same factor\n";
    let home = empty_folder("cli-large");
    let at = home.join("report").display().to_string();
    says(&["run", &path, "--out", &at], 2, "", said);
    says(&["check", &path], 2, "", said);
    says(&["trace", &path], 2, "", said);
    assert!(names(&home).is_empty());
}

#[test]
fn an_unknown_key_in_a_set_is_shown_with_the_nearest() {
    let path = scenario("cli-set.yaml", SMALL);
    let out = kinesim(&["check", &path, "--set", "stream.shrads=3"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(stdout(&out).is_empty());
    let said = stderr(&out);
    assert!(said.starts_with("error[unknown-key]: unknown key `shrads`\n --> --set:1:1\n"), "{said}");
    assert!(said.ends_with("= help: did you mean `shards`?\n\n1 mistake found\n"), "{said}");
}

#[test]
fn a_report_replaces_the_last_one_and_nothing_else_stays() {
    let path = scenario("cli-twice.yaml", SMALL);
    let home = empty_folder("cli-twice");
    let folder = home.join("report");
    let at = folder.display().to_string();
    let run = || kinesim(&["run", &path, "--out", &at, "--no-png", "--no-curves", "--quiet"]);
    let first = run();
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    assert!(stderr(&first).is_empty(), "{}", stderr(&first));
    let (files, page) = (names(&folder), std::fs::read(folder.join("index.html")).expect("a page"));
    std::fs::write(folder.join("stale.txt"), "old").expect("written");
    let second = run();
    assert_eq!(stdout(&second), stdout(&first));
    assert_eq!(names(&folder), files, "the folder is replaced as a whole");
    assert!(std::fs::read(folder.join("index.html")).expect("a page") == page);
    assert_eq!(names(&home), ["report"]);
}

#[test]
fn presets_are_listed_and_unknown_ones_refused() {
    let list = kinesim(&["init"]);
    assert_eq!(list.status.code(), Some(0));
    assert_eq!(stderr(&list), "kinesim init PRESET > my.yaml writes one; kinesim run my.yaml runs it.\n");
    let listed = stdout(&list);
    let words: Vec<&str> = listed.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(words, ["iot", "clickstream", "cdc", "logs", "launch-day", "fan-out", "firehose"]);
    for word in words {
        let path = scenario(&format!("cli-init-{word}.yaml"), &stdout(&kinesim(&["init", word])));
        assert_eq!(kinesim(&["check", &path, "--no-goals"]).status.code(), Some(0), "{word}");
    }
    assert_eq!(kinesim(&["init", "nothing"]).status.code(), Some(2));
}

#[test]
fn one_record_is_followed_hop_by_hop() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/one-record.yaml");
    let path = path.display().to_string();
    let out = kinesim(&["trace", &path, "--record", "1"]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let text = stdout(&out);
    let places =
        ["born at sensor", "key hashed", "sent", "stored", "received by alarm", "processed by dashboard"];
    let found: Vec<Option<usize>> = places.iter().map(|p| text.find(p)).collect();
    assert!(found.iter().all(Option::is_some) && found.is_sorted(), "{text}");
    let none = kinesim(&["trace", &path, "--producer", "nobody"]);
    assert_eq!(stderr(&none), "error: no such producer; the scenario has sensor\n");
    assert_eq!(none.status.code(), Some(2));
}
