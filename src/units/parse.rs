//! Text to quantities, exactly.
//!
//! A number is read as an integer mantissa and a power of ten and multiplied by its unit as integers; what does not
//! divide is refused, unless the caller asks for one rounding and learns of it (`*_rounded`). Units are
//! case-sensitive and compulsory except for counts, because `Mb`, `m` and `K` mean different things to different
//! people.

use super::number::{Number, split};
use super::{ByteRate, Bytes, Dur, Factor, Money, Percent, RecordRate};

/// Why a text is not the quantity asked for. Plain text, for diagnostics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong.
    pub message: String,
    /// What was probably meant.
    pub hint: Option<String>,
}

/// A value and whether it had to be rounded to a whole unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounded<T> {
    /// The nearest representable value, halves up.
    pub value: T,
    /// False when the text was not a whole number of the smallest unit.
    pub exact: bool,
}

/// Time of a call that handles several records: a fixed part and a part per record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Affine {
    /// Per call or batch.
    pub per_call: Dur,
    /// Per record.
    pub per_record: Dur,
}

const TIMES: &[(&str, u128)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];
const SIZES: &[(&str, u128)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];
/// (unit, micro-records per second times 3,600 for one of it)
const RATES: &[(&str, u128)] = &[("records/s", 3_600), ("records/min", 60), ("records/h", 1)];

pub(super) fn fail<T>(message: String, hint: Option<&str>) -> Result<T, ParseError> {
    Err(ParseError { message, hint: hint.map(str::to_owned) })
}

/// `250 ms`, `1.5 h`.
pub fn duration(text: &str) -> Result<Dur, ParseError> {
    let (number, unit) = split(text, false)?;
    let factor = unit_of(text, unit, TIMES, "a time", time_hint)?;
    number.whole(factor, 1, text, "nanoseconds").map(Dur)
}

/// `64 MiB`, exactly.
pub fn bytes(text: &str) -> Result<Bytes, ParseError> {
    let (number, unit) = split(text, false)?;
    let factor = unit_of(text, unit, SIZES, "a size", size_hint)?;
    number.whole(factor, 1, text, "bytes").map(Bytes)
}

/// `1.2 KiB` is 1,228.8 bytes: rounded once, and said so. For means.
pub fn bytes_rounded(text: &str) -> Result<Rounded<Bytes>, ParseError> {
    let (number, unit) = split(text, false)?;
    let factor = unit_of(text, unit, SIZES, "a size", size_hint)?;
    Ok(number.nearest(factor, 1, text)?.map(Bytes))
}

/// `4 MiB/s`.
pub fn byte_rate(text: &str) -> Result<ByteRate, ParseError> {
    let (number, unit) = split(text, false)?;
    let Some(size) = unit.strip_suffix("/s") else {
        return fail(
            format!("`{text}` is not a data rate"),
            Some("write bytes per second, for example 4 MiB/s"),
        );
    };
    let factor = unit_of(text, size, SIZES, "a data rate", size_hint)?;
    number.whole(factor, 1, text, "bytes per second").map(ByteRate)
}

/// `2.5k records/s`, exactly to a millionth of a record per second.
pub fn record_rate(text: &str) -> Result<RecordRate, ParseError> {
    let (number, factor) = rate_parts(text)?;
    let whole = number.whole(factor * 1_000_000, 3_600, text, "millionths of a record per second");
    whole.map(RecordRate)
}

/// `100 records/min` is 1.666667 records/s: rounded once, and said so.
pub fn record_rate_rounded(text: &str) -> Result<Rounded<RecordRate>, ParseError> {
    let (number, factor) = rate_parts(text)?;
    Ok(number.nearest(factor * 1_000_000, 3_600, text)?.map(RecordRate))
}

fn rate_parts(text: &str) -> Result<(Number, u128), ParseError> {
    let (number, unit) = split(text, true)?;
    let factor = unit_of(text, unit, RATES, "a rate of records", rate_hint)?;
    Ok((number, factor))
}

/// `0.1 %`.
pub fn percent(text: &str) -> Result<Percent, ParseError> {
    let (number, unit) = split(text, false)?;
    let factor = unit_of(text, unit, &[("%", 10_000_000)], "a share", |_| {
        Some("write a percentage, for example 0.1 %")
    })?;
    number.whole(factor, 1, text, "billionths").map(Percent)
}

/// `2000 USD`.
pub fn money(text: &str) -> Result<Money, ParseError> {
    if text.trim_start().starts_with('$') {
        return fail(
            format!("`{text}` is not an amount"),
            Some("write the currency behind it, for example 2000 USD"),
        );
    }
    let (number, unit) = split(text, false)?;
    let factor = unit_of(text, unit, &[("USD", Money::USD as u128)], "an amount", |_| {
        Some("amounts are in USD, for example 2000 USD")
    })?;
    let atto = number.product(factor, 1, text)?.exact(text, "atto-dollars")?;
    i128::try_from(atto).map(Money).or_else(|_| too_large(text))
}

