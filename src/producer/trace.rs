//! Trace files: text of `timestamp,records_per_second[,mean_record_bytes]` to a step function.
//!
//! Timestamps are ISO 8601 in UTC (`2014-07-01T00:00:00Z`) or seconds as numbers; only differences count. Lines
//! that start with `#` and empty lines are skipped; a header line is recognised by its first word. A rate holds
//! until the next row, the last one for the most common step. Numbers are read as decimals, never through floats.

use super::config::Trace;
use crate::units::{Bytes, Dur, NS_PER_S, RecordRate};
use std::collections::BTreeMap;

/// Rows at most.
pub const ROWS_MAX: usize = 2_000_000;
/// Fastest rate a row may hold: a billion records per second.
const RATE_MAX: u64 = 1_000_000_000_000_000;
/// Largest mean size, bytes.
const SIZE_MAX: u64 = 1 << 40;

/// What is wrong with a trace file, and where (both from 1; line 0 = the file as a whole).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceError {
    /// Line.
    pub line: usize,
    /// Character in the line.
    pub column: usize,
    /// What was found and what is expected.
    pub message: String,
}

impl std::fmt::Display for TraceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )
    }
}

impl std::error::Error for TraceError {}

/// Reads a whole file's text.
pub fn parse(text: &str) -> Result<Trace, TraceError> {
    let mut rows: Vec<Row> = Vec::new();
    let mut header_seen = false;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in text.lines().enumerate() {
        let place = Place {
            line: index + 1,
            text: line,
        };
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        if rows.is_empty() && !header_seen && is_header(line) {
            header_seen = true;
            continue;
        }
        if rows.len() == ROWS_MAX {
            return Err(place.error(0, format!("more than {ROWS_MAX} rows")));
        }
        let row = place.row()?;
        if rows.last().is_some_and(|before| before.at >= row.at) {
            return Err(place.error(0, "this row is not later than the one before".into()));
        }
        rows.push(row);
    }
    build(&rows)
}

#[derive(Clone, Copy)]
struct Row {
    /// ns since 1970 or since zero.
    at: i128,
    rate: u64,
    size: Option<u64>,
}

/// Letters where a timestamp has digits.
fn is_header(line: &str) -> bool {
    line.trim_start()
        .trim_start_matches('"')
        .starts_with(|c: char| c.is_ascii_alphabetic())
}

struct Place<'a> {
    line: usize,
    text: &'a str,
}

impl Place<'_> {
    /// `field` counts from 0; the column is where it starts.
    fn error(&self, field: usize, message: String) -> TraceError {
        let before: usize = self
            .text
            .split(',')
            .take(field)
            .map(|f| f.chars().count() + 1)
            .sum();
        let blank = self
            .text
            .split(',')
            .nth(field)
            .map_or(0, |f| f.chars().take_while(|c| c.is_whitespace()).count());
        TraceError {
            line: self.line,
            column: before + blank + 1,
            message,
        }
    }

    fn row(&self) -> Result<Row, TraceError> {
        let fields: Vec<&str> = self.text.split(',').map(unquoted).collect();
        let [at, rate, rest @ ..] = &fields[..] else {
            return Err(self.error(
                0,
                "expected `timestamp,records_per_second`, found one column".into(),
            ));
        };
        if rest.len() > 1 {
            return Err(self.error(3, "expected at most three columns".into()));
        }
        let at = timestamp(at).ok_or_else(|| {
            let hint = "a UTC timestamp like 2014-07-01T00:00:00Z or a number of seconds";
            self.error(0, format!("expected {hint}, found `{}`", shortened(at)))
        })?;
        let rate = self.number(1, rate, "records per second", RATE_MAX)?;
        let size = match rest.first() {
            None | Some(&"") => None,
            Some(text) => {
                Some(self.number(2, text, "mean bytes of a record", SIZE_MAX * 1_000_000)?)
            }
        };
        let size = size.map(|micro| (micro + 500_000) / 1_000_000);
        Ok(Row { at, rate, size })
    }

    /// A number that is zero or more, in millionths, rounded to the nearest.
    fn number(&self, field: usize, text: &str, what: &str, most: u64) -> Result<u64, TraceError> {
        let wrong = |why: &str| {
            self.error(
                field,
                format!("expected {what}, found `{}`: {why}", shortened(text)),
            )
        };
        if text.is_empty() {
            return Err(wrong("an empty cell is no rate (write 0 for none)"));
        }
        if matches!(
            text.to_ascii_lowercase().trim_start_matches(['+', '-']),
            "nan" | "inf" | "infinity"
        ) {
            return Err(wrong("it must be a finite number"));
        }
        if text.starts_with('-') {
            return Err(wrong("it must not be negative"));
        }
        let scaled = decimal(text, 6).ok_or_else(|| wrong("not a number"))?;
        match u64::try_from(scaled) {
            Ok(n) if n <= most => Ok(n),
            _ => Err(wrong(&format!("it can be at most {}", most / 1_000_000))),
        }
    }
}

