//! `plan:`: what a search may choose from, and how sure it must be.

use super::context::{Cx, listed};
use super::diag::quote;
use super::goal::{BrokenText, Goal, GoalMode};
use super::grammar::{OPTIONAL, Read, Scalar, Shape, default, section};
use super::node::{Kind, Node};
use super::top::Modes;
use crate::facts::data_streams;
use crate::stream::config::Mode;
use crate::units::{Percent, parse};

/// What a search may choose from.
#[derive(Clone, Debug)]
pub struct Planning {
    /// Capacity modes; `None` = the scenario's.
    pub modes: Option<Vec<Mode>>,
    /// Shard counts of provisioned designs; `None` = around what the workload needs.
    pub shards: Option<Vec<u32>>,
    /// Further keys, each with the values allowed.
    pub choose: Vec<(String, Vec<String>)>,
    /// Share of fresh runs that must meet the goal.
    pub success: f64,
    /// Fresh runs that verify a plan, and as many again once it came through.
    pub fresh_runs: u32,
}

section! {
    /// What `kinesim plan` may choose from, and how sure it must be.
    PlanSpec {
        /// Capacity modes to choose from; the scenario's own when it is not written.
        modes: Option<Modes> = OPTIONAL,
        /// Shard counts of provisioned designs; around what the workload needs when it is not written.
        shards: Option<ShardChoice> = OPTIONAL,
        /// Further keys of this scenario, dotted as for `--set`, each with the values allowed. A key with one value
        /// is fixed.
        choose: Choose = default("{}"),
        /// Share of fresh runs that must meet the goal.
        success: Percent = default("90 %").positive().max("100 %"),
        /// Runs with fresh seeds that verify a plan, and as many again once it came through.
        fresh_runs: u32 = default("20").min("5").max("1000"),
    }
}

impl From<PlanSpec> for Planning {
    fn from(spec: PlanSpec) -> Planning {
        Planning {
            modes: spec.modes.map(|m| m.0),
            shards: spec.shards.map(|s| s.0),
            choose: spec.choose.0,
            success: spec.success.fraction(),
            fresh_runs: spec.fresh_runs,
        }
    }
}

/// `4 .. 40`, `[4, 8, 16]` or `12`.
#[derive(Clone, Debug)]
pub struct ShardChoice(pub Vec<u32>);

const SHARD_RANGE: Scalar =
    Scalar { what: "a range of shard counts", example: "`4 .. 40`", pattern: "^[0-9]+( *\\.\\. *[0-9]+)?$" };

/// Shard counts tried at most.
const MOST_COUNTS: usize = 2_000;

impl Read for ShardChoice {
    fn shape() -> Shape {
        Shape::Either(|| Shape::Scalar(SHARD_RANGE), <Vec<u32>>::shape)
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let counts = match &node.kind {
            Kind::List(_) => {
                let mut counts = <Vec<u32>>::read(node, cx)?;
                counts.sort_unstable();
                counts.dedup();
                counts
            }
            _ => {
                let (low, high) = cx.quantity(node, &SHARD_RANGE, |t| parse::interval(t, parse::count))?;
                let most = data_streams::UPDATE_SHARD_COUNT_MAX.count();
                (low.min(most + 1)..=high.min(most + 1)).map(|n| n as u32).collect()
            }
        };
        let most = data_streams::UPDATE_SHARD_COUNT_MAX.count() as u32;
        let fine = |n: &u32| (1..=most).contains(n);
        if counts.is_empty() || counts.len() > MOST_COUNTS || !counts.iter().all(fine) {
            let message = format!("`{}`: {}", cx.here(), quote(&node.to_flow()));
            let expected = format!("expected 1 to {most} shards, {MOST_COUNTS} counts at most");
            cx.say("out-of-range", node.span, message, &expected);
            return None;
        }
        Some(ShardChoice(counts))
    }
}

/// Keys and the values allowed.
#[derive(Clone, Debug)]
pub struct Choose(pub Vec<(String, Vec<String>)>);

impl Read for Choose {
    fn shape() -> Shape {
        Shape::Named(<Vec<BrokenText>>::shape)
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let Kind::Map(entries) = &node.kind else {
            cx.wrong_kind(node, "a map from keys to lists of values");
            return None;
        };
        let mut read = Vec::with_capacity(entries.len());
        for entry in entries {
            cx.enter(&entry.key);
            let values = cx.under(entry.at, |cx| <Vec<BrokenText>>::read(&entry.value, cx));
            let empty = values.as_ref().is_some_and(Vec::is_empty);
            let first = entry.key.split('.').next().unwrap_or_default();
            let instead = match entry.key.as_str() {
                "stream.shards" => Some("write `plan.shards`"),
                "modes" => Some("write `plan.modes`"),
                _ if OUTSIDE.contains(&first) || is_demand(&entry.key) => {
                    Some("expected a key of the design")
                }
                _ if empty => Some("expected at least one value"),
                _ => None,
            };
            if let Some(expected) = instead {
                let message = format!("`{}` cannot be chosen here", entry.key);
                cx.say("not-to-choose", entry.at, message, expected);
            }
            cx.leave();
            read.push(values.map(|v| (entry.key.clone(), v.into_iter().map(|t| t.0).collect())));
        }
        read.into_iter().collect::<Option<Vec<_>>>().map(Choose)
    }
}

/// Parts of a scenario that are no design: what is asked, wished and claimed, and the question's own terms.
const OUTSIDE: [&str; 14] = [
    "version",
    "name",
    "question",
    "duration",
    "seed",
    "replications",
    "curves",
    "goal",
    "plan",
    "expect",
    "central",
    "start",
    "region",
    "bill",
];

/// What a producer is asked to bring is no choice either: the least would always win.
fn is_demand(key: &str) -> bool {
    let parts: Vec<&str> = key.splitn(4, '.').collect();
    let demand = ["rate", "burstiness", "record_size"];
    matches!(parts.as_slice(), ["producers", _, part, ..] if demand.contains(part))
}

/// A goal about a mode that is not run can never be judged.
pub fn goal_fits(goal: Option<&Goal>, modes: &[Mode], planning: &Planning, cx: &mut Cx) {
    let Some(Goal { mode: GoalMode::One(wanted), at, .. }) = goal else { return };
    for (key, modes) in [("modes", Some(modes)), ("plan.modes", planning.modes.as_deref())] {
        let Some(modes) = modes.filter(|m| !m.contains(wanted)) else { continue };
        let words: Vec<&str> = modes.iter().map(|m| m.word()).collect();
        let message =
            format!("the goal is about `{}`, and `{key}` has only {}", wanted.word(), listed(&words));
        cx.say(
            "contradiction",
            *at,
            message,
            &format!("add `{}` to `{key}`, or change `goal.mode`", wanted.word()),
        );
    }
}
