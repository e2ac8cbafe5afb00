//! Retries of a client: how many attempts a record takes when each fails by chance (A09), and how long it sleeps
//! between them (A10).

use super::runs::{self, points};
use super::statistics::{BATCHES, Figures, SEEDS, batches};
use kinesim::producer::config::{BackoffLaw, Jitter, RetryLaw};
use kinesim::producer::retry::Cause;
use kinesim::random::Seed;
use kinesim::units::{Dur, Factor};

/// Calls fail by chance on their way: no shard is near a limit.
#[test]
fn a09_attempts_that_fail_independently() {
    for point in points("A09", 3) {
        let attempts = point.param("max_retries") + 1.0;
        let share = point.param("throttle_probability") * 100.0;
        let config = runs::world(&format!(
            "duration: 100 s\nmodes: [provisioned]\n\
             producers: {{ p: {{ rate: 100 records/s, record_size: 100 B, client: {{ sdk: {{ call: put_record, \
             in_flight: unlimited, buffer: unlimited, put_latency: 1 ms, retry: {{ custom: {{ \
             attempts: {attempts}, base: 2 ms, factor: 1, cap: 2 ms, jitter: full }} }} }} }} }} }}\n\
             stream: {{ shards: 1 }}\nconsumers: {{}}\n\
             events: [ {{ at: 0 s, do: {{ put_error_rate: {{ producer: p, share: {share} %, for: 100 s }} }} }} ]\n"
        ));
        for seed in SEEDS {
            let mut f = Figures::default();
            for batch in batches(&config, seed, Dur::ZERO) {
                let p = &batch.after.producers[0];
                assert_eq!(p.throttled, 0, "the stream refuses nothing");
                let of_born = |n: u64| n as f64 / p.born as f64;
                f.add("p_lost", point.want("p_lost"), of_born(p.lost.attempts));
                f.add("mean_attempts", point.want("mean_attempts"), of_born(p.sent()));
            }
            f.check(&point.id, seed, 0.005);
        }
    }
}

/// The sleeps of k retries that all happen. A10.5 grows by one and a half: a law's growth is a whole number.
#[test]
fn a10_total_backoff() {
    const RUNS: u32 = 2000;
    let jitters = [
        (Jitter::None, "no_jitter_total_ms", None),
        (Jitter::Full, "full_jitter_mean_ms", Some("full_jitter_sd_ms")),
        (Jitter::Half, "equal_jitter_mean_ms", Some("equal_jitter_sd_ms")),
    ];
    for point in points("A10", 3) {
        let ms = |key| Dur::from_ms(point.param(key) as u64);
        let retries = point.param("retries") as u32;
        for (jitter, mean, deviation) in jitters {
            let factor = Factor((point.param("multiplier") * 1e6) as u64);
            let sleep = BackoffLaw { base: ms("base_ms"), factor, cap: ms("cap_ms"), jitter };
            let law = RetryLaw { throttled: sleep, transient: sleep, ..RetryLaw::NEVER };
            for (seed, cause) in SEEDS.into_iter().zip([Cause::Throttle, Cause::Transient]) {
                let mut random = Seed { user: seed, replication: 0 }.stream("test", "sleeps");
                let mut total =
                    || (0..retries).map(|i| law.sleep(cause, i, &mut random)).sum::<u64>() as f64 / 1e6;
                let mut f = Figures::default();
                for _ in 0..BATCHES {
                    let totals: Vec<f64> = (0..RUNS).map(|_| total()).collect();
                    let average = totals.iter().sum::<f64>() / f64::from(RUNS);
                    let square = totals.iter().map(|t| (t - average) * (t - average)).sum::<f64>();
                    f.add(mean, point.want(mean), average);
                    if let Some(key) = deviation {
                        f.add(key, point.want(key), (square / f64::from(RUNS - 1)).sqrt());
                    }
                }
                f.check(&point.id, seed, 0.005);
            }
        }
    }
}
