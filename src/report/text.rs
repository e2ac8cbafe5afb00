//! The terminal summary: modes side by side, then the findings and the notes. Plain text, no colour.

use crate::experiment::outcome::{Headline, ModeOutcome, Outcome};
use crate::experiment::replay::Replay;
use crate::measure::clients::FirehoseResult;
use crate::measure::result::{ConsumerResult, ProducerResult};
use crate::report::{human, replay};
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

/// The summary, with a final line break.
pub fn text(outcome: &Outcome) -> String {
    let mut out = format!("{}\n", outcome.name);
    if !outcome.question.is_empty() {
        out.push_str(&wrapped(&outcome.question, ""));
    }
    out.push('\n');
    if let Some(found) = &outcome.replay {
        push_history(&mut out, found);
        out.push('\n');
    }
    let header = std::iter::once(String::new()).chain(outcome.modes.iter().map(|m| m.title.to_owned()));
    let mut rows = Vec::new();
    for (i, row) in comparison(outcome).into_iter().enumerate() {
        if row.opens_group && i > 0 {
            rows.push(vec![String::new()]);
        }
        rows.push(std::iter::once(row.label).chain(row.values).collect());
    }
    push_table(&mut out, 1, header.collect(), rows);
    if out.contains('±') {
        let runs = outcome.provenance.replications;
        let note = format!(
            "± is half of the 95 % interval over {runs} replications; all other figures are of the first."
        );
        out.push('\n');
        out.push_str(&wrapped(&note, ""));
    }
    let findings: Vec<&str> = outcome.findings.iter().map(|f| f.text.as_str()).collect();
    section(&mut out, findings_title(outcome), &findings);
    let mut notes: Vec<&str> = outcome.notes.iter().map(String::as_str).collect();
    let cuts = outcome.modes.iter().filter_map(|m| m.run.cut.as_deref());
    notes.extend(cuts);
    section(&mut out, "Notes", &notes);
    out
}

/// What a replayed history is, and its designs.
pub(super) fn push_history(out: &mut String, found: &Replay) {
    replay::about(found).iter().for_each(|sentence| out.push_str(&wrapped(sentence, "")));
    out.push('\n');
    let (head, rows) = replay::rows(found);
    push_table(out, 1, head.iter().map(|h| (*h).to_owned()).collect(), rows);
    out.push_str(&wrapped(replay::NOTE, ""));
}

pub(super) fn section(out: &mut String, title: &str, lines: &[&str]) {
    if lines.is_empty() {
        return;
    }
    out.push_str(&format!("\n{title}\n"));
    for line in lines {
        out.push_str(&wrapped(line, "- "));
    }
}

/// Breaks at 100 columns; following lines are indented as far as `bullet` is wide.
pub(super) fn wrapped(text: &str, bullet: &str) -> String {
    const WIDTH: usize = 100;
    let mut out = String::from(bullet);
    let mut column = bullet.len();
    for (i, word) in text.split_whitespace().enumerate() {
        let wide = word.chars().count();
        if i > 0 && column + 1 + wide > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(bullet.len()));
            column = bullet.len();
        } else if i > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += wide;
    }
    out.push('\n');
    out
}

/// One row of the comparison: a label and one text per mode.
pub struct SummaryRow {
    /// What it is.
    pub label: String,
    /// One value per mode.
    pub values: Vec<String>,
    /// Begins a new group (stream, each consumer, cost).
    pub opens_group: bool,
}

