//! The numbers of the page: latency by hop, both ledgers, throttling, bills line by line, the timeline.

use super::markup::{Table, escape, paragraph, section};
use crate::cost::bill::Bill;
use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::measure::lost::{Cause, Lost};
use crate::measure::result::{ConsumerResult, IntakeResult, ProducerResult};
use crate::report::csv_files::hops;
use crate::report::human;

/// Rows of a long table on the page; the files have all of them.
const ROWS_MAX: usize = 400;

fn columns<'a>(first: &'a str, outcome: &'a Outcome) -> Vec<&'a str> {
    let mut head = vec![first];
    head.extend(outcome.modes.iter().map(|m| m.title));
    head
}

/// Percentiles of every hop.
pub fn latency(outcome: &Outcome) -> String {
    let head = ["hop", "mode", "records", "mean", "p50", "p90", "p99", "p99.9", "max"];
    let mut table = Table::new("", &head, 2..9);
    let known = outcome.modes.first().map(hops).unwrap_or_default();
    for (i, (_, name, hop, _)) in known.iter().enumerate() {
        let label = format!("{name}: {}", hop.replace('_', " "));
        for (k, mode) in outcome.modes.iter().enumerate() {
            let found = hops(mode);
            let Some((.., l)) = found.get(i) else {
                continue;
            };
            let mean = l.mean_ns().map(|m| m as u64);
            let mut cells = vec![
                if k == 0 { label.clone() } else { String::new() },
                mode.title.to_owned(),
                human::count(l.count),
            ];
            let values = [mean, l.p50_ns, l.p90_ns, l.p99_ns, l.p999_ns, l.max_ns];
            cells.extend(values.map(human::maybe_duration));
            table.classed_row(if k == 0 { "group" } else { "" }, &cells);
        }
    }
    section("latency-table", "Latency by hop and consumer", &table.finish())
}

