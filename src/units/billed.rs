//! Billed quantities: a price can only multiply its own unit.
//!
//! A quantity keeps the raw integers it was metered in (shard-nanoseconds, byte-nanoseconds), so the only rounding
//! of a bill is to an atto-dollar, once per line.

use super::{Dur, Money, decimal};
use std::marker::PhantomData;

const NS_PER_HOUR: u128 = 3_600_000_000_000;

/// A quantity that has a price: `raw` of them, `per_unit` to the unit the price is quoted for.
pub trait Billed: Copy {
    /// The unit as a bill prints it.
    const UNIT: &'static str;
    /// Metered amount.
    fn raw(self) -> u128;
    /// Metered amount in one billed unit.
    fn per_unit(self) -> u128;

    /// The quantity in its unit, to nine decimals (exact where that is enough).
    fn text(self) -> String {
        let scaled = mul_div(self.raw(), 1_000_000_000, self.per_unit());
        scaled.map_or_else(|| "more than can be counted".into(), |n| decimal(n, 9))
    }
}

macro_rules! hours {
    ($($(#[$doc:meta])* $name:ident, $unit:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
            pub struct $name(pub u128);
            impl Billed for $name {
                const UNIT: &'static str = $unit;
                fn raw(self) -> u128 { self.0 }
                fn per_unit(self) -> u128 { NS_PER_HOUR }
            }
        )*
    };
}

hours! {
    /// Shard × ns.
    ShardHours, "shard-hour";
    /// On-demand stream × ns.
    StreamHours, "stream-hour";
    /// Registered fan-out consumer × shard × ns.
    ConsumerShardHours, "consumer-shard-hour";
    /// JQ processing × ns.
    JqHours, "JQ hour";
    /// Shard × ns with retention above 24 h.
    ExtendedShardHours, "extended-retention shard-hour";
    /// Kinesis processing unit × ns.
    KpuHours, "KPU-hour";
    /// Machine × ns.
    MachineHours, "machine-hour";
    /// Kafka broker × ns.
    BrokerHours, "broker-hour";
    /// Serverless Kafka cluster × ns.
    ClusterHours, "cluster-hour";
    /// Partition × ns.
    PartitionHours, "partition-hour";
    /// Availability Zone × ns.
    ZoneHours, "zone-hour";
}

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident, $unit:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
            pub struct $name(pub u128);
            impl Billed for $name {
                const UNIT: &'static str = $unit;
                fn raw(self) -> u128 { self.0 }
                fn per_unit(self) -> u128 { 1 }
            }
        )*
    };
}

counts! {
    /// PUT payload units: 25 KiB chunks of stored records.
    PutPayloadUnits, "PUT payload unit";
    /// Requests.
    Requests, "request";
    /// Objects delivered.
    Objects, "object";
    /// DynamoDB: writes of up to 1 KB.
    WriteRequestUnits, "write request unit";
}

/// DynamoDB: reads of up to 4 KB, in halves: an eventually consistent one costs half a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadRequestUnits(pub u128);

impl Billed for ReadRequestUnits {
    const UNIT: &'static str = "read request unit";
    fn raw(self) -> u128 {
        self.0
    }
    fn per_unit(self) -> u128 {
        2
    }
}

/// CloudWatch metric × ns, billed by the month; the month's length is part of the quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricMonths {
    /// Metric × ns.
    pub metric_ns: u128,
    /// Length of the month.
    pub month: Dur,
}

impl Billed for MetricMonths {
    const UNIT: &'static str = "metric-month";
    fn raw(self) -> u128 {
        self.metric_ns
    }
    fn per_unit(self) -> u128 {
        self.month.0.into()
    }
}

/// Bytes of memory × ms, billed by the GB-second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GbSeconds(pub u128);

impl GbSeconds {
    /// One GB-second.
    pub const ONE: u128 = 1_000 << 30;
}

impl Billed for GbSeconds {
    const UNIT: &'static str = "GB-s";
    fn raw(self) -> u128 {
        self.0
    }
    fn per_unit(self) -> u128 {
        GbSeconds::ONE
    }
}

/// Bytes, billed by the GB of 2^30.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gigabytes(pub u128);

