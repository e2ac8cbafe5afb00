//! Counts of values that are spread evenly over ranges: a histogram whose every entry is a whole range.
//!
//! The number of values below `x` is a sum of ramps: a range [a, b) of n values adds n / (b - a) to the slope at `a`
//! and takes it back at `b`. Each bucket keeps the slopes that begin in it and their first moments, which gives the
//! number below every bucket's edge exactly; two buckets are touched whatever the range holds.

use super::histogram::{BUCKETS, Histogram, LARGEST, index, lower, octave_end, width_bits};

/// Fraction bits of a slope.
const SLOPE_BITS: u32 = 40;

/// Values this part (a power of two) of the largest apart are no range.
const NEAR_BITS: u32 = 6;

/// Slopes that begin in a bucket, and the sum of each times its place.
#[derive(Clone, Copy, Debug, Default)]
struct Knot {
    slope: i128,
    moment: i128,
    /// Values that are no range.
    points: u64,
}

/// Values spread evenly over one range, ready to be added.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    n: u64,
    /// The knots of its ends, and the slope's moments there; the same knot: no range.
    begin: (usize, i128),
    end: (usize, i128),
    slope: i128,
    /// Twice the sum of all values.
    twice: u128,
    max: u64,
}

impl Range {
    /// `n` values spread evenly over `[from, to)`; all of them at `from` where that is empty.
    #[inline]
    pub fn new(from: u64, to: u64, n: u64) -> Range {
        let to = to.max(from);
        let (a, b) = (from.min(LARGEST), to.min(LARGEST));
        let (i, j) = (index(a), index(b));
        let twice = u128::from(n) * u128::from(from + to);
        let range = |begin, end, slope| Range { n, begin, end, slope, twice, max: to };
        if i == j {
            return range((i, 0), (i, 0), 0);
        }
        if n >> (64 - SLOPE_BITS) == 0 {
            let slope = (n << SLOPE_BITS) / (b - a);
            let at = |place: u64| (u128::from(slope) * u128::from(place)) as i128;
            return range((i, at(a)), (j, at(b)), slope.into());
        }
        let slope = ((u128::from(n) << SLOPE_BITS) / u128::from(b - a)) as i128;
        range((i, slope * i128::from(a)), (j, slope * i128::from(b)), slope)
    }
}

/// Ranges of values.
#[derive(Clone, Debug)]
pub struct Ramps {
    knots: Vec<Knot>,
    /// A bit for each knot that may not be zero.
    touched: [u64; BUCKETS / 64],
    count: u64,
    /// Twice the sum of all values.
    twice: u128,
    max: u64,
}

impl Default for Ramps {
    fn default() -> Ramps {
        Ramps { knots: Vec::new(), touched: [0; BUCKETS / 64], count: 0, twice: 0, max: 0 }
    }
}

impl Ramps {
    /// Adds `n` values spread evenly over `[from, to)`; all of them at `from` where that is empty.
    #[inline]
    pub fn add(&mut self, from: u64, to: u64, n: u64) {
        self.add_range(&Range::new(from, to, n));
    }

    /// Adds the values of a range.
    pub fn add_range(&mut self, range: &Range) {
        if range.n == 0 {
            return;
        }
        if self.knots.is_empty() {
            self.knots = vec![Knot::default(); BUCKETS];
        }
        let &Range { begin: (i, of_a), end: (j, of_b), slope, .. } = range;
        self.count += range.n;
        self.twice += range.twice;
        self.max = self.max.max(range.max);
        self.touched[i / 64] |= 1 << (i % 64);
        let knot = &mut self.knots[i];
        if i == j {
            knot.points += range.n;
            return;
        }
        knot.slope += slope;
        knot.moment += of_a;
        self.touched[j / 64] |= 1 << (j % 64);
        let knot = &mut self.knots[j];
        knot.slope -= slope;
        knot.moment -= of_b;
    }

