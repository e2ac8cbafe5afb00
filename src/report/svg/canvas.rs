//! Drawing calls in SVG units, and how wide a text will be.

use crate::report::chart::Stroke;
use crate::report::palette::Colour;
use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, FontStyle, FontTransform, IntoTextStyle};
use plotters::style::{RGBAColor, RGBColor, ShapeStyle, TextStyle};

/// Drawing units per SVG unit.
pub(super) const FINE: i32 = 4;

pub(super) fn fine(v: f64) -> i32 {
    (v * f64::from(FINE)).round() as i32
}

/// Size, weight and colour of a text.
#[derive(Clone, Copy)]
pub(super) struct Face {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) colour: Colour,
}

impl Face {
    pub(super) fn plain(size: f64, colour: Colour) -> Face {
        let bold = false;
        Face { size, bold, colour }
    }
    pub(super) fn bold(size: f64, colour: Colour) -> Face {
        let bold = true;
        Face { size, bold, colour }
    }
}

/// About how wide a text will be: generous, since the backend cannot measure.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
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
pub(super) fn fitted(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut short: String = text.to_owned();
    while !short.is_empty() && text_width(&short, size) + size > width {
        short.pop();
    }
    format!("{}…", short.trim_end())
}

/// Breaks a text into lines of a width.
pub(super) fn wrapped(text: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(line, size) + text_width(word, size) + size < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(fitted(word, size, width)),
        }
    }
    lines
}

/// The backend, taking SVG units.
pub(super) struct Canvas<'a> {
    pub(super) backend: SVGBackend<'a>,
}

pub(super) fn rgba(c: Colour, alpha: f64) -> RGBAColor {
    RGBColor(c.0, c.1, c.2).mix(alpha)
}

// Drawing into a string cannot fail, so the backend's results are dropped.
impl Canvas<'_> {
    pub(super) fn rect(&mut self, a: (f64, f64), b: (f64, f64), colour: Colour, alpha: f64) {
        let style = rgba(colour, alpha).filled();
        let (a, b) = ((fine(a.0), fine(a.1)), (fine(b.0), fine(b.1)));
        let _ = self.backend.draw_rect(a, b, &style, true);
    }

    pub(super) fn path(&mut self, points: &[(f64, f64)], colour: Colour, width: u32) {
        let style = ShapeStyle { color: rgba(colour, 1.0), filled: false, stroke_width: width };
        let points = points.iter().map(|p| (fine(p.0), fine(p.1)));
        let _ = self.backend.draw_path(points, &style);
    }

    pub(super) fn fill(&mut self, points: &[(f64, f64)], colour: Colour, alpha: f64) {
        let style = rgba(colour, alpha).filled();
        let points = points.iter().map(|p| (fine(p.0), fine(p.1)));
        let _ = self.backend.fill_polygon(points, &style);
    }

    pub(super) fn text(&mut self, text: &str, at: (f64, f64), face: Face, anchor: HPos) {
        // The backend divides font sizes by 1.24; a baseline is put where `at` says.
        let size = face.size * 1.24 * f64::from(FINE);
        let weight = if face.bold { FontStyle::Bold } else { FontStyle::Normal };
        let style: TextStyle<'_> = (FontFamily::SansSerif, size, weight)
            .with_color(rgba(face.colour, 1.0))
            .into_text_style(&(1, 1))
            .pos(Pos::new(anchor, VPos::Center))
            .transform(FontTransform::None);
        let at = (fine(at.0), fine(at.1));
        let _ = self.backend.draw_text(text, &style, at);
    }
}

/// The width a stroke is drawn with; unique for each, see [`finish`].
pub(super) fn key_width(stroke: Stroke) -> u32 {
    match stroke {
        Stroke::Solid => 2 * FINE as u32,
        Stroke::Thin => FINE as u32,
        Stroke::Dashed => 101,
        Stroke::Dotted => 102,
    }
}
