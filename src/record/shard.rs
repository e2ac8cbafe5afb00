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
