//! PutRecord and PutRecords through an AWS SDK: one client process.
//!
//! At AWS: an answer of PutRecords is 200 even when entries were refused; the SDK never sends those again, the
//! application does. A throttled PutRecord is an exception and the SDK's retry mode applies.
//! We model: records gathered by count, bytes and linger; calls limited in flight, a place held while a call
//! sleeps before its retry (a thread that waits); bounded memory; retries of failed entries or of the whole call
//! with the mode's sleeps and attempts, each retry a call of its own; the retry quota for PutRecord.
//! A call that fails as a whole (`line`) is the SDK's to retry for PutRecords too: it sleeps as after a transient error
//! and pays from the quota. Its attempts and the application's are counted together (assumed: one limit on calls).
//! The adaptive mode's limiter (`adaptive`) holds back calls and retries alike; a call that waits keeps its place.
//! A restart loses what the process holds; records that a full memory blocks wait outside it and are not lost.
//! We leave out: connection set-up, timeouts of the client's own.
//! Sources: API reference, botocore and Java SDK source code.

mod outcome;
mod waiting;

use crate::producer::adaptive::Limiter;
use crate::producer::client::{Client, Outgoing, Report, Sent};
use crate::producer::config::{OnFull, PartialFailure, PutCall, SdkConfig};
use crate::producer::demand::Columns;
use crate::producer::line::Line;
use crate::producer::retry::Quota;
use crate::random::{Seed, Stream};
use crate::record::Listing;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use waiting::Queue;

/// A record in the hands of a call.
#[derive(Clone, Copy, Debug)]
struct Entry {
    born: u64,
    position: u64,
    size: u32,
    stored: bool,
    refused_before: bool,
    /// Refused by a shard, or in a call of which nothing was judged.
    refused: bool,
}

/// A call under way or asleep.
#[derive(Clone, Debug, Default)]
struct Call {
    first_sent: u64,
    judged: u64,
    answered: u64,
    retries: u32,
    entries: u32,
    /// Entries not stored yet when it was sent.
    fresh: u32,
    /// No answer comes: all of it is sent again.
    failed: bool,
    /// What the quota was paid for this attempt.
    paid: Option<u32>,
    /// The process that sent it is dead.
    orphan: bool,
    /// Filled when an entry is refused or no answer comes: what the next attempt needs.
    kept: Vec<Entry>,
}

/// A moment in the client: answers come before sends that they make room for.
type Moment = Reverse<(u64, bool, u32, u32)>;

/// One client process.
pub struct Sdk {
    max_records: usize,
    max_bytes: u64,
    linger: u64,
    policy: PartialFailure,
    config: SdkConfig,
    line: Line,
    sleeps: Stream,
    quota: Option<Quota>,
    /// The adaptive mode's, and the calls that wait for its token.
    limiter: Option<Limiter>,
    paced: VecDeque<u32>,
    /// One record a call: a refusal is the call's, and the SDK's to retry.
    alone: bool,
    /// Born, but not yet taken over at the client's own time; used only where a full memory drops records.
    arriving: Queue,
    /// Waiting to be sent: the first `taken` of them; the others are born, but not yet taken over.
    waiting: Queue,
    taken: usize,
    /// Do records arrive in `waiting`?
    straight: bool,
    /// Largest record seen.
    largest: u64,
    waiting_bytes: u64,
    free: u32,
    idle_slots: Vec<u32>,
    calls: Vec<Call>,
    moments: BinaryHeap<Moment>,
    sequence: u32,
    now: u64,
    /// The process runs from here on.
    up_from: u64,
    orphans: u32,
    /// Nothing happens before this, unless something is born.
    due: u64,
    out: Outgoing,
    report: Report,
}

impl Sdk {
    /// The `instance`-th process of a producer.
    pub fn new(config: &SdkConfig, name: &str, instance: u32, line: Line, seed: Seed) -> Sdk {
        let path = format!("producer/{name}");
        let (max_records, max_bytes, linger) = match config.call {
            PutCall::PutRecord => (1, u64::MAX, 0),
            PutCall::PutRecords { max_records, max_bytes, linger } => {
                (max_records as usize, max_bytes.0, linger.0)
            }
        };
        let alone = config.call == PutCall::PutRecord;
        Sdk {
            max_records,
            max_bytes,
            linger,
            policy: if alone { PartialFailure::RetryFailed } else { config.on_partial_failure },
            line,
            sleeps: seed.numbered(&path, "retry_sleep", u64::from(instance)),
            quota: config.retry.quota.map(Quota::new),
            limiter: config.retry.adaptive.then(|| Limiter::new(0)),
            paced: VecDeque::new(),
            alone,
            config: config.clone(),
            arriving: Queue::default(),
            waiting: Queue::default(),
            taken: 0,
            straight: config.buffer.is_none() || config.on_full == OnFull::Block,
            largest: 0,
            waiting_bytes: 0,
            free: config.in_flight.unwrap_or(u32::MAX),
            idle_slots: Vec::new(),
            calls: Vec::new(),
            moments: BinaryHeap::new(),
            sequence: 0,
            now: 0,
            up_from: 0,
            orphans: 0,
            due: 0,
            out: Outgoing::default(),
            report: Report::default(),
        }
    }

