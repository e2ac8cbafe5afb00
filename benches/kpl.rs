//! KPL processes at record resolution, on one thread: CPU nanoseconds per user record, and how many times faster than
//! real time. 20 processes send 100,000 user records of 100 B per second in all into 20 shards, one reader.

mod support;

use support::{arguments, number, timed, world};

fn main() {
    let a = arguments();
    let seconds = number(&a, 0, 60);
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
        show(name, &world(&text, number(&a, 1, 1)));
    }
}

fn show(name: &str, config: &kinesim::world::config::WorldConfig) {
    let run = timed(config);
    let r = &run.result;
    let p = &r.producers[0];
    println!(
        "{name}: born {} attempts {} carried {} throttled {} lost {} | per user record {}, {:.0} times real time, results {}",
        p.born,
        p.attempts,
        p.carried,
        p.throttled,
        p.lost.all(),
        run.per(p.born),
        run.pace(),
        r.digests.results
    );
}
