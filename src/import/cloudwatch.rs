//! Answers of CloudWatch's `get-metric-data` and `get-metric-statistics`, as the AWS CLI and the SDKs print them.
//!
//! Pages come as a list of answers or as one answer after another.

use super::Says;
use super::grid::{Found, moment, value};
use super::label::{self, Label, Metric};
use super::text::quote;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::ops::Range;

/// One answer; which of the two it is shows in its keys.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, rename = "MetricDataResults")]
    results: Option<Vec<DataResult<'a>>>,
    #[serde(rename = "Label")]
    label: Option<String>,
    #[serde(borrow, rename = "Datapoints")]
    datapoints: Option<Vec<Datapoint<'a>>>,
}

/// One metric of `get-metric-data`. Values keep their text: it tells their place.
#[derive(Deserialize)]
struct DataResult<'a> {
    #[serde(rename = "Id", default)]
    id: String,
    #[serde(rename = "Label", default)]
    label: String,
    #[serde(borrow, rename = "Timestamps")]
    timestamps: Vec<&'a RawValue>,
    #[serde(borrow, rename = "Values")]
    values: Vec<&'a RawValue>,
    #[serde(rename = "StatusCode", default)]
    status: String,
}

/// One datapoint of `get-metric-statistics`.
#[derive(Deserialize)]
struct Datapoint<'a> {
    #[serde(borrow, rename = "Timestamp")]
    timestamp: &'a RawValue,
    #[serde(borrow, rename = "Sum")]
    sum: Option<&'a RawValue>,
    #[serde(borrow, rename = "Unit")]
    unit: Option<&'a RawValue>,
}

/// Reads all answers of a file.
pub(super) fn read(text: &str, found: &mut Found, into: &mut Says) {
    let answers: Result<Vec<Answer>, serde_json::Error> = match text.trim_start().starts_with('[') {
        true => serde_json::from_str(text),
        false => serde_json::Deserializer::from_str(text).into_iter().collect(),
    };
    let answers = match answers {
        Ok(answers) => answers,
        Err(error) => return broken(text, &error, into),
    };
    let mut reader = Reader { text, found, into, known: 0, others: Vec::new(), partial: Vec::new() };
    let mut metrics = false;
    for answer in answers {
        metrics |= answer.results.is_some() || answer.datapoints.is_some();
        answer.results.unwrap_or_default().iter().for_each(|r| reader.result(r));
        if let Some(points) = answer.datapoints {
            reader.statistics(answer.label.as_deref().unwrap_or_default(), &points);
        }
    }
    if !metrics {
        let message = "neither `MetricDataResults` nor `Datapoints` is there".to_owned();
        into.say("metrics-form", 0..0, message, EXPECTED);
        return;
    }
    reader.end();
}

const EXPECTED: &str = "expected the answer of `aws cloudwatch get-metric-data` or `get-metric-statistics`";

struct Reader<'a, 'f, 's, 'm> {
    text: &'a str,
    found: &'f mut Found,
    into: &'s mut Says<'m>,
    known: usize,
    others: Vec<String>,
    /// Metrics whose last page says that there is more.
    partial: Vec<String>,
}

impl Reader<'_, '_, '_, '_> {
    fn result(&mut self, result: &DataResult) {
        let label = [&result.label, &result.id].into_iter().map(|t| label::read(t, false));
        let Some((label, metric)) = label.clone().find_map(|l| Some((l.clone(), l.metric?))) else {
            return self.not_ours(&result.label, label.clone().any(|l| l.other));
        };
        self.known += 1;
        let at = result.timestamps.first().map_or(0..0, |t| self.place(t));
        if ["Forbidden", "InternalError"].contains(&result.status.as_str()) {
            let message = format!("CloudWatch answered {} for {}", result.status, quote(&result.label));
            return self.into.say("metrics-status", at, message, "expected datapoints: ask again");
        }
        self.partial.retain(|p| *p != result.label);
        if result.status == "PartialData" {
            self.partial.push(result.label.clone());
        }
        if result.timestamps.len() != result.values.len() {
            let (t, v) = (result.timestamps.len(), result.values.len());
            let message = format!("{} has {t} timestamps and {v} values", quote(&result.label));
            return self.into.say("metrics-form", at, message, "expected as many values as timestamps");
        }
        let series = self.series(label, metric);
        for (time, value) in result.timestamps.iter().zip(&result.values) {
            self.point(series, time, value);
        }
    }

