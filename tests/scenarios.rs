//! The committed scenarios: each meets what its author claims, and misses it when its central setting is broken.

use kinesim::experiment;
use kinesim::experiment::outcome::{ModeOutcome, Outcome};
use kinesim::measure::result::ConsumerResult;
use kinesim::scenario::{self, Expectation, Scenario};
use kinesim::stream::config::Mode;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// Every scenario of the folder, in the order of their names.
fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("the folder is there");
    let paths = entries.map(|e| e.expect("readable").path());
    let mut files: Vec<PathBuf> = paths.filter(|p| p.extension().is_some_and(|e| e == "yaml")).collect();
    files.sort();
    assert!(files.len() >= 13, "only {} scenarios found", files.len());
    files
}

fn parse(text: &str, name: &str, sets: &[(String, String)]) -> Result<Scenario, String> {
    let beside = |file: &str| std::fs::read_to_string(folder().join(file)).map_err(|e| e.to_string());
    scenario::load(text, name, &beside, sets).map_err(|d| scenario::render(&d, false))
}

fn load(path: &Path, sets: &[(String, String)]) -> Scenario {
    let text = std::fs::read_to_string(path).expect("readable");
    let name = path.file_name().expect("a file").to_string_lossy().into_owned();
    parse(&text, &name, sets).unwrap_or_else(|wrong| panic!("{name} with {sets:?}:\n{wrong}"))
}

fn simulate(scenario: &Scenario) -> Outcome {
    let mut plan = scenario.plan(scenario.seed).expect("prices of its Region");
    plan.replications = Some(1);
    plan.curves = Some(false);
    experiment::run(&plan, &|_, _| ()).unwrap_or_else(|why| panic!("{}: {why}", scenario.name))
}

/// The expectations an outcome misses, with what was measured instead.
fn missed(expect: &[Expectation], outcome: &Outcome) -> Vec<String> {
    let modes = outcome.modes.iter().flat_map(|m| expect.iter().map(move |e| (m, e)));
    let about = modes.filter(|(m, e)| e.mode.is_none_or(|mode| mode.word() == m.mode));
    // A claim with both ends is about the figure, one with an upper end alone that nothing is later.
    let behind = |m: &ModeOutcome, e: &Expectation| {
        e.limit.behind(&m.run).filter(|_| e.limit.at_least.is_none()).unwrap_or_default()
    };
    let measured = about.map(|(m, e)| (m, e, e.limit.measured.of(m), behind(m, e)));
    let wrong = measured.filter(|(_, e, value, behind)| !e.limit.holds(*value) || !behind.is_empty());
    wrong
        .map(|(m, e, value, behind)| {
            format!("{}: {} {}: measured {value:?} {behind}", m.mode, e.limit.path, e.limit.text)
        })
        .collect()
}

/// Findings about consumers that scenarios must come with.
const FINDINGS: [(&str, &[&str]); 12] = [
    ("catch-up", &["catch_up"]),
    ("flink-legacy-source", &["restarts", "read_limits"]),
    ("flink-restart", &["restarts"]),
    ("flink-slots-and-shards", &["idle_subtasks", "watermark"]),
    ("kcl-crash", &["failover", "lease_table"]),
    ("kcl-hot-shard", &["hottest_worker", "kcl_binds", "deadline"]),
    ("kcl-silent-subscription", &["silence"]),
    ("lambda-five-readers", &["read_limits"]),
    ("lambda-knobs", &["lambda_limit", "deadline", "order"]),
    ("lambda-poison-record", &["blocked", "expired", "retention"]),
    ("readers-at-random", &["starvation"]),
    ("retention-loss", &["retention", "reader_binds"]),
];

fn kinds_of(path: &Path) -> &'static [&'static str] {
    let name = path.file_stem().expect("a file").to_string_lossy();
    FINDINGS.iter().find(|f| f.0 == name).map_or(&[], |f| f.1)
}

