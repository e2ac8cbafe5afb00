//! The stream as written.

use super::autoscaler::AutoscalerSpec;
use super::grammar::{At, OPTIONAL, choice, default, fact, section};
use super::shapes::Auto;
use crate::facts::{data_streams as facts, on_demand};
use crate::stream::config::{
    AdmissionConfig, AdmissionShape, AdvantageConfig, ByteRounding, History, OnDemandConfig, ReadCallsShape,
    ReadLimits, ReshardConfig, SplitDelay, StreamConfig,
};
use crate::units::{ByteRate, Bytes, Dur, Percent};

section! {
    /// The stream.
    StreamSpec {
        /// Shards in provisioned mode; `auto` is AWS's formula on the peak minute.
        shards: Auto<u32> = default("auto").positive().max_fact(&facts::UPDATE_SHARD_COUNT_MAX),
        /// How long records stay readable.
        retention: Dur = fact(&facts::RETENTION_DEFAULT).min_fact(&facts::RETENTION_DEFAULT).max_fact(&facts::RETENTION_MAX),
        /// Largest record the stream accepts, key included (MaxRecordSizeInKiB).
        max_record_size: Bytes = fact(&facts::RECORD_SIZE_DEFAULT).min_fact(&facts::RECORD_SIZE_DEFAULT).max_fact(&facts::RECORD_SIZE_MAX),
        /// Shape of a shard's write limit; AWS does not publish it.
        admission: AdmissionSpec = fact(&facts::ADMISSION_SHAPE),
        /// Limits of one shard, for theory and what-if.
        limits: LimitsSpec = default("{}"),
        /// How bytes are rounded against the write limit.
        byte_rounding: RoundingSpec = fact(&facts::BYTE_ROUNDING),
        /// Do key bytes count against the write limit?
        count_key_bytes: bool = fact(&facts::COUNT_KEY_BYTES),
        /// Shape of the limit of five read calls a second; AWS does not publish it.
        read_calls: ReadCallsSpec = fact(&facts::READ_CALLS_SHAPE),
        /// Read calls per second and shard, for theory and what-if.
        read_calls_per_s: u64 = fact(&facts::SHARD_READ_CALLS).positive(),
        /// Bytes per second and shard for all polling readers together.
        read_bytes: ByteRate = fact(&facts::SHARD_READ_BYTES).positive(),
        /// Stored to readable.
        visibility: Dur = fact(&facts::VISIBILITY),
        /// Timing of splits and merges.
        resharding: ReshardSpec = default("{}"),
        /// Who changes the shard count in provisioned mode.
        autoscaler: Option<AutoscalerSpec> = OPTIONAL,
        /// How the stream scales in on-demand mode.
        on_demand: OnDemandSpec = default("{}"),
        /// On-demand Advantage.
        advantage: AdvantageSpec = default("{}"),
    }
}

choice! {
    /// Shape of the write limit.
    AdmissionSpec {
        /// Continuous refill, one second deep unless stated.
        token_bucket: TokenBucket(BucketSpec),
        /// Aligned one-second windows.
        fixed_window: FixedWindow,
        /// The last second, at every moment.
        sliding_window: SlidingWindow,
    }
}

section! {
    /// Depth of the write buckets.
    BucketSpec {
        /// Largest burst in records.
        records: Option<u64> = OPTIONAL.positive(),
        /// Largest burst in bytes; 10 MiB when the stream accepts larger records than 1 MiB.
        bytes: Option<Bytes> = OPTIONAL.positive(),
    }
}

section! {
    /// Write limits of one shard.
    LimitsSpec {
        /// Records per second.
        records_per_s: u64 = fact(&facts::SHARD_WRITE_RECORDS).positive(),
        /// Bytes per second.
        bytes_per_s: ByteRate = fact(&facts::SHARD_WRITE_BYTES).positive(),
    }
}

choice! {
    /// Rounding of bytes against the write limit.
    RoundingSpec {
        /// Up to the next KiB, on a record or on the running sum of a call.
        aws: Aws,
        /// Exact bytes.
        none: None,
    }
}

choice! {
    /// Shape of the limit of read calls.
    ReadCallsSpec {
        /// Aligned one-second windows.
        fixed_window: FixedWindow,
        /// Continuous refill.
        token_bucket: TokenBucket(ReadBucketSpec),
        /// The last second, at every moment.
        sliding_window: SlidingWindow,
    }
}

section! {
    /// Depth of the bucket of read calls.
    ReadBucketSpec {
        /// Calls that may come at once.
        depth: u32 = fact(&facts::SHARD_READ_CALLS).positive(),
    }
}

section! {
    /// Timing of UpdateShardCount.
    ReshardSpec {
        /// Request to first operation.
        first_operation: Dur = fact(&facts::RESHARD_FIRST_OPERATION),
        /// One split or merge after another.
        per_operation: Dur = fact(&facts::RESHARD_PER_OPERATION),
        /// Operations at the same time.
        parallel_operations: u32 = fact(&facts::RESHARD_PARALLEL).positive(),
    }
}

section! {
    /// On-demand scaling.
    OnDemandSpec {
        /// What the last 30 days looked like; decides where the stream starts.
        history: HistorySpec = fact(&on_demand::HISTORY),
        /// Time over which a shard's mean is taken.
        observe: Dur = fact(&on_demand::OBSERVE).positive(),
        /// From the observation to the split in force.
        delay: DelaySpec = fact(&on_demand::SPLIT_DELAY),
        /// Bytes per second above which a shard splits.
        split_bytes_per_s: ByteRate = fact(&on_demand::SPLIT_BYTES).positive(),
        /// Records per second above which a shard splits.
        split_records_per_s: u64 = fact(&on_demand::SPLIT_RECORDS).positive(),
        /// A shard must exceed its threshold by this share.
        split_margin: Percent = fact(&on_demand::SPLIT_MARGIN),
        /// Largest write throughput of the stream; the Region's unless written.
        max_write: Option<ByteRate> = OPTIONAL.positive(),
    }
}

