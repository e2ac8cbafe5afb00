//! Lambda's event source mapping: polls each shard, gathers batches, and invokes the function with them.
//!
//! At AWS: the mapping reads each shard on its own, sends one batch at a time for each shard and lane, waits for the
//! function's answer, and tries a failed batch again before anything behind it; so a record that cannot be processed
//! blocks its shard or lane until its retries, its age or its retention end.
//! We model: each shard as a reader (`poller`), lanes (`lanes`) that gather (`invoke`, `window`), send and try again
//! (`retry`), and one set of execution environments for all (`concurrency`). A record is received when the function is
//! first invoked with it. Records packed by the KPL are not unpacked. Children of a reshard begin when their parents are
//! worked off.
//! We leave out: several mappings of one function; state of tumbling windows; provisioned pollers.
//! Sources: `facts::lambda`.

mod concurrency;
mod config;
mod invoke;
mod lanes;
mod poller;
mod retry;
mod shard;
mod window;

pub use config::LambdaConfig;

use super::Situation;
use super::config::{Happening, ProcessingConfig};
use super::work::Work;
use crate::api::{Application, Position, Stream};
use crate::measure::clients::{ClientResult, LambdaResult};
use crate::random::{LatencySampler, Seed};
use concurrency::Environments;
use poller::Reading;
use shard::Shard;
use std::collections::BTreeSet;

/// At work.
pub struct Lambda {
    common: Common,
    starts: u64,
    from: Position,
    begun: bool,
    /// By shard id.
    shards: Vec<Option<Box<Shard>>>,
    /// Shards worked off.
    finished: Vec<bool>,
    /// What is due, by moment and shard.
    calendar: BTreeSet<(u64, u32)>,
    due: Vec<u32>,
    /// (moment, position among the open shards) of records that cannot be processed.
    poison: Vec<(u64, u32)>,
    /// (shard, moment) of those in shards not begun yet.
    early: Vec<(u32, u64)>,
}

/// What all shards share.
pub struct Common {
    config: LambdaConfig,
    reading: Reading,
    processing: ProcessingConfig,
    failure_ppb: u64,
    /// (from, until) of outages.
    outages: Vec<(u64, u64)>,
    /// (from, until, factor) of slow spells.
    slow: Vec<(u64, u64, u64)>,
    /// Rows that may wait in a shard before it is read again.
    capacity: u64,
    environments: Environments,
    cold_start: LatencySampler,
    cold_starts: crate::random::Stream,
    seed: Seed,
    path: String,
    counts: LambdaResult,
    scratch: Scratch,
}

/// Columns of an answer, used again.
#[derive(Default)]
struct Scratch {
    marks: Vec<u16>,
    sizes: Vec<u32>,
    filtered: Vec<crate::api::Held>,
    too_large: Vec<crate::api::Held>,
}

impl Common {
    fn new(config: &LambdaConfig, situation: &Situation) -> Common {
        let path = format!("consumer/{}", situation.config.name);
        let lanes = u64::from(config.parallelization_factor.max(1));
        Common {
            config: config.clone(),
            reading: Reading::new(&situation.config.read),
            processing: situation.config.processing.clone(),
            failure_ppb: situation.config.failure_rate.0,
            outages: situation.outages(),
            slow: situation.slow_spells(),
            capacity: lanes * config.batch_size + config.read_ahead,
            environments: Environments::new(config.concurrency),
            cold_start: config.cold_start.sampler(),
            cold_starts: situation.seed.stream(&path, "cold_start"),
            seed: situation.seed,
            path,
            counts: LambdaResult {
                memory_bytes: config.memory.0,
                arm: config.arm,
                free_tier: config.free_tier,
                concurrency_limit: config.concurrency,
                ..LambdaResult::default()
            },
            scratch: Scratch::default(),
        }
    }

    /// The end of the outage that covers `at`, if any.
    fn outage_end(&self, at: u64) -> Option<u64> {
        self.outages.iter().filter(|o| o.0 <= at && at < o.1).map(|o| o.1).max()
    }

    fn lanes(&self) -> usize {
        self.config.parallelization_factor.max(1) as usize
    }

    fn work(&self, shard: u32) -> Work {
        let random = self.seed.numbered(&self.path, "processing", shard.into());
        Work::new(&self.processing, self.slow.clone(), self.failure_ppb, random)
    }
}

impl Lambda {
    /// Waits for its start.
    pub fn new(config: &LambdaConfig, situation: &Situation) -> Lambda {
        let starts = situation.config.starts;
        let poison = situation.happenings.iter().filter_map(|(at, what)| match what {
            Happening::PoisonRecord { open_index } => Some((*at, *open_index)),
            _ => None,
        });
        Lambda {
            common: Common::new(config, situation),
            starts: starts.at.0,
            from: starts.from,
            begun: false,
            shards: Vec::new(),
            finished: Vec::new(),
            calendar: BTreeSet::new(),
            due: Vec::new(),
            poison: poison.collect(),
            early: Vec::new(),
        }
    }

