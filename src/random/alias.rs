//! Walker's alias method: one draw from a weighted list in constant time.

use std::hint::select_unpredictable;

/// A weighted choice with 32-bit integer thresholds (Walker 1977, in Vose's order; plain f64 arithmetic in a fixed
/// order, so the table is the same everywhere).
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// (keep this index when the fraction is below the threshold, else take that one)
    cells: Vec<(u32, u32)>,
}

impl Alias {
    /// A table over `weights`; `None` when there is none, one is negative or not a number, or all are zero.
    pub fn new(weights: &[f64]) -> Option<Alias> {
        let total: f64 = weights.iter().sum();
        let sound = weights.iter().all(|w| w.is_finite() && *w >= 0.0);
        if !sound || total <= 0.0 || !total.is_finite() || weights.len() > u32::MAX as usize {
            return None;
        }
        let n = weights.len() as f64;
        let mut mass: Vec<f64> = weights.iter().map(|w| w / total * n).collect();
        let mut cells: Vec<(u32, u32)> = (0..weights.len() as u32).map(|i| (u32::MAX, i)).collect();
        let (mut small, mut large): (Vec<u32>, Vec<u32>) =
            (0..weights.len() as u32).partition(|i| mass[*i as usize] < 1.0);
        while let (Some(s), Some(l)) = (small.pop(), large.last().copied()) {
            let (s, l_) = (s as usize, l as usize);
            cells[s] = ((mass[s] * 4_294_967_296.0) as u32, l);
            mass[l_] -= 1.0 - mass[s];
            if mass[l_] < 1.0 {
                large.pop();
                small.push(l);
            }
        }
        Some(Alias { cells })
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Never: a table has at least one entry.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The entry of a 32-bit draw; for short lists, the fraction has 32 - log2(len) bits.
    #[inline(always)]
    pub fn of_half(&self, half: u32) -> usize {
        let x = u64::from(half) * self.cells.len() as u64;
        self.pick((x >> 32) as usize, x as u32)
    }

    #[inline(always)]
    fn pick(&self, index: usize, fraction: u32) -> usize {
        let (threshold, other) = self.cells[index];
        // Which one is a coin toss: a branch would be mispredicted about every third time.
        select_unpredictable(fraction < threshold, index, other as usize)
    }
}

/// A long list: each cell has its entry's value at hand, so that a draw looks in one distant place, and in a second
/// one only for the few entries that stand in for others.
#[derive(Clone, Debug, PartialEq)]
pub struct AliasValues {
    cells: Vec<ValueCell>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct ValueCell {
    threshold: u32,
    other: u32,
    value: u64,
}

impl AliasValues {
    /// The choice of `alias` among as many `values`.
    pub fn new(alias: &Alias, values: &[u64]) -> AliasValues {
        assert_eq!(alias.len(), values.len(), "an entry for each value");
        let cell = |(&(threshold, other), &value)| ValueCell { threshold, other, value };
        AliasValues { cells: alias.cells.iter().zip(values).map(cell).collect() }
    }

    /// Replaces 64-bit draws by their values. First all cells are fetched, so that the processor waits for many at a
    /// time.
    pub fn fill(&self, words: &mut [u64]) {
        let mut near = [ValueCell::default(); 64];
        for words in words.chunks_mut(near.len()) {
            for (cell, word) in near.iter_mut().zip(&mut *words) {
                let x = u128::from(*word) * self.cells.len() as u128;
                *cell = self.cells[(x >> 64) as usize];
                *word = x as u64 >> 32;
            }
            for (word, cell) in words.iter_mut().zip(&near) {
                let other = self.cells[cell.other as usize].value;
                *word = select_unpredictable(*word < cell.threshold.into(), cell.value, other);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;

    #[test]
    fn shares_are_the_weights() {
        let weights = [5.0, 0.0, 1.0, 3.0, 0.5, 0.5];
        let table = Alias::new(&weights).expect("sound weights");
        let values = AliasValues::new(&table, &[0, 1, 2, 3, 4, 5]);
        let mut words = Seed { user: 3, replication: 0 }.stream("test", "alias");
        let (n, mut words_seen, mut halves_seen) = (1_000_000, [0u32; 6], [0u32; 6]);
        for _ in 0..n {
            let w = words.word();
            let mut value = [w];
            values.fill(&mut value);
            words_seen[value[0] as usize] += 1;
            halves_seen[table.of_half(w as u32)] += 1;
        }
        for seen in [words_seen, halves_seen] {
            assert_eq!(seen[1], 0);
            let square: f64 = (0..6)
                .filter(|i| weights[*i] > 0.0)
                .map(|i| {
                    let expected = f64::from(n) * weights[i] / 10.0;
                    (f64::from(seen[i]) - expected).powi(2) / expected
                })
                .sum();
            assert!(square < 18.47, "chi-square {square} with 4 degrees of freedom (p = 0.001)");
        }
    }

    #[test]
    fn unsound_weights_give_no_table() {
        for weights in [&[][..], &[0.0, 0.0], &[1.0, -1.0], &[f64::NAN], &[f64::INFINITY]] {
            assert_eq!(Alias::new(weights), None);
        }
    }
}
