//! What a producer offers from step to step: records, their sizes, what they are billed.

use super::sample::Offer;
use crate::measure::sink::Billed;
use crate::producer::config::{ProducerConfig, RateShape, SizeLaw, Trace};
use crate::producer::curve::{Calendar, RateCurve};
use crate::producer::sizes::Sizes;
use crate::random::Seed;
use crate::units::{Bytes, NS_PER_S, RecordRate};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// On-off shapes up to this period are part of an operating point, not of its change.
const TEXTURE: u64 = 60 * NS_PER_S;
/// Sizes drawn to learn what a random size is billed on average.
const DRAWN: usize = 1 << 17;

/// Rates of a run that takes at most so many different ones are measured exactly.
const EXACT_MOST: usize = 16;

/// What one record is, on average.
#[derive(Clone, Copy, Debug, Default)]
pub struct PerRecord {
    /// Bytes as the shard counts them before rounding.
    pub bytes: f64,
    /// PUT payload units.
    pub units: f64,
    /// Bytes as on-demand streams bill them.
    pub kib: f64,
}

/// One producer's demand.
pub struct Demand {
    curve: RateCurve,
    texture: Option<(RateShape, f64)>,
    trace: Option<Arc<Trace>>,
    /// Of all records, where sizes do not follow a trace.
    fixed: PerRecord,
    counted: u64,
    /// The trace's size where it has none.
    usual: u64,
    /// The first size of each half octave that the trace goes through: it stands for the others of its class.
    classes: BTreeMap<u64, u64>,
}

impl Demand {
    /// The demand of a producer over `0..end`.
    pub fn new(producer: &ProducerConfig, count_key_bytes: bool, calendar: Calendar, end: u64) -> Demand {
        let demand = &producer.demand;
        let curve = RateCurve::new(&demand.rate, calendar, end);
        let texture = match demand.rate {
            RateShape::OnOff { on_for, off_for, .. } if on_for.0.saturating_add(off_for.0) <= TEXTURE => {
                let period = on_for.0 + off_for.0;
                Some((demand.rate.clone(), curve.mean_over(0, period.max(1)).as_f64()))
            }
            _ => None,
        };
        let trace = match (&demand.rate, &demand.record_size) {
            (RateShape::Trace(trace), SizeLaw::FromTrace) => Some(Arc::clone(trace)),
            _ => None,
        };
        let counted = if count_key_bytes { demand.key_bytes.0 } else { 0 };
        let usual = crate::world::sizing::mean_size(producer, false).max(1);
        let fixed = if trace.is_some() { PerRecord::default() } else { drawn(&demand.record_size, counted) };
        let mut classes = BTreeMap::new();
        for row in trace.iter().flat_map(|t| &t.mean_size) {
            let size = row.map_or(usual, |b| b.0.max(1));
            classes.entry(half_octave(size)).or_insert(size);
        }
        Demand { curve, texture, trace, fixed, counted, usual, classes }
    }

    /// Records born before `t`, in millionths.
    pub fn born(&self, t: u64) -> u128 {
        self.curve.integral(0, t)
    }

    /// When what is offered at `t` next changes.
    pub fn changes(&self, t: u64) -> u64 {
        let rate = if self.texture.is_some() { u64::MAX } else { self.curve.at(t).1 };
        let size = self.trace.as_ref().and_then(|trace| {
            let row = trace.at.partition_point(|at| at.0 <= t);
            trace.at.get(row).map(|at| at.0)
        });
        rate.min(size.unwrap_or(u64::MAX))
    }

    /// Records per second offered over `[from, to)`.
    pub fn rate(&self, from: u64, to: u64) -> f64 {
        match &self.texture {
            Some((_, mean)) => *mean,
            None => self.curve.mean_over(from, to).as_f64(),
        }
    }

    /// What a record born at `t` is.
    pub fn record(&self, t: u64) -> PerRecord {
        match self.size_at(t) {
            Some(size) => of_size(size + self.counted, self.counted),
            None => self.fixed,
        }
    }

    fn size_at(&self, t: u64) -> Option<u64> {
        let trace = self.trace.as_ref()?;
        let row = trace.at.partition_point(|at| at.0 <= t).saturating_sub(1);
        Some(trace.mean_size[row].map_or(self.usual, |b| b.0.max(1)))
    }

