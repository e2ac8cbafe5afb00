//! Records refused so many times: how much of them is due, when they were born, and what became of them.

use super::kernel::Kernel;
use super::mass::{Mass, S};

/// Parts of what is due that were stored and refused, summed over steps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts {
    /// Stored.
    pub stored: f64,
    /// Refused.
    pub refused: f64,
}

/// Records refused so many times.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its windows have 2 to this power steps, no more than those of the next class.
    pub window: u32,
    kernel: Kernel,
    /// What is due in a step changes so at each window.
    ring: Vec<Mass>,
    /// Due in each step of the present window; nothing from the window `end` on, whatever rounding leaves.
    pub due: Mass,
    end: u64,
    /// Refused in the present window: comes back from the next on.
    pub refused: Mass,
    /// The sums of parts up to which it knows what became of it.
    pub known: Parts,
    /// Stored since the last look: their ages.
    pub stored: Mass,
    /// By how much windows make their mean and variance larger (in seconds).
    pub above: (f64, f64),
    /// By how much the variance of ages is above and below that of the whole in its two halves (see `apart`).
    pub apart: f64,
}

impl Class {
    /// Nobody waits.
    pub fn new(window: u32, kernel: Kernel, above: (f64, f64), apart: f64) -> Class {
        Class {
            window,
            kernel,
            ring: Vec::new(),
            due: Mass::default(),
            end: 0,
            refused: Mass::default(),
            known: Parts::default(),
            stored: Mass::default(),
            above,
            apart,
        }
    }

    /// Does one of its windows end where this step begins?
    pub fn ends_at(&self, step: u64) -> bool {
        step & ((1 << self.window) - 1) == 0
    }

    /// Nobody waits any more; what was stored is still to be looked at.
    pub fn forget(&mut self) {
        if self.end > 0 {
            self.ring.fill(Mass::default());
        }
        (self.due, self.refused, self.end) = (Mass::default(), Mass::default(), 0);
        self.known = Parts::default();
    }

    /// Births are told from a moment that lies `by` before.
    pub fn move_births(&mut self, by: f64) {
        let all = self.ring.iter_mut().chain([&mut self.due, &mut self.refused]);
        all.for_each(|mass| *mass = mass.moved(by));
    }

    /// A share of what waits in another, whose births are told from `by` after.
    pub fn inherit(&mut self, theirs: &Class, by: f64, share: f64) {
        if self.ring.is_empty() {
            self.ring = vec![Mass::default(); theirs.ring.len()];
        }
        self.due += theirs.due.moved(by) * share;
        self.refused += theirs.refused.moved(by) * share;
        self.end = self.end.max(theirs.end);
        for (mine, theirs) in self.ring.iter_mut().zip(&theirs.ring) {
            *mine += theirs.moved(by) * share;
        }
    }

    /// What was stored of it since it was last asked, in the window of the step `now`; births are told from `base`. Its
    /// ages are those of the whole window, whichever part of it is asked about: what is due in it has no other.
    pub fn know_stored(&mut self, sums: Parts, now: u64, step: u64, base: u64) {
        let part = sums.stored - self.known.stored;
        self.known.stored = sums.stored;
        if part > 0.0 {
            let (from, span) = (((now >> self.window) << self.window) * step, step << self.window);
            let middle = ((from + span / 2) as i64 - base as i64) as f64 * S;
            self.stored += (self.due * part).until(middle, span as f64 * S);
        }
    }

    /// What was refused of it since it was last asked.
    pub fn know_refused(&mut self, sums: Parts) -> Mass {
        let part = sums.refused - self.known.refused;
        self.known.refused = sums.refused;
        self.due * part
    }

    /// The window before `window` has ended: what was refused in it comes back, and what is due changes. Returns
    /// until which window there is any.
    pub fn turn(&mut self, window: u64) -> u64 {
        let refused = std::mem::take(&mut self.refused);
        if refused.n() > 0.0 {
            if self.ring.is_empty() {
                self.ring = vec![Mass::default(); self.kernel.ring()];
            }
            let last = self.ring.len() - 1;
            for &(windows, change) in &self.kernel.changes {
                self.ring[(window - 1 + windows) as usize & last] += refused * change;
            }
            self.end = self.end.max(window - 1 + self.kernel.reach);
        }
        let last = self.ring.len().wrapping_sub(1);
        if let Some(change) = self.ring.get_mut(window as usize & last) {
            self.due += std::mem::take(change);
        }
        if window >= self.end {
            self.due = Mass::default();
        }
        self.end
    }
}
