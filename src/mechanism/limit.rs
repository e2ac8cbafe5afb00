//! Rate limits over integer time, in three shapes, all exact.
//!
//! A level is what has been taken and not yet given back, in units × nanoseconds, so that
//! `rate × elapsed` never rounds. Time never runs backwards in a limit.

use crate::units::NS_PER_S;
use std::collections::VecDeque;

/// Deeper buckets take the slow path: sums of three depths must fit 63 bits.
const FAST_DEPTH: u64 = 1 << 60;
/// Charges looked at together.
const CHUNK: usize = 16;

/// Continuous refill: the level sinks at `rate` and may not rise above `depth`.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    rate: u64,
    depth: u64,
    level: u64,
    at: u64,
    /// A gap of this length empties the bucket.
    longest: u64,
}

impl TokenBucket {
    /// A full bucket (nothing taken) of `depth` units, refilled at `rate` units per second.
    pub fn new(rate: u64, depth: u64) -> TokenBucket {
        let depth = depth.saturating_mul(NS_PER_S);
        TokenBucket { rate, depth, level: 0, at: 0, longest: (depth / rate.max(1)).saturating_add(1) }
    }

    /// The level at `now`, in units × ns.
    #[inline]
    pub fn level_at(&self, now: u64) -> u64 {
        self.level.saturating_sub((now - self.at).saturating_mul(self.rate))
    }

    /// Would `amount` fit at `now`?
    #[inline]
    pub fn fits(&self, now: u64, amount: u64) -> bool {
        self.with(now, amount).is_some()
    }

    /// The level with `amount` more at `now`, if it fits.
    #[inline]
    pub fn with(&self, now: u64, amount: u64) -> Option<u64> {
        let level = self.level_at(now).saturating_add(amount * NS_PER_S);
        (level <= self.depth).then_some(level)
    }

    /// Takes `amount` at `now`; the caller asked `fits` first.
    #[inline]
    pub fn take(&mut self, now: u64, amount: u64) {
        self.level = self.level_at(now) + amount * NS_PER_S;
        self.at = now;
    }

    /// Do charges of `sum` in all fit at `times` (in order), even without any refill?
    #[inline]
    pub fn surely_fits(&self, times: &[u64], sum: u64) -> bool {
        let (Some(first), Some(last)) = (times.first(), times.last()) else { return true };
        let taken = sum.saturating_mul(NS_PER_S).saturating_add(self.level);
        taken <= self.depth && self.depth <= FAST_DEPTH && last - first <= self.longest()
    }

    /// Takes charges that surely fit: at each moment what `charge` says of the item beside it, `sum` in all.
    ///
    /// Without refusals the floor at zero is all that makes a step depend on the one before, and a maximum takes
    /// care of it: in the end the level is the sum of the charges, less the refill since the start, plus the larger
    /// of the first level and of every (refill until j, less the charges before j). No j of a chunk can have more
    /// than the refill until its end, less the charges before it: from the back, few chunks need a closer look.
    #[inline(always)]
    pub fn take_all<T>(&mut self, times: &[u64], items: &[T], sum: u64, charge: impl Fn(&T) -> u64) {
        let (Some(&first), Some(&last)) = (times.first(), times.last()) else { return };
        let start = self.rate * (first - self.at).min(self.longest());
        let refill = |t: u64| (start + self.rate * (t - first)) as i64;
        let (mut highest, mut before) = (self.level as i64, sum);
        for (times, items) in times.rchunks(CHUNK).zip(items.rchunks(CHUNK)) {
            before -= items.iter().map(&charge).sum::<u64>();
            let mut taken = (before * NS_PER_S) as i64;
            if refill(times[times.len() - 1]) - taken > highest {
                for (&t, item) in times.iter().zip(items) {
                    highest = highest.max(refill(t) - taken);
                    taken += (charge(item) * NS_PER_S) as i64;
                }
            }
        }
        self.level = ((sum * NS_PER_S) as i64 - refill(last) + highest) as u64;
        self.at = last;
    }

    /// A gap of this length empties the bucket.
    #[inline]
    pub fn longest(&self) -> u64 {
        self.longest
    }

    /// The parts a bulk loop keeps in registers: (rate, depth, level, at).
    #[inline]
    pub fn parts(&self) -> (u64, u64, u64, u64) {
        (self.rate, self.depth, self.level, self.at)
    }

    /// Puts the registers of a bulk loop back.
    #[inline]
    pub fn set(&mut self, level: u64, at: u64) {
        self.level = level;
        self.at = at;
    }

    /// The first moment from `now` at which `amount` fits (`None`: never, it is deeper than the bucket).
    pub fn next_fit(&self, now: u64, amount: u64) -> Option<u64> {
        let need = amount.checked_mul(NS_PER_S)?;
        let over = (self.level_at(now) + need).saturating_sub(self.depth);
        (need <= self.depth).then(|| now + over.div_ceil(self.rate.max(1)))
    }
}

/// Aligned windows of one second.
#[derive(Clone, Debug)]
pub struct FixedWindow {
    limit: u64,
    window: u64,
    used: u64,
}

impl FixedWindow {
    /// At most `limit` units in each aligned second.
    pub fn new(limit: u64) -> FixedWindow {
        FixedWindow { limit, window: 0, used: 0 }
    }

    /// From now on at most `limit` units.
    pub fn set(&mut self, limit: u64) {
        self.limit = limit;
    }

    fn used_at(&self, now: u64) -> u64 {
        if now / NS_PER_S == self.window { self.used } else { 0 }
    }

