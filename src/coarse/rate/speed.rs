//! How fast a plain reader works off a shard's backlog.
//!
//! A poll returns what its limits allow and takes its turn, the call and the work on it; all pollers of a shard share
//! its calls and bytes per second. A fan-out consumer has its own bytes. While it is behind, every batch is full.

use crate::consumer::config::{ApplicationConfig, ConsumerConfig, PollingConfig, ReadConfig};
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
}

/// One reader's pace on one shard.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// Records per second.
    pub records: f64,
    /// Records of one batch.
    pub batch: f64,
    /// Mean time of work on one record, ns.
    pub per_record: f64,
    /// Mean time of work on one batch besides, ns.
    pub per_call: f64,
}

/// Calls per second of a poller on one shard (0: it does not poll).
pub fn turns(config: &ConsumerConfig) -> f64 {
    match &config.read {
        ReadConfig::Polling(p) => NS_PER_S as f64 / (p.interval.0 as f64 + p.jitter.0 as f64 / 2.0).max(1.0),
        ReadConfig::FanOut(_) => 0.0,
    }
}

/// The pace of a consumer that works `slower` times slower than usual, on records of `size` bytes.
pub fn pace(config: &ConsumerConfig, slower: f64, size: f64, limits: &ReadLimits, company: Company) -> Pace {
    let per_record = config.processing.per_record.sampler().mean() * slower;
    let per_call = config.processing.per_call.sampler().mean() * slower;
    let size = size.max(1.0);
    let (records, batch) = match &config.read {
        ReadConfig::Polling(p) => {
            let batch = f64::from(p.limit).min(p.max_bytes.0 as f64 / size).max(1.0);
            let refused = (company.calls_per_s / limits.calls_per_s.max(1) as f64).max(1.0);
            let cycle = cycle(config, p, refused, per_call + batch * per_record);
            let all = limits.bytes_per_s as f64;
            let bytes = ((all - company.calm_bytes_per_s) / company.hungry.max(1.0)).max(0.0);
            ((batch * NS_PER_S as f64 / cycle).min(bytes / size), batch)
        }
        ReadConfig::FanOut(f) => {
            let batch = GET_RECORDS_MAX_RECORDS.count() as f64;
            let busy = (per_call + batch * per_record).max(1.0);
            ((batch * NS_PER_S as f64 / busy).min(f.bytes_per_s as f64 / size), batch)
        }
    };
    // A KCL application skips what fails.
    let again = !matches!(config.client, ApplicationConfig::Kcl(_));
    let redone = if again { config.failure_rate.fraction() } else { 0.0 };
    Pace { records: records * (1.0 - redone), batch, per_record, per_call }
}

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
