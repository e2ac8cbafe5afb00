//! Every Data Streams example of `vectors/pricing.json` through our own price tables and bill, to its tolerance.

mod alternatives;
mod cases;
mod firehose;
mod flink;
mod lambda;

use cases::{CASES, LINES};
use kinesim::cost::bill::Bill;
use kinesim::cost::bill_run;
use kinesim::cost::closed::{break_even, discount};
use kinesim::cost::steady::{PerRecord, Steady};
use kinesim::facts::billing::{on_demand_billed, price_page_size, put_payload_units};
use kinesim::facts::prices::{self, ItemId, Prices};
use kinesim::facts::{data_streams, on_demand};
use kinesim::measure::result::Usage;
use kinesim::stream::config::{AdvantageConfig, Mode};
use kinesim::theory::sizing::{Load, aws_shards, calculator_shards};
use kinesim::units::{ByteRate, Bytes, Dur, Money, RecordRate, parse};
use serde_json::Value;
use std::collections::BTreeSet;

const TERMS: AdvantageConfig = AdvantageConfig {
    warm: None,
    warm_delay: on_demand::WARM_DELAY.dur(),
    other_in: ByteRate(0),
    other_out: ByteRate(0),
    commitment: on_demand::COMMITMENT.byte_rate(),
};

fn cases() -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(include_str!("../vectors/pricing.json")).unwrap();
    let id = |c: &Value| c["id"].as_str().unwrap().to_owned();
    let ours = |c: &Value| !id(c).starts_with("fh-") && !id(c).starts_with("alt-");
    all.into_iter().filter(ours).collect()
}

fn int(inputs: &Value, key: &str) -> u64 {
    inputs[key].as_u64().unwrap_or(0)
}

/// Rates of a case win over the Region's table; where the Region is real both must agree.
fn prices_of(case: &Value) -> Prices {
    let rates = [
        ("rate_shard_hour_usd", ItemId::ShardHour, 1),
        ("rate_put_million_usd", ItemId::PutPayloadUnit, 1_000_000),
        ("rate_consumer_shard_hour_usd", ItemId::FanOutConsumerShardHour, 1),
    ];
    let stated = rates.iter().filter_map(|(key, item, per)| {
        let rate = &case["inputs"][key];
        (!rate.is_null()).then(|| (*item, Money(parse::money(&format!("{rate} USD")).unwrap().0 / per)))
    });
    let stated: Vec<(ItemId, Money)> = stated.collect();
    let region = match case["region"].as_str().unwrap() {
        "example rate" | "synthetic rates" => return Prices::own("example", &stated, "the case"),
        "us-east-1 and us-east-2" => "us-east-1",
        name => name,
    };
    let table = prices::region(region).unwrap();
    let agreed = table.clone().replaced(&stated, "the case");
    let plain = |p: &Prices| p.rows().iter().map(|r| (r.item, r.price)).collect::<Vec<_>>();
    assert_eq!(plain(&agreed), plain(&table), "{}: the table has other prices", case["id"]);
    table
}

/// What the case's stream uses in its period.
fn usage_of(inputs: &Value, hours: u64) -> Usage {
    let over = Dur::from_h(hours);
    let ns = u128::from(over.0);
    let steady = steady_of(inputs);
    let mut usage = steady.usage(&PerRecord::of_size(record_of(inputs)), over);
    if !inputs["rate_consumer_shard_hour_usd"].is_null() {
        // The example prices the consumer alone, not the shards it reads.
        usage.provisioned_shard_ns = 0;
    }
    usage.stream_ns *= u128::from(int(inputs, "streams").max(1));
    usage.put_payload_units += int(inputs, "put_payload_units");
    usage.put_payload_units += int(inputs, "put_payload_units_per_s") * hours * 3_600;
    let hour = u128::from(Dur::from_h(1).0);
    usage.extended_retention_shard_ns += u128::from(int(inputs, "extended_retention_qty")) * hour;
    usage.fan_out_consumer_shard_ns += u128::from(int(inputs, "efo_consumer_shard_hours")) * hour;
    usage.fan_out_bytes += int(inputs, "efo_gb") << 30;
    usage.long_term_read_bytes += int(inputs, "long_term_retrieval_gb") << 30;
    usage.long_term_byte_ns += u128::from(int(inputs, "long_term_gb_month") << 30) * ns;
    if let Some(bytes) = inputs["record_bytes"].as_u64().filter(|_| inputs["gb_definition"] == "10^9") {
        usage.put_payload_units += 1_000_000_000 / bytes * put_payload_units(Bytes(bytes));
    }
    usage
}