/// `200000`, `2.5k`. Counts carry no unit.
pub fn count(text: &str) -> Result<u64, ParseError> {
    let (number, unit) = split(text, true)?;
    if !unit.is_empty() {
        let hint = match unit {
            "K" => Some("thousands are written with a small k"),
            "M" | "m" => Some("`m` and `M` are ambiguous: write 1000k for a million"),
            _ => Some("a count has no unit, for example 200000 or 2.5k"),
        };
        return fail(format!("`{text}` is not a count"), hint);
    }
    number.whole(1, 1, text, "ones")
}

/// `2` or `1.5`.
pub fn growth(text: &str) -> Result<Factor, ParseError> {
    let (number, unit) = split(text, false)?;
    if !unit.is_empty() {
        return fail(
            format!("`{text}` is not a growth factor"),
            Some("write it as a plain number, for example 1.5"),
        );
    }
    number.whole(1_000_000, 1, text, "millionths").map(Factor)
}

/// `5x`.
pub fn factor(text: &str) -> Result<Factor, ParseError> {
    let (number, unit) = split(text, false)?;
    let scale = unit_of(text, unit, &[("x", 1_000_000)], "a multiplier", |_| {
        Some("write a multiplier with x, for example 5x")
    })?;
    number.whole(scale, 1, text, "millionths").map(Factor)
}

/// `40 us/record`.
pub fn per_record(text: &str) -> Result<Dur, ParseError> {
    match text.trim().strip_suffix("/record") {
        Some(time) => duration(time),
        None => fail(format!("`{text}` is not a time per record"), Some("write for example 40 us/record")),
    }
}

/// `15 ms + 0.2 ms/record`, or one of the two parts alone.
pub fn affine(text: &str) -> Result<Affine, ParseError> {
    let (mut call, mut record) = (None, None);
    for part in text.split('+') {
        let (slot, value) = match part.trim().ends_with("/record") {
            true => (&mut record, per_record(part)?),
            false => (&mut call, duration(part)?),
        };
        if slot.replace(value).is_some() {
            return fail(
                format!("`{text}` names the same kind of time twice"),
                Some("write a time per call and a time per record, for example 15 ms + 0.2 ms/record"),
            );
        }
    }
    Ok(Affine { per_call: call.unwrap_or_default(), per_record: record.unwrap_or_default() })
}

/// `6000 .. 9000 records/s`: both ends read by `read`; an end without a unit takes the other's. One value alone is
/// an interval of one point.
pub fn interval<T: PartialOrd + Copy>(
    text: &str,
    read: impl Fn(&str) -> Result<T, ParseError>,
) -> Result<(T, T), ParseError> {
    let Some((low, high)) = text.split_once("..") else {
        return read(text).map(|v| (v, v));
    };
    let (low, high) = (low.trim(), high.trim());
    let (_, high_unit) = split(high, true)?;
    let digits = low.strip_suffix('k').unwrap_or(low);
    let bare = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let first = match bare {
        true => read(&format!("{low} {high_unit}"))?,
        false => read(low)?,
    };
    let second = read(high)?;
    if first > second {
        return fail(format!("`{text}` runs backwards"), Some("write the smaller end first"));
    }
    Ok((first, second))
}

fn unit_of(
    text: &str,
    unit: &str,
    table: &[(&str, u128)],
    what: &str,
    hint: impl Fn(&str) -> Option<&'static str>,
) -> Result<u128, ParseError> {
    if let Some((_, factor)) = table.iter().find(|(name, _)| *name == unit) {
        return Ok(*factor);
    }
    let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
    let message = match unit {
        "" => format!("`{text}` has no unit; {what} needs one of {}", names.join(", ")),
        _ => format!("`{unit}` is not a unit of {what}; expected {}", names.join(", ")),
    };
    fail(message, hint(unit))
}

fn time_hint(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "m" | "M" => "did you mean `min` (minutes) or `ms` (milliseconds)?",
        "µs" | "μs" => "microseconds are written `us`",
        "sec" | "secs" | "second" | "seconds" | "S" => "seconds are written `s`",
        "mins" | "minute" | "minutes" => "minutes are written `min`",
        "hr" | "hrs" | "hour" | "hours" | "H" => "hours are written `h`",
        "day" | "days" | "D" => "days are written `d`",
        "msec" | "millis" | "MS" => "milliseconds are written `ms`",
        _ => return None,
    })
}

