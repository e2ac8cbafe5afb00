//! Samplers whose values are part of our promise: integer arithmetic on random words.
//!
//! Tables are built once with the pure-Rust `libm`, so that a run has the same bytes on every platform; drawing
//! itself uses no floating point.

use crate::mechanism::wide::wide;
use std::sync::LazyLock;

/// Fraction bits of the exponential of mean 1.
pub const UNIT_BITS: u32 = 32;
/// One mean in that fixed point.
pub const UNIT: u64 = 1 << UNIT_BITS;
/// Largest absolute error of the exponential's interpolation, in means: h² / 8 × max |f''| for f = -ln on [1/2, 1]
/// with h = 1/2048.
pub const EXPONENTIAL_ERROR_MAX: f64 = 1.2e-7;

const LN2_Q32: u64 = 2_977_044_472;
const CELL_BITS: u32 = 10;

/// Exponential of mean 1 in Q32: the leading zeros of a word give whole multiples of ln 2, the ten bits after the
/// leading one choose a cell of -ln(m), m in [1/2, 1), and the next 32 interpolate in it.
#[derive(Debug)]
pub struct Exponential {
    /// Value at the cell's lower edge, low half; fall to its upper edge, high half.
    cells: [u64; 1 << CELL_BITS],
}

static EXPONENTIAL: LazyLock<Exponential> = LazyLock::new(Exponential::build);

impl Exponential {
    /// The one table.
    pub fn table() -> &'static Exponential {
        &EXPONENTIAL
    }

    fn build() -> Exponential {
        let edge = |i: usize| (-libm::log(0.5 + i as f64 / 2048.0) * UNIT as f64 + 0.5) as u64;
        Exponential { cells: std::array::from_fn(|i| (edge(i) - edge(i + 1)) << 32 | edge(i)) }
    }

    /// -ln(word / 2^64) in Q32, of the word's top 52 bits. At most 36.05 means.
    ///
    /// The leading zeros are found by letting a float subtraction shift them away (exact, and fast on processors
    /// without a count instruction): with m = the 52 bits, (1 + m / 2^52) - 1 has them in its exponent.
    #[inline(always)]
    pub fn of(&self, word: u64) -> u64 {
        self.look_up(normalised(word))
    }

    /// Replaces random words by their exponentials.
    pub fn fill(&self, words: &mut [u64]) {
        exponentials::best(&self.cells, words);
    }

    #[inline(always)]
    fn look_up(&self, bits: u64) -> u64 {
        interpolated(bits, self.cells[cell_of(bits)])
    }
}

wide! {
    /// Three passes over a few words at a time: only the middle one, into the table, is no vector's work.
    fn exponentials(cells: &[u64; 1 << CELL_BITS], words: &mut [u64]) {
        let mut found = [0; 64];
        for part in words.chunks_mut(found.len()) {
            part.iter_mut().for_each(|w| *w = normalised(*w));
            part.iter().zip(&mut found).for_each(|(w, f)| *f = cells[cell_of(*w)]);
            part.iter_mut().zip(&found).for_each(|(w, f)| *w = interpolated(*w, *f));
        }
    }
}

#[inline(always)]
fn cell_of(bits: u64) -> usize {
    (bits >> (52 - CELL_BITS)) as usize & ((1 << CELL_BITS) - 1)
}

#[inline(always)]
fn interpolated(bits: u64, cell: u64) -> u64 {
    let zeros = 1022 - (bits >> 52) as u32;
    let fraction = (bits >> (20 - CELL_BITS)) as u32;
    u64::from(zeros) * LN2_Q32 + u64::from(cell as u32) - (((cell >> 32) * u64::from(fraction)) >> 32)
}

#[inline(always)]
fn normalised(word: u64) -> u64 {
    const ONE: u64 = 1023 << 52;
    (f64::from_bits((word >> 12) | 1 | ONE) - 1.0).to_bits()
}

/// Uniform on `0..n` from a half word (bias below n / 2^32).
#[inline(always)]
pub fn below_half(half: u32, n: u64) -> u64 {
    debug_assert!(n <= 1 << 32);
    (u64::from(half) * n) >> 32
}

const TABLE_BITS: u32 = 12;
const TABLE_CELLS: usize = 1 << TABLE_BITS;

/// A distribution by its quantiles: 4,096 cells of equal probability, linear inside; the last cell is a table of
/// 4,096 cells again, so the upper tail is resolved to 2^-24 = 6e-8.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantileTable {
    body: Vec<(u64, u64)>,
    tail: Vec<(u64, u64)>,
}

