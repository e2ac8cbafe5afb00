//! Findings about the order in which a consumer gets its records, and about those that come again.

use super::{percent, records};
use crate::consumer::config::ApplicationConfig;
use crate::experiment::plan::Plan;
use crate::measure::clients::ClientResult;
use crate::measure::result::ConsumerResult;

/// What came out of order or again, and whose order still holds.
pub fn of(plan: &Plan, c: &ConsumerResult) -> Option<String> {
    let client = plan.world.consumers.iter().find(|w| w.name == c.name).map(|w| &w.client)?;
    let overtaken = (c.overtaken > 0).then(|| {
        let share = percent(c.overtaken, c.first_deliveries);
        let what = match client {
            ApplicationConfig::Flink(_) => {
                "of the shards that theirs was split or merged into: the legacy source reads children beside their \
                 parents, so a reshard can turn a key's records round"
            }
            _ => {
                "of their shard: lanes work side by side and keep the order of each partition key, not that of the \
                 shard"
            }
        };
        format!("{} ({share}) were processed after later ones {what}", records(c.overtaken))
    });
    let again = (c.redeliveries > 0 && !is_told(c)).then(|| {
        let all = c.first_deliveries + c.redeliveries;
        format!(
            "{} ({} of all it got) came again, after later ones of their keys: its code must bear that",
            records(c.redeliveries),
            percent(c.redeliveries, all)
        )
    });
    let parts: Vec<String> = [overtaken, again].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("{}: {}", c.name, parts.join("; ")))
}

/// Does another finding say what came again?
fn is_told(c: &ConsumerResult) -> bool {
    match &c.client {
        Some(ClientResult::Kcl(kcl)) => kcl.failovers.count > 0,
        Some(ClientResult::Flink(flink)) => flink.restarts > 0 || flink.rewound > 0,
        _ => false,
    }
}
