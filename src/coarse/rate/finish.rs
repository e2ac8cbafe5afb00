//! The end of a run: totals become whole numbers, the laws are checked, the result is put together.

use super::book::{ConsumerBook, ProducerBook};
use super::clients;
use super::delays::{Delays, Measured};
use super::numbers::{Calls, Numbers, ReadCalls, whole};
use super::run::Run;
use super::window::Point;
use crate::api::Fate;
use crate::consumer::config::ReadConfig;
use crate::engine::digest::{Digest, Folded};
use crate::measure::clients::ClientResult;
use crate::measure::lost::Lost;
use crate::measure::resolution::{Coarse, Interval, NotShown, Sampled};
use crate::measure::result::{
    ConsumerResult, Digests, IntakeResult, Packing, ProducerResult, RunResult, ShardResult, StreamResult,
};
use crate::producer::config::ClientConfig;
use std::sync::Arc;

/// What rates cannot show.
const NOT_SHOWN: [(&str, &str); 4] = [
    ("largest delays", "no single record is followed, so the one that waits longest is not known"),
    (
        "shards minute by minute",
        "shards are told of their writes when control looks at them, not every minute",
    ),
    ("records out of order", "of single records nobody knows which was delivered after which"),
    ("digest of the demand", "no record is drawn outside the windows that measure an operating point"),
];

/// And where KPL processes send to more shards than are simulated.
const CALLS: (&str, &str) = (
    "calls of KPL producers",
    "a call gathers for many shards, some of which are simulated: the calls counted are the least there can be",
);

