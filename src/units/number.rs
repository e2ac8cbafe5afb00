//! Decimal text as an integer mantissa and a power of ten.

use super::parse::{ParseError, Rounded, fail, too_large};

/// mantissa / 10^decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    mantissa: u128,
    decimals: u32,
}

/// An exact quotient, not yet divided.
pub(super) struct Quotient {
    top: u128,
    bottom: u128,
}

impl Quotient {
    /// The quotient, if it is whole.
    pub(super) fn exact(&self, text: &str, of: &str) -> Result<u128, ParseError> {
        match self.top % self.bottom {
            0 => Ok(self.top / self.bottom),
            _ => fail(format!("`{text}` is not a whole number of {of}"), None),
        }
    }
}

impl Number {
    /// number × factor / divisor as an exact quotient.
    pub(super) fn product(self, factor: u128, divisor: u128, text: &str) -> Result<Quotient, ParseError> {
        let top = self.mantissa.checked_mul(factor);
        let bottom = 10u128.pow(self.decimals).checked_mul(divisor);
        match (top, bottom) {
            (Some(top), Some(bottom)) => Ok(Quotient { top, bottom }),
            _ => too_large(text),
        }
    }

    /// The same as a whole number of `of`.
    pub(super) fn whole(self, factor: u128, divisor: u128, text: &str, of: &str) -> Result<u64, ParseError> {
        let value = self.product(factor, divisor, text)?.exact(text, of)?;
        u64::try_from(value).or_else(|_| too_large(text))
    }

    /// The nearest whole number, halves up.
    pub(super) fn nearest(self, factor: u128, divisor: u128, text: &str) -> Result<Rounded<u64>, ParseError> {
        let q = self.product(factor, divisor, text)?;
        let rest = q.top % q.bottom;
        let value = q.top / q.bottom + u128::from(rest >= q.bottom - rest);
        match u64::try_from(value) {
            Ok(value) => Ok(Rounded { value, exact: rest == 0 }),
            Err(_) => too_large(text),
        }
    }
}

impl Rounded<u64> {
    pub(super) fn map<T>(self, make: impl Fn(u64) -> T) -> Rounded<T> {
        Rounded { value: make(self.value), exact: self.exact }
    }
}

/// Number and unit of a text; `thousands` allows a `k` directly behind the number.
pub(super) fn split(text: &str, thousands: bool) -> Result<(Number, &str), ParseError> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let mut number = decimal(text, digits, rest)?;
    let behind =
        rest.strip_prefix('k').filter(|r| thousands && !r.starts_with(|c: char| c.is_alphanumeric()));
    if behind.is_some() {
        number.mantissa = match number.mantissa.checked_mul(1_000) {
            Some(m) => m,
            None => return too_large(text),
        };
    }
    Ok((number, behind.unwrap_or(rest).trim()))
}

fn decimal(text: &str, digits: &str, rest: &str) -> Result<Number, ParseError> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = !whole.is_empty() && !fraction.is_empty() && !fraction.contains('.');
    if !plain {
        let hint = match rest.chars().next() {
            Some('-') if digits.is_empty() => Some("quantities are not negative"),
            _ if digits.starts_with('.') => Some("write a digit before the point, for example 0.5"),
            _ => Some("write a plain decimal number, for example 2.5"),
        };
        return fail(format!("`{text}` does not begin with a number"), hint);
    }
    let odd = rest.starts_with([',', '_', '\'']) || exponent(rest);
    if odd {
        return fail(
            format!("`{text}` is not a plain decimal number"),
            Some("write it without separators or exponent, for example 200000 or 200k"),
        );
    }
    let fraction = fraction.trim_end_matches('0');
    // 10^20 times the largest unit stays far inside u128 (money's smallest unit is 10^-18 USD).
    if fraction.len() > 18 {
        return fail(format!("`{text}` has too many decimals"), None);
    }
    let mantissa: Option<u128> = whole
        .bytes()
        .chain(fraction.bytes())
        .try_fold(0u128, |m, b| m.checked_mul(10)?.checked_add(u128::from(b - b'0')));
    match mantissa {
        Some(mantissa) => Ok(Number { mantissa, decimals: fraction.len() as u32 }),
        None => too_large(text),
    }
}

fn exponent(rest: &str) -> bool {
    let mut chars = rest.chars();
    matches!(chars.next(), Some('e' | 'E'))
        && chars.next().is_some_and(|c| c.is_ascii_digit() || c == '-' || c == '+')
}
