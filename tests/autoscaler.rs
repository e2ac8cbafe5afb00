//! Rules that change the shard count, held against their authors' own figures, and inside runs: their delay, the day's
//! budget of calls, flapping, and the same decisions at every resolution.

#[path = "support/runs.rs"]
mod runs;

use kinesim::coarse::{cohort, rate};
use kinesim::experiment;
use kinesim::experiment::outcome::Outcome;
use kinesim::measure::result::RunResult;
use kinesim::scenario;
use kinesim::stream::autoscaler::{Autoscaler, Decision, MINUTE, Minute};
use kinesim::stream::config::{Alarm, AutoscalerConfig, Change};
use kinesim::units::{Dur, NS_PER_S, Percent};
use runs::{published, run, world};
use serde_json::Value;

/// A provisioned stream with this rule, and little else.
fn text(duration: &str, rate: &str, size: &str, stream: &str) -> String {
    format!(
        "version: 1\nquestion: What does the rule do?\nduration: {duration}\nmodes: [provisioned]\ncurves: off\n\
         producers: {{ p: {{ rate: {rate}, burstiness: even, record_size: {size} }} }}\n\
         stream: {{ {stream} }}\nconsumers: {{}}\n"
    )
}

/// The machine's settings as a scenario's words give them.
fn rule(words: &str) -> AutoscalerConfig {
    let config = world(&text("1 min", "1 records/s", "1 KiB", &format!("shards: 1, autoscaler: {words}")));
    config.stream.autoscaler.expect("a rule")
}

/// An alarm on one period of a minute.
fn at_once(at: Percent) -> Alarm {
    Alarm { at, period: Dur::from_min(1), periods: 1, datapoints: 1 }
}

/// The first decision after a minute like this.
fn decided(rule: &AutoscalerConfig, minute: Minute, shards: u32) -> Option<Decision> {
    Autoscaler::new(rule).minute(MINUTE, minute, shards)
}

/// P29: an alarm as CloudWatch wrote it for the sample rule (aws-samples/kinesis-auto-scaling, Alarm1.json: one period
/// of a minute, one shard): 0.43262672424316406 against a threshold of 0.4.
#[test]
fn p29_an_alarm_of_the_sample_rule() {
    let entry = published("P29");
    let [used, threshold] = [0, 1].map(|i| {
        let value = &entry["measured"]["example_usage_over_threshold"][i];
        value.as_f64().unwrap()
    });
    // By the entry's own formula the bytes of that minute are a whole number, and so the only one.
    let bytes = used * 1_048_576.0 * 60.0;
    assert_eq!(bytes.fract(), 0.0);
    let minute = Minute { records: 0, bytes: bytes as u64 };
    assert_eq!(minute.bytes, 27_218_520);
    let at = Percent((threshold * Percent::WHOLE as f64).round() as u64);
    let sample = AutoscalerConfig { up: at_once(at), ..rule("aws_samples") };
    let decision = decided(&sample, minute, 1).expect("it rings");
    assert_eq!((decision.target, decision.up), (2, true));
    assert!(decision.reason.contains("the last at 43.3 %"), "{}", decision.reason);
    // At the threshold it rings (GreaterThanOrEqualToThreshold), one byte below it does not.
    let of_bytes = |bytes| decided(&sample, Minute { records: 0, bytes }, 1).is_some();
    assert!(of_bytes(25_165_824) && !of_bytes(25_165_823));
    // The higher of the two counts, by shards and by minutes of a period: 1,000 records a second and shard are all.
    let of_records = |records, shards| decided(&sample, Minute { records, bytes: 1 }, shards).is_some();
    assert!(of_records(24_000, 1) && !of_records(23_999, 1));
    assert!(of_records(72_000, 3) && !of_records(71_999, 3));
}

/// Shard counts of its own unit test (scale_test.go, TestCalculateNewShardCount).
#[test]
fn the_sample_rule_doubles_and_halves_as_its_own_test_says() {
    let all = at_once(Percent(0));
    let up = AutoscalerConfig { up: all, ..rule("aws_samples") };
    let never = Alarm { at: Percent(u64::MAX), ..all };
    let down = AutoscalerConfig { up: never, down: never, ..rule("aws_samples") };
    let target = |rule, shards| decided(rule, Minute::default(), shards).map_or(shards, |d| d.target);
    assert_eq!([16, 1].map(|n| target(&up, n)), [32, 2]);
    assert_eq!([32, 2, 1].map(|n| target(&down, n)), [16, 1, 1]);
}

