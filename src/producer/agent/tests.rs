use super::*;
use crate::producer::play::{Play, bear};
use crate::random::LatencyLaw;
use crate::units::{Bytes, Dur};

const MS: u64 = 1_000_000;
const S: u64 = NS_PER_S;

fn config() -> AgentConfig {
    AgentConfig {
        instances: 1,
        max_buffer_age: Dur::from_s(60),
        max_buffer_records: 500,
        max_buffer_bytes: Bytes::from_mib(5),
        publish_queue: 100,
        sending_threads: 24,
        sending_queue: 100,
        initial_backoff: Dur::from_ms(100),
        max_backoff: Dur::from_s(10),
        poll_every: Dur::from_ms(100),
        from_end: true,
        rotate_every: None,
        rotated_files: None,
        put_latency: LatencyLaw::Constant(Dur::from_ms(40)),
    }
}

fn agent(config: &AgentConfig) -> Agent {
    let seed = Seed { user: 1, replication: 0 };
    let line = Line::new(&config.put_latency, 20 * MS, [].into(), "p", 0, seed);
    let mut agent = Agent::new(config, "p", 0, line, seed);
    // Polls at whole tenths, heartbeats at whole seconds.
    agent.began = 0;
    agent
}

fn never(_: &crate::producer::play::Seen) -> bool {
    false
}

#[test]
fn a_buffer_goes_when_it_is_full_or_when_a_heartbeat_finds_it_old() {
    let mut a = agent(&config());
    bear(&mut a, (0..1200).map(|i| 250 * MS + i), 100);
    let mut play = Play::new(10 * MS);
    play.until(&mut a, 70 * S, &mut never);
    // The poll at 0.3 s reads all; two buffers are full at once, the third is 60 s old at 60.3 s.
    assert_eq!(play.calls(), [(320 * MS, 500), (320 * MS, 500), (61 * S + 20 * MS, 200)]);
    assert_eq!(a.report().buffered_bytes_max, 120_000);
    assert_eq!((a.held(70 * S), a.buffered()), (0, (0, 0)));
}

#[test]
fn bytes_fill_a_buffer_before_the_line_that_does_not_fit() {
    let mut a = agent(&AgentConfig { max_buffer_bytes: Bytes(1000), ..config() });
    bear(&mut a, (0..7).map(|i| 10 * MS + i), 300);
    let mut play = Play::new(10 * MS);
    play.until(&mut a, 2 * S, &mut never);
    assert_eq!(play.calls(), [(120 * MS, 3), (120 * MS, 3)]);
    assert_eq!(a.held(2 * S), 1);
}

#[test]
fn only_failed_lines_are_sent_again_without_limit_and_before_new_ones() {
    let mut a = agent(&AgentConfig { max_buffer_records: 10, ..config() });
    bear(&mut a, (0..10).map(|i| 50 * MS + i), 100);
    bear(&mut a, (0..10).map(|i| 6 * S + i), 100);
    let mut play = Play::new(10 * MS);
    play.until(&mut a, 200 * S, &mut |seen| seen.born == 50 * MS && seen.at < 100 * S);
    let calls = play.calls();
    // A full buffer is handed on by the next line or, as here, by the heartbeat.
    assert_eq!(calls[0], (S + 20 * MS, 10));
    // A tenth failed: rounded, no wait. From then on the one line alone fails.
    assert_eq!(calls[1], (S + 60 * MS, 1));
    let moments: Vec<u64> = play.seen.iter().filter(|s| s.born == 50 * MS).map(|s| s.at / S).collect();
    assert!(moments.len() > 12 && moments[moments.len() - 2] < 100 && *moments.last().unwrap() >= 100);
    assert_eq!((a.held(200 * S), a.report().delayed, play.stored().len()), (0, 1, 20));
}

