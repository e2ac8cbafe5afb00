//! One worker on a shard as a queue (A24-A26), and Little's law (A41).

use super::runs::{Point, points, run};
use super::statistics::{Figures, Hop, SEEDS, batches};
use super::{worker, world};
use kinesim::units::Dur;
use kinesim::world::config::WorldConfig;

/// A worker on one shard; `seconds` are simulated after the warm-up.
fn queue(lambda: f64, service: &str, seconds: u64) -> WorldConfig {
    let producer = format!("rate: {lambda} records/s, record_size: 100 B");
    world(&format!("{} s", WARM_UP_S + seconds), &producer, "shards: 1", &worker(service))
}

const WARM_UP_S: u64 = 120;

/// Born to processed in every batch.
fn sojourns(config: &WorldConfig, point: &Point, measure: impl Fn(&mut Figures, &Hop, f64)) {
    for seed in SEEDS {
        let mut figures = Figures::default();
        for batch in batches(config, seed, Dur::from_s(WARM_UP_S)) {
            measure(&mut figures, &batch.hop(|r| &r.consumers[0].end_to_end), batch.seconds());
        }
        figures.check(&point.id, seed, 0.01);
    }
}

#[test]
fn a24_exponential_service() {
    for (point, seconds) in points("A24", 3).iter().zip([1_500, 6_200, 250]) {
        let (lambda, mu) = (point.param("lambda_per_s"), point.param("mu_per_s"));
        let config = queue(lambda, &format!("{{ exponential: {{ mean: {} us }} }}", 1e6 / mu), seconds);
        sojourns(&config, point, |f, hop, seconds| {
            f.add("mean_sojourn_s", point.want("mean_sojourn_s"), hop.mean_s());
            f.add("mean_wait_s", point.want("mean_wait_s"), hop.mean_s() - 1.0 / mu);
            f.add("p50_sojourn_s", point.want("p50_sojourn_s"), hop.quantile_s(0.5));
            f.add("p95_sojourn_s", point.want("p95_sojourn_s"), hop.quantile_s(0.95));
            f.add("p99_sojourn_s", point.want("p99_sojourn_s"), hop.quantile_s(0.99));
            f.add("mean_in_system", point.want("mean_in_system"), hop.sum_ns as f64 / 1e9 / seconds);
        });
    }
}

#[test]
fn a25_constant_service() {
    for (point, seconds) in points("A25", 2).iter().zip([1_500, 11_500]) {
        let (lambda, service) = (point.param("lambda_per_s"), point.param("service_s"));
        let config = queue(lambda, &format!("{} ms", service * 1e3), seconds);
        sojourns(&config, point, |f, hop, seconds| {
            f.add("mean_wait_s", point.want("mean_wait_s"), hop.mean_s() - service);
            // Up to one service time the waiting law is P(W = 0) e^(lambda t): the bucket's share, taken back to 0.
            let (edge, share) = hop.share_up_to((service * 1e9) as u64);
            f.add("p_no_wait", point.want("p_no_wait"), share / libm::exp(lambda * (edge - service)));
            f.add("p90_wait_s", point.want("p90_wait_s"), hop.quantile_s(0.90) - service);
            f.add("p95_wait_s", point.want("p95_wait_s"), hop.quantile_s(0.95) - service);
            f.add("p99_wait_s", point.want("p99_wait_s"), hop.quantile_s(0.99) - service);
            f.add("mean_in_system", point.want("mean_in_system"), hop.sum_ns as f64 / 1e9 / seconds);
        });
    }
}

#[test]
fn a26_any_service() {
    for (point, seconds) in points("A26", 3).iter().zip([1_600, 3_500, 1_000]) {
        let (lambda, mean, cv) =
            (point.param("lambda_per_s"), point.param("mean_service_s"), point.param("service_cv"));
        let config =
            queue(lambda, &format!("{{ lognormal: {{ mean: {} ms, cv: {cv} }} }}", mean * 1e3), seconds);
        sojourns(&config, point, |f, hop, _| {
            f.add("mean_wait_s", point.want("mean_wait_s"), hop.mean_s() - mean);
        });
    }
}

/// What is under way, counted at the ends of seconds, against rate times time spent.
#[test]
fn a41_little_in_steady_state() {
    for point in points("A41", 2) {
        let (rate, spent) = (point.param("rate_per_s"), point.param("mean_time_s"));
        let consumer = format!(
            "w: {{ read: {{ enhanced_fan_out: {{ push_latency: {spent} s, bytes_per_s: 100 GiB/s }} }} }}"
        );
        let producer = format!("rate: {rate} records/s, record_size: 100 B");
        let config = world("230 s", &producer, "shards: 4", &consumer);
        for seed in SEEDS {
            let mut figures = Figures::default();
            for batch in batches(&config, seed, Dur::from_s(10)) {
                let backlog = &batch.after.series.consumers[0].backlog[10..];
                let under_way = backlog.iter().sum::<u64>() as f64 / backlog.len() as f64;
                let hop = batch.hop(|r| &r.consumers[0].propagation);
                let by_law = hop.count as f64 / batch.seconds() * hop.mean_s();
                figures.add("counted", point.want("mean_in_flight"), under_way);
                figures.add("rate x time", point.want("mean_in_flight"), by_law);
            }
            figures.check(&point.id, seed, 0.01);
        }
    }
}

/// Over an interval that begins and ends empty, the time records spent between two moments is the sum of the hops
/// between them: exactly, to the nanosecond, whatever the client, the readers and the work.
#[test]
fn a41_hops_add_up_exactly() {
    let text = "
        duration: 120 s
        modes: [provisioned]
        producers:
          p:
            client: { sdk: { instances: 3, call: { put_records: { max_records: 40, linger: 70 ms } }, in_flight: 4,
                             retry: { custom: { attempts: 50, base: 40 ms, factor: 2, cap: 400 ms, jitter: full } },
                             put_latency: { uniform: { min: 3 ms, max: 40 ms } } } }
            rate: { spike: { base: 0 records/s, peak: 2500 records/s, at: 5 s, for: 20 s } }
            record_size: { uniform: { min: 100 B, max: 900 B } }
        stream: { shards: 2, admission: { token_bucket: { records: 200 } } }
        consumers:
          poll: { read: { polling: { interval: 300 ms } }, processing: 5 ms + 0.1 ms/record }
          push: { read: enhanced_fan_out, processing: { per_record: { exponential: { mean: 0.2 ms } } } }
        ";
    for seed in SEEDS {
        let mut config = super::runs::world(text);
        config.seed.user = seed;
        let r = run(&config);
        let p = &r.producers[0];
        assert_eq!((p.held, p.lost.all(), p.stored), (0, 0, p.born), "the interval ends empty");
        assert!(p.throttled > 1_000, "retries belong to the hops: {}", p.throttled);
        for c in &r.consumers {
            assert_eq!((c.unread, c.end_to_end.count), (0, p.born), "{}", c.name);
            let hops = p.buffering.sum_ns + p.put.sum_ns + c.propagation.sum_ns + c.processing.sum_ns;
            println!(
                "A41 exact (seed {seed}): {} end to end {} ns, hops {hops} ns",
                c.name, c.end_to_end.sum_ns
            );
            assert_eq!(c.end_to_end.sum_ns, hops, "{}", c.name);
        }
    }
}
