//! Lone records of one producer that wait in a shard for another attempt.
//!
//! They are masses, not a list: what is refused in a step comes back spread over its sleep, so a ring of steps holds
//! where a mass begins to come back and where it ends, and what is due in a step is the sum so far. A mass knows when
//! its records were born (mean and variance). Whole records are counted beside them.

use super::kernel::{Kernel, apart, cumulants};
use super::mass::{Mass, S};
use super::together::Cohort;
use crate::producer::retry::Piece;
use crate::random::Stream;
use crate::random::poisson::{MEAN_BITS, poisson};

/// Attempts told apart; later ones sleep as the last of them.
pub const CLASSES: u32 = 16;
/// The golden ratio's part of one.
const GOLDEN: f64 = 0.618_033_988_749_894_9;
/// Records that one part of what is stored stands for.
const PART: u64 = 16;
/// Births are told from a moment that is moved when it is so many seconds behind: squares keep their precision.
const FAR: f64 = 256.0;
/// Counts so large are drawn around whole means; what that leaves over is drawn later.
const WHOLE: f64 = 16.0;
/// The part of what chance has kept back (or brought too early) that is made up for in a step.
const CAUGHT_UP: f64 = 1.0 / 32.0;

/// Records refused so many times.
#[derive(Clone, Debug)]
struct Class {
    kernel: Kernel,
    /// What is due changes so at each step.
    ring: Vec<Mass>,
    /// Due in the present step; nothing from the step `end` on, whatever rounding leaves.
    due: Mass,
    end: u64,
    /// Stored since the last look: their ages.
    stored: Mass,
    /// By how much the variance of ages is above and below that of the whole in its two halves (see `apart`).
    apart: f64,
}

/// All of a producer's that wait in a shard.
#[derive(Clone, Debug)]
pub struct Waiting {
    classes: Vec<Class>,
    /// After the last class: tried for ever, or given up.
    for_ever: bool,
    step: u64,
    /// The present step, and the one after the last in which any is due.
    now: u64,
    end: u64,
    /// Births are told from here.
    base: u64,
    /// Whole records.
    pub all: u64,
    /// Records that should have come by now, above those that did.
    carry: f64,
    /// A part of one that is given up.
    given_up: f64,
    /// The part of what is due in the step that is judged now.
    part: f64,
    /// Whole records stored since the last look, and when.
    stored: Cohort,
    /// Where parts of them are rounded up.
    offset: f64,
}

impl Waiting {
    /// Nobody waits. `attempts` in all; `sleep`: from the `i`-th refusal to the next attempt.
    pub fn new(attempts: u32, step: u64, sleep: impl Fn(u32) -> Vec<Piece>) -> Waiting {
        let mut ages = (0.0, 0.0);
        let classes = (0..attempts.saturating_sub(1).min(CLASSES)).map(|i| {
            let pieces = sleep(i);
            let more = cumulants(&pieces);
            ages = (ages.0 + more.0, ages.1 + more.1);
            Class {
                kernel: Kernel::new(&pieces, step),
                ring: Vec::new(),
                due: Mass::default(),
                end: 0,
                stored: Mass::default(),
                apart: apart(ages),
            }
        });
        Waiting {
            classes: classes.collect(),
            for_ever: attempts > CLASSES,
            step,
            now: 0,
            end: 0,
            base: 0,
            all: 0,
            carry: 0.0,
            given_up: 0.0,
            part: 0.0,
            stored: Cohort::default(),
            offset: 0.0,
        }
    }

    fn since_base(&self, at: u64) -> f64 {
        (at as f64 - self.base as f64) * S
    }

    /// `n` first attempts born over a time were refused in the step of `at`; those that have no other are given up.
    pub fn refuse_first(&mut self, n: u64, at: u64, born: (u64, u64)) -> u64 {
        if self.classes.is_empty() {
            return n;
        }
        self.enter(at / self.step);
        self.all += n;
        let born = (self.since_base(born.0), self.since_base(born.1));
        self.add(0, Mass::spread(n as f64, born));
        0
    }

    /// A mass of a class was refused in the present step.
    fn add(&mut self, class: usize, mass: Mass) {
        let Class { kernel, ring, end, .. } = &mut self.classes[class];
        if ring.is_empty() {
            *ring = vec![Mass::default(); (kernel.reach + 2).next_power_of_two() as usize];
        }
        let last = ring.len() as u64 - 1;
        for &(steps, change) in &kernel.changes {
            ring[((self.now + steps) & last) as usize] += mass * change;
        }
        *end = (*end).max(self.now + kernel.reach);
        self.end = self.end.max(*end);
    }

