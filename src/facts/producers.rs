//! Producers with an AWS SDK: call limits, retry modes, defaults.
//!
//! The retry modes differ by a factor of five in the time a client rides out a throttle, so the mode is named in
//! every report.

use super::Standing;
use super::Value::{self, Bytes as Size, Count, Dur as Span, Word};
use super::fact::facts;
use super::source::{self, Source};
use crate::units::{Bytes, Dur, Factor, Percent};

facts! {
    PUT_RECORDS_MAX_RECORDS: "put_records.records_max", Count(500, "records"), API, Documented,
        "Entries of one PutRecords call.";
    PUT_RECORDS_MAX_BYTES: "put_records.bytes_max", Size(Bytes::from_mib(10)), API, Documented,
        "Bytes of one PutRecords call, partition keys included (5 MiB before 2025-10-28).";
    PARTITION_KEY_MAX: "partition_key.characters_max", Count(256, "characters"), API, Documented,
        "Longest partition key, in Unicode characters.";
    KEY_BYTES: "producer.key_bytes", Size(Bytes(36)), MODEL, Assumed,
        "Bytes of a partition key when the scenario does not say: a UUID in text.";
    AGGREGATE_KEY_BYTES: "kpl.aggregate_key_bytes", Size(Bytes(1)), KPL, SourceCode,
        "Partition key of an aggregated Kinesis record: the letter a, beside an explicit hash key that is not counted.";
    CALL: "producer.call", Word("put_records"), MODEL, Assumed,
        "Which API a producer uses when the scenario does not say.";
    LINGER: "producer.linger", Span(Dur::from_ms(100)), KPL, Assumed,
        "How long a PutRecords call waits for more records; the KPL's RecordMaxBufferedTime, assumed for a plain SDK client.";
    IN_FLIGHT: "producer.in_flight", Count(10, "calls"), BOTOCONF, Assumed,
        "Calls under way at most, per instance: botocore's max_pool_connections, assumed to be as many as a client keeps busy.";
    BUFFER: "producer.buffer", Size(Bytes::from_mib(100)), MODEL, Assumed,
        "Memory for waiting records of one instance.";
    ON_FULL: "producer.on_full", Word("block"), MODEL, Assumed,
        "What happens to new records when that memory is full.";
    ON_PARTIAL_FAILURE: "producer.on_partial_failure", Word("retry_failed"), MODEL, Assumed,
        "What the caller does with failed entries: the SDK sees a 200 and does nothing, so the application must; sending the failed ones again is the guide's advice.";
    RETRY_MODE: "producer.retry", Word("standard-2026"), BOTOCORE, SourceCode,
        "Default mode of botocore from 1.44.0.";
    ADAPTIVE_CUT: "producer.adaptive.cut", Value::Percent(Percent(700_000_000)), BOTOCORE, SourceCode,
        "Adaptive retry mode: the send rate after a throttle, as a share of the measured rate.";
    ADAPTIVE_SCALE: "producer.adaptive.scale", Value::Percent(Percent(400_000_000)), BOTOCORE, SourceCode,
        "Adaptive retry mode: the scale constant of the cubic along which the send rate grows again.";
    ADAPTIVE_SMOOTHING: "producer.adaptive.smoothing", Value::Percent(Percent(800_000_000)), BOTOCORE, SourceCode,
        "Adaptive retry mode: weight of the newest measuring in the measured rate.";
    ADAPTIVE_MEASURE: "producer.adaptive.measure", Span(Dur::from_ms(500)), BOTOCORE, SourceCode,
        "Adaptive retry mode: the rate of answers is measured over multiples of this.";
    ADAPTIVE_ABOVE_MEASURED: "producer.adaptive.above_measured", Count(2, "times"), BOTOCORE, SourceCode,
        "Adaptive retry mode: the allowed rate is at most so many times the measured one.";
    ADAPTIVE_SLOWEST: "producer.adaptive.slowest", Span(Dur::from_s(2)), BOTOCORE, SourceCode,
        "Adaptive retry mode: a call may always go after this time (0.5 calls a second).";
    RETRY_AFTER_WINDOW: "producer.retry_after_window", Span(Dur::from_s(5)), BOTOCORE, SourceCode,
        "The 2026 rules honour x-amz-retry-after between the computed sleep and that sleep plus this time.";
    INSTANCES: "producer.instances", Count(1, "instances"), MODEL, Assumed,
        "Client processes when the scenario does not say.";
}

/// Random part of a sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryJitter {
    /// None: the whole sleep.
    None,
    /// Uniform on (0, sleep).
    Full,
    /// Uniform on (sleep / 2, sleep).
    Half,
}

