//! The CloudWatch console's "Download as .csv", in the layouts it has had.
//!
//! Some rows of headings (`Id`, `Label`, `Full label`, ...; older files have fewer), then one row per moment, a column
//! per metric, an empty cell where there is no datapoint. Rows are skipped until the first cell is a time; names are
//! taken from the full labels, else from the last row of labels.

use super::Says;
use super::grid::{Found, moment, value};
use super::label::{self, Label};
use super::text::quote;
use std::ops::Range;

/// Does a text have rows of headings and then a row that begins with a time?
pub(super) fn looks_like(text: &str) -> bool {
    let first = |line: &str| line.split(',').next().unwrap_or("").trim_matches('"').to_owned();
    text.lines().take(20).any(|l| ["Label", "Full label"].contains(&first(l).as_str()))
}

/// Reads the file.
pub(super) fn read(text: &str, found: &mut Found, into: &mut Says) {
    let mut rows = Rows::new(text);
    let mut full: Option<Vec<String>> = None;
    let mut plain: Option<Vec<String>> = None;
    let mut columns: Option<Vec<Option<usize>>> = None;
    while let Some((cells, at)) = rows.next(into) {
        if into.enough() {
            return;
        }
        let first = cells.first().map(String::as_str).unwrap_or_default();
        if let Some(ns) = time(first) {
            if columns.is_none() {
                let labels = (full.as_ref().map(|f| (f, true))).or(plain.as_ref().map(|p| (p, false)));
                let Some((labels, is_full)) = labels else {
                    let message = "no row of labels is above the first time".to_owned();
                    return into.say("metrics-labels", at, message, label::EXPECTED);
                };
                columns = named(labels, is_full, at.clone(), found, into);
            }
            let Some(columns) = &columns else { return };
            found.row(ns);
            row(&cells, ns, columns, at, found, into);
        } else if columns.is_some() {
            let message = format!("{} is not a time", quote(first));
            into.say("metrics-time", at, message, "expected `2026/03/01 09:00:00`");
        } else if first.eq_ignore_ascii_case("full label") {
            full = Some(cells);
        } else if first.eq_ignore_ascii_case("label") || plain.is_none() || cells.iter().any(|c| is_label(c))
        {
            plain = Some(cells);
        }
    }
    if columns.is_none() && into.fine() {
        let message = "no row begins with a time".to_owned();
        let expected = "expected CloudWatch JSON, the console's CSV, `timestamp,records_per_second`, or one JSON \
                        object per record";
        into.say("metrics-form", 0..0, message, expected);
    }
}

fn is_label(cell: &str) -> bool {
    label::read(cell, false).metric.is_some()
}

/// The console's `2026/03/01 09:00:00`, or ISO.
fn time(text: &str) -> Option<i128> {
    let date = text.len() >= 10 && text.is_char_boundary(10) && text[..10].matches(['/', '-']).count() == 2;
    let text = text.replace('/', "-");
    date.then(|| moment(&text)).flatten()
}

/// Which series each column after the first is; `None` after a mistake.
fn named(
    labels: &[String],
    full: bool,
    at: Range<usize>,
    found: &mut Found,
    into: &mut Says,
) -> Option<Vec<Option<usize>>> {
    let read: Vec<Label> = labels.iter().skip(1).map(|l| label::read(l, full)).collect();
    if let Some(foreign) = read.iter().find_map(|l| l.foreign.as_ref()) {
        let message = format!("metrics of {}, not of AWS/Kinesis", quote(foreign));
        into.say("metrics-foreign", at, message, label::EXPECTED);
        return None;
    }
    if read.iter().all(|l| l.metric.is_none()) {
        let seen: Vec<String> = labels.iter().skip(1).map(|l| quote(l)).collect();
        let message = format!("no metric of a Kinesis stream's writes is in it, but {}", seen.join(", "));
        into.say("metrics-foreign", at, message, label::EXPECTED);
        return None;
    }
    let mut series = Vec::new();
    for (label, text) in read.into_iter().zip(labels.iter().skip(1)) {
        let Some(metric) = label.metric else {
            found.notes.push(format!("left out: {}", quote(text)));
            series.push(None);
            continue;
        };
        if let Some(statistic) = label.statistic.as_deref().filter(|s| *s != "Sum") {
            let message = format!("{} is a {}", quote(text), quote(statistic));
            into.say("metrics-statistic", at.clone(), message, "expected the statistic Sum");
        }
        if let Some(seconds) = label.period_s.filter(|s| *s > 0) {
            found.period(seconds, at.clone(), into);
        }
        series.push(Some(found.series(label.stream, label.shard, metric)));
    }
    Some(series)
}

fn row(
    cells: &[String],
    ns: i128,
    columns: &[Option<usize>],
    at: Range<usize>,
    found: &mut Found,
    into: &mut Says,
) {
    for (cell, series) in cells.iter().skip(1).zip(columns) {
        let (Some(series), false) = (series, cell.is_empty()) else { continue };
        match value(cell) {
            Some(micro) => found.point(*series, ns, micro, at.clone(), into),
            None => {
                let message = format!("{} is not a sum", quote(cell));
                into.say("metrics-value", at.clone(), message, "expected a number, zero or more");
            }
        }
    }
}

/// Rows with their places; cells may be quoted.
struct Rows<'a> {
    reader: csv::Reader<&'a [u8]>,
    text: &'a str,
}

impl<'a> Rows<'a> {
    fn new(text: &'a str) -> Rows<'a> {
        let mut builder = csv::ReaderBuilder::new();
        let reader =
            builder.has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        Rows { reader, text }
    }

    fn next(&mut self, into: &mut Says) -> Option<(Vec<String>, Range<usize>)> {
        let mut record = csv::StringRecord::new();
        match self.reader.read_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let start = record.position().map_or(0, |p| p.byte() as usize).min(self.text.len());
                let lead = self.text[start..].len() - self.text[start..].trim_start().len();
                let line = self.text[start + lead..].lines().next().unwrap_or("");
                let at = start + lead..start + lead + line.len();
                Some((record.iter().map(str::to_owned).collect(), at))
            }
            Err(error) => {
                into.say("metrics-csv", 0..0, format!("not a CSV: {error}"), "expected rows of cells");
                None
            }
        }
    }
}
