//! Readers that poll: delay, refused calls, catching up at the read limit, the oldest record of a poll (A01, A02, A04,
//! A39).

use super::runs::{points, run};
use super::statistics::{Figures, Hop, SEEDS, batches};
use super::world;
use kinesim::consumer::config::Happening;
use kinesim::measure::result::RunResult;
use kinesim::random::Seed;
use kinesim::units::Dur;
use kinesim::world::config::Action;

/// `n` pollers of one shard; `phase` of the i-th in ms, or random.
fn pollers(n: u64, interval_ms: f64, phase: impl Fn(u64) -> Option<u64>) -> String {
    let one = |i: u64| {
        let phase = phase(i).map_or(String::new(), |ms| format!("phase: {ms} ms, "));
        format!(
            "r{i}: {{ read: {{ polling: {{ interval: {interval_ms} ms, {phase}jitter: 0 s, call_latency: 0 s }} }} }}"
        )
    };
    (0..n).map(one).collect::<Vec<_>>().join(", ")
}

fn all_readers(r: &RunResult, of: impl Fn(&kinesim::measure::result::ConsumerResult) -> u64) -> u64 {
    r.consumers.iter().map(of).sum()
}

#[test]
fn a01_pollers_in_turn() {
    for point in points("A01", 3) {
        let n = point.param("consumers") as u64;
        let period = point.want("poll_period_ms");
        let config = world(
            "210 s",
            "rate: 800 records/s, record_size: 100 B",
            "shards: 1",
            &pollers(n, period, |i| Some(200 * i)),
        );
        for seed in SEEDS {
            let mut f = Figures::default();
            for batch in batches(&config, seed, Dur::from_s(10)) {
                let mut hop = Hop::default();
                let mut longest = 0;
                for c in 0..n as usize {
                    let own = batch.hop(|r| &r.consumers[c].propagation);
                    assert!(own.count > 150_000, "{}", point.id);
                    hop.add(&batch.after.consumers[c].propagation, 1);
                    longest = longest.max(batch.after.consumers[c].propagation.max_ns.unwrap());
                }
                assert_eq!(all_readers(&batch.after, |c| c.throttled_by_calls + c.throttled_by_bytes), 0);
                assert!(longest as f64 / 1e6 <= point.want("max_ms"), "{}: {longest} ns", point.id);
                f.add("mean_ms", point.want("mean_ms"), hop.mean_s() * 1e3);
                f.add("p50_ms", point.want("p50_ms"), hop.quantile_s(0.5) * 1e3);
                f.add("p90_ms", point.want("p90_ms"), hop.quantile_s(0.9) * 1e3);
                f.add("p99_ms", point.want("p99_ms"), hop.quantile_s(0.99) * 1e3);
                f.add("max_ms", point.want("max_ms"), longest as f64 / 1e6);
                f.add("std_ms", point.want("std_ms"), hop.deviation_s() * 1e3);
            }
            f.check(&point.id, seed, 0.01);
        }
    }
}

#[test]
fn a02_refused_calls() {
    for point in points("A02", 4) {
        let (n, period) = (point.param("consumers") as u64, point.param("poll_period_s") * 1e3);
        let producer = "rate: 200 records/s, record_size: 100 B";
        for shape in ["fixed_window", "{ token_bucket: { depth: 5 } }"] {
            let config = world(
                "360 s",
                producer,
                &format!("shards: 1, read_calls: {shape}"),
                &pollers(n, period, |_| None),
            );
            for seed in SEEDS {
                let mut f = Figures::default();
                for batch in batches(&config, seed, Dur::from_s(60)) {
                    let calls = batch.count(|r| all_readers(r, |c| c.calls));
                    let refused = batch.count(|r| all_readers(r, |c| c.throttled_by_calls));
                    f.add("offered_calls_per_s", point.want("offered_calls_per_s"), calls / batch.seconds());
                    f.add("throttled_fraction", point.want("throttled_fraction"), refused / calls);
                }
                f.check(&format!("{} {shape}", point.id), seed, 0.01);
            }
        }
        // "If not throttled": the same readers where the limit never binds.
        let free =
            world("360 s", producer, "shards: 1, read_calls_per_s: 1000", &pollers(n, period, |_| None));
        for seed in SEEDS {
            let mut f = Figures::default();
            for batch in batches(&free, seed, Dur::ZERO) {
                let mut hop = Hop::default();
                (0..n as usize).for_each(|c| hop.add(&batch.after.consumers[c].propagation, 1));
                f.add("mean_delay_ms", point.want("mean_delay_ms_if_not_throttled"), hop.mean_s() * 1e3);
            }
            f.check(&point.id, seed, 0.01);
        }
    }
}

