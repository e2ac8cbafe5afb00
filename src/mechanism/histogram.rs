//! A log-linear histogram of nanoseconds: 128 buckets an octave (0.8 % wide), integer counts, exact sums.
//!
//! The index is the top bits of the value as a float: exact integer-to-float conversion, so the same everywhere.
//! Values are shifted by 1,024 ns, which makes the first buckets linear (8 ns) instead of infinitely fine.

use super::wide::wide;

const SUB: u32 = 7;
const SHIFT: u32 = 52 - SUB;
const OFFSET: u64 = 1 << 10;
/// 2^52 as a float's bits: `from_bits(MAGIC | v) - 2^52` is `v` exactly, for v < 2^52.
const MAGIC: u64 = 0x4330_0000_0000_0000;
const TWO_52: f64 = 4_503_599_627_370_496.0;
const BASE: u64 = (1023 + 10) << SUB;
/// Values from here on share the last bucket: 52 days.
pub(super) const LARGEST: u64 = (1 << 52) - OFFSET - 1;
/// Narrow counts hold at most this many values.
const NARROW_MOST: u64 = u32::MAX as u64;
/// Buckets in all.
pub const BUCKETS: usize = ((52 - 10) << SUB) as usize;

/// A value up to 52 days plus the offset, as an exact float.
#[inline(always)]
fn shifted(ns: u64) -> f64 {
    f64::from_bits(MAGIC | (ns + OFFSET)) - TWO_52
}

/// The bucket of a value up to 52 days.
#[inline(always)]
pub(super) fn index(ns: u64) -> usize {
    ((shifted(ns).to_bits() >> SHIFT) - BASE) as usize
}

/// Lower edge of a bucket in ns.
#[inline]
pub(super) fn lower(bucket: usize) -> u64 {
    let steps = (1 << SUB) + (bucket as u64 & ((1 << SUB) - 1));
    (steps << width_bits(bucket)) - OFFSET
}

/// A bucket is 2 to this power ns wide.
#[inline]
pub(super) fn width_bits(bucket: usize) -> u32 {
    OFFSET.trailing_zeros() - SUB + (bucket >> SUB) as u32
}

/// The bucket after the last that is as wide.
#[inline]
pub(super) fn octave_end(bucket: usize) -> usize {
    ((bucket >> SUB) + 1) << SUB
}

/// Counts by bucket, exact count, sum and maximum.
///
/// Counts are 32 bits wide, so that what is touched stays in the first-level cache; long before one could
/// overflow they are moved to the wide ones.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    counts: Vec<u32>,
    wide: Vec<u64>,
    /// Values in `counts`.
    narrow: u64,
    count: u64,
    sum: u128,
    max: u64,
}

/// Indices are computed in blocks of this many, which vectorises; the increments follow.
const BLOCK: usize = 64;
/// And inside a block this many side by side.
const LANES: usize = 8;

wide! {
    /// Counts (v xor `flip`) + `plus` for every `v`; their sum and the largest.
    fn count(counts: &mut [u32], values: &[u64], flip: u64, plus: u64) -> (u128, u64) {
        let counts = &mut counts[..BUCKETS];
        let (mut sum, mut most) = (0u128, [0f64; LANES]);
        let mut block = [0u32; BLOCK];
        for chunk in values.chunks(BLOCK) {
            let mut part = [0u64; LANES];
            let (lots, rest) = chunk.as_chunks::<LANES>();
            for (slots, lot) in block.as_chunks_mut::<LANES>().0.iter_mut().zip(lots) {
                for l in 0..LANES {
                    let ns = (lot[l] ^ flip).wrapping_add(plus);
                    part[l] = part[l].wrapping_add(ns);
                    let float = shifted(ns);
                    // The maximum of exact floats: one instruction, where 64-bit integers have none.
                    most[l] = if float > most[l] { float } else { most[l] };
                    slots[l] = ((float.to_bits() >> SHIFT) - BASE) as u32;
                }
            }
            for (slot, &v) in block[lots.len() * LANES..].iter_mut().zip(rest) {
                let ns = (v ^ flip).wrapping_add(plus);
                part[0] = part[0].wrapping_add(ns);
                let float = shifted(ns);
                most[0] = if float > most[0] { float } else { most[0] };
                *slot = ((float.to_bits() >> SHIFT) - BASE) as u32;
            }
            // Neighbours often share a bucket, and an increment waits for the one before it: the first of each lot,
            // then the second.
            let (lots, rest) = block[..chunk.len()].as_chunks::<LANES>();
            for l in 0..LANES {
                for lot in lots {
                    counts[(lot[l] as usize).min(BUCKETS - 1)] += 1;
                }
            }
            for &slot in rest {
                counts[(slot as usize).min(BUCKETS - 1)] += 1;
            }
            sum += part.iter().map(|p| u128::from(*p)).sum::<u128>();
        }
        let most = most.iter().fold(0f64, |a, b| if *b > a { *b } else { a });
        (sum, most as u64 - OFFSET)
    }
}

impl Eq for Histogram {}

/// Equal when they hold the same, wherever it is counted.
impl PartialEq for Histogram {
    fn eq(&self, other: &Histogram) -> bool {
        (self.count, self.sum, self.max) == (other.count, other.sum, other.max)
            && self.buckets().eq(other.buckets())
    }
}

