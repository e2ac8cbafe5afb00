//! Rate resolution: long-run closed forms at hours and months no record-by-record run would reach, and agreement with
//! records where fluids fail, at loads around a shard's capacity.

#[path = "support/runs.rs"]
mod runs;

use kinesim::coarse::rate;
use kinesim::consumer::config::Happening;
use kinesim::cost::bill_run;
use kinesim::cost::closed::break_even;
use kinesim::facts::{data_streams, prices};
use kinesim::measure::clients::ClientResult;
use kinesim::measure::result::{ConsumerResult, RunResult};
use kinesim::stream::config::Mode;
use kinesim::units::{Bytes, Dur, NS_PER_S};
use kinesim::world::config::{Action, TimedEvent, WorldConfig};
use runs::points;

const SECOND: Dur = Dur(NS_PER_S);
const MINUTE: Dur = Dur(60 * NS_PER_S);

/// A client without limits that never sends again; the call takes no time.
const PLAIN: &str = "{ sdk: { call: put_record, in_flight: unlimited, buffer: unlimited, put_latency: 0 s, retry: { \
                     custom: { attempts: 1, base: 1 s, factor: 1, cap: 1 s, jitter: full } } } }";

fn world(duration: &str, producer: &str, stream: &str, consumers: &str) -> WorldConfig {
    runs::world(&format!(
        "duration: {duration}\nmodes: [provisioned]\nproducers: {{ p: {{ client: {PLAIN}, {producer} }} }}\n\
         stream: {{ visibility: 0 s, byte_rounding: none, count_key_bytes: false, {stream} }}\n\
         consumers: {{ {consumers} }}\n"
    ))
}

fn run(config: &WorldConfig, step: Dur) -> RunResult {
    rate::simulate(config, step).unwrap_or_else(|why| panic!("{}", why.0))
}

fn close(what: &str, got: f64, want: f64, allowed: f64) {
    println!("{what}: expected {want:.4}, at rates {got:.4}");
    assert!((got - want).abs() <= allowed, "{what}: {got}, expected {want} (allowed {allowed})");
}

fn outage(config: &mut WorldConfig, at_s: u64, seconds: f64) {
    let what = Happening::Outage { lasting: Dur((seconds * 1e9) as u64) };
    let action = Action::Consumer { consumer: None, what };
    config.events.push(TimedEvent { at: Dur::from_s(at_s), action });
}

#[test]
fn a04_catching_up_at_the_read_limit() {
    for point in points("A04", 4) {
        let (write, away) = (point.param("write_MiB_s"), point.param("outage_s"));
        let drain = point.want("drain_s");
        let read = match point.params["enhanced_fan_out"] == true {
            true => "enhanced_fan_out: { push_latency: 0 s }",
            false => "polling: { interval: 1 s, jitter: 0 s, call_latency: 0 s, throttled_poll: wait }",
        };
        let readers =
            (0..point.param("shared_consumers") as u64).map(|i| format!("r{i}: {{ read: {{ {read} }} }}"));
        let producer = format!("rate: {} records/s, burstiness: even, record_size: 2 KiB", write * 512.0);
        let duration = format!("{} s", 60.0 + away + drain * 1.02 + 20.0);
        let mut config = world(&duration, &producer, "shards: 1", &readers.collect::<Vec<_>>().join(", "));
        outage(&mut config, 60, away);
        let r = run(&config, SECOND);
        let end = ((60.0 + away) * 1e9) as u64 / r.series.bucket_ns;
        let backlog = r.series.consumers[0].backlog[end as usize - 1] as f64 * 2048.0 / f64::from(1 << 20);
        let want = point.want("backlog_MiB");
        close(&format!("{} backlog_MiB", point.id), backlog, want, 0.01 * want);
        let back = r.consumers.iter().map(|c| c.catch_up_ns.expect("caught up")).max().unwrap() as f64 / 1e9;
        close(&format!("{} drain_s", point.id), back, drain, (0.01 * drain).max(5.0));
    }
}

