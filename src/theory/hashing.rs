//! Keys on shards: occupancy, coupon collection, Zipf skew.
//!
//! Sources: Feller, *An Introduction to Probability Theory* I, II.5 and IX.3 (occupancy, coupon collector); the
//! maximum's law is the coefficient extraction for bounded boxes, taken here by a discrete Fourier transform.

use super::poisson;
use std::f64::consts::PI;

/// Mean of the largest number of keys on one shard, `keys` equally busy keys thrown on `shards` equal shards.
///
/// E\[max\] = sum over k of 1 - P(max <= k), and P(max <= k) is the chance that `shards` independent Poisson counts
/// stay at or below k given that they add up to `keys`.
pub fn mean_max_keys(keys: u32, shards: u32) -> f64 {
    let mean = f64::from(keys) / f64::from(shards);
    let most = ((mean + 12.0 * libm::sqrt(mean) + 30.0) as u32).min(keys);
    let terms: Vec<f64> = (0..=most).map(|k| poisson::probability(mean, u64::from(k))).collect();
    // characteristic function of one count cut at k, to the power of the shards; sums up to shards × most fit
    let points = u64::from(shards) * u64::from(most) + 1;
    let mut joint = vec![0.0; terms.len()];
    for t in 0..points {
        let angle = 2.0 * PI * t as f64 / points as f64;
        let step = (libm::cos(angle), libm::sin(angle));
        let back = 2.0 * PI * ((t * u64::from(keys)) % points) as f64 / points as f64;
        let back = (libm::cos(back), -libm::sin(back));
        let (mut turn, mut sum) = ((1.0, 0.0), (0.0, 0.0));
        for (p, j) in terms.iter().zip(&mut joint) {
            sum = (sum.0 + p * turn.0, sum.1 + p * turn.1);
            turn = times(turn, step);
            *j += times(power(sum, shards), back).0;
        }
    }
    let condition = poisson::probability(f64::from(keys), u64::from(keys)) * points as f64;
    joint.iter().map(|j| 1.0 - (j / condition).clamp(0.0, 1.0)).sum()
}

fn times(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn power(mut base: (f64, f64), mut exponent: u32) -> (f64, f64) {
    let mut result = (1.0, 0.0);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    result
}

/// Chance that a given shard has none of the keys: (1 - 1/m)^n.
pub fn shard_empty(keys: u32, shards: u32) -> f64 {
    libm::exp(f64::from(keys) * libm::log1p(-1.0 / f64::from(shards)))
}

/// Mean and standard deviation of the number of random keys until every shard has one: m H(m), and
/// m² sum 1/i² - m H(m) for the variance.
pub fn keys_to_touch_every_shard(shards: u32) -> (f64, f64) {
    let m = f64::from(shards);
    let harmonic: f64 = (1..=shards).map(|i| 1.0 / f64::from(i)).sum();
    let squares: f64 = (1..=shards).map(|i| 1.0 / (f64::from(i) * f64::from(i))).sum();
    (m * harmonic, libm::sqrt(m * m * squares - m * harmonic))
}

/// Keys of which the k-th is as likely as 1 / k^exponent.
#[derive(Clone, Copy, Debug)]
pub struct Zipf {
    /// Number of keys.
    pub keys: u32,
    /// Exponent.
    pub exponent: f64,
}

impl Zipf {
    /// Share of the `top` most frequent keys.
    pub fn top_share(&self, top: u32) -> f64 {
        self.weight(top.min(self.keys)) / self.weight(self.keys)
    }

    /// Generalised harmonic number, smallest terms first.
    fn weight(&self, keys: u32) -> f64 {
        (1..=keys).rev().map(|k| libm::pow(f64::from(k), -self.exponent)).sum()
    }

    /// Most the whole stream can carry, whatever its shards, before the hottest key fills `shard_limit` alone.
    pub fn ceiling(&self, shard_limit: f64) -> f64 {
        shard_limit / self.top_share(1)
    }

    /// Mean share of the shard that holds the hottest key: p + (1 - p) / m.
    pub fn hottest_shard_share(&self, shards: u32) -> f64 {
        let p = self.top_share(1);
        p + (1.0 - p) / f64::from(shards)
    }
}
