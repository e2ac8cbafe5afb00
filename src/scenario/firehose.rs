//! Firehose streams as written: where records come from, what is done to them, how they are gathered, where they go.

mod destination;
mod processing;

use super::context::{Cx, cite, fact_text};
use super::diag::{Span, quote};
use super::grammar::{At, OPTIONAL, Read, Shape, choice, default, fact, section};
use super::node::Node;
use super::shapes::ProducerName;
use crate::consumer::config::{
    ApplicationConfig, ConsumerConfig, Pace, PollingConfig, ProcessingConfig, ReadConfig, StartAt,
    ThrottledPoll,
};
use crate::facts::{Fact, data_streams, firehose as facts};
use crate::firehose::config::{
    BufferConfig, DeliveryConfig, FirehoseConfig, HintRanges, PollConfig, Source, Timer, WritingConfig,
};
use crate::producer::config::ProducerConfig;
use crate::random::LatencyLaw;
use crate::units::{Bytes, Dur, Percent};
use destination::ToSpec;
use processing::{BackupSpec, ConvertSpec, DecompressSpec, PartitionsSpec, TransformSpec, opening};
use std::fmt::Display;

section! {
    /// One Firehose stream.
    FirehoseSpec {
        /// Where its records come from.
        from: At<FromSpec> = default("stream"),
        /// Where they go.
        to: ToSpec = default("s3"),
        /// Decompression of what comes in.
        decompress: Option<DecompressSpec> = OPTIONAL,
        /// Records that each record holds, which are taken apart (after decompression).
        deaggregate: Option<u64> = OPTIONAL.positive().max_fact(&facts::PARTS_MAX),
        /// A Lambda function that every record goes through.
        transform: Option<TransformSpec> = OPTIONAL,
        /// Dynamic partitioning (S3 only).
        partitions: Option<PartitionsSpec> = OPTIONAL,
        /// Conversion to Parquet or ORC (S3 only).
        convert: Option<ConvertSpec> = OPTIONAL,
        /// Bytes written for each byte gathered, by compression.
        compressed_to: Percent = default("100 %").positive().max("1000 %"),
        /// How they are gathered.
        buffer: BufferSpec = default("{}"),
        /// When it is created; it begins at LATEST: what the stream holds by then is never delivered (source: the stream).
        starts: Dur = default("0 s"),
        /// GetRecords calls on a shard are so far apart (source: the stream).
        poll_every: Dur = fact(&facts::POLL_EVERY).min("100 ms"),
        /// Is every record backed up to S3 besides, as it came in? A second reader fetches it (source: the stream).
        full_backup: bool = default("false"),
        /// Buffers of that back-up; what fails gathers in error prefixes likewise.
        backup: BackupSpec = default("{}"),
        /// A shard is not read while more than this waits for delivery (source: the stream).
        hold: Bytes = fact(&facts::HOLD).positive(),
        /// Each record is billed as a multiple of this; 1 B where AWS bills without rounding.
        billed_step: Bytes = fact(&facts::BILLED_STEP).positive().max_fact(&facts::BILLED_STEP),
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

section! {
    /// Buffering hints: an object is made when one of the two is reached. What is not written is the destination's
    /// default; ranges differ by destination too.
    BufferSpec {
        /// Bytes, before compression and conversion.
        size: Option<At<Bytes>> = OPTIONAL,
        /// Age. Zero is zero buffering.
        interval: Option<At<Dur>> = OPTIONAL,
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
        let source = match &self.from.value {
            FromSpec::Stream => Source::Stream(PollConfig {
                starts: self.starts,
                every: self.poll_every,
                twice: self.full_backup,
                hold: self.hold,
            }),
            FromSpec::Producer(who) => Source::Producer(who.0),
        };
        self.only_to_s3(cx);
        let (buffer, hints) = self.buffer(cx);
        let (delivery, copy) = self.to.delivery(cx)?;
        let give_up = matches!(source, Source::Producer(_)).then(|| facts::KEPT.dur());
        Some(FirehoseConfig {
            name: name.to_owned(),
            source,
            destination: self.to.word(),
            opening: opening(self.decompress.as_ref(), self.deaggregate),
            transform: match &self.transform {
                Some(transform) => Some(transform.resolve(&self.to, cx)?),
                None => None,
            },
            partitions: self.partitions.as_ref().map(PartitionsSpec::resolve),
            backup: self.full_backup.then(|| self.backup.resolve()),
            buffer,
            hints,
            writing: self.writing(),
            delivery: DeliveryConfig { give_up, ..delivery },
            copy,
            error_outages: Vec::new(),
            error_buffer: self.backup.resolve(),
            billed_step: self.billed_step,
            vpc_zones: self.to.vpc_zones(),
        })
    }

    fn writing(&self) -> WritingConfig {
        let shrinks_to = self.convert.as_ref().map_or(Percent(Percent::WHOLE), |c| c.format().shrinks_to);
        let both = u128::from(shrinks_to.0) * u128::from(self.compressed_to.0) / u128::from(Percent::WHOLE);
        WritingConfig {
            convert: self.convert.as_ref().map(ConvertSpec::resolve),
            written: Percent(both as u64),
            part: self.to.part(),
        }
    }

    /// What only a delivery to S3 may have.
    fn only_to_s3(&self, cx: &mut Cx) {
        if self.to.is_s3() {
            return;
        }
        let convert = self.convert.as_ref().map(|c| ("convert", c.format().place, &facts::CONVERT_SIZE_MIN));
        let split = self.partitions.as_ref().map(|p| ("partitions", p.place, &facts::PARTITIONS_ACTIVE));
        for (key, at, fact) in convert.into_iter().chain(split) {
            let message = format!("`{}.{key}` is for a delivery to S3 only", cx.here());
            let help = format!("source: {} ({})", fact.source.title, fact.source.date);
            cx.say_with("wrong-destination", at, message, "deliver to `s3`, or leave it out", Some(help));
        }
    }

    /// Buffering hints, held against the ranges of destination, conversion and partitioning.
    fn buffer(&self, cx: &mut Cx) -> (BufferConfig, HintRanges) {
        let (hints, written) = (self.to.hints(), &self.buffer);
        let partitions = self.partitions.as_ref().filter(|_| self.to.is_s3());
        let (usual, least_size) = match (&self.convert, partitions) {
            (Some(_), _) if self.to.is_s3() => (&facts::CONVERT_SIZE, &facts::CONVERT_SIZE_MIN),
            (_, Some(_)) => (&facts::PARTITION_SIZE_MIN, &facts::PARTITION_SIZE_MIN),
            _ => (hints.size, &facts::S3_SIZE_MIN),
        };
        let bytes = |fact: &Fact| fact.bytes();
        let range = (usual, Some(least_size), hints.size_max);
        let size = hint("size", written.size.as_ref(), range, bytes, cx);
        let least = partitions.map(|_| &facts::PARTITION_INTERVAL_MIN);
        let range = (hints.interval, least, hints.interval_max);
        let interval = hint("interval", written.interval.as_ref(), range, |fact| fact.dur(), cx);
        let zero = match self.to {
            ToSpec::Snowflake(_) => facts::SNOWFLAKE_COMMIT.dur(),
            _ => written.zero_wait,
        };
        let ranges = HintRanges {
            size: [least_size, usual, hints.size_max].map(Fact::bytes),
            interval: [least.map_or(Dur::ZERO, Fact::dur), hints.interval_max.dur()],
            zero_wait: zero,
        };
        let buffer = BufferConfig {
            size,
            interval: if interval == Dur::ZERO { zero } else { interval },
            timer: match written.timer {
                TimerSpec::FirstRecord => Timer::FirstRecord,
                TimerSpec::FreeRunning => Timer::FreeRunning,
            },
            channels: written.channels,
        };
        (buffer, ranges)
    }
}

/// A hint as written and within (default, least, most), or the default.
fn hint<T: Copy + PartialOrd + Display>(
    key: &str,
    written: Option<&At<T>>,
    (default, least, most): (&'static Fact, Option<&'static Fact>, &'static Fact),
    of: impl Fn(&Fact) -> T,
    cx: &mut Cx,
) -> T {
    let Some(At { value, at }) = written else { return of(default) };
    let below = least.filter(|least| *value < of(least));
    let Some(bound) = below.or((*value > of(most)).then_some(most)) else { return *value };
    let message = format!("`{}.buffer.{key}` is out of range: {}", cx.here(), quote(&value.to_string()));
    let expected = match least {
        Some(least) => format!("must be {} to {}", fact_text(least), fact_text(most)),
        None => format!("must be at most {}", fact_text(most)),
    };
    cx.say_with("out-of-range", *at, message, &expected, Some(format!("source: {}", cite(bound))));
    *value
}

/// A Firehose stream, resolved while it is read, and where its source is written.
#[derive(Clone, Debug)]
pub struct Firehose(pub FirehoseConfig, Span);

impl Read for Firehose {
    fn shape() -> Shape {
        FirehoseSpec::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let spec = FirehoseSpec::read(node, cx)?;
        let name = cx.name();
        spec.resolve(&name, cx).map(|config| Firehose(config, spec.from.at))
    }
}

/// Each producer that a Firehose stream takes from must put to Firehose, and to one stream only.
pub fn sources_fit(streams: &[Firehose], producers: &[ProducerConfig], cx: &mut Cx) {
    for (i, Firehose(stream, at)) in streams.iter().enumerate() {
        let Source::Producer(who) = stream.source else { continue };
        let Some(producer) = producers.get(who) else { continue };
        let (name, source) = (&stream.name, &producer.name);
        if producer.client.firehose().is_none() {
            let message = format!("`firehose.{name}` takes from `{source}`, which does not put to Firehose");
            let expected = format!("`producers.{source}` needs `client: firehose_direct`");
            cx.say("wrong-client", *at, message, &expected);
        } else if let Some(other) = streams[..i].iter().find(|other| other.0.source == stream.source) {
            let message = format!("`{source}` puts to `{}` already", other.0.name);
            cx.say("duplicate-source", *at, message, "a producer puts to one Firehose stream");
        }
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
        starts: StartAt { at: polls.starts, from: crate::api::Position::Latest },
    })
}
