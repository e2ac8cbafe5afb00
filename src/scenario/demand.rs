//! Demand as written: rate shape, burstiness, record size, keys.

use super::context::Cx;
use super::diag::Span;
use super::grammar::{At, REQUIRED, Read, Shape, choice, default, section};
use super::node::{Kind, Node};
use super::scalars::{Rate, RateOrTimes};
use super::trace;
use crate::producer::config::{Burstiness, RateShape, Trace};
use crate::producer::trace::busiest_window;
use crate::units::{Dur, Percent, RecordRate};
use std::sync::Arc;

choice! {
    /// Offered records per second over time; a bare rate is constant.
    RateSpec {
        /// The same rate always.
        constant: Constant(Rate),
        /// Straight lines from target to target, as in k6.
        stages: Stages(StagesSpec),
        /// From one rate to another along a straight line.
        ramp: Ramp(RampSpec),
        /// One rate before a moment, another after.
        step: Step(StepSpec),
        /// A base rate with one peak.
        spike: Spike(SpikeSpec),
        /// A daily wave.
        diurnal: Diurnal(DiurnalSpec),
        /// A daily wave, different on Saturday and Sunday.
        weekly: Weekly(WeeklySpec),
        /// On for a while, off for a while, and again.
        on_off: OnOff(OnOffSpec),
        /// A CSV file, `timestamp,records_per_second`, each rate holding until the next row; or CloudWatch's answer,
        /// the console's CSV or a capture with one JSON object per record.
        trace: Trace(TraceSpec),
    }
    bare Bare(Rate);
}

/// A trace file, or a stretch of one.
#[derive(Clone, Debug)]
pub enum TraceSpec {
    /// From its first row.
    Whole(At<String>),
    /// From somewhere inside.
    Stretch(StretchSpec),
}

section! {
    /// A stretch of a trace file.
    StretchSpec {
        /// The file.
        file: At<String> = REQUIRED,
        /// Where the scenario begins in it: a time since its first row, or `busiest`, the stretch of the scenario's
        /// duration with the most records.
        from: FromSpec = REQUIRED,
    }
}

/// Where in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromSpec {
    /// So long after its first row.
    At(Dur),
    /// Where the scenario's duration holds the most records.
    Busiest,
}

choice! {
    /// Where in a trace.
    BusiestSpec {
        /// The stretch with the most records.
        busiest: Busiest,
    }
}

impl Read for FromSpec {
    fn shape() -> Shape {
        Shape::Either(Dur::shape, BusiestSpec::shape)
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        match &node.kind {
            Kind::Scalar(text) if text == "busiest" => Some(FromSpec::Busiest),
            _ => Dur::read(node, cx).map(FromSpec::At),
        }
    }
}

impl Read for TraceSpec {
    fn shape() -> Shape {
        Shape::Either(At::<String>::shape, StretchSpec::shape)
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        match node.kind {
            Kind::Map(_) => StretchSpec::read(node, cx).map(TraceSpec::Stretch),
            _ => At::<String>::read(node, cx).map(TraceSpec::Whole),
        }
    }
}

impl TraceSpec {
    fn resolve(&self, cx: &mut Cx) -> Option<Trace> {
        let (file, from) = match self {
            TraceSpec::Whole(file) => return trace::read(file, cx),
            TraceSpec::Stretch(spec) => (&spec.file, spec.from),
        };
        let whole = trace::read(file, cx)?;
        let length = cx.duration.unwrap_or(whole.end);
        let from = match from {
            FromSpec::At(from) => from,
            FromSpec::Busiest => busiest_window(&whole, length),
        };
        if from >= whole.end {
            let message = format!("the trace ends before {from}");
            cx.say("out-of-range", file.at, message, &format!("expected `from` below {}", whole.end));
            return None;
        }
        Some(whole.window(from, length))
    }
}

section! {
    /// Straight lines from target to target.
    StagesSpec {
        /// Rate at the start.
        start: Rate = default("0 records/s"),
        /// The targets in turn.
        targets: Vec<StageSpec> = REQUIRED,
    }
}

section! {
    /// One stage.
    StageSpec {
        /// Time to reach the target.
        over: Dur = REQUIRED,
        /// The target, a rate or a multiple of `start`.
        to: RateOrTimes = REQUIRED,
    }
}

section! {
    /// From one rate to another.
    RampSpec {
        /// Rate before.
        from: Rate = REQUIRED,
        /// Rate after, or a multiple of `from`.
        to: RateOrTimes = REQUIRED,
        /// When it begins.
        at: Dur = default("0 s"),
        /// How long it takes.
        over: Dur = REQUIRED.positive(),
    }
}

section! {
    /// One rate, then another.
    StepSpec {
        /// Rate before.
        from: Rate = REQUIRED,
        /// Rate after, or a multiple of `from`.
        to: RateOrTimes = REQUIRED,
        /// When.
        at: Dur = REQUIRED,
    }
}

section! {
    /// A base rate with one peak.
    SpikeSpec {
        /// Rate outside the peak.
        base: Rate = REQUIRED,
        /// Rate inside, or a multiple of `base`.
        peak: RateOrTimes = REQUIRED,
        /// When it begins.
        at: Dur = REQUIRED,
        /// How long it lasts.
        r#for: Dur = REQUIRED.positive(),
    }
}