#[test]
fn waits_grow_from_one_step_to_ten_seconds_while_everything_fails() {
    let mut a = agent(&AgentConfig { max_buffer_records: 10, ..config() });
    bear(&mut a, (0..11).map(|i| 50 * MS + i), 100);
    let mut play = Play::new(10 * MS);
    play.until(&mut a, 120 * S, &mut |_| true);
    let moments: Vec<u64> = play.calls().iter().map(|c| c.0).collect();
    let waits: Vec<u64> = moments.windows(2).map(|w| (w[1] - w[0]) / MS).collect();
    // The first failure comes when the publishing thread is already waiting for a buffer: it goes at once. From
    // then on the wait begins with the hand-out, so that the answer (40 ms) falls into it.
    assert_eq!(waits[0], 40);
    for (i, full) in [100u64, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000].into_iter().enumerate() {
        let wait = waits[1 + i];
        let (least, most) = ((full * 7 / 10).div_ceil(250) * 250, (full * 13 / 10).div_ceil(250) * 250);
        assert!((least..=most).contains(&wait) && wait.is_multiple_of(250), "{i}: {wait} ms");
    }
}

#[test]
fn a_full_queue_stops_the_reading_and_the_file_keeps_the_rest() {
    let tight = AgentConfig {
        max_buffer_records: 10,
        publish_queue: 3,
        sending_threads: 2,
        sending_queue: 4,
        ..config()
    };
    let mut a = agent(&tight);
    bear(&mut a, (0..2000).map(|i| 50 * MS + i * MS), 100);
    let mut play = Play::new(10 * MS);
    play.until(&mut a, 20 * S, &mut |_| true);
    // Two are sent, four wait for a thread, one failed, three are queued, one is being filled.
    assert!(a.report().buffered_bytes_max <= 11 * 10 * 100 + 1000, "{}", a.report().buffered_bytes_max);
    assert_eq!((a.held(20 * S), play.stored().len()), (2000, 0), "the file keeps the rest");
    let mut b = agent(&tight);
    bear(&mut b, (0..2000).map(|i| 50 * MS + i * MS), 100);
    let mut play = Play::new(10 * MS);
    play.until(&mut b, 300 * S, &mut |seen| seen.at < 20 * S);
    assert_eq!(b.held(300 * S), 0);
    assert_eq!(play.stored().len(), 2000, "nothing lost, nothing twice");
}

#[test]
fn a_crash_repeats_exactly_what_was_stored_behind_the_checkpoint() {
    let mut a = agent(&AgentConfig { max_buffer_records: 10, ..config() });
    bear(&mut a, (0..35).map(|i| 50 * MS + i), 100);
    let mut play = Play::new(10 * MS);
    // Buffers 1, 2, 3 go at 100 ms. Of the third, 4 lines are never stored: it is not checkpointed.
    let mut refuses = |seen: &crate::producer::play::Seen| (50 * MS + 20..50 * MS + 24).contains(&seen.born);
    play.until(&mut a, 3 * S, &mut refuses);
    assert_eq!(play.stored().len(), 26);
    a.restart(3 * S, 5 * S);
    assert_eq!(a.report().lost.all(), 0);
    assert_eq!(a.held(3 * S), 9, "4 that failed, 5 that waited");
    play.until(&mut a, 70 * S, &mut never);
    let mut stored = play.stored();
    stored.sort_unstable();
    let twice: Vec<u64> = stored.windows(2).filter(|w| w[0] == w[1]).map(|w| w[0] - 50 * MS).collect();
    assert_eq!(twice, [24, 25, 26, 27, 28, 29]);
    stored.dedup();
    assert_eq!((stored.len(), a.held(70 * S), a.report().lost.all()), (35, 0, 0));
    assert_eq!((a.report().put.count(), a.report().buffering.count()), (35, 35));
}

#[test]
fn a_checkpoint_that_passed_a_failing_buffer_loses_it_in_a_crash() {
    let mut a = agent(&AgentConfig { max_buffer_records: 10, ..config() });
    bear(&mut a, (0..35).map(|i| 50 * MS + i), 100);
    let mut play = Play::new(10 * MS);
    // The first buffer's lines 2 and 3 fail; the second and third are stored and checkpointed.
    play.until(&mut a, 3 * S, &mut |seen| (50 * MS + 2..50 * MS + 4).contains(&seen.born));
    a.restart(3 * S, 5 * S);
    assert_eq!((a.report().lost.restart, a.held(3 * S)), (2, 5));
    play.until(&mut a, 70 * S, &mut never);
    let stored = play.stored();
    assert_eq!(stored.len(), 33, "no duplicates, two lines missing");
    assert!(!stored.contains(&(50 * MS + 2)) && !stored.contains(&(50 * MS + 3)));
}

