//! How what is refused comes back: the law of a sleep as changes from step to step, and as cumulants of ages.

use super::mass::S;
use crate::producer::retry::Piece;

/// Windows in the shortest even part of a sleep.
const WINDOWS: u64 = 5;

/// How what is refused in one window comes back: how much of it in each step of the window after, and by how much more
/// (or less, below zero) than in the window before, so many windows on.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// In the window after. It brings what should have come back within its own window, too: so many seconds (in the
    /// mean of all that it brings) too late.
    pub next: f64,
    /// See `next`.
    pub late: f64,
    /// Later windows, and by how much; where it comes in the second, all that comes there.
    pub changes: Vec<(u64, f64)>,
    /// Windows until nothing more of it comes.
    pub reach: u64,
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
        let within = |j: u64| before(j as f64 + 1.0) - before(j as f64);
        let ends = pieces.iter().flat_map(|p| [p.least / span, p.most / span]);
        // Between the ends of its parts it comes back evenly.
        let mut places: Vec<u64> = ends.flat_map(|at| at.saturating_sub(1)..at + 4).chain([2]).collect();
        places.sort_unstable();
        places.dedup();
        places.retain(|j| *j > 1);
        let per_step = 1.0 / (1u64 << window) as f64;
        let change = |j: u64| if j == 2 { within(2) } else { within(j) - within(j - 1) };
        let mut changes: Vec<(u64, f64)> = places.into_iter().map(|j| (j, change(j) * per_step)).collect();
        // Without what only rounding has left, and in the end none of it is left.
        changes.retain(|c| c.1.abs() > per_step * 1e-9);
        let left: f64 = changes.iter().map(|c| c.1).sum();
        match changes.last_mut() {
            Some(last) => last.1 -= left,
            None => changes.push((2, 0.0)),
        }
        let next = before(2.0);
        let late = pieces.iter().map(|p| p.part * too_late(windows(p.least), windows(p.most))).sum::<f64>();
        let late = if next > 0.0 { late / next * span as f64 * S } else { 0.0 };
        let reach = changes.last().map_or(2, |c| c.0);
        Kernel { next: next * per_step, late, changes, reach }
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

/// Of what is refused evenly over a window and sleeps evenly from `least` to `most` windows, some is back in the same
/// window, after a third of what is left of it beyond the shortest sleep in the mean; sent in the next window it is back
/// after a whole one. The part times the delay.
fn too_late(least: f64, most: f64) -> f64 {
    let back = least + (1.0 - least).max(0.0) / 3.0;
    arrived(1.0, least, most) * (1.0 - back)
}

/// Second and fourth cumulants of a sleep, in seconds: those of a sum are the sums of its parts'.
pub fn cumulants(pieces: &[Piece]) -> (f64, f64) {
    let ends = |p: &Piece| (p.least as f64 * S, p.most as f64 * S);
    let mean: f64 = pieces.iter().map(|p| p.part * (ends(p).0 + ends(p).1) / 2.0).sum();
    let (mut second, mut fourth) = (0.0, 0.0);
    for p in pieces {
        let (middle, half) = ((ends(p).0 + ends(p).1) / 2.0 - mean, (ends(p).1 - ends(p).0) / 2.0);
        let (m, h) = (middle * middle, half * half);
        second += p.part * (m + h / 3.0);
        fourth += p.part * (m * m + 2.0 * m * h + h * h / 5.0);
    }
    (second, fourth - 3.0 * second * second)
}

/// Ages are sums of sleeps: nearer to a bell the more there are. Two even laws around one mean, one wider and one
/// narrower, have their variance and their fourth moment when the squares of their half-widths are 3 + d and 3 - d
/// variances, d^2 = 6 + 5 × excess.
pub fn apart((second, fourth): (f64, f64)) -> f64 {
    let excess = if second > 0.0 { fourth / (second * second) } else { -1.2 };
    libm::sqrt((6.0 + 5.0 * excess).clamp(0.0, 8.0)) / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// All of what is refused comes back, and after its sleep in the mean.
    #[test]
    fn what_is_refused_is_back_after_its_sleep() {
        let even = |least: u64, most: u64, part: f64| Piece { least: least * MS, most: most * MS, part };
        let laws = [
            vec![even(0, 200, 1.0)],
            vec![even(3, 403, 1.0)],
            vec![even(50, 150, 0.25), even(100, 800, 0.75)],
            vec![even(500, 500, 1.0)],
        ];
        for (law, window) in laws.iter().flat_map(|law| (0..4).map(move |window| (law, window))) {
            let kernel = Kernel::new(law, 10 * MS, window);
            let (span, per) = ((10 * MS << window) as f64 * S, (1u64 << window) as f64);
            let (mut due, mut all, mut delay) =
                (0.0, kernel.next * per, kernel.next * per * (span - kernel.late));
            for j in 2..=kernel.reach {
                due += kernel.changes.iter().filter(|c| c.0 == j).map(|c| c.1).sum::<f64>() * per;
                all += due;
                delay += due * j as f64 * span;
            }
            let mean: f64 = law.iter().map(|p| p.part * (p.least + p.most) as f64 / 2.0 * S).sum();
            assert!((all - 1.0).abs() < 1e-9, "{law:?} {window}: {all} of it");
            assert!((delay - mean).abs() < 1e-9, "{law:?} {window}: {delay} s for {mean} s");
        }
    }

    /// Windows end together, and no sleep is told apart by less than a fifth of what it varies by.
    #[test]
    fn windows_are_a_part_of_the_sleep() {
        let sleeps = |ms: &[u64]| -> Vec<Vec<Piece>> {
            ms.iter().map(|most| vec![Piece { least: 0, most: most * MS, part: 1.0 }]).collect()
        };
        assert_eq!(windows(&sleeps(&[200, 400, 800, 1600, 5000, 5000]), 10 * MS), [2, 3, 4, 5, 6, 6]);
        assert_eq!(windows(&sleeps(&[1000, 100]), 10 * MS), [1, 1]);
        assert_eq!(windows(&sleeps(&[10]), 10 * MS), [0]);
    }
}
