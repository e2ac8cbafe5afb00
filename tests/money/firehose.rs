//! Firehose's examples of `vectors/pricing.json`: rounding, tiers, partitions.

use kinesim::cost::bill::Bill;
use kinesim::cost::clients::firehose::used;
use kinesim::cost::{Rounding, Stretch, with_clients};
use kinesim::facts::firehose::BILLED_STEP;
use kinesim::facts::prices;
use kinesim::measure::clients::{FirehoseResult, PartitionsResult};
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
        requests: objects,
        partitions: Some(PartitionsResult::default()),
        ..FirehoseResult::default()
    };
    let found = cents(&bill("us-east-1", &result));
    assert_eq!(found[..3], ["1.940000", "0.940000", "1.940000"]);
}
