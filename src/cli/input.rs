//! Reading a scenario, saying what is wrong with it, and having it simulated.

use super::progress::Progress;
use super::{Exit, Flags, fs, talk};
use crate::experiment::outcome::Outcome;
use crate::experiment::plan::Plan;
use crate::experiment::{self, Trouble};
use crate::scenario::{self, AccountScenario, Diag, Scenario};
use anstream::ColorChoice;
use std::path::Path;

/// The scenario of a file with the `--set` overlays, or the exit after everything wrong with it was said.
pub fn load(path: &Path, flags: &Flags) -> Result<Scenario, Exit> {
    let text = fs::read_text(path, fs::SCENARIO_BYTES_MAX).map_err(talk::wrong)?;
    let name = path.display().to_string();
    scenario::load(&text, &name, &fs::beside(path), &flags.set).map_err(|d| refuse(&d, flags))
}

/// The same of a file that may describe an account with several streams.
pub fn load_account(path: &Path, flags: &Flags) -> Result<AccountScenario, Exit> {
    let text = fs::read_text(path, fs::SCENARIO_BYTES_MAX).map_err(talk::wrong)?;
    let name = path.display().to_string();
    scenario::load_account(&text, &name, &fs::beside(path), &flags.set).map_err(|d| refuse(&d, flags))
}

/// All mistakes at once: drawn on stderr, or with `--json` as a list on stdout.
pub fn refuse(diags: &[Diag], flags: &Flags) -> Exit {
    if flags.json {
        let mut text = serde_json::to_string_pretty(diags).unwrap_or_default();
        text.push('\n');
        talk::data(text.as_bytes());
        return Exit::Wrong;
    }
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
    anstream::eprint!("{}", scenario::render(diags, colour));
    Exit::Wrong
}

/// The seed of this run: `--seed`, else the scenario's.
pub fn seed(scenario: &Scenario, flags: &Flags) -> u64 {
    flags.seed.unwrap_or(scenario.seed)
}

/// Simulates a scenario; `shape` adjusts the plan. What is wrong was said on stderr.
pub fn simulate(scenario: &Scenario, flags: &Flags, shape: impl FnOnce(&mut Plan)) -> Result<Outcome, Exit> {
    planned(scenario, flags, shape).map(|(_, outcome)| outcome)
}

/// The same with its plan.
pub fn planned(
    scenario: &Scenario,
    flags: &Flags,
    shape: impl FnOnce(&mut Plan),
) -> Result<(Plan, Outcome), Exit> {
    if let Some(why) = scenario.too_large() {
        return Err(talk::wrong(why));
    }
    let mut plan = scenario.plan(seed(scenario, flags)).map_err(talk::wrong)?;
    shape(&mut plan);
    let progress = Progress::new(flags);
    let outcome = experiment::run(&plan, &|done, all| progress.more(done, all));
    progress.end();
    let outcome = outcome.map_err(|trouble: Trouble| talk::wrong(trouble))?;
    Ok((plan, outcome))
}
