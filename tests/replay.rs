//! Histories through every mode and rule: the demand is the metrics', the risk is bracketed, the bills are a month's.

use kinesim::experiment::outcome::Outcome;
use kinesim::experiment::replay;
use kinesim::import::{File, Imported, read};
use kinesim::scenario::AutoscalerSpec;
use kinesim::scenario::replay::{Replayed, of_history, plain};
use kinesim::units::Dur;

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
    assert!(outcome.findings.iter().filter(|f| f.kind == "replay").count() == 3);
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
    // 30 minutes at 30 records/s of 20 KiB, then 30 at 180: 0.6 and 3.5 MiB/s.
    let mut text = "Label,IncomingRecords,IncomingBytes\n".to_owned();
    for i in 0..60u64 {
        let records = if i < 30 { 1_800 } else { 10_800 };
        text += &format!("2026/03/01 09:{i:02}:00,{records},{}\n", records * 20_480);
    }
    let outcome = run(&replayed(&text, &[("stream.shards", "2"), ("modes", "[provisioned]")]), true);
    let found = outcome.replay.as_ref().expect("a replay");
    let policies: Vec<Option<&str>> = found.designs.iter().map(|d| d.policy).collect();
    assert_eq!(policies, [None, Some("target_tracking"), Some("aws_samples"), Some("scaling_utils")]);
    assert!(found.designs[1].shards_max > 2, "target tracking followed");
    assert!(!found.designs[1].decisions.is_empty());
    assert!(found.designs[1].refused[1].even < found.designs[0].refused[1].even);
    assert!(outcome.findings.iter().any(|f| f.kind == "custom_resource"));
}

#[test]
fn what_is_no_demand_is_said() {
    let text = "Label,IncomingBytes\n2026/03/01 09:00:00,5\n";
    let history = &import("b.csv", text).streams[0];
    let why = of_history(plain(&[]).unwrap(), history, text).err().expect("no records");
    assert!(why.contains("IncomingRecords is missing"), "{why}");
}
