//! Record sizes.

use super::config::{SizeLaw, Trace};
use crate::random::draw::{HalfTable, QuantileTable, below_half, normal_upper};
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
    Uniform { min: u32, values: u32 },
    Table(HalfTable),
    Weighted(Vec<u32>, Alias),
    Steps { at: Vec<u64>, size: Vec<u32>, k: usize },
}

fn clamped(bytes: u64) -> u32 {
    bytes.clamp(1, SIZE_MAX) as u32
}

impl Sizes {
    /// Sizes of producer `name`, each `extra` bytes longer; `trace` gives those of `SizeLaw::FromTrace`.
    pub fn new(law: &SizeLaw, trace: Option<&Arc<Trace>>, extra: u64, name: &str, seed: Seed) -> Sizes {
        let shape = match law {
            SizeLaw::Fixed(size) => Shape::Fixed(clamped(size.0)),
            SizeLaw::Uniform { min, max } => {
                let (min, max) = (clamped(min.0), clamped(max.0));
                Shape::Uniform { min, values: max.saturating_sub(min) + 1 }
            }
            SizeLaw::LogNormal { mean, p95 } => log_normal(*mean, *p95),
            SizeLaw::Empirical(weighted) => empirical(weighted),
            SizeLaw::FromTrace => trace.map_or(Shape::Fixed(1), |t| trace_steps(t)),
        };
        Sizes { words: seed.stream(name, "sizes"), shape, extra: extra.min(SIZE_MAX) as u32 }
    }

    /// Appends the next sizes; `born` are their moments, in order. Call with blocks of one even length.
    pub fn append(&mut self, born: &[u64], out: &mut Vec<u32>) {
        let (n, extra) = (born.len(), self.extra);
        let words = &mut self.words;
        match &mut self.shape {
            Shape::Fixed(size) => out.resize(out.len() + n, *size + extra),
            Shape::Uniform { min, values } => {
                let (min, values) = (*min + extra, u64::from(*values));
                draw(words, n, out, |half| min + below_half(half, values) as u32);
            }
            // entries are in 1/256 bytes
            Shape::Table(table) => {
                draw(words, n, out, |half| ((table.of(half) + 128) >> 8) + extra);
            }
            Shape::Weighted(sizes, alias) => draw(words, n, out, |half| sizes[alias.of_half(half)] + extra),
            Shape::Steps { at, size, k } => out.extend(born.iter().map(|b| {
                while at.get(*k + 1).is_some_and(|next| next <= b) {
                    *k += 1;
                }
                size[*k] + extra
            })),
        }
    }
}

/// Appends `n` sizes, each of half a word.
fn draw(words: &mut Stream, n: usize, out: &mut Vec<u32>, size: impl Fn(u32) -> u32) {
    let mut halves = [0; 128];
    for from in (0..n).step_by(halves.len()) {
        let halves = &mut halves[..(n - from).min(128)];
        words.fill_halves(halves);
        out.extend(halves.iter().map(|half| size(*half)));
    }
}

