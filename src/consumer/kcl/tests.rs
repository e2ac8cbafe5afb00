//! How a KCL application behaves on an even stream; `limits` has what it may not exceed.

mod limits;

use super::config::{Assignment, LeaseTable};
use super::*;
use crate::api::{Batch, Done, Fate, Flow, Held, Hop, Most, Pushed, Refused};
use crate::consumer::config::{
    ApplicationConfig, Pace, PollingConfig, ProcessingConfig, StartAt, ThrottledPoll,
};
use crate::measure::clients::ClientResult;
use crate::random::LatencyLaw;
use crate::record::Shard;
use crate::units::{Bytes, Dur, NS_PER_S as S, Percent};

/// A stream with a row in each shard every so often, each of one record of 100 bytes.
struct Even {
    now: u64,
    gap: u64,
    shards: Vec<Shard>,
    /// Per shard: rows delivered, in order of calls.
    delivered: Vec<Vec<(u64, u64)>>,
    skipped: u64,
    kept: Vec<u64>,
    finished: Vec<u32>,
}

impl Even {
    fn new(shards: u32, gap: u64) -> Even {
        let shard =
            |id| Shard { id, start: id.into(), end: id.into(), parents: vec![], opened: 0, closed: None };
        Even {
            now: 0,
            gap,
            shards: (0..shards).map(shard).collect(),
            delivered: vec![Vec::new(); 64],
            skipped: 0,
            kept: vec![0; 64],
            finished: Vec::new(),
        }
    }

    /// Rows of a shard stored by `time`.
    fn rows(&self, shard: u32, time: u64) -> u64 {
        let shard = &self.shards[shard as usize];
        time.min(shard.closed.unwrap_or(u64::MAX)).saturating_sub(shard.opened) / self.gap
    }

    fn play(&mut self, kcl: &mut Kcl, until: u64) {
        while kcl.next() < until {
            self.now = kcl.next();
            kcl.act(self);
            assert!(kcl.next() > self.now);
        }
    }
}

impl Stream for Even {
    fn now(&self) -> u64 {
        self.now
    }
    fn kept_since(&self) -> u64 {
        0
    }
    fn known_until(&self) -> u64 {
        self.now + 1
    }
    fn shards(&self) -> &[Shard] {
        &self.shards
    }
    fn begin(&mut self, shard: u32, from: Position) -> u64 {
        if from == Position::Latest { self.rows(shard, self.now) } else { 0 }
    }
    fn get_records(&mut self, shard: u32, from: u64, most: Most) -> Result<Batch, Refused> {
        let to = self.rows(shard, self.now).min(from + most.rows).max(from);
        let closed = self.shards[shard as usize].closed.filter(|c| *c <= self.now);
        let ends = closed.is_some_and(|c| to == self.rows(shard, c));
        Ok(Batch { from, to, bytes: 100 * (to - from), behind: 0, ends })
    }
    fn flow(&mut self, _shard: u32, from: u64, until: u64) -> Flow {
        Flow { to: from, records: 0, bytes: 0, last: 0, next: until }
    }
    fn pushed(&mut self, _shard: u32, _from: u64, _most: Most) -> Pushed {
        Pushed::Nothing(u64::MAX)
    }
    fn key_bytes(&self) -> u32 {
        0
    }
    fn subscribed(&mut self, _shard: u32) {}
    fn records(&mut self, shard: u32, from: u64, to: u64) -> u64 {
        assert!(from >= self.kept[shard as usize], "rows that were let go are not asked for");
        to - from
    }
    fn key_marks(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u16>) {}
    fn sizes(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u32>) {}
    fn stored_at(&mut self, shard: u32, row: u64) -> u64 {
        self.shards[shard as usize].opened + (row + 1) * self.gap
    }
    fn row_since(&mut self, shard: u32, _from: u64, time: u64) -> u64 {
        self.rows(shard, time)
    }
    fn deliver(&mut self, shard: u32, from: u64, to: u64, received: u64, done: Done) {
        let at = if let Done::Records(times) = done { times[0] } else { received };
        assert!(at >= received);
        self.delivered[shard as usize].push((from, to));
    }
    fn drop_rows(&mut self, _: u32, from: u64, to: u64, _: Fate) {
        self.skipped += to - from;
    }
    fn take(&mut self, _: u32, _: u64) {}
    fn hand_over(&mut self, _: u32, _: &[Held], _: bool) {}
    fn deliver_some(&mut self, _: u32, _: &[Held], _: u64) {}
    fn drop_some(&mut self, _: u32, _: &[Held], _: Fate) {}
    fn stored(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u64>) {}
    fn births(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u64>) {}
    fn part_with(&mut self, _: u64, _: u64, _: Option<Fate>) {}
    fn count_hops(&mut self, _: Hop, _: &[u64]) {}
    fn keep_from(&mut self, shard: u32, row: u64) {
        if row < u64::MAX {
            self.kept[shard as usize] = row;
        }
    }
    fn finish(&mut self, shard: u32) {
        self.finished.push(shard);
    }
}

