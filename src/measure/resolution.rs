//! At what grain a run was simulated, and what that grain cannot show.

use crate::units::Dur;
use serde::Serialize;

/// The grain a scenario asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Every record by itself.
    Record,
    /// Records born within `step` on one shard move together.
    Cohort {
        /// Longest time between the births of one cohort.
        step: Dur,
    },
    /// Rates of every shard, from step to step.
    Rate {
        /// Length of a step.
        step: Dur,
    },
    /// Whichever of them carries the scenario and stays within the work a run may cost.
    Auto,
}

impl Resolution {
    /// The scenario's word.
    pub fn word(self) -> &'static str {
        match self {
            Resolution::Record => "record",
            Resolution::Cohort { .. } => "cohort",
            Resolution::Rate { .. } => "rate",
            Resolution::Auto => "auto",
        }
    }
}

/// A run that did not look at single records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coarse {
    /// `cohort` or `rate`.
    pub resolution: &'static str,
    /// Length of a cohort's births, or of a step.
    pub step_ns: u64,
    /// How many shards stood for how many others, where not every shard was simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampled: Option<Sampled>,
    /// Figures that it cannot show: they are `None` in the outputs.
    pub not_shown: Vec<NotShown>,
}

/// Statistically equal shards, carried by a sample of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sampled {
    /// Shards simulated.
    pub simulated: u32,
    /// Shards they stand for, themselves included.
    pub of: u32,
    /// How far percentiles are known.
    pub intervals: Vec<Interval>,
}

/// Where a percentile of the sampled shards lies, at 95 % confidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// Whose, and of what.
    pub figure: String,
    /// Which one, in percent.
    pub percentile: u32,
    /// Lower end, ns.
    pub low_ns: u64,
    /// Upper end, ns.
    pub high_ns: u64,
}

/// A figure that a resolution cannot show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotShown {
    /// The figure, in words.
    pub figure: &'static str,
    /// Why not.
    pub reason: &'static str,
}
