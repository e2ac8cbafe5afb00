//! Cells over two axes: shades with their numbers, and an outline where a limit lies between them.

use super::canvas::{Canvas, Face, fitted, key_width, text_width};
use super::panel::Area;
use crate::report::chart::{Cell, Heat, Stroke};
use crate::report::palette::{Colour, GRID, INK, MUTED, PAPER};
use plotters::style::text_anchor::HPos;

const TOP: f64 = 46.0;
const LEFT: f64 = 74.0;
const BOTTOM: f64 = 40.0;
const RIGHT: f64 = 12.0;
/// Height of a cell at most and at least; a map of many rows is no taller than a slide.
const ROW: f64 = 26.0;
const ROW_LEAST: f64 = 9.0;
const HEIGHT: f64 = 330.0;
/// Digits are drawn in cells that are at least this high.
const TEXT_FROM: f64 = 13.0;
const FACE: f64 = 9.0;

/// Height of the panel.
pub(super) fn height(map: &Heat) -> f64 {
    TOP + BOTTOM + row(map) * map.y.1.len() as f64
}

fn row(map: &Heat) -> f64 {
    (HEIGHT / map.y.1.len().max(1) as f64).clamp(ROW_LEAST, ROW)
}

/// Draws the panel.
pub(super) fn draw(canvas: &mut Canvas<'_>, map: &Heat, area: Area) {
    let title = fitted(&map.title, 12.6, area.w - 12.0);
    canvas.text(&title, (area.x + 4.0, area.y + 12.0), Face::bold(12.0, INK), HPos::Left);
    let subtitle = fitted(&map.y.0, 10.0, area.w - 12.0);
    canvas.text(&subtitle, (area.x + 4.0, area.y + 29.0), Face::plain(10.0, MUTED), HPos::Left);
    let (x0, x1) = (area.x + LEFT, area.x + area.w - RIGHT);
    let (columns, high) = (map.x.1.len().max(1), row(map));
    let wide = (x1 - x0) / columns as f64;
    let bottom = area.y + TOP + high * map.y.1.len() as f64;
    let place = |column: usize, line: usize| (x0 + wide * column as f64, bottom - high * (line + 1) as f64);
    for (line, cells) in map.cells.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            let (x, y) = place(column, line);
            shade(canvas, map.colour, cell.as_ref(), (x, y), (wide, high));
        }
    }
    outline(canvas, map, &place, (wide, high));
    labels(canvas, map, (x0, bottom), (wide, high));
    let middle = ((x0 + x1) / 2.0, bottom + 29.0);
    canvas.text(&fitted(&map.x.0, 10.0, area.w - 20.0), middle, Face::plain(10.0, MUTED), HPos::Center);
}

fn shade(canvas: &mut Canvas<'_>, colour: Colour, cell: Option<&Cell>, at: (f64, f64), size: (f64, f64)) {
    let end = (at.0 + size.0 - 1.0, at.1 + size.1 - 1.0);
    let Some(cell) = cell else {
        canvas.rect(at, end, GRID, 0.5);
        return;
    };
    canvas.rect(at, end, colour, 0.06 + 0.86 * cell.shade.clamp(0.0, 1.0));
    if size.1 >= TEXT_FROM && text_width(&cell.text, FACE) <= size.0 - 3.0 {
        let ink = if cell.shade > 0.55 { PAPER } else { INK };
        let middle = (at.0 + size.0 / 2.0, at.1 + size.1 / 2.0);
        canvas.text(&cell.text, middle, Face::plain(FACE, ink), HPos::Center);
    }
}

/// Lines between cells within and beyond.
fn outline(
    canvas: &mut Canvas<'_>,
    map: &Heat,
    place: &dyn Fn(usize, usize) -> (f64, f64),
    (wide, high): (f64, f64),
) {
    if map.outline.is_empty() {
        return;
    }
    let within = |column: usize, line: usize| {
        map.cells.get(line).and_then(|l| l.get(column)).and_then(|c| c.as_ref()).map(|c| c.within)
    };
    for line in 0..map.y.1.len() {
        for column in 0..map.x.1.len() {
            let (x, y) = place(column, line);
            let here = within(column, line);
            let differs = |there: Option<bool>| matches!((here, there), (Some(a), Some(b)) if a != b);
            if differs(within(column + 1, line)) {
                let edge = [(x + wide - 0.5, y), (x + wide - 0.5, y + high)];
                canvas.path(&edge, INK, key_width(Stroke::Solid));
            }
            if differs(within(column, line + 1)) {
                canvas.path(&[(x, y - 0.5), (x + wide, y - 0.5)], INK, key_width(Stroke::Solid));
            }
        }
    }
}

/// Values along both axes, as many as there is room for.
fn labels(canvas: &mut Canvas<'_>, map: &Heat, (x0, bottom): (f64, f64), (wide, high): (f64, f64)) {
    let face = Face::plain(FACE, MUTED);
    let mut free_from = f64::NEG_INFINITY;
    for (column, text) in map.x.1.iter().enumerate() {
        let middle = x0 + wide * (column as f64 + 0.5);
        let half = text_width(text, FACE) / 2.0;
        if middle - half < free_from {
            continue;
        }
        free_from = middle + half + 4.0;
        canvas.text(text, (middle, bottom + 11.0), face, HPos::Center);
    }
    let mut free_below = f64::INFINITY;
    for (line, text) in map.y.1.iter().enumerate() {
        let y = bottom - high * (line as f64 + 0.5);
        if y > free_below {
            continue;
        }
        free_below = y - 11.0;
        canvas.text(&fitted(text, FACE, LEFT - 10.0), (x0 - 5.0, y), face, HPos::Right);
    }
}