fn config(version: Version, workers: u32) -> KclConfig {
    KclConfig {
        version,
        workers,
        cores: None,
        prefetch: (version > Version::V1).then_some(config::Prefetch {
            inputs: 4,
            records: 30_000,
            bytes: Bytes::from_mib(8),
        }),
        checkpoint: Checkpoint::EveryBatch,
        failover_time: Dur::from_s(10),
        max_leases_for_worker: None,
        max_leases_to_steal: 1,
        rebalance_threshold: Percent(Percent::WHOLE / 10),
        dampening: Percent(Percent::WHOLE / 10 * 6),
        lease_table: LeaseTable::Balanced,
        assignment: Assignment::ByLoad,
        keeps_worker_ids: false,
    }
}

fn kcl(config: KclConfig, work: Dur, happenings: &[(u64, Happening)], seed: u64) -> Kcl {
    failing(Percent(0), config, work, happenings, seed)
}

/// One that is created later.
fn starting(at: Dur, config: KclConfig, happenings: &[(u64, Happening)], seed: u64) -> Kcl {
    let mut consumer = consumer(Percent(0), &config, Dur::ZERO);
    consumer.starts.at = at;
    let seed = Seed { user: seed, replication: 0 };
    Kcl::new(&config, &Situation { config: &consumer, happenings, seed })
}

fn consumer(failure_rate: Percent, config: &KclConfig, work: Dur) -> ConsumerConfig {
    let idle = if config.version == Version::V1 { 1_000 } else { 1_500 };
    ConsumerConfig {
        name: "app".into(),
        client: ApplicationConfig::Kcl(Box::new(config.clone())),
        read: ReadConfig::Polling(PollingConfig {
            interval: Dur::from_ms(idle),
            pace: Pace::Even,
            jitter: Dur::ZERO,
            phase: None,
            limit: 10_000,
            max_bytes: Bytes::from_mib(10),
            call_latency: LatencyLaw::Constant(Dur::from_ms(100)),
            throttled: ThrottledPoll::NextPeriod,
        }),
        processing: ProcessingConfig {
            per_call: LatencyLaw::Constant(work),
            per_record: LatencyLaw::Constant(Dur::ZERO),
        },
        failure_rate,
        starts: StartAt { at: Dur::ZERO, from: Position::TrimHorizon },
    }
}

/// One whose code throws for so many batches.
fn failing(
    failure_rate: Percent,
    config: KclConfig,
    work: Dur,
    happenings: &[(u64, Happening)],
    seed: u64,
) -> Kcl {
    let consumer = consumer(failure_rate, &config, work);
    let seed = Seed { user: seed, replication: 0 };
    Kcl::new(&config, &Situation { config: &consumer, happenings, seed })
}

fn result(kcl: &Kcl, end: u64) -> KclResult {
    match kcl.result(end) {
        ClientResult::Kcl(result) => *result,
        _ => unreachable!(),
    }
}

