//! Counts as lists of numbers: what can be added, scaled and rounded without looking at what it means.

use crate::measure::clients::LambdaResult;
use crate::measure::lost::Lost;
use crate::measure::result::{ConsumerResult, Packing, ProducerResult, StreamResult};

/// A struct's counts as numbers, and back.
pub trait Numbers {
    /// The counts.
    fn of(&self) -> Vec<f64>;
    /// Puts counts in; what the list lacks is zero.
    fn put(numbers: &[f64], to: &mut Self);
}

macro_rules! fields {
    ($of:ident, $numbers:ident, $to:ident: $($field:ident),*) => {
        fn of(&self) -> Vec<f64> {
            vec![$(self.$field as f64),*]
        }

        fn put($numbers: &[f64], $to: &mut Self) {
            let mut numbers = $numbers.iter();
            $($to.$field = whole(numbers.next().copied().unwrap_or(0.0)) as _;)*
        }
    };
}

macro_rules! numbers {
    ($($of:ident: $($field:ident),*;)*) => {
        $(impl Numbers for $of { fields!($of, numbers, to: $($field),*); })*
    };
}

numbers! {
    Lost: attempts, quota, policy, full, restart, expired_waiting, expired_retrying, throttled, rotated;
    Packing: payload_units, payload_units_alone, rounded_bytes, rounded_bytes_alone;
    StreamResult: kinesis_records, stored_bytes, throttled_by_records, throttled_by_bytes;
    ProducerResult: duplicates, delayed, attempts, carried, throttled, unjudged, truncated, truncated_bytes,
        resent_elsewhere;
    ConsumerResult: redeliveries, redelivered_bytes, failed_batches, skipped, filtered, to_failure_destination,
        discarded;
    LambdaResult: invocations, succeeded, failed, timed_out, final_calls, throttled, retries, bisects, sent, batches,
        full_batches, billed_ms, destination_messages, given_up_by_retries, given_up_by_age, too_large, expired,
        busy_ns, blocked_ns;
}

/// What a producer counts for its calls.
#[derive(Clone, Debug, Default)]
pub struct Calls;

impl Calls {
    /// Sent, judged, failed.
    pub fn of(p: &ProducerResult) -> Vec<f64> {
        vec![p.calls as f64, p.judged_calls as f64, p.failed_calls as f64]
    }

    /// Puts them in.
    pub fn put(calls: &[f64], to: &mut ProducerResult) {
        let of = |k: usize| whole(calls.get(k).copied().unwrap_or(0.0));
        (to.calls, to.judged_calls, to.failed_calls) = (of(0), of(1), of(2));
    }
}

/// What a consumer counts for the time it reads.
#[derive(Clone, Debug, Default)]
pub struct ReadCalls;

impl ReadCalls {
    /// Calls, empty ones, refused ones by limit.
    pub fn of(c: &ConsumerResult) -> Vec<f64> {
        vec![c.calls as f64, c.empty_calls as f64, c.throttled_by_calls as f64, c.throttled_by_bytes as f64]
    }

    /// Puts them in.
    pub fn put(calls: &[f64], to: &mut ConsumerResult) {
        let of = |k: usize| whole(calls.get(k).copied().unwrap_or(0.0));
        (to.calls, to.empty_calls, to.throttled_by_calls, to.throttled_by_bytes) =
            (of(0), of(1), of(2), of(3));
    }
}

/// The whole number below (a hair above counts as reached).
pub fn whole(number: f64) -> u64 {
    (number + 1e-6).max(0.0) as u64
}

/// `to` += `from` × `times`.
pub fn add(to: &mut Vec<f64>, from: &[f64], times: f64) {
    if to.len() < from.len() {
        to.resize(from.len(), 0.0);
    }
    for (t, f) in to.iter_mut().zip(from) {
        *t += f * times;
    }
}

/// What `later` has more than `earlier`.
pub fn grown(earlier: &[f64], later: &[f64]) -> Vec<f64> {
    later.iter().zip(earlier).map(|(l, e)| (l - e).max(0.0)).collect()
}
