//! What a Lambda function costs: its invocations, and memory × time in tiers.
//!
//! At AWS: each invocation is a request; its duration in whole milliseconds (cold starts included since 2025-08)
//! times the function's memory is billed by the GB-second, cheaper above the tiers' ends. A month has a free amount
//! of both.
//! We model: the free amounts once for all functions of the scenario that ask for them, in their order; tiers over all
//! functions of one architecture together, each beginning where the one before it ended.
//! We leave out: ephemeral storage above 512 MB, provisioned concurrency, savings plans, messages to destinations.

use super::{Grows, Used};
use crate::facts::Fact;
use crate::facts::lambda as facts;
use crate::facts::prices::Item;
use crate::measure::clients::{LambdaResult, TransformResult};
use crate::units::billed::{GbSeconds, Requests};

/// What a function did that is billed.
struct Function {
    calls: u64,
    billed_ms: u64,
    memory_bytes: u64,
    arm: bool,
    free_tier: bool,
}

/// Priced quantities of a function behind an event source mapping.
pub fn used(whose: &str, result: &LambdaResult) -> Vec<Used> {
    let LambdaResult { invocations: calls, billed_ms, memory_bytes, arm, free_tier, .. } = *result;
    Function { calls, billed_ms, memory_bytes, arm, free_tier }.used(whose)
}

/// Those of a function that Firehose calls.
pub fn used_by_transform(whose: &str, result: &TransformResult) -> Vec<Used> {
    let TransformResult { calls, billed_ms, memory_bytes, arm, free_tier, .. } = *result;
    Function { calls, billed_ms, memory_bytes, arm, free_tier }.used(whose)
}

impl Function {
    fn used(&self, whose: &str) -> Vec<Used> {
        let byte_ms = u128::from(self.billed_ms) * u128::from(self.memory_bytes);
        let (items, ends) = match self.arm {
            false => (
                [Item::LAMBDA_DURATION, Item::LAMBDA_DURATION_2, Item::LAMBDA_DURATION_3],
                [facts::TIER_X86, facts::TIER_X86_2],
            ),
            true => (
                [Item::LAMBDA_ARM_DURATION, Item::LAMBDA_ARM_DURATION_2, Item::LAMBDA_ARM_DURATION_3],
                [facts::TIER_ARM, facts::TIER_ARM_2],
            ),
        };
        let requests = Requests(self.calls.into());
        let requests = Used::new(whose, Item::LAMBDA_REQUEST, requests, Grows::WithRecords);
        let duration = Used::new(whose, items[0], GbSeconds(byte_ms), Grows::WithRecords)
            .then(gb_s(&ends[0]), items[1])
            .then(gb_s(&ends[1]), items[2]);
        match self.free_tier {
            false => vec![requests, duration],
            true => vec![
                requests.free(Requests(facts::FREE_REQUESTS.count().into())),
                duration.free(gb_s(&facts::FREE_DURATION)),
            ],
        }
    }
}

fn gb_s(fact: &Fact) -> GbSeconds {
    GbSeconds(u128::from(fact.count()) * GbSeconds::ONE)
}
