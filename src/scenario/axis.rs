//! An axis of a sweep: `stream.shards=1..64`, `producers.web.rate.base=1k..20k/s log 12`, `consumers.a.read=polling,enhanced_fan_out`.
//!
//! A range becomes values as a user would have written them, so that a point of a sweep is the scenario with some
//! `--set`s and nothing else.

use super::diag::{Diag, Sources, Span};
use crate::units::parse;

/// Values of one axis at most, and points of a sweep.
pub const VALUES_MAX: usize = 1_000;
/// Points of a sweep at most.
pub const POINTS_MAX: usize = 4_096;
/// Values of a range that does not say how many.
const VALUES: usize = 12;
/// Whole numbers of a short range are all taken.
const EACH: f64 = 20.0;
/// A range over at least this factor is spaced evenly in its logarithm.
const LOG_FROM: f64 = 10.0;

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The scenario key.
    pub key: String,
    /// Its values, in the order written.
    pub values: Vec<Value>,
    /// Unit of the numbers; empty for plain ones.
    pub unit: &'static str,
    /// Are they spaced by a factor?
    pub log: bool,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// As the scenario reads it.
    pub text: String,
    /// In the axis' unit; `None` where the values of the axis are no numbers of one kind.
    pub number: Option<f64>,
}

/// A kind of quantity: what reads it, the unit its numbers are in, and the unit that any of them is whole in.
struct Kind {
    unit: &'static str,
    read: fn(&str) -> Option<f64>,
    fine: Option<&'static str>,
}

const KINDS: [Kind; 8] = [
    Kind { unit: "", read: |t| Some(parse::count(t).ok()? as f64), fine: None },
    Kind { unit: "", read: |t| Some(parse::growth(t).ok()?.0 as f64 / 1e6), fine: None },
    Kind { unit: "s", read: |t| Some(parse::duration(t).ok()?.0 as f64 / 1e9), fine: None },
    Kind { unit: "B", read: |t| Some(parse::bytes_rounded(t).ok()?.value.0 as f64), fine: Some("B") },
    Kind { unit: "B/s", read: |t| Some(parse::byte_rate(t).ok()?.0 as f64), fine: Some("B/s") },
    Kind {
        unit: "records/s",
        read: |t| Some(parse::record_rate_rounded(t).ok()?.value.0 as f64 / 1e6),
        fine: None,
    },
    Kind { unit: "%", read: |t| Some(parse::percent(t).ok()?.0 as f64 / 1e7), fine: None },
    Kind { unit: "x", read: |t| Some(parse::factor(t).ok()?.0 as f64 / 1e6), fine: None },
];

/// Reads `KEY=VALUES`.
pub fn read(text: &str) -> Result<Axis, Vec<Diag>> {
    let Some((key, values)) = text.split_once('=').filter(|(key, _)| !key.trim().is_empty()) else {
        return wrong(text, 0, "an axis needs a key and values", "expected KEY=VALUES");
    };
    let at = key.len() + 1;
    let list = listed(values);
    let axis = match list.as_slice() {
        [one] if one.contains("..") => range(one).map_err(|why| vec![diag(text, at, &why, RANGES)])?,
        _ => (list, false),
    };
    let (values, log) = axis;
    if values.iter().any(String::is_empty) {
        return wrong(text, at, "an axis value is empty", RANGES);
    }
    if values.len() > VALUES_MAX {
        let why = format!("{} values on one axis", values.len());
        return wrong(text, at, &why, &format!("expected at most {VALUES_MAX}"));
    }
    let kind = KINDS.iter().find(|k| values.iter().all(|v| (k.read)(v).is_some()));
    let number = |v: &String| kind.and_then(|k| (k.read)(v));
    let values: Vec<Value> = values.iter().map(|v| Value { number: number(v), text: v.clone() }).collect();
    if let Some(twice) = values.iter().enumerate().find(|(i, v)| values[..*i].contains(v)) {
        let why = format!("the value `{}` stands twice on the axis", twice.1.text);
        return wrong(text, at, &why, RANGES);
    }
    Ok(Axis { key: key.trim().to_owned(), values, unit: kind.map_or("", |k| k.unit), log })
}

const RANGES: &str =
    "expected a list (a,b,c) or a range (1..64, 1k..20k/s log 12, 0..1 linear 5, 10..50 step 10)";

fn diag(text: &str, at: usize, message: &str, expected: &str) -> Diag {
    let mut sources = Sources::default();
    let file = sources.add("--over", text);
    let span = Span { file, start: at, end: text.len() };
    let mut diag = sources.diag("axis", span, message.to_owned(), expected.to_owned());
    diag.help.push("for instance --over stream.shards=1..64".into());
    diag
}

