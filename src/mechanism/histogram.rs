//! A log-linear histogram of nanoseconds: 128 buckets an octave (0.8 % wide), integer counts, exact sums.
//!
//! The index is the top bits of the value as a float: exact integer-to-float conversion, so the same everywhere.
//! Values are shifted by 1,024 ns, which makes the first buckets linear (8 ns) instead of infinitely fine.

const SUB: u32 = 7;
const SHIFT: u32 = 52 - SUB;
const OFFSET: u64 = 1 << 10;
/// 2^52 as a float's bits: `from_bits(MAGIC | v) - 2^52` is `v` exactly, for v < 2^52.
const MAGIC: u64 = 0x4330_0000_0000_0000;
const TWO_52: f64 = 4_503_599_627_370_496.0;
const BASE: u64 = (1023 + 10) << SUB;
/// Values from here on share the last bucket: 52 days.
const LARGEST: u64 = (1 << 52) - OFFSET - 1;
/// Buckets in all.
pub const BUCKETS: usize = ((52 - 10) << SUB) as usize;

/// The bucket of a value up to 52 days.
#[inline(always)]
fn index(ns: u64) -> usize {
    let float = f64::from_bits(MAGIC | (ns + OFFSET)) - TWO_52;
    ((float.to_bits() >> SHIFT) - BASE) as usize
}

/// Lower edge of a bucket in ns.
fn lower(bucket: usize) -> u64 {
    let float = f64::from_bits((bucket as u64 + BASE) << SHIFT);
    float as u64 - OFFSET
}

/// Counts by bucket, exact count, sum and maximum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    sum: u128,
    max: u64,
}

impl Histogram {
    /// Adds one value.
    #[inline]
    pub fn add(&mut self, ns: u64) {
        self.add_many(ns, 1);
    }

    /// Adds the same value `n` times.
    #[inline]
    pub fn add_many(&mut self, ns: u64, n: u64) {
        if n == 0 {
            return;
        }
        self.room();
        self.counts[index(ns.min(LARGEST))] += n;
        self.count += n;
        self.sum += u128::from(ns) * u128::from(n);
        self.max = self.max.max(ns);
    }

    /// Adds `until - t` for every `t` (all `<= until`, less than 52 days before it).
    ///
    /// Indices are computed in blocks, which vectorises; the increments follow.
    pub fn add_since(&mut self, until: u64, times: &[u64]) {
        if times.is_empty() {
            return;
        }
        self.room();
        let counts = &mut self.counts[..BUCKETS];
        let (mut sum, mut oldest) = (0u128, u64::MAX);
        let mut block = [0u64; 64];
        for chunk in times.chunks(64) {
            let mut part = 0u64;
            for (slot, &t) in block.iter_mut().zip(chunk) {
                let ns = until - t;
                part = part.wrapping_add(ns);
                oldest = oldest.min(t);
                let float = f64::from_bits(MAGIC | (ns + OFFSET)) - TWO_52;
                *slot = (float.to_bits() >> SHIFT) - BASE;
            }
            for &slot in &block[..chunk.len()] {
                counts[(slot as usize).min(BUCKETS - 1)] += 1;
            }
            sum += u128::from(part);
        }
        self.count += times.len() as u64;
        self.sum += sum;
        self.max = self.max.max(until - oldest);
    }

    /// Adds every value of a block (each less than 52 days).
    pub fn add_all(&mut self, values: &[u64]) {
        if values.is_empty() {
            return;
        }
        self.room();
        let counts = &mut self.counts[..BUCKETS];
        let mut block = [0u64; 64];
        for chunk in values.chunks(64) {
            let mut part = 0u64;
            for (slot, &ns) in block.iter_mut().zip(chunk) {
                part = part.wrapping_add(ns);
                self.max = self.max.max(ns);
                let float = f64::from_bits(MAGIC | (ns + OFFSET)) - TWO_52;
                *slot = (float.to_bits() >> SHIFT) - BASE;
            }
            for &slot in &block[..chunk.len()] {
                counts[(slot as usize).min(BUCKETS - 1)] += 1;
            }
            self.sum += u128::from(part);
        }
        self.count += values.len() as u64;
    }

    fn room(&mut self) {
        if self.counts.is_empty() {
            self.counts = vec![0; BUCKETS];
        }
    }

    /// Adds another histogram's counts.
    pub fn merge(&mut self, other: &Histogram) {
        if other.count == 0 {
            return;
        }
        self.room();
        for (a, b) in self.counts.iter_mut().zip(&other.counts) {
            *a += b;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// Forgets all values, keeps the memory.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        (self.count, self.sum, self.max) = (0, 0, 0);
    }

    /// Values added.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Exact sum in ns.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// Largest value (`None` when empty).
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The value below which `ppm` parts per million lie, linear inside a bucket; `None` when empty.
    pub fn quantile(&self, ppm: u64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        let rank = (u128::from(self.count) * u128::from(ppm)).div_ceil(1_000_000).max(1) as u64;
        let mut below = 0;
        for (i, &n) in self.counts.iter().enumerate() {
            if below + n >= rank {
                let (low, high) = (lower(i), lower(i + 1));
                let inside = u128::from(high - low) * u128::from(rank - below) / u128::from(n);
                return Some((low + inside as u64).min(self.max));
            }
            below += n;
        }
        Some(self.max)
    }

    /// (lower edge, upper edge, count) of every bucket that is not empty.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        let full = self.counts.iter().enumerate().filter(|&(_, &n)| n > 0);
        full.map(|(i, &n)| (lower(i), lower(i + 1), n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_inside_its_bucket() {
        for v in (0..5000).chain((1..48).map(|k| (1u64 << k) + 12345)) {
            let i = index(v);
            assert!(lower(i) <= v && v < lower(i + 1), "{v} in bucket {i}");
            assert!(lower(i + 1) - lower(i) <= (v + OFFSET) / 128);
        }
    }

    #[test]
    fn the_block_path_equals_one_by_one() {
        let times: Vec<u64> = (0..1000).map(|i| i * 7_919_111).collect();
        let (mut a, mut b) = (Histogram::default(), Histogram::default());
        a.add_since(9_000_000_000, &times);
        for t in &times {
            b.add(9_000_000_000 - t);
        }
        assert_eq!(a, b);
        assert_eq!(a.quantile(1_000_000), a.max());
        let p50 = a.quantile(500_000).unwrap();
        assert!((p50 as f64 / 5.04e9 - 1.0).abs() < 0.01, "{p50}");
    }
}
