//! Coarse resolutions against record resolution.
//!
//! The whole table takes some minutes: `KINESIM_BLESS=1 cargo test --test resolutions -- --ignored` writes
//! `reports/resolutions.md`. `KINESIM_ONLY="cohort 3 steady"` (a resolution, seeds, part of a name) prints a part of it.

#[path = "support/resolutions.rs"]
mod resolutions;

use kinesim::measure::resolution::Resolution;
use kinesim::units::Dur;
use resolutions::{COHORT, Compared, LOADS, RATE, Tolerance, committed, compare, generated, read, table};

const COHORTS: Resolution = Resolution::Cohort { step: Dur::from_ms(10) };
const RATES: Resolution = Resolution::Rate { step: Dur::from_s(1) };

fn all(resolution: Resolution, seeds: u32, only: &str) -> Vec<Compared> {
    let scenarios = committed().iter().map(|p| read(p)).collect::<Vec<_>>();
    let more = [false, true].into_iter().flat_map(|lone| LOADS.map(|load| generated(load, lone)));
    let scenarios = scenarios.into_iter().chain(more).filter(|s| s.name.contains(only));
    scenarios.flat_map(|s| compare(&s, resolution, seeds)).collect()
}

fn section(word: &str, (amount, delay): (&str, &str), found: &[Compared], tolerance: Tolerance) -> String {
    let table = table(found, tolerance);
    format!("\n## {word}: counts and money within {amount}, p50 and p99 within {delay}\n\n{table}")
}

#[test]
#[ignore = "minutes: writes the committed table"]
fn the_table_of_differences() {
    let only = std::env::var("KINESIM_ONLY").unwrap_or_default();
    let words: Vec<&str> = only.split_whitespace().collect();
    let what = words.first().copied().unwrap_or("all");
    let seeds: u32 = words.get(1).and_then(|s| s.parse().ok()).unwrap_or(12);
    let name = words.get(2).copied().unwrap_or("");
    let mut text = format!(
        "# Coarse resolutions against record resolution\n\n\
         Means over {seeds} seeds of every committed scenario in every mode, and of generated ones at 50 to 150 % of \
         what four shards take. Made by `KINESIM_BLESS=1 cargo test --release --test resolutions -- --ignored`.\n\n\
         Counts and money are compared as parts of themselves; throttled, delayed and lost shares in percentage points \
         (allowed: 0.2, or a twentieth of the share); delays by their p50 and p99. The farthest single seed is told in \
         standard deviations of the record runs.\n"
    );
    if what != "rate" {
        text += &section("cohort, 10 ms", ("0.5 %", "2 %"), &all(COHORTS, seeds, name), COHORT);
    }
    if what != "cohort" {
        text += &section("rate, 1 s", ("1 %", "10 %"), &all(RATES, seeds, name), RATE);
    }
    println!("{text}");
    if std::env::var_os("KINESIM_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/resolutions.md");
        std::fs::write(path, text).expect("the report is written");
    }
}

/// A tenth of the table, in the gate: basic scenarios and a generated one.
#[test]
fn cohorts_agree_with_records() {
    for (scenario, seeds) in [("steady", 2), ("fan-out.yaml", 3), ("reshard-while-behind", 2)] {
        let path = committed()
            .into_iter()
            .find(|p| p.display().to_string().contains(scenario))
            .expect("it is there");
        for found in compare(&read(&path), COHORTS, seeds) {
            let figures = found.figures.unwrap_or_else(|why| panic!("{scenario}: {why}"));
            for figure in figures {
                let (fine, coarse) = figure.means();
                assert!(
                    figure.agrees(COHORT),
                    "{scenario}, {}: {}: {fine} and {coarse}",
                    found.mode,
                    figure.name
                );
            }
        }
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

#[test]
fn what_cohorts_do_not_carry_is_refused_by_name() {
    let path = committed().into_iter().find(|p| p.ends_with("kpl-ttl.yaml")).expect("it is there");
    let mut plan = read(&path).plan(1).expect("prices");
    plan.world.resolution = COHORTS;
    let why = kinesim::coarse::simulate(&plan.world).expect_err("not carried").0;
    assert!(why.starts_with("cohort resolution does not carry `kpl` producers (web)"), "{why}");
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
        for found in compare(&read(&path), RATES, seeds) {
            let figures = found.figures.unwrap_or_else(|why| panic!("{scenario}: {why}"));
            for figure in figures {
                let (fine, coarse) = figure.means();
                assert!(
                    figure.agrees(RATE),
                    "{scenario}, {}: {}: {fine} and {coarse}",
                    found.mode,
                    figure.name
                );
            }
        }
    }
}
