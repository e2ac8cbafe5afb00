//! Laws that hold in every world, on generated worlds: ledgers close, shards and readers keep their limits, no cut of
//! time changes a byte, and demand knows nothing of the design it meets.

#[path = "support/runs.rs"]
mod runs;
#[path = "support/worlds.rs"]
mod worlds;

use kinesim::api::Position;
use kinesim::consumer::config::{ApplicationConfig, Happening, ReadConfig};
use kinesim::measure::clients::{ClientResult, FirehoseBucket, FirehoseResult, LambdaResult};
use kinesim::measure::result::{ConsumerResult, RunResult, ShardResult};
use kinesim::stream::config::{AdmissionShape, Mode, ReadCallsShape};
use kinesim::units::{Dur, NS_PER_S, Percent};
use kinesim::world::config::{Action, TimedEvent, WorldConfig};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use runs::{first_difference, run};
use worlds::{any_consumer, any_world};

/// A bounded number of worlds, the same every time; `PROPTEST_CASES=5000 cargo test --test laws` looks at as many others.
fn cases(n: u32) -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => default,
        None => ProptestConfig { cases: n, rng_seed: RngSeed::Fixed(1), ..default },
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn books_close_and_limits_hold(config in any_world()) {
        let result = run(&config);
        sums_agree(&config, &result);
        firehoses_account(&result);
        packing_is_the_bill(&config, &result);
        shards_partition_the_keys(&result);
        shards_keep_their_write_limits(&config, &result);
        readers_keep_their_quotas(&config, &result);
        healthy_applications_leave_nothing_out(&config, &result);
    }

    #[test]
    fn the_same_world_and_any_cut_of_time_give_the_same_bytes(config in any_world()) {
        let once = run(&config);
        prop_assert_eq!(first_difference(&once, &run(&config)), None, "twice");
        // Without a client that waits, a window is some thousand records: only a large divisor cuts its buckets.
        let alone = (0..config.producers.len()).all(|p| worlds::plays_alone(&config, p));
        for divisor in if alone { [2, 500, 5000] } else { [2, 3, 7] } {
            let cut = WorldConfig { window_divisor: divisor, ..config.clone() };
            prop_assert_eq!(first_difference(&once, &run(&cut)), None, "windows divided by {}", divisor);
        }
    }

    /// A share of failures so small that nothing fails makes a KCL application take its pushes one at a time; without
    /// it many of them pass in one go.
    #[test]
    fn pushes_in_one_go_are_pushes_one_at_a_time(config in any_world(), apps in worlds::at_rest()) {
        let (mut config, n) = (config, apps.len());
        config.consumers.retain(|c| matches!(c.client, ApplicationConfig::Firehose));
        config.consumers.splice(0..0, apps);
        for event in &mut config.events {
            if let Action::Consumer { consumer: Some(consumer), .. } = &mut event.action {
                *consumer %= n;
            }
        }
        let in_one_go = run(&config);
        config.consumers[..n].iter_mut().for_each(|c| c.failure_rate = Percent(1));
        prop_assert_eq!(first_difference(&in_one_go, &run(&config)), None);
    }

    #[test]
    fn one_reader_more_changes_nothing_before_it(config in any_world(), more in any_consumer("another")) {
        // `auto` counts the readers: the law is about a stream that is there.
        let mut config = config;
        config.stream.shards = config.stream.shards.or(Some(3));
        let before = run(&config);
        let mut wider = config.clone();
        wider.consumers.push(more);
        let after = run(&wider);
        prop_assert_eq!(&before.digests.demand, &after.digests.demand);
        prop_assert_eq!(&before.producers, &after.producers);
        prop_assert_eq!(stored(&before), stored(&after));
    }

    #[test]
    fn demand_does_not_know_the_design(
        config in any_world(), shards in 1u32..30, mode in worlds::any_mode(), readers in any_consumer("other"),
    ) {
        let before = run(&config).digests.demand;
        let mut other = config.clone();
        other.stream.shards = Some(shards);
        other.mode = mode;
        other.consumers = vec![readers];
        other.window_divisor = 2;
        // Hot keys are part of the demand; everything else is design.
        other.events.retain(|e| matches!(e.action, Action::HotKey { .. }));
        let at = Dur(config.duration.0 / 2);
        other.events.push(TimedEvent { at, action: Action::UpdateShardCount { target: shards + 1 } });
        prop_assert_eq!(before, run(&other).digests.demand);
    }
}

