//! KPL processes at record resolution, on one thread: CPU nanoseconds per user record, and how many times faster than
//! real time. 20 processes send 100,000 user records of 100 B per second in all into 20 shards, one reader.
#![allow(clippy::disallowed_types, reason = "a bench reads the clock")]

use kinesim::scenario::load;
use kinesim::stream::config::Mode;
use kinesim::world::simulate;

/// Seconds this thread has run (Linux; 0 elsewhere).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

fn main() {
    // Cargo adds flags of its own.
    let a: Vec<String> = std::env::args().skip(1).filter(|s| !s.starts_with("--")).collect();
    let get = |i: usize, d: u64| a.get(i).and_then(|s| s.parse().ok()).unwrap_or(d);
    let seconds = get(0, 60);
    for (name, keys, shards, kpl) in [
        ("random keys", "random", 20, "instances: 20"),
        ("1,000 keys", "{ uniform: { distinct: 1000 } }", 20, "instances: 20"),
        ("overload", "random", 5, "instances: 20"),
        ("no aggregation", "random", 120, "instances: 20, aggregation: false"),
    ] {
        let text = format!(
            "question: speed\nduration: {seconds} s\nproducers:\n  p:\n    rate: 100000 records/s\n    \
             record_size: 100 B\n    keys: {keys}\n    client: {{ kpl: {{ {kpl} }} }}\n\
             stream: {{ shards: {shards} }}\nconsumers: {{ app: {{}} }}\n"
        );
        let scenario = load(&text, "bench", &|_: &str| Err("no files".into()), &[]).expect("a good scenario");
        show(name, &scenario.world(Mode::Provisioned, get(1, 1), 0));
    }
}

fn show(name: &str, config: &kinesim::world::config::WorldConfig) {
    let c = cpu();
    let r = simulate(config).expect("it can be simulated");
    let used = cpu() - c;
    let p = &r.producers[0];
    println!(
        "{name}: born {} attempts {} carried {} throttled {} lost {} | {:.1} ns per user record, {:.0} times real time, results {}",
        p.born,
        p.attempts,
        p.carried,
        p.throttled,
        p.lost.all(),
        used * 1e9 / p.born as f64,
        r.duration_ns as f64 / 1e9 / used,
        r.digests.results
    );
}
