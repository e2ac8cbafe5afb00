//! A lazy calendar: items by moment, first in first out at one moment.
//!
//! Items go unsorted into buckets of about eight milliseconds and are sorted when their bucket comes up; a bitmap
//! skips empty ones. A shard with a thousand refusals a second then has about a dozen in each: few enough to sort
//! at once, and few enough buckets to stay in a core's cache. Thousands of waiting retries cost a push and a pop each, never a heap's log n.

use std::collections::BTreeMap;

const BUCKET_BITS: u32 = 23;
const RING: u64 = 1024;

/// An item with its moment and its number in order of arrival.
type Entry<T> = (u64, u64, T);

/// Items waiting for their moments.
#[derive(Clone, Debug)]
pub struct Calendar<T> {
    /// The opened bucket, latest first: the next item is at the end.
    open: Vec<Entry<T>>,
    /// Number of the opened bucket; everything in `ring` lies in the `RING` buckets behind it.
    current: u64,
    ring: Vec<Vec<Entry<T>>>,
    filled: Vec<u64>,
    in_ring: usize,
    far: BTreeMap<u64, Vec<Entry<T>>>,
    sequence: u64,
    len: usize,
}

impl<T> Default for Calendar<T> {
    fn default() -> Self {
        Calendar {
            open: Vec::new(),
            current: 0,
            ring: Vec::new(),
            filled: vec![0; (RING / 64) as usize],
            in_ring: 0,
            far: BTreeMap::new(),
            sequence: 0,
            len: 0,
        }
    }
}

impl<T> Calendar<T> {
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

    /// Adds an item.
    pub fn push(&mut self, at: u64, item: T) {
        self.sequence += 1;
        self.len += 1;
        let entry = (at, self.sequence, item);
        let bucket = at >> BUCKET_BITS;
        if self.len == 1 {
            self.current = bucket;
            self.open.push(entry);
        } else if bucket == self.current {
            let place = self.open.partition_point(|e| (e.0, e.1) > (entry.0, entry.1));
            self.open.insert(place, entry);
        } else if bucket < self.current {
            self.reopen_at(bucket, entry);
        } else {
            self.file(bucket, entry);
        }
    }

    /// Takes the next item.
    pub fn pop(&mut self) -> Option<(u64, T)> {
        let (at, _, item) = self.open.pop()?;
        self.len -= 1;
        if self.open.is_empty() && self.len > 0 {
            self.open_next();
        }
        Some((at, item))
    }

    /// Takes everything out, in order.
    pub fn drain(&mut self) -> Vec<(u64, T)> {
        std::iter::from_fn(|| self.pop()).collect()
    }

    fn file(&mut self, bucket: u64, entry: Entry<T>) {
        if bucket - self.current >= RING {
            self.far.entry(bucket).or_default().push(entry);
            return;
        }
        if self.ring.is_empty() {
            self.ring.resize_with(RING as usize, Vec::new);
        }
        let slot = bucket % RING;
        self.ring[slot as usize].push(entry);
        self.filled[(slot / 64) as usize] |= 1 << (slot % 64);
        self.in_ring += 1;
    }

    /// An item earlier than the opened bucket: everything is filed again behind the new one. Rare.
    fn reopen_at(&mut self, bucket: u64, entry: Entry<T>) {
        let mut waiting = std::mem::take(&mut self.open);
        for slot in &mut self.ring {
            waiting.append(slot);
        }
        self.filled.fill(0);
        self.in_ring = 0;
        self.current = bucket;
        for e in waiting {
            self.file(e.0 >> BUCKET_BITS, e);
        }
        self.open.push(entry);
    }

    #[cold]
    fn open_next(&mut self) {
        let near = (self.in_ring > 0).then(|| self.next_in_ring());
        let far = self.far.keys().next().copied();
        let bucket = match (near, far) {
            (Some(a), Some(b)) => a.min(b),
            (a, b) => a.or(b).expect("something waits"),
        };
        self.current = bucket;
        if near == Some(bucket) {
            let slot = bucket % RING;
            std::mem::swap(&mut self.open, &mut self.ring[slot as usize]);
            self.filled[(slot / 64) as usize] &= !(1 << (slot % 64));
            self.in_ring -= self.open.len();
        }
        if far == Some(bucket) {
            self.open.extend(self.far.remove(&bucket).into_iter().flatten());
        }
        self.open.sort_unstable_by_key(|e| std::cmp::Reverse((e.0, e.1)));
    }

    fn next_in_ring(&self) -> u64 {
        let start = (self.current + 1) % RING;
        let words = (RING / 64) as usize;
        for step in 0..=words {
            let word = ((start / 64) as usize + step) % words;
            let mut bits = self.filled[word];
            if step == 0 {
                bits &= !0 << (start % 64);
            } else if step == words {
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

    proptest! {
        /// Same order as sorting by (moment, arrival), however pushes and pops mix.
        #[test]
        fn order_is_by_moment_then_arrival(ops in proptest::collection::vec((0u64..30_000_000_000, any::<bool>()), 1..300)) {
            let mut calendar = Calendar::default();
            let mut model: BTreeMap<(u64, usize), usize> = BTreeMap::new();
            for (n, &(at, pop)) in ops.iter().enumerate() {
                calendar.push(at, n);
                model.insert((at, n), n);
                if pop {
                    let (&key, &item) = model.iter().next().unwrap();
                    model.remove(&key);
                    prop_assert_eq!(calendar.pop(), Some((key.0, item)));
                }
                prop_assert_eq!(calendar.next(), model.keys().next().map_or(u64::MAX, |k| k.0));
            }
            let rest: Vec<_> = model.into_iter().map(|((at, _), n)| (at, n)).collect();
            prop_assert_eq!(calendar.drain(), rest);
        }
    }
}
