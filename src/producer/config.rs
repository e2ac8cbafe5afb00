//! What a scenario says about a producer: its demand and its client.

#![allow(missing_docs, reason = "a variant's comment covers its fields")]

mod demand;
mod retry;

use crate::random::LatencyLaw;
use crate::units::{Bytes, Dur};
pub use demand::{Burstiness, DemandConfig, KeyLaw, RateShape, SizeLaw, Trace};
pub use retry::{BackoffLaw, Jitter, RetryLaw, RetryQuota};

/// One named producer: a demand (which knows no shard) and the client that sends it.
#[derive(Clone, Debug)]
pub struct ProducerConfig {
    /// Name in the scenario.
    pub name: String,
    /// What is born, when.
    pub demand: DemandConfig,
    /// How it is sent.
    pub client: ClientConfig,
}

/// The client that sends the records.
#[derive(Clone, Debug)]
pub enum ClientConfig {
    /// Plain AWS SDK calls.
    Sdk(SdkConfig),
    /// The Kinesis Producer Library.
    Kpl(KplConfig),
    /// Amazon Kinesis Agent.
    Agent(AgentConfig),
    /// Flink's Kinesis sink.
    FlinkSink(FlinkSinkConfig),
    /// Puts straight to Firehose.
    FirehoseDirect(FirehoseDirectConfig),
}

impl ClientConfig {
    /// Client processes.
    pub fn instances(&self) -> u32 {
        match self {
            ClientConfig::Sdk(sdk) => sdk.instances,
            ClientConfig::Kpl(kpl) => kpl.instances,
            ClientConfig::Agent(agent) => agent.instances,
            ClientConfig::FlinkSink(sink) => sink.instances,
            ClientConfig::FirehoseDirect(direct) => direct.sdk.instances,
        }
    }

    /// Sending to answer.
    pub fn put_latency(&self) -> &LatencyLaw {
        match self {
            ClientConfig::Sdk(sdk) => &sdk.put_latency,
            ClientConfig::Kpl(kpl) => &kpl.put_latency,
            ClientConfig::Agent(agent) => &agent.put_latency,
            ClientConfig::FlinkSink(sink) => &sink.put_latency,
            ClientConfig::FirehoseDirect(direct) => &direct.sdk.put_latency,
        }
    }

    /// The file that plays it.
    pub fn place(&self) -> &'static str {
        match self {
            ClientConfig::Sdk(_) | ClientConfig::FirehoseDirect(_) => "producer/sdk",
            ClientConfig::Kpl(_) => "producer/kpl",
            ClientConfig::Agent(_) => "producer/agent",
            ClientConfig::FlinkSink(_) => "producer/flink_sink",
        }
    }

    /// May its records leave it in another order than they came, even if none is refused?
    pub fn reorders(&self) -> bool {
        match self {
            ClientConfig::Sdk(_) | ClientConfig::FirehoseDirect(_) => false,
            ClientConfig::Kpl(_) | ClientConfig::Agent(_) | ClientConfig::FlinkSink(_) => true,
        }
    }

    /// The quotas of the Firehose stream it puts to, instead of the Kinesis stream.
    pub fn firehose(&self) -> Option<DirectQuotas> {
        match self {
            ClientConfig::FirehoseDirect(direct) => Some(direct.quotas),
            _ => None,
        }
    }

    /// Do its entries hold several records?
    pub fn packs(&self) -> bool {
        match self {
            ClientConfig::Sdk(_)
            | ClientConfig::Agent(_)
            | ClientConfig::FlinkSink(_)
            | ClientConfig::FirehoseDirect(_) => false,
            ClientConfig::Kpl(kpl) => kpl.aggregation,
        }
    }
}

/// PutRecord or PutRecords through an AWS SDK.
#[derive(Clone, Debug)]
pub struct SdkConfig {
    /// Client processes; they share the demand evenly.
    pub instances: u32,
    /// Which API, and how records are gathered.
    pub call: PutCall,
    /// Calls under way at most, per instance (`None` = no limit). A call holds its place while it waits to retry.
    pub in_flight: Option<u32>,
    /// Memory for records waiting in one instance (`None` = no limit).
    pub buffer: Option<Bytes>,
    /// What happens to new records when that memory is full.
    pub on_full: OnFull,
    /// What the caller does with the failed entries of a PutRecords answer.
    pub on_partial_failure: PartialFailure,
    /// Attempts and sleeps.
    pub retry: RetryLaw,
    /// Sending to answer.
    pub put_latency: LatencyLaw,
}