fn record_of(inputs: &Value) -> Bytes {
    let sizes = [&inputs["record_kb"], &inputs["record_size_kb"]];
    let stated = sizes.into_iter().find(|size| !size.is_null());
    stated.map_or(Bytes::from_kib(1), |kb| parse::bytes(&format!("{kb} KiB")).unwrap())
}

fn steady_of(inputs: &Value) -> Steady {
    let fan_out = int(inputs, "efo_consumers");
    let per_s = match inputs["records_per_s"].is_null() {
        false => parse::record_rate(&format!("{} records/s", inputs["records_per_s"])).unwrap(),
        // A MiB/s is 1,024 records of 1 KiB.
        true => {
            RecordRate::per_s(1_024 * int(inputs, "ingest_mib_s_total") + int(inputs, "peak_records_per_s"))
        }
    };
    let assumed = int(inputs, "getrecords_consumers_assumed");
    // The calculator counts fan-out consumers among the readers when it sizes; on the bill they read by fan-out.
    let polling = assumed + int(inputs, "consumer_applications").saturating_sub(fan_out);
    let load = Load { record: record_of(inputs), rate: per_s, readers: 0 };
    let shards = match (inputs["shards"].as_u64(), inputs["buffer_percent"].as_u64()) {
        (Some(shards), _) => shards,
        (None, Some(buffer)) => {
            let readers = int(inputs, "consumer_applications") + fan_out;
            calculator_shards(Load { readers, ..load }, buffer, data_streams::shard_limits())
        }
        (None, None) if per_s.0 > 0 => aws_shards(load, data_streams::shard_limits()).shards,
        (None, None) => 0,
    };
    let mode = match inputs["mode"].as_str() {
        Some("on_demand_standard") => Mode::OnDemand,
        Some("on_demand_advantage") => Mode::OnDemandAdvantage,
        _ => Mode::Provisioned,
    };
    Steady {
        mode,
        rate: per_s,
        shards: shards as u32,
        retention: Dur::from_h(24),
        polling_readers: polling as u32,
        fan_out_readers: fan_out as u32,
    }
}

fn close(id: &str, what: &str, got: f64, want: f64, allowed: f64) {
    assert!((got - want).abs() <= allowed + 1e-12, "{id}: {what} is {got}, expected {want} ± {allowed}");
}

/// Sum of our lines of one item: (quantity, USD).
fn line(bill: &Bill, item: &str) -> (f64, f64) {
    let suffix = format!(".{item}");
    let lines = bill.lines.iter().filter(|l| l.price_key.ends_with(&suffix));
    lines.fold((0.0, 0.0), |(q, usd), l| (q + l.quantity.parse::<f64>().unwrap(), usd + l.amount.as_f64()))
}

#[test]
fn every_data_streams_case_is_in_the_table_and_none_else() {
    let file: BTreeSet<String> = cases().iter().map(|c| c["id"].as_str().unwrap().into()).collect();
    let table: BTreeSet<String> = CASES.iter().map(|c| c.0.into()).collect();
    assert_eq!(file, table);
}