fn unquoted(field: &str) -> &str {
    let field = field.trim();
    field
        .strip_prefix('"')
        .and_then(|f| f.strip_suffix('"'))
        .unwrap_or(field)
}

fn shortened(text: &str) -> String {
    if text.chars().count() > 40 {
        text.chars().take(40).chain(['…']).collect()
    } else {
        text.to_string()
    }
}

/// `12`, `12.5`, `1.25e3`, `-0.5` times 10^`digits`, rounded to the nearest; `None` if it is none or far too large.
fn decimal(text: &str, digits: i32) -> Option<i128> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((m, e)) => (m, e.parse::<i32>().ok().filter(|e| e.abs() < 1000)?),
        None => (text, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if (whole.is_empty() && part.is_empty())
        || !(whole.bytes().chain(part.bytes())).all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let mut value = 0i128;
    // places of the decimal point to the right of what was read
    let mut shift = exponent + digits;
    let mut round_up = false;
    let mut cut = false;
    for (k, digit) in whole.bytes().chain(part.bytes()).enumerate() {
        let place = whole.len() as i32 - 1 - k as i32 + exponent + digits;
        if place < 0 {
            if !cut {
                round_up = place == -1 && digit >= b'5';
                cut = true;
            }
            continue;
        }
        value = value
            .checked_mul(10)?
            .checked_add(i128::from(digit - b'0'))?;
        if value > i128::MAX / 1000 {
            return None;
        }
        shift = place;
    }
    let zeros = if cut || value == 0 { 0 } else { shift };
    let value = value.checked_mul(10i128.checked_pow(u32::try_from(zeros.max(0)).ok()?)?)?
        + i128::from(round_up);
    Some(if negative { -value } else { value })
}

/// ns since 1970 of an ISO 8601 moment in UTC, or ns of a plain number of seconds.
fn timestamp(text: &str) -> Option<i128> {
    if !text.contains(['T', ' ', ':']) && text.matches('-').count() < 2 {
        return decimal(text, 9).filter(|ns| ns.abs() < i128::from(u64::MAX));
    }
    let (date, time) = text
        .split_once(['T', 't', ' '])
        .unwrap_or((text, "00:00:00"));
    let time = ["Z", "z", "+00:00", "+0000", "+00"]
        .iter()
        .find_map(|s| time.strip_suffix(s))
        .unwrap_or(time);
    let mut date = date.split('-').map(digits);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut parts = time.split(':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let second = parts.next().map_or(Some(0), |s| {
        decimal(s, 9).filter(|_| s.starts_with(|c: char| c.is_ascii_digit()))
    })?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = [
        31,
        28 + i64::from(leap),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let most = *days_in_month.get(usize::try_from(month - 1).ok()?)?;
    let sound = (1..=9999).contains(&year) && (1..=most).contains(&day) && hour < 24 && minute < 60;
    if !sound
        || date.next().is_some()
        || parts.next().is_some()
        || second >= 60 * i128::from(NS_PER_S)
    {
        return None;
    }
    let seconds = (days_since_1970(year, month, day) * 24 + hour) * 3600 + minute * 60;
    Some(i128::from(seconds) * i128::from(NS_PER_S) + second)
}

