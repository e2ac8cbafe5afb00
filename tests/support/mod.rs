//! A made-up outcome shaped like a launch day: three modes, two consumers, an empty third, curves of nine points.
//!
//! Nothing here was simulated; it only has the shape, the sizes and the gaps of the real thing, so that tables,
//! charts and the page can be tested without a simulator.
#![allow(dead_code)]

use kinesim::cost::bill::{Bill, BillLine};
use kinesim::experiment::outcome::*;
use kinesim::measure::latency::LatencySummary;
use kinesim::measure::lost::Lost;
use kinesim::measure::result::*;
use kinesim::units::Money;

const S: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;
const BUCKET: u64 = 5 * S;
const BUCKETS: usize = 1_440;

pub const MODES: [(&str, &str); 3] = [
    ("provisioned", "Provisioned"),
    ("on_demand", "On-demand Standard"),
    ("on_demand_advantage", "On-demand Advantage"),
];

/// The outcome under a plain name.
pub fn launch_day() -> Outcome {
    named("launch-day", "Do the dashboards keep up on launch day, and which mode is cheaper?")
}

/// The same with any name and question, which also become the names of a producer and a consumer.
pub fn named(name: &str, question: &str) -> Outcome {
    Outcome {
        name: name.into(),
        question: question.into(),
        modes: (0..3).map(|i| mode(i, name)).collect(),
        fronts: Vec::new(),
        curves: vec![
            curve("load", "Against load", "load (times the scenario's)", &[0.25, 0.35, 0.5, 0.71, 1.0, 1.41, 2.0, 2.83, 4.0], 1.0),
            curve("shards", "Against shards", "shards", &[5.0, 8.0, 10.0, 14.0, 20.0, 28.0, 40.0, 57.0, 80.0], 20.0),
            curve("readers", "Against readers", "readers", &[1.0, 2.0, 3.0, 4.0, 5.0], 2.0),
        ],
        findings: vec![
            Finding { kind: "binding_limit", text: "Provisioned: bytes bind first; at the peak (12.1 MiB/s) 61 % of 20 shards are used.".into() },
            Finding { kind: "on_demand_short", text: "On-demand Standard was short of capacity for 9 min 35 s after the spike began and refused 11.9 % of all attempts.".into() },
            Finding { kind: "catch_up", text: format!("{name}: the dashboard needed 3 min 20 s to catch up after its outage of 10 min.") },
        ],
        notes: vec!["Readers stop at five: polling readers share five calls per second and shard.".into()],
        replay: None,
        provenance: Provenance {
            version: "0.1.0",
            scenario_digest: "5f1d0c6a1b2c3d4e".into(),
            seed: 1,
            replications: 5,
            prices: "us-east-1, 2026-11-01".into(),
            defaults: vec![
                ("producers.web.retry".into(), "standard_2026".into(), "source_code: AWS SDK, 2026".into()),
                ("producers.web.on_partial_failure".into(), "retry_failed".into(), "assumed".into()),
            ],
            assumptions: vec!["shard.write.admission".into(), "on_demand.observe".into()],
        },
    }
}

/// Offered records per second at a bucket: a slow wave with a five-fold spike at 45 min for 20 min.
fn offered(i: usize) -> u64 {
    let minute = i as u64 * BUCKET / (60 * S);
    let base = 2_000 + (i as u64 * 37 % 211) + 4 * (i as u64 % 240).min(240 - i as u64 % 240);
    if (45..65).contains(&minute) { base * 5 } else { base }
}

fn mode(which: usize, name: &str) -> ModeOutcome {
    let (mode, title) = MODES[which];
    let run = run(which, name);
    let month = bill(which, 730, "a month of 730 h at the base rate");
    ModeOutcome {
        mode,
        title,
        headline: vec![
            headline("throttled_attempts", "throttled attempts", "share", Some(0.119 * which as f64 / 2.0)),
            headline(&format!("end_to_end_p99/{name}"), "end to end p99", "ns", None),
        ],
        run,
        bill_run: bill(which, 2, "this run (2 h)"),
        bill_month: month,
    }
}

