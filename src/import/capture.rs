//! A capture of records, one JSON object a line: `{"ts": 1751274000.25, "partition_key": "user-1", "size": 512}`.
//!
//! `ts` is a date and time, or seconds or milliseconds since 1970; lines may be in any order. Records are counted per
//! second; keys are kept, so that a replay has the capture's own hot keys.

use super::history::{History, MICRO, Step};
use super::text::{lines, quote};
use super::{STEPS_MAX, Says, grid};
use crate::facts::data_streams::RECORD_SIZE_MAX;
use crate::facts::producers::PARTITION_KEY_MAX;
use crate::units::calendar::Moment;
use crate::units::{Dur, NS_PER_S};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Keys kept of a capture, as many as a key file may have.
const KEYS_MAX: usize = crate::producer::keys::DISTINCT_MAX as usize;
/// Milliseconds since 1970 are numbers above this, seconds below.
const MILLISECONDS_FROM: f64 = 1e11;

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    ts: &'a RawValue,
    partition_key: Option<String>,
    size: Option<u64>,
}

/// Is a line a record of a capture?
pub(super) fn looks_like(line: &str) -> bool {
    let first: Result<BTreeMap<String, serde::de::IgnoredAny>, _> = serde_json::from_str(line.trim());
    first.is_ok_and(|keys| ["ts", "partition_key", "size"].iter().any(|k| keys.contains_key(*k)))
}

/// Reads a capture; `None` after a mistake.
pub(super) fn read(name: &str, text: &str, into: &mut Says) -> Option<History> {
    // Second since 1970 to records and bytes; bytes are unknown as soon as one size is.
    let mut seconds: BTreeMap<i128, (u64, Option<u64>)> = BTreeMap::new();
    let mut keys = Vec::new();
    for (line, at) in lines(text) {
        if into.enough() {
            break;
        }
        let Some((second, record)) = one(line, &at, into) else { continue };
        let sums = seconds.entry(second).or_insert((0, Some(0)));
        sums.0 += 1;
        sums.1 = sums.1.zip(record.size).map(|(a, b)| a + b);
        keys.extend(record.partition_key.filter(|_| keys.len() < KEYS_MAX));
    }
    let (first, last) = (*seconds.first_key_value()?.0, *seconds.last_key_value()?.0);
    if last - first >= i128::from(STEPS_MAX) {
        let message = format!("the capture is {} s long", last - first + 1);
        into.say("capture-long", 0..0, message, &format!("expected {STEPS_MAX} s at most"));
    }
    into.fine().then(|| history(name, first, last, &seconds, keys))
}

fn one<'a>(line: &'a str, at: &Range<usize>, into: &mut Says) -> Option<(i128, Record<'a>)> {
    let expected =
        "expected for example {\"ts\": \"2026-03-01T09:00:00Z\", \"partition_key\": \"a\", \"size\": 512}";
    let record: Record = match serde_json::from_str(line) {
        Ok(record) => record,
        Err(error) => {
            let column = error.column().saturating_sub(1).min(line.len());
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            into.say("capture-line", at.start + column..at.end, format!("not a record: {what}"), expected);
            return None;
        }
    };
    let Some(ns) = moment(record.ts.get()) else {
        let message = format!("{} is not a time", quote(record.ts.get()));
        into.say("capture-time", at.clone(), message, expected);
        return None;
    };
    let key_max = PARTITION_KEY_MAX.count() as usize;
    if record.size.is_some_and(|s| s > RECORD_SIZE_MAX.bytes().0) {
        let message = "the record is larger than Kinesis takes".to_owned();
        into.say("capture-size", at.clone(), message, &format!("at most {}", RECORD_SIZE_MAX.bytes()));
        return None;
    }
    if record.partition_key.as_ref().is_some_and(|k| k.is_empty() || k.chars().count() > key_max) {
        let expected = format!("expected 1 to {key_max} characters");
        into.say("capture-key", at.clone(), "not a partition key".into(), &expected);
        return None;
    }
    Some((ns.div_euclid(i128::from(NS_PER_S)), record))
}

/// A date, seconds or milliseconds.
fn moment(raw: &str) -> Option<i128> {
    let text = raw.trim_matches('"');
    match text.parse::<f64>() {
        Ok(ms) if (MILLISECONDS_FROM..MILLISECONDS_FROM * 1e3).contains(&ms) => Some((ms * 1e6) as i128),
        _ => grid::moment(text),
    }
}

fn history(
    name: &str,
    first: i128,
    last: i128,
    seconds: &BTreeMap<i128, (u64, Option<u64>)>,
    keys: Vec<String>,
) -> History {
    let step = |second: i128| {
        let (records, bytes) = seconds.get(&second).copied().unwrap_or((0, Some(0)));
        Step {
            at: (second - first) as u64 * NS_PER_S,
            records_micro: Some(records.saturating_mul(MICRO as u64)),
            bytes,
            refused_micro: None,
        }
    };
    let steps: Vec<Step> = (first..=last).map(step).collect();
    History {
        name: name.to_owned(),
        start: Moment::of_ns(first * i128::from(NS_PER_S)),
        end: steps.len() as u64 * NS_PER_S,
        missing: steps.len() as u64 - seconds.len() as u64,
        steps,
        period: Dur::from_s(1),
        keys: (!keys.is_empty()).then(|| Arc::new(keys)),
    }
}
