//! Metrics of KCL applications.

use super::{From, Metric, Unit, metric, ns, share};
use crate::measure::clients::{ClientResult, KclResult};
use crate::measure::result::ConsumerResult;

/// What a KCL application is measured by, and what any client may deliver again or skip.
pub const KCL: [Metric; 11] = [
    metric(
        "failover_max",
        Unit::Time,
        "KCL: longest time from a worker's end to the next processor of a shard it had.",
        From::Consumer(|c, _| ns(kcl(c)?.failovers.max_ns)),
    ),
    metric(
        "failover_mean",
        Unit::Time,
        "KCL: mean time from a worker's end to the next processor of a shard it had.",
        From::Consumer(|c, _| {
            let f = &kcl(c)?.failovers;
            (f.count > 0).then(|| f.sum_ns as f64 / f.count as f64)
        }),
    ),
    metric(
        "failovers",
        Unit::Count,
        "KCL: shards that were taken over from a worker that had ended.",
        From::Consumer(|c, _| Some(kcl(c)?.failovers.count as f64)),
    ),
    metric(
        "leases_stolen",
        Unit::Count,
        "KCL: leases taken from a live worker.",
        From::Consumer(|c, _| Some(kcl(c)?.moves.stolen as f64)),
    ),
    metric(
        "leases_handed_over",
        Unit::Count,
        "KCL: leases handed over in good order.",
        From::Consumer(|c, _| Some(kcl(c)?.moves.handed_over as f64)),
    ),
    metric(
        "lease_writes_per_s",
        Unit::Rate,
        "KCL: writes to the lease table per second.",
        From::Consumer(|c, s| Some(kcl(c)?.table.write_units() as f64 / s)),
    ),
    metric(
        "hottest_worker",
        Unit::Share,
        "KCL: share of all records that the worker with most of them worked on.",
        From::Consumer(|c, _| {
            let workers = &kcl(c)?.workers;
            let all = workers.iter().map(|w| w.records).sum();
            share(workers.iter().map(|w| w.records).max()?, all)
        }),
    ),
    metric(
        "redelivered",
        Unit::Count,
        "Copies delivered again.",
        From::Consumer(|c, _| Some(c.redeliveries as f64)),
    ),
    metric(
        "overtaken",
        Unit::Share,
        "Copies delivered for the first time after a later one of their shard, or of one it was split or merged into, of all first deliveries.",
        From::Consumer(|c, _| share(c.overtaken, c.first_deliveries)),
    ),
    metric(
        "silence_max",
        Unit::Time,
        "KCL: longest time that a subscription was silent until it was made again.",
        From::Consumer(|c, _| ns(kcl(c)?.silences.max_ns)),
    ),
    metric(
        "skipped",
        Unit::Count,
        "Copies the client went past after a failure.",
        From::Consumer(|c, _| Some(c.skipped as f64)),
    ),
];

fn kcl(c: &ConsumerResult) -> Option<&KclResult> {
    match &c.client {
        Some(ClientResult::Kcl(kcl)) => Some(kcl),
        _ => None,
    }
}