/// One line of a ledger: a sign, what it is, how to read it off a mode.
type Entry<T> = (&'static str, fn(&T) -> u64);

const CONSUMER: [Entry<ConsumerResult>; 8] = [
    ("= first deliveries", |c| c.first_deliveries),
    ("+ skipped by the client", |c| c.skipped),
    ("+ filtered", |c| c.filtered),
    ("+ sent to the failure destination", |c| c.to_failure_destination),
    ("+ discarded", |c| c.discarded),
    ("+ stored before the start position", |c| c.before_start),
    ("+ lost to retention", |c| c.lost_to_retention),
    ("+ unread at the end", |c| c.unread),
];

/// Closes a ledger: nothing, unless a record went astray.
const DIFFERENCE: &str = "difference";

/// Both equations with their numbers, per producer and per consumer.
pub fn ledgers(outcome: &Outcome) -> String {
    let Some(first) = outcome.modes.first() else {
        return String::new();
    };
    let mut content = paragraph(
        "",
        "Every record is accounted for: in each table the lines add up to the first. Redeliveries and duplicates are \
         counted apart.",
    );
    for (i, producer) in first.run.producers.iter().enumerate() {
        content.push_str(&producer_ledger(outcome, i, &producer.name));
    }
    for (i, consumer) in first.run.consumers.iter().enumerate() {
        content.push_str(&consumer_ledger(outcome, i, &consumer.name));
    }
    section("ledger", "Ledger", &content)
}

/// A row with one value per mode; `None` where the mode has no such part.
fn across(table: &mut Table, outcome: &Outcome, label: &str, f: impl Fn(&ModeOutcome) -> Option<i128>) {
    let mut cells = vec![label.to_owned()];
    for mode in &outcome.modes {
        cells.push(f(mode).map_or_else(|| human::NOTHING.into(), signed));
    }
    let class = if label == DIFFERENCE { "total" } else { "" };
    table.classed_row(class, &cells);
}

fn signed(n: i128) -> String {
    let sign = if n < 0 { "-" } else { "" };
    format!("{sign}{}", human::exact(&n.unsigned_abs().to_string()))
}

fn producer_ledger(outcome: &Outcome, i: usize, name: &str) -> String {
    let head = columns("records", outcome);
    let mut table = Table::new(&format!("Producer {name}"), &head, 1..head.len());
    let mut line = |label: &str, of: &dyn Fn(&ProducerResult) -> i128| {
        across(&mut table, outcome, label, |m| Some(of(m.run.producers.get(i)?)));
    };
    line("born", &|p| p.born.into());
    line("= stored at least once", &|p| p.stored.into());
    for cause in happened(outcome, i) {
        line(&format!("+ given up: {}", cause.label), &|p| (cause.of)(&p.lost).into());
    }
    line("+ held in the client at the end", &|p| p.held.into());
    line(DIFFERENCE, &ProducerResult::imbalance);
    across(&mut table, outcome, "apart: stored again by a retry (duplicates)", |m| {
        Some(m.run.producers.get(i)?.duplicates.into())
    });
    across(&mut table, outcome, "apart: stored after a later one of the same process", |m| {
        Some(m.run.producers.get(i)?.overtaken?.into())
    });
    let apart: [Entry<ProducerResult>; 6] = [
        ("apart: records sent, each as often as it was sent", ProducerResult::sent),
        ("apart: refused or failed at least once (delayed)", |p| p.delayed),
        ("apart: attempts (Kinesis records judged)", |p| p.attempts),
        ("apart: attempts refused", |p| p.throttled),
        ("apart: put calls", |p| p.calls),
        ("apart: put calls that failed as a whole", |p| p.failed_calls),
    ];
    let cut: [Entry<ProducerResult>; 2] = [
        ("apart: records cut because they were too long", |p| p.truncated),
        ("apart: bytes cut off them", |p| p.truncated_bytes),
    ];
    let any = |m: &ModeOutcome| m.run.producers.get(i).is_some_and(|p| p.truncated > 0);
    let cut = cut.into_iter().filter(|_| outcome.modes.iter().any(any));
    for (label, f) in apart.into_iter().chain(cut) {
        across(&mut table, outcome, label, |m| Some(f(m.run.producers.get(i)?).into()));
    }
    table.finish()
}

/// Causes for which a producer gave records up in some mode; the first one stands where none did.
fn happened(outcome: &Outcome, producer: usize) -> Vec<&'static Cause> {
    let found = |cause: &&Cause| {
        let lost = |m: &ModeOutcome| m.run.producers.get(producer).map_or(0, |p| (cause.of)(&p.lost));
        outcome.modes.iter().any(|m| lost(m) > 0)
    };
    let causes: Vec<&Cause> = Lost::CAUSES.iter().filter(found).collect();
    if causes.is_empty() { Lost::CAUSES.iter().take(1).collect() } else { causes }
}

fn consumer_ledger(outcome: &Outcome, i: usize, name: &str) -> String {
    let head = columns("copies", outcome);
    let mut table = Table::new(&format!("Consumer {name}"), &head, 1..head.len());
    across(&mut table, outcome, "stored copies", |m| Some(m.run.stream.stored.into()));
    for (label, f) in CONSUMER {
        across(&mut table, outcome, label, |m| Some(f(m.run.consumers.get(i)?).into()));
    }
    across(&mut table, outcome, DIFFERENCE, |m| {
        let c = m.run.consumers.get(i)?;
        let parts: i128 = CONSUMER.iter().map(|(_, f)| i128::from(f(c))).sum();
        Some(i128::from(m.run.stream.stored) - parts)
    });
    let apart: [Entry<ConsumerResult>; 5] = [
        ("apart: redeliveries", |c| c.redeliveries),
        ("apart: first delivered after a later one", |c| c.overtaken),
        ("apart: calls or subscriptions", |c| c.calls),
        ("apart: calls that returned nothing", |c| c.empty_calls),
        ("apart: failed batches", |c| c.failed_batches),
    ];
    for (label, f) in apart {
        across(&mut table, outcome, label, |m| Some(f(m.run.consumers.get(i)?).into()));
    }
    table.finish()
}

