//! Latency, throttling and cost of a month along one axis, all modes in one panel.

use super::{latency_axis, linear_axis, ms, percent};
use crate::experiment::outcome::{Curve, CurveLine, CurvePoint};
use crate::report::chart::{Axis, Chart, Figure, Line, Panel, Stroke};
use crate::report::palette::of_mode;
use crate::report::ticks::Unit;

/// A span of x above which the axis is logarithmic.
const LOG_FROM: f64 = 8.0;

/// The figure of one curve; `None` without a point.
pub(super) fn figure(curve: &Curve) -> Option<Figure> {
    let mut xs: Vec<f64> = curve.lines.iter().flat_map(|l| l.points.iter().map(|p| p.x)).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    let (first, last) = (*xs.first()?, *xs.last()?);
    let x = Axis {
        label: curve.x_label.clone(),
        unit: Unit::Number,
        log: first > 0.0 && last / first >= LOG_FROM,
        range: None,
        steps: &[],
    };
    let chart = |title: &str, y: Axis, lines: Vec<Line>| Chart {
        title: title.into(),
        x: x.clone(),
        y,
        xs: xs.clone(),
        lines,
        bands: Vec::new(),
        marks: curve.x_here.map(|x| (x, "this scenario".to_owned())).into_iter().collect(),
        empty: "not measured",
    };
    let mut latency =
        chart("End-to-end latency, p50 (thin) and p99", latency_axis(None), latency_lines(curve, &xs));
    latency.bands = (0..curve.lines.len()).map(|i| (2 * i, 2 * i + 1)).collect();
    let throttled = chart(
        "Throttled attempts",
        linear_axis("", Unit::Percent, None),
        each(curve, &xs, |p| Some(percent(p.throttled_share))),
    );
    let month = chart(
        "Cost of a month",
        linear_axis("", Unit::Usd, None),
        each(curve, &xs, |p| Some((p.month_usd.as_f64() * 100.0).round() / 100.0)),
    );
    Some(Figure {
        id: format!("curve-{}", curve.id),
        title: curve.title.clone(),
        caption: curve.stretch.clone(),
        columns: 3,
        legend: curve.lines.iter().map(|l| (l.title.to_owned(), of_mode(l.mode))).collect(),
        panels: [latency, throttled, month].map(|c| Panel::Lines(Box::new(c))).to_vec(),
    })
}

fn each(curve: &Curve, xs: &[f64], f: impl Fn(&CurvePoint) -> Option<f64>) -> Vec<Line> {
    let lines = curve.lines.iter();
    lines.map(|l| line(l, xs, l.title, Stroke::Solid, &f)).collect()
}

/// p50 and p99 of each mode in turn.
fn latency_lines(curve: &Curve, xs: &[f64]) -> Vec<Line> {
    let pair = |l: &CurveLine| {
        let p50 = |p: &CurvePoint| p.p50_ns.map(ms);
        let p99 = |p: &CurvePoint| p.p99_ns.map(ms);
        [
            line(l, xs, &format!("{} p50", l.title), Stroke::Thin, &p50),
            line(l, xs, &format!("{} p99", l.title), Stroke::Solid, &p99),
        ]
    };
    curve.lines.iter().flat_map(pair).collect()
}

fn line(
    of: &CurveLine,
    xs: &[f64],
    label: &str,
    stroke: Stroke,
    f: &impl Fn(&CurvePoint) -> Option<f64>,
) -> Line {
    let at = |x: &f64| of.points.iter().find(|p| p.x == *x).and_then(f);
    Line { label: label.into(), colour: of_mode(of.mode), stroke, ys: xs.iter().map(at).collect() }
}
