//! Golden fingerprints of three small worlds: the same on every machine, for ever.
//!
//! A demand digest may never change: it would make every old report incomparable. An events digest changes when a
//! model changes. Then, and only then: run `cargo test --test determinism`, check in the failure that the demand
//! digests are the old ones, copy the new events digests into `GOLDEN`, and say in the commit and under "Results that
//! changed" in CHANGELOG.md which rule changed and why.

#[path = "support/runs.rs"]
mod runs;

use kinesim::stream::config::Mode;
use runs::{first_difference, run, world_in};

/// Two producers, one that waits for answers; throttling, retries, polling, fan-out, an outage.
const BUSY: &str = "
duration: 5 min
modes: [provisioned]
producers:
  web:
    client: { sdk: { instances: 4, call: { put_records: { max_records: 50, max_bytes: 200 KiB, linger: 80 ms } },
      in_flight: 3, buffer: 300 KiB, on_full: drop, retry: standard-2026,
      put_latency: { lognormal: { mean: 12 ms, cv: 0.6 } } } }
    rate: { spike: { base: 800 records/s, peak: 3000 records/s, at: 90 s, for: 40 s } }
    record_size: { lognormal: { mean: 700 B, p95: 2 KiB } }
    keys: { zipf: { distinct: 5000, exponent: 0.9 } }
  sensors:
    client: { sdk: { call: put_record, in_flight: unlimited, buffer: unlimited, put_latency: 8 ms,
      retry: { custom: { attempts: 2, base: 300 ms, factor: 2, cap: 4 s, jitter: full } } } }
    rate: 600 records/s
    burstiness: { batches: { size: 20 } }
    record_size: 300 B
stream: { shards: 3, count_key_bytes: true, byte_rounding: aws }
consumers:
  slow: { read: { polling: { interval: 700 ms, jitter: 50 ms } }, processing: 20 ms + 0.3 ms/record, failure_rate: 2 % }
  fast: { read: { polling: { interval: 200 ms } } }
  push: { read: enhanced_fan_out, processing: { per_record: { exponential: { mean: 0.2 ms } } } }
events:
  - { at: 2 min, do: { outage: { consumer: slow, for: 30 s } } }
";

/// On-demand: decisions, splits, a mode switch, a hot key.
const GROWING: &str = "
duration: 25 min
modes: [on_demand]
producers:
  p:
    client: { sdk: { call: put_record, in_flight: unlimited, buffer: unlimited, put_latency: 5 ms, retry: none } }
    rate: { step: { from: 500 records/s, to: 3500 records/s, at: 3 min } }
    record_size: { uniform: { min: 1 KiB, max: 3 KiB } }
stream: { on_demand: { history: new, observe: 20 s, delay: { uniform: { min: 30 s, max: 3 min } } } }
consumers:
  r: { read: { polling: { interval: 1 s } } }
events:
  - { at: 12 min, do: { hot_key: { producer: p, share: 30 %, for: 2 min } } }
  - { at: 18 min, do: { mode_switch: { to: provisioned } } }
";

/// Resharding under load, with readers that follow parents to children and one that starts late.
const RESHARDED: &str = "
duration: 8 min
modes: [provisioned]
producers:
  p:
    client: { sdk: { instances: 2, call: put_record, in_flight: 20, retry: standard-java, put_latency: { uniform: { min: 4 ms, max: 30 ms } } } }
    rate: { on_off: { on_rate: 900 records/s, on_for: 7 s, off_rate: 200 records/s, off_for: 5 s } }
    record_size: 900 B
    keys: { uniform: { distinct: 300 } }
stream: { shards: 2, admission: fixed_window, read_calls: sliding_window, resharding: { first_operation: 5 s, per_operation: 9 s } }
consumers:
  a: { read: { polling: { interval: 500 ms, throttled_poll: sdk_backoff } }, processing: 0.5 ms/record }
  b: { read: enhanced_fan_out }
  late: { read: { polling: { interval: 2 s, throttled_poll: wait } }, starts: { at: 2 min, from: latest } }
events:
  - { at: 60 s, do: { reshard: { to: 3 } } }
  - { at: 3 min, do: { split: { shard: 1 } } }
  - { at: 4 min, do: { merge: { shard: 0 } } }
";

/// (world, mode, demand digests, events digest)
const GOLDEN: [(&str, &str, Mode, &[&str], &str); 3] = [
    ("busy", BUSY, Mode::Provisioned, &["d57c6c12dbda5f50", "a235d273c7f04954"], "b308f773329ba32f"),
    ("growing", GROWING, Mode::OnDemand, &["c286f36f700f901c"], "ed2abcb93ee7b059"),
    ("resharded", RESHARDED, Mode::Provisioned, &["1e02719b69b9334d"], "2b5324f63c4ca02b"),
];

#[test]
fn golden_digests() {
    let mut changed = Vec::new();
    for (name, text, mode, demand, events) in GOLDEN {
        let config = world_in(text, mode);
        let r = run(&config);
        assert_eq!(first_difference(&r, &run(&config)), None, "{name} twice");
        if r.digests.demand != demand || r.digests.events != events {
            changed.push(format!("{name}: demand {:?}, events {:?}", r.digests.demand, r.digests.events));
        }
    }
    assert!(
        changed.is_empty(),
        "digests are now\n{}\n(see the top of this file before copying them)",
        changed.join("\n")
    );
}

/// The worlds do what they are there for.
#[test]
fn the_worlds_are_eventful() {
    let [busy, growing, resharded] = GOLDEN.map(|(_, text, mode, ..)| run(&world_in(text, mode)));
    assert!(busy.producers.iter().all(|p| p.throttled > 0 && p.lost.all() > 0), "{:?}", busy.producers);
    assert!(busy.consumers.iter().any(|c| c.throttled_by_calls > 0) && busy.consumers[0].redeliveries > 0);
    assert!(growing.stream.shards_at_end > 2 * growing.stream.shards_at_start, "{:?}", growing.stream);
    assert!(growing.timeline.iter().any(|t| t.what == "mode_switch"));
    assert_eq!(resharded.timeline.iter().filter(|t| t.what == "split" || t.what == "merge").count(), 5);
    assert!(resharded.consumers[2].before_start > 0);
}
