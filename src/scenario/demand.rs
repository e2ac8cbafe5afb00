//! Demand as written: rate shape, burstiness, record size, keys.

use super::context::Cx;
use super::grammar::{At, REQUIRED, choice, default, section};
use super::scalars::{Mean, Milli, Rate, RateOrTimes};
use super::trace;
use crate::producer::config::{Burstiness, KeyLaw, RateShape, SizeLaw};
use crate::producer::sizes::log_normal_sigma;
use crate::units::{Bytes, Dur, Percent, RecordRate};
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
        /// A CSV file: `timestamp,records_per_second`, each rate holding until the next row.
        trace: Trace(At<String>),
    }
    bare Bare(Rate);
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
        peak_at: Dur = default("14 h").max("24 h"),
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
        peak_at: Dur = default("14 h").max("24 h"),
        /// Saturday's and Sunday's rate as a share of a weekday's.
        weekend: Percent = REQUIRED,
    }
}

section! {
    /// On and off.
    OnOffSpec {
        /// Rate while on.
        on: Rate = REQUIRED,
        /// How long it is on.
        on_for: Dur = REQUIRED.positive(),
        /// Rate while off.
        off: Rate = default("0 records/s"),
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
                let stages: Option<Vec<_>> = s
                    .targets
                    .iter()
                    .map(|t| Some((t.over, times(t.to, start, cx)?)))
                    .collect();
                RateShape::Stages {
                    start,
                    stages: stages?,
                }
            }
            RateSpec::Ramp(s) => RateShape::Ramp {
                from: s.from.point,
                to: times(s.to, s.from.point, cx)?,
                at: s.at,
                over: s.over,
            },
            RateSpec::Step(s) => RateShape::Step {
                from: s.from.point,
                to: times(s.to, s.from.point, cx)?,
                at: s.at,
            },
            RateSpec::Spike(s) => RateShape::Spike {
                base: s.base.point,
                peak: times(s.peak, s.base.point, cx)?,
                at: s.at,
                lasting: s.r#for,
            },
            RateSpec::Diurnal(s) => {
                let (low, high) = (s.low.point, times(s.high, s.low.point, cx)?);
                RateShape::Diurnal {
                    low,
                    high,
                    peak_at: s.peak_at,
                }
            }
            RateSpec::Weekly(s) => {
                let (low, high) = (s.low.point, times(s.high, s.low.point, cx)?);
                RateShape::Weekly {
                    low,
                    high,
                    peak_at: s.peak_at,
                    weekend: s.weekend,
                }
            }
            RateSpec::OnOff(s) => RateShape::OnOff {
                on: s.on.point,
                on_for: s.on_for,
                off: s.off.point,
                off_for: s.off_for,
            },
            RateSpec::Trace(file) => RateShape::Trace(Arc::new(trace::read(file, cx)?)),
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
    check busy_share_fits;
}

fn busy_share_fits(s: &MmppSpec, cx: &mut Cx) -> Option<()> {
    if u128::from(s.factor) * u128::from(s.share.0) <= u128::from(Percent::WHOLE) {
        return Some(());
    }
    let message = format!(
        "`{}` has no quiet rate: `factor` times `share` is more than the whole",
        cx.here()
    );
    cx.say(
        "no-solution",
        s.place,
        message,
        "factor x share must be at most 100 %",
    );
    None
}

impl From<&BurstinessSpec> for Burstiness {
    fn from(spec: &BurstinessSpec) -> Self {
        match spec {
            BurstinessSpec::Even => Burstiness::Even,
            BurstinessSpec::Poisson => Burstiness::Poisson,
            BurstinessSpec::Batches(s) => Burstiness::Batches { size: s.size },
            BurstinessSpec::Mmpp(s) => Burstiness::Mmpp {
                factor: s.factor,
                share: s.share,
                spell: s.spell,
            },
        }
    }
}

choice! {
    /// Size of a record's data; a bare size is always the same.
    SizeSpec {
        /// Equally likely between two ends.
        uniform: Uniform(UniformSizes),
        /// Log-normal by mean and 95th percentile.
        lognormal: LogNormal(LogNormalSizes),
        /// Sizes with their shares.
        empirical: Empirical(Vec<SizeShare>),
        /// The third column of the trace file.
        from_trace: FromTrace,
    }
    bare Fixed(Mean);
}

section! {
    /// Equally likely between two ends.
    UniformSizes {
        /// Smallest.
        min: Bytes = REQUIRED,
        /// Largest.
        max: Bytes = REQUIRED,
    }
    check sizes_in_order;
}

section! {
    /// Log-normal by mean and 95th percentile.
    LogNormalSizes {
        /// The mean; a fraction of a byte is rounded once.
        mean: Mean = REQUIRED.positive(),
        /// The 95th percentile.
        p95: Mean = REQUIRED.positive(),
    }
    check lognormal_solvable;
}

section! {
    /// One size of an empirical mix.
    SizeShare {
        /// The size.
        size: Bytes = REQUIRED,
        /// Its share of the records.
        share: Percent = REQUIRED.positive().max("100 %"),
    }
}

