//! How long each hop took: the share of records at or below a latency, per mode.

use super::{CONSUMERS_DRAWN, left_out, linear_axis, without_empty_rows};
use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::measure::latency::LatencySummary;
use crate::report::chart::{Axis, Chart, Figure, Line, Panel, Stroke};
use crate::report::csv_files;
use crate::report::palette::{Colour, of_mode};
use crate::report::ticks::Unit;

/// Points of a distribution's line.
const POINTS: usize = 96;

/// The figure: a row per producer (buffering, put) and per consumer (propagation, processing, end to end).
pub(super) fn figure(outcome: &Outcome) -> Figure {
    let mut panels = Vec::new();
    let all = outcome.modes.first().map(csv_files::hops).unwrap_or_default();
    let producers = all.iter().filter(|h| h.0 == "producer").count() / 2;
    let consumers = all.iter().filter(|h| h.0 == "consumer").count() / 3;
    let row = |from: usize, hops: &[&str]| -> Vec<Panel> {
        let drawn = hops.iter().enumerate();
        let mut row: Vec<Panel> =
            drawn.map(|(i, hop)| Panel::Lines(Box::new(distribution(outcome, from + i, hop)))).collect();
        row.resize(3, Panel::Blank);
        row
    };
    for i in 0..producers.min(CONSUMERS_DRAWN) {
        panels.extend(row(2 * i, &["buffering", "put, retries included"]));
    }
    for i in 0..consumers.min(CONSUMERS_DRAWN) {
        let hops = ["propagation", "processing", "end to end"];
        panels.extend(row(2 * producers + 3 * i, &hops));
    }
    let mut names: Vec<&str> = Vec::new();
    names.extend(all.iter().filter(|h| h.2 == "put").map(|h| h.1).take(CONSUMERS_DRAWN));
    names.extend(all.iter().filter(|h| h.2 == "end_to_end").map(|h| h.1).take(CONSUMERS_DRAWN));
    let dropped = without_empty_rows(&mut panels, 3, &names);
    let mut caption = String::from("Share of records that took at most so long.");
    caption.push_str(&left_out(&dropped));
    if producers.max(consumers) > CONSUMERS_DRAWN {
        caption.push_str(&format!(
            " The first {CONSUMERS_DRAWN} producers and consumers; all are in latency.csv."
        ));
    }
    Figure {
        id: "latency".into(),
        title: "Latency by hop".into(),
        caption,
        columns: 3,
        legend: legend(outcome),
        panels,
    }
}

/// One entry a mode.
fn legend(outcome: &Outcome) -> Vec<(String, Colour)> {
    let modes = outcome.modes.iter();
    modes.map(|m| (m.title.to_owned(), of_mode(m.mode))).collect()
}

fn summary(mode: &ModeOutcome, hop: usize) -> Option<&LatencySummary> {
    csv_files::hops(mode).get(hop).map(|h| h.3)
}

fn distribution(outcome: &Outcome, hop: usize, name: &str) -> Chart {
    let whose = outcome.modes.first().map(csv_files::hops);
    let whose = whose.and_then(|h| h.get(hop).map(|h| h.1.to_owned()));
    let found: Vec<(&ModeOutcome, &LatencySummary)> =
        outcome.modes.iter().filter_map(|m| Some((m, summary(m, hop)?))).collect();
    let xs = grid(&found);
    let lines = found
        .iter()
        .map(|(mode, l)| Line {
            label: mode.title.to_owned(),
            colour: of_mode(mode.mode),
            stroke: Stroke::Solid,
            ys: xs.iter().map(|x| share_below(l, *x)).collect(),
        })
        .collect();
    Chart {
        title: format!("{}: {name}", whose.unwrap_or_default()),
        x: Axis { label: String::new(), unit: Unit::Ms, log: true, range: None, steps: &[] },
        y: linear_axis("", Unit::Percent, Some((0.0, 104.0))),
        xs,
        lines,
        bands: Vec::new(),
        marks: Vec::new(),
        empty: "nothing was measured",
    }
}

/// Positions in ms, evenly spaced on a log axis from the least to the greatest bucket edge of all modes.
fn grid(found: &[(&ModeOutcome, &LatencySummary)]) -> Vec<f64> {
    let edges = found.iter().flat_map(|(_, l)| l.buckets.iter()).map(|b| b.1);
    let lows = found.iter().flat_map(|(_, l)| l.buckets.first());
    // A log axis has no zero: below a tenth of a microsecond nothing is worth a picture.
    let lo = lows.map(|b| b.0).min().unwrap_or(0).max(100);
    let hi = edges.max().unwrap_or(0).max(lo * 2);
    let (from, to) = (libm::log10(lo as f64), libm::log10(hi as f64));
    let at = |i: usize| from + (to - from) * i as f64 / (POINTS - 1) as f64;
    (0..POINTS).map(|i| super::ms(libm::exp10(at(i)) as u64)).collect()
}

/// Percent of values at or below `ms`, spread evenly inside a bucket; `None` when nothing was measured.
fn share_below(l: &LatencySummary, ms: f64) -> Option<f64> {
    let total: u64 = l.buckets.iter().map(|b| b.2).sum();
    if total == 0 {
        return None;
    }
    let at = ms * 1e6;
    let mut below = 0.0;
    for (lower, upper, count) in &l.buckets {
        let (lower, upper) = (*lower as f64, *upper as f64);
        if at >= upper {
            below += *count as f64;
        } else {
            if at > lower {
                below += *count as f64 * (at - lower) / (upper - lower);
            }
            break;
        }
    }
    Some((below / total as f64 * 1e4).round() / 1e2)
}
