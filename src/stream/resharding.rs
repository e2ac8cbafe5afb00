//! UpdateShardCount as a plan of splits and merges.
//!
//! At AWS: UNIFORM_SCALING splits and merges single shards one after another until the ranges are equal; no
//! formula for its duration is published.
//! We model: first a split at every new boundary, in order of hash key, then merges that remove the old
//! boundaries (the order seen in a real 2 → 3 operation, whose ids came out as 2, 5, 6).
//! Sources: API reference (limits), decoded sequence numbers of a real 2 → 3 (see `kinesim explain`).

use super::routing::{ShardMap, uniform_start};

/// One step of a plan. Shards are named by hash keys, since ids are born on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Split the shard that holds this key, the upper child beginning there.
    SplitAt(u128),
    /// Merge the two shards that meet here, the right one beginning at this key.
    MergeAt(u128),
}

/// The steps from today's open shards to `target` equal ones.
pub fn plan(map: &ShardMap, target: u32) -> Vec<Step> {
    let today: Vec<u128> = map.open().iter().map(|&id| map.shards()[id as usize].start).collect();
    let wanted: Vec<u128> = (0..target.max(1)).map(|i| uniform_start(i, target.max(1))).collect();
    let splits = wanted.iter().filter(|s| !near(&today, **s)).map(|&s| Step::SplitAt(s));
    let merges = today.iter().filter(|s| !near(&wanted, **s)).map(|&s| Step::MergeAt(s));
    splits.chain(merges).collect()
}

/// Is there a boundary within a few keys? 2 × floor(2^128 / 6) and 3 × floor(2^128 / 9) mean the same one, and no
/// shard can be one key wide: the old boundary stays.
fn near(sorted: &[u128], key: u128) -> bool {
    let at = sorted.partition_point(|s| *s < key);
    let close = |s: &u128| s.abs_diff(key) < 1 << 32;
    sorted.get(at).is_some_and(close) || (at > 0 && close(&sorted[at - 1]))
}

/// Does AWS accept this target from this count? (At most double, at least half, rounded up.)
pub fn target_allowed(current: u32, target: u32) -> bool {
    target >= 1 && u64::from(target) <= 2 * u64::from(current) && target >= current.div_ceil(2)
}

/// Carries one step out; returns (parents, children).
pub fn apply(map: &mut ShardMap, step: Step, now: u64) -> Option<(Vec<u32>, Vec<u32>)> {
    match step {
        Step::SplitAt(key) => {
            let id = map.open()[map.open_index_of(key)];
            let children = map.split(id, key, now).ok()?;
            Some((vec![id], children.to_vec()))
        }
        Step::MergeAt(key) => {
            let right = map.open_index_of(key);
            let (a, b) = (map.open()[right.checked_sub(1)?], map.open()[right]);
            let child = map.merge(a, b, now).ok()?;
            Some((vec![a, b], vec![child]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(from: u32, to: u32) -> ShardMap {
        let mut map = ShardMap::uniform(from);
        for step in plan(&map.clone(), to) {
            apply(&mut map, step, 1).unwrap();
        }
        map
    }

    /// The ids a real stream ended with (2 → 3: two splits, one merge).
    #[test]
    fn two_to_three_ends_with_the_ids_seen_in_the_field() {
        let map = after(2, 3);
        assert_eq!(map.open(), &[2, 6, 5]);
    }

    #[test]
    fn every_target_ends_uniform() {
        for (from, to) in [(2, 4), (4, 2), (5, 7), (7, 5), (10, 20), (3, 3), (6, 9)] {
            let (map, fresh) = (after(from, to), ShardMap::uniform(to));
            let ranges = |m: &ShardMap| -> Vec<_> {
                m.open().iter().map(|&i| (m.shards()[i as usize].start, m.shards()[i as usize].end)).collect()
            };
            let (ours, uniform) = (ranges(&map), ranges(&fresh));
            assert_eq!(ours.len(), uniform.len(), "{from} to {to}");
            for (a, b) in ours.iter().zip(&uniform) {
                assert!(a.0.abs_diff(b.0) < 16 && a.1.abs_diff(b.1) < 16, "{from} to {to}");
            }
        }
    }
}
