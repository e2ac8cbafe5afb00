//! Analytic and published cases that are a computation, not a process: equal, or to 1e-9, or to the case's own rule.

use kinesim::cost::bill_run;
use kinesim::cost::closed::break_even;
use kinesim::cost::steady::{PerRecord, Steady};
use kinesim::facts::billing::{on_demand_billed, put_payload_units};
use kinesim::facts::prices::{self, Prices};
use kinesim::facts::{data_streams, on_demand};
use kinesim::stream::config::{AdvantageConfig, Mode};
use kinesim::theory::sizing::{Load, aws_shards, on_demand_capacity, refill_time, reshard_path, shared_read};
use kinesim::units::{ByteRate, Bytes, Dur, RecordRate};
use serde_json::Value;

const TERMS: AdvantageConfig = AdvantageConfig {
    warm: None,
    warm_delay: on_demand::WARM_DELAY.dur(),
    other_in: ByteRate(0),
    other_out: ByteRate(0),
    commitment: on_demand::COMMITMENT.byte_rate(),
};
const GIB: f64 = (1u64 << 30) as f64;

/// The file's points of one case: (point, params, expected). Fails when there are fewer than the file had.
fn points(id: &str, count: usize) -> Vec<(String, Value, Value)> {
    let file: Value = serde_json::from_str(include_str!("vectors/analytic.json")).unwrap();
    let case = file["cases"].as_array().unwrap().iter().find(|c| c["id"] == id).unwrap().clone();
    let points = case["points"].as_array().unwrap().clone();
    assert_eq!(points.len(), count, "{id}");
    let parts =
        |p: &Value| (p["point"].as_str().unwrap().to_owned(), p["params"].clone(), p["expected"].clone());
    points.iter().map(parts).collect()
}

fn published(id: &str) -> Value {
    let file: Value = serde_json::from_str(include_str!("vectors/published.json")).unwrap();
    file["entries"].as_array().unwrap().iter().find(|e| e["id"] == id).unwrap().clone()
}

fn int(v: &Value, key: &str) -> u64 {
    v[key].as_u64().unwrap_or_else(|| panic!("{key} is not a whole number"))
}

fn near(point: &str, key: &str, got: f64, want: &Value, relative: f64) {
    let want = want[key].as_f64().unwrap();
    let allowed = relative * want.abs();
    assert!((got - want).abs() <= allowed, "{point}: {key} is {got}, expected {want} (relative {relative})");
}

fn table() -> Prices {
    prices::region("us-east-1").unwrap()
}

fn load(params: &Value) -> Load {
    Load {
        record: Bytes(int(params, "record_bytes")),
        rate: RecordRate::per_s(int(params, "records_per_s")),
        readers: int(params, "consumers"),
    }
}

#[test]
fn a03_shared_read_throughput() {
    for (point, params, want) in points("A03", 3) {
        let limit = data_streams::SHARD_READ_BYTES.byte_rate().0;
        let each = shared_read(limit, int(&params, "consumers"));
        near(&point, "bytes_per_s", each, &want, 1e-9);
    }
}

#[test]
fn a05_shard_formula() {
    for (point, params, want) in points("A05", 5) {
        let got = aws_shards(load(&params), data_streams::shard_limits());
        near(&point, "aws_formula_unrounded", got.unrounded, &want, 1e-9);
        assert_eq!(got.by_bytes, int(&want, "shards_aws_rounded"), "{point}");
        assert_eq!(got.shards, int(&want, "shards_with_record_limit"), "{point}");
    }
}

#[test]
fn a30_on_demand_capacity() {
    for (point, params, want) in points("A30", 3) {
        let peak = int(&params, "peak_write_MB_s_last_30_days");
        let (factor, floor) = (on_demand::PEAK_FACTOR.count(), on_demand::NEW_SHARDS.count());
        assert_eq!(on_demand_capacity(peak, factor, floor), int(&want, "accommodated_MB_s"), "{point}");
        // Seen from the shards: the peak spread at the split threshold each.
        let shards = (peak << 20).div_ceil(on_demand::SPLIT_BYTES.byte_rate().0).max(floor);
        assert_eq!(shards, int(&want, "shards_at_500_KB_s_each"), "{point}");
    }
}

