//! Generated worlds: everything the simulator can be asked for, small enough to run in milliseconds.
#![allow(dead_code)]

mod firehoses;
mod flinks;
mod lambdas;

use kinesim::api::Position;
use kinesim::consumer::config::*;
use kinesim::consumer::kcl::config::*;
use kinesim::producer::config::*;
use kinesim::random::{LatencyLaw, Seed};
use kinesim::stream::config::*;
use kinesim::units::*;
use kinesim::world::config::*;
use proptest::prelude::*;

pub const MODES: [Mode; 3] = [Mode::Provisioned, Mode::OnDemand, Mode::OnDemandAdvantage];

pub fn any_mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(&MODES[..])
}

fn ms(range: std::ops::Range<u64>) -> impl Strategy<Value = Dur> {
    range.prop_map(Dur::from_ms)
}

/// Does the shard's lane play this producer's client?
pub fn plays_alone(config: &WorldConfig, index: usize) -> bool {
    let ClientConfig::Sdk(sdk) = &config.producers[index].client else { return false };
    let troubled = |e: &TimedEvent| match e.action {
        Action::ProducerOutage { producer, .. }
        | Action::ProcessRestart { producer, .. }
        | Action::PutErrors { producer, .. }
        | Action::SlowNetwork { producer, .. } => producer == index,
        _ => false,
    };
    if config.events.iter().any(troubled) {
        return false;
    }
    let unlimited =
        sdk.in_flight.is_none() && sdk.buffer.is_none() && sdk.retry.quota.is_none() && !sdk.retry.adaptive;
    unlimited && matches!(sdk.put_latency, LatencyLaw::Constant(_)) && sdk.call == PutCall::PutRecord
}

fn rate() -> impl Strategy<Value = RateShape> {
    let r = |n: u64| RecordRate::per_s(n);
    prop_oneof![
        (1u64..800).prop_map(move |n| RateShape::Constant(r(n))),
        (1u64..300, 1u64..2000, 1u64..40, 1u64..20).prop_map(move |(base, peak, at, lasting)| {
            RateShape::Spike {
                base: r(base),
                peak: r(peak),
                at: Dur::from_s(at),
                lasting: Dur::from_s(lasting),
            }
        }),
        (1u64..1500, 100u64..5000, 100u64..20_000).prop_map(move |(on, on_for, off_for)| RateShape::OnOff {
            on: r(on),
            on_for: Dur::from_ms(on_for),
            off: r(0),
            off_for: Dur::from_ms(off_for)
        }),
    ]
}

fn burstiness() -> impl Strategy<Value = Burstiness> {
    prop_oneof![
        Just(Burstiness::Even),
        Just(Burstiness::Poisson),
        (1u32..200).prop_map(|size| Burstiness::Batches { size }),
    ]
}

fn sizes() -> impl Strategy<Value = SizeLaw> {
    prop_oneof![
        (1u64..4000).prop_map(|n| SizeLaw::Fixed(Bytes(n))),
        (1u64..2000, 0u64..20_000).prop_map(|(a, b)| SizeLaw::Uniform { min: Bytes(a), max: Bytes(a + b) }),
        (300u64..3000).prop_map(|n| SizeLaw::LogNormal { mean: Bytes(n), p95: Bytes(3 * n) }),
    ]
}

fn keys() -> impl Strategy<Value = KeyLaw> {
    prop_oneof![
        Just(KeyLaw::Random),
        (1u64..50).prop_map(|distinct| KeyLaw::Uniform { distinct }),
        (2u64..500).prop_map(|distinct| KeyLaw::Zipf { distinct, exponent_milli: 900 }),
        Just(KeyLaw::Constant("one".into())),
    ]
}

fn retry() -> impl Strategy<Value = RetryLaw> {
    let jitter = prop::sample::select(vec![Jitter::None, Jitter::Full, Jitter::Half]);
    let quota = prop::option::of((1u32..60, 1u32..6).prop_map(|(capacity, cost)| RetryQuota {
        capacity,
        throttle_cost: cost,
        transient_cost: cost + 1,
        success_refund: 1,
    }));
    (1u32..6, ms(1..2000), (1_000_000u64..4_000_000).prop_map(Factor), jitter, quota, any::<bool>()).prop_map(
        |(attempts, base, factor, jitter, quota, adaptive)| RetryLaw {
            mode: "custom",
            attempts,
            throttled: BackoffLaw { base, factor, cap: Dur::from_s(3), jitter },
            transient: BackoffLaw {
                base: Dur(base.0 / 3),
                factor,
                cap: Dur::from_s(3),
                jitter: Jitter::Full,
            },
            quota,
            retry_after: None,
            adaptive,
        },
    )
}

