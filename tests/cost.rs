//! `kinesim cost` against published bills, against runs, and as a user meets it.

use kinesim::experiment::evaluate;
use kinesim::experiment::plan::Plan;
use kinesim::experiment::priced::{self, ModePrice, Priced};
use kinesim::scenario;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn plan(text: &str) -> Plan {
    let none = |_: &str| Err(String::new());
    let scenario = scenario::load(text, "t.yaml", &none, &[]);
    let scenario = scenario.unwrap_or_else(|d| panic!("{}", scenario::render(&d, false)));
    scenario.plan(1).expect("prices")
}

fn price(text: &str) -> Priced {
    priced::price(&plan(text)).expect("a bill")
}

fn near(what: &str, got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance * want.abs().max(1e-9), "{what}: {got}, expected {want}");
}

/// A32: monthly bills, relative 1e-6, through a scenario file.
#[test]
fn a32_through_a_scenario() {
    let all: Value = serde_json::from_str(include_str!("vectors/analytic.json")).expect("vectors");
    let case = all["cases"].as_array().expect("cases").iter().find(|c| c["id"] == "A32").expect("A32");
    let points = case["points"].as_array().expect("points");
    assert_eq!(points.len(), 3);
    for point in points {
        let (p, want) = (&point["params"], &point["expected"]);
        let mut readers = String::new();
        for i in 0..p["getrecords_consumers"].as_u64().expect("known") {
            readers += &format!("  p{i}: {{ read: polling }}\n");
        }
        for i in 0..p["efo_consumers"].as_u64().expect("known") {
            readers += &format!("  f{i}: {{ read: enhanced_fan_out }}\n");
        }
        let priced = price(&format!(
            "version: 1\nduration: 1 h\nproducers:\n  p: {{ client: sdk, rate: {} records/s, record_size: {} B }}\n\
             stream: {{ shards: {}, count_key_bytes: false }}\nconsumers:\n{readers}",
            p["records_s"], p["record_bytes"], p["shards"]
        ));
        let id = point["point"].as_str().expect("named");
        let of = |i: usize| -> f64 { priced.modes[i].total.as_f64() };
        near(id, of(0), want["provisioned_total_usd"].as_f64().expect("known"), 1e-6);
        near(id, of(1), want["on_demand_total_usd"].as_f64().expect("known"), 1e-6);
        let line = |item: &str| {
            let lines = priced.modes[0].lines.iter().filter(|l| l.item == item);
            lines.filter_map(|l| l.amount).map(|a| a.as_f64()).sum::<f64>()
        };
        near(id, line("Shard hours"), want["provisioned_shard_usd"].as_f64().expect("known"), 1e-6);
        near(id, line("PUT payload units"), want["provisioned_put_usd"].as_f64().expect("known"), 1e-6);
    }
}

/// Lines of a bill by item, base and excess together.
fn by_item<'a>(lines: impl Iterator<Item = (&'a str, f64)>) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for (item, amount) in lines {
        *sums.entry(item.to_owned()).or_insert(0.0) += amount;
    }
    sums
}

/// A run that refuses nothing bills what the closed form says, line by line: sizes and moments are drawn, so within half a
/// per cent.
#[test]
fn a_run_without_throttling_bills_the_same_line_by_line() {
    let texts = [
        "record_size: { uniform: { min: 256 B, max: 60000 B } }, rate: 200 records/s",
        "record_size: { lognormal: { mean: 1.2 KiB, p95: 3 KiB } }, rate: { spike: { base: 400 records/s, peak: 3x, at: 60 s, for: 60 s } }",
        "record_size: { empirical: [ { size: 1000 B, share: 75 % }, { size: 3000 B, share: 25 % } ] }, rate: { step: { from: 100 records/s, to: 300 records/s, at: 5 min } }",
    ];
    for text in texts {
        for rule in ["base", "repeat"] {
            let plan = plan(&format!(
                "version: 1\nduration: 10 min\nmodes: [provisioned, on_demand, on_demand_advantage]\n\
                 bill: {{ month: {rule} }}\n\
                 producers:\n  p: {{ client: sdk, {text} }}\nstream: {{ shards: 16, retention: 10 d }}\n\
                 consumers:\n  a: {{ read: polling }}\n  b: {{ read: enhanced_fan_out }}\n"
            ));
            let plan = Plan { replications: Some(1), ..plan };
            let (closed, run) =
                (priced::price(&plan).expect("a bill"), evaluate(&plan, &|_, _| ()).expect("a run"));
            for (closed, run) in closed.modes.iter().zip(&run) {
                let known = closed.lines.iter().map(|l| (l.item.as_str(), l.amount.expect("known").as_f64()));
                let (ours, theirs) = (
                    by_item(known),
                    by_item(run.bill_month.lines.iter().map(|l| (l.item, l.amount.as_f64()))),
                );
                assert_eq!(
                    ours.keys().collect::<Vec<_>>(),
                    theirs.keys().collect::<Vec<_>>(),
                    "{text} {rule}"
                );
                for (item, want) in &theirs {
                    near(&format!("{text} {rule} {} {item}", closed.title), ours[item], *want, TOLERANCE);
                }
            }
        }
    }
}

