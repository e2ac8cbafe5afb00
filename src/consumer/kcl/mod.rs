//! A Kinesis Client Library application, 1.x, 2.x and 3.x: workers share the shards by leases in a table.
//!
//! At AWS: each shard has a lease, a row of a DynamoDB table with owner, counter and checkpoint. A worker renews its
//! leases by moving their counters; a lease whose counter stands still for the failover time is free. In 1.x and 2.x
//! every worker takes and steals leases for itself; in 3.x a leader assigns them by load, and a lease on its way is
//! handed over in good order. A processor reads a shard, hands each answer to the user's code, and checkpoints.
//! We model: the lease table with every request (`leases`), taking (`taking`), the leader (`leader`), workers' lives
//! (`fleet`) and cores (`worker`), processors (`feed`) with reading ahead, one batch at a time, checkpoints,
//! children after their parents, subscriptions made again when they are silent for a minute, the overlap of an old owner that does not know yet, batches that fail and are
//! skipped, duplicates from the last checkpoint on. A new owner of a lease that was never checkpointed begins at the
//! initial position again: with LATEST, what came in between is skipped, as with the real library.
//! We leave out: latency of the lease table; the seconds a new processor takes to initialise; repairs of holes in the
//! lease table (none arise); multi-stream applications.
//! Sources: `facts::kcl`.

mod begin;
pub mod config;
mod counting;
mod feed;
mod fleet;
mod holding;
mod leader;
mod leases;
mod leasing;
mod processing;
mod reading;
mod taking;
#[cfg(test)]
mod tests;
mod worker;

use super::Situation;
use super::config::{ConsumerConfig, Happening, ReadConfig};
use crate::api::{Application, Position, Stream};
use crate::facts::kcl as facts;
use crate::measure::clients::{ClientResult, Failovers, KclResult, LeaseMoves};
use crate::random::{LatencySampler, Seed};
use crate::record::Shard;
use config::{Checkpoint, KclConfig, Version};
use feed::{Feed, Processor};
use leases::Leases;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use worker::Worker;

pub use leasing::Owner;

/// What is due. At one moment: ends and starts of workers, then what is done, then what is begun; one kind after the
/// other, shard after shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// A worker ends.
    End,
    /// A worker begins.
    Begin,
    /// A record is poisoned.
    Poison,
    /// Subscriptions fall silent.
    Silence,
    /// A batch is done.
    BatchDone,
    /// An answer to GetRecords arrives.
    Arrival,
    /// A worker that waits looks whether there are leases by now.
    Look,
    /// A worker renews its leases.
    Renew,
    /// A worker writes its load (3.x).
    Report,
    /// A worker takes leases (1.x, 2.x).
    Take,
    /// A worker looks whether it is the leader, and assigns leases if so (3.x).
    Assign,
    /// A worker looks which leases are its own (3.x).
    Discover,
    /// The leader looks for holes.
    Audit,
    /// A worker looks who leads the shard sync (2.x).
    SyncLook,
    /// A processor begins.
    Launch,
    /// A processor reads.
    Read,
    /// A subscription is made again.
    Resubscribe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: u64,
    what: What,
    shard: u32,
    worker: u32,
    slot: u32,
    stamp: u32,
}

/// Intervals and limits, worked out once.
struct Rules {
    feed: Feed,
    idle: u64,
    rows: u64,
    bytes: u64,
    latency: Option<LatencySampler>,
    resubscribe: u64,
    renew: u64,
    take: u64,
    assign: u64,
    discover: u64,
    /// How often a worker looks for leases without a processor.
    dispatch: u64,
    failover: u64,
    metrics_per_call: u64,
}

/// The leader's lock.
#[derive(Clone, Copy, Debug)]
struct Lock {
    holder: u32,
    since: u64,
    /// Free from then on.
    free: u64,
}

/// A record that cannot be processed.
#[derive(Clone, Copy, Debug)]
struct Poison {
    at: u64,
    open_index: u32,
    shard: Option<u32>,
    row: Option<u64>,
}

/// At work.
pub struct Kcl {
    config: KclConfig,
    consumer: ConsumerConfig,
    seed: Seed,
    path: String,
    rules: Rules,
    slow: Vec<(u64, u64, u64)>,
    poisons: Vec<Poison>,
    workers: Vec<Worker>,
    table: Leases,
    lock: Option<Lock>,
    processors: Vec<Processor>,
    free: Vec<u32>,
    /// What workers do, and what happens to them.
    due: BinaryHeap<Reverse<Event>>,
    /// What processors do between.
    turns: BinaryHeap<Reverse<Event>>,
    /// Moments of the records of one batch.
    done: Vec<u64>,
    /// Shards, for loops that change leases.
    scratch: Vec<u32>,
    moves: LeaseMoves,
    failovers: Failovers,
    silences: Failovers,
    failed_batches: u64,
    /// Leases × ns up to a moment, and how many there are since.
    lease_ns: u128,
    leases_noted: u64,
    lead_beats: u64,
    /// Records are carried elsewhere, and processors read nothing.
    elsewhere: bool,
    /// A processor began or ended.
    changed: bool,
}

