//! A stretch of a scenario, at another load: what a point of a curve simulates.

use super::work::{rate_curves, records_between};
use crate::producer::config::{RateShape, Trace};
use crate::producer::curve::RateCurve;
use crate::stream::config::{History, Mode};
use crate::units::{Dur, NS_PER_S, RecordRate};
use crate::world::config::WorldConfig;
use crate::world::sizing;
use std::sync::Arc;

/// A stretch `[from, from + length)` of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its start.
    pub from: Dur,
    /// Its length.
    pub length: Dur,
    /// Is it the whole scenario?
    pub whole: bool,
}

const MINUTE: u64 = 60 * NS_PER_S;
/// Lengths to choose from, in seconds, below the whole.
const LENGTHS_S: [u64; 7] = [3600, 1800, 600, 300, 120, 90, 60];

impl Stretch {
    /// The longest stretch whose `load_sum`-fold demand stays within `budget` records, at its busiest place.
    pub fn fitting(world: &WorldConfig, load_sum: f64, budget: u128) -> Option<Stretch> {
        let curves = rate_curves(world);
        let whole = Stretch { from: Dur::ZERO, length: world.duration, whole: true };
        let shorter = LENGTHS_S.iter().map(|s| s * NS_PER_S).filter(|l| *l < world.duration.0);
        let candidates = std::iter::once(whole).chain(shorter.map(|length| busiest(&curves, world, length)));
        let cost = |s: &Stretch| records_between(&curves, s.from.0, s.from.0 + s.length.0) as f64 * load_sum;
        candidates.into_iter().find(|s| cost(s) <= budget as f64)
    }

    /// The busiest stretch of a length; `None`: the scenario is shorter.
    pub fn busiest_of(world: &WorldConfig, length: Dur) -> Option<Stretch> {
        (length <= world.duration).then(|| busiest(&rate_curves(world), world, length.0))
    }

    /// In words.
    pub fn words(&self) -> String {
        let (from, to) = (self.from.0 / MINUTE, (self.from.0 + self.length.0) / MINUTE);
        match self.whole {
            true => "Each point is the whole scenario.".into(),
            false => format!(
                "Each point is the scenario's busiest {} min (minute {from} to {to}) without its events; the cost is that of its whole month.",
                self.length.0 / MINUTE
            ),
        }
    }
}

fn busiest(curves: &[RateCurve], world: &WorldConfig, length: u64) -> Stretch {
    let starts = (0..=(world.duration.0 - length) / MINUTE).map(|m| m * MINUTE);
    let load = |from: &u64| (records_between(curves, *from, from + length), std::cmp::Reverse(*from));
    let from = starts.max_by_key(load).unwrap_or(0);
    Stretch { from: Dur(from), length: Dur(length), whole: false }
}

/// A load factor as an exact ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Hundredths.
    pub percent: u64,
}

/// The world of one point: the stretch of the scenario at `load`.
pub fn point(world: &WorldConfig, stretch: Stretch, load: Load, mode: Mode) -> WorldConfig {
    let mut at = world.clone();
    at.mode = mode;
    let curves = rate_curves(world);
    for (producer, curve) in at.producers.iter_mut().zip(&curves) {
        let shape = if stretch.whole {
            producer.demand.rate.clone()
        } else {
            cut(&producer.demand.rate, curve, stretch)
        };
        producer.demand.rate = shape.scaled(load.percent, 100);
    }
    at.duration = stretch.length;
    // The provisioned stream stays as the scenario has it; an on-demand stream has known this load for 30 days.
    at.stream.shards = Some(sizing::provisioned_shards(world));
    if !stretch.whole {
        at.events.clear();
        let (peak, _) = sizing::on_demand_start(world);
        let scale = |n: u64| n * load.percent / 100;
        let peak =
            sizing::Peak { bytes_per_s: scale(peak.bytes_per_s), records_per_s: scale(peak.records_per_s) };
        at.stream.on_demand.history =
            History::Known { bytes_per_s: peak.bytes_per_s, records_per_s: peak.records_per_s };
        for consumer in &mut at.consumers {
            consumer.starts.at = Dur::ZERO;
        }
    }
    at
}

/// A world of another length at the scenario's mean rates, without its events.
pub fn at_mean(world: &WorldConfig, length: Dur, mode: Mode) -> WorldConfig {
    let mut at = point(world, Stretch { from: Dur::ZERO, length, whole: true }, Load { percent: 100 }, mode);
    for (producer, curve) in at.producers.iter_mut().zip(&rate_curves(world)) {
        producer.demand.rate = RateShape::Constant(curve.mean());
    }
    at.events.clear();
    for consumer in &mut at.consumers {
        consumer.starts.at = Dur::ZERO;
    }
    at
}

/// A stretch of a rate as a step function of its own.
fn cut(shape: &RateShape, curve: &RateCurve, stretch: Stretch) -> RateShape {
    let (from, until) = (stretch.from.0, stretch.from.0 + stretch.length.0);
    let source = match shape {
        RateShape::Trace(trace) => Some(trace),
        _ => None,
    };
    let size_at = |t: u64| {
        let trace = source?;
        let row = trace.at.partition_point(|a| a.0 <= t).checked_sub(1)?;
        trace.mean_size[row]
    };
    let mut cut = Trace { at: vec![], rate: vec![], mean_size: vec![], end: stretch.length };
    let mut t = from;
    while t < until {
        let (rate, next) = curve.at(t);
        cut.at.push(Dur(t - from));
        cut.rate.push(RecordRate(rate));
        cut.mean_size.push(size_at(t));
        t = next.max(t + 1);
    }
    RateShape::Trace(Arc::new(cut))
}

impl RateShape {
    /// The same shape at `num / den` of its rates.
    pub fn scaled(&self, num: u64, den: u64) -> RateShape {
        let f = |r: RecordRate| RecordRate((u128::from(r.0) * u128::from(num) / u128::from(den)) as u64);
        match self {
            RateShape::Constant(r) => RateShape::Constant(f(*r)),
            RateShape::Stages { start, stages } => {
                RateShape::Stages { start: f(*start), stages: stages.iter().map(|s| (s.0, f(s.1))).collect() }
            }
            RateShape::Ramp { from, to, at, over } => {
                RateShape::Ramp { from: f(*from), to: f(*to), at: *at, over: *over }
            }
            RateShape::Step { from, to, at } => RateShape::Step { from: f(*from), to: f(*to), at: *at },
            RateShape::Spike { base, peak, at, lasting } => {
                RateShape::Spike { base: f(*base), peak: f(*peak), at: *at, lasting: *lasting }
            }
            RateShape::Diurnal { low, high, peak_at } => {
                RateShape::Diurnal { low: f(*low), high: f(*high), peak_at: *peak_at }
            }
            RateShape::Weekly { low, high, peak_at, weekend } => {
                RateShape::Weekly { low: f(*low), high: f(*high), peak_at: *peak_at, weekend: *weekend }
            }
            RateShape::OnOff { on, on_for, off, off_for } => {
                RateShape::OnOff { on: f(*on), on_for: *on_for, off: f(*off), off_for: *off_for }
            }
            RateShape::Trace(trace) => {
                let mut scaled = Trace::clone(trace);
                scaled.rate.iter_mut().for_each(|r| *r = f(*r));
                RateShape::Trace(Arc::new(scaled))
            }
        }
    }
}
