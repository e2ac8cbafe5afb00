//! A shard as the source knows it: how far it is fetched, worked on, and kept by a checkpoint.

use super::watermark::Voice;
use crate::api::Stream;
use crate::record::Shard;

/// How far, and how many records were counted into the job's state by then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub row: u64,
    pub records: u64,
}

/// The middle of a shard's range (UniformShardAssigner).
fn middle(shard: &Shard) -> u128 {
    shard.start / 2 + shard.end / 2 + (shard.start & shard.end & 1)
}

/// One shard.
#[derive(Clone, Debug)]
pub struct Split {
    pub shard: u32,
    /// Where in hash space the source puts it: the middle of its range, or (legacy) the hash of its name.
    place: u128,
    parents: Vec<u32>,
    /// The next row to fetch.
    pub next: u64,
    /// Worked on so far, and as the running and the last complete checkpoint keep it.
    done: Mark,
    pending: Mark,
    kept: Mark,
    /// Known to end at this row.
    end: Option<u64>,
    /// Told to the stream as finished.
    told: bool,
    /// Read by a subtask now.
    pub assigned: bool,
    /// Arrival of the last record worked on, when that was (or when reading began).
    event_time: Option<u64>,
    active: u64,
    /// Records stored since then include one that can never be worked on; its row, once it is known.
    poison: Option<Poison>,
}

#[derive(Clone, Copy, Debug)]
enum Poison {
    Since(u64),
    At(u64),
}

impl Split {
    /// A shard that was just discovered; reading begins at `first`. The legacy source goes by the hash of its name.
    pub fn new(shard: &Shard, first: u64, name: Option<u64>) -> Split {
        let mark = Mark { row: first, records: 0 };
        Split {
            shard: shard.id,
            place: name.map_or_else(|| middle(shard), |hash| u128::from(hash) << 64),
            parents: shard.parents.clone(),
            next: first,
            done: mark,
            pending: mark,
            kept: mark,
            end: None,
            told: false,
            assigned: false,
            event_time: None,
            active: 0,
            poison: None,
        }
    }

    /// The subtask of so many that reads it.
    pub fn subtask(&self, of: u32) -> usize {
        let of = u128::from(of);
        let (high, low) = (self.place >> 64, self.place & u128::from(u64::MAX));
        ((high * of + ((low * of) >> 64)) >> 64) as usize
    }

    /// Shards it comes from.
    pub fn parents(&self) -> &[u32] {
        &self.parents
    }

    /// Closed and worked on to its end.
    pub fn is_finished(&self) -> bool {
        self.end == Some(self.done.row)
    }

    /// Rows `[from, to)` were worked on by `now`.
    pub fn worked(&mut self, (from, to): (u64, u64), now: u64, stream: &mut dyn Stream) {
        self.done = Mark { row: to, records: self.done.records + stream.records(self.shard, from, to) };
        self.event_time = Some(stream.stored_at(self.shard, to - 1));
        self.active = now;
    }

    /// A subtask begins to read it.
    pub fn begin(&mut self, now: u64) {
        (self.assigned, self.event_time, self.active) = (true, None, now);
    }

    /// Everything up to its end is worked on; the last rows may have been lost to retention.
    pub fn ends_at(&mut self, row: u64) {
        (self.end, self.done.row) = (Some(row), row);
    }

    /// A checkpoint takes its place down.
    pub fn note(&mut self) {
        self.pending = self.done;
    }

    /// The checkpoint is complete.
    pub fn keep(&mut self) {
        self.kept = self.pending;
    }

    /// What is kept will not be asked for again.
    pub fn tell(&mut self, stream: &mut dyn Stream) {
        if self.told {
            return;
        }
        if self.end == Some(self.kept.row) {
            self.told = true;
            stream.finish(self.shard);
        } else {
            stream.keep_from(self.shard, self.kept.row);
        }
    }

    /// Rows before this one are kept.
    pub fn kept(&self) -> u64 {
        self.kept.row
    }

    /// Records counted into the job's state.
    pub fn records(&self) -> u64 {
        self.done.records
    }

    /// Back to the last complete checkpoint; records whose work is undone.
    pub fn rewind(&mut self) -> u64 {
        let undone = self.done.records - self.kept.records;
        self.done = self.kept;
        self.next = self.kept.row;
        self.assigned = false;
        undone
    }

    /// What it says about event time.
    pub fn voice(&self, now: u64, idleness: u64) -> Voice {
        match self.event_time {
            _ if now - self.active.min(now) >= idleness => Voice::Idle,
            Some(at) => Voice::At(at),
            None => Voice::Nothing,
        }
    }

    /// The first record stored from then on can never be worked on.
    pub fn poison(&mut self, since: u64) {
        self.poison = self.poison.or(Some(Poison::Since(since)));
    }

    /// The row among these that can never be worked on.
    pub fn poison_in(&mut self, from: u64, to: u64, stream: &mut dyn Stream) -> Option<u64> {
        if let Some(Poison::Since(since)) = self.poison {
            let row = stream.row_since(self.shard, from, since);
            if row < to {
                self.poison = Some(Poison::At(row));
            }
        }
        match self.poison {
            Some(Poison::At(row)) if (from..to).contains(&row) => Some(row),
            _ => None,
        }
    }
}
