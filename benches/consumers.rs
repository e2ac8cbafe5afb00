//! Consumer applications at record resolution, on one thread: CPU nanoseconds per born record, and how many times faster
//! than real time. 100,000 records per second on 200 shards, four applications (of 20 workers each, where they have
//! workers). Arguments: seconds, seed, a part of the names of the lines to run.
#![allow(clippy::disallowed_types, reason = "a bench reads the clock")]

use kinesim::measure::clients::ClientResult;
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
    let only = a.get(2).cloned().unwrap_or_default();
    for (name, version, read, processing) in [
        ("no reader", "", "", ""),
        ("plain SDK, no work", "sdk", "polling", "0 s"),
        ("2.x, no work", "{ kcl: { version: v2, workers: 20 } }", "polling", "0 s"),
        ("3.x, no work", "{ kcl: { workers: 20 } }", "polling", "0 s"),
        ("3.x, 1 ms/record", "{ kcl: { workers: 20, cores: 8 } }", "polling", "1 ms/record"),
        ("plain SDK, fan-out, no work", "sdk", "enhanced_fan_out", "0 s"),
        ("3.x, fan-out, no work", "{ kcl: { workers: 20 } }", "enhanced_fan_out", "0 s"),
        ("3.x, fan-out, 1 ms/record", "{ kcl: { workers: 20 } }", "enhanced_fan_out", "1 ms/record"),
        ("Lambda, polling, 50 ms", "{ lambda: {} }", "polling", "50 ms"),
        ("Lambda, fan-out, 50 ms", "{ lambda: {} }", "enhanced_fan_out", "50 ms"),
        ("Flink, polling, no work", "{ flink: { parallelism: 20 } }", "polling", "0 s"),
        ("Flink, fan-out, no work", "{ flink: { parallelism: 20 } }", "enhanced_fan_out", "0 s"),
    ] {
        if !name.contains(&only) {
            continue;
        }
        let app = format!("app: {{ count: 4, client: {version}, read: {read}, processing: {processing} }}");
        let text = format!(
            "question: speed\nduration: {seconds} s\nproducers:\n  p: {{ rate: 100000 records/s, record_size: 100 B }}\n\
             stream: {{ shards: 200 }}\nconsumers: {{ {} }}\n",
            if version.is_empty() { "" } else { &app }
        );
        let scenario = load(&text, "bench", &|_: &str| Err("no files".into()), &[])
            .unwrap_or_else(|d| panic!("{}", kinesim::scenario::render(&d, false)));
        show(name, &scenario.world(Mode::Provisioned, get(1, 1), 0));
    }
}

fn show(name: &str, config: &kinesim::world::config::WorldConfig) {
    let c = cpu();
    let r = simulate(config).expect("it can be simulated");
    let used = cpu() - c;
    let born: u64 = r.producers.iter().map(|p| p.born).sum();
    let delivered: u64 = r.consumers.iter().map(|c| c.first_deliveries).sum();
    let moves: u64 = r
        .consumers
        .iter()
        .filter_map(|c| match &c.client {
            Some(ClientResult::Kcl(kcl)) => Some(kcl.moves.taken + kcl.moves.stolen + kcl.moves.handed_over),
            _ => None,
        })
        .sum();
    println!(
        "{name}: born {born} delivered {delivered} leases moved {moves} | {:.1} ns per born record, {:.0} times real time, results {}",
        used * 1e9 / born as f64,
        r.duration_ns as f64 / 1e9 / used,
        r.digests.results
    );
}
