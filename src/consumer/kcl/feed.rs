//! One shard's processor on one worker: what it has read, what waits, what it works on.
//!
//! At AWS: a `ShardConsumer` with its `ProcessRecordsInput`s. An answer to GetRecords (or a pushed event) is one call
//! of `processRecords`; calls of one shard never overlap.
//! We model: reading ahead within its limits, the batch at work, how far it is saved.
//! We leave out: empty answers as waiting inputs.

use super::config::Prefetch;
use crate::facts::kcl as facts;
use std::collections::VecDeque;

/// One answer with rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// First row.
    pub from: u64,
    /// Row after the last.
    pub to: u64,
    /// Bytes.
    pub bytes: u64,
    /// When it came.
    pub received: u64,
}

/// How a processor gets its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// One call, its batch, the next call at the worker's next round (1.x).
    InTurn,
    /// Calls go on while a batch is processed.
    Ahead(Prefetch),
    /// Pushed.
    Pushed,
}

/// A processor.
#[derive(Clone, Debug)]
pub struct Processor {
    /// Goes up when the slot gets another processor: what was arranged for the old one is void.
    pub stamp: u32,
    /// Its slot is free.
    pub gone: bool,
    /// Its shard.
    pub shard: u32,
    /// Its worker.
    pub worker: u32,
    /// Next row to ask for.
    pub next: u64,
    /// Answers that wait; the first may be at work.
    pub inputs: VecDeque<Input>,
    /// Rows in them, and bytes.
    waiting: (u64, u64),
    /// A call's answer on its way, and whether the shard ends with it.
    pub arriving: Option<(Input, bool)>,
    /// A call or its answer is arranged.
    pub reading: bool,
    /// A batch is at work.
    pub working: bool,
    /// It waits for a core.
    pub in_line: bool,
    /// All rows of a closed shard are read.
    pub ended: bool,
    /// Takes no more batches: it hands over, or its worker stops.
    pub stopping: bool,
    /// The lease is another's, and it knows.
    pub lost: bool,
    /// It has no subscription: another's ended its own, or its own was refused.
    pub cut_off: bool,
    /// Its subscription is open and has said nothing since.
    pub silent_since: Option<u64>,
    /// When it looks after its subscription next.
    pub looks: u64,
    /// Moment of the last answer.
    pub answered: u64,
    /// Everything before this row is worked on.
    pub done_to: u64,
    /// The row of its last checkpoint, and its moment.
    pub saved: (u64, u64),
    /// The batch at work fails.
    pub failing: bool,
}

impl Processor {
    /// Begins at `row`; its first call is arranged.
    pub fn new(stamp: u32, shard: u32, worker: u32, row: u64, now: u64) -> Processor {
        Processor {
            stamp,
            gone: false,
            shard,
            worker,
            next: row,
            inputs: VecDeque::new(),
            waiting: (0, 0),
            arriving: None,
            reading: true,
            working: false,
            in_line: false,
            ended: false,
            stopping: false,
            lost: false,
            cut_off: false,
            silent_since: None,
            looks: 0,
            answered: now,
            done_to: row,
            saved: (row, now),
            failing: false,
        }
    }

    /// May it read on?
    pub fn has_room(&self, feed: Feed) -> bool {
        match feed {
            Feed::InTurn => self.inputs.is_empty(),
            Feed::Pushed => (self.inputs.len() as u64) < facts::PUSHED_INPUTS.count(),
            Feed::Ahead(limit) => {
                let below = self.waiting.0 < limit.records && self.waiting.1 < limit.bytes.0;
                self.inputs.is_empty() || (below && self.inputs.len() < limit.inputs as usize)
            }
        }
    }

    /// Does it read at all?
    pub fn wants_more(&self) -> bool {
        !(self.ended || self.stopping || self.lost || self.cut_off)
    }

    /// An answer came.
    pub fn add(&mut self, input: Input) {
        self.waiting.0 += input.to - input.from;
        self.waiting.1 += input.bytes;
        self.inputs.push_back(input);
    }

    /// The batch at work is done.
    pub fn take(&mut self) -> Option<Input> {
        let input = self.inputs.pop_front()?;
        self.waiting.0 -= input.to - input.from;
        self.waiting.1 -= input.bytes;
        Some(input)
    }

    /// The first row it may still look at.
    pub fn first_needed(&self) -> u64 {
        let arriving = self.arriving.map(|a| a.0.from);
        self.inputs.front().map(|i| i.from).or(arriving).unwrap_or(self.next)
    }
}
