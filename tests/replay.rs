//! Histories through every mode and rule: the demand is the metrics', the risk is bracketed, the bills are a month's.

use kinesim::experiment::outcome::Outcome;
use kinesim::experiment::replay::{self, Risk};
use kinesim::import::{File, Imported, read};
use kinesim::measure::result::RunResult;
use kinesim::report;
use kinesim::scenario::AutoscalerSpec;
use kinesim::scenario::replay::{Replayed, of_history, plain};
use kinesim::units::Dur;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn import(name: &str, text: &str) -> Imported {
    read(&[File { name, text }], None).unwrap_or_else(|m| panic!("{name}: {m:?}"))
}

/// A quarter of an hour of minutes: records, bytes, refused.
fn minutes(rows: &[(u64, u64, u64)]) -> String {
    let mut text = "Label,IncomingRecords,IncomingBytes,WriteProvisionedThroughputExceeded\n".to_owned();
    for (i, (records, bytes, refused)) in rows.iter().enumerate() {
        text += &format!("2026/03/01 09:{i:02}:00,{records},{bytes},{refused}\n");
    }
    text
}

fn replayed(text: &str, sets: &[(&str, &str)]) -> Replayed {
    let sets: Vec<(String, String)> = sets.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let history = &import("clicks.csv", text).streams[0];
    of_history(plain(&sets).expect("the plain scenario"), history, text).expect("a demand")
}

fn run(one: &Replayed, policies: bool) -> Outcome {
    let plan = one.scenario.plan(1).expect("prices");
    let policies = if policies { AutoscalerSpec::presets() } else { Vec::new() };
    replay::run(&plan, &one.past, &policies, None, &|_, _| ()).expect("it runs")
}

#[test]
fn the_demand_is_the_metrics() {
    let rows = [(6_000, 6_000_000, 0), (0, 0, 0), (12_000, 9_600_000, 0)];
    let one = replayed(&minutes(&rows), &[]);
    let outcome = run(&one, false);
    assert_eq!(one.scenario.start.unwrap().text(), "2026-03-01T09:00:00Z");
    assert_eq!(one.scenario.duration, Dur::from_min(3));
    for mode in &outcome.modes {
        let p = &mode.run.producers[0];
        // 18,000 births at random, with the metrics' bytes (keys among them), to a few standard deviations.
        assert!(p.born.abs_diff(18_000) < 600, "{}", p.born);
        assert!(p.born_bytes.abs_diff(15_600_000) < 700_000, "{}", p.born_bytes);
    }
    let found = outcome.replay.expect("a replay");
    assert_eq!(found.offered, [18_000.0; 3]);
    assert_eq!(found.mean_record_bytes, Some(15_600_000.0 / 18_000.0));
    assert_eq!(found.designs.len(), 3);
    // Held against on-demand: what is cheaper and refuses nothing but bursts, with its saving.
    let said: Vec<&str> =
        outcome.findings.iter().filter(|f| f.kind == "replay").map(|f| f.text.as_str()).collect();
    assert!(said[0].starts_with("held against On-demand: "), "{said:?}");
    assert!(
        said[1].starts_with("Provisioned would save ") && said[1].contains("at no greater risk"),
        "{said:?}"
    );
    let saved = found.designs[1].month_usd.as_f64() - found.designs[0].month_usd.as_f64();
    assert!(said[1].contains(&format!("would save {saved:.2} USD a month")), "{said:?}");
}

/// One client that tries three times: of what is refused half of the time, one in eight is given up.
#[test]
fn refusals_are_added_back_between_two_ends() {
    let one = replayed(
        &minutes(&[(700, 700_000, 700)]),
        &[("producers.history.client", "{ sdk: { retry: standard-py } }")],
    );
    let [low, estimate, high] = one.past.offered[0];
    assert_eq!((low, high), (700.0, 1_400.0));
    assert!((estimate - 800.0).abs() < 1e-6, "{estimate}");
}

