//! A plan for people, pull requests and machines.

mod csv;
mod figure;
mod groups;
mod markdown;
mod page;
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
    let figures: Vec<_> = figure::front(outcome).into_iter().collect();
    let drawn: Vec<String> = figures.iter().map(svg::draw).collect();
    if options.page {
        files.push(file("index.html", page::html(outcome, &figures, &drawn).into_bytes()));
    }
    for picture in drawn {
        if options.png {
            files.extend(png::Rasteriser::default().draw(&picture).map(|b| file("front.png", b)));
        }
        if options.svg {
            files.push(file("front.svg", picture.into_bytes()));
        }
    }
    files
}

/// The whole outcome as JSON, one line: what `--json` prints.
pub fn json(outcome: &PlanOutcome) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(outcome).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
