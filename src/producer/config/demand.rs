//! What is born, when: a demand, which knows no shard.

#![allow(missing_docs, reason = "a variant's comment covers its fields")]

use crate::units::{Bytes, Dur, Percent, RecordRate};
use std::sync::Arc;

/// Rate × burstiness × record size × key.
#[derive(Clone, Debug)]
pub struct DemandConfig {
    /// Offered records per second over time.
    pub rate: RateShape,
    /// How births are spread inside a second.
    pub burstiness: Burstiness,
    /// Size of the data blob.
    pub record_size: SizeLaw,
    /// Partition keys.
    pub keys: KeyLaw,
    /// Bytes of a partition key, counted against the shard's limit.
    pub key_bytes: Bytes,
}

/// Offered rate over time.
#[derive(Clone, Debug)]
pub enum RateShape {
    /// The same rate always.
    Constant(RecordRate),
    /// Linear ramps from target to target, as in k6; the first starts at `start`.
    Stages { start: RecordRate, stages: Vec<(Dur, RecordRate)> },
    /// From one rate to another, linear over `over`, beginning at `at`.
    Ramp { from: RecordRate, to: RecordRate, at: Dur, over: Dur },
    /// One rate before `at`, another after.
    Step { from: RecordRate, to: RecordRate, at: Dur },
    /// `base`, but `peak` from `at` for `lasting`.
    Spike { base: RecordRate, peak: RecordRate, at: Dur, lasting: Dur },
    /// A daily sine between `low` and `high`; `high` is at `peak_at` of each day.
    Diurnal { low: RecordRate, high: RecordRate, peak_at: Dur },
    /// A daily sine as above on weekdays, multiplied by `weekend` on Saturday and Sunday.
    Weekly { low: RecordRate, high: RecordRate, peak_at: Dur, weekend: Percent },
    /// `on` for `on_for`, then `off` for `off_for`, and again.
    OnOff { on: RecordRate, on_for: Dur, off: RecordRate, off_for: Dur },
    /// A trace file: each rate holds until the next row.
    Trace(Arc<Trace>),
}

/// A step function read from a trace file; rows are in order of time, the first at zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Start of each step since the scenario's start.
    pub at: Vec<Dur>,
    /// Rate from then on.
    pub rate: Vec<RecordRate>,
    /// Mean record size from then on, where the trace has one (`None` = no third column or an empty cell).
    pub mean_size: Vec<Option<Bytes>>,
    /// Where the last step ends.
    pub end: Dur,
}

/// How births are spread inside a second.
#[derive(Clone, Debug, PartialEq)]
pub enum Burstiness {
    /// Equal gaps.
    Even,
    /// Independent exponential gaps.
    Poisson,
    /// Groups of `size` records born at the same moment, groups spread as Poisson.
    Batches { size: u32 },
    /// Two states (Markov-modulated Poisson): `share` of the time at `factor` times the mean rate, the rest slower
    /// so that the mean stays; a busy spell lasts `spell` on average.
    Mmpp { factor: u32, share: Percent, spell: Dur },
}

/// Size of one record's data blob.
#[derive(Clone, Debug, PartialEq)]
pub enum SizeLaw {
    /// Always the same. A fractional mean is rounded once, by the reader of the file.
    Fixed(Bytes),
    /// Uniform, both ends included.
    Uniform { min: Bytes, max: Bytes },
    /// Log-normal with this mean and 95th percentile.
    LogNormal { mean: Bytes, p95: Bytes },
    /// Sizes with weights.
    Empirical(Vec<(Bytes, u64)>),
    /// The trace's own mean size of the moment.
    FromTrace,
}

/// Partition keys.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyLaw {
    /// A fresh random key for each record.
    Random,
    /// `distinct` keys, equally likely.
    Uniform { distinct: u64 },
    /// `distinct` keys, the k-th as likely as 1/k^exponent (exponent in thousandths).
    Zipf { distinct: u64, exponent_milli: u32 },
    /// One key has `share` of the records, the rest spread evenly over `distinct` keys (the hot one among them).
    Hot { distinct: u64, share: Percent },
    /// One key for everything.
    Constant(String),
    /// Keys listed in a file, equally likely.
    File(Arc<Vec<String>>),
}
