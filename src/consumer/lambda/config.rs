//! What a scenario says about an event source mapping and its function.

use crate::random::LatencyLaw;
use crate::units::{Bytes, Dur, Percent};

/// An event source mapping and its function.
#[derive(Clone, Debug)]
pub struct LambdaConfig {
    /// BatchSize: records of one invocation at most.
    pub batch_size: u64,
    /// MaximumBatchingWindowInSeconds: how long a batch is gathered.
    pub batching_window: Dur,
    /// ParallelizationFactor: lanes of a shard.
    pub parallelization_factor: u32,
    /// MaximumRetryAttempts after the first invocation; `None`: endless.
    pub retry_attempts: Option<u32>,
    /// MaximumRecordAgeInSeconds; `None`: endless.
    pub record_age: Option<Dur>,
    /// BisectBatchOnFunctionError.
    pub bisect: bool,
    /// FunctionResponseTypes holds ReportBatchItemFailures.
    pub report_batch_item_failures: bool,
    /// Is there an on-failure destination?
    pub on_failure_destination: bool,
    /// TumblingWindowInSeconds; zero: none.
    pub tumbling_window: Dur,
    /// Share of the records that FilterCriteria keep from the function.
    pub filtered: Percent,
    /// Invocations at one time, all shards together.
    pub concurrency: u32,
    /// The function's memory.
    pub memory: Bytes,
    /// Does it run on Arm?
    pub arm: bool,
    /// Are a month's free amounts its own?
    pub free_tier: bool,
    /// The function's timeout.
    pub timeout: Dur,
    /// A new execution environment begins with this.
    pub cold_start: LatencyLaw,
    /// First wait after a failed or throttled invocation; it doubles.
    pub retry_delay: Dur,
    /// Longest wait.
    pub retry_delay_max: Dur,
    /// Records of a shard that wait in the mapping at most, beyond a batch for each lane.
    pub read_ahead: u64,
    /// Bytes of the event around each record's data.
    pub record_overhead: Bytes,
    /// Bytes of one event.
    pub max_payload: Bytes,
}
