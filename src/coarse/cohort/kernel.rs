//! How what is refused comes back: the law of a sleep as changes from step to step, and as cumulants of ages.

use super::mass::S;
use crate::producer::retry::Piece;
use std::ops::AddAssign;

/// Windows in the shortest even part of a sleep.
const WINDOWS: u64 = 5;

/// How what is refused in one window comes back: by how much more (or less, below zero) of it in each step than in the
/// window before, so many windows on.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// Windows on, and by how much.
    pub changes: Vec<(u64, f64)>,
    /// Windows until nothing more of it comes.
    pub reach: u64,
    /// By how much the mean and the variance of the time until then (in seconds) are above the sleep's own.
    pub above: (f64, f64),
}

/// To which power of two steps the windows of each count of refusals are long: no longer than those of the next, so that
/// windows end together.
pub fn windows(sleeps: &[Vec<Piece>], step: u64) -> Vec<u32> {
    let mut least = u64::MAX;
    let back = sleeps.iter().rev().map(|pieces| {
        let even = pieces.iter().map(|p| p.most - p.least).min().unwrap_or(0);
        least = least.min((even / (WINDOWS * step)).max(1));
        least.ilog2()
    });
    let mut windows: Vec<u32> = back.collect();
    windows.reverse();
    windows
}

impl Kernel {
    /// The time from a refusal to the next attempt, in parts that are even each; windows of 2 to this power steps.
    pub fn new(pieces: &[Piece], step: u64, window: u32) -> Kernel {
        let span = step << window;
        let windows = |ns: u64| ns as f64 / span as f64;
        let before = |x: f64| {
            pieces.iter().map(|p| p.part * arrived(x, windows(p.least), windows(p.most))).sum::<f64>()
        };
        // Nothing comes back within its own window: that little comes with the next.
        let within = |j: u64| match j {
            0 => 0.0,
            1 => before(2.0),
            _ => before(j as f64 + 1.0) - before(j as f64),
        };
        let ends = pieces.iter().flat_map(|p| [p.least / span, p.most / span]);
        // Between the ends of its parts it comes back evenly.
        let mut places: Vec<u64> = ends.flat_map(|at| at.saturating_sub(1)..at + 4).collect();
        places.sort_unstable();
        places.dedup();
        let per_step = 1.0 / (1u64 << window) as f64;
        let changes =
            places.into_iter().filter(|j| *j > 0).map(|j| (j, (within(j) - within(j - 1)) * per_step));
        let mut changes: Vec<(u64, f64)> = changes.collect();
        // Without what only rounding has left, and in the end none of it is left.
        let most = changes.iter().map(|c| c.1.abs()).fold(0.0, f64::max);
        changes.retain(|c| c.1.abs() > most * 1e-6);
        let left: f64 = changes.iter().map(|c| c.1).sum();
        let last = changes.last_mut().expect("a sleep ends");
        last.1 -= left;
        let reach = last.0;
        let windows = (1..reach).map(|j| (j as f64 * span as f64 * S, within(j)));
        Kernel { reach, changes, above: above(windows, span as f64 * S, pieces) }
    }

    /// Windows that must be held.
    pub fn ring(&self) -> usize {
        (self.reach + 2).next_power_of_two() as usize
    }
}

/// Of what is refused evenly over a window, the part that is back after `x` windows when its sleep is even from `least`
/// to `most` windows.
fn arrived(x: f64, least: f64, most: f64) -> f64 {
    let ramp = |y: f64| if y > 0.0 { y * y / 2.0 } else { 0.0 };
    let rise = |from: f64| ramp(x - from) - ramp(x - from - 1.0);
    if most - least < 1e-9 {
        return (x - least).clamp(0.0, 1.0);
    }
    (rise(least) - rise(most)) / (most - least)
}

/// Moments from `windows` (how long after its own, and how much of it), in which as in its own it is spread evenly, above
/// those of the sleep.
fn above(windows: impl Iterator<Item = (f64, f64)>, span: f64, pieces: &[Piece]) -> (f64, f64) {
    let (all, sum, squares) = windows.fold((0.0, 0.0, 0.0), |a, (after, part)| {
        (a.0 + part, a.1 + part * after, a.2 + part * after * after)
    });
    let (mean, own) = (sum / all, cumulants(pieces));
    (mean - own.mean, squares / all - mean * mean + span * span / 6.0 - own.second)
}

