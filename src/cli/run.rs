//! `kinesim run`: the summary on stdout, the report in a folder, the goals in the exit code.

use super::{Exit, Flags, fs, input, talk};
use crate::experiment::account;
use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::experiment::plan::Plan;
use crate::report::gate::{self, Judged};
use crate::report::{self, RenderOptions, human};
use crate::scenario::metric::Unit;
use crate::scenario::{AccountScenario, Goal, GoalMode, Limit};
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
    /// Print a short Markdown text, for a pull request: the goal's limits and the comparison of modes.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

impl Run {
    /// Reads the scenario, has it simulated with the seed in force, and delivers the outcome.
    pub fn go(&self, flags: &Flags) -> Exit {
        let mut flags = flags.clone();
        flags.set.extend(self.resolution.iter().map(|grain| ("resolution".into(), grain.clone())));
        let flags = &flags;
        let account = match input::load_account(&self.scenario, flags) {
            Ok(account) => account,
            Err(exit) => return exit,
        };
        if let Err(trouble) = self.place(&account.name, flags).map_or(Ok(()), |f| fs::can_write_report(&f)) {
            return talk::wrong(trouble);
        }
        if account.named {
            return self.account(&account, flags).unwrap_or_else(|exit| exit);
        }
        let scenario = &account.streams[0];
        let outcome = match input::simulate(scenario, flags, |plan| self.shape(plan)) {
            Ok(outcome) => outcome,
            Err(exit) => return exit,
        };
        let exit = self.deliver(&outcome, scenario.goal.as_ref(), flags);
        match &scenario.goal {
            Some(goal) if exit == Exit::Fine => judge(goal, &outcome),
            _ => exit,
        }
    }

    /// Every stream by itself, then what they share.
    fn account(&self, scenario: &AccountScenario, flags: &Flags) -> Result<Exit, Exit> {
        let mut done = Vec::new();
        for stream in &scenario.streams {
            let shape = |plan: &mut Plan| {
                self.shape(plan);
                plan.curves = plan.curves.or(Some(false));
                account::share_commitment(plan);
            };
            done.push(input::planned(stream, flags, shape)?);
        }
        let first = &scenario.streams[0];
        let quotas = account::quotas(&first.region, first.shard_quota);
        let found = account::of(&scenario.name, &scenario.question, &done, quotas).map_err(talk::wrong)?;
        if let Some(folder) = self.place(&scenario.name, flags) {
            let options = RenderOptions { png: !self.no_png, ..RenderOptions::default() };
            fs::write_report(&folder, &report::account::render(&found, &options)).map_err(talk::wrong)?;
            talk::note(flags, format_args!("report: {}", folder.join("index.html").display()));
        }
        let exit = match flags.json {
            true => talk::data(&report::account::summary(&found)),
            false => talk::data(report::account::terminal(&found).as_bytes()),
        };
        let goals =
            scenario.streams.iter().zip(&found.streams).filter_map(|(s, o)| Some((s.goal.as_ref()?, o)));
        let missed = goals.filter(|(goal, outcome)| judge(goal, outcome) == Exit::Missed).count();
        Ok(if exit == Exit::Fine && (missed > 0 || found.over_quota) { Exit::Missed } else { exit })
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

    fn deliver(&self, outcome: &Outcome, goal: Option<&Goal>, flags: &Flags) -> Exit {
        if let Some(folder) = self.place(&outcome.name, flags) {
            let options = RenderOptions { png: !self.no_png, ..RenderOptions::default() };
            let files = report::render(outcome, &options);
            if let Err(trouble) = fs::write_report(&folder, &files) {
                return talk::wrong(trouble);
            }
            let page = folder.join("index.html");
            talk::note(flags, format_args!("report: {}", page.display()));
        }
        match (flags.json, self.markdown) {
            (true, _) => talk::data(&report::summary(outcome)),
            (_, true) => {
                let judged = goal.map(|g| judged(g, outcome)).unwrap_or_default();
                let met = goal.map(|g| met(g, outcome));
                talk::data(gate::markdown(outcome, &judged, met).as_bytes())
            }
            _ => talk::data(report::text(outcome).as_bytes()),
        }
    }
}

/// The modes a goal is about.
fn about<'a>(goal: &Goal, outcome: &'a Outcome) -> Vec<&'a ModeOutcome> {
    let about = |m: &&ModeOutcome| match goal.mode {
        GoalMode::One(mode) => m.mode == mode.word(),
        GoalMode::Any | GoalMode::All => true,
    };
    outcome.modes.iter().filter(about).collect()
}

/// Whether the goal as a whole is met.
fn met(goal: &Goal, outcome: &Outcome) -> bool {
    let mut each = about(goal, outcome).into_iter().map(|m| missed_in(goal, m).is_empty());
    match goal.mode {
        GoalMode::Any => each.any(|met| met),
        GoalMode::All | GoalMode::One(_) => each.len() > 0 && each.all(|met| met),
    }
}

/// Every limit in every mode the goal is about.
fn judged(goal: &Goal, outcome: &Outcome) -> Vec<Judged> {
    let modes = about(goal, outcome).into_iter();
    let one = |m: &ModeOutcome, l: &Limit| Judged {
        mode: m.title,
        limit: format!("{} {}", l.path, l.text),
        measured: measured(l, m).trim_start_matches("it was ").to_owned(),
        met: l.met(m),
    };
    modes.flat_map(|m| goal.limits.iter().map(move |l| one(m, l))).collect()
}

/// Says which limits were missed in the modes the goal is about.
pub fn judge(goal: &Goal, outcome: &Outcome) -> Exit {
    if met(goal, outcome) {
        return Exit::Fine;
    }
    let modes = about(goal, outcome).into_iter();
    let missed = modes.map(|m| (m, missed_in(goal, m))).filter(|(_, limits)| !limits.is_empty());
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
    let behind = limit.behind(&mode.run);
    let Some(value) = limit.measured.of(mode) else {
        return behind
            .map_or("nothing was measured".into(), |why| format!("nothing was read; the consumer {why}"));
    };
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
    match behind {
        Some(why) => format!("it was {text} of what was read; the consumer {why}"),
        None => format!("it was {text}"),
    }
}

fn missed_in<'a>(goal: &'a Goal, mode: &ModeOutcome) -> Vec<&'a Limit> {
    let limits = goal.limits.iter();
    limits.filter(|l| !l.met(mode)).collect()
}
