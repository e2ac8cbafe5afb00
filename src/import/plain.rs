//! A plain CSV of rates: `timestamp,records_per_second[,mean_record_bytes]`, each rate holding until the next row.

use super::history::{History, Step};
use super::text::{cells, lines, quote};
use super::{Says, history};
use crate::producer::config::Trace;
use crate::units::calendar::Moment;
use crate::units::parse::{bytes_rounded, record_rate_rounded};
use crate::units::{Bytes, Dur, NS_PER_S, RecordRate};
use std::ops::Range;

type Cell<'a> = (&'a str, Range<usize>);

/// Does a first line have the columns of a plain CSV?
pub(super) fn looks_like(line: &str) -> bool {
    let names = cells(line, 0);
    names.iter().any(|(name, _)| *name == "timestamp" || *name == "records_per_second")
}

/// Reads a trace.
pub fn read(text: &str, into: &mut Says) -> Option<Trace> {
    Some(steps(&rows(text, into)?))
}

/// The same as a history, with what the sizes say of bytes.
pub(super) fn history(name: &str, text: &str, into: &mut Says) -> Option<History> {
    let rows = rows(text, into)?;
    let trace = steps(&rows);
    let end_of = |i: usize| trace.at.get(i + 1).map_or(trace.end.0, |a| a.0);
    let step = |i: usize| {
        let length = end_of(i) - trace.at[i].0;
        let micro = u128::from(trace.rate[i].0) * u128::from(length) / u128::from(NS_PER_S);
        let of_size = |size: Bytes| (u128::from(size.0) * micro / history::MICRO as u128) as u64;
        Step {
            at: trace.at[i].0,
            records_micro: Some(u64::try_from(micro).unwrap_or(u64::MAX)),
            bytes: trace.mean_size[i].map(of_size).or((micro == 0).then_some(0)),
            refused_micro: None,
        }
    };
    let steps: Vec<Step> = (0..rows.len()).map(step).collect();
    // A file of times since nothing in particular has small numbers.
    let dated = rows[0].dated;
    Some(History {
        name: name.to_owned(),
        start: Moment::of_ns(rows[0].ns).filter(|_| dated),
        period: Dur(steps.get(1).map_or(trace.end.0, |s| s.at)),
        end: trace.end.0,
        steps,
        missing: 0,
        keys: None,
    })
}

fn rows(text: &str, into: &mut Says) -> Option<Vec<Row>> {
    let mut rows = lines(text);
    let Some((header, at)) = rows.next() else {
        let expected = "expected the header `timestamp,records_per_second`";
        into.say("trace-empty", 0..0, "the trace is empty".to_owned(), expected);
        return None;
    };
    let columns = Columns::of(header, at.clone(), into)?;
    let mut table: Vec<Row> = Vec::new();
    for (line, at) in rows {
        if into.enough() {
            break;
        }
        table.extend(columns.row(line, at, table.last(), into));
    }
    if table.is_empty() && into.fine() {
        into.say("trace-empty", at, "the trace has no rows".to_owned(), "a header, and nothing under it");
    }
    into.fine().then_some(table)
}

struct Columns {
    time: usize,
    rate: usize,
    size: Option<usize>,
}

struct Row {
    ns: i128,
    dated: bool,
    rate: RecordRate,
    size: Option<Bytes>,
}

impl Columns {
    fn of(header: &str, at: Range<usize>, into: &mut Says) -> Option<Columns> {
        let names = cells(header, at.start);
        let find = |word: &str| names.iter().position(|(name, _)| *name == word);
        let (time, rate) = (find("timestamp"), find("records_per_second"));
        for (missing, word) in [(time, "timestamp"), (rate, "records_per_second")] {
            if missing.is_none() {
                let message = format!("the trace has no column `{word}`");
                into.say("trace-column", at.clone(), message, "expected `timestamp,records_per_second`");
            }
        }
        let size = find("mean_record_bytes");
        Some(Columns { time: time?, rate: rate?, size })
    }

    fn row(&self, line: &str, at: Range<usize>, before: Option<&Row>, into: &mut Says) -> Option<Row> {
        let cells = cells(line, at.start);
        let cell = |i: usize| cells.get(i).cloned().filter(|(text, _)| !text.is_empty());
        let (Some(time), Some(rate)) = (cell(self.time), cell(self.rate)) else {
            let expected = "expected a timestamp and a rate";
            into.say("trace-column", at, "the row lacks a column".to_owned(), expected);
            return None;
        };
        let ns = moment(time.0).or_else(|| {
            let expected = "expected `2026-03-01T09:00:00Z` or seconds";
            complain("trace-time", time.clone(), "is not a time", expected, into)
        });
        let rate = decimal(rate, "records per second", into, |text| {
            record_rate_rounded(&format!("{text} records/s")).ok().map(|r| r.value)
        });
        let size = match self.size.and_then(cell) {
            None => Some(None),
            Some(size) => {
                let read = |text: &str| bytes_rounded(&format!("{text} B")).ok().map(|r| r.value);
                decimal(size, "bytes", into, read).map(Some)
            }
        };
        let (ns, rate, size) = (ns?, rate?, size?);
        if before.is_some_and(|b| b.ns >= ns) {
            let expected = "rows must be in order of time";
            return complain("trace-order", time, "is not later than the row before", expected, into);
        }
        Some(Row { ns, dated: Moment::parse(time.0).is_some(), rate, size })
    }
}

fn moment(text: &str) -> Option<i128> {
    let seconds = || {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |t: &str| t.len() <= 12 && t.bytes().all(|b| b.is_ascii_digit());
        let fine = !whole.is_empty() && digits(whole) && digits(fraction) && fraction.len() <= 9;
        let ns: i128 = format!("{fraction:0<9}").parse().ok().filter(|_| fine)?;
        Some(whole.parse::<i128>().ok()? * i128::from(NS_PER_S) + ns)
    };
    Moment::parse(text).map(Moment::ns).or_else(seconds)
}

fn decimal<T>(cell: Cell, what: &str, into: &mut Says, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    let text = cell.0;
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if let Some(value) = plain.then(|| read(text)).flatten() {
        return Some(value);
    }
    let expected = format!("expected {what}, for example 1500.5");
    let why = match text.starts_with('-') {
        true => "is negative",
        false => "is not a number",
    };
    complain("trace-number", cell, why, &expected, into)
}

fn complain<T>(
    code: &'static str,
    (text, at): Cell,
    why: &str,
    expected: &str,
    into: &mut Says,
) -> Option<T> {
    into.say(code, at, format!("{} {why}", quote(text)), expected);
    None
}

/// Steps since the first row; the last row holds as long as the one before it, or a second.
fn steps(rows: &[Row]) -> Trace {
    let first = rows.first().map_or(0, |r| r.ns);
    let since = |ns: i128| Dur(u64::try_from(ns - first).unwrap_or(u64::MAX / 4));
    let at: Vec<Dur> = rows.iter().map(|r| since(r.ns)).collect();
    let step = match at.as_slice() {
        [.., a, b] => b.0 - a.0,
        _ => NS_PER_S,
    };
    Trace {
        end: Dur(at.last().map_or(0, |d| d.0).saturating_add(step)),
        at,
        rate: rows.iter().map(|r| r.rate).collect(),
        mean_size: rows.iter().map(|r| r.size).collect(),
    }
}