    /// Adds `n` values spread evenly from the first to the last: one by one where they lie so far apart that a range
    /// would tell another story.
    #[inline]
    pub fn add_each(&mut self, first: u64, last: u64, n: u64) {
        let gaps = n.max(1) - 1;
        if last - first <= (last >> NEAR_BITS) * gaps {
            return self.add(first, last, n);
        }
        (0..n).for_each(|k| {
            let value = first + (last - first) * k / gaps.max(1);
            self.add(value, value, 1);
        });
    }

    /// Values in all.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Moves everything into other ramps, and forgets it.
    pub fn move_into(&mut self, into: &mut Ramps) {
        if self.count == 0 {
            return;
        }
        if into.knots.is_empty() {
            into.knots = vec![Knot::default(); BUCKETS];
        }
        let mut i = self.next_knot(0);
        while i < BUCKETS {
            let Knot { slope, moment, points } = std::mem::take(&mut self.knots[i]);
            let knot = &mut into.knots[i];
            (knot.slope, knot.moment) = (knot.slope + slope, knot.moment + moment);
            knot.points += points;
            i = self.next_knot(i + 1);
        }
        self.touched.iter_mut().zip(&mut into.touched).for_each(|(from, into)| *into |= std::mem::take(from));
        into.count += std::mem::take(&mut self.count);
        into.twice += std::mem::take(&mut self.twice);
        into.max = into.max.max(std::mem::take(&mut self.max));
    }

    /// The values below which so many millionths of all lie, in rising order.
    pub fn quantiles<const N: usize>(&self, ppm: [u64; N]) -> [Option<u64>; N] {
        if self.count == 0 {
            return [None; N];
        }
        let rank = |ppm: u64| (u128::from(self.count) * u128::from(ppm)).div_ceil(1_000_000).max(1) as i128;
        let ranks = ppm.map(|ppm| rank(ppm) << SLOPE_BITS);
        let mut found = [Some(self.max); N];
        let mut asked = 0;
        // Below a place are: the sum of all slopes so far times the place, less the sum of their moments.
        let (mut slope, mut moment, mut points, mut end) = (0i128, 0i128, 0i128, 0u64);
        let mut i = self.next_knot(0);
        while asked < N && i < BUCKETS {
            let to = lower(i + 1);
            let knot = &self.knots[i];
            let (steeper, moved) = (slope + knot.slope, moment + knot.moment);
            let after = points + (i128::from(knot.points) << SLOPE_BITS);
            let below = steeper * i128::from(to) - moved + after;
            while let Some(&rank) = ranks.get(asked).filter(|rank| below >= **rank) {
                // Even before the knot, and even within it.
                let (from, at) = (lower(i), |place: u64| slope * i128::from(place) - moment + points);
                let value = match at(from) >= rank {
                    true => end + ((rank - at(end)) / slope.max(1)).max(0) as u64,
                    false => from + (i128::from(to - from) * (rank - at(from)) / (below - at(from))) as u64,
                };
                found[asked] = Some(value.min(self.max));
                asked += 1;
            }
            (slope, moment, points, end) = (steeper, moved, after, to);
            i = self.next_knot(i + 1);
        }
        found
    }