impl Kcl {
    /// Waits for its start.
    pub fn new(config: &KclConfig, situation: &Situation) -> Kcl {
        let consumer = situation.config.clone();
        let path = format!("consumer/{}", consumer.name);
        let mut draws = situation.seed.stream(&path, "fleet");
        let lives = fleet::lives(
            (config.workers, config.keeps_worker_ids),
            consumer.starts.at.0,
            situation.happenings,
            &mut draws,
        );
        let worker = |(i, life): (usize, &fleet::Life)| {
            Worker::new(*life, config.cores, situation.seed.numbered(&path, "worker", i as u64))
        };
        let mut kcl = Kcl {
            rules: rules(config, &consumer),
            workers: lives.iter().enumerate().map(worker).collect(),
            slow: situation.slow_spells(),
            poisons: poisons(situation.happenings),
            config: config.clone(),
            consumer,
            seed: situation.seed,
            path,
            table: Leases::default(),
            lock: None,
            processors: Vec::new(),
            free: Vec::new(),
            due: BinaryHeap::new(),
            turns: BinaryHeap::new(),
            done: Vec::new(),
            scratch: Vec::new(),
            moves: LeaseMoves::default(),
            failovers: Failovers::default(),
            silences: Failovers::default(),
            failed_batches: 0,
            lease_ns: 0,
            leases_noted: 0,
            lead_beats: 0,
            elsewhere: false,
            changed: false,
        };
        kcl.arrange(&lives, situation.happenings);
        kcl
    }

    fn arrange(&mut self, lives: &[fleet::Life], happenings: &[(u64, Happening)]) {
        for (i, life) in lives.iter().enumerate() {
            self.plan(life.from, What::Begin, i as u32);
            if let Some((until, _)) = life.until {
                self.plan(until, What::End, i as u32);
            }
        }
        for i in 0..self.poisons.len() {
            self.plan(self.poisons[i].at, What::Poison, i as u32);
        }
        let silences = happenings.iter().filter(|h| h.1 == Happening::SilentSubscriptions);
        silences.for_each(|h| self.plan(h.0, What::Silence, 0));
        if self.config.version > Version::V1 {
            self.plan(self.consumer.starts.at.0.saturating_add(facts::AUDIT.dur().0), What::Audit, 0);
        }
    }

    /// Something of a worker's own.
    fn plan(&mut self, at: u64, what: What, worker: u32) {
        self.due.push(Reverse(Event { at, what, shard: 0, worker, slot: 0, stamp: 0 }));
    }

    /// Something of a processor's.
    fn plan_for(&mut self, at: u64, what: What, slot: u32) {
        let p = &self.processors[slot as usize];
        self.turns.push(Reverse(Event { at, what, shard: p.shard, worker: p.worker, slot, stamp: p.stamp }));
    }

    /// What comes next, and whose it is.
    fn first(&self) -> Option<Event> {
        // The other way round: the least comes first.
        self.due.peek().max(self.turns.peek()).map(|e| e.0)
    }

    fn take_first(&mut self, until: u64) -> Option<Event> {
        let first = self.first().filter(|e| e.at <= until)?;
        let is_turn = self.turns.peek().is_some_and(|e| e.0 == first);
        if is_turn {
            self.turns.pop()
        } else {
            self.due.pop()
        };
        Some(first)
    }

    fn turn(&mut self, e: Event, stream: &mut dyn Stream) {
        let w = e.worker;
        match e.what {
            What::End => return self.end_worker(w, e.at, stream),
            What::Begin => return self.begin_worker(w, e.at, stream),
            What::Poison => return self.poison(w as usize, stream),
            What::Silence => return self.fall_silent(e.at),
            What::Audit => return self.audit(e.at),
            What::BatchDone | What::Arrival | What::Read | What::Resubscribe => {
                return self.processor_turn(e, stream);
            }
            _ if !self.workers[w as usize].lives(e.at) => return,
            What::Look => return self.look_for_leases(w, e.at, stream),
            What::Launch => return self.launch(w, e.shard, stream),
            What::Renew => self.renew(w, e.at, stream),
            What::Report => self.report(w, e.at),
            What::Take => self.take(w, e.at),
            What::Assign => self.assign(w, e.at),
            What::Discover => self.discover(w, e.at),
            What::SyncLook => self.table.scan(),
        }
        let period = self.period(e.what);
        self.plan(e.at + period, e.what, w);
    }

    /// How often a worker does something.
    fn period(&self, what: What) -> u64 {
        match what {
            What::Renew => self.rules.renew,
            What::Take => self.rules.take,
            What::Assign => self.rules.assign,
            What::Discover => self.rules.discover,
            What::Report => facts::LOAD_REPORT.dur().0,
            _ => facts::SHARD_SYNC_SCAN.dur().0,
        }
    }

