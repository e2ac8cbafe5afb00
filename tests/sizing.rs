//! `vectors/sizing-cost-vectors.json`: other people's sizing tools and price lists against our formulas and tables.

use kinesim::cost::{Rounding, bill_run};
use kinesim::facts::billing::PUT_PAYLOAD_UNIT;
use kinesim::facts::prices::{self, ItemId};
use kinesim::facts::{data_streams, on_demand};
use kinesim::measure::result::Usage;
use kinesim::stream::config::AdvantageConfig;
use kinesim::theory::sizing::{ComcastLoad, Scale, comcast, scaling_utils};
use kinesim::units::{ByteRate, Dur, Money, parse};
use serde_json::Value;

const TERMS: AdvantageConfig = AdvantageConfig {
    warm: None,
    warm_delay: on_demand::WARM_DELAY.dur(),
    other_in: ByteRate(0),
    other_out: ByteRate(0),
    commitment: on_demand::COMMITMENT.byte_rate(),
};
const HOUR: u128 = 3_600_000_000_000;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/sizing-cost-vectors.json")).unwrap()
}

fn usd(usage: &Usage) -> f64 {
    let table = prices::region("us-east-1").unwrap();
    bill_run(usage, &table, Dur::from_h(24), &TERMS).unwrap().total.as_f64()
}

/// Expected values are doubles of a JavaScript program: equal to 1e-9 of their size.
fn same(id: &str, got: f64, want: &Value) {
    let want = want.as_f64().unwrap();
    assert!((got - want).abs() <= 1e-9 * want.abs().max(1.0), "{id}: {got}, expected {want}");
}

fn comcast_load(case: &Value) -> ComcastLoad {
    let int = |key: &str| case[key].as_u64();
    // A case either counts its shared consumers or says how many there are and whether they use fan-out.
    let shared = match case["enhanced_fan_out"].as_bool() {
        Some(true) => 0,
        Some(false) => int("consumers").unwrap(),
        None => int("shared_consumers").unwrap_or(1),
    };
    ComcastLoad {
        message_bytes: int("message_bytes").unwrap(),
        average_records_s: int("average_records_s").unwrap(),
        peak_records_s: int("peak_records_s").unwrap(),
        aggregation: case["aggregation"].as_bool().unwrap(),
        shared_consumers: shared,
        consumer_speed: int("consumer_max_records_s_per_shard"),
        surge: int("surge_records_s").map(|s| (s, int("surge_s").unwrap(), int("max_latency_s").unwrap())),
    }
}

