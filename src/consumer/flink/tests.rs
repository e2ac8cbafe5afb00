//! The machine alone, on a stream of a few rows.

use super::config::*;
use super::split::Split;
use crate::api::*;
use crate::consumer::Situation;
use crate::consumer::config::*;
use crate::measure::clients::{ClientResult, FlinkResult, Rescale};
use crate::random::{LatencyLaw, Seed};
use crate::record::Shard;
use crate::units::{Bytes, Dur, Money, Percent};

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;

/// A stream whose rows are known from the beginning; it notes what is asked of it.
#[derive(Default)]
struct Rows {
    now: u64,
    shards: Vec<Shard>,
    /// By shard: when each row is stored.
    stored: Vec<Vec<u64>>,
    /// Rows an answer holds at most.
    answer: u64,
    /// Refuse every call in this span.
    refuses: Option<(u64, u64)>,
    calls: Vec<(u64, u32)>,
    /// (shard, first row, row after the last, when the last was done).
    delivered: Vec<(u32, u64, u64, u64)>,
    kept: Vec<u64>,
    finished: Vec<u32>,
}

impl Rows {
    fn new(stored: Vec<Vec<u64>>) -> Rows {
        let n = stored.len() as u128;
        let width = u128::MAX / n;
        let shard = |i: u128| Shard {
            id: i as u32,
            start: i * width + i.min(1),
            end: if i + 1 == n { u128::MAX } else { (i + 1) * width },
            parents: Vec::new(),
            opened: 0,
            closed: None,
        };
        Rows {
            shards: (0..n).map(shard).collect(),
            kept: vec![0; stored.len()],
            answer: 10_000,
            stored,
            ..Rows::default()
        }
    }

    fn tip(&self, shard: u32) -> u64 {
        self.stored[shard as usize].partition_point(|t| *t < self.now) as u64
    }

    /// Plays a job up to `end`.
    fn play(&mut self, config: &ConsumerConfig, happenings: &[(u64, Happening)], end: u64) -> FlinkResult {
        let situation = Situation { config, happenings, seed: Seed { user: 1, replication: 0 } };
        let mut job = crate::consumer::build(&situation).unwrap();
        while job.next() < end {
            self.now = job.next();
            job.act(self);
            assert!(job.next() > self.now);
        }
        match job.result(end) {
            ClientResult::Flink(result) => *result,
            other => panic!("{other:?}"),
        }
    }

    fn rows_delivered(&self) -> u64 {
        self.delivered.iter().map(|d| d.2 - d.1).sum()
    }
}

