//! What a scenario says about a consumer.

#![allow(missing_docs, reason = "a variant's comment covers its fields")]

use super::flink::FlinkConfig;
use super::kcl::config::KclConfig;
use super::lambda::LambdaConfig;
use crate::api::Position;
use crate::random::LatencyLaw;
use crate::units::{Bytes, Dur, Percent};

/// One named consumer application.
#[derive(Clone, Debug)]
pub struct ConsumerConfig {
    /// Name in the scenario.
    pub name: String,
    /// The client that reads.
    pub client: ApplicationConfig,
    /// How it reads.
    pub read: ReadConfig,
    /// How long it works.
    pub processing: ProcessingConfig,
    /// Share of batches whose processing fails and is done again from the checkpoint.
    pub failure_rate: Percent,
    /// When the consumer begins (and from where).
    pub starts: StartAt,
}

/// The client that reads.
#[derive(Clone, Debug)]
pub enum ApplicationConfig {
    /// Plain SDK calls: a loop on each shard, played by the shard's lane.
    Sdk,
    /// Kinesis Client Library.
    Kcl(Box<KclConfig>),
    /// Lambda's event source mapping.
    Lambda(Box<LambdaConfig>),
    /// Flink's Kinesis source.
    Flink(Box<FlinkConfig>),
    /// The Firehose stream of the same name.
    Firehose,
}

impl ApplicationConfig {
    /// Lambda's settings.
    pub fn lambda(&self) -> Option<&LambdaConfig> {
        match self {
            ApplicationConfig::Lambda(config) => Some(config),
            _ => None,
        }
    }

    /// Does it look at partition keys? Then logs keep a mark of every row's key.
    pub fn looks_at_keys(&self) -> bool {
        self.lambda().is_some_and(|lambda| lambda.parallelization_factor > 1)
    }
}

/// Start of a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartAt {
    /// Moment of the first read.
    pub at: Dur,
    /// Where in each shard.
    pub from: Position,
}

/// What a scenario can make happen to one consumer application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It stops reading for a while: all its processes are away.
    Outage { lasting: Dur },
    /// Its code works `factor` times slower for a while.
    Slowdown { factor: u32, lasting: Dur },
    /// So many of its workers die without a word; new ones take their place after a while (`None`: never).
    WorkerCrash { workers: u32, lasting: Option<Dur> },
    /// So many workers join.
    WorkersAdded { workers: u32 },
    /// So many workers stop in good order.
    WorkersRemoved { workers: u32 },
    /// A new version: workers are replaced one after another (or all at once: `None`), each away for `pause`.
    Deploy { every: Option<Dur>, pause: Dur },
    /// The first record stored in one shard from then on can never be processed (position among the shards open then).
    PoisonRecord { open_index: u32 },
    /// Its subscriptions fall silent: they stay open, and nothing comes any more.
    SilentSubscriptions,
}

impl Happening {
    /// From when to when nobody reads, if it happens at `at`.
    pub fn outage(self, at: u64) -> Option<(u64, u64)> {
        match self {
            Happening::Outage { lasting } => Some((at, at.saturating_add(lasting.0))),
            _ => None,
        }
    }

    /// From when to when code works slower, and how many times, if it happens at `at`.
    pub fn slow_spell(self, at: u64) -> Option<(u64, u64, u64)> {
        match self {
            Happening::Slowdown { factor, lasting } => {
                Some((at, at.saturating_add(lasting.0), u64::from(factor)))
            }
            _ => None,
        }
    }
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
    /// How the interval is drawn.
    pub pace: Pace,
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

/// How a reader spaces its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Always the interval.
    Even,
    /// Exponential with the interval as its mean: a Poisson process.
    Random,
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
    /// From there to the first event of the next one.
    pub renewal_gap: Dur,
}

/// Processing of one shard's records, in order, one batch after another.
#[derive(Clone, Debug)]
pub struct ProcessingConfig {
    /// Per batch.
    pub per_call: LatencyLaw,
    /// Per record.
    pub per_record: LatencyLaw,
}