/// Crashes one worker at 100 s and a bit; the longest failover in seconds, and was it the leader's?
fn crash(version: Version, workers: u32, seed: u64) -> (f64, bool) {
    let at = 100 * S + seed * 97_000_000;
    let happenings = [(at, Happening::WorkerCrash { workers: 1, lasting: None })];
    let mut kcl = kcl(config(version, workers), Dur::ZERO, &happenings, seed);
    let mut stream = Even::new(workers, 50_000_000);
    stream.play(&mut kcl, at);
    let leader = kcl.lock.map(|l| l.holder);
    stream.play(&mut kcl, 400 * S);
    let dead = kcl.workers.iter().position(|w| w.life.until.is_some());
    let found = result(&kcl, 400 * S).failovers;
    assert_eq!(found.count, 1);
    (found.max_ns.unwrap_or(0) as f64 / 1e9, leader.is_some_and(|l| dead == Some(l as usize)))
}

fn crashes(version: Version, workers: u32, of_leader: bool) -> Vec<f64> {
    let all = (0..200).map(|seed| crash(version, workers, seed));
    all.filter(|c| c.1 == of_leader).map(|c| c.0).collect()
}

/// The observer saw the counter move at its first scan after the last renewal; a scan later, 20.05 s, it is expired.
/// The last renewal was up to 3.308 s before the crash, and the worker's loop comes by within a second.
#[test]
fn one_survivor_of_1x_and_2x_takes_over_after_17_to_40_s() {
    for version in [Version::V1, Version::V2] {
        let found = crashes(version, 2, false);
        assert!(found.iter().all(|s| (16.74..41.1).contains(s)), "{found:?}");
        let mean = found.iter().sum::<f64>() / 200.0;
        // 20.05 + 10.025 - 1.654 + 0.5
        assert!((mean - 28.9).abs() < 4.0 * 5.9 / 200f64.sqrt(), "{mean}");
    }
}

/// With many survivors one of them has scanned just after the last renewal.
#[test]
fn many_survivors_tend_to_20_s() {
    let (few, many) = (crashes(Version::V2, 9, false), crashes(Version::V2, 41, false));
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    assert!(mean(&many) < mean(&few) && (18.0..21.0).contains(&mean(&many)), "{}", mean(&many));
    assert!(few.iter().chain(&many).all(|s| (16.74..41.1).contains(s)));
}

/// Two scans of the leader see it, the new owner finds out within 9.975 s. A dead worker may have the most head-room
/// and keeps its leases until its last report is a minute old. A leader's lock falls free 90 to 120 s after its death,
/// the next looks every 40 s, and needs two scans of its own.
#[test]
fn the_leader_of_3x_takes_longer_and_its_own_death_longest() {
    let found = crashes(Version::V3, 4, false);
    assert!(found.iter().all(|s| (16.7..60.0 + 20.0 + 9.975 + 1.0).contains(s)), "{found:?}");
    let prompt = found.iter().filter(|s| (16.7..40.0 + 9.975 + 1.0).contains(*s)).count();
    assert!(4 * prompt >= 3 * found.len(), "three of four at least have no dead worker in their way");
    let of_leader = crashes(Version::V3, 4, true);
    assert!(of_leader.len() > 20);
    assert!(
        of_leader.iter().all(|s| (110.0..120.0 + 40.0 + 20.0 + 9.975 + 1.0).contains(s)),
        "{of_leader:?}"
    );
}

/// Rows processed between the last checkpoint and the crash come again, and no others.
#[test]
fn a_crash_repeats_what_was_not_checkpointed() {
    for seed in 0..20 {
        let at = 200 * S + seed * 3 * S;
        let happenings = [(at, Happening::WorkerCrash { workers: 1, lasting: None })];
        let checkpoint = Checkpoint::Every(Dur::from_s(60));
        let mut kcl = kcl(KclConfig { checkpoint, ..config(Version::V2, 2) }, Dur::ZERO, &happenings, seed);
        let mut stream = Even::new(2, 10_000_000);
        stream.play(&mut kcl, 400 * S);
        let (mut again, mut seen) = (0, 0);
        for shard in 0..2 {
            let mut reached = 0;
            for &(from, to) in &stream.delivered[shard] {
                assert!(from <= reached, "nothing is left out");
                again += reached.min(to) - from;
                reached = reached.max(to);
            }
            seen += reached;
        }
        assert!(seen > 2 * 39_000);
        // A checkpoint a minute, when a batch is done: 1.6 s later at most.
        assert!(again <= 6_200, "{again}");
    }
}

