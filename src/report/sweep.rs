//! A sweep's files: data (JSON, CSV), charts, a page; and its table for the terminal.

use crate::experiment::parallel;
use crate::experiment::sweep::{Mark, PointMode, Sweep, SweepPoint};
use crate::report::page::{self, Plain, PlainTable};
use crate::report::{File, RenderOptions, csv_files, figures, file, human, png, svg, text};
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

/// Every file of the report, in a fixed order; `kept` is what a later sweep reads finished points from.
pub fn render(sweep: &Sweep, kept: &str, options: &RenderOptions) -> Vec<File> {
    let mut files = vec![
        file("sweep.json", json(sweep)),
        file("sweep.csv", csv(sweep)),
        file(crate::report::POINTS, kept.as_bytes().to_vec()),
    ];
    let drawn_figures = figures::sweep::all(sweep);
    let drawn = parallel::map(&drawn_figures, svg::draw);
    if options.page {
        let table = PlainTable {
            title: "All points".into(),
            head: head(sweep),
            rows: rows(sweep),
            numbers_from: sweep.axes.len() + 1,
        };
        let parts = Plain {
            kind: "kinesim sweep",
            title: &sweep.name,
            question: &sweep.question,
            facts: facts(sweep),
            findings: sweep.marks.iter().map(|m| mark_text(sweep, m)).collect(),
            notes: sweep.notes.clone(),
            tables: vec![table],
        };
        files.push(file("index.html", page::plain(&parts, &drawn_figures, &drawn).into_bytes()));
    }
    let rasteriser = png::Rasteriser::default();
    let draw = |picture: &String| if options.png { rasteriser.draw(picture) } else { None };
    let rasters = parallel::map(&drawn, draw);
    for ((figure, picture), raster) in drawn_figures.iter().zip(drawn).zip(rasters) {
        files.extend(raster.map(|bytes| file(&format!("{}.png", figure.id), bytes)));
        if options.svg {
            files.push(file(&format!("{}.svg", figure.id), picture.into_bytes()));
        }
    }
    files
}

