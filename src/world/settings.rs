//! The scenario as the lanes want it: looked up once, shared by all.

use super::config::{Action, WorldConfig};
use super::sources;
use crate::api::Position;
use crate::consumer::config::{ApplicationConfig, Happening, Pace, PollingConfig, ReadConfig};
use crate::producer::config::{ClientConfig, ProducerConfig, PutCall, RetryLaw};
use crate::producer::retry::Sleeps;
use crate::random::{LatencyLaw, LatencySampler, Seed};
use crate::stream::config::{AdmissionConfig, ReadLimits};

/// What every lane may look at.
pub struct Settings {
    /// Root of randomness.
    pub seed: Seed,
    /// Per producer.
    pub producers: Vec<ProducerSettings>,
    /// Per consumer.
    pub consumers: Vec<ConsumerSettings>,
    /// Write limits of a shard.
    pub admission: AdmissionConfig,
    /// Read limits of a shard.
    pub reads: ReadLimits,
    /// Stored to readable.
    pub visibility: u64,
    /// Does a client pack several records into one entry?
    pub packs: bool,
    /// Does a consumer look at partition keys?
    pub keeps_marks: bool,
    /// How long records stay readable (events change it).
    pub retention: u64,
    /// The record that `kinesim trace` follows: (birth, position) of it.
    pub traced: Option<(u64, u64)>,
}

/// One producer.
pub struct ProducerSettings {
    /// Name.
    pub name: String,
    /// Attempts and sleeps, where the shard's lane plays the client.
    pub retry: Sleeps,
    /// Request's way to the shard.
    pub leg: u64,
    /// Send to answer, where the shard's lane plays the client (then it is constant).
    pub answer: u64,
    /// No limit couples its records: each lane plays its own share.
    pub alone: bool,
    /// Key bytes in each size (0 when they do not count): they are not billed.
    pub key_bytes: u64,
}

/// One consumer.
pub struct ConsumerSettings {
    /// Name.
    pub name: String,
    /// How it reads.
    pub read: Reading,
    /// Processing per batch and per record.
    pub per_call: LatencySampler,
    /// Per record.
    pub per_record: LatencySampler,
    /// Does processing take no time at all?
    pub instant: bool,
    /// Failed batches in parts per billion.
    pub failure_ppb: u64,
    /// Moment of the first read, and where it begins.
    pub starts: u64,
    /// Where it begins in a shard.
    pub from: Position,
    /// Is it played by a machine of its own, not by the shards' lanes?
    pub is_application: bool,
    /// (from, until) of outages, in order.
    pub outages: Vec<(u64, u64)>,
    /// (from, until, factor) of slow spells.
    pub slow: Vec<(u64, u64, u64)>,
}

/// How a consumer reads.
pub enum Reading {
    /// GetRecords.
    Polling { config: PollingConfig, interval: LatencySampler, latency: LatencySampler },
    /// Fan-out.
    FanOut { latency: LatencySampler, bytes_per_s: u64, renew_every: u64, gap: u64 },
}

impl Settings {
    /// Looks everything up.
    pub fn new(config: &WorldConfig) -> Settings {
        Settings {
            seed: config.seed,
            producers: config
                .producers
                .iter()
                .enumerate()
                .map(|(i, p)| producer(p, is_troubled(config, i), config.stream.admission.count_key_bytes))
                .collect(),
            consumers: (0..config.consumers.len()).map(|c| consumer(config, c)).collect(),
            admission: config.stream.admission,
            reads: config.stream.reads,
            visibility: config.stream.visibility.0,
            keeps_marks: config.consumers.iter().any(|c| c.client.looks_at_keys()),
            packs: config.producers.iter().any(|p| p.client.packs()),
            retention: config.stream.retention.0,
            traced: None,
        }
    }
}

/// Does something happen to its processes or their network?
fn is_troubled(config: &WorldConfig, index: usize) -> bool {
    config.events.iter().any(|e| match e.action {
        Action::ProcessRestart { producer, .. } => producer == index,
        _ => sources::trouble(e, index).is_some(),
    })
}

