//! Calls under way: as many at once as there are connections, the others wait in line.

use super::Kpl;
use super::collector::{Ready, Request};
use super::parcel::Past;
use super::reducer::Container;
use crate::producer::client::Sent;
use crate::random::{LatencySampler, Stream};
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
    /// When its entries are judged.
    pub judged: u64,
}

/// The connections of one process.
pub(super) struct Sender {
    latency: LatencySampler,
    random: Stream,
    free: u32,
    calls: Vec<Call>,
    idle: Vec<u32>,
    line: VecDeque<u32>,
    /// (answered, number, call).
    answers: BinaryHeap<Reverse<(u64, u64, u32)>>,
    number: u64,
}

impl Sender {
    /// Nothing under way.
    pub(super) fn new(latency: LatencySampler, random: Stream, connections: u32) -> Sender {
        let (calls, idle, line) = (Vec::new(), Vec::new(), VecDeque::new());
        Sender {
            latency,
            random,
            free: connections,
            calls,
            idle,
            line,
            answers: BinaryHeap::new(),
            number: 0,
        }
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

    /// The next answer comes: its call leaves its place to the caller.
    pub(super) fn take_answer(&mut self) -> Option<(u32, Call)> {
        let Reverse((_, _, call)) = self.answers.pop()?;
        self.free += 1;
        Some((call, std::mem::take(&mut self.calls[call as usize])))
    }

    /// Its place may be used again.
    pub(super) fn give_back(&mut self, call: u32, mut emptied: Call) {
        emptied.request.clear();
        self.calls[call as usize] = emptied;
        self.idle.push(call);
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

    fn dispatch(&mut self, call: u32) {
        let Sender { latency, random, calls, answers, number, .. } = &mut self.sender;
        let at = self.now + self.law.leg;
        let answered = (self.now + latency.draw(random)).max(at);
        *number += 1;
        answers.push(Reverse((answered, *number, call)));
        let call_at = &mut calls[call as usize];
        (call_at.sent, call_at.judged) = (self.now, at);
        let first = self.out.entries.len() as u32;
        let mut again = 0;
        for i in 0..self.sender.call(call).request.entries.len() {
            let ready = self.sender.call(call).request.entries[i];
            again += self.load(ready);
        }
        let entries = self.sender.call(call).request.entries.len() as u32;
        self.report.calls += 1;
        self.out.calls.push(Sent { at, slot: call, first, entries, again, latency: answered - self.now });
    }

    /// Puts an entry on the wire; how many of its user records were stored before.
    fn load(&mut self, ready: Ready) -> u32 {
        let slot = &mut self.parcels[ready.parcel as usize];
        (slot.actual, slot.refused) = (None, false);
        let parcel = &mut slot.parcel;
        let key = if self.law.keys.counted { ready.key_bytes } else { 0 };
        self.out.entries.born.push(parcel.born[0]);
        self.out.entries.size.push(ready.bytes + key);
        self.out.entries.position.push(parcel.place());
        if self.law.aggregate {
            self.out.parcels.push(&parcel.born);
        }
        if parcel.past.is_empty() {
            self.report.buffering.add_since(self.now, &parcel.born);
            return 0;
        }
        for (past, born) in parcel.past.iter_mut().zip(&parcel.born) {
            if past.first_sent == Past::NONE.first_sent {
                past.first_sent = self.now;
                self.report.buffering.add(self.now - born);
            }
        }
        parcel.stored_before()
    }
}
