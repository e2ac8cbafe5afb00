//! Consumer applications at record resolution, on one thread: CPU nanoseconds per born record, and how many times faster
//! than real time. 100,000 records per second on 200 shards, four applications (of 20 workers each, where they have
//! workers). Arguments: seconds, seed, a part of the names of the lines to run.

mod support;

use kinesim::measure::clients::ClientResult;
use support::{arguments, number, timed, world};

fn main() {
    let a = arguments();
    let seconds = number(&a, 0, 60);
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
        show(name, &world(&text, number(&a, 1, 1)));
    }
}

fn show(name: &str, config: &kinesim::world::config::WorldConfig) {
    let run = timed(config);
    let r = &run.result;
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
        "{name}: born {born} delivered {delivered} leases moved {moves} | per born record {}, {:.0} times real time, results {}",
        run.per(born),
        run.pace(),
        r.digests.results
    );
}
