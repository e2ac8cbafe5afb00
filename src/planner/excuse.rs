//! Why a candidate is not the plan: what it was held against, what it has, what was allowed, and the fact behind it.

use serde::Serialize;

/// The kind of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its settings do not go together.
    Mistake,
    /// It breaks a documented quota.
    Quota,
    /// Closed form: it cannot cost as little as the goal allows.
    CostFloor,
    /// Closed form: its shards cannot take what is written.
    Writes,
    /// Closed form: one key brings more than a shard takes.
    HotKey,
    /// Closed form: its readers look too seldom.
    PollInterval,
    /// Closed form: its fullest minute leaves too little free.
    Headroom,
    /// Simulated: a limit of the goal is missed.
    Missed,
    /// Simulated: the interval still holds the limit after all replications.
    TooClose,
    /// It met the goal on the common draws, and too seldom with fresh seeds.
    FreshRuns,
    /// Closed form: it cannot be cheaper than the plan, so it was not simulated.
    DearerFloor,
    /// Simulated: it meets the goal and costs more than the plan.
    Dearer,
    /// The runner-up search ended before it.
    NotTried,
}

/// A reason with its numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Excuse {
    /// Its kind.
    pub why: Why,
    /// What it was held against: a limit of the goal as written, a quota, the plan's cost.
    pub limit: String,
    /// What the candidate has.
    pub found: Option<f64>,
    /// Half of the 95 % interval around it, where it was simulated.
    pub half_width: Option<f64>,
    /// What was allowed.
    pub allowed: Option<f64>,
    /// Unit of these numbers: `ns`, `share`, `usd`, `count`, `records/s`, `factor`, `bytes`, `bytes/s`.
    pub unit: &'static str,
    /// Key of the fact behind it (`kinesim explain KEY`).
    pub fact: Option<String>,
    /// More, in words.
    pub note: String,
}

impl Excuse {
    /// A reason without numbers yet.
    pub fn new(why: Why, limit: impl Into<String>, unit: &'static str) -> Excuse {
        Excuse {
            why,
            limit: limit.into(),
            found: None,
            half_width: None,
            allowed: None,
            unit,
            fact: None,
            note: String::new(),
        }
    }

    /// With what was found and what was allowed.
    pub fn numbers(mut self, found: f64, allowed: f64) -> Excuse {
        (self.found, self.allowed) = (Some(found), Some(allowed));
        self
    }

    /// With the fact behind it.
    pub fn fact(mut self, key: impl Into<String>) -> Excuse {
        self.fact = Some(key.into());
        self
    }
}