fn wrong<T>(text: &str, at: usize, message: &str, expected: &str) -> Result<T, Vec<Diag>> {
    Err(vec![diag(text, at, message, expected)])
}

/// Pieces between commas that are not inside brackets or quotes.
fn listed(text: &str) -> Vec<String> {
    let (mut pieces, mut depth, mut quoted) = (vec![String::new()], 0i32, false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth <= 0 => {
                pieces.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    pieces.iter().map(|p| p.trim().to_owned()).collect()
}

/// How a range is divided.
enum Spacing {
    Default,
    Log(usize),
    Linear(usize),
    Step(f64),
}

fn range(text: &str) -> Result<(Vec<String>, bool), String> {
    let (ends, spacing) = spacing(text)?;
    let (low, high) = ends.split_once("..").unwrap_or((&ends, ""));
    let (high_number, unit) = number_and_unit(high)?;
    let (low_number, low_unit) = number_and_unit(low)?;
    // Both ends are in the unit of the upper one unless each has its own.
    let low_text = match low_unit {
        "" => written(low_number, unit),
        _ => written(low_number, low_unit),
    };
    let high_text = written(high_number, unit);
    let kind = KINDS.iter().find(|k| (k.read)(&low_text).is_some() && (k.read)(&high_text).is_some());
    let Some(kind) = kind else {
        return Err(format!("`{low_text}` and `{high_text}` are not two quantities of one kind"));
    };
    let read = |text: &str| (kind.read)(text).unwrap_or(0.0);
    let (from, to) = (read(&low_text), read(&high_text));
    if from >= to {
        return Err(format!("the range begins at {low_text} and ends at {high_text}"));
    }
    let per_unit = read(&high_text) / high_number;
    let whole = low_number.fract() == 0.0 && high_number.fract() == 0.0;
    let whole_in_unit = whole && (low_unit.is_empty() || low_unit == unit);
    let (places, log) = places(from, to, per_unit, whole_in_unit && unit.is_empty(), &spacing)?;
    let numbers: Vec<f64> = places.iter().map(|v| v / per_unit).collect();
    let texts = numbers.iter().map(|n| match kind.fine {
        // Sizes are whole bytes.
        Some(fine) if n.fract() != 0.0 => written((n * per_unit).round(), fine),
        _ => written(*n, unit),
    });
    let mut texts: Vec<String> = texts.collect();
    texts.dedup();
    Ok((texts, log))
}

/// The positions of a range, its ends among them; `whole`: whole numbers only.
fn places(from: f64, to: f64, unit: f64, whole: bool, spacing: &Spacing) -> Result<(Vec<f64>, bool), String> {
    let log_fits = from > 0.0 && to / from >= LOG_FROM;
    let (n, log) = match *spacing {
        Spacing::Step(step) => {
            let step = step * unit;
            let n = ((to - from) / step * 1.000_000_001).floor();
            if step <= 0.0 || n >= VALUES_MAX as f64 {
                return Err(format!("a step of {} makes more than {VALUES_MAX} values", step / unit));
            }
            let steps = (0..=n as usize).map(|i| (from + step * i as f64) / unit);
            return Ok((steps.map(|v| rounded(v, 9) * unit).collect(), false));
        }
        Spacing::Log(_) if from <= 0.0 => return Err("a range from 0 has no even factor".into()),
        Spacing::Log(n) => (n, true),
        Spacing::Linear(n) => (n, false),
        Spacing::Default if whole && to - from < EACH => (to as usize - from as usize + 1, false),
        Spacing::Default => (VALUES, log_fits),
    };
    if !(2..=VALUES_MAX).contains(&n) {
        return Err(format!("{n} values in a range; 2 to {VALUES_MAX} are possible"));
    }
    let place = |i: usize| match (i, log) {
        (0, _) => from,
        (i, _) if i == n - 1 => to,
        (i, true) => from * libm::pow(to / from, i as f64 / (n - 1) as f64),
        (i, false) => from + (to - from) * i as f64 / (n - 1) as f64,
    };
    // Three digits in the unit written are enough between the ends.
    // More values than there are whole numbers: fractions are meant.
    let whole = whole && to - from >= (n - 1) as f64;
    let nice = |(i, v): (usize, f64)| match (i == 0 || i == n - 1, whole) {
        (true, _) => v,
        (_, true) => v.round(),
        _ => rounded(v / unit, 3) * unit,
    };
    let mut values: Vec<f64> = (0..n).map(place).enumerate().map(nice).collect();
    values.dedup();
    Ok((values, log))
}

/// So many significant digits.
fn rounded(v: f64, digits: usize) -> f64 {
    format!("{v:.*e}", digits - 1).parse().unwrap_or(v)
}

/// The ends, and what follows them.
fn spacing(text: &str) -> Result<(String, Spacing), String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [.., word, amount] = words.as_slice() else {
        return Ok((text.to_owned(), Spacing::Default));
    };
    let n = || amount.parse::<usize>().map_err(|_| format!("`{amount}` is not a number of values"));
    let spacing = match *word {
        "log" => Spacing::Log(n()?),
        "linear" => Spacing::Linear(n()?),
        "step" => Spacing::Step(number_and_unit(amount)?.0),
        _ => return Ok((text.to_owned(), Spacing::Default)),
    };
    Ok((words[..words.len() - 2].join(" "), spacing))
}

/// `20k/s` is 20,000 and `records/s`: per second alone, a rate counts records.
fn number_and_unit(text: &str) -> Result<(f64, &str), String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..end].parse().map_err(|_| format!("`{text}` does not begin with a number"))?;
    let rest = &text[end..];
    let (number, unit) = match rest.strip_prefix('k') {
        Some(unit) if !unit.starts_with(|c: char| c.is_alphanumeric()) => (number * 1_000.0, unit),
        _ => (number, rest),
    };
    match unit.trim() {
        "/s" => Ok((number, "records/s")),
        unit => Ok((number, unit)),
    }
}

