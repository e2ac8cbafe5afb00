//! Readers that call at random (A38), and subscriptions that are made again every five minutes (A42).

use super::runs::points;
use super::statistics::{Figures, Hop, SEEDS, batches};
use super::world;
use kinesim::units::Dur;

#[test]
fn a38_pollers_at_random() {
    for point in points("A38", 3) {
        let (n, per_s) = (point.param("consumers"), point.param("poisson_polls_per_s_each"));
        let reader = format!(
            "r: {{ count: {n}, read: {{ polling: {{ interval: {} ms, pace: random, jitter: 0 s, call_latency: 0 s }} }} }}",
            1e3 / per_s
        );
        // Series of whole seconds: a window each.
        let config = world(
            "470 s",
            "rate: 1 records/s, record_size: 10 B",
            "shards: 1, read_calls: fixed_window",
            &reader,
        );
        for seed in SEEDS {
            let mut f = Figures::default();
            for batch in batches(&config, seed, Dur::ZERO) {
                let r = &batch.after;
                assert_eq!(r.series.bucket_ns, 1_000_000_000);
                let calls: u64 = r.consumers.iter().map(|c| c.calls).sum();
                let refused: u64 = r.consumers.iter().map(|c| c.throttled_by_calls).sum();
                let over =
                    (0..470).filter(|i| r.series.consumers.iter().any(|c| c.throttled[*i] > 0)).count();
                f.add(
                    "throttled_call_share",
                    point.want("throttled_call_share"),
                    refused as f64 / calls as f64,
                );
                f.add(
                    "p_more_than_5_in_a_second",
                    point.want("p_more_than_5_in_a_second"),
                    over as f64 / 470.0,
                );
            }
            f.check(&point.id, seed, 0.03);
        }
    }
}

#[test]
fn a42_subscriptions_made_again() {
    for point in points("A42", 2) {
        let (gap, every) = (point.param("gap_s"), point.param("subscription_s"));
        let reader = format!(
            "r: {{ read: {{ enhanced_fan_out: {{ push_latency: 0 s, bytes_per_s: 100 GiB/s, \
             renew_every: {every} s, renewal_gap: {} ms }} }} }}",
            gap * 1e3
        );
        let config = world("1510 s", "rate: 900 records/s, record_size: 10 B", "shards: 1", &reader);
        for seed in SEEDS {
            let mut f = Figures::default();
            // After the first subscription; then four gaps.
            for batch in batches(&config, seed, Dur::from_s(310)) {
                let hop: Hop = batch.hop(|r| &r.consumers[0].propagation);
                let longest = batch.after.consumers[0].propagation.max_ns.unwrap() as f64 / 1e9;
                // All later than a bucket's edge, scaled up to the whole gap.
                let (edge, prompt) = hop.share_up_to(1_000_000);
                let late = (1.0 - prompt) * gap / (gap - edge);
                f.add("mean_extra_delay_s", point.want("mean_extra_delay_s"), hop.mean_s());
                f.add("share_of_records_delayed", point.want("share_of_records_delayed"), late);
                f.add("max_extra_delay_s", point.want("max_extra_delay_s"), longest);
                assert!(longest <= point.want("max_extra_delay_s"), "{}: {longest} s", point.id);
            }
            f.check(&point.id, seed, 0.03);
        }
    }
}
