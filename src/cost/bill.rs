//! A bill: lines of unit, quantity, price and amount, each with the price fact it came from.

use crate::units::Money;
use serde::Serialize;

/// A bill over some period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// What it covers, in words: "this run (2 h)", "a month of 730 h at the base rate".
    pub period: String,
    /// Its lines.
    pub lines: Vec<BillLine>,
    /// Exact sum of the lines.
    pub total: Money,
}

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BillLine {
    /// What is billed, in plain words ("Shard hours").
    pub item: &'static str,
    /// Exact quantity as decimal text.
    pub quantity: String,
    /// Unit of the quantity ("shard-hour", "GB", "PUT payload unit").
    pub unit: &'static str,
    /// Price per unit as decimal USD text.
    pub price: String,
    /// Key of the price fact (`kinesim explain KEY`).
    pub price_key: String,
    /// quantity × price, exact.
    pub amount: Money,
    /// The arithmetic in words.
    pub how: String,
}
