//! Dates, as far as daily shapes, trace files and calendar months need them: UTC, Gregorian.

use super::{Dur, NS_PER_S};

/// A moment of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Time of day.
    pub time: Dur,
}

impl Moment {
    /// `2026-03-01`, `2026-03-01T09:00:00Z`, `2026-03-01 09:00`, `2026-03-01T10:00:00+01:00`; UTC where no offset is
    /// written.
    pub fn parse(text: &str) -> Option<Moment> {
        let text = text.trim().trim_end_matches('Z');
        let (date, time) = match text.split_once(['T', ' ']) {
            Some((date, time)) => (date, time),
            None => (text, "00:00:00"),
        };
        let (time, offset) = match time.rfind(['+', '-']) {
            Some(sign) => (&time[..sign], offset_ns(&time[sign..])?),
            None => (time, 0),
        };
        let local = Moment { day: day(date)?, time: time_of_day(time)? };
        Moment::of_ns(local.ns() - offset)
    }

    /// So many nanoseconds since 1970; `None` before that and beyond the calendar.
    pub fn of_ns(ns: i128) -> Option<Moment> {
        let day_ns = 86_400 * i128::from(NS_PER_S);
        let (day, time) = (ns.div_euclid(day_ns), ns.rem_euclid(day_ns));
        let fine = (0..DAYS_MAX).contains(&day);
        fine.then_some(Moment { day: day as i64, time: Dur(time as u64) })
    }

    /// `2026-03-01T09:00:00Z`, to the second.
    pub fn text(self) -> String {
        let (year, month, day) = self.date();
        let s = self.time.0 / NS_PER_S;
        let (h, m, s) = (s / 3_600, s / 60 % 60, s % 60);
        format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}Z")
    }

    /// 0 is Monday.
    pub fn weekday(self) -> u32 {
        // 1970-01-01 was a Thursday.
        (self.day + 3).rem_euclid(7) as u32
    }

    /// Days of its month.
    pub fn days_of_month(self) -> u32 {
        let (year, month, _) = self.date();
        days_in(year, month)
    }

    /// Year, month and day.
    fn date(self) -> (u32, u32, u32) {
        let (mut year, mut left) = (1970, self.day);
        while left >= if leap(year) { 366 } else { 365 } {
            left -= if leap(year) { 366 } else { 365 };
            year += 1;
        }
        let mut month = 1;
        while left >= i64::from(days_in(year, month)) {
            left -= i64::from(days_in(year, month));
            month += 1;
        }
        (year, month, left as u32 + 1)
    }

    /// Nanoseconds since 1970.
    pub fn ns(self) -> i128 {
        i128::from(self.day) * 86_400 * i128::from(NS_PER_S) + i128::from(self.time.0)
    }
}

/// Days from 1970 to the end of the year 9999.
const DAYS_MAX: i128 = 2_932_897;

/// `+01:00` or `-0530`.
fn offset_ns(text: &str) -> Option<i128> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = (number(digits.get(..2)?, 2)?, number(digits.get(2..)?, 2)?);
    let fine = hours < 24 && minutes < 60;
    fine.then(|| sign * i128::from(hours * 3_600 + minutes * 60) * i128::from(NS_PER_S))
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let fine = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    fine.then(|| text.parse().ok()).flatten()
}

fn day(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let day = number(parts.next()?, 2)?;
    let fine = parts.next().is_none()
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && year >= 1970;
    fine.then(|| {
        let years: i64 = (1970..year).map(|y| if leap(y) { 366 } else { 365 }).sum();
        let months: i64 = (1..month).map(|m| i64::from(days_in(year, m))).sum();
        years + months + i64::from(day) - 1
    })
}

fn leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days in a month.
pub fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn time_of_day(time: &str) -> Option<Dur> {
    let mut parts = time.split(':');
    let hour = number(parts.next()?, 2)?;
    let minute = number(parts.next()?, 2)?;
    let seconds = parts.next().unwrap_or("00");
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let second = number(second, 2)?;
    let fine = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
    let digits = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
    let ns: u64 = format!("{fraction:0<9}").parse().ok().filter(|_| digits)?;
    let whole = u64::from(hour) * 3_600 + u64::from(minute) * 60 + u64::from(second);
    fine.then(|| Dur(whole * NS_PER_S + ns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_everyone_can_check() {
        let moment = |t| Moment::parse(t).unwrap();
        assert_eq!(moment("1970-01-01").weekday(), 3);
        assert_eq!(moment("2026-11-23").weekday(), 0);
        assert_eq!(moment("2024-02-29").days_of_month(), 29);
        assert_eq!(moment("2026-11-30").days_of_month(), 30);
        assert_eq!(moment("2000-03-01").day - moment("2000-02-28").day, 2);
        assert_eq!(moment("2023-11-16T18:17:03Z").ns(), 1_700_158_623_000_000_000);
        assert_eq!(moment("2026-03-01 09:30").time, Dur::from_min(570));
        assert_eq!(moment("2026-03-01T00:00:00.25Z").time, Dur::from_ms(250));
        assert_eq!(moment("2026-03-01T00:30:00+01:00").text(), "2026-02-28T23:30:00Z");
        assert_eq!(moment("2024-02-28T23:30:00-0100").text(), "2024-02-29T00:30:00Z");
        assert_eq!(moment("9999-12-31T23:59:59Z").text(), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in [
            "",
            "2026",
            "2026-02-29",
            "2026-13-01",
            "2026-01-01T24:00",
            "2026-01-01T1:00",
            "26-01-01",
            "2026-01-01T00:00:00.",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00+25:00",
            "1970-01-01T00:00:00+01:00",
            "x",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
