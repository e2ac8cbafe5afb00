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
    /// How it gathers them.
    pub buffer: BufferConfig,
    /// Where they go.
    pub delivery: DeliveryConfig,
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
    /// One request.
    pub request: LatencyLaw,
    /// First wait after a failed request; doubled each time.
    pub backoff: Dur,
    /// Longest wait.
    pub backoff_max: Dur,
    /// Drawn around each wait, either way.
    pub backoff_jitter: Percent,
    /// Given up when older than this (direct puts; the stream's retention does it otherwise).
    pub give_up: Option<Dur>,
    /// (from, until) of the destination's outages.
    pub outages: Vec<(u64, u64)>,
}
