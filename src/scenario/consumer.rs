//! A consumer as written: how it reads, how long it works, when it starts.

use super::context::{Cx, Defaulted};
use super::flink::FlinkSpec;
use super::grammar::{OPTIONAL, REQUIRED, Read, Shape, choice, default, fact, section};
use super::kcl::KclSpec;
use super::lambda::LambdaSpec;
use super::law::Law;
use super::node::{Kind, Node};
use crate::api::Position;
use crate::consumer::config::{
    ApplicationConfig, ConsumerConfig, FanOutConfig, Pace, PollingConfig, ProcessingConfig, ReadConfig,
    StartAt, ThrottledPoll,
};
use crate::facts::{Fact, consumers as facts, data_streams, fan_out, latency};
use crate::random::LatencyLaw;
use crate::units::parse::Affine;
use crate::units::{ByteRate, Bytes, Dur, Percent};

section! {
    /// One named consumer application.
    ConsumerSpec {
        /// The client that reads.
        client: ReaderSpec = default("sdk"),
        /// How it reads; its client's own way when it is not written.
        read: Option<ReadSpec> = OPTIONAL,
        /// How long it works: a time per record, a time per batch, or both.
        processing: ProcessingSpec = fact(&facts::PROCESSING),
        /// Share of batches that fail and are done again from the checkpoint; a KCL application skips them.
        failure_rate: Percent = fact(&facts::FAILURE_RATE).max("100 %"),
        /// When it begins, and from where.
        starts: StartsSpec = default("{}"),
        /// Makes so many alike, named NAME-1, NAME-2, ...
        count: Option<u32> = OPTIONAL.positive().max("1000"),
    }
}

choice! {
    /// The client that reads.
    ReaderSpec {
        /// Plain AWS SDK calls.
        sdk: Sdk,
        /// Kinesis Client Library.
        kcl: Kcl(Box<KclSpec>),
        /// Flink's Kinesis source.
        flink: Flink(Box<FlinkSpec>),
        /// Lambda's event source mapping.
        lambda: Lambda(Box<LambdaSpec>),
    }
    reserved {
        /// Firehose reading the stream.
        firehose,
    }
}

choice! {
    /// How a consumer reads.
    ReadSpec {
        /// GetRecords calls, sharing the shard's read limits.
        polling: Polling(PollingSpec),
        /// SubscribeToShard: pushed, with a throughput of its own.
        enhanced_fan_out: FanOut(FanOutSpec),
    }
}

section! {
    /// GetRecords.
    PollingSpec {
        /// Start to start of calls on one shard.
        interval: Dur = fact(&facts::POLL_INTERVAL).positive(),
        /// How the interval is drawn.
        pace: PaceSpec = fact(&facts::POLL_PACE),
        /// Added to each interval, uniform from nothing to this.
        jitter: Dur = fact(&facts::POLL_JITTER),
        /// Moment of the first call; drawn from one interval when it is not written.
        phase: Option<Dur> = OPTIONAL,
        /// Records a call asks for.
        limit: u32 = fact(&facts::POLL_LIMIT).min("1").max_fact(&data_streams::GET_RECORDS_MAX_RECORDS),
        /// Bytes a call returns at most.
        max_bytes: Bytes = fact(&data_streams::GET_RECORDS_MAX_BYTES).positive().max_fact(&data_streams::GET_RECORDS_MAX_BYTES),
        /// Call to answer.
        call_latency: Law = fact(&latency::GET_RECORDS),
        /// What the reader does after a refused call.
        throttled_poll: ThrottledSpec = fact(&facts::THROTTLED_POLL),
    }
}

choice! {
    /// How calls are spaced.
    PaceSpec {
        /// Always the interval.
        even: Even,
        /// Exponential with the interval as its mean: calls at random.
        random: Random,
    }
}

choice! {
    /// After a refused call.
    ThrottledSpec {
        /// Waits for its next turn.
        next_period: NextPeriod,
        /// Retries with the SDK's backoff, then waits for its next turn.
        sdk_backoff: SdkBackoff,
        /// Waits until the limit allows it.
        wait: Wait,
    }
}

