//! What consumer clients count beyond what every consumer does: one part for each kind of client.

use crate::measure::latency::{LatencySummary, SizeSummary};
use crate::units::Money;
use serde::Serialize;
use std::collections::BTreeMap;

/// What one application counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientResult {
    /// Kinesis Client Library.
    Kcl(Box<KclResult>),
    /// Lambda's event source mapping.
    Lambda(Box<LambdaResult>),
    /// Flink's Kinesis source.
    Flink(Box<FlinkResult>),
    /// A Firehose stream that reads the stream.
    Firehose(Box<FirehoseResult>),
}

/// A KCL application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KclResult {
    /// `v1`, `v2` or `v3`.
    pub version: &'static str,
    /// Every worker there was, in order of their starts.
    pub workers: Vec<WorkerResult>,
    /// Requests to the lease table and its companions.
    pub table: TableRequests,
    /// How leases changed hands.
    pub moves: LeaseMoves,
    /// From a worker's end to the start of the next processor of a shard it had.
    pub failovers: Failovers,
    /// From a subscription's last sign of life to the next one that was made (not written where none fell silent).
    #[serde(skip_serializing_if = "Failovers::is_none")]
    pub silences: Failovers,
    /// Shards whose worker was gone at the end, and that nobody had taken over.
    pub orphans: u64,
    /// Batches whose processing failed: the library skips them.
    pub failed_batches: u64,
    /// CloudWatch metrics × ns.
    pub metric_ns: u128,
    /// PutMetricData calls.
    pub metric_calls: u64,
    /// Leases × ns.
    pub lease_ns: u128,
}

/// One worker of a KCL application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WorkerResult {
    /// It starts.
    pub from_ns: u64,
    /// It ends (`None`: it outlives the run).
    pub until_ns: Option<u64>,
    /// Records its processors worked on, repeated ones included.
    pub records: u64,
    /// Time its cores worked.
    pub busy_ns: u64,
    /// Most leases it held.
    pub leases_max: u64,
    /// Leases it holds at the end.
    pub leases_at_end: u64,
}

/// Requests to DynamoDB, by what they are for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableRequests {
    /// Renewals of leases.
    pub renewals: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Leases written first.
    pub creations: u64,
    /// Changes of a lease's owner, and orders to hand one over.
    pub assignments: u64,
    /// Workers' loads and the leader's heartbeats.
    pub reports: u64,
    /// Looks at the whole table or at all of an index.
    pub scans: u64,
    /// Looks at a single row.
    pub looks: u64,
    /// Halves of read request units.
    pub read_half_units: u64,
}

impl TableRequests {
    /// Write request units: every row is below 1 KB.
    pub fn write_units(&self) -> u64 {
        self.renewals + self.checkpoints + self.creations + self.assignments + self.reports
    }
}

/// How leases changed hands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeaseMoves {
    /// Leases without a live owner that were taken or assigned.
    pub taken: u64,
    /// Taken from a live worker that had to find out.
    pub stolen: u64,
    /// Handed over in good order.
    pub handed_over: u64,
}

/// Times without an owner, or without a sign of life.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Failovers {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum_ns: u128,
    /// The longest (`None`: there was none).
    pub max_ns: Option<u64>,
}

impl Failovers {
    /// Was there none?
    fn is_none(&self) -> bool {
        self.count == 0
    }

    /// One more.
    pub fn add(&mut self, ns: u64) {
        self.count += 1;
        self.sum_ns += u128::from(ns);
        self.max_ns = self.max_ns.max(Some(ns));
    }
}

impl ClientResult {
    /// Batches that failed.
    pub fn failed_batches(&self) -> u64 {
        match self {
            ClientResult::Lambda(l) => l.failed + l.timed_out,
            _ => 0,
        }
    }
}

/// A Lambda function behind an event source mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LambdaResult {
    /// Invocations that ended within the run: succeeded, failed, timed out.
    pub invocations: u64,
    /// Of which succeeded.
    pub succeeded: u64,
    /// Of which failed.
    pub failed: u64,
    /// Of which were cut off by the function's timeout.
    pub timed_out: u64,
    /// Of which final calls of a tumbling window.
    pub final_calls: u64,
    /// Attempts to invoke that the concurrency limit refused.
    pub throttled: u64,
    /// Attempts made again that count as retries.
    pub retries: u64,
    /// Batches cut in two, or where a record failed.
    pub bisects: u64,
    /// Kinesis records sent to the function, each as often as it was sent.
    pub sent: u64,
    /// Batches gathered, and those of them that held as many records as BatchSize allows.
    pub batches: u64,
    /// As many records as BatchSize allows.
    pub full_batches: u64,
    /// Time of all invocations, each in whole milliseconds.
    pub billed_ms: u64,
    /// The function's memory.
    pub memory_bytes: u64,
    /// Does it run on Arm?
    pub arm: bool,
    /// Are a month's free amounts its own?
    pub free_tier: bool,
    /// Its concurrency limit.
    pub concurrency_limit: u32,
    /// Invocations at one time, at most.
    pub concurrency_max: u32,
    /// Invocation × ns.
    pub busy_ns: u128,
    /// Execution environments started.
    pub cold_starts: u32,
    /// Largest IteratorAge: age of the last record of a batch when it was sent. `None`: nothing was sent.
    pub iterator_age_ns_max: Option<u64>,
    /// Lanes that sent anything, of all lanes of all shards read.
    pub lanes_used: u32,
    /// Lanes of all shards read.
    pub lanes: u32,
    /// Lane × ns spent on batches after their first failure.
    pub blocked_ns: u128,
    /// The longest such time of one batch.
    pub blocked_ns_max: u64,
    /// Lanes that are in it at the end.
    pub blocked_at_end: u32,
    /// Metadata records sent to the failure destination.
    pub destination_messages: u64,
    /// Kinesis records given up when the retries were used up.
    pub given_up_by_retries: u64,
    /// Kinesis records given up when they were older than MaximumRecordAge.
    pub given_up_by_age: u64,
    /// Kinesis records given up because no event can hold them.
    pub too_large: u64,
    /// Kinesis records that retention passed in the mapping's hands.
    pub expired: u64,
}

