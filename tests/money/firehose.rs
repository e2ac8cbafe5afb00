//! Firehose's examples of `vectors/pricing.json`: rounding, tiers, partitions.

use kinesim::cost::BillError;
use kinesim::cost::bill::Bill;
use kinesim::cost::clients::firehose::used;
use kinesim::cost::{Rounding, Stretch, with_clients};
use kinesim::facts::firehose::BILLED_STEP;
use kinesim::facts::prices;
use kinesim::measure::clients::{
    ConversionResult, FirehoseResult, PartitionsResult, TransformResult, VpcResult,
};
use kinesim::units::Dur;
use serde_json::Value;

fn case(id: &str) -> Value {
    let all: Vec<Value> = serde_json::from_str(include_str!("../vectors/pricing.json")).unwrap();
    all.into_iter().find(|c| c["id"] == id).unwrap()
}

fn bill(region: &str, result: &FirehoseResult) -> Bill {
    let month = Dur::from_h(730);
    let stretch = Stretch::Repeated { run: month, month };
    with_clients(Bill::default(), &used(result), &prices::region(region).unwrap(), stretch).unwrap()
}

fn billed(bytes: u64) -> u64 {
    bytes.div_ceil(BILLED_STEP.bytes().0) * BILLED_STEP.bytes().0
}

fn came_in(billed_bytes: u64) -> FirehoseResult {
    FirehoseResult { billed_bytes, ..FirehoseResult::default() }
}

fn cents(bill: &Bill) -> Vec<String> {
    let bill = bill.rounded(Rounding::Calculator);
    bill.lines.iter().map(|l| l.amount).chain([bill.total]).map(|m| m.to_string()).collect()
}

#[test]
fn each_record_is_billed_by_five_kilobytes() {
    for id in ["fh-rounding-3kb", "fh-rounding-12kb"] {
        let c = case(id);
        let kb = c["inputs"]["record_kb"].as_u64().unwrap();
        assert_eq!(billed(kb * 1024), 1024 * c["expected"]["billed_kb_total"].as_u64().unwrap(), "{id}");
    }
    let c = case("fh-rounding-5mib-5000-vs-1000");
    let total = c["inputs"]["total_bytes"].as_u64().unwrap();
    for which in ["a", "b"] {
        let n = c["inputs"][format!("case_{which}_records")].as_u64().unwrap();
        let want = c["expected"][format!("case_{which}_billed_bytes")].as_u64().unwrap();
        assert_eq!(n * billed(total.div_ceil(n)), want, "{which}");
    }
}

/// 1,000 records/s of 3 KB for 30 days: 12,359.62 GB, $358.43.
#[test]
fn the_pricing_pages_example() {
    let c = case("fh-aws-page-quoted-directput-1000rps-3kb");
    let records = 1000 * 30 * 86_400;
    let bill = bill("us-east-1", &came_in(records * billed(3 * 1024)));
    assert_eq!(
        format!("{:.2}", bill.lines[0].quantity.parse::<f64>().unwrap()),
        c["expected"]["gb_per_month"].to_string()
    );
    assert_eq!(cents(&bill)[0], "358.430000");
}

#[test]
fn tiers_of_eu_west_2_to_the_cent() {
    for id in ["fh-infracost-eu-west-2-3m", "fh-infracost-eu-west-2-2m"] {
        let c = case(id);
        let gb = c["inputs"]["ingested_gb"].as_u64().unwrap();
        let bill = bill("eu-west-2", &came_in(gb << 30));
        let tier = |n: usize| bill.lines.get(n - 1).map_or(0.0, |l| l.amount.as_f64());
        for n in 1..=3 {
            assert_eq!(tier(n), c["expected"][format!("tier{n}_usd")].as_f64().unwrap(), "{id} tier {n}");
        }
        assert_eq!(bill.total.as_f64(), c["expected"]["total_usd"].as_f64().unwrap(), "{id}");
    }
}