impl Run<'_> {
    /// Closes the books.
    pub fn finish(mut self) -> RunResult {
        let end = self.config.duration.0;
        let producers: Vec<ProducerResult> = (0..self.producers.len()).map(|p| self.producer(p)).collect();
        let to_stream = || producers.iter().filter(|p| !p.to_firehose);
        let first: u64 = to_stream().map(|p| p.stored).sum();
        let again: u64 = to_stream().map(|p| p.duplicates).sum();
        let doors = self.doors.iter_mut().enumerate();
        let config = self.config;
        let intakes: Vec<IntakeResult> =
            doors.filter_map(|(p, door)| Some(door.as_mut()?.result(config, p, &producers[p]))).collect();
        let mut stream = StreamResult { stored: first + again, ..StreamResult::default() };
        StreamResult::put(&self.stream.counts, &mut stream);
        if !config.producers.iter().any(|p| p.client.packs()) {
            // One and the same, however the producers' parts round.
            stream.kinesis_records = stream.stored;
        }
        let consumers = (0..self.consumers.len()).map(|c| self.consumer(c, &stream)).collect();
        let coarse = self.coarse();
        let throttled_seconds = whole(self.stream.throttled_seconds);
        let closed = self.carrier.close(end, std::mem::take(&mut self.series));
        let (at_start, most, at_end) = closed.open;
        let hottest = closed.shards.iter().max_by_key(|s| (attempts(s), std::cmp::Reverse(s.id)));
        let all: u64 = closed.shards.iter().map(attempts).sum();
        let stream = StreamResult {
            shards_at_start: at_start,
            shards_at_end: at_end,
            shards_max: most,
            first_copies: first,
            duplicates: again,
            throttled_seconds,
            hottest_shard: hottest.filter(|s| attempts(s) > 0).map(|s| s.id),
            hottest_share_ppm: hottest
                .map_or(0, |s| (u128::from(attempts(s)) * 1_000_000 / u128::from(all.max(1))) as u64),
            ..stream
        };
        let mut usage = closed.usage;
        (usage.stored, usage.stored_bytes) = (stream.kinesis_records, stream.stored_bytes);
        let mut result = RunResult {
            mode: self.config.mode.word(),
            duration_ns: end,
            producers,
            intakes,
            stream,
            consumers,
            series: closed.series,
            shards: closed.shards,
            timeline: closed.timeline,
            usage,
            digests: Digests::default(),
            cut: None,
            coarse: Some(coarse),
        };
        result.assert_laws(self.config.seed, end);
        result.digests = digests(&result);
        result
    }

    fn coarse(&self) -> Coarse {
        let (simulated, of) = self.simulated;
        let packs = self.config.producers.iter().any(|p| matches!(p.client, ClientConfig::Kpl(_)));
        let calls = (of > 0 && packs).then_some(&CALLS);
        let not_shown = |(figure, reason): &(&'static str, &'static str)| NotShown { figure, reason };
        Coarse {
            resolution: "rate",
            step_ns: self.step,
            sampled: (of > 0).then(|| Sampled {
                simulated: simulated as u32,
                of: of as u32,
                intervals: self.intervals(),
            }),
            not_shown: NOT_SHOWN.iter().chain(calls).map(not_shown).collect(),
        }
    }

    /// How far the percentiles of sampled shards are known.
    fn intervals(&self) -> Vec<Interval> {
        let points = &self.points.points;
        let mut all = Vec::new();
        let mut say = |figure: String, delays: Delays| {
            for percentile in [50, 99] {
                if let Some((low_ns, high_ns)) = delays.interval(f64::from(percentile) / 100.0) {
                    all.push(Interval { figure: figure.clone(), percentile, low_ns, high_ns });
                }
            }
        };
        for (p, book) in self.producers.iter().enumerate() {
            let name = &self.config.producers[p].name;
            say(format!("{name}'s time in the client"), buffering(book, points, p));
            say(format!("{name}'s put delay"), mixed(&book.weights, points, |point| &point.producers[p].put));
        }
        for (c, config) in self.config.consumers.iter().enumerate() {
            say(format!("{}'s propagation", config.name), self.propagation(c));
            say(format!("{}'s end-to-end delay", config.name), self.end_to_end(c));
        }
        all
    }

    fn propagation(&self, c: usize) -> Delays {
        let (book, points) = (&self.consumers[c], &self.points.points);
        let mut all = mixed(&book.weights, points, |point| &point.consumers[c].propagation);
        all.merge(&book.propagation);
        all
    }

    fn end_to_end(&self, c: usize) -> Delays {
        let (book, points) = (&self.consumers[c], &self.points.points);
        let mut all = mixed(&book.prompt, points, |point| &point.consumers[c].end_to_end);
        all.merge(&book.end_to_end);
        all
    }

    fn producer(&self, p: usize) -> ProducerResult {
        let (book, points) = (&self.producers[p], &self.points.points);
        let born = whole(book.born);
        let mut result = ProducerResult {
            name: self.config.producers[p].name.clone(),
            born,
            born_bytes: whole(book.born_bytes),
            overtaken: book.overtaken.map(whole),
            to_firehose: self.doors[p].is_some(),
            buffered_records_max: book.buffered_max.0,
            buffered_bytes_max: book.buffered_max.1,
            ..ProducerResult::default()
        };
        ProducerResult::put(&book.counts, &mut result);
        Calls::put(&book.calls, &mut result);
        Lost::put(&book.lost, &mut result.lost);
        if !book.packing.is_empty() {
            let mut packing = Packing::default();
            Packing::put(&book.packing, &mut packing);
            result.packing = Some(packing);
        }
        let lost = result.lost.all().min(born);
        result.held = whole(self.queues[p].records + book.level_held).min(born - lost);
        result.stored = born - lost - result.held;
        let put = mixed(&book.weights, points, |point| &point.producers[p].put);
        result.put = put.summary(result.stored);
        result.buffering = buffering(book, points, p).summary(born - result.held);
        result
    }

    fn consumer(&self, c: usize, stream: &StreamResult) -> ConsumerResult {
        let (book, reader, points) = (&self.consumers[c], &self.readers[c], &self.points.points);
        let config = &self.config.consumers[c];
        let mut result = ConsumerResult {
            name: config.name.clone(),
            read: match config.read {
                ReadConfig::Polling(_) => "polling",
                ReadConfig::FanOut(_) => "enhanced_fan_out",
            },
            iterator_age_ns_max: reader.age_max.max(seen_age(book, points, c)),
            ..ConsumerResult::default()
        };
        ReadCalls::put(&book.reading, &mut result);
        ConsumerResult::put(&book.delivery, &mut result);
        let mut left = stream.stored;
        let mut take = |n: f64| {
            let n = whole(n).min(left);
            left -= n;
            n
        };
        result.before_start = take(reader.before_start);
        let given_up = |fate: Fate| reader.given_up.get(&fate).copied().unwrap_or(0.0);
        result.lost_to_retention = take(reader.lost + given_up(Fate::Lost));
        result.unread = take(reader.backlog() + reader.level_unread);
        result.skipped = take(result.skipped as f64 + reader.skipped + given_up(Fate::Skipped));
        result.filtered = take(result.filtered as f64 + given_up(Fate::Filtered));
        let tells = config.client.lambda().is_some_and(|l| l.on_failure_destination);
        let (told, untold) = if tells { (reader.too_old, 0.0) } else { (0.0, reader.too_old) };
        result.to_failure_destination =
            take(result.to_failure_destination as f64 + told + given_up(Fate::ToFailureDestination));
        result.discarded = take(result.discarded as f64 + untold + given_up(Fate::Discarded));
        result.first_deliveries = left;
        result.client = self.client(c);
        result.failed_batches +=
            result.client.as_ref().filter(|_| self.is_followed(c)).map_or(0, ClientResult::failed_batches);
        let size = stream.stored_bytes as f64 / stream.stored.max(1) as f64;
        result.delivered_bytes = whole(size * left as f64);
        result.catch_up_ns = self.catch_up(c);
        let mut processing = mixed(&book.weights, points, |point| &point.consumers[c].processing);
        for ((least, most), weight) in &book.processing {
            processing.add_even(*least as f64, *most as f64, *weight);
        }
        processing.merge(&book.worked);
        result.propagation = self.propagation(c).summary(left);
        result.processing = processing.summary(left);
        result.end_to_end = self.end_to_end(c).summary(left);
        result
    }

    fn is_followed(&self, c: usize) -> bool {
        self.followed.iter().any(|one| one.consumer == c)
    }

    /// What its client counted.
    fn client(&self, c: usize) -> Option<ClientResult> {
        let (book, reader, config) = (&self.consumers[c], &self.readers[c], &self.config.consumers[c]);
        if let Some(fleet) = &reader.fleet {
            return Some(fleet.result(self.config.duration.0, &book.client));
        }
        let end = self.config.duration.0;
        if let Some(tap) = &reader.tap {
            return Some(tap.result(end));
        }
        if let Some(one) = self.followed.iter().find(|one| one.consumer == c) {
            return Some(one.result(end));
        }
        let map = self.carrier.map();
        let shards = (map.open().len() as f64, map.shards().len() as f64);
        let of =
            |lambda| clients::function(lambda, (&book.client, &book.client_most), shards, reader.behind_most);
        config.client.lambda().map(|lambda| ClientResult::Lambda(Box::new(of(lambda))))
    }

    /// From the end of the last outage until nothing was behind.
    fn catch_up(&self, c: usize) -> Option<u64> {
        let reader = &self.readers[c];
        let last = reader.outages.iter().map(|o| o.1).max()?;
        let level = reader.behind.is_empty() && last <= self.config.duration.0;
        level.then(|| (reader.level_at as u64).saturating_sub(last))
    }
}