#[test]
fn a_call_on_its_way_is_stored_though_nobody_hears_it() {
    let mut a = agent(&AgentConfig { max_buffer_records: 10, ..config() });
    bear(&mut a, (0..11).map(|i| 50 * MS + i), 100);
    let mut play = Play::new(10 * MS);
    play.until(&mut a, 110 * MS, &mut never);
    a.restart(110 * MS, 110 * MS);
    assert_eq!(a.held(110 * MS), 11);
    play.until(&mut a, 70 * S, &mut |seen| seen.at < S && seen.entry > 5);
    // There was no checkpoint, and the new process begins behind the last line: what the call did not store is lost.
    assert_eq!((play.stored().len(), a.report().lost.restart, a.held(70 * S)), (6, 5, 0));
    assert_eq!((a.report().put.count(), a.report().delayed), (6, 4));
}

#[test]
fn without_a_checkpoint_a_crash_costs_what_was_written_before_the_return() {
    for (from_end, lost) in [(true, 30), (false, 0)] {
        let mut a = agent(&AgentConfig { from_end, ..config() });
        bear(&mut a, (0..30).chain(4 * S..4 * S + 10).map(|i| 50 * MS + i), 100);
        let mut play = Play::new(10 * MS);
        play.until(&mut a, 2 * S, &mut never);
        a.restart(2 * S, 3 * S);
        play.until(&mut a, 70 * S, &mut never);
        assert_eq!((a.report().lost.restart, play.stored().len() as u64), (lost, 40 - lost), "{from_end}");
    }
}

#[test]
fn a_rotated_file_that_is_not_found_loses_what_was_not_read() {
    for (files, lost) in [(Some(0), 49), (Some(1), 0), (None, 0)] {
        let config = AgentConfig { rotate_every: Some(Dur::from_s(10)), rotated_files: files, ..config() };
        let mut a = agent(&config);
        // One line a millisecond; the last poll before the rotation is 50 ms before it.
        a.began = 50 * MS;
        bear(&mut a, (0..10_000).map(|i| 10 * MS + i * MS), 100);
        bear(&mut a, (0..5000).map(|i| 10_010 * MS + i * MS), 100);
        let mut play = Play::new(10 * MS);
        play.until(&mut a, 100 * S, &mut never);
        assert_eq!(a.report().lost.rotated, lost, "{files:?}");
        assert_eq!(play.stored().len() as u64 + a.held(100 * S), 15_000 - lost);
    }
}

#[test]
fn a_line_that_is_too_long_is_cut() {
    let mut a = agent(&config());
    bear(&mut a, std::iter::once(10 * MS), 3 << 20);
    let mut play = Play::new(10 * MS);
    play.until(&mut a, 70 * S, &mut never);
    assert_eq!(play.seen[0].size, 1 << 20);
    assert_eq!((a.report().truncated, a.report().truncated_bytes), (1, 2 << 20));
}

#[test]
fn windows_do_not_matter() {
    let tight = AgentConfig { max_buffer_records: 7, publish_queue: 2, sending_threads: 1, ..config() };
    let played = |window: u64| {
        let mut a = agent(&tight);
        bear(&mut a, (0..300).map(|i| i * 13 * MS), 100);
        let mut play = Play::new(window);
        play.until(&mut a, 60 * S, &mut |seen| seen.at / (700 * MS) % 3 < 1 && seen.born % 5 < 2);
        a.restart(60 * S, 61 * S);
        play.until(&mut a, 140 * S, &mut never);
        play.seen
    };
    assert_eq!(played(20 * MS), played(3 * MS));
}