/// The comparison of modes, used here and at the top of the page.
pub fn comparison(outcome: &Outcome) -> Vec<SummaryRow> {
    let mut rows = Vec::new();
    let mut row = |opens_group: bool, label: String, f: &dyn Fn(&ModeOutcome) -> String| {
        rows.push(SummaryRow { label, values: outcome.modes.iter().map(f).collect(), opens_group });
    };
    row(true, "shards".into(), &shards);
    row(false, "records born".into(), &|m| human::count(total(m, |p| p.born)));
    let any = |f: fn(&ModeOutcome) -> bool| outcome.modes.iter().any(f);
    let stored = if any(|m| !m.run.intakes.is_empty()) { "stored, or taken by Firehose" } else { "stored" };
    row(false, format!("records {stored}"), &|m| human::count(total(m, |p| p.stored)));
    if any(|m| m.run.stream.kinesis_records < m.run.stream.stored) {
        row(false, "in Kinesis records".into(), &|m| human::count(m.run.stream.kinesis_records));
    }
    row(false, "throttled attempts".into(), &|m| {
        let share = human::share(total(m, |p| p.throttled), total(m, |p| p.attempts));
        with_interval(m, "throttled_attempts", share)
    });
    row(false, "delayed records".into(), &|m| {
        let share = human::share(total(m, |p| p.delayed), total(m, |p| p.born));
        with_interval(m, "delayed_records", share)
    });
    row(false, "lost records".into(), &|m| {
        let share = human::share(total(m, |p| p.lost.all()), total(m, |p| p.born));
        with_interval(m, "lost_records", share)
    });
    if any(|m| m.run.stream.duplicates > 0) {
        row(false, "stored again (duplicates)".into(), &|m| human::count(m.run.stream.duplicates));
    }
    if any(|m| m.run.overtaken().is_none_or(|n| n > 0)) {
        row(false, "stored out of order".into(), &|m| {
            m.run.overtaken().map_or_else(|| human::NOTHING.into(), human::count)
        });
    }
    let names = outcome.modes.first().map(|m| m.run.consumers.as_slice());
    for (i, consumer) in names.unwrap_or_default().iter().enumerate() {
        let name = &consumer.name;
        row(true, format!("{name}: propagation p50 / p99"), &|m| {
            of_consumer(m, i, |c| {
                let p50 = human::maybe_duration(c.propagation.p50_ns);
                format!("{p50} / {}", human::maybe_duration(c.propagation.p99_ns))
            })
        });
        row(false, format!("{name}: end to end p99"), &|m| {
            let p99 = of_consumer(m, i, |c| human::maybe_duration(c.end_to_end.p99_ns));
            with_interval(m, &format!("end_to_end_p99/{name}"), p99)
        });
        row(false, format!("{name}: iterator age max"), &|m| of_consumer(m, i, iterator_age_max));
        if outcome.modes.iter().any(|m| {
            m.run.consumers.get(i).is_some_and(|c| c.unread * 50 > m.run.stream.stored && !c.gathers())
        }) {
            row(false, format!("{name}: unread at the end"), &|m| {
                of_consumer(m, i, |c| human::count(c.unread))
            });
        }
    }
    let streams = outcome.modes.first().map(|m| m.run.firehoses()).unwrap_or_default();
    for (i, name) in streams.iter().map(|f| &f.name).enumerate() {
        firehose_rows(&mut row, i, name);
    }
    row(true, "cost of this run".into(), &|m| human::money(m.bill_run.total));
    row(false, "cost of a month".into(), &|m| human::money(m.bill_month.total));
    rows
}

/// Takes a row: does it open a group, its label, its value in a mode.
type Row<'a> = dyn FnMut(bool, String, &dyn Fn(&ModeOutcome) -> String) + 'a;

/// What a Firehose stream delivers.
fn firehose_rows(row: &mut Row, i: usize, name: &str) {
    let of = |m: &ModeOutcome, f: fn(&FirehoseResult) -> String| {
        m.run.firehoses().get(i).map_or_else(|| human::NOTHING.into(), |found| f(found))
    };
    row(true, format!("{name}: objects delivered"), &|m| of(m, |f| human::count(f.objects)));
    row(false, format!("{name}: mean object"), &|m| {
        of(m, |f| {
            f.delivered_bytes.checked_div(f.objects).map_or_else(|| human::NOTHING.into(), human::bytes)
        })
    });
    row(false, format!("{name}: arrived to delivered p50 / p99"), &|m| {
        of(m, |f| {
            let p50 = human::maybe_duration(f.freshness.p50_ns);
            format!("{p50} / {}", human::maybe_duration(f.freshness.p99_ns))
        })
    });
}

/// A table with its heading; all columns but the first `words` are numbers.
pub(super) fn push_table(out: &mut String, words: usize, header: Vec<String>, rows: Vec<Vec<String>>) {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─')));
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(words) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for line in table.to_string().lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// A figure added over the producers.
pub fn total(mode: &ModeOutcome, f: impl Fn(&ProducerResult) -> u64) -> u64 {
    mode.run.producers.iter().map(f).sum()
}

fn shards(mode: &ModeOutcome) -> String {
    let s = &mode.run.stream;
    match (s.shards_at_start, s.shards_at_end, s.shards_max) {
        (a, b, c) if a == b && b == c => human::count(a.into()),
        (a, b, c) if c > a.max(b) => format!("{a} to {b}, at most {c}"),
        (a, b, _) => format!("{a} to {b}"),
    }
}

fn of_consumer(m: &ModeOutcome, i: usize, f: impl Fn(&ConsumerResult) -> String) -> String {
    m.run.consumers.get(i).map_or_else(|| human::NOTHING.into(), f)
}

/// A reader whose calls brought nothing has no iterator age, rather than one of zero.
fn iterator_age_max(c: &ConsumerResult) -> String {
    match c.first_deliveries {
        0 => human::NOTHING.into(),
        _ => human::duration(c.iterator_age_ns_max),
    }
}

/// With more than one replication: the mean and the half width of its interval instead of the first run's value.
fn with_interval(mode: &ModeOutcome, key: &str, first_run: String) -> String {
    let found: Option<&Headline> = mode.headline.iter().find(|h| h.key == key);
    match found.map(|h| (h.mean, h.half_width, h.unit)) {
        Some((Some(mean), Some(half), unit)) if half > 0.0 => {
            let mean = human::of_unit(mean, unit);
            format!("{mean} ± {}", human::of_unit(half, unit))
        }
        _ => first_run,
    }
}

/// Findings are about one run: where there are several, the title says which.
pub fn findings_title(outcome: &Outcome) -> &'static str {
    if outcome.provenance.replications > 1 { "Findings (first replication)" } else { "Findings" }
}
