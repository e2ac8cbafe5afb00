//! One shard's log: what is stored, in order, until every reader and the retention have passed it.
//!
//! Three columns; positions are absolute numbers that never change. What is dead at the front is dropped in
//! large pieces, so that memory is bounded by what is unread.

use crate::record::Entries;

/// Records of one shard in order of storage.
#[derive(Clone, Debug, Default)]
pub struct Log {
    first: u64,
    stored: Vec<u64>,
    born: Vec<u64>,
    size: Vec<u32>,
}

/// Dead records are dropped once there are this many, and as many as live ones: few enough that the logs of some
/// dozen shards stay in a core's cache.
const DROP_AT: usize = 1024;

impl Log {
    /// Number of the next record to be stored.
    #[inline]
    pub fn end(&self) -> u64 {
        self.first + self.stored.len() as u64
    }

    /// Records in memory.
    pub fn in_memory(&self) -> u64 {
        self.stored.len() as u64
    }

    /// Stores one record.
    #[inline]
    pub fn push(&mut self, stored: u64, born: u64, size: u32) {
        debug_assert!(
            self.stored.last().is_none_or(|last| *last <= stored),
            "a shard stores in order of time"
        );
        self.stored.push(stored);
        self.born.push(born);
        self.size.push(size);
    }

    /// Stores a run of entries (by row), each at its moment.
    #[inline]
    pub fn append(&mut self, entries: &Entries, run: &[u32]) {
        let n = entries.len();
        let (at, born, size) = (&entries.at[..n], &entries.record.born[..n], &entries.record.size[..n]);
        self.stored.extend(run.iter().map(|row| at[*row as usize]));
        self.born.extend(run.iter().map(|row| born[*row as usize]));
        self.size.extend(run.iter().map(|row| size[*row as usize]));
    }

    /// Takes the last `n` back.
    pub fn retract(&mut self, n: usize) {
        let kept = self.stored.len() - n;
        self.stored.truncate(kept);
        self.born.truncate(kept);
        self.size.truncate(kept);
    }

    fn slot(&self, number: u64) -> usize {
        (number - self.first) as usize
    }

    /// When a record was stored.
    #[inline]
    pub fn stored_at(&self, number: u64) -> u64 {
        self.stored[self.slot(number)]
    }

    /// Storage times of `[from, to)`.
    #[inline]
    pub fn stored(&self, from: u64, to: u64) -> &[u64] {
        &self.stored[self.slot(from)..self.slot(to)]
    }

    /// Birth times of `[from, to)`.
    #[inline]
    pub fn born(&self, from: u64, to: u64) -> &[u64] {
        &self.born[self.slot(from)..self.slot(to)]
    }

    /// Sizes of `[from, to)`.
    #[inline]
    pub fn sizes(&self, from: u64, to: u64) -> &[u32] {
        &self.size[self.slot(from)..self.slot(to)]
    }

    /// The first record in `[from, end)` stored at or after `time`.
    pub fn first_stored_since(&self, from: u64, time: u64) -> u64 {
        let from = from.max(self.first);
        from + self.stored[self.slot(from)..].partition_point(|t| *t < time) as u64
    }

    /// Drops what lies before `keep`, when it is worth it.
    #[inline]
    pub fn forget_before(&mut self, keep: u64) {
        let dead = (keep - self.first) as usize;
        if dead >= DROP_AT && dead * 2 >= self.stored.len() {
            self.drop_front(dead);
        }
    }

    fn drop_front(&mut self, dead: usize) {
        self.stored.drain(..dead);
        self.born.drain(..dead);
        self.size.drain(..dead);
        self.first += dead as u64;
        // A backlog that has drained gives its memory back.
        if self.stored.capacity() > 16 * DROP_AT && self.stored.len() * 8 < self.stored.capacity() {
            self.stored.shrink_to(2 * DROP_AT);
            self.born.shrink_to(2 * DROP_AT);
            self.size.shrink_to(2 * DROP_AT);
        }
    }
}
