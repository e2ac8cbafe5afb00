//! `kinesim run`: the summary on stdout, the report in a folder, the goals in the exit code.

use super::{Exit, Flags, fs, input, plan, talk};
use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::report::{self, RenderOptions};
use crate::scenario::{Goal, GoalMode};
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
    /// Simulates the scenario and delivers the outcome.
    pub fn go(&self, flags: &Flags) -> Exit {
        self.simulate(flags).unwrap_or_else(|exit| exit)
    }

    fn simulate(&self, flags: &Flags) -> Result<Exit, Exit> {
        let scenario = input::load(&self.scenario, flags)?;
        let outcome = plan::run(&plan::of(&scenario, flags)?, flags)?;
        let exit = self.deliver(&outcome, flags);
        let missed = scenario.goal.as_ref().map(|g| missed(g, &outcome)).unwrap_or_default();
        if exit != Exit::Fine || missed.is_empty() {
            return Ok(exit);
        }
        for goal in missed {
            anstream::eprintln!("goal missed: {goal}");
        }
        Ok(Exit::Missed)
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

/// The limits missed, in words; none when the modes the goal is about meet it.
pub fn missed(goal: &Goal, outcome: &Outcome) -> Vec<String> {
    let about = |m: &&ModeOutcome| match goal.mode {
        GoalMode::One(mode) => m.mode == mode.word(),
        GoalMode::Any | GoalMode::All => true,
    };
    let by_mode: Vec<Vec<String>> = outcome.modes.iter().filter(about).map(|m| missed_in(goal, m)).collect();
    if by_mode.is_empty() {
        return vec!["the mode it is about was not run".into()];
    }
    let one_meets_it = by_mode.iter().any(Vec::is_empty);
    match goal.mode {
        GoalMode::Any if one_meets_it => Vec::new(),
        _ => by_mode.into_iter().flatten().collect(),
    }
}

fn missed_in(goal: &Goal, mode: &ModeOutcome) -> Vec<String> {
    let limits = goal.limits.iter().filter(|l| !l.holds(l.measured.of(mode)));
    limits.map(|l| format!("{}: {} {}", mode.title, l.path, l.text)).collect()
}