impl Billed for Gigabytes {
    const UNIT: &'static str = "GB";
    fn raw(self) -> u128 {
        self.0
    }
    fn per_unit(self) -> u128 {
        1 << 30
    }
}

/// Byte × ns held, billed by GB and month; the month's length is part of the quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GigabyteMonths {
    /// Byte × ns.
    pub byte_ns: u128,
    /// Length of the month.
    pub month: Dur,
}

impl Billed for GigabyteMonths {
    const UNIT: &'static str = "GB-month";
    fn raw(self) -> u128 {
        self.byte_ns
    }
    fn per_unit(self) -> u128 {
        u128::from(self.month.0) << 30
    }
}

/// The price of one unit of `Q`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price<Q> {
    per_unit: Money,
    of: PhantomData<Q>,
}

impl<Q: Billed> Price<Q> {
    /// A price per unit of `Q`.
    pub const fn new(per_unit: Money) -> Price<Q> {
        Price { per_unit, of: PhantomData }
    }

    /// Per unit.
    pub const fn money(self) -> Money {
        self.per_unit
    }

    /// quantity × price to the nearest atto-dollar; `None` when it does not fit or the price is negative.
    pub fn times(self, quantity: Q) -> Option<Money> {
        let price = u128::try_from(self.per_unit.0).ok()?;
        let amount = mul_div(quantity.raw(), price, quantity.per_unit())?;
        i128::try_from(amount).ok().map(Money)
    }
}

/// a × b / d to the nearest whole number, halves up, without losing the middle product. `None` on overflow or d = 0.
pub fn mul_div(a: u128, b: u128, d: u128) -> Option<u128> {
    if d == 0 {
        return None;
    }
    let (high, low) = wide_mul(a, b);
    if high >= d {
        return None;
    }
    let (mut rest, mut quotient) = (high, 0u128);
    for bit in (0..128).rev() {
        let carry = rest >> 127;
        rest = (rest << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if carry == 1 || rest >= d {
            rest = rest.wrapping_sub(d);
            quotient |= 1;
        }
    }
    quotient.checked_add(u128::from(rest >= d - rest))
}

/// The 256-bit product as (high, low).
fn wide_mul(a: u128, b: u128) -> (u128, u128) {
    const MASK: u128 = u64::MAX as u128;
    let (a1, a0, b1, b0) = (a >> 64, a & MASK, b >> 64, b & MASK);
    let low = a0 * b0;
    let middle = a1 * b0 + (low >> 64);
    let middle2 = a0 * b1 + (middle & MASK);
    let high = a1 * b1 + (middle >> 64) + (middle2 >> 64);
    (high, (middle2 << 64) | (low & MASK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn usd(micro: i128) -> Money {
        Money(micro * 1_000_000_000_000)
    }

    #[test]
    fn a_price_times_its_own_unit() {
        let hour = Price::<ShardHours>::new(usd(15_000));
        assert_eq!(hour.times(ShardHours(24 * NS_PER_HOUR)), Some(usd(360_000)));
        let units = Price::<PutPayloadUnits>::new(Money(14_000_000_000));
        assert_eq!(units.times(PutPayloadUnits(1_000_000)), Some(usd(14_000)));
        let month = Dur::from_h(730);
        let held = GigabyteMonths { byte_ns: (100 << 30) * u128::from(month.0), month };
        assert_eq!(Price::<GigabyteMonths>::new(usd(23_000)).times(held), Some(usd(2_300_000)));
        assert_eq!(held.text(), "100");
        assert_eq!(ShardHours(NS_PER_HOUR / 3).text(), "0.333333333");
        assert_eq!(hour.times(ShardHours(u128::MAX)), None);
    }

    proptest! {
        #[test]
        fn mul_div_is_the_rounded_quotient(a in any::<u64>(), b in any::<u64>(), d in 1..u64::MAX) {
            let (a, b, d) = (u128::from(a), u128::from(b), u128::from(d));
            let product = a * b;
            let want = product / d + u128::from(product % d >= d - product % d);
            prop_assert_eq!(mul_div(a, b, d), Some(want));
        }

        #[test]
        fn wide_products_come_back(a in any::<u128>(), b in 1..u128::MAX) {
            prop_assert_eq!(mul_div(a, b, b), Some(a));
            prop_assert_eq!(mul_div(b, a, b), Some(a));
        }
    }
}
