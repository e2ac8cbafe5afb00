//! Reading a scenario, saying what is wrong with it, and having it simulated.

use super::progress::Progress;
use super::{Exit, Flags, fs, talk};
use crate::experiment::outcome::Outcome;
use crate::experiment::plan::Plan;
use crate::experiment::{self, Trouble};
use crate::facts::prices::{self, Prices};
use crate::scenario::{self, AccountScenario, Diag, Scenario, price_file};
use anstream::ColorChoice;
use std::path::Path;

/// A scenario file's text for several readings, and how to read the files beside it.
pub fn text(path: &Path) -> Result<String, Exit> {
    fs::read_text(path, fs::SCENARIO_BYTES_MAX).map_err(talk::wrong)
}

/// The scenario of a file with the `--set` overlays, or the exit after everything wrong with it was said.
pub fn load(path: &Path, flags: &Flags) -> Result<Scenario, Exit> {
    let text = text(path)?;
    let name = path.display().to_string();
    let stream = flags.stream.as_deref();
    scenario::load_one(&text, &name, &fs::beside(path), &flags.set, stream).map_err(|d| refuse(&d, flags))
}

/// The same of a file that may describe an account with several streams: all of them, or the one asked for.
pub fn load_account(path: &Path, flags: &Flags) -> Result<AccountScenario, Exit> {
    if flags.stream.is_some() {
        let one = load(path, flags)?;
        let (name, question) = (one.name.clone(), one.question.clone());
        return Ok(AccountScenario { name, question, streams: vec![one], named: false });
    }
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

/// The plan of a scenario with the seed and the prices in force, or the exit after what is wrong was said.
pub fn plan(scenario: &Scenario, flags: &Flags) -> Result<Plan, Exit> {
    Ok(scenario.plan_with(seed(scenario, flags), prices(&scenario.region, flags)?))
}

/// The Region's table, with the user's own prices in place of its, less the discount.
pub fn prices(region: &str, flags: &Flags) -> Result<Prices, Exit> {
    let table = prices::region(region);
    let in_force = match &flags.prices {
        None => table.map_err(talk::wrong)?,
        Some(path) => {
            let text = fs::read_text(path, fs::TRACE_BYTES_MAX).map_err(talk::wrong)?;
            let named = path.display();
            let wrong = |all: Vec<String>| {
                all.iter().for_each(|why| _ = talk::wrong(format_args!("{named}: {why}")));
                Exit::Wrong
            };
            let file = price_file::read(&text, region).map_err(wrong)?;
            if let Some(other) = file.region.as_deref().filter(|r| *r != region) {
                return Err(talk::wrong(format_args!(
                    "{named} has prices of {other}; the scenario is in {region}"
                )));
            }
            // The path is no part of what is printed: the same prices anywhere, the same bytes.
            let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
            match table {
                Ok(table) => table.replaced(&file.prices, &name),
                Err(_) => Prices::own(region, &file.prices, &name),
            }
        }
    };
    Ok(flags.discount.map_or(in_force.clone(), |by| in_force.discounted(by)))
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
    let mut plan = plan(scenario, flags)?;
    shape(&mut plan);
    let progress = Progress::new(flags);
    let outcome = experiment::run(&plan, &|done, all| progress.more(done, all));
    progress.end();
    let outcome = outcome.map_err(|trouble: Trouble| talk::wrong(trouble))?;
    Ok((plan, outcome))
}
