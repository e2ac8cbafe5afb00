//! What a run found: plain data. `report` draws it, `cost` prices it, tests assert it.

use crate::measure::clients::{ClientResult, FirehoseResult};
use crate::measure::latency::LatencySummary;
use crate::measure::lost::Lost;
use crate::measure::resolution::Coarse;
use crate::measure::sink::Billed;
use serde::Serialize;

/// One run (one seed, one mode).
#[derive(Clone, Debug, Serialize)]
pub struct RunResult {
    /// `provisioned`, `on_demand`, `on_demand_advantage`.
    pub mode: &'static str,
    /// Simulated nanoseconds.
    pub duration_ns: u64,
    /// One ledger per producer, in the scenario's order.
    pub producers: Vec<ProducerResult>,
    /// One per producer that puts straight to Firehose.
    pub intakes: Vec<IntakeResult>,
    /// The stream's side.
    pub stream: StreamResult,
    /// One per consumer, in the scenario's order.
    pub consumers: Vec<ConsumerResult>,
    /// Over time, stream level, equal buckets.
    pub series: Series,
    /// Over one minute each, per shard that was ever open.
    pub shards: Vec<ShardResult>,
    /// Every decision and control event, in order.
    pub timeline: Vec<TimelineEntry>,
    /// What is billed.
    pub usage: Usage,
    /// Fingerprints.
    pub digests: Digests,
    /// `Some(reason)` when a bound cut the run.
    pub cut: Option<String>,
    /// How coarsely it was simulated, and what that cannot show; `None`: every record by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coarse: Option<Coarse>,
}

/// born = stored at least once + given up (by cause) + held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProducerResult {
    /// Name in the scenario.
    pub name: String,
    /// Its records go to a Firehose stream of its own; *stored* then is *accepted* there.
    pub to_firehose: bool,
    /// Records born.
    pub born: u64,
    /// Bytes born (with key bytes where they count).
    pub born_bytes: u64,
    /// Records stored at least once.
    pub stored: u64,
    /// Stored again by a retry.
    pub duplicates: u64,
    /// Stored in their shard after a record that the same process made later (keys are not told apart); `None`: not
    /// looked at.
    pub overtaken: Option<u64>,
    /// Given up, by cause.
    pub lost: Lost,
    /// Still in the client (or before it) at the end.
    pub held: u64,
    /// Records of which an attempt was refused or failed.
    pub delayed: u64,
    /// Entries judged (an attempt is one entry of one put call: a Kinesis record).
    pub attempts: u64,
    /// Records in them: each as often as it was sent.
    pub carried: u64,
    /// Attempts refused by a shard's write limit.
    pub throttled: u64,
    /// Put calls sent.
    pub calls: u64,
    /// Put calls that arrived and were judged.
    pub judged_calls: u64,
    /// Put calls that failed as a whole: no answer came.
    pub failed_calls: u64,
    /// Records in calls that failed before anything was judged, each as often as it was sent.
    pub unjudged: u64,
    /// Records cut because they were too long for the client.
    pub truncated: u64,
    /// Bytes cut off them.
    pub truncated_bytes: u64,
    /// Largest memory of waiting records seen, all instances together, in bytes.
    pub buffered_bytes_max: u64,
    /// Most records waiting, all instances together.
    pub buffered_records_max: u64,
    /// Records sent again because they landed on another shard than predicted.
    pub resent_elsewhere: u64,
    /// What packing does to the bill (`None`: the client packs nothing).
    pub packing: Option<Packing>,
    /// Born to first sent.
    pub buffering: LatencySummary,
    /// First sent to stored, retries included.
    pub put: LatencySummary,
}

/// What stored Kinesis records are billed, and what the records in them would be, each stored alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Packing {
    /// PUT payload units.
    pub payload_units: u64,
    /// PUT payload units of the records one by one.
    pub payload_units_alone: u64,
    /// Bytes as on-demand streams bill them.
    pub rounded_bytes: u64,
    /// The same of the records one by one.
    pub rounded_bytes_alone: u64,
}

