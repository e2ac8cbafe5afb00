//! How what is refused comes back: the law of a sleep as changes from step to step, and as cumulants of ages.

use super::mass::S;
use crate::producer::retry::Piece;

/// How what is refused in one step comes back: by how much more (or less, below zero) of it than in the step before,
/// so many steps on.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// Steps on, and by how much.
    pub changes: Vec<(u64, f64)>,
    /// Steps until nothing more of it comes.
    pub reach: u64,
}

impl Kernel {
    /// The time from a refusal to the next attempt, in parts that are even each.
    pub fn new(pieces: &[Piece], step: u64) -> Kernel {
        let steps = |ns: u64| ns as f64 / step as f64;
        let before =
            |x: f64| pieces.iter().map(|p| p.part * arrived(x, steps(p.least), steps(p.most))).sum::<f64>();
        let ends = pieces.iter().flat_map(|p| [p.least / step, p.most / step]);
        // Between the ends of its parts it comes back evenly.
        let mut places: Vec<u64> = ends.flat_map(|at| at.saturating_sub(1)..at + 4).collect();
        places.sort_unstable();
        places.dedup();
        // Nothing comes back within its own step: that little comes with the next.
        let within = |j: u64| match j {
            0 => 0.0,
            1 => before(2.0),
            _ => before(j as f64 + 1.0) - before(j as f64),
        };
        let changes = places.into_iter().filter(|j| *j > 0).map(|j| (j, within(j) - within(j - 1)));
        let mut changes: Vec<(u64, f64)> = changes.collect();
        // Without what only rounding has left, and in the end none of it is left.
        let most = changes.iter().map(|c| c.1.abs()).fold(0.0, f64::max);
        changes.retain(|c| c.1.abs() > most * 1e-6);
        let left: f64 = changes.iter().map(|c| c.1).sum();
        let last = changes.last_mut().expect("a sleep ends");
        last.1 -= left;
        Kernel { reach: last.0, changes }
    }
}

/// Of what is refused evenly over a step, the part that is back after `x` steps when its sleep is even from `least` to
/// `most` steps.
fn arrived(x: f64, least: f64, most: f64) -> f64 {
    let ramp = |y: f64| if y > 0.0 { y * y / 2.0 } else { 0.0 };
    let rise = |from: f64| ramp(x - from) - ramp(x - from - 1.0);
    if most - least < 1e-9 {
        return (x - least).clamp(0.0, 1.0);
    }
    (rise(least) - rise(most)) / (most - least)
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
