//! The small world that is simulated record by record at an operating point.
//!
//! Where some shards stand for all, a client that gathers records for many shards in one call gathers fewer, in
//! proportion, so that each shard sees as many entries of a call as before.

use super::lengths::{BUSY, Load};
use super::places::Places;
use super::stands::Sample;
use crate::consumer::config::{ApplicationConfig, ConsumerConfig};
use crate::consumer::kcl::config::LeaseTable;
use crate::producer::config::{ClientConfig, KeyLaw, PutCall, RateShape, SdkConfig, SizeLaw};
use crate::producer::keys::KeyTable;
use crate::random::LatencyLaw;
use crate::record::Shard;
use crate::stream::config::Mode;
use crate::stream::routing::{ShardMap, uniform_start};
use crate::units::{Bytes, Dur, NS_PER_S, Percent, RecordRate};
use crate::world::config::WorldConfig;
use std::sync::Arc;

/// Keys of one shard that are told apart; more are spread evenly.
const KEYS_MOST: usize = 20_000;
/// Places of a shard's records where keys are not told apart.
const SPREAD: u64 = 64;

/// What a producer offers at an operating point.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The shape of its rate inside a step, with its mean scaled to the point.
    pub rate: RateShape,
    /// Bytes of a record, where they follow a trace.
    pub size: Option<Bytes>,
    /// Records per second on average, of the whole stream.
    pub per_s: f64,
    /// Mean bytes of a record, where shards are limited by bytes rather than by records.
    pub bytes_bind: Option<f64>,
    /// Records that one call should gather where few clients play many (`gathered`).
    pub gathered: f64,
}

impl Offer {
    /// The same at so many times its rate.
    pub fn times(&self, factor: f64) -> Offer {
        Offer { rate: scaled(&self.rate, factor), ..self.clone() }
    }
}

/// What is simulated record by record at an operating point.
pub struct Small<'a> {
    /// The scenario.
    pub config: &'a WorldConfig,
    /// Its stream now.
    pub map: &'a ShardMap,
    /// Its producers' keys.
    pub places: &'a [Places],
    /// Each producer's hot spell now.
    pub hot: &'a [f64],
    /// The stands.
    pub sample: &'a Sample,
    /// Which consumers read, and how many times slower each works.
    pub readers: &'a [Option<u64>],
}

impl Small<'_> {
    /// The small world: the stands as a stream of their own, constant load, no events.
    pub fn world(&self, offers: &[Offer], length: u64) -> WorldConfig {
        let mut world = self.config.clone();
        world.duration = Dur(length);
        world.mode = Mode::Provisioned;
        world.events.clear();
        world.stream.shards = Some(self.sample.stands.len() as u32);
        world.tables.resize(world.producers.len(), None);
        for (p, offer) in offers.iter().enumerate() {
            let part = self.sample.part(p);
            let producer = &mut world.producers[p];
            producer.demand.rate = scaled(&offer.rate, part);
            if let Some(size) = offer.size {
                producer.demand.record_size = SizeLaw::Fixed(size);
            }
            if part < 1.0 {
                shrink(&mut producer.client, part, offer, producer.demand.key_bytes);
            }
            if let Some(table) = self.table(p) {
                // The law only says that there is a table.
                producer.demand.keys =
                    KeyLaw::Zipf { distinct: table.positions().len() as u64, exponent_milli: 0 };
                world.tables[p] = Some(table);
            }
        }
        for (consumer, reads) in world.consumers.iter_mut().zip(self.readers) {
            match reads {
                Some(slower) => {
                    slow(consumer, *slower);
                    let part = self.sample.stands.len() as f64 / self.sample.shown.len() as f64;
                    settle(&mut consumer.client, part);
                }
                None => consumer.starts.at = Dur(u64::MAX / 4),
            }
            if reads.is_some() {
                consumer.starts.at = Dur::ZERO;
            }
        }
        world
    }

    /// A key table that sends each stand its share; `None`: the scenario's own keys do.
    fn table(&self, p: usize) -> Option<Arc<KeyTable>> {
        let (places, stands) = (&self.places[p], &self.sample.stands);
        let n = stands.len() as u32;
        if places.to_firehose() {
            return None;
        }
        let as_made = self.sample.whole && self.map.shards().len() == self.map.open().len();
        if as_made && self.hot[p] == 0.0 {
            return None;
        }
        let first = stands[0].shares[p];
        if places.anywhere() && stands.iter().all(|s| (s.shares[p] - first).abs() < 1e-9 * first) {
            return None;
        }
        let (mut positions, mut weights) = (Vec::new(), Vec::new());
        for (i, stand) in stands.iter().enumerate() {
            let start = (uniform_start(i as u32, n) >> 64) as u64 + u64::from(i > 0);
            let width = ((u128::MAX / u128::from(n)) >> 64) as u64 - 2;
            let shard: &Shard = &self.map.shards()[stand.shard as usize];
            let spread =
                || (0..SPREAD).map(|k| ((2 * k + 1) << 57, stand.shares[p] / SPREAD as f64)).collect();
            let keys = places.keys_of(shard, self.hot[p], KEYS_MOST).unwrap_or_else(spread);
            for (up, weight) in keys {
                positions.push(start + ((u128::from(up) * u128::from(width)) >> 64) as u64);
                weights.push(weight);
            }
        }
        KeyTable::weighted(positions, &weights)
    }
}

