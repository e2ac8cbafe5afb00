//! What becomes of user records when an answer is there, or their time is over.

use super::parcel::{Parcel, User};
use super::reducer::Container;
use super::sender::Call;
use super::{Kpl, Slot};
use crate::producer::client::Report;

/// Why a user record comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Back {
    /// It waited too long in the limiter.
    Waited,
    /// The shard refused it.
    Refused,
    /// It was stored on a shard that was not predicted.
    WrongShard,
}

impl Kpl {
    /// The next answer comes.
    pub(super) fn answered(&mut self) {
        let Some((number, call)) = self.sender.take_answer() else { return };
        self.use_connections();
        for ready in &call.request.entries {
            let slot = std::mem::take(&mut self.parcels[ready.parcel as usize]);
            if slot.refused {
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
        (emptied.predicted, emptied.actual, emptied.refused) = (None, None, false);
        self.parcels[number as usize] = emptied;
        self.idle.push(number);
    }

    fn throttled(&mut self, slot: &Slot, call: &Call) {
        self.report.delayed += newly_refused(&slot.parcel);
        for i in 0..slot.parcel.len() {
            let mut user = sent_user(&slot.parcel, i, call);
            user.past.refused = true;
            if self.law.fail_if_throttled {
                self.report.lost.throttled += u64::from(!user.past.stored);
                self.finish(1, user.data.into());
            } else {
                self.again(user, Back::Refused);
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
                let bytes = parcel.data.iter().map(|data| u64::from(*data)).sum();
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
                self.shards.invalidate(call.begun, predicted, self.now);
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
        let expires = user.born.saturating_add(self.law.ttl);
        if self.now <= expires {
            self.report.resent_elsewhere += u64::from(why == Back::WrongShard);
            user.deadline = (self.now + self.law.hold_again).min(expires);
            self.aggregate(user);
            return;
        }
        let lost = &mut self.report.lost;
        match (user.past.stored, why) {
            (true, _) => {}
            (false, Back::Waited) => lost.expired_waiting += 1,
            (false, Back::Refused | Back::WrongShard) => lost.expired_retrying += 1,
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
}

/// The i-th user record, with this attempt in its past.
fn sent_user(parcel: &Parcel, i: usize, call: &Call) -> User {
    let mut user = parcel.item(i);
    user.past.first_sent = user.past.first_sent.min(call.sent);
    user
}

/// User records refused for the first time.
pub(super) fn newly_refused(parcel: &Parcel) -> u64 {
    (0..parcel.len()).filter(|i| !parcel.past(*i).refused).count() as u64
}

/// First sent to stored, for user records stored for the first time.
pub(super) fn measure_put(report: &mut Report, parcel: &Parcel, call: &Call) {
    if parcel.past.is_empty() {
        return report.put.add_many(call.judged - call.sent, parcel.len() as u64);
    }
    for past in parcel.past.iter().filter(|past| !past.stored) {
        report.put.add(call.judged - past.first_sent.min(call.sent));
    }
}