impl QuantileTable {
    /// The smallest upper-tail probability the table asks of its law.
    pub const RAREST: f64 = 1.0 / (1u64 << (2 * TABLE_BITS)) as f64;

    /// `upper(q)` is the value exceeded with probability `q`; it is asked for q from `RAREST` to 1 - `RAREST`.
    /// The table is scaled so that its mean is `mean` exactly (up to rounding of its entries), then kept in
    /// `least..=most`.
    pub fn build(mean: f64, least: u64, most: u64, upper: impl Fn(f64) -> f64) -> QuantileTable {
        let cells = TABLE_CELLS as f64;
        let edge = |k: usize, of: f64| {
            upper((of * (1.0 - k as f64 / cells)).clamp(Self::RAREST, 1.0 - Self::RAREST))
        };
        let body: Vec<f64> = (0..=TABLE_CELLS).map(|k| edge(k, 1.0)).collect();
        let tail: Vec<f64> = (0..=TABLE_CELLS).map(|k| edge(k, 1.0 / cells)).collect();
        let halves = |v: &[f64]| v.windows(2).map(|w| (w[0] + w[1]) / 2.0).sum::<f64>() / cells;
        let own = (body[..TABLE_CELLS].windows(2).map(|w| (w[0] + w[1]) / 2.0).sum::<f64>() + halves(&tail))
            / cells;
        let scale = mean / own;
        let fixed = |x: f64| ((x * scale + 0.5) as u64).clamp(least, most);
        let pairs = |v: &[f64]| v.windows(2).map(|w| (fixed(w[0]), fixed(w[1]) - fixed(w[0]))).collect();
        QuantileTable { body: pairs(&body), tail: pairs(&tail) }
    }

    /// The value of a 64-bit draw.
    #[inline(always)]
    pub fn of_word(&self, word: u64) -> u64 {
        let k = (word >> 52) as usize;
        let (low, rise, fraction) = if k == TABLE_CELLS - 1 {
            let (low, rise) = self.tail[(word >> 40) as usize & (TABLE_CELLS - 1)];
            (low, rise, word << 24)
        } else {
            let (low, rise) = self.body[k];
            (low, rise, word << 12)
        };
        low + ((u128::from(rise) * u128::from(fraction)) >> 64) as u64
    }

    /// The smallest value it can give.
    pub fn min(&self) -> u64 {
        self.body[0].0
    }

    /// Its mean, from the entries.
    pub fn mean(&self) -> f64 {
        let middle =
            |v: &[(u64, u64)]| v.iter().map(|(low, rise)| *low as f64 + *rise as f64 / 2.0).sum::<f64>();
        let cells = TABLE_CELLS as f64;
        (middle(&self.body[..TABLE_CELLS - 1]) + middle(&self.tail) / cells) / cells
    }
}

/// A quantile table of values below 2^32, drawn from by half words: a quarter of the memory for what is drawn most.
#[derive(Clone, Debug, PartialEq)]
pub struct HalfTable {
    body: Vec<(u32, u32)>,
    tail: Vec<(u32, u32)>,
}

impl HalfTable {
    /// The same table; values and rises beyond 32 bits are cut.
    pub fn new(table: &QuantileTable) -> HalfTable {
        let cut = |x: u64| x.min(u32::MAX.into()) as u32;
        let all = |cells: &[(u64, u64)]| cells.iter().map(|(low, rise)| (cut(*low), cut(*rise))).collect();
        HalfTable { body: all(&table.body), tail: all(&table.tail) }
    }

    /// The value of a 32-bit draw: 12 bits choose the cell, 20 interpolate (12 and 8 in the last cell).
    #[inline(always)]
    pub fn of(&self, half: u32) -> u32 {
        let k = (half >> 20) as usize;
        if k == TABLE_CELLS - 1 {
            let (low, rise) = self.tail[(half >> 8) as usize & (TABLE_CELLS - 1)];
            return low + ((u64::from(rise) * u64::from(half & 0xff)) >> 8) as u32;
        }
        let (low, rise) = self.body[k];
        low + ((u64::from(rise) * u64::from(half & 0xf_ffff)) >> 20) as u32
    }
}

