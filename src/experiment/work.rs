//! Estimated work: how many records a run would bear. Replications and curves follow from it, never from time.

use crate::producer::curve::RateCurve;
use crate::world::config::WorldConfig;
use crate::world::sizing::calendar;

/// Records that replications of all modes may bear together by default.
const REPLICATION_RECORDS: u128 = 30_000_000;
/// Records that all default curve points may bear together.
pub const CURVE_RECORDS: u128 = 28_000_000;
/// Replications by default, at most; fewer than three give no useful interval.
const REPLICATIONS_MAX: u32 = 5;
const REPLICATIONS_MIN: u32 = 3;

/// Millionths: integrals of a rate are in micro-records.
const MICRO: u128 = 1_000_000;

/// Rate curves of all producers.
pub fn rate_curves(world: &WorldConfig) -> Vec<RateCurve> {
    let calendar = calendar(world);
    world.producers.iter().map(|p| RateCurve::new(&p.demand.rate, calendar, world.duration.0)).collect()
}

/// Records born in `[from, to)`, expected.
pub fn records_between(curves: &[RateCurve], from: u64, to: u64) -> u128 {
    curves.iter().map(|c| c.integral(from, to)).sum::<u128>() / MICRO
}

/// Records born in the whole run, expected.
pub fn records(world: &WorldConfig) -> u128 {
    records_between(&rate_curves(world), 0, world.duration.0)
}

/// Default number of replications for runs of `records` in `modes` modes.
pub fn replications(records: u128, modes: usize) -> u32 {
    let affordable = REPLICATION_RECORDS / (records.max(1) * modes.max(1) as u128);
    match affordable.min(u128::from(REPLICATIONS_MAX)) as u32 {
        n if n >= REPLICATIONS_MIN => n,
        _ => 1,
    }
}
