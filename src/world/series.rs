//! The time series of a run: equal buckets, closed one after another.

use super::World;
use super::sources::Source;
use crate::measure::result::{ConsumerSeries, ProducerSeries, Series, ShardMinute};
use crate::measure::sink::ConsumerBucket;
use crate::units::NS_PER_S;

/// Buckets a run should have at least, where seconds allow it.
const BUCKETS: u64 = 240;
/// Bucket lengths in seconds: whole parts of a minute.
const LENGTHS_S: [u64; 8] = [60, 30, 20, 10, 5, 4, 2, 1];

/// Length of the buckets of a run of `duration` ns.
pub fn bucket(duration: u64) -> u64 {
    let fits = |s: &&u64| duration / (*s * NS_PER_S) >= BUCKETS;
    LENGTHS_S.iter().find(fits).unwrap_or(&1) * NS_PER_S
}

/// Series under construction.
pub struct SeriesBuilder {
    bucket: u64,
    /// What is finished.
    pub series: Series,
    born: (u64, u64),
    lost: u64,
}

impl SeriesBuilder {
    /// Buckets for a run of `duration` ns.
    pub fn new(duration: u64, producers: usize, consumers: usize) -> SeriesBuilder {
        let bucket = bucket(duration);
        let series = Series {
            bucket_ns: bucket,
            producers: vec![ProducerSeries::default(); producers],
            consumers: vec![ConsumerSeries::default(); consumers],
            ..Series::default()
        };
        SeriesBuilder { bucket, series, born: (0, 0), lost: 0 }
    }

    /// Length of a bucket in ns.
    pub fn bucket(&self) -> u64 {
        self.bucket
    }
}

impl World {
    /// Closes the bucket that ends at `until`.
    pub(super) fn end_bucket(&mut self, until: u64) {
        let (born, given_up) = self.born_and_lost();
        self.born = born.0;
        let now = std::mem::take(&mut self.sink.now);
        let builder = &mut self.series;
        let s = &mut builder.series;
        s.born.push(born.0 - builder.born.0);
        s.born_bytes.push(born.1 - builder.born.1);
        s.lost.push(given_up - builder.lost);
        (builder.born, builder.lost) = (born, given_up);
        s.attempts.push(now.attempts);
        s.stored.push(now.stored);
        s.kinesis_records.push(now.entries);
        s.stored_bytes.push(now.stored_bytes);
        s.throttled.push(now.throttled);
        s.put_calls.push(now.calls);
        s.put_calls_ok.push(now.calls_ok);
        s.put_latency_ns_sum.push(now.call_latency);
        s.open_shards.push(self.map.open().len() as u32);
        for (p, series) in s.producers.iter_mut().enumerate() {
            let senders = self.played.as_ref().and_then(|played| played.senders.as_ref());
            let (records, bytes) = match senders {
                Some(senders) => senders.buffered[p],
                None => {
                    let buffered = self.sources[p].clients.iter().map(|c| c.buffered());
                    buffered.fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
                }
            };
            series.buffered_records.push(records);
            series.buffered_bytes.push(bytes);
        }
        for c in 0..self.settings.consumers.len() {
            self.end_consumer_bucket(c);
        }
        if until.is_multiple_of(60 * NS_PER_S) || until == self.config.duration.0 {
            self.lanes
                .iter_mut()
                .filter(|l| !l.is_over() || l.counts.minute != ShardMinute::default())
                .for_each(|l| l.end_minute());
        }
        self.lanes.iter_mut().for_each(|l| l.log.cool());
        self.check_bounds();
    }

    /// Records born and their bytes, and records given up, until now.
    fn born_and_lost(&self) -> ((u64, u64), u64) {
        if let Some(senders) = self.senders_elsewhere() {
            return (senders.born, senders.lost);
        }
        let born = self.sources.iter().map(|s| s.demand.born()).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        let given_up = self.sources.iter().map(Source::lost).sum::<u64>();
        (born, given_up + self.sink.producers.iter().map(|p| p.lost).sum::<u64>())
    }

    fn end_consumer_bucket(&mut self, c: usize) {
        let places = self.lanes.iter().map(|l| (&l.readers[c].place, &l.log));
        let backlog: u64 = match &self.played {
            Some(played) => played.backlog[c],
            None => places.filter(|(p, _)| p.counts_backlog()).map(|(p, log)| p.backlog(log)).sum(),
        };
        self.sink.consumers[c].part_prompt();
        let backlog = backlog + self.sink.consumers[c].in_hand;
        let now = std::mem::take(&mut self.sink.consumers[c].now);
        let s = &mut self.series.series.consumers[c];
        s.records.push(now.records);
        s.kinesis_records.push(now.entries);
        s.bytes.push(now.bytes);
        s.calls.push(now.calls);
        s.throttled.push(now.throttled);
        s.iterator_age_ns.push(now.age);
        if now.sent_age.is_some() || !s.sent_age_ns.is_empty() {
            s.sent_age_ns.resize(s.iterator_age_ns.len() - 1, None);
            s.sent_age_ns.push(now.sent_age);
        }
        s.backlog.push(backlog);
        let elsewhere = self.played.as_ref().and_then(|p| p.end_to_end.get(c)).copied().unwrap_or_default();
        s.p50_ns.push(now.end_to_end.quantile(500_000).or(elsewhere[0]));
        s.p99_ns.push(now.end_to_end.quantile(990_000).or(elsewhere[1]));
        s.max_ns.push(now.end_to_end.max());
        self.end_to_end[c].merge(&now.end_to_end);
        // The next bucket reuses this one's memory.
        let (mut end_to_end, prompt) = (now.end_to_end, now.prompt);
        end_to_end.clear();
        self.sink.consumers[c].now = ConsumerBucket { end_to_end, prompt, ..ConsumerBucket::default() };
    }
}
