//! Enhanced fan-out: throughput, subscriptions, consumers per stream. Event size is not documented.

use super::Value;
use super::Value::{Count, Dur as Span};
use super::fact::facts;
use crate::units::{ByteRate, Dur};

facts! {
    BYTES: "fan_out.bytes_per_s", Value::ByteRate(ByteRate(2 << 20)), API, Documented,
        "Bytes per second and shard for each registered consumer, apart from all other readers.";
    RENEW_EVERY: "fan_out.subscription_life", Span(Dur::from_min(5)), API, Documented,
        "A subscription ends after this time and is made again.";
    RENEWAL_GAP: "fan_out.renewal_gap", Span(Dur::ZERO), MODEL, Assumed,
        "Between the end of a subscription and the first event of the next: AWS publishes no figure; none unless stated.";
    SUBSCRIBE_RATE: "fan_out.subscribe_per_s", Count(1, "calls/s"), API, Documented,
        "SubscribeToShard calls per second, consumer and shard (5 is a common belief).";
    RESUBSCRIBE_GAP: "fan_out.resubscribe_gap", Span(Dur::from_s(5)), API, Documented,
        "A second call for the same consumer and shard within this time is refused; later it takes over.";
    CONSUMERS: "fan_out.consumers_max", Count(20, "consumers"), API, Documented,
        "Registered consumers per stream, provisioned and on-demand Standard; queues share the number.";
    CONSUMERS_ADVANTAGE: "fan_out.consumers_max_advantage", Count(50, "consumers"), API, Documented,
        "Registered consumers per stream in on-demand Advantage, in the listed Regions.";
    REGISTER_RATE: "fan_out.register_per_s", Count(5, "calls/s"), API, Documented,
        "RegisterStreamConsumer calls per second.";
    PUSH_SLOT: "fan_out.push_slot", Span(Dur::from_ms(10)), MODEL, Assumed,
        "Records stored within one such stretch share one draw of the push latency; AWS publishes no event size.";
    CREATING_MAX: "fan_out.creating_max", Count(5, "consumers"), API, Documented,
        "Consumers being created at the same time.";
}
