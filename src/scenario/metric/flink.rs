//! Metrics of a Flink job.

use super::{From, Metric, Unit, metric, ns};
use crate::measure::clients::{ClientResult, FlinkResult};
use crate::measure::result::ConsumerResult;

fn flink(c: &ConsumerResult) -> Option<&FlinkResult> {
    match c.client.as_ref()? {
        ClientResult::Flink(flink) => Some(flink),
        _ => None,
    }
}

fn ppm(share: u64) -> f64 {
    share as f64 / 1e6
}

/// Metrics of a Flink job.
pub const FLINK: [Metric; 15] = [
    metric(
        "watermark_delay_p50",
        Unit::Time,
        "Median over time: how far a Flink job's watermark is behind.",
        From::Consumer(|c, _| ns(flink(c)?.watermark_delay.p50_ns)),
    ),
    metric(
        "watermark_delay_p99",
        Unit::Time,
        "99th percentile over time: how far a Flink job's watermark is behind.",
        From::Consumer(|c, _| ns(flink(c)?.watermark_delay.p99_ns)),
    ),
    metric(
        "watermark_delay_max",
        Unit::Time,
        "Furthest that a Flink job's watermark was behind.",
        From::Consumer(|c, _| ns(flink(c)?.watermark_delay.max_ns)),
    ),
    metric(
        "idle_subtasks",
        Unit::Count,
        "Subtasks of a Flink job without a shard at the end.",
        From::Consumer(|c, _| Some(f64::from(flink(c)?.idle_subtasks))),
    ),
    metric(
        "slots_busy",
        Unit::Share,
        "Share of time that a Flink job's slots worked, all together.",
        From::Consumer(|c, _| Some(ppm(flink(c)?.slots_busy_ppm))),
    ),
    metric(
        "busiest_slot",
        Unit::Share,
        "Share of time that a Flink job's fullest slot worked.",
        From::Consumer(|c, _| Some(ppm(flink(c)?.busiest_slot_ppm))),
    ),
    metric(
        "waiting_for_slot",
        Unit::Share,
        "Share of time that a Flink job's fetchers waited for their slots (back-pressure).",
        From::Consumer(|c, _| Some(ppm(flink(c)?.waiting_for_slot_ppm))),
    ),
    metric(
        "waiting_for_limits",
        Unit::Share,
        "Share of time that a Flink job's fetchers waited after refused calls.",
        From::Consumer(|c, _| Some(ppm(flink(c)?.waiting_for_limits_ppm))),
    ),
    metric(
        "checkpoints",
        Unit::Count,
        "Checkpoints of a Flink job completed.",
        From::Consumer(|c, _| Some(flink(c)?.checkpoints as f64)),
    ),
    metric(
        "restarts",
        Unit::Count,
        "Times a Flink job failed and went back to its last checkpoint.",
        From::Consumer(|c, _| Some(flink(c)?.restarts as f64)),
    ),
    metric(
        "rewound",
        Unit::Count,
        "Records that a Flink job worked on again after restarts.",
        From::Consumer(|c, _| Some(flink(c)?.rewound as f64)),
    ),
    metric(
        "down_time",
        Unit::Time,
        "Time a Flink job was away.",
        From::Consumer(|c, _| Some(flink(c)?.down_ns as f64)),
    ),
    metric(
        "rescales",
        Unit::Count,
        "Changes of a Flink job's parallelism.",
        From::Consumer(|c, _| Some(flink(c)?.rescales.len() as f64)),
    ),
    metric(
        "parallelism_at_end",
        Unit::Count,
        "Parallelism of a Flink job at the end.",
        From::Consumer(|c, _| Some(f64::from(flink(c)?.parallelism_at_end))),
    ),
    metric(
        "kpu_hours",
        Unit::Count,
        "KPU-hours of a managed Flink job, orchestration included.",
        From::Consumer(|c, _| {
            let usage = flink(c)?.usage;
            Some((usage.kpu_ns + usage.orchestration_kpu_ns) as f64 / 3.6e12)
        }),
    ),
];
