//! Consumers from step to step: level with their shards, or behind with a backlog of their own on each.

use super::delays::Delays;
use super::fifo::Fifo;
use super::fleets::{Fleet, News};
use super::sample::Sample;
use super::speed::{Company, Pace, pace, turns};
use super::workers::{Cost, shares};
use crate::api::Position;
use crate::consumer::config::{ApplicationConfig, ConsumerConfig, Happening, ReadConfig};
use crate::facts::data_streams::RETENTION_EXTENDED_END;
use crate::stream::config::ReadLimits;
use crate::stream::routing::ShardMap;
use std::collections::BTreeMap;

/// What a shard takes in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inflow {
    /// Records per second.
    pub records: f64,
    /// Bytes per second.
    pub bytes: f64,
}

/// One consumer.
pub struct Reader {
    /// (from, until) of outages.
    pub outages: Vec<(u64, u64)>,
    /// (from, until, factor) of slow spells.
    slow: Vec<(u64, u64, u64)>,
    /// The workers who read for it, where it is a KCL application.
    pub fleet: Option<Fleet>,
    /// Backlogs by shard.
    pub behind: BTreeMap<u32, Fifo>,
    /// When the last backlog was worked off, ns.
    pub level_at: f64,
    /// Unread by a reader that keeps level.
    pub level_unread: f64,
    /// Delivered so far.
    pub delivered: f64,
    /// Passed by retention.
    pub lost: f64,
    /// Stored before it began.
    pub before_start: f64,
    /// Given up by workers who lost their place.
    pub skipped: f64,
    /// Delivered again because nobody had saved it.
    pub again: f64,
    /// Bytes delivered, repeated ones included, and those older than seven days.
    pub read_bytes: f64,
    /// Of records older than seven days.
    pub long_term: f64,
    /// Largest iterator age seen.
    pub age_max: u64,
}

/// What a step does to a consumer.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Delivered while level with the shard.
    pub level: f64,
    /// Delivered out of a backlog.
    pub late: f64,
    /// Waits of the late ones, ns.
    pub waits: Delays,
    /// Age of the oldest unread at the end.
    pub age: Option<u64>,
    /// Calls on shards that are behind.
    pub late_calls: f64,
    /// Shards that are behind and read.
    pub late_shards: f64,
    /// Pace of the busiest backlog.
    pub pace: Pace,
    /// Open shards that nobody reads.
    pub unread_shards: f64,
    /// What workers have done, by shard.
    pub worked: Vec<(u32, f64)>,
}

impl Reader {
    /// A consumer, and what will happen to it.
    pub fn new(happenings: &[(u64, Happening)], fleet: Option<Fleet>) -> Reader {
        let (mut outages, mut slow) = (Vec::new(), Vec::new());
        for &(at, what) in happenings {
            match what {
                Happening::Outage { lasting } => outages.push((at, at.saturating_add(lasting.0))),
                Happening::Slowdown { factor, lasting } => {
                    slow.push((at, at.saturating_add(lasting.0), u64::from(factor)));
                }
                _ => {}
            }
        }
        Reader {
            outages,
            slow,
            fleet,
            behind: BTreeMap::new(),
            level_at: 0.0,
            level_unread: 0.0,
            delivered: 0.0,
            lost: 0.0,
            before_start: 0.0,
            skipped: 0.0,
            again: 0.0,
            read_bytes: 0.0,
            long_term: 0.0,
            age_max: 0,
        }
    }

    /// Does it read at `t`?
    pub fn reads(&self, config: &ConsumerConfig, t: u64) -> bool {
        // In an outage a fleet has no workers.
        let is_away = self.fleet.is_none() && self.outages.iter().any(|o| o.0 <= t && t < o.1);
        t >= config.starts.at.0 && !is_away
    }

    /// Does anybody read this shard?
    fn reads_shard(&self, shard: u32) -> bool {
        self.fleet.as_ref().is_none_or(|fleet| fleet.owner(shard).is_some())
    }

