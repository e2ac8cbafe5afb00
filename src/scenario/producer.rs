//! A producer as written: its demand and its client.

use super::clients::{AgentSpec, FlinkSinkSpec};
use super::context::Cx;
use super::demand::{BurstinessSpec, RateSpec};
use super::diag::{Span, nearest, quote};
use super::grammar::{At, OPTIONAL, REQUIRED, Read, Shape, Variant, choice, default, fact, section};
use super::kpl::KplSpec;
use super::law::Law;
use super::node::{Kind, Node};
use super::record::{KeysSpec, SizeSpec};
use super::scalars::Growth;
use super::shapes::Limited;
use crate::facts::producers::{self as facts, RetryJitter, RetryMode};
use crate::facts::{Fact, data_streams, firehose, flink as facts_flink, latency};
use crate::producer::config::{
    BackoffLaw, ClientConfig, DemandConfig, DirectQuotas, FirehoseDirectConfig, Jitter, OnFull,
    PartialFailure, ProducerConfig, PutCall, RetryLaw, RetryQuota, SdkConfig,
};
use crate::units::{ByteRate, Bytes, Dur};

section! {
    /// One named producer.
    ProducerSpec {
        /// The client that sends the records.
        client: ClientSpec = default("sdk"),
        /// Offered records per second over time.
        rate: RateSpec = REQUIRED,
        /// How births are spread inside a second.
        burstiness: BurstinessSpec = default("poisson"),
        /// Size of a record's data, without its key.
        record_size: At<SizeSpec> = REQUIRED,
        /// Partition keys.
        keys: KeysSpec = default("random"),
        /// Bytes of a partition key (at most 256 characters of up to 4 bytes); they count against the shard's limit.
        key_bytes: Bytes = fact(&facts::KEY_BYTES).positive().max("1 KiB"),
    }
}

choice! {
    /// The client that sends the records.
    ClientSpec {
        /// Plain AWS SDK calls.
        sdk: Sdk(SdkSpec),
        /// Kinesis Producer Library.
        kpl: Kpl(KplSpec),
        /// Amazon Kinesis Agent.
        agent: Agent(AgentSpec),
        /// Flink's Kinesis sink.
        flink_sink: FlinkSink(FlinkSinkSpec),
        /// Puts straight to Firehose.
        firehose_direct: FirehoseDirect(FirehoseDirectSpec),
    }
}

section! {
    /// PutRecord or PutRecordBatch straight to a Firehose stream of the producer's own, not to the Kinesis stream. Keys
    /// play no part. A refused record is tried again as a throttled one, whether it was refused alone or with its call.
    FirehoseDirectSpec {
        /// Which API, and how records are gathered.
        call: DirectCallSpec = default("put_record_batch"),
        /// Client processes; they share the demand evenly.
        instances: u32 = fact(&facts::INSTANCES).positive().max("10000"),
        /// Calls under way at most, per instance; a call holds its place while it waits to retry.
        in_flight: Limited<u32> = fact(&facts::IN_FLIGHT).positive(),
        /// Memory for records waiting in one instance.
        buffer: Limited<Bytes> = fact(&facts::BUFFER).positive(),
        /// What happens to new records when that memory is full.
        on_full: OnFullSpec = fact(&facts::ON_FULL),
        /// What the caller does with the failed entries of a PutRecordBatch answer.
        on_partial_failure: PartialSpec = fact(&facts::ON_PARTIAL_FAILURE),
        /// Attempts and the sleeps between them.
        retry: RetrySpec = fact(&facts::RETRY_MODE),
        /// Records per second that the Firehose stream accepts: the Region's quota when it is not written.
        records_per_s: Option<u64> = OPTIONAL.positive(),
        /// Requests per second: the Region's quota when it is not written.
        requests_per_s: Option<u64> = OPTIONAL.positive(),
        /// Bytes per second: the Region's quota when it is not written.
        bytes_per_s: Option<ByteRate> = OPTIONAL.positive(),
        /// Sending to answer.
        put_latency: Law = fact(&latency::PUT),
    }
}

