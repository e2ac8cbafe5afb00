//! Cohort resolution beside record resolution, on one thread: CPU nanoseconds per record of W2 (ten shards, 8,000
//! records/s, two pollers). `-- hot cohort`: one of the works, at one of the resolutions.
mod support;
#[path = "../tests/support/w2.rs"]
mod work;

use kinesim::coarse;
use kinesim::measure::resolution::Resolution;
use kinesim::units::Dur;
use support::{arguments, cpu};
use work::w2;

/// Runs that are timed together.
const RUNS: u32 = 20;

fn main() {
    let a = arguments();
    let asked = |i: usize, word: &str| a.get(i).is_none_or(|only| word.starts_with(only.as_str()));
    for (name, hot) in [("hot", true), ("calm", false)].into_iter().filter(|w| asked(0, w.0)) {
        let mut config = w2(hot, false, 10, 8000, 600, 1);
        config.share_tables();
        for (word, resolution) in
            [("record", Resolution::Record), ("cohort 10 ms", Resolution::Cohort { step: Dur::from_ms(10) })]
        {
            if !asked(1, word) {
                continue;
            }
            config.resolution = resolution;
            // The clock ticks every few milliseconds: many runs together.
            let from = cpu();
            let mut found = None;
            for _ in 0..RUNS {
                found = Some(coarse::simulate(&config).expect("it is carried"));
            }
            let took = (cpu() - from) / f64::from(RUNS);
            let Some(run) = found else { return };
            let (p, delay) = (&run.producers[0], &run.consumers[0].propagation);
            let ms = |ns: Option<u64>| ns.map_or(0.0, |ns| ns as f64 / 1e6);
            println!(
                "{name}, {word}: {:.2} ns/record (mean of {RUNS} runs), born {} throttled {} lost {} p50 {:.1} ms p99 {:.1} ms",
                took * 1e9 / p.born as f64,
                p.born,
                p.throttled,
                p.lost.all(),
                ms(delay.p50_ns),
                ms(delay.p99_ns)
            );
        }
    }
}
