//! A lazy calendar: items by moment, first in first out at one moment.
//!
//! Items stay in one slab. Buckets of about seventeen milliseconds hold a word for each, its moment and its slot, in
//! order of arrival, and are sorted when they come up; a bitmap skips empty ones. A bucket that is used up lends its
//! memory to the next one that is begun. A shard with a thousand refusals a second then has some twenty words in
//! each, and all of it stays in a core's cache. Thousands of waiting retries cost a push and a pop each, never a
//! heap's log n.

use crate::mechanism::wide::wide;
use std::collections::BTreeMap;

const BUCKET_BITS: u32 = 24;
const RING: u64 = 512;
const WORDS: usize = (RING / 64) as usize;
/// Low bits of a word: the item's slot. Above them, its moment since the bucket's start.
const SLOT_BITS: u32 = 32;
/// From `FEWER` to `FEW` words are sorted by counting.
const FEWER: usize = 8;
const FEW: usize = 1 << FEW_BITS;
const FEW_BITS: u32 = 6;

/// Items waiting for their moments.
#[derive(Clone, Debug)]
pub struct Calendar<T> {
    /// The next item's moment, `u64::MAX` when nothing waits.
    next: u64,
    /// The opened bucket, in order of time, how many of it are gone, and its number.
    open: Vec<u64>,
    gone: usize,
    current: u64,
    /// The `RING` buckets behind the opened one (no memory before the first item), and which of them hold any.
    ring: Vec<Vec<u64>>,
    filled: [u64; WORDS],
    /// Memory of buckets that are over.
    spare: Vec<Vec<u64>>,
    /// Later than the ring reaches. Of one bucket's items, those here arrived before those in the ring.
    far: BTreeMap<u64, Vec<u64>>,
    items: Vec<T>,
    /// Slots that are free.
    free: Vec<u32>,
    len: usize,
}

impl<T> Default for Calendar<T> {
    fn default() -> Self {
        Calendar {
            next: u64::MAX,
            open: Vec::new(),
            gone: 0,
            current: 0,
            ring: Vec::new(),
            filled: [0; WORDS],
            spare: Vec::new(),
            far: BTreeMap::new(),
            items: Vec::new(),
            free: Vec::new(),
            len: 0,
        }
    }
}

impl<T: Copy> Calendar<T> {
    /// Items waiting.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Is nothing waiting?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The next item's moment, `u64::MAX` when nothing waits.
    #[inline]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The next item.
    #[inline]
    pub fn first(&mut self) -> Option<&mut T> {
        let word = self.open.get(self.gone)?;
        self.items.get_mut(*word as u32 as usize)
    }

    /// Adds an item.
    #[inline]
    pub fn push(&mut self, at: u64, item: T) {
        let slot = self.free.pop().unwrap_or(self.items.len() as u32);
        match self.items.get_mut(slot as usize) {
            Some(free) => *free = item,
            None => self.items.push(item),
        }
        self.place(at, slot);
    }

    /// Takes the next item.
    #[inline]
    pub fn pop(&mut self) -> Option<(u64, T)> {
        let at = self.next;
        let slot = self.take()?;
        self.free.push(slot);
        self.look();
        Some((at, self.items[slot as usize]))
    }

    /// The next item waits again, until `at`: the same as to take it and to add it.
    #[inline]
    pub fn postpone(&mut self, at: u64) {
        let Some(slot) = self.take() else { return };
        self.place(at, slot);
        self.look();
    }

    /// Takes everything out, in order.
    pub fn drain(&mut self) -> Vec<(u64, T)> {
        std::iter::from_fn(|| self.pop()).collect()
    }

    #[inline]
    fn take(&mut self) -> Option<u32> {
        let word = *self.open.get(self.gone)?;
        self.gone += 1;
        self.len -= 1;
        Some(word as u32)
    }

    /// What is next, after one was taken?
    #[inline]
    fn look(&mut self) {
        match self.open.get(self.gone) {
            Some(word) => self.next = (self.current << BUCKET_BITS) + (word >> SLOT_BITS),
            None => self.open_next(),
        }
    }

