//! Amazon Data Firehose: direct puts, reading a stream, buffers, delivery.

use super::Value;
use super::Value::{ByteRate as Rate, Bytes as Size, Count, Dur as Span};
use super::fact::facts;
use crate::units::{ByteRate, Bytes, Dur, Percent};

facts! {
    LARGE_RECORDS: "firehose.direct_records_large", Count(500_000, "records/s"), FHLIM, Documented,
        "Direct puts to one stream in us-east-1, us-west-2 and eu-west-1: records per second.";
    LARGE_REQUESTS: "firehose.direct_requests_large", Count(2_000, "requests/s"), FHLIM, Documented,
        "Direct puts to one stream in us-east-1, us-west-2 and eu-west-1: requests per second.";
    LARGE_BYTES: "firehose.direct_bytes_large", Rate(ByteRate(5 << 20)), FHLIM, Documented,
        "Direct puts to one stream in us-east-1, us-west-2 and eu-west-1: bytes per second.";
    OTHER_RECORDS: "firehose.direct_records_other", Count(100_000, "records/s"), FHLIM, Documented,
        "Direct puts to one stream in all other Regions: records per second.";
    OTHER_REQUESTS: "firehose.direct_requests_other", Count(1_000, "requests/s"), FHLIM, Documented,
        "Direct puts to one stream in all other Regions: requests per second.";
    OTHER_BYTES: "firehose.direct_bytes_other", Rate(ByteRate(1 << 20)), FHLIM, Documented,
        "Direct puts to one stream in all other Regions: bytes per second.";
    BATCH_RECORDS: "firehose.batch_records_max", Count(500, "records"), FHLIM, Documented,
        "Records of one PutRecordBatch call.";
    BATCH_BYTES: "firehose.batch_bytes_max", Size(Bytes::from_mib(4)), FHLIM, Documented,
        "Bytes of one PutRecordBatch call.";
    BILLED_STEP: "firehose.billed_step", Size(Bytes::from_kib(5)), FHLIM, Documented,
        "Each record that comes in is billed as a whole multiple of this.";
    POLL_EVERY: "firehose.poll_every", Span(Dur::from_s(1)), FHKDS, Documented,
        "Firehose calls GetRecords once a second on each shard of a stream it reads; twice with full back-up.";
    HOLD: "firehose.hold", Size(Bytes::from_mib(128)), MODEL, Assumed,
        "What may wait for delivery of one shard before Firehose reads no more of it; AWS publishes no figure.";
    S3_SIZE: "firehose.s3_size", Size(Bytes::from_mib(5)), FHBUF, Documented,
        "Buffer size of a delivery to S3, unless stated.";
    S3_SIZE_MIN: "firehose.s3_size_min", Size(Bytes::from_mib(1)), FHBUF, Documented,
        "Smallest buffer size of a delivery to S3.";
    S3_SIZE_MAX: "firehose.s3_size_max", Size(Bytes::from_mib(128)), FHBUF, Documented,
        "Largest buffer size of a delivery to S3.";
    S3_INTERVAL: "firehose.s3_interval", Span(Dur::from_min(5)), FHBUF, Documented,
        "Buffer interval of a delivery to S3, unless stated.";
    INTERVAL_MAX: "firehose.interval_max", Span(Dur::from_min(15)), FHBUF, Documented,
        "Longest buffer interval.";
    TIMER: "firehose.timer", Value::Word("first_record"), MODEL, Assumed,
        "What the buffer interval counts from: AWS does not say whether from the first record or on a clock that runs on.";
    ZERO_WAIT: "firehose.zero_wait", Span(Dur::from_s(5)), FHZERO, Measured,
        "How long records still wait with zero buffering: within about five seconds.";
    CHANNELS: "firehose.channels", Count(1, "buffers"), MODEL, Assumed,
        "Buffers side by side of a direct-put stream at its base quota; one that was raised has as many as its factor.";
    S3_REQUEST: "firehose.s3_request", Value::Constant(Dur::from_ms(200)), MODEL, Assumed,
        "One request to S3, sending to answer; AWS publishes none.";
    BACKOFF: "firehose.backoff", Span(Dur::from_s(1)), FHHTTP, Documented,
        "First wait after a failed request to an HTTP endpoint, the only one published; assumed for all destinations.";
    BACKOFF_MAX: "firehose.backoff_max", Span(Dur::from_min(2)), FHHTTP, Documented,
        "Longest wait between requests to an HTTP endpoint; assumed for all destinations.";
    BACKOFF_JITTER: "firehose.backoff_jitter", Value::Percent(Percent(150_000_000)), FHHTTP, Documented,
        "Drawn around each wait between requests to an HTTP endpoint, either way; assumed for all destinations.";
    KEPT: "firehose.kept", Span(Dur::from_h(24)), FHLIM, Documented,
        "Data put directly is kept so long while its destination is away; then it is lost.";
    TIER_1_GB: "firehose.tier_1_gb", Count(512_000, "GB"), INFRACOST, Measured,
        "Up to here a month the first price of ingestion holds: 500 TB of 1,024 GB.";
    TIER_2_GB: "firehose.tier_2_gb", Count(2_048_000, "GB"), INFRACOST, Measured,
        "Up to here a month the second price of ingestion holds.";
    RECORD_MAX: "firehose.record_max", Size(Bytes(1_024_000)), FHLIM, Documented,
        "Largest record put to Firehose, before base64: 1,000 KiB.";
}

/// Regions with the larger quotas.
pub const LARGE_REGIONS: [&str; 3] = ["us-east-1", "us-west-2", "eu-west-1"];
