//! Draws from a `LatencyLaw`.

use super::draw::{Exponential, QuantileTable, UNIT_BITS, normal_upper};
use super::{LatencyLaw, Stream};
use crate::units::Dur;

/// A latency law ready to draw from: whole nanoseconds.
#[derive(Clone, Debug)]
pub struct LatencySampler {
    shape: Shape,
    min: u64,
    mean: f64,
}

#[derive(Clone, Debug)]
enum Shape {
    Constant(u64),
    Uniform {
        min: u64,
        values: u64,
    },
    Exponential {
        mean: u64,
    },
    Table(Box<QuantileTable>),
    /// (end of the piece as a 64-bit probability, value where it starts, rise, probability of its start)
    Pieces(Vec<Piece>),
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    from: u32,
    until: u32,
    low: u64,
    high: u64,
}

const MILLION: u64 = 1_000_000;

impl LatencyLaw {
    /// Makes the sampler; tables are built here, once.
    pub fn sampler(&self) -> LatencySampler {
        match self {
            LatencyLaw::Constant(d) => constant(*d),
            LatencyLaw::Uniform { min, max } if max <= min => constant(*min),
            LatencyLaw::Uniform { min, max } => LatencySampler {
                shape: Shape::Uniform { min: min.0, values: (max.0 - min.0).saturating_add(1) },
                min: min.0,
                mean: min.0 as f64 + (max.0 - min.0) as f64 / 2.0,
            },
            LatencyLaw::Exponential { mean } => {
                LatencySampler { shape: Shape::Exponential { mean: mean.0 }, min: 0, mean: mean.0 as f64 }
            }
            LatencyLaw::LogNormal { mean, cv_milli } => log_normal(*mean, *cv_milli),
            LatencyLaw::Quantiles(points) => pieces(points),
        }
    }
}

fn constant(d: Dur) -> LatencySampler {
    LatencySampler { shape: Shape::Constant(d.0), min: d.0, mean: d.0 as f64 }
}

/// sigma² = ln(1 + cv²); the median is mean × exp(-sigma² / 2).
fn log_normal(mean: Dur, cv_milli: u32) -> LatencySampler {
    if mean.0 == 0 || cv_milli == 0 {
        return constant(mean);
    }
    let cv = f64::from(cv_milli) / 1000.0;
    let sigma = libm::sqrt(libm::log1p(cv * cv));
    let median = mean.0 as f64 * libm::exp(-sigma * sigma / 2.0);
    let upper = |q: f64| median * libm::exp(sigma * normal_upper(q));
    let table = QuantileTable::build(mean.0 as f64, 0, u64::MAX / 4, upper);
    LatencySampler { min: table.min(), mean: table.mean(), shape: Shape::Table(Box::new(table)) }
}

/// Linear between the points; values below the first point are the first value, above the last the last.
fn pieces(points: &[(u32, Dur)]) -> LatencySampler {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return constant(Dur::ZERO);
    };
    let ends = std::iter::once((0, first.1)).chain(points.iter().copied());
    let ends: Vec<_> = ends.chain(std::iter::once((MILLION as u32, last.1))).collect();
    let pieces: Vec<Piece> = ends
        .windows(2)
        .filter(|w| w[1].0 > w[0].0)
        .map(|w| Piece { from: w[0].0, until: w[1].0, low: w[0].1.0, high: w[1].1.0.max(w[0].1.0) })
        .collect();
    let share = |p: &Piece| f64::from(p.until - p.from) / MILLION as f64;
    LatencySampler {
        min: pieces.iter().map(|p| p.low).min().unwrap_or(0),
        mean: pieces.iter().map(|p| share(p) * (p.low as f64 + (p.high - p.low) as f64 / 2.0)).sum(),
        shape: Shape::Pieces(pieces),
    }
}

impl LatencySampler {
    /// One latency in nanoseconds; spends one word, none when constant.
    #[inline]
    pub fn draw(&self, words: &mut Stream) -> u64 {
        match &self.shape {
            Shape::Constant(ns) => *ns,
            law => law.draw(words),
        }
    }

