use super::*;
use crate::producer::play::{Play, Seen, bear};
use crate::random::{LatencyLaw, Seed};
use crate::units::{Bytes, Dur};

const MS: u64 = 1_000_000;
const S: u64 = 1000 * MS;

fn config() -> FlinkSinkConfig {
    FlinkSinkConfig {
        instances: 1,
        max_batch: 500,
        max_in_flight: 50,
        max_buffered: 10_000,
        max_batch_bytes: Bytes::from_mib(5),
        max_time_in_buffer: Dur::from_s(5),
        checkpoint_every: None,
        put_latency: LatencyLaw::Constant(Dur::from_ms(40)),
    }
}

fn sink(config: &FlinkSinkConfig) -> FlinkSink {
    let seed = Seed { user: 1, replication: 0 };
    FlinkSink::new(config, 0, Line::new(&config.put_latency, 20 * MS, [].into(), "p", 0, seed))
}

fn never(_: &Seen) -> bool {
    false
}

#[test]
fn the_limit_grows_by_ten_and_shrinks_by_a_hundredth() {
    let mut limit = InFlight::new(500, 50);
    let mut step = |failed| {
        limit.begin(500);
        limit.end(500, failed);
        limit.limit
    };
    // 510 x 0.99 = 504.9, 505 x 0.99 = 499.95, 500 x 0.99 = 495: each rounded.
    assert_eq!([step(false), step(true), step(true), step(true)], [510, 505, 500, 495]);
    assert_eq!((0..3000).map(|_| step(false)).last(), Some(25_000));
    assert_eq!((0..3000).map(|_| step(true)).last(), Some(50), "50 x 0.99 = 49.5 rounds to 50");
}

#[test]
fn a_whole_batch_goes_at_once_and_the_rest_by_the_timer() {
    let mut s = sink(&config());
    bear(&mut s, (0..700).map(|i| i * MS), 100);
    let mut play = Play::new(10 * MS);
    play.until(&mut s, 20 * S, &mut never);
    // The timer runs from the first record on; when it rings at 5 s, 200 records wait.
    assert_eq!(play.calls(), [(519 * MS, 500), (5020 * MS, 200)]);
}

#[test]
fn the_first_batches_go_one_by_one() {
    let mut s = sink(&config());
    bear(&mut s, (0..1500).map(|i| 10 * MS + i), 100);
    let mut play = Play::new(10 * MS);
    play.until(&mut s, 3 * S, &mut never);
    let calls: Vec<(u64, usize)> = play.calls().iter().map(|c| (c.0 / MS, c.1)).collect();
    assert_eq!(calls, [(30, 500), (70, 500), (110, 500)], "510 under way are not two batches");
}

#[test]
fn failed_records_go_first_again_without_a_wait_or_a_limit() {
    let mut s = sink(&config());
    bear(&mut s, (0..500).map(|i| 10 * MS + i), 100);
    let mut play = Play::new(10 * MS);
    play.until(&mut s, 200 * S, &mut |seen| seen.born < 10 * MS + 3 && seen.at < 100 * S);
    // Less than a batch waits for the timer: five seconds, as long as the three records fail.
    assert_eq!((play.calls().len(), s.held(200 * S), s.report().delayed), (21, 0, 3));
    assert!(play.calls()[1..].iter().all(|c| c.1 == 3));
}

#[test]
fn a_full_buffer_stops_the_job() {
    let mut s = sink(&FlinkSinkConfig { max_buffered: 600, ..config() });
    bear(&mut s, (0..5000).map(|i| 10 * MS + i), 100);
    let mut play = Play::new(10 * MS);
    play.until(&mut s, 10 * S, &mut |_| true);
    assert!(s.report().buffered_bytes_max <= 110_000, "{}", s.report().buffered_bytes_max);
    assert_eq!((s.held(10 * S), play.stored().len()), (5000, 0));
    play.until(&mut s, 60 * S, &mut never);
    assert_eq!((s.held(60 * S), play.stored().len()), (0, 5000));
}

#[test]
fn a_restarted_job_repeats_what_it_sent_since_its_checkpoint() {
    let mut s = sink(&FlinkSinkConfig { checkpoint_every: Some(Dur::from_s(10)), ..config() });
    bear(&mut s, (0..3000).map(|i| i * 10 * MS), 100);
    let mut play = Play::new(10 * MS);
    play.until(&mut s, 27 * S, &mut |seen| seen.born == 0);
    s.restart(27 * S, 30 * S);
    play.until(&mut s, 60 * S, &mut never);
    let mut stored = play.stored();
    let copies = stored.len();
    stored.sort_unstable();
    stored.dedup();
    assert_eq!((stored.len(), s.held(60 * S), s.report().lost.all()), (3000, 0, 0));
    // The checkpoint is at 20 s; the timer last rang at 25 s. What was born in between, and what waited at 20 s, had
    // been sent.
    let twice = copies - 3000;
    assert!((400..=600).contains(&twice), "{twice}");
    assert_eq!((s.report().put.count(), s.report().buffering.count()), (3000, 3000));
}

#[test]
fn windows_do_not_matter() {
    let tight = FlinkSinkConfig {
        max_batch: 30,
        max_buffered: 80,
        checkpoint_every: Some(Dur::from_s(3)),
        ..config()
    };
    let played = |window: u64| {
        let mut s = sink(&tight);
        bear(&mut s, (0..3000).map(|i| i * 7 * MS), 100);
        let mut play = Play::new(window);
        play.until(&mut s, 15 * S, &mut |seen| seen.at / (700 * MS) % 3 < 1 && seen.born % 5 < 2);
        s.restart(15 * S, 16 * S);
        play.until(&mut s, 60 * S, &mut never);
        play.seen
    };
    assert_eq!(played(20 * MS), played(3 * MS));
}
