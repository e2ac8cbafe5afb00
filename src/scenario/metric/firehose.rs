//! Metrics of one Firehose stream.

use super::{From, Metric, Unit, metric, ns, share};
use crate::measure::clients::FirehoseResult;

fn mean_bytes(f: &FirehoseResult) -> Option<f64> {
    (f.objects > 0).then(|| f.delivered_bytes as f64 / f.objects as f64)
}

fn came(f: &FirehoseResult) -> u64 {
    f.opened_records.unwrap_or(f.in_records)
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
    metric(
        "objects_per_day",
        Unit::Factor,
        "Objects delivered in a day, mean over the run.",
        From::Firehose(|f, s| Some(f.objects as f64 * 86_400.0 / s)),
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
        From::Firehose(|f, _| share(f.delivered_records, came(f))),
    ),
    metric(
        "failed",
        Unit::Share,
        "Records in error prefixes, of all that came in.",
        From::Firehose(|f, _| share(f.failed(), came(f))),
    ),
    metric(
        "dropped",
        Unit::Share,
        "Records dropped by the transform, of all that came in.",
        From::Firehose(|f, _| share(f.dropped, came(f))),
    ),
    metric(
        "backed_up",
        Unit::Share,
        "Records copied to the back-up, of all that came in.",
        From::Firehose(|f, _| share(f.backed_up_records, f.in_records)),
    ),
    metric(
        "duplicates",
        Unit::Share,
        "Records that arrived once more, of all delivered.",
        From::Firehose(|f, _| share(f.duplicate_records, f.delivered_records)),
    ),
    metric(
        "transform_calls",
        Unit::Count,
        "Calls of the transform, with those made again.",
        From::Firehose(|f, _| f.transform.map(|t| t.calls as f64)),
    ),
    metric(
        "transform_failed_calls",
        Unit::Share,
        "Calls of the transform that failed, of all.",
        From::Firehose(|f, _| f.transform.and_then(|t| share(t.failed_calls, t.calls))),
    ),
    metric(
        "partitions_max",
        Unit::Count,
        "Most partitions that were active at once.",
        From::Firehose(|f, _| f.partitions.map(|p| p.active_max as f64)),
    ),
    metric(
        "s3_puts",
        Unit::Count,
        "PUT requests that S3 bills, for objects, failed records and the back-up.",
        From::Firehose(|f, _| Some(f.s3_puts as f64)),
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