section! {
    /// A daily wave (a sine).
    DiurnalSpec {
        /// Lowest rate of the day.
        low: Rate = REQUIRED,
        /// Highest rate of the day, or a multiple of `low`.
        high: RateOrTimes = REQUIRED,
        /// Time of day of the highest rate, since midnight.
        peak_at: Dur = REQUIRED.max("24 h"),
    }
}

section! {
    /// A daily wave, different at the weekend.
    WeeklySpec {
        /// Lowest rate of a weekday.
        low: Rate = REQUIRED,
        /// Highest rate of a weekday, or a multiple of `low`.
        high: RateOrTimes = REQUIRED,
        /// Time of day of the highest rate, since midnight.
        peak_at: Dur = REQUIRED.max("24 h"),
        /// Saturday's and Sunday's rate as a share of a weekday's.
        weekend: Percent = REQUIRED,
    }
}

section! {
    /// On and off.
    OnOffSpec {
        /// Rate while on.
        on_rate: Rate = REQUIRED,
        /// How long it is on.
        on_for: Dur = REQUIRED.positive(),
        /// Rate while off.
        off_rate: Rate = default("0 records/s"),
        /// How long it is off.
        off_for: Dur = REQUIRED.positive(),
    }
}

impl RateSpec {
    /// The shape; trace files are read here.
    pub fn resolve(&self, cx: &mut Cx) -> Option<RateShape> {
        Some(match self {
            RateSpec::Bare(rate) | RateSpec::Constant(rate) => RateShape::Constant(rate.point),
            RateSpec::Stages(s) => {
                let start = s.start.point;
                let stages: Option<Vec<_>> =
                    s.targets.iter().map(|t| Some((t.over, times(t.to, start, cx)?))).collect();
                RateShape::Stages { start, stages: stages? }
            }
            RateSpec::Ramp(s) => RateShape::Ramp {
                from: s.from.point,
                to: times(s.to, s.from.point, cx)?,
                at: s.at,
                over: s.over,
            },
            RateSpec::Step(s) => {
                RateShape::Step { from: s.from.point, to: times(s.to, s.from.point, cx)?, at: s.at }
            }
            RateSpec::Spike(s) => RateShape::Spike {
                base: s.base.point,
                peak: times(s.peak, s.base.point, cx)?,
                at: s.at,
                lasting: s.r#for,
            },
            RateSpec::Diurnal(s) => {
                let (low, high) = (s.low.point, times(s.high, s.low.point, cx)?);
                RateShape::Diurnal { low, high, peak_at: s.peak_at }
            }
            RateSpec::Weekly(s) => {
                let (low, high) = (s.low.point, times(s.high, s.low.point, cx)?);
                RateShape::Weekly { low, high, peak_at: s.peak_at, weekend: s.weekend }
            }
            RateSpec::OnOff(s) => RateShape::OnOff {
                on: s.on_rate.point,
                on_for: s.on_for,
                off: s.off_rate.point,
                off_for: s.off_for,
            },
            RateSpec::Trace(spec) => RateShape::Trace(Arc::new(spec.resolve(cx)?)),
        })
    }
}

fn times(rate: RateOrTimes, base: RecordRate, cx: &mut Cx) -> Option<RecordRate> {
    let value = rate.of(base);
    if let (None, Some(at)) = (value, cx.key()) {
        let message = format!("`{}` is too large a multiple", cx.here());
        cx.say("out-of-range", at, message, "the product does not fit");
    }
    value
}

choice! {
    /// How births are spread inside a second.
    BurstinessSpec {
        /// Equal gaps.
        even: Even,
        /// Independent exponential gaps.
        poisson: Poisson,
        /// Groups born at the same moment.
        batches: Batches(BatchesSpec),
        /// Quiet and busy spells in turn (Markov-modulated Poisson).
        mmpp: Mmpp(MmppSpec),
    }
}

section! {
    /// Groups born at the same moment; the groups are spread as Poisson.
    BatchesSpec {
        /// Records in a group.
        size: u32 = REQUIRED.positive(),
    }
}

section! {
    /// Busy spells at a multiple of the mean rate, quiet ones so much slower that the mean stays.
    MmppSpec {
        /// Rate of a busy spell, in multiples of the mean.
        factor: u32 = REQUIRED.min("1"),
        /// Share of the time that is busy.
        share: Percent = REQUIRED.positive().max("100 %"),
        /// Mean length of a busy spell.
        spell: Dur = REQUIRED.positive(),
    }
    check busy_share_fits(factor, share);
}

fn busy_share_fits(factor: &u32, share: &Percent, place: Span, cx: &mut Cx) {
    if u128::from(*factor) * u128::from(share.0) <= u128::from(Percent::WHOLE) {
        return;
    }
    let message = format!("`{}` has no quiet rate: `factor` times `share` is more than the whole", cx.here());
    cx.say("no-solution", place, message, "factor x share must be at most 100 %");
}

impl From<&BurstinessSpec> for Burstiness {
    fn from(spec: &BurstinessSpec) -> Self {
        match spec {
            BurstinessSpec::Even => Burstiness::Even,
            BurstinessSpec::Poisson => Burstiness::Poisson,
            BurstinessSpec::Batches(s) => Burstiness::Batches { size: s.size },
            BurstinessSpec::Mmpp(s) => Burstiness::Mmpp { factor: s.factor, share: s.share, spell: s.spell },
        }
    }
}
