//! What an autoscaling rule did, and what kept it from doing more.

use super::{Plan, time};
use crate::facts::autoscaler::FLAP_WITHIN;
use crate::measure::result::{RunResult, TimelineEntry};

/// (kind, text) of each finding.
pub fn of(plan: &Plan, run: &RunResult) -> Vec<(&'static str, String)> {
    let Some(rule) = &plan.world.stream.autoscaler else { return Vec::new() };
    let acts = actions(run);
    if run.mode != "provisioned" {
        return Vec::new();
    }
    let ups = acts.iter().filter(|a| a.1).count();
    let mean = mean_shards(run);
    let mut found = vec![(
        "autoscaler",
        format!(
            "the {} rule added shards {} and took some away {}: {} shards at the start, {} at most, {mean:.1} on average",
            rule.policy,
            times(ups),
            times(acts.len() - ups),
            run.stream.shards_at_start,
            run.stream.shards_max,
        ),
    )];
    let flaps = flaps(&acts);
    if flaps > 0 {
        found.push((
            "flapping",
            format!(
                "the {} rule flaps: a decision within {} of one in the other direction, {}",
                rule.policy,
                FLAP_WITHIN.dur(),
                times(flaps)
            ),
        ));
    }
    let refused = refusals(run);
    if let Some(longest) = refused.iter().map(|r| r.1).max() {
        let first = refused[0].0.text.split(" (").next().unwrap_or_default();
        let first = first.trim_start_matches("autoscaler: ");
        found.push((
            "autoscaler_refused",
            format!(
                "calls of the {} rule were refused for {}, the longest {}; the first: {first}",
                rule.policy,
                if refused.len() == 1 { "one spell".into() } else { format!("{} spells", refused.len()) },
                time(longest)
            ),
        ));
    }
    if rule.policy == "target_tracking" {
        let text = "target tracking knows no Kinesis: it needs a custom resource, an HTTPS endpoint of one's own \
                    that calls UpdateShardCount";
        found.push(("custom_resource", text.into()));
    }
    found
}

fn times(n: usize) -> String {
    match n {
        0 => "never".into(),
        1 => "once".into(),
        n => format!("{n} times"),
    }
}

/// (when, up?) of each change, in order.
fn actions(run: &RunResult) -> Vec<(u64, bool)> {
    let of = |e: &TimelineEntry| match e.what {
        "autoscale_up" => Some((e.at_ns, true)),
        "autoscale_down" => Some((e.at_ns, false)),
        _ => None,
    };
    run.timeline.iter().filter_map(of).collect()
}

/// Decisions soon after one in the other direction.
fn flaps(actions: &[(u64, bool)]) -> usize {
    let within = FLAP_WITHIN.dur().0;
    actions.windows(2).filter(|w| w[0].1 != w[1].1 && w[1].0 - w[0].0 <= within).count()
}

/// Refusals with the time until the next change.
fn refusals(run: &RunResult) -> Vec<(&TimelineEntry, u64)> {
    let later = |at: u64| actions(run).into_iter().find(|a| a.0 > at).map_or(run.duration_ns, |a| a.0);
    let refused = run.timeline.iter().filter(|e| e.what == "autoscale_refused");
    refused.map(|e| (e, later(e.at_ns) - e.at_ns)).collect()
}

/// Open shards over the run.
pub fn mean_shards(run: &RunResult) -> f64 {
    run.usage.provisioned_shard_ns as f64 / run.duration_ns.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::flaps;

    #[test]
    fn a_daily_cycle_is_no_flapping() {
        let h = 3_600_000_000_000;
        assert_eq!(flaps(&[(0, true), (12 * h, false), (24 * h, true)]), 0);
        assert_eq!(flaps(&[(0, true), (h / 2, false), (h, true), (3 * h, true)]), 2);
    }
}
