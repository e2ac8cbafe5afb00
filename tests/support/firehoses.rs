//! Generated Firehose streams.

use super::{latency, ms};
use kinesim::api::Position;
use kinesim::consumer::config::*;
use kinesim::firehose::config::*;
use kinesim::producer::config::ProducerConfig;
use kinesim::random::LatencyLaw;
use kinesim::units::*;
use kinesim::world::config::{Action, TimedEvent, WorldConfig};
use proptest::prelude::*;

/// A share: often nothing, sometimes everything.
fn share() -> impl Strategy<Value = Percent> {
    prop_oneof![4 => Just(0), 1 => Just(1_000_000_000), 4 => 0..1_000_000_000u64].prop_map(Percent)
}

fn opening() -> impl Strategy<Value = OpeningConfig> {
    (1u64..5_000_000_000, share(), 1u64..6).prop_map(|(grows_to, broken, parts)| OpeningConfig {
        decompresses: parts % 2 == 0,
        grows_to: Percent(grows_to),
        broken,
        parts,
    })
}

fn transform() -> BoxedStrategy<TransformConfig> {
    let gathers = (100u64..50_000, ms(0..5000), latency(), ms(1..400));
    let shares = (share(), 0u64..500_000_000, 0u64..500_000_000, 0u64..3_000_000_000);
    (gathers, shares, 0u32..4, ms(0..500), 1u32..6)
        .prop_map(|((size, interval, duration, timeout), shares, retries, retry_wait, outstanding)| {
            TransformConfig {
                size: Bytes(size),
                interval,
                duration,
                timeout,
                failing: shares.0,
                retries,
                retry_wait,
                outstanding,
                dropped: Percent(shares.1),
                failed: Percent(shares.2),
                output: Percent(shares.3),
                memory: Bytes::from_mib(128),
                arm: false,
                free_tier: false,
            }
        })
        .boxed()
}

fn partitions() -> impl Strategy<Value = PartitionsConfig> {
    let law = prop_oneof![
        (1u64..100).prop_map(|distinct| PartitionLaw::Uniform { distinct }),
        (1u64..100, 0u32..2000)
            .prop_map(|(distinct, exponent_milli)| PartitionLaw::Zipf { distinct, exponent_milli }),
        (0u64..20).prop_map(|per_s| PartitionLaw::New { per_s }),
    ];
    (law, 1u64..60, share(), 0u64..1000).prop_map(|(law, active, first_stage, query)| PartitionsConfig {
        law,
        active,
        first_stage,
        query: Dur(query),
    })
}

/// What is tried for a time; `None` is S3.
fn delivery(prefix: Option<&'static str>) -> BoxedStrategy<DeliveryConfig> {
    let retry = prop_oneof![ms(0..20_000).prop_map(Retry::SinceFirst), ms(0..20_000).prop_map(Retry::Waits)];
    let rejected = prop_oneof![share().prop_map(Rejected::Records), share().prop_map(Rejected::Requests)];
    let endpoint = (ms(1..400), prop::option::of(1u64..50), any::<bool>(), share(), rejected, retry);
    let waits = (ms(100..2000), ms(1000..10_000), 0u64..=1_000_000_000);
    (latency(), share(), waits, endpoint)
        .prop_map(move |(request, failing, waits, endpoint)| {
            let (timeout, request_records, duplicates, timed_out, rejected, retry) = endpoint;
            let tried = prefix.is_some();
            DeliveryConfig {
                prefix,
                request,
                timeout: Some(timeout).filter(|_| tried),
                request_records,
                duplicates: duplicates && tried,
                failing,
                timed_out: if tried { timed_out } else { Percent(0) },
                rejected: if tried { rejected } else { Rejected::Records(Percent(0)) },
                backoff: waits.0,
                backoff_max: waits.1,
                backoff_jitter: Percent(waits.2),
                retry: Some(retry).filter(|_| tried),
                give_up: None,
                outages: Vec::new(),
            }
        })
        .boxed()
}

fn buffer() -> impl Strategy<Value = BufferConfig> {
    (1_000u64..300_000, ms(1..20_000), any::<bool>(), 1u32..4).prop_map(|(size, interval, runs, channels)| {
        BufferConfig {
            size: Bytes(size),
            interval,
            timer: if runs { Timer::FreeRunning } else { Timer::FirstRecord },
            channels,
        }
    })
}