#[test]
fn a31_break_even() {
    for (point, params, want) in points("A31", 3) {
        let reads = int(&params, "reads") as u32;
        let record = Bytes(int(&params, "record_bytes"));
        let got = break_even(record, reads, &table(), data_streams::shard_limits()).unwrap();
        near(&point, "max_records_s_per_shard", got.records_per_s_full, &want, 1e-6);
        near(&point, "provisioned_usd_per_shard_hour_full", got.provisioned_usd_per_h, &want, 1e-6);
        near(&point, "on_demand_usd_per_hour_same_traffic", got.on_demand_usd_per_h, &want, 1e-6);
        near(&point, "breakeven_utilisation", got.utilisation.unwrap(), &want, 1e-6);
        near(&point, "put_cost_equals_shard_hour_at_utilisation", got.put_equals_shard_hour, &want, 1e-6);
    }
}

#[test]
fn a32_monthly_bill() {
    for (point, params, want) in points("A32", 3) {
        let month = Dur::from_h(730);
        let per = PerRecord::of_size(Bytes(int(&params, "record_bytes")));
        let bill = |mode| {
            let steady = Steady {
                mode,
                rate: RecordRate::per_s(int(&params, "records_s")),
                shards: int(&params, "shards") as u32,
                retention: Dur::from_h(24),
                polling_readers: int(&params, "getrecords_consumers") as u32,
                fan_out_readers: int(&params, "efo_consumers") as u32,
            };
            let usage = steady.usage(&per, month);
            near(&point, "data_in_GiB", usage.stored_bytes as f64 / GIB, &want, 1e-6);
            bill_run(&usage, &table(), month, &TERMS).unwrap()
        };
        let provisioned = bill(Mode::Provisioned);
        let part = |words: &[&str]| {
            let lines = provisioned.lines.iter().filter(|l| words.iter().any(|w| l.price_key.ends_with(w)));
            lines.map(|l| l.amount.as_f64()).sum::<f64>()
        };
        near(&point, "provisioned_shard_usd", part(&["1.shard_hour"]), &want, 1e-6);
        near(&point, "provisioned_put_usd", part(&["put_payload_unit"]), &want, 1e-6);
        near(
            &point,
            "provisioned_efo_usd",
            part(&["fan_out_consumer_shard_hour", "fan_out_gb"]),
            &want,
            1e-6,
        );
        near(&point, "provisioned_total_usd", provisioned.total.as_f64(), &want, 1e-6);
        near(&point, "on_demand_total_usd", bill(Mode::OnDemand).total.as_f64(), &want, 1e-6);
    }
}

/// The file's `firehose_billed_bytes` are for a part kinesim does not bill yet.
#[test]
fn a33_billing_round_ups() {
    for (point, params, want) in points("A33", 6) {
        let record = Bytes(int(&params, "record_bytes"));
        assert_eq!(put_payload_units(record), int(&want, "put_payload_units"), "{point}");
        assert_eq!(on_demand_billed(record).0, int(&want, "on_demand_billed_bytes"), "{point}");
    }
}

