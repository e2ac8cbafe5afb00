//! The planner: the cheapest design that meets a goal, and an excuse for every other.
//!
//! A *candidate* is the scenario with some of its keys overlaid: a capacity mode, a number of shards, how a consumer
//! reads, a client's settings. Closed forms (facts and theory, `bound`) give each a cost it cannot fall below and
//! discard those that cannot meet the goal; the others are simulated in order of that cost on the same draws, with
//! replications until the 95 % intervals part from the goal (`verdict`). The plan is then run again with fresh seeds
//! (`search`: once to be chosen, as often again to be confirmed), grown until a limit breaks, and held against what half
//! and double the load would have asked for (`beyond`). That no design will do is an answer, with its reason (`feasible`).
//!
//! Where the goal asks for all modes, a candidate is one design looked at in each of them: it must meet the goal in all,
//! and costs what the dearest does.
//!
//! Left out: designs that change over time (reshards by a schedule or a policy), several streams.
//! Habits taken from Netflix's capacity planner: pure models, an excuse for each rejected option, regret.

pub mod axes;
mod beyond;
pub mod bound;
pub mod excuse;
mod feasible;
mod minute;
pub mod outcome;
mod search;
pub mod space;
pub mod verdict;

pub use search::plan;
pub use space::Space;

use crate::experiment;
use crate::scenario::Diag;

/// Why there is no plan, feasible or not.
#[derive(Debug)]
pub enum Trouble {
    /// A run is more work than is done.
    TooLarge(String),
    /// It sets no goal.
    NoGoal,
    /// So many settings to combine.
    TooMany(usize),
    /// Values of `plan.choose` that no design can have.
    Mistaken(Vec<Diag>),
    /// A run or a bill could not be made.
    Run(experiment::Trouble),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::TooLarge(why) => f.write_str(why),
            Trouble::NoGoal => f.write_str("the scenario sets no goal: there is nothing to plan for"),
            Trouble::TooMany(n) => write!(
                f,
                "`plan.choose` combines to {n} designs, {} at most: name fewer values",
                space::DESIGNS_MAX
            ),
            Trouble::Mistaken(diags) => {
                diags.iter().try_for_each(|d| writeln!(f, "{}: {}", d.message, d.expected))
            }
            Trouble::Run(why) => write!(f, "{why}"),
        }
    }
}

impl From<experiment::Trouble> for Trouble {
    fn from(why: experiment::Trouble) -> Trouble {
        Trouble::Run(why)
    }
}
