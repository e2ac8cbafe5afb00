//! A figure as SVG, through plotters' SVG backend.
//!
//! The backend takes whole pixels, so everything is drawn at four times the size and the first line is rewritten
//! to the real one. It has no dashes either: each stroke has a width of its own, which is exchanged for a width with
//! dashes afterwards. Layout, ticks and labels are ours.

mod canvas;
mod finish;
mod heat;
mod panel;
mod scale;

use crate::report::chart::{Figure, Panel, Stroke};
use crate::report::palette::{INK, MUTED, PAPER};
use canvas::{Canvas, Face, fine, key_width, text_width, wrapped};
use finish::finish;
use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::HPos;

const PANEL_W: f64 = 404.0;
const PANEL_H: f64 = 208.0;
const HEAD: f64 = 62.0;
const CAPTION_PITCH: f64 = 16.0;
const MARGIN: f64 = 14.0;

/// The figure as an SVG document.
pub fn draw(figure: &Figure) -> String {
    let columns = figure.columns.max(1);
    let panel_w = if columns == 1 { 760.0 } else { PANEL_W };
    let heights: Vec<f64> = figure.panels.chunks(columns).map(row_height).collect();
    let width = panel_w * columns as f64 + 2.0 * MARGIN;
    let caption_lines = wrapped(&figure.caption, 11.5, width - 2.0 * MARGIN - 8.0);
    let head = HEAD + CAPTION_PITCH * caption_lines.len().saturating_sub(1) as f64;
    let height = head + heights.iter().sum::<f64>() + MARGIN;
    let mut buffer = String::new();
    let mut canvas =
        Canvas { backend: SVGBackend::with_string(&mut buffer, (fine(width) as u32, fine(height) as u32)) };
    canvas.rect((0.0, 0.0), (width, height), PAPER, 1.0);
    let heading = Face::bold(17.0, INK);
    canvas.text(&figure.title, (MARGIN + 4.0, 24.0), heading, HPos::Left);
    head_legend(&mut canvas, figure, width - MARGIN);
    let caption = Face::plain(11.5, MUTED);
    for (i, line) in caption_lines.iter().enumerate() {
        let y = 43.0 + CAPTION_PITCH * i as f64;
        canvas.text(line, (MARGIN + 4.0, y), caption, HPos::Left);
    }
    let mut y = head;
    for (row, height) in figure.panels.chunks(columns).zip(&heights) {
        for (i, panel) in row.iter().enumerate() {
            let area = panel::Area { x: MARGIN + panel_w * i as f64, y, w: panel_w, h: *height };
            match panel {
                Panel::Lines(chart) => panel::lines(&mut canvas, chart, area, figure.legend.is_empty()),
                Panel::Bars(bars) => panel::bars(&mut canvas, bars, area),
                Panel::Heat(map) => heat::draw(&mut canvas, map, area),
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
        Panel::Bars(bars) => panel::bars_height(bars),
        Panel::Heat(map) => heat::height(map),
        Panel::Blank => 0.0,
    };
    row.iter().map(height).fold(0.0, f64::max)
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
