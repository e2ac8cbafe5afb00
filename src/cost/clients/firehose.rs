//! What a Firehose stream costs: the volume that came in, what is done to it, and the requests its objects take.
//!
//! At AWS: by the gigabyte, each record rounded up to 5 KB, in tiers by the month; to Iceberg tables and Snowflake at
//! prices of their own. Delivery itself is free, but S3 bills its requests. Decompression and format conversion are
//! billed by the gigabyte; dynamic partitioning by the gigabyte delivered, by the object and by the time of JQ; a
//! delivery into a VPC by the gigabyte and by the hour of each Availability Zone; a transform's calls by Lambda.
//! We model: a VPC's gigabytes are those delivered, as the newer pricing page has it (an older one: those that came in).
//! Left out: storage of the objects, data transfer between Regions.

use super::{Grows, Used, lambda};
use crate::facts::firehose::{TIER_1_GB, TIER_2_GB};
use crate::facts::prices::Item;
use crate::measure::clients::{FirehoseResult, PartitionsResult, VpcResult};
use crate::units::billed::{Billed, Gigabytes, JqHours, Objects, Requests, ZoneHours};

/// Its priced quantities.
pub fn used(result: &FirehoseResult) -> Vec<Used> {
    let whose = &result.name;
    let mut used = vec![ingestion(result)];
    let mut bytes =
        |item, bytes: u64| used.push(Used::new(whose, item, Gigabytes(bytes.into()), Grows::WithRecords));
    bytes(Item::FIREHOSE_DECOMPRESSED, result.decompressed_bytes);
    if result.conversion.is_some() {
        bytes(Item::FIREHOSE_CONVERSION, result.billed_bytes);
    }
    if let Some(transform) = &result.transform {
        used.extend(lambda::used_by_transform(whose, transform));
    }
    if let Some(partitions) = &result.partitions {
        used.extend(partitioning(result, partitions));
    }
    if let Some(vpc) = result.vpc {
        used.extend(into_vpc(result, vpc));
    }
    used.push(Used::new(whose, Item::S3_PUT, Requests(result.s3_puts.into()), Grows::WithTime));
    used
}

fn ingestion(result: &FirehoseResult) -> Used {
    ingested(&result.name, result.destination, result.billed_bytes.into())
}

/// Bytes that came in, each record rounded up where the destination has it so.
pub fn ingested(whose: &str, destination: &str, billed_bytes: u128) -> Used {
    let of = |item| Used::new(whose, item, Gigabytes(billed_bytes), Grows::WithRecords);
    match destination {
        "iceberg" => of(Item::FIREHOSE_ICEBERG_IN),
        "snowflake" => of(Item::FIREHOSE_SNOWFLAKE_IN),
        _ => of(Item::FIREHOSE_IN)
            .then(gigabytes(TIER_1_GB.count()), Item::FIREHOSE_IN_2)
            .then(gigabytes(TIER_2_GB.count()), Item::FIREHOSE_IN_3),
    }
}

fn partitioning(result: &FirehoseResult, partitions: &PartitionsResult) -> [Used; 3] {
    let (data, objects) = (Gigabytes(result.delivered_bytes.into()), Objects(result.objects.into()));
    [
        Used::new(&result.name, Item::FIREHOSE_PARTITION_DATA, data, Grows::WithRecords),
        Used::new(&result.name, Item::FIREHOSE_PARTITION_OBJECT, objects, Grows::WithTime),
        Used::new(&result.name, Item::FIREHOSE_JQ_HOUR, JqHours(partitions.query_ns), Grows::WithRecords),
    ]
}

fn into_vpc(result: &FirehoseResult, vpc: VpcResult) -> [Used; 2] {
    let zones = |ns: u128| ZoneHours(u128::from(vpc.zones) * ns);
    let hour = ZoneHours(0).per_unit();
    let data = Gigabytes(result.delivered_bytes.into());
    [
        Used::new(&result.name, Item::FIREHOSE_VPC_DATA, data, Grows::WithRecords),
        Used::new(&result.name, Item::FIREHOSE_VPC_HOUR, zones(vpc.ns.into()), Grows::WithTime)
            .in_whole(zones(hour)),
    ]
}

fn gigabytes(n: u64) -> Gigabytes {
    Gigabytes(u128::from(n) << 30)
}
