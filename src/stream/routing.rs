//! Which shard a hash belongs to, and how shards descend from one another.
//!
//! At AWS: MD5 of the partition key, read as a 128-bit big-endian number, falls into the hash key range of exactly
//! one open shard; splits and merges close parents and open children whose ids go on counting.
//! We model: ranges and lineage exactly (`floor(2^128 / n)` at creation, the last shard takes the remainder).
//! We leave out: the second or two between a parent's end and its child's first record.
//! Sources: API reference, developer guide, kinesalite (uniform starts and id order).

use crate::record::{Listing, Shard};
use std::sync::Arc;

/// Why a split or merge is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeError {
    /// NewStartingHashKey must lie above start + 1 and below the end.
    SplitPoint,
    /// The shards do not touch, or one is not open.
    NotAdjacent,
}

/// All shards a stream ever had.
#[derive(Clone, Debug)]
pub struct ShardMap {
    shards: Vec<Shard>,
    /// Ids of open shards by start of range.
    open: Vec<u32>,
    listing: Arc<Listing>,
}

/// The first hash key of the i-th of n equal ranges.
pub fn uniform_start(i: u32, n: u32) -> u128 {
    // floor(2^128 / n) without 2^128 itself: (2^128 - 1) / n, one more when n divides 2^128.
    let width = u128::MAX / u128::from(n) + u128::from(n.is_power_of_two() && n > 1);
    u128::from(i) * width
}

impl ShardMap {
    /// A new stream with `n` equal shards (at least one).
    pub fn uniform(n: u32) -> ShardMap {
        let n = n.max(1);
        let last_of = |i: u32| if i + 1 == n { u128::MAX } else { uniform_start(i + 1, n) - 1 };
        let shard = |id| Shard {
            id,
            start: uniform_start(id, n),
            end: last_of(id),
            parents: Vec::new(),
            opened: 0,
            closed: None,
        };
        let shards: Vec<Shard> = (0..n).map(shard).collect();
        let open = (0..n).collect();
        let mut map = ShardMap { shards, open, listing: Arc::default() };
        map.rebuild();
        map
    }

    /// All shards by id.
    pub fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// Ids of open shards, in order of their ranges.
    pub fn open(&self) -> &[u32] {
        &self.open
    }

    /// What ListShards answers.
    pub fn listing(&self) -> Arc<Listing> {
        Arc::clone(&self.listing)
    }

    /// Index among open shards of the shard that holds a hash key.
    pub fn open_index_of(&self, hash: u128) -> usize {
        self.open.partition_point(|&id| self.shards[id as usize].start <= hash) - 1
    }

    /// Id of the open shard for a position (the top 64 bits of a hash key, the rest zero).
    #[inline]
    pub fn shard_at(&self, position: u64) -> u32 {
        self.listing.shard_at(position)
    }

    /// Ids of the open shards for some positions, appended.
    pub fn shards_at(&self, positions: &[u64], out: &mut Vec<u32>) {
        self.listing.shards_at(positions, out);
    }

    /// SplitShard: the lower range gets the lower id. Returns the children.
    pub fn split(&mut self, id: u32, new_start: u128, now: u64) -> Result<[u32; 2], RangeError> {
        let parent = &self.shards[id as usize];
        if parent.closed.is_some() || new_start <= parent.start.saturating_add(1) || new_start >= parent.end {
            return Err(RangeError::SplitPoint);
        }
        let (start, end) = (parent.start, parent.end);
        let low = self.open_child(start, new_start - 1, vec![id], now);
        let high = self.open_child(new_start, end, vec![id], now);
        self.replace(&[id], &[low, high], now);
        Ok([low, high])
    }

    /// MergeShards: `id` and its right neighbour become one.
    pub fn merge(&mut self, id: u32, neighbour: u32, now: u64) -> Result<u32, RangeError> {
        let (a, b) = (&self.shards[id as usize], &self.shards[neighbour as usize]);
        let open = a.closed.is_none() && b.closed.is_none();
        if !open || a.end == u128::MAX || a.end + 1 != b.start {
            return Err(RangeError::NotAdjacent);
        }
        let (start, end) = (a.start, b.end);
        let child = self.open_child(start, end, vec![id, neighbour], now);
        self.replace(&[id, neighbour], &[child], now);
        Ok(child)
    }

    /// The middle of a shard as AWS's sample computes it.
    pub fn middle(&self, id: u32) -> u128 {
        let s = &self.shards[id as usize];
        s.start / 2 + s.end / 2 + (s.start & s.end & 1)
    }

    fn open_child(&mut self, start: u128, end: u128, parents: Vec<u32>, now: u64) -> u32 {
        let id = self.shards.len() as u32;
        self.shards.push(Shard { id, start, end, parents, opened: now, closed: None });
        id
    }

    fn replace(&mut self, parents: &[u32], children: &[u32], now: u64) {
        for &p in parents {
            self.shards[p as usize].closed = Some(now);
        }
        let at = self.open.iter().position(|id| *id == parents[0]).expect("an open parent");
        self.open.splice(at..at + parents.len(), children.iter().copied());
        self.rebuild();
    }

    fn rebuild(&mut self) {
        let starts = self.open.iter().map(|&id| (ceil_position(self.shards[id as usize].start), id));
        self.listing = Arc::new(Listing::new(starts.collect()));
    }
}

/// The first position whose hash key (position × 2^64) is not below `start`.
fn ceil_position(start: u128) -> u64 {
    (start >> 64) as u64 + u64::from(start as u64 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_agrees_with_the_ranges() {
        for n in [1, 2, 3, 7, 10, 64, 1000] {
            let map = ShardMap::uniform(n);
            assert_eq!(map.shards().last().unwrap().end, u128::MAX);
            for k in 0..5000u64 {
                let position = k.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let exact = map.open()[map.open_index_of(u128::from(position) << 64)];
                assert_eq!(map.shard_at(position), exact, "n {n} position {position}");
            }
        }
    }

    #[test]
    fn uniform_starts_are_floor_of_the_whole_over_n() {
        assert_eq!(uniform_start(1, 2), 1 << 127);
        assert_eq!(uniform_start(1, 3), 113_427_455_640_312_821_154_458_202_477_256_070_485);
        assert_eq!(ShardMap::uniform(1).shards()[0].end, u128::MAX);
    }

    #[test]
    fn split_then_merge_gives_the_range_back_under_a_new_id() {
        let mut map = ShardMap::uniform(2);
        let [low, high] = map.split(0, map.middle(0), 5).unwrap();
        assert_eq!((low, high, map.open()), (2, 3, &[2, 3, 1][..]));
        let child = map.merge(low, high, 9).unwrap();
        assert_eq!((child, map.open()), (4, &[4, 1][..]));
        assert_eq!(map.shards()[4].end, map.shards()[0].end);
        assert_eq!(map.merge(1, 4, 9), Err(RangeError::NotAdjacent));
    }
}
