//! AWS's pricing example of Lambda: 3 million invocations of one second with 512 MB in a month; and its tiers.

use kinesim::cost::bill::Bill;
use kinesim::cost::clients::lambda::used;
use kinesim::cost::{Rounding, Stretch, with_clients};
use kinesim::facts::prices::{self, ItemId, Prices};
use kinesim::measure::clients::LambdaResult;
use kinesim::units::{Dur, Money, parse};

fn bill(prices: &Prices, result: &LambdaResult) -> Bill {
    let month = Dur::from_h(730);
    let stretch = Stretch::Repeated { run: month, month };
    with_clients(Bill::default(), &used("f", result), prices, stretch).unwrap()
}

fn example(free_tier: bool) -> LambdaResult {
    let invocations = 3_000_000;
    let memory_bytes = 512 << 20;
    LambdaResult {
        invocations,
        billed_ms: 1_000 * invocations,
        memory_bytes,
        free_tier,
        ..LambdaResult::default()
    }
}

fn cents(bill: &Bill) -> Vec<String> {
    let bill = bill.rounded(Rounding::Calculator);
    bill.lines.iter().map(|l| l.amount).chain([bill.total]).map(|m| m.to_string()).collect()
}

#[test]
fn awss_example_costs_18_73_at_the_exact_price() {
    let bill = bill(&prices::region("us-east-1").unwrap(), &example(true));
    let quantities: Vec<&str> = bill.lines.iter().map(|l| l.quantity.as_str()).collect();
    assert_eq!(quantities, ["2000000", "1100000"]);
    assert_eq!(cents(&bill), ["0.400000", "18.330000", "18.730000"]);
    assert_eq!(bill.total, Money(Money::USD / 100_000 * 1_873_337));
}

/// The example's own text multiplies by a price rounded to 0.00001667.
#[test]
fn awss_example_costs_18_74_at_the_price_as_printed_there() {
    let printed = [(ItemId::LambdaDuration, parse::money("0.00001667 USD").unwrap())];
    let table = prices::region("us-east-1").unwrap().replaced(&printed, "the example");
    assert_eq!(cents(&bill(&table, &example(true))), ["0.400000", "18.340000", "18.740000"]);
}

#[test]
fn without_the_free_amounts_everything_is_paid() {
    let table = prices::region("us-east-1").unwrap();
    assert_eq!(cents(&bill(&table, &example(false))), ["0.600000", "25.000000", "25.600000"]);
}

/// 16 billion GB-seconds on x86 and 20 billion on Arm: 6, 9 and 1; 7.5, 11.25 and 1.25.
#[test]
fn tiers_end_where_they_are_documented_to() {
    let table = prices::region("us-east-1").unwrap();
    let of = |billions: u64, arm| {
        let memory_bytes = 1 << 30;
        let result =
            LambdaResult { billed_ms: billions * 1_000_000_000_000, memory_bytes, arm, ..Default::default() };
        bill(&table, &result).lines.iter().map(|l| l.amount.to_string()).collect::<Vec<String>>()
    };
    assert_eq!(of(16, false), ["100000.200000", "135000.000000", "13333.400000"]);
    assert_eq!(of(20, true), ["100000.500000", "135001.125000", "13333.375000"]);
}
