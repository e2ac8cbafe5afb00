//! On-demand scaling in its worst documented case: capacity doubles every quarter of an hour (A29).

use super::runs::{points, run, world_in};
use super::statistics::SEEDS;
use kinesim::stream::config::Mode;
use kinesim::units::NS_PER_S;

#[test]
fn a29_doubling_until_demand_is_met() {
    for point in points("A29", 3) {
        let (start, target) =
            (point.param("start_capacity_MB_s") as u64, point.param("step_target_MB_s") as u64);
        let minutes = point.want("worst_case_minutes") as u64;
        // Five minutes more, before the shards that are above half their limit are split again.
        let mut config = world_in(
            &format!(
                "duration: {} min\n\
                 modes: [on_demand]\n\
                 producers: {{ p: {{ rate: {} records/s, burstiness: even, record_size: 8 KiB, client: {{ sdk: {{ \
                 call: put_record, in_flight: unlimited, buffer: unlimited, put_latency: 0 s, retry: {{ custom: {{ \
                 attempts: 1, base: 1 s, factor: 1, cap: 1 s, jitter: full }} }} }} }} }} }}\n\
                 stream: {{ byte_rounding: none, count_key_bytes: false, \
                 on_demand: {{ history: {{ peak: {} MiB/s }}, delay: worst_case }} }}\n",
                minutes + 5,
                target * 128,
                start / 2
            ),
            Mode::OnDemand,
        );
        // Even births on shards that are all full: only the keys are drawn, and one seed says it all.
        for seed in &SEEDS[..1] {
            config.seed.user = *seed;
            let r = run(&config);
            assert_eq!(u64::from(r.stream.shards_at_start), start, "{}", point.id);
            let mut splits: Vec<u64> =
                r.timeline.iter().filter(|t| t.what == "split").map(|t| t.at_ns).collect();
            splits.dedup();
            assert_eq!(splits.len() as f64, point.want("doublings"), "{}: splits at {splits:?}", point.id);
            assert_eq!(splits.last(), Some(&(minutes * 60 * NS_PER_S)), "{}: the last doubling", point.id);
            assert_eq!(f64::from(r.stream.shards_at_end), point.want("final_capacity_MB_s"), "{}", point.id);
            let ramp = (minutes * 60 * NS_PER_S / r.series.bucket_ns) as usize;
            let refused: u64 = r.series.throttled[..ramp].iter().sum();
            assert_eq!(r.series.throttled[ramp..].iter().sum::<u64>(), 0, "{}: demand is met", point.id);
            let (mib, want) = (refused as f64 / 128.0, point.want("throttled_MB_during_ramp_worst_case"));
            println!(
                "{} throttled_MB (seed {seed}): expected {want}, simulated {mib:.1}; {} doublings in {minutes} min",
                point.id,
                splits.len()
            );
            // Every shard's bucket starts full: at most one second of each capacity is accepted on top.
            let buckets = point.want("final_capacity_MB_s");
            assert!(
                (want - mib).abs() <= (0.01 * want).min(buckets + 1.0),
                "{}: {mib} MiB refused, expected {want}",
                point.id
            );
        }
    }
}
