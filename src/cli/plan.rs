//! From a scenario and the flags to an experiment, and its run with a progress bar.

use super::{Exit, Flags, input, talk};
use crate::cost::{MonthRule, Rounding};
use crate::experiment::outcome::Outcome;
use crate::experiment::plan::Plan;
use crate::experiment::{self};
use crate::facts::{self, Standing, billing::MONTH, prices};
use crate::scenario::{self, BillMonth, Curves, Scenario};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeSet;

/// Work (expected records of all runs together) from which a bar is worth showing: more than a second of one core.
const BAR_FROM: u64 = 50_000_000;

/// The experiment a scenario asks for, or the exit after what stands in its way was said.
pub fn of(scenario: &Scenario, flags: &Flags) -> Result<Plan, Exit> {
    let prices = prices::region(&scenario.region).map_err(talk::wrong)?;
    let mode = scenario.modes.first().copied().unwrap_or(crate::stream::config::Mode::Provisioned);
    let rounding = match scenario.bill.rounding {
        scenario::Rounding::Exact => Rounding::Exact,
        scenario::Rounding::Calculator => Rounding::Calculator,
        scenario::Rounding::InvoiceUp => Rounding::InvoiceUp,
    };
    Ok(Plan {
        name: scenario.name.clone(),
        question: scenario.question.clone(),
        digest: scenario.text_digest.clone(),
        modes: scenario.modes.clone(),
        world: scenario.world(mode, input::seed(scenario, flags), 0),
        replications: scenario.replications,
        curves: match scenario.curves {
            Curves::Auto => None,
            Curves::Off => Some(false),
            Curves::On => Some(true),
        },
        prices,
        month: month(scenario)?,
        rounding,
        defaults: defaults(scenario),
        assumptions: assumptions(scenario),
        notes: notes(scenario),
    })
}

fn month(scenario: &Scenario) -> Result<MonthRule, Exit> {
    if scenario.bill.month_hours != MONTH.dur() {
        let usual = MONTH.dur();
        return Err(talk::wrong(format_args!("bill.month_hours other than {usual} is not billed yet")));
    }
    match (scenario.bill.month, scenario.start) {
        (BillMonth::Base, _) => Ok(MonthRule::Base),
        (BillMonth::Repeat, _) => Ok(MonthRule::Repeat),
        (BillMonth::Calendar, Some(start)) => Ok(MonthRule::Calendar { days: start.days_in_month() }),
        (BillMonth::Calendar, None) => Err(talk::wrong("bill.month: calendar needs start: a date")),
    }
}

/// (key, value, where it comes from) of every key left to its default.
fn defaults(scenario: &Scenario) -> Vec<(String, String, String)> {
    let from = |fact: Option<&'static str>| match fact.and_then(facts::find) {
        Some(f) => format!("{}: {} ({}, {})", f.standing.word(), f.key, f.source.key, f.source.date),
        None => fact.map_or_else(|| "the model's own choice".into(), str::to_owned),
    };
    scenario.defaults.iter().map(|d| (d.key.clone(), d.value.clone(), from(d.fact))).collect()
}

fn assumptions(scenario: &Scenario) -> Vec<String> {
    let facts = scenario.defaults.iter().filter_map(|d| facts::find(d.fact?));
    let assumed = facts.filter(|f| f.standing == Standing::Assumed).map(|f| f.key);
    let keys: BTreeSet<&str> = assumed.collect();
    keys.into_iter().map(str::to_owned).collect()
}

fn notes(scenario: &Scenario) -> Vec<String> {
    let note = |i: &scenario::Interval| {
        format!("{} was given as {} to {}; the run takes the middle", i.key, i.low, i.high)
    };
    scenario.intervals.iter().map(note).collect()
}

/// Runs the plan, with a progress bar on a terminal when there is much to do.
pub fn run(plan: &Plan, flags: &Flags) -> Result<Outcome, Exit> {
    let bar = ProgressBar::hidden();
    let style = ProgressStyle::with_template("simulating {wide_bar} {percent} %");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let quiet = flags.quiet;
    let progress = |done: u64, all: u64| {
        if bar.length().is_none() {
            bar.set_length(all);
            if !quiet && all >= BAR_FROM {
                bar.set_draw_target(ProgressDrawTarget::stderr());
            }
        }
        bar.inc(done);
    };
    let outcome = experiment::run(plan, &progress);
    bar.finish_and_clear();
    outcome.map_err(talk::wrong)
}