/// The whole sweep as JSON, one line.
pub fn json(sweep: &Sweep) -> Vec<u8> {
    // String keys and finite numbers only; this cannot fail.
    let mut bytes = serde_json::to_vec(sweep).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn facts(sweep: &Sweep) -> String {
    [
        human::plural(sweep.points.len() as u64, "point"),
        human::plural(sweep.replications.into(), "replication"),
        format!("seed {}", sweep.seed),
        format!("prices {}", sweep.prices),
        format!("scenario digest {}", sweep.scenario_digest),
        format!("kinesim {}", sweep.version),
    ]
    .join(" · ")
}

/// A mark in words.
fn mark_text(sweep: &Sweep, mark: &Mark) -> String {
    let axis = &sweep.axes[0];
    match mark.point {
        Some(i) => {
            let what = match mark.what {
                "latency" => "the slowest consumer's end-to-end p99",
                _ => "the share of throttled attempts",
            };
            format!("{}: {what} bends at {} = {}", mark.title, axis.key, axis.values[sweep.points[i].at[0]])
        }
        None => format!(
            "{}: the busiest minute is all of the {} limit of the shards at the start at {} = {}{}",
            mark.title,
            mark.what,
            axis.key,
            human::number(mark.x, if mark.x < 100.0 { 2 } else { 0 }),
            if axis.unit.is_empty() { String::new() } else { format!(" {}", axis.unit) }
        ),
    }
}

/// The table, the marks and the notes for the terminal, with a final line break.
pub fn terminal(sweep: &Sweep) -> String {
    let mut out = format!("{}\n", sweep.name);
    if !sweep.question.is_empty() {
        out.push_str(&text::wrapped(&sweep.question, ""));
    }
    out.push('\n');
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─')));
    table.set_header(head(sweep));
    for row in rows(sweep) {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(sweep.axes.len() + 1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.lines().for_each(|line| out.push_str(&format!("{}\n", line.trim_end())));
    let marks: Vec<String> = sweep.marks.iter().map(|m| mark_text(sweep, m)).collect();
    text::section(&mut out, "Marks", &marks.iter().map(String::as_str).collect::<Vec<_>>());
    text::section(&mut out, "Notes", &sweep.notes.iter().map(String::as_str).collect::<Vec<_>>());
    out
}

fn head(sweep: &Sweep) -> Vec<String> {
    let mut head: Vec<String> = sweep.axes.iter().map(|a| a.key.clone()).collect();
    let columns = ["mode", "shards", "of the limit", "throttled", "lost", "p50", "p99", "a month"];
    head.extend(columns.map(str::to_owned));
    head
}

fn rows(sweep: &Sweep) -> Vec<Vec<String>> {
    let of_point = |p: &SweepPoint| p.modes.iter().map(|m| row(sweep, p, m)).collect::<Vec<_>>();
    sweep.points.iter().flat_map(of_point).collect()
}

fn row(sweep: &Sweep, point: &SweepPoint, mode: &PointMode) -> Vec<String> {
    let mut cells: Vec<String> =
        sweep.axes.iter().zip(&point.at).map(|(a, i)| a.values[*i].clone()).collect();
    let shards = match (mode.shards_at_start, mode.shards_max) {
        (a, b) if a == b => a.to_string(),
        (a, b) => format!("{a} to {b}"),
    };
    let share = |key: &str| {
        let figure = mode.figures.iter().find(|f| f.key == key);
        let mean = figure.and_then(|f| f.mean).map_or_else(|| human::NOTHING.into(), human::fraction);
        match figure.and_then(|f| f.half_width).filter(|h| *h > 0.0) {
            Some(half) => format!("{mean} ± {}", human::fraction(half)),
            None => mean,
        }
    };
    let time = |ns: Option<f64>| human::maybe_duration(ns.map(|v| v as u64));
    let limit = mode.records_limit_share.unwrap_or(0.0).max(mode.bytes_limit_share);
    let month = mode.mean("month_cost").map_or_else(|| human::NOTHING.into(), |v| human::of_unit(v, "usd"));
    cells.extend([
        mode.title.clone(),
        shards,
        human::fraction(limit),
        share("throttled_attempts"),
        share("lost_records"),
        time(mode.slowest_p50_ns),
        time(mode.slowest_p99_ns),
        month,
    ]);
    cells
}

/// One row per point and mode: every figure with its interval; what was not measured is an empty cell.
fn csv(sweep: &Sweep) -> Vec<u8> {
    let mut keys: Vec<(&str, &str)> = Vec::new();
    for figure in sweep.points.iter().flat_map(|p| &p.modes).flat_map(|m| &m.figures) {
        let key = (figure.key.as_str(), figure.unit.as_str());
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut head: Vec<String> = sweep.axes.iter().map(|a| a.key.clone()).collect();
    let fixed = ["mode", "shards_at_start", "shards_max", "records_limit_share", "bytes_limit_share"];
    head.extend(fixed.map(str::to_owned));
    for (key, unit) in &keys {
        head.extend([format!("{key}_{unit}"), format!("{key}_{unit}_half_width_95")]);
    }
    let mut table = csv_files::Table::new(head);
    for point in &sweep.points {
        for mode in &point.modes {
            let mut row: Vec<String> =
                sweep.axes.iter().zip(&point.at).map(|(a, i)| a.values[*i].clone()).collect();
            row.extend([
                mode.mode.clone(),
                mode.shards_at_start.to_string(),
                mode.shards_max.to_string(),
                csv_files::cell(mode.records_limit_share),
                mode.bytes_limit_share.to_string(),
            ]);
            for (key, unit) in &keys {
                let figure = mode.figures.iter().find(|f| f.key == *key && f.unit == *unit);
                row.push(csv_files::cell(figure.and_then(|f| f.mean)));
                row.push(csv_files::cell(figure.and_then(|f| f.half_width)));
            }
            table.row(row);
        }
    }
    table.finish()
}