section! {
    /// SubscribeToShard.
    FanOutSpec {
        /// Readable to received.
        push_latency: Law = fact(&latency::PUSH),
        /// Bytes per second and shard for this consumer.
        bytes_per_s: ByteRate = fact(&fan_out::BYTES).positive(),
        /// A subscription lives this long, then it is renewed.
        renew_every: Dur = fact(&fan_out::RENEW_EVERY).positive(),
        /// From the end of a subscription to the first event of the next one; what is stored meanwhile arrives late.
        renewal_gap: Dur = fact(&fan_out::RENEWAL_GAP),
    }
}

section! {
    /// Start of a consumer.
    StartsSpec {
        /// Moment of the first read.
        at: Dur = default("0 s"),
        /// Position of the first read.
        from: FromSpec = default("latest"),
    }
}

choice! {
    /// Position of the first read.
    FromSpec {
        /// Only what is stored from then on (LATEST).
        latest: Latest,
        /// From the oldest record kept (TRIM_HORIZON).
        trim_horizon: TrimHorizon,
        /// What was stored at this moment of the run or later (AT_TIMESTAMP).
        at_timestamp: AtTimestamp(TimestampSpec),
        /// From the n-th record of each shard on (AT_SEQUENCE_NUMBER: real ones are opaque).
        at_sequence_number: AtSequenceNumber(SequenceSpec),
        /// After the n-th record of each shard (AFTER_SEQUENCE_NUMBER).
        after_sequence_number: AfterSequenceNumber(SequenceSpec),
    }
}

section! {
    /// A moment of the run.
    TimestampSpec {
        /// After the start of the run.
        at: Dur = REQUIRED,
    }
}

section! {
    /// A record in each shard.
    SequenceSpec {
        /// Its place in the shard, the first record stored being 1.
        record: u32 = REQUIRED.positive(),
    }
}

impl FromSpec {
    fn position(&self) -> Position {
        match self {
            FromSpec::Latest => Position::Latest,
            FromSpec::TrimHorizon => Position::TrimHorizon,
            FromSpec::AtTimestamp(t) => Position::AtTimestamp(t.at.0),
            FromSpec::AtSequenceNumber(s) => Position::AtRow(u64::from(s.record) - 1),
            FromSpec::AfterSequenceNumber(s) => Position::AtRow(s.record.into()),
        }
    }
}

section! {
    /// Processing time as distributions.
    ProcessingLaws {
        /// Per batch.
        per_call: Law = default("0 s"),
        /// Per record.
        per_record: Law = default("0 s"),
    }
}

/// `40 us/record`, `15 ms + 0.2 ms/record`, or distributions.
#[derive(Clone, Debug)]
pub enum ProcessingSpec {
    /// Constant parts.
    Affine(Affine),
    /// Distributions.
    Laws(ProcessingLaws),
}

impl Read for ProcessingSpec {
    fn shape() -> Shape {
        Shape::Either(Affine::shape, ProcessingLaws::shape)
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        match node.kind {
            Kind::Map(_) => ProcessingLaws::read(node, cx).map(ProcessingSpec::Laws),
            _ => Affine::read(node, cx).map(ProcessingSpec::Affine),
        }
    }
}

impl ProcessingSpec {
    fn resolve(&self, cx: &mut Cx) -> Option<ProcessingConfig> {
        Some(match self {
            ProcessingSpec::Affine(parts) => ProcessingConfig {
                per_call: LatencyLaw::Constant(parts.per_call),
                per_record: LatencyLaw::Constant(parts.per_record),
            },
            ProcessingSpec::Laws(laws) => ProcessingConfig {
                per_call: laws.per_call.resolve(cx)?,
                per_record: laws.per_record.resolve(cx)?,
            },
        })
    }
}

impl ReadSpec {
    fn resolve(&self, cx: &mut Cx) -> Option<ReadConfig> {
        Some(match self {
            ReadSpec::Polling(s) => ReadConfig::Polling(PollingConfig {
                interval: s.interval,
                pace: match s.pace {
                    PaceSpec::Even => Pace::Even,
                    PaceSpec::Random => Pace::Random,
                },
                jitter: s.jitter,
                phase: s.phase,
                limit: s.limit,
                max_bytes: s.max_bytes,
                call_latency: s.call_latency.resolve(cx)?,
                throttled: match s.throttled_poll {
                    ThrottledSpec::NextPeriod => ThrottledPoll::NextPeriod,
                    ThrottledSpec::SdkBackoff => ThrottledPoll::SdkBackoff,
                    ThrottledSpec::Wait => ThrottledPoll::Wait,
                },
            }),
            ReadSpec::FanOut(s) => ReadConfig::FanOut(FanOutConfig {
                push_latency: s.push_latency.resolve(cx)?,
                bytes_per_s: s.bytes_per_s.0,
                renew_every: s.renew_every,
                renewal_gap: s.renewal_gap,
            }),
        })
    }
}

