//! A Kinesis record in the KPL's hands: its user records as columns.

use super::aggregate::{Aggregate, Key};
use super::reducer::Container;
use crate::facts::producers::AGGREGATE_KEY_BYTES;

/// A user record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// When it was born.
    pub born: u64,
    /// Top 64 bits of its key's hash; equal keys have equal ones.
    pub position: u64,
    /// Data bytes.
    pub data: u32,
    /// Bytes of its partition key.
    pub key_bytes: u32,
    /// When it must go on.
    pub deadline: u64,
    /// What happened to it before.
    pub past: Past,
}

/// What happened to a user record on earlier attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// First sent (`u64::MAX`: never).
    pub first_sent: u64,
    /// Stored already: another copy is a duplicate.
    pub stored: bool,
    /// An attempt was refused, or got lost.
    pub failed: bool,
}

impl Past {
    /// Never sent.
    pub const NONE: Past = Past { first_sent: u64::MAX, stored: false, failed: false };
}

/// A user record as it lies in a parcel: what an arrival writes is one place in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// When it was born.
    pub born: u64,
    /// Top 64 bits of its key's hash.
    pub position: u64,
    /// When it must go on.
    pub deadline: u64,
    /// Data bytes.
    pub data: u32,
}

/// User records that travel together.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// In order of arrival.
    pub rows: Vec<Row>,
    /// Earlier attempts; empty while none of them was ever sent.
    pub past: Vec<Past>,
    /// What the first `sized` of them weigh. The keys of the others are looked up when it matters, all at once.
    size: Aggregate,
    sized: usize,
    /// The estimated size is at most this.
    bound: u64,
    key_bytes: u32,
    earliest: u64,
    latest: u64,
    in_order: bool,
    oldest: u64,
}

impl Default for Parcel {
    fn default() -> Parcel {
        Parcel {
            rows: Vec::new(),
            past: Vec::new(),
            size: Aggregate::default(),
            sized: 0,
            bound: 0,
            key_bytes: 0,
            earliest: u64::MAX,
            latest: 0,
            in_order: true,
            oldest: u64::MAX,
        }
    }
}

/// The partition key of an aggregated record is the letter `a`.
const WRAPPED_KEY_BYTES: u32 = AGGREGATE_KEY_BYTES.bytes().0 as u32;

impl Parcel {
    /// Bytes of the partition key it is sent with.
    pub fn key_bytes(&self) -> u32 {
        if self.len() > 1 { WRAPPED_KEY_BYTES } else { self.key_bytes }
    }

    /// The place in hash space it is sent to: its first user record's.
    pub fn place(&self) -> u64 {
        self.rows[0].position
    }

    /// Birth of its oldest user record: it expires first.
    pub fn oldest(&self) -> u64 {
        self.oldest
    }

    /// Births, in order of arrival.
    pub fn births(&self) -> impl ExactSizeIterator<Item = u64> {
        self.rows.iter().map(|row| row.born)
    }

    /// What happened to the i-th user record before.
    pub fn past(&self, i: usize) -> Past {
        self.past.get(i).copied().unwrap_or(Past::NONE)
    }

    /// User records that an earlier attempt stored.
    pub fn stored_before(&self) -> u32 {
        self.past.iter().filter(|past| past.stored).count() as u32
    }

    #[cold]
    fn remember(&mut self, past: Past) {
        self.past.resize(self.rows.len(), Past::NONE);
        self.past.push(past);
    }

    #[inline]
    fn write(&mut self, user: User) {
        if user.past != Past::NONE || !self.past.is_empty() {
            self.remember(user.past);
        }
        let User { born, position, data, key_bytes, deadline, .. } = user;
        self.rows.push(Row { born, position, deadline, data });
        self.key_bytes = key_bytes;
        self.in_order &= deadline >= self.latest;
        self.latest = self.latest.max(deadline);
        self.earliest = self.earliest.min(deadline);
        self.oldest = self.oldest.min(born);
    }

    /// Looks up the keys that were not yet.
    fn weigh(&mut self) {
        for row in &self.rows[self.sized..] {
            self.size.add(row.data, Key { number: row.position, bytes: self.key_bytes }, None);
        }
        self.sized = self.rows.len();
        self.bound = self.size.bound();
    }
}

impl Container for Parcel {
    type Item = User;

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn item(&self, i: usize) -> User {
        let Row { born, position, deadline, data } = self.rows[i];
        User { born, position, data, key_bytes: self.key_bytes, deadline, past: self.past(i) }
    }

    fn deadline(&self, i: usize) -> u64 {
        self.rows[i].deadline
    }

    fn earliest(&self) -> u64 {
        self.earliest
    }

    fn in_order(&self) -> bool {
        self.in_order
    }

    #[inline]
    fn push(&mut self, user: User) {
        self.write(user);
        self.bound += Aggregate::most(user.data, user.key_bytes);
    }

    fn push_within(&mut self, user: User, bytes: u64) -> bool {
        let key = Key { number: user.position, bytes: user.key_bytes };
        if !self.size.add_within(user.data, key, bytes) {
            return false;
        }
        self.write(user);
        self.sized += 1;
        true
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.past.clear();
        self.size.clear();
        (self.sized, self.bound) = (0, 0);
        (self.earliest, self.latest, self.in_order, self.oldest) = (u64::MAX, 0, true, u64::MAX);
    }

    #[inline]
    fn is_estimated_at(&mut self, bytes: u64) -> bool {
        if self.bound < bytes {
            return false;
        }
        self.weigh();
        self.size.estimated() >= bytes
    }

    fn accurate(&mut self) -> u64 {
        if let [alone] = self.rows[..] {
            return alone.data.into();
        }
        self.weigh();
        self.size.accurate()
    }
}