impl Packing {
    /// A Kinesis record that is billed as `packed`, of records that would be billed as `alone`.
    pub fn count(&mut self, packed: Billed, alone: Billed) {
        self.payload_units += packed.units;
        self.payload_units_alone += alone.units;
        self.rounded_bytes += packed.rounded;
        self.rounded_bytes_alone += alone.rounded;
    }

    /// Adds what another process counted.
    pub fn add(&mut self, other: &Packing) {
        let of = |units, rounded| Billed { units, rounded };
        self.count(
            of(other.payload_units, other.rounded_bytes),
            of(other.payload_units_alone, other.rounded_bytes_alone),
        );
    }
}

/// The intake of a Firehose stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IntakeResult {
    /// Its producer's name.
    pub name: String,
    /// Copies of records accepted.
    pub accepted_records: u64,
    /// Their bytes.
    pub accepted_bytes: u64,
    /// Calls of which something was accepted.
    pub accepted_calls: u64,
    /// Records refused: the records quota.
    pub throttled_by_records: u64,
    /// Records refused: the bytes quota.
    pub throttled_by_bytes: u64,
    /// Records refused with their call: the requests quota.
    pub throttled_by_requests: u64,
    /// Seconds in which something was refused.
    pub throttled_seconds: u64,
    /// When its quotas were raised.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub raised_ns: Vec<u64>,
    /// Its quotas at the start: records, requests, bytes a second.
    pub quotas: (u64, u64, u64),
    /// Length of a bucket of the series.
    pub bucket_ns: u64,
    /// Over time; the last bucket is the last in which something came in.
    pub series: Vec<IntakeBucket>,
    /// The Firehose stream behind it, where the scenario has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firehose: Option<FirehoseResult>,
}

/// One bucket of an intake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IntakeBucket {
    /// Calls of which something was accepted.
    pub calls: u64,
    /// Records accepted.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records refused.
    pub throttled: u64,
    /// Its quotas are so many times those at the start (0: nothing came).
    pub times: u32,
}

/// The stream's totals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StreamResult {
    /// Shards open at the start.
    pub shards_at_start: u32,
    /// Shards open at the end.
    pub shards_at_end: u32,
    /// Most shards open at once.
    pub shards_max: u32,
    /// Copies of records stored.
    pub stored: u64,
    /// Kinesis records they were stored in; fewer where producers pack several records into one.
    pub kinesis_records: u64,
    /// Their bytes.
    pub stored_bytes: u64,
    /// Of which first copies.
    pub first_copies: u64,
    /// Of which duplicates.
    pub duplicates: u64,
    /// Attempts refused: records limit.
    pub throttled_by_records: u64,
    /// Attempts refused: bytes limit.
    pub throttled_by_bytes: u64,
    /// On-demand only: seconds in which a write was refused (any shard), summed over seconds.
    pub throttled_seconds: u64,
    /// The shard with the most stored bytes or refusals, and its share of all attempts (parts per million).
    pub hottest_shard: Option<u32>,
    /// Its share of all attempts in parts per million.
    pub hottest_share_ppm: u64,
}