    fn send(&mut self) {
        let sizes = &self.waiting.sizes()[..self.taken];
        let most = self.max_records.min(sizes.len());
        let mut n = 0;
        let mut bytes = 0;
        for &size in &sizes[..most] {
            if n > 0 && bytes + u64::from(size) > self.max_bytes {
                break;
            }
            bytes += u64::from(size);
            n += 1;
        }
        if n == 0 {
            return;
        }
        self.free -= 1;
        let slot = self.slot();
        let call = &mut self.calls[slot as usize];
        *call = Call { fresh: n as u32, kept: std::mem::take(&mut call.kept), ..Call::default() };
        call.kept.clear();
        let paced = self.must_wait();
        let (first, from) = (self.out.entries.len() as u32, self.waiting.front);
        let columns = &self.waiting.columns;
        if paced {
            keep(&mut self.calls[slot as usize].kept, columns, from, n);
        } else {
            self.out.entries.append_range(columns, from, from + n);
        }
        self.waiting.drop_front(n);
        self.taken -= n;
        self.waiting_bytes -= bytes;
        if paced { self.pace(slot) } else { self.dispatch(slot, first, n as u32) }
    }

    fn slot(&mut self) -> u32 {
        self.idle_slots.pop().unwrap_or_else(|| {
            self.calls.push(Call::default());
            self.calls.len() as u32 - 1
        })
    }

    /// Takes the limiter's token for a call; `true`: there is none, or others wait for it.
    fn must_wait(&mut self) -> bool {
        let Some(limiter) = &mut self.limiter else { return false };
        !self.paced.is_empty() || !limiter.take(self.now)
    }

    fn pace(&mut self, slot: u32) {
        let call = &mut self.calls[slot as usize];
        call.entries = call.kept.len() as u32;
        call.kept.iter_mut().for_each(|e| e.refused = true);
        self.paced.push_back(slot);
    }

    /// When the first call that waits for a token gets it.
    fn next_token(&self) -> u64 {
        let limiter = self.limiter.as_ref().filter(|_| !self.paced.is_empty());
        limiter.map_or(u64::MAX, |l| l.ready_at().max(self.now))
    }

    /// A token should be there.
    fn launch_paced(&mut self) {
        if self.limiter.as_mut().is_some_and(|l| l.take(self.now))
            && let Some(slot) = self.paced.pop_front()
        {
            self.launch(slot);
        }
    }

    /// Sends what a call has kept.
    fn launch(&mut self, slot: u32) {
        let first = self.out.entries.len() as u32;
        let call = &mut self.calls[slot as usize];
        for e in &mut call.kept {
            e.refused = false;
            self.out.entries.born.push(e.born);
            self.out.entries.size.push(e.size);
            self.out.entries.position.push(e.position);
        }
        let entries = call.kept.len() as u32;
        self.dispatch(slot, first, entries);
    }

    /// The entries of a call lie in `out` from `first` on: off it goes.
    fn dispatch(&mut self, slot: u32, first: u32, entries: u32) {
        let trip = self.line.send(self.now);
        self.report.calls += 1;
        self.report.failed_calls += u64::from(!trip.answered);
        let call = &mut self.calls[slot as usize];
        if call.retries == 0 {
            call.first_sent = self.now;
            self.report.buffering.add_since(self.now, &self.out.entries.born[first as usize..]);
        }
        (call.judged, call.answered) = (trip.judged.unwrap_or(self.now), trip.known);
        (call.entries, call.failed) = (entries, !trip.answered);
        if call.failed && call.kept.is_empty() {
            keep(&mut call.kept, &self.out.entries, first as usize, entries as usize);
        }
        match trip.judged {
            Some(at) => {
                let again = entries - call.fresh;
                let latency = trip.known - self.now;
                self.out.calls.push(Sent { at, slot, first, entries, again, latency });
            }
            None => {
                self.out.entries.truncate(first as usize);
                call.kept.iter_mut().for_each(|e| e.refused = true);
                self.report.unjudged += u64::from(entries);
            }
        }
        self.wake(trip.known, false, slot);
    }

    fn wake(&mut self, at: u64, asleep: bool, slot: u32) {
        self.sequence += 1;
        self.moments.push(Reverse((at, asleep, self.sequence, slot)));
    }
}

