//! Which charts a report has, built from the outcome.
//!
//! Every figure compares the modes: side by side over time (same axes), overlaid along curves and distributions. A
//! mode keeps its colour everywhere; what differs within a mode differs by stroke.

mod cost;
mod curves;
mod firehose;
mod fronts;
mod hops;
mod over_time;
mod replay;
pub(super) mod sweep;

use crate::experiment::outcome::Outcome;
use crate::report::chart::{Axis, Figure, Panel};
use crate::report::ticks::Unit;

/// Consumers drawn in a picture; the page and the tables have all of them.
const CONSUMERS_DRAWN: usize = 4;
/// Producers drawn likewise.
const PRODUCERS_DRAWN: usize = 4;

/// All figures of a report, in reading order; one without data is left out.
pub fn all(outcome: &Outcome) -> Vec<Figure> {
    if outcome.modes.is_empty() {
        return Vec::new();
    }
    let mut figures: Vec<Figure> = replay::figure(outcome).into_iter().collect();
    figures.push(over_time::writes(outcome));
    figures.extend(over_time::buffers(outcome));
    figures.extend(over_time::reads(outcome));
    figures.extend(firehose::figure(outcome));
    figures.extend(outcome.curves.iter().filter_map(curves::figure));
    figures.extend(outcome.fronts.iter().map(|front| fronts::figure(front, outcome)));
    figures.push(hops::figure(outcome));
    figures.push(cost::figure(outcome));
    figures
}

/// Drops rows in which nothing was measured; `names` has one name a row, those dropped are returned.
fn without_empty_rows(panels: &mut Vec<Panel>, columns: usize, names: &[&str]) -> Vec<String> {
    let is_empty = |p: &Panel| match p {
        Panel::Lines(chart) => chart.is_empty(),
        Panel::Bars(_) | Panel::Heat(_) => false,
        Panel::Blank => true,
    };
    let mut dropped = Vec::new();
    let mut kept = Vec::new();
    for (i, row) in panels.chunks(columns.max(1)).enumerate() {
        if row.iter().all(is_empty) {
            dropped.extend(names.get(i).map(|n| (*n).to_owned()));
        } else {
            kept.extend_from_slice(row);
        }
    }
    *panels = kept;
    dropped
}

/// What a caption says about dropped rows.
fn left_out(dropped: &[String]) -> String {
    match dropped {
        [] => String::new(),
        names => format!(" Nothing was measured for: {}.", names.join(", ")),
    }
}

/// Four significant digits of ms: enough for any picture, short in the page.
fn ms(ns: u64) -> f64 {
    let mut step = 1;
    while ns / step >= 10_000 {
        step *= 10;
    }
    let rounded = ns.saturating_add(step / 2) / step * step;
    rounded as f64 / 1e6
}

/// `part` in `whole`, percent, to four digits after the point.
fn percent(share: f64) -> f64 {
    (share * 1e6).round() / 1e4
}

/// Latency in ms on a log axis.
fn latency_axis(range: Option<(f64, f64)>) -> Axis {
    Axis { label: String::new(), unit: Unit::Ms, log: true, range, steps: &[] }
}

/// A linear axis of plain numbers from zero.
fn linear_axis(label: impl Into<String>, unit: Unit, range: Option<(f64, f64)>) -> Axis {
    Axis { label: label.into(), unit, log: false, range, steps: &[] }
}

/// A unit of time people read an axis in: (name, ns, tick distances).
fn time_unit(longest_ns: u64) -> (&'static str, u64, &'static [f64]) {
    const S: u64 = 1_000_000_000;
    const SIXTY: &[f64] = &[1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0];
    const DAY: &[f64] = &[1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 24.0, 48.0];
    match longest_ns / S {
        0..=5 => ("ms", S / 1_000, &[]),
        6..=300 => ("s", S, SIXTY),
        301..=18_000 => ("min", 60 * S, SIXTY),
        18_001..=345_600 => ("h", 3_600 * S, DAY),
        _ => ("d", 86_400 * S, &[]),
    }
}
