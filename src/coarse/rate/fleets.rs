//! KCL applications: who reads which shard, from the library's own workers and leases.
//!
//! The workers take, lose and hand over leases at the same moments as record by record; between these a shard is read at
//! a rate, or by nobody. What a processor had worked on since its last checkpoint is done again by the next one.

use super::numbers::whole;
use super::readers::{Reader, Step};
use crate::api::{Batch, Done, Fate, Flow, Held, Hop, Most, Position, Pushed, Refused, Stream};
use crate::consumer::Situation;
use crate::consumer::config::{ApplicationConfig, ConsumerConfig, Happening, ReadConfig};
use crate::consumer::kcl::config::{Checkpoint, KclConfig};
use crate::consumer::kcl::{Kcl, Owner};
use crate::measure::clients::ClientResult;
use crate::random::{LatencySampler, Seed, Stream as Draws};
use crate::record::Shard;
use crate::stream::routing::ShardMap;
use crate::units::NS_PER_S;

/// Steps of a draw between none and one.
const SCATTER: u64 = 1 << 20;
/// Changes so soon after one another are one.
const TOGETHER: u64 = NS_PER_S / 20;

/// A KCL application.
pub struct Fleet {
    kcl: Kcl,
    /// Who reads each shard now, by id.
    owners: Vec<Option<Owner>>,
    /// What comes next, where the workers have been followed that far.
    ahead: Option<News>,
    /// Each shard's progress.
    progress: Vec<Progress>,
    /// A processor's calls, and its checkpoints, come so often, ns (0: as soon as there is something).
    every: (u64, u64),
    /// Where its calls keep to the rounds of its worker's loop: how soon their answers come, and the least time from one
    /// checkpoint to the next, ns.
    rounds: Option<(LatencySampler, u64)>,
    answers: Draws,
    /// Seen by the workers so far.
    seen: Seen,
    /// Work told of in fractions, by shard.
    rest: Vec<[f64; 2]>,
    scatter: Draws,
}

/// How far a shard is worked on.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Saved up to this moment (`None`: nobody has read it yet).
    saved: Option<u64>,
    /// Read until then, by one that is gone.
    read: u64,
    /// Whose processor that was: worker, and since when it read.
    last: Option<(u32, u64)>,
    /// The library's mark of the last save.
    mark: Option<u64>,
}

/// Shards change hands.
#[derive(Clone, Debug, Default)]
pub struct News {
    at: u64,
    owners: Vec<Option<Owner>>,
    /// What is done again: shard, and how long it had been worked on, ns.
    pub again: Vec<(u32, u64)>,
    /// Shards whose unread records are skipped.
    pub skipped: Vec<u32>,
}

/// What workers did to the stream.
#[derive(Debug, Default)]
struct Seen {
    begun: Vec<bool>,
    skipped: Vec<u32>,
    subscriptions: u64,
}

impl Fleet {
    /// The fleet of a KCL consumer.
    pub fn new(config: &ConsumerConfig, happenings: &[(u64, Happening)], seed: Seed) -> Option<Fleet> {
        let ApplicationConfig::Kcl(kcl) = &config.client else { return None };
        let situation = Situation { config, happenings, seed };
        Some(Fleet {
            kcl: Kcl::without_records(kcl, &situation),
            owners: Vec::new(),
            ahead: None,
            progress: Vec::new(),
            every: rhythm(config, kcl),
            rounds: rounds(config, kcl),
            answers: seed.stream(&format!("consumer/{}", config.name), "answers_of_rates"),
            seen: Seen::default(),
            rest: Vec::new(),
            scatter: seed.stream(&format!("consumer/{}", config.name), "scatter_of_rates"),
        })
    }

    /// Who reads a shard now.
    pub fn owner(&self, shard: u32) -> Option<Owner> {
        self.owners.get(shard as usize).copied().flatten()
    }

    /// Does the processor of a shard make its first call?
    pub fn has_just_begun(&self, shard: u32, now: u64) -> bool {
        self.owner(shard).is_some_and(|o| (now..=now + TOGETHER).contains(&o.since))
    }

    /// Has any processor ever begun a shard?
    pub fn has_begun(&self, shard: u32) -> bool {
        self.seen.begun.get(shard as usize).copied().unwrap_or(false)
    }

