//! From metered usage to the lines of a bill.

use crate::cost::bill::{Bill, BillLine};
use crate::facts::billing::MONTH;
use crate::facts::prices::{Item, MissingPrice, Prices};
use crate::measure::result::Usage;
use crate::stream::config::AdvantageConfig;
use crate::units::billed::{
    Billed, ConsumerShardHours, ExtendedShardHours, GbSeconds, GigabyteMonths, Gigabytes, PutPayloadUnits,
    ShardHours, StreamHours, mul_div,
};
use crate::units::{ByteRate, Dur, Money, NS_PER_S};

/// Why there is no bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BillError {
    /// A billed item has no price in this Region.
    Missing(MissingPrice),
    /// An amount beyond all money, of this.
    TooLarge(&'static str),
}

impl std::fmt::Display for BillError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BillError::Missing(missing) => missing.fmt(f),
            BillError::TooLarge(item) => write!(f, "the amount for {item} is too large"),
        }
    }
}

impl std::error::Error for BillError {}

impl From<MissingPrice> for BillError {
    fn from(missing: MissingPrice) -> BillError {
        BillError::Missing(missing)
    }
}

/// The bill of one run as it was, nothing projected. The commitment of Advantage is charged for the run's time in
/// Advantage (AWS: 24 h at least).
pub fn bill_run(
    usage: &Usage,
    prices: &Prices,
    duration: Dur,
    advantage: &AdvantageConfig,
) -> Result<Bill, BillError> {
    let mut lines = usage_lines(usage, prices, MONTH.dur(), "")?;
    lines.extend(shortfall_lines(usage, prices, advantage)?);
    Ok(total(format!("this run ({duration})"), lines))
}

/// What a commitment costs beyond the usage of all streams together.
pub fn shortfall(usage: &Usage, prices: &Prices, advantage: &AdvantageConfig) -> Result<Bill, BillError> {
    Ok(total("the commitment of the account".into(), shortfall_lines(usage, prices, advantage)?))
}

/// The bill of a usage with months of this length, the commitment's shortfall among it.
pub fn bill_of_usage(
    usage: &Usage,
    prices: &Prices,
    month: Dur,
    advantage: &AdvantageConfig,
) -> Result<Bill, BillError> {
    let mut lines = usage_lines(usage, prices, month, "")?;
    lines.extend(shortfall_lines(usage, prices, advantage)?);
    Ok(total(String::new(), lines))
}

/// Lines to a bill with their exact sum.
pub(super) fn total(period: String, lines: Vec<BillLine>) -> Bill {
    let sum = lines.iter().map(|l| l.amount.0).fold(0i128, i128::saturating_add);
    Bill { period, lines, total: Money(sum) }
}

/// One line for each thing that was used. `why` is written before the arithmetic.
pub(super) fn usage_lines(
    usage: &Usage,
    prices: &Prices,
    month: Dur,
    why: &str,
) -> Result<Vec<BillLine>, BillError> {
    let mut b = Lines { prices, why, lines: Vec::new() };
    let gb = |bytes: u64| Gigabytes(u128::from(bytes));
    let held = |byte_ns: u128| GigabyteMonths { byte_ns, month };
    b.add(Item::SHARD_HOUR, ShardHours(usage.provisioned_shard_ns))?;
    b.add(Item::PUT_PAYLOAD_UNIT, PutPayloadUnits(u128::from(usage.put_payload_units)))?;
    b.add(Item::FAN_OUT_CONSUMER_SHARD_HOUR, ConsumerShardHours(usage.fan_out_consumer_shard_ns))?;
    b.add(Item::FAN_OUT_DATA, gb(usage.fan_out_bytes))?;
    b.add(Item::EXTENDED_RETENTION_SHARD_HOUR, ExtendedShardHours(usage.extended_retention_shard_ns))?;
    b.add(Item::STREAM_HOUR, StreamHours(usage.stream_ns))?;
    b.add(Item::DATA_IN, gb(usage.on_demand_in_bytes))?;
    b.add(Item::DATA_OUT, gb(usage.on_demand_out_bytes))?;
    b.add(Item::ON_DEMAND_FAN_OUT, gb(usage.on_demand_fan_out_bytes))?;
    b.add(Item::ON_DEMAND_EXTENDED_RETENTION, held(usage.on_demand_extended_byte_ns))?;
    b.add(Item::ADVANTAGE_IN, gb(usage.advantage_in_bytes))?;
    b.add(Item::ADVANTAGE_OUT, gb(usage.advantage_out_bytes))?;
    b.add(Item::ADVANTAGE_FAN_OUT, gb(usage.advantage_fan_out_bytes))?;
    b.add(Item::ADVANTAGE_RETENTION, held(usage.advantage_retention_byte_ns))?;
    b.add(Item::LONG_TERM_RETENTION, held(usage.long_term_byte_ns))?;
    b.add(Item::LONG_TERM_RETRIEVAL, gb(usage.long_term_read_bytes))?;
    Ok(b.lines)
}

