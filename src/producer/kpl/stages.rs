//! From a user record to a filled call: aggregator, limiter, collector.

use super::collector::Ready;
use super::limiter::{ShardLimiter, Waiting};
use super::parcel::{Parcel, User};
use super::reducer::{Container, Limits, Reducer};
use super::{Kpl, Slot};
use crate::facts::kpl::LIMITER_ROUND;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Time between the limiters' rounds.
const ROUND: u64 = LIMITER_ROUND.dur().0;

/// One container per predicted shard, and their timers.
pub(super) struct Aggregators {
    limits: Limits,
    /// By shard id.
    reducers: Vec<Reducer<Parcel>>,
    /// (due, shard); one that is not its container's due any more is void.
    timers: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Aggregators {
    /// None yet.
    pub(super) fn new(limits: Limits) -> Aggregators {
        Aggregators { limits, reducers: Vec::new(), timers: BinaryHeap::new() }
    }

    /// One more user record for `shard`: is its container to be flushed, or has its timer moved?
    #[inline]
    fn add(&mut self, shard: u32, user: User) -> Added {
        if shard as usize >= self.reducers.len() {
            self.reducers.resize_with(shard as usize + 1, || Reducer::new(self.limits));
        }
        let reducer = &mut self.reducers[shard as usize];
        let due = reducer.due();
        if reducer.add(user) {
            Added::Full
        } else if reducer.due() < due {
            self.timers.push(Reverse((reducer.due(), shard)));
            Added::TimerMoved
        } else {
            Added::Quietly
        }
    }

    fn flush(&mut self, shard: u32, out: &mut Parcel) {
        let reducer = &mut self.reducers[shard as usize];
        reducer.flush(out);
        if reducer.due() < u64::MAX {
            self.timers.push(Reverse((reducer.due(), shard)));
        }
    }

    /// The next timer.
    pub(super) fn next(&mut self) -> u64 {
        while let Some(&Reverse((due, shard))) = self.timers.peek() {
            if self.reducers[shard as usize].due() == due {
                return due;
            }
            self.timers.pop();
        }
        u64::MAX
    }

    /// What is gathered.
    pub(super) fn held(&self) -> impl Iterator<Item = &Parcel> {
        self.reducers.iter().map(Reducer::held)
    }
}

/// What came of adding a user record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Added {
    Quietly,
    TimerMoved,
    Full,
}

/// One limiter per predicted shard.
pub(super) struct Limiters {
    percent: u64,
    depth: u64,
    /// By shard id.
    limiters: Vec<ShardLimiter>,
    /// Shards somebody waits for, in order.
    blocked: Vec<u32>,
    started: u64,
    next_round: u64,
}

impl Limiters {
    /// Full buckets everywhere.
    pub(super) fn new(percent: u64, depth: u64) -> Limiters {
        let (limiters, blocked) = (Vec::new(), Vec::new());
        Limiters { percent, depth, limiters, blocked, started: 0, next_round: u64::MAX }
    }

    /// Rounds are counted from here.
    pub(super) fn start(&mut self, now: u64) {
        self.started = now;
    }

    /// The next round in which somebody may go.
    pub(super) fn next_round(&self) -> u64 {
        self.next_round
    }

    fn of(&mut self, shard: u32) -> &mut ShardLimiter {
        if shard as usize >= self.limiters.len() {
            let full = ShardLimiter::new(self.percent, self.depth);
            self.limiters.resize(shard as usize + 1, full);
        }
        &mut self.limiters[shard as usize]
    }

    /// Notes whether somebody waits for `shard` after a round.
    fn note(&mut self, shard: u32, now: u64) {
        let waits = !self.limiters[shard as usize].is_empty();
        match (waits, self.blocked.binary_search(&shard)) {
            (true, Err(place)) => self.blocked.insert(place, shard),
            (false, Ok(place)) => drop(self.blocked.remove(place)),
            _ => {}
        }
        if self.blocked.is_empty() {
            self.next_round = u64::MAX;
        } else if self.next_round == u64::MAX {
            self.next_round = now + ROUND - (now - self.started) % ROUND;
        }
    }
}

impl Kpl {
    /// A user record enters, new or again. May something be due earlier than before?
    #[inline]
    pub(super) fn aggregate(&mut self, user: User) -> bool {
        let predicted = match self.shards.ready() {
            Some(map) if self.law.aggregate => map.shard_at(user.position),
            _ => {
                let slot = self.empty_slot();
                self.parcels[slot as usize].parcel.push(user);
                self.limit(slot, None);
                return true;
            }
        };
        let added = self.aggregators.add(predicted, user);
        if added == Added::Full {
            self.flush_aggregator(predicted);
        }
        added != Added::Quietly
    }

    /// The aggregator's next timer fires.
    pub(super) fn aggregator_due(&mut self) {
        if let Some(&Reverse((_, shard))) = self.aggregators.timers.peek() {
            self.flush_aggregator(shard);
        }
    }

    fn flush_aggregator(&mut self, shard: u32) {
        let slot = self.empty_slot();
        self.aggregators.flush(shard, &mut self.parcels[slot as usize].parcel);
        self.limit(slot, Some(shard));
    }

    fn empty_slot(&mut self) -> u32 {
        self.idle.pop().unwrap_or_else(|| {
            self.parcels.push(Slot::default());
            self.parcels.len() as u32 - 1
        })
    }

    /// A Kinesis record comes to the limiter; without a predicted shard it passes.
    fn limit(&mut self, slot: u32, predicted: Option<u32>) {
        self.parcels[slot as usize].predicted = predicted;
        let Some(shard) = predicted else { return self.collect(slot) };
        let expires = self.expires(self.parcels[slot as usize].parcel.oldest());
        let parcel = &mut self.parcels[slot as usize].parcel;
        let waiting =
            Waiting { parcel: slot, bytes: parcel.accurate() as u32, deadline: parcel.earliest(), expires };
        let now = self.now;
        let limiter = self.limiters.of(shard);
        if limiter.passes(&waiting, now) {
            return self.collect(slot);
        }
        limiter.put(waiting);
        self.round(shard);
    }

    /// Every 25 ms.
    pub(super) fn round_of_all(&mut self) {
        self.limiters.next_round = u64::MAX;
        for shard in self.limiters.blocked.clone() {
            self.round(shard);
        }
    }

    /// Who expired leaves, who may go goes on.
    fn round(&mut self, shard: u32) {
        let expired: Vec<u32> = std::iter::from_fn(|| self.limiters.of(shard).expired(self.now))
            .map(|waiting| waiting.parcel)
            .collect();
        while let Some(waiting) = self.limiters.of(shard).next(self.now) {
            self.collect(waiting.parcel);
        }
        self.limiters.note(shard, self.now);
        for slot in expired {
            self.expired_waiting(slot);
        }
    }

    /// A Kinesis record comes to the collector.
    fn collect(&mut self, slot: u32) {
        let expires = self.expires(self.parcels[slot as usize].parcel.oldest());
        let Slot { parcel, predicted, .. } = &mut self.parcels[slot as usize];
        let extended = parcel.earliest().max(self.now + self.law.extension).min(expires);
        let ready = Ready {
            parcel: slot,
            shard: *predicted,
            bytes: parcel.accurate() as u32,
            key_bytes: parcel.key_bytes(),
            deadline: if self.law.aggregate { extended } else { parcel.earliest() },
        };
        if self.collector.add(ready) {
            self.send();
        }
    }
}
