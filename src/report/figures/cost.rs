//! The bill of a month, line by line, on one scale for all modes.

use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::report::chart::{Bars, Figure, Panel};
use crate::report::human;
use crate::report::palette::of_mode;

/// The figure.
pub(super) fn figure(outcome: &Outcome) -> Figure {
    let amounts = outcome.modes.iter().flat_map(|m| &m.bill_month.lines);
    let full = amounts.map(|l| l.amount.as_f64()).fold(0.0, f64::max);
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

fn bars(mode: &ModeOutcome, full: f64) -> Panel {
    let total = human::money(mode.bill_month.total);
    let items = mode.bill_month.lines.iter().map(|l| {
        let amount = l.amount.as_f64();
        (l.item.to_owned(), amount, human::money(l.amount))
    });
    Panel::Bars(Bars {
        title: format!("{}: {total}", mode.title),
        items: items.collect(),
        colour: of_mode(mode.mode),
        full,
    })
}
