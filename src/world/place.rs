//! Where one consumer stands in one shard: what it has, what it may still ask for, and what it will never see.

use super::rows::Rows;
use super::settings::ConsumerSettings;
use crate::api::Position;

/// A consumer's place in a shard.
#[derive(Clone, Debug)]
pub struct Place {
    /// The next row to read.
    pub cursor: u64,
    /// Everything below was delivered at least once, lost, or is in an application's hands.
    pub reached: u64,
    /// The row after the latest one that an application has delivered.
    pub top: u64,
    /// Rows before this were lost to retention: they do not come back when it is raised.
    pub gone: u64,
    /// The first row that an application may ask for again.
    pub kept: Option<u64>,
    /// Has it begun?
    pub started: bool,
    /// A closed shard is read to its end.
    pub done_at: Option<u64>,
    /// Does it hold records it has not begun to read (all starts but LATEST)?
    holds: bool,
    /// Oldest moment of storage it can still read.
    pub horizon: u64,
    /// An outage ended at, and the backlog is not worked off yet.
    pub recovering: Option<u64>,
    /// The end of the last outage an application came back from.
    pub outage_seen: u64,
    /// When the backlog of the last outage was worked off.
    pub caught_up_at: Option<u64>,
    /// What happened to the followed record: (received, processed).
    pub traced: Option<(u64, u64)>,
}

impl Place {
    /// In a shard opened at `opened`, not yet begun.
    pub fn new(c: &ConsumerSettings, opened: u64) -> Place {
        Place {
            cursor: 0,
            reached: 0,
            top: 0,
            gone: 0,
            kept: None,
            started: false,
            done_at: None,
            // A shard opened later is a child of shards it reads: it comes to it in time, whatever its start.
            holds: c.from != Position::Latest || c.starts <= opened,
            horizon: 0,
            recovering: None,
            outage_seen: 0,
            caught_up_at: None,
            traced: None,
        }
    }

    /// Goes to its first row; how many records are stored before it.
    pub fn begin(&mut self, log: &impl Rows, from: Position) -> u64 {
        let row = match from {
            Position::TrimHorizon => self.cursor,
            Position::Latest => log.end(),
            Position::AtTimestamp(time) => log.first_stored_since(self.cursor, time),
            Position::AtRow(row) => row.min(log.end()).max(self.cursor),
        };
        let skipped = log.records(self.cursor, row);
        (self.cursor, self.reached) = (row, row);
        skipped
    }

    /// Do unread records count as its backlog?
    pub fn counts_backlog(&self) -> bool {
        self.started || self.holds
    }

    /// Copies never delivered to it.
    pub fn undelivered(&self, log: &impl Rows) -> u64 {
        log.records(self.reached.max(self.cursor).min(log.end()), log.end())
    }

    /// Copies it has not read.
    pub fn backlog(&self, log: &impl Rows) -> u64 {
        log.records(self.cursor, log.end())
    }

    /// Was it done with its closed shard before `time`?
    pub fn is_finished_before(&self, time: u64) -> bool {
        self.done_at.is_some_and(|at| at <= time) || (!self.started && self.done_at.is_none())
    }

    /// When the backlog of the last outage was worked off: 0 when there was none here, `None` when it is not.
    pub fn back_by(&self) -> Option<u64> {
        match self.recovering {
            // A closed shard read to its end: what is still behind is its children's.
            Some(_) => self.done_at,
            None => Some(self.caught_up_at.unwrap_or(0)),
        }
    }

    /// Nothing is behind it at `now`.
    #[inline]
    pub fn caught_up(&mut self, now: u64) {
        if self.recovering.take().is_some() {
            self.caught_up_at = Some(now);
        }
    }

    /// An outage that ended at `end` stopped it.
    pub fn held_up(&mut self, end: u64) {
        self.recovering = Some(end);
        self.caught_up_at = None;
    }

    /// Oldest record it still needs.
    pub fn keeps(&self, log: &impl Rows) -> u64 {
        let cursor = if self.started || self.holds { self.cursor } else { log.end() };
        self.kept.unwrap_or(cursor).min(cursor)
    }

    /// Drops what retention has passed; returns how many undelivered records were lost.
    pub fn trim(&mut self, log: &impl Rows) -> u64 {
        if !self.counts_backlog() || self.cursor >= log.end() || log.stored_at(self.cursor) >= self.horizon {
            return 0;
        }
        let first = log.first_stored_since(self.cursor, self.horizon);
        let lost = log.records(self.reached.clamp(self.cursor, first), first);
        self.cursor = first;
        self.gone = first;
        self.reached = self.reached.max(first);
        lost
    }

    /// An application goes on to `row`; records between here and there that were never delivered.
    pub fn go_to(&mut self, log: &impl Rows, row: u64) -> u64 {
        let from = self.reached.max(self.cursor);
        let fresh = if row > from { log.records(from, row) } else { 0 };
        self.cursor = self.cursor.max(row);
        self.reached = self.reached.max(row);
        fresh
    }
}
