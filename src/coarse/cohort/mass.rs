//! A mass of records: how many, and the mean and variance of when they were born.

use std::ops::{AddAssign, Mul};

/// Seconds in a nanosecond.
pub const S: f64 = 1e-9;

/// Some of the records of one past, and the moments of a time of theirs, in seconds: count, sum, sum of squares (and
/// nothing: four numbers side by side are two instructions).
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
pub struct Mass([f64; 4]);

impl Mass {
    /// `n` records spread evenly over a time.
    pub fn spread(n: f64, (from, to): (f64, f64)) -> Mass {
        let (middle, span) = ((from + to) / 2.0, to - from);
        Mass([n, n * middle, n * (middle * middle + span * span / 12.0), 0.0])
    }

    /// How many.
    #[inline]
    pub fn n(&self) -> f64 {
        self.0[0]
    }

    /// Times told from a moment that lies `by` before.
    pub fn moved(self, by: f64) -> Mass {
        let [n, sum, squares, _] = self.0;
        Mass([n, sum + by * n, squares + by * (2.0 * sum + by * n), 0.0])
    }

    /// The time from theirs until `at`, which is spread over `span`.
    #[inline]
    pub fn until(self, at: f64, span: f64) -> Mass {
        let [n, sum, squares, _] = self.0;
        Mass([n, at * n - sum, squares + at * (at * n - 2.0 * sum) + n * span * span / 12.0, 0.0])
    }

    /// Mean and variance, in nanoseconds, less what they are above the true ones (in seconds).
    pub fn moments(self, above: (f64, f64)) -> (f64, f64) {
        let [n, sum, squares, _] = self.0;
        let mean = sum / n;
        let variance = (squares / n - mean * mean - above.1).max(0.0);
        ((mean - above.0).max(0.0) / S, variance / S / S)
    }
}

impl Mul<f64> for Mass {
    type Output = Mass;
    #[inline]
    fn mul(self, part: f64) -> Mass {
        let [n, sum, squares, none] = self.0;
        Mass([n * part, sum * part, squares * part, none * part])
    }
}

impl AddAssign for Mass {
    #[inline]
    fn add_assign(&mut self, more: Mass) {
        for i in 0..4 {
            self.0[i] += more.0[i];
        }
    }
}
