//! Pictures of a sweep: lines along one axis, shades over two.

use super::{latency_axis, linear_axis, ms, percent};
use crate::experiment::sweep::{Mark, PointMode, Sweep, SweepAxis, SweepPoint};
use crate::report::chart::{Axis, Cell, Chart, Figure, Heat, Line, Panel, Stroke};
use crate::report::human;
use crate::report::palette::of_mode;
use crate::report::ticks::Unit;

/// Beyond this share of refused attempts a cell lies outside the outline.
const THROTTLED: f64 = 0.001;

/// All figures of a sweep.
pub fn all(sweep: &Sweep) -> Vec<Figure> {
    match sweep.axes.as_slice() {
        [one] => vec![lines(sweep, one)],
        [first, second] => MAPS.iter().filter_map(|m| map(sweep, first, second, m)).collect(),
        _ => Vec::new(),
    }
}

fn lines(sweep: &Sweep, axis: &SweepAxis) -> Figure {
    // Words are numbered in their order.
    let position = |i: usize| axis.numbers.as_ref().map_or(i as f64 + 1.0, |n| n[i]);
    let mut order: Vec<usize> = (0..sweep.points.len()).collect();
    order.sort_by(|a, b| position(sweep.points[*a].at[0]).total_cmp(&position(sweep.points[*b].at[0])));
    let xs: Vec<f64> = order.iter().map(|i| position(sweep.points[*i].at[0])).collect();
    let x = Axis {
        label: axis_label(axis),
        unit: Unit::Number,
        log: axis.log && xs.first().is_some_and(|x| *x > 0.0),
        range: None,
        steps: &[],
    };
    let modes = sweep.points.first().map_or(&[][..], |p| p.modes.as_slice());
    let line = |m: usize, label: String, stroke: Stroke, f: &dyn Fn(&PointMode) -> Option<f64>| {
        let ys = order.iter().map(|i| sweep.points[*i].modes.get(m).and_then(f));
        Line { label, colour: of_mode(&modes[m].mode), stroke, ys: ys.collect() }
    };
    let each = |f: &dyn Fn(&PointMode) -> Option<f64>| -> Vec<Line> {
        (0..modes.len()).map(|m| line(m, modes[m].title.clone(), Stroke::Solid, f)).collect()
    };
    let chart = |title: &str, y: Axis, lines: Vec<Line>, kind: &str| Chart {
        title: title.into(),
        x: x.clone(),
        y,
        xs: xs.clone(),
        lines,
        bands: Vec::new(),
        marks: marks(sweep, kind),
        empty: "not measured",
    };
    let pair = |m: usize| {
        let title = &modes[m].title;
        [
            line(m, format!("{title} p50"), Stroke::Thin, &|p| p.slowest_p50_ns.map(|ns| ms(ns as u64))),
            line(m, format!("{title} p99"), Stroke::Solid, &|p| p.slowest_p99_ns.map(|ns| ms(ns as u64))),
        ]
    };
    let both = (0..modes.len()).flat_map(pair).collect();
    let mut latency =
        chart("End to end of the slowest consumer, p50 (thin) and p99", latency_axis(None), both, "latency");
    latency.bands = (0..modes.len()).map(|i| (2 * i, 2 * i + 1)).collect();
    let throttled = each(&|p| p.mean("throttled_attempts").map(percent));
    let throttled =
        chart("Throttled attempts", linear_axis("", Unit::Percent, None), throttled, "throttling");
    let lost = each(&|p| p.mean("lost_records").map(percent));
    let lost = chart("Lost records", linear_axis("", Unit::Percent, None), lost, "");
    let month = each(&|p| p.mean("month_cost").map(|v| (v * 100.0).round() / 100.0));
    let month = chart("Cost of a month", linear_axis("", Unit::Usd, None), month, "");
    Figure {
        id: "sweep".into(),
        title: format!("Along {}", axis.key),
        caption: "Each point is the whole scenario. Dotted: the knee of a curve, and where the busiest minute asks \
                  for 100 % of a write limit of the shards at the start, its records spread evenly."
            .into(),
        columns: 2,
        legend: modes.iter().map(|m| (m.title.clone(), of_mode(&m.mode))).collect(),
        panels: [latency, throttled, lost, month].map(|c| Panel::Lines(Box::new(c))).to_vec(),
    }
}

/// The knee on the panel it was found on, limits on latency and throttling.
fn marks(sweep: &Sweep, kind: &str) -> Vec<(f64, String)> {
    if kind.is_empty() {
        return Vec::new();
    }
    let shown = sweep.marks.iter().filter(|m| match m.kind {
        "knee" => m.what == kind,
        _ => kind == "throttling" && binds(sweep, m),
    });
    let text = |m: &Mark| match m.kind {
        "knee" => format!("knee, {}", m.title),
        _ => format!("{} limit, {}", m.what, m.title),
    };
    let mut marks: Vec<(f64, String)> = shown.map(|m| (m.x, text(m))).collect();
    marks.sort_by(|a, b| a.0.total_cmp(&b.0));
    marks
}

