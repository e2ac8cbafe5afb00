//! At what grain a scenario is simulated.

use super::grammar::{choice, default, section};
use crate::measure::resolution::Resolution;
use crate::units::Dur;

choice! {
    /// At what grain a scenario is simulated.
    ResolutionSpec {
        /// Every record by itself: exact, and the only grain that shows single records and their order.
        record: Record,
        /// Records born within a few milliseconds on one shard move together: days.
        cohort: Cohort(CohortSpec),
        /// Rates of every shard from step to step: months and years.
        rate: Rate(RateSpec),
        /// The finest of them whose work stays small; the report says which and why.
        auto: Auto,
    }
}

section! {
    /// Records that move together.
    CohortSpec {
        /// Longest time between the births of one cohort.
        step: Dur = default("10 ms").min("1 ms").max("1 s"),
    }
}

section! {
    /// Rates from step to step.
    RateSpec {
        /// Length of a step.
        step: Dur = default("1 s").min("1 s").max("60 s"),
    }
}

impl ResolutionSpec {
    /// The grain.
    pub fn resolve(&self) -> Resolution {
        match self {
            ResolutionSpec::Record => Resolution::Record,
            ResolutionSpec::Cohort(spec) => Resolution::Cohort { step: spec.step },
            ResolutionSpec::Rate(spec) => Resolution::Rate { step: spec.step },
            ResolutionSpec::Auto => Resolution::Auto,
        }
    }
}
