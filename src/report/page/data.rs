//! The figures as the JSON block the page's script draws from.

use crate::report::chart::{Axis, Chart, Figure, Line, Panel, Stroke};
use crate::report::ticks::Unit;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

/// Positions are shared by many charts, so they are kept once and referred to by index.
#[derive(Serialize)]
struct Data<'a> {
    xs: Vec<&'a [f64]>,
    figures: Vec<FigureData<'a>>,
}

#[derive(Serialize)]
struct FigureData<'a> {
    id: &'a str,
    /// Charts of one group follow each other's cursor.
    sync: &'a str,
    panels: Vec<Option<ChartData<'a>>>,
}

#[derive(Serialize)]
struct ChartData<'a> {
    title: &'a str,
    x: AxisData<'a>,
    y: AxisData<'a>,
    xs: usize,
    lines: Vec<LineData<'a>>,
    bands: &'a [(usize, usize)],
    marks: &'a [(f64, String)],
}

#[derive(Serialize)]
struct AxisData<'a> {
    label: &'a str,
    unit: &'static str,
    log: bool,
    range: (f64, f64),
}

#[derive(Serialize)]
struct LineData<'a> {
    label: &'a str,
    colour: String,
    stroke: &'static str,
    #[serde(serialize_with = "runs")]
    ys: &'a [Option<f64>],
}

/// A stretch of equal values is written `[value, length]`: shards, limits, gaps and zeros are long ones.
fn runs<S: Serializer>(ys: &[Option<f64>], to: S) -> Result<S::Ok, S::Error> {
    let mut seq = to.serialize_seq(None)?;
    for run in ys.chunk_by(|a, b| a == b) {
        match (run.first(), run.len()) {
            (Some(value), 3..) => seq.serialize_element(&(value, run.len()))?,
            _ => run.iter().try_for_each(|v| seq.serialize_element(v))?,
        }
    }
    seq.end()
}

/// The block's text, safe inside a `<script>` element.
pub fn json(figures: &[Figure]) -> String {
    let mut xs: Vec<&[f64]> = Vec::new();
    let figures = figures.iter().map(|f| figure(f, &mut xs)).collect();
    let text = serde_json::to_string(&Data { xs, figures }).unwrap_or_else(|_| "{}".into());
    text.replace('<', "\\u003c")
}

fn figure<'a>(figure: &'a Figure, xs: &mut Vec<&'a [f64]>) -> FigureData<'a> {
    let over_time = matches!(figure.id.as_str(), "writes" | "reads");
    let panels = figure.panels.iter().map(|p| match p {
        Panel::Lines(c) if !c.is_empty() => Some(chart(c, xs)),
        _ => None,
    });
    FigureData { id: &figure.id, sync: if over_time { "time" } else { &figure.id }, panels: panels.collect() }
}

fn chart<'a>(chart: &'a Chart, xs: &mut Vec<&'a [f64]>) -> ChartData<'a> {
    let at = match xs.iter().position(|known| *known == chart.xs.as_slice()) {
        Some(at) => at,
        None => {
            xs.push(&chart.xs);
            xs.len() - 1
        }
    };
    ChartData {
        title: &chart.title,
        x: axis(&chart.x, chart.x_range()),
        y: axis(&chart.y, chart.y_range()),
        xs: at,
        lines: chart.lines.iter().map(line).collect(),
        bands: &chart.bands,
        marks: &chart.marks,
    }
}

fn axis(axis: &Axis, range: (f64, f64)) -> AxisData<'_> {
    let unit = match axis.unit {
        Unit::Number => "number",
        Unit::Ms => "ms",
        Unit::Usd => "usd",
        Unit::Percent => "percent",
    };
    AxisData { label: &axis.label, unit, log: axis.log, range }
}

fn line(line: &Line) -> LineData<'_> {
    let stroke = match line.stroke {
        Stroke::Solid => "solid",
        Stroke::Thin => "thin",
        Stroke::Dashed => "dashed",
        Stroke::Dotted => "dotted",
    };
    LineData { label: &line.label, colour: line.colour.hex(), stroke, ys: &line.ys }
}
