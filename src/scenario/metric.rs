//! Metrics that `goal:` and `expect:` can name: one table for reading, schema, help and evaluation.

use crate::experiment::outcome::ModeOutcome;
mod firehose;
mod flink;
mod kcl;
mod lambda;

pub use firehose::FIREHOSE;

use crate::measure::clients::FirehoseResult;
use crate::measure::result::{ConsumerResult, Packing, ProducerResult, RunResult};

/// What a metric is measured in; `value` of a metric is in the base unit named here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Time,
    /// Fraction of one.
    Share,
    /// US dollars.
    Usd,
    /// A number of things.
    Count,
    /// Records per second.
    Rate,
    /// A multiplier.
    Factor,
    /// Bytes.
    Bytes,
}

/// Whose metric it is, and how it is found.
#[derive(Clone, Copy, Debug)]
pub enum From {
    /// The whole run.
    Run(fn(&RunResult) -> Option<f64>),
    /// The bills of a mode.
    Mode(fn(&ModeOutcome) -> Option<f64>),
    /// One producer.
    Producer(fn(&ProducerResult) -> Option<f64>),
    /// One consumer; the second argument is the run's length in seconds.
    Consumer(fn(&ConsumerResult, f64) -> Option<f64>),
    /// One Firehose stream; the second argument is the run's length in seconds.
    Firehose(fn(&FirehoseResult, f64) -> Option<f64>),
}

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its word.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// What it means.
    pub doc: &'static str,
    /// How it is found.
    pub from: From,
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Less than nothing where what packing adds begins another unit.
fn saved(packing: Packing) -> Option<f64> {
    let alone = packing.payload_units_alone;
    (alone > 0).then(|| 1.0 - packing.payload_units as f64 / alone as f64)
}

fn ns(value: Option<u64>) -> Option<f64> {
    value.map(|v| v as f64)
}

fn total(run: &RunResult, of: fn(&ProducerResult) -> u64) -> u64 {
    run.producers.iter().map(of).sum()
}

fn reads(run: &RunResult, of: fn(&ConsumerResult) -> u64) -> u64 {
    run.consumers.iter().map(of).sum()
}

fn seconds(run: &RunResult) -> f64 {
    run.duration_ns as f64 / 1e9
}

const fn metric(name: &'static str, unit: Unit, doc: &'static str, from: From) -> Metric {
    Metric { name, unit, doc, from }
}

/// Metrics of a mode.
pub const STREAM: &[Metric] = &[
    metric(
        "throttled_attempts",
        Unit::Share,
        "Refused entries of put calls, of all entries judged.",
        From::Run(|r| share(total(r, |p| p.throttled), total(r, |p| p.attempts))),
    ),
    metric(
        "delayed_records",
        Unit::Share,
        "Records of which an attempt was refused or failed, of all born.",
        From::Run(|r| share(total(r, |p| p.delayed), total(r, |p| p.born))),
    ),
    metric(
        "lost_records",
        Unit::Share,
        "Records given up, of all born.",
        From::Run(|r| share(total(r, |p| p.lost.all()), total(r, |p| p.born))),
    ),
    metric(
        "duplicates",
        Unit::Share,
        "Copies stored again by a retry, of all copies.",
        From::Run(|r| share(r.stream.duplicates, r.stream.stored)),
    ),
    metric(
        "duplicates_stored",
        Unit::Count,
        "Copies stored again by a retry.",
        From::Run(|r| Some(r.stream.duplicates as f64)),
    ),
    metric(
        "overtaken",
        Unit::Share,
        "Records stored in their shard after one that the same process made later, of all copies.",
        From::Run(|r| share(r.overtaken()?, r.stream.stored)),
    ),
    metric(
        "amplification",
        Unit::Factor,
        "Times a record was sent, on average over all born.",
        From::Run(|r| share(total(r, ProducerResult::sent), total(r, |p| p.born))),
    ),
    metric(
        "goodput_per_s",
        Unit::Rate,
        "Records stored for the first time per second, mean over the run.",
        From::Run(|r| Some(r.stream.first_copies as f64 / seconds(r))),
    ),
    metric(
        "kinesis_records_per_s",
        Unit::Rate,
        "Kinesis records stored per second (fewer than records where a producer aggregates), mean over the run.",
        From::Run(|r| Some(r.stream.kinesis_records as f64 / seconds(r))),
    ),
    metric("born", Unit::Count, "Records born.", From::Run(|r| Some(total(r, |p| p.born) as f64))),
    metric("stored", Unit::Count, "Copies stored.", From::Run(|r| Some(r.stream.stored as f64))),
    metric(
        "stored_per_s",
        Unit::Rate,
        "Copies stored per second, mean over the run.",
        From::Run(|r| Some(r.stream.stored as f64 / seconds(r))),
    ),
    metric(
        "throttled_seconds",
        Unit::Count,
        "Seconds in which a write was refused.",
        From::Run(|r| Some(r.stream.throttled_seconds as f64)),
    ),
    metric(
        "throttled_reads",
        Unit::Share,
        "Refused read calls of all consumers, of all calls made.",
        From::Run(|r| {
            share(reads(r, |c| c.throttled_by_calls + c.throttled_by_bytes), reads(r, |c| c.calls))
        }),
    ),
    metric(
        "hottest_shard",
        Unit::Share,
        "The hottest shard's share of all attempts.",
        From::Run(|r| r.stream.hottest_shard.map(|_| r.stream.hottest_share_ppm as f64 / 1e6)),
    ),
    metric(
        "shards_at_start",
        Unit::Count,
        "Shards open at the start.",
        From::Run(|r| Some(f64::from(r.stream.shards_at_start))),
    ),
    metric(
        "shards_at_end",
        Unit::Count,
        "Shards open at the end.",
        From::Run(|r| Some(f64::from(r.stream.shards_at_end))),
    ),
    metric(
        "shards_max",
        Unit::Count,
        "Most shards open at once.",
        From::Run(|r| Some(f64::from(r.stream.shards_max))),
    ),
    metric("monthly_cost", Unit::Usd, "Bill of a month.", From::Mode(|m| Some(m.bill_month.total.as_f64()))),
    metric("run_cost", Unit::Usd, "Bill of the run itself.", From::Mode(|m| Some(m.bill_run.total.as_f64()))),
];