/// Workers may crash, stop and come: what a KCL application reads from the beginning is processed at least once, as
/// long as its code does not fail.
fn healthy_applications_leave_nothing_out(config: &WorldConfig, r: &RunResult) {
    let poison =
        |e: &TimedEvent| matches!(e.action, Action::Consumer { what: Happening::PoisonRecord { .. }, .. });
    for (c, found) in config.consumers.iter().zip(&r.consumers) {
        let Some(ClientResult::Kcl(kcl)) = &found.client else { continue };
        let healthy = c.failure_rate.0 == 0 && !config.events.iter().any(poison);
        let whole = healthy && c.starts.from == Position::TrimHorizon;
        assert!(!whole || (found.skipped, found.before_start) == (0, 0), "{}: {found:?}", c.name);
        assert!(!healthy || kcl.failed_batches == 0);
        let worked: u64 = kcl.workers.iter().map(|w| w.records).sum();
        assert!(worked >= found.first_deliveries || kcl.failed_batches > 0, "{}", c.name);
        assert!(kcl.table.checkpoints + kcl.table.renewals <= kcl.table.write_units());
    }
}

fn stored(result: &RunResult) -> Vec<(u32, u64, u64, u64)> {
    result.shards.iter().map(|s| (s.id, s.stored, s.stored_bytes, s.throttled)).collect()
}

/// Totals, series and shards tell one story.
fn sums_agree(config: &WorldConfig, r: &RunResult) {
    let sum = |v: &[u64]| v.iter().sum::<u64>();
    let producers =
        |of: fn(&kinesim::measure::result::ProducerResult) -> u64| r.producers.iter().map(of).sum::<u64>();
    let to_stream = |of: fn(&kinesim::measure::result::ProducerResult) -> u64| {
        r.producers.iter().filter(|p| !p.to_firehose).map(of).sum::<u64>()
    };
    assert_eq!(sum(&r.series.born), producers(|p| p.born) - born_too_late(config, r), "born");
    assert_eq!(sum(&r.series.attempts), to_stream(|p| p.attempts), "attempts");
    assert_eq!(sum(&r.series.throttled), to_stream(|p| p.throttled), "throttled");
    assert_eq!(sum(&r.series.stored), r.stream.stored, "stored");
    assert_eq!(sum(&r.series.stored_bytes), r.stream.stored_bytes, "stored bytes");
    assert_eq!(sum(&r.series.lost), producers(|p| p.lost.all()), "lost");
    assert_eq!(r.stream.throttled_by_records + r.stream.throttled_by_bytes, to_stream(|p| p.throttled));
    let shards = |of: fn(&ShardResult) -> u64| r.shards.iter().map(of).sum::<u64>();
    assert_eq!(shards(|s| s.stored), r.stream.kinesis_records);
    assert_eq!(sum(&r.series.kinesis_records), r.stream.kinesis_records, "kinesis records");
    assert_eq!(shards(|s| s.throttled), to_stream(|p| p.throttled));
    for s in &r.shards {
        let minutes =
            |of: fn(&kinesim::measure::result::ShardMinute) -> u64| s.minutes.iter().map(of).sum::<u64>();
        assert_eq!(minutes(|m| m.in_records), s.stored, "minutes of shard {}", s.id);
        assert_eq!(minutes(|m| m.in_bytes), s.stored_bytes, "minutes of shard {}", s.id);
        assert_eq!(minutes(|m| m.write_throttled), s.throttled, "minutes of shard {}", s.id);
    }
    let minutes_out: u64 = r.shards.iter().flat_map(|s| &s.minutes).map(|m| m.out_records).sum();
    let delivered: u64 = r.series.consumers.iter().map(|c| sum(&c.kinesis_records)).sum();
    assert_eq!(minutes_out, delivered, "out by minute");
    for (c, series) in r.consumers.iter().zip(&r.series.consumers) {
        let handed = sum(&series.records);
        assert_eq!(handed, c.propagation.count + c.redeliveries, "{}", c.name);
        assert_eq!(sum(&series.calls), c.calls, "{}", c.name);
        assert_eq!(sum(&series.throttled), c.throttled_by_calls + c.throttled_by_bytes, "{}", c.name);
        match &c.client {
            // Received once it was sent to the function, delivered once the function has processed it.
            Some(ClientResult::Lambda(l)) => lambda_accounts(c, l),
            // Received once it was read, delivered once it is at the destination.
            Some(ClientResult::Firehose(f)) => firehose_accounts(c, f),
            _ => assert_eq!(c.propagation.count, c.first_deliveries, "{}", c.name),
        }
        let measures_work = !matches!(c.client, Some(ClientResult::Firehose(_)));
        assert_eq!(c.processing.count, if measures_work { c.end_to_end.count } else { 0 }, "{}", c.name);
        assert!(c.end_to_end.count <= c.first_deliveries, "{}", c.name);
        let kept = config.events.iter().filter_map(|e| match e.action {
            Action::Retention(to) => Some(to),
            _ => None,
        });
        let shortest = kept.chain([config.stream.retention]).min().unwrap();
        assert!(c.lost_to_retention == 0 || shortest < config.duration, "{} lost within retention", c.name);
    }
    for p in &r.producers {
        assert_eq!(p.put.count, p.stored, "{}: every stored record has one put hop", p.name);
        assert!(p.throttled <= p.attempts && p.attempts <= p.carried, "{}", p.name);
        assert!(p.delayed <= p.carried - (p.attempts - p.throttled) + p.unjudged, "{}", p.name);
        assert!(p.judged_calls <= p.calls && p.judged_calls <= p.attempts, "{}", p.name);
        assert!(p.failed_calls <= p.calls && p.failed_calls <= p.unjudged + p.carried, "{}", p.name);
    }
}

