//! From datapoints in any order to steps without gaps: the period is found, and a missing datapoint is zero.

use super::history::{History, MICRO, Step};
use super::label::Metric;
use super::{Mistake, STEPS_MAX, Says};
use crate::units::calendar::Moment;
use crate::units::{Dur, NS_PER_S};
use std::collections::BTreeMap;
use std::ops::Range;

/// Period of a single datapoint, for want of a second one: CloudWatch's finest for Kinesis streams.
const PERIOD_OF_ONE_S: i128 = 60;
/// Largest sum of a period; beyond it a file is wrong.
const VALUE_MAX: f64 = 1e12;
/// As long as a scenario may be: ten years.
const SPAN_MAX_S: i128 = 3_650 * 86_400;
const SECOND: i128 = NS_PER_S as i128;

/// One metric of one stream or shard.
struct Series {
    stream: Option<String>,
    shard: Option<String>,
    metric: Metric,
    /// Moment in ns since 1970 to value in millionths.
    points: BTreeMap<i128, u64>,
}

/// All datapoints of all files.
#[derive(Default)]
pub(super) struct Found {
    series: Vec<Series>,
    /// Moments that a file has a row for, with values or without.
    moments: Vec<i128>,
    /// Names an unnamed stream.
    stem: Option<String>,
    /// Periods that labels name, in seconds, with the place of the first.
    labelled: Option<(u64, usize, Range<usize>)>,
    pub(super) notes: Vec<String>,
}

/// A moment as metrics write it: ISO, or seconds since 1970; ns since 1970.
pub(super) fn moment(text: &str) -> Option<i128> {
    if let Some(moment) = Moment::parse(text) {
        return Some(moment.ns());
    }
    let seconds: f64 = text.parse().ok().filter(|s: &f64| (0.0..1e11).contains(s))?;
    Some((seconds * 1e9).round() as i128)
}

/// A sum as metrics write it, in millionths.
pub(super) fn value(text: &str) -> Option<u64> {
    let value: f64 = text.parse().ok()?;
    // Not-a-number and what is below zero or beyond reason are in no range.
    (0.0..=VALUE_MAX).contains(&value).then(|| (value * MICRO).round() as u64)
}

impl Found {
    /// Where datapoints of this stream, shard and metric go.
    pub(super) fn series(&mut self, stream: Option<String>, shard: Option<String>, metric: Metric) -> usize {
        let same = |s: &Series| s.stream == stream && s.shard == shard && s.metric == metric;
        self.series.iter().position(same).unwrap_or_else(|| {
            self.series.push(Series { stream, shard, metric, points: BTreeMap::new() });
            self.series.len() - 1
        })
    }

    /// The file whose stem names a stream that no label names.
    pub(super) fn named_by(&mut self, stem: &str) {
        self.stem.get_or_insert_with(|| stem.to_owned());
    }

    /// A label names the period.
    pub(super) fn period(&mut self, seconds: u64, at: Range<usize>, into: &mut Says) {
        match &self.labelled {
            Some((known, _, _)) if *known != seconds => {
                let message = format!("a period of {seconds} s beside one of {known} s");
                into.say("period", at, message, "expected metrics of one period");
            }
            Some(_) => {}
            None => self.labelled = Some((seconds, into.file, at)),
        }
    }

    /// A row for this moment, perhaps without values.
    pub(super) fn row(&mut self, ns: i128) {
        self.moments.push(ns);
    }

    /// One datapoint.
    pub(super) fn point(&mut self, series: usize, ns: i128, micro: u64, at: Range<usize>, into: &mut Says) {
        if ns % SECOND != 0 {
            return into.say("metrics-time", at, "not a whole second".into(), "expected a period's start");
        }
        let series = &mut self.series[series];
        let known = *series.points.entry(ns).or_insert(micro);
        if known != micro {
            let message = format!("a second value of {} for the same moment", series.metric.name());
            into.say(
                "metrics-twice",
                at,
                message,
                "expected one value a moment; get-metric-statistics names no stream: give files of one stream at a time",
            );
        }
    }