    /// The present step is `slot`.
    fn enter(&mut self, slot: u64) {
        if self.all == 0 {
            // Nobody waits: nothing is left but what rounding has left.
            for Class { ring, due, end, .. } in &mut self.classes {
                (*due, *end) = (Mass::default(), slot);
                let last = ring.len().wrapping_sub(1);
                let rows = (self.now + 1..=self.end).take(ring.len());
                rows.for_each(|row| ring[row as usize & last] = Mass::default());
            }
            (self.now, self.end, self.base) = (slot, slot, slot * self.step);
            (self.carry, self.given_up) = (0.0, 0.0);
        }
        while self.now < slot {
            self.now += 1;
            for Class { ring, due, end, .. } in &mut self.classes {
                let last = ring.len().wrapping_sub(1);
                if let Some(change) = ring.get_mut(self.now as usize & last) {
                    *due += std::mem::take(change);
                }
                if self.now >= *end {
                    *due = Mass::default();
                }
            }
        }
        if self.since_base(slot * self.step) > FAR {
            self.move_base(slot * self.step);
        }
    }

    #[cold]
    fn move_base(&mut self, to: u64) {
        let by = -self.since_base(to);
        for Class { ring, due, .. } in &mut self.classes {
            ring.iter_mut().chain([due]).for_each(|mass| *mass = mass.moved(by));
        }
        self.base = to;
    }

    /// Whole records that are due in `[at, to)`, a part of one step: they come as independent sleeps end, a Poisson count.
    pub fn due(&mut self, at: u64, to: u64, words: &mut Stream) -> u64 {
        if self.all == 0 {
            return 0;
        }
        self.enter(at / self.step);
        self.part = (to - at) as f64 / self.step as f64;
        let mass = self.classes.iter().map(|c| c.due.n()).sum::<f64>() * self.part;
        // The last of them: whatever chance and rounding have kept back.
        if self.is_last(to) {
            debug_assert!(mass > 0.0, "{} wait and nothing is due", self.all);
            self.part *= self.all as f64 / mass;
            self.carry = 0.0;
            return self.all;
        }
        let expected = (mass + self.carry * CAUGHT_UP * self.part).max(0.0);
        let n = match expected >= WHOLE {
            true => poisson(((expected + 0.5) as u64) << MEAN_BITS, words),
            false => poisson((expected * (1 << MEAN_BITS) as f64) as u64, words),
        };
        let n = if mass > 0.0 { n.min(self.all) } else { 0 };
        self.carry += mass - n as f64;
        self.part *= n as f64 / mass.max(f64::MIN_POSITIVE);
        n
    }

    /// Is nothing due after the part of the step that ends at `to`?
    fn is_last(&self, to: u64) -> bool {
        self.now + 1 >= self.end && to.is_multiple_of(self.step)
    }

    /// Of the `n` records that were due, `admitted` were stored in `[at, to)`: how many are given up.
    pub fn judged(&mut self, (at, to): (u64, u64), n: u64, admitted: u64) -> u64 {
        let stored = admitted as f64 / n as f64;
        let (moment, span) = (self.since_base(at + (to - at) / 2), (to - at) as f64 * S);
        let mut given_up = self.given_up;
        for class in (0..self.classes.len()).rev() {
            let due = self.classes[class].due * self.part;
            if admitted > 0 {
                self.classes[class].stored += (due * stored).until(moment, span);
            }
            if admitted == n || due.n() <= 0.0 {
                continue;
            }
            let refused = due * (1.0 - stored);
            match class + 1 < self.classes.len() {
                true => self.add(class + 1, refused),
                false if self.for_ever => self.add(class, refused),
                false => given_up += refused.n(),
            }
        }
        // Of the last of all none comes again: a part of a record is one.
        let none_left = self.is_last(to) && !self.for_ever;
        let whole = if none_left { n - admitted } else { (given_up as u64).min(n - admitted) };
        self.given_up = (given_up - whole as f64).max(0.0);
        self.all -= admitted + whole;
        whole
    }

    /// Those that are due now were stored.
    pub fn store(&mut self, new: &Cohort) {
        if self.stored.n == 0 { self.stored = *new } else { self.stored.join(new) }
    }

    /// Gives what was stored since the last look, and the mean and variance of its ages: a few parts that stand for as
    /// many records each, drawn evenly from all that the ages may be.
    pub fn take_stored(&mut self, mut give: impl FnMut(Cohort, (f64, f64))) {
        let whole = std::mem::take(&mut self.stored);
        if whole.n == 0 {
            return;
        }
        let parts = (whole.n / PART).max(1);
        let all: f64 = self.classes.iter().map(|c| c.stored.n()).sum();
        // Another offset each time (the golden ratio's multiples): in the long run each past has its share.
        self.offset = (self.offset + GOLDEN).fract().min(1.0 - 1e-9);
        let (scale, mut before, mut k, mut given) = (parts as f64 / all, 0.0, 0, 0);
        for class in &mut self.classes {
            let ages = std::mem::take(&mut class.stored);
            let apart = class.apart;
            for (part, factor) in [(0.5, 1.0 + apart), (0.5, 1.0 - apart)] {
                before += ages.n() * part * scale;
                let first = k;
                while k < parts && self.offset + k as f64 <= before {
                    k += 1;
                }
                if k > first {
                    let upto = if k == parts { whole.n } else { whole.n * k / parts };
                    let (mean, variance) = ages.moments();
                    give(whole.part(given, upto), (mean, variance * factor));
                    given = upto;
                }
            }
        }
    }

