//! PutRecord and PutRecords through an AWS SDK, on cohorts: calls stay events, each carries so many records to each
//! shard.
//!
//! The rules are those of `producer/sdk` (gathering, places in flight, retries, quota); its line, sleeps and tokens
//! are the same machines, with the same named streams. A record is not told from the others of its call and shard.

use super::demand::SizeMeans;
use super::together::share;
use crate::measure::lost::Lost;
use crate::mechanism::histogram::Histogram;
use crate::mechanism::ramps::Ramps;
use crate::producer::config::{OnFull, PartialFailure, PutCall, SdkConfig};
use crate::producer::line::Line;
use crate::producer::retry::{Attempt, Quota};
use crate::random::{Seed, Stream};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Records of one call that go to one shard and have the same past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Shard.
    pub shard: u32,
    /// Records.
    pub n: u64,
    /// Stored by an earlier attempt.
    pub again: bool,
    /// Refused, or in a call of which nothing was judged, before.
    pub refused_before: bool,
    /// Born from, until.
    pub born: (u64, u64),
}

/// A call under way or asleep.
#[derive(Clone, Debug, Default)]
pub struct Call {
    first_sent: u64,
    judged: u64,
    retries: u32,
    /// Records, and those of them not stored before.
    entries: u64,
    fresh: u64,
    /// Born from, until.
    pub born: (u64, u64),
    failed: bool,
    paid: Option<u32>,
    /// What the next attempt carries; empty for a first attempt until it is dealt.
    pub groups: Vec<Group>,
    /// Refused groups and stored ones of the attempt that was judged last.
    pub refused: Vec<Group>,
    stored: Vec<Group>,
    live: bool,
}

/// A call to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sent {
    /// When.
    pub at: u64,
    /// The process.
    pub client: u32,
    /// Its call.
    pub slot: u32,
    /// Send to answer.
    pub latency: u64,
}

/// Births that wait: born evenly over a time.
#[derive(Clone, Copy, Debug)]
struct Births {
    from: u64,
    to: u64,
    n: u64,
}

/// What a process counted.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Calls sent; those without an answer.
    pub calls: u64,
    /// Failed as a whole.
    pub failed_calls: u64,
    /// Records in calls of which nothing was judged.
    pub unjudged: u64,
    /// Refused or failed at least once.
    pub delayed: u64,
    /// Given up.
    pub lost: Lost,
    /// Born to first sent.
    pub buffering: Ramps,
    /// First sent to stored.
    pub put: Histogram,
    /// Most records waiting.
    pub waiting_max: u64,
}

/// One client process.
pub struct Caller {
    config: SdkConfig,
    max_records: u64,
    linger: u64,
    policy: PartialFailure,
    alone: bool,
    line: Line,
    sleeps: Stream,
    quota: Option<Quota>,
    waiting: VecDeque<Births>,
    waits: u64,
    /// Records that its memory holds at most.
    holds: u64,
    free: u32,
    idle: Vec<u32>,
    calls: Vec<Call>,
    moments: BinaryHeap<Reverse<(u64, bool, u32, u32)>>,
    sequence: u32,
    now: u64,
    /// Sent and not judged, in order.
    pub out: VecDeque<Sent>,
    index: u32,
    /// Counters.
    pub report: Report,
}

impl Caller {
    /// The `index`-th process of a producer.
    pub fn new(
        config: &SdkConfig,
        sizes: &SizeMeans,
        name: &str,
        index: u32,
        line: Line,
        seed: Seed,
    ) -> Caller {
        let mean = (sizes.bytes >> super::demand::SIZE_BITS).max(1);
        let (max_records, linger) = match config.call {
            PutCall::PutRecord => (1, 0),
            // A call is full by bytes when it holds so many records of the mean size.
            PutCall::PutRecords { max_records, max_bytes, linger } => {
                (u64::from(max_records).min(max_bytes.0 / mean).max(1), linger.0)
            }
        };
        let alone = config.call == PutCall::PutRecord;
        Caller {
            max_records,
            linger,
            policy: if alone { PartialFailure::RetryFailed } else { config.on_partial_failure },
            alone,
            line,
            sleeps: seed.numbered(&format!("producer/{name}"), "retry_sleep", index.into()),
            quota: config.retry.quota.map(Quota::new),
            waiting: VecDeque::new(),
            waits: 0,
            holds: config.buffer.map_or(u64::MAX, |b| b.0 / mean),
            free: config.in_flight.unwrap_or(u32::MAX),
            idle: Vec::new(),
            calls: Vec::new(),
            moments: BinaryHeap::new(),
            sequence: 0,
            now: 0,
            out: VecDeque::new(),
            index,
            report: Report::default(),
            config: config.clone(),
        }
    }

