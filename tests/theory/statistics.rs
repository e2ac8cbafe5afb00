//! Batches, estimates with their standard errors, and the rule by which a figure agrees with theory.

use super::runs::run;
use kinesim::measure::latency::LatencySummary;
use kinesim::measure::result::RunResult;
use kinesim::random::Seed;
use kinesim::units::Dur;
use kinesim::world::config::WorldConfig;

/// Fixed before the first run.
pub const SEEDS: [u64; 2] = [11, 2026];
/// Independent batches of one seed.
pub const BATCHES: u32 = 32;

/// What a run counted after its warm-up.
pub struct Batch {
    before: Option<RunResult>,
    pub after: RunResult,
}

impl Batch {
    /// Seconds counted.
    pub fn seconds(&self) -> f64 {
        (self.after.duration_ns - self.before.as_ref().map_or(0, |b| b.duration_ns)) as f64 / 1e9
    }

    /// A counter's growth.
    pub fn count(&self, of: impl Fn(&RunResult) -> u64) -> f64 {
        (of(&self.after) - self.before.as_ref().map_or(0, &of)) as f64
    }

    /// A hop's values.
    pub fn hop(&self, of: impl Fn(&RunResult) -> &LatencySummary) -> Hop {
        let mut hop = Hop::default();
        hop.add(of(&self.after), 1);
        if let Some(before) = &self.before {
            hop.add(of(before), -1);
        }
        hop
    }
}

/// The batches of one seed: replications of `config`, each counted from `warm_up` on.
pub fn batches(config: &WorldConfig, seed: u64, warm_up: Dur) -> impl Iterator<Item = Batch> {
    let config = config.clone();
    (0..BATCHES).map(move |replication| {
        let seed = Seed { user: seed, replication };
        let warm = WorldConfig { duration: warm_up, seed, ..config.clone() };
        let whole = WorldConfig { seed, ..config.clone() };
        Batch { before: (warm_up > Dur::ZERO).then(|| run(&warm)), after: run(&whole) }
    })
}

/// Values of a hop: count, sum, buckets.
#[derive(Clone, Debug, Default)]
pub struct Hop {
    pub count: i64,
    pub sum_ns: i128,
    buckets: std::collections::BTreeMap<(u64, u64), i64>,
}

impl Hop {
    /// Adds (or with -1 takes away) a summary's values.
    pub fn add(&mut self, s: &LatencySummary, sign: i64) {
        self.count += sign * s.count as i64;
        self.sum_ns += i128::from(sign) * s.sum_ns as i128;
        for &(low, high, n) in &s.buckets {
            *self.buckets.entry((low, high)).or_default() += sign * n as i64;
        }
    }

    pub fn mean_s(&self) -> f64 {
        self.sum_ns as f64 / self.count as f64 / 1e9
    }

    /// Linear inside a bucket.
    pub fn quantile_s(&self, q: f64) -> f64 {
        let rank = q * self.count as f64;
        let mut below = 0.0;
        for (&(low, high), &n) in &self.buckets {
            let n = n as f64;
            if below + n >= rank && n > 0.0 {
                return (low as f64 + (high - low) as f64 * (rank - below) / n) / 1e9;
            }
            below += n;
        }
        f64::NAN
    }

    /// Standard deviation, each value at the middle of its bucket.
    pub fn deviation_s(&self) -> f64 {
        let mean = self.mean_s() * 1e9;
        let square = |(&(low, high), &n): (&(u64, u64), &i64)| {
            let off = (low + high) as f64 / 2.0 - mean;
            n as f64 * off * off
        };
        (self.buckets.iter().map(square).sum::<f64>() / self.count as f64).sqrt() / 1e9
    }

    /// The bucket that holds a value: upper edge in seconds, and the share of values up to there.
    pub fn share_up_to(&self, ns: u64) -> (f64, f64) {
        let edge = self.buckets.keys().map(|b| b.1).find(|high| *high > ns).expect("a value above");
        let below: i64 = self.buckets.iter().filter(|b| b.0.1 <= edge).map(|b| b.1).sum();
        (edge as f64 / 1e9, below as f64 / self.count as f64)
    }
}

/// A mean of batches and its standard error.
#[derive(Clone, Copy, Debug)]
pub struct Estimate {
    pub mean: f64,
    pub error: f64,
}

impl Estimate {
    pub fn of(values: &[f64]) -> Estimate {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
        Estimate { mean, error: (variance / n).sqrt() }
    }
}

/// Named figures of every batch, and what theory expects of each, within `share`.
#[derive(Default)]
pub struct Figures {
    rows: Vec<(String, f64, Vec<f64>)>,
}

impl Figures {
    pub fn add(&mut self, name: &str, expected: f64, value: f64) {
        match self.rows.iter_mut().find(|r| r.0 == name) {
            Some(row) => row.2.push(value),
            None => self.rows.push((name.to_owned(), expected, vec![value])),
        }
    }

    /// Prints every figure and fails on the first that differs.
    pub fn check(&self, id: &str, seed: u64, share: f64) {
        assert!(!self.rows.is_empty(), "{id}: nothing was measured");
        for (name, expected, values) in &self.rows {
            assert_eq!(values.len(), BATCHES as usize, "{id} {name}");
            agree(&format!("{id} {name} (seed {seed})"), Estimate::of(values), *expected, share);
        }
    }
}

/// |simulated - expected| <= max(4 standard errors, share of expected).
pub fn agree(what: &str, found: Estimate, expected: f64, share: f64) {
    let Estimate { mean, error } = found;
    println!("{what}: expected {expected:.6}, simulated {mean:.6} +- {error:.6}");
    let allowed = (4.0 * error).max(share * expected.abs());
    assert!(
        (mean - expected).abs() <= allowed,
        "{what}: expected {expected}, simulated {mean} +- {error} (allowed {allowed})"
    );
}