/// SU: the expected values of amazon-kinesis-scaling-utils' own unit tests, out of the machine that a run drives.
#[test]
fn scaling_utils_own_figures_come_out_of_the_machine() {
    let vectors: Value = serde_json::from_str(include_str!("vectors/sizing-cost-vectors.json")).unwrap();
    let cases = vectors["scaling_utils"]["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 9);
    for case in cases {
        let int = |key: &str| case[key].as_u64().map(|n| n as u32);
        let (up, shards) = (case["direction"] == "UP", int("current").unwrap());
        let change = Change::ScalePercent(int("scale_pct").unwrap());
        let all = at_once(Percent(if up { 0 } else { u64::MAX }));
        let never = at_once(Percent(if up { 0 } else { u64::MAX }));
        let mut rule =
            AutoscalerConfig { up: all, down: never, grow: change, shrink: change, ..rule("scaling_utils") };
        rule.min = int("min").unwrap_or(1);
        rule.max = int("max").unwrap_or(u32::MAX);
        // Its arithmetic knows nothing of UpdateShardCount's limits.
        rule.keeps_to_limits = false;
        let wanted = int("expected").unwrap();
        let got = decided(&rule, Minute::default(), shards);
        assert_eq!(got.as_ref().map_or(shards, |d| d.target), wanted, "{}", case["id"]);
        assert!(got.is_none_or(|d| d.up == up), "{}", case["id"]);
        rule.keeps_to_limits = true;
        let kept = decided(&rule, Minute::default(), shards).map_or(shards, |d| d.target);
        assert!(kept <= 2 * shards && 2 * kept >= shards, "{}: {kept}", case["id"]);
    }
}

/// (minute, what) of each thing the rule did.
fn acts(run: &RunResult) -> Vec<(f64, &'static str)> {
    let ours = run.timeline.iter().filter(|e| e.what.starts_with("autoscale"));
    ours.map(|e| (e.at_ns as f64 / MINUTE as f64, e.what)).collect()
}

/// 80 records/s of 20 KiB are 1.56 MiB/s: two shards' 78 %.
#[test]
fn the_call_comes_its_delay_after_the_last_period() {
    for (delay, minute) in [("0 s", 10.0), ("1 min", 11.0), ("150 s", 12.5)] {
        let words = format!(
            "shards: 2, autoscaler: {{ thresholds: {{ up_at: 70 %, up_after: 10 min, down_at: 5 %, delay: {delay} }} }}"
        );
        let found = run(&world(&text("30 min", "80 records/s", "20 KiB", &words)));
        assert_eq!(acts(&found), [(minute, "autoscale_up")], "{delay}");
    }
    let none = run(&world(&text("30 min", "80 records/s", "20 KiB", "shards: 2, autoscaler: none")));
    assert_eq!((acts(&none), none.stream.shards_max), (Vec::new(), 2));
}

fn outcome(text: &str) -> Outcome {
    let nothing = |_: &str| Err("no files".to_owned());
    let loaded = scenario::load(text, "case.yaml", &nothing, &[]);
    let scenario = loaded.unwrap_or_else(|d| panic!("{}", scenario::render(&d, false)));
    let mut plan = scenario.plan(1).expect("prices");
    plan.replications = Some(1);
    experiment::run(&plan, &|_, _| ()).expect("it runs")
}

fn finding<'a>(outcome: &'a Outcome, kind: &str) -> Option<&'a str> {
    outcome.findings.iter().find(|f| f.kind == kind).map(|f| f.text.as_str())
}

/// 100 KiB/s are 9.8 % of one shard and 4.9 % of two: a rule that doubles from 8 % and halves below 6 % never rests.
/// UpdateShardCount takes ten calls in any 24 hours, so the eleventh waits a day after the first.
#[test]
fn a_rule_that_flaps_is_named_and_eats_the_days_budget() {
    let flapping =
        "{ thresholds: { up_at: 8 %, up_after: 2 min, down_at: 6 %, down_after: 2 min, cooldown: 0 s } }";
    let found =
        outcome(&text("25 h", "0.2 records/s", "500 KiB", &format!("shards: 1, autoscaler: {flapping}")));
    let run = &found.modes[0].run;
    let calls: Vec<f64> = acts(run).into_iter().filter(|a| a.1 != "autoscale_refused").map(|a| a.0).collect();
    let first_day = calls.iter().filter(|at| **at < calls[0] + 24.0 * 60.0).count();
    assert_eq!(first_day, 10, "{calls:?}");
    assert!(calls[10] >= calls[0] + 24.0 * 60.0, "{calls:?}");
    let flaps = finding(&found, "flapping").expect("it flaps");
    assert!(flaps.contains("the thresholds rule flaps"), "{flaps}");
    let refused = finding(&found, "autoscaler_refused").expect("the budget");
    assert!(refused.contains("10") && refused.contains("24 h"), "{refused}");
    // With its thresholds apart the same load has two shards, and rests.
    let calm = flapping.replace("down_at: 6 %", "down_at: 4 %");
    let found = outcome(&text("5 h", "0.2 records/s", "500 KiB", &format!("shards: 1, autoscaler: {calm}")));
    assert_eq!(acts(&found.modes[0].run).len(), 1);
    assert!(finding(&found, "flapping").is_none() && finding(&found, "autoscaler_refused").is_none());
}

/// Every preset on the same step up and down: the same calls at the same moments, record by record, in cohorts and in
/// rates. The loads are far from every threshold, so births' scatter decides nothing.
#[test]
fn decisions_are_the_same_at_every_resolution() {
    // 90 % of two shards' records for an hour, then a tenth of it.
    let rate = "{ stages: { start: 1800 records/s, targets: [{ over: 60 min, to: 1800 records/s }, { over: 1 s, to: 60 records/s }] } }";
    for words in ["target_tracking", "aws_samples", "scaling_utils"] {
        let mut config = world(&text("390 min", rate, "100 B", &format!("shards: 2, autoscaler: {words}")));
        config.duration = Dur::from_min(390);
        let exact = acts(&run(&config));
        let cohorts = acts(&cohort::simulate(&config, Dur::from_ms(10)).expect("cohorts"));
        let rates = acts(&rate::simulate(&config, Dur(NS_PER_S)).expect("rates"));
        assert!(
            exact.iter().any(|a| a.1 == "autoscale_up") && exact.iter().any(|a| a.1 == "autoscale_down"),
            "{words}: {exact:?}"
        );
        assert_eq!(cohorts, exact, "{words}");
        assert_eq!(rates, exact, "{words}");
    }
}
