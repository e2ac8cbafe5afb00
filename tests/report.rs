//! The report of a made-up outcome: which files, which rows, which texts.

mod support;

use kinesim::report::{self, File, RenderOptions};
use std::collections::BTreeSet;
use support::launch_day;

const DATA_ONLY: RenderOptions = RenderOptions { svg: false, png: false, page: false };

fn content(files: &[File], name: &str) -> String {
    let file = files.iter().find(|f| f.name == name);
    let file = file.unwrap_or_else(|| panic!("{name} was not written"));
    String::from_utf8(file.bytes.clone()).expect("text")
}

/// Rows of a CSV file as (column → cell) lookups.
fn rows(text: &str) -> Vec<Vec<(String, String)>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().expect("a header").clone();
    let row = |r: Result<csv::StringRecord, csv::Error>| {
        let r = r.expect("as many cells as columns");
        let pairs = head.iter().zip(r.iter());
        pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
    };
    reader.records().map(row).collect()
}

fn get<'a>(row: &'a [(String, String)], column: &str) -> &'a str {
    let found = row.iter().find(|(k, _)| k == column);
    found.map_or_else(|| panic!("no column {column}"), |(_, v)| v)
}

#[test]
fn the_same_outcome_gives_the_same_bytes() {
    let render = || report::render(&launch_day(), &RenderOptions::default());
    assert!(render() == render());
    assert_eq!(report::text(&launch_day()), report::text(&launch_day()));
}

#[test]
fn every_figure_is_written_as_svg_and_png() {
    let files = report::render(&launch_day(), &RenderOptions::default());
    let names: BTreeSet<&str> = files.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names.len(), files.len(), "a name twice");
    for figure in ["writes", "reads", "curve-load", "curve-shards", "curve-readers", "latency", "cost"] {
        let svg = content(&files, &format!("{figure}.svg"));
        assert!(svg.starts_with("<svg width="), "{figure}");
        assert!(svg.trim_end().ends_with("</svg>"), "{figure}");
        assert!(!svg.contains("NaN"), "{figure}");
        let png = files.iter().find(|f| f.name == format!("{figure}.png"));
        let png = png.unwrap_or_else(|| panic!("{figure}.png"));
        assert!(png.bytes.starts_with(b"\x89PNG"), "{figure}");
    }
    let page = content(&files, "index.html");
    assert!(page.len() < 700_000, "the page has {} bytes", page.len());
}

#[test]
fn without_pictures_only_data_is_written() {
    let files = report::render(&launch_day(), &DATA_ONLY);
    let names: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "summary.json",
            "timeseries.csv",
            "latency.csv",
            "throttles.csv",
            "cost.csv",
            "curves.csv",
            "cloudwatch.csv"
        ]
    );
}

#[test]
fn time_series_has_a_row_per_mode_and_bucket_and_empty_cells_for_the_unknown() {
    let outcome = launch_day();
    let files = report::render(&outcome, &DATA_ONLY);
    let rows = rows(&content(&files, "timeseries.csv"));
    assert_eq!(rows.len(), 3 * 1_440);
    let stored: u64 = rows
        .iter()
        .filter(|r| get(r, "mode") == "on_demand")
        .map(|r| get(r, "stored_records").parse::<u64>().expect("a count"))
        .sum();
    assert_eq!(stored, outcome.modes[1].run.producers[0].stored);
    let in_outage = &rows[650];
    assert_eq!(get(in_outage, "start_ns"), "3250000000000");
    assert_eq!(get(in_outage, "dashboard.end_to_end_p99_ns"), "");
    assert_ne!(get(in_outage, "fraud.end_to_end_p99_ns"), "");
}

#[test]
fn bills_add_up_to_their_total_line() {
    let files = report::render(&launch_day(), &DATA_ONLY);
    let rows = rows(&content(&files, "cost.csv"));
    let mut sum = 0.0;
    let mut totals = 0;
    for row in &rows {
        let amount: f64 = get(row, "amount_usd").parse().expect("an amount");
        if get(row, "item") == "total" {
            assert!((sum - amount).abs() < 1e-9, "{row:?}: lines add up to {sum}");
            (sum, totals) = (0.0, totals + 1);
        } else {
            sum += amount;
        }
    }
    assert_eq!(totals, 6);
}

