//! One panel: heading, legend, axes, marks, bands, lines; or bars.

use super::canvas::{Canvas, FINE, Face, fitted, key_width, text_width};
use super::scale::{Scale, runs};
use crate::report::chart::{Axis, Bars, Chart, Line, Stroke};
use crate::report::palette::{GRID, INK, MUTED};
use crate::report::ticks::{self, Unit};
use plotters::style::text_anchor::HPos;

/// Inside a panel: room for the heading and legend, the tick labels left, below, and air right.
const TOP: f64 = 46.0;
const LEFT: f64 = 58.0;
const BOTTOM: f64 = 38.0;
const RIGHT: f64 = 16.0;
const BAR_PITCH: f64 = 30.0;

/// Where a panel is drawn.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) w: f64,
    pub(super) h: f64,
}

/// Lines and bands with their axes, or why there are none.
pub(super) fn lines(canvas: &mut Canvas<'_>, chart: &Chart, area: Area, own_legend: bool) {
    let face = Face::bold(12.0, INK);
    let title = fitted(&chart.title, 12.6, area.w - 12.0);
    canvas.text(&title, (area.x + 4.0, area.y + 12.0), face, HPos::Left);
    legend(canvas, chart, area, own_legend);
    let (x0, x1) = (area.x + LEFT, area.x + area.w - RIGHT);
    let (y0, y1) = (area.y + TOP, area.y + area.h - BOTTOM);
    if chart.is_empty() {
        canvas.rect((x0, y0), (x1, y1), GRID, 0.35);
        let middle = ((x0 + x1) / 2.0, (y0 + y1) / 2.0);
        canvas.text(chart.empty, middle, Face::plain(11.0, MUTED), HPos::Center);
        return;
    }
    let x = Scale::new(chart.x_range(), x0, x1, chart.x.log);
    let y = Scale::new(chart.y_range(), y1, y0, chart.y.log);
    y_axis(canvas, chart, &y, (x0, x1));
    x_axis(canvas, chart, &x, y1);
    marks(canvas, chart, &x, (x0, x1, y0, y1));
    for (lower, upper) in &chart.bands {
        if let (Some(lower), Some(upper)) = (chart.lines.get(*lower), chart.lines.get(*upper)) {
            band(canvas, chart, lower, upper, &x, &y);
        }
    }
    for line in &chart.lines {
        for run in runs(&chart.xs, &line.ys, &x, &y) {
            canvas.path(&run, line.colour, key_width(line.stroke));
        }
    }
}

fn band(canvas: &mut Canvas<'_>, chart: &Chart, lower: &Line, upper: &Line, x: &Scale, y: &Scale) {
    // Only where both are known.
    let both = |a: &Line, b: &Line| -> Vec<Option<f64>> {
        let pairs = a.ys.iter().zip(&b.ys);
        pairs.map(|(v, other)| other.and(*v)).collect()
    };
    let tops = runs(&chart.xs, &both(upper, lower), x, y);
    let bottoms = runs(&chart.xs, &both(lower, upper), x, y);
    for (mut top, bottom) in tops.into_iter().zip(bottoms) {
        top.extend(bottom.into_iter().rev());
        canvas.fill(&top, upper.colour, 0.16);
    }
}

/// The unit of the vertical axis, and what the strokes mean.
fn legend(canvas: &mut Canvas<'_>, chart: &Chart, area: Area, own: bool) {
    if chart.is_empty() {
        return;
    }
    let y = area.y + 29.0;
    let mut x = area.x + LEFT;
    // The axis label opens the line, unless the ticks say it all.
    if !chart.y.label.is_empty() {
        let face = Face::plain(10.0, MUTED);
        canvas.text(&chart.y.label, (area.x + 4.0, y), face, HPos::Left);
        x = x.max(area.x + 16.0 + text_width(&chart.y.label, 10.0));
    }
    let entries: Vec<&Line> = chart.lines.iter().filter(|l| !l.label.is_empty()).collect();
    if !own || entries.len() < 2 {
        return;
    }
    for line in entries {
        let room = area.x + area.w - x - 24.0;
        let label = fitted(&line.label, 10.0, room);
        canvas.path(&[(x, y), (x + 16.0, y)], line.colour, key_width(line.stroke));
        let face = Face::plain(10.0, INK);
        canvas.text(&label, (x + 20.0, y), face, HPos::Left);
        x += 32.0 + text_width(&label, 10.0);
    }
}

