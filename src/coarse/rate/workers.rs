//! Workers whose cores are too few for the shards they read.

use super::fleets::Fleet;
use std::collections::BTreeMap;

/// What the user's code of a worker takes, ns.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// For a record.
    pub record: f64,
    /// For a batch besides.
    pub call: f64,
    /// Records of a full batch.
    pub batch: f64,
}

/// How many records of each shard are worked on in a step, on workers of so much time for it (all cores together, ns)
/// that want more: their shards' batches take turns, so that each shard gets its part of a round. `wanted`: records
/// that each shard could be read of.
pub fn shares(fleet: &Fleet, time: f64, cost: Cost, wanted: &[(u32, f64)]) -> BTreeMap<u32, f64> {
    let mut workers: BTreeMap<u32, Vec<(u32, f64)>> = BTreeMap::new();
    for (shard, records) in wanted {
        if let Some(owner) = fleet.owner(*shard) {
            workers.entry(owner.worker).or_default().push((*shard, *records));
        }
    }
    let each = cost.record + cost.call / cost.batch.max(1.0);
    let mut shares = BTreeMap::new();
    for mut shards in workers.into_values() {
        let needed: f64 = shards.iter().map(|s| s.1 * each).sum();
        if needed > time {
            fill(&mut shards, time / each.max(1e-9), cost.batch);
            shares.extend(shards);
        }
    }
    shares
}

/// Cuts what is wanted to what one worker gets done.
fn fill(shards: &mut [(u32, f64)], mut records: f64, batch: f64) {
    let mut open: Vec<usize> = (0..shards.len()).collect();
    loop {
        let all: f64 = open.iter().map(|i| shards[*i].1.min(batch)).sum();
        let part = |wanted: f64| records * wanted.min(batch) / all.max(1e-9);
        let (content, short): (Vec<usize>, Vec<usize>) =
            open.iter().partition(|i| shards[**i].1 <= part(shards[**i].1));
        if content.is_empty() {
            short.into_iter().for_each(|i| shards[i].1 = part(shards[i].1));
            return;
        }
        records -= content.iter().map(|i| shards[*i].1).sum::<f64>();
        open = short;
    }
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn batches_take_turns() {
        let mut shards = [(0, 100.0), (1, 100.0), (2, 800.0)];
        fill(&mut shards, 500.0, 10_000.0);
        assert_eq!(shards.map(|s| s.1), [50.0, 50.0, 400.0]);
        let mut shards = [(0, 10.0), (1, 5000.0), (2, 5000.0)];
        fill(&mut shards, 1010.0, 100.0);
        assert_eq!(shards.map(|s| s.1), [10.0, 500.0, 500.0]);
    }
}
