//! Generated Flink jobs.

use super::{latency, ms};
use kinesim::consumer::config::*;
use kinesim::consumer::flink::config::*;
use kinesim::units::*;
use proptest::prelude::*;

fn flink_place() -> impl Strategy<Value = Place> {
    let managed =
        (1u32..4, any::<bool>(), 1u32..20).prop_map(|(parallelism_per_kpu, autoscaling, max_kpus)| {
            Place::Managed(ManagedConfig {
                parallelism_per_kpu,
                autoscaling,
                max_kpus,
                cpu: Percent(Percent::WHOLE),
                orchestration_kpus: 1,
                backups: Bytes(0),
            })
        });
    let own = OwnConfig { task_managers: 3, slots: 4, price_per_hour: Money(Money::USD / 10) };
    prop_oneof![managed, Just(Place::SelfManaged(own))]
}

/// A Flink job, checkpointed often.
pub fn flink() -> impl Strategy<Value = ApplicationConfig> {
    let source = prop_oneof![
        (ms(0..200), ms(1..800))
            .prop_map(|(interval, idle_interval)| SourceConfig::New { interval, idle_interval }),
        (ms(1..900), any::<bool>())
            .prop_map(|(interval, adaptive_reads)| SourceConfig::Legacy { interval, adaptive_reads }),
    ];
    let sink = prop::sample::select(vec![SinkGuarantee::AtLeastOnce, SinkGuarantee::ExactlyOnce]);
    let checkpoints = (ms(500..20_000), ms(0..3000), latency());
    let times = (latency(), prop::option::of(ms(500..5000)), ms(200..12_000));
    (source, 1u32..8, sink, checkpoints, times, flink_place()).prop_map(
        |(source, parallelism, sink, (every, min_pause, takes), (downtime, idleness, discovery), place)| {
            ApplicationConfig::Flink(Box::new(FlinkConfig {
                source,
                parallelism,
                sink,
                checkpoints: CheckpointConfig { every, min_pause, takes },
                downtime,
                idleness,
                discovery,
                place,
            }))
        },
    )
}
