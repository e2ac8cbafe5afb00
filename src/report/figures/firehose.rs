//! Firehose over time: objects, their size, and the age of the oldest record delivered.

use super::over_time::{Grid, chart, shared};
use super::{linear_axis, time_unit};
use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::measure::clients::{FirehoseBucket, FirehoseResult};
use crate::report::chart::{Axis, Chart, Figure, Line, Stroke};
use crate::report::palette::of_mode;
use crate::report::ticks::Unit;

/// Streams drawn.
const DRAWN: usize = 4;

/// `None` without Firehose streams.
pub(super) fn figure(outcome: &Outcome) -> Option<Figure> {
    if outcome.modes.first()?.run.firehoses().is_empty() {
        return None;
    }
    let grid = Grid::of(outcome);
    let row = |f: &dyn Fn(&ModeOutcome) -> Chart| shared(outcome.modes.iter().map(f).collect());
    let ages = outcome.modes.iter().flat_map(|m| m.run.firehoses()).filter_map(|f| f.oldest_ns_max);
    let (word, unit_ns, _) = time_unit(ages.max().unwrap_or(0));
    let mut panels = row(&|m| {
        let y = linear_axis("objects", Unit::Number, None);
        lines(m, grid, "objects delivered", y, &|buckets| {
            Some(buckets.iter().map(|b| b.objects).sum::<u64>() as f64)
        })
    });
    panels.extend(row(&|m| {
        let y = linear_axis("MiB", Unit::Number, None);
        lines(m, grid, "mean object", y, &|buckets| {
            let (objects, bytes) = buckets.iter().fold((0, 0), |a, b| (a.0 + b.objects, a.1 + b.bytes));
            (objects > 0).then(|| bytes as f64 / objects as f64 / 1_048_576.0)
        })
    }));
    panels.extend(row(&|m| {
        let y = linear_axis(word, Unit::Number, None);
        lines(m, grid, "oldest record delivered", y, &|buckets| {
            let oldest = buckets.iter().filter_map(|b| b.freshness_ns).max();
            oldest.map(|ns| ns as f64 / unit_ns as f64)
        })
    }));
    Some(Figure {
        id: "firehose".into(),
        title: "Firehose over time".into(),
        caption: grid.caption(
            "Objects delivered, their mean size before compression, and how old their oldest record was (DataFreshness); size and age are held until the next delivery.",
        ),
        columns: outcome.modes.len(),
        legend: Vec::new(),
        panels,
    })
}

fn lines(
    mode: &ModeOutcome,
    grid: Grid,
    title: &str,
    y: Axis,
    of: &dyn Fn(&[FirehoseBucket]) -> Option<f64>,
) -> Chart {
    let strokes = [Stroke::Solid, Stroke::Dashed, Stroke::Thin, Stroke::Dotted];
    let buckets = mode.run.series.born.len();
    let line = |(f, stroke): (&FirehoseResult, Stroke)| {
        let mut series = f.series.clone();
        series.resize(buckets, FirehoseBucket::default());
        let mut last = None;
        let ys = series.chunks(grid.joined()).map(|c| {
            last = of(c).map(|v| (v * 1e3).round() / 1e3).or(last);
            last
        });
        let ys = ys.collect();
        Line { ys, ..grid.line(f.name.as_str(), of_mode(mode.mode), stroke) }
    };
    let all = mode.run.firehoses().into_iter().zip(strokes).take(DRAWN).map(line).collect();
    let mut chart = chart(mode, title, grid, y, all);
    chart.empty = "nothing was delivered";
    chart
}
