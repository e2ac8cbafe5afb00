//! Latencies: a bare duration, or a distribution.

use super::context::Cx;
use super::diag::Span;
use super::grammar::{REQUIRED, choice, section};
use super::scalars::Milli;
use crate::random::LatencyLaw;
use crate::units::{Dur, Percent};

choice! {
    /// A latency: a bare duration is always the same.
    Law {
        /// Equally likely between two ends.
        uniform: Uniform(UniformLaw),
        /// Exponential: many short, few long.
        exponential: Exponential(ExponentialLaw),
        /// Log-normal by mean and coefficient of variation.
        lognormal: LogNormal(LogNormalLaw),
        /// Straight lines between quantiles, from 0 % to 100 %.
        quantiles: Quantiles(Vec<Quantile>),
    }
    bare Constant(Dur);
}

section! {
    /// Equally likely between two ends.
    UniformLaw {
        /// Shortest.
        min: Dur = REQUIRED,
        /// Longest.
        max: Dur = REQUIRED,
    }
    check ends_in_order(min, max);
}

section! {
    /// Exponential.
    ExponentialLaw {
        /// The mean.
        mean: Dur = REQUIRED,
    }
}

section! {
    /// Log-normal.
    LogNormalLaw {
        /// The mean.
        mean: Dur = REQUIRED.positive(),
        /// Coefficient of variation: standard deviation over mean.
        cv: Milli = REQUIRED.positive().max("10"),
    }
}

section! {
    /// One quantile.
    Quantile {
        /// Share of values that are no longer.
        at: Percent = REQUIRED.max("100 %"),
        /// The value.
        is: Dur = REQUIRED,
    }
}

fn ends_in_order(min: &Dur, max: &Dur, place: Span, cx: &mut Cx) {
    if min <= max {
        return;
    }
    let message = format!("`{}` runs backwards: `min` is longer than `max`", cx.here());
    cx.say("backwards", place, message, "the smaller end is `min`");
}

impl Law {
    /// The distribution; `None` after reporting quantiles that do not rise from 0 % to 100 %.
    pub fn resolve(&self, cx: &mut Cx) -> Option<LatencyLaw> {
        Some(match self {
            Law::Constant(value) => LatencyLaw::Constant(*value),
            Law::Uniform(law) => LatencyLaw::Uniform { min: law.min, max: law.max },
            Law::Exponential(law) => LatencyLaw::Exponential { mean: law.mean },
            Law::LogNormal(law) => LatencyLaw::LogNormal { mean: law.mean, cv_milli: law.cv.0 },
            Law::Quantiles(points) => LatencyLaw::Quantiles(quantiles(points, cx)?),
        })
    }
}

fn quantiles(points: &[Quantile], cx: &mut Cx) -> Option<Vec<(u32, Dur)>> {
    let ppm = |p: &Quantile| (p.at.0 / (Percent::WHOLE / 1_000_000)) as u32;
    let table: Vec<(u32, Dur)> = points.iter().map(|p| (ppm(p), p.is)).collect();
    let rising = table.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1);
    let whole = table.first().is_some_and(|p| p.0 == 0) && table.last().is_some_and(|p| p.0 == 1_000_000);
    if rising && whole {
        return Some(table);
    }
    let message = "quantiles must rise from `at: 0 %` to `at: 100 %`".to_owned();
    match points.iter().zip(points.iter().skip(1)).find(|(a, b)| ppm(a) >= ppm(b) || a.is > b.is) {
        Some((_, later)) => cx.say("quantiles", later.place, message, "does not rise above the one before"),
        None => cx.say(
            "quantiles",
            points.first().map(|p| p.place).or(cx.key())?,
            message,
            "the first must be at 0 %, the last at 100 %",
        ),
    };
    None
}
