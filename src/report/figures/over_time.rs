//! What happened over time, one column per mode.

use super::{
    CONSUMERS_DRAWN, PRODUCERS_DRAWN, latency_axis, left_out, linear_axis, ms, percent, time_unit,
    without_empty_rows,
};
use crate::experiment::outcome::{ModeOutcome, Outcome};
use crate::facts::data_streams::{SHARD_WRITE_BYTES, SHARD_WRITE_RECORDS};
use crate::measure::result::{ConsumerSeries, ProducerSeries, Series};
use crate::report::chart::{Axis, Chart, Figure, Line, Panel, Stroke, extent, roomy};
use crate::report::palette::{Colour, INK, MUTED, of_mode};
use crate::report::ticks::Unit;
use crate::report::{human, text};

/// Points of a line at most; a longer series is joined to whole multiples of its buckets, and the caption says so.
const POINTS_MAX: usize = 1_500;

/// How a series is laid on the time axis.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    bucket_ns: u64,
    /// Buckets joined to one point.
    joined: usize,
    unit: (&'static str, u64, &'static [f64]),
}

impl Grid {
    pub(super) fn of(outcome: &Outcome) -> Grid {
        let longest = outcome.modes.iter().map(|m| m.run.duration_ns).max();
        let buckets = outcome.modes.iter().map(|m| m.run.series.born.len()).max();
        let first = outcome.modes.first().map_or(1, |m| m.run.series.bucket_ns);
        Grid {
            bucket_ns: first.max(1),
            joined: buckets.unwrap_or(0).div_ceil(POINTS_MAX).max(1),
            unit: time_unit(longest.unwrap_or(0)),
        }
    }

    fn axis(&self, duration_ns: u64) -> Axis {
        Axis {
            label: format!("time ({})", self.unit.0),
            unit: Unit::Number,
            log: false,
            range: Some((0.0, self.in_unit(duration_ns))),
            steps: self.unit.2,
        }
    }

    fn in_unit(&self, ns: u64) -> f64 {
        (ns as f64 / self.unit.1 as f64 * 1e4).round() / 1e4
    }

    fn xs(&self, buckets: usize) -> Vec<f64> {
        let step = self.bucket_ns as f64 * self.joined as f64 / self.unit.1 as f64;
        let at = |i: usize| (i as f64 * step * 1e4).round() / 1e4;
        (0..buckets.div_ceil(self.joined)).map(at).collect()
    }

    fn sums(&self, values: &[u64]) -> Vec<u64> {
        values.chunks(self.joined).map(|c| c.iter().sum()).collect()
    }

    fn largest(&self, values: &[Option<u64>]) -> Vec<Option<u64>> {
        let chunks = values.chunks(self.joined);
        chunks.map(|c| c.iter().flatten().copied().max()).collect()
    }

    /// Seconds of one point.
    fn seconds(&self) -> f64 {
        self.bucket_ns as f64 * self.joined as f64 / 1e9
    }

    /// Buckets joined to one point.
    pub(super) fn joined(&self) -> usize {
        self.joined
    }

    pub(super) fn caption(&self, about: &str) -> String {
        let each = human::duration(self.bucket_ns * self.joined as u64);
        let how = if self.joined > 1 {
            "; buckets were joined for drawing, latencies by their largest"
        } else {
            ""
        };
        format!("{about} Each point covers {each}{how}.")
    }

    pub(super) fn line(&self, label: impl Into<String>, colour: Colour, stroke: Stroke) -> Line {
        Line { label: label.into(), colour, stroke, ys: Vec::new() }
    }
}

/// Whether bytes or records fill the shards first, which decides the unit the writes are drawn in.
fn bytes_bind(outcome: &Outcome) -> bool {
    let sum = |f: &dyn Fn(&ModeOutcome) -> u64| -> u64 { outcome.modes.iter().map(f).sum() };
    let by_bytes = sum(&|m| m.run.stream.throttled_by_bytes);
    let by_records = sum(&|m| m.run.stream.throttled_by_records);
    if by_bytes != by_records {
        return by_bytes > by_records;
    }
    // Nothing was refused: aggregated records (more stored than sent) are bound by bytes, others by their mean size.
    let stored = sum(&|m| m.run.stream.stored);
    let attempts = sum(&|m| text::total(m, |p| p.attempts));
    let bytes = sum(&|m| m.run.stream.stored_bytes);
    let limit = u128::from(SHARD_WRITE_BYTES.byte_rate().0);
    let records = u128::from(SHARD_WRITE_RECORDS.count());
    stored > attempts || u128::from(bytes) * records > limit * u128::from(stored)
}