    /// Moves everything into a histogram, and forgets it.
    pub fn pour(&mut self, into: &mut Histogram) {
        if self.count == 0 {
            return;
        }
        let used = index(self.max.min(LARGEST)) + 1;
        let first = self.next_knot(0).min(used - 1);
        let mut counts = vec![0u64; used - first];
        // Values below the present edge, the ramped ones × 2^SLOPE_BITS.
        let (mut slope, mut ramped, mut points, mut before) = (0i128, 0i128, 0u64, 0u64);
        let (mut i, mut knot) = (first, first);
        while i < used {
            if i == knot {
                let Knot { slope: more, moment, points: new } = std::mem::take(&mut self.knots[i]);
                ramped += (slope << width_bits(i)) + more * i128::from(lower(i + 1)) - moment;
                (slope, points) = (slope + more, points + new);
                let below = (points + (ramped >> SLOPE_BITS).max(0) as u64).min(self.count);
                counts[i - first] = below.saturating_sub(before);
                before = before.max(below);
                i += 1;
                knot = self.next_knot(i).min(used);
                continue;
            }
            if slope == 0 {
                i = knot;
                continue;
            }
            // Up to the next knot each bucket of an octave gets as much.
            let (rise, end) = (slope << width_bits(i), knot.min(octave_end(i)));
            for count in &mut counts[i - first..end - first] {
                ramped += rise;
                let below =
                    points.saturating_add((ramped >> SLOPE_BITS).max(0) as u64).clamp(before, self.count);
                (*count, before) = (below - before, below);
            }
            i = end;
        }
        if let Some(last) = counts.last_mut() {
            *last += self.count - before;
        }
        into.absorb(first, &counts, self.twice / 2, self.max);
        self.touched = [0; BUCKETS / 64];
        (self.count, self.twice, self.max) = (0, 0, 0);
    }

    /// The first bucket from `from` on in which something begins or ends.
    fn next_knot(&self, from: usize) -> usize {
        let (word, bit) = (from / 64, from % 64);
        let Some(rest) = self.touched.get(word) else { return BUCKETS };
        let rest = rest >> bit;
        if rest != 0 {
            return from + rest.trailing_zeros() as usize;
        }
        let later = self.touched[word + 1..].iter().position(|w| *w != 0);
        later.map_or(BUCKETS, |k| {
            let word = word + 1 + k;
            64 * word + self.touched[word].trailing_zeros() as usize
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_count_as_their_values_one_by_one() {
        let (mut ramps, mut histogram, mut poured) =
            (Ramps::default(), Histogram::default(), Histogram::default());
        for k in 0..50u64 {
            let (from, step, n) = (k * 7_919_113, 1_000 + 977 * k, 1_000 + 13 * k);
            ramps.add(from, from + step * n, n);
            (0..n).for_each(|i| histogram.add(from + step * i + step / 2));
        }
        let asked = ramps.quantiles([10_000, 500_000, 990_000]);
        let mut moved = Ramps::default();
        ramps.move_into(&mut moved);
        assert_eq!((ramps.count(), ramps.quantiles([500_000])), (0, [None]));
        moved.pour(&mut poured);
        assert_eq!(poured.count(), histogram.count());
        for (ppm, asked) in [10_000, 500_000, 990_000].into_iter().zip(asked) {
            let (a, b) = (asked.unwrap() as f64, poured.quantile(ppm).unwrap() as f64);
            assert!((a / b - 1.0).abs() < 0.001, "{ppm}: {a} for {b}");
        }
        for ppm in [10_000, 250_000, 500_000, 900_000, 990_000, 999_000] {
            let (a, b) = (poured.quantile(ppm).unwrap() as f64, histogram.quantile(ppm).unwrap() as f64);
            assert!((a / b - 1.0).abs() < 0.003, "{ppm}: {a} for {b}");
        }
        assert_eq!(ramps.count(), 0);
        let sums = (poured.sum() as f64, histogram.sum() as f64);
        assert!((sums.0 / sums.1 - 1.0).abs() < 1e-6, "{sums:?}");
    }

    /// Eight records, five milliseconds apart in a pipe: their 90th percentile is the last one's value, not less.
    #[test]
    fn few_values_far_apart_stay_themselves() {
        let (mut ramps, mut poured) = (Ramps::default(), Histogram::default());
        ramps.add_each(70_000_000, 105_000_000, 8);
        ramps.pour(&mut poured);
        let near = |ppm: u64, value: f64| (poured.quantile(ppm).unwrap() as f64 / value - 1.0).abs() < 0.01;
        assert!(near(900_000, 105e6) && near(60_000, 70e6) && near(500_000, 85e6));
    }
}