    /// Would `amount` fit at `now`?
    pub fn fits(&self, now: u64, amount: u64) -> bool {
        self.used_at(now) + amount <= self.limit
    }

    /// Takes `amount` at `now`.
    pub fn take(&mut self, now: u64, amount: u64) {
        self.used = self.used_at(now) + amount;
        self.window = now / NS_PER_S;
    }

    /// The first moment from `now` at which `amount` fits.
    pub fn next_fit(&self, now: u64, amount: u64) -> Option<u64> {
        (amount <= self.limit)
            .then(|| if self.fits(now, amount) { now } else { (now / NS_PER_S + 1) * NS_PER_S })
    }
}

/// The last second, at every moment.
#[derive(Clone, Debug)]
pub struct SlidingWindow {
    limit: u64,
    used: u64,
    taken: VecDeque<(u64, u64)>,
}

impl SlidingWindow {
    /// At most `limit` units in any second.
    pub fn new(limit: u64) -> SlidingWindow {
        SlidingWindow { limit, used: 0, taken: VecDeque::new() }
    }

    fn forget(&mut self, now: u64) {
        while let Some(&(at, amount)) = self.taken.front() {
            if at + NS_PER_S > now {
                break;
            }
            self.used -= amount;
            self.taken.pop_front();
        }
    }

    /// Would `amount` fit at `now`?
    pub fn fits(&mut self, now: u64, amount: u64) -> bool {
        self.forget(now);
        self.used + amount <= self.limit
    }

    /// Takes `amount` at `now`.
    pub fn take(&mut self, now: u64, amount: u64) {
        self.forget(now);
        self.used += amount;
        match self.taken.back_mut() {
            Some((at, sum)) if *at == now => *sum += amount,
            _ => self.taken.push_back((now, amount)),
        }
    }

    /// The first moment from `now` at which `amount` fits.
    pub fn next_fit(&mut self, now: u64, amount: u64) -> Option<u64> {
        self.forget(now);
        if amount > self.limit {
            return None;
        }
        let mut over = (self.used + amount).saturating_sub(self.limit);
        let mut when = now;
        for &(at, sum) in &self.taken {
            if over == 0 {
                break;
            }
            when = at + NS_PER_S;
            over = over.saturating_sub(sum);
        }
        Some(when)
    }
}

/// One limit in any of the three shapes.
#[derive(Clone, Debug)]
pub enum Limit {
    /// Continuous refill.
    Bucket(TokenBucket),
    /// Aligned seconds.
    Fixed(FixedWindow),
    /// The last second.
    Sliding(SlidingWindow),
}

impl Limit {
    /// Would `amount` fit at `now`?
    #[inline]
    pub fn fits(&mut self, now: u64, amount: u64) -> bool {
        match self {
            Limit::Bucket(l) => l.fits(now, amount),
            Limit::Fixed(l) => l.fits(now, amount),
            Limit::Sliding(l) => l.fits(now, amount),
        }
    }

    /// Takes `amount` at `now`; the caller asked `fits` first.
    #[inline]
    pub fn take(&mut self, now: u64, amount: u64) {
        match self {
            Limit::Bucket(l) => l.take(now, amount),
            Limit::Fixed(l) => l.take(now, amount),
            Limit::Sliding(l) => l.take(now, amount),
        }
    }

    /// The first moment from `now` at which `amount` fits (`None`: never).
    pub fn next_fit(&mut self, now: u64, amount: u64) -> Option<u64> {
        match self {
            Limit::Bucket(l) => l.next_fit(now, amount),
            Limit::Fixed(l) => l.next_fit(now, amount),
            Limit::Sliding(l) => l.next_fit(now, amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_a_burst_and_then_its_rate() {
        let mut b = TokenBucket::new(1000, 1000);
        let burst = (0..2000).filter(|_| b.fits(5, 1).then(|| b.take(5, 1)).is_some()).count();
        assert_eq!(burst, 1000);
        assert_eq!(b.next_fit(5, 1), Some(5 + 1_000_000));
        assert!(!b.fits(5 + 999_999, 1) && b.fits(5 + 1_000_000, 1));
        assert_eq!(b.next_fit(5, 1001), None);
    }

    #[test]
    fn taking_all_at_once_is_taking_one_by_one() {
        let (mut one, mut all) = (TokenBucket::new(1000, 1000), TokenBucket::new(1000, 1000));
        let (mut now, mut word) = (0u64, 1u64);
        for round in 0..2000 {
            let mut times = Vec::new();
            for _ in 0..round % 71 {
                word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                now += word >> 32 >> (word % 20);
                times.push(now);
            }
            let charge = |t: &u64| t % 5;
            let sum = times.iter().map(charge).sum();
            if all.surely_fits(&times, sum) {
                all.take_all(&times, &times, sum, charge);
                times.iter().for_each(|t| one.take(*t, charge(t)));
            }
            assert_eq!(all.parts(), one.parts(), "round {round}");
        }
    }

    #[test]
    fn windows_forget_at_their_edges() {
        let mut f = FixedWindow::new(5);
        let mut s = SlidingWindow::new(5);
        for _ in 0..5 {
            f.take(900_000_000, 1);
            s.take(900_000_000, 1);
        }
        assert!(!f.fits(999_999_999, 1) && f.fits(NS_PER_S, 1));
        assert_eq!(s.next_fit(NS_PER_S, 1), Some(1_900_000_000));
        assert!(!s.fits(NS_PER_S, 1) && s.fits(1_900_000_000, 1));
        assert_eq!(f.next_fit(950_000_000, 1), Some(NS_PER_S));
    }
}
