//! One fact: value, unit, meaning, source, standing.

use super::source::Source;
use crate::random::LatencyLaw;
use crate::units::{ByteRate, Bytes, Dur, Percent};

/// How much a fact can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Written by AWS.
    Documented,
    /// Read in source code.
    SourceCode,
    /// Measured by a third party.
    Measured,
    /// Inferred, of low confidence, or our choice because nothing is published.
    Assumed,
}

impl Standing {
    /// The word in listings.
    pub const fn word(self) -> &'static str {
        match self {
            Standing::Documented => "documented",
            Standing::SourceCode => "source_code",
            Standing::Measured => "measured",
            Standing::Assumed => "assumed",
        }
    }
}

/// A fact's value in its own type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A time.
    Dur(Dur),
    /// A size.
    Bytes(Bytes),
    /// A data rate.
    ByteRate(ByteRate),
    /// A count, with the word for what is counted (`records/s`, `shards`).
    Count(u64, &'static str),
    /// A share.
    Percent(Percent),
    /// A latency that is always the same.
    Constant(Dur),
    /// A latency, uniform between two.
    Uniform(Dur, Dur),
    /// A latency by its quantiles: (parts per million, value).
    Quantiles(&'static [(u32, Dur)]),
    /// A word of the scenario.
    Word(&'static str),
}

/// A quota, rule or default with its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Key for `kinesim explain`.
    pub key: &'static str,
    /// Its value.
    pub value: Value,
    /// What it means and how the model uses it.
    pub meaning: &'static str,
    /// Where it is from.
    pub source: Source,
    /// How far to trust it.
    pub standing: Standing,
}

/// Reading a fact as another kind is a slip in the code, caught by the first run that touches it.
impl Fact {
    /// The time.
    pub const fn dur(&self) -> Dur {
        match self.value {
            Value::Dur(v) | Value::Constant(v) => v,
            _ => panic!("this fact is not a time"),
        }
    }
    /// The size.
    pub const fn bytes(&self) -> Bytes {
        match self.value {
            Value::Bytes(v) => v,
            _ => panic!("this fact is not a size"),
        }
    }
    /// The data rate.
    pub const fn byte_rate(&self) -> ByteRate {
        match self.value {
            Value::ByteRate(v) => v,
            _ => panic!("this fact is not a data rate"),
        }
    }
    /// The count.
    pub const fn count(&self) -> u64 {
        match self.value {
            Value::Count(v, _) => v,
            _ => panic!("this fact is not a count"),
        }
    }
    /// The count as 32 bits.
    pub const fn count_u32(&self) -> u32 {
        let n = self.count();
        assert!(n <= u32::MAX as u64, "this fact does not fit 32 bits");
        n as u32
    }
    /// The share.
    pub const fn percent(&self) -> Percent {
        match self.value {
            Value::Percent(v) => v,
            _ => panic!("this fact is not a share"),
        }
    }
    /// The word.
    pub const fn word(&self) -> &'static str {
        match self.value {
            Value::Word(v) => v,
            _ => panic!("this fact is not a word"),
        }
    }
    /// The ends of a uniform time.
    pub const fn range(&self) -> (Dur, Dur) {
        match self.value {
            Value::Uniform(min, max) => (min, max),
            _ => panic!("this fact is not a range of times"),
        }
    }
    /// The latency as a distribution.
    pub fn latency(&self) -> LatencyLaw {
        match self.value {
            Value::Constant(v) | Value::Dur(v) => LatencyLaw::Constant(v),
            Value::Uniform(min, max) => LatencyLaw::Uniform { min, max },
            Value::Quantiles(points) => LatencyLaw::Quantiles(points.to_vec()),
            _ => panic!("this fact is not a latency"),
        }
    }
    /// The unit's word in listings.
    pub const fn unit(&self) -> &'static str {
        match self.value {
            Value::Dur(_) | Value::Constant(_) | Value::Uniform(..) | Value::Quantiles(_) => "time",
            Value::Bytes(_) => "bytes",
            Value::ByteRate(_) => "bytes/s",
            Value::Count(_, unit) => unit,
            Value::Percent(_) => "share",
            Value::Word(_) => "word",
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Dur(v) | Value::Constant(v) => v.fmt(f),
            Value::Bytes(v) => v.fmt(f),
            Value::ByteRate(v) => v.fmt(f),
            Value::Count(n, _) => write!(f, "{n}"),
            Value::Percent(v) => v.fmt(f),
            Value::Uniform(min, max) => write!(f, "uniform {min} .. {max}"),
            Value::Quantiles(points) => {
                for (i, (ppm, v)) in points.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    let p = crate::units::decimal(u128::from(*ppm), 4);
                    write!(f, "{comma}p{p} {v}")?;
                }
                Ok(())
            }
            Value::Word(w) => f.write_str(w),
        }
    }
}

/// Declares the facts of one file: each is a constant, and all are in the file's `ALL`, so that adding one is one
/// place.
macro_rules! facts {
    ($($name:ident: $key:literal, $value:expr, $source:ident, $standing:ident, $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $name: $crate::facts::Fact = $crate::facts::Fact {
                key: $key,
                value: $value,
                meaning: $meaning,
                source: $crate::facts::source::$source,
                standing: $crate::facts::Standing::$standing,
            };
        )*
        /// Every fact of this file.
        pub const ALL: &[$crate::facts::Fact] = &[$($name),*];
    };
}
pub(crate) use facts;