/// The same shape at a part of its rates.
fn scaled(shape: &RateShape, part: f64) -> RateShape {
    let of = |r: RecordRate| RecordRate((r.0 as f64 * part + 0.5) as u64);
    match shape {
        RateShape::OnOff { on, on_for, off, off_for } => {
            RateShape::OnOff { on: of(*on), on_for: *on_for, off: of(*off), off_for: *off_for }
        }
        RateShape::Constant(rate) => RateShape::Constant(of(*rate)),
        other => other.clone(),
    }
}

/// Records that a call should still hold where fewer clients play all of them (its first one waits longest), and how
/// many are no longer told from more.
const GATHERED: (f64, f64) = (8.0, 64.0);
/// No call should bring one shard more than this part of what it takes in a second.
const AT_ONCE: f64 = 0.01;

/// Records of one call that clients of a part should gather: many where no shard is near its limit, so that few clients
/// play all of them; few near it, where records that come together are refused together.
pub fn gathered(loads: &[Load]) -> f64 {
    if loads.iter().any(|l| l.utilisation > BUSY) {
        return GATHERED.0;
    }
    let narrowest = loads.iter().map(|l| l.capacity).fold(f64::MAX, f64::min);
    (narrowest * AT_ONCE * loads.len() as f64).clamp(GATHERED.0, GATHERED.1)
}

/// How many processes serve a part of the shards.
///
/// A process that gathers for all shards gathers a part of that for some. With too few records a call its rhythm is
/// no longer that of the scenario, so there are fewer processes then, each with more of the records.
fn processes(sdk: &SdkConfig, part: f64, offer: &Offer) -> u32 {
    let PutCall::PutRecords { max_records, linger, .. } = &sdk.call else {
        return ((f64::from(sdk.instances) * part + 0.5) as u32).max(1);
    };
    let gathered = 1.0 + offer.per_s / f64::from(sdk.instances.max(1)) * linger.0 as f64 / NS_PER_S as f64;
    let call = gathered.min(f64::from(*max_records));
    let fewer = f64::from(sdk.instances) * part * call / call.min(offer.gathered);
    (fewer.ceil() as u32).clamp(1, sdk.instances)
}

/// A client that serves a part of the shards with a part of the records.
fn shrink(client: &mut ClientConfig, part: f64, offer: &Offer, key: Bytes) {
    let count = |n: u32, part: f64| ((f64::from(n) * part + 0.5) as u32).max(1);
    let bytes = |b: Bytes, part: f64| Bytes(((b.0 as f64 * part) as u64).max(key.0 + 1));
    match client {
        ClientConfig::Sdk(sdk) => {
            let whole = sdk.instances;
            sdk.instances = processes(sdk, part, offer);
            // Of what one process sends.
            let part = part * f64::from(whole) / f64::from(sdk.instances);
            if let PutCall::PutRecords { max_records, .. } = &mut sdk.call {
                *max_records = count(*max_records, part.min(1.0));
            }
            sdk.buffer = sdk.buffer.map(|b| bytes(b, part.min(1.0)));
        }
        ClientConfig::Kpl(kpl) => kpl.collection_max_count = count(kpl.collection_max_count, part),
        ClientConfig::Agent(agent) => agent.max_buffer_records = count(agent.max_buffer_records, part),
        ClientConfig::FlinkSink(sink) => {
            (sink.max_batch, sink.max_buffered) =
                (count(sink.max_batch, part), count(sink.max_buffered, part));
        }
        ClientConfig::FirehoseDirect(_) => {}
    }
}

/// How many calls the whole makes for one of the part.
pub fn calls_for_one(client: &ClientConfig, part: f64, offer: &Offer) -> f64 {
    match client {
        ClientConfig::Sdk(sdk) if part < 1.0 => {
            f64::from(sdk.instances) / f64::from(processes(sdk, part, offer))
        }
        _ => 1.0,
    }
}

/// A consumer whose code works so many times slower.
fn slow(consumer: &mut ConsumerConfig, factor: u64) {
    if factor == 1 {
        return;
    }
    let times = |law: &LatencyLaw| {
        let of = |d: Dur| Dur(d.0.saturating_mul(factor));
        match law {
            LatencyLaw::Constant(d) => LatencyLaw::Constant(of(*d)),
            LatencyLaw::Uniform { min, max } => LatencyLaw::Uniform { min: of(*min), max: of(*max) },
            LatencyLaw::Exponential { mean } => LatencyLaw::Exponential { mean: of(*mean) },
            LatencyLaw::LogNormal { mean, cv_milli } => {
                LatencyLaw::LogNormal { mean: of(*mean), cv_milli: *cv_milli }
            }
            LatencyLaw::Quantiles(points) => {
                LatencyLaw::Quantiles(points.iter().map(|(q, d)| (*q, of(*d))).collect())
            }
        }
    };
    let work = &mut consumer.processing;
    (work.per_call, work.per_record) = (times(&work.per_call), times(&work.per_record));
}

/// An application at work on a part of the shards: nothing is on its way from one worker to another.
fn settle(client: &mut ApplicationConfig, part: f64) {
    let count = |n: u32| ((f64::from(n) * part + 0.5) as u32).max(1);
    match client {
        ApplicationConfig::Kcl(kcl) => {
            kcl.lease_table = LeaseTable::Balanced;
            kcl.rebalance_threshold = Percent(u64::MAX / 4);
            kcl.workers = count(kcl.workers);
        }
        ApplicationConfig::Lambda(lambda) => lambda.concurrency = count(lambda.concurrency),
        ApplicationConfig::Flink(flink) => flink.parallelism = count(flink.parallelism),
        _ => {}
    }
}