fn size_hint(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "b" => "bits or bytes? bytes are written `B`",
        "kb" | "Kb" | "mb" | "Mb" | "gb" | "Gb" => {
            "bits or bytes? bytes are written kB, MB, GB (powers of 1,000) or KiB, MiB, GiB (powers of 1,024)"
        }
        "KB" | "k" | "K" => "did you mean `kB` (1,000 bytes) or `KiB` (1,024 bytes)?",
        "m" | "M" => "did you mean `MB` (1,000,000 bytes) or `MiB` (1,048,576 bytes)?",
        "g" | "G" => "did you mean `GB` (10^9 bytes) or `GiB` (2^30 bytes)?",
        "kiB" | "kib" | "Kib" => "1,024 bytes are written `KiB`",
        "bytes" | "byte" => "bytes are written `B`",
        _ => return None,
    })
}

fn rate_hint(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "" => "for example 2000 records/s",
        "m" | "M" | "M records/s" | "m records/s" => "`m` and `M` are ambiguous: write 1000k for a million",
        "K records/s" => "thousands are written with a small k",
        "rps" | "r/s" | "rec/s" | "record/s" | "msg/s" | "/s" => "write it as records/s",
        _ if unit.ends_with("B/s") => "this is a rate of records, not of bytes",
        _ => return None,
    })
}

pub(super) fn too_large<T>(text: &str) -> Result<T, ParseError> {
    fail(format!("`{text}` is too large"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_scenario_grammar_shows() {
        assert_eq!(duration("250 ms"), Ok(Dur::from_ms(250)));
        assert_eq!(duration("1.5h"), Ok(Dur::from_min(90)));
        assert_eq!(byte_rate("4 MiB/s"), Ok(ByteRate(4 << 20)));
        assert_eq!(record_rate("2.5k records/s"), Ok(RecordRate::per_s(2_500)));
        assert_eq!(record_rate("90 records/min"), Ok(RecordRate(1_500_000)));
        assert_eq!(percent("0.1 %"), Ok(Percent(1_000_000)));
        assert_eq!(bytes("64 MiB"), Ok(Bytes::from_mib(64)));
        assert_eq!(money("2000 USD"), Ok(Money(2_000 * Money::USD)));
        assert_eq!(factor("5x"), Ok(Factor(5_000_000)));
        assert_eq!(count("200000"), Ok(200_000));
        assert_eq!(count("2.5k"), Ok(2_500));
        assert_eq!(per_record("40 us/record"), Ok(Dur(40_000)));
        let both = affine("15 ms + 0.2 ms/record");
        assert_eq!(both, Ok(Affine { per_call: Dur::from_ms(15), per_record: Dur(200_000) }));
        let ends = (RecordRate::per_s(6_000), RecordRate::per_s(9_000));
        assert_eq!(interval("6000 .. 9000 records/s", record_rate), Ok(ends));
        assert_eq!(interval("6k records/s .. 9k records/s", record_rate), Ok(ends));
    }

    #[test]
    fn fractions_are_refused_or_rounded_once() {
        assert!(bytes("1.2 KiB").unwrap_err().message.contains("whole"));
        let mean = bytes_rounded("1.2 KiB").unwrap();
        assert_eq!((mean.value, mean.exact), (Bytes(1_229), false));
        assert!(bytes_rounded("1.5 KiB").unwrap().exact);
        assert!(record_rate("100 records/min").is_err());
        assert_eq!(record_rate_rounded("100 records/min").unwrap().value, RecordRate(1_666_667));
    }

    #[test]
    fn ambiguous_units_are_refused_with_the_likely_meaning() {
        let hint = |r: Result<Bytes, ParseError>| r.unwrap_err().hint.unwrap();
        assert!(hint(bytes("5 b")).contains("bits or bytes?"));
        assert!(hint(bytes("5 M")).contains("MiB"));
        assert!(hint(bytes("5 KB")).contains("KiB"));
        assert!(duration("5 m").unwrap_err().hint.unwrap().contains("min"));
        assert!(duration("5").unwrap_err().message.contains("no unit"));
        assert!(count("5M").unwrap_err().hint.unwrap().contains("1000k"));
        assert!(interval("9 s .. 6 s", duration).unwrap_err().message.contains("backwards"));
    }

    #[test]
    fn absurd_text_is_an_error_and_never_a_panic() {
        for text in
            ["", " ", "-1 s", "1e9 s", "1,000 s", "..", "1..2", ".5 s", "5. s", "१ s", "NaN", "+", "/record"]
        {
            assert!(duration(text).is_err(), "{text}");
            assert!(affine(text).is_err(), "{text}");
            assert!(interval(text, duration).is_err(), "{text}");
        }
        let long = format!("{} d", "9".repeat(60));
        assert!(duration(&long).is_err());
        assert!(duration("213504 d").is_err());
        assert!(duration(&format!("0.{}1 s", "0".repeat(60))).is_err());
    }
}
