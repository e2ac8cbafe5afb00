//! The Kinesis Producer Library as written: its own settings by their own names.

use super::context::{Cx, cite};
use super::diag::Span;
use super::grammar::{At, choice, fact, section};
use super::law::Law;
use crate::facts::kpl as facts;
use crate::facts::{Fact, latency, producers};
use crate::producer::config::{KplBehaviour, KplConfig};
use crate::units::{Bytes, Dur, Percent};

section! {
    /// The Kinesis Producer Library: user records are gathered per shard into Kinesis records, and those into
    /// PutRecords calls.
    KplSpec {
        /// Processes; they share the demand evenly, and know nothing of one another.
        instances: u32 = fact(&producers::INSTANCES).positive().max("10000"),
        /// The version whose behaviour is modelled.
        behaviour: BehaviourSpec = fact(&facts::BEHAVIOUR),
        /// AggregationEnabled. Off, each user record is a Kinesis record of its own, and `rate_limit` has no effect.
        aggregation: bool = fact(&facts::AGGREGATION),
        /// AggregationMaxCount: user records in one Kinesis record.
        aggregation_max_count: u64 = fact(&facts::AGGREGATION_MAX_COUNT).positive(),
        /// AggregationMaxSize: bytes of a Kinesis record that holds several user records. A larger user record
        /// travels alone.
        aggregation_max_size: At<Bytes> = fact(&facts::AGGREGATION_MAX_SIZE)
            .min_fact(&facts::AGGREGATION_SIZE_MIN).max_fact(&facts::AGGREGATION_SIZE_MAX),
        /// CollectionMaxCount: Kinesis records in one PutRecords call.
        collection_max_count: u32 = fact(&facts::COLLECTION_MAX_COUNT).positive().max_fact(&facts::COLLECTION_MAX_COUNT),
        /// CollectionMaxSize: bytes of one PutRecords call, keys included.
        collection_max_size: Bytes = fact(&facts::COLLECTION_MAX_SIZE)
            .min_fact(&facts::COLLECTION_SIZE_MIN).max_fact(&producers::PUT_RECORDS_MAX_BYTES),
        /// MaxUserRecordSize: data of one user record.
        max_user_record_size: At<Bytes> = fact(&facts::USER_RECORD_SIZE).positive().max_fact(&facts::USER_RECORD_SIZE_MAX),
        /// RecordMaxBufferedTime: how long a user record waits for company. After a failed attempt it waits half as
        /// long.
        record_max_buffered_time: At<Dur> = fact(&facts::MAX_BUFFERED_TIME).positive(),
        /// RecordTtl: older user records are failed instead of being sent again.
        record_ttl: Dur = fact(&facts::TTL).min_fact(&facts::TTL_MIN),
        /// RateLimit: what one process sends to one shard at most, in whole percent of the shard's write limits.
        rate_limit: At<Percent> = fact(&facts::RATE_LIMIT).min("1 %").max("1000000 %"),
        /// FailIfThrottled: throttled records are failed at once instead of being sent again.
        fail_if_throttled: bool = fact(&facts::FAIL_IF_THROTTLED),
        /// MaxConnections: calls under way at once; further ones wait in line.
        max_connections: u32 = fact(&facts::MAX_CONNECTIONS).positive().max_fact(&facts::MAX_CONNECTIONS_MAX),
        /// Sending to answer.
        put_latency: Law = fact(&latency::PUT),
        /// ListShards, call to answer. Until the answer, records travel alone and unlimited.
        list_shards_latency: Law = fact(&facts::LIST_LATENCY),
    }
    check expires_after_buffering(record_max_buffered_time, record_ttl), whole_percent(rate_limit),
        aggregates_fit_version(aggregation_max_size, behaviour), records_fit_version(max_user_record_size, behaviour);
}

choice! {
    /// Versions between which the library's behaviour changed.
    BehaviourSpec {
        /// 0.14.0 to 0.15.10: what lands on another shard than predicted is sent again.
        v0_14: V0_14,
        /// 0.15.11 to 0.15.x: it is accepted where that shard is known to hold its hash.
        v0_15_11: V0_15_11,
        /// 1.0.0 to 1.0.5: the pipeline of 0.15.11.
        v1_0_0: V1_0_0,
        /// From 1.0.6: records of up to 10 MiB, and as many byte tokens in the limiter.
        v1_0_6: V1_0_6,
    }
}