    /// `n` records are born evenly over `[from, to)`; `word` places the first of them.
    pub fn births(&mut self, from: u64, to: u64, mut n: u64, word: u64) {
        if self.config.on_full == OnFull::Drop {
            let room = self.holds.saturating_sub(self.waits);
            self.report.lost.full += n.saturating_sub(room);
            n = n.min(room);
        }
        if n == 0 {
            return;
        }
        // The first of n lies at 1/(n + 1) on average.
        let early = share((to - from) * 2 / (n + 1), word >> 32, 1 << 32);
        let last = to - share((to - from) * 2 / (n + 1), word & 0xffff_ffff, 1 << 32);
        let first = from + early;
        let last = if n == 1 { first } else { last.max(first + 1) };
        self.waiting.push_back(Births { from: first, to: last, n });
        self.waits += n;
        self.report.waiting_max = self.report.waiting_max.max(self.waits.min(self.holds));
    }

    /// When the `k`-th waiting record (from 0) is born.
    fn birth(&self, k: u64) -> Option<u64> {
        let mut before = 0;
        for b in &self.waiting {
            if k < before + b.n {
                let (place, gaps) = (k - before, (b.n - 1).max(1));
                return Some(b.from + share(b.to - b.from, place, gaps));
            }
            before += b.n;
        }
        None
    }

    fn next_send(&self) -> u64 {
        let Some(first) = self.waiting.front().map(|b| b.from) else { return u64::MAX };
        let lingered = first.saturating_add(self.linger);
        let full = if self.waits >= self.max_records && lingered > self.now {
            self.birth(self.max_records - 1).unwrap_or(u64::MAX)
        } else {
            u64::MAX
        };
        full.min(lingered).max(self.now)
    }

    /// Plays the process up to `until`.
    pub fn advance(&mut self, until: u64) {
        loop {
            let answer = self.moments.peek().map_or(u64::MAX, |m| m.0.0);
            let send = if self.free > 0 { self.next_send() } else { u64::MAX };
            if answer.min(send) >= until {
                return;
            }
            if answer <= send {
                let Some(Reverse((at, asleep, _, slot))) = self.moments.pop() else { return };
                self.now = at;
                if asleep { self.resend(slot) } else { self.answered(slot) }
            } else {
                self.now = send;
                self.send();
            }
        }
    }

    /// Takes records born by now, up to a call's size.
    fn send(&mut self) {
        let (mut n, mut born) = (0, (u64::MAX, 0));
        while let Some(b) = self.waiting.front_mut().filter(|b| n < self.max_records && b.from <= self.now) {
            let by_now = if self.now >= b.to {
                b.n
            } else {
                1 + share(b.n - 1, self.now - b.from, (b.to - b.from).max(1))
            };
            let k = by_now.min(self.max_records - n).min(b.n);
            let last = b.from + share(b.to - b.from, k - 1, (b.n - 1).max(1));
            born = (born.0.min(b.from), born.1.max(last));
            n += k;
            if k == b.n {
                self.waiting.pop_front();
            } else {
                b.from += share(b.to - b.from, k, (b.n - 1).max(1));
                b.n -= k;
                if by_now < b.n + k {
                    break;
                }
            }
        }
        self.waits -= n;
        self.free -= 1;
        let slot = self.idle.pop().unwrap_or_else(|| {
            self.calls.push(Call::default());
            self.calls.len() as u32 - 1
        });
        let call = &mut self.calls[slot as usize];
        let (mut groups, mut refused, mut stored) = (
            std::mem::take(&mut call.groups),
            std::mem::take(&mut call.refused),
            std::mem::take(&mut call.stored),
        );
        groups.clear();
        refused.clear();
        stored.clear();
        let first_sent = self.now;
        *call = Call {
            first_sent,
            entries: n,
            fresh: n,
            born,
            groups,
            refused,
            stored,
            live: true,
            ..Call::default()
        };
        self.report.buffering.add(self.now.saturating_sub(born.1), self.now.saturating_sub(born.0), n);
        self.dispatch(slot);
    }

    fn dispatch(&mut self, slot: u32) {
        let trip = self.line.send(self.now);
        self.report.calls += 1;
        self.report.failed_calls += u64::from(!trip.answered);
        let call = &mut self.calls[slot as usize];
        call.failed = !trip.answered;
        call.judged = trip.judged.unwrap_or(self.now);
        call.refused.clear();
        call.stored.clear();
        match trip.judged {
            Some(at) => {
                let latency = trip.known - self.now;
                self.out.push_back(Sent { at, client: self.index, slot, latency });
            }
            None => {
                self.report.unjudged += call.entries;
                call.refused.append(&mut call.groups);
            }
        }
        self.wake(trip.known, false, slot);
    }