fn headline(key: &str, label: &str, unit: &'static str, mean: Option<f64>) -> Headline {
    Headline {
        key: key.into(),
        label: label.into(),
        unit,
        values: vec![mean; 5],
        mean,
        half_width: mean.map(|m| m / 20.0),
    }
}

fn run(which: usize, name: &str) -> RunResult {
    let series = series(which);
    let sum = |v: &[u64]| v.iter().sum::<u64>();
    let (born, stored, throttled) = (sum(&series.born), sum(&series.stored), sum(&series.throttled));
    let lost = sum(&series.lost);
    let shards_at_end = *series.open_shards.last().unwrap_or(&0);
    let producer = ProducerResult {
        name: name.into(),
        born,
        born_bytes: sum(&series.born_bytes),
        stored,
        duplicates: 0,
        lost: Lost { attempts: lost / 2, full: lost - lost / 2, ..Lost::default() },
        held: born - stored - lost,
        delayed: throttled / 2,
        attempts: sum(&series.attempts),
        throttled,
        calls: sum(&series.put_calls),
        buffered_bytes_max: 48 << 20,
        buffering: latency(born, 60 * MS, which),
        put: latency(born, 9 * MS, which),
        ..ProducerResult::default()
    };
    let consumers = vec![
        consumer("dashboard", "polling", stored, 240 * MS, which),
        consumer("fraud", "enhanced_fan_out", stored, 24 * MS, which),
        ConsumerResult {
            name: "nobody".into(),
            read: "polling",
            before_start: stored,
            ..ConsumerResult::default()
        },
    ];
    RunResult {
        mode: MODES[which].0,
        duration_ns: BUCKET * BUCKETS as u64,
        intakes: Vec::new(),
        stream: StreamResult {
            shards_at_start: 20,
            shards_at_end,
            shards_max: shards_at_end,
            stored,
            stored_bytes: sum(&series.stored_bytes),
            first_copies: stored,
            throttled_by_bytes: throttled,
            throttled_seconds: 575,
            hottest_shard: Some(13),
            hottest_share_ppm: 71_000,
            ..StreamResult::default()
        },
        producers: vec![producer],
        consumers,
        shards: (0..4).map(shard).collect(),
        timeline: vec![
            TimelineEntry {
                at_ns: 2_700 * S,
                what: "decision",
                text: "shard 7 was above 0.5 MiB/s for 1 min: it will split in 4 min 10 s".into(),
            },
            TimelineEntry { at_ns: 3_000 * S, what: "outage_begins", text: "dashboard stops reading".into() },
            TimelineEntry { at_ns: 3_600 * S, what: "outage_ends", text: "dashboard reads again".into() },
        ],
        usage: Usage { stored, ..Usage::default() },
        digests: Digests { demand: vec!["a1".into()], events: "b2".into(), results: "c3".into() },
        coarse: None,
        cut: None,
        series,
    }
}

fn series(which: usize) -> Series {
    let buffers =
        ProducerSeries { buffered_records: vec![400; BUCKETS], buffered_bytes: vec![1 << 19; BUCKETS] };
    let mut s = Series { bucket_ns: BUCKET, producers: vec![buffers], ..Series::default() };
    for i in 0..BUCKETS {
        let born = offered(i) * 5;
        let spike = (540..780).contains(&i);
        let shards = if which > 0 && i > 600 { 20 + ((i - 600) as u32 / 12).min(20) } else { 20 };
        let refused = if spike && which == 1 && i < 655 { born / 3 + i as u64 % 97 * 20 } else { 0 };
        let lost = refused / 50;
        s.born.push(born);
        s.born_bytes.push(born * 1_229);
        s.attempts.push(born + refused);
        s.stored.push(born - lost);
        s.kinesis_records.push(born - lost);
        s.stored_bytes.push((born - lost) * 1_229);
        s.throttled.push(refused);
        s.lost.push(lost);
        s.put_calls.push(born / 400);
        s.put_calls_ok.push(born / 400);
        s.put_latency_ns_sum.push(born / 400 * 9 * MS);
        s.open_shards.push(shards);
    }
    let waiting = || vec![0; BUCKETS];
    s.producers = vec![ProducerSeries { buffered_records: waiting(), buffered_bytes: waiting() }];
    s.consumers = vec![
        consumer_series(&s, which, 240 * MS, true),
        consumer_series(&s, which, 24 * MS, false),
        ConsumerSeries {
            records: vec![0; BUCKETS],
            kinesis_records: vec![0; BUCKETS],
            bytes: vec![0; BUCKETS],
            calls: vec![0; BUCKETS],
            throttled: vec![0; BUCKETS],
            sent_age_ns: Vec::new(),
            iterator_age_ns: vec![None; BUCKETS],
            backlog: vec![0; BUCKETS],
            p50_ns: vec![None; BUCKETS],
            p99_ns: vec![None; BUCKETS],
            max_ns: vec![None; BUCKETS],
        },
    ];
    s
}

