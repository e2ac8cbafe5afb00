//! Coarser resolutions: the laws of `world`, for weeks and months.
//!
//! - *record* (`world`): every record by itself; exact.
//! - *cohort* ([`cohort`]): records born within a few milliseconds on one shard (longer where nothing hangs on it) move
//!   together; polls, pushes, retries
//!   and everything that decides stay events.
//! - *rate* ([`rate`]): every shard's rates from step to step, a second to a minute long.
//!
//! Both use the machines of `stream`, `cost` and the settings of `world`, and give the same results as `world` does.
//! What they cannot show (single records, their order, their largest delay) is `None`, with the reason
//! ([`crate::measure::resolution::NotShown`]). What one does not carry it refuses by name ([`fit`]).

mod choose;
pub mod cohort;
pub mod fit;
pub mod rate;

pub use choose::{Choice, choose};

use crate::measure::resolution::Resolution;
use crate::measure::result::RunResult;
use crate::world::config::WorldConfig;
use crate::world::{self, Unfit};

/// Simulates one scenario in one capacity mode, at the resolution it asks for.
pub fn simulate(config: &WorldConfig) -> Result<RunResult, Unfit> {
    match choose(config).resolution {
        Resolution::Cohort { step } => cohort::simulate(config, step),
        Resolution::Rate { step } => rate::simulate(config, step),
        Resolution::Record | Resolution::Auto => world::simulate(config),
    }
}
