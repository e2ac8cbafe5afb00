//! What clients cost besides the stream: functions, lease tables, processing units, deliveries.
//!
//! Each kind of client says what it used as quantities with prices (`used_by`); here they become lines: scaled to a
//! month, less what is free, cut into tiers. Free amounts and tiers are an account's: clients use them up one after
//! another. A client of another kind is one file and one line below.

pub mod firehose;
pub mod flink;
pub mod kcl;
pub mod lambda;

use super::bill::{Bill, BillLine};
use super::lines::{BillError, plural};
use crate::facts::prices::{Item, ItemId, Prices};
use crate::measure::clients::{ClientResult, FirehoseResult};
use crate::measure::result::RunResult;
use crate::units::billed::{Billed, mul_div};
use crate::units::{Dur, Money, decimal};

/// So much of something with a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    whose: String,
    raw: u128,
    per_unit: u128,
    unit: &'static str,
    tiers: Vec<Tier>,
    free: u128,
    /// Billed in whole multiples of this.
    step: u128,
    grows: Grows,
}

/// Up to so much a month an item's price holds (`None`: no end).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tier {
    price: Priced,
    up_to: Option<u128>,
}

/// What has a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Priced {
    /// An item of the tables.
    Item(ItemId),
    /// Something of the user's own, with its price.
    Own(&'static str, Money),
}

/// What an amount of a longer time depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grows {
    /// Time alone: workers, leases, hours.
    WithTime,
    /// Records: calls, bytes, durations.
    WithRecords,
}

/// What a bill is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// The run itself.
    Run,
    /// The run again and again for this long.
    Repeated {
        /// Length of the run.
        run: Dur,
        /// Length of the month.
        month: Dur,
    },
    /// The base rate for this long, and the run's excess over it once.
    Based {
        /// Length of the run.
        run: Dur,
        /// Length of the month.
        month: Dur,
        /// Records stored in the run.
        stored: u64,
        /// Records of the base rate in a run's length.
        base_run: u64,
        /// And in a month.
        base_month: u64,
    },
}

impl Used {
    /// An amount of one item.
    pub fn new<Q: Billed>(whose: &str, item: Item<Q>, quantity: Q, grows: Grows) -> Used {
        Used {
            whose: whose.to_owned(),
            raw: quantity.raw(),
            per_unit: quantity.per_unit(),
            unit: Q::UNIT,
            tiers: vec![Tier { price: Priced::Item(item.id), up_to: None }],
            free: 0,
            step: 1,
            grows,
        }
    }

    /// An amount of something whose price the scenario gives.
    pub fn own<Q: Billed>(whose: &str, title: &'static str, quantity: Q, price: Money, grows: Grows) -> Used {
        Used {
            whose: whose.to_owned(),
            raw: quantity.raw(),
            per_unit: quantity.per_unit(),
            unit: Q::UNIT,
            tiers: vec![Tier { price: Priced::Own(title, price), up_to: None }],
            free: 0,
            step: 1,
            grows,
        }
    }

    /// Its price holds up to this much a month; what is more has another.
    pub fn then<Q: Billed>(mut self, up_to: Q, item: Item<Q>) -> Used {
        if let Some(last) = self.tiers.last_mut() {
            last.up_to = Some(up_to.raw());
        }
        self.tiers.push(Tier { price: Priced::Item(item.id), up_to: None });
        self
    }

    /// So much a month is free, to all that an account uses of this unit together.
    pub fn free<Q: Billed>(mut self, quantity: Q) -> Used {
        self.free = quantity.raw();
        self
    }

    /// A part of so much counts as a whole.
    pub fn in_whole<Q: Billed>(mut self, step: Q) -> Used {
        self.step = step.raw().max(1);
        self
    }

    /// The amount over a stretch, and in words how it comes about.
    fn over(&self, stretch: Stretch) -> (u128, String) {
        let scaled = |by: u128, of: u128| mul_div(self.raw, by, of).unwrap_or(u128::MAX);
        match stretch {
            Stretch::Run => (self.raw, String::new()),
            Stretch::Repeated { run, month } => (scaled(month.0.into(), run.0.into()), String::new()),
            Stretch::Based { run, month, stored, .. } if self.grows == Grows::WithTime || stored == 0 => {
                (scaled(month.0.into(), run.0.into()), String::new())
            }
            Stretch::Based { stored, base_run, base_month, .. } => {
                let steady = scaled(base_month.into(), stored.into());
                let excess = self.raw.saturating_sub(scaled(base_run.into(), stored.into()));
                let why = match excess {
                    0 => String::new(),
                    _ => format!("with {} of this run's excess, once: ", self.text(excess)),
                };
                (steady.saturating_add(excess), why)
            }
        }
    }

