//! Firehose streams on the page: where records went, what objects are like, how old records were.

use super::markup::{Table, section};
use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::measure::clients::FirehoseResult;
use crate::report::human;

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

const OBJECTS: [Line; 11] = [
    ("objects delivered", |f| human::count(f.objects)),
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
        content.push_str(&table(outcome, i, &format!("{name}: where records went"), &LEDGER));
        content.push_str(&table(outcome, i, &format!("{name}: objects and freshness"), &OBJECTS));
    }
    section("firehose", "Firehose", &content)
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