    /// Follows the workers from `from` to the next change, `to` at most; what has changed since the last call.
    pub fn advance(&mut self, from: u64, to: u64, shards: &[Shard]) -> (u64, News) {
        let mut news = News::default();
        loop {
            if self.ahead.is_none() {
                self.ahead = self.next_change(to, shards);
            }
            match self.ahead.take_if(|next| next.at <= from + TOGETHER) {
                Some(now) => {
                    news.again.extend(&now.again);
                    news.skipped.extend(&now.skipped);
                    self.owners = now.owners;
                }
                None => return (self.ahead.as_ref().map_or(to, |next| next.at.min(to)), news),
            }
        }
    }

    fn next_change(&mut self, until: u64, shards: &[Shard]) -> Option<News> {
        use crate::api::Application;
        while self.kcl.next() < until {
            let now = self.kcl.next();
            self.kcl.act(&mut Outlook { now, shards, seen: &mut self.seen });
            if self.kcl.has_changed() {
                return Some(self.look(now, shards.len()));
            }
        }
        None
    }

    /// Who reads what from `now` on, and what that does again.
    fn look(&mut self, now: u64, shards: usize) -> News {
        self.progress.resize(shards, Progress::default());
        let mut news = News { at: now, ..News::default() };
        let skipped = std::mem::take(&mut self.seen.skipped);
        for shard in 0..shards as u32 {
            let (old, new) = (self.owner(shard), self.kcl.owner(shard));
            news.owners.push(new);
            let mark = self.kcl.saves(shard);
            let who = |owner: Owner| (owner.worker, owner.since);
            let gone = old.filter(|old| new.map(who) != Some(who(*old)));
            let saved = gone.and_then(|old| self.last_save(old.since, now));
            let of = &mut self.progress[shard as usize];
            if let Some(old) = gone {
                (of.read, of.last) = (now, Some(who(old)));
                if mark > of.mark {
                    of.saved = Some(now);
                } else if saved.is_some() {
                    of.saved = saved;
                    self.kcl.has_saved(shard);
                }
            }
            of.mark = self.kcl.saves(shard);
            let begins = |new: &Owner| old.map(who) != Some(who(*new)) && of.last != Some(who(*new));
            if let Some(new) = new.filter(begins) {
                if of.mark.is_none() && skipped.contains(&shard) {
                    news.skipped.push(shard);
                    of.saved = None;
                } else if let Some(saved) = of.saved {
                    // What was received by the last call before the end.
                    let calls = of.read.saturating_sub(saved) / self.every.0.max(1);
                    news.again.push((shard, calls * self.every.0.max(1)));
                }
                // Until the new one saves, what its forerunner saved is where the next one would begin.
                of.saved.get_or_insert(new.since);
            }
        }
        news
    }

    /// Up to which call a processor that began to read at `since` has saved its progress before `now`.
    fn last_save(&mut self, since: u64, now: u64) -> Option<u64> {
        let (call, save) = (self.every.0.max(1), self.every.1.max(1));
        let Some((latency, span)) = &self.rounds else {
            let periods = (now - since) / save;
            return (periods > 0).then(|| since + periods * save);
        };
        // After so many rounds, when the first of them began is long forgotten.
        let known = now.saturating_sub(span.max(&call).saturating_mul(ROUNDS));
        let (mut saved, mut due) = (None, since.max(known).saturating_add(*span));
        while due < now {
            // An answer that comes sooner after its call than that of the last checkpoint did is a moment too early.
            let mut at = (due - (due - since) % call).max(saved.map_or(since, |at| at + call));
            let mut done = at + latency.draw(&mut self.answers);
            while done < due {
                at += call;
                done = at + latency.draw(&mut self.answers);
            }
            if done < now {
                saved = Some(at);
            }
            due = done.saturating_add(*span);
        }
        saved
    }

