//! Does a candidate meet the goal? Replications until the 95 % intervals part from every limit.

use crate::experiment::outcome::ModeOutcome;
use crate::facts::{billing, consumers, data_streams, latency};
use crate::measure::result::RunResult;
use crate::scenario::Limit;
use crate::scenario::metric::Subject;
use statrs::distribution::{Beta, ContinuousCDF, StudentsT};

/// Replications at first.
pub const RUNS_FIRST: usize = 2;
/// Replications at most: what is not parted by then is too close to call, and no plan.
pub const RUNS_MOST: usize = 12;

/// What one run of a candidate gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// One value a limit, in the base unit of its metric; `None` = nothing was measured.
    pub values: Vec<Option<f64>>,
    /// By limit: why its consumer misses it whatever the figure.
    pub behind: Vec<Option<String>>,
    /// Bill of a month, USD.
    pub month_usd: f64,
    /// 99th percentile, end to end, of the slowest consumer, ns.
    pub p99_ns: Option<f64>,
    /// Refused attempts of all.
    pub throttled: Option<f64>,
    /// The limit that refused most writes.
    pub write_fact: &'static str,
    /// The limit that refused most reads, if any was refused.
    pub read_fact: Option<&'static str>,
    /// How each consumer reads.
    pub reads: Vec<&'static str>,
}

impl Sample {
    /// The figures of a run that a goal is about.
    pub fn of(outcome: &ModeOutcome, limits: &[Limit]) -> Sample {
        let run = &outcome.run;
        let slowest = run.consumers.iter().filter_map(|c| c.end_to_end.p99_ns).max();
        let attempts: u64 = run.producers.iter().map(|p| p.attempts).sum();
        let throttled: u64 = run.producers.iter().map(|p| p.throttled).sum();
        Sample {
            values: limits.iter().map(|l| l.measured.of(outcome)).collect(),
            behind: limits.iter().map(|l| l.behind(run)).collect(),
            month_usd: outcome.bill_month.total.as_f64(),
            p99_ns: slowest.map(|ns| ns as f64),
            throttled: (attempts > 0).then(|| throttled as f64 / attempts as f64),
            write_fact: match run.stream.throttled_by_bytes > run.stream.throttled_by_records {
                true => data_streams::SHARD_WRITE_BYTES.key,
                false => data_streams::SHARD_WRITE_RECORDS.key,
            },
            read_fact: read_fact(run),
            reads: run.consumers.iter().map(|c| c.read).collect(),
        }
    }

    /// Whether this run meets every limit.
    pub fn holds(&self, limits: &[Limit]) -> bool {
        self.behind.iter().all(Option::is_none)
            && limits.iter().zip(&self.values).all(|(limit, value)| limit.holds(*value))
    }

    /// The fact behind a missed limit, as far as the run tells.
    pub fn fact(&self, limit: &Limit) -> Option<&'static str> {
        let name = limit.measured.metric.name;
        if name.contains("cost") {
            return Some(billing::MONTH.key);
        }
        let write = ["throttled", "delayed", "lost", "headroom", "put_", "buffering_"];
        if write.iter().any(|w| name.starts_with(w))
            && name != "throttled_reads"
            && name != "lost_to_retention"
        {
            return Some(self.write_fact);
        }
        if self.throttled.is_some_and(|share| share > 0.01) && name.starts_with("end_to_end") {
            return Some(self.write_fact);
        }
        let Subject::Consumer(i) = limit.measured.subject else { return None };
        match self.reads.get(i).copied()? {
            "polling" => Some(self.read_fact.unwrap_or(consumers::POLL_INTERVAL.key)),
            _ => Some(latency::PUSH.key),
        }
    }
}

fn read_fact(run: &RunResult) -> Option<&'static str> {
    let sum =
        |of: fn(&crate::measure::result::ConsumerResult) -> u64| run.consumers.iter().map(of).sum::<u64>();
    let (calls, bytes) = (sum(|c| c.throttled_by_calls), sum(|c| c.throttled_by_bytes));
    match (calls, bytes) {
        (0, 0) => None,
        (c, b) if b > c => Some(data_streams::SHARD_READ_BYTES.key),
        _ => Some(data_streams::SHARD_READ_CALLS.key),
    }
}

