//! Metrics files of every shape: own small ones in `tests/vectors/metrics`, and exports of a real history beside the
//! project, whose totals come from whoever made them.

use kinesim::import::{File, History, Imported, Mistake, Step, read};
use kinesim::units::Dur;
use std::path::Path;

const MILLION: u64 = 1_000_000;

fn text_of(folder: &str, name: &str) -> Option<String> {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(name)).ok()
}

fn own(names: &[&str]) -> Imported {
    let texts: Vec<String> =
        names.iter().map(|n| text_of("tests/vectors/metrics", n).expect("a fixture")).collect();
    let files: Vec<File> = names.iter().zip(&texts).map(|(name, text)| File { name, text }).collect();
    read(&files, None).unwrap_or_else(|m| panic!("{names:?}: {m:?}"))
}

fn records(history: &History) -> Vec<Option<u64>> {
    history.steps.iter().map(|s| s.records_micro.map(|m| m / MILLION)).collect()
}

fn bytes(history: &History) -> Vec<Option<u64>> {
    history.steps.iter().map(|s| s.bytes).collect()
}

#[test]
fn metric_data_in_any_order_of_several_streams() {
    let read = own(&["data.json"]);
    let [clicks, orders] = &read.streams[..] else { panic!("{:?}", read.streams) };
    assert_eq!((clicks.name.as_str(), orders.name.as_str()), ("clicks", "orders"));
    assert_eq!(clicks.period, Dur::from_s(60));
    assert_eq!(clicks.start.unwrap().text(), "2026-03-01T09:00:00Z");
    let some = |values: &[u64]| values.iter().map(|v| Some(*v)).collect::<Vec<_>>();
    assert_eq!(records(clicks), some(&[60_000, 90_000, 0, 600, 1_200]));
    // A minute with records and no datapoint of bytes is unknown, one without records is empty.
    assert_eq!(bytes(clicks), [Some(30_000_000), Some(45_000_000), Some(0), None, Some(600_000)]);
    assert_eq!((clicks.missing, clicks.bytes()), (1, None));
    assert_eq!(clicks.refused_micro(), Some(30_000 * u128::from(MILLION)));
    assert_eq!(records(orders), some(&[0, 0, 300, 0, 0]));
    assert_eq!((orders.bytes(), orders.refused_micro()), (None, None));
    assert!(read.notes.iter().any(|n| n.contains("GetRecords.Bytes")), "{:?}", read.notes);
}

#[test]
fn pages_are_joined_and_the_period_is_found() {
    let read = own(&["pages.json"]);
    let [one] = &read.streams[..] else { panic!() };
    assert_eq!((one.name.as_str(), one.period), ("pages", Dur::from_s(300)));
    assert_eq!(records(one), [Some(300), Some(600), Some(0), Some(900)]);
    assert_eq!(one.mean_records_per_s(), Some(1_800.0 / 1_200.0));
    assert!(read.notes.is_empty(), "{:?}", read.notes);
    let text = text_of("tests/vectors/metrics", "pages.json").unwrap();
    let cut = text.replace("\"Complete\"", "\"PartialData\"");
    let notes = read_one("p.json", &cut).unwrap().notes;
    assert!(notes[0].contains("there may be more"), "{notes:?}");
}

#[test]
fn one_metric_a_file_is_one_stream() {
    let read = own(&["statistics-records.json", "statistics-bytes.json"]);
    let [one] = &read.streams[..] else { panic!("{:?}", read.streams) };
    assert_eq!(records(one), [Some(60), Some(90), Some(120)]);
    assert_eq!(one.mean_record_bytes(), Some(512.0));
    assert_eq!(one.peak_bytes_per_s(), Some(1_024.0));
}

#[test]
fn the_console_in_two_layouts() {
    let read = own(&["console.csv"]);
    let [clicks, orders] = &read.streams[..] else { panic!("{:?}", read.streams) };
    assert_eq!((clicks.name.as_str(), clicks.period), ("clicks", Dur::from_s(300)));
    assert_eq!(records(clicks), [Some(3_000), Some(0), Some(6_000)]);
    assert_eq!(records(orders), [Some(0), Some(0), Some(1_500)]);
    let read = own(&["console-old.csv"]);
    assert_eq!((read.streams[0].name.as_str(), read.streams[0].bytes()), ("console-old", Some(184_320)));
    assert_eq!(records(&read.streams[0]), [Some(60), Some(0), Some(120)]);
}

#[test]
fn shards_add_up_to_their_stream() {
    let read = own(&["shards.json"]);
    assert_eq!(records(&read.streams[0]), [Some(10), Some(25)]);
    assert_eq!(read.streams.len(), 1);
}

