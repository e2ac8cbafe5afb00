//! A year, by retention: what it is billed in, what the first year costs while the store fills, and every later one.

use super::Plan;
use crate::cost::steady::{PerRecord, Steady};
use crate::cost::{BillError, bill_of_usage};
use crate::facts::billing::MONTH;
use crate::facts::data_streams::{RETENTION_DEFAULT, RETENTION_EXTENDED_END, RETENTION_MAX};
use crate::measure::result::Usage;
use crate::stream::config::{AdvantageConfig, Mode};
use crate::units::billed::mul_div;
use crate::units::{Dur, Money};
use serde::Serialize;

/// Months of a year.
const MONTHS: u64 = 12;

/// One retention for a year at the base rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Year {
    /// How long data are held, in ns.
    pub retention_ns: u64,
    /// Is it the scenario's?
    pub is_the_scenario: bool,
    /// What retention is billed in.
    pub billed_in: &'static str,
    /// Everything but retention, USD.
    pub without: Money,
    /// Retention in the first year, while the store fills.
    pub first_year: Money,
    /// Retention in every later year.
    pub later_years: Money,
}

/// A day, a week, a month, a year, and the scenario's own.
pub(super) fn of(
    base: &Steady,
    per: &PerRecord,
    plan: &Plan,
    advantage: &AdvantageConfig,
) -> Result<Vec<Year>, BillError> {
    let year = Dur(MONTH.dur().0 * MONTHS);
    let thirty = Dur::from_h(24 * 30);
    let mut all = vec![
        RETENTION_DEFAULT.dur(),
        RETENTION_EXTENDED_END.dur(),
        thirty,
        RETENTION_MAX.dur(),
        base.retention,
    ];
    all.sort();
    all.dedup();
    let one = |retention: Dur| {
        let full = Steady { retention, ..*base }.usage(per, year);
        let none = without_retention(&full);
        let cost =
            |usage: &Usage| bill_of_usage(usage, &plan.prices, MONTH.dur(), advantage).map(|b| b.total.0);
        let rest = cost(&none)?;
        Ok(Year {
            retention_ns: retention.0,
            is_the_scenario: retention == base.retention,
            billed_in: billed_in(base.mode, retention),
            without: Money(rest),
            first_year: Money(cost(&filling(&full, base, per, retention, year))? - rest),
            later_years: Money(cost(&full)? - rest),
        })
    };
    all.into_iter().map(one).collect()
}

fn without_retention(usage: &Usage) -> Usage {
    Usage {
        extended_retention_shard_ns: 0,
        on_demand_extended_byte_ns: 0,
        advantage_retention_byte_ns: 0,
        long_term_byte_ns: 0,
        ..usage.clone()
    }
}

/// A stretch that begins with nothing old, as the first year does. Shard-hours are billed whether the store is full or not.
pub(super) fn filling(full: &Usage, base: &Steady, per: &PerRecord, retention: Dur, over: Dur) -> Usage {
    let (day, week) = (RETENTION_DEFAULT.dur(), RETENTION_EXTENDED_END.dur());
    let held = |from: Dur, to: Dur| {
        let area = aged_below(to, over) - aged_below(from.min(to), over);
        // rate in millionths a second, ns²: 10^15 to the byte × ns.
        let weight = u128::from(base.rate.0) * u128::from(per.bytes);
        mul_div(area, weight, u128::from(per.records.max(1)) * 1_000_000_000_000_000).unwrap_or(u128::MAX)
    };
    let between = held(day, retention.min(week).max(day));
    Usage {
        on_demand_extended_byte_ns: if full.on_demand_extended_byte_ns > 0 { between } else { 0 },
        advantage_retention_byte_ns: if full.advantage_retention_byte_ns > 0 { between } else { 0 },
        long_term_byte_ns: held(week, retention.max(week)),
        ..full.clone()
    }
}

/// The area under min(t, x) for t up to `over`: how much is younger than x, in time².
fn aged_below(x: Dur, over: Dur) -> u128 {
    let (x, t) = (u128::from(x.0), u128::from(over.0));
    if x < t { x * t - x * x / 2 } else { t * t / 2 }
}

fn billed_in(mode: Mode, retention: Dur) -> &'static str {
    let beyond_week = retention > RETENTION_EXTENDED_END.dur();
    let beyond_day = retention > RETENTION_DEFAULT.dur();
    match (mode, beyond_day, beyond_week) {
        (_, false, _) => "nothing: the first day is included",
        (Mode::Provisioned, true, false) => "shard-hours of all shards",
        (Mode::Provisioned, true, true) => "shard-hours, and GB-months beyond a week",
        (_, true, _) => "GB-months held",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_fills_within_the_year_is_short_of_half_its_retention_once() {
        let (day, year) = (Dur::from_h(24), Dur::from_h(8_760));
        let full = u128::from(day.0) * u128::from(year.0);
        assert_eq!(full - aged_below(day, year), u128::from(day.0) * u128::from(day.0) / 2);
        assert_eq!(aged_below(year, year), u128::from(year.0) * u128::from(year.0) / 2);
    }
}