fn call() -> impl Strategy<Value = PutCall> {
    prop_oneof![
        Just(PutCall::PutRecord),
        (1u32..500, 1000u64..60_000, ms(0..1500)).prop_map(|(max_records, bytes, linger)| {
            PutCall::PutRecords { max_records, max_bytes: Bytes(bytes), linger }
        }),
    ]
}

fn put_latency() -> impl Strategy<Value = LatencyLaw> {
    prop_oneof![
        ms(1..400).prop_map(LatencyLaw::Constant),
        (ms(1..60), 0u64..300)
            .prop_map(|(min, more)| LatencyLaw::Uniform { min, max: Dur(min.0 + more * 1_000_000) }),
    ]
}

fn kpl() -> impl Strategy<Value = ClientConfig> {
    let behaviours =
        vec![KplBehaviour::V0_14, KplBehaviour::V0_15_11, KplBehaviour::V1_0_0, KplBehaviour::V1_0_6];
    let behaviour = prop::sample::select(behaviours);
    let aggregation = (prop::bool::weighted(0.8), 1u64..300, 64u64..60_000);
    let collection = (1u32..500, 52_224u64..200_000, 1u32..6);
    let times = (ms(1..1500), ms(100..4000));
    let limits = (1u64..300, prop::bool::weighted(0.2));
    (1u32..4, behaviour, aggregation, collection, times, limits, put_latency(), ms(0..3000)).prop_map(
        |(instances, behaviour, aggregation, collection, times, limits, put_latency, list)| {
            ClientConfig::Kpl(KplConfig {
                instances,
                behaviour,
                aggregation: aggregation.0,
                aggregation_max_count: aggregation.1,
                aggregation_max_size: Bytes(aggregation.2),
                collection_max_count: collection.0,
                collection_max_size: Bytes(collection.1),
                record_max_buffered_time: times.0.min(times.1),
                record_ttl: times.1,
                rate_limit: limits.0,
                fail_if_throttled: limits.1,
                max_connections: collection.2,
                put_latency,
                list_shards_latency: LatencyLaw::Constant(list),
            })
        },
    )
}

fn agent() -> impl Strategy<Value = ClientConfig> {
    let buffers = (ms(1000..20_000), 1u32..200, 500u64..200_000, 1u32..10, 1u32..5, 1u32..6);
    let waits = (ms(1..300), ms(1..8000), ms(5..400));
    let files = (any::<bool>(), prop::option::of(ms(1000..30_000)), prop::option::of(0u32..3));
    (1u32..4, buffers, waits, files, put_latency()).prop_map(
        |(instances, buffers, waits, files, put_latency)| {
            let (max_buffer_age, max_buffer_records, bytes, publish_queue, sending_threads, sending_queue) =
                buffers;
            let ((initial_backoff, max_backoff, poll_every), (from_end, rotate_every, rotated_files)) =
                (waits, files);
            ClientConfig::Agent(AgentConfig {
                instances,
                max_buffer_age,
                max_buffer_records,
                max_buffer_bytes: Bytes(bytes),
                publish_queue,
                sending_threads,
                sending_queue,
                initial_backoff,
                max_backoff,
                poll_every,
                from_end,
                rotate_every,
                rotated_files,
                put_latency,
            })
        },
    )
}

fn flink_sink() -> impl Strategy<Value = ClientConfig> {
    let limits = (1u32..500, 1u32..10, 1u32..2000, 500u64..200_000);
    let times = (ms(10..8000), prop::option::of(ms(1000..20_000)));
    (1u32..4, limits, times, put_latency()).prop_map(|(instances, limits, times, put_latency)| {
        let (max_batch, max_in_flight, more, bytes) = limits;
        ClientConfig::FlinkSink(FlinkSinkConfig {
            instances,
            max_batch,
            max_in_flight,
            max_buffered: max_batch + more,
            max_batch_bytes: Bytes(bytes),
            max_time_in_buffer: times.0,
            checkpoint_every: times.1,
            put_latency,
        })
    })
}