/// stored copies = first deliveries + skipped + filtered + failure destination + discarded + before start + lost + unread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConsumerResult {
    /// Name in the scenario.
    pub name: String,
    /// `polling` or `enhanced_fan_out`.
    pub read: &'static str,
    /// Copies delivered for the first time.
    pub first_deliveries: u64,
    /// Their bytes.
    pub delivered_bytes: u64,
    /// Deliveries of copies delivered before.
    pub redeliveries: u64,
    /// Bytes of the redeliveries (they are read, and billed, again).
    pub redelivered_bytes: u64,
    /// Copies delivered for the first time after a later one of their shard, or of a shard that theirs was split or
    /// merged into (not written where there are none).
    #[serde(skip_serializing_if = "is_zero")]
    pub overtaken: u64,
    /// Skipped by the client.
    pub skipped: u64,
    /// Filtered.
    pub filtered: u64,
    /// Sent to a failure destination.
    pub to_failure_destination: u64,
    /// Discarded.
    pub discarded: u64,
    /// Stored before the start position.
    pub before_start: u64,
    /// Passed by retention.
    pub lost_to_retention: u64,
    /// Not read at the end.
    pub unread: u64,
    /// GetRecords calls, or subscriptions made.
    pub calls: u64,
    /// GetRecords calls that returned nothing.
    pub empty_calls: u64,
    /// Calls refused: five calls per second.
    pub throttled_by_calls: u64,
    /// Calls refused: 2 MiB per second.
    pub throttled_by_bytes: u64,
    /// Batches that failed and were done again.
    pub failed_batches: u64,
    /// Deliveries out of a long backlog, which keeps groups of 64 records by their sums (counts and bytes exact,
    /// moments spread evenly inside a group).
    pub from_cold: u64,
    /// Largest iterator age in ns.
    pub iterator_age_ns_max: u64,
    /// Time from the end of the last outage until it was caught up (`None`: no outage, or never caught up).
    pub catch_up_ns: Option<u64>,
    /// Stored to received.
    pub propagation: LatencySummary,
    /// Received to processed.
    pub processing: LatencySummary,
    /// Born to processed.
    pub end_to_end: LatencySummary,
    /// What its client counts besides (`None`: plain SDK calls).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientResult>,
}

/// Equal time buckets at stream level; every vector has one value a bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Series {
    /// Length of a bucket; 60 s is a whole number of buckets, or a bucket is 60 s.
    pub bucket_ns: u64,
    /// Records born.
    pub born: Vec<u64>,
    /// Bytes born.
    pub born_bytes: Vec<u64>,
    /// Attempts made.
    pub attempts: Vec<u64>,
    /// Copies of records stored.
    pub stored: Vec<u64>,
    /// Kinesis records stored: what CloudWatch counts.
    pub kinesis_records: Vec<u64>,
    /// Bytes stored.
    pub stored_bytes: Vec<u64>,
    /// Attempts refused.
    pub throttled: Vec<u64>,
    /// Records given up.
    pub lost: Vec<u64>,
    /// Put calls, and those with at least one stored record.
    pub put_calls: Vec<u64>,
    /// Calls with at least one stored record.
    pub put_calls_ok: Vec<u64>,
    /// Sum of call latencies in ns.
    pub put_latency_ns_sum: Vec<u64>,
    /// Open shards at the bucket's end.
    pub open_shards: Vec<u32>,
    /// Per producer.
    pub producers: Vec<ProducerSeries>,
    /// Per consumer.
    pub consumers: Vec<ConsumerSeries>,
}

/// One producer over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ProducerSeries {
    /// Records waiting in its clients' memory at the bucket's end.
    pub buffered_records: Vec<u64>,
    /// Their bytes.
    pub buffered_bytes: Vec<u64>,
}

/// One consumer over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ConsumerSeries {
    /// Deliveries, repeated ones included.
    pub records: Vec<u64>,
    /// Kinesis records they came in: what CloudWatch counts.
    pub kinesis_records: Vec<u64>,
    /// Bytes delivered.
    pub bytes: Vec<u64>,
    /// Calls (polling) or subscriptions (fan-out).
    pub calls: Vec<u64>,
    /// Calls refused.
    pub throttled: Vec<u64>,
    /// Largest iterator age (MillisBehindLatest for fan-out) in the bucket; `None` = no read succeeded.
    pub iterator_age_ns: Vec<Option<u64>>,
    /// Lambda's own IteratorAge, the largest age of a batch's last record when it was sent; `None` = nothing was sent;
    /// empty where nothing ever was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sent_age_ns: Vec<Option<u64>>,
    /// Unread records at the bucket's end.
    pub backlog: Vec<u64>,
    /// End-to-end latency of records processed in the bucket: p50, p99, max in ns; `None` = none.
    pub p50_ns: Vec<Option<u64>>,
    /// 99th percentile.
    pub p99_ns: Vec<Option<u64>>,
    /// Largest.
    pub max_ns: Vec<Option<u64>>,
}

impl ConsumerSeries {
    /// How far behind it is in each bucket: by what it read last, or what it sent last.
    pub fn ages(&self) -> Vec<Option<u64>> {
        let sent = self.sent_age_ns.iter().copied().chain(std::iter::repeat(None));
        self.iterator_age_ns.iter().zip(sent).map(|(read, sent)| sent.max(*read)).collect()
    }
}

