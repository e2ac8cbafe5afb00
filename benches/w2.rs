//! W2 at record resolution, on one thread: CPU nanoseconds per record.
#[path = "../tests/support/w2.rs"]
mod work;
use work::w2;

/// Seconds this thread has run (Linux; 0 elsewhere).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

fn main() {
    let a: Vec<String> = std::env::args().collect();
    let get = |i: usize, d: u64| a.get(i).and_then(|s| s.parse().ok()).unwrap_or(d);
    let (shards, rate, seconds, seed) = (get(2, 10) as u32, get(3, 8000), get(4, 600), get(5, 1));
    let what = a.get(1).map_or("all", |s| s.as_str());
    for (name, hot, real) in [("hot", true, false), ("calm", false, false), ("real", false, true)] {
        if what != "all" && what != name {
            continue;
        }
        let config = w2(hot, real, shards, rate, seconds, seed);
        let t = std::time::Instant::now();
        let c = cpu();
        let r = kinesim::world::simulate(&config).unwrap();
        let (wall, used) = (t.elapsed().as_secs_f64(), cpu() - c);
        let p = &r.producers[0];
        println!(
            "{name}: born {} stored {} throttled {} lost {} polls {} refused polls {} p50 {:?} p99 {:?} p999 {:?} | {:.1} ns/record wall, {:.1} cpu, events {} demand {:?} results {}",
            p.born,
            p.stored,
            p.throttled,
            p.lost(),
            r.consumers.iter().map(|c| c.calls).sum::<u64>(),
            r.consumers.iter().map(|c| c.throttled_by_calls + c.throttled_by_bytes).sum::<u64>(),
            r.consumers[0].propagation.p50_ns.map(|x| x / 1_000_00),
            r.consumers[0].propagation.p99_ns.map(|x| x / 1_000_00),
            r.consumers[0].propagation.p999_ns.map(|x| x / 1_000_00),
            wall * 1e9 / p.born as f64,
            used * 1e9 / p.born as f64,
            r.digests.events,
            r.digests.demand,
            r.digests.results
        );
    }
}
