//! The size of an aggregated Kinesis record, as user records join it one by one.
//!
//! At AWS: four magic bytes, a protobuf message, 16 bytes of MD5. The message holds a table of distinct partition
//! keys, one of distinct explicit hash keys, and per user record its places in those tables and its data. A record
//! of one user is sent as it is. The KPL decides when to flush by an *estimate* and what fits by the *accurate* size.
//! We model: both to the byte; a key is known by a number (equal keys, equal numbers) and its length.
//! We leave out: tags, which nothing writes.
//! Sources: KPL `messages.proto`, `kinesis_record.cc`; developer guide, aggregation format.

/// Magic bytes and MD5 around the message.
const FRAME: u64 = 4 + 16;

/// A partition key or explicit hash key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Equal keys have equal numbers.
    pub number: u64,
    /// Its length.
    pub bytes: u32,
}

/// What user records together weigh as one Kinesis record.
#[derive(Clone, Debug, Default)]
pub struct Aggregate {
    keys: KeySet,
    hash_keys: KeySet,
    records: u64,
    first: u64,
    message: u64,
    estimate: u64,
}

impl Aggregate {
    /// User records in it.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Bytes on the wire.
    #[inline]
    pub fn accurate(&self) -> u64 {
        if self.records < 2 { self.first } else { FRAME + self.message }
    }

    /// What the KPL takes the size for while records arrive.
    #[inline]
    pub fn estimated(&self) -> u64 {
        if self.records < 2 { self.first } else { self.estimate }
    }

    /// The estimate is at most this, also while there is only one.
    #[inline]
    pub fn bound(&self) -> u64 {
        self.estimate
    }

    /// The most that one user record adds to the estimate.
    #[inline]
    pub fn most(data: u32, key_bytes: u32) -> u64 {
        u64::from(data) + 3 + 2 + u64::from(key_bytes) + 3
    }

    /// One more user record, unless it is not the first and passes `bytes` on the wire. After a refusal there is
    /// nothing more to add: the refused key has its place all the same.
    pub fn add_within(&mut self, data: u32, key: Key, bytes: u64) -> bool {
        let before = (self.records, self.message, self.estimate);
        self.add(data, key, None);
        let fits = self.records == 1 || self.accurate() <= bytes;
        if !fits {
            (self.records, self.message, self.estimate) = before;
        }
        fits
    }

    /// One more user record.
    #[inline]
    pub fn add(&mut self, data: u32, key: Key, hash_key: Option<Key>) {
        if self.records == 0 {
            self.first = u64::from(data);
        }
        self.records += 1;
        let place = self.keys.place(key.number);
        let hash_key = hash_key.map(|k| (k, self.hash_keys.place(k.number)));
        self.message += growth(data, (key, place), hash_key);
        self.estimate += u64::from(data) + 3 + estimate(key, place.1);
        if let Some((key, (_, new))) = hash_key {
            self.estimate += estimate(key, new);
        }
    }

    /// Nothing in it; the memory stays.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.hash_keys.clear();
        (self.records, self.first, self.message, self.estimate) = (0, 0, 0, 0);
    }
}

/// A key's place in its table, and whether it is new there.
type Place = (u32, bool);

/// Message bytes that one more user record adds.
#[inline]
fn growth(data: u32, key: (Key, Place), hash_key: Option<(Key, Place)>) -> u64 {
    let data = u64::from(data);
    let (table, index) = entry(key);
    let (hash_table, hash_index) = hash_key.map_or((0, 0), entry);
    let inner = index + hash_index + 1 + varint(data) + data;
    table + hash_table + 1 + varint(inner) + inner
}

/// Bytes of a key in its table, if it is new there, and of a record's reference to it.
#[inline]
fn entry((key, (index, new)): (Key, Place)) -> (u64, u64) {
    let length = u64::from(key.bytes);
    (u64::from(new) * (1 + varint(length) + length), 1 + varint(u64::from(index)))
}

