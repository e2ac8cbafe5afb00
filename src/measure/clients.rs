//! What consumer clients count beyond what every consumer does: one part for each kind of client.

use crate::measure::latency::{LatencySummary, SizeSummary};
use serde::Serialize;

/// What one application counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientResult {
    /// Kinesis Client Library.
    Kcl(KclResult),
    /// Lambda's event source mapping.
    Lambda(LambdaResult),
    /// Flink's Kinesis source.
    Flink(FlinkResult),
    /// A Firehose stream that reads the stream.
    Firehose(Box<FirehoseResult>),
}

/// A KCL application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KclResult {}

/// A Lambda function behind an event source mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LambdaResult {}

/// A Flink job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlinkResult {}

/// A Firehose stream: records in = delivered + dropped + failed (where they lie) + lost + held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FirehoseResult {
    /// Name in the scenario.
    pub name: String,
    /// `stream` or `direct`.
    pub source: &'static str,
    /// Records that came in.
    pub in_records: u64,
    /// Bytes of their data.
    pub in_bytes: u64,
    /// The same, each record rounded up as it is billed.
    pub billed_bytes: u64,
    /// Records delivered.
    pub delivered_records: u64,
    /// Their bytes.
    pub delivered_bytes: u64,
    /// Too old before they could be delivered.
    pub lost: u64,
    /// Still inside at the end.
    pub held_records: u64,
    /// Their bytes.
    pub held_bytes: u64,
    /// Requests to the destination.
    pub requests: u64,
    /// Of which failed.
    pub failed_requests: u64,
    /// Objects delivered.
    pub objects: u64,
    /// Because the buffer held its size.
    pub flushed_by_size: u64,
    /// Because the interval was over.
    pub flushed_by_interval: u64,
    /// Bytes of an object.
    pub object_bytes: SizeSummary,
    /// Arrived to delivered, record by record.
    pub freshness: LatencySummary,
    /// Age of an object's oldest record when it was delivered, object by object.
    pub object_age: LatencySummary,
    /// Age of the oldest record inside, at its highest (`None`: nothing was ever inside).
    pub oldest_ns_max: Option<u64>,
    /// Length of a bucket of the series.
    pub bucket_ns: u64,
    /// Over time; the last bucket is the last in which something was delivered.
    pub series: Vec<FirehoseBucket>,
}

impl FirehoseResult {
    /// in − (delivered + lost + held): zero.
    pub fn imbalance(&self) -> i128 {
        let gone = self.delivered_records + self.lost + self.held_records;
        i128::from(self.in_records) - i128::from(gone)
    }
}

/// One bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FirehoseBucket {
    /// Objects delivered.
    pub objects: u64,
    /// Records in them.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Age of the oldest record delivered (DataFreshness); `None`: nothing was.
    pub freshness_ns: Option<u64>,
}