/// Of a mode's limits along the axis the one that is met first from the good side.
fn binds(sweep: &Sweep, mark: &Mark) -> bool {
    let share = |p: &PointMode| p.records_limit_share.unwrap_or(0.0).max(p.bytes_limit_share);
    let number = |i: usize| sweep.axes[0].numbers.as_ref().map_or(0.0, |n| n[i]);
    let of_mode = |p: &SweepPoint| {
        let mode = p.modes.iter().find(|m| m.mode == mark.mode);
        mode.map(|m| (number(p.at[0]), share(m)))
    };
    let along: Vec<(f64, f64)> = sweep.points.iter().filter_map(of_mode).collect();
    let by_x = |a: &&(f64, f64), b: &&(f64, f64)| a.0.total_cmp(&b.0);
    let (first, last) = (along.iter().min_by(by_x), along.iter().max_by(by_x));
    let rises = first.zip(last).is_some_and(|(a, b)| b.1 > a.1);
    let others = sweep.marks.iter().filter(|m| m.kind == mark.kind && m.mode == mark.mode);
    others.into_iter().all(|m| if rises { m.x >= mark.x } else { m.x <= mark.x })
}

/// The key with its unit; words with the numbers they stand at.
fn axis_label(axis: &SweepAxis) -> String {
    match (&axis.numbers, axis.unit.as_str()) {
        (Some(_), "") => axis.key.clone(),
        (Some(_), unit) => format!("{} [{unit}]", axis.key),
        (None, _) => {
            let words = axis.values.iter().enumerate().map(|(i, v)| format!("{} = {v}", i + 1));
            format!("{}: {}", axis.key, words.collect::<Vec<_>>().join(", "))
        }
    }
}

/// What a map shows.
struct Map {
    id: &'static str,
    title: &'static str,
    caption: &'static str,
    value: fn(&PointMode) -> Option<f64>,
    text: fn(f64) -> String,
    log: bool,
}

const MAPS: [Map; 3] = [
    Map {
        id: "map-throttled",
        title: "Throttled attempts",
        caption: "The line parts designs with at most 0.1 % of attempts refused from those with more.",
        value: |p| p.mean("throttled_attempts"),
        text: human::fraction,
        log: false,
    },
    Map {
        id: "map-latency",
        title: "End to end of the slowest consumer, p99",
        caption: "Shades follow the logarithm. The line parts designs with at most 0.1 % of attempts refused from \
                  those with more.",
        value: |p| p.slowest_p99_ns,
        text: |ns| human::duration(ns as u64),
        log: true,
    },
    Map {
        id: "map-cost",
        title: "Cost of a month",
        caption: "The line parts designs with at most 0.1 % of attempts refused from those with more.",
        value: |p| p.mean("month_cost"),
        text: |usd| format!("${}", human::number(usd, 0)),
        log: false,
    },
];

fn map(sweep: &Sweep, first: &SweepAxis, second: &SweepAxis, of: &Map) -> Option<Figure> {
    let modes = sweep.points.first()?.modes.len();
    let values = sweep.points.iter().flat_map(|p| p.modes.iter().filter_map(of.value));
    let level = |v: f64| if of.log { libm::log10(v.max(1.0)) } else { v };
    let (low, high) = crate::report::chart::extent(values.map(level))?;
    // Shades begin at nothing where the values are close to it.
    let low = if of.log { low } else { low.min(0.0) };
    let shade = |v: f64| if high > low { (level(v) - low) / (high - low) } else { 0.0 };
    let cell = |p: &PointMode| {
        let v = (of.value)(p)?;
        let within = p.mean("throttled_attempts").is_none_or(|t| t <= THROTTLED);
        Some(Cell { shade: shade(v), text: (of.text)(v), within })
    };
    let heat = |m: usize| {
        let at = |x: usize, y: usize| {
            let point = sweep.points.iter().find(|p| p.at == [y, x])?;
            cell(point.modes.get(m)?)
        };
        let row = |y: usize| (0..second.values.len()).map(|x| at(x, y)).collect();
        let mode = &sweep.points[0].modes[m];
        Panel::Heat(Box::new(Heat {
            title: mode.title.clone(),
            x: (second.key.clone(), short(second)),
            y: (format!("up: {}", first.key), short(first)),
            cells: (0..first.values.len()).map(row).collect(),
            colour: of_mode(&mode.mode),
            outline: "at most 0.1 % of attempts refused".into(),
        }))
    };
    Some(Figure {
        id: of.id.into(),
        title: of.title.into(),
        caption: of.caption.into(),
        columns: modes.min(2),
        legend: Vec::new(),
        panels: (0..modes).map(heat).collect(),
    })
}

/// Values as they are written, thousands short and without a unit all of them share.
fn short(axis: &SweepAxis) -> Vec<String> {
    let thousands = |text: &str| match text.strip_suffix("000") {
        Some(n) if !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) => format!("{n}k"),
        _ => text.to_owned(),
    };
    let one = |text: &String| match text.strip_suffix(" records/s") {
        Some(number) => thousands(number) + "/s",
        None => thousands(text),
    };
    axis.values.iter().map(one).collect()
}
