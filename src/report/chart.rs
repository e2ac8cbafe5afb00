//! What a picture shows, apart from how it is drawn: the SVG, the PNG and the page draw the same value.

use crate::report::palette::Colour;
use crate::report::ticks::{self, Unit};

/// One picture: panels in rows of `columns`.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// File name without extension.
    pub id: String,
    /// Heading.
    pub title: String,
    /// One sentence on how to read it.
    pub caption: String,
    /// Panels in a row.
    pub columns: usize,
    /// One legend for all panels, (label, colour); empty: each panel has its own.
    pub legend: Vec<(String, Colour)>,
    /// Panels, row by row.
    pub panels: Vec<Panel>,
}

/// One panel of a figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Panel {
    /// Lines over an axis.
    Lines(Box<Chart>),
    /// Labelled horizontal bars.
    Bars(Bars),
    /// Cells over two axes.
    Heat(Box<Heat>),
    /// Keeps its place empty.
    Blank,
}

/// Lines and bands over one x axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// Heading.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Positions, ascending, shared by all lines.
    pub xs: Vec<f64>,
    /// Lines, drawn in order.
    pub lines: Vec<Line>,
    /// Filled between two lines (lower, upper), in the colour of the upper.
    pub bands: Vec<(usize, usize)>,
    /// Vertical marks with a label.
    pub marks: Vec<(f64, String)>,
    /// What to say when no line has a value.
    pub empty: &'static str,
}

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Label with its unit in brackets, unless the ticks carry it.
    pub label: String,
    /// How ticks are written.
    pub unit: Unit,
    /// Logarithmic.
    pub log: bool,
    /// Where the axis begins and ends; `None`: from the values of this chart.
    pub range: Option<(f64, f64)>,
    /// Tick distances to choose from (time in a human unit); empty: round numbers.
    pub steps: &'static [f64],
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// In the legend.
    pub label: String,
    /// Colour.
    pub colour: Colour,
    /// Stroke.
    pub stroke: Stroke,
    /// One value per x; `None` = not measured, a gap.
    pub ys: Vec<Option<f64>>,
}

/// Strokes that can be told apart without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// The main line.
    Solid,
    /// A secondary line.
    Thin,
    /// A limit, or a second reader.
    Dashed,
    /// An extreme.
    Dotted,
}

/// Horizontal bars on one scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// Heading.
    pub title: String,
    /// (label, length, text at the end).
    pub items: Vec<(String, f64, String)>,
    /// Colour of the bars.
    pub colour: Colour,
    /// Length of the full scale, common to the figure.
    pub full: f64,
}

/// One value per cell over two axes, drawn as shades with their numbers in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    /// Heading.
    pub title: String,
    /// Label of the horizontal axis, and its values.
    pub x: (String, Vec<String>),
    /// The same of the vertical axis, from the bottom up.
    pub y: (String, Vec<String>),
    /// Row by row from the bottom up; `None` = not measured.
    pub cells: Vec<Vec<Option<Cell>>>,
    /// Darkest shade.
    pub colour: Colour,
    /// What the outline around cells that are not `within` says; empty: none is drawn.
    pub outline: String,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// From 0 (paper) to 1 (the colour).
    pub shade: f64,
    /// Its number.
    pub text: String,
    /// On the good side of the outline.
    pub within: bool,
}

impl Chart {
    /// True when there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        !self.lines.iter().any(|l| l.ys.iter().any(Option::is_some))
    }

    /// Least and greatest drawable y of all lines.
    pub fn extent(&self) -> Option<(f64, f64)> {
        extent(self.values())
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        let floor = if self.y.log { 0.0 } else { f64::NEG_INFINITY };
        let ys = self.lines.iter().flat_map(|l| l.ys.iter().flatten());
        ys.copied().filter(move |v| *v > floor && v.is_finite())
    }

    /// The vertical axis from end to end: whole decades on a log axis, from zero with headroom on a linear one.
    pub fn y_range(&self) -> (f64, f64) {
        self.y.range.unwrap_or_else(|| roomy(self.extent(), self.y.log))
    }

    /// The horizontal axis from end to end.
    pub fn x_range(&self) -> (f64, f64) {
        let ends = extent(self.xs.iter().copied());
        let (lo, hi) = self.x.range.or(ends).unwrap_or((0.0, 1.0));
        if hi > lo { (lo, hi) } else { (lo - 0.5, lo + 0.5) }
    }
}

/// Least and greatest of the values.
pub fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |seen, v| match seen {
        None => Some((v, v)),
        Some((lo, hi)) => Some((lo.min(v), hi.max(v))),
    })
}

/// An axis range around values.
pub fn roomy(extent: Option<(f64, f64)>, log: bool) -> (f64, f64) {
    match (extent, log) {
        (None, true) => (1.0, 10.0),
        (None, false) => (0.0, 1.0),
        (Some((lo, hi)), true) => {
            let (mut a, mut b) = (1.0, 1.0);
            while a > lo {
                a /= 10.0;
            }
            while a * 10.0 <= lo {
                a *= 10.0;
            }
            while b < hi {
                b *= 10.0;
            }
            while b / 10.0 >= hi {
                b /= 10.0;
            }
            (a, if b > a { b } else { a * 10.0 })
        }
        (Some((lo, hi)), false) => {
            let hi = if hi > 0.0 { hi } else { 1.0 };
            (lo.min(0.0), ticks::top(hi))
        }
    }
}
