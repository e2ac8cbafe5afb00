//! Headline figures over replications, with 95 % intervals.

use super::outcome::Headline;
use crate::cost::bill::Bill;
use crate::measure::result::{ConsumerResult, RunResult};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// The figures of one mode; every replication has the same consumers.
pub fn over(runs: &[RunResult], months: &[Bill]) -> Vec<Headline> {
    let total = |run: &RunResult, of: fn(&crate::measure::result::ProducerResult) -> u64| -> f64 {
        run.producers.iter().map(of).sum::<u64>() as f64
    };
    let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
    let over_runs =
        |of: &dyn Fn(&RunResult) -> Option<f64>| -> Vec<Option<f64>> { runs.iter().map(of).collect() };
    let mut all = vec![
        figure(
            "throttled_attempts",
            "throttled attempts",
            "share",
            over_runs(&|r| share(total(r, |p| p.throttled), total(r, |p| p.attempts))),
        ),
        figure(
            "delayed_records",
            "delayed records",
            "share",
            over_runs(&|r| share(total(r, |p| p.delayed), total(r, |p| p.born))),
        ),
        figure(
            "lost_records",
            "lost records",
            "share",
            over_runs(&|r| share(total(r, |p| p.lost.all()), total(r, |p| p.born))),
        ),
    ];
    for c in 0..runs.first().map_or(0, |r| r.consumers.len()) {
        let name = &runs[0].consumers[c].name;
        let of = |key: &str, label: &str, what: fn(&ConsumerResult) -> Option<u64>| {
            let values = runs.iter().map(|r| what(&r.consumers[c]).map(|v| v as f64)).collect();
            figure(&format!("{key}/{name}"), &format!("{name}: {label}"), "ns", values)
        };
        all.push(of("propagation_p50", "propagation p50", |c| c.propagation.p50_ns));
        all.push(of("propagation_p99", "propagation p99", |c| c.propagation.p99_ns));
        all.push(of("end_to_end_p50", "end to end p50", |c| c.end_to_end.p50_ns));
        all.push(of("end_to_end_p99", "end to end p99", |c| c.end_to_end.p99_ns));
        all.push(of("iterator_age_max", "largest iterator age", |c| Some(c.iterator_age_ns_max)));
    }
    let months = months.iter().map(|b| Some(b.total.as_f64())).collect();
    all.push(figure("month_cost", "a month", "usd", months));
    all
}

fn figure(key: &str, label: &str, unit: &'static str, values: Vec<Option<f64>>) -> Headline {
    let measured: Vec<f64> = values.iter().flatten().copied().collect();
    let (mean, half_width) = mean_and_half_width(&measured);
    Headline { key: key.into(), label: label.into(), unit, values, mean, half_width }
}

/// The mean, and half of its 95 % interval (Student t); no interval of fewer than two.
pub fn mean_and_half_width(measured: &[f64]) -> (Option<f64>, Option<f64>) {
    let n = measured.len() as f64;
    let mean = (n > 0.0).then(|| measured.iter().sum::<f64>() / n);
    let half_width = mean.filter(|_| n >= 2.0).map(|mean| {
        let squares: f64 = measured.iter().map(|v| (v - mean) * (v - mean)).sum();
        let t = StudentsT::new(0.0, 1.0, n - 1.0).map_or(f64::NAN, |t| t.inverse_cdf(0.975));
        rounded(t * (squares / (n - 1.0) / n).sqrt())
    });
    (mean, half_width.filter(|h| h.is_finite()))
}

/// Nine significant digits: a last-bit difference in the quantile does not show.
fn rounded(value: f64) -> f64 {
    format!("{value:.8e}").parse().unwrap_or(value)
}
