//! Trace and key files, with every mistake placed in the file itself.

use super::calendar::Moment;
use super::context::Cx;
use super::diag::{FileId, Span, quote};
use super::grammar::At;
use crate::facts::producers::PARTITION_KEY_MAX;
use crate::producer::config::Trace;
use crate::units::parse::{bytes_rounded, record_rate_rounded};
use crate::units::{Bytes, Dur, NS_PER_S, RecordRate};

/// Mistakes reported from one file.
const MOST_MISTAKES: usize = 20;

/// Opens a file named by the scenario.
fn open(name: &At<String>, cx: &mut Cx) -> Option<(String, FileId)> {
    match (cx.read_file)(&name.value) {
        Ok(text) => {
            let text = text.trim_start_matches('\u{feff}').to_owned();
            cx.digest(&name.value, &text);
            let id = cx.sources.add(&name.value, &text);
            Some((text, id))
        }
        Err(why) => {
            let message = format!("cannot read {}: {why}", quote(&name.value));
            cx.say("no-file", name.at, message, "named here");
            None
        }
    }
}

/// Lines with their places, blank ones left out.
fn lines(text: &str, file: FileId) -> impl Iterator<Item = (&str, Span)> {
    let mut at = 0;
    text.split_inclusive('\n').filter_map(move |raw| {
        let start = at;
        at += raw.len();
        let line = raw.trim_end_matches(['\n', '\r']);
        let end = start + line.len();
        (!line.trim().is_empty()).then_some((line, Span { file, start, end }))
    })
}

/// Cells of a line with their places. Trace files are plain: no quotes.
fn cells(line: &str, at: Span) -> Vec<(&str, Span)> {
    let mut start = at.start;
    let cell = |raw: &'_ str| {
        let lead = raw.len() - raw.trim_start().len();
        let text = raw.trim();
        let from = start + lead;
        start += raw.len() + 1;
        (from, from + text.len())
    };
    let places: Vec<(usize, usize)> = line.split(',').map(cell).collect();
    let spans = places.into_iter().map(|(start, end)| Span { start, end, ..at });
    line.split(',').map(str::trim).zip(spans).collect()
}

/// A trace file: `timestamp,records_per_second[,mean_record_bytes]`.
pub fn read(name: &At<String>, cx: &mut Cx) -> Option<Trace> {
    let (text, file) = open(name, cx)?;
    read_text(&text, file, cx)
}

/// The same from its text.
pub fn read_text(text: &str, file: FileId, cx: &mut Cx) -> Option<Trace> {
    let mut rows = lines(text, file);
    let Some((header, at)) = rows.next() else {
        let at = Span { file, start: 0, end: 0 };
        cx.say(
            "trace-empty",
            at,
            "the trace is empty".to_owned(),
            "expected the header `timestamp,records_per_second`",
        );
        return None;
    };
    let columns = Columns::of(header, at, cx)?;
    let before = cx.diags.len();
    let mut table: Vec<Row> = Vec::new();
    for (line, at) in rows {
        if cx.diags.len() - before >= MOST_MISTAKES {
            break;
        }
        if let Some(row) = columns.row(line, at, table.last(), cx) {
            table.push(row);
        }
    }
    if table.is_empty() && cx.diags.len() == before {
        cx.say("trace-empty", at, "the trace has no rows".to_owned(), "a header, and nothing under it");
    }
    (cx.diags.len() == before).then(|| steps(&table))
}

struct Columns {
    time: usize,
    rate: usize,
    size: Option<usize>,
}

struct Row {
    ns: i128,
    rate: RecordRate,
    size: Option<Bytes>,
}

impl Columns {
    fn of(header: &str, at: Span, cx: &mut Cx) -> Option<Columns> {
        let names = cells(header, at);
        let find = |word: &str| names.iter().position(|(name, _)| *name == word);
        let (time, rate) = (find("timestamp"), find("records_per_second"));
        for (missing, word) in [(time, "timestamp"), (rate, "records_per_second")] {
            if missing.is_none() {
                let message = format!("the trace has no column `{word}`");
                cx.say("trace-column", at, message, "expected `timestamp,records_per_second`");
            }
        }
        let size = find("mean_record_bytes");
        Some(Columns { time: time?, rate: rate?, size })
    }

    fn row(&self, line: &str, at: Span, before: Option<&Row>, cx: &mut Cx) -> Option<Row> {
        let cells = cells(line, at);
        let cell = |i: usize| cells.get(i).copied().filter(|(text, _)| !text.is_empty());
        let (Some(time), Some(rate)) = (cell(self.time), cell(self.rate)) else {
            cx.say(
                "trace-column",
                at,
                "the row lacks a column".to_owned(),
                "expected a timestamp and a rate",
            );
            return None;
        };
        let ns = moment(time.0).or_else(|| {
            complain("trace-time", time, "is not a time", "expected `2026-03-01T09:00:00Z` or seconds", cx)
        });
        let rate = decimal(rate, "records per second", cx, |text| {
            record_rate_rounded(&format!("{text} records/s")).ok().map(|r| r.value)
        });
        let size = match self.size.and_then(cell) {
            None => Some(None),
            Some(size) => {
                decimal(size, "bytes", cx, |text| bytes_rounded(&format!("{text} B")).ok().map(|r| r.value))
                    .map(Some)
            }
        };
        let (ns, rate, size) = (ns?, rate?, size?);
        if before.is_some_and(|b| b.ns >= ns) {
            return complain(
                "trace-order",
                time,
                "is not later than the row before",
                "rows must be in order of time",
                cx,
            );
        }
        Some(Row { ns, rate, size })
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

fn decimal<T>(cell: (&str, Span), what: &str, cx: &mut Cx, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    let (text, _) = cell;
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if let Some(value) = plain.then(|| read(text)).flatten() {
        return Some(value);
    }
    let expected = format!("expected {what}, for example 1500.5");
    let why = match text.starts_with('-') {
        true => "is negative",
        false => "is not a number",
    };
    complain("trace-number", cell, why, &expected, cx)
}

fn complain<T>(
    code: &'static str,
    (text, at): (&str, Span),
    why: &str,
    expected: &str,
    cx: &mut Cx,
) -> Option<T> {
    cx.say(code, at, format!("{} {why}", quote(text)), expected);
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

/// One partition key, checked.
pub fn key(text: &str, at: Span, cx: &mut Cx) -> Option<String> {
    let length = text.chars().count() as u64;
    if (1..=PARTITION_KEY_MAX.count()).contains(&length) {
        return Some(text.to_owned());
    }
    let message = format!("a partition key has {length} characters");
    let expected = format!("expected 1 to {} characters", PARTITION_KEY_MAX.count());
    cx.say_with(
        "out-of-range",
        at,
        message,
        &expected,
        Some(format!("source: {}", super::context::cite(&PARTITION_KEY_MAX))),
    );
    None
}

/// A file of partition keys, one a line.
pub fn keys(name: &At<String>, cx: &mut Cx) -> Option<Vec<String>> {
    let (text, file) = open(name, cx)?;
    let before = cx.diags.len();
    let mut keys = Vec::new();
    for (line, at) in lines(&text, file) {
        if cx.diags.len() - before >= MOST_MISTAKES {
            break;
        }
        keys.extend(key(line, at, cx));
    }
    if keys.is_empty() && cx.diags.len() == before {
        let at = Span { file, start: 0, end: 0 };
        cx.say("keys-empty", at, "the key file is empty".to_owned(), "expected one key a line");
    }
    (cx.diags.len() == before).then_some(keys)
}
