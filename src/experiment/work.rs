//! Estimated work: how many records a run would bear. Replications and curves follow from it, never from time.

pub use crate::world::sizing::{expected_records as records, rate_curves, records_between};

/// Records that replications of all modes may bear together by default.
const REPLICATION_RECORDS: u128 = 30_000_000;
/// Records that all default curve points may bear together.
pub const CURVE_RECORDS: u128 = 28_000_000;
/// Replications by default, at most; fewer than three give no useful interval.
const REPLICATIONS_MAX: u32 = 5;
const REPLICATIONS_MIN: u32 = 3;

/// Default number of replications for runs of `records` in `modes` modes.
pub fn replications(records: u128, modes: usize) -> u32 {
    let affordable = REPLICATION_RECORDS / (records.max(1) * modes.max(1) as u128);
    match affordable.min(u128::from(REPLICATIONS_MAX)) as u32 {
        n if n >= REPLICATIONS_MIN => n,
        _ => 1,
    }
}