/// A Flink job. Shares are parts per million of the time it ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlinkResult {
    /// `managed` or `self_managed`.
    pub place: &'static str,
    /// Subtasks (slots) at the start.
    pub parallelism_at_start: u32,
    /// Subtasks at the end.
    pub parallelism_at_end: u32,
    /// Subtasks without a shard at the end.
    pub idle_subtasks: u32,
    /// Time all slots together worked.
    pub slots_busy_ppm: u64,
    /// Time the fullest slot worked.
    pub busiest_slot_ppm: u64,
    /// Time all subtasks together had something fetched that their slot could not take.
    pub waiting_for_slot_ppm: u64,
    /// Time all subtasks together waited after refused calls.
    pub waiting_for_limits_ppm: u64,
    /// How far the watermark was behind, once a second.
    pub watermark_delay: LatencySummary,
    /// The largest such delay of each minute since the job began, in ns.
    pub watermark_delay_ns_by_minute: Vec<u64>,
    /// Checkpoints completed.
    pub checkpoints: u64,
    /// Times the job failed and went back to its last checkpoint.
    pub restarts: u64,
    /// Records worked on that a restart undid: they are worked on again.
    pub rewound: u64,
    /// Records in the job's state at the end: each once.
    pub in_state: u64,
    /// Time the job was away.
    pub down_ns: u64,
    /// Changes of parallelism.
    pub rescales: Vec<Rescale>,
    /// What is billed.
    pub usage: FlinkUsage,
}

/// A change of a job's parallelism.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rescale {
    /// When.
    pub at_ns: u64,
    /// From.
    pub from: u32,
    /// To.
    pub to: u32,
}

/// What a job's place costs by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlinkUsage {
    /// KPU × ns of the application; each KPU has its running storage.
    pub kpu_ns: u128,
    /// KPU × ns of its orchestration.
    pub orchestration_kpu_ns: u128,
    /// Durable backups, bytes.
    pub backup_bytes: u64,
    /// How long they are held, in ns.
    pub backups_held_ns: u64,
    /// Task manager × ns on machines of one's own.
    pub machine_ns: u128,
    /// What a task manager costs an hour there.
    pub machine_price: Money,
}

/// A Firehose stream: records in (or in these, where they are opened) = delivered + dropped + failed (where they lie) +
/// rejected + lost + held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FirehoseResult {
    /// Name in the scenario.
    pub name: String,
    /// `stream` or `direct`.
    pub source: &'static str,
    /// Word of the destination: `s3`, `redshift`, ...
    pub destination: &'static str,
    /// Records that came in.
    pub in_records: u64,
    /// Bytes of their data.
    pub in_bytes: u64,
    /// The same, each record rounded up as it is billed.
    pub billed_bytes: u64,
    /// Bytes after decompression.
    pub decompressed_bytes: u64,
    /// Records that were found in those (`None`: they are not opened). All counts from here on are of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_records: Option<u64>,
    /// The transform (`None`: there is none).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<TransformResult>,
    /// Dynamic partitioning (`None`: nothing was told apart).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partitions: Option<PartitionsResult>,
    /// Format conversion (`None`: there is none).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversion: Option<ConversionResult>,
    /// Delivery into a VPC (`None`: there is none).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc: Option<VpcResult>,
    /// Records delivered.
    pub delivered_records: u64,
    /// Their bytes, as gathered: before conversion and compression.
    pub delivered_bytes: u64,
    /// Dropped by the transform.
    pub dropped: u64,
    /// Failed, by the prefix where they lie.
    pub failed: BTreeMap<&'static str, Failed>,
    /// Refused by the destination for good, and nowhere.
    pub rejected: u64,
    /// Too old before they could be delivered.
    pub lost: u64,
    /// Still inside at the end.
    pub held_records: u64,
    /// Their bytes.
    pub held_bytes: u64,
    /// Copies at the destination from requests whose answers came too late.
    pub duplicate_records: u64,
    /// Records transformed after others that came in later.
    pub overtaken_records: u64,
    /// Copied to the back-up as they came in.
    pub backed_up_records: u64,
    /// Their bytes.
    pub backed_up_bytes: u64,
    /// Objects of the back-up.
    pub backup_objects: u64,
    /// Bytes of one of them.
    pub backup_object_bytes: SizeSummary,
    /// PUT requests that S3 bills: for what is delivered there, for what failed, for the back-up.
    pub s3_puts: u64,
    /// Requests to the destination (Redshift: to the S3 bucket before it).
    pub requests: u64,
    /// Of which failed.
    pub failed_requests: u64,
    /// COPY commands (Redshift).
    pub copies: u64,
    /// Of which failed.
    pub failed_copies: u64,
    /// Objects delivered (Redshift: put into S3).
    pub objects: u64,
    /// Because the buffer held its size.
    pub flushed_by_size: u64,
    /// Because the interval was over.
    pub flushed_by_interval: u64,
    /// Bytes of an object as written: converted and compressed.
    pub object_bytes: SizeSummary,
    /// Arrived to delivered, record by record.
    pub freshness: LatencySummary,
    /// Age of an object's oldest record when it was delivered, object by object.
    pub object_age: LatencySummary,
    /// Age of the oldest record inside, at its highest (`None`: nothing was ever inside).
    pub oldest_ns_max: Option<u64>,
    /// It was looked at for so long.
    pub until_ns: u64,
    /// Length of a bucket of the series.
    pub bucket_ns: u64,
    /// Over time; the last bucket is the last in which something happened.
    pub series: Vec<FirehoseBucket>,
}