#[test]
fn rates_and_captures() {
    let read = own(&["rates.csv"]);
    assert_eq!(records(&read.streams[0]), [Some(30_150), Some(0), Some(15_000)]);
    assert_eq!(bytes(&read.streams[0]), [Some(6_030_000), Some(0), Some(6_000_000)]);
    let read = own(&["capture.ndjson"]);
    let one = &read.streams[0];
    assert_eq!((records(one), one.period), (vec![Some(2), Some(0), Some(0), Some(1)], Dur::from_s(1)));
    assert_eq!(bytes(one), [Some(500), Some(0), Some(0), Some(500)]);
    assert_eq!(one.keys.as_ref().unwrap().len(), 3);
    let last =
        Step { at: 3_000_000_000, records_micro: Some(MILLION), bytes: Some(500), refused_micro: None };
    assert_eq!(one.steps[3], last);
}

fn read_one(name: &str, text: &str) -> Result<Imported, Vec<Mistake>> {
    read(&[File { name, text }], None)
}

/// (text, the mistake's code, the text at its place).
#[test]
fn what_is_wrong_is_said_with_its_place() {
    let data = |times: &str, values: &str| {
        format!(
            "{{\"MetricDataResults\":[{{\"Label\":\"IncomingRecords\",\"Timestamps\":[{times}],\"Values\":[{values}]}}]}}"
        )
    };
    let t = "\"2026-03-01T09:00:00Z\"";
    let cases: Vec<(String, &str, &str)> = vec![
        (String::new(), "empty", ""),
        (data(t, "1.0")[..60].to_owned(), "metrics-json", ""),
        (data(t, "NaN"), "metrics-json", ""),
        (data(t, "\"NaN\""), "metrics-value", "\"NaN\""),
        (data(t, "-5"), "metrics-value", "-5"),
        (data(t, "1e300"), "metrics-value", "1e300"),
        (data("\"yesterday\"", "1"), "metrics-time", "\"yesterday\""),
        (data(t, "1, 2"), "metrics-form", t),
        (data(&format!("{t}, {t}"), "1, 2"), "metrics-twice", "2"),
        (
            data("\"2026-03-01T09:00:00Z\", \"2026-03-01T09:00:01Z\", \"2031-03-01T09:00:00Z\"", "1, 2, 3"),
            "metrics-grid",
            "",
        ),
        (data("0, \"9999-01-01T00:00:00Z\"", "1, 2"), "metrics-grid", ""),
        (data(t, "1").replace("IncomingRecords", "Invocations"), "metrics-foreign", ""),
        ("{\"Metrics\": []}".into(), "metrics-form", ""),
        (
            format!(
                "{{\"Label\":\"IncomingRecords\",\"Datapoints\":[{{\"Timestamp\":{t},\"Average\":1,\"Unit\":\"Count\"}}]}}"
            ),
            "metrics-statistic",
            t,
        ),
        (
            format!(
                "{{\"Label\":\"IncomingBytes\",\"Datapoints\":[{{\"Timestamp\":{t},\"Sum\":1,\"Unit\":\"Count\"}}]}}"
            ),
            "metrics-unit",
            "\"Count\"",
        ),
        (
            "Full label,us-east-1:AWS/Lambda FunctionName:f Invocations Sum 60\n2026/03/01 09:00:00,1\n"
                .into(),
            "metrics-foreign",
            "2026/03/01 09:00:00,1",
        ),
        (
            "Label,IncomingRecords\n2026/03/01 09:00:00,NaN\n".into(),
            "metrics-value",
            "2026/03/01 09:00:00,NaN",
        ),
        ("Label,IncomingRecords\n2026/03/01 09:00:00,1\nsoon,1\n".into(), "metrics-time", "soon,1"),
        ("2026/03/01 09:00:00,1\n".into(), "metrics-labels", "2026/03/01 09:00:00,1"),
        ("hello\n".into(), "metrics-form", ""),
        ("timestamp,records_per_second\n10,1\n5,1\n".into(), "trace-order", "5"),
        ("timestamp,records_per_second\n10,NaN\n".into(), "trace-number", "NaN"),
        ("{\"ts\": 5, \"size\": 1}\n{\"ts\": 6,".into(), "capture-line", ","),
        ("{\"ts\": \"x\", \"size\": 1}".into(), "capture-time", "{\"ts\": \"x\", \"size\": 1}"),
        ("{\"ts\": 5, \"size\": 99999999}".into(), "capture-size", "{\"ts\": 5, \"size\": 99999999}"),
        ("{\"ts\": 5, \"size\": 1}\n{\"ts\": 99999999, \"size\": 1}".into(), "capture-long", ""),
    ];
    for (text, code, place) in cases {
        let mistakes = read_one("f", &text).expect_err(&text);
        assert_eq!(mistakes[0].code, code, "{text}: {mistakes:?}");
        assert_eq!(&text[mistakes[0].at.clone()], place, "{text}: {mistakes:?}");
    }
}

