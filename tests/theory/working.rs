//! A consumer that works: too slowly (A22), and after an outage (A23).

use super::runs::{points, run};
use super::statistics::SEEDS;
use super::world;
use kinesim::consumer::config::Happening;
use kinesim::units::Dur;
use kinesim::world::config::{Action, TimedEvent, WorldConfig};

/// Constant rates; the worker takes ten records at a time, so that a batch is no part of the result.
fn steady(seconds: f64, rate: f64, work_s: f64) -> WorldConfig {
    let consumer = format!(
        "w: {{ read: {{ polling: {{ interval: 1 ms, jitter: 0 s, limit: 10, call_latency: 0 s }} }}, \
         processing: {{ per_record: {} ns }} }}",
        (work_s * 1e9).round()
    );
    let producer = format!("rate: {rate} records/s, burstiness: even, record_size: 100 B");
    let stream = "shards: 1, limits: { records_per_s: 10000 }, read_calls_per_s: 10000";
    world(&format!("{seconds} s"), &producer, stream, &consumer)
}

fn close(what: &str, got: f64, want: f64, allowed: f64) {
    println!("{what}: expected {want:.4}, simulated {got:.4}");
    assert!((got - want).abs() <= allowed, "{what}: {got}, expected {want} (allowed {allowed})");
}

#[test]
fn a22_a_consumer_that_is_too_slow() {
    for point in points("A22", 3) {
        let (rate, out) = (point.param("in_records_s"), point.param("out_records_s"));
        let slope = point.want("age_growth_s_per_s");
        // Long enough for an age above a minute.
        let hours = if point.want("age_after_1h_s") < 60.0 { 2.0 } else { 1.0 };
        for seed in SEEDS {
            let id = format!("{} (seed {seed})", point.id);
            let mut config = steady(3600.0 * hours, rate, 1.0 / out);
            config.seed.user = seed;
            let r = run(&config);
            let series = &r.series.consumers[0];
            let age = |at_s: f64| {
                series.iterator_age_ns[(at_s * 1e9) as usize / r.series.bucket_ns as usize - 1].unwrap()
                    as f64
                    / 1e9
            };
            let end = 3600.0 * hours;
            close(&format!("{id} age_after_{hours}h_s"), age(end), slope * end, 0.01 * slope * end);
            let grown = (age(end) - age(end / 2.0)) / (end / 2.0);
            close(&format!("{id} age_growth_s_per_s"), grown, slope, 0.01 * slope);
            let backlog = series.backlog[(3600e9 as u64 / r.series.bucket_ns) as usize - 1] as f64;
            let want = point.want("backlog_after_1h_records");
            close(&format!("{id} backlog_after_1h_records"), backlog, want, 0.01 * want);
        }
    }
}

/// The same with a retention of 100 s (a test's own): loss begins as much sooner as the retention is shorter.
#[test]
fn a22_loss_begins_when_the_age_reaches_the_retention() {
    const RETENTION_S: f64 = 100.0;
    for point in points("A22", 3) {
        let (rate, out) = (point.param("in_records_s"), point.param("out_records_s"));
        let scale = RETENTION_S / (point.param("retention_h") * 3600.0);
        let first = point.want("hours_to_first_loss") * 3600.0 * scale;
        let after = |seconds: f64| {
            let mut config = steady(seconds.ceil(), rate, 1.0 / out);
            config.stream.retention = Dur((RETENTION_S * 1e9) as u64);
            config.seed.user = SEEDS[0];
            let r = run(&config);
            (r.consumers[0].lost_to_retention as f64, r.producers[0].born as f64)
        };
        assert_eq!(after(0.99 * first).0, 0.0, "{}: no loss before {first} s", point.id);
        let (lost, born) = after(1.01 * first);
        assert!(lost > 0.0, "{}: loss from {first} s on", point.id);
        let (later_lost, later_born) = after(2.5 * first);
        let share = (later_lost - lost) / (later_born - born);
        let want = point.want("loss_fraction_after_that");
        println!(
            "{} first loss: expected at {first} s, simulated between {} and {} s",
            point.id,
            0.99 * first,
            1.01 * first
        );
        close(&format!("{} loss_fraction_after_that", point.id), share, want, 0.01 * want);
    }
}

#[test]
fn a23_catching_up_after_an_outage() {
    const RATE: f64 = 200.0;
    for point in points("A23", 3) {
        let (outage, rho) = (point.param("outage_s"), point.param("utilisation"));
        let total = point.want("total_s_until_age_zero");
        let mut config = steady(60.0 + total * 1.03 + 30.0, RATE, rho / RATE);
        let lasting = Dur((outage * 1e9) as u64);
        config.events.push(TimedEvent {
            at: Dur::from_s(60),
            action: Action::Consumer { consumer: None, what: Happening::Outage { lasting } },
        });
        for seed in SEEDS {
            config.seed.user = seed;
            let r = run(&config);
            let c = &r.consumers[0];
            let back = c.catch_up_ns.expect("caught up") as f64 / 1e9;
            let want = point.want("catch_up_s_after_restart");
            let id = format!("{} (seed {seed})", point.id);
            close(&format!("{id} catch_up_s_after_restart"), back, want, 0.01 * want);
            close(&format!("{id} total_s_until_age_zero"), outage + back, total, 0.01 * total);
            let peak = point.want("peak_age_s");
            close(&format!("{id} peak_age_s"), c.iterator_age_ns_max as f64 / 1e9, peak, 0.01 * peak);
        }
    }
}
