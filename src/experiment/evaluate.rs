//! One design, judged: a plan in, one outcome per mode out.
//!
//! What `run`, `sweep`, `compare` and a search have in common. A design is a plan: the scenario with some of its keys
//! overlaid (`scenario::Source`). Its draws are the seed's and the replication's alone, so two designs of one seed
//! meet the same demand.

use super::outcome::ModeOutcome;
use super::plan::Plan;
use super::{Job, Trouble, bills, headline, simulate_all, work};
use crate::measure::result::RunResult;
use crate::world::config::WorldConfig;

/// Every mode of the plan, in its order, with its bills and the headline figures over its replications (by the
/// estimated work where the plan does not say how many). No curves, no findings. `progress(done, all)` hears of
/// expected records simulated, from any thread.
pub fn evaluate(plan: &Plan, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Vec<ModeOutcome>, Trouble> {
    let mut plan = plan.clone();
    plan.world.share_tables();
    let expected = work::records(&plan.world);
    let replications = plan.replications.unwrap_or_else(|| work::replications(expected, plan.modes.len()));
    let jobs = jobs(&plan, replications, expected);
    let results = simulate_all(&jobs, progress)?;
    let worlds: Vec<&WorldConfig> = jobs.iter().map(|j| &j.world).collect();
    modes(&plan, replications.max(1) as usize, &worlds, results)
}

/// Replications of each mode in turn.
pub(super) fn jobs(plan: &Plan, replications: u32, expected: u128) -> Vec<Job> {
    let runs = plan.modes.iter().flat_map(|m| (0..replications.max(1)).map(|r| plan.world_of(*m, r)));
    runs.map(|world| Job { world, records: expected as u64 }).collect()
}

/// Finished runs of [`jobs`] as outcomes.
pub(super) fn modes(
    plan: &Plan,
    replications: usize,
    worlds: &[&WorldConfig],
    results: Vec<RunResult>,
) -> Result<Vec<ModeOutcome>, Trouble> {
    let mut modes = Vec::new();
    let mut results = results.into_iter();
    for (m, mode) in plan.modes.iter().enumerate() {
        let runs: Vec<RunResult> = results.by_ref().take(replications).collect();
        let mut months = Vec::new();
        for (run, world) in runs.iter().zip(&worlds[m * replications..]) {
            months.push(bills::of_month(plan, world, run).map_err(Trouble::Bill)?);
        }
        let headline = headline::over(&runs, &months);
        let world = worlds[m * replications];
        let run = runs.into_iter().next().expect("one replication at least");
        modes.push(ModeOutcome {
            mode: mode.word(),
            title: mode.title(),
            bill_run: bills::of_run(plan, world, &run).map_err(Trouble::Bill)?,
            bill_month: months.swap_remove(0),
            run,
            headline,
        });
    }
    Ok(modes)
}
