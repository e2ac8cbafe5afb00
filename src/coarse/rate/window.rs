//! One operating point, measured: a small world simulated record by record, and what it did after its warm-up.
//!
//! Every figure is a difference of two runs of the same draws, one as long as the warm-up and one longer: what the
//! warm-up did falls out exactly. Near its capacity a shard needs minutes to forget how it began (a bucket of a
//! second's worth is a random walk then), so warm-up and window are longest there.

use super::delays::Measured;
use super::numbers::{Calls, Numbers, ReadCalls, grown};
use super::sample::{Offer, Small, calls_for_one};
use crate::measure::result::{ConsumerResult, ProducerResult, RunResult, ShardResult, StreamResult};
use crate::units::NS_PER_S;
use crate::world::{Unfit, simulate};

/// A producer at an operating point. *Gone* records are those stored or given up.
#[derive(Clone, Debug, Default)]
pub struct ProducerPoint {
    /// Records gone per second, of the whole stream.
    pub gone: f64,
    /// Does more come than goes, so that a queue grows in the client?
    pub grows: bool,
    /// Bytes born per record, as drawn.
    pub born_bytes: f64,
    /// Per record gone.
    pub counts: Vec<f64>,
    /// Records stored after a later one, per record gone.
    pub overtaken: Option<f64>,
    /// Records given up by cause, per record gone.
    pub lost: Vec<f64>,
    /// What packing does, per record gone (empty: nothing is packed).
    pub packing: Vec<f64>,
    /// Calls per second, of the whole.
    pub calls: Vec<f64>,
    /// Largest memory seen: records, bytes.
    pub buffered: (u64, u64),
    /// Born to first sent.
    pub buffering: Measured,
    /// First sent to stored.
    pub put: Measured,
}

/// A consumer at an operating point.
#[derive(Clone, Debug, Default)]
pub struct ConsumerPoint {
    /// Per second and open shard.
    pub reading: Vec<f64>,
    /// Per record delivered for the first time: redeliveries, their bytes, failed batches.
    pub delivery: Vec<f64>,
    /// Largest age of an iterator.
    pub age: u64,
    /// Stored to received.
    pub propagation: Measured,
    /// Received to processed.
    pub processing: Measured,
    /// Born to processed.
    pub end_to_end: Measured,
}

/// A simulated shard at an operating point, per second.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandPoint {
    /// Kinesis records stored.
    pub stored: f64,
    /// Their bytes.
    pub bytes: f64,
    /// Attempts refused.
    pub throttled: f64,
}

/// One operating point.
#[derive(Clone, Debug, Default)]
pub struct Point {
    /// Producers, in the scenario's order.
    pub producers: Vec<ProducerPoint>,
    /// Consumers, in the scenario's order.
    pub consumers: Vec<ConsumerPoint>,
    /// Simulated shards.
    pub stands: Vec<StandPoint>,
    /// The stream's counts per record gone.
    pub stream: Vec<f64>,
    /// Share of put calls of which something was stored.
    pub calls_ok: f64,
    /// Mean latency of a put call, ns.
    pub call_latency: f64,
    /// Share of seconds in which a simulated shard refused something.
    pub throttled_seconds: f64,
}

/// How long a window is.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    /// Before it, ns.
    pub warm: u64,
    /// Itself, ns.
    pub window: u64,
}

/// How much a measurement may cost.
#[derive(Clone, Copy, Debug)]
pub struct Care {
    /// Open shards up to which all are simulated.
    pub most: usize,
    /// Above that: shards that stand for many.
    pub ranked: usize,
    /// Records a window should hold.
    pub records: f64,
    /// Warm-up and window, in seconds, near a shard's capacity.
    pub near: (u64, u64),
}

/// A window may be stretched or cut this far for its records.
const SHORTEST_S: u64 = 20;
const LONGEST_S: u64 = 240;
/// Distance from the capacity within which shards remember how they began.
const NEAR: f64 = 0.04;
/// Retries under overload need this long to come to rest; a calm stream needs less.
const BUSY_WARM_S: u64 = 60;
const CALM_WARM_S: u64 = 20;
const BUSY: f64 = 0.9;

impl Length {
    /// For `rate` records per second in the small world; `load` is the stands' utilisations.
    pub fn at(rate: f64, mut load: impl Iterator<Item = f64> + Clone, care: Care) -> Length {
        let near = load.clone().any(|u| (u - 1.0).abs() <= NEAR);
        let busy = load.any(|u| u > BUSY);
        let enough = (care.records / rate.max(1.0)) as u64;
        let (warm, window) = match (near, busy) {
            (true, _) => care.near,
            (false, true) => (BUSY_WARM_S, enough.clamp(2 * SHORTEST_S, LONGEST_S)),
            _ => (CALM_WARM_S, enough.clamp(SHORTEST_S, LONGEST_S)),
        };
        Length { warm: warm * NS_PER_S, window: window * NS_PER_S }
    }
}

/// A queue grows when this share of what is born stays.
const GROWS: f64 = 0.02;

