//! Lambda: event source mappings for Kinesis, the function's limits, and what of its price is not a price.

use super::Value::{Bytes as Size, Constant, Count, Dur as Span, Percent as Share, Word};
use super::fact::facts;
use crate::units::{Bytes, Dur, Percent};

facts! {
    BATCH_SIZE: "lambda.batch_size", Count(100, "records"), LAMBDAG, Documented,
        "BatchSize: records of one invocation at most. A record packed by the KPL counts as one.";
    BATCH_SIZE_MIN: "lambda.batch_size_min", Count(1, "records"), LAMBDAG, Documented,
        "Smallest BatchSize.";
    BATCH_SIZE_MAX: "lambda.batch_size_max", Count(10_000, "records"), LAMBDAG, Documented,
        "Largest BatchSize for Kinesis.";
    BATCHING_WINDOW: "lambda.batching_window", Span(Dur::ZERO), LAMBDAG, Documented,
        "MaximumBatchingWindowInSeconds: how long a batch is gathered. Without it the function is invoked as soon as there are records.";
    BATCHING_WINDOW_MAX: "lambda.batching_window_max", Span(Dur::from_s(300)), LAMBDAG, Documented,
        "Longest MaximumBatchingWindowInSeconds.";
    PARALLELIZATION: "lambda.parallelization_factor", Count(1, "lanes"), LAMBDAG, Documented,
        "ParallelizationFactor: batches of one shard at once; each partition key stays in one of so many lanes.";
    PARALLELIZATION_MAX: "lambda.parallelization_factor_max", Count(10, "lanes"), LAMBDAG, Documented,
        "Largest ParallelizationFactor.";
    RETRY_ATTEMPTS: "lambda.retry_attempts", Word("-1"), LAMBDAG, Documented,
        "MaximumRetryAttempts after the first invocation: -1 means until success or until the records expire.";
    RETRY_ATTEMPTS_MAX: "lambda.retry_attempts_max", Count(10_000, "retries"), LAMBDAG, Documented,
        "Largest MaximumRetryAttempts.";
    RECORD_AGE: "lambda.record_age", Word("-1"), LAMBDAG, Documented,
        "MaximumRecordAgeInSeconds: older records are not sent to the function; -1 means however old they are.";
    RECORD_AGE_MIN: "lambda.record_age_min", Span(Dur::from_s(60)), LAMBDACDK, Documented,
        "Smallest MaximumRecordAgeInSeconds besides -1. The API model allows less; the CDK and the service refuse 1 to 59.";
    RECORD_AGE_MAX: "lambda.record_age_max", Span(Dur::from_s(604_800)), LAMBDAG, Documented,
        "Largest MaximumRecordAgeInSeconds: seven days.";
    BISECT: "lambda.bisect", Word("false"), LAMBDAG, Documented,
        "BisectBatchOnFunctionError: a failed batch is cut in two; cutting uses no retry.";
    REPORT: "lambda.report_batch_item_failures", Word("false"), LAMBDAG, Documented,
        "FunctionResponseTypes: none by default. With ReportBatchItemFailures a batch is sent again from the lowest record reported.";
    DESTINATION: "lambda.on_failure_destination", Word("false"), LAMBDAG, Documented,
        "DestinationConfig.OnFailure: none by default. It receives where the skipped batch lies, not its records.";
    TUMBLING_WINDOW: "lambda.tumbling_window", Span(Dur::ZERO), LAMBDAG, Documented,
        "TumblingWindowInSeconds: none by default.";
    TUMBLING_WINDOW_MAX: "lambda.tumbling_window_max", Span(Dur::from_s(900)), LAMBDAG, Documented,
        "Longest TumblingWindowInSeconds.";
    FILTERED: "lambda.filtered", Share(Percent(0)), LAMBDAG, Documented,
        "Records that FilterCriteria keep from the function: none by default. They cost no invocation.";
    CONCURRENCY: "lambda.concurrency", Count(1_000, "invocations"), LAMBDAQ, Documented,
        "Invocations at one time: an account's default in a Region, where the function reserves none.";
    MEMORY: "lambda.memory", Size(Bytes::from_mib(128)), LAMBDAQ, Documented,
        "Memory of a function by default; what is billed is this times the duration.";
    MEMORY_MAX: "lambda.memory_max", Size(Bytes::from_mib(10_240)), LAMBDAQ, Documented,
        "Largest memory of a function.";
    ARM: "lambda.arm", Word("false"), LAMBDAQ, Documented,
        "Architecture of a function: x86_64 by default.";
    TIMEOUT: "lambda.timeout", Span(Dur::from_s(3)), LAMBDAQ, Documented,
        "A function's timeout by default; a batch that takes longer fails whole, each time.";
    TIMEOUT_MAX: "lambda.timeout_max", Span(Dur::from_s(900)), LAMBDAQ, Documented,
        "Longest timeout of a function.";
    PAYLOAD: "lambda.max_payload", Size(Bytes::from_mib(6)), LAMBDAQ, Documented,
        "Bytes of one event. Data travels as base64: about 4.5 MB of it.";
    RECORD_OVERHEAD: "lambda.record_overhead", Size(Bytes(530)), LAMBDAG, Assumed,
        "Bytes of an event around each record's data: the length of the developer guide's sample record without spaces.";
    POLL_INTERVAL: "lambda.poll_interval", Span(Dur::from_s(1)), LAMBDAG, Documented,
        "Base rate at which each shard is polled with a standard iterator.";
    READ_AHEAD: "lambda.read_ahead", Count(10_000, "records"), MODEL, Assumed,
        "Records of a shard that wait in the mapping, beyond a batch for each lane, before it stops reading: as many as one GetRecords answer holds. AWS does not publish how far a mapping reads ahead.";
    RETRY_DELAY: "lambda.retry_delay", Span(Dur::from_s(1)), MODEL, Assumed,
        "First wait after a failed or throttled invocation; it doubles with each in a row. AWS says that a mapping backs off and publishes no numbers.";
    RETRY_DELAY_MAX: "lambda.retry_delay_max", Span(Dur::from_s(60)), MODEL, Assumed,
        "Longest wait after a failed or throttled invocation.";
    COLD_START: "lambda.cold_start", Constant(Dur::ZERO), MODEL, Assumed,
        "Start of a new execution environment: none unless stated, so that delays shown are the mapping's own. It is billed (since 2025-08) and depends on runtime, package and code.";
    FREE_TIER: "lambda.free_tier", Word("false"), MODEL, Assumed,
        "Whether a month's free amounts are left for the function: they are the account's, and other functions use them too.";
    FREE_REQUESTS: "lambda.free_requests", Count(1_000_000, "requests"), LAMBDAP, Documented,
        "Requests a month that an account does not pay (`free_tier`).";
    FREE_DURATION: "lambda.free_gb_seconds", Count(400_000, "GB-s"), LAMBDAP, Documented,
        "GB-seconds a month that an account does not pay (`free_tier`).";
    TIER_X86: "lambda.tier_1_end_x86", Count(6_000_000_000, "GB-s"), LAMBDAT, Documented,
        "GB-seconds a month at the first price, x86.";
    TIER_X86_2: "lambda.tier_2_end_x86", Count(15_000_000_000, "GB-s"), LAMBDAT, Documented,
        "End of the second tier, x86: a tenth less; above it a fifth less.";
    TIER_ARM: "lambda.tier_1_end_arm", Count(7_500_000_000, "GB-s"), LAMBDAT, Documented,
        "GB-seconds a month at the first price, Arm.";
    TIER_ARM_2: "lambda.tier_2_end_arm", Count(18_750_000_000, "GB-s"), LAMBDAT, Documented,
        "End of the second tier, Arm: a tenth less; above it a fifth less.";
    GRANULE: "lambda.billing_granularity", Span(Dur::from_ms(1)), LAMBDAP, Documented,
        "A duration is billed in whole steps of this, rounded up.";
}
