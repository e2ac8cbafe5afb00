//! Lambda's event source mapping as written: AWS's own names in short.

use super::context::{Cx, cite};
use super::diag::Span;
use super::grammar::{At, fact, section};
use super::law::Law;
use super::shapes::Endless;
use crate::consumer::lambda::LambdaConfig;
use crate::facts::lambda as facts;
use crate::units::{Bytes, Dur, Percent};

section! {
    /// Lambda's event source mapping and its function. Each shard is polled once a second (`read: polling`), or pushes
    /// (`read: enhanced_fan_out`); `processing` is the duration of an invocation.
    LambdaSpec {
        /// BatchSize: records of one invocation at most. A record packed by the KPL counts as one.
        batch_size: u32 = fact(&facts::BATCH_SIZE).min_fact(&facts::BATCH_SIZE_MIN).max_fact(&facts::BATCH_SIZE_MAX),
        /// MaximumBatchingWindowInSeconds: how long a batch is gathered. The next window begins when the invocation
        /// before it has completed.
        batching_window: Dur = fact(&facts::BATCHING_WINDOW).max_fact(&facts::BATCHING_WINDOW_MAX),
        /// ParallelizationFactor: batches of one shard at once; each partition key stays in one of so many lanes.
        parallelization_factor: u32 = fact(&facts::PARALLELIZATION).min_fact(&facts::PARALLELIZATION).max_fact(&facts::PARALLELIZATION_MAX),
        /// MaximumRetryAttempts after the first invocation; -1 is endless.
        retry_attempts: Endless<u32> = fact(&facts::RETRY_ATTEMPTS).max_fact(&facts::RETRY_ATTEMPTS_MAX),
        /// MaximumRecordAgeInSeconds: older records are given up; -1 is endless.
        record_age: Endless<Dur> = fact(&facts::RECORD_AGE).min_fact(&facts::RECORD_AGE_MIN).max_fact(&facts::RECORD_AGE_MAX),
        /// BisectBatchOnFunctionError: a failed batch is cut in two.
        bisect: bool = fact(&facts::BISECT),
        /// ReportBatchItemFailures: a failed batch is sent again from the record that failed.
        report_batch_item_failures: bool = fact(&facts::REPORT),
        /// DestinationConfig.OnFailure: a message for each batch that is given up.
        on_failure_destination: bool = fact(&facts::DESTINATION),
        /// TumblingWindowInSeconds: a state for each stretch of time and lane, and a final call at its end.
        tumbling_window: Dur = fact(&facts::TUMBLING_WINDOW).max_fact(&facts::TUMBLING_WINDOW_MAX),
        /// FilterCriteria: the share of records that they keep from the function.
        filtered: Percent = fact(&facts::FILTERED).max("100 %"),
        /// Invocations at one time, all shards together: the function's reserved concurrency.
        concurrency: u32 = fact(&facts::CONCURRENCY).positive().max("1000000"),
        /// The function's memory.
        memory: Bytes = fact(&facts::MEMORY).min_fact(&facts::MEMORY).max_fact(&facts::MEMORY_MAX),
        /// Runs on Arm, not x86.
        arm: bool = fact(&facts::ARM),
        /// A month's free amounts are left for this function.
        free_tier: bool = fact(&facts::FREE_TIER),
        /// The function's timeout; a batch that takes longer fails whole.
        timeout: Dur = fact(&facts::TIMEOUT).min("1 s").max_fact(&facts::TIMEOUT_MAX),
        /// Start of a new execution environment.
        cold_start: Law = fact(&facts::COLD_START),
        /// First wait after a failed or throttled invocation; it doubles.
        retry_delay: At<Dur> = fact(&facts::RETRY_DELAY).min("1 ms").max("1 h"),
        /// Longest wait after a failed or throttled invocation.
        retry_delay_max: Dur = fact(&facts::RETRY_DELAY_MAX).min("1 ms").max("1 h"),
        /// Records of a shard that wait in the mapping, beyond a batch for each lane, before it stops reading.
        read_ahead: u32 = fact(&facts::READ_AHEAD).max("1000000"),
        /// Bytes of an event around each record's data.
        record_overhead: Bytes = fact(&facts::RECORD_OVERHEAD).max("1 MiB"),
    }
    check waits_grow(retry_delay, retry_delay_max);
}

fn waits_grow(first: &At<Dur>, most: &Dur, _: Span, cx: &mut Cx) {
    if first.value <= *most {
        return;
    }
    let message = format!("`{}.retry_delay` is longer than `retry_delay_max`, {most}", cx.here());
    let help = format!("defaults: {} and {}", cite(&facts::RETRY_DELAY), cite(&facts::RETRY_DELAY_MAX));
    cx.say_with("not-together", first.at, message, "the first wait is the shortest", Some(help));
}

impl LambdaSpec {
    /// The mapping's settings.
    pub fn resolve(&self, cx: &mut Cx) -> Option<LambdaConfig> {
        Some(LambdaConfig {
            batch_size: self.batch_size.into(),
            batching_window: self.batching_window,
            parallelization_factor: self.parallelization_factor,
            retry_attempts: self.retry_attempts.0,
            record_age: self.record_age.0,
            bisect: self.bisect,
            report_batch_item_failures: self.report_batch_item_failures,
            on_failure_destination: self.on_failure_destination,
            tumbling_window: self.tumbling_window,
            filtered: self.filtered,
            concurrency: self.concurrency,
            memory: self.memory,
            arm: self.arm,
            free_tier: self.free_tier,
            timeout: self.timeout,
            cold_start: self.cold_start.resolve(cx)?,
            retry_delay: self.retry_delay.value,
            retry_delay_max: self.retry_delay_max,
            read_ahead: self.read_ahead.into(),
            record_overhead: self.record_overhead,
            max_payload: facts::PAYLOAD.bytes(),
        })
    }
}
