//! A plan for people, pull requests and machines.

mod csv;
mod figure;
mod groups;
mod markdown;
mod text;
mod words;

pub use markdown::markdown;
pub use text::text;

use super::{File, RenderOptions, file, png, svg};
use crate::planner::outcome::PlanOutcome;

/// Every file of the report, in a fixed order.
pub fn render(outcome: &PlanOutcome, options: &RenderOptions) -> Vec<File> {
    let mut files = vec![
        file("plan.json", json(outcome)),
        file("plan.md", markdown(outcome).into_bytes()),
        file("candidates.csv", csv::candidates(outcome)),
        file("front.csv", csv::front(outcome)),
        file("cost.csv", csv::cost(outcome)),
    ];
    let Some(figure) = figure::front(outcome) else { return files };
    let picture = svg::draw(&figure);
    if options.png {
        files.extend(png::Rasteriser::default().draw(&picture).map(|b| file("front.png", b)));
    }
    if options.svg {
        files.push(file("front.svg", picture.into_bytes()));
    }
    files
}

/// The whole outcome as JSON, one line: what `--json` prints.
pub fn json(outcome: &PlanOutcome) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(outcome).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