#[test]
fn a04_catching_up_at_the_read_limit() {
    for point in points("A04", 4) {
        let (write, outage) = (point.param("write_MiB_s"), point.param("outage_s"));
        let n = point.param("shared_consumers") as u64;
        let drain = point.want("drain_s");
        let consumers = if point.params["enhanced_fan_out"] == true {
            let one = |i| format!("r{i}: {{ read: {{ enhanced_fan_out: {{ push_latency: 0 s }} }} }}");
            (0..n).map(one).collect::<Vec<_>>().join(", ")
        } else {
            let each = pollers(n, 1000.0, |_| None);
            each.replace("call_latency: 0 s", "call_latency: 0 s, throttled_poll: wait")
        };
        let producer = format!("rate: {} records/s, burstiness: even, record_size: 2 KiB", write * 512.0);
        let mut config =
            world(&format!("{} s", 60.0 + outage + drain * 1.02 + 20.0), &producer, "shards: 1", &consumers);
        config.events.push(kinesim::world::config::TimedEvent {
            at: Dur::from_s(60),
            action: Action::Consumer {
                consumer: None,
                what: Happening::Outage { lasting: Dur((outage * 1e9) as u64) },
            },
        });
        for seed in SEEDS {
            config.seed.user = seed;
            let r = run(&config);
            let until = ((60.0 + outage) * 1e9) as u64 / r.series.bucket_ns;
            let backlog =
                r.series.consumers[0].backlog[until as usize - 1] as f64 * 2048.0 / (1 << 20) as f64;
            let caught_up =
                r.consumers.iter().map(|c| c.catch_up_ns.unwrap_or(u64::MAX)).max().unwrap() as f64 / 1e9;
            println!(
                "{} drain_s (seed {seed}): expected {drain}, simulated {caught_up:.3}; backlog_MiB {backlog:.1}",
                point.id
            );
            let want = point.want("backlog_MiB");
            assert!(
                (backlog - want).abs() <= 0.01 * want,
                "{}: backlog {backlog} MiB, expected {want}",
                point.id
            );
            let allowed = (0.01 * drain).max(5.0);
            assert!((caught_up - drain).abs() <= allowed, "{}: {caught_up} s, expected {drain} s", point.id);
        }
    }
}

/// One poll at the end of one period, again and again. The largest of K uniforms has mean T K/(K+1), the smallest
/// T/(K+1); births are Poisson, so each poll's own K is taken out and the point's k put in.
#[test]
fn a39_oldest_and_youngest_of_a_poll() {
    const POLLS: u32 = 300;
    for point in points("A39", 2) {
        let (k, period) = (point.param("records"), point.param("period_ms"));
        let rate = k / period * 1e3;
        let poll = pollers(1, period, |_| Some(period as u64));
        // 100 shards' worth of limit: the case knows none.
        let producer = format!("rate: {rate} records/s, record_size: 10 B");
        let mut config = world("10 s", &producer, "shards: 1, limits: { records_per_s: 100000 }", &poll);
        config.duration = Dur(Dur::from_ms(period as u64).0 + 1);
        for seed in SEEDS {
            let mut f = Figures::default();
            for batch in 0..super::statistics::BATCHES {
                let (mut oldest, mut youngest, mut polls) = (0.0, 0.0, 0.0);
                for i in 0..POLLS {
                    config.seed = Seed { user: seed, replication: batch * POLLS + i };
                    let r = run(&config);
                    let hop = &r.consumers[0].end_to_end;
                    let Some(&(low, high, _)) = hop.buckets.first() else { continue };
                    let n = hop.count as f64;
                    polls += 1.0;
                    oldest += hop.max_ns.unwrap() as f64 / 1e6 * (n + 1.0) / n;
                    youngest += (low + high) as f64 / 2e6 * (n + 1.0);
                }
                f.add("mean_max_delay_ms", point.want("mean_max_delay_ms"), oldest / polls * k / (k + 1.0));
                f.add("mean_min_delay_ms", point.want("mean_min_delay_ms"), youngest / polls / (k + 1.0));
            }
            f.check(&point.id, seed, 0.005);
        }
    }
}

/// Ten records a second, evenly, from 0 s on; the reader begins at 60 s. Each position leaves out what lies before it,
/// for plain loops, for pushes, and for a client that is a machine of its own.
#[test]
fn readers_begin_where_they_are_told() {
    let positions = [
        ("latest", 600),
        ("trim_horizon", 0),
        ("{ at_timestamp: { at: 30 s } }", 300),
        ("{ at_sequence_number: { record: 101 } }", 100),
        ("{ after_sequence_number: { record: 101 } }", 101),
    ];
    let clients =
        ["read: polling", "read: enhanced_fan_out", "read: polling, client: { flink: { parallelism: 2 } }"];
    for (from, left_out) in positions {
        for client in clients {
            let reader = format!("r: {{ {client}, starts: {{ at: 60 s, from: {from} }} }}");
            let producer = "rate: 10 records/s, burstiness: even, record_size: 100 B";
            let r = run(&world("120 s", producer, "shards: 1", &reader));
            let c = &r.consumers[0];
            println!("{from}, {client}: {} left out, {} delivered", c.before_start, c.first_deliveries);
            assert!(c.before_start.abs_diff(left_out) <= 1, "{from}, {client}: {}", c.before_start);
            assert!(c.unread <= 20 && c.lost_to_retention == 0, "{from}, {client}: {} unread", c.unread);
            assert_eq!(c.first_deliveries + c.before_start + c.unread, r.stream.stored);
        }
    }
}