    fn wake(&mut self, at: u64, asleep: bool, slot: u32) {
        self.sequence += 1;
        self.moments.push(Reverse((at, asleep, self.sequence, slot)));
    }

    /// A call that is being judged: `None` in its groups means that its records are still to be dealt to shards.
    pub fn judge(&mut self, slot: u32) -> &mut Call {
        &mut self.calls[slot as usize]
    }

    fn answered(&mut self, slot: u32) {
        let call = &mut self.calls[slot as usize];
        let stored: u64 = call.stored.iter().filter(|g| !g.again).map(|g| g.n).sum();
        self.report.put.add_many(call.judged - call.first_sent, stored);
        // A call that never got there, before its records were dealt: all of it.
        let undealt = call.failed && call.refused.is_empty() && call.stored.is_empty();
        if !call.failed && call.refused.is_empty() {
            if let Some(quota) = &mut self.quota {
                quota.success(call.paid);
            }
            return self.finish(slot);
        }
        if undealt {
            self.report.delayed += if call.retries == 0 { call.fresh } else { 0 };
        }
        for group in &mut call.refused {
            self.report.delayed += if group.refused_before { 0 } else { group.n };
            group.refused_before = true;
        }
        let missing: u64 =
            if undealt { call.fresh } else { call.refused.iter().filter(|g| !g.again).map(|g| g.n).sum() };
        self.retry_or_give_up(slot, missing);
    }

    fn retry_or_give_up(&mut self, slot: u32, missing: u64) {
        let call = &mut self.calls[slot as usize];
        let attempt = Attempt { retries: call.retries, failed: call.failed, alone: self.alone };
        match self.config.retry.follow(attempt, self.policy, self.quota.as_mut(), &mut self.sleeps) {
            Ok(retry) => {
                call.paid = retry.paid;
                self.wake(self.now + retry.sleep, true, slot);
            }
            Err(loss) => {
                *loss(&mut self.report.lost) += missing;
                self.finish(slot);
            }
        }
    }

    fn resend(&mut self, slot: u32) {
        let policy = self.policy;
        let call = &mut self.calls[slot as usize];
        call.groups.clear();
        call.groups.append(&mut call.refused);
        if policy == PartialFailure::RetryAll || call.failed {
            call.groups.extend(call.stored.drain(..).map(|g| Group {
                again: true,
                refused_before: true,
                ..g
            }));
        }
        call.retries += 1;
        if !call.groups.is_empty() {
            call.entries = call.groups.iter().map(|g| g.n).sum();
            call.fresh = call.groups.iter().filter(|g| !g.again).map(|g| g.n).sum();
        }
        self.dispatch(slot);
    }

    fn finish(&mut self, slot: u32) {
        self.calls[slot as usize].live = false;
        self.idle.push(slot);
        self.free = self.free.saturating_add(1);
    }

    /// Records in its hands that are not stored.
    pub fn held(&self, end: u64) -> u64 {
        let live = self.calls.iter().filter(|c| c.live);
        let in_calls = live.map(|c| {
            let refused: u64 = c.refused.iter().filter(|g| !g.again).map(|g| g.n).sum();
            let judged = c.judged < end && !(c.stored.is_empty() && c.refused.is_empty());
            if judged { refused } else { c.fresh }
        });
        self.waits + in_calls.sum::<u64>()
    }

    /// The run is over: what was judged but not answered is measured too.
    pub fn settle_unanswered(&mut self) {
        for call in self.calls.iter().filter(|c| c.live) {
            let stored: u64 = call.stored.iter().filter(|g| !g.again).map(|g| g.n).sum();
            self.report.put.add_many(call.judged - call.first_sent, stored);
            self.report.delayed +=
                call.refused.iter().filter(|g| !g.refused_before).map(|g| g.n).sum::<u64>();
        }
    }

    /// Records that wait in its memory.
    pub fn buffered(&self) -> u64 {
        self.waits.min(self.holds)
    }
}

impl Call {
    /// Records to be dealt to shards: a first attempt, or one whose earlier ones never got there.
    pub fn undealt(&self) -> u64 {
        if self.groups.is_empty() { self.fresh } else { 0 }
    }

    /// Has an earlier attempt failed before its records were dealt?
    pub fn failed_before(&self) -> bool {
        self.retries > 0
    }

    /// Of a group, so many were stored, and the others refused: entries are judged in order, the oldest first. The
    /// births of those stored.
    pub fn settle(&mut self, group: Group, stored: u64) -> (u64, u64) {
        let between = group.born.0 + share(group.born.1 - group.born.0, stored, group.n);
        let (first, last) = ((group.born.0, between), (between, group.born.1));
        if stored > 0 {
            self.stored.push(Group { n: stored, born: first, ..group });
        }
        if stored < group.n {
            self.refused.push(Group { n: group.n - stored, born: last, ..group });
        }
        first
    }
}