impl Stream for Rows {
    fn now(&self) -> u64 {
        self.now
    }
    fn known_until(&self) -> u64 {
        u64::MAX
    }
    fn kept_since(&self) -> u64 {
        0
    }
    fn key_bytes(&self) -> u32 {
        0
    }
    fn shards(&self) -> &[Shard] {
        &self.shards
    }
    fn begin(&mut self, shard: u32, from: Position) -> u64 {
        if from == Position::Latest { self.tip(shard) } else { 0 }
    }
    fn get_records(&mut self, shard: u32, from: u64, most: Most) -> Result<Batch, Refused> {
        self.calls.push((self.now, shard));
        if self.refuses.is_some_and(|(a, b)| a <= self.now && self.now < b) {
            return Err(Refused);
        }
        let to = self.tip(shard).min(from + most.rows.min(self.answer));
        let closed = self.shards[shard as usize].closed.is_some_and(|at| at <= self.now);
        let ends = closed && to == self.stored[shard as usize].len() as u64;
        Ok(Batch { from, to, bytes: 100 * (to - from), behind: 0, ends })
    }
    fn flow(&mut self, _shard: u32, from: u64, until: u64) -> Flow {
        Flow { to: from, records: 0, bytes: 0, last: 0, next: until }
    }
    fn pushed(&mut self, shard: u32, from: u64, most: Most) -> Pushed {
        let to = self.tip(shard).min(from + most.rows);
        match self.stored[shard as usize].get(from as usize) {
            _ if to > from => Pushed::Rows(Batch { from, to, bytes: 100, behind: 0, ends: false }),
            Some(at) => Pushed::Nothing(at + 1),
            None => Pushed::Nothing(u64::MAX),
        }
    }
    fn subscribed(&mut self, shard: u32) {
        self.calls.push((self.now, shard));
    }
    fn records(&mut self, _: u32, from: u64, to: u64) -> u64 {
        to - from
    }
    fn key_marks(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u16>) {}
    fn sizes(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u32>) {}
    fn stored_at(&mut self, shard: u32, row: u64) -> u64 {
        assert!(row >= self.kept[shard as usize], "the log has forgotten this row");
        self.stored[shard as usize][row as usize]
    }
    fn row_since(&mut self, shard: u32, from: u64, time: u64) -> u64 {
        let found = self.stored[shard as usize].partition_point(|t| *t < time) as u64;
        found.max(from)
    }
    fn deliver(&mut self, shard: u32, from: u64, to: u64, received: u64, done: Done) {
        assert!(from < to && from >= self.kept[shard as usize].min(from));
        let last = match done {
            Done::At(at) => at,
            Done::Rows(times) | Done::Records(times) => {
                assert_eq!(times.len() as u64, to - from);
                assert!(times[0] >= received && times.is_sorted());
                times[times.len() - 1]
            }
        };
        assert!(last <= self.now);
        self.delivered.push((shard, from, to, last));
    }
    fn drop_rows(&mut self, _: u32, _: u64, _: u64, _: Fate) {}
    fn take(&mut self, _: u32, _: u64) {}
    fn hand_over(&mut self, _: u32, _: &[Held], _: bool) {}
    fn deliver_some(&mut self, _: u32, _: &[Held], _: u64) {}
    fn drop_some(&mut self, _: u32, _: &[Held], _: Fate) {}
    fn stored(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u64>) {}
    fn births(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u64>) {}
    fn part_with(&mut self, _: u64, _: u64, _: Option<Fate>) {}
    fn count_hops(&mut self, _: Hop, _: &[u64]) {}
    fn keep_from(&mut self, shard: u32, row: u64) {
        assert!(row >= self.kept[shard as usize]);
        self.kept[shard as usize] = row;
    }
    fn finish(&mut self, shard: u32) {
        assert!(!self.finished.contains(&shard));
        self.finished.push(shard);
    }
}

fn job(parallelism: u32, per_record: Dur) -> ConsumerConfig {
    let flink = FlinkConfig {
        source: SourceConfig::New { interval: Dur::ZERO, idle_interval: Dur::from_ms(250) },
        parallelism,
        sink: SinkGuarantee::AtLeastOnce,
        checkpoints: CheckpointConfig {
            every: Dur::from_s(60),
            min_pause: Dur::from_s(5),
            takes: LatencyLaw::Constant(Dur::from_s(1)),
        },
        downtime: LatencyLaw::Constant(Dur::from_s(20)),
        idleness: None,
        discovery: Dur::from_s(10),
        place: Place::SelfManaged(OwnConfig {
            task_managers: 1,
            slots: parallelism,
            price_per_hour: Money(0),
        }),
    };
    ConsumerConfig {
        name: "job".into(),
        client: ApplicationConfig::Flink(Box::new(flink)),
        read: ReadConfig::Polling(PollingConfig {
            interval: Dur::from_s(1),
            pace: Pace::Even,
            jitter: Dur::ZERO,
            phase: None,
            limit: 10_000,
            max_bytes: Bytes::from_mib(10),
            call_latency: LatencyLaw::Constant(Dur::ZERO),
            throttled: ThrottledPoll::NextPeriod,
        }),
        processing: ProcessingConfig {
            per_call: LatencyLaw::Constant(Dur::ZERO),
            per_record: LatencyLaw::Constant(per_record),
        },
        failure_rate: Percent(0),
        starts: StartAt { at: Dur::ZERO, from: Position::TrimHorizon },
    }
}