/// An SDK's retry quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryTokens {
    /// Tokens at the start and at most.
    pub capacity: u32,
    /// Cost of a retry after a throttle.
    pub throttle_cost: u32,
    /// Cost of a retry after a transient error (botocore's older standard mode charges 10 for a timeout; left out).
    pub transient_cost: u32,
    /// Given back by a call that succeeds without a retry.
    pub success_refund: u32,
}

/// One retry mode. A client's sleep before retry i (from 0) is jitter × min(cap, base × factor^i), with a base and
/// a jitter of its own after a transient error (a 5xx, no connection, no answer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryMode {
    /// The scenario's word.
    pub word: &'static str,
    /// Attempts including the first.
    pub attempts: u32,
    /// First sleep's upper end after a throttle.
    pub base: Dur,
    /// First sleep's upper end after a transient error; its jitter is full in every mode.
    pub transient_base: Dur,
    /// Growth per retry.
    pub factor: Factor,
    /// No sleep is longer (`None`: the mode has no cap).
    pub cap: Option<Dur>,
    /// Random part after a throttle.
    pub jitter: RetryJitter,
    /// Quota of retries, where the mode has one.
    pub tokens: Option<RetryTokens>,
    /// Whether the service's retry-after is honoured.
    pub honours_retry_after: bool,
    /// Whether calls wait for a client-side send-rate limiter.
    pub adaptive: bool,
    /// What it is.
    pub meaning: &'static str,
    /// Where it is from.
    pub source: Source,
    /// How far to trust it.
    pub standing: Standing,
}

const fn mode(word: &'static str, attempts: u32, base_ms: u64, meaning: &'static str) -> RetryMode {
    RetryMode {
        word,
        attempts,
        base: Dur::from_ms(base_ms),
        transient_base: Dur::from_ms(base_ms),
        factor: Factor(2_000_000),
        cap: Some(Dur::from_s(20)),
        jitter: RetryJitter::Full,
        tokens: None,
        honours_retry_after: false,
        adaptive: false,
        meaning,
        source: source::BOTOCORE,
        standing: Standing::SourceCode,
    }
}

const fn tokens(throttle_cost: u32, transient_cost: u32) -> Option<RetryTokens> {
    Some(RetryTokens { capacity: 500, throttle_cost, transient_cost, success_refund: 1 })
}

/// Every retry mode.
pub const RETRY_MODES: &[RetryMode] = &[
    RetryMode {
        cap: None,
        ..mode(
            "legacy-py",
            5,
            1_000,
            "boto3's default up to botocore 1.43, and the CLI's v1: five attempts, full jitter on 1, 2, 4, 8 s.",
        )
    },
    RetryMode {
        tokens: tokens(5, 5),
        ..mode(
            "standard-py",
            3,
            1_000,
            "botocore's standard mode before the 2026 rules: three attempts, full jitter on 1, 2 s, quota 500 at 5 a retry.",
        )
    },
    RetryMode {
        transient_base: Dur::from_ms(50),
        tokens: tokens(5, 14),
        honours_retry_after: true,
        ..mode(
            "standard-2026",
            3,
            1_000,
            "botocore's default from 1.44.0: as standard for throttles, 50 ms base and 14 tokens for transient errors, honours retry-after.",
        )
    },
    RetryMode {
        transient_base: Dur::from_ms(50),
        tokens: tokens(5, 14),
        honours_retry_after: true,
        adaptive: true,
        ..mode(
            "adaptive",
            3,
            1_000,
            "botocore's adaptive mode: as standard-2026, and throttles of PutRecord slow the client's sending down.",
        )
    },
    RetryMode {
        jitter: RetryJitter::Half,
        transient_base: Dur::from_ms(100),
        tokens: tokens(0, 5),
        source: source::JAVA2,
        ..mode(
            "legacy-java",
            4,
            500,
            "Java v2's long-time default: four attempts, throttles sleep at least half of 500 ms × 2^i and cost no tokens, other errors full jitter on 100 ms × 2^i.",
        )
    },
    RetryMode {
        transient_base: Dur::from_ms(100),
        tokens: tokens(5, 5),
        source: source::JAVA2,
        ..mode(
            "standard-java",
            3,
            1_000,
            "Java v2's standard mode: three attempts, full jitter on 1 s × 2^i after a throttle and on 100 ms × 2^i after other errors, quota 500 at 5 a retry.",
        )
    },
    RetryMode {
        jitter: RetryJitter::None,
        source: source::MODEL,
        standing: Standing::Assumed,
        ..mode("none", 1, 0, "No retries: a throttled record is lost at once.")
    },
];

/// A mode by its word.
pub fn retry_mode(word: &str) -> Option<&'static RetryMode> {
    RETRY_MODES.iter().find(|m| m.word == word)
}