#[test]
fn a08_the_refused_share_under_overload() {
    for point in points("A08", 3) {
        let (offered, shards) = (point.param("offered_records_s"), point.param("shards"));
        let producer = format!("rate: {offered} records/s, record_size: 100 B");
        let config = world("30 d", &producer, &format!("shards: {shards}"), "");
        let r = run(&config, MINUTE);
        let p = &r.producers[0];
        let want = point.want("throttled_fraction");
        let got = p.throttled as f64 / p.attempts as f64;
        close(&format!("{} throttled_fraction", point.id), got, want, 0.01 * want);
        let accepted = p.stored as f64 / (30.0 * 86_400.0);
        let want = point.want("accepted_records_s");
        close(&format!("{} accepted_records_s", point.id), accepted, want, 0.01 * want);
    }
}

/// The worker takes ten records at a time, so that a batch is no part of the result.
fn worker(duration: &str, rate: f64, work_s: f64) -> WorldConfig {
    let consumer = format!(
        "w: {{ read: {{ polling: {{ interval: 1 ms, jitter: 0 s, limit: 10, call_latency: 0 s }} }}, \
         processing: {{ per_record: {} ns }} }}",
        (work_s * 1e9).round()
    );
    let producer = format!("rate: {rate} records/s, burstiness: even, record_size: 100 B");
    world(
        duration,
        &producer,
        "shards: 1, limits: { records_per_s: 10000 }, read_calls_per_s: 10000",
        &consumer,
    )
}

/// With the retention of a day as it is: what takes months at records takes a second here.
#[test]
fn a22_a_consumer_that_is_too_slow() {
    for point in points("A22", 3) {
        let (rate, out) = (point.param("in_records_s"), point.param("out_records_s"));
        let first = point.want("hours_to_first_loss");
        let after =
            |hours: f64| run(&worker(&format!("{} s", (hours * 3600.0) as u64), rate, 1.0 / out), MINUTE);
        let r = after(2.0);
        let age = |hours: f64| {
            let bucket = (hours * 3600e9) as u64 / r.series.bucket_ns;
            r.series.consumers[0].iterator_age_ns[bucket as usize - 1].unwrap() as f64 / 1e9
        };
        let slope = point.want("age_growth_s_per_s");
        close(
            &format!("{} age_growth_s_per_s", point.id),
            (age(2.0) - age(1.0)) / 3600.0,
            slope,
            0.01 * slope,
        );
        close(&format!("{} age after 2 h", point.id), age(2.0), slope * 7200.0, 0.01 * slope * 7200.0);
        let backlog =
            r.series.consumers[0].backlog[3600 * NS_PER_S as usize / r.series.bucket_ns as usize - 1];
        let want = point.want("backlog_after_1h_records");
        close(&format!("{} backlog_after_1h_records", point.id), backlog as f64, want, 0.01 * want);
        assert_eq!(after(0.99 * first).consumers[0].lost_to_retention, 0, "{}: no loss yet", point.id);
        let lost = |r: &RunResult| (r.consumers[0].lost_to_retention as f64, r.producers[0].born as f64);
        let ((early, early_born), (late, late_born)) =
            (lost(&after(1.01 * first)), lost(&after(1.3 * first)));
        assert!(early > 0.0, "{}: loss from {first} h on", point.id);
        let want = point.want("loss_fraction_after_that");
        let share = (late - early) / (late_born - early_born);
        close(&format!("{} loss_fraction_after_that", point.id), share, want, 0.01 * want);
    }
}

#[test]
fn a23_catching_up_after_an_outage() {
    const RATE: f64 = 200.0;
    for point in points("A23", 3) {
        let (away, rho) = (point.param("outage_s"), point.param("utilisation"));
        let total = point.want("total_s_until_age_zero");
        let mut config = worker(&format!("{} s", 60.0 + total * 1.03 + 30.0), RATE, rho / RATE);
        outage(&mut config, 60, away);
        let r = run(&config, SECOND);
        let c = &r.consumers[0];
        let back = c.catch_up_ns.expect("caught up") as f64 / 1e9;
        let want = point.want("catch_up_s_after_restart");
        close(&format!("{} catch_up_s_after_restart", point.id), back, want, 0.01 * want);
        close(&format!("{} total_s_until_age_zero", point.id), away + back, total, 0.01 * total);
        let peak = point.want("peak_age_s");
        close(&format!("{} peak_age_s", point.id), c.iterator_age_ns_max as f64 / 1e9, peak, 0.01 * peak);
    }
}

