//! W2 at record resolution, on one thread: CPU nanoseconds per record.
#![allow(clippy::disallowed_types, reason = "a bench reads the clock")]

#[path = "../tests/support/simpy.rs"]
mod simpy;
#[path = "../tests/support/w2.rs"]
mod work;

use kinesim::world::config::WorldConfig;
use work::w2;

/// Seconds this thread has run (Linux; 0 elsewhere).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

fn main() {
    // Cargo adds flags of its own.
    let a: Vec<String> = std::env::args().skip(1).filter(|s| !s.starts_with("--")).collect();
    let get = |i: usize, d: u64| a.get(i).and_then(|s| s.parse().ok()).unwrap_or(d);
    let (shards, rate, seconds, seed) = (get(1, 10) as u32, get(2, 8000), get(3, 600), get(4, 1));
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

/// One run: counts, percentiles of the first reader in units of 0.1 ms, time, digests.
fn show(name: &str, config: &WorldConfig) {
    let (t, c) = (std::time::Instant::now(), cpu());
    let r = kinesim::world::simulate(config).unwrap();
    let (wall, used) = (t.elapsed().as_secs_f64(), cpu() - c);
    let [born, throttled, lost, polls, refused] = simpy::counts_of(&r);
    let delay = &r.consumers[0].propagation;
    let [p50, p99, p999] = [delay.p50_ns, delay.p99_ns, delay.p999_ns].map(|ns| ns.map(|x| x / 100_000));
    println!(
        "{name}: born {born} stored {} throttled {throttled} lost {lost} polls {polls} refused polls {refused} \
         p50 {p50:?} p99 {p99:?} p999 {p999:?} | {:.1} ns/record wall, {:.1} cpu, events {} demand {:?} results {}",
        r.producers[0].stored,
        wall * 1e9 / born,
        used * 1e9 / born,
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
