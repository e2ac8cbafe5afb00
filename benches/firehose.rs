//! Firehose streams that read 100 shards with 50,000 records of 1 KiB a second, at record resolution, on one thread: CPU
//! nanoseconds per record, and how many times faster than real time.
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
    let seconds: u64 = a.first().and_then(|s| s.parse().ok()).unwrap_or(600);
    let partitions = "partitions: { by: { uniform: { distinct: 400 } } }, buffer: { interval: 60 s }";
    for (name, stream) in [
        ("no Firehose", ""),
        ("plain", "firehose: { lake: {} }"),
        ("transform", "firehose: { lake: { transform: { dropped: 1 %, failed: 1 % } } }"),
        ("partitions", &format!("firehose: {{ lake: {{ {partitions} }} }}")),
        ("conversion", "firehose: { lake: { convert: { parquet: { failed: 0.1 % } } } }"),
    ] {
        let text = format!(
            "question: speed\nduration: {seconds} s\nproducers:\n  p: {{ rate: 50000 records/s, record_size: 1 KiB }}\n\
             stream: {{ shards: 100 }}\n{stream}\n"
        );
        let scenario = load(&text, "bench", &|_: &str| Err("no files".into()), &[]).expect("a good scenario");
        let config = scenario.world(Mode::Provisioned, 1, 0);
        let before = cpu();
        let r = simulate(&config).expect("it can be simulated");
        let (used, born) = (cpu() - before, r.producers[0].born as f64);
        let objects: u64 = r.firehoses().iter().map(|f| f.objects).sum();
        println!(
            "{name}: {born} records, {objects} objects | {:.1} ns per record, {:.0} times real time",
            used * 1e9 / born,
            r.duration_ns as f64 / 1e9 / used
        );
    }
}
