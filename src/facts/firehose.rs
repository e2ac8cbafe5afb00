//! Amazon Data Firehose: direct puts.

use super::Value::{ByteRate as Rate, Bytes as Size, Count};
use super::fact::facts;
use crate::units::{ByteRate, Bytes};

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
    RECORD_MAX: "firehose.record_max", Size(Bytes(1_024_000)), FHLIM, Documented,
        "Largest record put to Firehose, before base64: 1,000 KiB.";
}

/// Regions with the larger quotas.
pub const LARGE_REGIONS: [&str; 3] = ["us-east-1", "us-west-2", "eu-west-1"];
