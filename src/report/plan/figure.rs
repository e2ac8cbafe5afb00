//! The front: what less latency and less throttling cost.

use crate::planner::outcome::{PlanOutcome, Point};
use crate::report::chart::{Axis, Chart, Figure, Line, Panel, Stroke};
use crate::report::palette::of_mode;
use crate::report::ticks::Unit;

/// Latency and throttling over cost, of what was simulated; `None` where nothing was.
pub fn front(outcome: &PlanOutcome) -> Option<Figure> {
    let mut xs: Vec<f64> = outcome.points.iter().map(|p| p.month_usd).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    let (first, last) = (*xs.first()?, *xs.last()?);
    let mut modes: Vec<(&'static str, &'static str)> = Vec::new();
    for p in &outcome.points {
        if !modes.contains(&(p.settings.mode, p.settings.title)) {
            modes.push((p.settings.mode, p.settings.title));
        }
    }
    let x = Axis {
        label: "cost of a month (USD)".into(),
        unit: Unit::Number,
        log: first > 0.0 && last / first >= 8.0,
        range: None,
        steps: &[],
    };
    let chart = |title: &str, y: Axis, of: &dyn Fn(&Point) -> Option<f64>| {
        let line = |(mode, title): &(&'static str, &'static str)| {
            // The best that this much buys.
            let at = |x: &f64| {
                let points = outcome.points.iter().filter(|p| p.settings.mode == *mode && p.month_usd <= *x);
                points.filter_map(of).reduce(f64::min)
            };
            Line {
                label: (*title).to_owned(),
                colour: of_mode(mode),
                stroke: Stroke::Solid,
                ys: xs.iter().map(at).collect(),
            }
        };
        let marks = outcome.plan.iter().map(|p| (p.month_usd, "the plan".to_owned())).collect();
        let lines = modes.iter().map(line).collect();
        let empty = "not measured";
        Chart { title: title.into(), x: x.clone(), y, xs: xs.clone(), lines, bands: Vec::new(), marks, empty }
    };
    let plain = |unit, log| Axis { label: String::new(), unit, log, range: None, steps: &[] };
    let latency = chart("End-to-end latency, p99 of the slowest consumer", plain(Unit::Ms, true), &|p| {
        p.p99_ns.map(|ns| ns / 1e6)
    });
    let throttled =
        chart("Throttled attempts", plain(Unit::Percent, false), &|p| p.throttled.map(|s| s * 100.0));
    Some(Figure {
        id: "front".into(),
        title: "What latency and throttling cost".into(),
        caption: "The least latency and the least throttling of any simulated design of a mode at this cost of a month or less; front.csv has each.".into(),
        columns: 2,
        legend: modes.iter().map(|(mode, title)| ((*title).to_owned(), of_mode(mode))).collect(),
        panels: [latency, throttled].map(|c| Panel::Lines(Box::new(c))).to_vec(),
    })
}
