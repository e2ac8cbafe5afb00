//! What a Firehose stream costs: the volume that came in, and the requests its objects take.
//!
//! At AWS: by the gigabyte, each record rounded up to 5 KB, in tiers by the month; delivery itself is free, but S3 bills
//! its requests. Dynamic partitioning is billed by the gigabyte delivered, by the object and by the time of JQ.
//! Left out: format conversion, VPC delivery, the calls of a transform.

use super::{Grows, Used};
use crate::facts::firehose::{TIER_1_GB, TIER_2_GB};
use crate::facts::prices::Item;
use crate::measure::clients::FirehoseResult;
use crate::units::billed::{Gigabytes, JqHours, Objects, Requests};

/// Its priced quantities.
pub fn used(result: &FirehoseResult) -> Vec<Used> {
    let whose = &result.name;
    // Redshift loads what lies in S3; other destinations see S3 for a back-up only.
    let to_s3 = matches!(result.destination, "s3" | "redshift");
    let s3_puts = result.backup_objects + if to_s3 { result.requests } else { 0 };
    let mut used = vec![
        ingested(whose, result.billed_bytes.into()),
        Used::new(whose, Item::S3_PUT, Requests(s3_puts.into()), Grows::WithTime),
    ];
    if let Some(partitions) = result.partitions {
        let (data, objects) = (Gigabytes(result.delivered_bytes.into()), Objects(result.objects.into()));
        used.push(Used::new(whose, Item::FIREHOSE_PARTITION_DATA, data, Grows::WithRecords));
        used.push(Used::new(whose, Item::FIREHOSE_PARTITION_OBJECT, objects, Grows::WithTime));
        used.push(Used::new(whose, Item::FIREHOSE_JQ_HOUR, JqHours(partitions.query_ns), Grows::WithRecords));
    }
    used
}

/// Bytes that came in, each record rounded up.
pub fn ingested(whose: &str, billed_bytes: u128) -> Used {
    Used::new(whose, Item::FIREHOSE_IN, Gigabytes(billed_bytes), Grows::WithRecords)
        .then(gigabytes(TIER_1_GB.count()), Item::FIREHOSE_IN_2)
        .then(gigabytes(TIER_2_GB.count()), Item::FIREHOSE_IN_3)
}

fn gigabytes(n: u64) -> Gigabytes {
    Gigabytes(u128::from(n) << 30)
}
