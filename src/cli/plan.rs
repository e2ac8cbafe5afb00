//! `kinesim plan`: the cheapest design that meets the goal; the goal in the exit code.

use super::progress::Progress;
use super::{Exit, Flags, fs, input, talk};
use crate::experiment;
use crate::planner::outcome::PlanOutcome;
use crate::planner::{self, Space, Trouble};
use crate::report::RenderOptions;
use crate::report::plan as report;
use crate::scenario::{Scenario, Source};
use std::path::PathBuf;

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// The scenario file; its `goal:` is what the plan must meet, its `plan:` what it may choose from.
    scenario: PathBuf,
    /// Print the plan only; write no report folder.
    #[arg(long)]
    no_report: bool,
    /// Write no PNG picture.
    #[arg(long)]
    no_png: bool,
    /// Print a short Markdown text, for a pull request.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

impl Plan {
    /// Reads the scenario, searches, and delivers the plan.
    pub fn go(&self, flags: &Flags) -> Exit {
        let text = match input::text(&self.scenario) {
            Ok(text) => text,
            Err(exit) => return exit,
        };
        let beside = fs::beside(&self.scenario);
        let source = Source::new(text, &self.scenario.display().to_string(), &beside, &flags.set)
            .of_stream(flags.stream.as_deref());
        let scenario = match source.with(&[]) {
            Ok(scenario) => scenario,
            Err(diags) => return input::refuse(&diags, flags),
        };
        let place = self.place(&scenario.name, flags);
        if let Some(Err(trouble)) = place.as_deref().map(fs::can_write_report) {
            return talk::wrong(trouble);
        }
        let base = match input::plan(&scenario, flags) {
            Ok(base) => base,
            Err(exit) => return exit,
        };
        match search(&source, &scenario, &base, flags) {
            Ok(outcome) => self.deliver(&outcome, place, flags),
            Err(trouble) => refuse(&trouble, flags),
        }
    }

    /// The report's folder, unless none is wanted.
    fn place(&self, name: &str, flags: &Flags) -> Option<PathBuf> {
        let usual = || fs::default_folder(&format!("{name}-plan"));
        (!self.no_report).then(|| flags.out.clone().unwrap_or_else(usual))
    }

    fn deliver(&self, outcome: &PlanOutcome, place: Option<PathBuf>, flags: &Flags) -> Exit {
        if let Some(folder) = place {
            let options = RenderOptions { png: !self.no_png, ..RenderOptions::default() };
            if let Err(trouble) = fs::write_report(&folder, &report::render(outcome, &options)) {
                return talk::wrong(trouble);
            }
            talk::note(flags, format_args!("report: {}", folder.join("index.html").display()));
        }
        let said = match (flags.json, self.markdown) {
            (true, _) => talk::data(&report::json(outcome)),
            (_, true) => talk::data(report::markdown(outcome).as_bytes()),
            _ => talk::data(report::text(outcome).as_bytes()),
        };
        match (said, &outcome.plan) {
            (Exit::Fine, None) => Exit::Missed,
            (exit, _) => exit,
        }
    }
}

fn search(
    source: &Source,
    scenario: &Scenario,
    base: &experiment::plan::Plan,
    flags: &Flags,
) -> Result<PlanOutcome, Trouble> {
    if let Some(why) = scenario.too_large() {
        return Err(Trouble::TooLarge(why.to_string()));
    }
    let space = Space::of(source, scenario, base)?;
    let progress = Progress::counting(flags);
    let outcome = planner::plan(&space, base, &|runs| progress.counted(runs));
    progress.end();
    outcome
}

fn refuse(trouble: &Trouble, flags: &Flags) -> Exit {
    if let Trouble::Mistaken(diags) = trouble {
        return input::refuse(diags, flags);
    }
    let exit = talk::wrong(trouble);
    if matches!(trouble, Trouble::NoGoal) {
        talk::hint("for example `goal: { throttled_attempts: { at_most: 0.1 % } }` (kinesim explain goal)");
    }
    exit
}