    #[inline]
    fn place(&mut self, at: u64, slot: u32) {
        let bucket = at >> BUCKET_BITS;
        let word = (at - (bucket << BUCKET_BITS)) << SLOT_BITS | u64::from(slot);
        self.len += 1;
        if bucket > self.current && self.len > 1 {
            self.file(bucket, word);
        } else {
            self.place_now(bucket, word);
        }
    }

    /// In the opened bucket, or in one before it, or the only one.
    fn place_now(&mut self, bucket: u64, word: u64) {
        if bucket < self.current && self.len > 1 {
            self.reopen(bucket);
        }
        if self.gone == self.open.len() {
            self.current = bucket;
            self.open.clear();
            self.gone = 0;
        }
        let before = |other: &u64| other >> SLOT_BITS <= word >> SLOT_BITS;
        let place = self.gone + self.open[self.gone..].partition_point(before);
        self.open.insert(place, word);
        self.look();
    }

    #[inline]
    fn file(&mut self, bucket: u64, word: u64) {
        let slot = (bucket % RING) as usize;
        if bucket - self.current < RING && self.is_filled(slot) {
            self.ring[slot].push(word);
        } else {
            self.file_first(bucket, word);
        }
    }

    /// A bucket's first takes the memory of one that is over; or it lies past the ring.
    fn file_first(&mut self, bucket: u64, word: u64) {
        if bucket - self.current >= RING {
            self.far.entry(bucket).or_default().push(word);
            return;
        }
        if self.ring.is_empty() {
            self.ring.resize_with(RING as usize, Vec::new);
        }
        let slot = (bucket % RING) as usize;
        self.filled[slot / 64] |= 1 << (slot % 64);
        self.ring[slot] = self.spare.pop().unwrap_or_default();
        self.ring[slot].push(word);
    }

    #[inline]
    fn is_filled(&self, slot: usize) -> bool {
        self.filled[slot / 64] >> (slot % 64) & 1 == 1
    }

    fn empty(&mut self, slot: usize) -> Vec<u64> {
        self.filled[slot / 64] &= !(1 << (slot % 64));
        std::mem::take(&mut self.ring[slot])
    }

    /// Something comes before the opened bucket: what waits in it goes back to the ring, and what then lies past the
    /// ring leaves it.
    #[cold]
    fn reopen(&mut self, bucket: u64) {
        let opened = std::mem::replace(&mut self.current, bucket);
        for passed in bucket..opened.min(bucket + RING) {
            let slot = (passed % RING) as usize;
            if self.is_filled(slot) {
                let words = self.empty(slot);
                // The first number behind the opened one that has this slot.
                let number = opened + 1 + (passed + RING - (opened + 1) % RING) % RING;
                self.far.entry(number).or_default().extend(words);
            }
        }
        for i in self.gone..self.open.len() {
            self.file(opened, self.open[i]);
        }
        self.gone = self.open.len();
    }

    /// Opens the next bucket that holds anything.
    fn open_next(&mut self) {
        self.next = u64::MAX;
        if self.len == 0 {
            return;
        }
        self.open.clear();
        self.gone = 0;
        let near = self.next_in_ring();
        let far = self.far.first_key_value().map(|(bucket, _)| *bucket);
        let Some(bucket) = near.into_iter().chain(far).min() else { return };
        self.current = bucket;
        if near == Some(bucket) {
            let words = self.empty((bucket % RING) as usize);
            self.spare.push(std::mem::replace(&mut self.open, words));
        }
        if far == Some(bucket) {
            self.open.splice(0..0, self.far.remove(&bucket).into_iter().flatten());
        }
        sort(&mut self.open);
        self.look();
    }

    fn next_in_ring(&self) -> Option<u64> {
        let start = (self.current + 1) % RING;
        for step in 0..=WORDS {
            let word = ((start / 64) as usize + step) % WORDS;
            let mut bits = self.filled[word];
            if step == 0 {
                bits &= !0 << (start % 64);
            } else if step == WORDS {
                bits &= !(!0 << (start % 64));
            }
            if bits != 0 {
                let slot = word as u64 * 64 + u64::from(bits.trailing_zeros());
                return Some(self.current + 1 + (slot + RING - start) % RING);
            }
        }
        None
    }
}