fn digits(text: &str) -> Option<i64> {
    let sound = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if sound { text.parse().ok() } else { None }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counting years from March so that the leap day is last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = y / 4 - y / 100 + y / 400;
    365 * y + leap_days + (153 * m + 2) / 5 + day - 1 - 719_468
}

fn build(rows: &[Row]) -> Result<Trace, TraceError> {
    let whole_file = |message: &str| TraceError {
        line: 0,
        column: 0,
        message: message.into(),
    };
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Err(whole_file("the trace has no rows"));
    };
    let span = last.at - first.at;
    if span > i128::from(u64::MAX / 4) {
        return Err(whole_file("the trace is longer than a century"));
    }
    let step = common_step(rows)
        .ok_or_else(|| whole_file("a trace needs two rows to know how long its last one lasts"))?;
    Ok(Trace {
        at: rows.iter().map(|r| Dur((r.at - first.at) as u64)).collect(),
        rate: rows.iter().map(|r| RecordRate(r.rate)).collect(),
        mean_size: rows.iter().map(|r| r.size.map(Bytes)).collect(),
        end: Dur(span as u64 + step),
    })
}

/// The most common distance of two rows; the shorter one of a tie.
fn common_step(rows: &[Row]) -> Option<u64> {
    let mut counts: BTreeMap<i128, usize> = BTreeMap::new();
    for pair in rows.windows(2) {
        *counts.entry(pair[1].at - pair[0].at).or_default() += 1;
    }
    let step = counts
        .iter()
        .max_by_key(|(step, n)| (**n, std::cmp::Reverse(**step)))?;
    u64::try_from(*step.0).ok()
}

impl Trace {
    /// Records in `from..to`, in micro-records.
    pub fn records(&self, from: Dur, to: Dur) -> u128 {
        let to = to.0.min(self.end.0);
        let mut sum = 0u128;
        let start = self.at.partition_point(|a| a.0 <= from.0).saturating_sub(1);
        for k in start..self.at.len() {
            if self.at[k].0 >= to {
                break;
            }
            let until = self.at.get(k + 1).map_or(self.end.0, |a| a.0).min(to);
            let length = until.saturating_sub(self.at[k].0.max(from.0));
            sum += u128::from(self.rate[k].0) * u128::from(length);
        }
        sum / u128::from(NS_PER_S)
    }

    /// The trace's own part `from..from + length`, as a trace that starts at zero.
    pub fn window(&self, from: Dur, length: Dur) -> Trace {
        let end = from.0.saturating_add(length.0).min(self.end.0);
        let start = self.at.partition_point(|a| a.0 <= from.0).saturating_sub(1);
        let stop = self.at.partition_point(|a| a.0 < end).max(start);
        Trace {
            at: self.at[start..stop]
                .iter()
                .map(|a| Dur(a.0.saturating_sub(from.0)))
                .collect(),
            rate: self.rate[start..stop].to_vec(),
            mean_size: self.mean_size[start..stop].to_vec(),
            end: Dur(end.saturating_sub(from.0)),
        }
    }
}