fn firehose_direct() -> impl Strategy<Value = ClientConfig> {
    let raise = prop::option::of((2u32..4, ms(100..20_000), 1u32..8));
    let raise = raise.prop_map(|r| r.map(|(factor, after, most)| RaiseConfig { factor, after, most }));
    (sdk(), 10u64..2000, 1u64..50, 1000u64..1_000_000, raise).prop_map(
        |(client, records, requests, bytes, raise)| {
            let ClientConfig::Sdk(sdk) = client else { return client };
            let quotas = DirectQuotas { records, requests, bytes, raise };
            ClientConfig::FirehoseDirect(FirehoseDirectConfig { sdk, quotas })
        },
    )
}

fn client() -> impl Strategy<Value = ClientConfig> {
    prop_oneof![3 => sdk(), 1 => agent(), 1 => flink_sink(), 1 => firehose_direct(), 2 => kpl()]
}

fn sdk() -> impl Strategy<Value = ClientConfig> {
    let policy = prop::sample::select(vec![
        PartialFailure::RetryFailed,
        PartialFailure::RetryAll,
        PartialFailure::Drop,
    ]);
    let full = prop::sample::select(vec![OnFull::Block, OnFull::Drop]);
    let in_flight = prop::option::of(1u32..20);
    let buffer = prop::option::of((500u64..100_000).prop_map(Bytes));
    let waits = (1u32..4, call(), in_flight, buffer, full, policy, retry(), put_latency()).prop_map(
        |(instances, call, in_flight, buffer, on_full, on_partial_failure, retry, put_latency)| {
            ClientConfig::Sdk(SdkConfig {
                instances,
                call,
                in_flight,
                buffer,
                on_full,
                on_partial_failure,
                retry,
                put_latency,
            })
        },
    );
    // Half of them alone: no limit couples their records, and the shards' lanes play them.
    let alone = |c: ClientConfig| {
        let ClientConfig::Sdk(mut sdk) = c else { return c };
        (sdk.call, sdk.in_flight, sdk.buffer) = (PutCall::PutRecord, None, None);
        (sdk.retry.quota, sdk.retry.adaptive) = (None, false);
        sdk.put_latency = LatencyLaw::Constant(Dur(sdk.put_latency.sampler().min()));
        ClientConfig::Sdk(sdk)
    };
    (any::<bool>(), waits).prop_map(move |(is_alone, c)| if is_alone { alone(c) } else { c })
}

fn producers() -> impl Strategy<Value = Vec<ProducerConfig>> {
    let one = (rate(), burstiness(), sizes(), keys(), 1u64..64, client());
    prop::collection::vec(one, 1..4).prop_map(|all| {
        let named = |(i, (rate, burstiness, record_size, keys, key_bytes, client))| ProducerConfig {
            name: format!("p{i}"),
            demand: DemandConfig { rate, burstiness, record_size, keys, key_bytes: Bytes(key_bytes) },
            client,
        };
        all.into_iter().enumerate().map(named).collect()
    })
}

fn latency() -> impl Strategy<Value = LatencyLaw> {
    prop_oneof![
        Just(LatencyLaw::Constant(Dur::ZERO)),
        ms(1..300).prop_map(LatencyLaw::Constant),
        ms(1..300).prop_map(|max| LatencyLaw::Uniform { min: Dur::ZERO, max }),
        ms(1..200).prop_map(|mean| LatencyLaw::Exponential { mean }),
    ]
}

fn work() -> impl Strategy<Value = ProcessingConfig> {
    prop_oneof![
        Just(ProcessingConfig {
            per_call: LatencyLaw::Constant(Dur::ZERO),
            per_record: LatencyLaw::Constant(Dur::ZERO)
        }),
        (latency(), 0u64..5_000_000).prop_map(|(per_call, mean)| ProcessingConfig {
            per_call,
            per_record: LatencyLaw::Exponential { mean: Dur(mean) }
        }),
    ]
}