impl Histogram {
    /// Adds one value.
    #[inline]
    pub fn add(&mut self, ns: u64) {
        self.room(1);
        self.counts[index(ns.min(LARGEST))] += 1;
        self.count += 1;
        self.sum += u128::from(ns);
        self.max = self.max.max(ns);
    }

    /// Adds the same value `n` times.
    #[inline]
    pub fn add_many(&mut self, ns: u64, n: u64) {
        if n == 0 {
            return;
        }
        let bucket = index(ns.min(LARGEST));
        if n > NARROW_MOST {
            self.widen();
            self.wide[bucket] += n;
        } else {
            self.room(n);
            self.counts[bucket] += n as u32;
        }
        self.count += n;
        self.sum += u128::from(ns) * u128::from(n);
        self.max = self.max.max(ns);
    }

    /// Adds `until - t` for every `t` (all `<= until`, less than 52 days before it).
    pub fn add_since(&mut self, until: u64, times: &[u64]) {
        // until - t = until + 1 + (not t)
        self.add_block(times, u64::MAX, until.wrapping_add(1));
    }

    /// Adds every value of a block (each less than 52 days).
    pub fn add_all(&mut self, values: &[u64]) {
        self.add_block(values, 0, 0);
    }

    /// Adds (v xor `flip`) + `plus` for every `v`.
    fn add_block(&mut self, values: &[u64], flip: u64, plus: u64) {
        if values.is_empty() {
            return;
        }
        self.room(values.len() as u64);
        let (sum, most) = count::best(&mut self.counts, values, flip, plus);
        self.count += values.len() as u64;
        self.sum += sum;
        self.max = self.max.max(most);
    }

    /// Makes sure that `n` more fit the narrow counts.
    #[inline]
    fn room(&mut self, n: u64) {
        if self.narrow + n > NARROW_MOST || self.counts.is_empty() {
            self.widen();
        }
        self.narrow += n;
    }

    #[cold]
    fn widen(&mut self) {
        if self.counts.is_empty() {
            self.counts = vec![0; BUCKETS];
            self.wide = vec![0; BUCKETS];
        }
        if self.narrow > 0 {
            let used = self.used();
            for (wide, narrow) in self.wide[..used].iter_mut().zip(&mut self.counts) {
                *wide += u64::from(std::mem::take(narrow));
            }
            self.narrow = 0;
        }
    }

    /// Buckets up to the largest value's: all others are empty.
    fn used(&self) -> usize {
        if self.count == 0 { 0 } else { index(self.max.min(LARGEST)) + 1 }
    }

    /// Adds counts by bucket from `first` on, whose values sum to `sum` and are `max` at most.
    pub(super) fn absorb(&mut self, first: usize, counts: &[u64], sum: u128, max: u64) {
        self.widen();
        for (wide, n) in self.wide[first..].iter_mut().zip(counts) {
            *wide += n;
        }
        self.count += counts.iter().sum::<u64>();
        self.sum += sum;
        self.max = self.max.max(max);
    }

    /// Adds another histogram's counts.
    pub fn merge(&mut self, other: &Histogram) {
        if other.count == 0 {
            return;
        }
        self.widen();
        for (a, b) in self.wide.iter_mut().zip(other.all()) {
            *a += b;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// Counts of buckets from `from` on, as far as any is used.
    fn counts_from(&self, from: usize) -> impl Iterator<Item = u64> + '_ {
        let range = from..self.used();
        let both = self.counts[range.clone()].iter().zip(&self.wide[range]);
        both.map(|(narrow, wide)| u64::from(*narrow) + wide)
    }

    /// Counts of all buckets that are used.
    fn all(&self) -> impl Iterator<Item = u64> + '_ {
        self.counts_from(0)
    }

    /// Forgets all values, keeps the memory.
    pub fn clear(&mut self) {
        let used = self.used();
        self.counts[..used].fill(0);
        self.wide[..used].fill(0);
        (self.narrow, self.count, self.sum, self.max) = (0, 0, 0, 0);
    }

    /// Edges of the bucket that holds a value.
    pub fn bucket_of(ns: u64) -> (u64, u64) {
        let bucket = index(ns.min(LARGEST));
        (lower(bucket), lower(bucket + 1))
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
        let (mut below, mut first) = (0, 0);
        // An octave at a time, then bucket by bucket.
        loop {
            let octave: u64 = self.counts_from(first).take(1 << SUB).sum();
            if below + octave >= rank {
                break;
            }
            (below, first) = (below + octave, first + (1 << SUB));
        }
        for (i, n) in (first..).zip(self.counts_from(first)) {
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
        let full = self.all().enumerate().filter(|&(_, n)| n > 0);
        full.map(|(i, n)| (lower(i), lower(i + 1), n))
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
            assert_eq!(lower(i + 1) - lower(i), 1 << width_bits(i));
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
        let mut c = a.clone();
        c.add_many(7, NARROW_MOST);
        c.add(7);
        assert_eq!(c.buckets().next().unwrap().2, NARROW_MOST + 1);
        assert_eq!(a.quantile(1_000_000), a.max());
        let p50 = a.quantile(500_000).unwrap();
        assert!((p50 as f64 / 5.04e9 - 1.0).abs() < 0.01, "{p50}");
    }
}
