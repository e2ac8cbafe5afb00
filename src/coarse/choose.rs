//! `auto`: the finest resolution whose work stays small, from the expected records, never from time.

use super::{cohort, rate};
use crate::measure::resolution::Resolution;
use crate::units::{Dur, NS_PER_S};
use crate::world::config::WorldConfig;
use crate::world::sizing;

/// Records that one run bears one by one: a few seconds of one core.
const RECORDS: u128 = 50_000_000;
/// Shard-seconds that one run bears in cohorts: some seconds of one core.
const SHARD_SECONDS: u128 = 2_000_000;
/// Births of a cohort lie within this.
pub const COHORT_STEP: Dur = Dur(10_000_000);
/// Steps of a rate run, where hours are simulated and where months are.
pub const RATE_STEP: Dur = Dur(NS_PER_S);

/// What a run is simulated at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Never `Auto`.
    pub resolution: Resolution,
    /// Why, where it was chosen here; `None`: the scenario says so itself.
    pub why: Option<String>,
}

/// Settles `auto`; anything else stays.
pub fn choose(config: &WorldConfig) -> Choice {
    if config.resolution != Resolution::Auto {
        return Choice { resolution: config.resolution, why: None };
    }
    let records = sizing::expected_records(config);
    let shard_seconds =
        u128::from(sizing::starting_shards(config)) * u128::from(config.duration.0.div_ceil(NS_PER_S));
    let chosen = |resolution: Resolution, because: String| Choice {
        resolution,
        why: Some(format!("`resolution: auto` chose {}: {because}", resolution.word())),
    };
    if records <= RECORDS {
        let because = format!("{records} records are expected, and up to {RECORDS} are simulated one by one");
        return chosen(Resolution::Record, because);
    }
    let many = format!("{records} records are expected, more than {RECORDS}");
    let (cohorts, rates) = (cohort::fit(config), rate::fit(config));
    match (cohorts, rates) {
        (Ok(()), _) if shard_seconds <= SHARD_SECONDS && !cohort::sends_one_by_one(config) => chosen(
            Resolution::Cohort { step: COHORT_STEP },
            format!("{many}, on {shard_seconds} shard-seconds, up to {SHARD_SECONDS} of which cohorts bear"),
        ),
        (_, Ok(())) => {
            chosen(Resolution::Rate { step: RATE_STEP }, format!("{many}, on {shard_seconds} shard-seconds"))
        }
        (Ok(()), Err(why)) => {
            chosen(Resolution::Cohort { step: COHORT_STEP }, format!("{many}, and {}", why.0))
        }
        (Err(cohort), Err(rate)) => {
            chosen(Resolution::Record, format!("{many}, but {}; {}", cohort.0, rate.0))
        }
    }
}