/// Draws of ten minutes: 120,000 records and more, whose mean sizes have a relative standard error below 0.25 %.
const TOLERANCE: f64 = 0.01;

/// 500 records/s of 1 KiB: a year's retention. 0.48828 MiB/s are 15,036,621 MiB, 14,684.2 GiB a year.
/// (item, USD) of a month's lines, by this rule, in the only mode.
fn month_of(text: &str, month: &str) -> BTreeMap<String, f64> {
    let plan = plan(&format!(
        "{text}bill: {{ month: {month} }}\nmodes: [provisioned]\ncurves: off\nreplications: 1\n"
    ));
    let modes = evaluate(&plan, &|_, _| ()).expect("it runs");
    by_item(modes[0].bill_month.lines.iter().map(|l| (l.item, l.amount.as_f64())))
}

/// Records that go straight to Firehose are no part of the stream's month: 200 records/s of one unit for 730 h at
/// 0.014 USD a million, whatever is put beside it.
#[test]
fn direct_puts_are_not_billed_to_the_stream() {
    let text = "version: 1\nduration: 5 min\nproducers:\n  \
        web: { client: sdk, rate: 200 records/s, burstiness: even, record_size: 1 KiB }\n  \
        raw: { client: firehose_direct, rate: 800 records/s, burstiness: even, record_size: 1 KiB }\n\
        stream: { shards: 1 }\nconsumers: {}\nfirehose: { lake: { from: { producer: raw }, to: s3 } }\n";
    let (base, repeat) = (month_of(text, "base"), month_of(text, "repeat"));
    near("units", base["PUT payload units"], 200.0 * 3_600.0 * 730.0 * 0.014e-6, 1e-3);
    near("units of the run, repeated", base["PUT payload units"], repeat["PUT payload units"], 1e-3);
    near("shards", base["Shard hours"], 730.0 * 0.015, 1e-9);
    // Firehose's own lines are over all that was put to it.
    let intake = |month: &BTreeMap<String, f64>| -> f64 {
        month.iter().filter(|(item, _)| item.contains("Firehose")).map(|(_, usd)| usd).sum()
    };
    assert!(intake(&base) > 0.0, "{base:?}");
    near("Firehose", intake(&base), intake(&repeat), 2e-2);
}

/// A producer that aggregates makes many records and few Kinesis records: a month at its base rate is that of its run
/// over and over, not a payload unit for every record.
#[test]
fn a_month_of_aggregated_records_is_that_of_its_run() {
    let text = "version: 1\nduration: 5 min\nproducers:\n  \
        app: { client: kpl, rate: 1000 records/s, burstiness: even, record_size: 100 B }\n\
        stream: { shards: 2 }\nconsumers: {}\n";
    let (base, repeat) = (month_of(text, "base"), month_of(text, "repeat"));
    near("units", base["PUT payload units"], repeat["PUT payload units"], 1e-2);
    let alone = 1_000.0 * 3_600.0 * 730.0 * 0.014e-6;
    assert!(base["PUT payload units"] < alone / 20.0, "{base:?}, {alone} if each were its own");
    let loose = month_of(&text.replace("client: kpl", "client: sdk"), "base");
    near("one by one", loose["PUT payload units"], alone, 1e-3);
}