fn polling() -> impl Strategy<Value = ReadConfig> {
    let throttled =
        prop::sample::select(vec![ThrottledPoll::NextPeriod, ThrottledPoll::SdkBackoff, ThrottledPoll::Wait]);
    let phase = prop::option::of(ms(0..2000));
    (ms(50..3000), ms(0..200), phase, 1u32..10_000, 1000u64..10 << 20, latency(), throttled).prop_map(
        |(interval, jitter, phase, limit, max_bytes, call_latency, throttled)| {
            ReadConfig::Polling(PollingConfig {
                interval,
                pace: if phase.is_some() { Pace::Even } else { Pace::Random },
                jitter,
                phase,
                limit,
                max_bytes: Bytes(max_bytes),
                call_latency,
                throttled,
            })
        },
    )
}

fn fan_out() -> impl Strategy<Value = ReadConfig> {
    let gap = prop_oneof![2 => Just(Dur::ZERO), 1 => ms(1..900)];
    (latency(), 5_000u64..3 << 20, ms(700..300_000), gap).prop_map(
        |(push_latency, bytes_per_s, renew_every, renewal_gap)| {
            ReadConfig::FanOut(FanOutConfig { push_latency, bytes_per_s, renew_every, renewal_gap })
        },
    )
}

/// One reader.
/// Failover times short enough for leases to change hands within a world.
fn kcl_application() -> impl Strategy<Value = ApplicationConfig> {
    let version = prop::sample::select(vec![Version::V1, Version::V2, Version::V3]);
    let prefetch = prop::option::weighted(
        0.8,
        (1u32..6, 1u64..3000, 1000u64..200_000).prop_map(|(inputs, records, bytes)| Prefetch {
            inputs,
            records,
            bytes: Bytes(bytes),
        }),
    );
    let checkpoint = prop_oneof![
        Just(Checkpoint::EveryBatch),
        ms(100..20_000).prop_map(Checkpoint::Every),
        Just(Checkpoint::AtShardEnd),
    ];
    let table = prop::sample::select(vec![LeaseTable::Balanced, LeaseTable::Empty]);
    let leases = (ms(1000..8000), prop::option::weighted(0.2, 1u32..6), 1u32..3, table);
    let balance = (0u64..300_000_000, 1u64..1_000_000_000);
    let flags = (any::<bool>(), any::<bool>());
    (version, 1u32..6, prop::option::of(1u32..4), prefetch, checkpoint, leases, balance, flags).prop_map(
        |(version, workers, cores, prefetch, checkpoint, leases, balance, flags)| {
            ApplicationConfig::Kcl(Box::new(KclConfig {
                version,
                workers,
                cores,
                prefetch,
                checkpoint,
                failover_time: leases.0,
                max_leases_for_worker: leases.1,
                max_leases_to_steal: leases.2,
                rebalance_threshold: Percent(balance.0),
                dampening: Percent(balance.1),
                lease_table: leases.3,
                assignment: if flags.0 { Assignment::ByCount } else { Assignment::ByLoad },
                keeps_worker_ids: flags.1,
            }))
        },
    )
}

/// What happens to workers; nothing to clients that have none.
fn of_workers() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (1u32..4, prop::option::of(ms(0..8000)))
            .prop_map(|(workers, lasting)| Happening::WorkerCrash { workers, lasting }),
        (1u32..4).prop_map(|workers| Happening::WorkersAdded { workers }),
        (1u32..3).prop_map(|workers| Happening::WorkersRemoved { workers }),
        (prop::option::of(ms(0..9000)), ms(0..6000))
            .prop_map(|(every, pause)| Happening::Deploy { every, pause }),
        (0u32..6).prop_map(|open_index| Happening::PoisonRecord { open_index }),
        Just(Happening::SilentSubscriptions),
    ]
}

pub fn any_consumer(name: &'static str) -> impl Strategy<Value = ConsumerConfig> {
    let failures = prop_oneof![3 => Just(0u64), 1 => 0u64..500_000_000];
    let starts = prop_oneof![3 => Just(0u64), 1 => 0u64..60_000];
    let read = prop_oneof![polling(), fan_out()];
    let client = prop_oneof![
        3 => Just(ApplicationConfig::Sdk),
        1 => kcl_application(),
        1 => lambdas::lambda(),
        1 => flinks::flink(),
    ];
    (client, read, work(), failures, starts, any::<bool>()).prop_map(
        move |(client, read, processing, failures, at, oldest)| ConsumerConfig {
            name: name.into(),
            client,
            read,
            processing,
            failure_rate: Percent(failures),
            starts: StartAt {
                at: Dur::from_ms(at),
                from: if oldest { Position::TrimHorizon } else { Position::Latest },
            },
        },
    )
}