fn attempts(shard: &ShardResult) -> u64 {
    shard.stored + shard.throttled
}

fn mixed<'a>(weights: &[f64], points: &'a [Arc<Point>], of: impl Fn(&'a Point) -> &'a Measured) -> Delays {
    let mut all = Delays::default();
    weights.iter().zip(points).for_each(|(weight, point)| all.add(of(point), *weight));
    all
}

fn buffering(book: &ProducerBook, points: &[Arc<Point>], p: usize) -> Delays {
    let mut all = mixed(&book.calm, points, |point| &point.producers[p].buffering);
    all.merge(&book.queued);
    all
}

fn seen_age(book: &ConsumerBook, points: &[Arc<Point>], c: usize) -> u64 {
    let used = book.weights.iter().zip(points).filter(|(weight, _)| **weight > 0.0);
    used.map(|(_, point)| point.consumers[c].age).max().unwrap_or(0)
}

fn digests(result: &RunResult) -> Digests {
    let (mut events, mut all) = (Digest::default(), Folded::default());
    for entry in &result.timeline {
        events.fold(entry.at_ns);
        events.fold_text(&entry.text);
    }
    serde_json::to_writer(&mut all, result).expect("plain data");
    Digests { demand: Vec::new(), events: events.text(), results: all.text() }
}
