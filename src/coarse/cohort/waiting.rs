//! Lone records of one producer that wait in a shard for another attempt.
//!
//! They are masses, not a list: what is refused comes back spread over its sleep, so a ring of windows holds where a
//! mass begins to come back and where it ends, and what is due in a step is the sum so far. A mass knows when its
//! records were born (mean and variance). Whole records are counted beside them.
//!
//! Each count of refusals has windows of its own, a fraction of its sleep long. What is due does not change within one,
//! so a step only says which part of it was stored and which refused; the sums of those parts tell each count its own
//! when its window ends.

use super::class::{Class, Parts};
use super::demand::draw;
use super::kernel::{Cumulants, Kernel, apart, cumulants, windows};
use super::mass::{Mass, S};
use super::together::Cohort;
use crate::producer::retry::Piece;
use crate::random::Stream;

/// Counts of refusals told apart, at most: who is tried more often sends record by record.
pub const CLASSES: u32 = 32;
/// The golden ratio's part of one.
const GOLDEN: f64 = 0.618_033_988_749_894_9;
/// Records that one part of what is stored stands for, and most parts of one look.
const PART: u64 = 16;
/// See `PART`.
const PARTS: u64 = 4;
/// Births are told from a moment that is moved when it is so many seconds behind: squares keep their precision.
const FAR: f64 = 256.0;
/// The part of what chance has kept back (or brought too early) that is made up for in a step.
const CAUGHT_UP: f64 = 1.0 / 32.0;
/// One record in a mean that is drawn from.
const ONE: f64 = 4_294_967_296.0;

/// All of a producer's that wait in a shard.
#[derive(Clone, Debug)]
pub struct Waiting {
    classes: Vec<Class>,
    step: u64,
    /// The present step, and the one after the last in which any is known to be due.
    now: u64,
    end: u64,
    /// Births are told from here.
    base: u64,
    /// Whole records.
    pub all: u64,
    /// Due in the present step, and in the last class.
    due: f64,
    /// What became of what was due.
    sums: Parts,
    /// Records that should have come by now, above those that did; and what of a count was too fine to draw.
    carry: f64,
    fine: u64,
    /// A part of one that is given up.
    given_up: f64,
    /// The part of what is due in the step that is judged now.
    part: f64,
    /// Whole records stored since the last look, and when.
    pub stored: Cohort,
    /// Where parts of them are rounded up.
    offset: f64,
}

impl Waiting {
    /// Nobody waits. `attempts` in all; `sleep`: from the `i`-th refusal to the next attempt.
    pub fn new(attempts: u32, step: u64, sleep: impl Fn(u32) -> Vec<Piece>) -> Waiting {
        let (mut ages, mut above) = (Cumulants::default(), (0.0, 0.0));
        let sleeps: Vec<Vec<Piece>> = (0..attempts.saturating_sub(1)).map(sleep).collect();
        let classes = sleeps.iter().zip(windows(&sleeps, step)).map(|(pieces, window)| {
            let kernel = Kernel::new(pieces, step, window);
            ages += cumulants(pieces);
            above = (above.0 + kernel.above.0, above.1 + kernel.above.1);
            Class::new(window, kernel, above, apart(ages))
        });
        Waiting {
            classes: classes.collect(),
            step,
            now: 0,
            end: 0,
            base: 0,
            all: 0,
            due: 0.0,
            sums: Parts::default(),
            carry: 0.0,
            fine: 0,
            given_up: 0.0,
            part: 0.0,
            stored: Cohort::default(),
            offset: 0.0,
        }
    }

    fn since_base(&self, at: u64) -> f64 {
        (at as i64 - self.base as i64) as f64 * S
    }

    /// `n` first attempts born over a time were refused in the step of `at`; those that have no other are given up.
    pub fn refuse_first(&mut self, n: u64, at: u64, born: (u64, u64)) -> u64 {
        if self.classes.is_empty() {
            return n;
        }
        self.enter(at / self.step);
        self.all += n;
        let born = (self.since_base(born.0), self.since_base(born.1));
        self.classes[0].refused += Mass::spread(n as f64, born);
        0
    }

    /// The present step is `slot`.
    fn enter(&mut self, slot: u64) {
        if self.all == 0 {
            self.begin(slot);
        }
        while self.now < slot {
            let window = self.classes[0].window;
            self.now = slot.min(((self.now >> window) + 1) << window);
            if self.classes[0].ends_at(self.now) {
                self.turn();
            }
        }
        if self.since_base(slot * self.step) > FAR {
            self.move_base(slot * self.step);
        }
    }

    /// Nobody waits: nothing is left but what rounding has left.
    fn begin(&mut self, slot: u64) {
        let (at, sums) = (slot * self.step, self.sums);
        for class in &mut self.classes {
            class.know_stored(sums, self.now, self.step, self.base);
            class.forget();
        }
        (self.now, self.end, self.base, self.sums) = (slot, slot, at, Parts::default());
        (self.due, self.carry, self.fine, self.given_up) = (0.0, 0.0, 0, 0.0);
    }

    /// Windows end where the present step begins.
    fn turn(&mut self) {
        let sums = self.sums;
        self.due = 0.0;
        for k in 0..self.classes.len() {
            if self.classes[k].ends_at(self.now) {
                self.classes[k].know_stored(sums, self.now - 1, self.step, self.base);
                self.pass_on(k);
                let class = &mut self.classes[k];
                self.end = self.end.max(class.turn(self.now >> class.window) << class.window);
            }
            self.due += self.classes[k].due.n();
        }
    }