    fn text(&self, raw: u128) -> String {
        let scaled = mul_div(raw, 1_000_000_000, self.per_unit);
        scaled.map_or_else(|| "more than can be counted".into(), |n| decimal(n, 9))
    }

    fn lines(
        &self,
        prices: &Prices,
        stretch: Stretch,
        account: &mut Account,
        to: &mut Vec<BillLine>,
    ) -> Result<(), BillError> {
        let (mut left, mut why) = self.over(stretch);
        left = left.div_ceil(self.step).saturating_mul(self.step);
        if stretch != Stretch::Run && self.free > 0 {
            let free = account.take_free(self.unit, self.free, left);
            why.push_str(&format!("less {} free: ", self.text(free)));
            left -= free;
        }
        let mut from = account.billed(self.tiers[0].price, left);
        for tier in &self.tiers {
            let room = tier.up_to.map_or(u128::MAX, |end| end.saturating_sub(from));
            let part = left.min(room);
            if part > 0 {
                to.push(self.line(prices, tier.price, part, &why)?);
            }
            (left, from) = (left - part, from.saturating_add(part));
        }
        Ok(())
    }

    fn line(&self, prices: &Prices, priced: Priced, raw: u128, why: &str) -> Result<BillLine, BillError> {
        let (title, key, price) = match priced {
            Priced::Item(item) => (item.title(), prices.key(item), prices.money(item)?),
            Priced::Own(title, price) => (title, "price_per_hour of the scenario".to_owned(), price),
        };
        let amount = u128::try_from(price.0).ok().and_then(|p| mul_div(raw, p, self.per_unit));
        let amount =
            amount.and_then(|a| i128::try_from(a).ok()).map(Money).ok_or(BillError::TooLarge(title))?;
        let (quantity, usd) = (self.text(raw), price.exact_text());
        let s = plural(&quantity, self.unit);
        Ok(BillLine {
            item: title,
            how: format!("{}: {why}{quantity} {}{s} × {usd} USD", self.whose, self.unit),
            quantity,
            unit: self.unit,
            price: usd,
            price_key: key,
            amount,
        })
    }
}

/// What the clients of an account have used up in a month so far.
#[derive(Debug, Default)]
struct Account {
    /// What is left of free amounts, by unit.
    free: Vec<(&'static str, u128)>,
    /// What was billed, by the price that it begins at.
    billed: Vec<(Priced, u128)>,
}

impl Account {
    /// At most `wanted` of what is left of an amount that is `whole` at the month's beginning.
    fn take_free(&mut self, unit: &'static str, whole: u128, wanted: u128) -> u128 {
        let left = entry(&mut self.free, unit, whole);
        let taken = (*left).min(wanted);
        *left -= taken;
        taken
    }

    /// What was billed before at this price and those that follow it; `more` is now.
    fn billed(&mut self, price: Priced, more: u128) -> u128 {
        let so_far = entry(&mut self.billed, price, 0);
        std::mem::replace(so_far, so_far.saturating_add(more))
    }
}

/// The amount under a key, `first` when it is new.
fn entry<K: PartialEq>(all: &mut Vec<(K, u128)>, key: K, first: u128) -> &mut u128 {
    let i = all.iter().position(|a| a.0 == key).unwrap_or_else(|| {
        all.push((key, first));
        all.len() - 1
    });
    &mut all[i].1
}

/// A bill with what clients used besides.
pub fn with_clients(
    mut bill: Bill,
    used: &[Used],
    prices: &Prices,
    stretch: Stretch,
) -> Result<Bill, BillError> {
    let mut account = Account::default();
    for one in used {
        one.lines(prices, stretch, &mut account, &mut bill.lines)?;
    }
    let period = std::mem::take(&mut bill.period);
    Ok(super::lines::total(period, bill.lines))
}

/// What all clients of a run used, in the order of the result.
pub fn used_in(run: &RunResult) -> Vec<Used> {
    let mut used = Vec::new();
    for consumer in &run.consumers {
        match &consumer.client {
            None => {}
            Some(ClientResult::Kcl(kcl)) => used.extend(kcl::used(&consumer.name, kcl)),
            Some(ClientResult::Lambda(lambda)) => used.extend(lambda::used(&consumer.name, lambda)),
            Some(ClientResult::Flink(flink)) => used.extend(flink::used(&consumer.name, flink)),
            Some(ClientResult::Firehose(_)) => {}
        }
    }
    let delivered = |f: &FirehoseResult| firehose::used(f);
    used.extend(run.firehoses().into_iter().flat_map(delivered));
    used
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::prices::region;
    use crate::units::billed::Gigabytes;

    fn gb(n: u128) -> Gigabytes {
        Gigabytes(n << 30)
    }

    fn amounts(used: &Used, stretch: Stretch) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        let prices = region("us-east-1").unwrap();
        used.lines(&prices, stretch, &mut Account::default(), &mut lines).unwrap();
        lines.iter().map(|l| (l.quantity.clone(), l.amount.to_string())).collect()
    }

