//! Small worlds for tests: from a scenario's text to a run, and the points of the analytic cases.
#![allow(dead_code)]

use kinesim::measure::result::RunResult;
use kinesim::stream::config::Mode;
use kinesim::world::config::WorldConfig;
use kinesim::world::simulate;
use serde_json::Value;

/// The world of a scenario's text, in provisioned mode.
pub fn world(text: &str) -> WorldConfig {
    world_in(text, Mode::Provisioned)
}

/// The world of a scenario's text.
pub fn world_in(text: &str, mode: Mode) -> WorldConfig {
    let no_files = |name: &str| Err(format!("{name}: not found"));
    let scenario = kinesim::scenario::load(text, "case.yaml", &no_files, &[])
        .unwrap_or_else(|d| panic!("{}\n{text}", kinesim::scenario::render(&d, false)));
    scenario.world(mode, 1, 0)
}

/// Runs it; the ledger's laws are asserted inside.
pub fn run(config: &WorldConfig) -> RunResult {
    let result = simulate(config).unwrap_or_else(|why| panic!("{}", why.0));
    assert_eq!(result.cut, None);
    result
}

/// Everything a run found, as text.
pub fn whole(result: &RunResult) -> String {
    serde_json::to_string(result).expect("plain data")
}

/// Where two runs first differ, as a path into the result; `None`: nowhere.
pub fn first_difference(a: &RunResult, b: &RunResult) -> Option<String> {
    let value = |r| serde_json::to_value(r).expect("plain data");
    differ("", &value(a), &value(b))
}

fn differ(path: &str, a: &Value, b: &Value) -> Option<String> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            a.iter().find_map(|(k, v)| differ(&format!("{path}.{k}"), v, &b[k]))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (a, b))| differ(&format!("{path}[{i}]"), a, b))
        }
        _ => (a != b).then(|| format!("{path}: {a} and {b}")),
    }
}

/// One point of an analytic case.
pub struct Point {
    /// `A24.1`.
    pub id: String,
    /// What it is asked for.
    pub params: Value,
    /// What theory answers.
    pub expected: Value,
}

impl Point {
    /// A parameter.
    pub fn param(&self, key: &str) -> f64 {
        number(&self.params, key, &self.id)
    }

    /// An expectation.
    pub fn want(&self, key: &str) -> f64 {
        number(&self.expected, key, &self.id)
    }
}

fn number(v: &Value, key: &str, id: &str) -> f64 {
    v[key].as_f64().unwrap_or_else(|| panic!("{id} has no number {key}"))
}

/// The file's points of one case. Fails when there are fewer or more than the file had.
pub fn points(case: &str, count: usize) -> Vec<Point> {
    let file: Value = serde_json::from_str(include_str!("../vectors/analytic.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    let found = cases.iter().find(|c| c["id"] == case).unwrap();
    let points = found["points"].as_array().unwrap();
    assert_eq!(points.len(), count, "{case}");
    let point = |p: &Value| Point {
        id: p["point"].as_str().unwrap().to_owned(),
        params: p["params"].clone(),
        expected: p["expected"].clone(),
    };
    points.iter().map(point).collect()
}

/// An entry of the published measurements.
pub fn published(id: &str) -> Value {
    let file: Value = serde_json::from_str(include_str!("../vectors/published.json")).unwrap();
    let entries = file["entries"].as_array().unwrap();
    entries.iter().find(|e| e["id"] == id).unwrap().clone()
}
