//! Runs of many worlds: modes side by side on the same demand, replications, curves.
//!
//! What is run follows from the estimated work, never from time; results come in the order of the jobs, so any
//! number of threads gives the same bytes.

pub mod account;
mod bills;
pub mod compare;
mod curves;
mod evaluate;
pub mod findings;
mod fronts;
mod headline;
pub mod outcome;
pub mod parallel;
pub mod plan;
pub mod priced;
pub mod replay;
mod resolution;
mod single;
mod stretch;
pub mod sweep;
pub mod work;

pub use evaluate::evaluate;
pub use single::{prepared, single};

use crate::coarse::{choose, simulate};
use crate::cost::BillError;
use crate::measure::result::RunResult;
use crate::world::Unfit;
use crate::world::config::WorldConfig;
use curves::PointJob;
use fronts::FrontJob;
use outcome::{Curve, Front, ModeOutcome, Outcome, Provenance};
use plan::Plan;
use stretch::Stretch;

/// Why an experiment has no outcome.
#[derive(Debug)]
pub enum Trouble {
    /// The scenario cannot be simulated as it stands.
    Unfit(Unfit),
    /// A bill cannot be made.
    Bill(BillError),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Unfit(why) => f.write_str(&why.0),
            Trouble::Bill(why) => write!(f, "{why}"),
        }
    }
}

/// A job, and what share of the work it is (expected records).
struct Job {
    world: WorldConfig,
    records: u64,
}

/// Runs a plan. `progress(done, all)` hears of expected records simulated, from any thread.
pub fn run(plan: &Plan, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Outcome, Trouble> {
    let mut plan = plan.clone();
    plan.world.share_tables();
    let choice = choose(&plan.world);
    plan.world.resolution = choice.resolution;
    plan.notes.extend(choice.why);
    let plan = &plan;
    let expected = work::records(&plan.world);
    let replications = plan.replications.unwrap_or_else(|| work::replications(expected, plan.modes.len()));
    let mut jobs = evaluate::jobs(plan, replications, expected);
    let whole_runs = jobs.len();
    let points = wanted_curves(plan);
    if let Some((_, points)) = &points {
        let job = |p: &PointJob| Job { world: p.world.clone(), records: work::records(&p.world) as u64 };
        jobs.extend(points.iter().map(job));
    }
    let curve_points = jobs.len();
    let front = wanted_fronts(plan);
    if let Some(front) = &front {
        let job = |p: &FrontJob| Job { world: p.world.clone(), records: work::records(&p.world) as u64 };
        jobs.extend(front.iter().map(job));
    }
    let mut results = simulate_all(&jobs, progress)?;
    let of_front = results.split_off(curve_points);
    let fronts = front.map(|front| fronts::assemble(plan, &front, &of_front));
    let of_points: Vec<Option<RunResult>> = results.split_off(whole_runs).into_iter().map(Some).collect();
    let curves =
        points.as_ref().map(|(stretch, points)| curves::assemble(plan, *stretch, points, &of_points));
    outcome(plan, replications.max(1) as usize, &jobs, results, (curves, fronts))
}

fn wanted_curves(plan: &Plan) -> Option<(Stretch, Vec<PointJob>)> {
    match plan.curves {
        Some(false) => None,
        Some(true) => curves::jobs(plan, u128::MAX),
        None => curves::jobs(plan, work::CURVE_RECORDS),
    }
}

fn wanted_fronts(plan: &Plan) -> Option<Vec<FrontJob>> {
    match plan.curves {
        Some(false) => None,
        Some(true) => fronts::jobs(plan, u128::MAX),
        None => fronts::jobs(plan, work::CURVE_RECORDS),
    }
}

fn simulate_all(jobs: &[Job], progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Vec<RunResult>, Trouble> {
    let all: u64 = jobs.iter().map(|j| j.records).sum();
    // The heaviest first: the last job to finish is then a small one.
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|i| (std::cmp::Reverse(jobs[*i].records), *i));
    let results = parallel::map(&order, |i| {
        let result = simulate(&jobs[*i].world);
        progress(jobs[*i].records, all);
        result
    });
    let mut in_order: Vec<(usize, Result<RunResult, Unfit>)> = order.into_iter().zip(results).collect();
    in_order.sort_by_key(|r| r.0);
    in_order.into_iter().map(|r| r.1.map_err(Trouble::Unfit)).collect()
}

/// Says where a backlog was so long that single records were no longer kept.
fn from_cold(mode: &ModeOutcome) -> Vec<String> {
    let long = mode.run.consumers.iter().filter(|c| c.from_cold > 0);
    long.map(|c| {
        format!(
            "{}: {} read {} records from a long backlog, kept in groups of 64 (counts and bytes exact, moments spread evenly inside a group)",
            mode.title, c.name, c.from_cold
        )
    })
    .collect()
}

fn outcome(
    plan: &Plan,
    replications: usize,
    jobs: &[Job],
    results: Vec<RunResult>,
    (curves, fronts): (Option<Vec<Curve>>, Option<Vec<Front>>),
) -> Result<Outcome, Trouble> {
    let worlds: Vec<&WorldConfig> = jobs.iter().map(|j| &j.world).collect();
    let modes = evaluate::modes(plan, replications, &worlds, results)?;
    let mut notes = plan.notes.clone();
    notes.extend(modes.first().iter().flat_map(|m| resolution::notes(&m.run)));
    notes.extend(modes.iter().flat_map(from_cold));
    if curves.is_none() && plan.curves.is_none() {
        let records = work::records(&plan.world);
        notes.push(format!(
            "no curves: too much work for a default ({records} records a run); `curves: on` asks for them"
        ));
    }
    if fronts.is_none() && plan.curves.is_none() {
        notes.push(
            "no front of buffering hints: too much work for a default; `curves: on` asks for it".into(),
        );
    }
    if replications == 1 && plan.replications.is_none() {
        notes.push(
            "one replication: near saturation one seed can mislead; `replications: 3` gives intervals".into(),
        );
    }
    let findings = findings::of(plan, &modes);
    Ok(Outcome {
        name: plan.name.clone(),
        question: plan.question.clone(),
        modes,
        curves: curves.unwrap_or_default(),
        fronts: fronts.unwrap_or_default(),
        findings,
        notes,
        replay: None,
        provenance: Provenance {
            version: env!("CARGO_PKG_VERSION"),
            scenario_digest: plan.digest.clone(),
            seed: plan.world.seed.user,
            replications: replications as u32,
            prices: plan.prices.dated.clone(),
            defaults: plan.defaults.clone(),
            assumptions: plan.assumptions.clone(),
        },
    })
}
