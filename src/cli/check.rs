//! `kinesim check`: is a scenario valid?

use super::{Exit, Flags, input, talk};
use std::path::PathBuf;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// The scenario file.
    scenario: PathBuf,
}

impl Check {
    /// Says what is wrong, or that nothing is.
    pub fn go(&self, flags: &Flags) -> Exit {
        let scenario = match input::load(&self.scenario, flags) {
            Ok(scenario) => scenario,
            Err(exit) => return exit,
        };
        if flags.json {
            return talk::data(b"[]\n");
        }
        let text = format!("{}: valid\n", scenario.name);
        talk::data(text.as_bytes())
    }
}
