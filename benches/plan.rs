//! A plan for a steady stream of ten lines, on one thread: CPU and wall time.
#![allow(clippy::disallowed_types, reason = "a bench reads the clock")]

mod support;

use kinesim::planner::{Space, plan};
use kinesim::scenario::Source;
use support::cpu;

/// Two minutes stand for a steady stream; defaults elsewhere.
const SCENARIO: &str = "\
question: What does a steady stream of 2,000 records a second need?
duration: 2 min
producers:
  web: { rate: 2000 records/s, record_size: 1 KiB }
stream: {}
consumers:
  app: { read: polling }
goal:
  throttled_attempts: { at_most: 0.1 % }
  consumers: { app: { propagation_p99: { at_most: 2 s } } }
";

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    // CPU time is read on the one thread of the pool.
    pool.install(|| {
        let (t, c) = (std::time::Instant::now(), cpu());
        let nothing = |_: &str| Err("no files".to_owned());
        let source = Source::new(SCENARIO.to_owned(), "steady.yaml", &nothing, &[]);
        let scenario = source.with(&[]).expect("a scenario");
        let base = scenario.plan(1).expect("prices");
        let space = Space::of(&source, &scenario, &base).expect("a space");
        let found = plan(&space, &base, &|_| ()).expect("a search");
        let (wall, used) = (t.elapsed().as_secs_f64(), cpu() - c);
        let chosen = found.plan.expect("a plan");
        println!(
            "plan: {} candidates, {} simulated, {} runs: {} {:?} shards at {:.2} USD a month | {wall:.2} s wall, {used:.2} s cpu",
            found.candidates, found.simulated, found.runs, chosen.settings.title, chosen.settings.shards, chosen.month_usd
        );
    });
}
