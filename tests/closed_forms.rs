//! `theory` against every point of `vectors/analytic.json` (computed with scipy and mpmath) it has a form for, and
//! our own hashing, keys and births against the same figures.

#![allow(clippy::disallowed_methods, reason = "a test may use the platform's maths")]

use kinesim::producer::config::{Burstiness, DemandConfig, KeyLaw, RateShape, SizeLaw};
use kinesim::producer::curve::Calendar;
use kinesim::producer::demand::{Columns, Demand};
use kinesim::producer::keys::{KeyTable, position_of};
use kinesim::random::Seed;
use kinesim::theory::{backlog, hashing, limits, on_demand, polling, queues};
use kinesim::units::{Bytes, NS_PER_S, RecordRate};
use serde_json::{Map, Value};

/// Name of an expected figure, and ours.
type Figures = Vec<(&'static str, f64)>;

/// A shard's documented write limits, in the units the cases use.
const SHARD_RECORDS: f64 = 1000.0;
const SHARD_MIB: f64 = 1.0;

fn cases() -> Vec<Value> {
    let text = include_str!("vectors/analytic.json");
    let file: Value = serde_json::from_str(text).expect("the vectors are JSON");
    file["cases"].as_array().expect("a list of cases").clone()
}

fn points(id: &str) -> Vec<Value> {
    let case = cases().into_iter().find(|c| c["id"] == id);
    case.expect("the case exists")["points"].as_array().expect("a list of points").clone()
}

fn number(v: &Value) -> f64 {
    match v {
        Value::Bool(b) => f64::from(u8::from(*b)),
        other => other.as_f64().expect("a number"),
    }
}

/// Every expected figure of every point must be computed, and agree within 1e-6 (the file has nine digits).
fn check(id: &str, ours: impl Fn(&dyn Fn(&str) -> f64) -> Figures) {
    for point in points(id) {
        let params = point["params"].as_object().expect("parameters").clone();
        let ours =
            ours(&|name: &str| number(params.get(name).unwrap_or_else(|| panic!("{id} has no {name}"))));
        let expected: &Map<String, Value> = point["expected"].as_object().expect("expected figures");
        for (name, value) in expected {
            let got = ours.iter().find(|f| f.0 == name);
            let got = got.unwrap_or_else(|| panic!("{} {name} is not computed", point["point"])).1;
            let want = number(value);
            let close = if want == 0.0 { got == 0.0 } else { (got / want - 1.0).abs() < 1e-6 };
            assert!(close, "{} {name}: {got}, expected {want}", point["point"]);
        }
    }
}

fn flag(b: bool) -> f64 {
    f64::from(u8::from(b))
}

#[test]
fn a01_readers_taking_turns() {
    check("A01", |p| {
        let d = polling::PollingDelay::taking_turns(p("consumers") as u32, 5.0, p("call_latency_ms") / 1e3);
        vec![
            ("poll_period_ms", d.period_s * 1e3),
            ("mean_ms", d.mean_s() * 1e3),
            ("p50_ms", d.quantile_s(0.5) * 1e3),
            ("p90_ms", d.quantile_s(0.9) * 1e3),
            ("p99_ms", d.quantile_s(0.99) * 1e3),
            ("max_ms", d.quantile_s(1.0) * 1e3),
            ("std_ms", d.std_s() * 1e3),
        ]
    });
}

#[test]
fn a02_independent_pollers() {
    check("A02", |p| {
        let (n, period) = (p("consumers"), p("poll_period_s"));
        vec![
            ("offered_calls_per_s", n / period),
            ("throttled_fraction", polling::refused_share(n as u32, period, 5.0)),
            ("mean_delay_ms_if_not_throttled", period / 2.0 * 1e3),
        ]
    });
}

#[test]
fn a04_catch_up_bound_by_reading() {
    check("A04", |p| {
        let limit = 2.0;
        let fan_out = p("enhanced_fan_out") != 0.0;
        let readers = if fan_out { 1 } else { p("shared_consumers") as u32 };
        let read = backlog::shared_read(limit, readers);
        let (write, outage) = (p("write_MiB_s"), p("outage_s"));
        let drain = backlog::drain_s(outage, write, read);
        vec![
            ("read_MiB_s", read),
            ("backlog_MiB", write * outage),
            ("drains", flag(drain.is_some())),
            ("drain_s", drain.unwrap_or(f64::NAN)),
        ]
    });
}

#[test]
fn a06_poisson_against_a_second() {
    check("A06", |p| {
        let w = limits::window_excess(p("lambda_per_s"), p("limit") as u64);
        vec![
            ("p_second_over_limit", w.over),
            ("mean_excess_per_s", w.mean_excess),
            ("throttled_fraction", w.refused_share),
        ]
    });
}

#[test]
fn a07_token_bucket() {
    check("A07", |p| {
        let refused = limits::token_bucket_refused(p("utilisation"), p("bucket_tokens") as u32);
        vec![("throttled_fraction", refused)]
    });
}

#[test]
fn a08_overload() {
    check("A08", |p| {
        let (offered, capacity) = (p("offered_records_s"), p("shards") * SHARD_RECORDS);
        vec![
            ("capacity_records_s", capacity),
            ("throttled_fraction", limits::overload_refused(offered, capacity)),
            ("accepted_records_s", offered.min(capacity)),
        ]
    });
}

#[test]
fn a11_occupancy() {
    check("A11", |p| {
        let (n, m) = (p("keys") as u32, p("shards") as u32);
        let max = hashing::mean_max_keys(n, m);
        let empty = hashing::shard_empty(n, m);
        vec![
            ("mean_max_keys_on_a_shard", max),
            ("max_over_mean", max * f64::from(m) / f64::from(n)),
            ("mean_empty_shards", empty * f64::from(m)),
            ("p_given_shard_empty", empty),
        ]
    });
}

#[test]
fn a12_coupons() {
    check("A12", |p| {
        let (mean, sd) = hashing::keys_to_touch_every_shard(p("shards") as u32);
        vec![("mean_keys_to_touch_every_shard", mean), ("sd", sd)]
    });
}

#[test]
fn a13_zipf() {
    check("A13", |p| {
        let z = hashing::Zipf { keys: p("keys") as u32, exponent: p("zipf_exponent") };
        vec![
            ("hottest_key_share", z.top_share(1)),
            ("max_stream_MiB_s_before_hot_key_saturates_one_shard", z.ceiling(SHARD_MIB)),
            ("expected_share_of_shard_holding_hottest_key_m10", z.hottest_shard_share(10)),
            ("top10_share", z.top_share(10)),
        ]
    });
}

#[test]
fn a14_some_shard_over() {
    check("A14", |p| {
        let (total, shards) = (p("total_records_s"), p("shards"));
        let over = limits::some_shard_over(total, shards as u32, SHARD_RECORDS as u64);
        vec![("per_shard_lambda", total / shards), ("p_some_shard_over_limit_in_a_second", over)]
    });
}

#[test]
fn a22_falling_behind() {
    check("A22", |p| {
        let f = backlog::FallingBehind { arriving: p("in_records_s"), reading: p("out_records_s") };
        let loss = f.first_loss_s(p("retention_h") * 3600.0).unwrap_or(f64::NAN);
        vec![
            ("age_growth_s_per_s", f.slope()),
            ("age_after_1h_s", f.age_s(3600.0)),
            ("backlog_after_1h_records", f.backlog(3600.0)),
            ("hours_to_first_loss", loss / 3600.0),
            ("loss_fraction_after_that", f.slope()),
        ]
    });
}

#[test]
fn a23_catching_up() {
    check("A23", |p| {
        let catch_up = backlog::catch_up_s(p("outage_s"), p("utilisation"));
        vec![
            ("peak_age_s", p("outage_s")),
            ("catch_up_s_after_restart", catch_up),
            ("total_s_until_age_zero", p("outage_s") + catch_up),
        ]
    });
}

#[test]
fn a24_mm1() {
    check("A24", |p| {
        let q = queues::Mm1 { arrivals: p("lambda_per_s"), services: p("mu_per_s") };
        vec![
            ("rho", q.rho()),
            ("mean_wait_s", q.mean_wait_s()),
            ("mean_sojourn_s", q.mean_sojourn_s()),
            ("p50_sojourn_s", q.sojourn_quantile_s(0.5)),
            ("p95_sojourn_s", q.sojourn_quantile_s(0.95)),
            ("p99_sojourn_s", q.sojourn_quantile_s(0.99)),
            ("mean_in_system", q.mean_in_system()),
        ]
    });
}

#[test]
fn a25_md1() {
    check("A25", |p| {
        let q = queues::Md1 { arrivals: p("lambda_per_s"), service_s: p("service_s") };
        vec![
            ("rho", q.rho()),
            ("mean_wait_s", q.mean_wait_s()),
            ("p_no_wait", q.wait_below(0.0)),
            ("p90_wait_s", q.wait_quantile_s(0.9)),
            ("p95_wait_s", q.wait_quantile_s(0.95)),
            ("p99_wait_s", q.wait_quantile_s(0.99)),
            ("mean_in_system", q.mean_in_system()),
        ]
    });
}

#[test]
fn a26_mg1() {
    check("A26", |p| {
        let (arrivals, service) = (p("lambda_per_s"), p("mean_service_s"));
        let wait = queues::mg1_mean_wait_s(arrivals, service, p("service_cv"));
        vec![("rho", arrivals * service), ("mean_wait_s", wait)]
    });
}

#[test]
fn a27_mmc() {
    check("A27", |p| {
        let q = queues::Mmc {
            arrivals: p("lambda_per_s"),
            services: p("mu_per_worker_s"),
            servers: p("workers") as u32,
        };
        vec![
            ("rho", q.rho()),
            ("p_wait", q.wait_probability()),
            ("mean_wait_s", q.mean_wait_s()),
            ("p99_wait_s", q.wait_quantile_s(0.99)),
        ]
    });
}

#[test]
fn a29_on_demand_doubling() {
    check("A29", |p| {
        let d = on_demand::doubling(p("start_capacity_MB_s"), p("step_target_MB_s"), 900.0);
        vec![
            ("doublings", f64::from(d.doublings)),
            ("worst_case_minutes", d.seconds / 60.0),
            ("throttled_MB_during_ramp_worst_case", d.refused),
            ("final_capacity_MB_s", d.capacity),
        ]
    });
}

#[test]
fn a35_retry_fixed_point() {
    check("A35", |p| {
        let f = limits::retry_fixed_point(p("offered_over_capacity"), p("max_retries") as u32);
        vec![
            ("throttle_probability", f.refused),
            ("lost_fraction", f.lost),
            ("attempts_over_capacity", f.attempts_over_capacity),
            ("attempt_amplification", f.amplification),
        ]
    });
}

#[test]
fn a36_tank() {
    check("A36", |p| {
        let spacing = limits::tank_spacing_s(p("record_MiB"), p("tank_MiB"), SHARD_MIB);
        vec![
            ("min_spacing_sustained_s", spacing.unwrap_or(f64::NAN)),
            ("wait_after_a_10MiB_record_for_this_record_s", spacing.unwrap_or(f64::NAN)),
            ("admissible", flag(spacing.is_some())),
        ]
    });
}

#[test]
fn a37_mixed_sizes() {
    check("A37", |p| {
        let share = p("large_share_percent") / 100.0;
        let offered =
            limits::mixed_bytes_per_s(p("records_s"), share, p("small_KiB") / 1024.0, p("large_MiB"));
        let capacity = p("shards") * SHARD_MIB;
        vec![
            ("offered_MiB_s", offered),
            ("stream_capacity_MiB_s", capacity),
            ("overloaded", flag(offered > capacity)),
            ("min_long_run_throttled_byte_share", limits::overload_refused(offered, capacity)),
        ]
    });
}

#[test]
fn a39_oldest_of_a_poll() {
    check("A39", |p| {
        let d = polling::PollingDelay { period_s: p("period_ms") / 1e3, call_s: 0.0 };
        let (oldest, newest) = d.oldest_and_newest_s(p("records") as u32);
        vec![("mean_max_delay_ms", oldest * 1e3), ("mean_min_delay_ms", newest * 1e3)]
    });
}

#[test]
fn a41_little() {
    check("A41", |p| vec![("mean_in_flight", queues::little(p("rate_per_s"), p("mean_time_s")))]);
}

// Our own machinery against the same figures.

fn expected(point: &Value, name: &str) -> f64 {
    number(&point["expected"][name])
}

fn param(point: &Value, name: &str) -> f64 {
    number(&point["params"][name])
}

/// Shard of a full hash among `shards` equal ranges: boundaries at multiples of floor(2^128 / shards).
fn shard_of(hash: u128, shards: u32) -> usize {
    // 2^128 / n from 2^128 - 1, which differs only when n divides 2^128
    let n = u128::from(shards);
    let width = u128::MAX / n + u128::from(u128::MAX % n + 1 == n);
    ((hash / width).min(n - 1)) as usize
}

/// Mean and standard error of repeated figures.
fn mean_and_error(figures: &[f64]) -> (f64, f64) {
    let n = figures.len() as f64;
    let mean = figures.iter().sum::<f64>() / n;
    let square = figures.iter().map(|f| (f - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (square / n).sqrt())
}

fn assert_within_four_errors(what: &str, figures: &[f64], want: f64) {
    let (mean, error) = mean_and_error(figures);
    assert!((mean - want).abs() <= 4.0 * error, "{what}: {mean} ± {error}, expected {want}");
}

#[test]
fn a11_with_hashed_keys() {
    for point in points("A11") {
        let (keys, shards) = (param(&point, "keys") as u32, param(&point, "shards") as u32);
        let (mut largest, mut empty) = (Vec::new(), Vec::new());
        for set in 0..1000 {
            let mut on = vec![0u32; shards as usize];
            for k in 0..keys {
                on[shard_of(position_of(&format!("set-{set}-key-{k}")), shards)] += 1;
            }
            largest.push(f64::from(*on.iter().max().expect("a shard")));
            empty.push(on.iter().filter(|n| **n == 0).count() as f64);
        }
        assert_within_four_errors("largest", &largest, expected(&point, "mean_max_keys_on_a_shard"));
        // empty shards are too rare here for an error of the sample itself: bound it by the Poisson one
        let want = 1000.0 * expected(&point, "mean_empty_shards");
        assert!((empty.iter().sum::<f64>() - want).abs() <= 4.0 * want.sqrt().max(0.25), "empty shards");
    }
}

#[test]
fn a12_with_hashed_keys() {
    for point in points("A12") {
        let shards = param(&point, "shards") as u32;
        let needed: Vec<f64> = (0..2000)
            .map(|set| {
                let mut seen = vec![false; shards as usize];
                let (mut left, mut keys) = (shards, 0u32);
                while left > 0 {
                    let shard = shard_of(position_of(&format!("coupon-{set}-{keys}")), shards);
                    left -= u32::from(!std::mem::replace(&mut seen[shard], true));
                    keys += 1;
                }
                f64::from(keys)
            })
            .collect();
        assert_within_four_errors("keys", &needed, expected(&point, "mean_keys_to_touch_every_shard"));
    }
}

fn config(per_s: u64, keys: KeyLaw) -> DemandConfig {
    DemandConfig {
        rate: RateShape::Constant(RecordRate::per_s(per_s)),
        burstiness: Burstiness::Poisson,
        record_size: SizeLaw::Fixed(Bytes(1000)),
        keys,
        key_bytes: Bytes(0),
    }
}

fn demand(config: &DemandConfig, seconds: u64) -> Demand {
    let seed = Seed { user: 42, replication: 0 };
    Demand::new(config, "web", Calendar::default(), seed, seconds * NS_PER_S, false, &[])
}

#[test]
fn a13_with_drawn_keys() {
    for point in points("A13") {
        let law = KeyLaw::Zipf {
            distinct: param(&point, "keys") as u64,
            exponent_milli: (param(&point, "zipf_exponent") * 1000.0).round() as u32,
        };
        let table = KeyTable::of(&law).expect("a finite set of keys");
        let mut out = Columns::default();
        demand(&config(10_000, law), 100).take_until(u64::MAX, &mut out);
        let n = out.len() as f64;
        for (top, name) in [(1, "hottest_key_share"), (10, "top10_share")] {
            let top = &table.positions()[..top];
            let share = out.position.iter().filter(|p| top.contains(p)).count() as f64 / n;
            let want = expected(&point, name);
            let allowed = 4.0 * (want * (1.0 - want) / n).sqrt() + 0.005 * want;
            assert!((share - want).abs() < allowed, "{name}: {share}, expected {want}");
        }
    }
}

/// Per aligned second: did a shard go over, and by how much in all.
fn seconds_over(per_s: u64, shards: u64, seconds: u64) -> (Vec<f64>, Vec<f64>) {
    let config = config(per_s, KeyLaw::Random);
    let mut demand = demand(&config, seconds);
    let (mut over, mut excess) = (Vec::new(), Vec::new());
    let (mut out, mut on) = (Columns::default(), vec![0u32; shards as usize]);
    for s in 1..=seconds {
        out.clear();
        on.fill(0);
        demand.take_until(s * NS_PER_S, &mut out);
        for p in &out.position {
            on[((u128::from(*p) * u128::from(shards)) >> 64) as usize] += 1;
        }
        let above: u32 = on.iter().map(|n| n.saturating_sub(SHARD_RECORDS as u32)).sum();
        over.push(flag(above > 0));
        excess.push(f64::from(above));
    }
    (over, excess)
}

/// The rule of the file: four standard errors or 3 %; below 1e-3 only the order of magnitude.
fn assert_tail(what: &str, figures: &[f64], want: f64) {
    let (mean, error) = mean_and_error(figures);
    if want < 1e-3 {
        let one = 1.0 / figures.len() as f64;
        assert!(mean <= 10.0 * want + one, "{what}: {mean}, expected {want}");
    } else {
        let allowed = (4.0 * error).max(0.03 * want);
        assert!((mean - want).abs() <= allowed, "{what}: {mean} ± {error}, expected {want}");
    }
}

#[test]
fn a06_with_our_births() {
    for point in points("A06") {
        let (over, excess) = seconds_over(param(&point, "lambda_per_s") as u64, 1, 20_000);
        assert_tail("over", &over, expected(&point, "p_second_over_limit"));
        assert_tail("excess", &excess, expected(&point, "mean_excess_per_s"));
    }
}

/// Seconds for the first point, and for the two larger ones (3 billion records at 20,000 s).
fn a14_sampled(seconds: [u64; 3]) {
    for (point, seconds) in points("A14").iter().zip(seconds) {
        let (total, shards) = (param(point, "total_records_s") as u64, param(point, "shards") as u64);
        let (over, _) = seconds_over(total, shards, seconds);
        assert_tail("over", &over, expected(point, "p_some_shard_over_limit_in_a_second"));
    }
}

#[test]
fn a14_with_our_births() {
    a14_sampled([20_000, 2_000, 500]);
}

#[test]
#[ignore = "a minute of CPU time"]
fn a14_with_our_births_in_full() {
    a14_sampled([20_000, 20_000, 20_000]);
}
