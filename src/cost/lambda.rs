//! What Lambda functions cost: requests, and memory × time in tiers.
//!
//! At AWS: each invocation is a request; its duration in whole milliseconds (cold starts included since 2025-08)
//! times the function's memory is billed by the GB-second, cheaper above the tiers' ends, for all functions of an
//! account together. A month has a free amount of both.
//! We leave out: ephemeral storage above 512 MB, provisioned concurrency, savings plans, messages to destinations.

use super::bill::BillLine;
use super::lines::{BillError, line};
use crate::facts::Fact;
use crate::facts::lambda as facts;
use crate::facts::prices::{Item, Prices};
use crate::measure::result::LambdaUsage;
use crate::units::Dur;
use crate::units::billed::{GbSeconds, LambdaRequests, mul_div};

const X86: Tiers = Tiers {
    items: [Item::LAMBDA_DURATION, Item::LAMBDA_DURATION_2, Item::LAMBDA_DURATION_3],
    ends: [facts::TIER_X86, facts::TIER_X86_2],
};
const ARM: Tiers = Tiers {
    items: [Item::LAMBDA_ARM_DURATION, Item::LAMBDA_ARM_DURATION_2, Item::LAMBDA_ARM_DURATION_3],
    ends: [facts::TIER_ARM, facts::TIER_ARM_2],
};

struct Tiers {
    items: [Item<GbSeconds>; 3],
    ends: [Fact; 2],
}

/// Lines for functions; the free amounts are a month's, and count where the prices say so (`free`: in a month's
/// bill).
pub(super) fn lambda_lines(
    usage: &LambdaUsage,
    prices: &Prices,
    free: bool,
) -> Result<Vec<BillLine>, BillError> {
    let free = free && prices.has_lambda_free_tier();
    let mut lines = Vec::new();
    let given = |amount: u128| if free { amount } else { 0 };
    let requests = given(facts::FREE_REQUESTS.count().into());
    let why = |n: u128, unit| if n > 0 { format!("above {n} {unit} free: ") } else { String::new() };
    let billed = usage.requests.saturating_sub(requests);
    if billed > 0 {
        lines.push(line(prices, Item::LAMBDA_REQUEST, LambdaRequests(billed), &why(requests, "requests"))?);
    }
    let mut rest = given(gb_s(&facts::FREE_DURATION));
    for (used, tiers) in [(usage.x86_byte_ms, X86), (usage.arm_byte_ms, ARM)] {
        let gift = rest.min(used);
        rest -= gift;
        let why = why(gift / GbSeconds::ONE, "GB-s");
        let (mut from, billed) = (0, used - gift);
        for (i, item) in tiers.items.into_iter().enumerate() {
            let end = tiers.ends.get(i).map_or(u128::MAX, gb_s);
            let inside = billed.min(end).saturating_sub(from);
            if inside > 0 {
                lines.push(line(prices, item, GbSeconds(inside), &why)?);
            }
            from = end;
        }
    }
    Ok(lines)
}

fn gb_s(fact: &Fact) -> u128 {
    u128::from(fact.count()) * GbSeconds::ONE
}

impl LambdaUsage {
    /// A month of what a run used: the part of it that the base rate accounts for as often as the run fits, the rest
    /// once.
    pub(super) fn month(&self, month: Dur, run: Dur, (base, stored): (u64, u64)) -> LambdaUsage {
        let share = |amount: u128| match stored > base {
            true => mul_div(amount, base.into(), stored.into()).unwrap_or(amount),
            false => amount,
        };
        let of = |amount: u128| {
            let steady = share(amount);
            let often = mul_div(steady, month.0.into(), run.0.into()).unwrap_or(0);
            often.saturating_add(amount - steady)
        };
        LambdaUsage {
            requests: of(self.requests),
            x86_byte_ms: of(self.x86_byte_ms),
            arm_byte_ms: of(self.arm_byte_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::prices;

    fn usd(usage: &LambdaUsage) -> Vec<String> {
        let table = prices::region("us-east-1").unwrap();
        let lines = lambda_lines(usage, &table, true).unwrap();
        lines.iter().map(|l| format!("{} {}", l.price_key, l.amount)).collect()
    }

    #[test]
    fn tiers_end_where_they_are_documented_to() {
        let used = |gb_s: u128| gb_s * GbSeconds::ONE;
        let usage =
            LambdaUsage { x86_byte_ms: used(16_000_000_000), arm_byte_ms: used(20_000_000_000), requests: 5 };
        assert_eq!(
            usd(&usage),
            [
                "price.us-east-1.lambda_request 0.000001",
                "price.us-east-1.lambda_gb_s 100000.200000",
                "price.us-east-1.lambda_gb_s_2 135000.000000",
                "price.us-east-1.lambda_gb_s_3 13333.400000",
                "price.us-east-1.lambda_arm_gb_s 100000.500000",
                "price.us-east-1.lambda_arm_gb_s_2 135001.125000",
                "price.us-east-1.lambda_arm_gb_s_3 13333.375000",
            ]
        );
    }

    #[test]
    fn a_month_repeats_the_base_and_pays_the_rest_once() {
        let run = LambdaUsage { requests: 300, x86_byte_ms: 3_000, arm_byte_ms: 0 };
        let month = run.month(Dur::from_h(10), Dur::from_h(1), (200, 300));
        assert_eq!((month.requests, month.x86_byte_ms), (2_100, 21_000));
        let packed = run.month(Dur::from_h(10), Dur::from_h(1), (200, 20));
        assert_eq!(packed.requests, 3_000);
    }
}