fn with(mut config: ConsumerConfig, change: impl FnOnce(&mut FlinkConfig)) -> ConsumerConfig {
    let ApplicationConfig::Flink(flink) = &mut config.client else { unreachable!() };
    change(flink);
    config
}

/// Rows every `gap` from `gap` on.
fn steady(rows: u64, gap: u64) -> Vec<u64> {
    (1..=rows).map(|i| i * gap).collect()
}

const CRASH: Happening = Happening::WorkerCrash { workers: 1, lasting: None };

#[test]
fn shards_go_by_the_middle_of_their_range() {
    // The connector's own test: thirds of the range, three subtasks.
    let third = u128::MAX / 3;
    let ranges = [
        (0, 0, 0),
        (0, third, 0),
        (third, 2 * third, 1),
        (2 * third, u128::MAX, 2),
        (u128::MAX, u128::MAX, 2),
    ];
    for (start, end, subtask) in ranges {
        let shard = Shard { id: 0, start, end, parents: Vec::new(), opened: 0, closed: None };
        assert_eq!(Split::new(&shard, 0, None).subtask(3), subtask, "{start}..{end}");
    }
}

#[test]
fn one_fetcher_asks_its_shards_in_turn_and_pauses_after_every_empty_answer() {
    let mut stream = Rows::new(vec![vec![], vec![], vec![]]);
    stream.play(&job(1, Dur::ZERO), &[], 2 * S);
    let expected: Vec<(u64, u32)> = (0..8).map(|i| (i * 250 * MS, (i % 3) as u32)).collect();
    assert_eq!(stream.calls, expected, "each of three shards is asked every 750 ms");
}

#[test]
fn more_subtasks_than_shards_idle_and_hold_the_watermark() {
    let rows = || Rows::new(vec![steady(100, S), steady(100, S)]);
    let held = rows().play(&job(4, Dur::ZERO), &[], 100 * S);
    assert_eq!((held.idle_subtasks, held.watermark_delay.max_ns), (2, Some(99 * S)));
    let idle = with(job(4, Dur::ZERO), |f| f.idleness = Some(Dur::from_s(5)));
    let free = rows().play(&idle, &[], 100 * S);
    assert_eq!(free.watermark_delay.max_ns, Some(4 * S));
    assert!(free.watermark_delay.p50_ns.unwrap() <= 1_300 * MS);
    let legacy = with(job(4, Dur::ZERO), |f| {
        f.source = SourceConfig::Legacy { interval: Dur::from_ms(200), adaptive_reads: false };
    });
    let free = rows().play(&legacy, &[], 100 * S);
    assert!(
        free.watermark_delay.max_ns.unwrap() <= 2 * S,
        "legacy subtasks without shards are idle by themselves"
    );
}

#[test]
fn a_slow_slot_stops_its_fetcher() {
    let mut stream = Rows::new(vec![vec![1; 1_000]]);
    stream.answer = 10;
    let result = stream.play(&job(1, Dur::from_ms(100)), &[], 10_500 * MS);
    // One batch runs, two wait, one is in the fetcher's hand: the next is read when a batch of ten is done.
    let asked: Vec<u64> = stream.calls.iter().map(|c| c.0).collect();
    let mut expected = vec![0, 250 * MS, 250 * MS, 250 * MS, 250 * MS];
    expected.extend((1..=10).map(|i| 250 * MS + i * S));
    assert_eq!(asked, expected);
    assert_eq!(stream.rows_delivered(), 100);
    assert!((975_000..=977_000).contains(&result.slots_busy_ppm), "{}", result.slots_busy_ppm);
    assert_eq!(result.waiting_for_slot_ppm, 976_190, "from the first answer to the end");
}

#[test]
fn a_restart_rewinds_to_the_last_checkpoint() {
    let mut stream = Rows::new(vec![steady(300, S)]);
    let result = stream.play(&job(1, Dur::ZERO), &[(150 * S, CRASH)], 290 * S);
    // Checkpoints begin at 60 and 120; what was done after the second is done again at 170.
    assert_eq!((result.restarts, result.checkpoints, result.down_ns), (1, 4 - 1, 20 * S));
    assert!((28..=31).contains(&result.rewound), "{}", result.rewound);
    assert_eq!(stream.rows_delivered() - result.rewound, result.in_state);
    let again: Vec<_> = stream.delivered.windows(2).filter(|w| w[1].1 < w[0].2).collect();
    assert_eq!(again.len(), 1);
    assert!(again[0][1].3 >= 170 * S);
    assert_eq!(stream.delivered.last().unwrap().2, result.in_state, "nothing is left out");
}