impl FirehoseResult {
    /// in − (delivered + dropped + failed + rejected + lost + held): zero.
    pub fn imbalance(&self) -> i128 {
        let gone = self.delivered_records + self.dropped + self.failed() + self.rejected + self.lost;
        let came = self.opened_records.unwrap_or(self.in_records);
        i128::from(came) - i128::from(gone + self.held_records)
    }

    /// Records that lie under some prefix of the error bucket.
    pub fn failed(&self) -> u64 {
        self.failed.values().map(|f| f.records).sum()
    }
}

/// Records under one prefix of the error bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// How many.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects they lie in.
    pub objects: u64,
}

/// What the Lambda function of a transform did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TransformResult {
    /// Calls, with those made again.
    pub calls: u64,
    /// Of which failed or timed out.
    pub failed_calls: u64,
    /// Time the function ran, all calls together.
    pub ran_ns: u128,
    /// Records that came back as Ok or Dropped.
    pub records: u64,
    /// Bytes that came back.
    pub bytes: u64,
    /// Time it ran, each call in whole milliseconds.
    pub billed_ms: u64,
    /// The function's memory.
    pub memory_bytes: u64,
    /// Does it run on Arm?
    pub arm: bool,
    /// Are a month's free amounts its own?
    pub free_tier: bool,
}

/// What dynamic partitioning did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PartitionsResult {
    /// Partitions that may be active.
    pub limit: u64,
    /// Most partitions that were active at once.
    pub active_max: u64,
    /// Time of JSON queries.
    pub query_ns: u128,
}

/// What conversion to Parquet or ORC did; what it failed lies under its prefix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConversionResult {
    /// Records converted.
    pub records: u64,
    /// Their bytes before.
    pub bytes: u64,
}

/// Delivery into a VPC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VpcResult {
    /// Availability Zones in which it has an interface.
    pub zones: u32,
    /// For so long.
    pub ns: u64,
}

/// One bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FirehoseBucket {
    /// Records that came in.
    pub in_records: u64,
    /// Their bytes.
    pub in_bytes: u64,
    /// Calls of the transform that began.
    pub calls: u64,
    /// Of which fail.
    pub failed_calls: u64,
    /// Time they take.
    pub ran_ns: u64,
    /// Records the transform is done with that did not fail.
    pub transformed_records: u64,
    /// Bytes that came back.
    pub transformed_bytes: u64,
    /// Records converted.
    pub converted_records: u64,
    /// Their bytes before.
    pub converted_bytes: u64,
    /// Records that failed, whatever failed them.
    pub failed_records: u64,
    /// Of which could not be converted.
    pub unconverted_records: u64,
    /// Their bytes.
    pub unconverted_bytes: u64,
    /// Of which belong to partitions too many.
    pub exceeded_records: u64,
    /// Most partitions that were active (`None`: nothing was told apart).
    pub active: Option<u64>,
    /// Objects of the back-up.
    pub backup_objects: u64,
    /// Records copied to it.
    pub backup_records: u64,
    /// Their bytes.
    pub backup_bytes: u64,
    /// Objects delivered.
    pub objects: u64,
    /// Records in them.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those bytes as they came in, before a transform.
    pub raw_bytes: u64,
    /// Age of the oldest record delivered (DataFreshness); `None`: nothing was.
    pub freshness_ns: Option<u64>,
    /// Arrived to delivered, record by record: median.
    pub p50_ns: Option<u64>,
    /// 99th percentile.
    pub p99_ns: Option<u64>,
}
