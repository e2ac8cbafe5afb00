//! The Kinesis Producer Library as a whole: closed forms of its batching, documented behaviour, reshards, versions.

#[path = "support/runs.rs"]
mod runs;

use kinesim::measure::result::{ProducerResult, RunResult};
use kinesim::producer::kpl::parcel::{Parcel, Past, User};
use kinesim::producer::kpl::reducer::{Container, Limits, Reducer};
use kinesim::stream::config::Mode;
use runs::{points, run, world, world_in};

/// One producer with the library, and a stream that adds no delay and counts no keys.
fn kpl(duration: &str, producer: &str, client: &str, stream: &str, more: &str) -> RunResult {
    run(&world(&format!(
        "duration: {duration}\nmodes: [provisioned]\n\
         producers: {{ p: {{ {producer}, client: {{ kpl: {{ list_shards_latency: 0 s, {client} }} }} }} }}\n\
         stream: {{ visibility: 0 s, {stream} }}\nconsumers: {{}}\n{more}"
    )))
}

fn within(id: &str, what: &str, found: f64, expected: f64, share: f64) {
    println!("{id} {what}: {found} for {expected}");
    assert!((found - expected).abs() <= share * expected.abs(), "{id} {what}: {found} for {expected}");
}

fn per_record(p: &ProducerResult) -> f64 {
    p.carried as f64 / p.attempts as f64
}

/// A15: the timer starts with the first record; the mean wait is what records of one aggregate wait. The collector's
/// own wait comes on top: a fifth of the buffered time, up to 50 ms.
#[test]
fn a15_deadline_batching() {
    for point in points("A15", 3) {
        let (rate, buffered) = (point.param("records_per_s_on_shard"), point.param("buffered_time_s"));
        let seconds = (400_000.0 / rate).clamp(400.0, 40_000.0);
        let producer =
            format!("rate: {rate} records/s, record_size: 10 B, key_bytes: 1 B, keys: {{ constant: k }}");
        let client = format!("record_max_buffered_time: {} ms, put_latency: 2 ms", buffered * 1000.0);
        let r = kpl(&format!("{seconds} s"), &producer, &client, "shards: 1", "");
        let p = &r.producers[0];
        within(&point.id, "records in one", per_record(p), point.want("mean_batch_records"), 0.01);
        within(&point.id, "per second", p.attempts as f64 / seconds, point.want("batches_per_s"), 0.01);
        let extension = (0.2 * buffered).min(0.05);
        let waited = p.buffering.mean_ns().unwrap() / 1e9 - extension;
        within(&point.id, "mean wait", waited, point.want("mean_added_delay_s"), 0.01);
    }
}

/// A16: or the count, whichever comes first.
#[test]
fn a16_deadline_or_count() {
    for point in points("A16", 3) {
        let (rate, window) = (point.param("records_per_s"), point.param("window_s"));
        let seconds = (1_000_000.0 / rate).clamp(2_000.0, 40_000.0);
        let producer =
            format!("rate: {rate} records/s, record_size: 10 B, key_bytes: 1 B, keys: {{ constant: k }}");
        let client = format!(
            "record_max_buffered_time: {} ms, aggregation_max_count: {}, put_latency: 2 ms",
            window * 1000.0,
            point.param("max_count")
        );
        let r = kpl(&format!("{seconds} s"), &producer, &client, "shards: 1", "");
        let p = &r.producers[0];
        within(&point.id, "records in one", per_record(p), point.want("mean_batch_records"), 0.01);
        within(&point.id, "per second", p.attempts as f64 / seconds, point.want("batches_per_s"), 0.01);
    }
}