choice! {
    /// Which API, and how records are gathered.
    DirectCallSpec {
        /// One record a call.
        put_record: PutRecord,
        /// Many records a call.
        put_record_batch: PutRecordBatch(BatchSpec),
    }
}

section! {
    /// PutRecordBatch: sent when full, or when the oldest record has waited long enough.
    BatchSpec {
        /// Records a call holds at most.
        max_records: u32 = fact(&firehose::BATCH_RECORDS).positive().max_fact(&firehose::BATCH_RECORDS),
        /// Bytes a call holds at most.
        max_bytes: Bytes = fact(&firehose::BATCH_BYTES).positive().max_fact(&firehose::BATCH_BYTES),
        /// How long the first record of a call waits for others.
        linger: Dur = fact(&facts::LINGER),
    }
}

impl FirehoseDirectSpec {
    fn resolve(&self, cx: &mut Cx) -> Option<FirehoseDirectConfig> {
        let quotas = DirectQuotas {
            records: self.records_per_s.unwrap_or(0),
            requests: self.requests_per_s.unwrap_or(0),
            bytes: self.bytes_per_s.map_or(0, |rate| rate.0),
        };
        let call = match &self.call {
            DirectCallSpec::PutRecord => PutCall::PutRecord,
            DirectCallSpec::PutRecordBatch(s) => {
                PutCall::PutRecords { max_records: s.max_records, max_bytes: s.max_bytes, linger: s.linger }
            }
        };
        let sdk = SdkConfig {
            instances: self.instances,
            call,
            in_flight: self.in_flight.0,
            buffer: self.buffer.0,
            on_full: self.on_full.kind(),
            on_partial_failure: self.on_partial_failure.kind(),
            retry: self.retry.law(),
            put_latency: self.put_latency.resolve(cx)?,
        };
        Some(FirehoseDirectConfig { sdk, quotas })
    }
}

section! {
    /// PutRecord or PutRecords through an AWS SDK.
    SdkSpec {
        /// Which API, and how records are gathered.
        call: CallSpec = fact(&facts::CALL),
        /// Client processes; they share the demand evenly.
        instances: u32 = fact(&facts::INSTANCES).positive().max("10000"),
        /// Calls under way at most, per instance; a call holds its place while it waits to retry.
        in_flight: Limited<u32> = fact(&facts::IN_FLIGHT).positive(),
        /// Memory for records waiting in one instance.
        buffer: Limited<Bytes> = fact(&facts::BUFFER).positive(),
        /// What happens to new records when that memory is full.
        on_full: OnFullSpec = fact(&facts::ON_FULL),
        /// What the caller does with the failed entries of a PutRecords answer.
        on_partial_failure: PartialSpec = fact(&facts::ON_PARTIAL_FAILURE),
        /// Attempts and the sleeps between them.
        retry: RetrySpec = fact(&facts::RETRY_MODE),
        /// The service's x-amz-retry-after on a throttle, for modes that honour it (AWS publishes no value: none
        /// unless written).
        retry_after: Option<At<Dur>> = OPTIONAL,
        /// Sending to answer.
        put_latency: Law = fact(&latency::PUT),
    }
}

choice! {
    /// Which API, and how records are gathered.
    CallSpec {
        /// One record a call.
        put_record: PutRecord,
        /// Many records a call.
        put_records: PutRecords(PutRecordsSpec),
    }
}

section! {
    /// PutRecords: sent when full, or when the oldest record has waited long enough.
    PutRecordsSpec {
        /// Records a call holds at most.
        max_records: u32 = fact(&facts::PUT_RECORDS_MAX_RECORDS).positive().max_fact(&facts::PUT_RECORDS_MAX_RECORDS),
        /// Bytes a call holds at most, keys included.
        max_bytes: Bytes = fact(&facts::PUT_RECORDS_MAX_BYTES).positive().max_fact(&facts::PUT_RECORDS_MAX_BYTES),
        /// How long the first record of a call waits for others.
        linger: Dur = fact(&facts::LINGER),
    }
}

