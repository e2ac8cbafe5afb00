//! Many into one: the rule by which the KPL's aggregator and its collector fill and flush.
//!
//! At AWS: after an item is added, the container is flushed when it holds as many items as it may, or when its
//! *estimated* size reaches the limit; otherwise one timer stands at the earliest deadline in it. A flush sorts by
//! deadline, then takes the *latest* deadlines out again while the count or the *accurate* size is above the limit
//! and more than one item is left; they stay behind for the next container. An item too large for any container
//! leaves alone.
//! We model: exactly this. Items of one deadline keep their order of arrival (the library's sort leaves it open).
//! Sources: KPL `reducer.h`.

/// What holds items: user records in a Kinesis record, or Kinesis records in a call.
pub trait Container: Default {
    /// One of them.
    type Item: Copy;

    /// Items held.
    fn len(&self) -> usize;
    /// Is nothing held?
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The i-th, in order of arrival.
    fn item(&self, i: usize) -> Self::Item;
    /// Its deadline.
    fn deadline(&self, i: usize) -> u64;
    /// The earliest deadline (`u64::MAX` when empty).
    fn earliest(&self) -> u64;
    /// Are the deadlines in order?
    fn in_order(&self) -> bool;
    /// One more.
    fn push(&mut self, item: Self::Item);
    /// One more, unless it is not the first and the size that counts would pass `bytes`; after a refusal nothing is
    /// added any more.
    fn push_within(&mut self, item: Self::Item, bytes: u64) -> bool;
    /// Nothing held; the memory stays.
    fn clear(&mut self);
    /// Does the size that decides while items arrive reach `bytes`?
    fn is_estimated_at(&mut self, bytes: u64) -> bool;
    /// The size that counts.
    fn accurate(&mut self) -> u64;
}

/// What a container holds at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Items.
    pub count: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A container with its limits.
#[derive(Debug)]
pub struct Reducer<C: Container> {
    limits: Limits,
    held: C,
    order: Vec<u32>,
    rest: Vec<C::Item>,
}

impl<C: Container> Reducer<C> {
    /// An empty one.
    pub fn new(limits: Limits) -> Reducer<C> {
        Reducer { limits, held: C::default(), order: Vec::new(), rest: Vec::new() }
    }

    /// What is held.
    pub fn held(&self) -> &C {
        &self.held
    }

    /// When the timer flushes it (`u64::MAX`: nothing is held).
    #[inline]
    pub fn due(&self) -> u64 {
        self.held.earliest()
    }

    /// One more item. Is it to be flushed now?
    #[inline]
    pub fn add(&mut self, item: C::Item) -> bool {
        self.held.push(item);
        self.held.len() as u64 >= self.limits.count || self.held.is_estimated_at(self.limits.bytes)
    }

    /// Moves into `out`, which is empty, what leaves now.
    pub fn flush(&mut self, out: &mut C) {
        let held = &mut self.held;
        let all = |held: &mut C| {
            held.len() as u64 <= self.limits.count && held.accurate() <= self.limits.bytes || held.len() == 1
        };
        if held.in_order() && all(held) {
            return std::mem::swap(held, out);
        }
        let held = &self.held;
        self.order.clear();
        self.order.extend(0..held.len() as u32);
        self.order.sort_unstable_by_key(|&i| (held.deadline(i as usize), i));
        let leaving = self.fill(out);
        self.rest.clear();
        self.rest.extend(self.order[leaving..].iter().map(|&i| self.held.item(i as usize)));
        self.held.clear();
        self.rest.iter().for_each(|&item| self.held.push(item));
    }

    /// Fills `out` in order of deadlines; how many items fit. Sizes grow with every item, so the first that does not
    /// fit is the last that the library would take out again.
    fn fill(&self, out: &mut C) -> usize {
        for (n, &i) in self.order.iter().enumerate() {
            let full = n > 0 && n as u64 >= self.limits.count;
            if full || !out.push_within(self.held.item(i as usize), self.limits.bytes) {
                return n;
            }
        }
        self.order.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::parcel::{Parcel, Past, User};
    use super::*;

    fn user(i: u64, data: u32, distinct: bool, deadline: u64) -> User {
        let position = if distinct { i } else { 7 };
        User { born: i, position, data, key_bytes: 36, deadline, past: Past::NONE }
    }

    /// User records that fill the default 51,200 bytes, by data bytes, with one key and with as many as records
    /// (from the library's own arithmetic).
    #[test]
    fn a_full_record_holds_what_the_library_puts_in() {
        let full = [(50, 913, 540), (100, 482, 353), (250, 198, 172), (500, 100, 93), (1000, 50, 48)];
        for (data, one_key, all_keys) in full {
            for (distinct, fits) in [(false, one_key), (true, all_keys)] {
                let mut reducer = Reducer::<Parcel>::new(Limits { count: u64::MAX, bytes: 51_200 });
                let came = (0..).find(|&i| reducer.add(user(i, data, distinct, i))).unwrap() + 1;
                let mut out = Parcel::default();
                reducer.flush(&mut out);
                assert_eq!(out.len(), fits, "{data} bytes");
                assert_eq!(reducer.held().len() as u64, came - fits as u64);
                if data == 50 && !distinct {
                    assert_eq!(
                        (came, reducer.held().len()),
                        (931, 18),
                        "the estimate is lower than the truth"
                    );
                }
            }
        }
    }

    #[test]
    fn the_latest_deadlines_wait_and_ties_keep_their_order() {
        let mut reducer = Reducer::<Parcel>::new(Limits { count: 4, bytes: 51_200 });
        for (i, deadline) in [50, 20, 50, 10].into_iter().enumerate() {
            assert_eq!(reducer.add(user(i as u64, 10, true, deadline)), i == 3);
        }
        let mut out = Parcel::default();
        reducer.flush(&mut out);
        assert_eq!(out.births().collect::<Vec<_>>(), [3, 1, 0, 2]);
        assert_eq!((out.earliest(), out.oldest(), out.place()), (10, 0, 3));
        assert_eq!(reducer.due(), u64::MAX);
    }
}
