//! A shard as ListShards tells of it: its range, its parents, and from when to when it was open.

/// Where a shard comes from and what it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Number in `shardId-000000000000`.
    pub id: u32,
    /// First hash key of the range.
    pub start: u128,
    /// Last hash key of the range.
    pub end: u128,
    /// ParentShardId and AdjacentParentShardId.
    pub parents: Vec<u32>,
    /// Opened at (ns).
    pub opened: u64,
    /// Closed at (ns); `None` while open.
    pub closed: Option<u64>,
}

impl Shard {
    /// Was it open at this moment?
    pub fn is_open_at(&self, time: u64) -> bool {
        self.opened <= time && self.closed.is_none_or(|closed| closed > time)
    }

    /// The shard at a position among those open at a moment, in order of hash keys.
    pub fn nth_open(shards: &[Shard], index: u32, time: u64) -> Option<u32> {
        let mut open: Vec<&Shard> = shards.iter().filter(|s| s.is_open_at(time)).collect();
        open.sort_unstable_by_key(|s| s.start);
        open.get(index as usize).map(|s| s.id)
    }
}