/// What the account pays for committed throughput it did not use: ingest and retrieval (by GetRecords and fan-out
/// together) apart, the account's other traffic counted first.
pub(super) fn shortfall_lines(
    usage: &Usage,
    prices: &Prices,
    advantage: &AdvantageConfig,
) -> Result<Vec<BillLine>, BillError> {
    let span = usage.advantage_ns;
    let committed = bytes_over(advantage.commitment, span);
    let out = u128::from(usage.advantage_out_bytes) + u128::from(usage.advantage_fan_out_bytes);
    let sides = [
        (
            "Ingest shortfall (Advantage)",
            Item::ADVANTAGE_IN,
            u128::from(usage.advantage_in_bytes),
            advantage.other_in,
        ),
        ("Retrieval shortfall (Advantage)", Item::ADVANTAGE_OUT, out, advantage.other_out),
    ];
    let mut lines = Vec::new();
    for (title, item, own, other) in sides {
        let other = bytes_over(other, span);
        let short = committed.saturating_sub(own.saturating_add(other));
        if short == 0 {
            continue;
        }
        let mut line = line(prices, item, Gigabytes(short), "")?;
        line.item = title;
        line.how = format!(
            "{} for {} h is {} GB; this stream used {} GB, the account's other traffic {} GB; {}",
            advantage.commitment,
            StreamHours(span).text(),
            Gigabytes(committed).text(),
            Gigabytes(own).text(),
            Gigabytes(other).text(),
            line.how
        );
        lines.push(line);
    }
    Ok(lines)
}

fn bytes_over(rate: ByteRate, ns: u128) -> u128 {
    mul_div(u128::from(rate.0), ns, u128::from(NS_PER_S)).unwrap_or(u128::MAX)
}

struct Lines<'a> {
    prices: &'a Prices,
    why: &'a str,
    lines: Vec<BillLine>,
}

impl Lines<'_> {
    /// Nothing used is no line, so an item a Region has no price for matters only when it is used.
    fn add<Q: Billed>(&mut self, item: Item<Q>, quantity: Q) -> Result<(), BillError> {
        if quantity.raw() > 0 {
            self.lines.push(line(self.prices, item, quantity, self.why)?);
        }
        Ok(())
    }
}

fn line<Q: Billed>(prices: &Prices, item: Item<Q>, quantity: Q, why: &str) -> Result<BillLine, BillError> {
    let price = prices.of(item)?;
    let amount = price.times(quantity).ok_or(BillError::TooLarge(item.id.title()))?;
    let (text, usd) = (quantity.text(), price.money().exact_text());
    Ok(BillLine {
        item: item.id.title(),
        how: format!("{why}{text} {}{} × {usd} USD", Q::UNIT, plural(&text, Q::UNIT)),
        quantity: text,
        unit: Q::UNIT,
        price: usd,
        price_key: prices.key(item.id),
        amount,
    })
}

pub(super) fn plural(quantity: &str, unit: &str) -> &'static str {
    if quantity == "1" || unit == Gigabytes::UNIT || unit == GbSeconds::UNIT { "" } else { "s" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::prices::ItemId;
    use crate::facts::{on_demand, prices};

    fn terms(other_in: u64) -> AdvantageConfig {
        AdvantageConfig {
            warm: None,
            warm_delay: on_demand::WARM_DELAY.dur(),
            other_in: ByteRate(other_in << 20),
            other_out: ByteRate(0),
            commitment: on_demand::COMMITMENT.byte_rate(),
        }
    }

    #[test]
    fn an_idle_day_in_advantage_costs_the_commitment_and_other_traffic_shares_it() {
        let usage = Usage { advantage_ns: u128::from(Dur::from_h(24).0), ..Usage::default() };
        let table = prices::region("us-east-1").unwrap();
        let bill = bill_run(&usage, &table, Dur::from_h(24), &terms(0)).unwrap();
        assert_eq!(bill.total.to_string(), "101.250000");
        let shared = bill_run(&usage, &table, Dur::from_h(24), &terms(20)).unwrap();
        assert_eq!(shared.total.to_string(), "47.250000");
        assert!(shared.lines[0].how.contains("other traffic 1687.5 GB"), "{}", shared.lines[0].how);
        let covered = bill_run(&usage, &table, Dur::from_h(24), &terms(25)).unwrap();
        assert_eq!(covered.lines.len(), 1);
    }

    #[test]
    fn an_unknown_price_is_an_error_only_when_the_item_is_used() {
        let africa = prices::region("af-south-1").unwrap();
        let hour = u128::from(Dur::from_h(1).0);
        let shards = Usage { provisioned_shard_ns: hour, ..Usage::default() };
        assert!(bill_run(&shards, &africa, Dur::from_h(1), &terms(0)).is_ok());
        let stream = Usage { stream_ns: hour, ..Usage::default() };
        let error = bill_run(&stream, &africa, Dur::from_h(1), &terms(0)).unwrap_err();
        assert!(matches!(error, BillError::Missing(m) if m.item == Some(ItemId::StreamHour)));
    }

    #[test]
    fn each_line_shows_its_arithmetic() {
        let usage = Usage { put_payload_units: 1_000_000, ..Usage::default() };
        let table = prices::region("us-east-1").unwrap();
        let bill = bill_run(&usage, &table, Dur::from_h(2), &terms(0)).unwrap();
        assert_eq!(bill.period, "this run (2 h)");
        let line = &bill.lines[0];
        assert_eq!(line.how, "1000000 PUT payload units × 0.000000014 USD");
        assert_eq!(line.price_key, "price.us-east-1.put_payload_unit");
        assert!(crate::facts::explain(&line.price_key).is_some());
        assert_eq!(line.amount.to_string(), "0.014000");
    }
}