/// Every invocation has an outcome, every record a cause.
fn lambda_accounts(c: &ConsumerResult, l: &LambdaResult) {
    assert!(c.first_deliveries <= c.propagation.count, "{}", c.name);
    assert_eq!(l.invocations, l.succeeded + l.failed + l.timed_out, "{}", c.name);
    assert!(l.retries + l.bisects <= l.failed + l.timed_out, "{}", c.name);
    assert!(l.full_batches <= l.batches && l.lanes_used <= l.lanes, "{}", c.name);
    assert!(l.concurrency_max <= l.concurrency_limit && l.cold_starts >= l.concurrency_max, "{}", c.name);
    assert!(l.blocked_ns >= u128::from(l.blocked_ns_max), "{}", c.name);
    let given_up = l.given_up_by_retries + l.given_up_by_age + l.too_large;
    assert!(given_up <= c.to_failure_destination + c.discarded, "{}", c.name);
    assert_eq!(given_up == 0, c.to_failure_destination + c.discarded == 0, "{}", c.name);
    assert!(l.destination_messages <= c.to_failure_destination, "{}", c.name);
    assert!(l.expired <= c.lost_to_retention && c.skipped == 0, "{}", c.name);
}

/// What the stream's ledger says of a Firehose stream's records is what Firehose says, as far as records are whole.
fn firehose_accounts(c: &ConsumerResult, f: &FirehoseResult) {
    assert_eq!(c.propagation.count, f.in_records, "{}", c.name);
    assert_eq!(c.end_to_end.count, c.first_deliveries, "{}", c.name);
    let parts = f.opened_records.map_or(1, |n| n / f.in_records.max(1)).max(1);
    assert_eq!(c.first_deliveries, f.delivered_records / parts, "{}", c.name);
    assert_eq!(c.filtered, f.dropped / parts, "{}", c.name);
    assert_eq!(c.to_failure_destination, f.failed() / parts, "{}", c.name);
    assert_eq!(c.discarded, f.rejected / parts, "{}", c.name);
    assert_eq!(f.lost, 0, "{}: retention is the clock of a stream", c.name);
}