/// One shard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ShardResult {
    /// Number in `shardId-…`.
    pub id: u32,
    /// Parent and adjacent parent.
    pub parents: Vec<u32>,
    /// First hash key, as decimal text.
    pub starting_hash_key: String,
    /// Last hash key, as decimal text.
    pub ending_hash_key: String,
    /// Opened at.
    pub opened_ns: u64,
    /// Closed at (`None` = open at the end).
    pub closed_ns: Option<u64>,
    /// Copies stored.
    pub stored: u64,
    /// Bytes stored.
    pub stored_bytes: u64,
    /// Attempts refused.
    pub throttled: u64,
    /// By minute from minute `opened_ns / 60 s`: (IncomingRecords, IncomingBytes, refused attempts, OutgoingRecords,
    /// OutgoingBytes, refused reads, largest iterator age in ns).
    pub minutes: Vec<ShardMinute>,
}

/// One shard in one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ShardMinute {
    /// IncomingRecords.
    pub in_records: u64,
    /// IncomingBytes.
    pub in_bytes: u64,
    /// WriteProvisionedThroughputExceeded.
    pub write_throttled: u64,
    /// OutgoingRecords.
    pub out_records: u64,
    /// OutgoingBytes.
    pub out_bytes: u64,
    /// ReadProvisionedThroughputExceeded.
    pub read_throttled: u64,
    /// IteratorAgeMilliseconds, in ns; `None` = no read succeeded.
    pub iterator_age_ns: Option<u64>,
}

/// A decision or control event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineEntry {
    /// When.
    pub at_ns: u64,
    /// One of a closed list of words: `split`, `merge`, `decision`, `reshard_request`, `mode_switch`, `outage_begins`, …
    pub what: &'static str,
    /// In words, with the reason.
    pub text: String,
}

/// Billed quantities of the run, exact integers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Σ over time spent in each mode: open shards × ns, provisioned.
    pub provisioned_shard_ns: u128,
    /// On-demand stream time in ns (Standard).
    pub stream_ns: u128,
    /// Time in Advantage in ns.
    pub advantage_ns: u128,
    /// PUT payload units (ceil of each stored record to 25 KiB), while provisioned.
    pub put_payload_units: u64,
    /// Bytes in, each record rounded up to 1 KiB, while on-demand Standard.
    pub on_demand_in_bytes: u64,
    /// Bytes out by GetRecords, while on-demand Standard.
    pub on_demand_out_bytes: u64,
    /// Bytes out by fan-out, while on-demand Standard.
    pub on_demand_fan_out_bytes: u64,
    /// Same three while in Advantage.
    pub advantage_in_bytes: u64,
    /// GetRecords bytes, Advantage.
    pub advantage_out_bytes: u64,
    /// Fan-out bytes, Advantage.
    pub advantage_fan_out_bytes: u64,
    /// Consumer-shard time of fan-out consumers in ns, while provisioned.
    pub fan_out_consumer_shard_ns: u128,
    /// Fan-out bytes, while provisioned.
    pub fan_out_bytes: u64,
    /// Shard time with retention above 24 h in ns, while provisioned.
    pub extended_retention_shard_ns: u128,
    /// Byte-ns held between 24 h and 7 days, while on-demand (Standard).
    pub on_demand_extended_byte_ns: u128,
    /// The same in Advantage.
    pub advantage_retention_byte_ns: u128,
    /// Byte-ns held beyond 7 days.
    pub long_term_byte_ns: u128,
    /// GetRecords bytes of records older than 7 days.
    pub long_term_read_bytes: u64,
    /// Kinesis records stored (for averages).
    pub stored: u64,
    /// Bytes stored.
    pub stored_bytes: u64,
}

/// Three fingerprints of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Digests {
    /// Per producer: times, sizes, positions of everything born.
    pub demand: Vec<String>,
    /// Polls, refusals, control in order.
    pub events: String,
    /// Everything in this result.
    pub results: String,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}
