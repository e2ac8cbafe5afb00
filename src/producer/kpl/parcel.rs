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

/// User records that travel together.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Births.
    pub born: Vec<u64>,
    /// Places in hash space.
    pub position: Vec<u64>,
    /// Data bytes.
    pub data: Vec<u32>,
    /// Deadlines.
    pub deadline: Vec<u64>,
    /// Earlier attempts; empty while none of them was ever sent.
    pub past: Vec<Past>,
    size: Aggregate,
    key_bytes: u32,
    earliest: u64,
    latest: u64,
    in_order: bool,
    oldest: u64,
}

impl Default for Parcel {
    fn default() -> Parcel {
        Parcel {
            born: Vec::new(),
            position: Vec::new(),
            data: Vec::new(),
            deadline: Vec::new(),
            past: Vec::new(),
            size: Aggregate::default(),
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
        self.position[0]
    }

    /// Birth of its oldest user record: it expires first.
    pub fn oldest(&self) -> u64 {
        self.oldest
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
        self.past.resize(self.born.len(), Past::NONE);
        self.past.push(past);
    }
}

impl Container for Parcel {
    type Item = User;

    fn len(&self) -> usize {
        self.born.len()
    }

    fn item(&self, i: usize) -> User {
        User {
            born: self.born[i],
            position: self.position[i],
            data: self.data[i],
            key_bytes: self.key_bytes,
            deadline: self.deadline[i],
            past: self.past(i),
        }
    }

    fn deadline(&self, i: usize) -> u64 {
        self.deadline[i]
    }

    fn earliest(&self) -> u64 {
        self.earliest
    }

    fn in_order(&self) -> bool {
        self.in_order
    }

    #[inline]
    fn push(&mut self, user: User) {
        if user.past != Past::NONE || !self.past.is_empty() {
            self.remember(user.past);
        }
        self.born.push(user.born);
        self.position.push(user.position);
        self.data.push(user.data);
        self.deadline.push(user.deadline);
        self.key_bytes = user.key_bytes;
        self.size.add(user.data, Key { number: user.position, bytes: user.key_bytes }, None);
        self.in_order &= user.deadline >= self.latest;
        self.latest = self.latest.max(user.deadline);
        self.earliest = self.earliest.min(user.deadline);
        self.oldest = self.oldest.min(user.born);
    }

    fn clear(&mut self) {
        self.born.clear();
        self.position.clear();
        self.data.clear();
        self.deadline.clear();
        self.past.clear();
        self.size.clear();
        (self.earliest, self.latest, self.in_order, self.oldest) = (u64::MAX, 0, true, u64::MAX);
    }

    #[inline]
    fn estimated(&self) -> u64 {
        self.size.estimated()
    }

    fn accurate(&self) -> u64 {
        self.size.accurate()
    }

    fn accurate_with(&self, user: &User) -> u64 {
        self.size.accurate_with(user.data, Key { number: user.position, bytes: user.key_bytes }, None)
    }
}
