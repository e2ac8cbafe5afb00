//! `kinesim run`: the summary on stdout, the report in a folder, the goals in the exit code.

use super::{Exit, Flags, fs, input, plan, talk};
use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::report::{self, RenderOptions};
<<<<<<< HEAD
use crate::scenario::{Goal, GoalMode};
=======
use crate::experiment::plan::Plan;
use crate::scenario::{Goal, GoalMode, Limit};
>>>>>>> main
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
    /// Draw no curves against load and shards.
    #[arg(long)]
    no_curves: bool,
    /// Runs with different random numbers per mode, instead of the scenario's or the default number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    replications: Option<u32>,
}

impl Run {
<<<<<<< HEAD
    /// Simulates the scenario and delivers the outcome.
    pub fn go(&self, flags: &Flags) -> Exit {
        self.simulate(flags).unwrap_or_else(|exit| exit)
    }

    fn simulate(&self, flags: &Flags) -> Result<Exit, Exit> {
        let scenario = input::load(&self.scenario, flags)?;
        let outcome = plan::run(&plan::of(&scenario, flags)?, flags)?;
=======
    /// Reads the scenario, has it simulated with the seed in force, and delivers the outcome.
    pub fn go(&self, flags: &Flags) -> Exit {
        let scenario = match input::load(&self.scenario, flags) {
            Ok(scenario) => scenario,
            Err(exit) => return exit,
        };
        if let Err(trouble) = self.place(&scenario.name, flags).map_or(Ok(()), |f| fs::can_write_report(&f)) {
            return talk::wrong(trouble);
        }
        let outcome = match input::simulate(&scenario, flags, |plan| self.shape(plan)) {
            Ok(outcome) => outcome,
            Err(exit) => return exit,
        };
>>>>>>> main
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

    fn shape(&self, plan: &mut Plan) {
        if self.no_curves {
            plan.curves = Some(false);
        }
        if self.replications.is_some() {
            plan.replications = self.replications;
        }
    }

    /// The report's folder, unless none is wanted.
    fn place(&self, name: &str, flags: &Flags) -> Option<PathBuf> {
        (!self.no_report).then(|| flags.out.clone().unwrap_or_else(|| fs::default_folder(name)))
    }

    fn deliver(&self, outcome: &Outcome, flags: &Flags) -> Exit {
        if let Some(folder) = self.place(&outcome.name, flags) {
            let options = RenderOptions { png: !self.no_png, ..RenderOptions::default() };
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

<<<<<<< HEAD
/// The limits missed, in words; none when the modes the goal is about meet it.
pub fn missed(goal: &Goal, outcome: &Outcome) -> Vec<String> {
=======
/// Says which limits were missed in the modes the goal is about.
pub fn judge(goal: &Goal, outcome: &Outcome) -> Exit {
>>>>>>> main
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
