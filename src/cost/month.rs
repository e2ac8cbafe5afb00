//! A month's bill from a run.
//!
//! `base` holds the rate without one-off spikes and events for the month and adds what the run used above that
//! once: a launch day is not thirty launch days. `repeat` plays the run over and over; `calendar` does so for a
//! month of its real length.

use crate::cost::bill::Bill;
use crate::cost::lines::{BillError, shortfall_lines, total, usage_lines};
use crate::cost::steady::{PerRecord, Steady};
use crate::facts::prices::Prices;
use crate::measure::result::Usage;
use crate::stream::config::AdvantageConfig;
use crate::units::Dur;
use crate::units::billed::mul_div;

/// How a run becomes a month (`bill.month`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonthRule {
    /// The base rate for a month of this length, and this run's excess once.
    Base(Dur),
    /// This run again and again for a month of this length.
    Repeat(Dur),
    /// This run again and again for a month of so many days.
    Calendar {
        /// 28 to 31.
        days: u32,
    },
}

/// A month's bill. `base` is the stream under its base rate; averages per record are the run's own.
pub fn bill_month(
    usage: &Usage,
    base: &Steady,
    rule: MonthRule,
    prices: &Prices,
    duration: Dur,
    advantage: &AdvantageConfig,
) -> Result<Bill, BillError> {
    let month = length_of(rule);
    if !matches!(rule, MonthRule::Base(_)) {
        let all = usage_of_month(usage, base, rule, duration);
        let mut lines = usage_lines(&all, prices, month, "")?;
        lines.extend(shortfall_lines(&all, prices, advantage)?);
        return Ok(total(format!("{} of this run ({duration}) repeated", length(month)), lines));
    }
    let per = PerRecord::of_run(usage);
    let steady = base.usage(&per, month);
    let excess = map(usage, &base.usage(&per, duration), u128::saturating_sub);
    let mut lines = usage_lines(&steady, prices, month, "")?;
    lines.extend(usage_lines(&excess, prices, month, "this run's excess over the base, once: ")?);
    lines.extend(shortfall_lines(&usage_of_month(usage, base, rule, duration), prices, advantage)?);
    Ok(total(
        format!("{} at the base rate of {}, and this run's excess once", length(month), base.rate),
        lines,
    ))
}

/// What a month uses, as far as a commitment is met by it.
pub fn usage_of_month(usage: &Usage, base: &Steady, rule: MonthRule, duration: Dur) -> Usage {
    let month = length_of(rule);
    if !matches!(rule, MonthRule::Base(_)) {
        return map(usage, &Usage::default(), |run, _| scale(run, month, duration));
    }
    let per = PerRecord::of_run(usage);
    let steady = base.usage(&per, month);
    let excess = map(usage, &base.usage(&per, duration), u128::saturating_sub);
    // The commitment is met by base and excess together.
    let together = map(&steady, &excess, u128::saturating_add);
    Usage { advantage_ns: steady.advantage_ns, ..together }
}

fn length_of(rule: MonthRule) -> Dur {
    match rule {
        MonthRule::Calendar { days } => Dur::from_h(24 * u64::from(days.clamp(28, 31))),
        MonthRule::Base(month) | MonthRule::Repeat(month) => month,
    }
}

fn length(month: Dur) -> String {
    format!("a month of {} h", month.0 / Dur::from_h(1).0)
}

fn scale(amount: u128, month: Dur, run: Dur) -> u128 {
    mul_div(amount, u128::from(month.0), u128::from(run.0)).unwrap_or(0)
}

