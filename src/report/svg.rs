//! A figure as SVG, through plotters' SVG backend.
//!
//! The backend takes whole pixels, so everything is drawn at [`FINE`] times the size and the first line is rewritten
//! to the real one. It has no dashes either: each stroke has a width of its own, which is exchanged for a width with
//! dashes afterwards. Layout, ticks and labels are ours.

use crate::report::chart::{Axis, Bars, Chart, Figure, Line, Panel, Stroke};
use crate::report::palette::{Colour, GRID, INK, MUTED, PAPER};
use crate::report::ticks::{self, Unit};
use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontStyle, FontTransform, RGBAColor, RGBColor, ShapeStyle, TextStyle,
};
use plotters::style::{FontFamily, IntoTextStyle};

/// Drawing units per SVG unit.
const FINE: i32 = 4;
const PANEL_W: f64 = 404.0;
const PANEL_H: f64 = 208.0;
const HEAD: f64 = 62.0;
const MARGIN: f64 = 14.0;
/// Inside a panel: room for the heading and legend, the tick labels left, below, and air right.
const TOP: f64 = 46.0;
const LEFT: f64 = 58.0;
const BOTTOM: f64 = 38.0;
const RIGHT: f64 = 16.0;
const BAR_PITCH: f64 = 30.0;

/// The figure as an SVG document.
pub fn draw(figure: &Figure) -> String {
    let columns = figure.columns.max(1);
    let panel_w = if columns == 1 { 760.0 } else { PANEL_W };
    let heights: Vec<f64> = figure.panels.chunks(columns).map(row_height).collect();
    let width = panel_w * columns as f64 + 2.0 * MARGIN;
    let height = HEAD + heights.iter().sum::<f64>() + MARGIN;
    let mut buffer = String::new();
    let mut canvas = Canvas {
        backend: SVGBackend::with_string(&mut buffer, (fine(width) as u32, fine(height) as u32)),
    };
    canvas.rect((0.0, 0.0), (width, height), PAPER, 1.0);
    let heading = Face::bold(17.0, INK);
    canvas.text(&figure.title, (MARGIN + 4.0, 24.0), heading, HPos::Left);
    head_legend(&mut canvas, figure, width - MARGIN);
    let caption = Face::plain(11.5, MUTED);
    canvas.text(&figure.caption, (MARGIN + 4.0, 43.0), caption, HPos::Left);
    let mut y = HEAD;
    for (row, height) in figure.panels.chunks(columns).zip(&heights) {
        for (i, panel) in row.iter().enumerate() {
            let area = Area {
                x: MARGIN + panel_w * i as f64,
                y,
                w: panel_w,
                h: *height,
            };
            match panel {
                Panel::Lines(chart) => lines(&mut canvas, chart, area, figure.legend.is_empty()),
                Panel::Bars(bars) => draw_bars(&mut canvas, bars, area),
                Panel::Blank => {}
            }
        }
        y += height;
    }
    let _ = canvas.backend.present();
    drop(canvas);
    finish(&buffer, width, height)
}

fn row_height(row: &[Panel]) -> f64 {
    let height = |panel: &Panel| match panel {
        Panel::Lines(_) => PANEL_H,
        Panel::Bars(bars) => TOP + BAR_PITCH * bars.items.len() as f64,
        Panel::Blank => 0.0,
    };
    row.iter().map(height).fold(0.0, f64::max)
}

fn fine(v: f64) -> i32 {
    (v * f64::from(FINE)).round() as i32
}

/// Real size, rounded joints, the font's fallbacks and the dashes.
fn finish(drawn: &str, width: f64, height: f64) -> String {
    let big = format!("width=\"{}\" height=\"{}\"", fine(width), fine(height));
    let real =
        format!("width=\"{width}\" height=\"{height}\" stroke-linejoin=\"round\" role=\"img\"");
    let mut svg = drawn.replacen(&big, &real, 1);
    for stroke in [Stroke::Dashed, Stroke::Dotted] {
        let plain = format!("stroke-width=\"{}\"", key_width(stroke));
        let (dash, gap) = if stroke == Stroke::Dashed {
            (6, 4)
        } else {
            (2, 3)
        };
        let dashed = format!(
            "stroke-width=\"{}\" stroke-dasharray=\"{} {}\"",
            FINE + FINE / 2,
            dash * FINE,
            gap * FINE
        );
        svg = svg.replace(&plain, &dashed);
    }
    let families = "font-family=\"DejaVu Sans, Verdana, sans-serif\"";
    svg.replace("font-family=\"sans-serif\"", families)
        .replace(" opacity=\"1\"", "")
}

