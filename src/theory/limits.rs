//! Demand against a limit: token buckets, one-second windows, overload, retries, large records.
//!
//! Sources: the token bucket with Poisson arrivals is the finite M/D/1 queue (its token deficit is that queue's
//! workload); loss by the embedded chain, Gross & Harris, *Fundamentals of Queueing Theory*, 5.1. The windows are
//! sums of Poisson terms; the rest is conservation.

use super::{poisson, queues};

/// Share refused by a bucket of `tokens` refilled continuously, fed by Poisson arrivals at `utilisation` times the
/// refill rate, one token each, no retry: 1 - 1 / (p0 + rho), p0 the share of departures from M/D/1/`tokens` that
/// leave it empty.
pub fn token_bucket_refused(utilisation: f64, tokens: u32) -> f64 {
    let weights = queues::departures(utilisation, tokens.max(1) as usize);
    let empty = weights[0] / weights.iter().sum::<f64>();
    1.0 - 1.0 / (empty + utilisation)
}

/// Poisson arrivals against a limit per aligned second without carry-over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowExcess {
    /// Chance that a second goes over.
    pub over: f64,
    /// Mean records above the limit per second.
    pub mean_excess: f64,
    /// Their share of all records.
    pub refused_share: f64,
}

/// E[(N - limit)+] and P(N > limit), N ~ Poisson(`per_s`).
pub fn window_excess(per_s: f64, limit: u64) -> WindowExcess {
    let (over, mean_excess) = poisson::excess(per_s, limit);
    WindowExcess { over, mean_excess, refused_share: mean_excess / per_s }
}

/// Chance that any of `shards` equal shards goes over its limit in one second, fresh random keys (the stream splits
/// into independent Poisson streams): 1 - P(N <= limit)^shards.
pub fn some_shard_over(total_per_s: f64, shards: u32, limit: u64) -> f64 {
    let (over, _) = poisson::excess(total_per_s / f64::from(shards), limit);
    -libm::expm1(f64::from(shards) * libm::log1p(-over))
}

/// Long-run share refused by any limiter that wastes nothing: 1 - capacity / offered above capacity.
pub fn overload_refused(offered: f64, capacity: f64) -> f64 {
    (1.0 - capacity / offered).max(0.0)
}

/// Retries under sustained overload, each attempt refused independently (mean field).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryFixedPoint {
    /// Chance that one attempt is refused.
    pub refused: f64,
    /// Share of records given up.
    pub lost: f64,
    /// Attempts over capacity.
    pub attempts_over_capacity: f64,
    /// Attempts per record.
    pub amplification: f64,
}

/// What is admitted equals capacity: r (1 - p^(n+1)) = 1, so p = (1 - 1/r)^(1/(n+1)); r = `offered_over_capacity` > 1.
pub fn retry_fixed_point(offered_over_capacity: f64, retries: u32) -> RetryFixedPoint {
    let lost = (1.0 - 1.0 / offered_over_capacity).max(0.0);
    let refused = libm::pow(lost, 1.0 / f64::from(retries + 1));
    RetryFixedPoint {
        refused,
        lost,
        attempts_over_capacity: 1.0 / (1.0 - refused),
        amplification: 1.0 / (1.0 - refused) / offered_over_capacity,
    }
}

/// Least time between records of `record` units through a tank refilled by `per_s` and holding `tank`; `None` when
/// one never fits.
pub fn tank_spacing_s(record: f64, tank: f64, per_s: f64) -> Option<f64> {
    (record <= tank).then_some(record / per_s)
}

/// Offered bytes per second of a mix of small and large records.
pub fn mixed_bytes_per_s(records_per_s: f64, large_share: f64, small: f64, large: f64) -> f64 {
    records_per_s * (large_share * large + (1.0 - large_share) * small)
}
