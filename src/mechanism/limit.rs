//! Rate limits over integer time, in three shapes, all exact.
//!
//! A level is what has been taken and not yet given back, in units × nanoseconds, so that
//! `rate × elapsed` never rounds. Time never runs backwards in a limit.

use super::wide::wide;
use crate::units::NS_PER_S;
use std::collections::VecDeque;

/// Deeper buckets take the slow path: sums of three depths must fit 63 bits.
const FAST_DEPTH: u64 = 1 << 60;
/// Charges looked at together.
const CHUNK: usize = 16;
/// And inside a chunk this many side by side.
const LANES: usize = 8;
const NS: i64 = NS_PER_S as i64;

/// What an item is charged: whole steps of `step` + 1 bytes (a power of two) for its size.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    step: u32,
}

impl Steps {
    /// Every byte for itself.
    pub const BYTES: Steps = Steps { step: 0 };
    /// Each item rounded up to whole KiB.
    pub const KIB: Steps = Steps { step: 1023 };

    /// What the charge for a size has beyond it, at most.
    pub fn most_added(self) -> u64 {
        self.step.into()
    }

    /// The charge for `size`.
    #[inline(always)]
    pub fn of(self, size: u32) -> u64 {
        (u64::from(size) + u64::from(self.step)) & !u64::from(self.step)
    }
}

/// Takes items of these sizes at their moments (in order) from two buckets, one of items and one of bytes, if all of
/// them surely fit both, even without any refill; their bytes.
pub fn take_all(
    items: &mut TokenBucket,
    bytes: &mut TokenBucket,
    times: &[u64],
    sizes: &[u32],
    steps: Steps,
) -> Option<u64> {
    let n = sizes.len() as u64;
    // Near its limit a shard is asked after every refusal: the cheap question first.
    if !items.surely_fits(times, n) {
        return None;
    }
    let (sum, charged) = charges::best(sizes, steps);
    if !bytes.surely_fits(times, charged) {
        return None;
    }
    let Some(&last) = times.last() else { return Some(0) };
    let (of_items, of_bytes) = (items.run(times, n)?, bytes.run(times, charged)?);
    let highest = heights::best(times, sizes, steps, &of_items, &of_bytes);
    items.after(&of_items, last, highest[0]);
    bytes.after(&of_bytes, last, highest[1]);
    Some(sum)
}

/// A bucket during a run of charges that surely fit it.
struct Refill {
    rate: u32,
    /// Moment of the first charge, and the refill until then.
    first: u64,
    start: i64,
    level: i64,
    /// All charges.
    sum: i64,
}

impl Refill {
    /// The refill until `t`. Products of 32 bits: vectors have no others.
    #[inline(always)]
    fn until(&self, t: u64) -> i64 {
        self.start + (u64::from(self.rate) * u64::from((t - self.first) as u32)) as i64
    }

    /// Without refusals the floor at zero is all that makes a step depend on the one before, and a maximum takes
    /// care of it: in the end the level is the sum of the charges, less the refill since the start, plus the larger
    /// of the first level and of every (refill until j, less the charges before j). No j of a chunk can have more
    /// than the refill until its end, less the charges before it: from the back, few chunks need a closer look.
    #[inline(always)]
    fn highest(&self, times: &[u64], sizes: &[u32], charge: impl Fn(u32) -> u64) -> i64 {
        let (mut highest, mut before) = (self.level, self.sum);
        let (early, chunks) = times.as_rchunks::<CHUNK>();
        let (small, lots) = sizes.as_rchunks::<CHUNK>();
        for (times, sizes) in chunks.iter().zip(lots).rev() {
            let (mut charges, mut sum) = ([0; CHUNK], 0);
            for i in 0..CHUNK {
                charges[i] = charge(sizes[i]) as i64;
                sum += charges[i];
            }
            before -= sum;
            if self.until(times[CHUNK - 1]) - before * NS > highest {
                highest = highest.max(self.highest_of(times, &charges, before));
            }
        }
        let mut taken = 0;
        for (&t, &size) in early.iter().zip(small) {
            highest = highest.max(self.until(t) - taken);
            taken += charge(size) as i64 * NS;
        }
        highest
    }

    /// The same for one chunk: a sum that grows one by one, and all that follows from it side by side.
    #[inline(always)]
    fn highest_of(&self, times: &[u64; CHUNK], charges: &[i64; CHUNK], before: i64) -> i64 {
        let (mut sums, mut sum) = ([0; CHUNK], before);
        for i in 0..CHUNK {
            sums[i] = sum;
            sum += charges[i];
        }
        let mut most = [i64::MIN; LANES];
        for i in 0..CHUNK {
            let height = self.until(times[i]) - sums[i] * NS;
            most[i % LANES] = if height > most[i % LANES] { height } else { most[i % LANES] };
        }
        let mut highest = i64::MIN;
        for m in most {
            highest = if m > highest { m } else { highest };
        }
        highest
    }
}

wide! {
    /// The sum of some sizes, and of their charges.
    fn charges(sizes: &[u32], steps: Steps) -> (u64, u64) {
        let sum = sizes.iter().map(|s| u64::from(*s)).sum();
        let all = if steps.step == 0 { sum } else { sizes.iter().map(|s| steps.of(*s)).sum() };
        (sum, all)
    }
}

wide! {
    /// How high the levels of two buckets rise over their refill.
    fn heights(times: &[u64], sizes: &[u32], steps: Steps, items: &Refill, bytes: &Refill) -> [i64; 2] {
        [items.highest(times, sizes, |_| 1), bytes.highest(times, sizes, |size| steps.of(size))]
    }
}

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

    /// What a loop over many charges has to know (`None`: they last too long for it).
    #[inline]
    fn run(&self, times: &[u64], sum: u64) -> Option<Refill> {
        let (first, last) = (*times.first()?, *times.last()?);
        let rate = u32::try_from(self.rate).ok().filter(|_| last - first <= u32::MAX.into())?;
        let start = (self.rate * (first - self.at).min(self.longest())) as i64;
        Some(Refill { rate, first, start, level: self.level as i64, sum: sum as i64 })
    }

    /// After charges of `sum` until `last`, whose levels rose to `highest`.
    #[inline]
    fn after(&mut self, run: &Refill, last: u64, highest: i64) {
        self.level = (run.sum * NS - run.until(last) + highest) as u64;
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
        let new = || [TokenBucket::new(1000, 1000), TokenBucket::new(1 << 20, 1 << 20)];
        let (mut one, mut all) = (new(), new());
        let (mut now, mut word, mut judged) = (0u64, 1u64, 0);
        for round in 0..2000 {
            let mut times = Vec::new();
            for _ in 0..round % 71 {
                word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                now += word >> 40 >> (word % 12);
                times.push(now);
            }
            let sizes: Vec<u32> = times.iter().map(|t| (t % 3000) as u32).collect();
            let steps = if round % 2 == 0 { Steps::BYTES } else { Steps::KIB };
            let [items, bytes] = &mut all;
            if let Some(sum) = take_all(items, bytes, &times, &sizes, steps) {
                assert_eq!(sum, sizes.iter().map(|s| u64::from(*s)).sum::<u64>());
                for (t, size) in times.iter().zip(&sizes) {
                    one[0].take(*t, 1);
                    one[1].take(*t, steps.of(*size));
                }
                judged += 1;
            }
            let parts = |b: &[TokenBucket; 2]| [b[0].parts(), b[1].parts()];
            assert_eq!(parts(&all), parts(&one), "round {round}");
        }
        assert!(judged > 500, "{judged} rounds fitted");
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