/// From 1 to 20 readers, as many as a stream lets register: of n pollers that call a shard once a second, five calls a
/// second are answered (A02), and no pushed consumer's delay depends on how many there are.
#[test]
fn fan_out_against_polling_for_each_number_of_readers() {
    let path = folder().join("fan-out-or-polling.yaml");
    let text = std::fs::read_to_string(path).expect("readable");
    let (world, _) = text.split_once("expect:").expect("claims at the end");
    let lines: Vec<String> = (1..=20u64)
        .into_par_iter()
        .map(|n| {
            let counts = ["polled", "pushed"].map(|c| (format!("consumers.{c}.count"), n.to_string()));
            let scenario = parse(world, "readers.yaml", &counts).unwrap_or_else(|wrong| panic!("{wrong}"));
            let run =
                kinesim::world::simulate(&scenario.world(Mode::Provisioned, scenario.seed, 0)).expect("runs");
            let of = |read| run.consumers.iter().filter(move |c| c.read == read);
            assert_eq!((of("polling").count(), of("enhanced_fan_out").count()), (n as usize, n as usize));
            let calls: u64 = of("polling").map(|c| c.calls).sum();
            let refused: u64 = of("polling").map(|c| c.throttled_by_calls + c.throttled_by_bytes).sum();
            let share = refused as f64 / calls as f64;
            // Jitter makes it a call every 1.01 s.
            let theory = (1.0 - 5.0 * 1.01 / n as f64).max(0.0);
            assert!(
                (share - theory).abs() < 0.01,
                "{n} pollers: {share} of the calls refused, {theory} by A02"
            );
            let means = of("polling").map(|c| c.propagation.mean_ns().expect("read") / 1e9);
            let delay = means.sum::<f64>() / n as f64;
            let p50 = |c: &ConsumerResult| c.propagation.p50_ns.expect("pushed") as f64 / 1e6;
            let pushed: Vec<f64> = of("enhanced_fan_out").map(p50).collect();
            assert!(pushed.iter().all(|ms| (70.0..85.0).contains(ms)), "{n} pushed: {pushed:?}");
            // A01: half an interval; with more readers than five half a turn of all of them at the least.
            let least = 0.5f64.max(n as f64 / 10.0);
            assert!(delay > 0.97 * least, "{n} pollers: {delay} s, {least} s if they took turns");
            assert!(n > 5 || delay < 0.75, "{n} pollers: {delay} s");
            format!(
                "{n:2} readers: {:.1} % of polls refused, {delay:.2} s; pushed {:.0} ms",
                share * 100.0,
                pushed[0]
            )
        })
        .collect();
    println!("{}", lines.join("\n"));
}

#[test]
fn every_scenario_meets_what_its_author_claims() {
    let wrong: Vec<String> = files()
        .par_iter()
        .map(|path| {
            let scenario = load(path, &[]);
            let outcome = simulate(&scenario);
            let mut missed = missed(&scenario.expect, &outcome);
            let told = |kind: &str| outcome.findings.iter().any(|f| f.kind == kind);
            let silent = kinds_of(path).iter().filter(|kind| !told(kind));
            missed.extend(silent.map(|kind| format!("the finding `{kind}` is missing")));
            missed.into_iter().map(|m| format!("{}: {m}\n", scenario.name)).collect()
        })
        .collect();
    assert!(wrong.concat().is_empty(), "\n{}", wrong.concat());
}

#[test]
fn a_scenario_whose_central_setting_is_broken_misses_its_claims() {
    let wrong: Vec<String> = files()
        .par_iter()
        .map(|path| {
            let central = load(path, &[]).central.expect("a central setting");
            let sets = [(central.key.clone(), central.broken.clone())];
            // A broken setting may remove what a claim is about: then the file does not even load.
            let text = std::fs::read_to_string(path).expect("readable");
            let Ok(broken) = parse(&text, "broken.yaml", &sets) else { return String::new() };
            match missed(&broken.expect, &simulate(&broken)).is_empty() {
                true => format!("{}: {}={} breaks nothing\n", path.display(), central.key, central.broken),
                false => String::new(),
            }
        })
        .collect();
    assert!(wrong.concat().is_empty(), "\n{}", wrong.concat());
}

