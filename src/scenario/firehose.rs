//! Firehose streams as written: where records come from, how they are gathered, where they go.

use super::context::Cx;
use super::grammar::{At, Read, Shape, choice, default, fact, section};
use super::law::Law;
use super::node::Node;
use super::shapes::ProducerName;
use crate::consumer::config::{
    ApplicationConfig, ConsumerConfig, Pace, PollingConfig, ProcessingConfig, ReadConfig, StartAt,
    ThrottledPoll,
};
use crate::facts::{data_streams, firehose as facts};
use crate::firehose::config::{BufferConfig, DeliveryConfig, FirehoseConfig, PollConfig, Source, Timer};
use crate::random::LatencyLaw;
use crate::units::{Bytes, Dur, Percent};

section! {
    /// One Firehose stream.
    FirehoseSpec {
        /// Where its records come from.
        from: FromSpec = default("stream"),
        /// Where they go.
        to: ToSpec = default("s3"),
        /// How they are gathered.
        buffer: BufferSpec = default("{}"),
        /// GetRecords calls on a shard are so far apart (source: the stream).
        poll_every: Dur = fact(&facts::POLL_EVERY).positive(),
        /// Is every record backed up besides? Then a second reader fetches it (source: the stream).
        full_backup: bool = default("false"),
        /// A shard is not read while more than this waits for delivery (source: the stream).
        hold: Bytes = fact(&facts::HOLD).positive(),
    }
}

choice! {
    /// Where records come from.
    FromSpec {
        /// The Kinesis stream.
        stream: Stream,
        /// A producer whose client is `firehose_direct`.
        producer: Producer(ProducerName),
    }
}

choice! {
    /// Where records go.
    ToSpec {
        /// Amazon S3.
        s3: S3(S3Spec),
    }
}

section! {
    /// Amazon S3.
    S3Spec {
        /// One request, sending to answer.
        request: Law = fact(&facts::S3_REQUEST),
        /// First wait after a failed request; it doubles.
        backoff: Dur = fact(&facts::BACKOFF).positive(),
        /// Longest wait.
        backoff_max: Dur = fact(&facts::BACKOFF_MAX).positive(),
        /// Drawn around each wait, either way.
        backoff_jitter: Percent = fact(&facts::BACKOFF_JITTER).max("100 %"),
    }
}

section! {
    /// Buffering hints: an object is made when one of the two is reached.
    BufferSpec {
        /// Bytes, before compression.
        size: At<Bytes> = fact(&facts::S3_SIZE).min_fact(&facts::S3_SIZE_MIN).max_fact(&facts::S3_SIZE_MAX),
        /// Age. Zero is zero buffering.
        interval: Dur = fact(&facts::S3_INTERVAL).max_fact(&facts::INTERVAL_MAX),
        /// What the interval counts from.
        timer: TimerSpec = fact(&facts::TIMER),
        /// With zero buffering, how long records still wait.
        zero_wait: Dur = fact(&facts::ZERO_WAIT).positive(),
        /// Buffers side by side; a stream that has been scaled up has more than one (source: direct puts).
        channels: u32 = fact(&facts::CHANNELS).positive().max("1000"),
    }
}

choice! {
    /// What the buffer interval counts from; AWS does not say.
    TimerSpec {
        /// The first record of a buffer.
        first_record: FirstRecord,
        /// A clock that runs on, whatever comes.
        free_running: FreeRunning,
    }
}

impl FirehoseSpec {
    fn resolve(&self, name: &str, cx: &mut Cx) -> Option<FirehoseConfig> {
        let ToSpec::S3(to) = &self.to;
        let source = match &self.from {
            FromSpec::Stream => Source::Stream(PollConfig {
                every: self.poll_every,
                twice: self.full_backup,
                hold: self.hold,
            }),
            FromSpec::Producer(who) => Source::Producer(who.0),
        };
        Some(FirehoseConfig {
            name: name.to_owned(),
            source,
            buffer: BufferConfig {
                size: self.buffer.size.value,
                interval: if self.buffer.interval == Dur::ZERO {
                    self.buffer.zero_wait
                } else {
                    self.buffer.interval
                },
                timer: match self.buffer.timer {
                    TimerSpec::FirstRecord => Timer::FirstRecord,
                    TimerSpec::FreeRunning => Timer::FreeRunning,
                },
                channels: self.buffer.channels,
            },
            delivery: DeliveryConfig {
                request: to.request.resolve(cx)?,
                backoff: to.backoff,
                backoff_max: to.backoff_max,
                backoff_jitter: to.backoff_jitter,
                give_up: matches!(source, Source::Producer(_)).then(|| facts::KEPT.dur()),
                outages: Vec::new(),
            },
        })
    }
}

/// A Firehose stream, resolved while it is read.
#[derive(Clone, Debug)]
pub struct Firehose(pub FirehoseConfig);

impl Read for Firehose {
    fn shape() -> Shape {
        FirehoseSpec::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let spec = FirehoseSpec::read(node, cx)?;
        let name = cx.name();
        spec.resolve(&name, cx).map(Firehose)
    }
}

/// A Firehose stream that reads the stream is a consumer of it.
pub fn as_consumer(config: &FirehoseConfig) -> Option<ConsumerConfig> {
    let Source::Stream(polls) = config.source else { return None };
    let none = LatencyLaw::Constant(Dur::ZERO);
    Some(ConsumerConfig {
        name: config.name.clone(),
        client: ApplicationConfig::Firehose,
        read: ReadConfig::Polling(PollingConfig {
            interval: polls.every,
            pace: Pace::Even,
            jitter: Dur::ZERO,
            phase: None,
            limit: data_streams::GET_RECORDS_MAX_RECORDS.count() as u32,
            max_bytes: data_streams::GET_RECORDS_MAX_BYTES.bytes(),
            call_latency: none.clone(),
            throttled: ThrottledPoll::NextPeriod,
        }),
        processing: ProcessingConfig { per_call: none.clone(), per_record: none },
        failure_rate: Percent(0),
        starts: StartAt { at: Dur::ZERO, from: crate::api::Position::Latest },
    })
}
