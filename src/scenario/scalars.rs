//! Readers of single values: quantities, words, names, and the small wrappers around them.

use super::context::Cx;
use super::diag::quote;
use super::grammar::{Read, Scalar, Shape};
use super::node::{Kind, Node};
use crate::units::parse::{self, Affine, Rounded};
use crate::units::{ByteRate, Bytes, Dur, Factor, Money, Percent, RecordRate};

/// Declares the reader of a quantity.
macro_rules! quantity {
    ($ty:ty, $what:literal, $example:literal, $pattern:expr, $parse:expr, $measure:expr) => {
        impl Read for $ty {
            fn shape() -> Shape {
                Shape::Scalar(Scalar { what: $what, example: $example, pattern: $pattern })
            }
            fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
                let Shape::Scalar(scalar) = Self::shape() else {
                    return None;
                };
                cx.quantity(node, &scalar, $parse)
            }
            fn measure(&self) -> Option<u128> {
                #[allow(clippy::redundant_closure_call)]
                Some($measure(self))
            }
        }
    };
}

quantity!(Dur, "a duration", "`250 ms`", "^[0-9.]+ ?(ns|us|ms|s|min|h|d)$", parse::duration, |v: &Dur| {
    u128::from(v.0)
});
quantity!(Bytes, "a size", "`64 KiB`", "^[0-9.]+ ?([kMG]?B|[KMG]iB)$", parse::bytes, |v: &Bytes| u128::from(
    v.0
));
quantity!(
    ByteRate,
    "a data rate",
    "`4 MiB/s`",
    "^[0-9.]+ ?([kMG]?B|[KMG]iB)/s$",
    parse::byte_rate,
    |v: &ByteRate| u128::from(v.0)
);
quantity!(Percent, "a share", "`0.1 %`", "^[0-9.]+ ?%$", parse::percent, |v: &Percent| u128::from(v.0));
quantity!(Money, "an amount of money", "`2000 USD`", "^[0-9.]+ ?USD$", parse::money, |v: &Money| v
    .0
    .unsigned_abs());
quantity!(Affine, "a processing time", "`40 us/record` or `15 ms + 0.2 ms/record`", "", parse::affine, |_| 1);
quantity!(u64, "a count", "`200000`", "^[0-9.]+k?$", parse::count, |v: &u64| u128::from(*v));
quantity!(u32, "a count", "`20`", "^[0-9.]+k?$", small, |v: &u32| { u128::from(*v) });
quantity!(
    Growth,
    "a growth factor",
    "`2` or `1.5`",
    "^[0-9.]+$",
    |text: &str| parse::growth(text).map(Growth),
    |v: &Growth| u128::from(v.0.0)
);
quantity!(Factor, "a multiplier", "`5x`", "^[0-9.]+ ?x$", parse::factor, |v: &Factor| u128::from(v.0));

fn small(text: &str) -> Result<u32, parse::ParseError> {
    u32::try_from(parse::count(text)?)
        .map_err(|_| parse::ParseError { message: format!("`{text}` is too large"), hint: None })
}

/// Growth from sleep to sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth(pub Factor);

/// A size that may be a fraction of bytes, because it is a mean: rounded once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mean(pub Bytes);

quantity!(
    Mean,
    "a size",
    "`1.2 KiB`",
    "^[0-9.]+ ?([kMG]?B|[KMG]iB)$",
    |t: &str| Ok(Mean(parse::bytes_rounded(t)?.value)),
    |v: &Mean| u128::from(v.0.0)
);

/// A plain decimal, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milli(pub u32);

quantity!(Milli, "a number", "`0.8`", "^[0-9.]+$", milli, |v: &Milli| u128::from(v.0));

fn milli(text: &str) -> Result<Milli, parse::ParseError> {
    let wrong = |message: String| parse::ParseError { message, hint: None };
    let millionths =
        parse::factor(&format!("{text}x")).map_err(|_| wrong(format!("`{text}` is not a plain number")))?.0;
    if millionths % 1_000 != 0 {
        return Err(wrong(format!("`{text}` has more than three decimals")));
    }
    u32::try_from(millionths / 1_000).map(Milli).map_err(|_| wrong(format!("`{text}` is too large")))
}

/// A rate of records, or an interval where the user is unsure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The rate, or the middle of the interval.
    pub point: RecordRate,
    /// Both ends, where an interval was written.
    pub ends: Option<(RecordRate, RecordRate)>,
}

const RATE: Scalar = Scalar {
    what: "a rate of records",
    example: "`2000 records/s` or `6000 .. 9000 records/s`",
    pattern: "records/(s|min|h)$",
};

impl Read for Rate {
    fn shape() -> Shape {
        Shape::Scalar(RATE)
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let read = cx.quantity(node, &RATE, rate)?;
        if let Some((low, high)) = read.ends {
            let key = cx.here();
            cx.intervals.push(Interval { key, low, high });
        }
        Some(read)
    }
    fn measure(&self) -> Option<u128> {
        Some(u128::from(self.point.0))
    }
}

/// A rate that was given as an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The key, dotted from the top.
    pub key: String,
    /// Lower end.
    pub low: RecordRate,
    /// Upper end.
    pub high: RecordRate,
}

fn rate(text: &str) -> Result<Rate, parse::ParseError> {
    let one = |t: &str| parse::record_rate_rounded(t).map(|r: Rounded<RecordRate>| r.value);
    let (low, high) = parse::interval(text, one)?;
    let point = RecordRate(low.0 / 2 + high.0 / 2 + (low.0 & high.0 & 1));
    Ok(Rate { point, ends: (low != high).then_some((low, high)) })
}

/// A rate of records, or a multiple of the shape's base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateOrTimes {
    /// `9000 records/s`.
    Rate(Rate),
    /// `5x`.
    Times(Factor),
}

impl RateOrTimes {
    /// The rate, given the base; `None` when it does not fit.
    pub fn of(self, base: RecordRate) -> Option<RecordRate> {
        match self {
            RateOrTimes::Rate(rate) => Some(rate.point),
            RateOrTimes::Times(times) => times.of(base),
        }
    }
}

impl Read for RateOrTimes {
    fn shape() -> Shape {
        Shape::Either(Rate::shape, Factor::shape)
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        match &node.kind {
            Kind::Scalar(text) if text.trim_end().ends_with('x') => Factor::read(node, cx).map(Self::Times),
            _ => Rate::read(node, cx).map(Self::Rate),
        }
    }
}

impl Read for bool {
    fn shape() -> Shape {
        Shape::Scalar(Scalar { what: "`true` or `false`", example: "`true`", pattern: "^(true|false)$" })
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        match &node.kind {
            Kind::Scalar(text) if text == "true" => Some(true),
            Kind::Scalar(text) if text == "false" => Some(false),
            Kind::Scalar(text) => {
                let message = format!("`{}` is neither true nor false: {}", cx.here(), quote(text));
                cx.say("unknown-word", node.span, message, "expected `true` or `false`");
                None
            }
            _ => {
                cx.wrong_kind(node, "`true` or `false`");
                None
            }
        }
    }
}

impl Read for String {
    fn shape() -> Shape {
        Shape::Scalar(Scalar { what: "a text", example: "`orders`", pattern: "" })
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let Shape::Scalar(scalar) = Self::shape() else {
            return None;
        };
        cx.text(node, &scalar).map(str::to_owned)
    }
}

impl Read for RecordRate {
    fn shape() -> Shape {
        Shape::Scalar(RATE)
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        cx.quantity(node, &RATE, |t| parse::record_rate_rounded(t).map(|r| r.value))
    }
}
