//! rate resolution.

use super::fit::{self, Need};
use crate::measure::result::RunResult;
use crate::units::Dur;
use crate::world::Unfit;
use crate::world::config::WorldConfig;

/// Can this be simulated at rate resolution? (What `simulate` would say, without the work.)
pub fn fit(config: &WorldConfig) -> Result<(), Unfit> {
    fit::check(config, "rate", |need| match need {
        Need::Producer(p) => Err(format!("`{}` producers", fit::client_word(&p.client))),
        _ => Ok(()),
    })
}

/// Simulates one scenario in one capacity mode.
pub fn simulate(config: &WorldConfig, _step: Dur) -> Result<RunResult, Unfit> {
    fit(config)?;
    Err(Unfit("rate resolution carries no scenario without producers".into()))
}
