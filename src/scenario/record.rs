//! What one record is, as written: its size and its key.

use super::context::Cx;
use super::diag::Span;
use super::grammar::{At, REQUIRED, choice, section};
use super::scalars::{Mean, Milli};
use super::trace;
use crate::producer::config::{KeyLaw, SizeLaw};
use crate::producer::sizes::log_normal_sigma;
use crate::units::{Bytes, Percent};
use std::sync::Arc;

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
    check sizes_in_order(min, max);
}

section! {
    /// Log-normal by mean and 95th percentile.
    LogNormalSizes {
        /// The mean; a fraction of a byte is rounded once.
        mean: Mean = REQUIRED.positive(),
        /// The 95th percentile.
        p95: Mean = REQUIRED.positive(),
    }
    check lognormal_solvable(mean, p95);
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

fn sizes_in_order(min: &Bytes, max: &Bytes, place: Span, cx: &mut Cx) {
    if min <= max {
        return;
    }
    let message = format!("`{}` runs backwards: `min` is larger than `max`", cx.here());
    cx.say("backwards", place, message, "the smaller end is `min`");
}

fn lognormal_solvable(mean: &Mean, p95: &Mean, place: Span, cx: &mut Cx) {
    let Err(why) = log_normal_sigma(mean.0, p95.0) else { return };
    let message = format!("`{}` has no solution: {why}", cx.here());
    let z = "exp(1.645^2 / 2) = 3.87";
    cx.say("no-solution", place, message, &format!("p95 must be 1 to {z} times the mean"));
}

impl SizeSpec {
    /// The law; shares must fill the whole.
    pub fn resolve(&self, traced: bool, cx: &mut Cx) -> Option<SizeLaw> {
        Some(match self {
            SizeSpec::Fixed(size) => SizeLaw::Fixed(size.0),
            SizeSpec::Uniform(s) => SizeLaw::Uniform { min: s.min, max: s.max },
            SizeSpec::LogNormal(s) => SizeLaw::LogNormal { mean: s.mean.0, p95: s.p95.0 },
            SizeSpec::Empirical(mix) => {
                whole(mix, cx)?;
                SizeLaw::Empirical(mix.iter().map(|s| (s.size, s.share.0)).collect())
            }
            SizeSpec::FromTrace if traced => SizeLaw::FromTrace,
            SizeSpec::FromTrace => {
                let at = cx.key()?;
                let message = format!("`{}` is `from_trace`, and the rate is no trace", cx.here());
                cx.say("no-trace", at, message, "needs `rate: { trace: FILE }` with a third column");
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
        distinct: u64 = REQUIRED.positive().max("4000000"),
        /// The hot key's share of the records.
        share: Percent = REQUIRED.max("100 %"),
    }
}

impl KeysSpec {
    /// The law; key files are read here.
    pub fn resolve(&self, cx: &mut Cx) -> Option<KeyLaw> {
        Some(match self {
            KeysSpec::Random => KeyLaw::Random,
            KeysSpec::Uniform(s) => KeyLaw::Uniform { distinct: s.distinct },
            KeysSpec::Zipf(s) => KeyLaw::Zipf { distinct: s.distinct, exponent_milli: s.exponent.0 },
            KeysSpec::Hot(s) => KeyLaw::Hot { distinct: s.distinct, share: s.share },
            KeysSpec::Constant(key) => KeyLaw::Constant(trace::key(&key.value, key.at, cx)?),
            KeysSpec::File(file) => KeyLaw::File(Arc::new(trace::keys(file, cx)?)),
        })
    }
}