    /// One history per stream.
    pub(super) fn histories(
        mut self,
        period: Option<Dur>,
        notes: &mut Vec<String>,
        mistakes: &mut Vec<Mistake>,
    ) -> Vec<History> {
        if self.series.is_empty() || !mistakes.is_empty() {
            return Vec::new();
        }
        self.without_shards_of_known_streams(notes);
        let Some((period, file, at)) = self.the_period(period, notes) else { return Vec::new() };
        let times = || self.times();
        let (first, last) = (times().min().unwrap_or(0), times().max().unwrap_or(-period));
        let steps = (last - first) / period + 1;
        let mut streams: Vec<Option<String>> = Vec::new();
        for series in &self.series {
            if !streams.contains(&series.stream) {
                streams.push(series.stream.clone());
            }
        }
        let message = if times().any(|t| (t - first) % period != 0) {
            let seconds = period / SECOND;
            format!("datapoints are not {seconds} s apart, as the period says")
        } else if last - first >= SPAN_MAX_S * SECOND {
            "from the first datapoint to the last there are more than ten years".to_owned()
        } else if steps > i128::from(STEPS_MAX) || steps * streams.len() as i128 > 4 * i128::from(STEPS_MAX) {
            format!("{steps} periods from the first datapoint to the last in {} streams", streams.len())
        } else {
            let name =
                |s: &Option<String>| s.clone().or(self.stem.clone()).unwrap_or_else(|| "stream".into());
            return streams.iter().map(|s| self.history(name(s), s, first, period, steps as usize)).collect();
        };
        let expected = format!("expected datapoints of one period, {STEPS_MAX} periods at most");
        mistakes.push(Mistake { code: "metrics-grid", file, at, message, expected });
        Vec::new()
    }

    fn times(&self) -> impl Iterator<Item = i128> {
        let points = self.series.iter().flat_map(|s| s.points.keys().copied());
        points.chain(self.moments.iter().copied())
    }

    /// Shard-level series add up to the stream's, and would count twice beside it.
    fn without_shards_of_known_streams(&mut self, notes: &mut Vec<String>) {
        let whole: Vec<(Option<String>, Metric)> = self
            .series
            .iter()
            .filter(|s| s.shard.is_none() && !s.points.is_empty())
            .map(|s| (s.stream.clone(), s.metric))
            .collect();
        let before = self.series.len();
        self.series.retain(|s| s.shard.is_none() || !whole.contains(&(s.stream.clone(), s.metric)));
        let dropped = before - self.series.len();
        if dropped > 0 {
            notes.push(format!("{dropped} shard-level metrics left out: the stream's own are there"));
        }
    }

    /// The period in ns, and the place to speak of when it does not fit.
    fn the_period(
        &self,
        stated: Option<Dur>,
        notes: &mut Vec<String>,
    ) -> Option<(i128, usize, Range<usize>)> {
        if let Some(period) = stated {
            return Some((i128::from(period.0), 0, 0..0));
        }
        if let Some((seconds, file, at)) = &self.labelled {
            return Some((i128::from(*seconds) * SECOND, *file, at.clone()));
        }
        let mut times: Vec<i128> = self.times().collect();
        times.sort_unstable();
        let apart = times.windows(2).map(|w| w[1] - w[0]).fold(0, gcd);
        if apart == 0 {
            if !times.is_empty() {
                notes.push("one datapoint tells no period: taken as a minute".into());
            }
            return Some((PERIOD_OF_ONE_S * SECOND, 0, 0..0));
        }
        Some((apart, 0, 0..0))
    }

    fn history(&self, name: String, stream: &Option<String>, first: i128, period: i128, n: usize) -> History {
        let of = |metric| -> Vec<&BTreeMap<i128, u64>> {
            let mine = self.series.iter().filter(|s| s.stream == *stream && s.metric == metric);
            mine.map(|s| &s.points).collect()
        };
        let all = [Metric::Records, Metric::Bytes, Metric::Refused].map(of);
        let has = |metric: Metric| !all[metric as usize].is_empty();
        let at = |metric: Metric, ns: i128| {
            let values = all[metric as usize].iter().filter_map(|points| points.get(&ns));
            values.fold(None, |sum: Option<u64>, v| Some(sum.unwrap_or(0).saturating_add(*v)))
        };
        let mut missing = 0;
        let step = |k: usize| {
            let ns = first + k as i128 * period;
            let records = at(Metric::Records, ns);
            missing += u64::from(records.is_none() && has(Metric::Records));
            let none_stored = has(Metric::Records) && records.unwrap_or(0) == 0;
            let bytes = at(Metric::Bytes, ns).map(|micro| (micro + MICRO as u64 / 2) / MICRO as u64);
            Step {
                at: (k as i128 * period) as u64,
                records_micro: has(Metric::Records).then(|| records.unwrap_or(0)),
                // A period with records and without bytes has bytes nobody knows.
                bytes: bytes.or((has(Metric::Bytes) && (none_stored || !has(Metric::Records))).then_some(0)),
                refused_micro: has(Metric::Refused).then(|| at(Metric::Refused, ns).unwrap_or(0)),
            }
        };
        let steps: Vec<Step> = (0..n).map(step).collect();
        History {
            name,
            start: Moment::of_ns(first).filter(|_| n > 0),
            end: (n as i128 * period) as u64,
            steps,
            period: Dur(period as u64),
            missing,
            keys: None,
        }
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}
