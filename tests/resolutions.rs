//! Coarse resolutions against record resolution.
//!
//! The whole table takes some minutes: `KINESIM_BLESS=1 cargo test --test resolutions -- --ignored` writes
//! `reports/resolutions.md`. `KINESIM_ONLY="cohort 3 steady"` (a resolution, seeds or `enough`, part of a name) prints a part of it.

#[path = "support/agreement.rs"]
mod agreement;
#[path = "support/agreement_table.rs"]
mod agreement_table;
#[path = "support/resolutions.rs"]
mod resolutions;

use agreement::{COHORT, ENOUGH, RATE, Seeds, Tolerance};
use kinesim::measure::resolution::Resolution;
use kinesim::scenario::Scenario;
use kinesim::units::Dur;
use resolutions::{Compared, LOADS, committed, compare, generated, read, written};

const COHORTS: Resolution = Resolution::Cohort { step: Dur::from_ms(10) };
const RATES: Resolution = Resolution::Rate { step: Dur::from_s(1) };

fn all(resolution: (Resolution, Tolerance), seeds: Seeds, only: &str) -> Vec<Compared> {
    let scenarios = committed().iter().map(|p| read(p)).collect::<Vec<_>>();
    let more = [false, true].into_iter().flat_map(|lone| LOADS.map(|load| generated(load, lone)));
    let scenarios = scenarios.into_iter().chain(more).filter(|s| s.name.contains(only));
    scenarios.flat_map(|s| compare(&s, resolution, seeds)).collect()
}

#[test]
#[ignore = "minutes: writes the committed table"]
fn the_table_of_differences() {
    let only = std::env::var("KINESIM_ONLY").unwrap_or_default();
    let words: Vec<&str> = only.split_whitespace().collect();
    let what = words.first().copied().unwrap_or("all");
    let seeds = words.get(1).and_then(|s| s.parse().ok()).map_or(ENOUGH, Seeds::just);
    let name = words.get(2).copied().unwrap_or("");
    let mut text = agreement_table::head();
    let mut section = |title: &str, (resolution, tolerance): (Resolution, Tolerance)| {
        let Tolerance { amount, delay } = tolerance;
        let (amount, delay) = (amount * 100.0, delay * 100.0);
        text +=
            &format!("\n## {title}: counts and money within {amount} %, p50 and p99 within {delay} %\n\n");
        text += &agreement_table::table(&all((resolution, tolerance), seeds, name), tolerance);
    };
    if what != "rate" {
        section("cohort, 10 ms", (COHORTS, COHORT));
    }
    if what != "cohort" {
        section("rate, 1 s", (RATES, RATE));
    }
    text += WHY;
    println!("{text}");
    if std::env::var_os("KINESIM_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/resolutions.md");
        std::fs::write(path, text).expect("the report is written");
    }
}

/// Reasons, as far as they are known.
const WHY: &str = "
## Why those do not

- catch-up (rate): half of the records are born in or after the outage, so the median lies on the edge between on time and
  late.
- lambda-five-readers: five functions starve one another; which one does differs from seed to seed, and their sum agrees.
- lone-at-100 (cohort): at exactly what the shards take, what is left of their bursts is a random walk. Most seeds refuse
  nothing, a few a lot: 96 seeds leave a standard error of up to a fifth of the 99th percentile itself.
- kcl-hot-shard (cohort): the means agree; who takes which lease when differs from seed to seed, and of one figure four seeds
  of 96 lie outside, where three may.
- lambda-knobs (cohort): the two 99th percentiles of a seed differ by a fifth either way; over 96 seeds the means lie 3 %
  apart, with a standard error of 2 %.
- phase-lock (cohort): one reader gets what the other leaves of five calls a second, and reads some hundred records in all:
  it would take 12,000 seeds to tell. Over 768 the means lay 0.8 % apart, with a standard error of 0.7 %.
- readers-at-random (rate): the means agree, but what is simulated for all is shorter than the run, so single seeds scatter
  more than records do.
- replay-of-a-day (rate): readers that catch up do not slow the others of their shard.
";

/// Every figure of a scenario in every mode, as means over some seeds.
fn assert_agrees(scenario: &Scenario, seeds: u32) {
    let name = &scenario.name;
    for found in compare(scenario, (COHORTS, COHORT), Seeds::just(seeds)) {
        let figures = found.figures.unwrap_or_else(|why| panic!("{name}: {why}"));
        for figure in figures {
            let (fine, coarse) = figure.means();
            assert!(
                figure.means_agree(COHORT),
                "{name}, {}: {}: {fine} and {coarse}",
                found.mode,
                figure.name
            );
        }
    }
}

