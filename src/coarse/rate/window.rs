//! One operating point, measured: a small world simulated record by record, and what it did after its warm-up.
//!
//! Every figure is a difference of two runs of the same draws, one as long as the warm-up and one longer: what the
//! warm-up did falls out exactly. Near its capacity a shard needs minutes to forget how it began (a bucket of a
//! second's worth is a random walk then), so warm-up and window are longest there.

use super::clients;
use super::delays::Measured;
use super::doors;
use super::lengths::{Care, FULL, Length, Load, Near};
use super::numbers::{Calls, Numbers, ReadCalls, grown};
use super::sample::{Offer, Small, calls_for_one};
use super::stands::Sample;
use crate::measure::result::{
    ConsumerResult, IntakeResult, ProducerResult, RunResult, ShardResult, StreamResult,
};
use crate::producer::config::ProducerConfig;
use crate::units::NS_PER_S;
use crate::world::{Unfit, simulate};

/// A producer at an operating point. *Gone* records are those stored or given up.
#[derive(Clone, Debug, Default)]
pub struct ProducerPoint {
    /// Records born per second, as drawn, of the whole stream.
    pub born: f64,
    /// Records gone per second, of the whole stream.
    pub gone: f64,
    /// In the client or on the way, at the window's two ends on average, of the whole stream.
    pub held: f64,
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
    /// Puts to Firehose: what its intake counts per record gone (`None`: it puts to the stream).
    pub intake: Option<Vec<f64>>,
}

