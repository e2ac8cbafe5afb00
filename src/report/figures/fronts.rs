//! What buffering hints give: against the interval, a line for each size; and what freshness costs on the front.

use super::linear_axis;
use crate::experiment::outcome::{Front, FrontPoint, Outcome};
use crate::report::chart::{Axis, Chart, Figure, Line, Panel, Stroke};
use crate::report::human;
use crate::report::palette::{Colour, of_mode};
use crate::report::ticks::Unit;

const S: f64 = 1e9;
const MIB: f64 = 1_048_576.0;
/// Distances of ticks on an axis of seconds.
const SECONDS: &[f64] = &[5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0];

/// The figure of one stream.
pub(super) fn figure(front: &Front, outcome: &Outcome) -> Figure {
    let colour = of_mode(outcome.modes.first().map_or("", |m| m.mode));
    let by_interval = Picture {
        front,
        colour,
        x: Axis {
            label: "buffer interval (s)".into(),
            steps: SECONDS,
            ..linear_axis("", Unit::Number, None)
        },
        of_x: |p| round(p.interval_ns as f64 / S),
        here: Some(front.interval_here_ns as f64 / S),
    };
    let number = |label: &str| linear_axis(label, Unit::Number, None);
    let freshness = |p: &FrontPoint| p.p99_ns.map(|ns| round(ns as f64 / S));
    let object = |p: &FrontPoint| Some(round(p.object_bytes as f64 / MIB));
    let month = |p: &FrontPoint| Some((p.month_usd.as_f64() * 100.0).round() / 100.0);
    let a_day = |p: &FrontPoint| Some(round(p.objects_per_day));
    let on_front = Picture {
        x: Axis { label: "arrived to delivered, p99 (s)".into(), steps: SECONDS, ..number("") },
        of_x: |p| round(p.p99_ns.unwrap_or(0) as f64 / S),
        here: None,
        ..by_interval.clone()
    };
    let panels = vec![
        by_interval.sizes("Arrived to delivered, p99", number("s"), &freshness),
        by_interval.sizes("Mean object", number("MiB"), &object),
        by_interval.sizes("Objects a day", number(""), &a_day),
        by_interval.sizes("The stream's month", linear_axis("", Unit::Usd, None), &month),
        on_front.best("On the front: mean object", number("MiB"), &object),
        on_front.best("On the front: the stream's month", linear_axis("", Unit::Usd, None), &month),
    ];
    Figure {
        id: format!("front-{}", front.firehose),
        title: format!("{}: freshness, size of objects and cost by buffering hints", front.firehose),
        caption: format!(
            "{} A line for each buffer size (the scenario's own: {}). The front are the points that no other beats: as fresh, as large and as cheap, and better in one of these.",
            front.stretch,
            human::bytes(front.size_here)
        ),
        columns: 2,
        legend: Vec::new(),
        panels: panels.into_iter().map(|c| Panel::Lines(Box::new(c))).collect(),
    }
}

/// Four digits are enough for a picture.
fn round(x: f64) -> f64 {
    (x * 1e4).round() / 1e4
}

#[derive(Clone)]
struct Picture<'a> {
    front: &'a Front,
    colour: Colour,
    x: Axis,
    of_x: fn(&FrontPoint) -> f64,
    here: Option<f64>,
}

impl Picture<'_> {
    /// A line for each size.
    fn sizes(&self, title: &str, y: Axis, of: &dyn Fn(&FrontPoint) -> Option<f64>) -> Chart {
        let mut sizes: Vec<u64> = self.front.points.iter().map(|p| p.size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let strokes = [Stroke::Dotted, Stroke::Dashed, Stroke::Thin, Stroke::Solid];
        let first = strokes.len() - sizes.len().min(strokes.len());
        let lines = sizes.iter().zip(strokes.iter().skip(first).cycle());
        let lines = lines.map(|(size, stroke)| {
            let points = self.front.points.iter().filter(|p| p.size == *size);
            (human::bytes(*size), *stroke, points.collect())
        });
        self.chart(title, y, lines.collect(), of)
    }

    /// One line, through the points that no other beats.
    fn best(&self, title: &str, y: Axis, of: &dyn Fn(&FrontPoint) -> Option<f64>) -> Chart {
        let points = self.front.points.iter().filter(|p| p.best);
        self.chart(title, y, vec![("on the front".into(), Stroke::Solid, points.collect())], of)
    }

    fn chart(
        &self,
        title: &str,
        y: Axis,
        lines: Vec<(String, Stroke, Vec<&FrontPoint>)>,
        of: &dyn Fn(&FrontPoint) -> Option<f64>,
    ) -> Chart {
        let mut xs: Vec<f64> = lines.iter().flat_map(|l| l.2.iter().map(|p| (self.of_x)(p))).collect();
        xs.sort_by(f64::total_cmp);
        xs.dedup();
        let line = |(label, stroke, points): (String, Stroke, Vec<&FrontPoint>)| Line {
            label,
            colour: self.colour,
            stroke,
            ys: xs.iter().map(|x| points.iter().find(|p| (self.of_x)(p) == *x).and_then(|p| of(p))).collect(),
        };
        Chart {
            title: title.into(),
            x: self.x.clone(),
            y,
            lines: lines.into_iter().map(line).collect(),
            xs,
            bands: Vec::new(),
            marks: self.here.map(|x| (x, "this scenario".to_owned())).into_iter().collect(),
            empty: "not measured",
        }
    }
}