/// KCL applications that are pushed to and whose code takes no time.
pub fn at_rest() -> impl Strategy<Value = Vec<ConsumerConfig>> {
    let one = (any_consumer("c"), kcl_application(), fan_out());
    prop::collection::vec(one, 1..3).prop_map(|all| {
        let at_rest =
            |(i, (c, mut client, read)): (usize, (ConsumerConfig, ApplicationConfig, ReadConfig))| {
                if let ApplicationConfig::Kcl(kcl) = &mut client {
                    kcl.version = if i == 0 { Version::V3 } else { Version::V2 };
                }
                let none = LatencyLaw::Constant(Dur::ZERO);
                let processing = ProcessingConfig { per_call: none.clone(), per_record: none };
                ConsumerConfig {
                    name: format!("c{i}"),
                    client,
                    read,
                    processing,
                    failure_rate: Percent(0),
                    ..c
                }
            };
        all.into_iter().enumerate().map(at_rest).collect()
    })
}

fn consumers() -> impl Strategy<Value = Vec<ConsumerConfig>> {
    prop::collection::vec(any_consumer("c"), 0..4).prop_map(|mut all| {
        all.iter_mut().enumerate().for_each(|(i, c)| c.name = format!("c{i}"));
        all
    })
}

fn stream() -> impl Strategy<Value = StreamConfig> {
    let shape = prop::sample::select(vec![
        AdmissionShape::TokenBucket,
        AdmissionShape::FixedWindow,
        AdmissionShape::SlidingWindow,
    ]);
    let calls = prop_oneof![
        Just(ReadCallsShape::FixedWindow),
        Just(ReadCallsShape::SlidingWindow),
        (1u32..8).prop_map(|depth| ReadCallsShape::TokenBucket { depth }),
    ];
    let rounding = prop::sample::select(vec![ByteRounding::Aws, ByteRounding::None]);
    let limits = (10u64..1000, 10_000u64..2 << 20, 1u64..4, shape, rounding, any::<bool>());
    let reads = (calls, 2u64..8, 20_000u64..4 << 20);
    let retention = prop_oneof![Just(Dur::from_h(24)), ms(500..40_000)];
    let times = (ms(0..3000), ms(100..5000), ms(100..4000), 1u32..3);
    (prop::option::of(1u32..20), retention, limits, reads, prop_oneof![Just(Dur::ZERO), ms(1..800)], times)
        .prop_map(|(shards, retention, limits, (calls_shape, calls_per_s, read_bytes), visibility, times)| {
            let (records_per_s, bytes_per_s, burst, shape, byte_rounding, count_key_bytes) = limits;
            StreamConfig {
                shards,
                retention,
                max_record_size: Bytes::from_mib(1),
                admission: AdmissionConfig {
                    records_per_s,
                    bytes_per_s,
                    burst_records: records_per_s * burst,
                    burst_bytes: bytes_per_s * burst,
                    shape,
                    byte_rounding,
                    count_key_bytes,
                },
                reads: ReadLimits { calls_per_s, calls_shape, bytes_per_s: read_bytes },
                visibility,
                autoscaler: None,
                resharding: ReshardConfig {
                    first_operation: times.0,
                    per_operation: times.1,
                    parallel_operations: times.3,
                },
                on_demand: OnDemandConfig {
                    history: History::Steady,
                    observe: Dur(times.1.0 * 4),
                    delay: SplitDelay::Uniform { min: times.1, max: Dur(times.1.0 * 5) },
                    split_bytes_per_s: 20_000,
                    split_records_per_s: 40,
                    split_margin: Percent(100_000_000),
                    max_write: ByteRate(60 << 20),
                },
                advantage: AdvantageConfig {
                    warm: None,
                    warm_delay: times.2,
                    other_in: ByteRate(0),
                    other_out: ByteRate(0),
                    commitment: ByteRate(25 << 20),
                },
            }
        })
}

