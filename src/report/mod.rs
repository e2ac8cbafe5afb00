//! The report: an [`Outcome`] in, named files and a terminal summary out.
//!
//! Pure: no clock, no host, no path, no file is opened here (`cli/fs` writes what [`render`] returns), so the same
//! outcome gives the same bytes. Numbers for machines are exact integers with their unit in the column's name;
//! numbers for people go through [`human`]. What is unknown is an empty cell or `–`, never 0.
//!
//! One chart value ([`chart`]) is drawn as SVG ([`svg`]), rasterised from that SVG ([`png`]) and shown on the page
//! ([`page`]): the three cannot disagree.

pub mod account;
pub mod chart;
pub mod cloudwatch;
pub mod compare;
pub mod cost;
pub mod csv_files;
pub mod figures;
pub mod gate;
pub mod human;
pub mod page;
pub mod palette;
pub mod plan;
pub mod png;
pub mod replay;
pub mod svg;
pub mod sweep;
pub mod text;
pub mod ticks;

pub use text::text;

use crate::experiment::outcome::Outcome;
use crate::experiment::parallel;

/// One file of a report folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// File name, without a folder.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What to draw beside the data files, which are always written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// One SVG per figure.
    pub svg: bool,
    /// One PNG per figure (about a tenth of a second each).
    pub png: bool,
    /// `index.html`.
    pub page: bool,
}

impl Default for RenderOptions {
    fn default() -> Self {
        RenderOptions { svg: true, png: true, page: true }
    }
}

/// Finished points of a sweep, one a line: what an interrupted one goes on from.
pub const POINTS: &str = "points.jsonl";

/// Writes one data file.
type Writer = fn(&Outcome) -> Vec<u8>;

/// Every file of the report, in a fixed order.
pub fn render(outcome: &Outcome, options: &RenderOptions) -> Vec<File> {
    let mut data: Vec<(&str, Writer)> = vec![
        ("summary.json", summary),
        ("timeseries.csv", csv_files::timeseries),
        ("latency.csv", csv_files::latency),
        ("throttles.csv", csv_files::throttles),
        ("cost.csv", csv_files::cost),
        ("curves.csv", csv_files::curves),
        ("cloudwatch.csv", cloudwatch::csv),
    ];
    if !outcome.fronts.is_empty() {
        data.push(("fronts.csv", csv_files::fronts));
    }
    let mut files = parallel::map(&data, |(name, write)| file(name, write(outcome)));
    if let Some(found) = &outcome.replay {
        files.push(file("replay.csv", replay::csv(found)));
        files.push(file("decisions.csv", replay::decisions(found)));
    }
    let wanted = options.svg || options.png || options.page;
    let figures = if wanted { figures::all(outcome) } else { Vec::new() };
    let drawn = parallel::map(&figures, svg::draw);
    if options.page {
        let page = page::html(outcome, &figures, &drawn);
        files.push(file("index.html", page.into_bytes()));
    }
    let rasteriser = png::Rasteriser::default();
    let draw = |picture: &String| if options.png { rasteriser.draw(picture) } else { None };
    let rasters = parallel::map(&drawn, draw);
    for ((figure, picture), raster) in figures.iter().zip(drawn).zip(rasters) {
        if let Some(bytes) = raster {
            files.push(file(&format!("{}.png", figure.id), bytes));
        }
        if options.svg {
            files.push(file(&format!("{}.svg", figure.id), picture.into_bytes()));
        }
    }
    files
}

/// The whole outcome as JSON, one line: what `--json` prints.
pub fn summary(outcome: &Outcome) -> Vec<u8> {
    // An outcome has string keys and finite numbers only (serde_json writes others as null), so this cannot fail.
    let mut bytes = serde_json::to_vec(outcome).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn file(name: &str, bytes: Vec<u8>) -> File {
    File { name: name.to_owned(), bytes }
}