/// A stop in good order finishes its batch and checkpoints: nothing is repeated, but the leases expire all the same.
#[test]
fn a_deploy_repeats_nothing_and_waits_for_the_leases_to_expire() {
    for version in [Version::V1, Version::V2, Version::V3] {
        let happenings = [(100 * S, Happening::Deploy { every: None, pause: Dur::from_s(5) })];
        let checkpoint = Checkpoint::Every(Dur::from_s(60));
        let mut kcl = kcl(KclConfig { checkpoint, ..config(version, 3) }, Dur::from_ms(300), &happenings, 1);
        let mut stream = Even::new(6, 10_000_000);
        stream.play(&mut kcl, 300 * S);
        for rows in &stream.delivered[..6] {
            assert!(rows.windows(2).all(|w| w[0].1 == w[1].0), "one after the other, once each");
            assert!(rows.last().is_some_and(|r| r.1 > 29_000), "{version:?} {:?}", rows.last());
        }
        let r = result(&kcl, 300 * S);
        assert_eq!((r.failovers.count, r.workers.len()), (6, 6));
        // The strangers see each lease owned; a scan later it is expired.
        assert!(r.failovers.max_ns.is_some_and(|ns| ns >= 25 * S), "{:?}", r.failovers);
    }
}

/// 3.x hands over in good order; a worker that joins 2.x steals one lease a round, and the old owner may go on until
/// it renews.
#[test]
fn joining_workers_get_their_share() {
    let happenings = [(100 * S, Happening::WorkersAdded { workers: 1 })];
    for version in [Version::V2, Version::V3] {
        let mut kcl = kcl(config(version, 1), Dur::from_ms(20), &happenings, 3);
        let mut stream = Even::new(8, 10_000_000);
        stream.play(&mut kcl, 600 * S);
        let r = result(&kcl, 600 * S);
        let ends: Vec<u64> = r.workers.iter().map(|w| w.leases_at_end).collect();
        match version {
            Version::V3 => {
                assert!(r.moves.handed_over >= 2 && r.moves.stolen == 0, "{:?}", r.moves);
                let in_turn = |rows: &Vec<(u64, u64)>| rows.windows(2).all(|w| w[0].1 == w[1].0);
                assert!(stream.delivered[..8].iter().all(in_turn), "nothing twice");
            }
            _ => assert_eq!((ends, r.moves.stolen), (vec![4, 4], 4)),
        }
    }
}

/// The first worker that looks at a new table takes everything.
#[test]
fn an_empty_table_is_written_once_and_taken_whole() {
    let config = KclConfig { lease_table: LeaseTable::Empty, ..config(Version::V2, 4) };
    let mut kcl = kcl(config, Dur::ZERO, &[], 5);
    let mut stream = Even::new(8, 10_000_000);
    stream.play(&mut kcl, 40 * S);
    let r = result(&kcl, 40 * S);
    assert_eq!((r.table.creations, r.moves.taken), (8, 8));
    assert_eq!(r.workers.iter().map(|w| w.leases_max).max(), Some(8));
}

/// Children begin when their parent is done, from their first record; a merged shard waits for both parents.
#[test]
fn children_follow_their_parents() {
    let mut kcl = kcl(config(Version::V2, 2), Dur::from_ms(10), &[], 7);
    let mut stream = Even::new(2, 10_000_000);
    for parent in 0..2 {
        stream.shards[parent].closed = Some(50 * S);
    }
    stream.play(&mut kcl, 50 * S);
    let child = Shard { id: 2, start: 0, end: 1, parents: vec![0, 1], opened: 50 * S, closed: None };
    stream.shards.push(child);
    stream.play(&mut kcl, 200 * S);
    assert_eq!((stream.finished.len(), stream.delivered[0].last().map(|r| r.1)), (2, Some(5_000)));
    assert_eq!(stream.delivered[2].first().map(|r| r.0), Some(0));
    assert!(stream.delivered[2].last().is_some_and(|r| r.1 > 14_000));
}