/// Mean and percentiles of a latency.
macro_rules! latencies {
    ($side:ident, $who:ident, $field:ident, $words:literal $(, $s:ident)?) => {
        [
            metric(concat!(stringify!($field), "_mean"), Unit::Time, concat!("Mean: ", $words), From::$side(|$who $(, $s)?| $who.$field.mean_ns())),
            metric(concat!(stringify!($field), "_p50"), Unit::Time, concat!("Median: ", $words), From::$side(|$who $(, $s)?| ns($who.$field.p50_ns))),
            metric(concat!(stringify!($field), "_p90"), Unit::Time, concat!("90th percentile: ", $words), From::$side(|$who $(, $s)?| ns($who.$field.p90_ns))),
            metric(concat!(stringify!($field), "_p99"), Unit::Time, concat!("99th percentile: ", $words), From::$side(|$who $(, $s)?| ns($who.$field.p99_ns))),
            metric(concat!(stringify!($field), "_p999"), Unit::Time, concat!("99.9th percentile: ", $words), From::$side(|$who $(, $s)?| ns($who.$field.p999_ns))),
            metric(concat!(stringify!($field), "_max"), Unit::Time, concat!("Longest: ", $words), From::$side(|$who $(, $s)?| ns($who.$field.max_ns))),
        ]
    };
}

const PUT: [Metric; 6] = latencies!(Producer, p, put, "first sent to stored, retries included.");
const BUFFERING: [Metric; 6] = latencies!(Producer, p, buffering, "born to first sent.");
const PROPAGATION: [Metric; 6] = latencies!(Consumer, c, propagation, "stored to received.", _s);
const PROCESSING: [Metric; 6] = latencies!(Consumer, c, processing, "received to processed.", _s);
const END_TO_END: [Metric; 6] = latencies!(Consumer, c, end_to_end, "born to processed.", _s);

const PRODUCER_OWN: [Metric; 13] = [
    metric(
        "amplification",
        Unit::Factor,
        "Times a record was sent, on average over all born.",
        From::Producer(|p| share(p.sent(), p.born)),
    ),
    metric(
        "records_per_kinesis_record",
        Unit::Factor,
        "Records in a Kinesis record, on average over all sent.",
        From::Producer(|p| share(p.carried, p.attempts)),
    ),
    metric(
        "kinesis_records",
        Unit::Count,
        "Kinesis records sent, each as often as it was sent.",
        From::Producer(|p| Some(p.attempts as f64)),
    ),
    metric(
        "payload_units_saved",
        Unit::Share,
        "PUT payload units that packing saved, of those its stored records would be one by one.",
        From::Producer(|p| p.packing.and_then(saved)),
    ),
    metric(
        "records_per_call",
        Unit::Factor,
        "Kinesis records in a put call, on average over the calls that arrived.",
        From::Producer(|p| share(p.attempts, p.judged_calls)),
    ),
    metric(
        "duplicates",
        Unit::Share,
        "Records stored again by a retry, of all born.",
        From::Producer(|p| share(p.duplicates, p.born)),
    ),
    metric(
        "overtaken",
        Unit::Share,
        "Records stored in their shard after one that the same process made later, of all born.",
        From::Producer(|p| share(p.overtaken?, p.born)),
    ),
    metric(
        "stored",
        Unit::Share,
        "Records stored at least once, of all born.",
        From::Producer(|p| share(p.stored, p.born)),
    ),
    metric(
        "buffered_max",
        Unit::Bytes,
        "Largest memory of waiting records, all processes together.",
        From::Producer(|p| Some(p.buffered_bytes_max as f64)),
    ),
    metric(
        "throttled_attempts",
        Unit::Share,
        "Refused entries, of all this producer sent.",
        From::Producer(|p| share(p.throttled, p.attempts)),
    ),
    metric(
        "delayed_records",
        Unit::Share,
        "Records of which an attempt was refused or failed, of all born.",
        From::Producer(|p| share(p.delayed, p.born)),
    ),
    metric(
        "lost_records",
        Unit::Share,
        "Records given up, of all born.",
        From::Producer(|p| share(p.lost.all(), p.born)),
    ),
    metric(
        "held",
        Unit::Count,
        "Records still in the client at the end.",
        From::Producer(|p| Some(p.held as f64)),
    ),
];

