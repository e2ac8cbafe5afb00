//! Calls under way, for clients that send a record until it is stored (Kinesis Agent, Flink's sink, direct puts).
//!
//! At AWS: an answer of PutRecords (or Firehose's PutRecordBatch) has one result for each entry; what failed is the
//! client's to send again.
//! We model: a call's entries on their way (`line`), the entries that were refused, the answer some time later or its
//! lack, and what is measured of it: waiting until first sent, first sent to stored, records ever refused.
//! Sources: API reference.

use super::client::{Outgoing, Report, Sent};
use super::line::Line;
use crate::record::Columns;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Not sent yet.
pub const NEVER: u64 = u64::MAX;

/// A record in the hands of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Moment of birth.
    pub born: u64,
    /// Place in hash space.
    pub position: u64,
    /// Its number at the source.
    pub number: u64,
    /// First time it was sent (`NEVER`: not yet).
    pub first_sent: u64,
    /// Bytes as sent.
    pub size: u32,
    /// Stored by an earlier attempt.
    pub stored: bool,
    /// Refused by an earlier attempt.
    pub refused_before: bool,
    /// Refused by the attempt under way.
    pub refused: bool,
}

impl Held {
    /// The `i`-th of new records.
    pub fn new(records: &Columns, i: usize, number: u64) -> Held {
        Held {
            born: records.born[i],
            position: records.position[i],
            number,
            first_sent: NEVER,
            size: records.size[i],
            stored: false,
            refused_before: false,
            refused: false,
        }
    }
}

/// A call's answer, or the lack of one.
#[derive(Debug)]
pub struct Answer {
    /// Its place, free from now on.
    pub slot: u32,
    /// Its entries, refused ones marked.
    pub entries: Vec<Held>,
    /// It failed as a whole, for all the client knows: some may be stored.
    pub failed: bool,
}

#[derive(Clone, Debug, Default)]
struct Call {
    /// `None`: it does not get there.
    judged: Option<u64>,
    failed: bool,
    entries: Vec<Held>,
}

/// Calls of one client process.
pub struct Calls {
    line: Line,
    calls: Vec<Call>,
    idle: Vec<u32>,
    /// (answered, order, slot)
    answers: BinaryHeap<Reverse<(u64, u64, u32)>>,
    sent: u64,
    spare: Vec<Vec<Held>>,
    /// What is not judged yet.
    pub out: Outgoing,
    /// What is counted.
    pub report: Report,
}

impl Calls {
    /// No call yet.
    pub fn new(line: Line) -> Calls {
        Calls {
            line,
            calls: Vec::new(),
            idle: Vec::new(),
            answers: BinaryHeap::new(),
            sent: 0,
            spare: Vec::new(),
            out: Outgoing::default(),
            report: Report::default(),
        }
    }

    /// Memory for entries of a call to come.
    pub fn room(&mut self) -> Vec<Held> {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes memory back.
    pub fn recycle(&mut self, mut entries: Vec<Held>) {
        entries.clear();
        self.spare.push(entries);
    }

    /// Sends one call; its slot.
    pub fn send(&mut self, now: u64, mut entries: Vec<Held>) -> u32 {
        for e in &mut entries {
            if e.first_sent == NEVER {
                e.first_sent = now;
                self.report.buffering.add(now - e.born);
            }
            e.refused = false;
        }
        let trip = self.line.send(now);
        let slot = self.idle.pop().unwrap_or(self.calls.len() as u32);
        self.report.calls += 1;
        self.report.failed_calls += u64::from(!trip.answered);
        match trip.judged {
            Some(at) => self.set_out(at, slot, trip.known - now, &entries),
            None => {
                self.report.unjudged += entries.len() as u64;
                entries.iter_mut().for_each(|e| e.refused = true);
            }
        }
        let call = Call { judged: trip.judged, failed: !trip.answered, entries };
        match self.calls.get_mut(slot as usize) {
            Some(free) => *free = call,
            None => self.calls.push(call),
        }
        self.sent += 1;
        self.answers.push(Reverse((trip.known, self.sent, slot)));
        slot
    }

    fn set_out(&mut self, at: u64, slot: u32, latency: u64, entries: &[Held]) {
        let out = &mut self.out.entries;
        let first = out.len() as u32;
        let mut again = 0;
        for e in entries {
            again += u32::from(e.stored);
            out.born.push(e.born);
            out.size.push(e.size);
            out.position.push(e.position);
        }
        self.out.calls.push(Sent { at, slot, first, entries: entries.len() as u32, again, latency });
    }

    /// When the next answer comes.
    pub fn next_answer(&self) -> u64 {
        self.answers.peek().map_or(u64::MAX, |a| a.0.0)
    }

    /// The next answer.
    pub fn answer(&mut self) -> Option<Answer> {
        let Reverse((_, _, slot)) = self.answers.pop()?;
        self.settle(slot);
        self.idle.push(slot);
        let call = std::mem::take(&mut self.calls[slot as usize]);
        Some(Answer { slot, entries: call.entries, failed: call.failed })
    }

    /// The process died at `now`: its calls go their way, and what became of them is booked as soon as it can be.
    pub fn unheard(&mut self, now: u64) {
        let known = |slot: u32| self.calls[slot as usize].judged.map_or(0, |at| at + self.line.back());
        let moved = self.answers.iter().map(|a| (known(a.0.2).max(now), a.0.1, a.0.2));
        self.answers = moved.map(Reverse).collect();
    }

    /// A call that is over is measured.
    fn settle(&mut self, slot: u32) {
        let call = &mut self.calls[slot as usize];
        for e in &mut call.entries {
            if e.refused {
                self.report.delayed += u64::from(!e.refused_before);
                e.refused_before = true;
            } else if !e.stored {
                self.report.put.add(call.judged.unwrap_or(e.first_sent) - e.first_sent);
                e.stored = true;
            }
        }
    }

    /// The `entry`-th entry of a call was refused: had it been stored before?
    pub fn refused(&mut self, sent: &Sent, entry: usize) -> u32 {
        let entry = &mut self.calls[sent.slot as usize].entries[entry];
        entry.refused = true;
        u32::from(entry.stored)
    }

    /// Records in calls under way that are not stored at `end`.
    pub fn held(&self, end: u64) -> u64 {
        let waits = |c: &Call| {
            let judged = c.judged.is_some_and(|at| at < end);
            c.entries.iter().filter(|e| !e.stored && (!judged || e.refused)).count() as u64
        };
        self.calls.iter().map(waits).sum()
    }

    /// The run is over: what was judged and not answered is measured too.
    pub fn settle_unanswered(&mut self, end: u64) {
        for slot in 0..self.calls.len() {
            if self.calls[slot].judged.is_none_or(|at| at < end) {
                self.settle(slot as u32);
            }
        }
    }
}