/// Offered, stored and capacity; throttled share; open shards.
pub(super) fn writes(outcome: &Outcome) -> Figure {
    let grid = Grid::of(outcome);
    let in_bytes = bytes_bind(outcome);
    let row = |f: &dyn Fn(&ModeOutcome) -> Chart| shared(outcome.modes.iter().map(f).collect());
    let mut panels = row(&|m| throughput(m, grid, in_bytes));
    panels.extend(row(&|m| throttled(m, grid)));
    panels.extend(row(&|m| shards(m, grid)));
    let about = "Offered load against what was stored; the dashed line is what the open shards \
                 could take if keys were spread evenly.";
    Figure {
        id: "writes".into(),
        title: "Writes over time".into(),
        caption: grid.caption(about),
        columns: outcome.modes.len(),
        legend: Vec::new(),
        panels,
    }
}

/// What waits in the memory of producers; `None` where that is just the batches under way.
pub(super) fn buffers(outcome: &Outcome) -> Option<Figure> {
    if !outcome.modes.iter().any(waits) {
        return None;
    }
    let grid = Grid::of(outcome);
    let row = |f: &dyn Fn(&ModeOutcome) -> Chart| shared(outcome.modes.iter().map(f).collect());
    let mut panels =
        row(&|m| buffered(m, grid, "records waiting in producers", "records", 1.0, |p| &p.buffered_records));
    let mib = f64::from(1 << 20);
    panels.extend(row(&|m| buffered(m, grid, "memory of producers", "MiB", mib, |p| &p.buffered_bytes)));
    Some(Figure {
        id: "buffers".into(),
        title: "Producers' buffers over time".into(),
        caption: grid.caption(
            "Records born and not yet sent for good: they wait for a batch, a free call or a retry.",
        ),
        columns: outcome.modes.len(),
        legend: Vec::new(),
        panels,
    })
}

/// Does a producer aggregate, or does more wait in some bucket than is born in it?
fn waits(mode: &ModeOutcome) -> bool {
    let s = &mode.run.series;
    let packs = mode.run.producers.iter().any(|p| p.attempts < p.carried);
    let mut buckets = s.producers.iter().flat_map(|p| p.buffered_records.iter().zip(&s.born));
    packs || buckets.any(|(waiting, born)| waiting > born)
}

fn buffered(
    mode: &ModeOutcome,
    grid: Grid,
    title: &str,
    unit: &str,
    scale: f64,
    of: fn(&ProducerSeries) -> &Vec<u64>,
) -> Chart {
    let strokes = [Stroke::Solid, Stroke::Dashed, Stroke::Thin, Stroke::Dotted];
    let scaled = |c: &[u64]| c.iter().max().map(|n| (*n as f64 / scale * 1e3).round() / 1e3);
    let drawn = mode.run.producers.iter().zip(&mode.run.series.producers).zip(strokes);
    let lines = drawn.take(PRODUCERS_DRAWN).map(|((p, s), stroke)| Line {
        ys: of(s).chunks(grid.joined).map(scaled).collect(),
        ..grid.line(p.name.as_str(), of_mode(mode.mode), stroke)
    });
    chart(mode, title, grid, linear_axis(unit, Unit::Number, None), lines.collect())
}

/// Latency and iterator age of every consumer; `None` without consumers.
pub(super) fn reads(outcome: &Outcome) -> Option<Figure> {
    let grid = Grid::of(outcome);
    let consumers = &outcome.modes.first()?.run.consumers;
    if consumers.is_empty() {
        return None;
    }
    let row = |f: &dyn Fn(&ModeOutcome) -> Chart| shared(outcome.modes.iter().map(f).collect());
    let mut panels = Vec::new();
    // Firehose streams come last, and have a figure of their own.
    let names: Vec<&str> = consumers.iter().filter(|c| !c.gathers()).map(|c| c.name.as_str()).collect();
    for i in 0..names.len().min(CONSUMERS_DRAWN) {
        panels.extend(row(&|m| latency(m, i, grid)));
    }
    let dropped = without_empty_rows(&mut panels, outcome.modes.len(), &names);
    panels.extend(row(&|m| iterator_age(outcome, m, grid)));
    panels.extend(row(&|m| backlog(m, grid)));
    let mut about = match names.is_empty() {
        true => String::from("How far behind Firehose reads, in time and in records."),
        false => format!(
            "Born to processed: {}; then how far behind each reader is, in time and in records.{}",
            if knows_largest(outcome) {
                "median, 99th percentile, largest"
            } else {
                "median and 99th percentile"
            },
            left_out(&dropped)
        ),
    };
    if names.len() > CONSUMERS_DRAWN {
        let all = names.len();
        about = format!("The first {CONSUMERS_DRAWN} of {all} consumers. {about}");
    }
    Some(Figure {
        id: "reads".into(),
        title: "Readers over time".into(),
        caption: grid.caption(&about),
        columns: outcome.modes.len(),
        legend: Vec::new(),
        panels,
    })
}