/// Two cores, four shards: never more than two batches at a time, and each waits its turn.
#[test]
fn cores_are_shared_in_turn() {
    let config = KclConfig { cores: Some(2), ..config(Version::V2, 1) };
    let mut kcl = kcl(config, Dur::from_ms(900), &[], 9);
    let mut stream = Even::new(4, 10_000_000);
    stream.play(&mut kcl, 100 * S);
    let r = result(&kcl, 100 * S);
    assert!(r.workers[0].busy_ns <= 200 * S && r.workers[0].busy_ns > 190 * S, "{}", r.workers[0].busy_ns);
    let batches: Vec<usize> = stream.delivered[..4].iter().map(Vec::len).collect();
    assert!(batches.iter().all(|n| n.abs_diff(batches[0]) <= 2), "{batches:?}");
}

/// A lease that was never checkpointed begins at LATEST again: what came in between is skipped.
#[test]
fn latest_without_a_checkpoint_skips() {
    let happenings = [(100 * S, Happening::WorkerCrash { workers: 1, lasting: Some(Dur::from_s(1)) })];
    let config = KclConfig { checkpoint: Checkpoint::AtShardEnd, ..config(Version::V2, 1) };
    let mut kcl = kcl(config, Dur::ZERO, &happenings, 11);
    kcl.consumer.starts.from = Position::Latest;
    let mut stream = Even::new(1, 10_000_000);
    stream.play(&mut kcl, 200 * S);
    assert!(stream.skipped > 0);
    let rows = &stream.delivered[0];
    assert!(rows.windows(2).all(|w| w[1].0 >= w[0].1), "nothing again");
}

/// An idle lease costs 0.302 writes a second.
#[test]
fn an_idle_lease_is_renewed_784_000_times_in_30_days() {
    let mut kcl = kcl(config(Version::V3, 1), Dur::ZERO, &[], 13);
    let mut stream = Even::new(1, u64::MAX);
    stream.play(&mut kcl, 3_600 * S);
    let r = result(&kcl, 3_600 * S);
    let month = r.table.renewals as f64 * 720.0;
    assert!((month - 784_000.0).abs() < 1_000.0, "{month}");
    assert_eq!(r.table.checkpoints, 0);
}

/// By number, the leader gives a worker that joins its share in one balancing run, and stops there; by load, with loads
/// that are equal, it moves a dampened part of the gap.
#[test]
fn the_leader_may_go_by_the_number_of_leases() {
    let happenings = [(100 * S, Happening::WorkersAdded { workers: 1 })];
    let config = KclConfig { assignment: Assignment::ByCount, ..config(Version::V3, 3) };
    let mut kcl = kcl(config, Dur::from_ms(20), &happenings, 17);
    let mut stream = Even::new(12, 10_000_000);
    stream.play(&mut kcl, 400 * S);
    let r = result(&kcl, 400 * S);
    let ends: Vec<u64> = r.workers.iter().map(|w| w.leases_at_end).collect();
    assert_eq!(
        (ends, r.moves.handed_over, r.moves.stolen),
        (vec![3; 4], 3, 0),
        "twelve leases, four workers"
    );
    let in_turn = |rows: &Vec<(u64, u64)>| rows.windows(2).all(|w| w[0].1 == w[1].0);
    assert!(stream.delivered[..12].iter().all(in_turn), "handed over: nothing twice");
}

/// Under its old id a worker takes up its leases when its loop first comes by, within a second of its start; under a new
/// one they must expire first.
#[test]
fn under_its_old_id_a_worker_goes_on_at_once() {
    for version in [Version::V1, Version::V2, Version::V3] {
        for seed in 0..20 {
            let back = Some(Dur::from_s(5));
            let happenings =
                [(100 * S + seed * 130_000_000, Happening::WorkerCrash { workers: 1, lasting: back })];
            let longest = |keeps_worker_ids| {
                let config = KclConfig { keeps_worker_ids, ..config(version, 2) };
                let mut kcl = kcl(config, Dur::ZERO, &happenings, seed);
                Even::new(6, 50_000_000).play(&mut kcl, 400 * S);
                let r = result(&kcl, 400 * S);
                assert_eq!((r.failovers.count, r.orphans), (3, 0));
                r.failovers.max_ns.unwrap_or(u64::MAX)
            };
            let (kept, new) = (longest(true), longest(false));
            assert!((5 * S..=6 * S).contains(&kept) && new > 12 * S, "{version:?}: {kept} {new}");
        }
    }
}