    /// How many times slower it works at `t`.
    pub fn slowness(&self, t: u64) -> u64 {
        self.slow.iter().filter(|s| s.0 <= t && t < s.1).map(|s| s.2).max().unwrap_or(1)
    }

    /// Does something happen to it at `t`?
    pub fn changed(&self, config: &ConsumerConfig, t: u64) -> bool {
        t > 0 && self.changes(config, t - 1) == t
    }

    /// When something next happens to it after `t`.
    pub fn changes(&self, config: &ConsumerConfig, t: u64) -> u64 {
        let edges = self.outages.iter().flat_map(|o| [o.0, o.1]);
        let slow = self.slow.iter().flat_map(|s| [s.0, s.1]);
        let all = edges.chain(slow).chain([config.starts.at.0]);
        all.filter(|at| *at > t).min().unwrap_or(u64::MAX)
    }

    /// Records it has not read, backlogs only.
    pub fn backlog(&self) -> f64 {
        self.behind.values().map(|f| f.records).sum()
    }
}

/// Consumers that poll at `t`.
pub fn pollers(configs: &[ConsumerConfig], readers: &[Reader], t: u64) -> Vec<usize> {
    let polls =
        |c: &usize| matches!(configs[*c].read, ReadConfig::Polling(_)) && readers[*c].reads(&configs[*c], t);
    (0..readers.len()).filter(polls).collect()
}

/// All consumers of the stream in one step.
pub struct Reading<'a> {
    /// As written.
    pub configs: &'a [ConsumerConfig],
    /// The shards' read limits.
    pub limits: &'a ReadLimits,
    /// Shards.
    pub map: &'a ShardMap,
    /// Which stand shows each open shard.
    pub sample: &'a Sample,
    /// Offered per second, by producer.
    pub offered: &'a [f64],
    /// Place of each shard among the open ones, by id (`usize::MAX`: closed).
    pub place: &'a [usize],
    /// Pollers that read now.
    pub pollers: &'a [usize],
    /// What each stand takes in.
    pub stands: &'a [Inflow],
    /// Retention, ns.
    pub retention: u64,
    /// The step, ns.
    pub from: u64,
    /// Its end.
    pub to: u64,
    /// Bytes of a record on average.
    pub size: f64,
}