fn log_normal(mean: Bytes, p95: Bytes) -> Shape {
    let sigma = log_normal_sigma(mean, p95).unwrap_or(0.0);
    let median = mean.0 as f64 * libm::exp(-sigma * sigma / 2.0);
    let upper = |q: f64| 256.0 * median * libm::exp(sigma * normal_upper(q));
    let table = QuantileTable::build(256.0 * mean.0 as f64, 256, SIZE_MAX << 8, upper);
    Shape::Table(HalfTable::new(&table))
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
            let n =
                u128::from(trace.rate[k].0) * u128::from((until.saturating_sub(trace.at[k].0)) / 1_000_000);
            bytes += n * u128::from(size.0);
            records += n;
        }
    }
    let overall = (bytes + records / 2).checked_div(records).unwrap_or(1) as u64;
    let size = trace.mean_size.iter().map(|s| clamped(s.map_or(overall, |b| b.0))).collect();
    Shape::Steps { at: trace.at.iter().map(|d| d.0).collect(), size, k: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = Seed { user: 4, replication: 0 };

    fn sample(law: &SizeLaw, extra: u64) -> Vec<f64> {
        let mut sizes = Sizes::new(law, None, extra, "p", SEED);
        let mut all = Vec::new();
        let mut block = Vec::new();
        for _ in 0..2000 {
            block.clear();
            sizes.append(&[0; 512], &mut block);
            all.extend(block.iter().map(|s| f64::from(*s)));
        }
        all.sort_by(f64::total_cmp);
        all
    }

    fn mean(all: &[f64]) -> f64 {
        all.iter().sum::<f64>() / all.len() as f64
    }

    #[test]
    fn uniform_and_listed_sizes_have_their_means() {
        let uniform = SizeLaw::Uniform { min: Bytes(256), max: Bytes(1536) };
        let all = sample(&uniform, 0);
        assert_eq!((all[0], all[all.len() - 1]), (256.0, 1536.0));
        assert!((mean(&all) - 896.0).abs() < 4.0 * 370.0 / (all.len() as f64).sqrt());
        let listed = SizeLaw::Empirical(vec![(Bytes(100), 3), (Bytes(1000), 1), (Bytes(7), 0)]);
        let all = sample(&listed, 10);
        let small = all.iter().filter(|s| **s == 110.0).count() as f64 / all.len() as f64;
        assert!((small - 0.75).abs() < 4.0 * 0.44 / (all.len() as f64).sqrt());
        assert!(all.iter().all(|s| *s == 110.0 || *s == 1010.0));
    }

    #[test]
    fn log_normal_sizes_have_their_mean_and_percentiles() {
        let law = SizeLaw::LogNormal { mean: Bytes(1000), p95: Bytes(2500) };
        let all = sample(&law, 0);
        let sigma = log_normal_sigma(Bytes(1000), Bytes(2500)).expect("such a law exists");
        let sd = 1000.0 * ((sigma * sigma).exp() - 1.0).sqrt();
        assert!((mean(&all) - 1000.0).abs() < 4.0 * sd / (all.len() as f64).sqrt(), "{}", mean(&all));
        let at = |q: f64| all[(all.len() as f64 * q) as usize];
        assert!((at(0.95) / 2500.0 - 1.0).abs() < 0.01, "{}", at(0.95));
        let p999 = 1000.0 * (sigma * 3.090_232 - sigma * sigma / 2.0).exp();
        assert!((at(0.999) / p999 - 1.0).abs() < 0.03, "{} for {p999}", at(0.999));
    }

    #[test]
    fn the_smaller_sigma_is_meant_and_impossible_pairs_are_refused() {
        let sigma = log_normal_sigma(Bytes(1000), Bytes(2500)).expect("such a law exists");
        let back = (1.644_853_627 * sigma - sigma * sigma / 2.0).exp();
        assert!(sigma < 1.645 && (back - 2.5).abs() < 1e-9, "{sigma} {back}");
        assert_eq!(log_normal_sigma(Bytes(1000), Bytes(1000)), Ok(0.0));
        assert!(log_normal_sigma(Bytes(1000), Bytes(3868)).is_ok());
        for (mean, p95) in [(1000, 999), (1000, 3869), (0, 0)] {
            assert!(log_normal_sigma(Bytes(mean), Bytes(p95)).is_err(), "{mean} {p95}");
        }
    }

    #[test]
    fn sizes_stay_between_one_byte_and_ten_mebibytes() {
        for (size, want) in [(0, 1.0), (u64::MAX, 10.0 * 1_048_576.0)] {
            assert!(sample(&SizeLaw::Fixed(Bytes(size)), 0).iter().all(|s| *s == want));
        }
        let law = SizeLaw::LogNormal { mean: Bytes(8 << 20), p95: Bytes(24 << 20) };
        let all = sample(&law, 0);
        assert!(all[0] >= 1.0 && all[all.len() - 1] == 10.0 * 1_048_576.0);
    }
}