/// Firehose's own books, wherever its records come from (that they close is asserted in every run).
fn firehoses_account(r: &RunResult) {
    for f in r.firehoses() {
        assert_eq!(f.objects, f.flushed_by_size + f.flushed_by_interval, "{}", f.name);
        assert_eq!(f.freshness.count, f.delivered_records, "{}", f.name);
        assert_eq!((f.object_age.count, f.object_bytes.count), (f.objects, f.objects), "{}", f.name);
        assert!(f.failed_requests <= f.requests && f.objects <= f.requests, "{}", f.name);
        assert!(f.backed_up_bytes >= f.backup_object_bytes.sum as u64, "{}", f.name);
        let of = |of: fn(&FirehoseBucket) -> u64| f.series.iter().map(of).sum::<u64>();
        assert_eq!(of(|b| b.objects), f.objects, "{}", f.name);
        assert_eq!(of(|b| b.records), f.delivered_records, "{}", f.name);
        assert_eq!(of(|b| b.bytes), f.delivered_bytes, "{}", f.name);
    }
}

/// Where all that is stored came from clients that pack, their count is the bill.
fn packing_is_the_bill(config: &WorldConfig, r: &RunResult) {
    let switches = config.events.iter().any(|e| matches!(e.action, Action::SwitchMode(_)));
    let packing: Option<Vec<_>> = r.producers.iter().map(|p| p.packing).collect();
    let Some(all) = packing.filter(|_| config.mode == Mode::Provisioned && !switches) else { return };
    assert_eq!(all.iter().map(|p| p.payload_units).sum::<u64>(), r.usage.put_payload_units, "payload units");
}

/// A record born in the last moments, judged only after the end, is born but not in the series.
fn born_too_late(config: &WorldConfig, r: &RunResult) -> u64 {
    let alone = |(p, _): &(usize, &_)| worlds::plays_alone(config, *p);
    r.producers.iter().enumerate().filter(alone).map(|(_, p)| p.born - p.buffering.count).sum()
}

/// At every moment the open shards cover each hash key once; children begin when their parents end.
fn shards_partition_the_keys(r: &RunResult) {
    let key = |text: &str| text.parse::<u128>().unwrap();
    let mut open: Vec<_> = r.shards.iter().filter(|s| s.closed_ns.is_none()).collect();
    assert_eq!(open.len(), r.stream.shards_at_end as usize);
    open.sort_by_key(|s| key(&s.starting_hash_key));
    let mut next = 0u128;
    for s in &open {
        assert_eq!(key(&s.starting_hash_key), next, "a gap before shard {}", s.id);
        next = key(&s.ending_hash_key).wrapping_add(1);
    }
    assert_eq!(next, 0, "the last range ends at 2^128 - 1");
    for child in r.shards.iter().filter(|s| !s.parents.is_empty()) {
        for &p in &child.parents {
            assert_eq!(
                r.shards[p as usize].closed_ns,
                Some(child.opened_ns),
                "shard {} and its parent {p}",
                child.id
            );
        }
    }
}

fn shards_keep_their_write_limits(config: &WorldConfig, r: &RunResult) {
    let a = config.stream.admission;
    // Aligned windows can be met twice at their edges, a bucket starts full.
    let (extra_records, extra_bytes) = match a.shape {
        AdmissionShape::TokenBucket => (a.burst_records, a.burst_bytes),
        _ => (a.records_per_s, a.bytes_per_s),
    };
    for s in &r.shards {
        let ns = u128::from(s.closed_ns.unwrap_or(r.duration_ns) - s.opened_ns);
        let within = |rate: u64, extra: u64| {
            (u128::from(rate) * ns).div_ceil(u128::from(NS_PER_S)) + u128::from(extra)
        };
        // An aligned window may begin just before the shard does and just before it ends: one more.
        let edge = if a.shape == AdmissionShape::FixedWindow { 2 } else { 1 };
        assert!(
            u128::from(s.stored) <= within(a.records_per_s, edge * extra_records),
            "records of shard {}",
            s.id
        );
        assert!(
            u128::from(s.stored_bytes) <= within(a.bytes_per_s, edge * extra_bytes),
            "bytes of shard {}",
            s.id
        );
    }
}