#[inline]
fn estimate(key: Key, new: bool) -> u64 {
    2 + u64::from(new) * (u64::from(key.bytes) + 3)
}

/// Bytes of a number as protobuf writes it: seven bits each.
#[inline]
fn varint(n: u64) -> u64 {
    u64::from((70 - (n | 1).leading_zeros()) / 7)
}

/// Distinct keys in order of first appearance. Open addressing; a stamp empties it without touching it.
#[derive(Clone, Debug)]
struct KeySet {
    slots: Vec<Slot>,
    stamp: u32,
    len: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    number: u64,
    stamp: u32,
    index: u32,
}

impl Default for KeySet {
    fn default() -> KeySet {
        KeySet { slots: Vec::new(), stamp: 1, len: 0 }
    }
}

impl KeySet {
    /// Where the key is, or where it belongs.
    #[inline]
    fn slot_of(&self, number: u64) -> usize {
        let mask = self.slots.len() - 1;
        // Keys of one shard share their top bits: multiplication spreads the lower ones upwards.
        let mut at = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask;
        while self.slots[at].stamp == self.stamp && self.slots[at].number != number {
            at = (at + 1) & mask;
        }
        at
    }

    /// The key's place, and whether it is new.
    #[inline]
    fn place(&mut self, number: u64) -> Place {
        if self.len as usize * 2 >= self.slots.len() {
            self.grow();
        }
        let at = self.slot_of(number);
        let slot = &mut self.slots[at];
        if slot.stamp == self.stamp {
            return (slot.index, false);
        }
        *slot = Slot { number, stamp: self.stamp, index: self.len };
        self.len += 1;
        (self.len - 1, true)
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(8);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); size]);
        for slot in old.into_iter().filter(|s| s.stamp == self.stamp) {
            let at = self.slot_of(slot.number);
            self.slots[at] = slot;
        }
    }

    fn clear(&mut self) {
        self.len = 0;
        self.stamp = self.stamp.wrapping_add(1);
        if self.stamp == 0 {
            self.slots.fill(Slot::default());
            self.stamp = 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64, bytes: u32) -> Key {
        Key { number, bytes }
    }

    #[test]
    fn a_varint_grows_every_seven_bits() {
        let edges = [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (2_097_151, 3), (2_097_152, 4)];
        edges.iter().for_each(|&(n, bytes)| assert_eq!(varint(n), bytes, "{n}"));
        assert_eq!(varint(u64::MAX), 10);
    }

    #[test]
    fn one_record_is_its_data_and_two_are_wrapped() {
        let mut a = Aggregate::default();
        a.add(10, key(7, 2), None);
        assert_eq!((a.accurate(), a.estimated()), (10, 10));
        a.add(10, key(7, 2), None);
        assert_eq!((a.accurate(), a.estimated()), (56, 2 * 15 + 5));
    }

    #[test]
    fn what_does_not_fit_leaves_nothing_behind_and_clearing_forgets() {
        let (mut a, mut b, mut word) = (Aggregate::default(), Aggregate::default(), 1u64);
        for round in 0..50 {
            let limit = 100 * round;
            loop {
                word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let number = word >> 40 & 0xff;
                let (k, data) = (key(number, number as u32 % 200), (word >> 20 & 0x7ff) as u32);
                let before = (b.accurate(), b.estimated(), b.records());
                b.add(data, k, None);
                if !a.add_within(data, k, limit) {
                    assert!(b.accurate() > limit && before.2 > 0);
                    assert_eq!((a.accurate(), a.estimated(), a.records()), before);
                    break;
                }
                assert_eq!((a.accurate(), a.estimated()), (b.accurate(), b.estimated()));
                assert!(a.bound() >= a.estimated());
            }
            a.clear();
            b.clear();
            assert_eq!((a.accurate(), a.estimated(), a.records()), (0, 0, 0));
        }
    }
}
