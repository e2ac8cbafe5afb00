//! `kinesim check`: is a scenario valid, which quotas would it break, which goals does it miss?

use super::{Exit, Flags, input, run, talk};
use crate::scenario::{AccountScenario, Scenario};
use crate::world;
use std::path::PathBuf;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// The scenario file.
    scenario: PathBuf,
    /// Look at the file and the quotas only; do not simulate the goals.
    #[arg(long)]
    no_goals: bool,
}

impl Check {
    /// Says what is wrong, or that nothing is.
    pub fn go(&self, flags: &Flags) -> Exit {
        match self.done(flags) {
            Ok(exit) | Err(exit) => exit,
        }
    }

    fn done(&self, flags: &Flags) -> Result<Exit, Exit> {
        let account = input::load_account(&self.scenario, flags)?;
        for scenario in &account.streams {
            if let Some(why) = scenario.too_large() {
                return Err(talk::wrong(why));
            }
            for &mode in &scenario.modes {
                world::fit(&scenario.world(mode, scenario.seed, 0)).map_err(|why| talk::wrong(why.0))?;
            }
        }
        let mut exit = say_quotas(&account, flags);
        for scenario in account.streams.iter().filter(|_| !self.no_goals) {
            match goals(scenario, flags) {
                Exit::Wrong => return Err(Exit::Wrong),
                Exit::Missed => exit = Exit::Missed,
                Exit::Fine => {}
            }
        }
        Ok(exit)
    }
}

/// Quotas the design would break.
fn say_quotas(scenario: &AccountScenario, flags: &Flags) -> Exit {
    let found = scenario.quota_findings();
    if flags.json {
        let mut text = serde_json::to_string_pretty(&found).unwrap_or_default();
        text.push('\n');
        talk::data(text.as_bytes());
    } else if found.is_empty() {
        talk::data(format!("{}: valid, within all documented quotas\n", scenario.name).as_bytes());
    } else {
        for f in &found {
            let text = format!("quota: {}: {} (kinesim explain {})\n", f.key, f.text, f.fact);
            talk::data(text.as_bytes());
        }
    }
    if found.is_empty() { Exit::Fine } else { Exit::Missed }
}

fn goals(scenario: &Scenario, flags: &Flags) -> Exit {
    let Some(goal) = &scenario.goal else { return Exit::Fine };
    let once = |plan: &mut crate::experiment::plan::Plan| {
        plan.curves = Some(false);
        plan.replications = plan.replications.or(Some(1));
    };
    match input::simulate(scenario, flags, once) {
        Ok(outcome) => run::judge(goal, &outcome),
        Err(exit) => exit,
    }
}
