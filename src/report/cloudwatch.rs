//! What CloudWatch would show: Amazon's metric names, units, statistics and dimensions at one minute.
//!
//! At AWS a metric has a datapoint only in a minute in which something was measured, so a minute without put calls
//! has no `Incoming*` row, one without a successful read no iterator age: a missing row, never a zero. Stream level
//! comes from the series added up to minutes, shard level (the seven enhanced metrics, paid and opt-in) from the
//! shards. Left out: `PutRecord.*` apart from `PutRecords.*` (the series does not tell them apart, so all puts are
//! reported under `PutRecords.*`), `FailedRecords` (internal failures are not simulated), the latency of `GetRecords`.
//! Source: Developer Guide, "Monitoring the Amazon Kinesis Data Streams Service with Amazon CloudWatch".

mod firehose;

use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::measure::result::{ConsumerSeries, Series, ShardResult};
use crate::report::csv_files::{Table, shard_name};
use std::ops::Range;

const MINUTE_NS: u64 = 60_000_000_000;

/// The file: one row per datapoint.
pub fn csv(outcome: &Outcome) -> Vec<u8> {
    let mut out = Datapoints {
        stream: &outcome.name,
        mode: "",
        table: Table::new([
            "mode",
            "start_s",
            "metric",
            "unit",
            "statistic",
            "value",
            "StreamName",
            "ShardId",
            "ConsumerName",
            "DeliveryStreamName",
        ]),
    };
    for mode in &outcome.modes {
        out.mode = mode.mode;
        stream_level(mode, &mut out);
        mode.run.shards.iter().for_each(|s| shard_level(s, &mut out));
        firehose::metrics(&mode.run, &mut out);
    }
    out.table.finish()
}

struct Datapoints<'a> {
    stream: &'a str,
    mode: &'static str,
    table: Table,
}

/// Extra dimensions of a datapoint.
#[derive(Clone, Copy, Default)]
struct Dimensions<'a> {
    shard: &'a str,
    consumer: &'a str,
    /// A Firehose stream: its metrics are those of another namespace, AWS/Firehose.
    firehose: &'a str,
}

impl Datapoints<'_> {
    fn push(&mut self, minute: u64, metric: (&str, &str, &str), value: &str, d: Dimensions<'_>) {
        let start_s = (minute * 60).to_string();
        let (name, unit, statistic) = metric;
        let stream = if d.firehose.is_empty() { self.stream } else { "" };
        self.table.row([
            self.mode, &start_s, name, unit, statistic, value, stream, d.shard, d.consumer, d.firehose,
        ]);
    }

    fn sum(&mut self, minute: u64, name: &str, unit: &str, value: u64, d: Dimensions<'_>) {
        self.push(minute, (name, unit, "Sum"), &value.to_string(), d);
    }

    fn age(&mut self, minute: u64, name: &str, ns: Option<u64>, d: Dimensions<'_>) {
        if let Some(ns) = ns {
            let ms = (ns / 1_000_000).to_string();
            self.push(minute, (name, "Milliseconds", "Maximum"), &ms, d);
        }
    }
}

fn sum(values: &[u64], minute: &Range<usize>) -> u64 {
    values.get(minute.clone()).unwrap_or_default().iter().sum()
}

fn largest(values: &[Option<u64>], minute: &Range<usize>) -> Option<u64> {
    let inside = values.get(minute.clone()).unwrap_or_default();
    inside.iter().flatten().copied().max()
}

/// Bucket ranges of the minutes; none when buckets do not add up to minutes.
fn minutes(series: &Series) -> Vec<Range<usize>> {
    if series.bucket_ns == 0 || !MINUTE_NS.is_multiple_of(series.bucket_ns) {
        return Vec::new();
    }
    let per = (MINUTE_NS / series.bucket_ns) as usize;
    let n = series.born.len();
    (0..n.div_ceil(per)).map(|m| m * per..((m + 1) * per).min(n)).collect()
}

fn stream_level(mode: &ModeOutcome, out: &mut Datapoints<'_>) {
    let s = &mode.run.series;
    for (minute, range) in minutes(s).into_iter().enumerate() {
        writes(s, minute as u64, &range, out);
        shared_reads(mode, minute as u64, &range, out);
        fan_out_reads(mode, minute as u64, &range, out);
    }
}

