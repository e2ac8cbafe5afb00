//! Numbers for people: durations, counts, bytes, shares, money, always with a unit.
//!
//! Machines get exact integers (`csv_files`, `summary.json`); these texts are for tables, charts and the terminal.

use crate::units::Money;

/// What stands where nothing was measured.
pub const NOTHING: &str = "–";

/// `12.3 ms`, `4.1 s`, `12 min 5 s`, `2 h 5 min`, `3 d 4 h`.
pub fn duration(ns: u64) -> String {
    const S: u64 = 1_000_000_000;
    // Half a unit in the last place shown decides which unit a value belongs to: 999.96 ms is 1.0 s.
    match ns {
        0 => "0 s".into(),
        1..1_000 => format!("{ns} ns"),
        1_000..999_500 => decimal(ns, 1_000, "µs"),
        999_500..999_500_000 => decimal(ns, 1_000_000, "ms"),
        999_500_000..59_950_000_000 => decimal(ns, S, "s"),
        _ => long(ns.saturating_add(S / 2) / S),
    }
}

/// One decimal below a hundred unless the value is whole, none above.
fn decimal(ns: u64, unit: u64, name: &str) -> String {
    if ns.is_multiple_of(unit) {
        return format!("{} {name}", ns / unit);
    }
    let tenths = (ns.saturating_mul(10) + unit / 2) / unit;
    match tenths {
        0..1_000 => format!("{}.{} {name}", tenths / 10, tenths % 10),
        _ => format!("{} {name}", (ns + unit / 2) / unit),
    }
}

fn long(s: u64) -> String {
    let two = |a: u64, an: &str, b: u64, bn: &str| match b {
        0 => format!("{a} {an}"),
        _ => format!("{a} {an} {b} {bn}"),
    };
    match s {
        0..3_600 => two(s / 60, "min", s % 60, "s"),
        3_600..86_400 => {
            // Round to minutes without ever printing 60 of them.
            let min = (s + 30) / 60;
            two(min / 60, "h", min % 60, "min")
        }
        _ => {
            let h = (s + 1_800) / 3_600;
            two(h / 24, "d", h % 24, "h")
        }
    }
}

/// A duration that may be unknown.
pub fn maybe_duration(ns: Option<u64>) -> String {
    ns.map_or_else(|| NOTHING.into(), duration)
}

/// `1,234,567`.
pub fn count(n: u64) -> String {
    group(&n.to_string())
}