/// Coarse resolutions do not know the largest delay.
fn knows_largest(outcome: &Outcome) -> bool {
    let mut all = outcome.modes.iter().flat_map(|m| &m.run.series.consumers);
    all.any(|series| series.max_ns.iter().any(Option::is_some))
}

/// Gives the charts of one row the same vertical axis, so that modes compare at a glance.
pub(super) fn shared(mut charts: Vec<Chart>) -> Vec<Panel> {
    let ends = charts.iter().filter_map(Chart::extent);
    let ends = extent(ends.flat_map(|(lo, hi)| [lo, hi]));
    for chart in &mut charts {
        chart.y.range = Some(roomy(ends, chart.y.log));
    }
    let boxed = charts.into_iter().map(Box::new);
    boxed.map(Panel::Lines).collect()
}

pub(super) fn chart(mode: &ModeOutcome, title: &str, grid: Grid, y: Axis, lines: Vec<Line>) -> Chart {
    Chart {
        title: format!("{}: {title}", mode.title),
        x: grid.axis(mode.run.duration_ns),
        y,
        xs: grid.xs(mode.run.series.born.len()),
        lines,
        bands: Vec::new(),
        marks: events(mode, grid),
        empty: "nothing happened here",
    }
}

/// What came from outside, as vertical marks: outages, requests, switches; splits and decisions show in the shards.
fn events(mode: &ModeOutcome, grid: Grid) -> Vec<(f64, String)> {
    const MARKS_MAX: usize = 8;
    let outside = |what: &str| !matches!(what, "split" | "merge" | "decision");
    let all = mode.run.timeline.iter().filter(|e| e.at_ns > 0 && outside(e.what));
    let marks: Vec<(f64, String)> = all.map(|e| (grid.in_unit(e.at_ns), e.what.replace('_', " "))).collect();
    // Many marks hide the curves; the timeline has them all.
    if marks.len() > MARKS_MAX { Vec::new() } else { marks }
}

fn throughput(mode: &ModeOutcome, grid: Grid, in_bytes: bool) -> Chart {
    let s = &mode.run.series;
    let mib = f64::from(1 << 20);
    let (label, offered, stored, per_shard, scale) = if in_bytes {
        let limit = SHARD_WRITE_BYTES.byte_rate().0;
        ("MiB/s", &s.born_bytes, &s.stored_bytes, limit, mib)
    } else {
        let limit = SHARD_WRITE_RECORDS.count();
        ("records/s", &s.born, &s.stored, limit, 1.0)
    };
    let rate = |values: &[u64]| -> Vec<Option<f64>> {
        let per_s = |n: u64| (n as f64 / grid.seconds() / scale * 1e3).round() / 1e3;
        let sums = grid.sums(values).into_iter();
        sums.map(|n| Some(per_s(n))).collect()
    };
    let capacity =
        open_shards(s, grid).into_iter().map(|n| n.map(|n| n * per_shard as f64 / scale)).collect();
    let colour = of_mode(mode.mode);
    let lines = vec![
        Line { ys: rate(offered), ..grid.line("offered", INK, Stroke::Thin) },
        Line { ys: rate(stored), ..grid.line("stored", colour, Stroke::Solid) },
        Line { ys: capacity, ..grid.line("capacity", MUTED, Stroke::Dashed) },
    ];
    let y = linear_axis(label, Unit::Number, None);
    chart(mode, "writes", grid, y, lines)
}

fn open_shards(s: &Series, grid: Grid) -> Vec<Option<f64>> {
    let last = |c: &[u32]| c.last().map(|n| f64::from(*n));
    s.open_shards.chunks(grid.joined).map(last).collect()
}