    /// A shard's reader has worked on records in a step of `ns`, and for so long.
    fn worked(&mut self, shard: u32, records: f64, bytes: f64, busy_ns: f64, ns: u64) {
        let Some(owner) = self.owner(shard) else { return };
        if self.rest.len() <= shard as usize {
            self.rest.resize(shard as usize + 1, [0.0; 2]);
        }
        let rest = &mut self.rest[shard as usize];
        let mut told = [0u64; 2];
        for ((rest, told), more) in rest.iter_mut().zip(&mut told).zip([records, busy_ns]) {
            *told = whole(*rest + more);
            *rest += more - *told as f64;
        }
        // Births scatter: no two workers have read quite the same.
        let scatter = (0..3).map(|_| self.scatter.below(SCATTER) as f64 / SCATTER as f64 - 0.5).sum::<f64>();
        let renewals = ns as f64 / self.kcl.renews_every() as f64;
        let of_one = (records / renewals).max(1.0);
        // Some renewals see one call's answer more than others.
        let calls = self.kcl.renews_every() as f64 / self.every.0.max(1) as f64;
        let more = (self.scatter.below(SCATTER) as f64) < calls.fract() * SCATTER as f64;
        let answers =
            if self.every.0 > 0 { (calls.floor() + f64::from(u8::from(more))) / calls } else { 1.0 };
        let seen = bytes / renewals * answers * (1.0 + 2.0 * scatter / of_one.sqrt()).max(0.0);
        self.kcl.worked(shard, owner.worker, told[0], seen as u64, told[1]);
    }

    /// All of a closed shard is read: its children's leases are written.
    pub fn reached_end(&mut self, shard: u32, now: u64, shards: &[Shard]) {
        self.kcl.reached_end(shard, now, &mut Outlook { now, shards, seen: &mut self.seen });
        if self.ahead.is_none() && self.kcl.has_changed() {
            self.ahead = Some(self.look(now, shards.len()));
        }
    }

    /// Subscriptions made since this was last asked.
    pub fn subscriptions(&mut self) -> u64 {
        std::mem::take(&mut self.seen.subscriptions)
    }

    /// What it counted up to `end`; `counts` are those of its processors.
    pub fn result(&self, end: u64, counts: &[f64]) -> ClientResult {
        use crate::api::Application;
        let mut result = self.kcl.result(end);
        if let ClientResult::Kcl(kcl) = &mut result {
            let of = |k: usize| counts.get(k).copied().map_or(0, whole);
            kcl.table.checkpoints += of(0);
            kcl.failed_batches += of(1);
        }
        result
    }
}

impl Reader {
    /// Workers of a fleet hear what they did in a step, and which shards are read to their end.
    pub fn tell_workers(
        &mut self,
        config: &ConsumerConfig,
        step: &Step,
        (from, to): (u64, u64),
        size: f64,
        map: &ShardMap,
    ) {
        let slower = self.slowness(from) as f64;
        let Some(fleet) = &mut self.fleet else { return };
        let record = config.processing.per_record.sampler().mean() * slower;
        let call = config.processing.per_call.sampler().mean() * slower;
        let calls = (to - from) as f64 / fleet.every.0.max(1) as f64;
        for (shard, records) in &step.worked {
            let others = fleet.owner(*shard).map_or(0, |o| o.others);
            self.again += records * f64::from(others);
            let busy = records * record + records.min(calls) * call;
            fleet.worked(*shard, *records, records * size, busy, to - from);
        }
        if map.shards().len() > map.open().len() {
            let closed = map.shards().iter().filter(|s| s.closed.is_some_and(|at| at <= from));
            for shard in closed.filter(|s| !self.behind.contains_key(&s.id)) {
                fleet.reached_end(shard.id, to, map.shards());
            }
        }
    }
}

/// How often a processor calls, and saves how far it is.
fn rhythm(config: &ConsumerConfig, kcl: &KclConfig) -> (u64, u64) {
    let call = match &config.read {
        ReadConfig::Polling(p) => match kcl.prefetch {
            None => p.interval.0,
            Some(_) => p.interval.0 + p.call_latency.sampler().mean() as u64,
        },
        ReadConfig::FanOut(_) => 0,
    };
    let save = match kcl.checkpoint {
        Checkpoint::EveryBatch => call,
        // With the first batch after that time.
        Checkpoint::Every(span) => (span.0 + 1).div_ceil(call.max(1)) * call.max(1),
        Checkpoint::AtShardEnd => u64::MAX,
    };
    (call, save)
}

/// So many checkpoints of one processor are followed one after another.
const ROUNDS: u64 = 1000;

