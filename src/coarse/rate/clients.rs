//! What consumer clients count besides: while they keep level as a window saw it, out of a backlog batch by batch.

use super::numbers::{Numbers, whole};
use super::speed::Pace;
use crate::consumer::config::{ApplicationConfig, ConsumerConfig};
use crate::consumer::lambda::LambdaConfig;
use crate::measure::clients::{ClientResult, LambdaResult};
use crate::units::NS_PER_S;

/// What grows with time.
pub fn counts(client: Option<&ClientResult>) -> Vec<f64> {
    match client {
        Some(ClientResult::Kcl(kcl)) => vec![kcl.table.checkpoints as f64, kcl.failed_batches as f64],
        Some(ClientResult::Lambda(lambda)) => lambda.of(),
        _ => Vec::new(),
    }
}

/// What is a largest value, or a share: on one shard where that makes a difference.
pub fn most(client: Option<&ClientResult>, shards: f64) -> Vec<f64> {
    match client {
        Some(ClientResult::Lambda(l)) => vec![
            f64::from(l.concurrency_max) / shards,
            f64::from(l.lanes_used) / f64::from(l.lanes.max(1)),
            l.iterator_age_ns_max.unwrap_or(0) as f64,
            l.blocked_ns_max as f64,
        ],
        _ => Vec::new(),
    }
}

/// What is counted of `records` out of a shard's backlog in `ns`.
pub fn late(config: &ConsumerConfig, pace: Pace, records: f64, ns: u64) -> Vec<f64> {
    let batches = records / pace.batch;
    match &config.client {
        ApplicationConfig::Kcl(kcl) => vec![super::fleets::saves(config, kcl, batches, ns), 0.0],
        ApplicationConfig::Lambda(_) => {
            let fails = config.failure_rate.fraction();
            let (work, calls) = (pace.work(pace.batch), batches / (1.0 - fails).max(1e-3));
            let n = |v: f64| (v * MILLION) as u64;
            let counts = LambdaResult {
                invocations: n(calls),
                succeeded: n(batches),
                failed: n(calls - batches),
                retries: n(calls - batches),
                sent: n(records * calls / batches.max(1e-9)),
                batches: n(batches),
                full_batches: n(batches),
                billed_ms: n(calls * (work * 1e3 / NS_PER_S as f64).ceil()),
                busy_ns: (calls * work * MILLION) as u128,
                ..LambdaResult::default()
            };
            counts.of().into_iter().map(|v| v / MILLION).collect()
        }
        _ => Vec::new(),
    }
}

/// Parts of a batch are counted in millionths.
const MILLION: f64 = 1e6;

/// A function's figures over a run on `shards`, of which so many were ever read.
pub fn function(
    config: &LambdaConfig,
    (counts, most): (&[f64], &[f64]),
    (shards, ever): (f64, f64),
    late: (f64, u64),
) -> LambdaResult {
    let of = |k: usize| most.get(k).copied().unwrap_or(0.0);
    let lanes = ever * f64::from(config.parallelization_factor.max(1));
    let at_once = (of(0) * shards).max(late.0 * f64::from(config.parallelization_factor.max(1)));
    let at_once = whole(at_once.min(config.concurrency.into()) + 0.5) as u32;
    let mut result = LambdaResult {
        memory_bytes: config.memory.0,
        arm: config.arm,
        free_tier: config.free_tier,
        concurrency_limit: config.concurrency,
        concurrency_max: at_once,
        // One is started whenever more run at once than ever before.
        cold_starts: at_once,
        lanes: whole(lanes) as u32,
        lanes_used: whole(lanes * if late.0 > 0.0 { 1.0 } else { of(1) } + 0.5) as u32,
        blocked_ns_max: whole(of(3)),
        ..LambdaResult::default()
    };
    LambdaResult::put(counts, &mut result);
    result.iterator_age_ns_max = Some(whole(of(2)).max(late.1)).filter(|_| result.sent > 0);
    result
}