/// What adds up where sleeps follow one another, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cumulants {
    mean: f64,
    second: f64,
    fourth: f64,
}

impl AddAssign for Cumulants {
    fn add_assign(&mut self, more: Cumulants) {
        self.mean += more.mean;
        self.second += more.second;
        self.fourth += more.fourth;
    }
}

/// Those of one sleep.
pub fn cumulants(pieces: &[Piece]) -> Cumulants {
    let ends = |p: &Piece| (p.least as f64 * S, p.most as f64 * S);
    let mean: f64 = pieces.iter().map(|p| p.part * (ends(p).0 + ends(p).1) / 2.0).sum();
    let (mut second, mut fourth) = (0.0, 0.0);
    for p in pieces {
        let (middle, half) = ((ends(p).0 + ends(p).1) / 2.0 - mean, (ends(p).1 - ends(p).0) / 2.0);
        let (m, h) = (middle * middle, half * half);
        second += p.part * (m + h / 3.0);
        fourth += p.part * (m * m + 2.0 * m * h + h * h / 5.0);
    }
    Cumulants { mean, second, fourth: fourth - 3.0 * second * second }
}

/// Ages are sums of sleeps: nearer to a bell the more there are. Two even laws around one mean, one wider and one
/// narrower, have their variance and their fourth moment when the squares of their half-widths are 3 + d and 3 - d
/// variances, d^2 = 6 + 5 × excess.
pub fn apart(Cumulants { second, fourth, .. }: Cumulants) -> f64 {
    let excess = if second > 0.0 { fourth / (second * second) } else { -1.2 };
    libm::sqrt((6.0 + 5.0 * excess).clamp(0.0, 8.0)) / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn even(least: u64, most: u64, part: f64) -> Piece {
        Piece { least: least * MS, most: most * MS, part }
    }

    /// All of what is refused comes back, and after its sleep.
    #[test]
    fn what_is_refused_is_back_after_its_sleep() {
        let laws = [
            vec![even(0, 200, 1.0)],
            vec![even(3, 403, 1.0)],
            vec![even(50, 150, 0.25), even(100, 800, 0.75)],
            vec![even(500, 500, 1.0)],
        ];
        for (law, window) in laws.iter().flat_map(|law| (0..4).map(move |window| (law, window))) {
            let kernel = Kernel::new(law, 10 * MS, window);
            let (span, per) = (((10 * MS) << window) as f64 * S, (1u64 << window) as f64);
            let (mut due, mut all, mut after, mut squares) = (0.0, 0.0, 0.0, 0.0);
            for j in 1..=kernel.reach {
                due += kernel.changes.iter().filter(|c| c.0 == j).map(|c| c.1).sum::<f64>() * per;
                let late = j as f64 * span;
                (all, after, squares) = (all + due, after + due * late, squares + due * late * late);
            }
            let (mean, variance) = (after - kernel.above.0, squares - after * after - kernel.above.1);
            let own = cumulants(law);
            assert!((all - 1.0).abs() < 1e-9, "{law:?} {window}: {all} of it");
            assert!((mean - own.mean).abs() < 1e-9, "{law:?} {window}: {mean} s");
            assert!((variance + span * span / 6.0 - own.second).abs() < 1e-9, "{law:?} {window}: {variance}");
        }
    }

    /// Windows end together, and in a sleep there are five at the least.
    #[test]
    fn windows_are_a_part_of_the_sleep() {
        let sleeps =
            |ms: &[u64]| -> Vec<Vec<Piece>> { ms.iter().map(|most| vec![even(0, *most, 1.0)]).collect() };
        assert_eq!(windows(&sleeps(&[200, 400, 800, 1600, 5000, 5000]), 10 * MS), [2, 3, 4, 5, 6, 6]);
        assert_eq!(windows(&sleeps(&[1000, 100]), 10 * MS), [1, 1]);
        assert_eq!(windows(&sleeps(&[10]), 10 * MS), [0]);
    }
}