#[test]
fn comcasts_calculator() {
    let vectors = vectors();
    let cases = vectors["comcast"]["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 13);
    for case in cases {
        let (id, want, load) = (case["id"].as_str().unwrap(), &case["expected"], comcast_load(case));
        let got = comcast(load, data_streams::shard_limits(), PUT_PAYLOAD_UNIT.bytes().0);
        let terms = [got.shards, got.from_peak_bytes, got.from_peak_records, got.from_shared_consumers];
        let names = ["shards", "from_peak_bytes", "from_peak_records", "from_shared_consumers"];
        assert_eq!(terms.map(Some), names.map(|n| want[n].as_u64()), "{id}");
        let day = u128::from(got.shards) * 24 * HOUR;
        let shards = Usage { provisioned_shard_ns: day, ..Usage::default() };
        same(id, usd(&shards), &want["shard_usd_per_day"]);
        let puts = Usage { put_payload_units: got.put_units_per_s * 86_400, ..Usage::default() };
        same(id, usd(&puts), &want["put_usd_per_day"]);
        let pushed = load.average_records_s * load.message_bytes * 86_400;
        let fan_out = Usage { fan_out_consumer_shard_ns: day, fan_out_bytes: pushed, ..Usage::default() };
        same(id, usd(&fan_out), &want["efo_usd_per_day_per_consumer"]);
    }
}

#[test]
fn scaling_utils_arithmetic() {
    let vectors = vectors();
    let cases = vectors["scaling_utils"]["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 9);
    for case in cases {
        let scale = if case["direction"] == "UP" { Scale::Up } else { Scale::Down };
        let (now, percent) = (case["current"].as_u64().unwrap(), case["scale_pct"].as_u64().unwrap());
        let got = scaling_utils(now, percent, scale, case["min"].as_u64(), case["max"].as_u64());
        assert_eq!(Some(got), case["expected"].as_u64(), "{}", case["id"]);
    }
}

/// IC05 is a Firehose bill and left out.
fn infracost(id: &str) -> Value {
    let vectors = vectors();
    let cases = vectors["infracost"]["cases"].as_array().unwrap().clone();
    cases.into_iter().find(|c| c["id"] == id).unwrap()
}

#[test]
fn infracosts_provisioned_stream_to_the_cent_and_its_retention_unit_rejected() {
    let case = infracost("IC01");
    let int = |key: &str| case[key].as_u64().unwrap();
    let cents = |usage: &Usage, key: &str| {
        let table = prices::region("us-east-1").unwrap();
        let bill = bill_run(usage, &table, Dur::from_h(730), &TERMS).unwrap();
        assert_eq!(bill.lines.len(), 1, "{key}");
        let want = parse::money(&format!("{} USD", case[key])).unwrap();
        assert_eq!(bill.rounded(Rounding::Calculator).total, want, "{key}");
        bill
    };
    let none = Usage::default;
    let month = u128::from(Dur::from_h(730).0);
    let hours = |key: &str| u128::from(int(key)) * HOUR;
    cents(&Usage { provisioned_shard_ns: hours("shard_hours"), ..none() }, "shard_usd");
    cents(&Usage { put_payload_units: int("put_units"), ..none() }, "put_usd");
    cents(&Usage { fan_out_bytes: int("efo_GB") << 30, ..none() }, "efo_usd");
    cents(&Usage { fan_out_consumer_shard_ns: hours("efo_consumer_shard_hours"), ..none() }, "efo_hours_usd");
    cents(
        &Usage { long_term_read_bytes: int("long_term_retrieval_GB") << 30, ..none() },
        "long_term_retrieval_usd",
    );
    let held = u128::from(int("long_term_GB") << 30) * month;
    cents(&Usage { long_term_byte_ns: held, ..none() }, "long_term_usd");
    // Its 100 "GB" of extended retention are 100 shard-hours, and our bill says so.
    let ours = cents(
        &Usage { extended_retention_shard_ns: hours("extended_retention_GB"), ..none() },
        "extended_retention_usd",
    );
    assert_eq!(ours.lines[0].unit, "extended-retention shard-hour");
    // For its own four shards the month is 58.40 USD, not its 2.00.
    let all = Usage { extended_retention_shard_ns: hours("shard_hours"), ..none() };
    let bill = bill_run(&all, &prices::region("us-east-1").unwrap(), Dur::from_h(730), &TERMS).unwrap();
    assert_eq!(bill.total, parse::money("58.4 USD").unwrap());
    assert!(
        bill.lines.iter().all(|l| l.unit != "GB"),
        "extended retention of a provisioned stream has no GB"
    );
    assert_ne!(bill.total.as_f64(), case["extended_retention_usd"].as_f64().unwrap());
}

#[test]
fn infracosts_on_demand_stream_and_the_price_list() {
    let case = infracost("IC03");
    let hours = u128::from(case["stream_hours"].as_u64().unwrap());
    let stream = Usage { stream_ns: hours * HOUR, ..Usage::default() };
    same("IC03", usd(&stream), &case["stream_usd"]);
    let vectors = vectors();
    let list = &vectors["rates_us_east_1"];
    let (p, s, a) = (&list["provisioned"], &list["on_demand_standard"], &list["on_demand_advantage"]);
    let rows = [
        (&p["shard_hour"], ItemId::ShardHour),
        (&p["extended_retention_shard_hour"], ItemId::ExtendedRetentionShardHour),
        (&p["long_term_GB_month"], ItemId::LongTermRetention),
        (&p["long_term_retrieval_GB"], ItemId::LongTermRetrieval),
        (&p["efo_consumer_shard_hour"], ItemId::FanOutConsumerShardHour),
        (&p["efo_GB"], ItemId::FanOutData),
        (&s["stream_hour"], ItemId::StreamHour),
        (&s["in_GB"], ItemId::DataIn),
        (&s["out_GB"], ItemId::DataOut),
        (&s["efo_GB"], ItemId::OnDemandFanOut),
        (&s["ext_retention_GB_month"], ItemId::OnDemandExtendedRetention),
        (&a["in_GB"], ItemId::AdvantageIn),
        (&a["out_GB"], ItemId::AdvantageOut),
        (&a["efo_GB"], ItemId::AdvantageFanOut),
        (&a["retention_GB_month"], ItemId::AdvantageRetention),
        (&case["rates"]["in_GB"], ItemId::DataIn),
        (&case["rates"]["out_GB"], ItemId::DataOut),
        (&case["rates"]["efo_GB"], ItemId::OnDemandFanOut),
        (&case["rates"]["ext_retention_GB_month"], ItemId::OnDemandExtendedRetention),
        (&case["rates"]["long_term_GB_month"], ItemId::LongTermRetention),
    ];
    let table = prices::region("us-east-1").unwrap();
    let price = |item| table.rows().iter().find(|r| r.item == item).unwrap().price;
    for (want, item) in rows {
        assert_eq!(price(item), parse::money(&format!("{want} USD")).unwrap(), "{}", item.key());
    }
    let million = Money(price(ItemId::PutPayloadUnit).0 * 1_000_000);
    assert_eq!(million, parse::money(&format!("{} USD", p["put_per_million_25KB_units"])).unwrap());
    let committed = on_demand::COMMITMENT.byte_rate();
    assert_eq!(committed, ByteRate(a["minimum_MiB_s"].as_u64().unwrap() << 20));
}