/// Start of the `length` of the trace with the most records, among windows that start at a row; the first of a tie.
/// The start of the trace when it is shorter.
pub fn busiest_window(trace: &Trace, length: Dur) -> Dur {
    let mut before = vec![0u128];
    for k in 0..trace.at.len() {
        let until = trace.at.get(k + 1).map_or(trace.end.0, |a| a.0);
        before.push(before[k] + u128::from(trace.rate[k].0) * u128::from(until - trace.at[k].0));
    }
    let (mut best, mut most, mut stop) = (Dur(0), 0u128, 0);
    for (k, start) in trace.at.iter().enumerate() {
        let end = start.0.saturating_add(length.0);
        if end > trace.end.0 {
            break;
        }
        while trace.at.get(stop + 1).is_some_and(|a| a.0 <= end) {
            stop += 1;
        }
        let sum = before[stop]
            + u128::from(trace.rate[stop].0) * u128::from(end - trace.at[stop].0)
            - before[k];
        if sum > most {
            (best, most) = (*start, sum);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (usize, usize, String) {
        let e = parse(text).expect_err("a broken trace");
        (e.line, e.column, e.message)
    }

    #[test]
    fn reads_times_rates_and_sizes() {
        let text = "# source\ntimestamp,records_per_second,mean_record_bytes\n\
                    2024-02-28T23:59:00Z,1566.666667,100.5\n2024-02-29T00:00:00Z, 0 ,\n2024-03-01T00:00:00.5Z,1e3,7\n\
                    2024-03-01T00:01:00.5Z,0.0000005,8\n";
        let t = parse(text).expect("sound");
        assert_eq!(
            t.at,
            [
                Dur(0),
                Dur::from_min(1),
                Dur(86_460_500_000_000),
                Dur(86_520_500_000_000)
            ]
        );
        assert_eq!(
            t.rate,
            [
                RecordRate(1_566_666_667),
                RecordRate(0),
                RecordRate::per_s(1000),
                RecordRate(1)
            ]
        );
        assert_eq!(
            t.mean_size,
            [Some(Bytes(101)), None, Some(Bytes(7)), Some(Bytes(8))]
        );
        assert_eq!(t.end, Dur(86_580_500_000_000));
    }

    #[test]
    fn seconds_are_timestamps_too() {
        let t = parse("10,1\n12.5,2\n15,3").expect("sound");
        assert_eq!((t.at[1], t.end), (Dur(2_500_000_000), Dur(7_500_000_000)));
        assert_eq!(
            t.records(Dur::from_s(1), Dur::from_s(6)),
            1_500_000 + 2 * 2_500_000 + 3_000_000
        );
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        assert_eq!(error("").0, 0);
        assert!(
            error("# nothing\ntimestamp,records_per_second\n")
                .2
                .contains("no rows")
        );
        assert!(error("0,1\n").2.contains("two rows"));
        assert_eq!(error("0,1\n1,2\n1,3").0, 3);
        assert_eq!(error("0,1\n5,2\n4,3").0, 3);
        for bad in ["NaN", "inf", "-inf", "-1", "x", "", "1e99", "1.2.3", "0x10"] {
            let (line, column, message) = error(&format!("0,1\n1, {bad}\n2,3"));
            assert_eq!(line, 2, "{bad}");
            assert_eq!(column, 4, "{bad}: {message}");
        }
        assert_eq!(error("0,1\n1\n").0, 2);
        assert_eq!(error("0,1\n1,2,-3\n"), (2, 5, error("0,1\n1,2,-3\n").2));
        assert_eq!(error("0,1\n1,2,3,4\n").1, 7);
        for bad in [
            "2024-02-30T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2023-01-01T24:00:00Z",
            "2023-01-01T00:00:61Z",
            "soon",
        ] {
            assert_eq!(
                error(&format!("{bad},1\n2025-01-01T00:00:00Z,1\nx,1")).1,
                1,
                "{bad}"
            );
        }
        assert_eq!(error("0,1\n99999999999999999999,1\n").0, 2);
    }

    #[test]
    fn rows_are_bounded() {
        let text: String = (0..=ROWS_MAX).map(|k| format!("{k},1\n")).collect();
        assert_eq!(error(&text).0, ROWS_MAX + 1);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(days_since_1970(1970, 1, 1), 0);
        assert_eq!(days_since_1970(2000, 3, 1), 11_017);
        assert_eq!(days_since_1970(2026, 11, 23), 20_780);
    }

    #[test]
    fn the_busiest_window_is_found() {
        let t = parse("0,1\n10,5\n20,2\n30,9\n40,0\n50,0").expect("sound");
        assert_eq!(busiest_window(&t, Dur::from_s(20)), Dur::from_s(20));
        assert_eq!(busiest_window(&t, Dur::from_s(30)), Dur::from_s(10));
        assert_eq!(busiest_window(&t, Dur::from_s(1000)), Dur(0));
        let w = t.window(Dur::from_s(10), Dur::from_s(30));
        assert_eq!(
            (w.at, w.end),
            (
                vec![Dur(0), Dur::from_s(10), Dur::from_s(20)],
                Dur::from_s(30)
            )
        );
    }
}
