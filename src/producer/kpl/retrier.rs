//! What becomes of user records when an answer is there or does not come, when their time is over, and when the
//! process dies.

use super::collector::Collector;
use super::parcel::{Parcel, User};
use super::reducer::Container;
use super::sender::{Call, measure_put};
use super::stages::{Aggregators, Limiters};
use super::{Kpl, Slot};

/// Why a user record comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Back {
    /// It waited too long in the limiter.
    Waited,
    /// The shard refused it, or no answer came.
    Failed,
    /// It was stored on a shard that was not predicted.
    WrongShard,
}

impl Kpl {
    /// The next answer comes.
    pub(super) fn answered(&mut self) {
        let Some(number) = self.sender.take_answer() else { return };
        self.use_connections();
        let call = self.sender.take(number);
        for ready in &call.request.entries {
            let slot = std::mem::take(&mut self.parcels[ready.parcel as usize]);
            if call.failed {
                self.unanswered(&slot, &call);
            } else if slot.refused {
                self.throttled(&slot, &call);
            } else {
                self.stored(&slot, &call);
            }
            self.give_back(ready.parcel, slot);
        }
        self.sender.give_back(number, call);
    }

    /// A parcel expired in the limiter. Its oldest user record is too old; younger ones are sent again.
    pub(super) fn expired_waiting(&mut self, number: u32) {
        let slot = std::mem::take(&mut self.parcels[number as usize]);
        for i in 0..slot.parcel.len() {
            self.again(slot.parcel.item(i), Back::Waited);
        }
        self.give_back(number, slot);
    }

    fn give_back(&mut self, number: u32, mut emptied: Slot) {
        emptied.parcel.clear();
        self.parcels[number as usize] = Slot { parcel: emptied.parcel, ..Slot::default() };
        self.idle.push(number);
    }

    /// No answer: everything is sent again, whether it is stored or not.
    fn unanswered(&mut self, slot: &Slot, call: &Call) {
        let stored = slot.is_stored();
        if stored {
            measure_put(&mut self.report, &slot.parcel, call);
        } else {
            self.report.delayed += newly_failed(&slot.parcel);
        }
        for i in 0..slot.parcel.len() {
            let mut user = sent_user(&slot.parcel, i, call);
            user.past.stored |= stored;
            user.past.failed |= !stored;
            self.again(user, Back::Failed);
        }
    }

    fn throttled(&mut self, slot: &Slot, call: &Call) {
        self.report.delayed += newly_failed(&slot.parcel);
        for i in 0..slot.parcel.len() {
            let mut user = sent_user(&slot.parcel, i, call);
            user.past.failed = true;
            if self.law.fail_if_throttled {
                self.report.lost.throttled += u64::from(!user.past.stored);
                self.finish(1, user.data.into());
            } else {
                self.again(user, Back::Failed);
            }
        }
    }

    fn stored(&mut self, slot: &Slot, call: &Call) {
        let parcel = &slot.parcel;
        measure_put(&mut self.report, parcel, call);
        match (slot.predicted, slot.actual) {
            (Some(predicted), Some(actual)) if predicted != actual => {
                self.landed_elsewhere(parcel, predicted, actual, call);
            }
            _ => {
                let bytes = parcel.rows.iter().map(|row| u64::from(row.data)).sum();
                self.finish(parcel.len() as u64, bytes);
            }
        }
    }

    /// On a shard that was not predicted: user records that belong there are accepted, the others sent again.
    fn landed_elsewhere(&mut self, parcel: &Parcel, predicted: u32, actual: u32, call: &Call) {
        for i in 0..parcel.len() {
            let mut user = sent_user(parcel, i, call);
            user.past.stored = true;
            let belongs = self.law.accepts_elsewhere
                && self.shards.holds(actual, user.position, self.now) == Some(true);
            if !belongs || predicted < actual {
                self.shards.invalidate(call.begun, predicted, self.now, &self.line);
            }
            if belongs {
                self.finish(1, user.data.into());
            } else {
                self.again(user, Back::WrongShard);
            }
        }
    }

    /// A user record is sent again, unless its time is over.
    fn again(&mut self, mut user: User, why: Back) {
        let expires = self.expires(user.born);
        if self.now <= expires {
            self.report.resent_elsewhere += u64::from(why == Back::WrongShard);
            user.deadline = (self.now + self.law.hold_again).min(expires);
            self.aggregate(user);
            return;
        }
        if !user.past.stored {
            let waited = why == Back::Waited;
            self.report.lost.expired_waiting += u64::from(waited);
            self.report.lost.expired_retrying += u64::from(!waited);
        }
        self.finish(1, user.data.into());
    }

    /// Done with them, one way or another.
    fn finish(&mut self, records: u64, bytes: u64) {
        self.remember_most();
        self.records -= records;
        self.bytes -= bytes;
    }

    /// The most it ever held.
    pub(super) fn remember_most(&mut self) {
        self.report.buffered_bytes_max = self.report.buffered_bytes_max.max(self.bytes);
        self.report.buffered_records_max = self.report.buffered_records_max.max(self.records);
    }

    /// The process dies at `at`. What is on its way is judged all the same.
    pub(super) fn die(&mut self, at: u64) {
        let (over, orphans) = self.sender.die(at);
        for call in orphans {
            for ready in &self.sender.call(call).request.entries {
                self.parcels[ready.parcel as usize].orphan = true;
            }
        }
        for call in over {
            self.bury(call);
        }
        let gathered: u64 = self.aggregators.held().map(Kpl::unstored).sum();
        self.report.lost.restart += gathered;
        for number in 0..self.parcels.len() as u32 {
            let slot = &self.parcels[number as usize];
            if !slot.parcel.is_empty() && !slot.orphan {
                self.report.lost.restart += Kpl::unstored(&slot.parcel);
                let slot = std::mem::take(&mut self.parcels[number as usize]);
                self.give_back(number, slot);
            }
        }
        self.aggregators = Aggregators::new(self.law.aggregation);
        self.limiters = Limiters::new(self.law.rate_limit, self.law.depth);
        self.collector = Collector::new(self.law.collection);
        self.shards.forget();
        (self.records, self.bytes) = (0, 0);
    }

    /// Closes the books of a call whose process died.
    pub(super) fn bury(&mut self, number: u32) {
        let call = self.sender.take(number);
        for ready in &call.request.entries {
            let slot = std::mem::take(&mut self.parcels[ready.parcel as usize]);
            if slot.is_stored() {
                measure_put(&mut self.report, &slot.parcel, &call);
            } else {
                self.report.delayed += if slot.refused { newly_failed(&slot.parcel) } else { 0 };
                self.report.lost.restart += Kpl::unstored(&slot.parcel);
            }
            self.give_back(ready.parcel, slot);
        }
        self.sender.give_back(number, call);
    }
}

/// The i-th user record, with this attempt in its past.
fn sent_user(parcel: &Parcel, i: usize, call: &Call) -> User {
    let mut user = parcel.item(i);
    user.past.first_sent = user.past.first_sent.min(call.sent);
    user
}

/// User records that an attempt failed for the first time.
pub(super) fn newly_failed(parcel: &Parcel) -> u64 {
    (0..parcel.len()).filter(|i| !parcel.past(*i).failed).count() as u64
}
