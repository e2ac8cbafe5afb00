//! What records of a size law cost on average, before any of them is drawn.
//!
//! Every law's mean payload units and rounded bytes in closed form: a sum over its values where it has few, the tail of
//! the log-normal law at each step of rounding else. What a run draws comes close to it, never to the byte.

use crate::facts::billing::{ON_DEMAND_ROUNDING, PUT_PAYLOAD_UNIT, on_demand_billed, put_payload_units};
use crate::facts::firehose::BILLED_STEP;
use crate::producer::config::{RateShape, SizeLaw};
use crate::producer::curve::RateCurve;
use crate::producer::sizes::{SIZE_MAX, log_normal_sigma};
use crate::units::Bytes;
use crate::units::billed::mul_div;

/// Sums over so many records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Records the sums are over.
    pub records: u128,
    /// Data bytes.
    pub bytes: u128,
    /// Payload units.
    pub put_units: u128,
    /// Bytes as on-demand bills ingest.
    pub rounded: u128,
    /// Bytes as Firehose bills ingest.
    pub firehose: u128,
}

/// Parts of one record in a mean that is no whole number.
const PARTS: f64 = 4_294_967_296.0;

impl Sums {
    fn one(size: u64, weight: u128) -> Sums {
        let data = Bytes(size.clamp(1, SIZE_MAX));
        let step = BILLED_STEP.bytes().0;
        Sums {
            records: weight,
            bytes: u128::from(data.0) * weight,
            put_units: u128::from(put_payload_units(data)) * weight,
            rounded: u128::from(on_demand_billed(data).0) * weight,
            firehose: u128::from(data.0.div_ceil(step) * step) * weight,
        }
    }

    /// Both together.
    pub fn plus(self, other: Sums) -> Sums {
        Sums {
            records: self.records.saturating_add(other.records),
            bytes: self.bytes.saturating_add(other.bytes),
            put_units: self.put_units.saturating_add(other.put_units),
            rounded: self.rounded.saturating_add(other.rounded),
            firehose: self.firehose.saturating_add(other.firehose),
        }
    }

    /// The same means over `records` records, to whole units.
    pub fn over(self, records: u128) -> Sums {
        let scaled = |sum: u128| mul_div(sum, records, self.records).unwrap_or(0);
        Sums {
            records,
            bytes: scaled(self.bytes),
            put_units: scaled(self.put_units),
            rounded: scaled(self.rounded),
            firehose: scaled(self.firehose),
        }
    }
}

/// The means of a law; `curve` weighs the sizes of a trace.
pub fn of(law: &SizeLaw, rate: &RateShape, curve: &RateCurve) -> Sums {
    match law {
        SizeLaw::Fixed(size) => Sums::one(size.0, 1),
        SizeLaw::Uniform { min, max } => uniform(min.0.clamp(1, SIZE_MAX), max.0.clamp(1, SIZE_MAX)),
        SizeLaw::LogNormal { mean, p95 } => log_normal(*mean, *p95),
        SizeLaw::Empirical(sizes) => {
            let all = sizes.iter().map(|(size, weight)| Sums::one(size.0, u128::from(*weight)));
            all.fold(Sums::default(), Sums::plus)
        }
        SizeLaw::FromTrace => from_trace(rate, curve),
    }
}

fn uniform(min: u64, max: u64) -> Sums {
    let max = max.max(min);
    // The sum of ceil(s / step) over 1..=n.
    let steps = |n: u64, step: u64| {
        let (whole, rest, step) = (u128::from(n / step), u128::from(n % step), u128::from(step));
        step * whole * (whole + 1) / 2 + rest * (whole + 1)
    };
    let between = |step: u64| steps(max, step) - steps(min - 1, step);
    let (unit, kib) = (PUT_PAYLOAD_UNIT.bytes().0, ON_DEMAND_ROUNDING.bytes().0);
    let step = BILLED_STEP.bytes().0;
    Sums {
        records: u128::from(max - min + 1),
        bytes: between(1),
        put_units: between(unit),
        rounded: between(kib) * u128::from(kib),
        firehose: between(step) * u128::from(step),
    }
}