#[test]
fn a_year_by_retention() {
    let priced = price(
        "version: 1\nduration: 1 h\nproducers:\n  p: { client: sdk, rate: 500 records/s, record_size: 1 KiB }\n\
         stream: { shards: 5, retention: 168 h, count_key_bytes: false }\n",
    );
    let year = |mode: usize, h: u64| {
        let years = &priced.modes[mode].years;
        years.iter().find(|y| y.retention_ns == h * 3_600_000_000_000).expect("a year").clone()
    };
    // Provisioned: 5 shards × 8,760 h × 0.02 USD, whether two days or seven.
    let week = year(0, 168);
    assert!(week.is_the_scenario && week.billed_in.contains("shard-hours"));
    assert_eq!(
        (week.first_year.to_string(), week.later_years.to_string()),
        ("876.000000".into(), "876.000000".into())
    );
    // On demand: 500 × 1,024 B/s held for six days more, all year, at 0.1 USD a GB-month.
    let gib = 500.0 * 1_024.0 * 6.0 * 86_400.0 / f64::from(1 << 30);
    near("on-demand, a week", year(1, 168).later_years.as_f64(), gib * 0.1 * 12.0, 1e-6);
    // A year's retention, first year: the store beyond a week grows in a straight line from the eighth day on.
    let rate = 500.0 * 1_024.0 / f64::from(1 << 30) * 3_600.0;
    let (full, week) = (8_760.0, 168.0);
    let area = rate * (full - week) * (full - week) / 2.0;
    let held_week = rate * ((week * full - week * week / 2.0) - (24.0 * full - 24.0 * 24.0 / 2.0));
    let first = area / 730.0 * 0.023 + held_week / 730.0 * 0.1;
    near("on-demand, a year, first", year(1, 8_760).first_year.as_f64(), first, 1e-6);
    let later = rate * (full - week) * full / 730.0 * 0.023 + rate * 144.0 * full / 730.0 * 0.1;
    near("on-demand, a year, later", year(1, 8_760).later_years.as_f64(), later, 1e-6);
}

/// A31's break-evens are the map's, too: one reader, records of 5,120 bytes.
#[test]
fn the_map_has_the_break_even_of_a31() {
    let priced = price(
        "version: 1\nduration: 1 h\nproducers:\n  p: { client: sdk, rate: 500 records/s, record_size: 5120 B }\n\
         stream: { shards: 5, count_key_bytes: false }\nconsumers:\n  a: { read: polling }\n",
    );
    let row =
        priced.map.iter().find(|r| (r.record_bytes, r.polling_readers, r.fan_out_readers) == (5_120, 1, 0));
    near("A31.4", row.expect("a row").break_even_standard.expect("known"), 0.0364473035, 1e-6);
    near("A31.4", priced.break_even.expect("known").utilisation.expect("known"), 0.0364473035, 1e-6);
    let cells = priced::READERS.len() * priced::RECORDS.len() * priced::UTILISATIONS.len();
    assert_eq!(priced.map.len(), cells);
}

#[test]
fn what_only_a_run_can_tell_is_unknown_and_never_nothing() {
    let priced = price(
        "version: 1\nduration: 1 h\nproducers:\n  p: { client: kpl, rate: 500 records/s, record_size: 100 B }\n\
         stream: { shards: 2 }\n\
         consumers:\n  f: { client: lambda }\n  k: { client: { kcl: { workers: 2 } } }\n\
         firehose:\n  lake: { from: stream, to: s3 }\n\
         events:\n  - { at: 5 min, do: { reshard: { to: 4 } } }\n",
    );
    let open = |m: &ModePrice| -> Vec<String> {
        m.lines.iter().filter(|l| l.amount.is_none()).map(|l| l.item.clone()).collect()
    };
    let provisioned = open(&priced.modes[0]);
    for part in
        ["PUT payload units", "f: requests", "k: lease table", "lake: ingestion", "lake: objects", "Events"]
    {
        assert!(provisioned.iter().any(|i| i.starts_with(part)), "{part}: {provisioned:?}");
    }
    assert!(priced.modes[0].lines.iter().all(|l| l.amount.is_none_or(|a| a.0 > 0)), "nothing costs nothing");
    // 11 metrics of each of two leases, 18 of each of two workers, 20 of the application, at 0.3 USD.
    let metrics =
        priced.modes[0].lines.iter().find(|l| l.item == "CloudWatch custom metrics").expect("metrics");
    assert_eq!(metrics.amount.expect("known").to_string(), "23.400000");
}