impl Reading<'_> {
    fn seconds(&self) -> f64 {
        (self.to - self.from) as f64 / 1e9
    }

    /// What the open shard at place `at` takes in.
    fn inflow(&self, at: usize) -> Inflow {
        let (stand, shares) = &self.sample.shown[at];
        let inflow = self.stands[*stand];
        let weight = |shares: &[f64]| shares.iter().zip(self.offered).map(|(s, r)| s * r).sum::<f64>();
        let own = weight(&self.sample.stands[*stand].shares);
        let scale = if self.sample.whole || own <= 0.0 { 1.0 } else { weight(shares) / own };
        Inflow { records: inflow.records * scale, bytes: inflow.bytes * scale }
    }

    /// The pace of consumer `c` on a shard with this inflow; `shard`: where others may be behind.
    fn pace(&self, readers: &[Reader], c: usize, inflow: Inflow, shard: Option<u32>) -> Pace {
        let others = self.pollers.iter().filter(|o| **o != c);
        let is_behind = |o: usize| shard.is_some_and(|s| readers[o].behind.contains_key(&s));
        let hungry = others.clone().filter(|o| is_behind(**o)).count();
        let calm = others.count() - hungry;
        let company = Company {
            calls_per_s: self.pollers.iter().map(|o| turns(&self.configs[*o])).sum(),
            calm_bytes_per_s: calm as f64 * inflow.bytes,
            hungry: hungry as f64 + 1.0,
        };
        let slower = readers[c].slowness(self.from) as f64;
        let size = if inflow.records > 0.0 { inflow.bytes / inflow.records } else { self.size };
        pace(&self.configs[c], slower, size, self.limits, company)
    }

    /// Can it not keep level with some of the stands' shards?
    fn too_slow(&self, readers: &[Reader], c: usize) -> Vec<bool> {
        self.stands
            .iter()
            .map(|inflow| self.pace(readers, c, *inflow, None).records < inflow.records)
            .collect()
    }

    /// Consumer `c` over the step, of `stored` records in all; a level reader has `unread` at its end.
    pub fn step(&self, readers: &mut [Reader], c: usize, stored: f64, unread: f64) -> Step {
        let config = &self.configs[c];
        let mut step = Step::default();
        if self.from < config.starts.at.0 {
            self.wait_to_begin(&mut readers[c], config, stored);
            return step;
        }
        let reads = readers[c].reads(config, self.from);
        let slow = if reads { self.too_slow(readers, c) } else { vec![true; self.stands.len()] };
        let shares = self.shares(readers, c);
        let mut waiting = 0.0;
        if slow.contains(&true) || !readers[c].behind.is_empty() || readers[c].fleet.is_some() {
            for (at, &id) in self.map.open().iter().enumerate() {
                let (reader, records) = (&mut readers[c], self.inflow(at).records * self.seconds());
                let is_slow = slow[self.sample.shown[at].0] || shares.get(&id).is_some_and(|s| *s < records);
                let is_read = reader.reads_shard(id);
                step.unread_shards += f64::from(u8::from(!is_read));
                if is_read && !is_slow && !reader.behind.contains_key(&id) {
                    if reader.fleet.is_some() {
                        step.worked.push((id, records));
                    }
                    continue;
                }
                waiting += records;
                if reader.fleet.as_ref().is_some_and(|f| !f.has_begun(id)) && !self.holds(config) {
                    reader.before_start += records;
                    continue;
                }
                reader.behind.entry(id).or_default().push(self.from as f64, self.to as f64, records);
            }
            self.work_off(readers, c, reads, &shares, &mut step);
        }
        let reader = &mut readers[c];
        if reads {
            // What a level reader has not read yet changes with the rate.
            let unread = unread * (1.0 - waiting / stored.max(1e-9)).max(0.0);
            let level = (stored - waiting + reader.level_unread - unread).max(0.0);
            reader.level_unread += stored - waiting - level;
            step.level = level;
            step.age = step.age.or(Some(0));
        }
        reader.delivered += step.level + step.late;
        reader.age_max = reader.age_max.max(step.age.unwrap_or(0));
        step
    }

    /// What workers with few cores get done of each shard.
    fn shares(&self, readers: &[Reader], c: usize) -> BTreeMap<u32, f64> {
        let config = &self.configs[c];
        let (Some(fleet), ApplicationConfig::Kcl(kcl)) = (&readers[c].fleet, &config.client) else {
            return BTreeMap::new();
        };
        let Some(cores) = kcl.cores else { return BTreeMap::new() };
        let pace_at = |inflow: Inflow| self.pace(readers, c, inflow, None);
        let mut wanted = Vec::new();
        let mut cost = Cost { record: 0.0, call: 0.0, batch: 1.0 };
        for (at, &id) in self.map.open().iter().enumerate() {
            let inflow = self.inflow(at);
            let pace = pace_at(inflow);
            cost = Cost { record: pace.per_record, call: pace.per_call, batch: pace.batch };
            let waits = readers[c].behind.get(&id).map_or(0.0, |f| f.records);
            let can = pace.records.max(inflow.records) * self.seconds();
            wanted.push((id, (waits + inflow.records * self.seconds()).min(can)));
        }
        let closed = readers[c].behind.iter().filter(|(id, _)| self.place[**id as usize] == usize::MAX);
        let can = pace_at(Inflow::default()).records * self.seconds();
        wanted.extend(closed.map(|(id, f)| (*id, f.records.min(can))));
        shares(fleet, f64::from(cores) * (self.to - self.from) as f64, cost, &wanted)
    }

    /// Shards have changed hands: what was not saved is done again, and what no one remembers is skipped.
    pub fn change_hands(&self, reader: &mut Reader, news: &News) {
        let inflow = |shard: u32| match self.place[shard as usize] {
            usize::MAX => Inflow::default(),
            at => self.inflow(at),
        };
        for (shard, ns) in &news.again {
            reader.again += inflow(*shard).records * *ns as f64 / 1e9;
        }
        for shard in &news.skipped {
            reader.skipped += reader.behind.remove(shard).map_or(0.0, |f| f.records);
        }
    }

    /// Are records that are stored now read by a consumer that begins later?
    fn holds(&self, config: &ConsumerConfig) -> bool {
        match config.starts.from {
            Position::TrimHorizon => true,
            Position::AtTimestamp(time) => self.from >= time,
            Position::Latest | Position::AtRow(_) => false,
        }
    }

    fn wait_to_begin(&self, reader: &mut Reader, config: &ConsumerConfig, stored: f64) {
        if !self.holds(config) {
            reader.before_start += stored;
            return;
        }
        for (at, &id) in self.map.open().iter().enumerate() {
            let records = self.inflow(at).records * self.seconds();
            reader.behind.entry(id).or_default().push(self.from as f64, self.to as f64, records);
        }
        self.forget(reader);
    }

    /// What retention passes is lost.
    fn forget(&self, reader: &mut Reader) {
        let horizon = self.to.saturating_sub(self.retention) as f64;
        let lost: f64 = reader.behind.values_mut().map(|f| f.drop_before(horizon)).sum();
        reader.lost += lost;
        reader.behind.retain(|_, f| f.records > 0.0);
    }

    fn work_off(
        &self,
        readers: &mut [Reader],
        c: usize,
        reads: bool,
        shares: &BTreeMap<u32, f64>,
        step: &mut Step,
    ) {
        let (from, to) = (self.from as f64, self.to as f64);
        self.forget(&mut readers[c]);
        if !reads {
            return;
        }
        let ids: Vec<u32> = readers[c].behind.keys().copied().collect();
        for id in ids {
            let shard = &self.map.shards()[id as usize];
            let waits = shard.parents.iter().any(|p| readers[c].behind.contains_key(p));
            if waits || !readers[c].reads_shard(id) {
                continue;
            }
            let inflow = match self.place[id as usize] {
                usize::MAX => Inflow::default(),
                at => self.inflow(at),
            };
            let pace = self.pace(readers, c, inflow, Some(id));
            let reader = &mut readers[c];
            let Some(fifo) = reader.behind.get_mut(&id) else { continue };
            let before = fifo.records - inflow.records * self.seconds();
            let (mut long, size) = (0.0, self.size);
            let most = shares.get(&id).copied().unwrap_or(f64::MAX).min(pace.records * self.seconds());
            let taken = fifo.pull(from, to, most, |left| {
                step.waits.add_even(left.first, left.last, left.records);
                if left.last > LONG_TERM_NS {
                    long += left.records * size;
                }
            });
            reader.long_term += long;
            step.late += taken;
            if reader.fleet.is_some() {
                step.worked.push((id, taken));
            }
            step.late_calls += taken / pace.batch;
            step.late_shards += 1.0;
            step.pace = pace;
            if fifo.records <= 0.0 {
                let rate = (pace.records - inflow.records).max(1e-9);
                reader.level_at = reader.level_at.max((from + before.max(0.0) / rate * 1e9).min(to));
                reader.behind.remove(&id);
            } else {
                let age = (to - fifo.oldest().unwrap_or(to)).max(0.0) as u64;
                step.age = step.age.max(Some(age));
            }
        }
        if step.age.is_none() {
            step.age = Some(0);
        }
    }
}

const LONG_TERM_NS: f64 = RETENTION_EXTENDED_END.dur().0 as f64;
