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

/// What one shard has for its worker.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Its id.
    pub shard: u32,
    /// Records that wait or come in the step.
    pub waits: f64,
    /// Of these it can be read of, and worked on one after the other, so many at most.
    pub most: f64,
}

/// How many records of each shard are worked on in a step, on workers of so much time for it (all cores together, ns)
/// that want more: their shards' batches take turns, so that each shard gets its part of a round.
pub fn shares(fleet: &Fleet, time: f64, cost: Cost, wanted: &[Wanted]) -> BTreeMap<u32, f64> {
    let mut workers: BTreeMap<u32, Vec<Wanted>> = BTreeMap::new();
    for one in wanted {
        if let Some(owner) = fleet.owner(one.shard) {
            workers.entry(owner.worker).or_default().push(*one);
        }
    }
    let each = cost.record + cost.call / cost.batch.max(1.0);
    let mut shares = BTreeMap::new();
    for mut shards in workers.into_values() {
        let needed: f64 = shards.iter().map(|s| s.waits.min(s.most) * each).sum();
        if needed > time {
            fill(&mut shards, time / each.max(1e-9), cost.batch);
            shares.extend(shards.iter().map(|s| (s.shard, s.most)));
        }
    }
    shares
}

/// Cuts what is wanted at most to what one worker gets done.
fn fill(shards: &mut [Wanted], mut records: f64, batch: f64) {
    let mut open: Vec<usize> = (0..shards.len()).collect();
    loop {
        let all: f64 = open.iter().map(|i| shards[*i].waits.min(batch)).sum();
        let part = |one: &Wanted| records * one.waits.min(batch) / all.max(1e-9);
        let wants = |one: &Wanted| one.waits.min(one.most);
        let (content, short): (Vec<usize>, Vec<usize>) =
            open.iter().partition(|i| wants(&shards[**i]) <= part(&shards[**i]));
        if content.is_empty() {
            short.into_iter().for_each(|i| shards[i].most = part(&shards[i]));
            return;
        }
        records -= content.iter().map(|i| wants(&shards[*i])).sum::<f64>();
        open = short;
    }
}

#[cfg(test)]
mod tests {
    use super::{Wanted, fill};

    fn filled(waits: [f64; 3], most: f64, records: f64, batch: f64) -> Vec<f64> {
        let mut shards = waits.map(|waits| Wanted { shard: 0, waits, most });
        fill(&mut shards, records, batch);
        shards.iter().map(|s| s.most.min(s.waits)).collect()
    }

    #[test]
    fn batches_take_turns() {
        assert_eq!(filled([100.0, 100.0, 800.0], 1e9, 500.0, 1e4), [50.0, 50.0, 400.0]);
        assert_eq!(filled([10.0, 5000.0, 5000.0], 1e9, 1010.0, 100.0), [10.0, 500.0, 500.0]);
        // What a shard is read of does not matter for its turn.
        assert_eq!(filled([900.0, 900.0, 8200.0], 1000.0, 1000.0, 1e4), [90.0, 90.0, 820.0]);
    }
}