/// Answered GetRecords calls per bucket, and bytes over the whole life of the shards.
fn readers_keep_their_quotas(config: &WorldConfig, r: &RunResult) {
    let reads = config.stream.reads;
    let bucket_s = r.series.bucket_ns / NS_PER_S;
    let polling: Vec<usize> = (0..config.consumers.len())
        .filter(|&c| matches!(config.consumers[c].read, ReadConfig::Polling(_)))
        .collect();
    let shards = r.shards.len() as u64;
    let extra = match reads.calls_shape {
        ReadCallsShape::FixedWindow => 0,
        ReadCallsShape::TokenBucket { depth } => u64::from(depth),
        ReadCallsShape::SlidingWindow => reads.calls_per_s,
    };
    for b in 0..r.series.born.len() {
        let of = |c: &usize| r.series.consumers[*c].calls[b] - r.series.consumers[*c].throttled[b];
        let answered: u64 = polling.iter().map(of).sum();
        assert!(
            answered <= shards * (reads.calls_per_s * bucket_s + extra),
            "bucket {b}: {answered} calls answered"
        );
    }
    let life: u128 = r.shards.iter().map(|s| u128::from(r.duration_ns - s.opened_ns)).sum();
    let bytes = |c: &usize| {
        let result = &r.consumers[*c];
        // A mapping sends a failed batch again; it does not read it again.
        let again =
            if matches!(result.client, Some(ClientResult::Lambda(_))) { 0 } else { result.redelivered_bytes };
        result.delivered_bytes + again
    };
    let polled: u64 = polling.iter().map(bytes).sum();
    let once = u64::from(reads.bytes_per_s > 0) * shards * (reads.bytes_per_s + (10 << 20));
    let most = life * u128::from(reads.bytes_per_s) / u128::from(NS_PER_S) + u128::from(once);
    assert!(u128::from(polled) <= most, "{polled} bytes polled, at most {most}");
}

/// Whatever is asked of a write limit or a read limit, no second holds more than its shape allows.
mod limits {
    use super::cases;
    use kinesim::mechanism::limit::{FixedWindow, Limit, SlidingWindow, TokenBucket};
    use kinesim::units::NS_PER_S;
    use proptest::prelude::*;

    /// Amounts admitted, with their moments.
    fn admitted(mut limit: Limit, asks: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let mut now = 0;
        let mut taken = Vec::new();
        for &(gap, amount) in asks {
            now += gap;
            if limit.fits(now, amount) {
                limit.take(now, amount);
                taken.push((now, amount));
            } else if let Some(at) = limit.clone().next_fit(now, amount) {
                assert!(at > now && limit.clone().fits(at, amount) && !limit.clone().fits(at - 1, amount));
            }
        }
        taken
    }

    /// Most taken in any stretch `[t, t + ns)` that begins with a take.
    fn most(taken: &[(u64, u64)], ns: u64) -> u64 {
        let from = |i: usize| taken[i..].iter().take_while(|t| t.0 < taken[i].0 + ns).map(|t| t.1).sum();
        (0..taken.len()).map(from).max().unwrap_or(0)
    }

    proptest! {
        #![proptest_config(cases(64))]

        #[test]
        fn no_second_holds_more_than_its_shape_allows(
            rate in 1u64..50, depth in 1u64..50,
            asks in prop::collection::vec((0u64..200_000_000, 1u64..8), 1..300),
        ) {
            let sliding = admitted(Limit::Sliding(SlidingWindow::new(rate)), &asks);
            prop_assert!(most(&sliding, NS_PER_S) <= rate);
            let fixed = admitted(Limit::Fixed(FixedWindow::new(rate)), &asks);
            for second in 0..=fixed.last().map_or(0, |t| t.0 / NS_PER_S) {
                let inside = fixed.iter().filter(|t| t.0 / NS_PER_S == second).map(|t| t.1).sum::<u64>();
                prop_assert!(inside <= rate);
            }
            let bucket = admitted(Limit::Bucket(TokenBucket::new(rate, depth)), &asks);
            for seconds in 1..5 {
                prop_assert!(most(&bucket, seconds * NS_PER_S) <= depth + rate * seconds);
            }
        }
    }
}

#[test]
fn on_demand_advantage_is_among_the_generated_modes() {
    assert_eq!(worlds::MODES, [Mode::Provisioned, Mode::OnDemand, Mode::OnDemandAdvantage]);
}
