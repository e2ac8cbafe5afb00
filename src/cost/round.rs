//! Rounding of a bill for print. The bill itself stays exact.

use crate::cost::bill::Bill;
use crate::units::Money;

/// How amounts are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounding {
    /// Not at all.
    #[default]
    Exact,
    /// Each line to the nearest cent before the sum, as the AWS calculator does.
    Calculator,
    /// Each line up to the next cent.
    InvoiceUp,
}

const CENT: i128 = Money::USD / 100;

impl Rounding {
    /// The amount so rounded.
    pub fn apply(self, amount: Money) -> Money {
        let cents = match self {
            Rounding::Exact => return amount,
            Rounding::Calculator => (amount.0 + CENT / 2).div_euclid(CENT),
            Rounding::InvoiceUp => -(-amount.0).div_euclid(CENT),
        };
        Money(cents * CENT)
    }
}

impl Bill {
    /// The same bill with rounded lines and the sum of those.
    pub fn rounded(&self, rounding: Rounding) -> Bill {
        let mut bill = self.clone();
        for line in &mut bill.lines {
            line.amount = rounding.apply(line.amount);
        }
        if rounding != Rounding::Exact {
            bill.total = Money(bill.lines.iter().map(|l| l.amount.0).sum());
        }
        bill
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_cent_goes_up_and_an_invoice_never_down() {
        let mill = |n: i128| Money(n * CENT / 10);
        assert_eq!(Rounding::Calculator.apply(mill(15)), mill(20));
        assert_eq!(Rounding::Calculator.apply(mill(14)), mill(10));
        assert_eq!(Rounding::InvoiceUp.apply(mill(11)), mill(20));
        assert_eq!(Rounding::InvoiceUp.apply(mill(20)), mill(20));
        assert_eq!(Rounding::Exact.apply(mill(11)), mill(11));
    }
}