    /// What waits here goes to others, by their shares (which add up to one), from the step of `at` on.
    pub fn hand_over(&mut self, at: u64, heirs: &mut [(&mut Waiting, f64)]) {
        self.enter(at / self.step);
        let (mut left, last) = (self.all, heirs.len() - 1);
        for (k, (heir, share)) in heirs.iter_mut().enumerate() {
            let n = if k == last { left } else { ((self.all as f64 * *share + 0.5) as u64).min(left) };
            left -= n;
            heir.inherit(self, *share, n);
        }
        self.all = 0;
        self.enter(at / self.step);
    }

    fn inherit(&mut self, from: &Waiting, share: f64, n: u64) {
        self.enter(from.now);
        let by = self.since_base(from.base);
        for (mine, theirs) in self.classes.iter_mut().zip(&from.classes) {
            if mine.ring.is_empty() {
                mine.ring = vec![Mass::default(); theirs.ring.len()];
            }
            mine.due += theirs.due.moved(by) * share;
            mine.end = mine.end.max(theirs.end);
            for (mine, theirs) in mine.ring.iter_mut().zip(&theirs.ring) {
                *mine += theirs.moved(by) * share;
            }
        }
        self.all += n;
        self.end = self.end.max(from.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;

    const STEP: u64 = 10_000_000;
    const S_NS: u64 = 1_000_000_000;

    fn sleeps(i: u32) -> Vec<Piece> {
        vec![Piece { least: 3_000_000, most: 3_000_000 + (S_NS << i), part: 1.0 }]
    }

    /// Seven first attempts are refused in every step of `[from, to)`, and of what is due every other one.
    fn play(waiting: &mut Waiting, (from, to): (u64, u64), words: &mut Stream) -> (u64, u64, u64) {
        let (mut refused, mut stored, mut given_up) = (0, 0, 0);
        for k in from..to {
            let (at, end) = (k * STEP, (k + 1) * STEP);
            let n = waiting.due(at, end, words);
            let admitted = n.div_ceil(2);
            if n > 0 {
                given_up += waiting.judged((at, end), n, admitted);
                stored += admitted;
            }
            if admitted > 0 {
                waiting.store(&Cohort {
                    n: admitted,
                    records: admitted,
                    stored: (at, end),
                    ..Cohort::default()
                });
            }
            if k < 3000 {
                refused += 7;
                assert_eq!(waiting.refuse_first(7, at, (at, end)), 0);
            }
        }
        (refused, stored, given_up)
    }

    #[test]
    fn who_waits_is_stored_or_given_up_after_its_sleeps() {
        let mut words = Seed { user: 3, replication: 0 }.stream("test", "sleeps");
        let mut waiting = Waiting::new(4, STEP, sleeps);
        let first = play(&mut waiting, (0, 1000), &mut words);
        let mut n = 0;
        waiting.take_stored(|cohort, _| n += cohort.n);
        assert_eq!(n, first.1);
        let then = play(&mut waiting, (1000, 2000), &mut words);
        let before = (first.0 + then.0, first.1 + then.1, first.2 + then.2);
        assert_eq!(waiting.all, before.0 - before.1 - before.2);
        // Ages of the last class: half of 1 + 2 + 4 s, and their variance.
        let last = waiting.classes[2].stored;
        let (mean, variance) = last.moments();
        assert!((mean / 1e9 - 3.51).abs() < 0.05, "{mean}");
        assert!((variance / 1e18 - 21.0 / 12.0).abs() < 0.05, "{variance}");
        let after = play(&mut waiting, (2000, 3800), &mut words);
        assert_eq!(waiting.all, 0);
        assert_eq!(before.0 + after.0, before.1 + before.2 + after.1 + after.2);
    }

    #[test]
    fn children_take_over_who_waits() {
        let mut words = Seed { user: 4, replication: 0 }.stream("test", "sleeps");
        let mut parent = Waiting::new(4, STEP, sleeps);
        let (refused, stored, given_up) = play(&mut parent, (0, 1000), &mut words);
        let (mut one, mut two) = (Waiting::new(4, STEP, sleeps), Waiting::new(4, STEP, sleeps));
        parent.hand_over(1000 * STEP, &mut [(&mut one, 0.25), (&mut two, 0.75)]);
        let all = refused - stored - given_up;
        assert_eq!((parent.all, one.all + two.all), (0, all));
        assert!((one.all as f64 / all as f64 - 0.25).abs() < 0.01);
        for child in [&mut one, &mut two] {
            let inherited = child.all;
            let (refused, stored, given_up) = play(child, (1000, 1800), &mut words);
            assert_eq!(child.all + stored + given_up, inherited + refused);
            assert!(stored > inherited / 2, "{stored} of {inherited}");
        }
    }
}