#[test]
fn a29_doubling_until_demand_is_met() {
    for point in points("A29", 3) {
        let (start, target) =
            (point.param("start_capacity_MB_s") as u64, point.param("step_target_MB_s") as u64);
        let minutes = point.want("worst_case_minutes") as u64;
        let config = runs::world_in(
            &format!(
                "duration: {} min\nmodes: [on_demand]\n\
                 producers: {{ p: {{ rate: {} records/s, burstiness: even, record_size: 8 KiB, client: {PLAIN} }} }}\n\
                 stream: {{ byte_rounding: none, count_key_bytes: false, \
                 on_demand: {{ history: {{ peak: {} MiB/s }}, delay: worst_case }} }}\n",
                minutes + 5,
                target * 128,
                start / 2
            ),
            Mode::OnDemand,
        );
        let r = run(&config, SECOND);
        assert_eq!(u64::from(r.stream.shards_at_start), start, "{}", point.id);
        let mut splits: Vec<u64> = r.timeline.iter().filter(|t| t.what == "split").map(|t| t.at_ns).collect();
        splits.dedup();
        assert_eq!(splits.len() as f64, point.want("doublings"), "{}: splits at {splits:?}", point.id);
        assert_eq!(splits.last(), Some(&(minutes * 60 * NS_PER_S)), "{}: the last doubling", point.id);
        assert_eq!(f64::from(r.stream.shards_at_end), point.want("final_capacity_MB_s"), "{}", point.id);
        let refused = r.series.throttled.iter().sum::<u64>() as f64 / 128.0;
        let want = point.want("throttled_MB_during_ramp_worst_case");
        // Every shard's bucket starts full: at most one second of each capacity is accepted on top.
        let buckets = point.want("final_capacity_MB_s") + 1.0;
        close(&format!("{} throttled_MB", point.id), refused, want, (0.01 * want).min(buckets));
    }
}

#[test]
fn a30_what_an_on_demand_stream_keeps_ready() {
    for point in points("A30", 3) {
        let peak = point.param("peak_write_MB_s_last_30_days");
        let text = format!(
            "duration: 30 d\nmodes: [on_demand]\n\
             producers: {{ p: {{ rate: 10 records/s, record_size: 1 KiB, client: {PLAIN} }} }}\n\
             stream: {{ on_demand: {{ history: {{ peak: {peak} MiB/s }} }} }}\n"
        );
        let r = run(&runs::world_in(&text, Mode::OnDemand), MINUTE);
        let want = point.want("accommodated_MB_s") as u32;
        assert_eq!((r.stream.shards_at_start, r.stream.shards_at_end), (want, want), "{}", point.id);
    }
}

/// A month at the utilisation at which theory says both modes cost the same (the stream-hour, which theory leaves
/// out, taken off).
#[test]
fn a31_where_both_modes_cost_the_same() {
    let table = prices::region("us-east-1").unwrap();
    for point in points("A31", 3) {
        let record = Bytes(point.param("record_bytes") as u64);
        let want = point.want("breakeven_utilisation");
        let theory = break_even(record, 1, &table, data_streams::shard_limits()).unwrap();
        close(&format!("{} breakeven_utilisation", point.id), theory.utilisation.unwrap(), want, 1e-6 * want);
        let rate = want * point.want("max_records_s_per_shard");
        let producer = format!("rate: {rate:.6} records/s, record_size: {} B", record.0);
        let mut config = world("30 d", &producer, "shards: 1", "r: { read: polling }");
        let cost = |config: &WorldConfig| {
            let r = run(config, MINUTE);
            let bill = bill_run(&r.usage, &table, config.duration, &config.stream.advantage).unwrap();
            let lines = bill.lines.iter().filter(|l| !l.price_key.ends_with("stream_hour"));
            lines.map(|l| l.amount.as_f64()).sum::<f64>()
        };
        let provisioned = cost(&config);
        config.mode = Mode::OnDemand;
        let on_demand = cost(&config);
        close(&format!("{} on-demand against provisioned", point.id), on_demand / provisioned, 1.0, 0.005);
    }
}