    /// LATEST begins on every shard there is; every other position on those without parents, and goes on to their
    /// children.
    fn begin(&mut self, stream: &mut dyn Stream) {
        self.begun = true;
        let latest = self.from == Position::Latest && stream.now() > 0;
        for id in 0..stream.shards().len() as u32 {
            let shard = &stream.shards()[id as usize];
            let (is_root, is_closed) = (shard.parents.is_empty(), shard.closed.is_some());
            if latest && is_closed {
                stream.begin(id, Position::Latest);
                self.finish(id, stream);
            } else if latest || is_root {
                self.begin_shard(id, self.from, true, stream);
            }
        }
    }

    fn begin_shard(&mut self, id: u32, from: Position, first: bool, stream: &mut dyn Stream) {
        let row = stream.begin(id, from);
        self.grow(id);
        let mut shard = Shard::new(id, row, stream.now(), first, &self.common);
        shard.poison.extend(self.early.iter().filter(|e| e.0 == id).map(|e| e.1));
        self.early.retain(|e| e.0 != id);
        self.common.counts.lanes += self.common.lanes() as u32;
        self.calendar.insert((shard.due, id));
        self.shards[id as usize] = Some(Box::new(shard));
    }

    fn grow(&mut self, id: u32) {
        let n = (id as usize + 1).max(self.shards.len());
        self.shards.resize_with(n, || None);
        self.finished.resize(n, false);
    }

    fn finish(&mut self, id: u32, stream: &mut dyn Stream) {
        stream.finish(id);
        self.grow(id);
        self.finished[id as usize] = true;
        self.shards[id as usize] = None;
    }

    /// A shard is worked off: its children begin, unless another parent is still read.
    fn finish_and_go_on(&mut self, id: u32, stream: &mut dyn Stream) {
        self.finish(id, stream);
        let is_done = |p: &u32| self.finished.get(*p as usize).copied().unwrap_or(false);
        let ready = |s: &&crate::record::Shard| s.parents.contains(&id) && s.parents.iter().all(is_done);
        let children: Vec<u32> = stream.shards().iter().filter(ready).map(|s| s.id).collect();
        let from = if self.from == Position::Latest { Position::TrimHorizon } else { self.from };
        for child in children {
            self.begin_shard(child, from, false, stream);
        }
    }

    /// Which shard a bad record comes to is known once its moment has passed.
    fn place_poison(&mut self, stream: &dyn Stream) {
        let now = stream.now();
        while let Some(&(at, open_index)) = self.poison.first().filter(|p| p.0 <= now) {
            self.poison.remove(0);
            let Some(id) = crate::record::Shard::nth_open(stream.shards(), open_index, at) else { continue };
            match self.shards.get_mut(id as usize) {
                Some(Some(shard)) => shard.poison.push(at),
                _ => self.early.push((id, at)),
            }
        }
    }

    /// Shards that are due, in order of their ids.
    fn take_due(&mut self, now: u64) {
        self.due.clear();
        while let Some(&(_, id)) = self.calendar.first().filter(|d| d.0 <= now) {
            self.calendar.pop_first();
            self.due.push(id);
        }
        self.due.sort_unstable();
    }

    fn act_on_due(&mut self, stream: &mut dyn Stream) {
        let due = std::mem::take(&mut self.due);
        // What ends gives its environment back before anything begins.
        for id in &due {
            if let Some(shard) = &mut self.shards[*id as usize] {
                shard.complete(stream, &mut self.common);
            }
        }
        for &id in &due {
            let Some(shard) = &mut self.shards[id as usize] else { continue };
            shard.go_on(stream, &mut self.common);
            if shard.is_done() {
                self.finish_and_go_on(id, stream);
            } else {
                self.calendar.insert((shard.due, id));
            }
        }
        self.due = due;
    }
}

impl Application for Lambda {
    fn next(&self) -> u64 {
        match self.begun {
            false => self.starts,
            true => self.calendar.first().map_or(u64::MAX, |d| d.0),
        }
    }

    fn act(&mut self, stream: &mut dyn Stream) {
        let now = stream.now();
        if self.next() > now {
            return;
        }
        if !self.begun {
            self.begin(stream);
        }
        self.place_poison(stream);
        while self.calendar.first().is_some_and(|d| d.0 <= now) {
            self.take_due(now);
            self.act_on_due(stream);
        }
    }

    fn result(&self, end: u64) -> ClientResult {
        let environments = &self.common.environments;
        let mut counts = self.common.counts.clone();
        counts.busy_ns = environments.busy_ns(end);
        counts.concurrency_max = environments.busy_max();
        counts.cold_starts = environments.started();
        for shard in self.shards.iter().flatten() {
            shard.count_blocked(end, &mut counts);
        }
        ClientResult::Lambda(Box::new(counts))
    }
}