/// A16 at the leaf: how often the count comes first, and how long the first record waits.
#[test]
fn a16_which_comes_first() {
    for point in points("A16", 3) {
        let (rate, window) = (point.param("records_per_s"), (point.param("window_s") * 1e9) as u64);
        let (mut word, mut now) = (9u64, 0u64);
        let mut next = || {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let unit = ((word >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            now += (-libm::log(unit) / rate * 1e9) as u64;
            now
        };
        let limits = Limits { count: point.param("max_count") as u64, bytes: 1 << 30 };
        let (mut reducer, mut out) = (Reducer::<Parcel>::new(limits), Parcel::default());
        let (mut by_count, mut flushes, mut waited, mut first) = (0u64, 0u64, 0u64, 0);
        while flushes < 200_000 {
            let born = next();
            if reducer.due() < born {
                flushes += 1;
                waited += window;
                reducer.flush(&mut out);
                out.clear();
            }
            if reducer.held().is_empty() {
                first = born;
            }
            let user =
                User { born, position: 0, data: 1, key_bytes: 1, deadline: born + window, past: Past::NONE };
            if reducer.add(user) {
                (by_count, flushes, waited) = (by_count + 1, flushes + 1, waited + born - first);
                reducer.flush(&mut out);
                out.clear();
            }
        }
        let share = by_count as f64 / flushes as f64;
        let expected = point.want("p_flushed_by_count");
        let error = 4.0 * (expected * (1.0 - expected) / flushes as f64).sqrt();
        assert!((share - expected).abs() <= error.max(0.01 * expected), "{}: {share}", point.id);
        let mean = waited as f64 / flushes as f64 / 1e9;
        within(&point.id, "first waits", mean, point.want("mean_time_first_record_waits_s"), 0.01);
    }
}

/// P10: 1,000 records of 512 B per second are about 10 Kinesis records of about 50 KB.
#[test]
fn p10_the_guides_example_of_aggregation() {
    // Full records: nothing but the size ends them.
    let client = "record_max_buffered_time: 10 s, collection_max_count: 1, put_latency: 10 ms";
    let producer = "rate: 1000 records/s, burstiness: even, record_size: 512 B, keys: { constant: k }";
    let r = kpl("600 s", producer, client, "shards: 1", "");
    let rate = r.producers[0].attempts as f64 / 600.0;
    assert!((10.0..=11.0).contains(&rate), "{rate} Kinesis records per second");
    let each = r.stream.stored_bytes as f64 / r.stream.kinesis_records as f64;
    assert!((50_000.0..=51_236.0).contains(&each), "{each} bytes each");
}

/// What packing saved is the difference of two bills, to the unit: of the same records packed, and not.
#[test]
fn what_packing_saves_is_the_difference_of_two_bills() {
    let split = "events: [{ at: 20 s, do: { split: { shard: 0 } } }]\n";
    for (mode, events) in [(Mode::Provisioned, ""), (Mode::Provisioned, split), (Mode::OnDemand, "")] {
        let [packed, loose] = [true, false].map(|aggregation| all_stored(mode, aggregation, events));
        assert_eq!(loose.producers[0].packing, None);
        let packing = packed.producers[0].packing.unwrap();
        let provisioned = mode == Mode::Provisioned;
        let (own, alone) = match provisioned {
            true => (packing.payload_units, packing.payload_units_alone),
            false => (packing.rounded_bytes, packing.rounded_bytes_alone),
        };
        let bill = |r: &RunResult| match provisioned {
            true => r.usage.put_payload_units,
            false => r.usage.on_demand_in_bytes,
        };
        println!("{mode:?}: {own} instead of {alone}; bills {} and {}", bill(&packed), bill(&loose));
        assert!(own < alone);
        assert_eq!(own, bill(&packed));
        // A record that is stored twice is counted twice, and has three units at most.
        let more = alone - bill(&loose);
        let twice = packed.producers[0].duplicates;
        assert!(more >= twice && more <= 3 * twice, "{more} more, {twice} stored twice");
    }
}

/// Some records are larger than a payload unit, some larger than an aggregated record.
fn all_stored(mode: Mode, aggregation: bool, events: &str) -> RunResult {
    let r = run(&world_in(
        &format!(
            "duration: 60 s\nmodes: [provisioned, on_demand]\n\
             producers: {{ p: {{ rate: {{ step: {{ from: 300 records/s, to: 0 records/s, at: 50 s }} }}, \
             keys: {{ uniform: {{ distinct: 50 }} }}, record_size: {{ empirical: [ {{ size: 1 B, share: 3 % }}, \
             {{ size: 2100 B, share: 90 % }}, {{ size: 30000 B, share: 5 % }}, {{ size: 60 KiB, share: 2 % }} ] }}, \
             client: {{ kpl: {{ aggregation: {aggregation}, put_latency: 20 ms }} }} }} }}\n\
             stream: {{ shards: 8 }}\nconsumers: {{}}\n{events}"
        ),
        mode,
    ));
    assert_eq!((r.producers[0].stored, r.producers[0].throttled), (r.producers[0].born, 0));
    r
}

/// P11: one process that is offered twice a shard sends one and a half, so a third is throttled.
#[test]
fn p11_rate_limit_of_one_process() {
    // Kinesis records of 50 kB: bytes bind.
    let producer =
        "rate: 4096 records/s, burstiness: even, record_size: 512 B, key_bytes: 1 B, keys: { constant: k }";
    let r = kpl("300 s", producer, "put_latency: 20 ms", "shards: 1", "");
    let p = &r.producers[0];
    let sent = p.attempts as f64 * 51_000.0 / 300.0 / f64::from(1 << 20);
    assert!((1.40..=1.56).contains(&sent), "{sent} of a shard sent");
    let throttled = p.throttled as f64 / p.attempts as f64;
    assert!((0.28..=0.38).contains(&throttled), "{throttled} throttled");
}

/// P37: a saturated shard gets far more than it takes, and the library never slows down.
#[test]
fn p37_retries_multiply_what_is_sent() {
    let producer = "rate: 3000 records/s, record_size: 1 KiB, keys: { constant: k }";
    let client = "instances: 4, put_latency: 20 ms";
    let r = kpl("300 s", producer, client, "shards: 1", "");
    let p = &r.producers[0];
    println!("P37: {:.1} sent for one stored", p.carried as f64 / p.stored as f64);
    assert!(p.carried > 3 * p.stored, "{p:?}");
    assert!(p.lost.expired_retrying + p.lost.expired_waiting > 0 && p.lost.all() < p.born);
}

/// Without aggregation no limiter holds anything back (the library's issue 127).
#[test]
fn the_limiter_is_bypassed_without_aggregation() {
    let producer = "rate: 2500 records/s, record_size: 100 B, keys: { constant: k }";
    let [with, without] =
        ["aggregation_max_count: 1, rate_limit: 50 %", "aggregation: false, rate_limit: 50 %"]
            .map(|client| kpl("60 s", producer, &format!("{client}, put_latency: 20 ms"), "shards: 1", ""));
    assert_eq!(with.producers[0].throttled, 0, "500 records a second are no trouble");
    assert!(without.producers[0].throttled > 50_000);
}

/// FailIfThrottled: no attempt but the first.
#[test]
fn throttled_records_fail_at_once_if_asked_to() {
    let producer = "rate: 4096 records/s, record_size: 512 B, keys: { constant: k }";
    let r = kpl("60 s", producer, "fail_if_throttled: true, put_latency: 20 ms", "shards: 1", "");
    let p = &r.producers[0];
    assert!(p.lost.throttled > 0 && p.lost.throttled == p.delayed, "{p:?}");
    assert_eq!(p.lost.all(), p.lost.throttled + p.lost.expired_waiting);
}

/// A split: records predicted for the parent land on its children. Before 0.15.11 all of them are sent again; since
/// then, once the new map is there, the half of each aggregated record that belongs where it landed is accepted.
#[test]
fn a_reshard_costs_duplicates_and_less_since_0_15_11() {
    let events = "events: [{ at: 30 s, do: { split: { shard: 0 } } }]\n";
    let producer = "rate: 5000 records/s, record_size: 200 B";
    let [old, new] = ["v0_14", "v0_15_11"].map(|behaviour| {
        let client = format!("behaviour: {behaviour}, list_shards_latency: 10 ms, put_latency: 200 ms");
        let r = run(&world(&format!(
            "duration: 60 s\nmodes: [provisioned]\n\
             producers: {{ p: {{ {producer}, client: {{ kpl: {{ {client} }} }} }} }}\n\
             stream: {{ shards: 2, resharding: {{ per_operation: 1 s }} }}\nconsumers: {{}}\n{events}"
        )));
        assert_eq!(r.stream.shards_at_end, 3);
        r
    });
    println!("duplicates: {} and {}", old.stream.duplicates, new.stream.duplicates);
    assert!(new.stream.duplicates > 0 && 4 * old.stream.duplicates > 5 * new.stream.duplicates);
    assert_eq!(old.producers[0].resent_elsewhere, old.stream.duplicates);
}