#[test]
fn cloudwatch_adds_buckets_to_minutes_under_amazons_names() {
    let outcome = launch_day();
    let files = report::render(&outcome, &DATA_ONLY);
    let rows = rows(&content(&files, "cloudwatch.csv"));
    let of = |metric: &str, start_s: &str| -> Vec<&Vec<(String, String)>> {
        let here = |r: &&Vec<(String, String)>| {
            get(r, "mode") == "on_demand" && get(r, "metric") == metric && get(r, "start_s") == start_s
        };
        rows.iter().filter(here).collect()
    };
    let refused: u64 = outcome.modes[1].run.series.throttled[46 * 12..47 * 12].iter().sum();
    let found = of("WriteProvisionedThroughputExceeded", "2760");
    let stream_level: Vec<_> = found.iter().filter(|r| get(r, "ShardId").is_empty()).collect();
    assert_eq!(stream_level.len(), 1);
    assert_eq!(get(stream_level[0], "value"), refused.to_string());
    assert_eq!(get(stream_level[0], "unit"), "Count");
    assert_eq!(get(stream_level[0], "statistic"), "Sum");
    assert_eq!(get(stream_level[0], "StreamName"), "launch-day");
    assert_eq!(get(of("PutRecords.Latency", "0")[0], "value"), "9.000");
    let fan_out = of("SubscribeToShardEvent.MillisBehindLatest", "60");
    assert_eq!(get(fan_out[0], "ConsumerName"), "fraud");
}

#[test]
fn a_minute_in_which_nothing_was_measured_has_no_row() {
    let files = report::render(&launch_day(), &DATA_ONLY);
    let rows = rows(&content(&files, "cloudwatch.csv"));
    let ages = |start_s: &str, shard: &str| {
        let here = |r: &&Vec<(String, String)>| {
            get(r, "metric").ends_with("IteratorAgeMilliseconds")
                && get(r, "start_s") == start_s
                && get(r, "ShardId") == shard
                && get(r, "mode") == "provisioned"
        };
        rows.iter().filter(here).count()
    };
    assert_eq!(ages("2940", ""), 1, "the dashboard reads");
    assert_eq!(ages("3060", ""), 0, "the dashboard is out and nobody else polls");
    assert_eq!(ages("120", "shardId-000000000000"), 1);
    assert_eq!(ages("180", "shardId-000000000000"), 0, "an idle minute of the shard");
    // Opened at 50 min: its first minute is 50.
    assert_eq!(ages("3000", "shardId-000000000003"), 1);
    assert_eq!(ages("2940", "shardId-000000000003"), 0);
}

#[test]
fn the_terminal_summary_has_human_units_and_no_escape_codes() {
    let text = report::text(&launch_day());
    for part in [
        "28,138,950",
        "20 to 40",
        "5.95 % ± 0.30 %",
        "240 ms / 1.2 s",
        "10 min 10 s",
        "$1,314.00",
        "Findings",
        "Notes",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(!text.contains('\u{1b}'));
    assert!(text.lines().all(|l| l.trim_end() == l), "trailing blanks");
    let empty = text.lines().find(|l| l.contains("nobody: end to end")).expect("the empty consumer");
    assert_eq!(empty.matches('–').count(), 3, "{empty}");
}

#[test]
fn an_outcome_without_modes_curves_or_consumers_is_still_a_report() {
    let mut outcome = launch_day();
    outcome.curves.clear();
    for mode in &mut outcome.modes {
        mode.run.consumers.clear();
        mode.run.series.consumers.clear();
    }
    let files = report::render(&outcome, &RenderOptions::default());
    assert!(files.iter().any(|f| f.name == "writes.svg"));
    assert!(!files.iter().any(|f| f.name == "reads.svg"));
    outcome.modes.clear();
    let files = report::render(&outcome, &RenderOptions::default());
    assert!(content(&files, "index.html").contains("launch-day"));
    assert!(report::text(&outcome).contains("launch-day"));
}