fn consumer_series(s: &Series, which: usize, typical: u64, has_outage: bool) -> ConsumerSeries {
    let mut c = ConsumerSeries::default();
    for i in 0..BUCKETS {
        let noise = 90 + (i as u64 * 7_919 % 31);
        let out = has_outage && (600..720).contains(&i);
        let behind = if has_outage && (720..760).contains(&i) { (760 - i as u64) * 15 * S } else { 0 };
        let slow = if s.throttled[i] > 0 { 8 } else { 1 };
        let p50 = typical * noise / 100 * slow + behind + which as u64 * 3 * MS;
        c.records.push(if out { 0 } else { s.stored[i] });
        c.kinesis_records.push(if out { 0 } else { s.stored[i] });
        c.bytes.push(if out { 0 } else { s.stored_bytes[i] });
        c.calls.push(if out { 0 } else { 100 });
        c.throttled.push(if out { 0 } else { i as u64 % 5 });
        c.backlog.push(if out { (i as u64 - 600) * s.stored[i] } else { 0 });
        c.iterator_age_ns.push((!out).then_some(behind + p50 / 2));
        c.p50_ns.push((!out).then_some(p50));
        c.p99_ns.push((!out).then_some(p50 * 3));
        c.max_ns.push((!out).then_some(p50 * (5 + i as u64 % 3)));
    }
    c
}

fn consumer(name: &str, read: &'static str, stored: u64, typical: u64, which: usize) -> ConsumerResult {
    ConsumerResult {
        name: name.into(),
        read,
        first_deliveries: stored - 1_200,
        delivered_bytes: stored * 1_229,
        unread: 1_200,
        calls: 144_000,
        throttled_by_calls: if read == "polling" { 2_880 } else { 0 },
        iterator_age_ns_max: if read == "polling" { 610 * S } else { 190 * MS },
        catch_up_ns: (read == "polling").then_some(200 * S),
        propagation: latency(stored, typical, which),
        processing: latency(stored, typical / 8, which),
        end_to_end: latency(stored, typical * 2, which),
        ..ConsumerResult::default()
    }
}

/// A skewed distribution around `typical`.
fn latency(count: u64, typical: u64, which: usize) -> LatencySummary {
    let typical = typical * (10 + which as u64 * 3) / 10;
    let weights = [1u64, 4, 12, 22, 25, 16, 9, 5, 3, 2, 1];
    let mut buckets = Vec::new();
    for (k, w) in weights.into_iter().enumerate() {
        let lower = typical * (5 + k as u64 * k as u64) / 20;
        let upper = typical * (5 + (k as u64 + 1) * (k as u64 + 1)) / 20;
        buckets.push((lower, upper, count * w / 100));
    }
    LatencySummary {
        count,
        sum_ns: u128::from(count) * u128::from(typical),
        p50_ns: Some(typical),
        p90_ns: Some(typical * 3),
        p99_ns: Some(typical * 5),
        p999_ns: Some(typical * 6),
        max_ns: Some(typical * 7),
        buckets,
    }
}

fn shard(id: u32) -> ShardResult {
    let minute = |m: u64| ShardMinute {
        in_records: if m == 3 { 0 } else { 6_000 },
        in_bytes: if m == 3 { 0 } else { 7_374_000 },
        write_throttled: if m == 46 { 250 } else { 0 },
        out_records: if m == 3 { 0 } else { 12_000 },
        out_bytes: if m == 3 { 0 } else { 14_748_000 },
        read_throttled: 0,
        iterator_age_ns: (m != 3).then_some(240 * MS),
    };
    ShardResult {
        id,
        parents: if id > 2 { vec![1] } else { vec![] },
        starting_hash_key: "0".into(),
        ending_hash_key: "340282366920938463463374607431768211455".into(),
        opened_ns: if id > 2 { 3_000 * S } else { 0 },
        closed_ns: (id == 1).then_some(3_000 * S),
        stored: 720_000,
        stored_bytes: 884_880_000,
        throttled: 250,
        minutes: (0..60).map(minute).collect(),
    }
}