    /// What was refused of a class belongs to the next; of the last, it was given up long ago.
    fn pass_on(&mut self, k: usize) {
        let refused = self.classes[k].know_refused(self.sums);
        if let Some(next) = self.classes.get_mut(k + 1) {
            next.refused += refused;
        }
    }

    #[cold]
    fn move_base(&mut self, to: u64) {
        let by = -self.since_base(to);
        self.classes.iter_mut().for_each(|class| class.move_births(by));
        self.base = to;
    }

    /// Whole records that are due in `[at, to)`, a part of one step: they come as independent sleeps end, a Poisson count.
    pub fn due(&mut self, at: u64, to: u64, words: &mut Stream) -> u64 {
        if self.all == 0 {
            return 0;
        }
        self.enter(at / self.step);
        self.part = (to - at) as f64 / self.step as f64;
        let mass = self.due * self.part;
        // The last of them: whatever chance and rounding have kept back.
        if self.is_last(to) {
            assert!(mass > 0.0, "{} wait and nothing is due", self.all);
            self.part *= self.all as f64 / mass;
            self.carry = 0.0;
            return self.all;
        }
        if mass <= 0.0 {
            return 0;
        }
        let expected = (mass + self.carry * CAUGHT_UP * self.part).max(0.0);
        let n = draw((expected * ONE) as u64, &mut self.fine, words).min(self.all);
        self.carry += mass - n as f64;
        self.part *= n as f64 / mass;
        n
    }

    /// Is nothing due from `to` on?
    fn is_last(&self, to: u64) -> bool {
        to >= self.end * self.step && !self.is_more_refused()
    }

    /// What is due does not change in the aligned stretches of so long.
    pub fn window(&self) -> u64 {
        self.step << self.classes.first().map_or(0, |class| class.window)
    }

    /// Was anything refused that comes again, and in a window that has not ended?
    fn is_more_refused(&self) -> bool {
        let last = self.classes.len() - 1;
        let refused = |c: &Class| c.due.n() > 0.0 && self.sums.refused > c.known.refused;
        self.classes.iter().enumerate().any(|(k, c)| c.refused.n() > 0.0 || k < last && refused(c))
    }

    /// Of the `n` records that were due, `admitted` were stored in a part of one step that ends at `to`: how many are
    /// given up.
    pub fn judged(&mut self, to: u64, n: u64, admitted: u64) -> u64 {
        let stored = admitted as f64 / n as f64;
        self.sums.stored += self.part * stored;
        self.all -= admitted;
        if admitted == n {
            return 0;
        }
        let refused = self.part * (1.0 - stored);
        self.sums.refused += refused;
        let given_up = self.given_up + self.classes.last().map_or(0.0, |c| c.due.n()) * refused;
        // Of the last of all none comes again: a part of a record is one.
        let whole = if self.is_last(to) { n - admitted } else { (given_up as u64).min(n - admitted) };
        self.given_up = (given_up - whole as f64).max(0.0);
        self.all -= whole;
        whole
    }

    /// Gives what was stored since the last look, and the mean and variance of its ages: a few parts that stand for as
    /// many records each, drawn evenly from all that the ages may be.
    pub fn take_stored(&mut self, mut give: impl FnMut(Cohort, (f64, f64))) {
        let whole = std::mem::take(&mut self.stored);
        if whole.n == 0 {
            return;
        }
        let (sums, now, step, base) = (self.sums, self.now, self.step, self.base);
        self.classes.iter_mut().for_each(|class| class.know_stored(sums, now, step, base));
        let parts = (whole.n / PART).clamp(1, PARTS);
        let all: f64 = self.classes.iter().map(|c| c.stored.n()).sum();
        // Another offset each time (the golden ratio's multiples): in the long run each past has its share.
        self.offset = (self.offset + GOLDEN).fract().min(1.0 - 1e-9);
        let (scale, mut before, mut k, mut given) = (parts as f64 / all, 0.0, 0, 0);
        for class in &mut self.classes {
            let ages = std::mem::take(&mut class.stored);
            let (apart, above) = (class.apart, class.above);
            for (part, factor) in [(0.5, 1.0 + apart), (0.5, 1.0 - apart)] {
                before += ages.n() * part * scale;
                let first = k;
                while k < parts && self.offset + k as f64 <= before {
                    k += 1;
                }
                if k > first {
                    let upto = if k == parts { whole.n } else { whole.n * k / parts };
                    let (mean, variance) = ages.moments(above);
                    give(whole.part(given, upto), (mean, variance * factor));
                    given = upto;
                }
            }
        }
    }

    /// What waits here goes to others, by their shares (which add up to one), from the step of `at` on.
    pub fn hand_over(&mut self, at: u64, heirs: &mut [(&mut Waiting, f64)]) {
        self.enter(at / self.step);
        (0..self.classes.len()).for_each(|k| self.pass_on(k));
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
        let (sums, by) = (self.sums, self.since_base(from.base));
        self.due = 0.0;
        for (k, theirs) in from.classes.iter().enumerate() {
            self.classes[k].know_stored(sums, self.now, self.step, self.base);
            self.pass_on(k);
            self.classes[k].inherit(theirs, by, share);
            self.due += self.classes[k].due.n();
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
                given_up += waiting.judged(end, n, admitted);
                stored += admitted;
            }
            if admitted > 0 {
                let (n, from) =
                    (waiting.stored.n, if waiting.stored.n == 0 { at } else { waiting.stored.stored.0 });
                let (n, stored) = (n + admitted, (from, end));
                waiting.stored = Cohort { n, records: n, stored, ..Cohort::default() };
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
        let (mean, variance) = last.moments(waiting.classes[2].above);
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
