//! What an experiment is asked to do: one scenario, its modes, replications and curves.

use crate::cost::{MonthRule, Rounding};
use crate::facts::prices::Prices;
use crate::stream::config::Mode;
use crate::units::ByteRate;
use crate::world::config::WorldConfig;

/// A scenario as an experiment.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Scenario name.
    pub name: String,
    /// Its question.
    pub question: String,
    /// Digest of its text.
    pub digest: String,
    /// Modes to compare.
    pub modes: Vec<Mode>,
    /// The world, to be run in each mode.
    pub world: WorldConfig,
    /// Replications; `None` = by the estimated work.
    pub replications: Option<u32>,
    /// Curves; `None` = by the estimated work.
    pub curves: Option<bool>,
    /// Prices in force.
    pub prices: Prices,
    /// What a month is.
    pub month: MonthRule,
    /// The account's Advantage commitment, also where a stream of many is billed without it.
    pub commitment: ByteRate,
    /// Rounding of bills.
    pub rounding: Rounding,
    /// (key, value, where it comes from) of everything left to its default.
    pub defaults: Vec<(String, String, String)>,
    /// Keys of assumptions among them.
    pub assumptions: Vec<String>,
    /// Notes from reading the scenario (rates given as intervals, ...).
    pub notes: Vec<String>,
}

impl Plan {
    /// The world of one mode and replication.
    pub fn world_of(&self, mode: Mode, replication: u32) -> WorldConfig {
        let mut world = self.world.clone();
        world.mode = mode;
        world.seed.replication = replication;
        world
    }
}
