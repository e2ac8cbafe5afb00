//! What an application may hold and read, batches its code throws for, and runs of the leader at their edges.

use super::*;

/// A batch whose processing throws is skipped: nothing of it comes again, and everything else comes once.
#[test]
fn an_exception_skips_its_batch() {
    for version in [Version::V1, Version::V2, Version::V3] {
        let tenth = Percent(Percent::WHOLE / 10);
        let mut kcl = failing(tenth, config(version, 1), Dur::from_ms(10), &[], 11);
        let mut stream = Even::new(4, 10_000_000);
        stream.play(&mut kcl, 1_000 * S);
        let r = result(&kcl, 1_000 * S);
        let delivered: u64 = stream.delivered.iter().flatten().map(|r| r.1 - r.0).sum();
        let batches = stream.delivered.iter().map(|d| d.len() as u64).sum::<u64>() + r.failed_batches;
        let share = r.failed_batches as f64 / batches as f64;
        // Some 2,600 batches or more: three standard deviations of a tenth are below 1.8 %.
        assert!((share - 0.1).abs() < 0.018, "{version:?}: {share} of {batches}");
        for rows in &stream.delivered[..4] {
            assert!(rows.windows(2).all(|w| w[0].1 <= w[1].0), "{version:?}: in order, and never again");
        }
        let stored = 4 * 100_000;
        let open = stored - delivered - stream.skipped;
        assert!(
            stream.skipped > 0 && open < 4 * 400,
            "{version:?}: {open} rows neither delivered nor skipped"
        );
    }
}

/// With four inputs, the one being processed among them, three answers wait; the fifth call comes when the first batch
/// is done and finds a minute's rows. With 200 records, two answers of 150 are as much as may wait.
#[test]
fn reading_ahead_ends_at_its_limits() {
    let sizes = |prefetch: config::Prefetch| -> Vec<u64> {
        let config = KclConfig { prefetch: Some(prefetch), ..config(Version::V2, 1) };
        let mut kcl = kcl(config, Dur::from_s(60), &[], 13);
        let mut stream = Even::new(1, 10_000_000);
        stream.play(&mut kcl, 900 * S);
        stream.delivered[0].iter().map(|r| r.1 - r.0).collect()
    };
    let bytes = Bytes::from_mib(8);
    let small = |sizes: &[u64]| sizes.iter().take_while(|n| **n <= 200).count();
    let four = sizes(config::Prefetch { inputs: 4, records: 30_000, bytes });
    assert_eq!(small(&four), 4, "{four:?}");
    assert!(four[4] > 5_000, "{four:?}");
    let records = sizes(config::Prefetch { inputs: 100, records: 200, bytes });
    let octets = sizes(config::Prefetch { inputs: 100, records: 30_000, bytes: Bytes(20_000) });
    for few in [&records, &octets] {
        assert!((2..=3).contains(&small(few)) && few[small(few)] > 5_000, "{few:?}");
    }
}

/// Two workers of three leases at most leave two of eight shards unread, in every line of the library.
#[test]
fn a_worker_holds_no_more_leases_than_it_may() {
    for version in [Version::V1, Version::V2, Version::V3] {
        let most = KclConfig {
            max_leases_for_worker: Some(3),
            lease_table: LeaseTable::Empty,
            ..config(version, 2)
        };
        let mut kcl = kcl(most, Dur::from_ms(10), &[], 17);
        let mut stream = Even::new(8, 10_000_000);
        stream.play(&mut kcl, 300 * S);
        let held: Vec<u64> = result(&kcl, 300 * S).workers.iter().map(|w| w.leases_max).collect();
        assert_eq!(held, [3, 3], "{version:?}");
        assert_eq!(stream.delivered.iter().filter(|d| !d.is_empty()).count(), 6, "{version:?}");
    }
}

/// Leases that are free and whose last owner still seems to live go away once in a run of the leader, not twice.
#[test]
fn one_run_of_the_leader_gives_a_lease_away_once() {
    for seed in 0..60 {
        let short = KclConfig {
            failover_time: Dur::from_ms(1_467),
            rebalance_threshold: Percent(0),
            dampening: Percent(1),
            ..config(Version::V3, 4)
        };
        let deploy = Happening::Deploy { every: Some(Dur::from_ms(4_402)), pause: Dur::from_ms(1_342) };
        let mut kcl = kcl(short, Dur::ZERO, &[(87 * S, deploy)], seed);
        let mut stream = Even::new(1, 10_000_000);
        stream.play(&mut kcl, 400 * S);
        let delivered = stream.delivered[0].iter().map(|r| r.1).max();
        assert!(delivered > Some(stream.rows(0, 390 * S)), "seed {seed}: {delivered:?}");
    }
}

/// Nothing befalls an application before its start; workers added before then begin with it.
#[test]
fn workers_added_before_the_start_begin_with_it() {
    let added = (S, Happening::WorkersAdded { workers: 1 });
    let crash = (2 * S, Happening::WorkerCrash { workers: 3, lasting: None });
    for version in [Version::V1, Version::V2, Version::V3] {
        let mut kcl = starting(Dur::from_s(14), config(version, 1), &[added, crash], 5);
        let mut stream = Even::new(2, 10_000_000);
        stream.play(&mut kcl, 200 * S);
        for rows in &stream.delivered[..2] {
            assert!(
                rows[0].0 == 0 && rows.windows(2).all(|w| w[0].1 == w[1].0),
                "{version:?}: {:?}",
                rows[0]
            );
        }
    }
}