/// A tenth of the table, in the gate: basic scenarios.
#[test]
fn cohorts_agree_with_records() {
    for (scenario, seeds) in [("steady", 2), ("fan-out.yaml", 3), ("reshard-while-behind", 2)] {
        let path = committed()
            .into_iter()
            .find(|p| p.display().to_string().contains(scenario))
            .expect("it is there");
        assert_agrees(&read(&path), seeds);
    }
}

/// A small scenario: who sends, who reads besides, what happens.
fn small(name: &str, producer: &str, more: &str) -> Scenario {
    written(
        name,
        &format!(
            "version: 1\nname: {name}\nduration: 4 min\nmodes: [provisioned]\ncurves: off\nproducers:\n  web: {producer}\n\
             stream: {{ shards: 3 }}\n{more}"
        ),
    )
}

#[test]
fn applications_read_cohorts_as_they_read_records() {
    let consumers = "consumers:\n  \
        kcl: { client: { kcl: { workers: 2 } }, read: polling, processing: 1 ms/record }\n  \
        pushed: { client: { kcl: { workers: 2 } }, read: enhanced_fan_out }\n  \
        fn: { client: lambda, read: { polling: { jitter: 200 ms } }, processing: 20 ms + 1 ms/record }\n  \
        job: { client: { flink: { parallelism: 3 } }, read: enhanced_fan_out, processing: 1 ms/record }\n";
    assert_agrees(&small("applications", "{ rate: 900 records/s, record_size: 1 KiB }", consumers), 3);
}

#[test]
fn firehose_gathers_cohorts_as_it_gathers_records() {
    let sizes = "{ rate: 300 records/s, record_size: { uniform: { min: 1 KiB, max: 12 KiB } } }";
    let firehose = "firehose:\n  lake: { from: stream, to: s3, buffer: { size: 1 MiB, interval: 5 min } }\n";
    assert_agrees(&small("firehose", sizes, firehose), 3);
}

/// Those that cohorts do not carry send record by record; what is stored goes on in cohorts.
#[test]
fn every_producer_sends_to_cohorts() {
    let readers = "consumers:\n  \
        polled: { read: { polling: { jitter: 200 ms } }, processing: 10 ms + 0.1 ms/record, failure_rate: 5 % }\n  \
        pushed: { read: enhanced_fan_out }\n  \
        kcl: { client: { kcl: { workers: 1 } }, read: polling }\n";
    let demand = "rate: 900 records/s, record_size: 300 B";
    for (name, client, more) in [
        ("kpl", "client: { kpl: { instances: 2 } }", ""),
        ("agent", "client: { agent: { instances: 3 } }", ""),
        ("adaptive", "client: { sdk: { instances: 2, retry: adaptive } }", ""),
        ("bursts", "burstiness: { batches: { size: 20 } }", ""),
        (
            "restart",
            "client: { sdk: { instances: 2 } }",
            "events:\n  - { at: 2 min, do: { process_restart: { producer: web, for: 10 s } } }\n",
        ),
    ] {
        let scenario = small(name, &format!("{{ {client}, {demand} }}"), &format!("{readers}{more}"));
        assert_agrees(&scenario, 2);
    }
}

#[test]
fn a_cohort_run_is_the_same_twice_and_says_what_it_cannot_show() {
    let mut plan = generated(105, true).plan(1).expect("prices");
    plan.world.resolution = COHORTS;
    let run = || kinesim::coarse::simulate(&plan.world).expect("carried");
    let (one, two) = (run(), run());
    assert_eq!(one.digests, two.digests);
    assert_ne!(one.digests.events, "");
    assert_eq!(one.overtaken(), None);
    assert!(one.consumers.iter().all(|c| c.end_to_end.max_ns.is_none() && c.end_to_end.p99_ns.is_some()));
    let coarse = one.coarse.expect("it says so");
    assert_eq!((coarse.resolution, coarse.step_ns), ("cohort", 10_000_000));
    assert!(coarse.not_shown.iter().all(|n| !n.reason.is_empty()) && !coarse.not_shown.is_empty());
}

/// Equal gaps leave first attempts room that retries do not find: 5 % above the limit, one in twenty is refused at first,
/// not one in four.
#[test]
fn equal_gaps_on_one_shard_stay_equal() {
    let client =
        "client: { sdk: { call: put_record, in_flight: unlimited, buffer: unlimited, retry: legacy-py } }";
    let scenario = written(
        "even",
        &format!(
            "version: 1\nname: even\nduration: 4 min\nmodes: [provisioned]\ncurves: off\nproducers:\n  web: {{ {client}, \
             rate: 1050 records/s, record_size: 300 B, burstiness: even }}\nstream: {{ shards: 1 }}\n\
             consumers:\n  app: {{ read: polling }}\n"
        ),
    );
    assert_agrees(&scenario, 2);
}

