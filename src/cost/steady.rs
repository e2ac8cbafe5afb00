//! What a stream uses while nothing changes: the base of a month, and the planner's closed-form bill.

use crate::facts::billing::{on_demand_billed, put_payload_units};
use crate::facts::data_streams::{RETENTION_DEFAULT, RETENTION_EXTENDED_END};
use crate::measure::result::Usage;
use crate::stream::config::Mode;
use crate::units::billed::mul_div;
use crate::units::{Bytes, Dur, RecordRate};

/// A stream under a steady load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steady {
    /// Capacity mode.
    pub mode: Mode,
    /// Records stored per second.
    pub rate: RecordRate,
    /// Open shards.
    pub shards: u32,
    /// Retention.
    pub retention: Dur,
    /// Consumers that read everything by GetRecords.
    pub polling_readers: u32,
    /// Registered fan-out consumers that read everything.
    pub fan_out_readers: u32,
}

/// Averages per stored record, as exact ratios over `records`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerRecord {
    /// Records the sums are over; 0 when nothing is known.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Their payload units.
    pub put_units: u64,
    /// Their bytes as on-demand bills ingest.
    pub billed_in: u64,
}

impl PerRecord {
    /// All records alike.
    pub const fn of_size(data: Bytes) -> PerRecord {
        PerRecord {
            records: 1,
            bytes: data.0,
            put_units: put_payload_units(data),
            billed_in: on_demand_billed(data).0,
        }
    }

    /// A run's own averages. A run that switches modes meters payload units and billed bytes for a part of its
    /// records only: its averages are too low, and `repeat` is the month to ask for.
    pub const fn of_run(usage: &Usage) -> PerRecord {
        PerRecord {
            records: usage.stored,
            bytes: usage.stored_bytes,
            put_units: usage.put_payload_units,
            billed_in: usage.on_demand_in_bytes.saturating_add(usage.advantage_in_bytes),
        }
    }
}

impl Steady {
    /// Usage over a time. Amounts that are not whole are rounded to the nearest unit, once each.
    pub fn usage(&self, per: &PerRecord, over: Dur) -> Usage {
        let span = u128::from(over.0);
        let of = |sum: u64, ns: u128| self.amount(sum, per.records, ns);
        let bytes = of(per.bytes, span);
        let out = bytes.saturating_mul(u64::from(self.polling_readers));
        let pushed = bytes.saturating_mul(u64::from(self.fan_out_readers));
        let shard_ns = u128::from(self.shards) * span;
        let (day, week) = (RETENTION_DEFAULT.dur().0, RETENTION_EXTENDED_END.dur().0);
        let beyond_day = self.retention.0.clamp(day, week) - day;
        let beyond_week = self.retention.0.max(week) - week;
        let held = |ns: u64| u128::from(of(per.bytes, u128::from(ns))).saturating_mul(span);
        let mut usage = Usage {
            stored: self.amount(1, 1, span),
            stored_bytes: bytes,
            long_term_byte_ns: held(beyond_week),
            ..Usage::default()
        };
        match self.mode {
            Mode::Provisioned => {
                usage.provisioned_shard_ns = shard_ns;
                usage.put_payload_units = of(per.put_units, span);
                usage.fan_out_consumer_shard_ns = shard_ns.saturating_mul(u128::from(self.fan_out_readers));
                usage.fan_out_bytes = pushed;
                usage.extended_retention_shard_ns = if beyond_day > 0 { shard_ns } else { 0 };
            }
            Mode::OnDemand => {
                usage.stream_ns = span;
                usage.on_demand_in_bytes = of(per.billed_in, span);
                usage.on_demand_out_bytes = out;
                usage.on_demand_fan_out_bytes = pushed;
                usage.on_demand_extended_byte_ns = held(beyond_day);
            }
            Mode::OnDemandAdvantage => {
                usage.advantage_ns = span;
                usage.advantage_in_bytes = of(per.billed_in, span);
                usage.advantage_out_bytes = out;
                usage.advantage_fan_out_bytes = pushed;
                usage.advantage_retention_byte_ns = held(beyond_day);
            }
        }
        usage
    }

    /// rate × time × sum / records; nothing is known of no records.
    fn amount(&self, sum: u64, records: u64, ns: u128) -> u64 {
        // 10^15: micro-records per second, ns.
        let bottom = u128::from(records) * 1_000_000_000_000_000;
        let top = u128::from(self.rate.0) * u128::from(sum);
        let amount = mul_div(top, ns, bottom).unwrap_or(0);
        u64::try_from(amount).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(mode: Mode, retention: Dur) -> Steady {
        Steady {
            mode,
            rate: RecordRate::per_s(100),
            shards: 4,
            retention,
            polling_readers: 2,
            fan_out_readers: 3,
        }
    }

    #[test]
    fn provisioned_counts_shards_units_and_consumer_shards() {
        let per = PerRecord::of_size(Bytes(35_840));
        let usage = steady(Mode::Provisioned, Dur::from_h(24)).usage(&per, Dur::from_h(1));
        assert_eq!(usage.provisioned_shard_ns, 4 * u128::from(Dur::from_h(1).0));
        assert_eq!(usage.fan_out_consumer_shard_ns, 3 * usage.provisioned_shard_ns);
        assert_eq!((usage.stored, usage.put_payload_units), (360_000, 720_000));
        assert_eq!(usage.fan_out_bytes, 3 * 360_000 * 35_840);
        assert_eq!(usage.extended_retention_shard_ns, 0);
        assert_eq!(usage.on_demand_in_bytes + usage.on_demand_out_bytes, 0);
    }

    #[test]
    fn retention_is_billed_beyond_a_day_and_differently_beyond_a_week() {
        let per = PerRecord::of_size(Bytes(1_000));
        let year = steady(Mode::OnDemand, Dur::from_h(8_760)).usage(&per, Dur::from_h(1));
        let hour = u128::from(Dur::from_h(1).0);
        assert_eq!(year.on_demand_extended_byte_ns, 100_000 * 3_600 * 144 * hour);
        assert_eq!(year.long_term_byte_ns, 100_000 * 3_600 * (8_760 - 168) * hour);
        let days = steady(Mode::Provisioned, Dur::from_h(48)).usage(&per, Dur::from_h(1));
        assert_eq!(days.extended_retention_shard_ns, days.provisioned_shard_ns);
        assert_eq!(days.long_term_byte_ns, 0);
    }

    #[test]
    fn a_runs_averages_reproduce_the_run() {
        let s = steady(Mode::OnDemandAdvantage, Dur::from_h(24));
        let run = s.usage(&PerRecord::of_size(Bytes(1_500)), Dur::from_h(2));
        assert_eq!(s.usage(&PerRecord::of_run(&run), Dur::from_h(2)), run);
        let nothing = s.usage(&PerRecord::of_run(&Usage::default()), Dur::from_h(2));
        assert_eq!(nothing.advantage_in_bytes, 0);
    }
}