/// Whole micro-dollars.
fn micro(n: i128) -> Money {
    Money(n * 1_000_000_000_000)
}

fn bill(which: usize, hours: i128, period: &str) -> Bill {
    let line = |item, quantity: i128, unit, price: &str, price_key: &str, amount| BillLine {
        item,
        quantity: quantity.to_string(),
        unit,
        price: price.into(),
        price_key: price_key.into(),
        amount,
        how: format!("{quantity} {unit} × {price} USD"),
    };
    let lines = match which {
        0 => vec![
            line(
                "Shard hours",
                20 * hours,
                "shard-hour",
                "0.015",
                "price.shard_hour",
                micro(20 * hours * 15_000),
            ),
            line(
                "PUT payload units",
                9_000_000 * hours,
                "PUT payload unit",
                "0.000000014",
                "price.put_payload_unit",
                micro(126_000 * hours),
            ),
            line(
                "Enhanced fan-out consumer-shard hours",
                20 * hours,
                "consumer-shard-hour",
                "0.015",
                "price.efo_hour",
                micro(20 * hours * 15_000),
            ),
            line(
                "Enhanced fan-out data retrieval",
                11 * hours,
                "GB",
                "0.013",
                "price.efo_gb",
                micro(143_000 * hours),
            ),
        ],
        1 => vec![
            line("Stream hours", hours, "stream-hour", "0.04", "price.stream_hour", micro(40_000 * hours)),
            line("Data in", 11 * hours, "GB", "0.08", "price.on_demand_in", micro(880_000 * hours)),
            line("Data out", 22 * hours, "GB", "0.04", "price.on_demand_out", micro(880_000 * hours)),
        ],
        _ => vec![
            line("Data in", 11 * hours, "GB", "0.032", "price.advantage_in", micro(352_000 * hours)),
            line("Data out", 22 * hours, "GB", "0.016", "price.advantage_out", micro(352_000 * hours)),
            line(
                "Commitment not used (25 MiB/s)",
                70 * hours,
                "GB",
                "0.032",
                "price.advantage_in",
                micro(2_240_000 * hours),
            ),
        ],
    };
    let total = Money(lines.iter().map(|l| l.amount.0).sum());
    Bill { period: period.into(), lines, total }
}

fn curve(id: &'static str, title: &str, x_label: &str, xs: &[f64], here: f64) -> Curve {
    let line = |which: usize| CurveLine {
        mode: MODES[which].0,
        title: MODES[which].1,
        points: xs.iter().map(|x| point(which, id, *x, here)).collect(),
    };
    Curve {
        id,
        title: title.into(),
        x_label: x_label.into(),
        x_here: Some(here),
        stretch: "Each point simulates 10 min around the peak (minutes 43 to 53).".into(),
        lines: (0..3).map(line).collect(),
    }
}

fn point(which: usize, id: &str, x: f64, here: f64) -> CurvePoint {
    let load = if id == "shards" { here / x } else { x / here };
    let over = (load - 1.6 + 0.2 * which as f64).max(0.0);
    let p50 = (250.0 + 40.0 * which as f64) * (1.0 + 60.0 * over * over);
    let known = !(id == "shards" && which > 0);
    CurvePoint {
        x,
        shards: 20,
        throttled_share: (over / (1.0 + over)).min(0.95),
        lost_share: 0.0,
        p50_ns: known.then_some((p50 * 1e6) as u64),
        p99_ns: known.then_some((p50 * 3e6) as u64),
        max_ns: known.then_some((p50 * 9e6) as u64),
        month_usd: micro(
            (bill(which, 730, "").total.0 / 1_000_000_000_000) * (50 + (load * 50.0) as i128) / 100,
        ),
    }
}
