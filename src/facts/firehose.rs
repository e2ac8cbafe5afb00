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
    OPENSEARCH_SIZE: "firehose.opensearch_size", Size(Bytes::from_mib(5)), FHBUF, Documented,
        "Buffer size of a delivery to OpenSearch, unless stated.";
    OPENSEARCH_SIZE_MAX: "firehose.opensearch_size_max", Size(Bytes::from_mib(100)), FHBUF, Documented,
        "Largest buffer size of a delivery to OpenSearch.";
    SPLUNK_SIZE: "firehose.splunk_size", Size(Bytes::from_mib(5)), FHBUF, Documented,
        "Buffer size of a delivery to Splunk, unless stated.";
    SPLUNK_SIZE_MAX: "firehose.splunk_size_max", Size(Bytes::from_mib(5)), FHBUF, Documented,
        "Largest buffer size of a delivery to Splunk.";
    SPLUNK_INTERVAL: "firehose.splunk_interval", Span(Dur::from_s(60)), FHBUF, Documented,
        "Buffer interval of a delivery to Splunk, unless stated.";
    SPLUNK_INTERVAL_MAX: "firehose.splunk_interval_max", Span(Dur::from_s(60)), FHBUF, Documented,
        "Longest buffer interval of a delivery to Splunk.";
    HTTP_SIZE: "firehose.http_size", Size(Bytes::from_mib(5)), FHBUF, Documented,
        "Buffer size of a delivery to an HTTP endpoint, unless stated.";
    HTTP_SIZE_MAX: "firehose.http_size_max", Size(Bytes::from_mib(64)), FHBUF, Documented,
        "Largest buffer size of a delivery to an HTTP endpoint.";
    HTTP_INTERVAL: "firehose.http_interval", Span(Dur::from_s(60)), FHBUF, Documented,
        "Buffer interval of a delivery to an HTTP endpoint, unless stated; the API reference says 300 s.";
    SNOWFLAKE_SIZE: "firehose.snowflake_size", Size(Bytes::from_mib(1)), FHBUF, Documented,
        "Buffer size of a delivery to Snowflake, unless stated; the API reference says 128 MiB.";
    SNOWFLAKE_INTERVAL: "firehose.snowflake_interval", Span(Dur::ZERO), FHBUF, Documented,
        "Buffer interval of a delivery to Snowflake, unless stated.";
    SNOWFLAKE_COMMIT: "firehose.snowflake_commit", Span(Dur::from_s(1)), FHDELIVER, Documented,
        "Rows for Snowflake wait about a second besides, for the commit.";
    CONVERT_SIZE: "firehose.convert_size", Size(Bytes::from_mib(128)), FHCONVERT, Documented,
        "Buffer size with format conversion, unless stated.";
    CONVERT_SIZE_MIN: "firehose.convert_size_min", Size(Bytes::from_mib(64)), FHCONVERT, Documented,
        "Smallest buffer size with format conversion.";
    CONVERTED: "firehose.converted", Value::Percent(Percent(250_000_000)), MODEL, Assumed,
        "Bytes of Parquet or ORC (Snappy inside) for each byte of JSON; it depends on the data.";
    PARTITION_SIZE_MIN: "firehose.partition_size_min", Size(Bytes::from_mib(64)), FHPARTSIZE, SourceCode,
        "Smallest buffer size with dynamic partitioning.";
    PARTITION_INTERVAL_MIN: "firehose.partition_interval_min", Span(Dur::from_s(60)), FHBUF, Documented,
        "Shortest buffer interval with dynamic partitioning: there is no zero buffering, and 60 s is the least without it.";
    PARTITIONS_ACTIVE: "firehose.partitions_active", Count(500, "partitions"), FHLIM, Documented,
        "Partitions that may hold undelivered records at once; records of further ones go to the error prefix.";
    PARTITIONS_ACTIVE_MAX: "firehose.partitions_active_max", Count(5_000, "partitions"), FHLIM, Documented,
        "Active partitions after a raise: 2,500 by form, 5,000 in older texts.";
    PARTITIONS_FIRST_STAGE: "firehose.partitions_first_stage", Value::Percent(Percent(500_000_000)), FHBUF2, Documented,
        "Share of the interval that records wait before they are told apart: in all they may wait 1.5 intervals.";
    JQ_TIME: "firehose.jq_time", Span(Dur(10_000)), MODEL, Assumed,
        "Time of JSON queries for one record, billed by the hour; AWS publishes none.";
    MULTIPART_BELOW: "firehose.multipart_below", Span(Dur::from_s(60)), FHBUF, Documented,
        "With a shorter buffer interval objects are put into S3 in parts, which takes more requests.";
    MULTIPART_PART: "firehose.multipart_part", Size(Bytes::from_mib(5)), MODEL, Assumed,
        "Bytes of a part: the least that S3 takes; AWS does not say what Firehose sends.";
    MULTIPART_BESIDES: "firehose.multipart_besides", Count(2, "requests"), S3PARTS, Documented,
        "Requests of an upload in parts besides the parts: one that begins it, one that completes it.";
    VPC_ZONES: "firehose.vpc_zones", Count(0, "zones"), FHAPI, Documented,
        "Availability Zones of the VPC that it delivers into, each billed by the hour: none unless stated.";
    PARTS_MAX: "firehose.parts_max", Count(500, "records"), FHAPI, Documented,
        "Records in one that de-aggregation takes apart.";
    BACKUP_SIZE: "firehose.backup_size", Size(Bytes::from_mib(5)), FHBUF, Documented,
        "Buffer size of the back-up, unless stated.";
    BACKUP_INTERVAL: "firehose.backup_interval", Span(Dur::from_min(5)), FHBUF, Documented,
        "Buffer interval of the back-up, unless stated.";
    BACKUP_INTERVAL_MIN: "firehose.backup_interval_min", Span(Dur::from_s(60)), FHBUF, Documented,
        "Shortest buffer interval of the back-up.";
    DECOMPRESSED: "firehose.decompressed", Value::Percent(Percent(5 * Percent::WHOLE)), MODEL, Assumed,
        "Bytes after decompression for each byte before; it depends on the logs.";
    LAMBDA_SIZE: "firehose.lambda_size", Size(Bytes::from_mib(1)), FHLAMBDA, Documented,
        "Bytes gathered for one call of the transform, unless stated.";
    LAMBDA_SIZE_SMALL: "firehose.lambda_size_small", Size(Bytes::from_kib(256)), FHLAMBDA, Documented,
        "The same where the destination is Splunk or Snowflake.";
    LAMBDA_SIZE_MIN: "firehose.lambda_size_min", Size(Bytes(200_000)), FHLAMBDA, Documented,
        "Least bytes gathered for one call of the transform: 0.2 MB.";
    LAMBDA_SIZE_MAX: "firehose.lambda_size_max", Size(Bytes::from_mib(3)), FHLAMBDA, Documented,
        "Most bytes gathered for one call of the transform.";
    LAMBDA_INTERVAL: "firehose.lambda_interval", Span(Dur::from_s(60)), FHLAMBDA, Documented,
        "How long records are gathered for a call of the transform, unless stated.";
    LAMBDA_INTERVAL_SNOWFLAKE: "firehose.lambda_interval_snowflake", Span(Dur::from_s(30)), FHLAMBDA, Documented,
        "The same where the destination is Snowflake.";
    LAMBDA_TIMEOUT: "firehose.lambda_timeout", Span(Dur::from_min(5)), FHLAMBDA, Documented,
        "A call of the transform may take so long.";
    LAMBDA_PAYLOAD: "firehose.lambda_payload", Size(Bytes(6_000_000)), FHLAMBDA, Documented,
        "Bytes of a call of the transform, and of its answer; records travel in base64.";
    LAMBDA_RETRIES: "firehose.lambda_retries", Count(3, "attempts"), FHLAMBDA, Documented,
        "Further attempts of a failed call of the transform; then the whole batch fails.";
    LAMBDA_RETRY_WAIT: "firehose.lambda_retry_wait", Span(Dur::from_s(1)), MODEL, Assumed,
        "Wait between these attempts; AWS publishes none.";
    LAMBDA_OUTSTANDING: "firehose.lambda_outstanding", Count(5, "calls"), FHLIM, Documented,
        "Calls of the transform under way for one shard.";
    LAMBDA_OUTSTANDING_SPLUNK: "firehose.lambda_outstanding_splunk", Count(10, "calls"), FHLIM, Documented,
        "The same where the destination is Splunk.";
    LAMBDA_DURATION: "firehose.lambda_duration", Value::Constant(Dur::from_ms(500)), MODEL, Assumed,
        "One call of the transform; it depends on the function.";
    RETRY_MAX: "firehose.retry_max", Span(Dur::from_s(7_200)), FHRETRY, Documented,
        "Longest retry duration of every destination but S3.";
    REDSHIFT_RETRY: "firehose.redshift_retry", Span(Dur::from_s(3_600)), FHRETRY, Documented,
        "Retry duration of a COPY into Redshift, unless stated.";
    OPENSEARCH_RETRY: "firehose.opensearch_retry", Span(Dur::from_s(300)), FHRETRY, Documented,
        "Retry duration of a delivery to OpenSearch, unless stated; the first attempt counts.";
    SPLUNK_RETRY: "firehose.splunk_retry", Span(Dur::from_s(3_600)), MODEL, Assumed,
        "Retry duration of a delivery to Splunk, unless stated; the guide names no default.";
    HTTP_RETRY: "firehose.http_retry", Span(Dur::from_s(300)), MODEL, Assumed,
        "Retry duration of a delivery to an HTTP endpoint, unless stated; the guide names no default.";
    SNOWFLAKE_RETRY: "firehose.snowflake_retry", Span(Dur::from_s(60)), FHRETRY, Documented,
        "Retry duration of a delivery to Snowflake, unless stated.";
    ICEBERG_RETRY: "firehose.iceberg_retry", Span(Dur::from_s(300)), FHRETRY, Documented,
        "Retry duration of a delivery to Iceberg tables, unless stated.";
    RETRY_EVERY: "firehose.retry_every", Span(Dur::from_min(5)), FHRETRY, Documented,
        "A COPY into Redshift and a delivery to OpenSearch are tried again so often.";
    HTTP_TIMEOUT: "firehose.http_timeout", Span(Dur::from_min(3)), FHHTTP, Documented,
        "An HTTP endpoint must answer within this.";
    HTTP_RECORDS: "firehose.http_records", Count(10_000, "records"), FHHTTP, Documented,
        "Records of one request to an HTTP endpoint.";
    ACK_TIMEOUT: "firehose.ack_timeout", Span(Dur::from_s(180)), FHRETRY, Documented,
        "Splunk must acknowledge within this: 180 to 600 s; the shortest unless stated.";
    ACK_TIMEOUT_MAX: "firehose.ack_timeout_max", Span(Dur::from_s(600)), FHRETRY, Documented,
        "Longest time for Splunk's acknowledgement.";
    NO_TIMEOUT: "firehose.request_timeout", Span(Dur::from_min(3)), MODEL, Assumed,
        "Other destinations must answer within this; AWS publishes no figure.";
    NO_JITTER: "firehose.fixed_wait_jitter", Value::Percent(Percent(0)), MODEL, Assumed,
        "Drawn around a wait that is always five minutes, either way.";
    REDSHIFT_REQUEST: "firehose.redshift_request", Value::Constant(Dur::from_s(30)), MODEL, Assumed,
        "One COPY into Redshift; AWS publishes none.";
    OPENSEARCH_REQUEST: "firehose.opensearch_request", Value::Constant(Dur::from_s(1)), MODEL, Assumed,
        "One request to OpenSearch; AWS publishes none.";
    SPLUNK_REQUEST: "firehose.splunk_request", Value::Constant(Dur::from_s(5)), MODEL, Assumed,
        "One request to Splunk with its acknowledgement; AWS publishes none.";
    HTTP_REQUEST: "firehose.http_request", Value::Constant(Dur::from_ms(500)), MODEL, Assumed,
        "One request to an HTTP endpoint; it depends on the endpoint.";
    SNOWFLAKE_REQUEST: "firehose.snowflake_request", Value::Constant(Dur::from_s(1)), MODEL, Assumed,
        "One request to Snowflake; AWS publishes none.";
    ICEBERG_REQUEST: "firehose.iceberg_request", Value::Constant(Dur::from_s(2)), MODEL, Assumed,
        "One commit to an Iceberg table; AWS publishes none.";
    RAISE: "firehose.raise", Value::Word("off"), MODEL, Assumed,
        "Whether the intake's quotas are raised by themselves: they are at AWS, but no step, time or ceiling is published.";
    RAISE_FACTOR: "firehose.raise_factor", Count(2, "times"), MODEL, Assumed,
        "What the quotas are multiplied with at each raise; AWS publishes none.";
    RAISE_AFTER: "firehose.raise_after", Span(Dur::from_min(15)), MODEL, Assumed,
        "How long a stream is throttled before its quotas are raised; AWS publishes none.";
    RAISE_MOST: "firehose.raise_most", Count(4, "times"), MODEL, Assumed,
        "Quotas are raised to at most so many times what they were; AWS publishes none.";
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
