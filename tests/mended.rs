//! One small world for each mistake the laws once found: what was wrong stays mended, and each says what it was.

#[path = "support/runs.rs"]
mod runs;

use kinesim::measure::result::RunResult;
use kinesim::stream::config::Mode;
use kinesim::units::{Dur, Percent};
use kinesim::world::config::WorldConfig;
use runs::{first_difference, run, world, world_in};

/// A steady producer that never retries; `rest` is the stream, the readers and the events.
fn steady(duration: &str, rate: &str, rest: &str) -> WorldConfig {
    world(&format!(
        "duration: {duration}\n\
         modes: [provisioned]\n\
         producers: {{ p: {{ rate: {rate}, record_size: 1 KiB, client: {{ sdk: {{ call: put_record, \
         in_flight: unlimited, buffer: unlimited, put_latency: 4 ms, retry: none }} }} }} }}\n{rest}"
    ))
}

fn cut_anyhow(config: &WorldConfig) -> RunResult {
    let whole = run(config);
    // A window is some thousand records long: only a large divisor cuts a small world's buckets.
    for window_divisor in [2, 3, 200, 1000] {
        let cut = run(&WorldConfig { window_divisor, ..config.clone() });
        assert_eq!(first_difference(&whole, &cut), None, "windows divided by {window_divisor}");
    }
    whole
}

/// A reader that began late dropped what children stored before it had read their parents to the end.
#[test]
fn a_late_reader_keeps_the_records_of_children() {
    let r = run(&steady(
        "4 min",
        "800 records/s",
        "stream: { shards: 1, resharding: { first_operation: 0 s, per_operation: 1 s } }\n\
         consumers: { late: { starts: { at: 20 s, from: latest }, processing: 4 ms/record } }\n\
         events: [ { at: 60 s, do: { reshard: { to: 2 } } } ]\n",
    ));
    let c = &r.consumers[0];
    assert_eq!(c.lost_to_retention, 0);
    assert_eq!(c.first_deliveries + c.unread + c.before_start, r.stream.stored);
    // Behind by 22,000 records at the reshard, it needs 88 s more; the children hold all that comes meanwhile.
    assert!(c.first_deliveries > 60_000, "{c:?}");
}

/// A reader that never began made the end of the run look for records that were long gone.
#[test]
fn a_reader_that_never_begins_reads_nothing() {
    let r = run(&steady(
        "2 min",
        "500 records/s",
        "stream: { shards: 1 }\nconsumers: { never: { starts: { at: 10 min, from: latest } } }\n",
    ));
    assert_eq!((r.consumers[0].first_deliveries, r.consumers[0].unread), (0, r.stream.stored));
}

/// Children were read while the parent's last batch was still being worked on.
#[test]
fn children_wait_for_the_parents_last_batch() {
    let config = steady(
        "2 min",
        "100 records/s",
        "stream: { shards: 1, visibility: 0 s }\n\
         consumers: { r: { read: { polling: { interval: 1 s, phase: 500 ms, call_latency: 0 s } }, processing: 2 s } }\n\
         events: [ { at: 60 s, do: { split: { shard: 0 } } } ]\n",
    );
    let r = run(&config);
    // The last read of the parent comes at 60.5 s at the latest one batch later; its work takes 2 s.
    let first_read = |id: usize| {
        let minutes = &r.shards[id].minutes;
        minutes.iter().map(|m| m.out_records).sum::<u64>()
    };
    assert!(first_read(1) > 0 && first_read(2) > 0);
    let busy = r.consumers[0].processing.count as f64 / r.consumers[0].first_deliveries as f64;
    assert_eq!(busy, 1.0);
    // One worker per shard and two seconds a batch: 30 batches of the parent, then two children of 29 each at most.
    let batches = r.consumers[0].calls - r.consumers[0].empty_calls;
    assert!(batches <= 31 + 2 * 29, "{batches} batches: children overlapped their parent");
}

/// A batch done again was shorter than it had been, and some of it counted as delivered for the first time twice.
#[test]
fn a_shorter_repeat_delivers_nothing_twice() {
    let mut config = steady(
        "2 min",
        "300 records/s",
        "stream: { shards: 2 }\n\
         consumers: { r: { read: { enhanced_fan_out: { push_latency: { exponential: { mean: 150 ms } } } } } }\n",
    );
    config.consumers[0].failure_rate = Percent(Percent::WHOLE / 3);
    let r = cut_anyhow(&config);
    assert!(r.consumers[0].redeliveries > 1_000, "{:?}", r.consumers[0]);
    assert_eq!(r.consumers[0].propagation.count, r.consumers[0].first_deliveries);
}

