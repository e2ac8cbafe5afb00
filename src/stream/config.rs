//! What a scenario says about the stream.

#![allow(missing_docs, reason = "a variant's comment covers its fields")]

use crate::units::{ByteRate, Bytes, Dur, Percent};

/// Capacity mode of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Shards are bought by the hour.
    Provisioned,
    /// On-demand Standard.
    OnDemand,
    /// On-demand Advantage (account setting with a minimum commitment).
    OnDemandAdvantage,
}

impl Mode {
    /// The scenario's word.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Provisioned => "provisioned",
            Mode::OnDemand => "on_demand",
            Mode::OnDemandAdvantage => "on_demand_advantage",
        }
    }
    /// The name as AWS prints it.
    pub fn title(self) -> &'static str {
        match self {
            Mode::Provisioned => "Provisioned",
            Mode::OnDemand => "On-demand",
            Mode::OnDemandAdvantage => "On-demand Advantage",
        }
    }
}

/// The stream.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// Shards in provisioned mode (`None` = AWS's formula on the peak minute).
    pub shards: Option<u32>,
    /// How long records stay readable.
    pub retention: Dur,
    /// Largest record the stream accepts (MaxRecordSizeInKiB).
    pub max_record_size: Bytes,
    /// Write limits of one shard and the shape of their enforcement.
    pub admission: AdmissionConfig,
    /// Read limits of one shard for polling readers.
    pub reads: ReadLimits,
    /// Stored to readable.
    pub visibility: Dur,
    /// Timing of split and merge operations.
    pub resharding: ReshardConfig,
    /// What changes the shard count in provisioned mode (`None` = nobody does).
    pub autoscaler: Option<AutoscalerConfig>,
    /// On-demand scaling.
    pub on_demand: OnDemandConfig,
    /// On-demand Advantage.
    pub advantage: AdvantageConfig,
}

/// Write limits of one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmissionConfig {
    /// Records per second.
    pub records_per_s: u64,
    /// Bytes per second.
    pub bytes_per_s: u64,
    /// Largest burst in records (token bucket only).
    pub burst_records: u64,
    /// Largest burst in bytes (token bucket only).
    pub burst_bytes: u64,
    /// Shape of the enforcement.
    pub shape: AdmissionShape,
    /// How bytes are rounded.
    pub byte_rounding: ByteRounding,
    /// Do key bytes count?
    pub count_key_bytes: bool,
}

/// Shape of the write limit; AWS does not publish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdmissionShape {
    /// Continuous refill, one second deep by default.
    TokenBucket,
    /// Aligned one-second windows.
    FixedWindow,
    /// The last second, at every moment.
    SlidingWindow,
}

/// Rounding of bytes against the write limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRounding {
    /// As documented: up to the next KiB on a record (PutRecord) or on the running sum of a call (PutRecords).
    Aws,
    /// Exact bytes.
    None,
}

/// Read limits of one shard, shared by all polling readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// GetRecords calls per second.
    pub calls_per_s: u64,
    /// Shape of the call limit.
    pub calls_shape: ReadCallsShape,
    /// Bytes per second.
    pub bytes_per_s: u64,
}

/// Shape of the five-calls limit; AWS does not publish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadCallsShape {
    /// Aligned one-second windows.
    FixedWindow,
    /// Continuous refill, `depth` calls deep.
    TokenBucket { depth: u32 },
    /// The last second, at every moment.
    SlidingWindow,
}

/// Timing of UpdateShardCount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReshardConfig {
    /// Request to first operation.
    pub first_operation: Dur,
    /// One split or merge after another.
    pub per_operation: Dur,
    /// Operations at the same time.
    pub parallel_operations: u32,
}

/// A rule that changes the shard count from the stream's metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoscalerConfig {
    /// The scenario's word.
    pub policy: &'static str,
    /// When it adds shards.
    pub up: Alarm,
    /// When it takes shards away.
    pub down: Alarm,
    /// How many it adds.
    pub grow: Change,
    /// How many it takes away.
    pub shrink: Change,
    /// Fewest shards.
    pub min: u32,
    /// Most shards.
    pub max: u32,
    /// From an addition to the next.
    pub cooldown_up: Dur,
    /// From a removal to the next.
    pub cooldown_down: Dur,
    /// From the end of an alarm's last period to the call.
    pub delay: Dur,
    /// Does the caller know UpdateShardCount's limits (double, half) and stay inside them?
    pub keeps_to_limits: bool,
}

/// An alarm on usage: the higher of bytes and records, as a share of what the open shards take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// At or above (below, for a removal) this.
    pub at: Percent,
    /// Length of a period.
    pub period: Dur,
    /// Periods looked at.
    pub periods: u32,
    /// How many of them must be so.
    pub datapoints: u32,
}

/// From one shard count to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Twice as many, or half as many rounded down.
    Double,
    /// amazon-kinesis-scaling-utils' percentage.
    ScalePercent(u32),
    /// So many more or fewer.
    Count(u32),
    /// As many as bring the usage of the last period to this.
    Track(Percent),
}

/// How an on-demand stream scales.
#[derive(Clone, Debug, PartialEq)]
pub struct OnDemandConfig {
    /// What the last 30 days looked like.
    pub history: History,
    /// Time over which a shard's mean is taken.
    pub observe: Dur,
    /// From the decision to the split.
    pub delay: SplitDelay,
    /// Bytes per second and shard above which it splits.
    pub split_bytes_per_s: u64,
    /// Records per second and shard above which it splits (assumed).
    pub split_records_per_s: u64,
    /// A shard must exceed its threshold by this share (assumed): noise alone does not split.
    pub split_margin: Percent,
    /// Region's maximum write throughput.
    pub max_write: ByteRate,
}

/// Where an on-demand stream starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// The 30-day peak is the workload's highest minute before the first spike, step, ramp or event.
    Steady,
    /// A new stream: four shards.
    New,
    /// Switched from provisioned with the provisioned shard count.
    Switched,
    /// A stated 30-day peak.
    Peak(ByteRate),
    /// A 30-day peak worked out elsewhere (a stretch of a scenario keeps the whole scenario's).
    Known { bytes_per_s: u64, records_per_s: u64 },
}

/// From the observation to the split in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitDelay {
    /// Uniform between the two.
    Uniform { min: Dur, max: Dur },
    /// Always 15 minutes from the start of the observation.
    WorstCase,
}

/// On-demand Advantage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdvantageConfig {
    /// Warm write throughput at the start (`None` = none asked for).
    pub warm: Option<ByteRate>,
    /// From the request for warm throughput to its effect.
    pub warm_delay: Dur,
    /// The account's other ingest, sharing the commitment.
    pub other_in: ByteRate,
    /// The account's other retrieval, sharing the commitment.
    pub other_out: ByteRate,
    /// Minimum ingest billed, and the same for retrieval.
    pub commitment: ByteRate,
}
