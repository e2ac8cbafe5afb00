//! `kinesim run`: the summary on stdout, the report in a folder, the goals in the exit code.

use super::{Exit, Flags, fs, input, talk};
use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::report::{self, RenderOptions};
use crate::scenario::{Goal, GoalMode, Limit, Scenario};
use std::path::PathBuf;

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The scenario file.
    scenario: PathBuf,
    /// Print the summary only; write no report folder.
    #[arg(long)]
    no_report: bool,
    /// Write no PNG pictures (the SVGs and the page stay).
    #[arg(long)]
    no_png: bool,
}

impl Run {
    /// Reads the scenario, has it simulated with the seed in force, and delivers the outcome.
    pub fn go(&self, flags: &Flags, simulate: impl FnOnce(&Scenario, u64) -> Outcome) -> Exit {
        let scenario = match input::load(&self.scenario, flags) {
            Ok(scenario) => scenario,
            Err(exit) => return exit,
        };
        let outcome = simulate(&scenario, input::seed(&scenario, flags));
        let exit = self.deliver(&outcome, flags);
        match &scenario.goal {
            Some(goal) if exit == Exit::Fine => judge(goal, &outcome),
            _ => exit,
        }
    }

    fn deliver(&self, outcome: &Outcome, flags: &Flags) -> Exit {
        if !self.no_report {
            let options = RenderOptions { png: !self.no_png, ..RenderOptions::default() };
            let folder = flags.out.clone();
            let folder = folder.unwrap_or_else(|| fs::default_folder(&outcome.name));
            let files = report::render(outcome, &options);
            if let Err(trouble) = fs::write_report(&folder, &files) {
                return talk::wrong(trouble);
            }
            let page = folder.join("index.html");
            talk::note(flags, format_args!("report: {}", page.display()));
        }
        match flags.json {
            true => talk::data(&report::summary(outcome)),
            false => talk::data(report::text(outcome).as_bytes()),
        }
    }
}

/// Says which limits were missed in the modes the goal is about.
fn judge(goal: &Goal, outcome: &Outcome) -> Exit {
    let about = |m: &&ModeOutcome| match goal.mode {
        GoalMode::One(mode) => m.mode == mode.word(),
        GoalMode::Any | GoalMode::All => true,
    };
    let modes: Vec<&ModeOutcome> = outcome.modes.iter().filter(about).collect();
    let missed: Vec<(&str, Vec<&Limit>)> = modes
        .iter()
        .map(|m| (m.title, missed_in(goal, m)))
        .filter(|(_, limits)| !limits.is_empty())
        .collect();
    let met = match goal.mode {
        GoalMode::Any => missed.len() < modes.len(),
        GoalMode::All | GoalMode::One(_) => missed.is_empty() && !modes.is_empty(),
    };
    if met {
        return Exit::Fine;
    }
    for (title, limits) in missed {
        for limit in limits {
            anstream::eprintln!("goal missed: {title}: {} {}", limit.path, limit.text);
        }
    }
    Exit::Missed
}

fn missed_in<'a>(goal: &'a Goal, mode: &ModeOutcome) -> Vec<&'a Limit> {
    let limits = goal.limits.iter();
    limits.filter(|l| !l.holds(l.measured.of(mode))).collect()
}
