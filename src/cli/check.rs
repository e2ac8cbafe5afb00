//! `kinesim check`: is a scenario valid, which quotas would it break, which goals does it miss?

use super::{Exit, Flags, input, plan, run, talk};
use crate::scenario::findings::QuotaFinding;
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// The scenario file.
    scenario: PathBuf,
}

impl Check {
    /// Says what is wrong, or that nothing is. A goal costs a run (without curves).
    pub fn go(&self, flags: &Flags) -> Exit {
        self.judge(flags).unwrap_or_else(|exit| exit)
    }

    fn judge(&self, flags: &Flags) -> Result<Exit, Exit> {
        let scenario = input::load(&self.scenario, flags)?;
        let quotas = scenario.quota_findings();
        let mut missed = Vec::new();
        if let Some(goal) = &scenario.goal {
            let mut plan = plan::of(&scenario, flags)?;
            plan.curves = Some(false);
            missed = run::missed(goal, &plan::run(&plan, flags)?);
        }
        let fine = quotas.is_empty() && missed.is_empty();
        let text = match flags.json {
            true => format!("{}\n", json!({ "valid": true, "quotas": quotas, "goals_missed": missed })),
            false => said(&scenario.name, &quotas, &missed),
        };
        let exit = talk::data(text.as_bytes());
        Ok(if fine { exit } else { Exit::Missed })
    }
}

fn said(name: &str, quotas: &[QuotaFinding], missed: &[String]) -> String {
    let mut text = format!("{name}: valid\n");
    for q in quotas {
        text.push_str(&format!("quota: {}: {} ({})\n", q.key, q.text, q.fact));
    }
    for goal in missed {
        text.push_str(&format!("goal missed: {goal}\n"));
    }
    text
}
