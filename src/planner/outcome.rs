//! What a search found: everything `kinesim plan` prints, draws and writes as JSON.

use super::axes::Axis;
use super::excuse::Excuse;
use super::verdict::clopper_pearson;
use crate::cost::bill::Bill;
use crate::experiment::outcome::Provenance;
use crate::stream::config::Mode;
use serde::Serialize;

/// The whole answer.
#[derive(Clone, Debug, Serialize)]
pub struct PlanOutcome {
    /// Scenario name.
    pub name: String,
    /// Its question.
    pub question: String,
    /// The goal's limits as written.
    pub goal: Vec<String>,
    /// What could be chosen.
    pub axes: Vec<Axis>,
    /// Candidates in all.
    pub candidates: usize,
    /// Of which simulated.
    pub simulated: usize,
    /// Runs made.
    pub runs: u64,
    /// The workload's corner the plan is sized for; empty where no rate is an interval.
    pub corner: String,
    /// The plan; `None`: no candidate meets the goal.
    pub plan: Option<Contender>,
    /// How sure it is.
    pub verified: Option<Verified>,
    /// Others that meet the goal: the next, and the best of each other mode.
    pub runners_up: Vec<Contender>,
    /// Why nothing meets the goal.
    pub infeasible: Option<Infeasible>,
    /// How far the load may grow, and what breaks then.
    pub growth: Option<Growth>,
    /// The plan at half and at double the load.
    pub regret: Vec<Regret>,
    /// The offered load inside the minute, where a trace is the rate.
    pub minute: Vec<InsideMinute>,
    /// Every candidate that was simulated: cost, latency, throttling.
    pub points: Vec<Point>,
    /// Every candidate but the plan, with its excuse.
    pub rejected: Vec<Rejected>,
    /// The bill of the plan's month.
    pub bill: Option<Bill>,
    /// Findings about the plan's first run.
    pub findings: Vec<String>,
    /// What was left out, and why.
    pub notes: Vec<String>,
    /// Where all this comes from.
    pub provenance: Provenance,
}

/// A design in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// `provisioned`, …
    pub mode: &'static str,
    /// As AWS prints it.
    pub title: &'static str,
    /// Shards bought; `None` where AWS decides.
    pub shards: Option<u32>,
    /// Other keys that are set.
    pub set: Vec<(String, String)>,
    /// All modes it does in, where the goal asks for all; else empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<&'static str>,
}

impl Settings {
    /// Of a candidate.
    pub fn of(mode: Mode, shards: Option<u32>, set: &[(String, String)]) -> Settings {
        Settings { mode: mode.word(), title: mode.title(), shards, set: set.to_vec(), together: Vec::new() }
    }
}

/// A design that meets the goal.
#[derive(Clone, Debug, Serialize)]
pub struct Contender {
    /// The design.
    pub settings: Settings,
    /// Mean bill of a month over the first runs on the common draws, USD; of the dearest mode where all must do.
    pub month_usd: f64,
    /// The same at the workload's lower corner, where rates are intervals.
    pub month_usd_low: Option<f64>,
    /// Its figure for each limit of the goal.
    pub figures: Vec<Figure>,
    /// Runs on the common draws.
    pub runs: usize,
}

/// One limit, and what a design gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The limit as written.
    pub limit: String,
    /// Mean.
    pub mean: Option<f64>,
    /// Half of its 95 % interval.
    pub half_width: Option<f64>,
    /// Unit.
    pub unit: &'static str,
}

/// How sure a plan is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verified {
    /// Fresh runs that met the goal.
    pub met: u32,
    /// Fresh runs.
    pub runs: u32,
    /// The chance that a run meets the goal, as far as these runs tell: (met + 1) / (runs + 2), Laplace's rule of
    /// succession, which never claims to be certain.
    pub likely: f64,
    /// Ends of Clopper and Pearson's 95 % interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// The share that was asked for.
    pub asked: f64,
}

impl Verified {
    /// What so many runs tell.
    pub fn of(met: u32, runs: u32, asked: f64) -> Verified {
        let (low, high) = clopper_pearson(met, runs);
        let likely = f64::from(met + 1) / f64::from(runs + 2);
        Verified { met, runs, likely, low, high, asked }
    }

    /// The share that met the goal.
    pub fn share(&self) -> f64 {
        f64::from(self.met) / f64::from(self.runs)
    }

    /// Do as many meet the goal as were asked for?
    pub fn holds(&self) -> bool {
        self.share() >= self.asked
    }
}

/// Why no candidate meets the goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Infeasible {
    /// One line per limit.
    pub limits: Vec<Relax>,
}

/// One limit: what is reached, and what would do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Relax {
    /// The limit as written.
    pub limit: String,
    /// What the goal asks.
    pub asked: f64,
    /// The best any simulated candidate reaches, whatever else it misses.
    pub best: Option<f64>,
    /// The best of those that meet all other limits: the goal is feasible once this is allowed.
    pub would_do: Option<f64>,
    /// The design that does then.
    pub with: Option<Settings>,
    /// Unit.
    pub unit: &'static str,
}

/// How far the load may grow.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Growth {
    /// The largest load tried at which all limits but the cost hold, percent.
    pub holds_percent: u64,
    /// The least at which one does not; `None`: none up to the end.
    pub breaks_percent: Option<u64>,
    /// What breaks.
    pub excuse: Option<Excuse>,
}

/// The plan at another load.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Regret {
    /// Percent of the load.
    pub load_percent: u64,
    /// What the plan costs there, USD a month.
    pub plan_usd: f64,
    /// What it misses there, if anything (the cost limit apart).
    pub misses: Option<Excuse>,
    /// The cheapest design for that load.
    pub best: Option<Settings>,
    /// Its cost, USD a month.
    pub best_usd: Option<f64>,
}

/// The plan with the same minutes filled in another way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InsideMinute {
    /// How records are spread inside the second.
    pub spread: String,
    /// Is it what the plan was sized for?
    pub sized_for: bool,
    /// Throttled share.
    pub throttled: Option<f64>,
    /// 99th percentile, end to end, of the slowest consumer, ns.
    pub p99_ns: Option<f64>,
    /// Does it meet the goal?
    pub meets: bool,
}

/// A simulated candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The design.
    pub settings: Settings,
    /// Bill of a month, USD.
    pub month_usd: f64,
    /// 99th percentile, end to end, of the slowest consumer, ns.
    pub p99_ns: Option<f64>,
    /// Throttled share.
    pub throttled: Option<f64>,
    /// Does it meet the goal?
    pub meets: bool,
    /// Nothing simulated is better in one of the three and no worse in the others.
    pub front: bool,
}

/// A candidate that is not the plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rejected {
    /// The design.
    pub settings: Settings,
    /// Its cost floor, USD a month.
    pub floor_usd: f64,
    /// The reason.
    pub excuse: Excuse,
}