#[test]
fn bills_match_published_totals() {
    let mut totals = 0;
    for case in cases() {
        let id = case["id"].as_str().unwrap();
        let &(_, hours, rounding, _) = CASES.iter().find(|c| c.0 == id).unwrap();
        let Some(want) = case["expected"]["total_usd"].as_f64() else {
            assert_eq!(hours, 0, "{id}");
            continue;
        };
        let usage = usage_of(&case["inputs"], hours);
        let bill = bill_run(&usage, &prices_of(&case), Dur::from_h(hours), &TERMS).unwrap();
        let tolerance = &case["tolerance"];
        let allowed = match tolerance["abs_usd"].as_f64() {
            Some(usd) => usd,
            None => want * tolerance["rel"].as_f64().unwrap(),
        };
        close(id, "the total", bill.rounded(rounding).total.as_f64(), want, allowed);
        for item in case["expected"]["line_items"].as_array().unwrap() {
            let name = item["name"].as_str().unwrap();
            let key = LINES.iter().find(|l| l.0 == name).unwrap().1;
            let (quantity, usd) = line(&bill, key);
            let want = item["quantity"].as_f64().unwrap();
            close(id, name, quantity, want, want * 1e-6);
            // Sources print lines to the cent, some cut off (36.288 is 36.28).
            close(id, name, usd, item["usd"].as_f64().unwrap(), 0.01);
        }
        totals += 1;
    }
    assert_eq!(totals, 31);
}

#[test]
fn quantities_match_the_pricing_page() {
    let limits = data_streams::shard_limits();
    for case in cases() {
        let (id, inputs, want) =
            (case["id"].as_str().unwrap(), &case["inputs"], &case["expected"]["quantities"]);
        if let Some(units) =
            want["put_payload_units"].as_u64().filter(|_| !inputs["record_size_label"].is_null())
        {
            let size = price_page_size(inputs["record_size_label"].as_str().unwrap()).unwrap();
            assert_eq!(put_payload_units(size), units, "{id}");
        }
        if let Some(kb) = want["billed_ingest_kb"].as_u64() {
            assert_eq!(on_demand_billed(record_of(inputs)).0, kb * 1_024, "{id}");
        }
        if let Some(rate) = inputs["put_transactions_per_s"].as_u64() {
            let record = Bytes::from_kib(int(inputs, "transaction_kb"));
            let load = Load { record, rate: RecordRate::per_s(rate), readers: 1 };
            assert_eq!(Some(aws_shards(load, limits).shards), want["shards"].as_u64(), "{id}");
        } else if let Some(shards) = want["shards"].as_u64() {
            assert_eq!(u64::from(steady_of(inputs).shards), shards, "{id}");
        }
        if let Some(gb) = want["ingest_gb"].as_f64() {
            let steady = steady_of(inputs);
            let stored = steady.usage(&PerRecord::of_size(record_of(inputs)), Dur::from_h(730)).stored_bytes;
            close(id, "ingest", stored as f64 / (1u64 << 30) as f64, gb, 1e-4);
        }
        if let Some(share) = want["utilisation_at_break_even"].as_f64() {
            let even = break_even(Bytes::from_kib(1), 1, &prices_of(&case), limits).unwrap();
            close(id, "utilisation", even.put_equals_shard_hour, share, 0.01 * share);
        }
    }
}

#[test]
fn the_advantage_discounts_are_the_published_ones() {
    let table = prices::region("us-east-1").unwrap();
    let price = |item| table.rows().iter().find(|r| r.item == item).unwrap().price;
    let case = cases().into_iter().find(|c| c["id"] == "aws-blog-advantage-discounts").unwrap();
    let pairs = [
        ("discount_data_in", ItemId::DataIn, ItemId::AdvantageIn),
        ("discount_data_out", ItemId::DataOut, ItemId::AdvantageOut),
        ("discount_efo", ItemId::OnDemandFanOut, ItemId::AdvantageFanOut),
        ("discount_extended_retention", ItemId::OnDemandExtendedRetention, ItemId::AdvantageRetention),
    ];
    for (key, old, new) in pairs {
        let want = case["expected"]["quantities"][key].as_f64().unwrap();
        close("discounts", key, discount(price(old), price(new)).unwrap(), want, 0.005);
    }
}
