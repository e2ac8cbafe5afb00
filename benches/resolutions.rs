//! Weeks and months at rate resolution, on one thread: CPU seconds, and the most memory the process ever held.

mod support;

use kinesim::coarse::rate;
use kinesim::cost::bill_run;
use kinesim::facts::prices;
use kinesim::scenario::load;
use kinesim::stream::config::Mode;
use kinesim::units::Dur;
use support::{arguments, cpu, number};

const MONTH: &str = "question: speed
duration: 30 d
producers:
  app:
    client: { sdk: { instances: 1000 } }
    rate: { diurnal: { low: 400000 records/s, high: 800000 records/s, peak_at: 14 h } }
    record_size: 600 B
stream: { shards: 1000 }
modes: [provisioned, on_demand]
consumers:
  dashboard: { read: polling }
  fraud: { read: enhanced_fan_out }
";

const TRACE: &str = "question: speed
duration: 55 d
producers:
  app: { rate: { trace: twitter.csv }, record_size: 1 KiB }
stream: { shards: auto }
modes: [provisioned, on_demand, on_demand_advantage]
consumers:
  reader: { read: polling }
";

fn main() {
    let a = arguments();
    let seed = number(&a, 0, 1);
    for step in [1, 60] {
        run(&format!("1,000 shards, 30 days, {step} s"), MONTH, "", step, seed);
    }
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/traces/twitter_goog_2015.csv");
    match std::fs::read_to_string(path) {
        Ok(trace) => run("twitter_goog_2015, 55 days, 1 s", TRACE, &trace, 1, seed),
        Err(_) => println!("twitter_goog_2015: skipped, the trace is not at hand"),
    }
}

/// All modes of a scenario, with their bills.
fn run(name: &str, text: &str, trace: &str, step: u64, seed: u64) {
    let scenario = load(text, "bench", &|_: &str| Ok(trace.to_owned()), &[]).expect("a good scenario");
    let table = prices::region("us-east-1").expect("it has prices");
    let mut all = 0.0;
    for &mode in &scenario.modes {
        let world = scenario.world(mode, seed, 0);
        let from = cpu();
        let r = rate::simulate(&world, Dur::from_s(step)).expect("it can be simulated");
        let bill = bill_run(&r.usage, &table, world.duration, &world.stream.advantage).expect("a bill");
        let used = cpu() - from;
        all += used;
        println!(
            "{name}, {}: {used:.2} s | {} records, {} refused, {} USD",
            mode.title(),
            r.producers[0].born,
            r.producers[0].throttled,
            bill.total
        );
        assert!(mode != Mode::Provisioned || r.stream.shards_at_end == r.stream.shards_at_start);
    }
    println!("{name}, all modes: {all:.2} s, the most memory so far: {}", most_memory());
}

fn most_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    most.map_or("unknown".to_owned(), |kb| kb.trim().to_owned())
}
