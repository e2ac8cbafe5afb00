//! The bill of a month, line by line, on one scale for all modes.

use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::report::chart::{Bars, Figure, Panel};
use crate::report::human;
use crate::report::palette::of_mode;
use crate::units::Money;

/// The figure.
pub(super) fn figure(outcome: &Outcome) -> Figure {
    let amounts = outcome.modes.iter().flat_map(items);
    let full = amounts.map(|i| i.1.as_f64()).fold(0.0, f64::max);
    let mut periods: Vec<&str> = Vec::new();
    for mode in &outcome.modes {
        if !periods.contains(&mode.bill_month.period.as_str()) {
            periods.push(&mode.bill_month.period);
        }
    }
    Figure {
        id: "cost".into(),
        title: "Cost of a month".into(),
        caption: periods.join("; "),
        columns: outcome.modes.len(),
        legend: Vec::new(),
        panels: outcome.modes.iter().map(|m| bars(m, full)).collect(),
    }
}

/// One amount per item: the base of the month and the run's excess together.
fn items(mode: &ModeOutcome) -> Vec<(&'static str, Money)> {
    let mut items: Vec<(&'static str, Money)> = Vec::new();
    for line in &mode.bill_month.lines {
        match items.iter_mut().find(|i| i.0 == line.item) {
            Some(item) => item.1.0 += line.amount.0,
            None => items.push((line.item, line.amount)),
        }
    }
    items
}

fn bars(mode: &ModeOutcome, full: f64) -> Panel {
    let total = human::money(mode.bill_month.total);
    let items = items(mode)
        .into_iter()
        .map(|(item, amount)| (item.to_owned(), amount.as_f64(), human::money(amount)));
    Panel::Bars(Bars {
        title: format!("{}: {total}", mode.title),
        items: items.collect(),
        colour: of_mode(mode.mode),
        full,
    })
}
