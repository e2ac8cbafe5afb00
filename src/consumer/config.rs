//! What a scenario says about a consumer.

#![allow(missing_docs, reason = "a variant's comment covers its fields")]

use crate::random::LatencyLaw;
use crate::units::{Bytes, Dur, Percent};

/// One named consumer application.
#[derive(Clone, Debug)]
pub struct ConsumerConfig {
    /// Name in the scenario.
    pub name: String,
    /// How it reads.
    pub read: ReadConfig,
    /// How long it works.
    pub processing: ProcessingConfig,
    /// Share of batches whose processing fails and is done again from the checkpoint.
    pub failure_rate: Percent,
    /// When the consumer begins (and from where).
    pub starts: StartAt,
}

/// Start of a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartAt {
    /// Moment of the first read.
    pub at: Dur,
    /// From the oldest record (TRIM_HORIZON) or only new ones (LATEST).
    pub oldest: bool,
}

/// How a consumer reads.
#[derive(Clone, Debug)]
pub enum ReadConfig {
    /// GetRecords calls, sharing the shard's read limits.
    Polling(PollingConfig),
    /// Enhanced fan-out: SubscribeToShard with its own throughput.
    FanOut(FanOutConfig),
}

/// GetRecords.
#[derive(Clone, Debug)]
pub struct PollingConfig {
    /// Start to start of calls on one shard.
    pub interval: Dur,
    /// Added to each interval, uniform on (0, jitter).
    pub jitter: Dur,
    /// Phase of the first call: uniform on (0, interval) when `None`.
    pub phase: Option<Dur>,
    /// Records a call asks for.
    pub limit: u32,
    /// Bytes a call returns at most.
    pub max_bytes: Bytes,
    /// Call to answer.
    pub call_latency: LatencyLaw,
    /// After a throttled call.
    pub throttled: ThrottledPoll,
}

/// What a reader does after ProvisionedThroughputExceededException.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThrottledPoll {
    /// Waits for its next turn.
    NextPeriod,
    /// Retries after the SDK's backoff (100 ms × 2^i, full jitter, then the next turn).
    SdkBackoff,
    /// Waits until the limit allows it.
    Wait,
}

/// SubscribeToShard.
#[derive(Clone, Debug)]
pub struct FanOutConfig {
    /// Readable to received.
    pub push_latency: LatencyLaw,
    /// Bytes per second and shard for this consumer.
    pub bytes_per_s: u64,
    /// A subscription lives this long, then it is renewed.
    pub renew_every: Dur,
}

/// Processing of one shard's records, in order, one batch after another.
#[derive(Clone, Debug)]
pub struct ProcessingConfig {
    /// Per batch.
    pub per_call: LatencyLaw,
    /// Per record.
    pub per_record: LatencyLaw,
}
