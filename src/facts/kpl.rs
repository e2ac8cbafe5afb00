//! The Kinesis Producer Library: defaults, ranges and the constants of its pipeline.

use super::Value::{Bytes as Size, Constant, Count, Dur as Span, Percent as Share, Word};
use super::fact::facts;
use crate::units::{Bytes, Dur, Percent};

/// Per cent in parts per billion.
const PERCENT: u64 = Percent::WHOLE / 100;

facts! {
    BEHAVIOUR: "kpl.behaviour", Word("v1_0_6"), KPL, SourceCode,
        "Version whose behaviour is modelled when the scenario does not say: the 1.0.7 line behaves as 1.0.6.";
    AGGREGATION: "kpl.aggregation", Word("true"), KPL, SourceCode,
        "AggregationEnabled: several user records in one Kinesis record.";
    AGGREGATION_MAX_COUNT: "kpl.aggregation_max_count", Count(4_294_967_295, "records"), KPL, SourceCode,
        "AggregationMaxCount: user records of one Kinesis record.";
    AGGREGATION_MAX_SIZE: "kpl.aggregation_max_size", Size(Bytes::from_kib(50)), KPL, SourceCode,
        "AggregationMaxSize: bytes of one Kinesis record that holds several user records.";
    AGGREGATION_SIZE_MIN: "kpl.aggregation_max_size_min", Size(Bytes(64)), KPL, SourceCode,
        "Least AggregationMaxSize.";
    AGGREGATION_SIZE_MAX: "kpl.aggregation_max_size_max", Size(Bytes::from_mib(10)), KPL, SourceCode,
        "Largest AggregationMaxSize, from 1.0.6.";
    AGGREGATION_SIZE_MAX_BEFORE: "kpl.aggregation_max_size_max_before_1_0_6", Size(Bytes::from_mib(1)), KPL, SourceCode,
        "Largest AggregationMaxSize up to 1.0.5.";
    USER_RECORD_SIZE: "kpl.max_user_record_size", Size(Bytes::from_mib(1)), KPL, SourceCode,
        "MaxUserRecordSize: data of one user record; also its largest value up to 1.0.5.";
    USER_RECORD_SIZE_MAX: "kpl.max_user_record_size_max", Size(Bytes::from_mib(10)), KPL, SourceCode,
        "Largest MaxUserRecordSize, from 1.0.6.";
    COLLECTION_MAX_COUNT: "kpl.collection_max_count", Count(500, "records"), KPL, SourceCode,
        "CollectionMaxCount: Kinesis records of one PutRecords call; also its largest value.";
    COLLECTION_MAX_SIZE: "kpl.collection_max_size", Size(Bytes::from_mib(5)), KPL, SourceCode,
        "CollectionMaxSize: bytes of one PutRecords call, keys included. The service takes 10 MiB by now.";
    COLLECTION_SIZE_MIN: "kpl.collection_max_size_min", Size(Bytes(52_224)), KPL, SourceCode,
        "Least CollectionMaxSize.";
    COLLECTION_SHARD_BYTES: "kpl.collection_shard_bytes", Size(Bytes::from_kib(256)), KPL, SourceCode,
        "Data gathered for one shard that sends the whole call at once.";
    MAX_BUFFERED_TIME: "kpl.record_max_buffered_time", Span(Dur::from_ms(100)), KPL, SourceCode,
        "RecordMaxBufferedTime: how long a user record waits for company. A retry waits half of it.";
    TTL: "kpl.record_ttl", Span(Dur::from_s(30)), KPL, SourceCode,
        "RecordTtl: a user record that is older is failed instead of sent again.";
    TTL_MIN: "kpl.record_ttl_min", Span(Dur::from_ms(100)), KPL, SourceCode,
        "Least RecordTtl.";
    EXTENSION_SHARE: "kpl.collector_extension_share", Share(Percent(20 * PERCENT)), KPL, SourceCode,
        "With aggregation, a Kinesis record may wait this share of RecordMaxBufferedTime more for its call (from 0.14.0).";
    EXTENSION_MAX: "kpl.collector_extension_max", Span(Dur::from_ms(50)), KPL, SourceCode,
        "And no longer than this.";
    RATE_LIMIT: "kpl.rate_limit", Share(Percent(150 * PERCENT)), KPL, SourceCode,
        "RateLimit: what one process sends to one shard at most, in percent of the shard's write limits. Without effect when aggregation is off.";
    LIMITER_RECORDS: "kpl.limiter_records", Count(1_000, "records"), KPL, SourceCode,
        "Record tokens that the limiter holds at most.";
    LIMITER_BYTES: "kpl.limiter_bytes", Size(Bytes::from_mib(10)), KPL, SourceCode,
        "Byte tokens that the limiter holds at most, from 1.0.6.";
    LIMITER_BYTES_BEFORE: "kpl.limiter_bytes_before_1_0_6", Size(Bytes::from_mib(1)), KPL, SourceCode,
        "Byte tokens that the limiter holds at most, up to 1.0.5.";
    LIMITER_ROUND: "kpl.limiter_round", Span(Dur::from_ms(25)), KPL, SourceCode,
        "How often the limiter looks at those that wait.";
    FAIL_IF_THROTTLED: "kpl.fail_if_throttled", Word("false"), KPL, SourceCode,
        "FailIfThrottled: a throttled record is failed at once instead of being sent again.";
    MAX_CONNECTIONS: "kpl.max_connections", Count(24, "calls"), KPL, SourceCode,
        "MaxConnections: calls under way at once; further ones wait their turn (the order is inferred).";
    MAX_CONNECTIONS_MAX: "kpl.max_connections_max", Count(256, "calls"), KPL, SourceCode,
        "Largest MaxConnections.";
    LIST_LATENCY: "kpl.list_shards_latency", Constant(Dur::from_ms(100)), MODEL, Assumed,
        "ListShards, call to answer; nothing is published. While the shard map is loaded, records travel alone and unlimited.";
    LIST_PAGE: "kpl.list_shards_page", Count(1_000, "shards"), KPL, SourceCode,
        "Shards of one ListShards answer; larger streams take several calls, one after another.";
    LIST_BACKOFF: "kpl.list_shards_backoff", Span(Dur::from_s(1)), KPL, SourceCode,
        "Wait before ListShards is called again after a failure; half as long again each time.";
    LIST_BACKOFF_MAX: "kpl.list_shards_backoff_max", Span(Dur::from_s(30)), KPL, SourceCode,
        "No wait before ListShards is longer.";
    RANGES_KEPT: "kpl.closed_ranges_kept", Span(Dur::from_s(60)), KPL, SourceCode,
        "How long after loading the shard map the ranges of shards that are not open any more stay known (from 0.15.11); checked twice in that time.";
}
