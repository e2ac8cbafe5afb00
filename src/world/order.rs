//! Did the records of one process reach their shards in the order of their births?
//!
//! At AWS: a shard keeps the order in which it stores; a refused record that is sent again comes after records made
//! later. We count the records that a process's later ones have overtaken on the same shard. Keys are not told
//! apart: a single key sees at most as much.

use super::gather::Gathered;
use crate::record::Listing;

/// One client process.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Until something of it is refused, nothing can be overtaken.
    watching: bool,
    /// Youngest birth stored, by shard.
    newest: Vec<u64>,
}

impl Order {
    /// A process whose records may leave it in another order than they came, or whose calls may fail on the way, is
    /// watched from the start (`mixes`).
    pub fn new(mixes: bool) -> Order {
        Order { watching: mixes, newest: Vec::new() }
    }

    /// One of its calls was judged, the rows in `refused` (ascending) were not stored: records overtaken.
    pub fn judged(&mut self, gathered: &Gathered, call: usize, refused: &[u32], shards: &Listing) -> u64 {
        self.watching |= !refused.is_empty();
        if !self.watching {
            return 0;
        }
        let call = &gathered.calls[call];
        let (mut refused, mut overtaken) = (refused, 0);
        for row in call.row..call.row + call.sent.entries {
            if refused.first() == Some(&row) {
                refused = &refused[1..];
                continue;
            }
            let shard = shards.shard_at(gathered.entries.record.position[row as usize]) as usize;
            if self.newest.len() <= shard {
                self.newest.resize(shard + 1, 0);
            }
            let newest = &mut self.newest[shard];
            for &born in gathered.births(row as usize) {
                overtaken += u64::from(born < *newest);
                *newest = born.max(*newest);
            }
        }
        overtaken
    }
}
