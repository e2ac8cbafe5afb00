//! What a Firehose stream's buffering hints give: freshness against size and number of objects against cost.
//!
//! Each point is the scenario's world with another size or interval of one Firehose stream, within the documented ranges
//! of its destination; everything else, the other readers of its shards included, stays. A point is as long as two of
//! the longest intervals and a little more: the scenario's busiest stretch of that length, or, where the scenario is
//! shorter, its mean rate. Records still gathering at the end count as the part of an object that they are.

use super::bills;
use super::outcome::{Front, FrontPoint};
use super::plan::Plan;
use super::stretch::{Load, Stretch, at_mean, point};
use super::work;
use crate::firehose::config::FirehoseConfig;
use crate::measure::result::RunResult;
use crate::units::{Bytes, Dur};
use crate::world::config::WorldConfig;

/// One simulation of a front.
pub struct FrontJob {
    /// Index of the Firehose stream in the plan.
    stream: usize,
    size: Bytes,
    interval: Dur,
    /// Its world.
    pub world: WorldConfig,
}

/// How long a point is.
const LENGTH: Dur = Dur::from_s(1860);
/// Intervals to choose from.
const INTERVALS_S: [u64; 5] = [0, 15, 60, 300, 900];

/// The points of every stream's front; `None`: the work is too large.
pub fn jobs(plan: &Plan, budget: u128) -> Option<Vec<FrontJob>> {
    let Some(&mode) = plan.modes.first() else { return Some(Vec::new()) };
    let base = match Stretch::busiest_of(&plan.world, LENGTH) {
        Some(stretch) => point(&plan.world, stretch, Load { percent: 100 }, mode),
        None => at_mean(&plan.world, LENGTH, mode),
    };
    let mut jobs = Vec::new();
    for (stream, config) in plan.world.firehose.iter().enumerate() {
        for (size, interval) in settings(plan, stream) {
            let mut world = base.clone();
            world.firehose[stream] = config.with_hints(size, interval);
            jobs.push(FrontJob { stream, size, interval, world });
        }
    }
    let each = work::records(&base);
    (each.saturating_mul(jobs.len() as u128) <= budget).then_some(jobs)
}

/// Sizes and intervals to look at, the scenario's own among them.
fn settings(plan: &Plan, stream: usize) -> Vec<(Bytes, Dur)> {
    let config = &plan.world.firehose[stream];
    let [least, most] = config.hints.interval;
    let intervals = INTERVALS_S.map(Dur::from_s).into_iter().filter(|i| (least..=most).contains(i));
    let mut all: Vec<(Bytes, Dur)> =
        intervals.flat_map(|i| config.hints.size.map(|size| (size, i))).collect();
    all.push((config.buffer.size, own_interval(plan, stream)));
    all.sort();
    all.dedup();
    all
}

/// As it is written: zero buffering is an interval of zero.
fn own_interval(plan: &Plan, stream: usize) -> Dur {
    let config = &plan.world.firehose[stream];
    let [least, _] = config.hints.interval;
    let zero = least == Dur::ZERO && config.buffer.interval == config.hints.zero_wait;
    if zero { Dur::ZERO } else { config.buffer.interval }
}

/// Puts finished points together.
pub fn assemble(plan: &Plan, jobs: &[FrontJob], runs: &[RunResult]) -> Vec<Front> {
    let whole = Stretch::busiest_of(&plan.world, LENGTH);
    let minutes = LENGTH.0 / Dur::from_min(1).0;
    let front = |(stream, config): (usize, &FirehoseConfig)| {
        let mine = jobs.iter().zip(runs).filter(|(job, _)| job.stream == stream);
        let mut points: Vec<FrontPoint> = mine.filter_map(|(job, run)| measured(plan, job, run)).collect();
        for i in 0..points.len() {
            points[i].best = !points.iter().any(|other| beats(other, &points[i]));
        }
        Front {
            firehose: config.name.clone(),
            stretch: match whole {
                Some(_) => format!("Each point is the scenario's busiest {minutes} min without its events."),
                None => {
                    format!("Each point is {minutes} min at the scenario's mean rate, without its events.")
                }
            },
            size_here: config.buffer.size.0,
            interval_here_ns: own_interval(plan, stream).0,
            points,
        }
    };
    let fronts = plan.world.firehose.iter().enumerate().map(front);
    fronts.filter(|f| !f.points.is_empty()).collect()
}

/// No worse in freshness, object size and cost, and better in one of them.
fn beats(a: &FrontPoint, b: &FrontPoint) -> bool {
    let known =
        |p: &FrontPoint| (p.p99_ns.unwrap_or(u64::MAX), std::cmp::Reverse(p.object_bytes), p.month_usd);
    let (a, b) = (known(a), known(b));
    a != b && a.0 <= b.0 && a.1 <= b.1 && a.2 <= b.2
}

fn measured(plan: &Plan, job: &FrontJob, run: &RunResult) -> Option<FrontPoint> {
    let name = &plan.world.firehose[job.stream].name;
    let f = run.firehoses().into_iter().find(|f| f.name == *name)?;
    let object_bytes = f.delivered_bytes.checked_div(f.objects)?;
    let came = f.opened_records.unwrap_or(f.in_records);
    let held = came as f64 / (came - f.held_records).max(1) as f64;
    let days = run.duration_ns as f64 / Dur::from_h(24).0 as f64;
    Some(FrontPoint {
        size: job.size.0,
        interval_ns: job.interval.0,
        p50_ns: f.freshness.p50_ns,
        p99_ns: f.freshness.p99_ns,
        oldest_ns: f.oldest_ns_max,
        object_bytes,
        by_size: f.flushed_by_size as f64 / f.objects.max(1) as f64,
        objects_per_day: f.objects as f64 * held / days,
        month_usd: bills::of_stream(plan, &job.world, run, f).ok()?.total,
        best: false,
    })
}