    #[test]
    fn tiers_touch_and_what_is_free_is_free_by_the_month() {
        let used = Used::new("f", Item::DATA_IN, gb(100), Grows::WithRecords)
            .then(gb(60), Item::DATA_OUT)
            .free(gb(10));
        let two = |a: (&str, &str), b: (&str, &str)| {
            vec![(a.0.to_owned(), a.1.to_owned()), (b.0.to_owned(), b.1.to_owned())]
        };
        assert_eq!(amounts(&used, Stretch::Run), two(("60", "4.800000"), ("40", "1.600000")));
        let day = Dur::from_h(24);
        let same = Stretch::Repeated { run: day, month: day };
        assert_eq!(amounts(&used, same), two(("60", "4.800000"), ("30", "1.200000")));
    }

    /// 10 GB are free to all together: the first takes 8 of them, the second the 2 that are left.
    #[test]
    fn what_is_free_is_free_once_to_an_account() {
        let used = |n| Used::new("f", Item::DATA_IN, gb(n), Grows::WithRecords).free(gb(10));
        let same = Stretch::Repeated { run: Dur::from_h(24), month: Dur::from_h(24) };
        let prices = region("us-east-1").unwrap();
        let (mut account, mut lines) = (Account::default(), Vec::new());
        for one in [used(8), used(8)] {
            one.lines(&prices, same, &mut account, &mut lines).unwrap();
        }
        let paid: Vec<_> = lines.iter().map(|l| l.quantity.as_str()).collect();
        assert_eq!(paid, ["6"]);
    }

    /// The first price holds up to 10 GB of both together: the second client has 2 of them left, and pays the next
    /// price for 6; something else begins anew.
    #[test]
    fn tiers_are_an_accounts() {
        let used = |item, n| Used::new("f", item, gb(n), Grows::WithRecords).then(gb(10), Item::DATA_OUT);
        let prices = region("us-east-1").unwrap();
        let (mut account, mut lines) = (Account::default(), Vec::new());
        for one in [used(Item::DATA_IN, 8), used(Item::DATA_IN, 8), used(Item::FAN_OUT_DATA, 8)] {
            one.lines(&prices, Stretch::Run, &mut account, &mut lines).unwrap();
        }
        let paid: Vec<_> = lines.iter().map(|l| (l.item, l.quantity.as_str())).collect();
        let title = |item: Item<Gigabytes>| item.id.title();
        let (first, then) = (title(Item::DATA_IN), title(Item::DATA_OUT));
        let other = title(Item::FAN_OUT_DATA);
        assert_eq!(paid, [(first, "8"), (first, "2"), (then, "6"), (other, "8")]);
    }

    #[test]
    fn a_month_holds_the_base_rate_and_the_excess_once() {
        let used = |grows| Used::new("f", Item::DATA_IN, gb(10), grows);
        let (run, month) = (Dur::from_h(1), Dur::from_h(100));
        let based = Stretch::Based { run, month, stored: 1000, base_run: 800, base_month: 80_000 };
        assert_eq!(amounts(&used(Grows::WithRecords), based)[0].0, "802");
        assert_eq!(amounts(&used(Grows::WithTime), based)[0].0, "1000");
    }
}
