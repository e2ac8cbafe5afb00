//! Skewed keys (A13): the hottest key's share as drawn, and where it lands.

use super::runs::{points, run};
use super::statistics::{Estimate, SEEDS, agree};
use super::world;
use kinesim::producer::curve::Calendar;
use kinesim::producer::demand::{Columns, Demand};
use kinesim::random::Seed;
use kinesim::stream::routing::ShardMap;
use kinesim::units::Dur;
use std::collections::BTreeMap;

#[test]
fn a13_zipf_keys() {
    for point in points("A13", 3) {
        let keys = format!(
            "rate: 900 records/s, record_size: 100 B, keys: {{ zipf: {{ distinct: {}, exponent: {} }} }}",
            point.param("keys"),
            point.param("zipf_exponent")
        );
        let config = world("4000 s", &keys, "shards: 10", "");
        for seed in SEEDS {
            let seed = Seed { user: seed, replication: 0 };
            let (counts, born) = positions(&config.producers[0].demand, seed, config.duration);
            let mut top: Vec<u64> = counts.values().copied().collect();
            top.sort_unstable_by(|a, b| b.cmp(a));
            let share = |n: u64| binomial(n, born);
            let id = format!("{} hottest_key_share (seed {})", point.id, seed.user);
            agree(&id, share(top[0]), point.want("hottest_key_share"), 0.005);
            let id = format!("{} top10_share (seed {})", point.id, seed.user);
            agree(&id, share(top[..10].iter().sum()), point.want("top10_share"), 0.005);

            // The formula's share of the hottest shard is a mean over placements. Ours is fixed by MD5: what each
            // shard gets is what its keys were drawn for.
            let r = run(&kinesim::world::config::WorldConfig { seed, ..config.clone() });
            let map = ShardMap::uniform(10);
            let mut of_shard = [0u64; 10];
            counts.iter().for_each(|(p, n)| of_shard[map.open_index_of(u128::from(*p) << 64)] += n);
            let judged: Vec<u64> = r.shards.iter().map(|s| s.stored + s.throttled).collect();
            assert_eq!(judged, of_shard, "{}: records by shard", point.id);
            println!(
                "{} share of the hottest shard (seed {}): {:.4} here, {:.4} on average over placements",
                point.id,
                seed.user,
                *judged.iter().max().unwrap() as f64 / born as f64,
                point.want("expected_share_of_shard_holding_hottest_key_m10")
            );
        }
    }
}

fn binomial(n: u64, of: u64) -> Estimate {
    let mean = n as f64 / of as f64;
    Estimate { mean, error: (mean * (1.0 - mean) / of as f64).sqrt() }
}

/// Records by place in the hash space, and all.
fn positions(
    demand: &kinesim::producer::config::DemandConfig,
    seed: Seed,
    duration: Dur,
) -> (BTreeMap<u64, u64>, u64) {
    let start = Calendar { weekday: 0, time_of_day: Dur::ZERO };
    let mut demand = Demand::new(demand, "p", start, seed, duration.0, false, &[]);
    let mut columns = Columns::default();
    demand.take_until(duration.0, &mut columns);
    let mut counts = BTreeMap::new();
    columns.position.iter().for_each(|p| *counts.entry(*p).or_default() += 1);
    (counts, columns.len() as u64)
}
