//! Limits of a stream and its shards: writes, polling reads, records, retention, resharding.
//!
//! AWS prints MB and MiB for the same limits; its own tools use 2^20, and so do we. The shape of the per-second
//! enforcement is not published: those rows are `assumed`.

use super::Value;
use super::Value::{Bytes as Size, Count, Dur as Span, Word};
use super::fact::facts;
use crate::theory::sizing::ShardLimits;
use crate::units::{ByteRate, Bytes, Dur};

facts! {
    SHARD_WRITE_RECORDS: "shard.write.records_per_s", Count(1_000, "records/s"), LIM, Documented,
        "Records a shard accepts per second, whatever their size; PutRecord and PutRecords together.";
    SHARD_WRITE_BYTES: "shard.write.bytes_per_s", Value::ByteRate(ByteRate(1 << 20)), API, Documented,
        "Bytes a shard accepts per second: data before base64 plus partition key. AWS prints 1 MB/s and 1 MiB/s; 2^20 is what its tools use.";
    SHARD_WRITE_BURST_RECORDS: "shard.write.burst_records", Count(1_000, "records"), MODEL, Assumed,
        "Depth of the records bucket: one second's worth. AWS documents no burst for the records limit.";
    SHARD_WRITE_BURST_BYTES: "shard.write.burst_bytes", Size(Bytes::from_mib(1)), MODEL, Assumed,
        "Depth of the bytes bucket of a stream left at 1 MiB records: one second's worth. Not documented.";
    LARGE_RECORD_TANK: "shard.write.large_record_tank", Size(Bytes::from_mib(10)), B_LR, Documented,
        "Depth of the bytes bucket when the stream allows records above 1 MiB: a tank that refills at 1 MiB/s, emptied by one 10 MiB record.";
    ADMISSION_SHAPE: "shard.write.admission", Word("token_bucket"), MODEL, Assumed,
        "Shape of the per-second write limit. AWS publishes the tank picture for large records only; fixed and sliding windows are the alternatives.";
    BYTE_ROUNDING: "shard.write.byte_rounding", Word("aws"), TRP, Documented,
        "Bytes against the write limit are rounded up to the next KB: per record for PutRecord, on the running sum of the call for PutRecords.";
    BYTE_ROUNDING_PER_SHARD: "shard.write.byte_rounding_per_shard", Word("running_sum_per_call_and_shard"), MODEL, Assumed,
        "How the rounding of one PutRecords call splits over shards: within one call and shard the charge after entry k is the sum of its admitted entries rounded up. AWS does not say.";
    WRITE_ROUNDING_UNIT: "shard.write.rounding_unit", Size(Bytes::from_kib(1)), TRP, Documented,
        "The KB to which bytes against the write limit are rounded up.";
    COUNT_KEY_BYTES: "shard.write.count_key_bytes", Word("true"), API, Documented,
        "The partition key counts against the shard's byte limit; stream name and headers do not.";
    SHARD_READ_BYTES: "shard.read.bytes_per_s", Value::ByteRate(ByteRate(2 << 20)), API, Documented,
        "Bytes per second and shard for all GetRecords callers together.";
    SHARD_READ_CALLS: "shard.read.calls_per_s", Count(5, "calls/s"), LIM, Documented,
        "GetRecords calls per second and shard, shared by all consumers.";
    READ_FORFEIT: "shard.read.forfeit_after", Span(Dur::from_s(4)), MODEL, Assumed,
        "A response worth more than this time of the read limit forfeits what was saved, so that a 10 MiB response blocks for the documented 5 s while ordinary readers do not block each other.";
    READ_CALLS_SHAPE: "shard.read.calls_shape", Word("fixed_window"), MODEL, Assumed,
        "Shape of the five-calls limit; AWS does not publish it. Two pollers at 200 ms starve differently under each shape.";
    READ_CALLS_DEPTH: "shard.read.calls_depth", Count(5, "calls"), MODEL, Assumed,
        "Depth of the call limit where it is a token bucket: one second's worth.";
    SHARD_READ_RECORDS: "shard.read.records_per_s", Count(2_000, "records/s"), LIM, Assumed,
        "One row of the quota table limits reads to 2,000 records per second; no other page does and one call may return 10,000. Not enforced.";
    GET_RECORDS_MAX_RECORDS: "get_records.records_max", Count(10_000, "records"), API, Documented,
        "Records one GetRecords call returns at most, and the default of Limit.";
    GET_RECORDS_MAX_BYTES: "get_records.bytes_max", Size(Bytes::from_mib(10)), API, Documented,
        "Bytes one GetRecords call returns at most.";
    READ_DEBT: "get_records.debt", Span(Dur::from_s(5)), API, Documented,
        "After a 10 MiB answer, calls in the next 5 s are throttled: read debt repaid at 2 MiB/s. That a smaller answer blocks in proportion is inferred.";
    GET_SHARD_ITERATOR_RATE: "get_shard_iterator.per_s", Count(5, "calls/s"), LIM, Documented,
        "GetShardIterator calls per second and shard.";
    SHARD_ITERATOR_LIFE: "get_shard_iterator.life", Span(Dur::from_min(5)), LIM, Documented,
        "A shard iterator expires after this time.";
    RECORD_SIZE_DEFAULT: "stream.max_record_size", Size(Bytes::from_mib(1)), API, Documented,
        "Largest record a stream accepts unless MaxRecordSizeInKiB is raised; data and partition key must fit.";
    RECORD_SIZE_MAX: "stream.max_record_size_max", Size(Bytes::from_mib(10)), API, Documented,
        "Largest setting of MaxRecordSizeInKiB (1,024 to 10,240).";
    RETENTION_DEFAULT: "stream.retention", Span(Dur::from_h(24)), API, Documented,
        "How long records stay readable unless retention is raised; also the smallest setting.";
    RETENTION_MAX: "stream.retention_max", Span(Dur::from_h(8_760)), API, Documented,
        "Longest retention.";
    RETENTION_EXTENDED_END: "stream.retention_extended_end", Span(Dur::from_h(168)), FAQ, Documented,
        "Up to here retention is billed as extended, beyond as long-term.";
    VISIBILITY: "stream.visibility", Span(Dur::ZERO), DG22, Documented,
        "Stored to readable: records are readable immediately after they are written.";
    SHARD_QUOTA_LARGE: "stream.shard_quota_large", Count(20_000, "shards"), LIM, Documented,
        "Default shard quota per account in us-east-1, us-west-2 and eu-west-1.";
    SHARD_QUOTA_MIDDLE: "stream.shard_quota_middle", Count(6_000, "shards"), LIM, Documented,
        "Default shard quota per account in the middle group of Regions.";
    SHARD_QUOTA_SMALL: "stream.shard_quota_small", Count(1_000, "shards"), LIM, Documented,
        "Default shard quota per account in the other Regions.";
    UPDATE_SHARD_COUNT_FACTOR: "update_shard_count.factor_max", Count(2, "times"), API, Documented,
        "UpdateShardCount goes at most to double and at least to half the open shards.";
    UPDATE_SHARD_COUNT_PER_DAY: "update_shard_count.per_24_h", Count(10, "calls per rolling 24 h"), API, Documented,
        "UpdateShardCount calls per stream in a rolling day.";
    UPDATE_SHARD_COUNT_MAX: "update_shard_count.target_max", Count(10_000, "shards"), API, Documented,
        "Largest target of UpdateShardCount.";
    RESHARD_FIRST_OPERATION: "reshard.first_operation", Span(Dur::from_s(30)), P19, Assumed,
        "Request to first split. AWS says a few minutes and publishes no formula; one reshard from 2 to 3 shards, decoded from sequence numbers, created children 0, 30 and 35 s after the first.";
    RESHARD_PER_OPERATION: "reshard.seconds_per_operation", Span(Dur::from_ms(17_500)), P19, Assumed,
        "From one split or merge to the next: the mean of the two gaps (30 s and 5 s) of that one reshard.";
    RESHARD_PARALLEL: "reshard.parallel_operations", Count(1, "operations"), MODEL, Assumed,
        "Splits and merges at the same time; the sample shows one after another.";
    SPLIT_MERGE_RATE: "split_merge.per_s", Count(5, "calls/s"), LIM, Documented,
        "SplitShard and MergeShards calls per second (per account in the API text, per stream in the quota table).";
    MODE_SWITCHES: "stream.mode_switches_per_24_h", Count(2, "switches per 24 h"), API, Documented,
        "UpdateStreamMode per stream and day; the shard count is kept.";
}

/// The limits that sizing formulas need.
pub const fn shard_limits() -> ShardLimits {
    ShardLimits {
        write_bytes_per_s: SHARD_WRITE_BYTES.byte_rate().0,
        write_records_per_s: SHARD_WRITE_RECORDS.count(),
        read_bytes_per_s: SHARD_READ_BYTES.byte_rate().0,
    }
}

/// Default shard quota of an account in a Region; `None` where the sheet does not name the Region's group.
pub fn shard_quota(region: &str) -> Option<u64> {
    match region {
        "us-east-1" | "us-west-2" | "eu-west-1" => Some(SHARD_QUOTA_LARGE.count()),
        _ => None,
    }
}
