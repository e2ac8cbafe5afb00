//! One run of one design with its bills: what a search asks for, thousands of times.

use super::outcome::ModeOutcome;
use super::plan::Plan;
use super::{Trouble, bills};
use crate::coarse::{choose, simulate};
use crate::world::config::WorldConfig;

/// The plan with everything settled that all its runs share: the grain of the run, and key tables.
pub fn prepared(mut plan: Plan) -> Plan {
    plan.world.resolution = choose(&plan.world).resolution;
    plan.world.share_tables();
    plan
}

/// One run of a world of the plan ([`Plan::world_of`]), without headline figures, curves and findings.
pub fn single(plan: &Plan, world: &WorldConfig) -> Result<ModeOutcome, Trouble> {
    let run = simulate(world).map_err(Trouble::Unfit)?;
    Ok(ModeOutcome {
        mode: world.mode.word(),
        title: world.mode.title(),
        bill_run: bills::of_run(plan, world, &run).map_err(Trouble::Bill)?,
        bill_month: bills::of_month(plan, world, &run).map_err(Trouble::Bill)?,
        run,
        headline: Vec::new(),
    })
}