/// The width a stroke is drawn with; unique for each, see [`finish`].
fn key_width(stroke: Stroke) -> u32 {
    match stroke {
        Stroke::Solid => 2 * FINE as u32,
        Stroke::Thin => FINE as u32,
        Stroke::Dashed => 101,
        Stroke::Dotted => 102,
    }
}

/// Size, weight and colour of a text.
#[derive(Clone, Copy)]
struct Face {
    size: f64,
    bold: bool,
    colour: Colour,
}

impl Face {
    fn plain(size: f64, colour: Colour) -> Face {
        let bold = false;
        Face { size, bold, colour }
    }
    fn bold(size: f64, colour: Colour) -> Face {
        let bold = true;
        Face { size, bold, colour }
    }
}

/// About how wide a text will be: generous, since the backend cannot measure.
fn text_width(text: &str, size: f64) -> f64 {
    let em: f64 = text
        .chars()
        .map(|c| match c {
            ' ' | '.' | ',' | 'i' | 'l' | 'j' | ':' | '|' => 0.32,
            'm' | 'w' | 'M' | 'W' | '%' => 0.98,
            'A'..='Z' => 0.72,
            _ => 0.63,
        })
        .sum();
    em * size
}

/// Cuts a text to a width, with an ellipsis.
fn fitted(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut short: String = text.to_owned();
    while !short.is_empty() && text_width(&short, size) + size > width {
        short.pop();
    }
    format!("{}…", short.trim_end())
}

#[derive(Clone, Copy)]
struct Area {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

fn rgba(c: Colour, alpha: f64) -> RGBAColor {
    RGBColor(c.0, c.1, c.2).mix(alpha)
}

// Drawing into a string cannot fail, so the backend's results are dropped.
impl Canvas<'_> {
    fn rect(&mut self, a: (f64, f64), b: (f64, f64), colour: Colour, alpha: f64) {
        let style = rgba(colour, alpha).filled();
        let (a, b) = ((fine(a.0), fine(a.1)), (fine(b.0), fine(b.1)));
        let _ = self.backend.draw_rect(a, b, &style, true);
    }

    fn path(&mut self, points: &[(f64, f64)], colour: Colour, width: u32) {
        let style = ShapeStyle {
            color: rgba(colour, 1.0),
            filled: false,
            stroke_width: width,
        };
        let points = points.iter().map(|p| (fine(p.0), fine(p.1)));
        let _ = self.backend.draw_path(points, &style);
    }

    fn fill(&mut self, points: &[(f64, f64)], colour: Colour, alpha: f64) {
        let style = rgba(colour, alpha).filled();
        let points = points.iter().map(|p| (fine(p.0), fine(p.1)));
        let _ = self.backend.fill_polygon(points, &style);
    }

    fn text(&mut self, text: &str, at: (f64, f64), face: Face, anchor: HPos) {
        // The backend divides font sizes by 1.24; a baseline is put where `at` says.
        let size = face.size * 1.24 * f64::from(FINE);
        let weight = if face.bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        };
        let style: TextStyle<'_> = (FontFamily::SansSerif, size, weight)
            .with_color(rgba(face.colour, 1.0))
            .into_text_style(&(1, 1))
            .pos(Pos::new(anchor, VPos::Center))
            .transform(FontTransform::None);
        let at = (fine(at.0), fine(at.1));
        let _ = self.backend.draw_text(text, &style, at);
    }
}

/// Values to places inside the plot area.
struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    log: bool,
}