fn written(number: f64, unit: &str) -> String {
    match unit {
        "" | "x" => format!("{number}{unit}"),
        _ => format!("{number} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &str) -> Vec<String> {
        read(axis)
            .unwrap_or_else(|d| panic!("{axis}: {}", d[0].message))
            .values
            .into_iter()
            .map(|v| v.text)
            .collect()
    }

    #[test]
    fn ranges_become_what_a_user_would_write() {
        assert_eq!(texts("stream.shards=1..4"), ["1", "2", "3", "4"]);
        assert_eq!(texts("stream.shards=1..64 log 7"), ["1", "2", "4", "8", "16", "32", "64"]);
        let shards = texts("stream.shards=1..64");
        assert_eq!((shards.first().unwrap().as_str(), shards.last().unwrap().as_str()), ("1", "64"));
        assert!(shards.len() > 8 && shards.len() <= 12, "{shards:?}");
        let rates = read("producers.web.rate.base=1k..20k/s log 12").unwrap();
        assert_eq!((rates.values.len(), rates.unit, rates.log), (12, "records/s", true));
        assert_eq!(
            (rates.values[0].text.as_str(), rates.values[1].text.as_str()),
            ("1000 records/s", "1310 records/s")
        );
        assert_eq!(rates.values[11].number, Some(20_000.0));
        assert_eq!(texts("k=0..1 linear 5"), ["0", "0.25", "0.5", "0.75", "1"]);
        assert_eq!(texts("k=10..50 step 20"), ["10", "30", "50"]);
        assert_eq!(texts("k=0.1 %..0.3 % step 0.1"), ["0.1 %", "0.2 %", "0.3 %"]);
        assert_eq!(texts("k=1 KiB..2 KiB linear 3"), ["1 KiB", "1536 B", "2 KiB"]);
        assert_eq!(texts("k=500 ms..2 s linear 4"), ["0.5 s", "1 s", "1.5 s", "2 s"]);
    }

    #[test]
    fn lists_keep_their_order_and_know_whether_they_are_numbers() {
        let words = read("consumers.a.read=polling,enhanced_fan_out").unwrap();
        assert!(words.values.iter().all(|v| v.number.is_none()));
        let times = read("k=1 s,250 ms").unwrap();
        let numbers: Vec<Option<f64>> = times.values.iter().map(|v| v.number).collect();
        assert_eq!(numbers, [Some(1.0), Some(0.25)]);
        assert_eq!(texts("k={ zipf: { distinct: 5, exponent: 1 } },random").len(), 2);
    }

    #[test]
    fn what_is_no_axis_is_said() {
        for (axis, what) in [
            ("stream.shards", "needs a key and values"),
            ("=1..2", "needs a key and values"),
            ("k=5..1", "begins at 5 and ends at 1"),
            ("k=1..2000 step 1", "more than 1000"),
            ("k=0..10 log 3", "no even factor"),
            ("k=1..10 log 1", "1 values"),
            ("k=1,,2", "is empty"),
            ("k=1,1", "stands twice"),
            ("k=1 s..2 KiB", "of one kind"),
            ("k=a..b", "begin with a number"),
            ("k=", "is empty"),
        ] {
            let message = &read(axis).expect_err(axis)[0].message;
            assert!(message.contains(what), "{axis}: {message}");
        }
    }
}