#[test]
fn an_exactly_once_sink_shows_each_row_once_when_a_checkpoint_completes() {
    let config = with(job(1, Dur::ZERO), |f| f.sink = SinkGuarantee::ExactlyOnce);
    let mut stream = Rows::new(vec![steady(300, S)]);
    let result = stream.play(&config, &[(150 * S, CRASH)], 299 * S);
    let mut next = 0;
    for (_, from, to, done) in &stream.delivered {
        assert_eq!(*from, next);
        next = *to;
        assert!([61 * S, 121 * S, 231 * S, 291 * S].contains(done), "{done}");
    }
    assert!(result.rewound > 0 && next > 280 && next <= result.in_state);
}

#[test]
fn a_deployment_does_nothing_twice() {
    let deploy = Happening::Deploy { every: None, pause: Dur::from_s(30) };
    let mut stream = Rows::new(vec![steady(300, S)]);
    let result = stream.play(&job(1, Dur::from_ms(10)), &[(150 * S, deploy)], 290 * S);
    assert_eq!((result.restarts, result.rewound, result.down_ns), (0, 0, 31 * S));
    assert_eq!(stream.rows_delivered(), result.in_state);
}

#[test]
fn a_batch_that_fails_takes_the_whole_job_back() {
    let mut config = job(2, Dur::from_ms(1));
    config.failure_rate = Percent(10_000_000);
    let mut stream = Rows::new(vec![steady(6_000, 100 * MS), steady(6_000, 100 * MS)]);
    let result = stream.play(&config, &[], 550 * S);
    assert!(result.restarts > 5, "{}", result.restarts);
    assert_eq!(stream.rows_delivered(), result.in_state + result.rewound);
    for shard in 0..2 {
        let mut reached = 0;
        for d in stream.delivered.iter().filter(|d| d.0 == shard) {
            assert!(d.1 <= reached, "nothing is left out");
            reached = reached.max(d.2);
        }
    }
}

#[test]
fn a_poisoned_record_restarts_the_job_for_ever() {
    let poison = Happening::PoisonRecord { open_index: 0 };
    let mut stream = Rows::new(vec![steady(600, S), steady(600, S)]);
    let result = stream.play(&job(2, Dur::ZERO), &[(90 * S, poison)], 500 * S);
    assert!((18..=21).contains(&result.restarts), "{}", result.restarts);
    assert_eq!(stream.delivered.iter().filter(|d| d.0 == 0).map(|d| d.2).max(), Some(89));
}

#[test]
fn the_legacy_source_fails_when_its_third_retry_is_refused() {
    let config = with(job(1, Dur::ZERO), |f| {
        f.source = SourceConfig::Legacy { interval: Dur::from_ms(200), adaptive_reads: false };
    });
    let mut stream = Rows::new(vec![steady(100, S)]);
    stream.refuses = Some((10 * S, 14 * S));
    let result = stream.play(&config, &[], 60 * S);
    assert_eq!(result.restarts, 1);
    let refused = stream.calls.iter().filter(|c| c.0 >= 10 * S && c.0 < 14 * S);
    assert_eq!(refused.count(), 4);
    // The new source goes on trying.
    let mut stream = Rows::new(vec![steady(100, S)]);
    stream.refuses = Some((10 * S, 14 * S));
    let result = stream.play(&job(1, Dur::ZERO), &[], 60 * S);
    assert_eq!(result.restarts, 0);
    assert!(result.waiting_for_limits_ppm > 50_000);
}

