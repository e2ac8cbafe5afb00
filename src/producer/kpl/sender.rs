//! Calls under way: as many at once as there are connections, the others wait in line.

use super::Kpl;
use super::collector::{Ready, Request};
use super::parcel::{Parcel, Past, Row};
use super::reducer::Container;
use crate::measure::sink::Billed;
use crate::producer::client::{Report, Sent};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A call, from being full to its answer.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// What it holds.
    pub request: Request,
    /// When it was full: the library counts from here.
    pub begun: u64,
    /// When it got its connection.
    pub sent: u64,
    /// When its entries are judged (`None`: it did not get there).
    pub judged: Option<u64>,
    /// No answer comes.
    pub failed: bool,
    /// The process that sent it is dead.
    pub orphan: bool,
}

/// The connections of one process.
#[derive(Default)]
pub(super) struct Sender {
    connections: u32,
    free: u32,
    calls: Vec<Call>,
    idle: Vec<u32>,
    line: VecDeque<u32>,
    /// (answered, number, call).
    answers: BinaryHeap<Reverse<(u64, u64, u32)>>,
    number: u64,
    /// Calls under way whose process is dead.
    pub orphans: u32,
}

impl Sender {
    /// Nothing under way.
    pub(super) fn new(connections: u32) -> Sender {
        Sender { connections, free: connections, ..Sender::default() }
    }

    /// The next answer.
    pub(super) fn next_answer(&self) -> u64 {
        self.answers.peek().map_or(u64::MAX, |answer| answer.0.0)
    }

    /// A call.
    pub(super) fn call(&self, call: u32) -> &Call {
        &self.calls[call as usize]
    }

    /// Which parcel an entry of a call is.
    pub(super) fn parcel(&self, call: u32, entry: usize) -> u32 {
        self.calls[call as usize].request.entries[entry].parcel
    }

    /// Calls sent whose answers have not come.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = u32> {
        self.answers.iter().map(|answer| answer.0.2)
    }

    fn empty_call(&mut self) -> u32 {
        self.idle.pop().unwrap_or_else(|| {
            self.calls.push(Call::default());
            self.calls.len() as u32 - 1
        })
    }

    /// The next answer comes, and its connection is free.
    pub(super) fn take_answer(&mut self) -> Option<u32> {
        let Reverse((_, _, call)) = self.answers.pop()?;
        self.free += 1;
        Some(call)
    }

    /// A call leaves its place to the caller.
    pub(super) fn take(&mut self, call: u32) -> Call {
        std::mem::take(&mut self.calls[call as usize])
    }

    /// Its place may be used again.
    pub(super) fn give_back(&mut self, call: u32, mut emptied: Call) {
        emptied.request.clear();
        self.calls[call as usize] = Call { request: emptied.request, ..Call::default() };
        self.idle.push(call);
    }

    /// The process died at `at`, and nobody waits any more. Calls that are over, and orphans still to be judged.
    pub(super) fn die(&mut self, at: u64) -> (Vec<u32>, Vec<u32>) {
        let mut orphans = Vec::new();
        let mut over: Vec<u32> = self.line.drain(..).collect();
        for Reverse((_, _, call)) in std::mem::take(&mut self.answers) {
            let sent = &mut self.calls[call as usize];
            sent.orphan = sent.judged.is_some_and(|judged| judged >= at);
            if sent.orphan { orphans.push(call) } else { over.push(call) }
        }
        self.free = self.connections;
        self.orphans += orphans.len() as u32;
        (over, orphans)
    }
}

impl Kpl {
    /// What the collector lets go becomes a call.
    pub(super) fn send(&mut self) {
        let call = self.sender.empty_call();
        let filled = &mut self.sender.calls[call as usize];
        self.collector.flush(&mut filled.request);
        filled.begun = self.now;
        self.sender.line.push_back(call);
        self.use_connections();
    }

    /// Calls in line go out while there are connections.
    pub(super) fn use_connections(&mut self) {
        while self.sender.free > 0
            && let Some(call) = self.sender.line.pop_front()
        {
            self.sender.free -= 1;
            self.dispatch(call);
        }
    }

    fn dispatch(&mut self, number: u32) {
        let trip = self.line.send(self.now);
        self.report.calls += 1;
        self.report.failed_calls += u64::from(!trip.answered);
        self.sender.number += 1;
        self.sender.answers.push(Reverse((trip.known, self.sender.number, number)));
        let call = &mut self.sender.calls[number as usize];
        (call.sent, call.judged, call.failed) = (self.now, trip.judged, !trip.answered);
        let first = self.out.entries.len() as u32;
        let mut again = 0;
        for i in 0..self.sender.call(number).request.entries.len() {
            let ready = self.sender.call(number).request.entries[i];
            again += self.note_sent(ready.parcel);
            match trip.judged {
                Some(_) => self.load(ready),
                None => self.report.unjudged += self.parcels[ready.parcel as usize].parcel.len() as u64,
            }
        }
        if let Some(at) = trip.judged {
            let entries = self.out.entries.len() as u32 - first;
            let latency = trip.known - self.now;
            self.out.calls.push(Sent { at, slot: number, first, entries, again, latency });
        }
    }

    /// The user records of a parcel are sent; how many of them were stored before.
    fn note_sent(&mut self, slot: u32) -> u32 {
        let slot = &mut self.parcels[slot as usize];
        (slot.actual, slot.refused) = (None, false);
        let parcel = &mut slot.parcel;
        if parcel.past.is_empty() {
            self.births.clear();
            self.births.extend(parcel.births());
            self.report.buffering.add_since(self.now, &self.births);
            return 0;
        }
        for (past, Row { born, .. }) in parcel.past.iter_mut().zip(&parcel.rows) {
            if past.first_sent == Past::NONE.first_sent {
                past.first_sent = self.now;
                self.report.buffering.add(self.now - born);
            }
        }
        parcel.stored_before()
    }

    /// Counts what a judged Kinesis record costs, if it was stored, and what its user records would cost one by one.
    pub(super) fn bill(&mut self, ready: Ready) {
        let slot = &self.parcels[ready.parcel as usize];
        let (Some(packing), false) = (&mut self.report.packing, slot.refused) else { return };
        self.sizes.clear();
        self.sizes.extend(slot.parcel.rows.iter().map(|row| row.data));
        packing.count(Billed::one(ready.bytes, 0), Billed::all(&self.sizes, 0).0);
    }

    /// Puts an entry on the wire.
    fn load(&mut self, ready: Ready) {
        let parcel = &self.parcels[ready.parcel as usize].parcel;
        let key = if self.law.keys.counted { ready.key_bytes } else { 0 };
        self.out.entries.born.push(parcel.rows[0].born);
        self.out.entries.size.push(ready.bytes + key);
        self.out.entries.position.push(parcel.place());
        if self.law.aggregate {
            self.out.parcels.births.extend(parcel.births());
            self.out.parcels.ends.push(self.out.parcels.births.len() as u32);
        }
    }
}

/// First sent to stored, for user records stored for the first time.
pub(super) fn measure_put(report: &mut Report, parcel: &Parcel, call: &Call) {
    let Some(judged) = call.judged else { return };
    if parcel.past.is_empty() {
        return report.put.add_many(judged - call.sent, parcel.len() as u64);
    }
    for past in parcel.past.iter().filter(|past| !past.stored) {
        report.put.add(judged - past.first_sent.min(call.sent));
    }
}