/// The Kinesis Producer Library; names as in its own configuration.
#[derive(Clone, Debug)]
pub struct KplConfig {
    /// Processes; they share the demand evenly.
    pub instances: u32,
    /// Whose behaviour.
    pub behaviour: KplBehaviour,
    /// Several user records in one Kinesis record?
    pub aggregation: bool,
    /// User records of one Kinesis record.
    pub aggregation_max_count: u64,
    /// Bytes of one Kinesis record that holds several.
    pub aggregation_max_size: Bytes,
    /// Kinesis records of one call.
    pub collection_max_count: u32,
    /// Bytes of one call.
    pub collection_max_size: Bytes,
    /// How long a user record waits for company.
    pub record_max_buffered_time: Dur,
    /// Older user records are failed instead of sent again.
    pub record_ttl: Dur,
    /// Percent of a shard's write limits that one process sends to it.
    pub rate_limit: u64,
    /// A throttled record is failed at once.
    pub fail_if_throttled: bool,
    /// Calls under way at once.
    pub max_connections: u32,
    /// Sending to answer.
    pub put_latency: LatencyLaw,
    /// ListShards, call to answer.
    pub list_shards_latency: LatencyLaw,
}

/// Versions of the KPL between which its behaviour changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KplBehaviour {
    /// Up to 0.15.10.
    V0_14,
    /// From 0.15.11: a record on another shard that holds its hash is accepted.
    V0_15_11,
    /// 1.0.0 to 1.0.5: as 0.15.11.
    V1_0_0,
    /// From 1.0.6: records of up to 10 MiB.
    V1_0_6,
}

/// PutRecord or PutRecords.
#[derive(Clone, Debug, PartialEq)]
pub enum PutCall {
    /// One record a call.
    PutRecord,
    /// Up to `max_records` or `max_bytes`, or whatever is there after `linger`.
    PutRecords { max_records: u32, max_bytes: Bytes, linger: Dur },
}

/// A full buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// The source waits; its records stay outside (held).
    Block,
    /// The record is given up.
    Drop,
}

/// Failed entries of a PutRecords answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartialFailure {
    /// Send the failed entries again.
    RetryFailed,
    /// Send the whole call again: stored entries become duplicates.
    RetryAll,
    /// Give the failed entries up.
    Drop,
}

/// Amazon Kinesis Agent.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// Agents, one a host; they share the demand evenly.
    pub instances: u32,
    /// A buffer older than this is handed on.
    pub max_buffer_age: Dur,
    /// Records a buffer holds at most.
    pub max_buffer_records: u32,
    /// Bytes a buffer holds at most.
    pub max_buffer_bytes: Bytes,
    /// Buffers that wait to be published, at most.
    pub publish_queue: u32,
    /// Threads that send, one call each.
    pub sending_threads: u32,
    /// Buffers that wait for a sending thread, at most.
    pub sending_queue: u32,
    /// First wait after a failure.
    pub initial_backoff: Dur,
    /// Longest wait.
    pub max_backoff: Dur,
    /// Between looks at the file.
    pub poll_every: Dur,
    /// A process without a checkpoint begins at the end of the file.
    pub from_end: bool,
    /// How often the file is rotated (`None` = never).
    pub rotate_every: Option<Dur>,
    /// Rotated files that the agent still finds (`None` = all).
    pub rotated_files: Option<u32>,
    /// Sending to answer.
    pub put_latency: LatencyLaw,
}

/// Flink's Kinesis sink.
#[derive(Clone, Debug)]
pub struct FlinkSinkConfig {
    /// Writer subtasks (the sink's parallelism); they share the demand evenly.
    pub instances: u32,
    /// Records of one call at most.
    pub max_batch: u32,
    /// Calls under way at most.
    pub max_in_flight: u32,
    /// Records buffered at most.
    pub max_buffered: u32,
    /// Bytes of one call at most.
    pub max_batch_bytes: Bytes,
    /// How long the first record of the buffer waits.
    pub max_time_in_buffer: Dur,
    /// Between checkpoints of the job (`None` = none).
    pub checkpoint_every: Option<Dur>,
    /// Sending to answer.
    pub put_latency: LatencyLaw,
}

/// PutRecord or PutRecordBatch to a Firehose stream of its own, through an AWS SDK.
#[derive(Clone, Debug)]
pub struct FirehoseDirectConfig {
    /// How records are gathered, sent and retried.
    pub sdk: SdkConfig,
    /// What its Firehose stream accepts.
    pub quotas: DirectQuotas,
}

/// Quotas of direct puts to one Firehose stream, per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectQuotas {
    /// Records.
    pub records: u64,
    /// Calls.
    pub requests: u64,
    /// Bytes.
    pub bytes: u64,
    /// Whether they are raised by themselves.
    pub raise: Option<RaiseConfig>,
}

/// Automatic raise of these quotas, all three alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaiseConfig {
    /// What they are multiplied with at each raise.
    pub factor: u32,
    /// How long records are refused before.
    pub after: Dur,
    /// At most so many times what they were.
    pub most: u32,
}
