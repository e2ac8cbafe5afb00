//! Metrics of a Lambda function behind an event source mapping.

use super::{From, Metric, Unit, metric, ns, share};
use crate::measure::clients::{ClientResult, LambdaResult};
use crate::measure::result::ConsumerResult;

/// What a Lambda function counts; `None` for other clients.
fn lambda(c: &ConsumerResult) -> Option<&LambdaResult> {
    match &c.client {
        Some(ClientResult::Lambda(lambda)) => Some(lambda),
        _ => None,
    }
}

/// A count of a Lambda function.
macro_rules! lambda_metrics {
    ($($name:literal, $unit:ident, $doc:literal, $of:expr;)*) => {
        [$(metric($name, Unit::$unit, concat!("Lambda: ", $doc), From::Consumer(|c, s| {
            let of: fn(&LambdaResult, f64) -> Option<f64> = $of;
            of(lambda(c)?, s)
        })),)*]
    };
}

/// What a Lambda function counts.
pub const LAMBDA: [Metric; 16] = lambda_metrics! {
    "invocations", Count, "invocations that ended.", |l, _| Some(l.invocations as f64);
    "failed_invocations", Share, "invocations that failed or timed out, of all.", |l, _| share(l.failed + l.timed_out, l.invocations);
    "timed_out_invocations", Share, "invocations that ran into the function's timeout, of all.", |l, _| share(l.timed_out, l.invocations);
    "throttled_invocations", Count, "attempts to invoke that the concurrency limit refused.", |l, _| Some(l.throttled as f64);
    "retried_invocations", Count, "attempts made again that count as retries.", |l, _| Some(l.retries as f64);
    "bisects", Count, "failed batches that were cut.", |l, _| Some(l.bisects as f64);
    "records_per_invocation", Factor, "Kinesis records in an invocation, on average.", |l, _| share(l.sent, l.invocations);
    "invocation_mean", Time, "mean duration of an invocation, in whole milliseconds.", |l, _| share(l.billed_ms * 1_000_000, l.invocations);
    "gb_seconds", Factor, "memory times duration that is billed.", |l, _| Some(l.billed_ms as f64 / 1000.0 * l.memory_bytes as f64 / f64::from(1 << 30));
    "concurrency_mean", Factor, "invocations at one time, mean over the run.", |l, s| Some(l.busy_ns as f64 / 1e9 / s);
    "concurrency_max", Count, "most invocations at one time.", |l, _| Some(f64::from(l.concurrency_max));
    "lambda_iterator_age_max", Time, "largest IteratorAge: age of a batch's last record when it was sent.", |l, _| ns(l.iterator_age_ns_max);
    "blocked_max", Time, "longest time from a batch's first failure until it was done with.", |l, _| Some(l.blocked_ns_max as f64);
    "lanes_used", Share, "lanes that sent anything, of all lanes of all shards.", |l, _| share(l.lanes_used.into(), l.lanes.into());
    "destination_messages", Count, "messages sent to the failure destination.", |l, _| Some(l.destination_messages as f64);
    "expired_in_hand", Count, "Kinesis records that retention passed behind or in a batch that was tried again.", |l, _| Some(l.expired as f64);
};
