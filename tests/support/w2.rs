//! The reference work: what the benches time and several tests run.

use kinesim::api::Position;
use kinesim::consumer::config::*;
use kinesim::producer::config::*;
use kinesim::random::{LatencyLaw, Seed};
use kinesim::stream::config::*;
use kinesim::units::*;
use kinesim::world::config::*;

/// Ten shards (say), two pollers; `hot`: 3 % of the records on one key; `real`: PutRecords by a client with limits,
/// log-normal sizes and Zipf keys instead of lone records.
pub fn w2(hot: bool, real: bool, shards: u32, rate: u64, seconds: u64, seed: u64) -> WorldConfig {
    let sleep = BackoffLaw {
        base: Dur::from_ms(200),
        factor: Factor(2_000_000),
        cap: Dur::from_s(5),
        jitter: Jitter::Full,
    };
    let custom = RetryLaw {
        mode: "custom",
        attempts: 8,
        throttled: sleep,
        transient: sleep,
        quota: None,
        retry_after: None,
        adaptive: false,
    };
    let zero = LatencyLaw::Constant(Dur::ZERO);
    let client = if real {
        SdkConfig {
            instances: 1,
            call: PutCall::PutRecords {
                max_records: 50,
                max_bytes: Bytes::from_mib(5),
                linger: Dur::from_ms(100),
            },
            in_flight: Some(64),
            buffer: Some(Bytes::from_mib(100)),
            on_full: OnFull::Block,
            on_partial_failure: PartialFailure::RetryFailed,
            retry: custom,
            put_latency: LatencyLaw::Uniform { min: Dur::from_ms(10), max: Dur::from_ms(35) },
        }
    } else {
        SdkConfig {
            instances: 100,
            call: PutCall::PutRecord,
            in_flight: None,
            buffer: None,
            on_full: OnFull::Block,
            on_partial_failure: PartialFailure::RetryFailed,
            retry: custom,
            put_latency: zero.clone(),
        }
    };
    let keys = match (real, hot) {
        (true, _) => KeyLaw::Zipf { distinct: 100_000, exponent_milli: 800 },
        (_, true) => KeyLaw::Hot { distinct: 100_000, share: Percent(30_000_000) },
        _ => KeyLaw::Uniform { distinct: 100_000 },
    };
    let keys = if shards > 100 { KeyLaw::Random } else { keys };
    let poller = |name: &str| ConsumerConfig {
        name: name.into(),
        client: ApplicationConfig::Sdk,
        read: ReadConfig::Polling(PollingConfig {
            interval: Dur::from_ms(200),
            pace: Pace::Even,
            jitter: Dur::from_ms(20),
            phase: None,
            limit: 10_000,
            max_bytes: Bytes::from_mib(10),
            call_latency: zero.clone(),
            throttled: ThrottledPoll::NextPeriod,
        }),
        processing: ProcessingConfig { per_call: zero.clone(), per_record: zero.clone() },
        failure_rate: Percent(0),
        starts: StartAt { at: Dur::ZERO, from: Position::TrimHorizon },
    };
    WorldConfig {
        duration: Dur::from_s(seconds),
        start_weekday: 0,
        start_time_of_day: Dur::ZERO,
        mode: Mode::Provisioned,
        seed: Seed { user: seed, replication: 0 },
        producers: vec![ProducerConfig {
            name: "web".into(),
            demand: DemandConfig {
                rate: RateShape::Constant(RecordRate::per_s(rate)),
                burstiness: Burstiness::Poisson,
                record_size: if real {
                    SizeLaw::LogNormal { mean: Bytes(800), p95: Bytes(2000) }
                } else {
                    SizeLaw::Uniform { min: Bytes(256), max: Bytes(1536) }
                },
                keys,
                key_bytes: Bytes(0),
            },
            client: ClientConfig::Sdk(client),
        }],
        stream: StreamConfig {
            shards: Some(shards),
            retention: Dur::from_h(24),
            max_record_size: Bytes::from_mib(1),
            admission: AdmissionConfig {
                records_per_s: 1000,
                bytes_per_s: 1 << 20,
                burst_records: 1000,
                burst_bytes: 1 << 20,
                shape: AdmissionShape::TokenBucket,
                byte_rounding: if real { ByteRounding::Aws } else { ByteRounding::None },
                count_key_bytes: false,
            },
            reads: ReadLimits {
                calls_per_s: 5,
                calls_shape: ReadCallsShape::TokenBucket { depth: 5 },
                bytes_per_s: 2 << 20,
            },
            visibility: Dur::ZERO,
            autoscaler: None,
            resharding: ReshardConfig {
                first_operation: Dur::ZERO,
                per_operation: Dur::from_s(30),
                parallel_operations: 1,
            },
            on_demand: OnDemandConfig {
                history: History::Steady,
                observe: Dur::from_min(1),
                delay: SplitDelay::WorstCase,
                split_bytes_per_s: 1 << 19,
                split_records_per_s: 500,
                split_margin: Percent(100_000_000),
                max_write: ByteRate(10 << 30),
            },
            advantage: AdvantageConfig {
                warm: None,
                warm_delay: Dur::from_min(3),
                other_in: ByteRate(0),
                other_out: ByteRate(0),
                commitment: ByteRate(25 << 20),
            },
        },
        consumers: vec![poller("a"), poller("b")],
        firehose: vec![],
        events: vec![],
        bounds: Bounds { records: 1 << 40, in_memory: 1 << 28 },
        resolution: kinesim::measure::resolution::Resolution::Record,
        window_divisor: 1,
        tables: Vec::new(),
    }
}