/// A consumer at an operating point.
#[derive(Clone, Debug, Default)]
pub struct ConsumerPoint {
    /// Records delivered for the first time for one that was stored: a reader that others starve falls behind.
    pub keeps_up: f64,
    /// Per second and open shard.
    pub reading: Vec<f64>,
    /// Per record that leaves its hands: redeliveries, their bytes, failed batches, what was not delivered.
    pub delivery: Vec<f64>,
    /// What its client counts, per second and open shard.
    pub client: Vec<f64>,
    /// The largest of its other figures.
    pub client_most: Vec<f64>,
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

/// A queue grows when this share of what is born stays.
const GROWS: f64 = 0.02;
/// Or this share, where it is far more than births scatter.
const CREEPS: f64 = 0.004;
const SCATTER: f64 = 4.0;

/// Does a queue that has grown so much, of so many that were born, grow for good?
fn is_growing(grown: f64, born: f64) -> bool {
    grown > GROWS * born || (grown > CREEPS * born && grown > SCATTER * born.sqrt())
}

/// A run from its beginning on, while nothing changes.
pub fn from_the_start(small: &Small, offers: &[Offer], length: u64) -> Result<Point, Unfit> {
    let run = simulate(&small.world(offers, length))?;
    let mut point = between(small, offers, (&nothing(&run), &run), length);
    point.producers.iter_mut().for_each(|p| p.grows = false);
    Ok(point)
}

/// Offers at which the window's draws bear as many records, or bytes, as are expected.
fn as_expected(small: &Small, offers: &[Offer], window: u64, (b, a): (&RunResult, &RunResult)) -> Vec<Offer> {
    let seconds = window as f64 / NS_PER_S as f64;
    let by = |(p, offer): (usize, &Offer)| {
        let (b, a) = (&b.producers[p], &a.producers[p]);
        let wanted = offer.per_s * small.sample.part(p) * seconds;
        let drawn = match offer.bytes_bind {
            Some(bytes) => (a.born_bytes - b.born_bytes) as f64 / bytes,
            None => (a.born - b.born) as f64,
        };
        if drawn > 0.0 { offer.times(wanted / drawn) } else { offer.clone() }
    };
    offers.iter().enumerate().map(by).collect()
}

/// Measures a point, and what its warm-up was: how a run begins there.
pub fn measure(
    small: &Small,
    offers: &[Offer],
    loads: &[Load],
    length: Length,
    care: Care,
) -> Result<(Point, Point), Unfit> {
    let all = length.warm + length.window;
    let run = |offers: &[Offer]| -> Result<(RunResult, RunResult), Unfit> {
        Ok((simulate(&small.world(offers, length.warm))?, simulate(&small.world(offers, all))?))
    };
    let (mut before, mut after) = run(offers)?;
    if matches!(care.near, Near::Patient(_)) && loads.iter().any(|l| l.utilisation > FULL) {
        (before, after) = run(&as_expected(small, offers, length.window, (&before, &after)))?;
    }
    let mut opening = between(small, offers, (&nothing(&before), &before), length.warm);
    // What is on its way for the first time is no queue.
    opening.producers.iter_mut().for_each(|p| p.grows = false);
    Ok((between(small, offers, (&before, &after), length.window), opening))
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
    none.intakes.iter_mut().for_each(|i| *i = IntakeResult::default());
    none.stream = StreamResult::default();
    let series = &mut none.series;
    [&mut series.put_calls, &mut series.put_calls_ok, &mut series.put_latency_ns_sum]
        .into_iter()
        .for_each(Vec::clear);
    none
}

/// What a run did between two moments, `window` apart.
fn between(small: &Small, offers: &[Offer], (before, after): (&RunResult, &RunResult), window: u64) -> Point {
    let seconds = window as f64 / NS_PER_S as f64;
    let sides = before.producers.iter().zip(&after.producers);
    let producers = sides.zip(&small.config.producers).enumerate().map(|(p, ((b, a), config))| {
        let part = small.sample.part(p);
        let point =
            producer(b, a, (seconds, part), seconds / calls_for_one(&config.client, part, &offers[p]));
        ProducerPoint { intake: intake(&small.config.producers, p, (before, after)), ..point }
    });
    let sum = |r: &RunResult| {
        let to_stream = r.producers.iter().zip(&small.config.producers);
        let to_stream = to_stream.filter(|(_, config)| config.client.firehose().is_none());
        to_stream.map(|(p, _)| (p.stored + p.lost.all()) as f64).sum::<f64>()
    };
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
    let stands: Vec<StandPoint> = stands.collect();
    let stored = after.stream.stored as f64 - before.stream.stored as f64;
    let shards = small.sample.stands.len() as f64;
    let consumers = before.consumers.iter().zip(&after.consumers);
    Point {
        consumers: consumers.map(|(b, a)| consumer(b, a, (seconds, shards), (calls, stored))).collect(),
        producers: producers.collect(),
        stream: grown(&before.stream.of(), &after.stream.of()).iter().map(|n| n / gone).collect(),
        calls_ok: total(|r| &r.series.put_calls_ok) / calls,
        call_latency: total(|r| &r.series.put_latency_ns_sum) / calls,
        throttled_seconds: of_all(
            small.sample,
            &stands,
            (after.stream.throttled_seconds - before.stream.throttled_seconds) as f64 / seconds,
        ),
        stands,
    }
}

/// The share of seconds in which some shard refuses something, from that of the simulated ones: each that refuses
/// stands for its kind, and those do it at moments of their own.
fn of_all(sample: &Sample, stands: &[StandPoint], share: f64) -> f64 {
    let refused = || sample.stands.iter().zip(stands).map(|(s, point)| (s.stands_for(), point.throttled));
    let all: f64 = refused().map(|(_, refused)| refused).sum();
    if sample.whole || all <= 0.0 {
        return share;
    }
    let times = refused().map(|(shows, refused)| shows * refused).sum::<f64>() / all;
    1.0 - libm::pow(1.0 - share.min(1.0), times.max(1.0))
}

fn producer(
    b: &ProducerResult,
    a: &ProducerResult,
    (seconds, part): (f64, f64),
    call_seconds: f64,
) -> ProducerPoint {
    let seconds = seconds * part;
    let gone = (a.stored + a.lost.all()) as f64 - (b.stored + b.lost.all()) as f64;
    let born = (a.born - b.born) as f64;
    let per_gone = |numbers: Vec<f64>| numbers.iter().map(|n| n / gone.max(1.0)).collect::<Vec<f64>>();
    let packing = match (&b.packing, &a.packing) {
        (Some(b), Some(a)) => per_gone(grown(&b.of(), &a.of())),
        _ => Vec::new(),
    };
    ProducerPoint {
        intake: None,
        born: born / seconds,
        gone: gone / seconds,
        held: (a.held + b.held) as f64 / 2.0 / part.max(1e-12),
        grows: is_growing(a.held as f64 - b.held as f64, born),
        born_bytes: (a.born_bytes - b.born_bytes) as f64 / born.max(1.0),
        counts: per_gone(grown(&b.of(), &a.of())),
        overtaken: a.overtaken.zip(b.overtaken).map(|(a, b)| (a - b) as f64 / gone.max(1.0)),
        lost: per_gone(grown(&b.lost.of(), &a.lost.of())),
        packing,
        calls: grown(&Calls::of(b), &Calls::of(a)).iter().map(|n| n / call_seconds).collect(),
        buffered: (a.buffered_records_max, a.buffered_bytes_max),
        buffering: Measured::between(&b.buffering, &a.buffering).of_batches((a.calls - b.calls) as f64),
        put: Measured::between(&b.put, &a.put).of_batches((a.calls - b.calls) as f64),
    }
}

/// What a producer's intake counts per record gone; `None`: it puts to the stream.
fn intake(
    producers: &[ProducerConfig],
    p: usize,
    (before, after): (&RunResult, &RunResult),
) -> Option<Vec<f64>> {
    producers[p].client.firehose()?;
    let place = producers[..p].iter().filter(|p| p.client.firehose().is_some()).count();
    let of = |r: &RunResult| doors::counts(&r.intakes[place]).to_vec();
    let gone = |r: &RunResult| (r.producers[p].stored + r.producers[p].lost.all()) as f64;
    let all = (gone(after) - gone(before)).max(1.0);
    Some(grown(&of(before), &of(after)).iter().map(|n| n / all).collect())
}

/// `calls` put calls were made meanwhile: what fan-out pushes has come with them.
fn consumer(
    b: &ConsumerResult,
    a: &ConsumerResult,
    (seconds, shards): (f64, f64),
    (calls, stored): (f64, f64),
) -> ConsumerPoint {
    let read = |c: &ConsumerResult| (c.calls - c.empty_calls) as f64;
    let batches = if a.read == "polling" { read(a) - read(b) } else { calls };
    let gone = |c: &ConsumerResult| {
        (c.first_deliveries + c.skipped + c.filtered + c.to_failure_destination + c.discarded) as f64
    };
    let delivered = gone(a) - gone(b);
    let counts = |c: &ConsumerResult| clients::counts(c.client.as_ref());
    // A run that has counted nothing yet has no client.
    let mut before = counts(b);
    before.resize(counts(a).len(), 0.0);
    let shard_seconds = seconds * shards;
    ConsumerPoint {
        client_most: clients::most(a.client.as_ref(), shards),
        client: grown(&before, &counts(a)).iter().map(|n| n / shard_seconds).collect(),
        keeps_up: if stored > 0.0 { delivered / stored } else { 1.0 },
        reading: grown(&ReadCalls::of(b), &ReadCalls::of(a)).iter().map(|n| n / shard_seconds).collect(),
        delivery: grown(&b.of(), &a.of()).iter().map(|n| n / delivered.max(1.0)).collect(),
        age: a.iterator_age_ns_max,
        propagation: Measured::between(&b.propagation, &a.propagation).of_batches(batches),
        processing: Measured::between(&b.processing, &a.processing).of_batches(batches),
        end_to_end: Measured::between(&b.end_to_end, &a.end_to_end).of_batches(batches),
    }
}