/// The standard normal value exceeded with probability `q` (0 < q < 1): Hastings' approximation (Abramowitz and
/// Stegun, 26.2.23, error 4.5e-4), polished by two Newton steps on `erfc`.
pub fn normal_upper(q: f64) -> f64 {
    if q > 0.5 {
        return -normal_upper(1.0 - q);
    }
    let t = libm::sqrt(-2.0 * libm::log(q));
    let above = 2.515517 + t * (0.802853 + t * 0.010328);
    let below = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308));
    let mut z = t - above / below;
    for _ in 0..2 {
        let density = libm::exp(-z * z / 2.0) / libm::sqrt(2.0 * std::f64::consts::PI);
        z += (libm::erfc(z / std::f64::consts::SQRT_2) / 2.0 - q) / density;
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;

    #[test]
    fn the_exponential_is_within_its_error() {
        let table = Exponential::table();
        let mut worst = 0.0f64;
        for k in 0..200_000u64 {
            for word in [k << 46 | 1 << 45, k << 12, u64::MAX - (k << 12), 1 << (12 + k % 52)] {
                let unit = ((word >> 12) | 1) as f64 / (1u64 << 52) as f64;
                worst = worst.max((table.of(word) as f64 / UNIT as f64 + libm::log(unit)).abs());
            }
        }
        assert!(worst < EXPONENTIAL_ERROR_MAX + 1e-9, "worst error {worst}");
        assert_eq!(table.of(0) >> UNIT_BITS, 36);
        assert!(table.of(u64::MAX) < 2);
    }

    #[test]
    fn a_block_of_exponentials_is_that_of_single_ones() {
        let table = Exponential::table();
        let mut words = Seed { user: 4, replication: 0 }.stream("test", "exponential");
        for n in [0, 1, 63, 64, 65, 512] {
            let drawn: Vec<u64> = (0..n).map(|k| words.word() >> (k % 64)).collect();
            let (mut best, mut plain) = (drawn.clone(), drawn.clone());
            exponentials::best(&table.cells, &mut best);
            exponentials::plain(&table.cells, &mut plain);
            let single: Vec<u64> = drawn.iter().map(|w| table.of(*w)).collect();
            assert_eq!((&best, &plain), (&single, &single));
        }
    }

    /// 24 independent streams, so that neither a lucky nor an unlucky one decides.
    #[test]
    fn the_exponential_has_its_moments_and_shape() {
        let table = Exponential::table();
        let (each, streams) = (500_000, 24);
        let (mut sum, mut square, mut chi) = (0.0, 0.0, 0.0);
        for user in 0..streams {
            let seed = Seed { user, replication: 0 };
            let mut words = seed.stream("test", "exponential");
            let mut cells = [0u32; 20];
            for _ in 0..each {
                let e = table.of(words.word()) as f64 / UNIT as f64;
                sum += e;
                square += e * e;
                cells[(-libm::expm1(-e) * 20.0) as usize % 20] += 1;
            }
            let want = f64::from(each) / 20.0;
            chi += cells.iter().map(|c| (f64::from(*c) - want).powi(2) / want).sum::<f64>();
        }
        let n = f64::from(each) * streams as f64;
        assert!((sum / n - 1.0).abs() < 4.0 / n.sqrt(), "mean {}", sum / n);
        // E[x^4] - E[x^2]^2 = 24 - 4
        assert!((square / n - 2.0).abs() < 4.0 * (20.0 / n).sqrt(), "second moment {}", square / n);
        assert!(chi < 554.0, "chi-square {chi} with 24 × 19 degrees of freedom (p = 0.001)");
    }

    #[test]
    fn normal_quantiles_are_the_published_ones() {
        // Abramowitz and Stegun, table 26.5 and NIST: values to ten digits
        for (q, z) in [(0.5, 0.0), (0.05, 1.644_853_627), (0.025, 1.959_963_985), (0.01, 2.326_347_874)] {
            assert!((normal_upper(q) - z).abs() < 1e-9, "{q}");
            assert!((normal_upper(1.0 - q) + z).abs() < 1e-9, "{q}");
        }
        assert!((normal_upper(1e-6) - 4.753_424_309).abs() < 1e-9);
    }

    #[test]
    fn a_quantile_table_keeps_mean_and_tail() {
        // exponential: the law with known quantiles and the convex tail a table has most trouble with
        let table = QuantileTable::build(1e8, 0, u64::MAX / 4, |q| -1e8 * libm::log(q));
        assert!((table.mean() / 1e8 - 1.0).abs() < 1e-8);
        let halves = HalfTable::new(&table);
        for (share, half) in
            [(0.5, 1u64 << 31), (0.01, (0.99 * 4_294_967_296.0) as u64), (1e-5, 4_294_924_346)]
        {
            let wanted = -1e8 * libm::log(share);
            for got in [halves.of(half as u32).into(), table.of_word(half << 32)] {
                assert!((got as f64 / wanted - 1.0).abs() < 1e-3, "share {share}: {got}, expected {wanted}");
            }
        }
        assert!(table.of_word(0) == table.min() && table.min() < 1000);
    }
}
