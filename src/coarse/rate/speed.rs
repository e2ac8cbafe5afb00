//! How fast a consumer works off a shard's backlog.
//!
//! A poll returns what its limits allow and takes its turn, the call and the work on it; all pollers of a shard share
//! its calls and bytes per second. A fan-out consumer has its own bytes. While it is behind, every batch is full. A KCL
//! application reads on while it works; a function is invoked with its own batches, in lanes side by side.

use crate::consumer::config::{ApplicationConfig, ConsumerConfig, PollingConfig, ReadConfig};
use crate::consumer::flink::config::SourceConfig;
use crate::consumer::kcl::config::Prefetch;
use crate::consumer::lambda::LambdaConfig;
use crate::facts::data_streams::GET_RECORDS_MAX_RECORDS;
use crate::stream::config::ReadLimits;
use crate::units::NS_PER_S;

/// What else reads a shard.
#[derive(Clone, Copy, Debug)]
pub struct Company {
    /// Calls per second of all its pollers, if none were refused.
    pub calls_per_s: f64,
    /// Bytes per second that pollers without a backlog read.
    pub calm_bytes_per_s: f64,
    /// Pollers with a backlog.
    pub hungry: f64,
    /// Open shards.
    pub shards: f64,
}

/// One reader's pace on one shard.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// Records per second.
    pub records: f64,
    /// Records of a full batch.
    pub batch: f64,
    /// From one batch to the next, ns, if all are full.
    pub cycle: f64,
    /// Mean time of work on one record, ns.
    pub per_record: f64,
    /// Mean time of work on one batch besides, ns.
    pub per_call: f64,
    /// Received to processed of the first and the last record of a batch of so many records.
    pub together: bool,
    /// Records that may wait received for those before them to be worked on.
    pub ahead: f64,
}

impl Pace {
    /// Work on a batch, ns.
    pub fn work(&self, records: f64) -> f64 {
        self.per_call + records * self.per_record
    }

    /// Received to processed of the first and the last record of a batch.
    pub fn processing(&self, batch: f64) -> (f64, f64) {
        let all = self.work(batch);
        (if self.together { all } else { self.work(1.0) }, all)
    }

    /// Is it the work, and not the reading, that takes the time?
    pub fn is_busy(&self) -> bool {
        self.cycle <= self.work(self.batch)
    }
}

/// Calls per second of a poller on one shard (0: it does not poll).
pub fn turns(config: &ConsumerConfig) -> f64 {
    if let ApplicationConfig::Flink(flink) = &config.client
        && let SourceConfig::Legacy { interval, .. } = flink.source
    {
        return NS_PER_S as f64 / (interval.0 as f64).max(1.0);
    }
    match &config.read {
        ReadConfig::Polling(p) => NS_PER_S as f64 / (p.interval.0 as f64 + p.jitter.0 as f64 / 2.0).max(1.0),
        ReadConfig::FanOut(_) => 0.0,
    }
}

/// The pace of a consumer that works `slower` times slower than usual, on records of `size` bytes.
pub fn pace(config: &ConsumerConfig, slower: f64, size: f64, limits: &ReadLimits, company: Company) -> Pace {
    let size = size.max(1.0);
    let mut pace = Pace {
        per_record: config.processing.per_record.sampler().mean() * slower,
        per_call: config.processing.per_call.sampler().mean() * slower,
        ..Pace::default()
    };
    let bytes_per_s;
    match &config.read {
        ReadConfig::Polling(p) => {
            pace.batch = f64::from(p.limit).min(p.max_bytes.0 as f64 / size).max(1.0);
            let refused = (company.calls_per_s / limits.calls_per_s.max(1) as f64).max(1.0);
            pace.cycle = cycle(config, p, refused, pace.work(pace.batch));
            let all = limits.bytes_per_s as f64;
            bytes_per_s = ((all - company.calm_bytes_per_s) / company.hungry.max(1.0)).max(0.0);
        }
        ReadConfig::FanOut(f) => {
            pace.batch = GET_RECORDS_MAX_RECORDS.count() as f64;
            pace.cycle = pace.work(pace.batch).max(1.0);
            bytes_per_s = f.bytes_per_s as f64;
        }
    }
    let mut lanes = 1.0;
    match &config.client {
        ApplicationConfig::Kcl(kcl) => {
            // What waits, and the answer after which reading pauses.
            let ahead = |a: Prefetch| {
                let full = (a.records as f64).min(a.bytes.0 as f64 / size) + pace.batch;
                full.min(f64::from(a.inputs) * pace.batch)
            };
            pace.ahead = kcl.prefetch.map_or(0.0, ahead);
        }
        ApplicationConfig::Lambda(lambda) => {
            let event = size * 4.0 / 3.0 + lambda.record_overhead.0 as f64;
            pace.batch = (lambda.batch_size as f64).min(lambda.max_payload.0 as f64 / event).max(1.0);
            pace.cycle = attempts(config, lambda, pace.work(pace.batch)).max(1.0);
            pace.together = true;
            lanes = f64::from(lambda.parallelization_factor.max(1));
            lanes = lanes.min(f64::from(lambda.concurrency) / company.shards.max(1.0));
        }
        _ => pace.cycle /= 1.0 - config.failure_rate.fraction(),
    }
    pace.records = (lanes * pace.batch * NS_PER_S as f64 / pace.cycle).min(bytes_per_s / size);
    pace
}

/// How long a batch blocks its lane: every attempt, and the waits between them.
fn attempts(config: &ConsumerConfig, lambda: &LambdaConfig, work: f64) -> f64 {
    let fails = config.failure_rate.fraction();
    let (mut all, mut share, mut wait) = (work, fails, lambda.retry_delay.0 as f64);
    let most = lambda.retry_attempts.unwrap_or(u32::MAX).min(ATTEMPTS_MOST);
    for _ in 0..most {
        all += share * (wait + work);
        share *= fails;
        wait = (wait * 2.0).min(lambda.retry_delay_max.0 as f64);
    }
    all
}

/// Later ones add nothing.
const ATTEMPTS_MOST: u32 = 1000;

/// From one call to the next of a poller whose answers take so long to work on; `refused`: how many calls one takes.
fn cycle(config: &ConsumerConfig, p: &PollingConfig, refused: f64, work: f64) -> f64 {
    let latency = p.call_latency.sampler().mean();
    match &config.client {
        // Calls go on while a batch is worked on.
        ApplicationConfig::Kcl(kcl) if kcl.prefetch.is_some() => {
            (latency + p.interval.0 as f64 * refused).max(work)
        }
        // The worker's loop comes by once in an interval.
        ApplicationConfig::Kcl(_) => {
            let round = (p.interval.0 as f64 * refused).max(1.0);
            ((latency + work) / round).ceil().max(1.0) * round
        }
        _ => (NS_PER_S as f64 / turns(config) * refused).max(latency + work),
    }
}
