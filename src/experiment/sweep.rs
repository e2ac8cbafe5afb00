//! A sweep: one scenario along one or two axes, every mode at every point.
//!
//! Points are independent, so they are run side by side and stand in the order of the axes. A finished point is a line
//! of text (JSON): what is drawn and written is read back from that text, whether the point was simulated now or kept
//! from a sweep that was interrupted, so both give the same bytes.

mod marks;

pub use marks::{KNEE_DISTANCE, limits_reached};

use super::outcome::{Headline, ModeOutcome};
use super::plan::Plan;
use super::{Trouble, evaluate, parallel, work};
use crate::facts::data_streams::shard_limits;
use crate::world::config::WorldConfig;
use crate::world::sizing;
use serde::{Deserialize, Serialize};

/// Records that the replications of all points may bear together by default.
const SWEEP_RECORDS: u128 = 120_000_000;
/// Replications of a point, at most; fewer than three give no useful interval.
const REPLICATIONS_MAX: u128 = 5;
const REPLICATIONS_MIN: u128 = 3;

/// A finished sweep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sweep {
    /// Scenario name.
    pub name: String,
    /// Its question.
    pub question: String,
    /// One or two.
    pub axes: Vec<SweepAxis>,
    /// Points in order: the first axis runs slowest.
    pub points: Vec<SweepPoint>,
    /// Where a curve bends and where limits are reached (one axis only).
    pub marks: Vec<Mark>,
    /// What to know about it.
    pub notes: Vec<String>,
    /// kinesim's version.
    pub version: String,
    /// Digest of the scenario's text without the axes.
    pub scenario_digest: String,
    /// Seed.
    pub seed: u64,
    /// Replications of each mode at each point.
    pub replications: u32,
    /// Prices in force.
    pub prices: String,
}

/// One axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SweepAxis {
    /// The scenario key.
    pub key: String,
    /// Unit of its numbers; empty for plain ones.
    pub unit: String,
    /// Spaced by a factor?
    pub log: bool,
    /// Its values as the scenario reads them.
    pub values: Vec<String>,
    /// The same as numbers; `None` where they are none.
    pub numbers: Option<Vec<f64>>,
}

/// One point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SweepPoint {
    /// Its place on each axis.
    pub at: Vec<usize>,
    /// Its modes, in the scenario's order.
    pub modes: Vec<PointMode>,
}

/// One mode at one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointMode {
    /// `provisioned`, …
    pub mode: String,
    /// As AWS prints it.
    pub title: String,
    /// Shards at the start.
    pub shards_at_start: u32,
    /// Most shards open at once.
    pub shards_max: u32,
    /// What the busiest minute asks of the shards at the start, as a share of their records limit; `None` where
    /// clients pack records, so that nobody knows before a run how many a shard sees.
    pub records_limit_share: Option<f64>,
    /// The same of the bytes limit.
    pub bytes_limit_share: f64,
    /// Headline figures over the replications.
    pub figures: Vec<Figure>,
    /// The longest of the consumers' 99th percentiles, ns.
    pub slowest_p99_ns: Option<f64>,
    /// And of their medians.
    pub slowest_p50_ns: Option<f64>,
}

/// One figure over the replications: a [`Headline`] that can be read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// `throttled_attempts`, `end_to_end_p99/NAME`, …
    pub key: String,
    /// In words.
    pub label: String,
    /// `share`, `ns`, `usd`, `count`.
    pub unit: String,
    /// Mean; `None` = not measured.
    pub mean: Option<f64>,
    /// Half width of the 95 % interval.
    pub half_width: Option<f64>,
}

/// A place on the axis worth marking.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mark {
    /// `knee` or `limit`.
    pub kind: &'static str,
    /// Mode.
    pub mode: String,
    /// Index of the point (a knee lies on one).
    pub point: Option<usize>,
    /// Position on the axis.
    pub x: f64,
    /// Its name as AWS prints it.
    pub title: String,
    /// What bends (`latency`, `throttling`) or which limit the busiest minute reaches all of, on shards as at the start
    /// and with records spread evenly (`records`, `bytes`).
    pub what: &'static str,
}

impl PointMode {
    /// A figure's mean.
    pub fn mean(&self, key: &str) -> Option<f64> {
        self.figures.iter().find(|f| f.key == key).and_then(|f| f.mean)
    }
}