    fn statistics(&mut self, name: &str, points: &[Datapoint]) {
        let label = label::read(name, false);
        let Some(metric) = label.metric else { return self.not_ours(name, label.other) };
        self.known += 1;
        let series = self.series(label, metric);
        for point in points {
            let Some(sum) = point.sum else {
                let at = self.place(point.timestamp);
                let expected = "expected `--statistics Sum`: an average alone tells no amount";
                self.into.say(
                    "metrics-statistic",
                    at,
                    format!("a datapoint of {name} without `Sum`"),
                    expected,
                );
                return;
            };
            if let Some(unit) = point.unit.filter(|u| plain(u) != metric.unit()) {
                let at = self.place(unit);
                let message = format!("{name} in {}", quote(plain(unit)));
                let expected = format!("expected the unit {}", metric.unit());
                self.into.say("metrics-unit", at, message, &expected);
                return;
            }
            self.point(series, point.timestamp, sum);
        }
    }

    fn series(&mut self, label: Label, metric: Metric) -> usize {
        self.found.series(label.stream, label.shard, metric)
    }

    fn point(&mut self, series: usize, time: &RawValue, sum: &RawValue) {
        if self.into.enough() {
            return;
        }
        let (time_at, sum_at) = (self.place(time), self.place(sum));
        let Some(ns) = moment(plain(time)) else {
            let message = format!("{} is not a time", quote(time.get()));
            return self.into.say("metrics-time", time_at, message, "expected `2026-03-01T09:00:00Z`");
        };
        match value(sum.get()) {
            Some(micro) => self.found.point(series, ns, micro, sum_at, self.into),
            None => {
                let message = format!("{} is not a sum", quote(sum.get()));
                self.into.say("metrics-value", sum_at, message, "expected a number, zero or more");
            }
        }
    }

    fn not_ours(&mut self, label: &str, of_kinesis: bool) {
        let kind = if of_kinesis { " (not part of the demand)" } else { "" };
        self.others.push(format!("{}{kind}", quote(label)));
    }

    /// Where a value stands: it is a part of the text.
    fn place(&self, value: &RawValue) -> Range<usize> {
        let start = (value.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        start..start + value.get().len()
    }

    fn end(self) {
        let mut others = self.others;
        others.dedup();
        if self.known == 0 {
            let seen = if others.is_empty() { "nothing".to_owned() } else { others.join(", ") };
            let message = format!("no metric of a Kinesis stream's writes is in it, but {seen}");
            self.into.say("metrics-foreign", 0..0, message, super::label::EXPECTED);
        } else if !others.is_empty() {
            self.found.notes.push(format!("left out: {}", others.join(", ")));
        }
        for label in self.partial {
            self.found
                .notes
                .push(format!("{}: the last page says PartialData: there may be more", quote(&label)));
        }
    }
}

/// A string's text without its quotes; no timestamp or unit has an escape.
fn plain(value: &RawValue) -> &str {
    value.get().trim_matches('"')
}

/// Says where JSON ends to be JSON, or to be of the expected form.
fn broken(text: &str, error: &serde_json::Error, into: &mut Says) {
    let line_start =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let at = (line_start + error.column().saturating_sub(1)).min(text.len());
    let what = error.to_string();
    // serde_json's words end in the place, which is said apart.
    let what = what.split(" at line ").next().unwrap_or_default();
    let message = match error.is_eof() {
        true => format!("the JSON is cut off: {what}"),
        false => format!("not the JSON of metrics: {what}"),
    };
    into.say("metrics-json", at..at, message, EXPECTED);
}