fn log_normal(mean: Bytes, p95: Bytes) -> Sums {
    let Ok(sigma) = log_normal_sigma(mean, p95) else { return Sums::one(mean.0, 1) };
    if sigma == 0.0 {
        return Sums::one(mean.0, 1);
    }
    let location = libm::log(mean.0 as f64) - sigma * sigma / 2.0;
    // The share of records above `size` bytes, drawn sizes being rounded to whole ones.
    let above = |size: u64| {
        let z = (libm::log(size as f64 + 0.5) - location) / sigma;
        0.5 * libm::erfc(z / core::f64::consts::SQRT_2)
    };
    let steps = |step: u64| {
        let more = (1..SIZE_MAX.div_ceil(step)).map(|k| above(k * step));
        1.0 + more.take_while(|share| *share > 1e-12).sum::<f64>()
    };
    let parts = |v: f64| (v * PARTS) as u128;
    let (unit, kib) = (PUT_PAYLOAD_UNIT.bytes().0, ON_DEMAND_ROUNDING.bytes().0);
    let step = BILLED_STEP.bytes().0;
    Sums {
        records: PARTS as u128,
        bytes: parts(mean.0 as f64),
        put_units: parts(steps(unit)),
        rounded: parts(steps(kib) * kib as f64),
        firehose: parts(steps(step) * step as f64),
    }
}

/// Each step's size, weighed by the records of the step; a step without a size has the mean of those with one.
fn from_trace(rate: &RateShape, curve: &RateCurve) -> Sums {
    let RateShape::Trace(trace) = rate else { return Sums::one(1, 1) };
    let until = |k: usize| trace.at.get(k + 1).map_or(trace.end.0, |d| d.0).min(curve.end());
    let weight = |k: usize| curve.integral(trace.at[k].0.min(curve.end()), until(k));
    let known = (0..trace.at.len()).filter_map(|k| Some(Sums::one(trace.mean_size[k]?.0, weight(k))));
    let known = known.fold(Sums::default(), Sums::plus);
    match known.records {
        0 => Sums::one(1, 1),
        _ => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(sizes: impl Iterator<Item = u64>) -> Sums {
        sizes.map(|s| Sums::one(s, 1)).fold(Sums::default(), Sums::plus)
    }

    #[test]
    fn a_uniform_law_is_the_sum_over_its_values() {
        for (min, max) in [(1, 1), (256, 1_536), (1_000, 60_000), (25_600, 25_601)] {
            assert_eq!(uniform(min, max), counted(min..=max), "{min} {max}");
        }
    }

    #[test]
    fn a_log_normal_law_is_close_to_ten_thousand_quantiles_of_it() {
        for (mean, p95) in [(1_229, 3_072), (20_000, 60_000), (900, 1_000)] {
            let law = log_normal(Bytes(mean), Bytes(p95)).over(1_000_000);
            let sigma = log_normal_sigma(Bytes(mean), Bytes(p95)).unwrap();
            let location = libm::log(mean as f64) - sigma * sigma / 2.0;
            let n = 100_000;
            let quantile = |i: u64| {
                let q = (i as f64 + 0.5) / n as f64;
                libm::exp(location + sigma * crate::random::draw::normal_upper(1.0 - q)).round() as u64
            };
            let sample = counted((0..n).map(quantile)).over(1_000_000);
            for (what, got, want) in [
                ("bytes", law.bytes, sample.bytes),
                ("units", law.put_units, sample.put_units),
                ("rounded", law.rounded, sample.rounded),
                ("firehose", law.firehose, sample.firehose),
            ] {
                let off = got as f64 / want as f64 - 1.0;
                assert!(off.abs() < 0.002, "{mean} {p95} {what}: {got} {want}");
            }
        }
    }
}