/// A steady minute at 95 % of one shard: simulated refusals lie at the Poisson bracket, between even and batches.
#[test]
fn a_run_lies_inside_its_bracket() {
    let rows = vec![(57_000, 5_700_000, 0); 15];
    let sets = [("stream.shards", "1"), ("stream.admission", "fixed_window"), ("modes", "[provisioned]")];
    let outcome = run(&replayed(&minutes(&rows), &sets), false);
    let found = outcome.replay.expect("a replay");
    let (bracket, simulated) = (found.designs[0].refused[1], found.designs[0].delayed_share.unwrap());
    // A06.3: 0.00074555675 of the records of such a minute come above the limit.
    assert!((bracket.poisson - 0.00074555675).abs() < 1e-9, "{bracket:?}");
    assert!(bracket.even == 0.0 && bracket.even < simulated && simulated < bracket.worst);
    assert!((0.2..5.0).contains(&(simulated / bracket.poisson)), "{simulated} {bracket:?}");
}

#[test]
fn rules_are_tried_and_their_decisions_kept() {
    let outcome =
        run(&replayed(&text_of_a_launch(), &[("stream.shards", "2"), ("modes", "[provisioned]")]), true);
    let found = outcome.replay.as_ref().expect("a replay");
    let policies: Vec<Option<&str>> = found.designs.iter().map(|d| d.policy).collect();
    assert_eq!(policies, [None, Some("target_tracking"), Some("aws_samples"), Some("scaling_utils")]);
    assert!(found.designs[1].shards_max > 2, "target tracking followed");
    assert!(!found.designs[1].decisions.is_empty());
    assert!(found.designs[1].refused[1].even < found.designs[0].refused[1].even);
    assert!(outcome.findings.iter().any(|f| f.kind == "custom_resource"));
    // The risk in a word: two shards are overloaded by 3.9 MiB/s, and a table says so beside what they save.
    assert_eq!(found.designs[0].risk(), Risk::Overload);
    let text = report::text(&outcome);
    for part in ["saves", "risk", "overload", "Provisioned, target tracking"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // In rates and cohorts the rules are tried all the same: each one's first call at the same moment, since they look at
    // the same bytes stored.
    let calls = |outcome: &Outcome| -> Vec<Option<(u64, &'static str)>> {
        let designs = &outcome.replay.as_ref().expect("a replay").designs;
        designs.iter().map(|d| d.decisions.first().map(|e| (e.at_ns, e.what))).collect()
    };
    assert_eq!(calls(&outcome).iter().flatten().count(), 3);
    let at = |grain: &str| {
        let sets = [("stream.shards", "2"), ("modes", "[provisioned]"), ("resolution", grain)];
        let one = replayed(&text_of_a_launch(), &sets);
        let plan = one.scenario.plan(1).expect("prices");
        replay::run(&plan, &one.past, &AutoscalerSpec::presets(), None, &|_, _| ())
    };
    for grain in ["rate", "cohort"] {
        assert_eq!(calls(&at(grain).expect("it runs")), calls(&outcome), "{grain}");
    }
}

/// Records of 20 KiB, which is none of the sizes that classes begin at, at 115 % and at 95 % of two shards' bytes: in
/// rates as in records, and shards are told of all that the stream stored.
#[test]
fn rates_fill_shards_with_records_of_any_size() {
    for load in [1.15, 0.95] {
        let size = 20_480u64;
        // Every minute has a rate of its own, so that points of a grid are mixed.
        let minute =
            |i: u64| (load * (0.97 + 0.003 * i as f64) * f64::from(2 << 20) / size as f64 * 60.0) as u64;
        let rows: Vec<_> = (0..20).map(|i| (minute(i), minute(i) * size, 0)).collect();
        let at = |grain: &str| {
            let sets = [("stream.shards", "2"), ("modes", "[provisioned]"), ("resolution", grain)];
            run(&replayed(&minutes(&rows), &sets), false)
        };
        let (rates, records) = (at("rate"), at("record"));
        let (rates, records) = (&rates.modes[0].run, &records.modes[0].run);
        let delayed = |r: &RunResult| r.producers[0].delayed as f64 / r.producers[0].born as f64;
        let lost = |r: &RunResult| r.producers[0].lost.all() as f64 / r.producers[0].born as f64;
        let close = |a: f64, b: f64| (a - b).abs() < 0.01 + 0.05 * b;
        assert!(close(delayed(rates), delayed(records)), "{load}: {} {}", delayed(rates), delayed(records));
        assert!(close(lost(rates), lost(records)), "{load}: {} {}", lost(rates), lost(records));
        let told: u64 = rates.shards.iter().map(|s| s.stored_bytes).sum();
        let stored = rates.stream.stored_bytes;
        assert!(told.abs_diff(stored) < stored / 200, "{load}: shards {told}, stream {stored}");
    }
}

/// 30 minutes at 30 records/s of 20 KiB, then 30 at 200: 0.6 and 3.9 MiB/s.
fn text_of_a_launch() -> String {
    let mut text = "Label,IncomingRecords,IncomingBytes\n".to_owned();
    for i in 0..60u64 {
        let records = if i < 30 { 1_800 } else { 12_000 };
        text += &format!("2026/03/01 09:{i:02}:00,{records},{}\n", records * 20_480);
    }
    text
}

#[test]
fn what_is_no_demand_is_said() {
    let text = "Label,IncomingBytes\n2026/03/01 09:00:00,5\n";
    let history = &import("b.csv", text).streams[0];
    let why = of_history(plain(&[]).unwrap(), history, text).err().expect("no records");
    assert!(why.contains("IncomingRecords is missing"), "{why}");
}

fn place(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir_all(&place).expect("a folder");
    place
}

/// `kinesim replay` in a folder.
fn command(place: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinesim"));
    command.current_dir(place).env("NO_COLOR", "1").arg("replay").args(args).output().expect("kinesim starts")
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn usd(value: &Value) -> f64 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.parse().unwrap_or_else(|_| panic!("{value}"))
}

/// Two streams in one file: a table for each, and one of both, whose months are the sums.
#[test]
fn several_streams_have_a_table_each_and_a_total() {
    let place = place("replay-streams");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/metrics/data.json");
    let data = data.display().to_string();
    let done = command(&place, &[&data, "--out", "r", "--no-png", "--json"]);
    assert_eq!(done.status.code(), Some(0), "{}", utf8(&done.stderr));
    let json: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let (all, streams) = (&json["replay"], json["streams"].as_array().expect("streams"));
    assert_eq!((streams.len(), &all["stream"]), (2, &Value::from("all 2 streams")));
    let designs = all["designs"].as_array().expect("designs");
    assert_eq!(designs.len(), 6, "three modes and three rules");
    for (i, design) in designs.iter().enumerate() {
        let of = |key: &str| streams.iter().map(|s| usd(&s["replay"]["designs"][i][key])).sum::<f64>();
        let shared = if design["mode"] == "on_demand_advantage" {
            usd(&json["modes"][2]["commitment"]["total"])
        } else {
            0.0
        };
        let month = usd(&design["month_usd"]);
        assert!((month - of("month_usd") - shared).abs() < 1e-4, "{design}");
        assert_eq!(design["shards_max"].as_f64(), Some(of("shards_max")));
    }
    let offered = |r: &Value| r["offered"][1].as_f64().expect("records");
    let sum: f64 = streams.iter().map(|s| offered(&s["replay"])).sum();
    assert!((offered(all) - sum).abs() < 1e-6);
    let text = utf8(&command(&place, &[&data, "--no-report"]).stdout);
    assert_eq!(text.matches("  design ").count(), 3, "{text}");
    for part in
        ["clicks: ", "orders: ", "all 2 streams: ", "held against On-demand: ", "is shared by all streams"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let page = std::fs::read_to_string(place.join("r/index.html")).expect("a page");
    assert!(page.contains("All streams through every design") && page.contains("id=\"replay-2\""));
    let one = utf8(&command(&place, &[&data, "--no-report", "--stream", "orders"]).stdout);
    assert_eq!(one.matches("  design ").count(), 1, "{one}");
}

/// Prices of one's own and a discount reach a history's bills.
#[test]
fn own_prices_and_a_discount_reach_the_history() {
    let place = place("replay-prices");
    std::fs::write(place.join("m.csv"), minutes(&[(6_000, 6_000_000, 0); 5])).expect("written");
    std::fs::write(place.join("own.json"), r#"{"region":"us-east-1","prices":{"shard_hour":0.03}}"#)
        .expect("written");
    let month = |more: &[&str]| {
        let done = command(&place, &[&["m.csv", "--no-report", "--no-policies", "--json"], more].concat());
        let json: Value =
            serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{}", utf8(&done.stderr)));
        usd(&json["replay"]["designs"][0]["month_usd"])
    };
    let (usual, own, half) = (month(&[]), month(&["--prices", "own.json"]), month(&["--discount", "50%"]));
    // One shard for 730 h at 0.015 USD more.
    assert!((own - usual - 730.0 * 0.015).abs() < 1e-6, "{usual} {own}");
    assert!((half - usual / 2.0).abs() < 1e-4, "{usual} {half}");
}

/// Wrong files end with 2, say what was expected, and leave nothing behind.
#[test]
fn wrong_metrics_are_named_and_nothing_is_written() {
    let place = place("replay-wrong");
    let lambda = r#"{"MetricDataResults":[{"Id":"a","Label":"AWS/Lambda Invocations","Timestamps":["2026-01-01T00:00:00Z"],"Values":[1.0],"StatusCode":"Complete"}]}"#;
    let good = minutes(&[(6_000, 6_000_000, 0); 3]);
    std::fs::write(place.join("good.csv"), &good).expect("written");
    std::fs::write(place.join("prices.json"), r#"{"products":{"A":{"attributes":{"regionCode":"sa-east-1","usagetype":"SAE1-Storage-ShardHour"}}},"terms":{"OnDemand":{}}}"#).expect("written");
    let cases: [(&str, &str, &[&str], &str); 6] = [
        ("lambda.json", lambda, &[], "no metric of a Kinesis stream's writes"),
        ("truncated.json", &lambda[..90], &[], "the JSON is cut off"),
        (
            "console.csv",
            "Full label,us-east-1:AWS/SQS QueueName:q NumberOfMessagesSent Sum 60\n2026/03/01 09:00:00,1\n",
            &[],
            "not of AWS/Kinesis",
        ),
        ("nothing.json", "", &[], "empty"),
        ("again.csv", &good, &["--stream", "nobody"], "no stream is called nobody"),
        ("once.csv", &good, &["--prices", "prices.json"], "no known price for us-east-1"),
    ];
    for (name, text, more, what) in cases {
        std::fs::write(place.join(name), text).expect("written");
        let done = command(&place, &[&[name, "--out", "r"], more].concat());
        assert_eq!(done.status.code(), Some(2), "{name}: {}", utf8(&done.stdout));
        assert!(utf8(&done.stderr).contains(what), "{name}: {}", utf8(&done.stderr));
        assert!(done.stdout.is_empty(), "{name}");
    }
    let left = std::fs::read_dir(&place).expect("a folder").map(|e| e.expect("an entry"));
    let folders: Vec<_> = left.filter(|e| e.path().is_dir()).map(|e| e.path()).collect();
    assert!(folders.is_empty(), "{folders:?}");
}

/// Name, seconds, records (by the traces' README), and its busiest row.
const TRACES: [(&str, u64, f64); 4] = [
    ("azure_llm_code_2023.csv", 3_437, 881_900.0),
    ("nyc_taxi_2014.csv", 18_576_000, 46_865_914_800.08),
    ("twitter_goog_2015.csv", 4_752_600, 3_285_060_000.0),
    ("elb_requests_2014.csv", 1_212_000, 1_248_445_000.0),
];

/// A trace whole, through three modes and perhaps every rule: every record is in the books, and a provisioned month is
/// what multiplication says.
fn whole_trace(name: &str, seconds: u64, records: f64, policies: bool) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/traces").join(name);
    let Ok(text) = std::fs::read_to_string(path) else { return println!("skipped: {name} is not at hand") };
    let history = &import(name, &text).streams[0];
    let one = of_history(plain(&[]).expect("the plain scenario"), history, &text).expect("a demand");
    assert_eq!(one.scenario.duration, Dur::from_s(seconds), "{name}");
    let outcome = run(&one, policies);
    let found = outcome.replay.as_ref().expect("a replay");
    assert!((found.offered[1] / records - 1.0).abs() < 1e-9, "{name}: {:?}", found.offered);
    assert_eq!(found.designs.len(), if policies { 6 } else { 3 });
    for mode in &outcome.modes {
        let (p, c) = (&mode.run.producers[0], &mode.run.consumers[0]);
        assert!((p.born as f64 - records).abs() <= 5.0 * records.sqrt(), "{name}: {} born", p.born);
        assert_eq!(p.stored + p.lost.all() + p.held, p.born, "{name}");
        let read = c.first_deliveries + c.unread + c.lost_to_retention + c.before_start;
        assert_eq!(read, mode.run.stream.stored, "{name}");
    }
    for d in &found.designs {
        for b in &d.refused {
            assert!(
                b.even <= b.poisson + 1e-9 && b.poisson <= b.burst + 1e-9 && b.even <= b.worst + 1e-9,
                "{name}: {d:?}"
            );
        }
    }
    // 730 h of the shards, and a payload unit of 1 KiB for every record that was stored.
    let (own, run) = (&found.designs[0], &outcome.modes[0].run);
    let stored = run.stream.stored as f64 / seconds as f64;
    let month = 730.0 * (f64::from(own.shards_max) * 0.015 + stored * 3_600.0 * 0.014e-6);
    let got = own.month_usd.as_f64();
    assert!((got / month - 1.0).abs() < 2e-3, "{name}: {got} USD, {month} by hand");
    println!("\n{}", report::text(&outcome));
}

#[test]
fn traces_are_replayed_whole() {
    for (name, seconds, records) in &TRACES[..2] {
        whole_trace(name, *seconds, *records, false);
    }
}

/// All four with every rule: a minute or two. `cargo test --test replay -- --ignored --nocapture`
#[test]
#[ignore = "minutes"]
fn all_traces_with_every_rule() {
    for (name, seconds, records) in TRACES {
        whole_trace(name, seconds, records, true);
    }
}

/// What the savings are against is said beside them, in the help, and where it cannot be what was asked for.
#[test]
fn what_a_history_is_held_against_is_said() {
    let place = place("replay-held");
    std::fs::write(place.join("m.csv"), minutes(&[(90_000, 90_000_000, 0); 5])).expect("written");
    let with = |more: &[&str]| {
        let done = command(&place, &[&["m.csv", "--no-report", "--no-policies"], more].concat());
        let said = utf8(&done.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        (done.status.code(), said, utf8(&done.stderr))
    };
    let unsaid = with(&[]).1;
    assert!(unsaid.contains("Held against On-demand, $"), "{unsaid}");
    assert!(unsaid.contains("taken as the stream's mode now, since `--now` is not given."), "{unsaid}");
    let dearest = with(&["--set", "modes=[provisioned, on_demand_advantage]"]).1;
    assert!(dearest.contains("Held against On-demand Advantage, $"), "{dearest}");
    assert!(
        dearest.contains("the dearest, since `--now` is not given and on-demand is not among"),
        "{dearest}"
    );
    let sized = with(&["--now", "provisioned"]).1;
    assert!(sized.contains("Held against Provisioned with 2 shards, $"), "{sized}");
    assert!(sized.contains("`--set stream.shards=N` says how many it has"), "{sized}");
    let told = with(&["--now", "provisioned", "--set", "stream.shards=3"]).1;
    assert!(told.contains("with 3 shards, $") && !told.contains("sizing formula"), "{told}");
    let (code, _, wrong) = with(&["--now", "provisioned", "--set", "modes=[on_demand]"]);
    assert_eq!(code, Some(2));
    assert!(wrong.contains("`--now provisioned` is none of the modes tried (`modes`: on_demand)"), "{wrong}");
    let help = utf8(&command(&place, &["--help"]).stdout);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["without `--now` against on-demand", "e.g. `--stream orders`", "take all streams"] {
        assert!(help.contains(part), "{part}: {help}");
    }
}
