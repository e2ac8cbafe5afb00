//! Defaults of consumers that poll with the SDK.

use super::Value;
use super::Value::{Count, Dur as Span, Word};
use super::fact::facts;
use crate::units::{Dur, Percent};

facts! {
    POLL_INTERVAL: "consumer.interval", Span(Dur::from_s(1)), API, Documented,
        "GetRecords calls of one application on one shard: one per second is AWS's advice, and the KCL's default.";
    POLL_INTERVAL_MIN: "consumer.interval_min", Span(Dur::from_ms(200)), DG22, Documented,
        "Fastest polling that five calls per second allow a single application.";
    POLL_PACE: "consumer.pace", Word("even"), MODEL, Assumed,
        "How a reader spaces its calls: at even intervals unless stated.";
    POLL_JITTER: "consumer.jitter", Span(Dur::ZERO), MODEL, Assumed,
        "Added to each interval, uniform: none unless stated.";
    POLL_LIMIT: "consumer.limit", Count(10_000, "records"), API, Documented,
        "Records a GetRecords call asks for.";
    THROTTLED_POLL: "consumer.throttled_poll", Word("next_period"), MODEL, Assumed,
        "What a reader does after a refused call: it waits for its next turn.";
    POLL_BACKOFF: "consumer.backoff", Span(Dur::from_ms(100)), DG22, Documented,
        "Base of the SDK's exponential backoff on a refused read (`sdk_backoff`): 100 ms × 2^i.";
    PROCESSING: "consumer.processing", Span(Dur::ZERO), MODEL, Assumed,
        "Processing time when the scenario does not say: none, so that delays shown are the stream's own.";
    FAILURE_RATE: "consumer.failure_rate", Value::Percent(Percent(0)), MODEL, Assumed,
        "Share of batches that fail and are done again: none unless stated.";
    POLLERS_PER_SHARD: "consumer.pollers_max", Count(5, "applications"), API, Documented,
        "Applications that can poll each shard once a second before the call limit binds.";
}