/// How soon after its round of the worker's loop a call of 1.x is done, and how long after a checkpoint the next is due
/// (`None`: calls keep to no round, or every one is saved).
fn rounds(config: &ConsumerConfig, kcl: &KclConfig) -> Option<(LatencySampler, u64)> {
    match (&config.read, kcl.prefetch, kcl.checkpoint) {
        (ReadConfig::Polling(p), None, Checkpoint::Every(span)) => Some((p.call_latency.sampler(), span.0)),
        _ => None,
    }
}

/// From one call of a processor to the next, ns.
pub fn call_ns(config: &ConsumerConfig) -> u64 {
    match &config.client {
        ApplicationConfig::Kcl(kcl) => rhythm(config, kcl).0,
        _ => 0,
    }
}

/// Checkpoints of a shard that is behind.
pub fn saves(config: &ConsumerConfig, kcl: &KclConfig, batches: f64, ns: u64) -> f64 {
    match kcl.checkpoint {
        Checkpoint::EveryBatch => batches,
        _ => batches.min(ns as f64 / rhythm(config, kcl).1.max(1) as f64),
    }
}

/// The stream as workers see it whose processors read nothing.
struct Outlook<'a> {
    now: u64,
    shards: &'a [Shard],
    seen: &'a mut Seen,
}

const NOTHING_READ: &str = "processors read nothing here";

impl Stream for Outlook<'_> {
    fn now(&self) -> u64 {
        self.now
    }
    fn kept_since(&self) -> u64 {
        0
    }
    fn known_until(&self) -> u64 {
        self.now
    }
    fn shards(&self) -> &[Shard] {
        self.shards
    }
    fn begin(&mut self, shard: u32, _: Position) -> u64 {
        if self.seen.begun.len() <= shard as usize {
            self.seen.begun.resize(shard as usize + 1, false);
        }
        self.seen.begun[shard as usize] = true;
        0
    }
    fn row_since(&mut self, _: u32, from: u64, _: u64) -> u64 {
        from
    }
    fn drop_rows(&mut self, shard: u32, _: u64, _: u64, _: Fate) {
        self.seen.skipped.push(shard);
    }
    fn subscribed(&mut self, _: u32) {
        self.seen.subscriptions += 1;
    }
    fn keep_from(&mut self, _: u32, _: u64) {}
    fn finish(&mut self, _: u32) {}
    fn get_records(&mut self, _: u32, _: u64, _: Most) -> Result<Batch, Refused> {
        unreachable!("{NOTHING_READ}")
    }
    fn pushed(&mut self, _: u32, _: u64, _: Most) -> Pushed {
        unreachable!("{NOTHING_READ}")
    }
    fn flow(&mut self, _: u32, _: u64, _: u64) -> Flow {
        unreachable!("{NOTHING_READ}")
    }
    fn records(&mut self, _: u32, _: u64, _: u64) -> u64 {
        unreachable!("{NOTHING_READ}")
    }
    fn key_marks(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u16>) {
        unreachable!("{NOTHING_READ}")
    }
    fn key_bytes(&self) -> u32 {
        unreachable!("{NOTHING_READ}")
    }
    fn sizes(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u32>) {
        unreachable!("{NOTHING_READ}")
    }
    fn stored_at(&mut self, _: u32, _: u64) -> u64 {
        unreachable!("{NOTHING_READ}")
    }
    fn deliver(&mut self, _: u32, _: u64, _: u64, _: u64, _: Done) {
        unreachable!("{NOTHING_READ}")
    }
    fn take(&mut self, _: u32, _: u64) {
        unreachable!("{NOTHING_READ}")
    }
    fn hand_over(&mut self, _: u32, _: &[Held], _: bool) {
        unreachable!("{NOTHING_READ}")
    }
    fn deliver_some(&mut self, _: u32, _: &[Held], _: u64) {
        unreachable!("{NOTHING_READ}")
    }
    fn drop_some(&mut self, _: u32, _: &[Held], _: Fate) {
        unreachable!("{NOTHING_READ}")
    }
    fn stored(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u64>) {
        unreachable!("{NOTHING_READ}")
    }
    fn births(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u64>) {
        unreachable!("{NOTHING_READ}")
    }
    fn part_with(&mut self, _: u64, _: u64, _: Option<Fate>) {
        unreachable!("{NOTHING_READ}")
    }
    fn count_hops(&mut self, _: Hop, _: &[u64]) {
        unreachable!("{NOTHING_READ}")
    }
}