/// Means over a dozen seeds at loads around the capacity, where a fluid says that nothing is refused below it.
#[test]
fn loads_below_the_capacity_agree_with_records() {
    agree(&[0.5, 0.95, 0.97]);
}

/// At the capacity a shard takes minutes to forget how it began, and with clients that send again the refused share
/// grows to a third a few percent above it.
#[test]
fn loads_at_the_capacity_and_above_agree_with_records() {
    agree(&[1.0, 1.03, 1.05, 1.5]);
}

fn agree(loads: &[f64]) {
    const SEEDS: u64 = 12;
    for &load in loads {
        let client = "{ sdk: { instances: 2 } }";
        let text = format!(
            "duration: 15 min\nmodes: [provisioned]\n\
             producers: {{ p: {{ rate: {} records/s, record_size: 100 B, client: {client} }} }}\n\
             stream: {{ shards: 1 }}\nconsumers: {{ r: {{ read: polling }}, f: {{ read: enhanced_fan_out }} }}\n",
            1000.0 * load
        );
        let mut config = runs::world(&text);
        let mut sums = [[0.0f64; 8]; 2];
        for seed in 1..=SEEDS {
            config.seed.user = seed;
            let records = kinesim::world::simulate(&config).unwrap_or_else(|why| panic!("{}", why.0));
            let rates = run(&config, SECOND);
            for (sums, r) in sums.iter_mut().zip([&records, &rates]) {
                let p = &r.producers[0];
                let ns = |n: Option<u64>| n.unwrap() as f64;
                let hops = [&r.consumers[0].end_to_end, &r.consumers[1].end_to_end];
                let figures = [
                    p.throttled as f64 / p.attempts as f64,
                    p.stored as f64,
                    p.attempts as f64,
                    r.usage.put_payload_units as f64,
                    ns(hops[0].p50_ns),
                    ns(hops[0].p99_ns),
                    ns(hops[1].p50_ns),
                    ns(hops[1].p99_ns),
                ];
                sums.iter_mut().zip(figures).for_each(|(s, f)| *s += f / SEEDS as f64);
            }
        }
        let [records, rates] = sums;
        println!("load {load}: records {records:?}\n  rates {rates:?}");
        let apart = (rates[0] - records[0]).abs();
        assert!(
            apart <= 0.002_f64.max(0.05 * records[0]),
            "load {load}: refused {} and {}",
            records[0],
            rates[0]
        );
        for (k, allowed) in [(1, 0.01), (2, 0.01), (3, 0.01), (4, 0.1), (5, 0.1), (6, 0.1), (7, 0.1)] {
            let apart = (rates[k] / records[k] - 1.0).abs();
            assert!(apart <= allowed, "load {load}, figure {k}: {} and {}", records[k], rates[k]);
        }
    }
}

/// An on-demand stream of more shards than are simulated one by one, which splits on the way: what its shards are told
/// is what was stored, whatever part of them stood for all.
#[test]
fn shards_are_told_what_was_stored_while_the_stream_grows() {
    let text = "duration: 3 h\nmodes: [on_demand]\nproducers: { p: { record_size: 1 KiB, client: { sdk: { instances: 8 } }, \
         rate: { step: { from: 6000 records/s, to: 9000 records/s, at: 30 min } } } }\n\
         stream: { on_demand: { history: { peak: 7 MiB/s } } }\nconsumers: { r: { read: polling } }\n";
    let r = run(&runs::world_in(text, Mode::OnDemand), SECOND);
    assert!(r.stream.shards_at_end > r.stream.shards_at_start, "it splits");
    assert!(r.stream.shards_at_end <= 2 * r.stream.shards_at_start, "{} at the end", r.stream.shards_at_end);
    let told: u64 = r.shards.iter().map(|s| s.stored).sum();
    close("records of all shards", told as f64, r.stream.stored as f64, 0.005 * r.stream.stored as f64);
    assert!(r.coarse.unwrap().sampled.is_some_and(|s| s.intervals.iter().all(|i| i.low_ns <= i.high_ns)));
}