/// Waits that differ are told apart by a fraction of them. Equal ones are told apart step by step, and of a day they would
/// take gigabytes. Counts of refusals are told apart up to 32.
#[test]
fn who_waits_too_often_or_too_long_for_another_attempt_sends_record_by_record() {
    let scenario = |attempts: u32, wait: &str, jitter: &str| {
        let retry = format!(
            "{{ custom: {{ attempts: {attempts}, base: {wait}, factor: 2, cap: 24 h, jitter: {jitter} }} }}"
        );
        let client = format!(
            "client: {{ sdk: {{ call: put_record, in_flight: unlimited, buffer: unlimited, retry: {retry} }} }}"
        );
        small("patient", &format!("{{ {client}, rate: 3300 records/s, record_size: 300 B }}"), "")
    };
    for (attempts, wait, jitter, one_by_one) in [
        (5, "200 ms", "full", false),
        (5, "200 ms", "none", false),
        (5, "24 h", "full", false),
        (5, "24 h", "none", true),
        (33, "200 ms", "full", false),
        (34, "200 ms", "full", true),
    ] {
        let mut plan = scenario(attempts, wait, jitter).plan(1).expect("prices");
        plan.world.resolution = COHORTS;
        let run = kinesim::coarse::simulate(&plan.world).expect("carried");
        let not_shown = run.coarse.expect("it says so").not_shown;
        let ordered = not_shown.iter().all(|n| n.figure != "records stored out of order");
        assert_eq!(ordered, one_by_one, "{attempts} {wait} {jitter}");
        assert!(run.producers[0].throttled > 0, "{attempts} {wait} {jitter}");
    }
}

/// Where the limit of bytes binds, it refuses large records and takes small ones.
#[test]
fn sizes_that_a_limit_tells_apart_are_told_apart() {
    let client =
        "client: { sdk: { call: put_record, in_flight: unlimited, buffer: unlimited, retry: legacy-py } }";
    let size = "record_size: { uniform: { min: 100 B, max: 1700 B } }";
    let scenario = small("sizes", &format!("{{ {client}, rate: 3300 records/s, {size} }}"), "");
    let lost = [Resolution::Record, COHORTS].map(|resolution| {
        let mut plan = scenario.plan(1).expect("prices");
        plan.world.resolution = resolution;
        kinesim::coarse::simulate(&plan.world).expect("carried").producers[0].lost.all()
    });
    assert!(lost[0] > 0 && lost[0] == lost[1], "{lost:?}");
}

#[test]
fn what_cohorts_do_not_carry_is_refused_by_name() {
    let consumers =
        "consumers:\n  fn: { client: { lambda: { parallelization_factor: 4 } }, read: polling }\n";
    let scenario = small(
        "keys",
        "{ rate: 100 records/s, record_size: 1 KiB, keys: { uniform: { distinct: 50 } } }",
        consumers,
    );
    let mut plan = scenario.plan(1).expect("prices");
    plan.world.resolution = COHORTS;
    let why = kinesim::coarse::simulate(&plan.world).expect_err("not carried").0;
    assert!(
        why.starts_with(
            "cohort resolution does not carry keys that fn tells apart and that are not random (web)"
        ),
        "{why}"
    );
}

/// A tenth of the table: one of each client and of Firehose, at rates.
#[test]
fn rates_agree_with_records() {
    let all = [
        ("lease-table-bill", 2),
        ("kcl-silent-subscription", 2),
        ("lambda-knobs", 2),
        ("lambda-poison-record", 1),
        ("firehose-small-files", 2),
        ("firehose-transform-fails", 2),
        ("firehose-outage-2h", 1),
        ("flink-restart", 2),
    ];
    for (scenario, seeds) in all {
        let named = |p: &std::path::PathBuf| p.ends_with(format!("{scenario}.yaml"));
        let path = committed().into_iter().find(named).expect("it is there");
        for found in compare(&read(&path), (RATES, RATE), Seeds::just(seeds)) {
            let figures = found.figures.unwrap_or_else(|why| panic!("{scenario}: {why}"));
            for figure in figures {
                let (fine, coarse) = figure.means();
                assert!(
                    figure.means_agree(RATE),
                    "{scenario}, {}: {}: {fine} and {coarse}",
                    found.mode,
                    figure.name
                );
            }
        }
    }
}