choice! {
    /// Where an on-demand stream starts.
    HistorySpec {
        /// The 30-day peak is the workload's highest minute before the first spike, step, ramp or event.
        steady: Steady,
        /// A new stream: four shards.
        new: New,
        /// Switched from provisioned with the provisioned shard count.
        switched: Switched,
        /// A stated 30-day peak.
        peak: Peak(ByteRate),
    }
}

choice! {
    /// From the observation to the split in force.
    DelaySpec {
        /// Equally likely between two ends.
        uniform: Uniform(super::law::UniformLaw),
        /// Always 15 minutes.
        worst_case: WorstCase,
    }
}

section! {
    /// On-demand Advantage.
    AdvantageSpec {
        /// Warm write throughput at the start.
        warm_throughput: Option<ByteRate> = OPTIONAL.positive().max_fact(&on_demand::WARM_MAX),
        /// From a request for warm throughput to its effect.
        warm_delay: Dur = fact(&on_demand::WARM_DELAY),
    }
}

section! {
    /// The account around the stream.
    AccountSpec {
        /// Other on-demand ingest, sharing the Advantage commitment.
        other_in: ByteRate = fact(&on_demand::ADVANTAGE_OTHER),
        /// Other on-demand retrieval, sharing the Advantage commitment.
        other_out: ByteRate = fact(&on_demand::ADVANTAGE_OTHER),
        /// Least ingest and least retrieval billed in Advantage.
        commitment: ByteRate = fact(&on_demand::COMMITMENT),
        /// Shard quota of the account, where it was raised or the Region's default is not known.
        shard_quota: Option<At<u32>> = OPTIONAL.positive(),
    }
}

impl StreamSpec {
    /// The stream in a Region and an account.
    pub fn resolve(&self, region: &str, account: &AccountSpec) -> StreamConfig {
        StreamConfig {
            shards: self.shards.0,
            retention: self.retention,
            max_record_size: self.max_record_size,
            admission: self.admission(),
            reads: ReadLimits {
                calls_per_s: self.read_calls_per_s,
                calls_shape: match &self.read_calls {
                    ReadCallsSpec::FixedWindow => ReadCallsShape::FixedWindow,
                    ReadCallsSpec::TokenBucket(s) => ReadCallsShape::TokenBucket { depth: s.depth },
                    ReadCallsSpec::SlidingWindow => ReadCallsShape::SlidingWindow,
                },
                bytes_per_s: self.read_bytes.0,
            },
            visibility: self.visibility,
            resharding: ReshardConfig {
                first_operation: self.resharding.first_operation,
                per_operation: self.resharding.per_operation,
                parallel_operations: self.resharding.parallel_operations,
            },
            autoscaler: self.autoscaler.as_ref().and_then(AutoscalerSpec::resolve),
            on_demand: self.on_demand(region),
            advantage: AdvantageConfig {
                warm: self.advantage.warm_throughput,
                warm_delay: self.advantage.warm_delay,
                other_in: account.other_in,
                other_out: account.other_out,
                commitment: account.commitment,
            },
        }
    }

    fn admission(&self) -> AdmissionConfig {
        let (shape, records, bytes) = match &self.admission {
            AdmissionSpec::TokenBucket(s) => (AdmissionShape::TokenBucket, s.records, s.bytes),
            AdmissionSpec::FixedWindow => (AdmissionShape::FixedWindow, None, None),
            AdmissionSpec::SlidingWindow => (AdmissionShape::SlidingWindow, None, None),
        };
        let (per_s, bytes_per_s) = (self.limits.records_per_s, self.limits.bytes_per_s.0);
        // A stream that accepts large records has the documented tank; otherwise one second's worth.
        let large = self.max_record_size > facts::RECORD_SIZE_DEFAULT.bytes();
        let tank = if large { facts::LARGE_RECORD_TANK.bytes().0 } else { bytes_per_s };
        AdmissionConfig {
            records_per_s: per_s,
            bytes_per_s,
            burst_records: records.unwrap_or(per_s),
            burst_bytes: bytes.map_or(tank, |b| b.0),
            shape,
            byte_rounding: match self.byte_rounding {
                RoundingSpec::Aws => ByteRounding::Aws,
                RoundingSpec::None => ByteRounding::None,
            },
            count_key_bytes: self.count_key_bytes,
        }
    }

    fn on_demand(&self, region: &str) -> OnDemandConfig {
        let s = &self.on_demand;
        OnDemandConfig {
            history: match s.history {
                HistorySpec::Steady => History::Steady,
                HistorySpec::New => History::New,
                HistorySpec::Switched => History::Switched,
                HistorySpec::Peak(rate) => History::Peak(rate),
            },
            observe: s.observe,
            delay: match &s.delay {
                DelaySpec::Uniform(law) => SplitDelay::Uniform { min: law.min, max: law.max },
                DelaySpec::WorstCase => SplitDelay::WorstCase,
            },
            split_bytes_per_s: s.split_bytes_per_s.0,
            split_records_per_s: s.split_records_per_s,
            split_margin: s.split_margin,
            max_write: s.max_write.unwrap_or_else(|| on_demand::max_write(region)),
        }
    }
}