#[test]
fn nothing_in_a_file_can_hurt() {
    let deep = "[".repeat(200_000);
    assert!(read_one("f", &deep).is_err());
    let wide = "Label,IncomingRecords\n2026/03/01 09:00:00,".to_owned() + &"1,".repeat(200_000);
    assert!(read_one("f", &wide).is_ok());
    let quoted = "Label,\"IncomingRecords\n2026/03/01 09:00:00,1\n";
    assert!(read_one("f", quoted).is_err());
    for text in
        ["\u{feff}", "\n\n", ",", "{", "[]", "\"", "{\"ts\"", "timestamp", "Label\n2026/03/01 09:00:00"]
    {
        assert!(read_one("f", text).is_err(), "{text:?}");
    }
}

/// What whoever made the exports says is in them.
#[test]
fn totals_of_all_exports_of_a_real_history() {
    const FOLDER: &str = "../shared/traces/cloudwatch";
    let Some(expected) = text_of(FOLDER, "expected.json") else {
        return println!("skipped: {FOLDER} is not at hand");
    };
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let all = &expected["twitter_goog_2015"];
    let number = |path: &[&str]| path.iter().fold(all, |v, k| &v[*k]).as_f64().unwrap();
    let micro = |key: &str| (number(&["sums", key]) * 1e6) as u128;
    let files: [(&str, bool, bool, Option<&str>); 6] = [
        ("get-metric-data.json", true, true, None),
        ("get-metric-data.pages.json", true, false, None),
        ("get-metric-statistics.IncomingRecords.json", true, false, None),
        ("get-metric-statistics.IncomingBytes.json", false, true, None),
        ("console.csv", true, true, Some("clickstream-dev")),
        ("console.single.csv", true, false, Some("clickstream-dev")),
    ];
    for (name, has_records, has_bytes, stream) in files {
        let name = format!("twitter_goog_2015.{name}");
        let text = text_of(FOLDER, &name).expect("all seven are there");
        let read = read_one(&name, &text).unwrap_or_else(|m| panic!("{name}: {m:?}"));
        let [one] = &read.streams[..] else { panic!("{name}") };
        assert_eq!(one.name, stream.unwrap_or("twitter_goog_2015"), "{name}");
        assert_eq!(one.period.as_s(), number(&["period_s"]), "{name}");
        assert_eq!(one.steps.len() as f64, number(&["grid_points"]), "{name}");
        assert_eq!(one.start.unwrap().text(), all["first"].as_str().unwrap(), "{name}");
        assert_eq!(one.records_micro(), has_records.then(|| micro("IncomingRecords")), "{name}");
        let whole = number(&["sums", "IncomingBytes"]) as u128;
        assert_eq!(one.bytes(), has_bytes.then_some(whole), "{name}");
        if has_records {
            assert_eq!(one.missing as f64, number(&["missing_points_mean_zero"]), "{name}");
            assert_eq!(one.peak_records_per_s().unwrap(), number(&["max_records_per_second"]), "{name}");
            let mean = one.mean_records_per_s().unwrap();
            assert!((mean / number(&["mean_records_per_second_over_grid"]) - 1.0).abs() < 1e-12, "{name}");
        }
        if has_bytes {
            let peak = one.peak_bytes_per_s().unwrap() / f64::from(1 << 20);
            assert!((peak / number(&["peak_MiB_s"]) - 1.0).abs() < 1e-12, "{name}");
        }
        if has_records && has_bytes {
            let mean = one.mean_record_bytes().unwrap();
            assert!((mean / number(&["mean_record_bytes"]) - 1.0).abs() < 1e-12, "{name}");
            assert_eq!(one.refused_micro(), Some(0), "{name}");
        }
    }
    let seventh = "twitter_goog_2015.get-metric-statistics.WriteProvisionedThroughputExceeded.json";
    let read = read_one(seventh, &text_of(FOLDER, seventh).unwrap()).unwrap();
    assert_eq!((read.streams[0].steps.len(), read.streams[0].refused_micro()), (0, Some(0)));
    all_seven_are_one_stream(FOLDER);
}

/// The three files of get-metric-statistics are three metrics of one stream.
fn all_seven_are_one_stream(folder: &str) {
    let metrics = ["IncomingRecords", "IncomingBytes", "WriteProvisionedThroughputExceeded"];
    let names = metrics.map(|m| format!("twitter_goog_2015.get-metric-statistics.{m}.json"));
    let texts = names.clone().map(|n| text_of(folder, &n).unwrap());
    let files: Vec<File> = names.iter().zip(&texts).map(|(name, text)| File { name, text }).collect();
    let read = read(&files, None).unwrap();
    let data = text_of(folder, "twitter_goog_2015.get-metric-data.json").unwrap();
    let same = read_one("twitter_goog_2015.get-metric-data.json", &data).unwrap();
    assert_eq!(read.streams, same.streams);
}