/// Retention passed records that waited in the fan-out pipe, or in an outage, depending on how time was cut.
#[test]
fn retention_passes_records_in_the_pipe() {
    for push in ["0 s", "{ uniform: { min: 10 ms, max: 90 ms } }"] {
        let mut config = steady(
            "3 min",
            "200 records/s",
            &format!(
                "stream: {{ shards: 1 }}\n\
                 consumers: {{ r: {{ read: {{ enhanced_fan_out: {{ push_latency: {push}, bytes_per_s: 150 KiB/s }} }} }} }}\n\
                 events: [ {{ at: 1 min, do: {{ outage: {{ for: 30 s }} }} }} ]\n"
            ),
        );
        config.stream.retention = Dur::from_s(4);
        let r = cut_anyhow(&config);
        // 200 KiB/s in, 150 KiB/s out: a quarter is lost, and what 30 s of outage less the retention cost.
        let lost = r.consumers[0].lost_to_retention as f64 / r.stream.stored as f64;
        assert!((0.3..0.45).contains(&lost), "{push}: {lost}");
        // A batch is pushed whole, so its last records may be a moment older.
        assert!(
            r.consumers[0].propagation.max_ns.unwrap() <= 5_000_000_000,
            "{:?}",
            r.consumers[0].propagation.max_ns
        );
    }
}

/// Subscriptions went on after a shard's end, and their place among the polls depended on how time was cut.
#[test]
fn subscriptions_end_with_the_shard() {
    let r = cut_anyhow(&steady(
        "2 min",
        "50 records/s",
        "stream: { shards: 1 }\n\
         consumers:\n\
         \x20 push: { read: { enhanced_fan_out: { renew_every: 2 s } } }\n\
         \x20 poll: { read: { polling: { interval: 300 ms } } }\n\
         events: [ { at: 31 s, do: { split: { shard: 0 } } } ]\n",
    ));
    // 16 for the parent's 31 s, 45 for each child's 89 s.
    assert!((104..=107).contains(&r.consumers[0].calls), "{}", r.consumers[0].calls);
}

/// The minute in which a closed shard was read to its end was missing from its minutes.
#[test]
fn a_closed_shard_keeps_its_last_minute() {
    let r = run(&steady(
        "3 min",
        "100 records/s",
        "stream: { shards: 1 }\nconsumers: { r: {} }\nevents: [ { at: 70 s, do: { split: { shard: 0 } } } ]\n",
    ));
    let minutes: Vec<u64> = r.shards[0].minutes.iter().map(|m| m.in_records).collect();
    assert_eq!(minutes.len(), 2);
    assert_eq!(minutes.iter().sum::<u64>(), r.shards[0].stored);
}

/// A switch away from on-demand and back within one observation made two chains of observations.
#[test]
fn switching_back_and_forth_keeps_one_chain_of_observations() {
    let text = |events: &str| {
        format!(
            "duration: 20 min\n\
             modes: [on_demand]\n\
             producers: {{ p: {{ rate: {{ step: {{ from: 500 records/s, to: 1900 records/s, at: 5 min }} }}, record_size: 1 KiB }} }}\n\
             stream: {{ on_demand: {{ history: new, observe: 1 min, delay: worst_case }} }}\n{events}"
        )
    };
    let back_and_forth = "events:\n\
         \x20 - { at: 70 s, do: { mode_switch: { to: provisioned } } }\n\
         \x20 - { at: 80 s, do: { mode_switch: { to: on_demand } } }\n";
    let mut config = world_in(&text(back_and_forth), Mode::OnDemand);
    (config.stream.on_demand.split_bytes_per_s, config.stream.on_demand.split_records_per_s) =
        (400 << 10, 400);
    let r = run(&config);
    let decided: Vec<u64> =
        r.timeline.iter().filter(|t| t.what == "decision").map(|t| t.at_ns / 1_000_000_000).collect();
    // 475 records/s and shard from 300 s on: the first look at a whole minute of that is at 380 s. Two chains would
    // each see a part of every minute and take it for the whole.
    assert!(decided.iter().all(|s| s % 60 == 20), "looks at {decided:?} s");
    assert_eq!(decided.first(), Some(&380));
}

/// With a place free and the memory full, a client waited for the linger and dropped what came meanwhile.
#[test]
fn a_full_memory_goes_out_before_it_drops() {
    let text = "
        duration: 60 s
        modes: [provisioned]
        producers:
          p:
            client: { sdk: { instances: 1, call: { put_records: { max_records: 500, linger: 1 s } }, in_flight: 50,
              buffer: 20 KiB, on_full: drop, put_latency: 20 ms } }
            rate: 300 records/s
            record_size: 1 KiB
        stream: { shards: 2 }
        ";
    let r = cut_anyhow(&world(text));
    assert_eq!(r.producers[0].lost.full, 0, "{:?}", r.producers[0]);
    assert!(r.producers[0].buffered_bytes_max <= 20 << 10);
}
