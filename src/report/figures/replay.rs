//! Shards over time of every design a history went through.

use super::{linear_axis, time_unit};
use crate::experiment::outcome::Outcome;
use crate::experiment::replay::Design;
use crate::report::chart::{Axis, Chart, Figure, Line, Panel, Stroke};
use crate::report::palette::{INK, MUTED, PURPLE, of_mode};
use crate::report::ticks::Unit;
use crate::stream::config::Mode;

/// Points of a line at most: the most shards of each stretch are drawn.
const POINTS_MAX: usize = 1_000;

/// The figure; `None` without a replay.
pub(super) fn figure(outcome: &Outcome) -> Option<Figure> {
    let replay = outcome.replay.as_ref()?;
    let buckets = replay.designs.iter().map(|d| d.open_shards.len()).max()?;
    let joined = buckets.div_ceil(POINTS_MAX).max(1);
    let bucket_ns = replay.designs.first()?.bucket_ns;
    let (unit, ns, steps) = time_unit(replay.span_ns);
    let xs: Vec<f64> = (0..buckets.div_ceil(joined))
        .map(|i| (i * joined) as f64 * bucket_ns as f64 / ns as f64)
        .map(|x| (x * 1e4).round() / 1e4)
        .collect();
    let rules = replay.designs.iter().filter(|d| d.policy.is_some()).map(|d| &d.title);
    let rules: Vec<&String> = rules.collect();
    let chart = Chart {
        title: "Open shards".into(),
        x: Axis {
            label: format!("time ({unit})"),
            unit: Unit::Number,
            log: false,
            range: Some((0.0, replay.span_ns as f64 / ns as f64)),
            steps,
        },
        y: linear_axis("shards", Unit::Number, None),
        lines: replay.designs.iter().map(|d| line(d, &rules, joined, xs.len())).collect(),
        xs,
        bands: Vec::new(),
        marks: Vec::new(),
        empty: "no shards",
    };
    Some(Figure {
        id: "replay-shards".into(),
        title: "Shards through the history".into(),
        caption: "The most open shards of each stretch, by design; autoscaling rules by their name.".into(),
        columns: 1,
        legend: Vec::new(),
        panels: vec![Panel::Lines(Box::new(chart))],
    })
}

fn line(design: &Design, rules: &[&String], joined: usize, points: usize) -> Line {
    let rule = rules.iter().position(|r| **r == design.title);
    let (colour, stroke) = match rule {
        // Both on-demand modes scale alike: one line may lie on the other.
        None if design.mode == Mode::OnDemandAdvantage.word() => (of_mode(design.mode), Stroke::Dashed),
        None => (of_mode(design.mode), Stroke::Solid),
        Some(0) => (INK, Stroke::Thin),
        Some(1) => (PURPLE, Stroke::Dashed),
        Some(_) => (MUTED, Stroke::Dotted),
    };
    let mut ys: Vec<Option<f64>> =
        design.open_shards.chunks(joined).map(|c| c.iter().max().map(|m| f64::from(*m))).collect();
    ys.resize(points, None);
    let label = design.policy.map_or_else(|| design.title.clone(), |rule| rule.replace('_', " "));
    Line { label, colour, stroke, ys }
}
