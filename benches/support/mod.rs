//! What all benches need: arguments, CPU time, a world from a scenario's text, and a piece of work to compare with.
#![allow(dead_code, reason = "each bench takes what it needs")]

mod reference;

use kinesim::measure::result::RunResult;
use kinesim::scenario::load;
use kinesim::stream::config::Mode;
use kinesim::world::config::WorldConfig;
use kinesim::world::simulate;

/// What was asked for on the command line, without the flags that Cargo adds.
pub fn arguments() -> Vec<String> {
    std::env::args().skip(1).filter(|s| !s.starts_with("--")).collect()
}

/// The `i`-th argument as a number, or `default`.
pub fn number(arguments: &[String], i: usize, default: u64) -> u64 {
    arguments.get(i).and_then(|s| s.parse().ok()).unwrap_or(default)
}

/// The world of a scenario on provisioned capacity.
pub fn world(text: &str, seed: u64) -> WorldConfig {
    let scenario = load(text, "bench", &|_: &str| Err("no files".into()), &[]).expect("a good scenario");
    scenario.world(Mode::Provisioned, seed, 0)
}

/// Seconds this thread has run (Linux; 0 elsewhere).
pub fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// One run on this thread, and what it took.
pub struct Timed {
    /// What came out.
    pub result: RunResult,
    /// CPU seconds.
    pub used: f64,
    /// CPU ns that one record of the reference kernel takes in the same minute: half before the run, half after it.
    pub reference: f64,
}

/// Simulates between two halves of the reference kernel.
pub fn timed(config: &WorldConfig) -> Timed {
    let before = reference::ns_per_record(cpu);
    let from = cpu();
    let result = simulate(config).expect("it can be simulated");
    let used = cpu() - from;
    Timed { result, used, reference: (before + reference::ns_per_record(cpu)) / 2.0 }
}

impl Timed {
    /// CPU ns per one of `records`, and how many records of the reference kernel that is.
    pub fn per(&self, records: u64) -> String {
        let ns = self.used * 1e9 / records as f64;
        format!("{ns:.1} ns ({:.2} times the reference's {:.1})", ns / self.reference, self.reference)
    }

    /// How many times faster than real time.
    pub fn pace(&self) -> f64 {
        self.result.duration_ns as f64 / 1e9 / self.used
    }
}
