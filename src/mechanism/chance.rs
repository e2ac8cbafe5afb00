//! Limits and chance: what a limit does to many that come at random, without asking it one by one.

use super::limit::{Limit, TokenBucket};
use crate::units::NS_PER_S;

/// What comes to a limit at random over some time: its mean and variance, and one item at the most.
#[derive(Clone, Copy, Debug, Default)]
pub struct Coming {
    mean: f64,
    variance: f64,
    largest: f64,
}

impl Coming {
    /// Others come too.
    pub fn add(&mut self, mean: f64, variance: f64, largest: f64) {
        self.mean += mean;
        self.variance += variance;
        self.largest = self.largest.max(largest);
    }
}

/// So many deviations above its mean no count ever is.
const DEVIATIONS: f64 = 9.0;

impl TokenBucket {
    /// Of `n` items of `each` that come at random over `[from, to)`, how many find the bucket empty; `drawn` from an
    /// exponential law of mean one.
    ///
    /// The k-th of them is refused unless its place in the queue is within what the bucket holds by then, so as many
    /// are refused as the largest of (k - refill until the k-th) is above what there is. Given n, that walk is a bridge
    /// of variance n from zero to (n - refill), whose maximum m obeys P(m > x) = exp(-2 x (x - end) / n); items come
    /// one by one, which takes a sixth off it (Smirnov's correction of the one-sided Kolmogorov law).
    pub fn refused_among(&self, (from, to): (u64, u64), n: u64, each: f64, drawn: f64) -> u64 {
        let (rate, depth, ..) = self.parts();
        let items = |units: u64| units as f64 / (each * NS_PER_S as f64);
        let held = items(depth.saturating_sub(self.level_at(from)));
        let n = n as f64;
        let end = n - items((to - from).saturating_mul(rate));
        let most = (end + libm::sqrt(end * end + 2.0 * n * drawn)) / 2.0 - 1.0 / 6.0;
        libm::ceil(most.max(end) - held).clamp(0.0, n) as u64
    }

    /// Does it stay below its depth with all that comes over `[from, to)`?
    ///
    /// Of a part x of the time it rises by what comes, less the refill: at most mean × x + 9 × √(variance × x) -
    /// refill × x, with nine deviations. With less to come than the refill that has its top where its slope is zero.
    pub fn surely_takes(&self, (from, to): (u64, u64), all: Coming) -> bool {
        let units = |level: u64| level as f64 / NS_PER_S as f64;
        let (rate, depth, ..) = self.parts();
        let refill = units((to - from).saturating_mul(rate));
        let most = DEVIATIONS * libm::sqrt(all.variance);
        let rise = match refill - all.mean {
            spare if spare > 0.0 => most.min(DEVIATIONS * DEVIATIONS / 4.0 * all.variance / spare),
            spare => most - spare,
        };
        units(self.level_at(from)) + rise + all.largest <= units(depth)
    }
}

impl Limit {
    /// Is nothing refused of what comes at random over this time, unless chance brings far more than it does?
    pub fn surely_takes(&mut self, time: (u64, u64), all: Coming) -> bool {
        // No refill to count on.
        let most = all.mean + DEVIATIONS * libm::sqrt(all.variance) + all.largest;
        match self {
            Limit::Bucket(l) => l.surely_takes(time, all),
            Limit::Fixed(l) => l.fits(time.0, most as u64),
            Limit::Sliding(l) => l.fits(time.0, most as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;
    use crate::random::draw::{Exponential, UNIT};

    #[test]
    fn as_many_are_refused_among_others_as_one_by_one() {
        let mut words = Seed { user: 5, replication: 0 }.stream("test", "crowds");
        // Items in 10 ms, of which the bucket is refilled by ten; what it holds before.
        for (n, held) in [(10, 0), (10, 3), (8, 0), (8, 1), (13, 2), (27, 0), (27, 5), (60, 30)] {
            const ROUNDS: u64 = 20_000;
            let bucket = || {
                let mut bucket = TokenBucket::new(1000, 1000);
                bucket.take(0, 1000 - held);
                bucket
            };
            let (mut one, mut all) = (0, 0);
            for _ in 0..ROUNDS {
                let mut times: Vec<u64> = (0..n).map(|_| words.below(10_000_000)).collect();
                times.sort_unstable();
                let mut each = bucket();
                one += times.iter().filter(|t| each.fits(**t, 1).then(|| each.take(**t, 1)).is_none()).count()
                    as u64;
                let drawn = Exponential::table().of(words.word()) as f64 / UNIT as f64;
                all += bucket().refused_among((0, 10_000_000), n, 1.0, drawn);
            }
            let (one, all) = (one as f64 / ROUNDS as f64, all as f64 / ROUNDS as f64);
            assert!((one - all).abs() < 0.02 * one + 0.05, "{n} items, {held} held: {one} and {all}");
        }
    }

    /// What the law calls sure is never refused.
    #[test]
    fn what_is_surely_taken_is_never_refused() {
        let mut words = Seed { user: 6, replication: 0 }.stream("test", "calm");
        let span = 2 * NS_PER_S;
        let coming = |rate: u64| {
            let mut all = Coming::default();
            all.add(2.0 * rate as f64, 2.0 * rate as f64, 1.0);
            all
        };
        let sure = |level: u64, rate: u64| {
            let mut bucket = TokenBucket::new(1000, 1000);
            bucket.take(0, level);
            bucket.surely_takes((0, span), coming(rate))
        };
        assert!(sure(0, 800) && sure(800, 900) && sure(300, 1000));
        assert!(!sure(950, 900) && !sure(700, 1000) && !sure(0, 1400));
        for (level, rate) in [(800, 900), (300, 1000), (500, 1010)] {
            assert!(sure(level, rate));
            for _ in 0..200 {
                let mut bucket = TokenBucket::new(1000, 1000);
                bucket.take(0, level);
                let mut now = 0;
                while now < span {
                    let gap = Exponential::table().of(words.word()) as f64 / UNIT as f64;
                    now += (gap * NS_PER_S as f64 / rate as f64) as u64;
                    assert!(bucket.fits(now, 1), "{rate}/s from {level}");
                    bucket.take(now, 1);
                }
            }
        }
    }
}