    /// No draw is below this: the floor a window may be built on.
    pub fn min(&self) -> u64 {
        self.min
    }

    /// Mean in nanoseconds.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The value, when there is only one.
    pub fn is_constant(&self) -> Option<u64> {
        match &self.shape {
            Shape::Constant(ns) => Some(*ns),
            _ => None,
        }
    }
}

impl Shape {
    #[inline]
    fn draw(&self, words: &mut Stream) -> u64 {
        match self {
            Shape::Constant(ns) => *ns,
            Shape::Uniform { min, values } => min + words.below(*values),
            Shape::Exponential { mean } => {
                let unit = Exponential::table().of(words.word());
                ((u128::from(unit) * u128::from(*mean)) >> UNIT_BITS) as u64
            }
            Shape::Table(table) => table.of_word(words.word()),
            Shape::Pieces(pieces) => draw_piece(pieces, words.word()),
        }
    }
}

fn draw_piece(pieces: &[Piece], word: u64) -> u64 {
    let scaled = u128::from(word) * u128::from(MILLION);
    let ppm = (scaled >> 64) as u32;
    let piece = &pieces[pieces.partition_point(|p| p.until <= ppm).min(pieces.len() - 1)];
    let inside = (u128::from(ppm - piece.from) << 64) + (scaled & u128::from(u64::MAX));
    let rise = u128::from(piece.high - piece.low);
    // (inside / 2^64) / width × rise, kept to 32 fraction bits so that nothing overflows
    let fraction = (inside >> 32) / u128::from(piece.until - piece.from);
    piece.low + ((fraction * rise) >> 32) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;
    use crate::units::NS_PER_S;

    const MS: u64 = 1_000_000;

    fn sample(law: &LatencyLaw, n: usize) -> Vec<u64> {
        let mut words = Seed { user: 9, replication: 0 }.stream("test", "latency");
        let sampler = law.sampler();
        let mut drawn: Vec<u64> = (0..n).map(|_| sampler.draw(&mut words)).collect();
        drawn.sort_unstable();
        assert!(drawn[0] >= sampler.min());
        drawn
    }

    /// Largest distance of the sample from a distribution function: below 1.95 / sqrt(n) except once in a thousand.
    fn kolmogorov(drawn: &[u64], below: impl Fn(f64) -> f64) -> f64 {
        let n = drawn.len() as f64;
        let gap = |(k, x): (usize, &u64)| (below(*x as f64) - k as f64 / n).abs();
        drawn.iter().enumerate().map(gap).fold(0.0, f64::max)
    }

    fn check(law: &LatencyLaw, sd: f64, below: impl Fn(f64) -> f64) {
        let n = 400_000;
        let (drawn, mean) = (sample(law, n), law.sampler().mean());
        let own = drawn.iter().map(|x| *x as f64).sum::<f64>() / n as f64;
        assert!((own - mean).abs() < 4.0 * sd / (n as f64).sqrt(), "{law:?}: mean {own}, expected {mean}");
        let spread = (drawn.iter().map(|x| (*x as f64 - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
        assert!((spread / sd - 1.0).abs() < 0.03, "{law:?}: deviation {spread}, expected {sd}");
        let distance = kolmogorov(&drawn, below);
        assert!(distance < 1.95 / (n as f64).sqrt(), "{law:?}: Kolmogorov distance {distance}");
    }

    #[test]
    fn laws_have_their_moments_and_shapes() {
        let uniform = LatencyLaw::Uniform { min: Dur(20 * MS), max: Dur(60 * MS) };
        check(&uniform, 40e6 / 12f64.sqrt(), |x| ((x - 20e6) / 40e6).clamp(0.0, 1.0));
        let exponential = LatencyLaw::Exponential { mean: Dur(10 * MS) };
        check(&exponential, 10e6, |x| -libm::expm1(-x / 10e6));
        let quantiles =
            LatencyLaw::Quantiles(vec![(0, Dur(0)), (500_000, Dur(10 * MS)), (1_000_000, Dur(50 * MS))]);
        let below = |x: f64| {
            if x < 10e6 { x / 20e6 } else { 0.5 + (x - 10e6) / 80e6 }
        };
        // E[x²] = ½ (10² / 3) + ½ (50³ - 10³) / (3 × 40), E[x] = 17.5
        let square = 0.5 * 100.0 / 3.0 + 0.5 * 124_000.0 / 120.0;
        check(&quantiles, (square - 17.5f64 * 17.5).sqrt() * 1e6, below);
        for cv_milli in [300, 1000] {
            let law = LatencyLaw::LogNormal { mean: Dur(15 * MS), cv_milli };
            let cv = f64::from(cv_milli) / 1000.0;
            let sigma = (1.0 + cv * cv).ln().sqrt();
            let mu = 15e6f64.ln() - sigma * sigma / 2.0;
            check(&law, cv * 15e6, |x| libm::erfc((mu - x.ln()) / sigma / 2f64.sqrt()) / 2.0);
        }
    }

    #[test]
    fn high_percentiles_are_within_a_hundredth() {
        let n = 4_000_000;
        let law = LatencyLaw::LogNormal { mean: Dur(15 * MS), cv_milli: 1000 };
        let drawn = sample(&law, n);
        let sigma = 2f64.ln().sqrt();
        let mu = 15e6f64.ln() - sigma * sigma / 2.0;
        for (q, z) in [(0.99, 2.326_347_874), (0.999, 3.090_232_306)] {
            let (got, wanted) = (drawn[(n as f64 * q) as usize] as f64, (mu + sigma * z).exp());
            assert!((got / wanted - 1.0).abs() < 0.01, "p{q}: {got}, expected {wanted}");
        }
        let drawn = sample(&LatencyLaw::Exponential { mean: Dur(NS_PER_S) }, n);
        let got = drawn[n / 1000 * 999] as f64 / 1e9;
        assert!((got / 1000f64.ln() - 1.0).abs() < 0.01, "p99.9 {got}");
    }

    #[test]
    fn the_wait_of_an_mm1_queue_is_the_known_one() {
        // Lindley's recursion, utilisation 0.8: mean wait 4 services (Kleinrock)
        let seed = Seed { user: 11, replication: 0 };
        let (mut a, mut s) = (seed.stream("test", "gaps"), seed.stream("test", "services"));
        let gap = LatencyLaw::Exponential { mean: Dur(1_250_000) }.sampler();
        let service = LatencyLaw::Exponential { mean: Dur(1_000_000) }.sampler();
        let (n, mut wait, mut sum) = (20_000_000u64, 0u64, 0u128);
        for _ in 0..n {
            wait = (wait + service.draw(&mut s)).saturating_sub(gap.draw(&mut a));
            sum += u128::from(wait);
        }
        let mean = sum as f64 / n as f64 / 1e6;
        assert!((mean - 4.0).abs() < 0.04, "{mean}");
    }

    #[test]
    fn constants_spend_no_word_and_odd_laws_do_no_harm() {
        let mut words = Seed { user: 9, replication: 0 }.stream("test", "latency");
        let first = words.clone().word();
        let sampler = LatencyLaw::Constant(Dur(7)).sampler();
        assert_eq!((sampler.draw(&mut words), sampler.is_constant(), words.word()), (7, Some(7), first));
        let backwards = LatencyLaw::Uniform { min: Dur(9), max: Dur(3) };
        assert_eq!(backwards.sampler().is_constant(), Some(9));
        assert_eq!(LatencyLaw::Quantiles(vec![]).sampler().is_constant(), Some(0));
        let one = LatencyLaw::Quantiles(vec![(500_000, Dur(5))]);
        assert!(sample(&one, 1000).iter().all(|x| *x == 5));
        assert_eq!(LatencyLaw::LogNormal { mean: Dur(5), cv_milli: 0 }.sampler().is_constant(), Some(5));
    }
}
