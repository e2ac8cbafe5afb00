//! Lambda: what a shard's lanes can process (A20), and how many of them K partition keys reach (A21).

use super::runs::{points, run};
use super::statistics::SEEDS;
use super::world;
use kinesim::measure::clients::{ClientResult, LambdaResult};
use kinesim::measure::result::RunResult;

/// One shard read by a function of constant duration; as far as the mapping is concerned, reading is no bound.
fn shard(
    seconds: f64,
    rate: f64,
    batch: f64,
    duration_s: f64,
    factor: f64,
    more: &str,
    seed: u64,
) -> RunResult {
    let consumer = format!(
        "f: {{ client: {{ lambda: {{ batch_size: {batch}, parallelization_factor: {factor}, read_ahead: 500000, {more} }} }}, \
         read: {{ polling: {{ jitter: 0 s, call_latency: 0 s }} }}, processing: {} ms }}",
        duration_s * 1e3
    );
    let producer = format!("rate: {rate} records/s, burstiness: even, record_size: 100 B");
    let stream = "shards: 1, limits: { records_per_s: 100000 }";
    let mut config = world(&format!("{seconds} s"), &producer, stream, &consumer);
    config.seed.user = seed;
    run(&config)
}

fn lambda(r: &RunResult) -> &LambdaResult {
    match &r.consumers[0].client {
        Some(ClientResult::Lambda(lambda)) => lambda,
        other => panic!("{other:?}"),
    }
}

fn close(what: &str, got: f64, want: f64, allowed: f64) {
    println!("{what}: expected {want:.4}, simulated {got:.4}");
    assert!((got - want).abs() <= allowed, "{what}: {got}, expected {want} (allowed {allowed})");
}

#[test]
fn a20_throughput_and_stability() {
    const SECONDS: f64 = 400.0;
    for point in points("A20", 4) {
        let (rate, batch) = (point.param("records_per_s_per_shard"), point.param("batch_size"));
        let (duration, factor) = (point.param("invocation_s"), point.param("parallelization_factor"));
        for seed in SEEDS {
            let id = format!("{} (seed {seed})", point.id);
            let most = point.want("max_records_per_s");
            let full = shard(SECONDS, 1.2 * most, batch, duration, factor, "", seed);
            let got = full.consumers[0].first_deliveries as f64 / SECONDS;
            close(&format!("{id} max_records_per_s"), got, most, 0.01 * most);

            // Batches wait until they are full.
            let whole = "batching_window: 300 s";
            let own = |seconds, factor| shard(seconds, rate, batch, duration, factor, whole, seed);
            let (half, all) = (own(SECONDS, factor), own(2.0 * SECONDS, factor));
            let age = |r: &RunResult| lambda(r).iterator_age_ns_max.unwrap() as f64 / 1e9;
            let growth = (age(&all) - age(&half)) / SECONDS;
            let want = point.want("iterator_age_growth_s_per_s");
            close(&format!("{id} iterator_age_growth_s_per_s"), growth, want, 0.01);
            assert!(lambda(&all).full_batches == lambda(&all).batches, "{id}: full batches");
            let busy = lambda(&all).busy_ns as f64 / 1e9 / (2.0 * SECONDS);
            let want = point.want("busy_concurrency_if_full_batches");
            close(&format!("{id} busy_concurrency_if_full_batches"), busy, want, 0.01 * want);

            let needed = point.want("needed_parallelization_factor");
            assert!(needed <= 10.0);
            let grows = |factor: f64| {
                let (half, all) = (own(SECONDS, factor), own(2.0 * SECONDS, factor));
                (age(&all) - age(&half)) / SECONDS > 0.05
            };
            let enough = !grows(needed) && (needed < 2.0 || grows(needed - 1.0));
            println!(
                "{id} needed_parallelization_factor: expected {needed}, enough and not one less: {enough}"
            );
            assert!(enough, "{id}: needs {needed} lanes");
        }
    }
}

#[test]
fn a21_lanes_that_k_keys_reach() {
    const RUNS: usize = 1500;
    for point in points("A21", 3) {
        let (keys, factor) =
            (point.param("active_partition_keys") as u32, point.param("parallelization_factor"));
        let lanes: Vec<f64> = (0..RUNS).map(|run| f64::from(lanes_of_some_keys(run, keys, factor))).collect();
        let n = RUNS as f64;
        let mean = lanes.iter().sum::<f64>() / n;
        let deviation = (lanes.iter().map(|l| (l - mean) * (l - mean)).sum::<f64>() / (n - 1.0)).sqrt();
        let want = point.want("mean_busy_lanes");
        close(
            &format!("{} mean_busy_lanes", point.id),
            mean,
            want,
            4.0 * deviation / n.sqrt() + 0.005 * want,
        );
        let one = lanes.iter().filter(|l| **l == 1.0).count() as f64 / n;
        let want = point.want("p_all_on_one_lane");
        let allowed = 4.0 * (want * (1.0 - want) / n).sqrt() + 0.005 * want;
        close(&format!("{} p_all_on_one_lane", point.id), one, want, allowed);
    }
}

/// Lanes used when each of `keys` keys, never used before, sends a few records.
fn lanes_of_some_keys(run_number: usize, keys: u32, factor: f64) -> u32 {
    use kinesim::producer::config::KeyLaw;
    let consumer = format!("f: {{ client: {{ lambda: {{ parallelization_factor: {factor} }} }} }}");
    let producer = "rate: 2 records/s, burstiness: even, record_size: 100 B, keys: { constant: one }";
    let mut config = world("4 s", producer, "shards: 1", &consumer);
    let one = config.producers[0].clone();
    config.producers.clear();
    for key in 0..keys {
        let mut producer = one.clone();
        producer.name = format!("p{key}");
        producer.demand.keys = KeyLaw::Constant(format!("run {run_number}, key {key}"));
        config.producers.push(producer);
    }
    lambda(&run(&config)).lanes_used
}