/// Thousands separators in a run of digits.
fn group(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1.2 GiB`; exact below a KiB.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Parts of a whole in percent; nothing of nothing is unknown, something is never printed as zero.
pub fn share(part: u64, whole: u64) -> String {
    match whole {
        0 => NOTHING.into(),
        _ => fraction(part as f64 / whole as f64),
    }
}

/// A fraction of one in percent.
pub fn fraction(f: f64) -> String {
    let percent = f * 100.0;
    match percent {
        0.0 => "0 %".into(),
        p if p < 0.001 => "< 0.001 %".into(),
        p if p < 0.1 => format!("{p:.3} %"),
        p if p < 10.0 => format!("{p:.2} %"),
        p if p > 99.9 && p < 100.0 => "> 99.9 %".into(),
        100.0 => "100 %".into(),
        p => format!("{p:.1} %"),
    }
}

/// `$1,234.56`; small amounts keep the digits that count.
pub fn money(m: Money) -> String {
    let sign = if m.0 < 0 { "-" } else { "" };
    let abs = m.0.unsigned_abs();
    let unit = Money::USD.unsigned_abs();
    let places: u32 = if abs >= unit || abs == 0 {
        2
    } else if abs >= unit / 100 {
        4
    } else {
        6
    };
    let scale = 10u128.pow(places);
    let rounded = (abs + unit / scale / 2) / (unit / scale);
    let whole = group(&(rounded / scale).to_string());
    let rest = rounded % scale;
    format!("{sign}${whole}.{rest:0width$}", width = places as usize)
}

/// An amount of a bill, to the micro-dollar, with two digits after the point at least and no sign of the currency.
pub fn amount(m: Money) -> String {
    let text = m.to_string();
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let rest = rest.trim_end_matches('0');
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |d| ("-", d));
    format!("{sign}{}.{rest:0<2}", group(digits))
}

/// A plain number on an axis or in a table: thousands separators, at most `decimals` digits after the point, no trailing zeros.
pub fn number(v: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", v.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let rest = rest.trim_end_matches('0');
    let sign = if v < 0.0 && (whole != "0" || !rest.is_empty()) { "-" } else { "" };
    match rest {
        "" => format!("{sign}{}", group(whole)),
        _ => format!("{sign}{}.{rest}", group(whole)),
    }
}

/// Exact decimal text with separators, as in a bill: `1234567.5` becomes `1,234,567.5`.
pub fn exact(text: &str) -> String {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let plain = !whole.is_empty() && whole.chars().all(|c| c.is_ascii_digit());
    match (plain, rest) {
        (false, _) => text.to_owned(),
        (true, "") => group(whole),
        (true, _) => format!("{}.{rest}", group(whole)),
    }
}

/// A headline figure (`share`, `ns`, `usd`, `count`) in its unit.
pub fn of_unit(value: f64, unit: &str) -> String {
    match unit {
        "share" => fraction(value),
        "ns" => duration(value.max(0.0) as u64),
        "usd" => money(Money((value * Money::USD as f64) as i128)),
        _ => number(value, 2),
    }
}

/// The singular or the plural: `1 shard`, `20 shards`.
pub fn plural(n: u64, one: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        _ => format!("{} {one}s", count(n)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_change_unit_where_the_rounded_value_does() {
        for (ns, text) in [
            (0, "0 s"),
            (999, "999 ns"),
            (12_345, "12.3 µs"),
            (999_499, "999 µs"),
            (999_500, "1.0 ms"),
            (12_300_000, "12.3 ms"),
            (5_000_000_000, "5 s"),
            (123_400_000, "123 ms"),
            (999_960_000, "1.0 s"),
            (4_100_000_000, "4.1 s"),
            (59_949_000_000, "59.9 s"),
            (59_960_000_000, "1 min"),
            (725_000_000_000, "12 min 5 s"),
            (3_599_600_000_000, "1 h"),
            (7_500_000_000_000, "2 h 5 min"),
            (86_399_000_000_000, "24 h"),
            (273_600_000_000_000, "3 d 4 h"),
        ] {
            assert_eq!(duration(ns), text, "{ns} ns");
        }
        assert_eq!(duration(u64::MAX), "213504 d");
    }

    #[test]
    fn money_keeps_the_digits_that_count() {
        let usd = Money::USD;
        assert_eq!(money(Money(1_234 * usd + usd / 2)), "$1,234.50");
        assert_eq!(money(Money(usd / 1_000 * 12)), "$0.0120");
        assert_eq!(money(Money(usd / 1_000_000 * 14)), "$0.000014");
        assert_eq!(money(Money(-usd)), "-$1.00");
        assert_eq!(money(Money(999_999 * usd / 1_000_000)), "$1.0000");
        assert_eq!(money(Money::ZERO), "$0.00");
        assert_eq!(amount(Money(1_234 * usd)), "1,234.00");
        assert_eq!(amount(Money(-usd / 8)), "-0.125");
    }

    #[test]
    fn shares_never_print_something_as_nothing() {
        assert_eq!(share(0, 0), NOTHING);
        assert_eq!(share(0, 10), "0 %");
        assert_eq!(share(1, 1_000_000_000), "< 0.001 %");
        assert_eq!(share(1, 8), "12.5 %");
        assert_eq!(share(999_999, 1_000_000), "> 99.9 %");
        assert_eq!(share(5, 5), "100 %");
    }

    #[test]
    fn numbers_have_separators_and_no_idle_zeros() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(number(1234.50, 2), "1,234.5");
        assert_eq!(number(-0.001, 2), "0");
        assert_eq!(number(-12.0, 1), "-12");
        assert_eq!(exact("1234567.25"), "1,234,567.25");
        assert_eq!(exact("n/a"), "n/a");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1 << 20), "1.0 MiB");
        assert_eq!(bytes((1 << 20) - 1), "1.0 MiB");
    }
}