/// In order of time; at one moment the first to arrive stays first.
fn sort(words: &mut [u64]) {
    if (FEWER..=FEW).contains(&words.len()) {
        sort_few(words);
    } else {
        words.sort_by_key(|word| word >> SLOT_BITS);
    }
}

wide! {
    /// A few words find their places by counting who comes before them: more comparisons than any other way, yet
    /// none that the next step waits for or that a processor has to guess.
    fn places(keys: &[i32; FEW], n: usize, places: &mut [i32; FEW]) {
        let keys = &keys[..n.next_multiple_of(8).min(FEW)];
        for (place, key) in places.iter_mut().zip(&keys[..n.min(keys.len())]) {
            *place = keys.iter().map(|other| i32::from(other < key)).sum();
        }
    }
}

fn sort_few(words: &mut [u64]) {
    let (mut keys, mut found, mut sorted) = ([i32::MAX; FEW], [0; FEW], [0; FEW]);
    for (i, (key, word)) in keys.iter_mut().zip(&*words).enumerate() {
        // The moment has `BUCKET_BITS`; the order of arrival below it makes every key another.
        *key = ((word >> SLOT_BITS) as i32) << FEW_BITS | i as i32;
    }
    places::best(&keys, words.len(), &mut found);
    for (word, place) in words.iter().zip(found) {
        sorted[place as usize % FEW] = *word;
    }
    words.copy_from_slice(&sorted[..words.len()]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment() -> impl Strategy<Value = u64> {
        prop_oneof![0u64..30_000_000_000, (0u64..40).prop_map(|n| n * 700_000_000), 0u64..4_000_000]
    }

    proptest! {
        /// Same order as sorting by (moment, arrival), however items come, go and wait again.
        #[test]
        fn order_is_by_moment_then_arrival(ops in proptest::collection::vec((moment(), 0..3), 1..300)) {
            let mut calendar = Calendar::default();
            let mut model: BTreeMap<(u64, usize), usize> = BTreeMap::new();
            for (n, &(at, what)) in ops.iter().enumerate() {
                calendar.push(at, n);
                model.insert((at, 2 * n), n);
                let (&key, &item) = model.iter().next().unwrap();
                prop_assert_eq!(calendar.first(), Some(&mut item.clone()));
                if what > 0 {
                    model.remove(&key);
                }
                if what == 1 {
                    calendar.postpone(key.0 + at / 7);
                    model.insert((key.0 + at / 7, 2 * n + 1), item);
                } else if what == 2 {
                    prop_assert_eq!(calendar.pop(), Some((key.0, item)));
                }
                prop_assert_eq!(calendar.len(), model.len());
                prop_assert_eq!(calendar.next(), model.keys().next().map_or(u64::MAX, |k| k.0));
            }
            let rest: Vec<_> = model.into_iter().map(|((at, _), n)| (at, n)).collect();
            prop_assert_eq!(calendar.drain(), rest);
        }
    }

    #[test]
    fn a_few_words_are_sorted_like_many() {
        let mut random = 1u64;
        for n in 0..=FEW + 1 {
            let mut words = Vec::new();
            for slot in 0..n as u64 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // Many moments twice: short ones as well.
                let moment = random >> (64 - BUCKET_BITS) >> ((random >> 33) % 24);
                words.push((moment << SLOT_BITS) | (slot * 7 % 64));
            }
            let mut wanted = words.clone();
            wanted.sort_by_key(|word| word >> SLOT_BITS);
            sort(&mut words);
            assert_eq!(words, wanted, "{n} words");
        }
    }

    #[test]
    fn places_are_the_same_on_every_processor() {
        let keys = std::array::from_fn(|i| (i as i32).wrapping_mul(0x2f6_e2b1) & i32::MAX);
        for n in 0..=FEW {
            let (mut best, mut plain) = ([0; FEW], [0; FEW]);
            places::best(&keys, n, &mut best);
            places::plain(&keys, n, &mut plain);
            assert_eq!(best, plain);
        }
    }
}