/// One Firehose stream, reading the Kinesis stream.
fn one() -> BoxedStrategy<FirehoseConfig> {
    let polls = (ms(100..3000), any::<bool>(), 1_000u64..1_000_000);
    let before = (prop::option::of(opening()), prop::option::of(transform()), prop::option::of(partitions()));
    let backup = prop::option::of((1_000u64..100_000, ms(100..20_000)));
    let to = prop_oneof![
        (delivery(None), Just(None)),
        (delivery(Some("failed/")), Just(None)),
        (delivery(None), delivery(Some("errors/")).prop_map(Some)),
    ];
    let writing = (prop::option::of(share()), 1u64..2_000_000_000);
    (polls, before, backup, buffer(), to, writing)
        .prop_map(|(polls, before, backup, buffer, to, writing)| {
            let (every, twice, hold) = polls;
            let (opening, transform, partitions) = before;
            FirehoseConfig {
                name: String::new(),
                source: Source::Stream(PollConfig { starts: Dur::ZERO, every, twice, hold: Bytes(hold) }),
                destination: "s3",
                opening,
                transform,
                partitions,
                backup: backup.map(|(size, interval)| BackupConfig { size: Bytes(size), interval }),
                buffer,
                writing: WritingConfig {
                    convert: writing.0.map(|failed| Conversion { to: Columnar::Parquet, failed }),
                    written: Percent(writing.1),
                    part: (writing.1 % 2 == 0).then_some(Bytes(1 + writing.1 / 1000)),
                },
                delivery: to.0,
                copy: to.1,
                error_outages: Vec::new(),
                error_buffer: BackupConfig { size: Bytes(10_000), interval: Dur::from_s(2) },
                billed_step: Bytes(5120),
                vpc_zones: 0,
                hints: HintRanges {
                    size: [Bytes(1), Bytes(10_000), Bytes(1_000_000)],
                    interval: [Dur::ZERO, Dur::from_s(60)],
                    zero_wait: Dur::from_s(1),
                },
            }
        })
        .boxed()
}

/// Streams that read the Kinesis stream, streams for producers that put to one, and what happens to destinations.
#[derive(Clone, Debug)]
pub struct Firehoses {
    reading: Vec<FirehoseConfig>,
    direct: Vec<Option<(FirehoseConfig, Dur)>>,
    outages: Vec<(u64, usize, bool, Dur)>,
}

/// Any of them.
pub fn firehoses() -> BoxedStrategy<Firehoses> {
    let outage = (1u64..100_000, 0usize..8, any::<bool>(), ms(100..40_000));
    let direct = prop::collection::vec(prop::option::of((one(), ms(1000..60_000))), 4);
    (prop::collection::vec(one(), 0..3), direct, prop::collection::vec(outage, 0..3))
        .prop_map(|(reading, direct, outages)| Firehoses { reading, direct, outages })
        .boxed()
}

impl Firehoses {
    /// Puts them into a world.
    pub fn join(mut self, world: &mut WorldConfig) {
        let puts = |p: &ProducerConfig| p.client.firehose().is_some();
        for (i, direct) in self.direct.into_iter().enumerate() {
            let Some((mut stream, kept)) = direct.filter(|_| world.producers.get(i).is_some_and(puts)) else {
                continue;
            };
            stream.source = Source::Producer(i);
            stream.delivery.give_up = Some(kept);
            self.reading.push(stream);
        }
        for (i, mut stream) in self.reading.into_iter().enumerate() {
            stream.name = format!("f{i}");
            world.consumers.extend(as_consumer(&stream));
            world.firehose.push(stream);
        }
        let streams = world.firehose.len();
        for (at, raw, error_bucket, lasting) in self.outages.into_iter().filter(|_| streams > 0) {
            let action =
                Action::DestinationOutage { firehose: format!("f{}", raw % streams), error_bucket, lasting };
            world.events.push(TimedEvent { at: Dur::from_ms(at), action });
        }
        world.events.sort_by_key(|e| e.at);
    }
}

fn as_consumer(stream: &FirehoseConfig) -> Option<ConsumerConfig> {
    let Source::Stream(polls) = stream.source else { return None };
    let none = LatencyLaw::Constant(Dur::ZERO);
    Some(ConsumerConfig {
        name: stream.name.clone(),
        client: ApplicationConfig::Firehose,
        read: ReadConfig::Polling(PollingConfig {
            interval: polls.every,
            jitter: Dur::ZERO,
            pace: Pace::Even,
            phase: None,
            limit: 10_000,
            max_bytes: Bytes::from_mib(10),
            call_latency: none.clone(),
            throttled: ThrottledPoll::NextPeriod,
        }),
        processing: ProcessingConfig { per_call: none.clone(), per_record: none },
        failure_rate: Percent(0),
        starts: StartAt { at: Dur::ZERO, from: Position::Latest },
    })
}
