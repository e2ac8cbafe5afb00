//! What a shard has stored since anybody could look: it becomes cohorts when somebody does.
//!
//! First attempts are one cohort, however many steps they come from; retries are told apart by age, a quarter of an
//! octave at a time, so that how late they are is known as well as step by step.

use super::together::Cohort;

/// Quarters of octaves of microseconds told apart: from a millisecond to two minutes.
const FIRST: u32 = 10;
const BINS: usize = 4 * 17;

/// Retries of about one age.
#[derive(Clone, Copy, Debug, Default)]
struct Aged {
    /// Together: how many, their bytes, when they were stored.
    cohort: Cohort,
    /// Sums of ages and of their squares, in microseconds.
    ages: u64,
    squares: u128,
}

/// Stored, and not in the log yet.
#[derive(Clone, Debug, Default)]
pub struct Unread {
    /// First attempts, by the time a request takes to the shard.
    fresh: Vec<Cohort>,
    /// By producer and age; empty while nothing is tried again.
    aged: Vec<Aged>,
    /// Which of them hold any.
    used: Vec<usize>,
}

fn bin(age: u64) -> usize {
    let age = age.max(1 << FIRST);
    let octave = age.ilog2();
    let quarter = (age >> (octave - 2)) as usize & 3;
    (4 * (octave - FIRST) as usize + quarter).min(BINS - 1)
}

/// Half the width of a uniform law of this variance.
pub fn half(variance: u64) -> u64 {
    libm::sqrt(3.0 * variance as f64) as u64
}

impl Unread {
    /// First attempts were stored.
    pub fn add_fresh(&mut self, new: Cohort) {
        let way = |c: &Cohort| c.stored.0 - c.born.0;
        match self.fresh.iter_mut().find(|c| way(c) == way(&new)) {
            Some(same) => same.join(&new),
            None => self.fresh.push(new),
        }
    }

    /// Retries of the `which`-th producer were stored, of this mean age and variance.
    pub fn add_aged(&mut self, which: usize, new: Cohort, (mean, variance): (u64, u64)) {
        let place = which * BINS + bin(mean);
        if self.aged.len() <= place {
            self.aged.resize((which + 1) * BINS, Aged::default());
        }
        let aged = &mut self.aged[place];
        if aged.cohort.n == 0 {
            self.used.push(place);
            aged.cohort = new;
        } else {
            aged.cohort.join(&new);
        }
        aged.ages += mean * new.n;
        aged.squares += (u128::from(mean) * u128::from(mean) + u128::from(variance)) * u128::from(new.n);
    }

    /// Gives all as cohorts, in order of their last storage; `late`: which producer's, from which age to which, how many.
    pub fn take(&mut self, mut late: impl FnMut(usize, (u64, u64), u64), mut give: impl FnMut(Cohort)) {
        let aged = &self.aged;
        self.used.sort_unstable_by_key(|place| (aged[*place].cohort.stored.1, *place));
        for place in self.used.drain(..) {
            let Aged { cohort, ages, squares } = std::mem::take(&mut self.aged[place]);
            let mean = ages / cohort.n;
            let variance = (squares / u128::from(cohort.n)) as u64 - mean * mean;
            let around = |middle: u64, half: u64| (middle.saturating_sub(half), middle + half);
            let (least, most) = around(mean, half(variance));
            late(place / BINS, (least * 1000, most * 1000), cohort.n);
            // Ages and moments of storage vary independently of one another.
            let (from, to) = cohort.stored;
            let span = (to - from) / 1000;
            let middle = (from + (to - from) / 2).saturating_sub(mean * 1000);
            let (first, last) = around(middle, half(variance + span * span / 12) * 1000);
            give(Cohort { born: (first, last.min(to)), ..cohort });
        }
        self.fresh.drain(..).for_each(give);
    }
}