    fn processor_turn(&mut self, e: Event, stream: &mut dyn Stream) {
        if self.processors[e.slot as usize].stamp != e.stamp {
            return;
        }
        match e.what {
            What::BatchDone => self.batch_done(e.slot, e.at, stream),
            What::Arrival => self.arrive(e.slot, e.at, stream),
            What::Read => self.read(e.slot, e.at, stream),
            _ => self.resubscribe(e.slot, e.at, stream),
        }
    }

    /// The first shard's record stored from the moment on is poisoned.
    fn poison(&mut self, i: usize, stream: &mut dyn Stream) {
        let now = stream.now();
        self.poisons[i].shard = Shard::nth_open(stream.shards(), self.poisons[i].open_index, now);
    }

    fn audit(&mut self, now: u64) {
        if self.table.written && self.workers.iter().any(|w| w.lives(now)) {
            self.table.scan();
        }
        self.plan(now + facts::AUDIT.dur().0, What::Audit, 0);
    }

    /// The number of leases is about to change.
    fn note_leases(&mut self, now: u64) {
        if now > self.leases_noted {
            self.lease_ns += u128::from(now - self.leases_noted) * u128::from(self.table.open_count());
            self.leases_noted = now;
        }
    }
}

impl Application for Kcl {
    fn next(&self) -> u64 {
        self.first().map_or(u64::MAX, |e| e.at)
    }

    fn act(&mut self, stream: &mut dyn Stream) {
        let now = stream.now();
        while let Some(event) = self.take_first(now) {
            self.turn(event, stream);
        }
    }

    fn result(&self, end: u64) -> ClientResult {
        let workers: Vec<_> =
            self.workers.iter().filter(|w| w.life.from < end).map(|w| w.summary(end)).collect();
        let lived = |w: &crate::measure::clients::WorkerResult| {
            u128::from(w.until_ns.unwrap_or(end).min(end) - w.from_ns.min(end))
        };
        let worker_ns: u128 = workers.iter().map(lived).sum();
        let app_ns = u128::from(end.saturating_sub(self.consumer.starts.at.0));
        let lease_ns = self.lease_ns
            + u128::from(end.saturating_sub(self.leases_noted)) * u128::from(self.table.open_count());
        let mut table = self.table.requests.clone();
        table.reports += self.lead_beats + self.lock.map_or(0, |l| beats(l, end));
        ClientResult::Kcl(Box::new(KclResult {
            version: self.config.version.word(),
            metric_ns: lease_ns * u128::from(facts::METRICS_SHARD.count())
                + worker_ns * u128::from(facts::METRICS_WORKER.count())
                + app_ns * u128::from(facts::METRICS_APPLICATION.count()),
            metric_calls: self.workers.iter().map(Worker::metric_calls).sum(),
            workers,
            table,
            moves: self.moves.clone(),
            failovers: self.failovers.clone(),
            silences: self.silences.clone(),
            orphans: self.table.open().filter(|l| l.orphaned.is_some()).count() as u64,
            failed_batches: self.failed_batches,
            lease_ns,
        }))
    }
}

/// Heartbeats of a leader up to `now`.
fn beats(lock: Lock, now: u64) -> u64 {
    let until = if lock.free == u64::MAX { now } else { now.min(lock.free) };
    until.saturating_sub(lock.since) / facts::LEADER_HEARTBEAT.dur().0
}

fn rules(config: &KclConfig, consumer: &ConsumerConfig) -> Rules {
    let (failover, epsilon) = (config.failover_time.0, facts::EPSILON.dur().0);
    let assign = failover.saturating_mul(facts::ASSIGN.count()).max(1);
    let mut rules = Rules {
        feed: config.prefetch.map_or(Feed::InTurn, Feed::Ahead),
        idle: 0,
        rows: facts::MAX_RECORDS.count(),
        bytes: u64::MAX,
        latency: None,
        resubscribe: 0,
        renew: (failover / 3).saturating_sub(epsilon).max(1),
        take: failover.saturating_add(epsilon).saturating_mul(2),
        discover: (assign / 2).saturating_sub(epsilon).max(1),
        assign,
        dispatch: facts::DISPATCH.dur().0,
        failover,
        metrics_per_call: match config.version {
            Version::V1 => facts::METRICS_CALL_V1.count(),
            _ => facts::METRICS_CALL.count(),
        },
    };
    match &consumer.read {
        ReadConfig::Polling(p) => {
            rules.idle = p.interval.0;
            rules.latency = Some(p.call_latency.sampler());
            (rules.rows, rules.bytes) = (p.limit.into(), p.max_bytes.0);
            // A loop of 1.x over its shards rests as long as a shard that is idle.
            if config.version == Version::V1 {
                rules.dispatch = p.interval.0.max(1);
            }
        }
        ReadConfig::FanOut(f) => {
            rules.feed = Feed::Pushed;
            rules.resubscribe = f.renew_every.0.max(1);
        }
    }
    rules
}

fn poisons(happenings: &[(u64, Happening)]) -> Vec<Poison> {
    let poisons = happenings.iter().filter_map(|(at, what)| match what {
        Happening::PoisonRecord { open_index } => {
            Some(Poison { at: *at, open_index: *open_index, shard: None, row: None })
        }
        _ => None,
    });
    poisons.collect()
}