/// Refusals by limit, and the hottest shard.
pub fn throttling(outcome: &Outcome) -> String {
    let head = columns("refused", outcome);
    let mut table = Table::new("", &head, 1..head.len());
    across(&mut table, outcome, "write attempts: records limit", |m| {
        Some(m.run.stream.throttled_by_records.into())
    });
    across(&mut table, outcome, "write attempts: bytes limit", |m| {
        Some(m.run.stream.throttled_by_bytes.into())
    });
    across(&mut table, outcome, "seconds with a refused write", |m| {
        Some(m.run.stream.throttled_seconds.into())
    });
    intakes(&mut table, outcome);
    let names = outcome.modes.first().map(|m| m.run.consumers.as_slice());
    for (i, c) in names.unwrap_or_default().iter().enumerate() {
        let limits: [Entry<ConsumerResult>; 2] =
            [("calls limit", |c| c.throttled_by_calls), ("bytes limit", |c| c.throttled_by_bytes)];
        for (limit, f) in limits {
            let label = format!("{}, read calls: {limit}", c.name);
            across(&mut table, outcome, &label, |m| Some(f(m.run.consumers.get(i)?).into()));
        }
    }
    let mut hottest = vec!["hottest shard (share of all attempts)".to_owned()];
    hottest.extend(outcome.modes.iter().map(|m| {
        let s = &m.run.stream;
        let share = human::share(s.hottest_share_ppm, 1_000_000);
        s.hottest_shard.map_or_else(|| human::NOTHING.into(), |id| format!("{id} ({share})"))
    }));
    table.row(&hottest);
    section("throttling", "Throttling by limit", &table.finish())
}

/// Refusals of the Firehose streams that producers put to directly.
fn intakes(table: &mut Table, outcome: &Outcome) {
    let quotas: [Entry<IntakeResult>; 4] = [
        ("records refused: records quota", |i| i.throttled_by_records),
        ("records refused: bytes quota", |i| i.throttled_by_bytes),
        ("records refused with their call: requests quota", |i| i.throttled_by_requests),
        ("seconds with a refused record", |i| i.throttled_seconds),
    ];
    let names = outcome.modes.first().map(|m| m.run.intakes.as_slice());
    for (i, intake) in names.unwrap_or_default().iter().enumerate() {
        for (quota, f) in quotas {
            let label = format!("{}, Firehose, {quota}", intake.name);
            across(table, outcome, &label, |m| Some(f(m.run.intakes.get(i)?).into()));
        }
    }
}

/// Every bill line with its arithmetic.
pub fn bills(outcome: &Outcome) -> String {
    let mut content = String::new();
    for mode in &outcome.modes {
        content.push_str(&format!("<h3>{}</h3>\n", escape(mode.title)));
        content.push_str(&bill(&mode.bill_month));
        content.push_str(&bill(&mode.bill_run));
    }
    section("bills", "Bills, line by line", &content)
}

fn bill(bill: &Bill) -> String {
    let head = ["item", "quantity", "unit", "price, USD", "amount, USD", "arithmetic", "price fact"];
    let mut table = Table::new(&bill.period, &head, [1, 3, 4]);
    for l in &bill.lines {
        let amount = human::amount(l.amount);
        let quantity = human::exact(&l.quantity);
        table.row(&[l.item, &quantity, l.unit, &l.price, &amount, &l.how, &l.price_key]);
    }
    let total = human::amount(bill.total);
    table.classed_row("total", &["total", "", "", "", &total, "", ""]);
    table.finish()
}

/// Decisions and control events of all modes.
pub fn timeline(outcome: &Outcome) -> String {
    let mut content = String::new();
    for mode in &outcome.modes {
        let entries = &mode.run.timeline;
        let mut table = Table::new(mode.title, &["at", "what", "why"], 0..0);
        for e in entries.iter().take(ROWS_MAX) {
            let at = human::duration(e.at_ns);
            table.row(&[at.as_str(), &e.what.replace('_', " "), &e.text]);
        }
        if entries.is_empty() {
            table.row(&[human::NOTHING, "nothing", "no decision, no event"]);
        }
        content.push_str(&table.finish());
        if entries.len() > ROWS_MAX {
            let n = human::count(entries.len() as u64);
            let text = format!("The first {ROWS_MAX} of {n} entries; all are in summary.json.");
            content.push_str(&paragraph("note", &text));
        }
    }
    section("timeline", "Timeline of decisions", &content)
}
