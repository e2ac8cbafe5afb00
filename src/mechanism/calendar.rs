//! A lazy calendar: items by moment, first in first out at one moment.
//!
//! Items stay in one slab; buckets of about four milliseconds are chains through it, newest first, and a bucket is
//! sorted when it comes up; a bitmap skips empty ones. A shard with a thousand refusals a second then has five or
//! six in each, and all that a push touches stays in a core's first cache. Thousands of waiting retries cost a
//! push and a pop each, never a heap's log n.

use std::cmp::Reverse;
use std::collections::BTreeMap;

const BUCKET_BITS: u32 = 22;
const RING: u64 = 2048;
const WORDS: usize = (RING / 64) as usize;
/// The end of a chain.
const NONE: u32 = u32::MAX;

/// Where an item waits: its moment, and the item filed before it in the same bucket.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: u64,
    below: u32,
}

/// Items waiting for their moments.
#[derive(Clone, Debug)]
pub struct Calendar<T> {
    /// The opened bucket, latest first: the next item is at the end. Never empty while something waits.
    open: Vec<(u64, u32)>,
    /// Number of the opened bucket; everything in the ring lies in the `RING` buckets behind it.
    current: u64,
    /// The newest item of each bucket (no memory before the first), and which have any.
    ring: Vec<u32>,
    filled: Vec<u64>,
    in_ring: usize,
    /// Later than the ring reaches, in order of arrival. Of one bucket's items, those here arrived first.
    far: BTreeMap<u64, Vec<u32>>,
    places: Vec<Place>,
    items: Vec<T>,
    /// Slots that are free.
    free: Vec<u32>,
    len: usize,
}

impl<T> Default for Calendar<T> {
    fn default() -> Self {
        Calendar {
            open: Vec::new(),
            current: 0,
            ring: Vec::new(),
            filled: Vec::new(),
            in_ring: 0,
            far: BTreeMap::new(),
            places: Vec::new(),
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
        self.open.last().map_or(u64::MAX, |e| e.0)
    }

    /// The next item.
    #[inline]
    pub fn first(&mut self) -> Option<&mut T> {
        let (_, slot) = *self.open.last()?;
        self.items.get_mut(slot as usize)
    }

    /// Adds an item.
    #[inline]
    pub fn push(&mut self, at: u64, item: T) {
        let slot = self.free.pop().unwrap_or(self.items.len() as u32);
        if slot as usize == self.items.len() {
            self.items.push(item);
            self.places.push(Place { at, below: NONE });
        } else {
            self.items[slot as usize] = item;
        }
        self.place(at, slot);
    }

    /// Takes the next item.
    #[inline]
    pub fn pop(&mut self) -> Option<(u64, T)> {
        let &(at, slot) = self.open.last()?;
        self.skip();
        Some((at, self.items[slot as usize]))
    }

    /// Takes the next item, unseen.
    #[inline]
    pub fn skip(&mut self) {
        let Some((_, slot)) = self.open.pop() else { return };
        self.len -= 1;
        self.free.push(slot);
        if self.open.is_empty() && self.len > 0 {
            self.open_next();
        }
    }

    /// The next item waits again, until `at`: the same as to take it and to add it.
    #[inline]
    pub fn postpone(&mut self, at: u64) {
        let Some((_, slot)) = self.open.pop() else { return };
        self.len -= 1;
        self.place(at, slot);
        if self.open.is_empty() {
            self.open_next();
        }
    }

    /// Takes everything out, in order.
    pub fn drain(&mut self) -> Vec<(u64, T)> {
        std::iter::from_fn(|| self.pop()).collect()
    }

    #[inline]
    fn place(&mut self, at: u64, slot: u32) {
        let bucket = at >> BUCKET_BITS;
        self.places[slot as usize].at = at;
        self.len += 1;
        if bucket > self.current && self.len > 1 {
            self.file(bucket, slot);
        } else if bucket == self.current || self.len == 1 {
            self.current = bucket;
            let behind = self.open.partition_point(|e| e.0 > at);
            self.open.insert(behind, (at, slot));
        } else {
            self.reopen_at(bucket, slot);
        }
    }

    #[inline]
    fn file(&mut self, bucket: u64, slot: u32) {
        if bucket - self.current >= RING || self.ring.is_empty() {
            return self.file_far(bucket, slot);
        }
        let head = (bucket % RING) as usize;
        self.places[slot as usize].below = std::mem::replace(&mut self.ring[head], slot);
        self.filled[head / 64] |= 1 << (head % 64);
        self.in_ring += 1;
    }

    /// Past the ring, or the first item that needs one.
    #[cold]
    fn file_far(&mut self, bucket: u64, slot: u32) {
        if self.ring.is_empty() {
            self.ring.resize(RING as usize, NONE);
            self.filled.resize(WORDS, 0);
        }
        if bucket - self.current >= RING {
            self.far.entry(bucket).or_default().push(slot);
        } else {
            self.file(bucket, slot);
        }
    }

    /// An item earlier than the opened bucket: everything is filed again behind the new one. Rare.
    #[cold]
    fn reopen_at(&mut self, bucket: u64, slot: u32) {
        let mut waiting = std::mem::take(&mut self.open);
        for head in 0..self.ring.len() {
            self.unchain(head, &mut waiting);
        }
        self.current = bucket;
        // Of one moment the oldest comes last, and is to be filed first.
        for (at, slot) in waiting.into_iter().rev() {
            self.file(at >> BUCKET_BITS, slot);
        }
        self.open.push((self.places[slot as usize].at, slot));
    }

    /// Takes a bucket out of the ring, newest first.
    #[inline]
    fn unchain(&mut self, head: usize, to: &mut Vec<(u64, u32)>) {
        let mut slot = std::mem::replace(&mut self.ring[head], NONE);
        self.filled[head / 64] &= !(1 << (head % 64));
        while slot != NONE {
            let Place { at, below } = self.places[slot as usize];
            to.push((at, slot));
            self.in_ring -= 1;
            slot = below;
        }
    }

    /// Opens the next bucket that holds anything.
    fn open_next(&mut self) {
        let near = (self.in_ring > 0).then(|| self.next_in_ring());
        let far = self.far.first_key_value().map(|(bucket, _)| *bucket);
        let Some(bucket) = near.into_iter().chain(far).min() else { return };
        self.current = bucket;
        let mut open = std::mem::take(&mut self.open);
        if near == Some(bucket) {
            self.unchain((bucket % RING) as usize, &mut open);
        }
        if far == Some(bucket) {
            let slots = self.far.remove(&bucket).into_iter().flatten().rev();
            open.extend(slots.map(|slot| (self.places[slot as usize].at, slot)));
        }
        // Stable: at one moment the oldest stays last.
        open.sort_by_key(|e| Reverse(e.0));
        self.open = open;
    }

    fn next_in_ring(&self) -> u64 {
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
                return self.current + 1 + (slot + RING - start) % RING;
            }
        }
        unreachable!("the ring holds {} items", self.in_ring)
    }
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
}
