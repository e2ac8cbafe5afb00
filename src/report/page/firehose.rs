//! Firehose streams on the page: where records went, what objects are like, how old records were.

use super::markup::{Table, section};
use crate::experiment::outcome::{Front, ModeOutcome, Outcome};
use crate::measure::clients::FirehoseResult;
use crate::report::human;
use std::collections::BTreeSet;

type Line = (&'static str, fn(&FirehoseResult) -> String);

const LEDGER: [Line; 8] = [
    ("records that came in, or were found in what came", |f| {
        human::count(f.opened_records.unwrap_or(f.in_records))
    }),
    ("= delivered", |f| human::count(f.delivered_records)),
    ("+ dropped by the transform", |f| human::count(f.dropped)),
    ("+ failed: in error prefixes", |f| human::count(f.failed())),
    ("+ rejected for good", |f| human::count(f.rejected)),
    ("+ lost: too old before they were delivered", |f| human::count(f.lost)),
    ("+ held at the end", |f| human::count(f.held_records)),
    ("difference", |f| human::exact(&f.imbalance().to_string())),
];

const APART: [Line; 6] = [
    ("apart: failed records lie in so many objects", |f| {
        human::count(f.failed.values().map(|p| p.objects).sum())
    }),
    ("apart: arrived once more (duplicates)", |f| human::count(f.duplicate_records)),
    ("apart: transformed after others that came in later", |f| human::count(f.overtaken_records)),
    ("apart: copied to the back-up", |f| human::count(f.backed_up_records)),
    ("apart: calls of the transform", |f| f.transform.map_or_else(nothing, |t| human::count(t.calls))),
    ("apart: of which failed", |f| f.transform.map_or_else(nothing, |t| human::count(t.failed_calls))),
];

fn nothing() -> String {
    human::NOTHING.into()
}

const OBJECTS: [Line; 13] = [
    ("objects delivered", |f| human::count(f.objects)),
    ("an hour", |f| human::count(per(f, 3600.0))),
    ("a day", |f| human::count(per(f, 86_400.0))),
    ("made because the buffer held its size", |f| human::count(f.flushed_by_size)),
    ("made because the interval was over", |f| human::count(f.flushed_by_interval)),
    ("size of an object, p50", |f| size(f.object_bytes.p50)),
    ("size of an object, largest", |f| size(f.object_bytes.max)),
    ("requests to the destination", |f| human::count(f.requests)),
    ("of which failed", |f| human::count(f.failed_requests)),
    ("arrived to delivered, p50", |f| human::maybe_duration(f.freshness.p50_ns)),
    ("arrived to delivered, p99", |f| human::maybe_duration(f.freshness.p99_ns)),
    ("oldest record of an object, p99", |f| human::maybe_duration(f.object_age.p99_ns)),
    ("oldest record inside, at its highest", |f| human::maybe_duration(f.oldest_ns_max)),
];

fn per(f: &FirehoseResult, seconds: f64) -> u64 {
    (f.objects as f64 * seconds * 1e9 / f.until_ns.max(1) as f64).round() as u64
}

fn size(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| human::NOTHING.into(), human::bytes)
}

/// All Firehose streams; nothing where there is none.
pub fn streams(outcome: &Outcome) -> String {
    let names: Vec<String> = outcome
        .modes
        .first()
        .map_or_else(Vec::new, |m| m.run.firehoses().iter().map(|f| f.name.clone()).collect());
    if names.is_empty() {
        return String::new();
    }
    let mut content = String::new();
    for (i, name) in names.iter().enumerate() {
        let ledger: Vec<Line> = LEDGER.into_iter().chain(APART).collect();
        content.push_str(&table(outcome, i, &format!("{name}: where records went"), &ledger));
        if let Some(failed) = failed(outcome, i, name) {
            content.push_str(&failed);
        }
        content.push_str(&table(outcome, i, &format!("{name}: objects and freshness"), &OBJECTS));
    }
    for front in &outcome.fronts {
        content.push_str(&hints(front));
    }
    section("firehose", "Firehose", &content)
}

/// Buffering hints and what they give, those that no other beats first marked.
fn hints(front: &Front) -> String {
    let head = [
        "size",
        "interval",
        "arrived to delivered, p99",
        "mean object",
        "objects a day",
        "month",
        "on the front",
        "",
    ];
    let mut table = Table::new(&format!("{}: what buffering hints give", front.firehose), &head, 0..6);
    for p in &front.points {
        let here = (p.size, p.interval_ns) == (front.size_here, front.interval_here_ns);
        table.classed_row(
            "",
            &[
                human::bytes(p.size),
                human::maybe_duration(Some(p.interval_ns)),
                human::maybe_duration(p.p99_ns),
                human::bytes(p.object_bytes),
                human::count(p.objects_per_day.round() as u64),
                human::money(p.month_usd),
                if p.best { "yes".into() } else { String::new() },
                if here { "this scenario".into() } else { String::new() },
            ],
        );
    }
    table.finish()
}

/// Which prefixes failed records lie under; nothing where none failed.
fn failed(outcome: &Outcome, i: usize, name: &str) -> Option<String> {
    let of = |m: &ModeOutcome| m.run.firehoses().get(i).map(|f| f.failed.clone()).unwrap_or_default();
    let prefixes: BTreeSet<&str> = outcome.modes.iter().flat_map(|m| of(m).into_keys()).collect();
    let mut head = vec![""];
    head.extend(outcome.modes.iter().map(|m| m.title));
    let mut table = Table::new(&format!("{name}: failed records, by prefix"), &head, 1..head.len());
    for prefix in &prefixes {
        let mut cells = vec![(*prefix).to_owned()];
        cells.extend(outcome.modes.iter().map(|m| human::count(of(m).get(prefix).map_or(0, |p| p.records))));
        table.classed_row("", &cells);
    }
    (!prefixes.is_empty()).then(|| table.finish())
}

fn table(outcome: &Outcome, i: usize, title: &str, lines: &[Line]) -> String {
    let mut head = vec![""];
    head.extend(outcome.modes.iter().map(|m| m.title));
    let mut table = Table::new(title, &head, 1..head.len());
    for (label, of) in lines {
        let value =
            |m: &ModeOutcome| m.run.firehoses().get(i).map_or_else(|| human::NOTHING.into(), |f| of(f));
        let mut cells = vec![(*label).to_owned()];
        cells.extend(outcome.modes.iter().map(value));
        table.classed_row(if *label == "difference" { "total" } else { "" }, &cells);
    }
    table.finish()
}
