//! A producer as written: its demand and its client.

use super::clients::{AgentSpec, FlinkSinkSpec};
use super::context::Cx;
use super::demand::{BurstinessSpec, RateSpec};
use super::diag::Span;
use super::direct::FirehoseDirectSpec;
use super::grammar::{At, REQUIRED, Read, Shape, choice, default, fact, section};
use super::kpl::KplSpec;
use super::node::Node;
use super::record::{KeysSpec, SizeSpec};
use super::sdk::SdkSpec;
use crate::facts::{Fact, data_streams, firehose, flink as facts_flink, producers as facts};
use crate::producer::config::{ClientConfig, DemandConfig, ProducerConfig};
use crate::units::Bytes;

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
    check fits(client, record_size, key_bytes);
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

impl ClientSpec {
    fn resolve(&self, cx: &mut Cx) -> Option<ClientConfig> {
        Some(match self {
            ClientSpec::Sdk(sdk) => ClientConfig::Sdk(sdk.resolve(cx)?),
            ClientSpec::Kpl(kpl) => ClientConfig::Kpl(kpl.resolve(cx)?),
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
        let rate = spec.rate.resolve(cx);
        let traced = matches!(spec.rate, RateSpec::Trace(_));
        let size = &spec.record_size;
        let record_size = cx.under(size.at, |cx| size.value.resolve(traced, cx));
        let keys = spec.keys.resolve(cx);
        let client = spec.client.resolve(cx);
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

/// A record and its key must fit the client and the stream.
fn fits(client: &ClientSpec, record: &At<SizeSpec>, key_bytes: &Bytes, _: Span, cx: &mut Cx) {
    let Some(size) = record.value.largest() else { return };
    if let ClientSpec::Kpl(kpl) = client {
        kpl.takes(size, record.at, cx);
    }
    if let Some((most, then)) = client.largest().filter(|(most, _)| size > most.bytes()) {
        let message = format!("`{}.record_size` makes records of {size}; {then}", cx.here());
        let help = format!("source: {}", super::context::cite(most));
        let expected = format!("must be at most {}", most.bytes());
        return cx.say_with("out-of-range", record.at, message, &expected, Some(help));
    }
    if !client.is_direct() {
        fits_stream(client, Bytes(size.0.saturating_add(key_bytes.0)), record.at, cx);
    }
}

/// `whole` is a record with its key.
fn fits_stream(client: &ClientSpec, whole: Bytes, at: Span, cx: &mut Cx) {
    let bound = data_streams::RECORD_SIZE_MAX.bytes();
    let most = if client.cuts() { bound } else { cx.max_record };
    if whole <= most {
        return;
    }
    let message = format!(
        "`{}.record_size` makes records of {whole} with their keys; the stream accepts {most}",
        cx.here()
    );
    let help = match whole <= bound {
        true => format!("raise `stream.max_record_size`, at most {bound}"),
        false => format!("source: {}", super::context::cite(&data_streams::RECORD_SIZE_MAX)),
    };
    cx.say_with("out-of-range", at, message, &format!("must be at most {most}"), Some(help));
}