#[test]
fn a34_update_shard_count_path() {
    for (point, params, want) in points("A34", 4) {
        let (from, to) = (int(&params, "from_shards") as u32, int(&params, "to_shards") as u32);
        let path = reshard_path(from, to, data_streams::UPDATE_SHARD_COUNT_FACTOR.count_u32());
        let steps: Vec<u64> = path.iter().map(|&n| u64::from(n)).collect();
        let wanted: Vec<u64> = want["path"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
        assert_eq!(steps, wanted, "{point}");
        assert_eq!(path.len() as u64 - 1, int(&want, "update_shard_count_calls"), "{point}");
    }
}

#[test]
fn a36_large_records() {
    for (point, params, want) in points("A36", 2) {
        let tank = data_streams::LARGE_RECORD_TANK.bytes();
        assert_eq!(tank, Bytes::from_mib(int(&params, "tank_MiB")), "{point}");
        let record = Bytes::from_mib(int(&params, "record_MiB"));
        let refill = refill_time(record, tank, data_streams::SHARD_WRITE_BYTES.byte_rate().0);
        assert_eq!(Some(refill.is_some()), want["admissible"].as_bool(), "{point}");
        for key in ["min_spacing_sustained_s", "wait_after_a_10MiB_record_for_this_record_s"] {
            assert_eq!(refill, Some(Dur::from_s(int(&want, key))), "{point}");
        }
    }
}

fn measured_bill(mode: Mode, mib_s: u64, hours: u64, streams: u32, polling: u32, fan_out: u32) -> f64 {
    let steady = Steady {
        mode,
        rate: RecordRate::per_s(1_024 * mib_s),
        shards: 0,
        retention: Dur::from_h(24),
        polling_readers: polling,
        fan_out_readers: fan_out,
    };
    let mut usage = steady.usage(&PerRecord::of_size(Bytes(1_024)), Dur::from_h(hours));
    usage.stream_ns *= u128::from(streams);
    bill_run(&usage, &table(), Dur::from_h(hours), &TERMS).unwrap().total.as_f64()
}

/// The bills AWS measured lie a little above the nominal load; the tolerances are the file's.
#[test]
fn p14_and_p16_billing_experiments() {
    let (p14, p16) = (published("P14"), published("P16"));
    assert_eq!((p14["tolerance"].as_str(), p16["tolerance"].as_str()), (Some("3 %"), Some("5 %")));
    let nominal = [
        (measured_bill(Mode::OnDemand, 100, 48, 10, 1, 0), 2_044.20, &p14["measured"], "standard_usd", 0.03),
        (
            measured_bill(Mode::OnDemandAdvantage, 100, 48, 10, 1, 0),
            810.00,
            &p14["measured"],
            "advantage_usd",
            0.03,
        ),
        (
            measured_bill(Mode::OnDemand, 25, 24, 1, 0, 10),
            1_224.397_5,
            &p16["measured"],
            "standard_usd",
            0.05,
        ),
        (
            measured_bill(Mode::OnDemandAdvantage, 25, 24, 1, 0, 10),
            405.00,
            &p16["measured"],
            "advantage_usd",
            0.05,
        ),
    ];
    for (got, by_hand, measured, key, tolerance) in nominal {
        assert!((got - by_hand).abs() < 1e-9, "{key}: {got}, by hand {by_hand}");
        near("P14/P16", key, got, measured, tolerance);
    }
}

#[test]
fn p17_on_demand_examples() {
    let entry = published("P17");
    let (factor, floor) = (on_demand::PEAK_FACTOR.count(), on_demand::NEW_SHARDS.count());
    let list = |v: &Value| v.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect::<Vec<_>>();
    let peaks = list(&entry["config"]["peak_MB_s"]);
    let got: Vec<u64> = peaks.iter().map(|&p| on_demand_capacity(p, factor, floor)).collect();
    assert_eq!(got, list(&entry["measured"]["accommodates_MB_s"]));
    let limits = data_streams::shard_limits();
    assert_eq!((floor * limits.write_bytes_per_s) >> 20, int(&entry["measured"], "new_stream_write_MB_s"));
    assert_eq!((floor * limits.read_bytes_per_s) >> 20, int(&entry["measured"], "new_stream_read_MB_s"));
    assert_eq!(on_demand::SPLIT_DELAY_WORST.dur(), Dur::from_min(15));
}

#[test]
fn p25_pricing_page_shards() {
    let entry = published("P25");
    let cases = entry["config"]["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 2);
    for (i, case) in cases.iter().enumerate() {
        let record = Bytes::from_kib(int(case, "record_KB"));
        let load = Load { record, rate: RecordRate::per_s(int(case, "records_s")), readers: 1 };
        let got = aws_shards(load, data_streams::shard_limits());
        assert_eq!(Some(got.shards), entry["measured"]["shards"][i].as_u64());
        // The page prints one decimal.
        let printed = format!("{:.1}", got.unrounded);
        assert_eq!(printed, entry["measured"]["MB_s"][i].to_string());
    }
}

#[test]
fn p27_payload_units_cost_as_much_as_the_shard() {
    assert_eq!(published("P27")["tolerance"], "29.76 % +- 0.01");
    let even = break_even(Bytes(1_000), 1, &table(), data_streams::shard_limits()).unwrap();
    assert!((even.put_equals_shard_hour * 100.0 - 29.76).abs() <= 0.01, "{}", even.put_equals_shard_hour);
}
