//! `kinesim run`: the summary on stdout, the report in a folder, the goals in the exit code.

use super::{Exit, Flags, fs, input, talk};
use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::experiment::plan::Plan;
use crate::report::{self, RenderOptions, human};
use crate::scenario::metric::Unit;
use crate::scenario::{Goal, GoalMode, Limit};
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
    /// At what grain: `record`, `cohort`, `rate` or `auto` (as `--set resolution=...`).
    #[arg(long, value_name = "GRAIN")]
    resolution: Option<String>,
    /// Runs with different random numbers per mode, instead of the scenario's or the default number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    replications: Option<u32>,
}

impl Run {
    /// Reads the scenario, has it simulated with the seed in force, and delivers the outcome.
    pub fn go(&self, flags: &Flags) -> Exit {
        let flags = &self.overlaid(flags);
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
        let exit = self.deliver(&outcome, flags);
        match &scenario.goal {
            Some(goal) if exit == Exit::Fine => judge(goal, &outcome),
            _ => exit,
        }
    }

    /// `--resolution` is one more key set on the command line.
    fn overlaid(&self, flags: &Flags) -> Flags {
        let mut flags = flags.clone();
        flags.set.extend(self.resolution.iter().map(|grain| ("resolution".to_owned(), grain.clone())));
        flags
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

/// Says which limits were missed in the modes the goal is about.
pub fn judge(goal: &Goal, outcome: &Outcome) -> Exit {
    let about = |m: &&ModeOutcome| match goal.mode {
        GoalMode::One(mode) => m.mode == mode.word(),
        GoalMode::Any | GoalMode::All => true,
    };
    let modes: Vec<&ModeOutcome> = outcome.modes.iter().filter(about).collect();
    let missed: Vec<(&ModeOutcome, Vec<&Limit>)> =
        modes.iter().map(|m| (*m, missed_in(goal, m))).filter(|(_, limits)| !limits.is_empty()).collect();
    let met = match goal.mode {
        GoalMode::Any => missed.len() < modes.len(),
        GoalMode::All | GoalMode::One(_) => missed.is_empty() && !modes.is_empty(),
    };
    if met {
        return Exit::Fine;
    }
    for (mode, limits) in missed {
        for limit in limits {
            let measured = measured(limit, mode);
            anstream::eprintln!("goal missed: {}: {} {}: {measured}", mode.title, limit.path, limit.text);
        }
    }
    Exit::Missed
}

/// What the run gave instead.
fn measured(limit: &Limit, mode: &ModeOutcome) -> String {
    let Some(value) = limit.measured.of(mode) else { return "nothing was measured".into() };
    let unit = limit.measured.metric.unit;
    let text = match unit {
        Unit::Time => human::of_unit(value, "ns"),
        Unit::Share => human::of_unit(value, "share"),
        Unit::Usd => human::of_unit(value, "usd"),
        Unit::Count => human::number(value, 0),
        Unit::Rate => format!("{} records/s", human::number(value, 1)),
        Unit::Factor => format!("{}x", human::number(value, 3)),
        Unit::Bytes => human::bytes(value as u64),
    };
    format!("it was {text}")
}

fn missed_in<'a>(goal: &'a Goal, mode: &ModeOutcome) -> Vec<&'a Limit> {
    let limits = goal.limits.iter();
    limits.filter(|l| !l.holds(l.measured.of(mode))).collect()
}
