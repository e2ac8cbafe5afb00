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
                shape: Shape::Uniform {
                    min: min.0,
                    values: (max.0 - min.0).saturating_add(1),
                },
                min: min.0,
                mean: min.0 as f64 + (max.0 - min.0) as f64 / 2.0,
            },
            LatencyLaw::Exponential { mean } => LatencySampler {
                shape: Shape::Exponential { mean: mean.0 },
                min: 0,
                mean: mean.0 as f64,
            },
            LatencyLaw::LogNormal { mean, cv_milli } => log_normal(*mean, *cv_milli),
            LatencyLaw::Quantiles(points) => pieces(points),
        }
    }
}

fn constant(d: Dur) -> LatencySampler {
    LatencySampler {
        shape: Shape::Constant(d.0),
        min: d.0,
        mean: d.0 as f64,
    }
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
    LatencySampler {
        min: table.min(),
        mean: table.mean(),
        shape: Shape::Table(Box::new(table)),
    }
}

/// Linear between the points; values below the first point are the first value, above the last the last.
fn pieces(points: &[(u32, Dur)]) -> LatencySampler {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return constant(Dur::ZERO);
    };
    let ends = std::iter::once((0, first.1)).chain(points.iter().copied());
    let ends: Vec<_> = ends
        .chain(std::iter::once((MILLION as u32, last.1)))
        .collect();
    let pieces: Vec<Piece> = ends
        .windows(2)
        .filter(|w| w[1].0 > w[0].0)
        .map(|w| Piece {
            from: w[0].0,
            until: w[1].0,
            low: w[0].1.0,
            high: w[1].1.0.max(w[0].1.0),
        })
        .collect();
    let share = |p: &Piece| f64::from(p.until - p.from) / MILLION as f64;
    LatencySampler {
        min: pieces.iter().map(|p| p.low).min().unwrap_or(0),
        mean: pieces
            .iter()
            .map(|p| share(p) * (p.low as f64 + (p.high - p.low) as f64 / 2.0))
            .sum(),
        shape: Shape::Pieces(pieces),
    }
}

impl LatencySampler {
    /// One latency in nanoseconds; spends one word, none when constant.
    #[inline]
    pub fn draw(&self, words: &mut Stream) -> u64 {
        match &self.shape {
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

fn draw_piece(pieces: &[Piece], word: u64) -> u64 {
    let scaled = u128::from(word) * u128::from(MILLION);
    let ppm = (scaled >> 64) as u32;
    let piece = &pieces[pieces
        .partition_point(|p| p.until <= ppm)
        .min(pieces.len() - 1)];
    let inside = (u128::from(ppm - piece.from) << 64) + (scaled & u128::from(u64::MAX));
    let rise = u128::from(piece.high - piece.low);
    // (inside / 2^64) / width × rise, kept to 32 fraction bits so that nothing overflows
    let fraction = (inside >> 32) / u128::from(piece.until - piece.from);
    piece.low + ((fraction * rise) >> 32) as u64
}
