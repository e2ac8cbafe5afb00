//! Clients that gather records, then readers that poll: two waits in a row (A28).

use super::runs::{points, world};
use super::statistics::{Figures, SEEDS, batches};
use kinesim::units::Dur;
use kinesim::world::config::WorldConfig;

/// What a client that gathers for `window` seconds is written as, and what it adds to that wait, always the same.
struct Gatherer {
    name: &'static str,
    client: fn(f64) -> String,
    adds_s: fn(f64) -> f64,
}

const GATHERERS: [Gatherer; 3] = [
    Gatherer {
        name: "SDK, linger",
        client: |window| {
            format!(
                "sdk: {{ call: {{ put_records: {{ linger: {} ms }} }}, in_flight: unlimited, buffer: unlimited, \
                 put_latency: 2 ms }}",
                window * 1000.0
            )
        },
        adds_s: |_| 0.0,
    },
    Gatherer {
        name: "KPL, no aggregation",
        client: |window| kpl(window, "aggregation: false"),
        adds_s: |_| 0.0,
    },
    // An aggregated record waits in the collector too: a fifth of the buffered time, 50 ms at most.
    Gatherer {
        name: "KPL",
        client: |window| kpl(window, "aggregation: true"),
        adds_s: |window| (0.2 * window).min(0.05),
    },
];

fn kpl(window: f64, more: &str) -> String {
    format!(
        "kpl: {{ record_max_buffered_time: {} ms, record_ttl: 120 s, put_latency: 2 ms, list_shards_latency: 0 s, {more} }}",
        window * 1000.0
    )
}

/// 200 records in a window make the wait all but uniform (the one that begins it waits the whole of it), as long as
/// one GetRecords call takes all that a poll finds: 10,000 records.
fn gathered_and_polled(gatherer: &Gatherer, window: f64, period: f64) -> WorldConfig {
    let rate = (200.0 / window).min(8000.0 / period).floor();
    // At least 40,000 records of 20 polls: 32 batches of them are counted for each seed.
    let seconds = (40_000.0 / rate).max(20.0 * period) + 2.0 * period;
    world(&format!(
        "duration: {} s\n\
         modes: [provisioned]\n\
         producers: {{ p: {{ rate: {rate} records/s, record_size: 10 B, key_bytes: 1 B, keys: {{ constant: k }}, \
         client: {{ {} }} }} }}\n\
         stream: {{ shards: 1, visibility: 0 s, limits: {{ records_per_s: 10000 }} }}\n\
         consumers: {{ r: {{ read: {{ polling: {{ interval: {period} s, jitter: 0 s, call_latency: 0 s }} }}, \
         processing: {{ per_call: 0 s, per_record: 0 s }} }} }}\n",
        seconds.ceil(),
        (gatherer.client)(window),
    ))
}

#[test]
fn a28_gathered_and_then_polled() {
    for point in points("A28", 3) {
        let (window, period) = (point.param("stage1_uniform_s"), point.param("stage2_uniform_s"));
        for gatherer in &GATHERERS {
            let config = gathered_and_polled(gatherer, window, period);
            // Half of the put latency is the way there.
            let adds = (gatherer.adds_s)(window) + 0.001;
            for seed in SEEDS {
                let mut f = Figures::default();
                // Polls up to the second are not counted: before it the wait is cut short.
                for batch in batches(&config, seed, Dur((2e9 * period) as u64)) {
                    let p = &batch.after.producers[0];
                    assert_eq!((p.throttled, p.put.mean_ns()), (0, Some(1e6)));
                    let hop = batch.hop(|r| &r.consumers[0].end_to_end);
                    let longest = batch.after.consumers[0].end_to_end.max_ns.unwrap() as f64 / 1e9 - adds;
                    assert!(longest <= point.want("max_s") + 1e-9, "{}: {longest}", point.id);
                    f.add("mean_s", point.want("mean_s"), hop.mean_s() - adds);
                    f.add("sd_s", point.want("sd_s"), hop.deviation_s());
                    f.add("p50_s", point.want("p50_s"), hop.quantile_s(0.5) - adds);
                    f.add("p90_s", point.want("p90_s"), hop.quantile_s(0.9) - adds);
                    f.add("p99_s", point.want("p99_s"), hop.quantile_s(0.99) - adds);
                    f.add("max_s", point.want("max_s"), longest);
                }
                f.check(&format!("{} {}", point.id, gatherer.name), seed, 0.01);
            }
        }
    }
}