fn place(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir_all(&place).expect("a folder");
    let text = "version: 1\nquestion: What does it cost?\nduration: 1 h\n\
                producers:\n  p: { client: sdk, rate: 100 records/s, record_size: 35 KiB }\nstream: { shards: 4 }\n";
    std::fs::write(place.join("s.yaml"), text).expect("written");
    place
}

fn cost(place: &Path, more: &[&str]) -> Output {
    let scenario = place.join("s.yaml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinesim"));
    command.current_dir(place).env("NO_COLOR", "1");
    command.args(["cost", &scenario.display().to_string()]).args(more).output().expect("kinesim starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn the_command_shows_the_arithmetic_and_writes_the_map() {
    let place = place("cost-command");
    let out = cost(&place, &["--out", "c"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    // The pricing page's example at 730 h: 43.80 + 7.3584 USD (A32.1).
    for part in [
        "Provisioned: $51.16",
        "4 shards × 730 h = 2920 shard-hours × 0.015 USD",
        "100 records/s × 2628000 s × 2 units a record = 525600000 PUT payload units × 0.000000014 USD",
        "CALC, 2025-11 or later, documented",
        "A year by retention",
        "MSK Serverless",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for name in ["cost.json", "cost.csv", "years.csv", "alternatives.csv", "break-even.csv", "index.html"] {
        assert!(place.join("c").join(name).is_file(), "{name}");
    }
    assert!(
        place.join("c/break-even-standard.png").is_file()
            && place.join("c/break-even-advantage.svg").is_file()
    );
    assert_eq!(text(&cost(&place, &["--no-report"]).stdout), said, "the same twice");
}

#[test]
fn own_prices_and_discounts_hold_wherever_a_bill_is_made() {
    let place = place("cost-prices");
    let own = r#"{"region":"us-east-1","prices":{"shard_hour":0.03}}"#;
    std::fs::write(place.join("own.json"), own).expect("written");
    let said = text(&cost(&place, &["--no-report", "--prices", "own.json"]).stdout);
    assert!(said.contains("2920 shard-hours × 0.03 USD") && said.contains("Provisioned: $94.96"), "{said}");
    assert!(said.contains("OWN, given with the run"), "{said}");
    let said = text(&cost(&place, &["--no-report", "--discount", "50%"]).stdout);
    assert!(said.contains("Provisioned: $25.58"), "{said}");
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kinesim"));
        let args = ["run", "s.yaml", "--no-report", "--set", "duration=1 min", "--no-curves"];
        command.current_dir(&place).args(args).args(more);
        text(&command.output().expect("kinesim starts").stdout)
    };
    assert!(run(&[]).contains("$51.1") && run(&["--prices", "own.json"]).contains("$94.9"), "{}", run(&[]));
    for (name, file, what) in [
        ("truncated", r#"{"prices":{"shard"#, "ends in the middle"),
        ("region", r#"{"region":"eu-west-1","prices":{"shard_hour":1}}"#, "has prices of eu-west-1"),
        ("item", r#"{"prices":{"shard_hours":1}}"#, "did you mean `shard_hour`?"),
        (
            "list",
            r#"{"products":{"A":{"attributes":{"regionCode":"sa-east-1","usagetype":"SAE1-Storage-ShardHour"}}},"terms":{"OnDemand":{}}}"#,
            "no known price for us-east-1 in it: it has sa-east-1",
        ),
    ] {
        std::fs::write(place.join(name), file).expect("written");
        let out = cost(&place, &["--prices", name]);
        assert_eq!(out.status.code(), Some(2), "{name}");
        assert!(text(&out.stderr).contains(what), "{name}: {}", text(&out.stderr));
        assert!(!place.join("reports").exists(), "{name}: something was written");
    }
    // A Region without a table, with a price file that lacks an item that is used: both are named.
    std::fs::write(place.join("thin.json"), r#"{"region":"eu-west-1","prices":{"shard_hour":0.017}}"#)
        .expect("written");
    let out = cost(&place, &["--set", "region=eu-west-1", "--prices", "thin.json"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(
        text(&out.stderr).contains("put_payload_unit") && text(&out.stderr).contains("eu-west-1"),
        "{}",
        text(&out.stderr)
    );
    assert_eq!(cost(&place, &["--discount", "100%"]).status.code(), Some(2));
}
