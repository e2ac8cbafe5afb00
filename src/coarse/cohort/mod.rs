//! Cohort resolution: records born within a few milliseconds on one shard move together.
//!
//! At AWS there are records only. We model: cohorts of records (a count, bytes, the time over which they were born and
//! stored), split at limits, at what a read returns, and where shards split. Polls, pushes, calls and all of control
//! stay events, drawn from the streams that record resolution draws them from, so that readers fall into step here as
//! they do there. Admission, read limits, lines, quotas, resharding and on-demand scaling are the machines of `stream`,
//! `producer` and `world`. Lone records that are refused come back as the law of their sleeps spreads them (`waiting`);
//! how records crowd within a step, where a limit is near, is drawn from the law of their order
//! (`TokenBucket::refused_among`).
//!
//! A step (10 ms) is the time within which it is open what a limit does. Where none could refuse anything, a cohort is as
//! long as a bucket, or as the time until somebody reads who takes all there is. Where one binds step after step, what is
//! stored is known, and steps are as long as the windows by which the first sleep is told apart, a fifth of it.
//!
//! Where a producer needs more than that (the KPL, bursts, restarts: [`sends_one_by_one`]), all of them are played record
//! by record, and what shards store goes on in cohorts.
//!
//! What is lost: the order of records inside a cohort, single records, and with them exact largest delays; sizes are
//! known by their means. [`fit`] says what is carried.

mod calls;
mod class;
mod demand;
mod engine;
mod finish;
mod fits;
mod kernel;
mod log;
mod mass;
mod pushing;
mod reading;
mod sending;
mod shard;
mod tally;
mod together;
mod view;
mod waiting;
mod working;

pub use fits::{fit, sends_one_by_one};

use crate::engine::run;
use crate::measure::result::RunResult;
use crate::units::Dur;
use crate::world::Unfit;
use crate::world::config::WorldConfig;

/// Simulates one scenario in one capacity mode.
pub fn simulate(config: &WorldConfig, step: Dur) -> Result<RunResult, Unfit> {
    fit(config)?;
    let mut world = engine::Cohorts::new(config, step.0.max(1))?;
    let reached = run(&mut world, config.duration.0);
    Ok(world.finish(reached))
}