#[test]
fn children_are_read_after_their_parents() {
    let mut stream = Rows::new(vec![steady(30, S), steady(600, S), steady(600, S)]);
    stream.shards[0].closed = Some(31 * S);
    for child in [1, 2] {
        stream.shards[child].parents = vec![0];
        stream.stored[child].retain(|t| *t > 31 * S);
    }
    (stream.shards[1].start, stream.shards[1].end) = (0, u128::MAX / 2);
    (stream.shards[2].start, stream.shards[2].end) = (u128::MAX / 2 + 1, u128::MAX);
    let result = stream.play(&job(2, Dur::ZERO), &[], 300 * S);
    assert_eq!(stream.finished, [0]);
    assert_eq!(result.idle_subtasks, 0);
    let first_child = stream.delivered.iter().position(|d| d.0 > 0).unwrap();
    assert!(stream.delivered[first_child..].iter().all(|d| d.0 > 0));
}

#[test]
fn fan_out_takes_what_arrives_and_renews() {
    let mut config = job(1, Dur::ZERO);
    config.read = ReadConfig::FanOut(FanOutConfig {
        push_latency: LatencyLaw::Constant(Dur::ZERO),
        bytes_per_s: 2 << 20,
        renew_every: Dur::from_s(300),
        renewal_gap: Dur::ZERO,
    });
    let mut stream = Rows::new(vec![steady(700, S), steady(700, S)]);
    stream.play(&config, &[], 650 * S);
    assert_eq!(stream.calls.len(), 6, "two shards, three subscriptions each");
    assert_eq!(stream.rows_delivered(), 2 * 649);
}

fn managed(parallelism: u32, autoscaling: bool) -> ConsumerConfig {
    with(job(parallelism, Dur::from_ms(10)), |f| {
        f.place = Place::Managed(ManagedConfig {
            parallelism_per_kpu: 1,
            autoscaling,
            max_kpus: 4,
            cpu: Percent(Percent::WHOLE),
            orchestration_kpus: 1,
            backups: Bytes(0),
        });
    })
}

#[test]
fn a_full_job_doubles_after_fifteen_minutes_and_pays_for_it() {
    // 160 rows/s in four shards, 100 a second and slot.
    let rows = || Rows::new((0..4).map(|_| steady(40 * 4_000, 25 * MS)).collect());
    let result = rows().play(&managed(1, true), &[], 3_600 * S);
    let times: Vec<(u64, u32, u32)> =
        result.rescales.iter().map(|Rescale { at_ns, from, to }| (at_ns / S, *from, *to)).collect();
    // The first minute begins with an empty stream, yet is full; the second row begins when the job is back.
    assert_eq!(times, [(900, 1, 2), (1_800, 2, 4)]);
    let kpu_s = (result.usage.kpu_ns / u128::from(S)) as u64;
    assert_eq!(kpu_s, 900 + 2 * 900 + 4 * 1_800);
    assert_eq!(result.usage.orchestration_kpu_ns, 3_600 * u128::from(S));
    let fixed = rows().play(&managed(1, false), &[], 3_600 * S);
    assert!(fixed.rescales.is_empty() && fixed.slots_busy_ppm > 990_000);
}

#[test]
fn a_stopped_application_is_billed_for_ten_minutes_at_least() {
    let outage = Happening::Outage { lasting: Dur::from_s(3_600) };
    let mut stream = Rows::new(vec![vec![]]);
    let result = stream.play(&managed(4, false), &[(120 * S, outage)], 4_000 * S);
    let kpu_s = (result.usage.kpu_ns / u128::from(S)) as u64;
    assert_eq!(kpu_s, 4 * (600 + 280));
    assert_eq!(result.usage.orchestration_kpu_ns, 880 * u128::from(S));
}

#[test]
fn the_same_job_is_the_same_twice() {
    let mut config = job(3, Dur::from_ms(3));
    config.failure_rate = Percent(20_000_000);
    let play = || {
        let mut stream = Rows::new(vec![steady(3_000, 100 * MS), steady(900, 300 * MS)]);
        let result = stream.play(&config, &[], 250 * S);
        (result, stream.delivered, stream.calls)
    };
    assert_eq!(play(), play());
}