fn sizes_in_order(s: &UniformSizes, cx: &mut Cx) -> Option<()> {
    if s.min <= s.max {
        return Some(());
    }
    let message = format!("`{}` runs backwards: `min` is larger than `max`", cx.here());
    cx.say("backwards", s.place, message, "the smaller end is `min`");
    None
}

fn lognormal_solvable(s: &LogNormalSizes, cx: &mut Cx) -> Option<()> {
    let Err(why) = log_normal_sigma(s.mean.0, s.p95.0) else {
        return Some(());
    };
    let message = format!("`{}` has no solution: {why}", cx.here());
    let z = "exp(1.645^2 / 2) = 3.87";
    cx.say(
        "no-solution",
        s.place,
        message,
        &format!("p95 must be 1 to {z} times the mean"),
    );
    None
}

impl SizeSpec {
    /// The law; shares must fill the whole.
    pub fn resolve(&self, traced: bool, cx: &mut Cx) -> Option<SizeLaw> {
        Some(match self {
            SizeSpec::Fixed(size) => SizeLaw::Fixed(size.0),
            SizeSpec::Uniform(s) => SizeLaw::Uniform {
                min: s.min,
                max: s.max,
            },
            SizeSpec::LogNormal(s) => SizeLaw::LogNormal {
                mean: s.mean.0,
                p95: s.p95.0,
            },
            SizeSpec::Empirical(mix) => {
                whole(mix, cx)?;
                SizeLaw::Empirical(mix.iter().map(|s| (s.size, s.share.0)).collect())
            }
            SizeSpec::FromTrace if traced => SizeLaw::FromTrace,
            SizeSpec::FromTrace => {
                let at = cx.key()?;
                let message = format!("`{}` is `from_trace`, and the rate is no trace", cx.here());
                cx.say(
                    "no-trace",
                    at,
                    message,
                    "needs `rate: { trace: FILE }` with a third column",
                );
                return None;
            }
        })
    }

    /// Largest size that is certain to occur.
    pub fn largest(&self) -> Option<Bytes> {
        match self {
            SizeSpec::Fixed(size) => Some(size.0),
            SizeSpec::Uniform(s) => Some(s.max),
            SizeSpec::LogNormal(s) => Some(s.mean.0),
            SizeSpec::Empirical(mix) => mix.iter().map(|s| s.size).max(),
            SizeSpec::FromTrace => None,
        }
    }
}

fn whole(mix: &[SizeShare], cx: &mut Cx) -> Option<()> {
    let sum: u128 = mix.iter().map(|s| u128::from(s.share.0)).sum();
    if sum == u128::from(Percent::WHOLE) {
        return Some(());
    }
    let at = mix.first().map(|s| s.place).or(cx.key())?;
    let shown = crate::units::decimal(sum, 7);
    let message = format!("the shares of `{}` sum to {shown} %", cx.here());
    cx.say("shares", at, message, "shares must sum to 100 %");
    None
}

choice! {
    /// Partition keys.
    KeysSpec {
        /// A fresh random key for each record.
        random: Random,
        /// So many keys, equally likely.
        uniform: Uniform(UniformKeys),
        /// So many keys, the k-th as likely as 1 / k^exponent.
        zipf: Zipf(ZipfKeys),
        /// One hot key, the rest spread evenly.
        hot: Hot(HotKeys),
        /// One key for everything.
        constant: Constant(At<String>),
        /// Keys listed in a file, one a line, equally likely.
        file: File(At<String>),
    }
}

section! {
    /// Equally likely keys.
    UniformKeys {
        /// How many keys there are.
        distinct: u64 = REQUIRED.positive().max("4000000"),
    }
}

section! {
    /// Keys of falling popularity.
    ZipfKeys {
        /// How many keys there are.
        distinct: u64 = REQUIRED.positive().max("4000000"),
        /// Steepness: 0 is uniform, 1 the classic law.
        exponent: Milli = REQUIRED.max("10"),
    }
}

section! {
    /// One hot key among others.
    HotKeys {
        /// How many keys there are, the hot one among them.
        distinct: u64 = default("100000").positive().max("4000000"),
        /// The hot key's share of the records.
        share: Percent = REQUIRED.max("100 %"),
    }
}

impl KeysSpec {
    /// The law; key files are read here.
    pub fn resolve(&self, cx: &mut Cx) -> Option<KeyLaw> {
        Some(match self {
            KeysSpec::Random => KeyLaw::Random,
            KeysSpec::Uniform(s) => KeyLaw::Uniform {
                distinct: s.distinct,
            },
            KeysSpec::Zipf(s) => KeyLaw::Zipf {
                distinct: s.distinct,
                exponent_milli: s.exponent.0,
            },
            KeysSpec::Hot(s) => KeyLaw::Hot {
                distinct: s.distinct,
                share: s.share,
            },
            KeysSpec::Constant(key) => KeyLaw::Constant(trace::key(&key.value, key.at, cx)?),
            KeysSpec::File(file) => KeyLaw::File(Arc::new(trace::keys(file, cx)?)),
        })
    }
}
