//! How long an operating point is looked at.
//!
//! Near its capacity a shard needs minutes to forget how it began (a bucket of a second's worth is a random walk then),
//! so warm-up and window are longest there.

use crate::units::NS_PER_S;

/// How long a window is.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    /// Before it, ns.
    pub warm: u64,
    /// Itself, ns.
    pub window: u64,
}

/// How much a measurement may cost.
#[derive(Clone, Copy, Debug)]
pub struct Care {
    /// Open shards up to which all are simulated.
    pub most: usize,
    /// Above that: shards that stand for many.
    pub ranked: usize,
    /// Records a window should hold.
    pub records: f64,
    /// Warm-up where nothing is near its limit, in seconds.
    pub calm: u64,
    /// How long near a shard's capacity.
    pub near: Near,
}

/// How long a shard near its capacity is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Near {
    /// Warm-up and window, in seconds.
    For(u64, u64),
    /// Until it has forgotten how it began, and many times that; but not for more than so many records.
    Patient(f64),
}

/// What a stand is offered.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Against its limits.
    pub utilisation: f64,
    /// Records per second at which it would be one.
    pub capacity: f64,
}

impl Load {
    /// Seconds in which the bucket forgets its level: the slowest mode of a random walk with drift between empty and
    /// full, one second's worth apart, that a Poisson stream of `capacity` drives.
    fn memory(self) -> f64 {
        use std::f64::consts::PI;
        let (c, drift) = (self.capacity.max(1.0), self.utilisation - 1.0);
        1.0 / (PI * PI / (2.0 * c) + drift * drift * c / 2.0)
    }

    /// Seconds from a full bucket to an empty one under overload.
    fn emptied(self) -> f64 {
        let drift = self.utilisation - 1.0;
        if drift <= 0.0 { 0.0 } else { (1.0 / drift).min(self.capacity.max(1.0)) }
    }
}

/// A window may be stretched or cut this far for its records.
const SHORTEST_S: u64 = 10;
const LONGEST_S: u64 = 240;
/// Batches that fail are few.
const RARE_S: u64 = 900;
/// Distance from the capacity within which shards remember how they began.
const NEAR: f64 = 0.04;
/// Retries under overload need this long to come to rest; a calm stream needs less.
const BUSY_WARM_S: u64 = 60;
/// Pollers that share too few calls starve one another for minutes, in turns: they are looked at so long.
const CROWDED_S: u64 = 1800;
/// A shard above this load is near its limit.
pub const BUSY: f64 = 0.9;
/// Warm-up and window of the patient, in memories of the slowest shard.
const MEMORIES: (f64, f64) = (4.0, 30.0);
/// From this load on what is refused follows the births: a window should have no more and no fewer than expected.
pub const FULL: f64 = 0.99;

impl Length {
    /// For `rate` records per second in the small world; `crowded`: its pollers want more calls than there are.
    pub fn at(rate: f64, loads: &[Load], crowded: bool, care: Care) -> Length {
        let near = loads.iter().any(|l| (l.utilisation - 1.0).abs() <= NEAR);
        let busy = loads.iter().any(|l| l.utilisation > BUSY);
        let enough = (care.records / rate.max(1.0)) as u64;
        let (warm, window) = match (care.near, near, busy) {
            (Near::Patient(most), ..) if crowded => {
                (BUSY_WARM_S, ((most / rate.max(1.0)) as u64).clamp(SHORTEST_S, CROWDED_S))
            }
            (Near::Patient(most), _, true) => {
                let longest = |of: fn(Load) -> f64| loads.iter().map(|l| of(*l)).fold(0.0, f64::max);
                let memory = longest(Load::memory);
                let most = ((most / rate.max(1.0)) as u64).max(SHORTEST_S);
                let warm = BUSY_WARM_S + (MEMORIES.0 * memory + longest(Load::emptied)) as u64;
                let window = ((MEMORIES.1 * memory) as u64).max(enough.clamp(2 * SHORTEST_S, LONGEST_S));
                (warm.min(most / 2).max(SHORTEST_S), window.min(most))
            }
            (Near::For(warm, window), true, _) => (warm, window),
            (Near::For(warm, _), _, true) => (warm, enough.clamp(2 * SHORTEST_S, LONGEST_S)),
            _ => (care.calm, enough.clamp(SHORTEST_S, LONGEST_S)),
        };
        Length { warm: warm * NS_PER_S, window: window * NS_PER_S }
    }
}

impl Length {
    /// Long enough for batches that fail now and then, with care.
    pub fn for_rare(self, rate: f64, care: Care) -> Length {
        let Near::Patient(most) = care.near else { return self };
        let window = ((most / rate.max(1.0)) as u64).min(RARE_S) * NS_PER_S;
        Length { window: window.max(self.window), ..self }
    }
}