/// Something happens to a producer's processes or their network.
fn producer_trouble(producers: usize) -> impl Strategy<Value = Action> {
    let (which, lasting) = (0..producers, ms(1..20_000));
    let share = (1u64..=1_000_000_000, prop_oneof![Just(0), 0..=1_000_000_000u64]);
    (which, lasting, 0u32..4, share, 1u32..50).prop_map(
        |(producer, lasting, kind, (share, stored), number)| match kind {
            0 => Action::ProducerOutage { producer, lasting },
            1 => Action::PutErrors { producer, share: Percent(share), stored: Percent(stored), lasting },
            2 => Action::SlowNetwork { producer, factor: number, lasting },
            _ => {
                let instances = Some(number).filter(|n| *n < 3);
                Action::ProcessRestart { producer, instances, lasting }
            }
        },
    )
}

/// An event; `producers` and `consumers` say how many there are to name.
fn event(producers: usize, consumers: usize) -> impl Strategy<Value = Action> {
    let consumer = move |raw: usize| if consumers == 0 { None } else { Some(raw % consumers) };
    prop_oneof![
        (1u32..25).prop_map(|target| Action::UpdateShardCount { target }),
        (0u32..8).prop_map(|open_index| Action::SplitShard { open_index }),
        (0u32..8).prop_map(|open_index| Action::MergeShards { open_index }),
        any_mode().prop_map(Action::SwitchMode),
        (1u64..20).prop_map(|mib| Action::WarmThroughput(ByteRate(mib << 20))),
        (any::<bool>(), 0usize..8, ms(100..20_000)).prop_map(move |(all, raw, lasting)| {
            Action::Consumer {
                consumer: if all { None } else { consumer(raw) },
                what: Happening::Outage { lasting },
            }
        }),
        (0usize..8, of_workers())
            .prop_map(move |(raw, what)| Action::Consumer { consumer: consumer(raw), what }),
        (0usize..8, 2u32..20, ms(100..20_000)).prop_map(move |(raw, factor, lasting)| match consumer(raw) {
            Some(c) => Action::Consumer { consumer: Some(c), what: Happening::Slowdown { factor, lasting } },
            None => Action::Consumer { consumer: None, what: Happening::Outage { lasting } },
        }),
        ms(300..30_000).prop_map(Action::Retention),
        (0usize..8, 0u32..4).prop_map(move |(raw, open_index)| Action::Consumer {
            consumer: consumer(raw),
            what: Happening::PoisonRecord { open_index },
        }),
        (0usize..8, 1u64..1_000_000_000, ms(100..20_000)).prop_map(move |(raw, share, lasting)| {
            Action::HotKey { producer: raw % producers, share: Percent(share), lasting }
        }),
        producer_trouble(producers),
    ]
}

/// A whole world.
pub fn any_world() -> impl Strategy<Value = WorldConfig> {
    let parts = (producers(), stream(), consumers(), firehoses::firehoses());
    (parts, any_mode(), 10u64..100, 0u64..1000).prop_flat_map(
        |((producers, stream, consumers, firehoses), mode, seconds, seed)| {
            let timed = (1u64..100_000, event(producers.len(), consumers.len()));
            prop::collection::vec(timed, 0..7).prop_map(move |mut events| {
                events.sort_by_key(|e| e.0);
                let timed = |(at, action)| TimedEvent { at: Dur::from_ms(at), action };
                let mut world = WorldConfig {
                    duration: Dur::from_s(seconds),
                    start_weekday: 0,
                    start_time_of_day: Dur::ZERO,
                    mode,
                    seed: Seed { user: seed, replication: 0 },
                    producers: producers.clone(),
                    stream: stream.clone(),
                    consumers: consumers.clone(),
                    firehose: Vec::new(),
                    events: events.into_iter().map(timed).collect(),
                    bounds: Bounds { records: 1 << 40, in_memory: 1 << 28 },
                    resolution: kinesim::measure::resolution::Resolution::Record,
                    window_divisor: 1,
                    tables: Vec::new(),
                };
                firehoses.clone().join(&mut world);
                world
            })
        },
    )
}
