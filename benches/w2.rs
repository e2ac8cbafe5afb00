//! W2 at record resolution, on one thread: CPU nanoseconds per record.

#[path = "../tests/support/simpy.rs"]
mod simpy;
mod support;
#[path = "../tests/support/w2.rs"]
mod work;

use kinesim::world::config::WorldConfig;
use support::{arguments, cpu, number, timed};
use work::w2;

fn main() {
    let a = arguments();
    let (shards, rate, seconds, seed) =
        (number(&a, 1, 10) as u32, number(&a, 2, 8000), number(&a, 3, 600), number(&a, 4, 1));
    let what = a.first().map_or("all", |s| s.as_str());
    for (name, hot, real) in [("hot", true, false), ("calm", false, false), ("real", false, true)] {
        if what == "all" || what == name {
            show(name, &w2(hot, real, shards, rate, seconds, seed));
        }
    }
    if what == "all" || what == "simpy" {
        let seconds = if a.len() > 3 { seconds } else { 60 };
        against_simpy(shards, rate, seconds);
    }
}

/// One run: counts, percentiles of the first reader in units of 0.1 ms, CPU time, digests.
fn show(name: &str, config: &WorldConfig) {
    let run = timed(config);
    let r = &run.result;
    let [_, throttled, lost, polls, refused] = simpy::counts_of(r);
    let born = r.producers[0].born;
    let delay = &r.consumers[0].propagation;
    let [p50, p99, p999] = [delay.p50_ns, delay.p99_ns, delay.p999_ns].map(|ns| ns.map(|x| x / 100_000));
    println!(
        "{name}: born {born} stored {} throttled {throttled} lost {lost} polls {polls} refused polls {refused} \
         p50 {p50:?} p99 {p99:?} p999 {p999:?} | per record {}, {:.0} times real time, events {} demand {:?} results {}",
        r.producers[0].stored,
        run.per(born),
        run.pace(),
        r.digests.events,
        r.digests.demand,
        r.digests.results
    );
}

/// The same work in SimPy, turn and turn about over five seeds: CPU ratio, and whether the counts agree.
fn against_simpy(shards: u32, rate: u64, seconds: u64) {
    if !simpy::is_there() {
        return println!("simpy: skipped, python3 does not know it");
    }
    for (name, hot) in [("hot", true), ("calm", false)] {
        let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for seed in 1..=5 {
            let c = cpu();
            let r = kinesim::world::simulate(&w2(hot, false, shards, rate, seconds, seed)).unwrap();
            let used = cpu() - c;
            let share = if hot { 0.03 } else { 0.0 };
            let Some((counts, slow)) = simpy::run(seconds, shards, rate, share, seed) else {
                return println!("simpy: the baseline failed");
            };
            ours.push(simpy::counts_of(&r));
            theirs.push(counts);
            ratios.push(slow / used);
        }
        ratios.sort_by(f64::total_cmp);
        let (least, middle, most) = (ratios[0], ratios[2], ratios[4]);
        println!("simpy {name}, {seconds} s: {middle:.0} times the CPU time ({least:.0} to {most:.0})");
        let lines = simpy::compare(&ours, &theirs);
        let agree = lines.iter().filter(|line| line.agrees).count();
        println!("  {agree} of {} counts agree within three standard deviations", lines.len());
        lines.iter().for_each(|line| println!("  {}", line.text));
    }
}
