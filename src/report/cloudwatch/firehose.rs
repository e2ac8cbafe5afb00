//! Firehose's own metrics (namespace AWS/Firehose, dimension DeliveryStreamName).
//!
//! A stream's name stands for itself; an intake that no Firehose stream is asked about bears its producer's. DataFreshness
//! is the age of the oldest record of what was delivered. Left out: latencies of API calls, control-plane calls,
//! key errors, and `ResourceCount`. Source: Firehose developer guide, "Monitoring with CloudWatch metrics".

use super::{Datapoints, Dimensions, MINUTE_NS, largest, minutes, sum};
use crate::measure::clients::{FirehoseBucket, FirehoseResult};
use crate::measure::result::{ConsumerSeries, IntakeBucket, IntakeResult, RunResult};

/// All of a run's.
pub(super) fn metrics<'a>(run: &'a RunResult, out: &mut Datapoints<'a>) {
    run.intakes.iter().for_each(|intake| incoming(intake, out));
    for (consumer, series) in run.consumers.iter().zip(&run.series.consumers) {
        if let Some(crate::measure::clients::ClientResult::Firehose(f)) = &consumer.client {
            reads(run, &f.name, series, out);
        }
    }
    for stream in run.firehoses() {
        for (minute, buckets) in in_minutes(stream.bucket_ns, &stream.series) {
            let d = Dimensions { firehose: &stream.name, ..Dimensions::default() };
            let mut at = Minute { out: &mut *out, minute, buckets, d };
            at.processing(stream);
            at.delivery(stream);
        }
    }
}

fn in_minutes<T>(bucket_ns: u64, series: &[T]) -> impl Iterator<Item = (u64, &[T])> {
    let whole = bucket_ns > 0 && MINUTE_NS.is_multiple_of(bucket_ns);
    let per = if whole { (MINUTE_NS / bucket_ns) as usize } else { 1 };
    (0..).zip(series.chunks(per)).take_while(move |_| whole)
}

/// Direct puts: what was accepted, what was not, and the quotas in force.
fn incoming<'a>(intake: &'a IntakeResult, out: &mut Datapoints<'a>) {
    let name = intake.firehose.as_ref().map_or(intake.name.as_str(), |f| f.name.as_str());
    let d = Dimensions { firehose: name, ..Dimensions::default() };
    for (minute, buckets) in in_minutes(intake.bucket_ns, &intake.series) {
        let sum = |of: fn(&IntakeBucket) -> u64| buckets.iter().map(of).sum::<u64>();
        let Some(times) = buckets.iter().rev().map(|b| b.times).find(|t| *t > 0) else { continue };
        if sum(|b| b.calls) > 0 {
            out.sum(minute, "IncomingBytes", "Bytes", sum(|b| b.bytes), d);
            out.sum(minute, "IncomingRecords", "Count", sum(|b| b.records), d);
            out.sum(minute, "IncomingPutRequests", "Count", sum(|b| b.calls), d);
        }
        out.sum(minute, "ThrottledRecords", "Count", sum(|b| b.throttled), d);
        let (records, requests, bytes) = intake.quotas;
        for (metric, base) in [
            ("BytesPerSecondLimit", bytes),
            ("RecordsPerSecondLimit", records),
            ("PutRequestsPerSecondLimit", requests),
        ] {
            let limit = base.saturating_mul(times.into()).to_string();
            out.push(minute, (metric, "Count", "Maximum"), &limit, d);
        }
    }
}

/// A stream as the source.
fn reads<'a>(run: &RunResult, name: &'a str, s: &ConsumerSeries, out: &mut Datapoints<'a>) {
    let d = Dimensions { firehose: name, ..Dimensions::default() };
    for (minute, range) in (0..).zip(minutes(&run.series)) {
        if sum(&s.calls, &range) == 0 {
            continue;
        }
        out.sum(minute, "DataReadFromKinesisStream.Bytes", "Bytes", sum(&s.bytes, &range), d);
        out.sum(minute, "DataReadFromKinesisStream.Records", "Count", sum(&s.kinesis_records, &range), d);
        out.sum(minute, "ThrottledGetRecords", "Count", sum(&s.throttled, &range), d);
        out.age(minute, "KinesisMillisBehindLatest", largest(&s.iterator_age_ns, &range), d);
    }
}

/// One minute of one stream.
struct Minute<'o, 'a> {
    out: &'o mut Datapoints<'a>,
    minute: u64,
    buckets: &'a [FirehoseBucket],
    d: Dimensions<'a>,
}