impl Scale {
    fn new(range: (f64, f64), start: f64, end: f64, log: bool) -> Scale {
        let level = |v: f64| if log { libm::log10(v) } else { v };
        Scale {
            from: level(range.0),
            to: level(range.1),
            start,
            end,
            log,
        }
    }

    /// Place of a value, held inside the area; `None` where a log axis has no place for it.
    fn at(&self, v: f64) -> Option<f64> {
        let level = match self.log {
            true if v <= 0.0 => return None,
            true => libm::log10(v),
            false => v,
        };
        let share = (level - self.from) / (self.to - self.from);
        let place = self.start + share.clamp(0.0, 1.0) * (self.end - self.start);
        place.is_finite().then_some(place)
    }
}

/// The figure's own legend, right of its title.
fn head_legend(canvas: &mut Canvas<'_>, figure: &Figure, right: f64) {
    let wide = |label: &str| text_width(label, 11.0) + 36.0;
    let mut x = right - figure.legend.iter().map(|l| wide(&l.0)).sum::<f64>();
    for (label, colour) in &figure.legend {
        let solid = key_width(Stroke::Solid);
        canvas.path(&[(x, 24.0), (x + 18.0, 24.0)], *colour, solid);
        canvas.text(label, (x + 23.0, 24.0), Face::plain(11.0, INK), HPos::Left);
        x += wide(label);
    }
}

fn lines(canvas: &mut Canvas<'_>, chart: &Chart, area: Area, own_legend: bool) {
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

/// Unbroken stretches of a line, as [`thinned`] as the picture's resolution allows.
fn runs(xs: &[f64], ys: &[Option<f64>], x: &Scale, y: &Scale) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (at, value) in xs.iter().zip(ys) {
        let place = value.and_then(|v| Some((x.at(*at)?, y.at(v)?)));
        match (place, runs.last_mut()) {
            (Some(p), Some(run)) => run.push(p),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    // A lone point would be invisible: give it a short dash.
    for run in &mut runs {
        *run = match run[..] {
            [(px, py)] => vec![(px - 1.5, py), (px + 1.5, py)],
            _ => thinned(run),
        };
    }
    runs.retain(|r| !r.is_empty());
    runs
}

/// Of points that share a column of the picture keeps the lowest and the highest, in their order, and of a level
/// stretch its ends: what is left out would be drawn over.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    const COLUMN: f64 = 1.5;
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for column in points.chunk_by(|a, b| (a.0 / COLUMN).floor() == (b.0 / COLUMN).floor()) {
        let by_y = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let (low, high) = (column.iter().min_by(by_y), column.iter().max_by(by_y));
        let (Some(low), Some(high)) = (low, high) else {
            continue;
        };
        let (first, then) = if low.0 <= high.0 {
            (low, high)
        } else {
            (high, low)
        };
        push_level(&mut kept, *first);
        if then != first {
            push_level(&mut kept, *then);
        }
    }
    if let (Some(end), Some(last)) = (points.last(), kept.last())
        && end.0 > last.0
    {
        kept.push(*end);
    }
    kept
}

/// Adds a point, or moves the end of a level stretch to it.
fn push_level(kept: &mut Vec<(f64, f64)>, p: (f64, f64)) {
    let level = |q: &(f64, f64)| fine(q.1) == fine(p.1);
    match &mut kept[..] {
        [.., before, end] if level(before) && level(end) => *end = p,
        _ => kept.push(p),
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
        canvas.path(
            &[(x, y), (x + 16.0, y)],
            line.colour,
            key_width(line.stroke),
        );
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
fn marks(
    canvas: &mut Canvas<'_>,
    chart: &Chart,
    x: &Scale,
    (x0, x1, y0, y1): (f64, f64, f64, f64),
) {
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

fn draw_bars(canvas: &mut Canvas<'_>, bars: &Bars, area: Area) {
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
        let share = if bars.full > 0.0 {
            value / bars.full
        } else {
            0.0
        };
        let long = room * share.clamp(0.0, 1.0);
        canvas.rect((left, top), (left + long.max(0.25), low), bars.colour, 1.0);
    }
}