/// Replications of each point where the scenario does not say: by the work of all points together.
pub fn replications(records_of_all_points: u128, modes: usize) -> u32 {
    let affordable = SWEEP_RECORDS / (records_of_all_points.max(1) * modes.max(1) as u128);
    match affordable.min(REPLICATIONS_MAX) {
        n if n >= REPLICATIONS_MIN => n as u32,
        _ => 1,
    }
}

/// Simulates points and hands each one's text to `finished`, with its place in `plans`, from any thread and in any
/// order. `progress` hears of expected records simulated.
pub fn simulate_points(
    plans: &[Plan],
    finished: &(dyn Fn(usize, &str) + Sync),
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), Trouble> {
    let weight = |plan: &Plan| work::records(&plan.world);
    // The heaviest first: the last to finish is then a small one.
    let mut order: Vec<usize> = (0..plans.len()).collect();
    order.sort_by_key(|i| (std::cmp::Reverse(weight(&plans[*i])), *i));
    let one = |i: &usize| -> Result<(), Trouble> {
        let modes = evaluate(&plans[*i], &|done, _| progress(done))?;
        let modes: Vec<PointMode> = modes.iter().map(|m| point_mode(&plans[*i], m)).collect();
        // Plain data with string keys; this cannot fail.
        finished(*i, &serde_json::to_string(&modes).unwrap_or_default());
        Ok(())
    };
    parallel::map(&order, one).into_iter().collect()
}

/// A finished point from its text; `None` when it is not whole.
pub fn read_point(text: &str) -> Option<Vec<PointMode>> {
    serde_json::from_str(text).ok()
}

/// Puts finished points together, the marks of one axis included.
pub fn assemble(plan: &Plan, axes: Vec<SweepAxis>, points: Vec<SweepPoint>, notes: Vec<String>) -> Sweep {
    let marks = match axes.as_slice() {
        [one] => marks::of(one, &points),
        _ => Vec::new(),
    };
    Sweep {
        name: plan.name.clone(),
        question: plan.question.clone(),
        axes,
        points,
        marks,
        notes,
        version: env!("CARGO_PKG_VERSION").into(),
        scenario_digest: plan.digest.clone(),
        seed: plan.world.seed.user,
        replications: plan.replications.unwrap_or(1),
        prices: plan.prices.dated.clone(),
    }
}

fn point_mode(plan: &Plan, outcome: &ModeOutcome) -> PointMode {
    let mode = plan.modes.iter().find(|m| m.word() == outcome.mode).copied();
    let world = plan.world_of(mode.unwrap_or(plan.world.mode), 0);
    let packs = outcome.run.producers.iter().any(|p| p.packing.is_some());
    let (records, bytes) = limit_shares(&world);
    let slowest = |key: &str| {
        let of = outcome.headline.iter().filter(|h| h.key.starts_with(key)).filter_map(|h| h.mean);
        of.max_by(f64::total_cmp)
    };
    PointMode {
        mode: outcome.mode.into(),
        title: outcome.title.into(),
        shards_at_start: outcome.run.stream.shards_at_start,
        shards_max: outcome.run.stream.shards_max,
        records_limit_share: (!packs).then_some(records),
        bytes_limit_share: bytes,
        figures: outcome.headline.iter().map(figure).collect(),
        slowest_p99_ns: slowest("end_to_end_p99/"),
        slowest_p50_ns: slowest("end_to_end_p50/"),
    }
}

fn figure(of: &Headline) -> Figure {
    Figure {
        key: of.key.clone(),
        label: of.label.clone(),
        unit: of.unit.into(),
        mean: of.mean,
        half_width: of.half_width,
    }
}

/// What the busiest minute asks of the shards at the start: (records, bytes) as shares of their write limits.
fn limit_shares(world: &WorldConfig) -> (f64, f64) {
    let (peak, limits) = (sizing::peak_minute(world), shard_limits());
    let shards = u64::from(sizing::starting_shards(world));
    let share = |asked: u64, limit: u64| asked as f64 / (limit * shards).max(1) as f64;
    (share(peak.records_per_s, limits.write_records_per_s), share(peak.bytes_per_s, limits.write_bytes_per_s))
}
