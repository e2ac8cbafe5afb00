//! Exact money.

use serde::{Serialize, Serializer};

/// US dollars in integer atto-dollars (10^-18): a price of 0.000000014 USD times any count is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub i128);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);
    /// Atto-dollars in a dollar.
    pub const USD: i128 = 1_000_000_000_000_000_000;

    /// Dollars as a float, for charts only.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / Self::USD as f64
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Six decimals, half away from zero: enough for a PUT payload unit times a thousand.
        let micro = (self.0.abs() + 500_000_000_000) / 1_000_000_000_000;
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:06}", micro / 1_000_000, micro % 1_000_000)
    }
}
