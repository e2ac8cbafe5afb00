//! A Firehose stream as written.

#![allow(missing_docs, reason = "a variant's comment covers its fields")]

use crate::random::LatencyLaw;
use crate::units::{Bytes, Dur, Percent};

/// One Firehose stream.
#[derive(Clone, Debug)]
pub struct FirehoseConfig {
    /// Name in the scenario.
    pub name: String,
    /// Where its records come from.
    pub source: Source,
    /// Word of the destination.
    pub destination: &'static str,
    /// How records are opened before anything else.
    pub opening: Option<OpeningConfig>,
    /// Lambda between the source and the buffers.
    pub transform: Option<TransformConfig>,
    /// Dynamic partitioning.
    pub partitions: Option<PartitionsConfig>,
    /// A copy of all that comes in.
    pub backup: Option<BackupConfig>,
    /// How it gathers them.
    pub buffer: BufferConfig,
    /// How it might.
    pub hints: HintRanges,
    /// What becomes of an object's bytes when it is written.
    pub writing: WritingConfig,
    /// Where they go.
    pub delivery: DeliveryConfig,
    /// Redshift: loading from S3, where `delivery` puts the objects.
    pub copy: Option<DeliveryConfig>,
    /// (from, until) of the error bucket's outages.
    pub error_outages: Vec<(u64, u64)>,
    /// How failed records gather into objects.
    pub error_buffer: BackupConfig,
    /// Each record is billed as a multiple of this.
    pub billed_step: Bytes,
    /// Availability Zones of the VPC it delivers into (0: into none).
    pub vpc_zones: u32,
}

/// Opening of records: decompression, then de-aggregation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpeningConfig {
    /// Bytes after it for each byte before.
    pub grows_to: Percent,
    /// Share of records that cannot be decompressed.
    pub broken: Percent,
    /// Records in each record.
    pub parts: u64,
    /// Is there any decompression?
    pub decompresses: bool,
}

/// Lambda as a transform.
#[derive(Clone, Debug)]
pub struct TransformConfig {
    /// Called when this much is gathered,
    pub size: Bytes,
    /// or when it is so old.
    pub interval: Dur,
    /// One call.
    pub duration: LatencyLaw,
    /// A longer one fails.
    pub timeout: Dur,
    /// Share of calls that fail.
    pub failing: Percent,
    /// Further attempts after a failure.
    pub retries: u32,
    /// Between them.
    pub retry_wait: Dur,
    /// Calls under way for one shard.
    pub outstanding: u32,
    /// Share of records answered `Dropped`.
    pub dropped: Percent,
    /// Share answered `ProcessingFailed`.
    pub failed: Percent,
    /// Bytes that come back for each byte sent.
    pub output: Percent,
    /// The function's memory.
    pub memory: Bytes,
    /// Does it run on Arm?
    pub arm: bool,
    /// Are a month's free amounts left for it?
    pub free_tier: bool,
}

/// Dynamic partitioning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionsConfig {
    /// Which partition a record belongs to.
    pub law: PartitionLaw,
    /// Partitions that hold undelivered records at once; records of further ones fail.
    pub active: u64,
    /// Share of the interval that records wait for being told apart.
    pub first_stage: Percent,
    /// Time of JSON queries, one record.
    pub query: Dur,
}

/// Which partition a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionLaw {
    /// All alike.
    Uniform { distinct: u64 },
    /// The k-th has a weight of k^-exponent.
    Zipf { distinct: u64, exponent_milli: u32 },
    /// So many new ones a second, each taking all records until the next.
    New { per_s: u64 },
}

/// Buffers in front of S3 beside those of the delivery: a copy of all that comes in, or what failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupConfig {
    /// Buffer size.
    pub size: Bytes,
    /// Buffer interval.
    pub interval: Dur,
}

/// Writing of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WritingConfig {
    /// Conversion of the format.
    pub convert: Option<Conversion>,
    /// Bytes written for each byte gathered.
    pub written: Percent,
    /// A part, where short intervals put objects into S3 in parts (`None`: they do not go there).
    pub part: Option<Bytes>,
}

/// Conversion of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// What is written.
    pub to: Columnar,
    /// The share of records that cannot be converted.
    pub failed: Percent,
}

/// Formats that Firehose converts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columnar {
    /// Apache Parquet.
    Parquet,
    /// Apache ORC.
    Orc,
}

/// Where records come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The Kinesis stream: polled.
    Stream(PollConfig),
    /// A producer that puts to it.
    Producer(usize),
}

/// Reading of the Kinesis stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollConfig {
    /// It begins then, at LATEST.
    pub starts: Dur,
    /// Between GetRecords calls on a shard.
    pub every: Dur,
    /// Does a second reader fetch everything again for the back-up?
    pub twice: bool,
    /// A shard is not read while more than this waits for delivery.
    pub hold: Bytes,
}

/// Buffering hints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferConfig {
    /// Delivered when it holds this much,
    pub size: Bytes,
    /// or when it is so old. Zero: no buffering.
    pub interval: Dur,
    /// What the interval counts from.
    pub timer: Timer,
    /// Buffers side by side (direct puts only; each shard has one of its own).
    pub channels: u32,
}

/// Documented ranges of a stream's buffering hints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HintRanges {
    /// Least, usual and largest size.
    pub size: [Bytes; 3],
    /// Shortest and longest interval.
    pub interval: [Dur; 2],
    /// How long records wait with an interval of zero.
    pub zero_wait: Dur,
}

impl FirehoseConfig {
    /// The same stream with other hints.
    pub fn with_hints(&self, size: Bytes, interval: Dur) -> FirehoseConfig {
        let interval = if interval == Dur::ZERO { self.hints.zero_wait } else { interval };
        FirehoseConfig { buffer: BufferConfig { size, interval, ..self.buffer }, ..self.clone() }
    }
}

/// What the buffer interval counts from; AWS does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The first record of a buffer.
    FirstRecord,
    /// A clock that runs on, whatever comes.
    FreeRunning,
}

/// Delivery.
#[derive(Clone, Debug)]
pub struct DeliveryConfig {
    /// Where failed records lie; `None`: what cannot be delivered is tried until it is too old (S3).
    pub prefix: Option<&'static str>,
    /// One request.
    pub request: LatencyLaw,
    /// An answer that takes longer never comes, though the data may have arrived (`None`: it is waited for).
    pub timeout: Option<Dur>,
    /// Records of one request at most.
    pub request_records: Option<u64>,
    /// Does a delivery that timed out leave a copy at the destination?
    pub duplicates: bool,
    /// Share of requests that fail and may be tried again.
    pub failing: Percent,
    /// Share of requests that time out though their data arrive.
    pub timed_out: Percent,
    /// What is refused for good.
    pub rejected: Rejected,
    /// First wait after a failed request; doubled each time.
    pub backoff: Dur,
    /// Longest wait.
    pub backoff_max: Dur,
    /// Drawn around each wait, either way.
    pub backoff_jitter: Percent,
    /// How long it is tried again (`None`: always).
    pub retry: Option<Retry>,
    /// Given up when older than this (direct puts; the stream's retention does it otherwise).
    pub give_up: Option<Dur>,
    /// (from, until) of the destination's outages.
    pub outages: Vec<(u64, u64)>,
}

/// How long deliveries are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Since the first attempt began.
    SinceFirst(Dur),
    /// Waits between attempts, without the time spent on answers.
    Waits(Dur),
}

/// What a destination refuses for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// A share of records: they fail at once.
    Records(Percent),
    /// A share of requests (HTTP status 413): their records are gone.
    Requests(Percent),
}
