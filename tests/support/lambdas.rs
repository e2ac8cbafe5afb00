//! Generated event source mappings.

use super::{latency, ms};
use kinesim::consumer::config::ApplicationConfig;
use kinesim::consumer::lambda::LambdaConfig;
use kinesim::units::*;
use proptest::prelude::*;

/// Lambda, with everything it can be told.
pub fn lambda() -> impl Strategy<Value = ApplicationConfig> {
    let window = prop_oneof![Just(Dur::ZERO), ms(1..5000)];
    let tumbling = prop_oneof![3 => Just(Dur::ZERO), 1 => ms(1000..20_000)];
    let batches = (1u64..300, window, 1u32..=10, tumbling, 600u64..200_000);
    let retries = (prop::option::of(0u32..4), prop::option::of(ms(500..20_000)), ms(1..900), ms(1..4000));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let filtered = prop_oneof![2 => Just(0u64), 1 => 0u64..=1_000_000_000];
    let function = (1u32..20, ms(1..3000), latency(), 0u64..2000, filtered);
    (batches, retries, flags, function).prop_map(|(batches, retries, flags, function)| {
        let (batch_size, batching_window, parallelization_factor, tumbling_window, payload) = batches;
        let (retry_attempts, record_age, first, more) = retries;
        let (concurrency, timeout, cold_start, read_ahead, filtered) = function;
        ApplicationConfig::Lambda(Box::new(LambdaConfig {
            batch_size,
            batching_window,
            parallelization_factor,
            retry_attempts,
            record_age,
            bisect: flags.0,
            report_batch_item_failures: flags.1,
            on_failure_destination: flags.2,
            tumbling_window,
            filtered: Percent(filtered),
            concurrency,
            memory: Bytes::from_mib(128),
            arm: flags.3,
            free_tier: false,
            timeout,
            cold_start,
            retry_delay: first,
            retry_delay_max: Dur(first.0 + more.0),
            read_ahead,
            record_overhead: Bytes(530),
            max_payload: Bytes(payload),
        }))
    })
}