    /// What an operating point takes for a record's size at `t`, where that follows a trace: the size itself (`exact`), or
    /// the one that stands for its class.
    pub fn point_size(&self, t: u64, exact: bool) -> Option<Bytes> {
        let size = self.size_at(t)?;
        let class = self.classes.get(&half_octave(size)).filter(|_| !exact);
        Some(Bytes(class.copied().unwrap_or(size)))
    }

    /// Bytes of a record as an operating point has it, as the shard counts them.
    pub fn point_bytes(&self, t: u64, exact: bool) -> f64 {
        self.point_size(t, exact).map_or(self.fixed.bytes, |size| (size.0 + self.counted) as f64)
    }

    /// What is offered at a rate of `per_s` around `t`, as an operating point has it.
    pub fn offer(&self, t: u64, per_s: f64, exact: bool) -> Offer {
        let micro = |r: f64| RecordRate((r * 1e6 + 0.5) as u64);
        let rate = match &self.texture {
            Some((RateShape::OnOff { on, on_for, off, off_for }, mean)) => {
                let of = |r: RecordRate| micro(r.as_f64() * per_s / mean.max(1e-9));
                RateShape::OnOff { on: of(*on), on_for: *on_for, off: of(*off), off_for: *off_for }
            }
            _ => RateShape::Constant(micro(per_s)),
        };
        Offer { rate, size: self.point_size(t, exact), per_s, bytes_bind: None, gathered: 1.0 }
    }
}

/// Do the rates and sizes take few different values?
pub fn is_plain(demands: &[Demand], step: u64, end: u64) -> bool {
    let (mut seen, mut now) = (BTreeSet::new(), 0);
    while now < end && seen.len() <= EXACT_MOST {
        let next = demands.iter().map(|d| d.changes(now)).min().unwrap_or(end).max(now + 1);
        let of = |d: &Demand| ((d.rate(now, next.min(end)) * 1e3) as u64, d.record(now).bytes as u64);
        seen.insert(demands.iter().map(of).collect::<Vec<_>>());
        if next < end && next - now < step {
            return false;
        }
        now = next;
    }
    seen.len() <= EXACT_MOST
}

/// The nearest of 1, 1.5, 2, 3, 4, 6, …
fn half_octave(size: u64) -> u64 {
    let octave = 1u64 << size.max(1).ilog2();
    match size * 8 / octave {
        ..=9 => octave,
        10..=13 => octave + octave / 2,
        _ => octave * 2,
    }
}

fn of_size(size: u64, counted: u64) -> PerRecord {
    let billed = Billed::one(size as u32, counted);
    PerRecord { bytes: size as f64, units: billed.units as f64, kib: billed.rounded as f64 }
}

/// A law's sizes with their weights: exact for listed sizes, from many draws for the others.
fn sizes(law: &SizeLaw) -> Vec<(u64, f64)> {
    match law {
        SizeLaw::Fixed(size) => vec![(size.0, 1.0)],
        SizeLaw::Empirical(sizes) => sizes.iter().map(|(s, w)| (s.0, *w as f64)).collect(),
        _ => {
            let mut sizes = Vec::new();
            let mut all = Sizes::new(law, None, 0, "averages", Seed { user: 0, replication: 0 });
            while sizes.len() < DRAWN {
                all.append(&[0; 512], &mut sizes);
            }
            sizes.iter().map(|s| (u64::from(*s), 1.0)).collect()
        }
    }
}

/// A law's averages.
fn drawn(law: &SizeLaw, counted: u64) -> PerRecord {
    let listed = sizes(law);
    let weights: f64 = listed.iter().map(|s| s.1).sum();
    let mut mean = PerRecord::default();
    for (size, weight) in listed {
        let one = of_size(size.max(1) + counted, counted);
        let share = weight / weights.max(1e-300);
        mean.bytes += one.bytes * share;
        mean.units += one.units * share;
        mean.kib += one.kib * share;
    }
    mean
}

/// Bytes of a producer's record, rounded up to whole steps, on average.
pub fn rounded(producer: &ProducerConfig, step: u64) -> f64 {
    let usual = SizeLaw::Fixed(Bytes(crate::world::sizing::mean_size(producer, false).max(1)));
    let listed = match &producer.demand.record_size {
        SizeLaw::FromTrace => sizes(&usual),
        law => sizes(law),
    };
    let weights: f64 = listed.iter().map(|s| s.1).sum();
    let all: f64 = listed.iter().map(|(size, weight)| (size.div_ceil(step) * step) as f64 * weight).sum();
    all / weights.max(1e-300)
}