impl Minute<'_, '_> {
    fn total(&self, of: fn(&FirehoseBucket) -> u64) -> u64 {
        self.buckets.iter().map(of).sum()
    }

    fn sum(&mut self, metric: &str, unit: &str, of: fn(&FirehoseBucket) -> u64) {
        let total = self.total(of);
        self.out.sum(self.minute, metric, unit, total, self.d);
    }

    fn push(&mut self, metric: &str, unit: &str, statistic: &str, value: &str) {
        self.out.push(self.minute, (metric, unit, statistic), value, self.d);
    }

    /// Lambda, conversion, partitions.
    fn processing(&mut self, stream: &FirehoseResult) {
        let calls = self.total(|b| b.calls);
        if let Some(mean_ns) = self.total(|b| b.ran_ns).checked_div(calls) {
            let mean_ms = (mean_ns / 1_000_000).to_string();
            self.push("ExecuteProcessing.Duration", "Milliseconds", "Average", &mean_ms);
            let ok = calls - self.total(|b| b.failed_calls);
            let share = (ok as f64 / calls as f64).to_string();
            self.push("ExecuteProcessing.Success", "Count", "Average", &share);
        }
        if self.total(|b| b.transformed_records) > 0 {
            self.sum("SucceedProcessing.Records", "Count", |b| b.transformed_records);
            self.sum("SucceedProcessing.Bytes", "Bytes", |b| b.transformed_bytes);
        }
        if self.total(|b| b.converted_records + b.unconverted_records) > 0 {
            self.sum("SucceedConversion.Records", "Count", |b| b.converted_records);
            self.sum("SucceedConversion.Bytes", "Bytes", |b| b.converted_bytes);
            self.sum("FailedConversion.Records", "Count", |b| b.unconverted_records);
            self.sum("FailedConversion.Bytes", "Bytes", |b| b.unconverted_bytes);
        }
        let active = self.buckets.iter().filter_map(|b| b.active).max();
        if let (Some(active), Some(partitions)) = (active, stream.partitions) {
            self.push("PartitionCount", "Count", "Maximum", &active.to_string());
            let exceeded = u64::from(self.total(|b| b.exceeded_records) > 0);
            self.push("PartitionCountExceeded", "Count", "Maximum", &exceeded.to_string());
            self.push("ActivePartitionsLimit", "Count", "Maximum", &partitions.limit.to_string());
        }
    }

    /// What reached the destination, and the back-up.
    fn delivery(&mut self, stream: &FirehoseResult) {
        if self.total(|b| b.backup_objects) > 0 {
            self.sum("BackupToS3.Success", "Count", |b| b.backup_objects);
        }
        if self.total(|b| b.backup_records) > 0 {
            self.sum("BackupToS3.Bytes", "Bytes", |b| b.backup_bytes);
            self.sum("BackupToS3.Records", "Count", |b| b.backup_records);
        }
        // Redshift: objects are those put into S3, records and their age those that COPY has loaded.
        let to = destination(stream.destination);
        if self.total(|b| b.objects) > 0 {
            let where_to = if to == "Redshift" { "S3" } else { to };
            self.sum(&format!("DeliveryTo{where_to}.Success"), "Count", |b| b.objects);
        }
        if self.total(|b| b.records) > 0 {
            // Before a transform, where it goes to S3.
            let bytes: fn(&FirehoseBucket) -> u64 = if to == "S3" { |b| b.raw_bytes } else { |b| b.bytes };
            self.sum(&format!("DeliveryTo{to}.Bytes"), "Bytes", bytes);
            self.sum(&format!("DeliveryTo{to}.Records"), "Count", |b| b.records);
            let oldest = self.buckets.iter().filter_map(|b| b.freshness_ns).max().unwrap_or(0);
            let seconds = (oldest / 1_000_000_000).to_string();
            self.push(&format!("DeliveryTo{to}.DataFreshness"), "Seconds", "Maximum", &seconds);
        }
        if stream.partitions.is_some() && self.total(|b| b.objects) > 0 {
            self.sum("DeliveryToS3.ObjectCount", "Count", |b| b.objects);
        }
    }
}

/// Amazon's word for a destination.
fn destination(word: &str) -> &'static str {
    match word {
        "redshift" => "Redshift",
        "opensearch" => "AmazonOpenSearchService",
        "splunk" => "Splunk",
        "http" => "HttpEndpoint",
        "snowflake" => "Snowflake",
        "iceberg" => "Iceberg",
        _ => "S3",
    }
}