choice! {
    /// A full buffer.
    OnFullSpec {
        /// The source waits.
        block: Block,
        /// The record is given up.
        drop: Drop,
    }
}

choice! {
    /// Failed entries of a PutRecords answer.
    PartialSpec {
        /// The failed entries are sent again.
        retry_failed: RetryFailed,
        /// The whole call is sent again; stored entries become duplicates.
        retry_all: RetryAll,
        /// The failed entries are given up.
        drop: Drop,
    }
}

section! {
    /// Attempts and sleeps of one's own: jitter x min(cap, base x factor^i) before retry i, after a throttle or an error.
    CustomRetry {
        /// Attempts, the first included.
        attempts: u32 = REQUIRED.positive().max("1000"),
        /// First sleep.
        base: Dur = REQUIRED,
        /// Growth from sleep to sleep.
        factor: Growth = REQUIRED.positive().max("1000"),
        /// No sleep is longer.
        cap: Dur = REQUIRED,
        /// Random part of a sleep.
        jitter: JitterSpec = default("full"),
    }
}

choice! {
    /// Random part of a sleep.
    JitterSpec {
        /// The whole sleep, always.
        none: None,
        /// Uniform from nothing to the sleep.
        full: Full,
        /// Uniform from half the sleep to the sleep.
        half: Half,
    }
}

/// A retry mode of an SDK, or one's own.
#[derive(Clone, Debug)]
pub enum RetrySpec {
    /// As an SDK does it.
    Mode(&'static RetryMode),
    /// As written.
    Custom(CustomRetry),
}

/// Longest sleep of a mode that has no cap: so long that the attempts end first.
const NO_CAP: Dur = Dur::from_h(24);

const RETRY_WORDS: &[Variant] = &{
    const fn mode(i: usize) -> Variant {
        let mode = &facts::RETRY_MODES[i];
        Variant { name: mode.word, doc: mode.meaning, body: None, reserved: false }
    }
    let custom = Variant {
        name: "custom",
        doc: "Attempts and sleeps of one's own.",
        body: Some(<CustomRetry as Read>::shape),
        reserved: false,
    };
    [mode(0), mode(1), mode(2), mode(3), mode(4), mode(5), mode(6), custom]
};

impl Read for RetrySpec {
    fn shape() -> Shape {
        Shape::Choice(RETRY_WORDS)
    }

    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let Kind::Scalar(text) = &node.kind else {
            let picked = cx.choice(node, RETRY_WORDS, None)?;
            let super::choose::Picked::Word("custom", at, body) = picked else {
                return None;
            };
            return cx.under(at, |cx| CustomRetry::read(&body, cx)).map(RetrySpec::Custom);
        };
        if let Some(mode) = facts::retry_mode(text) {
            return Some(RetrySpec::Mode(mode));
        }
        let words = || facts::RETRY_MODES.iter().map(|m| m.word);
        let near = nearest(text, words()).map(|n| format!("did you mean `{n}`?"));
        let message = format!("`{}` does not know {}", cx.here(), quote(text));
        let all: Vec<&str> = words().chain(["{ custom: ... }"]).collect();
        cx.say_with(
            "unknown-word",
            node.span,
            message,
            &format!("expected {}", super::context::listed(&all)),
            near,
        );
        None
    }
}

impl OnFullSpec {
    fn kind(&self) -> OnFull {
        match self {
            OnFullSpec::Block => OnFull::Block,
            OnFullSpec::Drop => OnFull::Drop,
        }
    }
}

impl PartialSpec {
    fn kind(&self) -> PartialFailure {
        match self {
            PartialSpec::RetryFailed => PartialFailure::RetryFailed,
            PartialSpec::RetryAll => PartialFailure::RetryAll,
            PartialSpec::Drop => PartialFailure::Drop,
        }
    }
}

impl RetrySpec {
    fn law(&self) -> RetryLaw {
        match self {
            RetrySpec::Mode(mode) => of_mode(mode),
            RetrySpec::Custom(own) => own.law(),
        }
    }
}

