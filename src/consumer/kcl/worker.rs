//! One worker process: its life, the leases it believes it holds, its cores, its load.

use super::fleet::{End, Life};
use super::leases::Seen;
use crate::facts::kcl as facts;
use crate::measure::clients::WorkerResult;
use crate::random::Stream as Random;
use std::collections::VecDeque;

/// A worker.
pub struct Worker {
    /// From when to when.
    pub life: Life,
    /// Shards whose leases it believes it holds, in order.
    pub held: Vec<u32>,
    /// What it has seen of the table.
    pub seen: Seen,
    /// Its phases, waits and shuffles.
    pub random: Random,
    /// Cores that are free; `None`: as many as it takes.
    pub free: Option<u32>,
    /// Processors that wait for one: (slot, stamp).
    pub line: VecDeque<(u32, u32)>,
    /// Until when it waits for others to write the first leases.
    pub waits_until: u64,
    /// When it last looked at the leader's lock in vain.
    pub looked: Option<u64>,
    /// Its runs as the leader.
    pub runs: u64,
    /// Last report: (moment, load in per cent).
    pub report: Option<(u64, Option<f64>)>,
    /// What it has done.
    pub result: WorkerResult,
    /// A round of its loop.
    beat: u64,
    cores: Option<u32>,
    running: u32,
    noted: u64,
    reported_busy: u64,
    /// When its metrics were last added up, and the time spent sending calls of them.
    metrics_at: u64,
    calls_ns: u128,
}

impl Worker {
    /// Waits for its start.
    pub fn new(life: Life, cores: Option<u32>, random: Random) -> Worker {
        Worker {
            life,
            held: Vec::new(),
            seen: Seen::default(),
            random,
            free: cores,
            line: VecDeque::new(),
            waits_until: 0,
            looked: None,
            runs: 0,
            report: None,
            result: WorkerResult { from_ns: life.from, ..WorkerResult::default() },
            beat: life.from,
            cores,
            running: 0,
            noted: life.from,
            reported_busy: 0,
            metrics_at: life.from,
            calls_ns: 0,
        }
    }

    /// Is it there at `now`?
    pub fn lives(&self, now: u64) -> bool {
        self.life.from <= now && self.life.until.is_none_or(|u| u.0 > now)
    }

    /// Its loop comes by at `moment`, and so every period after.
    pub fn stand_at(&mut self, moment: u64) {
        self.beat = moment;
    }

    /// When it dies without a word (`u64::MAX`: never).
    pub fn crashes(&self) -> u64 {
        match self.life.until {
            Some((at, End::Crash)) => at,
            _ => u64::MAX,
        }
    }

    /// The first round of its loop, which has this period, at `at` or later.
    pub fn round(&self, at: u64, period: u64) -> u64 {
        let since = at.saturating_sub(self.beat);
        self.beat + since.div_ceil(period.max(1)) * period.max(1)
    }

    /// Time worked up to `now`, all cores together.
    fn note(&mut self, now: u64) {
        self.result.busy_ns += u64::from(self.running) * (now - self.noted);
        self.noted = now;
    }

    /// A batch begins.
    pub fn begin(&mut self, now: u64) {
        self.note(now);
        self.running += 1;
    }

    /// A batch ends.
    pub fn end(&mut self, now: u64) {
        self.note(now);
        self.running -= 1;
    }

    /// The process is gone: nothing runs any more.
    pub fn fall(&mut self, now: u64) {
        self.note(now);
        self.running = 0;
        self.line.clear();
    }

    /// Writes its load: the share of its cores that worked since the last report, half of it the mean before.
    pub fn write_report(&mut self, now: u64) {
        self.note(now);
        let load = self.cores.map(|cores| {
            let span = self.report.map_or(0, |r| now - r.0) as f64 * f64::from(cores);
            let busy = (self.result.busy_ns - self.reported_busy) as f64;
            let last = if span > 0.0 { 100.0 * busy / span } else { 0.0 };
            self.report.and_then(|r| r.1).map_or(last, |before| (before + last) / 2.0)
        });
        self.reported_busy = self.result.busy_ns;
        self.report = Some((now, load));
    }

    /// A lease is its own.
    pub fn hold(&mut self, shard: u32) -> bool {
        let place = self.held.binary_search(&shard);
        if let Err(i) = place {
            self.held.insert(i, shard);
        }
        self.result.leases_max = self.result.leases_max.max(self.held.len() as u64);
        place.is_err()
    }

    /// A lease is not.
    pub fn let_go(&mut self, shard: u32) {
        if let Ok(i) = self.held.binary_search(&shard) {
            self.held.remove(i);
        }
    }

    /// Metrics sent up to `now`: so many calls every ten seconds as its leases need.
    pub fn note_metrics(&mut self, now: u64, per_call: u64) {
        let metrics = facts::METRICS_SHARD.count() * self.held.len() as u64 + facts::METRICS_WORKER.count();
        self.calls_ns += u128::from(now - self.metrics_at) * u128::from(metrics.div_ceil(per_call));
        self.metrics_at = now;
    }

    /// Calls it made to send its metrics, up to the last note.
    pub fn metric_calls(&self) -> u64 {
        (self.calls_ns / u128::from(facts::METRICS_BUFFER.dur().0)) as u64
    }

    /// What it has done up to `end`.
    pub fn summary(&self, end: u64) -> WorkerResult {
        let until = self.life.until.map(|u| u.0).filter(|u| *u <= end);
        let mut result = self.result.clone();
        result.until_ns = until;
        result.busy_ns += u64::from(self.running) * until.unwrap_or(end).saturating_sub(self.noted);
        result.leases_at_end = if until.is_some() { 0 } else { self.held.len() as u64 };
        result
    }
}
