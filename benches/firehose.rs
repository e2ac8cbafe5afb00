//! Firehose streams that read 100 shards with 50,000 records of 1 KiB a second, at record resolution, on one thread: CPU
//! nanoseconds per record, and how many times faster than real time.

mod support;

use support::{arguments, number, timed, world};

fn main() {
    let a = arguments();
    let seconds = number(&a, 0, 600);
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
        let run = timed(&world(&text, 1));
        let (r, born) = (&run.result, run.result.producers[0].born);
        let objects: u64 = r.firehoses().iter().map(|f| f.objects).sum();
        println!(
            "{name}: {born} records, {objects} objects | per record {}, {:.0} times real time",
            run.per(born),
            run.pace()
        );
    }
}
