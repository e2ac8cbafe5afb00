//! What a Lambda function costs: its invocations, and memory × time in tiers.
//!
//! At AWS: each invocation is a request; its duration in whole milliseconds (cold starts included since 2025-08)
//! times the function's memory is billed by the GB-second, cheaper above the tiers' ends. A month has a free amount
//! of both.
//! We model: the free amounts once for all functions of the scenario that ask for them, in their order; tiers as if each
//! function were the account's only one.
//! We leave out: ephemeral storage above 512 MB, provisioned concurrency, savings plans, messages to destinations.

use super::{Grows, Used};
use crate::facts::Fact;
use crate::facts::lambda as facts;
use crate::facts::prices::Item;
use crate::measure::clients::LambdaResult;
use crate::units::billed::{GbSeconds, Requests};

/// Its priced quantities.
pub fn used(whose: &str, result: &LambdaResult) -> Vec<Used> {
    let byte_ms = u128::from(result.billed_ms) * u128::from(result.memory_bytes);
    let (items, ends) = match result.arm {
        false => (
            [Item::LAMBDA_DURATION, Item::LAMBDA_DURATION_2, Item::LAMBDA_DURATION_3],
            [facts::TIER_X86, facts::TIER_X86_2],
        ),
        true => (
            [Item::LAMBDA_ARM_DURATION, Item::LAMBDA_ARM_DURATION_2, Item::LAMBDA_ARM_DURATION_3],
            [facts::TIER_ARM, facts::TIER_ARM_2],
        ),
    };
    let requests = Requests(result.invocations.into());
    let requests = Used::new(whose, Item::LAMBDA_REQUEST, requests, Grows::WithRecords);
    let duration = Used::new(whose, items[0], GbSeconds(byte_ms), Grows::WithRecords)
        .then(gb_s(&ends[0]), items[1])
        .then(gb_s(&ends[1]), items[2]);
    match result.free_tier {
        false => vec![requests, duration],
        true => vec![
            requests.free(Requests(facts::FREE_REQUESTS.count().into())),
            duration.free(gb_s(&facts::FREE_DURATION)),
        ],
    }
}

fn gb_s(fact: &Fact) -> GbSeconds {
    GbSeconds(u128::from(fact.count()) * GbSeconds::ONE)
}
