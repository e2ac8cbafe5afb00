//! Record sizes.

use super::config::{SizeLaw, Trace};
use crate::random::draw::{QuantileTable, below_half, normal_upper};
use crate::random::{Alias, Seed, Stream};
use crate::units::Bytes;
use std::sync::Arc;

/// Largest record we draw. Which size a stream accepts is the stream's matter.
pub const SIZE_MAX: u64 = Bytes::from_mib(10).0;

/// sigma of the log-normal law with this mean and 95th percentile: p95 / mean = exp(z sigma - sigma² / 2) with
/// z = 1.645, of which the smaller root is meant. An error when no such law exists: p95 below the mean, or more than
/// exp(z² / 2) = 3.87 times it.
pub fn log_normal_sigma(mean: Bytes, p95: Bytes) -> Result<f64, String> {
    let z = normal_upper(0.05);
    if mean.0 == 0 || p95.0 < mean.0 {
        return Err(format!(
            "a log-normal size needs a positive mean and a p95 of at least the mean ({} B and {} B given)",
            mean.0, p95.0
        ));
    }
    let ratio = libm::log(p95.0 as f64 / mean.0 as f64);
    let root = z * z - 2.0 * ratio;
    if root < 0.0 {
        let most = libm::floor(mean.0 as f64 * libm::exp(z * z / 2.0)) as u64;
        return Err(format!(
            "no log-normal law has mean {} B and p95 {} B: p95 can be at most {most} B",
            mean.0, p95.0
        ));
    }
    Ok(z - libm::sqrt(root))
}

/// Draws sizes.
#[derive(Clone, Debug)]
pub struct Sizes {
    words: Stream,
    shape: Shape,
    /// Added to every size.
    extra: u32,
}

#[derive(Clone, Debug)]
enum Shape {
    Fixed(u32),
    Uniform {
        min: u32,
        values: u64,
    },
    Table(Box<QuantileTable>),
    Weighted(Vec<u32>, Alias),
    Steps {
        at: Vec<u64>,
        size: Vec<u32>,
        k: usize,
    },
}

fn clamped(bytes: u64) -> u32 {
    bytes.clamp(1, SIZE_MAX) as u32
}

impl Sizes {
    /// Sizes of producer `name`, each `extra` bytes longer; `trace` gives those of `SizeLaw::FromTrace`.
    pub fn new(
        law: &SizeLaw,
        trace: Option<&Arc<Trace>>,
        extra: u64,
        name: &str,
        seed: Seed,
    ) -> Sizes {
        let shape = match law {
            SizeLaw::Fixed(size) => Shape::Fixed(clamped(size.0)),
            SizeLaw::Uniform { min, max } => {
                let (min, max) = (clamped(min.0), clamped(max.0));
                Shape::Uniform {
                    min,
                    values: u64::from(max.saturating_sub(min)) + 1,
                }
            }
            SizeLaw::LogNormal { mean, p95 } => log_normal(*mean, *p95),
            SizeLaw::Empirical(weighted) => empirical(weighted),
            SizeLaw::FromTrace => trace.map_or(Shape::Fixed(1), |t| trace_steps(t)),
        };
        Sizes {
            words: seed.stream(name, "sizes"),
            shape,
            extra: extra.min(SIZE_MAX) as u32,
        }
    }

    /// The next sizes; `born` are their moments, in order. Call with blocks of one even length.
    pub fn fill(&mut self, born: &[u64], out: &mut [u32]) {
        match &mut self.shape {
            Shape::Fixed(size) => out.fill(*size),
            Shape::Uniform { min, values } => {
                self.words.fill_halves(out);
                let (min, values) = (*min, *values);
                out.iter_mut()
                    .for_each(|o| *o = min + below_half(*o, values) as u32);
            }
            Shape::Table(table) => {
                self.words.fill_halves(out);
                // entries are in 1/256 bytes
                out.iter_mut()
                    .for_each(|o| *o = ((table.of_half(*o) + 128) >> 8) as u32);
            }
            Shape::Weighted(sizes, alias) => {
                self.words.fill_halves(out);
                out.iter_mut().for_each(|o| *o = sizes[alias.of_half(*o)]);
            }
            Shape::Steps { at, size, k } => {
                for (o, b) in out.iter_mut().zip(born) {
                    while at.get(*k + 1).is_some_and(|next| next <= b) {
                        *k += 1;
                    }
                    *o = size[*k];
                }
            }
        }
        let extra = self.extra;
        out.iter_mut().for_each(|o| *o += extra);
    }
}

fn log_normal(mean: Bytes, p95: Bytes) -> Shape {
    let sigma = log_normal_sigma(mean, p95).unwrap_or(0.0);
    let median = mean.0 as f64 * libm::exp(-sigma * sigma / 2.0);
    let upper = |q: f64| 256.0 * median * libm::exp(sigma * normal_upper(q));
    let table = QuantileTable::build(256.0 * mean.0 as f64, 256, SIZE_MAX << 8, upper);
    Shape::Table(Box::new(table))
}

fn empirical(weighted: &[(Bytes, u64)]) -> Shape {
    let weights: Vec<f64> = weighted.iter().map(|(_, w)| *w as f64).collect();
    match Alias::new(&weights) {
        Some(alias) => Shape::Weighted(weighted.iter().map(|(s, _)| clamped(s.0)).collect(), alias),
        None => Shape::Fixed(1),
    }
}

/// Steps without a size take the trace's overall mean (weighted by records).
fn trace_steps(trace: &Trace) -> Shape {
    let (mut bytes, mut records) = (0u128, 0u128);
    for k in 0..trace.at.len() {
        let until = trace.at.get(k + 1).map_or(trace.end.0, |d| d.0);
        if let Some(size) = trace.mean_size[k] {
            // micro-records per second × seconds: the fraction of a second does not matter for a mean
            let n = u128::from(trace.rate[k].0)
                * u128::from((until.saturating_sub(trace.at[k].0)) / 1_000_000);
            bytes += n * u128::from(size.0);
            records += n;
        }
    }
    let overall = if records == 0 {
        1
    } else {
        ((bytes + records / 2) / records) as u64
    };
    let size = trace
        .mean_size
        .iter()
        .map(|s| clamped(s.map_or(overall, |b| b.0)))
        .collect();
    Shape::Steps {
        at: trace.at.iter().map(|d| d.0).collect(),
        size,
        k: 0,
    }
}
