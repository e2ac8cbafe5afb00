//! Curves of latency, throttling and cost against load and against shards.

use super::bills;
use super::outcome::{Curve, CurveLine, CurvePoint};
use super::plan::Plan;
use super::stretch::{Load, Stretch, point};
use crate::measure::result::RunResult;
use crate::stream::config::Mode;
use crate::world::config::WorldConfig;
use crate::world::sizing;

/// Load factors in percent of the scenario's.
pub const LOADS: [u64; 9] = [25, 50, 75, 100, 125, 150, 200, 300, 400];
/// Shard counts in percent of the scenario's.
const SHARDS: [u64; 9] = [25, 50, 75, 100, 125, 150, 200, 300, 400];

/// One simulation of a curve.
pub struct PointJob {
    /// Index of the curve: 0 load, 1 shards.
    curve: usize,
    mode: Mode,
    x: f64,
    load: Load,
    /// Is it a part of the scenario only?
    part: bool,
    /// Its world.
    pub world: WorldConfig,
}

/// The points of all default curves, heaviest first within a mode; `None`: the work is too large.
pub fn jobs(plan: &Plan, budget: u128) -> Option<(Stretch, Vec<PointJob>)> {
    let modes = &plan.modes;
    let loads = LOADS.iter().sum::<u64>() as f64 / 100.0;
    let shards = shard_counts(&plan.world);
    let per_mode = modes.len() as f64 * loads;
    let on_shards = if modes.contains(&Mode::Provisioned) { shards.len() + modes.len() - 1 } else { 0 };
    let stretch = Stretch::fitting(&plan.world, per_mode + on_shards as f64, budget)?;
    let mut jobs = Vec::new();
    for &mode in modes {
        for percent in LOADS {
            let load = Load { percent };
            let world = point(&plan.world, stretch, load, mode);
            jobs.push(PointJob {
                curve: 0,
                mode,
                x: percent as f64 / 100.0,
                load,
                part: !stretch.whole,
                world,
            });
        }
    }
    if modes.contains(&Mode::Provisioned) {
        for &n in &shards {
            let load = Load { percent: 100 };
            let mut world = point(&plan.world, stretch, load, Mode::Provisioned);
            world.stream.shards = Some(n);
            jobs.push(PointJob {
                curve: 1,
                mode: Mode::Provisioned,
                x: f64::from(n),
                load,
                part: !stretch.whole,
                world,
            });
        }
    }
    Some((stretch, jobs))
}

fn shard_counts(world: &WorldConfig) -> Vec<u32> {
    let here = u64::from(sizing::provisioned_shards(world));
    let mut counts: Vec<u32> = SHARDS.iter().map(|p| (here * p).div_ceil(100).max(1) as u32).collect();
    counts.dedup();
    counts
}

/// Puts finished points together.
pub fn assemble(plan: &Plan, stretch: Stretch, jobs: &[PointJob], runs: &[Option<RunResult>]) -> Vec<Curve> {
    let line = |curve: usize, mode: Mode| {
        let points = jobs.iter().zip(runs).filter(|(j, _)| j.curve == curve && j.mode == mode);
        let points = points.filter_map(|(job, run)| curve_point(plan, job, run.as_ref()?)).collect();
        CurveLine { mode: mode.word(), title: mode.title(), points }
    };
    let load = Curve {
        id: "load",
        title: "Against load".into(),
        x_label: "load, as a multiple of the scenario's".into(),
        x_here: Some(1.0),
        stretch: stretch.words(),
        lines: plan.modes.iter().map(|m| line(0, *m)).collect(),
    };
    let here = f64::from(sizing::provisioned_shards(&plan.world));
    let mut lines = vec![line(1, Mode::Provisioned)];
    let xs: Vec<f64> = lines[0].points.iter().map(|p| p.x).collect();
    for flat in load.lines.iter().filter(|l| l.mode != Mode::Provisioned.word()) {
        // An on-demand stream chooses its own shards: the same point at every x, to compare with.
        if let Some(at_one) = flat.points.iter().find(|p| p.x == 1.0) {
            let points = xs.iter().map(|x| CurvePoint { x: *x, ..at_one.clone() }).collect();
            lines.push(CurveLine { points, ..flat.clone() });
        }
    }
    let shards = Curve {
        id: "shards",
        title: "Against provisioned shards".into(),
        x_label: "provisioned shards (on-demand chooses its own: a flat line)".into(),
        x_here: Some(here),
        stretch: stretch.words(),
        lines,
    };
    let drawn = |c: &Curve| c.lines.first().is_some_and(|l| !l.points.is_empty());
    [load, shards].into_iter().filter(drawn).collect()
}

fn curve_point(plan: &Plan, job: &PointJob, run: &RunResult) -> Option<CurvePoint> {
    let attempts: u64 = run.producers.iter().map(|p| p.attempts).sum();
    let throttled: u64 = run.producers.iter().map(|p| p.throttled).sum();
    let born: u64 = run.producers.iter().map(|p| p.born).sum();
    let lost: u64 = run.producers.iter().map(|p| p.lost.all()).sum();
    let share = |part: u64, whole: u64| if whole > 0 { part as f64 / whole as f64 } else { 0.0 };
    let slowest = run.consumers.iter().max_by_key(|c| c.end_to_end.p99_ns);
    let month = match job.part {
        true => bills::of_point(plan, job.load.percent, &job.world, run),
        false => bills::of_month(plan, &job.world, run),
    };
    let hop = slowest.map(|c| &c.end_to_end);
    Some(CurvePoint {
        x: job.x,
        shards: run.stream.shards_max,
        throttled_share: share(throttled, attempts),
        lost_share: share(lost, born),
        p50_ns: hop.and_then(|h| h.p50_ns),
        p99_ns: hop.and_then(|h| h.p99_ns),
        max_ns: hop.and_then(|h| h.max_ns),
        month_usd: month.ok()?.total,
    })
}