impl CustomRetry {
    fn law(&self) -> RetryLaw {
        let jitter = match self.jitter {
            JitterSpec::None => Jitter::None,
            JitterSpec::Full => Jitter::Full,
            JitterSpec::Half => Jitter::Half,
        };
        let sleep = BackoffLaw { base: self.base, factor: self.factor.0, cap: self.cap, jitter };
        RetryLaw {
            mode: "custom",
            attempts: self.attempts,
            throttled: sleep,
            transient: sleep,
            quota: None,
            retry_after: None,
            adaptive: false,
        }
    }
}

fn of_mode(mode: &RetryMode) -> RetryLaw {
    let jitter = match mode.jitter {
        RetryJitter::None => Jitter::None,
        RetryJitter::Full => Jitter::Full,
        RetryJitter::Half => Jitter::Half,
    };
    let sleep =
        |base, jitter| BackoffLaw { base, factor: mode.factor, cap: mode.cap.unwrap_or(NO_CAP), jitter };
    RetryLaw {
        mode: mode.word,
        attempts: mode.attempts,
        throttled: sleep(mode.base, jitter),
        transient: sleep(mode.transient_base, Jitter::Full),
        quota: mode.tokens.map(|t| RetryQuota {
            capacity: t.capacity,
            throttle_cost: t.throttle_cost,
            transient_cost: t.transient_cost,
            success_refund: t.success_refund,
        }),
        retry_after: None,
        adaptive: mode.adaptive,
    }
}

impl SdkSpec {
    /// The retry law, with the service's retry-after where the mode honours it.
    fn retry_law(&self, cx: &mut Cx) -> RetryLaw {
        let mut law = self.retry.law();
        let Some(asked) = &self.retry_after else { return law };
        if matches!(&self.retry, RetrySpec::Mode(mode) if mode.honours_retry_after) {
            law.retry_after = Some(asked.value);
        } else {
            let words = facts::RETRY_MODES.iter().filter(|m| m.honours_retry_after).map(|m| m.word);
            let expected =
                format!("expected `retry:` to be {}", super::context::listed(&words.collect::<Vec<_>>()));
            let message = format!("the retry mode {} does not honour `retry_after`", law.mode);
            cx.say_with("not-together", asked.at, message, &expected, None);
        }
        law
    }

    fn resolve(&self, cx: &mut Cx) -> Option<SdkConfig> {
        Some(SdkConfig {
            instances: self.instances,
            call: match &self.call {
                CallSpec::PutRecord => PutCall::PutRecord,
                CallSpec::PutRecords(s) => PutCall::PutRecords {
                    max_records: s.max_records,
                    max_bytes: s.max_bytes,
                    linger: s.linger,
                },
            },
            in_flight: self.in_flight.0,
            buffer: self.buffer.0,
            on_full: self.on_full.kind(),
            on_partial_failure: self.on_partial_failure.kind(),
            retry: self.retry_law(cx),
            put_latency: self.put_latency.resolve(cx)?,
        })
    }
}

impl ClientSpec {
    /// The client, resolved; `record` is the largest data of a record, and where it is written.
    fn resolve(&self, record: Option<(Bytes, Span)>, cx: &mut Cx) -> Option<ClientConfig> {
        Some(match self {
            ClientSpec::Sdk(sdk) => ClientConfig::Sdk(sdk.resolve(cx)?),
            ClientSpec::Kpl(kpl) => ClientConfig::Kpl(kpl.resolve(record, cx)?),
            ClientSpec::Agent(agent) => ClientConfig::Agent(agent.resolve(cx)?),
            ClientSpec::FlinkSink(sink) => ClientConfig::FlinkSink(sink.resolve(cx)?),
            ClientSpec::FirehoseDirect(direct) => ClientConfig::FirehoseDirect(direct.resolve(cx)?),
        })
    }

    /// Puts straight to Firehose.
    fn is_direct(&self) -> bool {
        matches!(self, ClientSpec::FirehoseDirect(_))
    }

