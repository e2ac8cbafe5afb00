//! The canonical text of a quantity: `parse` reads back exactly what is written here.

use super::{ByteRate, Bytes, Dur, Factor, Money, Percent, RecordRate};
use std::fmt::{Display, Formatter, Result};

/// `1,234,567`.
pub(crate) fn grouped(n: u128) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Largest unit that divides the time; a single day is `24 h`, as AWS writes it.
const TIMES: &[(u64, &str)] = &[
    (86_400_000_000_000, "d"),
    (3_600_000_000_000, "h"),
    (60_000_000_000, "min"),
    (1_000_000_000, "s"),
    (1_000_000, "ms"),
    (1_000, "us"),
    (1, "ns"),
];
const SIZES: &[(u64, &str)] = &[
    (1 << 30, "GiB"),
    (1 << 20, "MiB"),
    (1 << 10, "KiB"),
    (1_000_000_000, "GB"),
    (1_000_000, "MB"),
    (1_000, "kB"),
    (1, "B"),
];

impl Display for Dur {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.0 == 0 {
            return f.write_str("0 s");
        }
        let fits =
            |&&(unit, name): &&(u64, &str)| self.0.is_multiple_of(unit) && !(name == "d" && self.0 == unit);
        let (unit, name) = TIMES.iter().find(fits).unwrap_or(&(1, "ns"));
        write!(f, "{} {name}", self.0 / unit)
    }
}

fn size(n: u64) -> (u64, &'static str) {
    let fits = SIZES.iter().find(|(unit, _)| n > 0 && n.is_multiple_of(*unit));
    fits.map_or((n, "B"), |(unit, name)| (n / unit, name))
}

impl Display for Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (n, unit) = size(self.0);
        write!(f, "{n} {unit}")
    }
}

impl Display for ByteRate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (n, unit) = size(self.0);
        write!(f, "{n} {unit}/s")
    }
}

/// `n` / 10^decimals without trailing zeros.
pub(crate) fn decimal(n: u128, decimals: u32) -> String {
    let one = 10u128.pow(decimals);
    let rest = n % one;
    if rest == 0 {
        return format!("{}", n / one);
    }
    let digits = format!("{rest:0width$}", width = decimals as usize);
    format!("{}.{}", n / one, digits.trim_end_matches('0'))
}

impl Display for RecordRate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} records/s", decimal(u128::from(self.0), 6))
    }
}

impl Display for Percent {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} %", decimal(u128::from(self.0), 7))
    }
}

impl Display for Factor {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}x", decimal(u128::from(self.0), 6))
    }
}

impl Money {
    /// Every decimal there is, without trailing zeros: `0.000000014`. (`Display` stops at six.)
    pub fn exact_text(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}{}", decimal(self.0.unsigned_abs(), 18))
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_reads_back_what_display_writes(n in any::<u64>(), shift in 0u32..64) {
            let n = n >> shift;
            prop_assert_eq!(parse::duration(&Dur(n).to_string()), Ok(Dur(n)));
            prop_assert_eq!(parse::bytes(&Bytes(n).to_string()), Ok(Bytes(n)));
            prop_assert_eq!(parse::byte_rate(&ByteRate(n).to_string()), Ok(ByteRate(n)));
            prop_assert_eq!(parse::record_rate(&RecordRate(n).to_string()), Ok(RecordRate(n)));
            prop_assert_eq!(parse::percent(&Percent(n).to_string()), Ok(Percent(n)));
            prop_assert_eq!(parse::factor(&Factor(n).to_string()), Ok(Factor(n)));
            let usd = Money(i128::from(n));
            prop_assert_eq!(parse::money(&format!("{} USD", usd.exact_text())), Ok(usd));
        }

        #[test]
        fn any_text_is_an_answer(text in "[0-9.kKmMGiBbs/x%+ -]{0,24}|\\PC{0,12}") {
            let _ = (parse::duration(&text), parse::bytes_rounded(&text), parse::byte_rate(&text));
            let _ = (parse::record_rate_rounded(&text), parse::percent(&text), parse::count(&text));
            let _ = (parse::affine(&text), parse::factor(&text), parse::money(&text));
            let _ = parse::interval(&text, parse::record_rate);
        }
    }

    #[test]
    fn the_largest_unit_that_divides() {
        let shown =
            [Dur(0), Dur::from_ms(250), Dur::from_min(90), Dur::from_h(24), Dur::from_h(168), Dur(1_500_000)];
        let shown: Vec<String> = shown.iter().map(Dur::to_string).collect();
        assert_eq!(shown, ["0 s", "250 ms", "90 min", "24 h", "7 d", "1500 us"]);
        assert_eq!(Bytes(1_000_000).to_string(), "1 MB");
        assert_eq!(Bytes(1_024_000).to_string(), "1000 KiB");
        assert_eq!(RecordRate(1_566_666_667).to_string(), "1566.666667 records/s");
        assert_eq!(Percent(1_000_000).to_string(), "0.1 %");
    }
}
