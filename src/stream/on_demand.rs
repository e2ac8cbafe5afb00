//! How an on-demand stream decides to split a shard.
//!
//! At AWS: capacity is twice the peak of the last 30 days; a shard above 500 KB/s is split within 15 minutes, its
//! range shared evenly between the children; hot keys are not isolated.
//! We model: every `observe` each shard's accepted mean is held against the larger of 0.5 MiB/s (500 records/s,
//! assumed) and its share of the peak the present shards were made for, plus a margin (assumed, so that noise
//! alone does not split); the split is in force after a delay counted from the start of the observation.
//! We leave out: scaling down (the 30-day window is the only published rule, longer than a run).
//! Sources: `kinesim facts`, keys `on_demand.*`.

use super::config::{OnDemandConfig, SplitDelay};
use crate::facts::on_demand::SPLIT_DELAY_WORST;
use crate::random::Stream;
use crate::units::{Dur, NS_PER_S, Percent};

/// Accepted traffic of one shard over an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mean {
    /// Bytes per second.
    pub bytes_per_s: u64,
    /// Records per second.
    pub records_per_s: u64,
}

impl Mean {
    /// From sums over `observed`.
    pub fn over(bytes: u64, records: u64, observed: Dur) -> Mean {
        let per_s = |n: u64| (u128::from(n) * u128::from(NS_PER_S) / u128::from(observed.0.max(1))) as u64;
        Mean { bytes_per_s: per_s(bytes), records_per_s: per_s(records) }
    }

    /// Above the threshold in bytes or in records?
    pub fn exceeds(self, threshold: Mean) -> bool {
        self.bytes_per_s > threshold.bytes_per_s || self.records_per_s > threshold.records_per_s
    }
}

/// What a shard covering `width` hash keys (less one) must exceed.
pub fn threshold(config: &OnDemandConfig, (peak_bytes, peak_records): (u64, u64), width: u128) -> Mean {
    let share = |peak: u64| ((u128::from(peak) * ((width >> 64) + 1)) >> 64) as u64;
    let margin =
        |n: u64| n + (u128::from(n) * u128::from(config.split_margin.0) / u128::from(Percent::WHOLE)) as u64;
    Mean {
        bytes_per_s: margin(config.split_bytes_per_s.max(share(peak_bytes))),
        records_per_s: margin(config.split_records_per_s.max(share(peak_records))),
    }
}

/// From the start of an observation to the split in force.
pub fn delay(law: SplitDelay, random: &mut Stream) -> u64 {
    match law {
        SplitDelay::WorstCase => SPLIT_DELAY_WORST.dur().0,
        SplitDelay::Uniform { min, max } => min.0 + random.below(max.0.saturating_sub(min.0).max(1)),
    }
}