fn throttled(mode: &ModeOutcome, grid: Grid) -> Chart {
    let s = &mode.run.series;
    let attempts = grid.sums(&s.attempts);
    let refused = grid.sums(&s.throttled);
    let share = |(refused, attempts): (&u64, &u64)| {
        (*attempts > 0).then(|| percent(*refused as f64 / *attempts as f64))
    };
    let lines = vec![Line {
        ys: refused.iter().zip(&attempts).map(share).collect(),
        ..grid.line("throttled attempts", of_mode(mode.mode), Stroke::Solid)
    }];
    let y = linear_axis("", Unit::Percent, None);
    let mut chart = chart(mode, "throttled attempts", grid, y, lines);
    chart.empty = "no attempt was made";
    chart
}

fn shards(mode: &ModeOutcome, grid: Grid) -> Chart {
    let lines = vec![Line {
        ys: open_shards(&mode.run.series, grid),
        ..grid.line("open shards", of_mode(mode.mode), Stroke::Solid)
    }];
    let y = linear_axis("", Unit::Number, None);
    chart(mode, "open shards", grid, y, lines)
}

fn consumer(mode: &ModeOutcome, i: usize) -> (&str, Option<&ConsumerSeries>) {
    let name = mode.run.consumers.get(i).map_or("", |c| c.name.as_str());
    (name, mode.run.series.consumers.get(i))
}

fn latency(mode: &ModeOutcome, i: usize, grid: Grid) -> Chart {
    let (name, series) = consumer(mode, i);
    let colour = of_mode(mode.mode);
    let line = |label: &str, stroke, values: Option<&Vec<Option<u64>>>| {
        let values = grid.largest(values.map_or(&[][..], Vec::as_slice));
        Line { ys: values.into_iter().map(|v| v.map(ms)).collect(), ..grid.line(label, colour, stroke) }
    };
    let mut lines = vec![
        line("p50", Stroke::Thin, series.map(|s| &s.p50_ns)),
        line("p99", Stroke::Solid, series.map(|s| &s.p99_ns)),
        line("max", Stroke::Dotted, series.map(|s| &s.max_ns)),
    ];
    if mode.run.coarse.is_some() {
        // Nobody knows the largest.
        lines.pop();
    }
    let title = format!("{name}, end to end");
    let mut chart = chart(mode, &title, grid, latency_axis(None), lines);
    chart.bands = vec![(0, 1)];
    chart.empty = "no record was processed";
    chart
}

fn iterator_age(outcome: &Outcome, mode: &ModeOutcome, grid: Grid) -> Chart {
    let all = outcome.modes.iter().flat_map(|m| &m.run.series.consumers);
    let oldest = all.flat_map(|c| c.ages()).flatten().max();
    let (unit, unit_ns, _) = time_unit(oldest.unwrap_or(0));
    let strokes = [Stroke::Solid, Stroke::Dashed, Stroke::Thin, Stroke::Dotted];
    let scaled = |ns: u64| (ns as f64 / unit_ns as f64 * 1e3).round() / 1e3;
    let drawn = mode.run.consumers.iter().zip(&mode.run.series.consumers);
    let lines = drawn
        .zip(strokes.iter().cycle())
        .take(CONSUMERS_DRAWN)
        .map(|((c, s), stroke)| {
            let values = grid.largest(&s.ages());
            Line {
                ys: values.into_iter().map(|v| v.map(scaled)).collect(),
                ..grid.line(c.name.as_str(), of_mode(mode.mode), *stroke)
            }
        })
        .collect();
    let y = linear_axis(unit, Unit::Number, None);
    let mut chart = chart(mode, "iterator age", grid, y, lines);
    chart.empty = "no read succeeded";
    chart
}

/// Records stored and not yet processed.
fn backlog(mode: &ModeOutcome, grid: Grid) -> Chart {
    let strokes = [Stroke::Solid, Stroke::Dashed, Stroke::Thin, Stroke::Dotted];
    let drawn = mode.run.consumers.iter().zip(&mode.run.series.consumers).zip(strokes.iter().cycle());
    let lines = drawn.take(CONSUMERS_DRAWN).map(|((c, s), stroke)| Line {
        ys: s.backlog.chunks(grid.joined).map(|part| part.iter().max().map(|n| *n as f64)).collect(),
        ..grid.line(c.name.as_str(), of_mode(mode.mode), *stroke)
    });
    chart(
        mode,
        "records not yet processed",
        grid,
        linear_axis("records", Unit::Number, None),
        lines.collect(),
    )
}
