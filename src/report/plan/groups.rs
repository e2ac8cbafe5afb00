//! Thousands of excuses, grouped: one line for those alike.

use super::words;
use crate::planner::excuse::Why;
use crate::planner::outcome::{PlanOutcome, Rejected};
use crate::report::human;

/// Candidates with the same kind of reason against the same limit in the same mode.
pub struct Group<'a> {
    /// The one that came nearest.
    pub nearest: &'a Rejected,
    /// How many.
    pub count: usize,
    /// Least and most shards among them.
    pub shards: Option<(u32, u32)>,
}

impl Group<'_> {
    /// `212 × Provisioned, 1 to 14 shards: …; the nearest`.
    pub fn words(&self) -> String {
        let excuse = words::excuse(&self.nearest.excuse);
        if self.count == 1 {
            return format!("{}: {excuse}", words::design(&self.nearest.settings));
        }
        let shards = match self.shards {
            Some((a, b)) if a == b => format!(", {}", human::plural(a.into(), "shard")),
            Some((a, b)) => format!(", {a} to {b} shards"),
            None => String::new(),
        };
        let title = self.nearest.settings.title;
        let count = human::count(self.count as u64);
        let nearest = words::design(&self.nearest.settings);
        format!("{count} designs ({title}{shards}), the nearest {nearest}: {excuse}")
    }
}

/// The groups, closed forms first, in the order of the kinds of reasons.
pub fn of(outcome: &PlanOutcome) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    for rejected in &outcome.rejected {
        let same = |g: &&mut Group| {
            let (a, b) = (&g.nearest.excuse, &rejected.excuse);
            let alike = a.why == b.why && a.limit == b.limit && a.fact == b.fact;
            alike
                && g.nearest.settings.mode == rejected.settings.mode
                && (a.why != Why::Mistake || a.note == b.note)
        };
        let shards = rejected.settings.shards.map(|n| (n, n));
        match groups.iter_mut().find(same) {
            None => groups.push(Group { nearest: rejected, count: 1, shards }),
            Some(group) => {
                group.count += 1;
                group.shards = match (group.shards, shards) {
                    (Some((a, b)), Some((n, _))) => Some((a.min(n), b.max(n))),
                    (known, other) => known.or(other),
                };
                if distance(rejected) < distance(group.nearest) {
                    group.nearest = rejected;
                }
            }
        }
    }
    groups.sort_by_key(|g| g.nearest.excuse.why);
    groups
}

/// How far from what was allowed.
fn distance(rejected: &Rejected) -> f64 {
    let e = &rejected.excuse;
    e.found.zip(e.allowed).map_or(f64::MAX, |(a, b)| (a - b).abs())
}