/// Where the runs so far leave a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every limit holds, its interval clear of it.
    Meets,
    /// This limit (by position) does not.
    Misses(usize),
    /// Some interval still holds its limit: more runs are needed.
    Open(usize),
}

/// Mean of a limit's figure, where every run has one and its consumer keeps up.
pub fn mean(samples: &[Sample], limit: usize) -> Option<f64> {
    let of = |s: &Sample| s.values[limit].filter(|_| s.behind[limit].is_none());
    let values: Option<Vec<f64>> = samples.iter().map(of).collect();
    values.map(|v| v.iter().sum::<f64>() / v.len() as f64)
}

/// Judges runs on the common draws.
pub fn judge(limits: &[Limit], samples: &[Sample]) -> Verdict {
    let mut open = None;
    for (i, limit) in limits.iter().enumerate() {
        let values: Option<Vec<f64>> = samples.iter().map(|s| s.values[i]).collect();
        let Some(values) = values else { return Verdict::Misses(i) };
        let (mean, half) = interval(&values);
        let (low, high) = (mean - half, mean + half);
        let least = limit.at_least.map(|a| a.value);
        let most = limit.at_most.map(|a| a.value);
        // A run in which a consumer falls behind is no matter of intervals.
        let behind = samples.iter().any(|s| s.behind[i].is_some());
        if behind || least.is_some_and(|l| high < l) || most.is_some_and(|m| low > m) {
            return Verdict::Misses(i);
        }
        let clear = least.is_none_or(|l| low >= l) && most.is_none_or(|m| high <= m);
        if !clear {
            open.get_or_insert(i);
        }
    }
    open.map_or(Verdict::Meets, Verdict::Open)
}

/// Mean and half width of its 95 % interval (Student's t); one value alone has an endless one.
pub fn interval(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    if values.len() < 2 {
        return (mean, f64::INFINITY);
    }
    if squares == 0.0 {
        return (mean, 0.0);
    }
    let t = StudentsT::new(0.0, 1.0, n - 1.0).map_or(f64::INFINITY, |t| t.inverse_cdf(0.975));
    (mean, t * (squares / (n - 1.0) / n).sqrt())
}

/// Clopper and Pearson's 95 % interval of a share of which `met` of `runs` were seen.
pub fn clopper_pearson(met: u32, runs: u32) -> (f64, f64) {
    let (k, n) = (f64::from(met), f64::from(runs));
    let quantile = |a: f64, b: f64, p: f64| Beta::new(a, b).map_or(0.0, |beta| beta.inverse_cdf(p));
    let low = if met == 0 { 0.0 } else { quantile(k, n - k + 1.0, 0.025) };
    let high = if met == runs { 1.0 } else { quantile(k + 1.0, n - k, 0.975) };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R's `binom.test(4, 20)`: 0.05733400 to 0.43661400.
    #[test]
    fn clopper_pearson_as_published() {
        let (low, high) = clopper_pearson(4, 20);
        assert!((low - 0.057_334).abs() < 1e-6 && (high - 0.436_614).abs() < 1e-6, "{low} {high}");
        // All of 20: the lower end is 0.025^(1/20).
        let (low, high) = clopper_pearson(20, 20);
        assert!((low - 0.025f64.powf(0.05)).abs() < 1e-9 && high == 1.0, "{low}");
        assert_eq!(clopper_pearson(0, 20).0, 0.0);
    }

    #[test]
    fn an_interval_of_two_and_of_equal_values() {
        // t(0.975, 1) = 12.706; values 1 and 3: s = sqrt 2, so s / sqrt n = 1.
        let (mean, half) = interval(&[1.0, 3.0]);
        assert!((mean - 2.0).abs() < 1e-12 && (half - 12.706_204_7).abs() < 1e-6, "{half}");
        assert_eq!(interval(&[0.0, 0.0]), (0.0, 0.0));
        assert_eq!(interval(&[5.0]).1, f64::INFINITY);
    }
}
