//! Money in closed form, for the planner and its tests: break-even of on-demand, commitment, discounts.
//!
//! Floats: these are answers to "about where", never a bill.

use crate::facts::billing::{GIGABYTE, on_demand_billed, put_payload_units};
use crate::facts::prices::{Item, ItemId, MissingPrice, Prices};
use crate::theory::sizing::ShardLimits;
use crate::units::{Bytes, Money};

/// Provisioned against on-demand Standard for one shard's traffic of equal records, stream-hour left out.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct BreakEven {
    /// Records per second that fill a shard.
    pub records_per_s_full: f64,
    /// A full provisioned shard for an hour, USD.
    pub provisioned_usd_per_h: f64,
    /// The same traffic on-demand, USD.
    pub on_demand_usd_per_h: f64,
    /// Share of a shard's limit at which both cost the same; `None` when provisioned is dearer even when full.
    pub utilisation: Option<f64>,
    /// Share of a shard's limit at which payload units cost as much as the shard-hour (above 1: never).
    pub put_equals_shard_hour: f64,
}

/// The break-even of records of one size with `readers` polling readers.
pub fn break_even(
    record: Bytes,
    readers: u32,
    prices: &Prices,
    limits: ShardLimits,
) -> Result<BreakEven, MissingPrice> {
    let shard = prices.of(Item::SHARD_HOUR)?.money().as_f64();
    let unit = prices.of(Item::PUT_PAYLOAD_UNIT)?.money().as_f64();
    let data_in = prices.of(Item::DATA_IN)?.money().as_f64();
    let data_out = prices.of(Item::DATA_OUT)?.money().as_f64();
    let by_bytes = limits.write_bytes_per_s as f64 / record.0.max(1) as f64;
    let full = by_bytes.min(limits.write_records_per_s as f64);
    let per_hour = full * 3_600.0;
    let put = per_hour * put_payload_units(record) as f64 * unit;
    let read = record.0 as f64 * f64::from(readers);
    let per_record = on_demand_billed(record).0 as f64 * data_in + read * data_out;
    let on_demand = per_hour * per_record / GIGABYTE.bytes().0 as f64;
    Ok(BreakEven {
        records_per_s_full: full,
        provisioned_usd_per_h: shard + put,
        on_demand_usd_per_h: on_demand,
        utilisation: (on_demand > put).then(|| shard / (on_demand - put)),
        put_equals_shard_hour: shard / put,
    })
}

/// One shard's traffic for an hour in each mode, USD; stream-hour and commitment left out.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct PerShardHour {
    /// Records per second of it.
    pub records_per_s: f64,
    /// The shard, its payload units, its fan-out.
    pub provisioned: f64,
    /// On-demand Standard.
    pub on_demand: f64,
    /// On-demand Advantage.
    pub on_demand_advantage: f64,
}

/// Records of one size at a share of the shard's write limit, with (polling, fan-out) readers.
pub fn per_shard_hour(
    record: Bytes,
    utilisation: f64,
    (polling, fan_out): (u32, u32),
    prices: &Prices,
    limits: ShardLimits,
) -> Result<PerShardHour, MissingPrice> {
    let price = |item| Ok::<f64, MissingPrice>(prices.money(item)?.as_f64());
    let by_bytes = limits.write_bytes_per_s as f64 / record.0.max(1) as f64;
    let records_per_s = by_bytes.min(limits.write_records_per_s as f64) * utilisation;
    let per_hour = records_per_s * HOUR_S;
    let gb = |bytes: f64| per_hour * bytes / GIGABYTE.bytes().0 as f64;
    let (data, rounded) = (gb(record.0 as f64), gb(on_demand_billed(record).0 as f64));
    let (polled, pushed) = (data * f64::from(polling), data * f64::from(fan_out));
    let units = per_hour * put_payload_units(record) as f64;
    let consumers = f64::from(fan_out) * price(ItemId::FanOutConsumerShardHour)?;
    let shard = price(ItemId::ShardHour)? + units * price(ItemId::PutPayloadUnit)?;
    let demand = |into, out, fan| {
        Ok::<f64, MissingPrice>(rounded * price(into)? + polled * price(out)? + pushed * price(fan)?)
    };
    Ok(PerShardHour {
        records_per_s,
        provisioned: shard + consumers + pushed * price(ItemId::FanOutData)?,
        on_demand: demand(ItemId::DataIn, ItemId::DataOut, ItemId::OnDemandFanOut)?,
        on_demand_advantage: demand(ItemId::AdvantageIn, ItemId::AdvantageOut, ItemId::AdvantageFanOut)?,
    })
}

/// Seconds of an hour.
const HOUR_S: f64 = 3_600.0;

/// 1 - new / old: what a lower price saves.
pub fn discount(old: Money, new: Money) -> Option<f64> {
    (old.0 > 0).then(|| 1.0 - new.as_f64() / old.as_f64())
}