/// Applies `f` to each amount of two usages.
fn map(a: &Usage, b: &Usage, f: impl Fn(u128, u128) -> u128) -> Usage {
    let small = |a: u64, b: u64| u64::try_from(f(u128::from(a), u128::from(b))).unwrap_or(u64::MAX);
    Usage {
        provisioned_shard_ns: f(a.provisioned_shard_ns, b.provisioned_shard_ns),
        stream_ns: f(a.stream_ns, b.stream_ns),
        advantage_ns: f(a.advantage_ns, b.advantage_ns),
        put_payload_units: small(a.put_payload_units, b.put_payload_units),
        on_demand_in_bytes: small(a.on_demand_in_bytes, b.on_demand_in_bytes),
        on_demand_out_bytes: small(a.on_demand_out_bytes, b.on_demand_out_bytes),
        on_demand_fan_out_bytes: small(a.on_demand_fan_out_bytes, b.on_demand_fan_out_bytes),
        advantage_in_bytes: small(a.advantage_in_bytes, b.advantage_in_bytes),
        advantage_out_bytes: small(a.advantage_out_bytes, b.advantage_out_bytes),
        advantage_fan_out_bytes: small(a.advantage_fan_out_bytes, b.advantage_fan_out_bytes),
        fan_out_consumer_shard_ns: f(a.fan_out_consumer_shard_ns, b.fan_out_consumer_shard_ns),
        fan_out_bytes: small(a.fan_out_bytes, b.fan_out_bytes),
        extended_retention_shard_ns: f(a.extended_retention_shard_ns, b.extended_retention_shard_ns),
        on_demand_extended_byte_ns: f(a.on_demand_extended_byte_ns, b.on_demand_extended_byte_ns),
        advantage_retention_byte_ns: f(a.advantage_retention_byte_ns, b.advantage_retention_byte_ns),
        long_term_byte_ns: f(a.long_term_byte_ns, b.long_term_byte_ns),
        long_term_read_bytes: small(a.long_term_read_bytes, b.long_term_read_bytes),
        stored: small(a.stored, b.stored),
        stored_bytes: small(a.stored_bytes, b.stored_bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::bill_run;
    use crate::facts::billing::MONTH;
    use crate::facts::{on_demand, prices};
    use crate::stream::config::Mode;
    use crate::units::{ByteRate, Bytes, Money, RecordRate};

    const TERMS: AdvantageConfig = AdvantageConfig {
        warm: None,
        warm_delay: on_demand::WARM_DELAY.dur(),
        other_in: ByteRate(0),
        other_out: ByteRate(0),
        commitment: on_demand::COMMITMENT.byte_rate(),
    };

    fn base(mode: Mode) -> Steady {
        Steady {
            mode,
            rate: RecordRate::per_s(1_000),
            shards: 2,
            retention: Dur::from_h(24),
            polling_readers: 1,
            fan_out_readers: 0,
        }
    }

    #[test]
    fn a_steady_run_makes_the_same_month_under_every_rule() {
        let table = prices::region("us-east-1").unwrap();
        for mode in [Mode::Provisioned, Mode::OnDemand, Mode::OnDemandAdvantage] {
            let run = base(mode).usage(&PerRecord::of_size(Bytes(1_024)), Dur::from_h(2));
            let bill = |rule| bill_month(&run, &base(mode), rule, &table, Dur::from_h(2), &TERMS).unwrap();
            let (held, repeated) = (bill(MonthRule::Base(MONTH.dur())), bill(MonthRule::Repeat(MONTH.dur())));
            assert_eq!(held.total, repeated.total, "{mode:?}");
            assert_eq!(held.lines, repeated.lines, "{mode:?}");
            let long = bill(MonthRule::Calendar { days: 31 });
            let hours = |b: &Bill, h: i128| b.total.0 / h;
            assert_eq!(hours(&long, 744) / 1_000, hours(&held, 730) / 1_000, "{mode:?}");
            let own = bill_run(&run, &table, Dur::from_h(2), &TERMS).unwrap();
            assert_eq!(Money(own.total.0 * 365), held.total, "{mode:?}");
        }
    }

    #[test]
    fn a_spike_is_paid_once() {
        let table = prices::region("us-east-1").unwrap();
        let mut run = base(Mode::OnDemand).usage(&PerRecord::of_size(Bytes(1_024)), Dur::from_h(2));
        let quiet = bill_month(
            &run,
            &base(Mode::OnDemand),
            MonthRule::Base(MONTH.dur()),
            &table,
            Dur::from_h(2),
            &TERMS,
        )
        .unwrap();
        run.on_demand_out_bytes += 10 << 30;
        let spiky = bill_month(
            &run,
            &base(Mode::OnDemand),
            MonthRule::Base(MONTH.dur()),
            &table,
            Dur::from_h(2),
            &TERMS,
        )
        .unwrap();
        assert_eq!(spiky.total.0 - quiet.total.0, Money::USD * 4 / 10);
        let last = spiky.lines.last().unwrap();
        assert_eq!(last.how, "this run's excess over the base, once: 10 GB × 0.04 USD");
    }
}