impl ReaderSpec {
    /// How it reads when the scenario does not say.
    fn own_read(&self) -> Own {
        match self {
            ReaderSpec::Sdk | ReaderSpec::Lambda(_) | ReaderSpec::Flink(_) => Own::Word("polling"),
            ReaderSpec::Kcl(kcl) => Own::Fact(kcl.retrieval()),
        }
    }

    /// Keys of `read: { polling: … }` that belong to a plain loop of calls, and what to write instead.
    fn not_its_own(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            ReaderSpec::Sdk | ReaderSpec::Lambda(_) => &[],
            ReaderSpec::Kcl(_) => KclSpec::NOT_ITS_OWN,
            ReaderSpec::Flink(_) => FlinkSpec::NOT_ITS_OWN,
        }
    }

    /// The client, resolved; what it says about its calls goes into `read`.
    fn resolve(&self, read: &mut ReadConfig, cx: &mut Cx) -> Option<ApplicationConfig> {
        Some(match self {
            ReaderSpec::Sdk => ApplicationConfig::Sdk,
            ReaderSpec::Kcl(kcl) => ApplicationConfig::Kcl(Box::new(kcl.resolve(read, cx)?)),
            ReaderSpec::Flink(s) => ApplicationConfig::Flink(Box::new(s.resolve(cx)?)),
            ReaderSpec::Lambda(spec) => ApplicationConfig::Lambda(Box::new(spec.resolve(cx)?)),
        })
    }
}

/// A default of the model's own, or a fact.
enum Own {
    Word(&'static str),
    Fact(&'static Fact),
}

/// How it reads, and whether all that is written about it is its client's.
fn read_spec(spec: &ConsumerSpec, node: &Node, cx: &mut Cx) -> Option<ReadConfig> {
    cx.enter("read");
    let own = match spec.client.own_read() {
        Own::Word(word) => (word, None),
        Own::Fact(fact) => (fact.word(), Some(fact.key)),
    };
    let read = match &spec.read {
        Some(read) => Some(read.clone()),
        None => {
            let (key, value) = (cx.here(), own.0.to_owned());
            cx.defaults.push(Defaulted { key, value, fact: own.1 });
            cx.read_text(own.0)
        }
    };
    let polling = node.get("read").and_then(|r| r.value.get("polling"));
    for (key, instead) in spec.client.not_its_own() {
        if let Some(entry) = polling.and_then(|p| p.value.get(key)) {
            let message = format!("`{}.polling.{key}` is not this client's", cx.here());
            let expected = "it has a loop of its own";
            cx.say_with("not-together", entry.at, message, expected, Some((*instead).to_owned()));
        }
    }
    let read = read.and_then(|r| r.resolve(cx));
    cx.leave();
    read
}

/// The consumers of one entry, resolved while it is read.
#[derive(Clone, Debug)]
pub struct Consumers(pub Vec<ConsumerConfig>);

impl Read for Consumers {
    fn shape() -> Shape {
        ConsumerSpec::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let spec = ConsumerSpec::read(node, cx)?;
        let (read, processing) = (read_spec(&spec, node, cx), spec.processing.resolve(cx));
        let mut read = read?;
        cx.enter("client");
        let client = spec.client.resolve(&mut read, cx);
        cx.leave();
        let one = ConsumerConfig {
            name: cx.name(),
            client: client?,
            read,
            processing: processing?,
            failure_rate: spec.failure_rate,
            starts: StartAt { at: spec.starts.at, from: spec.starts.from.position() },
        };
        let named = |name: String| ConsumerConfig { name, ..one.clone() };
        if cx.consumers.len() > MOST {
            return None;
        }
        let names = names(&one.name, spec.count);
        Some(Consumers(names.into_iter().map(named).collect()))
    }
}

/// Consumers of a scenario; fan-out ends at 50 and polling long before.
pub const MOST: usize = 2_000;

/// The names an entry stands for.
pub fn names(name: &str, count: Option<u32>) -> Vec<String> {
    match count {
        None => vec![name.to_owned()],
        Some(n) => (1..=n).map(|i| format!("{name}-{i}")).collect(),
    }
}
