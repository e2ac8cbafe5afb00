//! AWS's pricing example of Lambda: 3 million invocations of one second with 512 MB in a month.

use super::TERMS;
use kinesim::cost::steady::Steady;
use kinesim::cost::{MonthRule, Rounding, bill_month};
use kinesim::facts::prices::{self, ItemId, Prices};
use kinesim::measure::result::{LambdaUsage, Usage};
use kinesim::stream::config::Mode;
use kinesim::units::{Dur, Money, RecordRate, parse};

fn example(prices: &Prices) -> kinesim::cost::bill::Bill {
    let invocations = 3_000_000u128;
    let lambda =
        LambdaUsage { requests: invocations, x86_byte_ms: invocations * 1_000 * (512 << 20), arm_byte_ms: 0 };
    let usage = Usage { lambda, ..Usage::default() };
    let nothing = Steady {
        mode: Mode::Provisioned,
        rate: RecordRate(0),
        shards: 0,
        retention: Dur::from_h(24),
        polling_readers: 0,
        fan_out_readers: 0,
    };
    let month = Dur::from_h(730);
    bill_month(&usage, &nothing, MonthRule::Repeat(month), prices, month, &TERMS).unwrap()
}

fn cents(bill: &kinesim::cost::bill::Bill) -> Vec<String> {
    let bill = bill.rounded(Rounding::Calculator);
    bill.lines.iter().map(|l| l.amount).chain([bill.total]).map(|m| m.to_string()).collect()
}

#[test]
fn awss_example_costs_18_73_at_the_exact_price() {
    let free = prices::region("us-east-1").unwrap().with_lambda_free_tier(true);
    let bill = example(&free);
    let quantities: Vec<&str> = bill.lines.iter().map(|l| l.quantity.as_str()).collect();
    assert_eq!(quantities, ["2000000", "1100000"]);
    assert_eq!(cents(&bill), ["0.400000", "18.330000", "18.730000"]);
    assert_eq!(bill.total, Money(Money::USD / 100_000 * 1_873_337));
}

/// The example's own text multiplies by a price rounded to 0.00001667.
#[test]
fn awss_example_costs_18_74_at_the_price_as_printed_there() {
    let printed = [(ItemId::LambdaDuration, parse::money("0.00001667 USD").unwrap())];
    let free =
        prices::region("us-east-1").unwrap().with_lambda_free_tier(true).replaced(&printed, "the example");
    assert_eq!(cents(&example(&free)), ["0.400000", "18.340000", "18.740000"]);
}

#[test]
fn without_the_free_amounts_everything_is_paid() {
    let table = prices::region("us-east-1").unwrap();
    assert_eq!(cents(&example(&table)), ["0.600000", "25.000000", "25.600000"]);
}
