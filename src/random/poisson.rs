//! Poisson counts, in integers from random words.
//!
//! A mean is a sum of numbers of four bits, each times a power of two, and so is its count a sum of counts: each of
//! those has an alias table, made once by the recurrence p(k + 1) = p(k) × mean / (k + 1), which needs no logarithm.
//! They go from 1/256 to 7,680; what is finer is the caller's to carry over.

use super::{Alias, Stream};
use std::sync::OnceLock;

/// Fraction bits of a mean.
pub const MEAN_BITS: u32 = 8;
/// Bits of a mean that one table serves.
pub const DIGIT_BITS: u32 = 4;
/// The largest power.
const TOP: u32 = MEAN_BITS + 9;
/// The largest mean with a table.
const LARGEST: u64 = ((1 << DIGIT_BITS) - 1) << TOP;

/// The counts of one mean.
struct Counts {
    first: u64,
    alias: Alias,
}

/// Numbers below eight have tables of their own where nothing is finer.
static TABLES: [OnceLock<Counts>; 8 * (TOP as usize + 2)] =
    [const { OnceLock::new() }; 8 * (TOP as usize + 2)];

/// Everything within eleven standard deviations: what is left out is below 2^-32.
fn table(mean: u64) -> Counts {
    let mean = mean as f64 / (1u64 << MEAN_BITS) as f64;
    let far = 9.0 * libm::sqrt(mean) + 12.0;
    let mode = mean as u64;
    let (first, last) = (mode.saturating_sub(far as u64), mode + far as u64);
    let mut weights = vec![0.0; (last - first + 1) as usize];
    let at = |k: u64| (k - first) as usize;
    weights[at(mode)] = 1.0;
    for k in mode..last {
        weights[at(k + 1)] = weights[at(k)] * mean / (k + 1) as f64;
    }
    for k in (first..mode).rev() {
        weights[at(k)] = weights[at(k + 1)] * (k + 1) as f64 / mean;
    }
    Counts { first, alias: Alias::new(&weights).expect("weights around a mode") }
}

/// A Poisson count whose mean is `mean` / 256.
#[inline]
pub fn poisson(mean: u64, words: &mut Stream) -> u64 {
    let (mut rest, mut count) = (mean, 0);
    // Each word serves two tables.
    let (mut word, mut left) = (0u64, 0);
    while rest > 0 {
        let part = rest.min(LARGEST);
        let power = (u64::BITS - part.leading_zeros()).saturating_sub(DIGIT_BITS);
        let digit = part >> power;
        if left == 0 {
            (word, left) = (words.word(), 2);
        }
        let t = TABLES[8 * power as usize + digit as usize].get_or_init(|| table(digit << power));
        count += t.first + t.alias.of_half(word as u32) as u64;
        (word, left) = (word >> 32, left - 1);
        rest -= digit << power;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;

    #[test]
    fn counts_have_the_mean_and_the_variance_of_a_poisson_law() {
        let mut words = Seed { user: 8, replication: 0 }.stream("test", "poisson");
        for mean in [1, 77, 256, 2_048, 21_504, 1 << 20, (1 << 21) + 12_345] {
            let n = 200_000;
            let drawn: Vec<f64> = (0..n).map(|_| poisson(mean, &mut words) as f64).collect();
            let expected = mean as f64 / 256.0;
            let average = drawn.iter().sum::<f64>() / f64::from(n);
            let squares = drawn.iter().map(|x| (x - expected).powi(2)).sum::<f64>() / f64::from(n);
            let error = (expected / f64::from(n)).sqrt();
            assert!((average - expected).abs() < 4.0 * error, "{average} for {expected}");
            // The variance of a Poisson variance estimate: 2 m^2 + m.
            let error = ((2.0 * expected * expected + expected) / f64::from(n)).sqrt();
            assert!((squares - expected).abs() < 4.0 * error, "variance {squares} for {expected}");
        }
    }

    #[test]
    fn no_event_has_its_own_probability() {
        let mut words = Seed { user: 9, replication: 0 }.stream("test", "poisson");
        let n = 1_000_000;
        let none = (0..n).filter(|_| poisson(256, &mut words) == 0).count() as f64 / f64::from(n);
        assert!((none - (-1.0f64).exp()).abs() < 4.0 * (0.2325f64 / f64::from(n)).sqrt(), "{none}");
    }
}