impl From<&BehaviourSpec> for KplBehaviour {
    fn from(spec: &BehaviourSpec) -> KplBehaviour {
        match spec {
            BehaviourSpec::V0_14 => KplBehaviour::V0_14,
            BehaviourSpec::V0_15_11 => KplBehaviour::V0_15_11,
            BehaviourSpec::V1_0_0 => KplBehaviour::V1_0_0,
            BehaviourSpec::V1_0_6 => KplBehaviour::V1_0_6,
        }
    }
}

/// Before 1.0.6 sizes ended at 1 MiB.
fn aggregates_fit_version(size: &At<Bytes>, behaviour: &BehaviourSpec, _: Span, cx: &mut Cx) {
    fits_version("aggregation_max_size", size, &facts::AGGREGATION_SIZE_MAX_BEFORE, behaviour, cx);
}

fn records_fit_version(size: &At<Bytes>, behaviour: &BehaviourSpec, _: Span, cx: &mut Cx) {
    fits_version("max_user_record_size", size, &facts::USER_RECORD_SIZE, behaviour, cx);
}

fn fits_version(key: &str, size: &At<Bytes>, most: &Fact, behaviour: &BehaviourSpec, cx: &mut Cx) {
    if KplBehaviour::from(behaviour) >= KplBehaviour::V1_0_6 || size.value <= most.bytes() {
        return;
    }
    let message =
        format!("`{}.{key}` is {}; before 1.0.6 it ended at {}", cx.here(), size.value, most.bytes());
    let help = format!("source: {}", cite(most));
    let expected = format!("must be at most {}", most.bytes());
    cx.say_with("out-of-range", size.at, message, &expected, Some(help));
}

fn expires_after_buffering(buffered: &At<Dur>, ttl: &Dur, _: Span, cx: &mut Cx) {
    if buffered.value <= *ttl {
        return;
    }
    let message = format!(
        "`{}.record_max_buffered_time` ({}) is longer than `record_ttl` ({ttl}): records would be as good as \
         expired when they are first sent",
        cx.here(),
        buffered.value,
    );
    let help = format!("defaults: {} and {}", cite(&facts::MAX_BUFFERED_TIME), cite(&facts::TTL));
    cx.say_with("out-of-range", buffered.at, message, &format!("must be at most {ttl}"), Some(help));
}

fn whole_percent(limit: &At<Percent>, _: Span, cx: &mut Cx) {
    if limit.value.0.is_multiple_of(ONE_PERCENT) {
        return;
    }
    let message = format!("`{}.rate_limit` is {}", cx.here(), limit.value);
    let help = format!("source: {}", cite(&facts::RATE_LIMIT));
    cx.say_with("out-of-range", limit.at, message, "must be whole percents", Some(help));
}

const ONE_PERCENT: u64 = Percent::WHOLE / 100;

impl KplSpec {
    /// The library's settings.
    pub fn resolve(&self, cx: &mut Cx) -> Option<KplConfig> {
        Some(KplConfig {
            instances: self.instances,
            behaviour: (&self.behaviour).into(),
            aggregation: self.aggregation,
            aggregation_max_count: self.aggregation_max_count,
            aggregation_max_size: self.aggregation_max_size.value,
            collection_max_count: self.collection_max_count,
            collection_max_size: self.collection_max_size,
            record_max_buffered_time: self.record_max_buffered_time.value,
            record_ttl: self.record_ttl,
            rate_limit: self.rate_limit.value.0 / ONE_PERCENT,
            fail_if_throttled: self.fail_if_throttled,
            max_connections: self.max_connections,
            put_latency: self.put_latency.resolve(cx)?,
            list_shards_latency: self.list_shards_latency.resolve(cx)?,
        })
    }

    /// The library throws an exception at a larger record than it takes; `at` is where its size is written.
    pub fn takes(&self, largest: Bytes, at: Span, cx: &mut Cx) {
        let most = self.max_user_record_size.value;
        if largest <= most {
            return;
        }
        let message =
            format!("the KPL refuses user records of {largest}: its `max_user_record_size` is {most}");
        let bound = &facts::USER_RECORD_SIZE_MAX;
        let help = format!("raise it to at most {}, source: {}", bound.bytes(), cite(bound));
        cx.say_with("out-of-range", at, message, &format!("must be at most {most}"), Some(help));
    }
}