#[test]
fn every_scenario_asks_a_question_and_names_two_sources() {
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("readable");
        let scenario = load(&path, &[]);
        assert!(scenario.question.ends_with('?'), "{}: {}", path.display(), scenario.question);
        assert!(text.starts_with("# "), "{} opens with a comment", path.display());
        assert!(text.lines().count() <= 50, "{} is long", path.display());
        let sourced = scenario.expect.iter().filter(|e| e.source != "regression").count();
        assert!(sourced >= 2, "{} has {sourced} sourced expectations", path.display());
        let records = scenario.records_born();
        assert!(records <= 15_000_000, "{} bears {records} records a mode", path.display());
    }
}

/// Blocks of the README that are whole scenarios.
fn blocks(readme: &str) -> Vec<String> {
    let fenced = readme.split("```yaml\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    fenced.filter(|b| b.lines().any(|l| l.starts_with("version:"))).map(str::to_owned).collect()
}

#[test]
fn the_readmes_scenarios_load() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let Ok(text) = std::fs::read_to_string(readme) else {
        println!("no README.md yet");
        return;
    };
    for block in blocks(&text) {
        parse(&block, "readme.yaml", &[]).unwrap_or_else(|wrong| panic!("{block}\n{wrong}"));
    }
}

#[test]
fn the_made_trace_follows_its_formula() {
    let text = std::fs::read_to_string(folder().join("data/shop-day.csv")).expect("the trace is there");
    assert_eq!(text, made_trace());
}

/// `scenarios/data/shop-day.csv`: 288 rows of five minutes.
fn made_trace() -> String {
    let mut text = "timestamp,records_per_second\n".to_owned();
    let mut noise = 1u64;
    for row in 0..288u64 {
        let from_two = row.abs_diff(168);
        let near = 144 - from_two.min(288 - from_two);
        noise = (noise * 1_103_515_245 + 12_345) % (1 << 31);
        let mailing = if (216..220).contains(&row) { 120 } else { 0 };
        let rate = 10 + 40 * near * near / (144 * 144) + (noise >> 16) % 9 - 4 + mailing;
        text += &format!("2026-03-02T{:02}:{:02}:00Z,{rate}\n", row / 12, row % 12 * 5);
    }
    text
}

#[test]
fn a_curves_cost_at_the_scenarios_own_load_is_the_tables() {
    let scenario = load(&folder().join("on-demand-step-usual.yaml"), &[]);
    let mut plan = scenario.plan(scenario.seed).expect("prices of its Region");
    plan.replications = Some(1);
    let outcome = experiment::run(&plan, &|_, _| ()).expect("an outcome");
    let curve = outcome.curves.iter().find(|c| c.id == "load").expect("a curve against load");
    assert!(curve.stretch.contains("busiest"), "a part of the scenario: {}", curve.stretch);
    for (mode, line) in outcome.modes.iter().zip(&curve.lines) {
        let here = line.points.iter().find(|p| p.x == 1.0).expect("the scenario itself");
        let (table, curve) = (mode.bill_month.total.as_f64(), here.month_usd.as_f64());
        assert!(
            (table - curve).abs() < 0.03 * table,
            "{}: {table} in the table, {curve} on the curve",
            mode.mode
        );
    }
}

#[test]
fn pollers_too_catch_up_through_parents_and_children() {
    let polling = [("consumers.indexer.read".to_owned(), "polling".to_owned())];
    let run = simulate(&load(&folder().join("reshard-while-behind.yaml"), &polling)).modes.remove(0).run;
    let seconds = run.consumers[0].catch_up_ns.expect("caught up") / 1_000_000_000;
    assert!((240..330).contains(&seconds), "caught up after {seconds} s");
    // Without the reshard one reader of a shard needs 384 s: 0.78 MiB/s x 600 s at 2 - 0.78 MiB/s.
    let straight = [polling[0].clone(), ("events".into(), EVENT_OUTAGE.into())];
    let run = simulate(&load(&folder().join("reshard-while-behind.yaml"), &straight)).modes.remove(0).run;
    let alone = run.consumers[0].catch_up_ns.expect("caught up") / 1_000_000_000;
    assert!((370..400).contains(&alone) && alone > seconds, "{alone} s without, {seconds} s with a reshard");
}

const EVENT_OUTAGE: &str = "[{ at: 5 min, do: { outage: { consumer: indexer, for: 10 min } } }]";