fn writes(s: &Series, minute: u64, range: &Range<usize>, out: &mut Datapoints<'_>) {
    let calls = sum(&s.put_calls, range);
    if calls == 0 {
        return;
    }
    let d = Dimensions::default();
    let stored = sum(&s.kinesis_records, range);
    let bytes = sum(&s.stored_bytes, range);
    let refused = sum(&s.throttled, range);
    out.sum(minute, "IncomingBytes", "Bytes", bytes, d);
    out.sum(minute, "IncomingRecords", "Count", stored, d);
    out.sum(minute, "PutRecords.Bytes", "Bytes", bytes, d);
    let mean_us = sum(&s.put_latency_ns_sum, range) / calls / 1_000;
    let mean_ms = format!("{}.{:03}", mean_us / 1_000, mean_us % 1_000);
    out.push(minute, ("PutRecords.Latency", "Milliseconds", "Average"), &mean_ms, d);
    let ok = sum(&s.put_calls_ok, range);
    out.sum(minute, "PutRecords.Success", "Count", ok, d);
    let attempts = sum(&s.attempts, range);
    out.sum(minute, "PutRecords.TotalRecords", "Count", attempts, d);
    let accepted = attempts.saturating_sub(refused);
    out.sum(minute, "PutRecords.SuccessfulRecords", "Count", accepted, d);
    out.sum(minute, "PutRecords.ThrottledRecords", "Count", refused, d);
    out.sum(minute, "WriteProvisionedThroughputExceeded", "Count", refused, d);
}

/// The series of the consumers that read in the given way, with their names.
fn readers(mode: &ModeOutcome, fan_out: bool) -> impl Iterator<Item = (&str, &ConsumerSeries)> {
    let consumers = mode.run.consumers.iter().zip(&mode.run.series.consumers);
    consumers
        .filter(move |(c, _)| (c.read == "enhanced_fan_out") == fan_out)
        .map(|(c, s)| (c.name.as_str(), s))
}

fn shared_reads(mode: &ModeOutcome, minute: u64, range: &Range<usize>, out: &mut Datapoints<'_>) {
    let d = Dimensions::default();
    let total = |f: fn(&ConsumerSeries) -> &Vec<u64>| -> u64 {
        readers(mode, false).map(|(_, s)| sum(f(s), range)).sum()
    };
    let calls = total(|s| &s.calls);
    if calls == 0 {
        return;
    }
    let refused = total(|s| &s.throttled);
    out.sum(minute, "GetRecords.Bytes", "Bytes", total(|s| &s.bytes), d);
    out.sum(minute, "GetRecords.Records", "Count", total(|s| &s.kinesis_records), d);
    let age = readers(mode, false).filter_map(|(_, s)| largest(&s.iterator_age_ns, range)).max();
    out.age(minute, "GetRecords.IteratorAgeMilliseconds", age, d);
    out.sum(minute, "ReadProvisionedThroughputExceeded", "Count", refused, d);
}

fn fan_out_reads(mode: &ModeOutcome, minute: u64, range: &Range<usize>, out: &mut Datapoints<'_>) {
    for (consumer, s) in readers(mode, true) {
        let d = Dimensions { consumer, ..Dimensions::default() };
        let subscriptions = sum(&s.calls, range);
        if subscriptions > 0 {
            out.sum(minute, "SubscribeToShard.Success", "Count", subscriptions, d);
        }
        let behind = largest(&s.iterator_age_ns, range);
        let records = sum(&s.kinesis_records, range);
        if behind.is_some() || records > 0 {
            let bytes = sum(&s.bytes, range);
            out.sum(minute, "SubscribeToShardEvent.Bytes", "Bytes", bytes, d);
            out.sum(minute, "SubscribeToShardEvent.Records", "Count", records, d);
        }
        out.age(minute, "SubscribeToShardEvent.MillisBehindLatest", behind, d);
    }
}

fn shard_level(shard: &ShardResult, out: &mut Datapoints<'_>) {
    let name = shard_name(shard.id);
    let d = Dimensions { shard: &name, ..Dimensions::default() };
    let first = shard.opened_ns / MINUTE_NS;
    for (i, m) in shard.minutes.iter().enumerate() {
        let minute = first + i as u64;
        if m.in_records + m.write_throttled > 0 {
            out.sum(minute, "IncomingBytes", "Bytes", m.in_bytes, d);
            out.sum(minute, "IncomingRecords", "Count", m.in_records, d);
            out.sum(minute, "WriteProvisionedThroughputExceeded", "Count", m.write_throttled, d);
        }
        if m.read_throttled > 0 || m.iterator_age_ns.is_some() {
            out.sum(minute, "OutgoingBytes", "Bytes", m.out_bytes, d);
            out.sum(minute, "OutgoingRecords", "Count", m.out_records, d);
            out.sum(minute, "ReadProvisionedThroughputExceeded", "Count", m.read_throttled, d);
            out.age(minute, "IteratorAgeMilliseconds", m.iterator_age_ns, d);
        }
    }
}
