//! Firehose over time: objects, their size, and the age of the oldest record delivered.

use super::over_time::{Grid, chart, shared};
use super::{linear_axis, time_unit};
use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::measure::clients::{FirehoseBucket, FirehoseResult};
use crate::report::chart::{Axis, Chart, Figure, Line, Panel, Stroke};
use crate::report::palette::of_mode;
use crate::report::ticks::Unit;

/// An age of a bucket.
type Age = fn(&FirehoseBucket) -> Option<u64>;

/// Streams drawn.
const DRAWN: usize = 4;
const STROKES: [Stroke; DRAWN] = [Stroke::Solid, Stroke::Dashed, Stroke::Thin, Stroke::Dotted];

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
    let ages: [(&str, Age); 3] = [
        ("arrived to delivered, p50", |b| b.p50_ns),
        ("arrived to delivered, p99", |b| b.p99_ns),
        ("oldest record delivered", |b| b.freshness_ns),
    ];
    for (title, of) in ages {
        panels.extend(row(&|m| {
            let y = linear_axis(word, Unit::Number, None);
            lines(m, grid, title, y, &|buckets| {
                buckets.iter().filter_map(of).max().map(|ns| ns as f64 / unit_ns as f64)
            })
        }));
    }
    panels.extend(outcome.modes.iter().map(|m| Panel::Lines(Box::new(sizes(m)))));
    Some(Figure {
        id: "firehose".into(),
        title: "Firehose over time".into(),
        caption: grid.caption(
            "Objects delivered, their mean size before compression, how old records were and how old the oldest one (DataFreshness); sizes and ages are held until the next delivery, the largest of joined buckets is drawn. Last: the share of objects of at most a size, as written.",
        ),
        columns: outcome.modes.len(),
        legend: Vec::new(),
        panels,
    })
}

/// Share of objects of at most a size.
fn sizes(mode: &ModeOutcome) -> Chart {
    let found: Vec<&FirehoseResult> = mode.run.firehoses().into_iter().take(DRAWN).collect();
    let edges = found.iter().flat_map(|f| f.object_bytes.buckets.iter().map(|b| b.1));
    let mut xs: Vec<u64> = edges.chain([0]).collect();
    xs.sort_unstable();
    xs.dedup();
    let line = |(f, stroke): (&&FirehoseResult, Stroke)| {
        let all = f.object_bytes.count.max(1) as f64;
        let below = |x: &u64| {
            let n: u64 = f.object_bytes.buckets.iter().filter(|b| b.1 <= *x).map(|b| b.2).sum();
            (f.object_bytes.count > 0).then(|| (n as f64 / all * 1e6).round() / 1e4)
        };
        Line { label: f.name.clone(), colour: of_mode(mode.mode), stroke, ys: xs.iter().map(below).collect() }
    };
    Chart {
        title: format!("{}: size of objects", mode.title),
        x: linear_axis("MiB", Unit::Number, None),
        y: linear_axis("", Unit::Percent, Some((0.0, 104.0))),
        lines: found.iter().zip(STROKES).map(line).collect(),
        xs: xs.iter().map(|x| (*x as f64 / 1_048_576.0 * 1e4).round() / 1e4).collect(),
        bands: Vec::new(),
        marks: Vec::new(),
        empty: "nothing was delivered",
    }
}

fn lines(
    mode: &ModeOutcome,
    grid: Grid,
    title: &str,
    y: Axis,
    of: &dyn Fn(&[FirehoseBucket]) -> Option<f64>,
) -> Chart {
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
    let all = mode.run.firehoses().into_iter().zip(STROKES).take(DRAWN).map(line).collect();
    let mut chart = chart(mode, title, grid, y, all);
    chart.empty = "nothing was delivered";
    chart
}
