//! The books of a run: what has been counted so far, rounded down only where it is shown.
//!
//! A bucket of the series shows how far a rounded total has moved: the buckets add up to the total.

use super::delays::Delays;
use super::numbers::whole;
use crate::measure::result::{ConsumerSeries, ProducerSeries, Series};
use std::collections::BTreeMap;

/// A total, and how much of it has been shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Total {
    /// So far.
    pub sum: f64,
    shown: u64,
}

impl Total {
    /// Whole ones since this was last asked.
    pub fn take(&mut self) -> u64 {
        let all = whole(self.sum).max(self.shown);
        all - std::mem::replace(&mut self.shown, all)
    }
}

/// A producer's totals.
#[derive(Clone, Debug, Default)]
pub struct ProducerBook {
    /// Records born, and their bytes.
    pub born: f64,
    /// Bytes of them.
    pub born_bytes: f64,
    /// Stored or given up.
    pub gone: f64,
    /// A producer's counts.
    pub counts: Vec<f64>,
    /// Stored after a later one (`None`: a point did not look).
    pub overtaken: Option<f64>,
    /// `Lost`.
    pub lost: Vec<f64>,
    /// `Packing`.
    pub packing: Vec<f64>,
    /// `Calls`.
    pub calls: Vec<f64>,
    /// In the client or on the way, without the queue of a client that is behind.
    pub level_held: f64,
    /// Largest memory seen.
    pub buffered_max: (u64, u64),
    /// Gone as at each point.
    pub weights: Vec<f64>,
    /// The same, of records that did not queue.
    pub calm: Vec<f64>,
    /// Waits in a queue.
    pub queued: Delays,
}

/// A consumer's totals.
#[derive(Clone, Debug, Default)]
pub struct ConsumerBook {
    /// `ReadCalls`.
    pub reading: Vec<f64>,
    /// A consumer's counts.
    pub delivery: Vec<f64>,
    /// Its client's counts.
    pub client: Vec<f64>,
    /// The largest of its client's other figures.
    pub client_most: Vec<f64>,
    /// Delivered while level, as at each point.
    pub weights: Vec<f64>,
    /// The same, of records that did not queue in a client.
    pub prompt: Vec<f64>,
    /// Delays of those out of a backlog.
    pub propagation: Delays,
    /// Work on them: evenly between two times (ns), so many.
    pub processing: BTreeMap<(u64, u64), f64>,
    /// Work on records that were followed.
    pub worked: Delays,
    /// Born to processed, of those that waited somewhere.
    pub end_to_end: Delays,
}

/// What the series shows of the stream.
#[derive(Clone, Debug, Default)]
pub struct StreamBook {
    /// The stream's counts.
    pub counts: Vec<f64>,
    /// Seconds in which something was refused.
    pub throttled_seconds: f64,
    /// PUT payload units, and bytes rounded up to KiB.
    pub billed: (f64, f64),
    /// Series of the stream: born, bytes, attempts, stored, Kinesis records, bytes, throttled, lost, calls, good calls,
    /// their latency.
    pub shown: [Total; 11],
}

/// One consumer's present bucket.
#[derive(Clone, Debug, Default)]
pub struct Bucket {
    /// Deliveries, Kinesis records, bytes, calls, refused: totals of the run.
    pub shown: [Total; 5],
    /// Largest age in the bucket.
    pub age: Option<u64>,
    /// Level deliveries, and their weighted median and 99th percentile.
    level: (f64, f64, f64),
    late: Delays,
}

impl Bucket {
    /// Level deliveries with these percentiles.
    pub fn level(&mut self, records: f64, p50: f64, p99: f64) {
        self.level.0 += records;
        self.level.1 += records * p50;
        self.level.2 += records * p99;
    }

    /// Deliveries that waited.
    pub fn late(&mut self, from: f64, to: f64, records: f64) {
        self.late.add_even(from, to, records);
    }

    /// A percentile of the bucket: late deliveries come after all level ones.
    fn quantile(&self, share: f64, level: f64) -> Option<u64> {
        let all = self.level.0 + self.late.weight;
        if all <= 0.0 {
            return None;
        }
        let early = self.level.0 / all;
        if share <= early || self.late.weight <= 0.0 {
            return Some((level / self.level.0) as u64);
        }
        self.late.quantile((share - early) / (1.0 - early))
    }
}

/// Closes a bucket of the series.
pub fn end_bucket(
    series: &mut Series,
    stream: &mut StreamBook,
    buckets: &mut [Bucket],
    (queued, backlogs): (&[(f64, f64)], &[f64]),
    open: u32,
) {
    let [born, born_bytes, attempts, stored, kinesis, bytes, throttled, lost, calls, ok, latency] =
        stream.shown.each_mut().map(Total::take);
    series.born.push(born);
    series.born_bytes.push(born_bytes);
    series.attempts.push(attempts);
    series.stored.push(stored);
    series.kinesis_records.push(kinesis);
    series.stored_bytes.push(bytes);
    series.throttled.push(throttled);
    series.lost.push(lost);
    series.put_calls.push(calls);
    series.put_calls_ok.push(ok.min(calls));
    series.put_latency_ns_sum.push(latency);
    series.open_shards.push(open);
    for (series, (records, bytes)) in series.producers.iter_mut().zip(queued) {
        series.buffered_records.push(whole(*records));
        series.buffered_bytes.push(whole(*bytes));
    }
    for ((series, bucket), backlog) in series.consumers.iter_mut().zip(buckets).zip(backlogs) {
        let [records, kinesis, bytes, calls, refused] = bucket.shown.each_mut().map(Total::take);
        series.records.push(records);
        series.kinesis_records.push(kinesis);
        series.bytes.push(bytes);
        series.calls.push(calls);
        series.throttled.push(refused);
        series.iterator_age_ns.push(bucket.age.take());
        series.backlog.push(whole(*backlog));
        series.p50_ns.push(bucket.quantile(0.5, bucket.level.1));
        series.p99_ns.push(bucket.quantile(0.99, bucket.level.2));
        series.max_ns.push(None);
        (bucket.level, bucket.late) = ((0.0, 0.0, 0.0), Delays::default());
    }
}

/// An empty series.
pub fn empty(bucket_ns: u64, producers: usize, consumers: usize) -> Series {
    Series {
        bucket_ns,
        producers: vec![ProducerSeries::default(); producers],
        consumers: vec![ConsumerSeries::default(); consumers],
        ..Series::default()
    }
}
