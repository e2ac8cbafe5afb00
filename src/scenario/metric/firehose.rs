//! Metrics of one Firehose stream.

use super::{From, Metric, Unit, metric, ns, share};
use crate::measure::clients::FirehoseResult;

fn mean_bytes(f: &FirehoseResult) -> Option<f64> {
    (f.objects > 0).then(|| f.delivered_bytes as f64 / f.objects as f64)
}

/// Metrics of one Firehose stream.
pub const FIREHOSE: &[Metric] = &[
    metric("objects", Unit::Count, "Objects delivered.", From::Firehose(|f, _| Some(f.objects as f64))),
    metric(
        "objects_per_hour",
        Unit::Factor,
        "Objects delivered in an hour, mean over the run.",
        From::Firehose(|f, s| Some(f.objects as f64 * 3600.0 / s)),
    ),
    metric("object_size_mean", Unit::Bytes, "Mean bytes of an object.", From::Firehose(|f, _| mean_bytes(f))),
    metric(
        "object_size_max",
        Unit::Bytes,
        "Bytes of the largest object.",
        From::Firehose(|f, _| ns(f.object_bytes.max)),
    ),
    metric(
        "flushed_by_size",
        Unit::Share,
        "Objects made because the buffer held its size, of all.",
        From::Firehose(|f, _| share(f.flushed_by_size, f.objects)),
    ),
    metric(
        "freshness_mean",
        Unit::Time,
        "Mean: arrived to delivered, record by record.",
        From::Firehose(|f, _| f.freshness.mean_ns()),
    ),
    metric(
        "freshness_p50",
        Unit::Time,
        "Median: arrived to delivered, record by record.",
        From::Firehose(|f, _| ns(f.freshness.p50_ns)),
    ),
    metric(
        "freshness_p99",
        Unit::Time,
        "99th percentile: arrived to delivered, record by record.",
        From::Firehose(|f, _| ns(f.freshness.p99_ns)),
    ),
    metric(
        "freshness_max",
        Unit::Time,
        "Age of the oldest record inside, at its highest.",
        From::Firehose(|f, _| ns(f.oldest_ns_max)),
    ),
    metric(
        "delivered",
        Unit::Share,
        "Records delivered, of all that came in.",
        From::Firehose(|f, _| share(f.delivered_records, f.in_records)),
    ),
    metric(
        "lost",
        Unit::Count,
        "Records too old before they could be delivered.",
        From::Firehose(|f, _| Some(f.lost as f64)),
    ),
    metric(
        "held",
        Unit::Count,
        "Records still inside at the end.",
        From::Firehose(|f, _| Some(f.held_records as f64)),
    ),
    metric(
        "failed_requests",
        Unit::Count,
        "Requests to the destination that failed.",
        From::Firehose(|f, _| Some(f.failed_requests as f64)),
    ),
];