/// Measures a point, and what its warm-up was: how a run begins there.
pub fn measure(small: &Small, offers: &[Offer], length: Length) -> Result<(Point, Point), Unfit> {
    let run = |ns| simulate(&small.world(offers, ns));
    let (before, after) = (run(length.warm)?, run(length.warm + length.window)?);
    let mut opening = between(small, &nothing(&before), &before, length.warm);
    // What is on its way for the first time is no queue.
    opening.producers.iter_mut().for_each(|p| p.grows = false);
    Ok((between(small, &before, &after, length.window), opening))
}

/// A run that has counted nothing yet.
fn nothing(run: &RunResult) -> RunResult {
    let mut none = run.clone();
    for p in &mut none.producers {
        let packing = p.packing.map(|_| Default::default());
        *p = ProducerResult { packing, overtaken: Some(0), ..ProducerResult::default() };
    }
    none.consumers.iter_mut().for_each(|c| *c = ConsumerResult::default());
    none.shards.iter_mut().for_each(|s| *s = ShardResult::default());
    none.stream = StreamResult::default();
    let series = &mut none.series;
    [&mut series.put_calls, &mut series.put_calls_ok, &mut series.put_latency_ns_sum]
        .into_iter()
        .for_each(Vec::clear);
    none
}

/// What a run did between two moments, `window` apart.
fn between(small: &Small, before: &RunResult, after: &RunResult, window: u64) -> Point {
    let seconds = window as f64 / NS_PER_S as f64;
    let sides = before.producers.iter().zip(&after.producers);
    let producers = sides.zip(&small.config.producers).enumerate().map(|(p, ((b, a), config))| {
        let part = small.sample.part(p);
        producer(b, a, seconds * part, seconds / calls_for_one(&config.client, part))
    });
    let sum = |r: &RunResult| r.producers.iter().map(|p| (p.stored + p.lost.all()) as f64).sum::<f64>();
    let gone = (sum(after) - sum(before)).max(1.0);
    let total = |of: fn(&RunResult) -> &Vec<u64>| {
        (of(after).iter().sum::<u64>() - of(before).iter().sum::<u64>()) as f64
    };
    let calls = total(|r| &r.series.put_calls).max(1.0);
    let stands = before.shards.iter().zip(&after.shards).map(|(b, a)| StandPoint {
        stored: (a.stored - b.stored) as f64 / seconds,
        bytes: (a.stored_bytes - b.stored_bytes) as f64 / seconds,
        throttled: (a.throttled - b.throttled) as f64 / seconds,
    });
    let shards = small.sample.stands.len() as f64;
    let consumers = before.consumers.iter().zip(&after.consumers);
    Point {
        consumers: consumers.map(|(b, a)| consumer(b, a, seconds * shards)).collect(),
        producers: producers.collect(),
        stands: stands.collect(),
        stream: grown(&before.stream.of(), &after.stream.of()).iter().map(|n| n / gone).collect(),
        calls_ok: total(|r| &r.series.put_calls_ok) / calls,
        call_latency: total(|r| &r.series.put_latency_ns_sum) / calls,
        throttled_seconds: (after.stream.throttled_seconds - before.stream.throttled_seconds) as f64
            / seconds,
    }
}

fn producer(b: &ProducerResult, a: &ProducerResult, seconds: f64, call_seconds: f64) -> ProducerPoint {
    let gone = (a.stored + a.lost.all()) as f64 - (b.stored + b.lost.all()) as f64;
    let born = (a.born - b.born) as f64;
    let per_gone = |numbers: Vec<f64>| numbers.iter().map(|n| n / gone.max(1.0)).collect::<Vec<f64>>();
    let packing = match (&b.packing, &a.packing) {
        (Some(b), Some(a)) => per_gone(grown(&b.of(), &a.of())),
        _ => Vec::new(),
    };
    ProducerPoint {
        gone: gone / seconds,
        grows: a.held as f64 - b.held as f64 > GROWS * born,
        born_bytes: (a.born_bytes - b.born_bytes) as f64 / born.max(1.0),
        counts: per_gone(grown(&b.of(), &a.of())),
        overtaken: a.overtaken.zip(b.overtaken).map(|(a, b)| (a - b) as f64 / gone.max(1.0)),
        lost: per_gone(grown(&b.lost.of(), &a.lost.of())),
        packing,
        calls: grown(&Calls::of(b), &Calls::of(a)).iter().map(|n| n / call_seconds).collect(),
        buffered: (a.buffered_records_max, a.buffered_bytes_max),
        buffering: Measured::between(&b.buffering, &a.buffering),
        put: Measured::between(&b.put, &a.put),
    }
}

fn consumer(b: &ConsumerResult, a: &ConsumerResult, shard_seconds: f64) -> ConsumerPoint {
    let delivered = (a.first_deliveries - b.first_deliveries) as f64;
    ConsumerPoint {
        reading: grown(&ReadCalls::of(b), &ReadCalls::of(a)).iter().map(|n| n / shard_seconds).collect(),
        delivery: grown(&b.of(), &a.of()).iter().map(|n| n / delivered.max(1.0)).collect(),
        age: a.iterator_age_ns_max,
        propagation: Measured::between(&b.propagation, &a.propagation),
        processing: Measured::between(&b.processing, &a.processing),
        end_to_end: Measured::between(&b.end_to_end, &a.end_to_end),
    }
}