const CONSUMER_OWN: [Metric; 9] = [
    metric(
        "deliveries_per_s",
        Unit::Rate,
        "First deliveries per second, mean over the run.",
        From::Consumer(|c, s| Some(c.first_deliveries as f64 / s)),
    ),
    metric(
        "iterator_age_max",
        Unit::Time,
        "Largest iterator age.",
        From::Consumer(|c, _| Some(c.iterator_age_ns_max as f64)),
    ),
    metric(
        "catch_up",
        Unit::Time,
        "End of the last outage to caught up.",
        From::Consumer(|c, _| ns(c.catch_up_ns)),
    ),
    metric(
        "unread",
        Unit::Count,
        "Copies not read at the end.",
        From::Consumer(|c, _| Some(c.unread as f64)),
    ),
    metric(
        "lost_to_retention",
        Unit::Count,
        "Copies that retention passed before they were read.",
        From::Consumer(|c, _| Some(c.lost_to_retention as f64)),
    ),
    metric(
        "to_failure_destination",
        Unit::Count,
        "Copies given up and told of at a failure destination.",
        From::Consumer(|c, _| Some(c.to_failure_destination as f64)),
    ),
    metric(
        "discarded",
        Unit::Count,
        "Copies given up without a word.",
        From::Consumer(|c, _| Some(c.discarded as f64)),
    ),
    metric(
        "filtered",
        Unit::Count,
        "Copies that a filter took out.",
        From::Consumer(|c, _| Some(c.filtered as f64)),
    ),
    metric(
        "read_throttles",
        Unit::Count,
        "Read calls refused, by calls and by bytes.",
        From::Consumer(|c, _| Some((c.throttled_by_calls + c.throttled_by_bytes) as f64)),
    ),
];

/// Metrics of one producer.
pub fn producer() -> impl Iterator<Item = Metric> {
    PRODUCER_OWN.into_iter().chain(BUFFERING).chain(PUT)
}

/// Metrics of one consumer.
pub fn consumer() -> impl Iterator<Item = Metric> {
    let clients = kcl::KCL.into_iter().chain(lambda::LAMBDA).chain(flink::FLINK);
    CONSUMER_OWN.into_iter().chain(clients).chain(PROPAGATION).chain(PROCESSING).chain(END_TO_END)
}

/// Whose metric a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The mode as a whole.
    Stream,
    /// A producer by position.
    Producer(usize),
    /// A consumer by position.
    Consumer(usize),
    /// A Firehose stream by its place in order of names.
    Firehose(usize),
}

/// A metric of a subject.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Whose.
    pub subject: Subject,
    /// What.
    pub metric: Metric,
}

impl Measured {
    /// Its value in a mode's first replication, in the base unit; `None` where nothing was measured.
    pub fn of(&self, outcome: &ModeOutcome) -> Option<f64> {
        match self.metric.from {
            From::Mode(find) => find(outcome),
            _ => self.of_run(&outcome.run),
        }
    }

    /// Its value in one run; `None` for bills.
    pub fn of_run(&self, run: &RunResult) -> Option<f64> {
        match (self.metric.from, self.subject) {
            (From::Run(find), _) => find(run),
            (From::Producer(find), Subject::Producer(i)) => find(run.producers.get(i)?),
            (From::Consumer(find), Subject::Consumer(i)) => find(run.consumers.get(i)?, seconds(run)),
            (From::Firehose(find), Subject::Firehose(i)) => find(run.firehoses().get(i)?, seconds(run)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_on_each_side() {
        let sides = [STREAM.to_vec(), producer().collect(), consumer().collect(), FIREHOSE.to_vec()];
        for side in sides {
            let names: std::collections::BTreeSet<&str> = side.iter().map(|m| m.name).collect();
            assert_eq!(names.len(), side.len());
        }
    }

    #[test]
    fn nothing_measured_is_none_and_not_zero() {
        assert_eq!(share(0, 0), None);
        assert_eq!(share(1, 4), Some(0.25));
        assert_eq!(crate::measure::latency::LatencySummary::default().mean_ns(), None);
    }
}