/// What renewing leases comes to is known without a run; a crash on the way costs one failover for each shard.
#[test]
fn a_month_of_a_kcl_application() {
    let text = "duration: 30 d\nmodes: [provisioned]\n\
         producers: { p: { rate: 80 records/s, record_size: 1 KiB } }\nstream: { shards: 8 }\n\
         consumers: { a: { client: { kcl: { version: v2, workers: 4 } }, read: polling } }\n\
         events: [ { at: 10 d, do: { worker_crash: { consumer: a, for: 30 s } } } ]\n";
    let r = run(&runs::world_in(text, Mode::Provisioned), MINUTE);
    let c = &r.consumers[0];
    let Some(ClientResult::Kcl(kcl)) = &c.client else { panic!("it is one") };
    let renewals = 8.0 * 30.0 * 86_400.0 / (10.0 / 3.0 - 0.025);
    close("renewals", kcl.table.renewals as f64, renewals, 0.005 * renewals);
    assert_eq!(kcl.failovers.count, 2);
    assert!((10.0..60.0).contains(&(kcl.failovers.sum_ns as f64 / 2e9)), "{:?}", kcl.failovers);
    // Ten records a second and shard, of at most a minute.
    assert!((1..4 * 10 * 60).contains(&c.redeliveries), "{}", c.redeliveries);
    assert_eq!(c.first_deliveries + c.unread, r.stream.stored);
    assert!(c.unread < 200, "{}", c.unread);
}

/// Figures of a consumer of KCL 1.x that loses a worker, at record resolution and at rates: sums over some seeds.
fn crashed(per_s: u32, minutes: u64, crash: &str, of: fn(&ConsumerResult) -> f64) -> (f64, f64) {
    let mut config = runs::world(&format!(
        "duration: {minutes} min\nmodes: [provisioned]\nstream: {{ shards: 2 }}\n\
         producers: {{ p: {{ rate: {per_s} records/s, record_size: 500 B }} }}\n\
         consumers: {{ a: {{ client: {{ kcl: {{ version: v1, workers: 2 }} }} }} }}\n\
         events: [ {{ at: {crash}, do: {{ worker_crash: {{ consumer: a, for: 30 s }} }} }} ]\n"
    ));
    (0..8).fold((0.0, 0.0), |(record, coarse), seed| {
        config.seed.replication = seed;
        let (fine, rates) = (runs::run(&config), run(&config, SECOND));
        (record + of(&fine.consumers[0]), coarse + of(&rates.consumers[0]))
    })
}

/// A checkpoint is due a minute after the last one, to the moment: every other one is a call late, not every one.
#[test]
fn what_a_crash_repeats_at_rates_is_what_it_repeats_of_records() {
    let (record, coarse) = crashed(40, 32, "28 min", |c| c.redeliveries as f64);
    close("done again", coarse, record, 0.1 * record);
}

/// A new owner reads more at once than its shard gives in a second, and finds itself refused.
#[test]
fn a_new_owners_calls_are_refused_at_rates_as_they_are_record_by_record() {
    let (record, coarse) = crashed(200, 8, "238 s", |c| c.throttled_by_bytes as f64);
    assert!(record >= 8.0, "{record}");
    close("refused by bytes", coarse, record, 0.25 * record);
    let (record, coarse) = crashed(200, 8, "238 s", |c| c.redeliveries as f64);
    close("done again", coarse, record, 0.02 * record);
}

/// The same draws give the same bytes, and what is refused is refused by name.
#[test]
fn it_repeats_and_refuses_by_name() {
    let text = "duration: 2 h\nmodes: [on_demand]\n\
         producers: { p: { rate: { step: { from: 60 records/s, to: 500 records/s, at: 5 min } }, record_size: 32 KiB } }\n\
         stream: { shards: 4 }\nconsumers: { r: { read: polling } }\n";
    let config = runs::world_in(text, Mode::OnDemand);
    assert_eq!(runs::whole(&run(&config, SECOND)), runs::whole(&run(&config, SECOND)));
    let mut odd = config.clone();
    odd.events.push(TimedEvent {
        at: MINUTE,
        action: Action::ProcessRestart { producer: 0, instances: None, lasting: MINUTE },
    });
    let why = rate::simulate(&odd, SECOND).expect_err("refused").0;
    assert!(why.contains("restarts of producers' processes"), "{why}");
}
