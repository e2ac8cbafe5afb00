//! Calls under way, for clients that send a record until it is stored (Kinesis Agent, Flink's sink, direct puts).
//!
//! At AWS: an answer of PutRecords (or Firehose's PutRecordBatch) has one result for each entry; what failed is the
//! client's to send again.
//! We model: a call's entries on their way, the entries that were refused, the answer some time later, and what is
//! measured of it: waiting until first sent, first sent to stored, records ever refused.
//! We leave out: connection set-up.
//! Sources: API reference.

use super::client::{Outgoing, Report, Sent};
use crate::random::{LatencyLaw, LatencySampler, Seed, Stream};
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

#[derive(Clone, Debug, Default)]
struct Call {
    judged: u64,
    entries: Vec<Held>,
}

/// Calls of one client process.
pub struct Calls {
    leg: u64,
    latency: LatencySampler,
    random: Stream,
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
    /// No call yet; `leg` is a request's way to where it is judged.
    pub fn new(latency: &LatencyLaw, producer: &str, instance: u32, leg: u64, seed: Seed) -> Calls {
        let path = format!("producer/{producer}");
        Calls {
            leg,
            latency: latency.sampler(),
            random: seed.numbered(&path, "put_latency", u64::from(instance)),
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
        let first = self.out.entries.len() as u32;
        let mut again = 0;
        for e in &mut entries {
            if e.first_sent == NEVER {
                e.first_sent = now;
                self.report.buffering.add(now - e.born);
            }
            e.refused = false;
            again += u32::from(e.stored);
            let out = &mut self.out.entries;
            out.born.push(e.born);
            out.size.push(e.size);
            out.position.push(e.position);
        }
        let at = now + self.leg;
        let answered = (now + self.latency.draw(&mut self.random)).max(at);
        let slot = self.idle.pop().unwrap_or(self.calls.len() as u32);
        let latency = answered - now;
        self.out.calls.push(Sent { at, slot, first, entries: entries.len() as u32, again, latency });
        let call = Call { judged: at, entries };
        match self.calls.get_mut(slot as usize) {
            Some(free) => *free = call,
            None => self.calls.push(call),
        }
        self.sent += 1;
        self.report.calls += 1;
        self.answers.push(Reverse((answered, self.sent, slot)));
        slot
    }

    /// When the next answer comes.
    pub fn next_answer(&self) -> u64 {
        self.answers.peek().map_or(u64::MAX, |a| a.0.0)
    }

    /// The next answer: its call's slot (free from now on) and entries, refused ones marked.
    pub fn answer(&mut self) -> Option<(u32, Vec<Held>)> {
        let Reverse((_, _, slot)) = self.answers.pop()?;
        self.settle(slot);
        self.idle.push(slot);
        Some((slot, std::mem::take(&mut self.calls[slot as usize].entries)))
    }

    /// A judged call's entries are measured.
    fn settle(&mut self, slot: u32) {
        let call = &mut self.calls[slot as usize];
        for e in &mut call.entries {
            if e.refused {
                self.report.delayed += u64::from(!e.refused_before);
                e.refused_before = true;
            } else if !e.stored {
                self.report.put.add(call.judged - e.first_sent);
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
            let judged = c.judged < end;
            c.entries.iter().filter(|e| !e.stored && (!judged || e.refused)).count() as u64
        };
        self.calls.iter().map(waits).sum()
    }

    /// The run is over: what was judged and not answered is measured too.
    pub fn settle_unanswered(&mut self, end: u64) {
        for slot in 0..self.calls.len() {
            if self.calls[slot].judged < end {
                self.settle(slot as u32);
            }
        }
    }
}