/// Notes entries `first..` of a call under way, for its next attempt.
fn keep(kept: &mut Vec<Entry>, entries: &Columns, first: usize, n: usize) {
    kept.extend((first..first + n).map(|i| Entry {
        born: entries.born[i],
        position: entries.position[i],
        size: entries.size[i],
        stored: false,
        refused_before: false,
        refused: false,
    }));
}

impl Client for Sdk {
    fn births(&mut self) -> &mut Columns {
        self.due = 0;
        if self.straight { &mut self.waiting.columns } else { &mut self.arriving.columns }
    }

    fn quiet_until(&self) -> u64 {
        self.out.next().min(self.due)
    }

    fn rests(&self, until: u64) -> bool {
        self.due >= until
    }

    fn advance(&mut self, until: u64, _: &Arc<Listing>) {
        if until <= self.up_from {
            self.due = self.up_from;
            return;
        }
        let news = [self.arriving.sizes(), &self.waiting.sizes()[self.taken..]];
        let largest = news.map(|sizes| sizes.iter().copied().max().map_or(0, u64::from));
        self.largest = self.largest.max(largest[0]).max(largest[1]);
        loop {
            let answer = self.moments.peek().map_or(u64::MAX, |m| m.0.0);
            let send = if self.free > 0 { self.next_send() } else { u64::MAX };
            let token = self.next_token();
            self.due = answer.min(send).min(token);
            if self.due >= until {
                break;
            }
            if answer <= send.min(token) {
                let Reverse((at, asleep, _, slot)) = self.moments.pop().expect("peeked");
                self.take_over(at);
                self.now = at;
                if asleep { self.resend(slot) } else { self.answered(slot) }
            } else if token <= send {
                self.take_over(token);
                self.now = token;
                self.launch_paced();
            } else {
                self.take_over_for_send(send);
                self.now = send;
                self.send();
            }
        }
        self.take_over(until);
    }

    fn outgoing(&self) -> &Outgoing {
        &self.out
    }

    fn refused(&mut self, sent: &Sent, entry: usize) -> u32 {
        let call = &mut self.calls[sent.slot as usize];
        if call.kept.is_empty() {
            keep(&mut call.kept, &self.out.entries, sent.first as usize, sent.entries as usize);
        }
        call.kept[entry].refused = true;
        u32::from(call.kept[entry].stored)
    }

    fn judged(&mut self, until: u64, _: &Arc<Listing>) {
        for i in 0..if self.orphans > 0 { self.out.calls.len() } else { 0 } {
            let Sent { at, slot, .. } = self.out.calls[i];
            if at < until && self.calls[slot as usize].orphan {
                self.orphans -= 1;
                self.bury(slot);
            }
        }
        self.out.drop_judged(until);
    }

    fn held(&self, end: u64) -> u64 {
        let waiting = self.waiting.len() + self.arriving.len();
        let on_the_way = self.out.calls.iter().filter(|c| c.at >= end);
        let on_the_way: usize = on_the_way.map(|c| self.calls[c.slot as usize].fresh as usize).sum();
        let asleep = self.calls.iter().filter(|c| c.entries > 0 && c.judged < end);
        let refused = asleep.flat_map(|c| c.kept.iter().filter(|e| e.refused && !e.stored));
        (waiting + on_the_way + refused.count()) as u64
    }

    fn restart(&mut self, at: u64, back_at: u64) {
        self.lose_memory();
        self.moments.clear();
        while let Some(slot) = self.paced.pop_front() {
            let kept = &self.calls[slot as usize].kept;
            self.report.lost.restart += kept.iter().filter(|e| !e.stored).count() as u64;
            self.release(slot);
        }
        for slot in 0..self.calls.len() {
            let call = &mut self.calls[slot];
            if call.entries == 0 || call.orphan {
                continue;
            }
            call.orphan = call.judged >= at;
            if call.orphan {
                self.orphans += 1;
            } else {
                self.bury(slot as u32);
            }
        }
        self.free = self.config.in_flight.unwrap_or(u32::MAX);
        self.quota = self.config.retry.quota.map(Quota::new);
        self.up_from = self.up_from.max(back_at);
        self.limiter = self.config.retry.adaptive.then(|| Limiter::new(self.up_from));
        (self.now, self.due) = (self.up_from, self.up_from);
    }

    fn settle_unanswered(&mut self, end: u64) {
        for call in &self.calls {
            if call.entries > 0 && call.judged < end && call.answered >= end {
                let stored = if call.kept.is_empty() {
                    u64::from(call.fresh)
                } else {
                    call.kept.iter().filter(|e| !e.refused && !e.stored).count() as u64
                };
                self.report.put.add_many(call.judged - call.first_sent, stored);
                self.report.delayed +=
                    call.kept.iter().filter(|e| e.refused && !e.refused_before).count() as u64;
            }
        }
    }

    fn buffered(&self) -> (u64, u64) {
        (self.taken as u64, self.waiting_bytes)
    }

    fn report(&self) -> &Report {
        &self.report
    }
}
