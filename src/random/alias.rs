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

    /// Replaces 64-bit draws by the values they choose, one of as many `values` as there are entries. First all choices
    /// are made, then all values fetched, so that the processor waits for many distant places at a time; the cells
    /// have no values of their own, because most draws end at the few values that stand in for others.
    pub fn fill(&self, values: &[u64], words: &mut [u64]) {
        let cells = &self.cells[..];
        let values = &values[..cells.len()];
        let mut chosen = [0; 64];
        for words in words.chunks_mut(chosen.len()) {
            for (choice, word) in chosen.iter_mut().zip(&*words) {
                let x = u128::from(*word) * cells.len() as u128;
                let index = (x >> 64) as usize;
                let (threshold, other) = cells[index];
                *choice = select_unpredictable((x as u64 >> 32) < threshold.into(), index as u32, other);
            }
            for (word, choice) in words.iter_mut().zip(chosen) {
                *word = values[choice as usize];
            }
        }
    }

    #[inline(always)]
    fn pick(&self, index: usize, fraction: u32) -> usize {
        let (threshold, other) = self.cells[index];
        // Which one is a coin toss: a branch would be mispredicted about every third time.
        select_unpredictable(fraction < threshold, index, other as usize)
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
        let mut words = Seed { user: 3, replication: 0 }.stream("test", "alias");
        let (n, mut words_seen, mut halves_seen) = (1_000_000, [0u32; 6], [0u32; 6]);
        for _ in 0..n {
            let w = words.word();
            let mut value = [w];
            table.fill(&[0, 1, 2, 3, 4, 5], &mut value);
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
