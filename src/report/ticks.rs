//! Where an axis gets its ticks and how they are written.

use crate::report::human;

/// What an axis measures, which decides its ticks and labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain number; the axis label names the unit.
    Number,
    /// Milliseconds, written as a human duration (on log axes).
    Ms,
    /// US dollars.
    Usd,
    /// Percent.
    Percent,
}

/// Tick positions between `lo` and `hi`, about `wanted` of them.
pub fn linear(lo: f64, hi: f64, wanted: usize) -> Vec<f64> {
    let span = hi - lo;
    if span.is_nan() || span <= 0.0 || !span.is_finite() {
        return vec![lo];
    }
    let step = nice_step(span / wanted.max(1) as f64);
    let first = (lo / step).ceil() as i64;
    let last = (hi / step + 1e-9).floor() as i64;
    (first..=last).map(|i| i as f64 * step).collect()
}

/// The tick at or above a greatest value, so that an axis ends on a label.
pub fn top(hi: f64) -> f64 {
    let step = nice_step(hi / 4.0);
    (hi / step - 1e-9).ceil() * step
}

/// The least of 1, 2, 2.5, 5 × a power of ten that is not below `raw`.
fn nice_step(raw: f64) -> f64 {
    let mut decade = 1.0;
    while decade > raw {
        decade /= 10.0;
    }
    while decade * 10.0 <= raw {
        decade *= 10.0;
    }
    for factor in [1.0, 2.0, 2.5, 5.0] {
        if decade * factor >= raw * 0.999_999 {
            return decade * factor;
        }
    }
    decade * 10.0
}

/// Ticks at the least of `steps` (ascending) that leaves about `wanted` of them.
pub fn clock(lo: f64, hi: f64, wanted: usize, steps: &[f64]) -> Vec<f64> {
    let least = (hi - lo) / wanted.max(1) as f64;
    match steps.iter().find(|s| **s >= least * 0.999) {
        Some(step) => {
            let first = (lo / step).ceil() as i64;
            let last = (hi / step + 1e-9).floor() as i64;
            (first..=last).map(|i| i as f64 * step).collect()
        }
        None => linear(lo, hi, wanted),
    }
}

/// Durations a log axis is marked at, in ms: decades up to 10 s, then minutes, hours, days.
const DURATION_MARKS: [f64; 15] = [
    0.001,
    0.01,
    0.1,
    1.0,
    10.0,
    100.0,
    1_000.0,
    10_000.0,
    60_000.0,
    600_000.0,
    3_600_000.0,
    36_000_000.0,
    86_400_000.0,
    864_000_000.0,
    8_640_000_000.0,
];

/// Log ticks: decades, or marks of time; with too few of them, 2 and 5 between.
pub fn log(lo: f64, hi: f64, unit: Unit) -> Vec<f64> {
    let inside = |v: &f64| *v >= lo * 0.999_999 && *v <= hi * 1.000_001;
    let coarse: Vec<f64> = match unit {
        Unit::Ms => apart(DURATION_MARKS.iter().copied().filter(inside).collect()),
        _ => decades(lo, hi, &[1.0]).into_iter().filter(inside).collect(),
    };
    if coarse.len() >= 3 {
        return coarse;
    }
    decades(lo, hi, &[1.0, 2.0, 5.0]).into_iter().filter(inside).collect()
}

/// Many marks without those so close below the next one that their texts would touch (10 h below 1 d).
fn apart(marks: Vec<f64>) -> Vec<f64> {
    let is_far = |i: usize| marks.get(i + 1).is_none_or(|next| marks.len() <= 5 || *next >= 3.0 * marks[i]);
    (0..marks.len()).filter(|i| is_far(*i)).map(|i| marks[i]).collect()
}

fn decades(lo: f64, hi: f64, factors: &[f64]) -> Vec<f64> {
    let mut ticks = Vec::new();
    if lo.is_nan() || lo <= 0.0 || !hi.is_finite() {
        return ticks;
    }
    let mut decade = 1.0;
    while decade > lo {
        decade /= 10.0;
    }
    while decade * 10.0 <= lo {
        decade *= 10.0;
    }
    while decade <= hi {
        ticks.extend(factors.iter().map(|f| f * decade));
        decade *= 10.0;
    }
    ticks
}

/// The text at a tick.
pub fn label(v: f64, unit: Unit) -> String {
    match unit {
        Unit::Ms => short_duration(v),
        Unit::Usd => format!("${}", human::number(v, 2)),
        Unit::Percent => format!("{} %", human::number(v, 4)),
        Unit::Number => human::number(v, 4),
    }
}

/// `10 ms`, `1 s`: a tick never needs two units or an idle `.0`.
fn short_duration(ms: f64) -> String {
    let units = [
        (86_400_000.0, "d"),
        (3_600_000.0, "h"),
        (60_000.0, "min"),
        (1_000.0, "s"),
        (1.0, "ms"),
        (0.001, "µs"),
    ];
    let (size, name) =
        units.into_iter().find(|(size, _)| ms >= size * 0.999_999).unwrap_or((0.000_001, "ns"));
    format!("{} {name}", human::number(ms / size, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_ticks_are_round_and_inside() {
        assert_eq!(linear(0.0, 10.0, 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(linear(0.0, 0.9, 4), [0.0, 0.25, 0.5, 0.75]);
        assert_eq!(linear(3.0, 3.0, 4), [3.0]);
        assert_eq!(linear(0.0, 120.0, 6).len(), 7);
    }

    #[test]
    fn log_ticks_fall_on_decades_or_marks_of_time() {
        assert_eq!(log(1.0, 1e4, Unit::Number), [1.0, 10.0, 100.0, 1e3, 1e4]);
        assert_eq!(log(2.0, 9.0, Unit::Number), [2.0, 5.0]);
        let labels: Vec<String> = log(50.0, 4e6, Unit::Ms).into_iter().map(|v| label(v, Unit::Ms)).collect();
        assert_eq!(labels, ["100 ms", "1 s", "10 s", "1 min", "10 min", "1 h"]);
        let days: Vec<String> = log(100.0, 9e7, Unit::Ms).into_iter().map(|v| label(v, Unit::Ms)).collect();
        assert_eq!(days, ["100 ms", "1 s", "10 s", "1 min", "10 min", "1 h", "1 d"]);
        assert!(log(0.0, 1.0, Unit::Ms).len() < 20);
    }
}