    /// Largest data it takes, where that is its own limit and not the stream's; and what happens beyond.
    fn largest(&self) -> Option<(&'static Fact, &'static str)> {
        match self {
            ClientSpec::FlinkSink(_) => Some((&facts_flink::SINK_RECORD, "the sink stops the job")),
            ClientSpec::FirehoseDirect(_) => Some((&firehose::RECORD_MAX, "Firehose refuses them")),
            _ => None,
        }
    }

    /// Cuts records that are too long, so that they fit any stream.
    fn cuts(&self) -> bool {
        matches!(self, ClientSpec::Agent(_))
    }
}

/// A producer, resolved while it is read, so that its mistakes come with all others.
#[derive(Clone, Debug)]
pub struct Producer(pub ProducerConfig);

impl Read for Producer {
    fn shape() -> Shape {
        ProducerSpec::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let spec = ProducerSpec::read(node, cx)?;
        spec.fits(cx);
        let rate = spec.rate.resolve(cx);
        let traced = matches!(spec.rate, RateSpec::Trace(_));
        let size = &spec.record_size;
        let record_size = cx.under(size.at, |cx| size.value.resolve(traced, cx));
        let keys = spec.keys.resolve(cx);
        let largest = size.value.largest().map(|largest| (largest, size.at));
        let client = spec.client.resolve(largest, cx);
        Some(Producer(ProducerConfig {
            name: cx.name(),
            demand: DemandConfig {
                rate: rate?,
                burstiness: (&spec.burstiness).into(),
                record_size: record_size?,
                keys: keys?,
                // Firehose knows no partition key.
                key_bytes: if spec.client.is_direct() { Bytes(0) } else { spec.key_bytes },
            },
            client: client?,
        }))
    }
}

impl ProducerSpec {
    /// A record and its key must fit the stream.
    fn fits(&self, cx: &mut Cx) {
        let Some(size) = self.record_size.value.largest() else {
            return;
        };
        if let Some((most, then)) = self.client.largest().filter(|(most, _)| size > most.bytes()) {
            let message = format!("`{}.record_size` makes records of {size}; {then}", cx.here());
            let help = format!("source: {}", super::context::cite(most));
            let expected = format!("must be at most {}", most.bytes());
            return cx.say_with("out-of-range", self.record_size.at, message, &expected, Some(help));
        }
        if self.client.is_direct() {
            return;
        }
        let whole = size.0.saturating_add(self.key_bytes.0);
        let most = if self.client.cuts() { data_streams::RECORD_SIZE_MAX.bytes() } else { cx.max_record };
        if whole <= most.0 {
            return;
        }
        let bound = data_streams::RECORD_SIZE_MAX.bytes();
        let message = format!(
            "`{}.record_size` makes records of {} with their keys; the stream accepts {most}",
            cx.here(),
            Bytes(whole)
        );
        let help = match whole <= bound.0 {
            true => format!("raise `stream.max_record_size`, at most {bound}"),
            false => format!("source: {}", super::context::cite(&data_streams::RECORD_SIZE_MAX)),
        };
        let at = self.record_size.at;
        cx.say_with("out-of-range", at, message, &format!("must be at most {most}"), Some(help));
    }
}

/// Quotas that were not written are the Region's.
pub fn fill_quotas(producer: &mut ProducerConfig, region: &str) {
    let ClientConfig::FirehoseDirect(direct) = &mut producer.client else { return };
    let large = firehose::LARGE_REGIONS.contains(&region);
    let (records, requests, bytes) = match large {
        true => (&firehose::LARGE_RECORDS, &firehose::LARGE_REQUESTS, &firehose::LARGE_BYTES),
        false => (&firehose::OTHER_RECORDS, &firehose::OTHER_REQUESTS, &firehose::OTHER_BYTES),
    };
    let quotas = &mut direct.quotas;
    let or = |own: u64, region: u64| if own == 0 { region } else { own };
    quotas.records = or(quotas.records, records.count());
    quotas.requests = or(quotas.requests, requests.count());
    quotas.bytes = or(quotas.bytes, bytes.byte_rate().0);
}