fn producer(config: &ProducerConfig, is_troubled: bool, count_key_bytes: bool) -> ProducerSettings {
    let latency = config.client.put_latency().sampler();
    let constant = latency.is_constant();
    let played = played_by_lanes(&config.client).filter(|_| constant.is_some() && !is_troubled);
    ProducerSettings {
        name: config.name.clone(),
        alone: played.is_some(),
        retry: Sleeps::new(played.unwrap_or(&RetryLaw::NEVER)),
        // Assumed: an entry is judged half-way through the fastest call.
        leg: latency.min() / 2,
        answer: constant.unwrap_or(0),
        key_bytes: if count_key_bytes { config.demand.key_bytes.0 } else { 0 },
    }
}

/// The retry law of a client without any limit that couples its records: shards' lanes can play it.
pub fn played_by_lanes(client: &ClientConfig) -> Option<&RetryLaw> {
    let ClientConfig::Sdk(sdk) = client else { return None };
    let unlimited = sdk.in_flight.is_none() && sdk.buffer.is_none();
    let free = sdk.retry.quota.is_none() && !sdk.retry.adaptive;
    (unlimited && free && sdk.call == PutCall::PutRecord).then_some(&sdk.retry)
}

/// What will happen to a consumer.
pub fn happenings(config: &WorldConfig, index: usize) -> impl Iterator<Item = (u64, Happening)> {
    config.events.iter().filter_map(move |event| match event.action {
        Action::Consumer { consumer, what } if consumer.is_none_or(|i| i == index) => {
            Some((event.at.0, what))
        }
        _ => None,
    })
}

fn consumer(config: &WorldConfig, index: usize) -> ConsumerSettings {
    let c = &config.consumers[index];
    let mut outages: Vec<_> = happenings(config, index).filter_map(|(at, what)| what.outage(at)).collect();
    outages.sort_unstable();
    let (per_call, per_record) = (c.processing.per_call.sampler(), c.processing.per_record.sampler());
    ConsumerSettings {
        name: c.name.clone(),
        read: match &c.read {
            ReadConfig::Polling(p) => {
                let interval = match p.pace {
                    Pace::Even => LatencyLaw::Constant(p.interval),
                    Pace::Random => LatencyLaw::Exponential { mean: p.interval },
                };
                let (interval, latency) = (interval.sampler(), p.call_latency.sampler());
                Reading::Polling { config: p.clone(), interval, latency }
            }
            ReadConfig::FanOut(f) => Reading::FanOut {
                latency: f.push_latency.sampler(),
                bytes_per_s: f.bytes_per_s,
                renew_every: f.renew_every.0,
                gap: f.renewal_gap.0,
            },
        },
        instant: per_call.is_constant() == Some(0) && per_record.is_constant() == Some(0),
        per_call,
        per_record,
        failure_ppb: c.failure_rate.0,
        starts: c.starts.at.0,
        from: c.starts.from,
        is_application: !matches!(c.client, ApplicationConfig::Sdk),
        outages,
        slow: happenings(config, index).filter_map(|(at, what)| what.slow_spell(at)).collect(),
    }
}

impl ConsumerSettings {
    /// The end of the outage that covers `at`, if any.
    pub fn outage_end(&self, at: u64) -> Option<u64> {
        let covering = self.outages.iter().filter(|o| o.0 <= at && at < o.1);
        covering.map(|o| o.1).max()
    }

    /// How long it takes at `at` what takes it `ns` otherwise.
    #[inline]
    pub fn slowed(&self, at: u64, ns: u64) -> u64 {
        if ns == 0 { 0 } else { ns * self.slowness(at) }
    }

    /// How much slower the consumer works at `at`.
    pub fn slowness(&self, at: u64) -> u64 {
        self.slow.iter().filter(|s| s.0 <= at && at < s.1).map(|s| s.2).max().unwrap_or(1)
    }
}