fn y_axis(canvas: &mut Canvas<'_>, chart: &Chart, y: &Scale, (x0, x1): (f64, f64)) {
    let (lo, hi) = chart.y_range();
    let marks = match chart.y.log {
        true => ticks::log(lo, hi, chart.y.unit),
        false => ticks::linear(lo, hi, 5),
    };
    for v in marks {
        let Some(place) = y.at(v) else { continue };
        canvas.path(&[(x0, place), (x1, place)], GRID, FINE as u32);
        let text = ticks::label(v, chart.y.unit);
        let face = Face::plain(10.0, MUTED);
        canvas.text(&text, (x0 - 6.0, place), face, HPos::Right);
    }
}

/// Tick positions of a horizontal axis.
fn x_ticks(axis: &Axis, range: (f64, f64), xs: &[f64]) -> Vec<f64> {
    match (axis.log, axis.steps, xs.len()) {
        (true, _, _) if axis.unit == Unit::Ms => ticks::log(range.0, range.1, axis.unit),
        // A curve of few points is marked at its points.
        (_, [], ..=16) => xs.to_vec(),
        (true, ..) => ticks::log(range.0, range.1, axis.unit),
        (false, [], _) => ticks::linear(range.0, range.1, 7),
        (false, steps, _) => ticks::clock(range.0, range.1, 7, steps),
    }
}

fn x_axis(canvas: &mut Canvas<'_>, chart: &Chart, x: &Scale, y1: f64) {
    canvas.path(&[(x.start, y1), (x.end, y1)], MUTED, FINE as u32);
    let mut free_from = f64::NEG_INFINITY;
    for v in x_ticks(&chart.x, chart.x_range(), &chart.xs) {
        let Some(place) = x.at(v) else { continue };
        canvas.path(&[(place, y1), (place, y1 + 4.0)], MUTED, FINE as u32);
        let text = ticks::label(v, chart.x.unit);
        let half = text_width(&text, 10.0) / 2.0;
        if place - half < free_from {
            continue;
        }
        free_from = place + half + 5.0;
        let face = Face::plain(10.0, MUTED);
        canvas.text(&text, (place, y1 + 12.0), face, HPos::Center);
    }
    let middle = ((x.start + x.end) / 2.0, y1 + 27.0);
    let face = Face::plain(10.0, MUTED);
    canvas.text(&chart.x.label, middle, face, HPos::Center);
}

/// Vertical marks; a label that would run into the one before is left out.
fn marks(canvas: &mut Canvas<'_>, chart: &Chart, x: &Scale, (x0, x1, y0, y1): (f64, f64, f64, f64)) {
    let mut free_from = f64::NEG_INFINITY;
    for (at, label) in &chart.marks {
        let Some(place) = x.at(*at) else { continue };
        let line = [(place, y0), (place, y1)];
        canvas.path(&line, MUTED, key_width(Stroke::Dotted));
        let wide = text_width(label, 9.5) + 4.0;
        let left_of = place + wide > x1 && place - wide > x0;
        let (anchor, px, from) = match left_of {
            true => (HPos::Right, place - 4.0, place - wide),
            false => (HPos::Left, place + 4.0, place),
        };
        if from < free_from {
            continue;
        }
        free_from = from + wide + 4.0;
        let face = Face::plain(9.5, MUTED);
        canvas.text(label, (px, y0 - 5.0), face, anchor);
    }
}

/// Height of a panel of bars.
pub(super) fn bars_height(bars: &Bars) -> f64 {
    TOP + BAR_PITCH * bars.items.len() as f64
}

/// Labelled horizontal bars.
pub(super) fn bars(canvas: &mut Canvas<'_>, bars: &Bars, area: Area) {
    let face = Face::bold(12.0, INK);
    let title = fitted(&bars.title, 12.6, area.w - 12.0);
    canvas.text(&title, (area.x + 4.0, area.y + 12.0), face, HPos::Left);
    let room = area.w - 24.0;
    for (i, (label, value, text)) in bars.items.iter().enumerate() {
        let y = area.y + 34.0 + BAR_PITCH * i as f64;
        let face = Face::plain(10.0, INK);
        let label = fitted(label, 10.0, room - text_width(text, 10.0) - 10.0);
        canvas.text(&label, (area.x + 4.0, y), face, HPos::Left);
        let right = (area.x + 4.0 + room, y);
        canvas.text(text, right, Face::plain(10.0, MUTED), HPos::Right);
        let (top, low) = (y + 7.0, y + 14.0);
        let left = area.x + 4.0;
        canvas.rect((left, top), (left + room, low), GRID, 0.6);
        let share = if bars.full > 0.0 { value / bars.full } else { 0.0 };
        let long = room * share.clamp(0.0, 1.0);
        canvas.rect((left, top), (left + long.max(0.25), low), bars.colour, 1.0);
    }
}