#[test]
fn partitions_are_billed_by_gigabyte_and_object_and_s3_bills_its_own() {
    let c = case("fh-practitioner-dp-47gb");
    let objects = c["inputs"]["objects_per_month"].as_u64().unwrap();
    let result = FirehoseResult {
        destination: "s3",
        delivered_bytes: c["inputs"]["gb_per_month"].as_u64().unwrap() << 30,
        objects,
        s3_puts: objects,
        partitions: Some(PartitionsResult::default()),
        ..FirehoseResult::default()
    };
    let found = cents(&bill("us-east-1", &result));
    assert_eq!(found[..3], ["0.940000", "1.940000", "1.940000"]);
}

/// `fh-infracost-eu-west-2-3m-vpc`: what was delivered into the VPC is what came in there.
#[test]
fn a_vpc_is_billed_by_gigabyte_and_by_zone_and_hour() {
    let c = case("fh-infracost-eu-west-2-3m-vpc");
    let gb = c["inputs"]["ingested_gb"].as_u64().unwrap() << 30;
    let (zones, hours) = (c["inputs"]["vpc_azs"].as_u64().unwrap(), c["inputs"]["hours"].as_u64().unwrap());
    let result = FirehoseResult {
        billed_bytes: gb,
        delivered_bytes: gb,
        vpc: Some(VpcResult { zones: zones as u32, ns: Dur::from_h(hours).0 }),
        ..FirehoseResult::default()
    };
    let bill = bill("eu-west-2", &result);
    let found = cents(&bill);
    let want = ["tier1_usd", "tier2_usd", "tier3_usd", "vpc_gb_usd", "vpc_hours_usd", "total_usd"];
    let usd = |key| format!("{:.6}", c["expected"][key].as_f64().unwrap());
    assert_eq!(found, want.map(usd));
}

/// A part of an hour counts as a whole one, in each zone.
#[test]
fn a_vpc_hour_that_has_begun_is_paid() {
    let vpc = Some(VpcResult { zones: 2, ns: Dur::from_min(61).0 });
    let used = used(&FirehoseResult { vpc, ..FirehoseResult::default() });
    let prices = prices::region("us-east-1").unwrap();
    let bill = with_clients(Bill::default(), &used, &prices, Stretch::Run).unwrap();
    assert_eq!((bill.lines[0].quantity.as_str(), bill.total.to_string().as_str()), ("4", "0.040000"));
}

/// The pricing page's 12,359.62 GB at the listed price a gigabyte of conversion.
#[test]
fn conversion_is_billed_by_the_rounded_volume() {
    let c = case("fh-aws-page-quoted-directput-1000rps-3kb");
    let gb = c["expected"]["gb_per_month"].as_f64().unwrap();
    let conversion = Some(ConversionResult::default());
    let result = FirehoseResult { conversion, ..came_in(1000 * 30 * 86_400 * billed(3 * 1024)) };
    let found = cents(&bill("us-east-1", &result));
    assert_eq!(found[..2], ["358.430000".to_owned(), format!("{:.2}0000", gb * 0.018)]);
}

/// A million calls of 500 ms with 128 MB: 62,500 GB-s at 0.0000166667 USD, and 0.20 USD for the requests.
#[test]
fn a_transforms_calls_are_lambdas() {
    let transform = TransformResult {
        calls: 1_000_000,
        billed_ms: 500_000_000,
        memory_bytes: 128 << 20,
        ..TransformResult::default()
    };
    let of = |free_tier| FirehoseResult {
        transform: Some(TransformResult { free_tier, ..transform }),
        ..FirehoseResult::default()
    };
    assert_eq!(cents(&bill("us-east-1", &of(false))), ["0.200000", "1.040000", "1.240000"]);
    // A month's free million and 400,000 GB-s are more than that.
    assert_eq!(cents(&bill("us-east-1", &of(true))), ["0.000000"]);
}

/// What no source gives a price for is named, not billed at another's.
#[test]
fn a_price_that_nobody_published_is_missing() {
    for destination in ["iceberg", "snowflake"] {
        let used = used(&FirehoseResult { destination, ..came_in(1 << 30) });
        let prices = prices::region("us-east-1").unwrap();
        let bill = with_clients(Bill::default(), &used, &prices, Stretch::Run);
        assert!(matches!(bill, Err(BillError::Missing(_))), "{destination}: {bill:?}");
    }
}
