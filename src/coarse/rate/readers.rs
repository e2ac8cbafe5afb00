//! Consumers from step to step: level with their shards, or behind with a backlog of their own on each.

use super::delays::Delays;
use super::fifo::Fifo;
use super::fleets::{self, Fleet};
use super::followed::Deed;
use super::numbers::add;
use super::speed::{Company, Pace, pace, turns};
use super::stands::Sample;
use super::taps::Tap;
use crate::api::{Fate, Position};
use crate::consumer::config::{ConsumerConfig, Happening, ReadConfig};
use crate::record::Shard;
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
    /// (moment, position among the open shards) of records that cannot be processed.
    poisons: Vec<(u64, u32)>,
    /// The workers who read for it, where it is a KCL application.
    pub fleet: Option<Fleet>,
    /// Where its records go, if it is a Firehose stream.
    pub tap: Option<Tap>,
    /// What that gave up.
    pub given_up: BTreeMap<Fate, f64>,
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
    /// Given up by a function because they were too old.
    pub too_old: f64,
    /// Delivered again because nobody had saved it.
    pub again: f64,
    /// By shard, since hands changed last.
    pub rewound: BTreeMap<u32, f64>,
    /// Bytes delivered, repeated ones included, and those older than seven days.
    pub read_bytes: f64,
    /// Of records older than seven days.
    pub long_term: f64,
    /// Most shards that were behind at once, and the longest wait there.
    pub behind_most: (f64, u64),
    /// Largest iterator age seen.
    pub age_max: u64,
}

/// What a step does to a consumer.
#[derive(Default)]
pub struct Step {
    /// Delivered while level with the shard.
    pub level: f64,
    /// Delivered out of a backlog.
    pub late: f64,
    /// Stored to received of the late ones, and stored to processed, ns.
    pub late_delays: [Delays; 2],
    /// Work on them: evenly between two times (ns), so many.
    pub processing: BTreeMap<(u64, u64), f64>,
    /// Age of the oldest unread at the end.
    pub age: Option<u64>,
    /// Calls on shards that are behind.
    pub late_calls: f64,
    /// What clients count of these.
    pub client: Vec<f64>,
    /// Shards that are behind and read.
    pub late_shards: f64,
    /// Read a second time for a back-up.
    pub read_twice: f64,
    /// Open shards that nobody reads.
    pub unread_shards: f64,
    /// What an application did that is followed.
    pub deed: Option<Deed>,
    /// What workers have done, by shard.
    pub worked: Vec<(u32, f64)>,
}

impl Reader {
    /// A consumer, and what will happen to it.
    pub fn new(happenings: &[(u64, Happening)], fleet: Option<Fleet>, tap: Option<Tap>) -> Reader {
        let (mut outages, mut slow, mut poisons) = (Vec::new(), Vec::new(), Vec::new());
        for &(at, what) in happenings {
            match what {
                Happening::Outage { lasting } => outages.push((at, at.saturating_add(lasting.0))),
                Happening::Slowdown { factor, lasting } => {
                    slow.push((at, at.saturating_add(lasting.0), u64::from(factor)));
                }
                Happening::PoisonRecord { open_index } => poisons.push((at, open_index)),
                _ => {}
            }
        }
        Reader {
            outages,
            slow,
            poisons,
            fleet,
            tap,
            given_up: BTreeMap::new(),
            behind: BTreeMap::new(),
            level_at: 0.0,
            level_unread: 0.0,
            delivered: 0.0,
            lost: 0.0,
            before_start: 0.0,
            skipped: 0.0,
            too_old: 0.0,
            again: 0.0,
            rewound: BTreeMap::new(),
            read_bytes: 0.0,
            long_term: 0.0,
            behind_most: (0.0, 0),
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
    pub(super) fn reads_shard(&self, shard: u32) -> bool {
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
        let behind: f64 = self.behind.values().map(|f| f.records).sum();
        behind + self.tap.as_ref().map_or(0.0, Tap::unread)
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
    /// Born to stored, ns.
    pub delay: f64,
}

impl Reading<'_> {
    pub(super) fn seconds(&self) -> f64 {
        (self.to - self.from) as f64 / 1e9
    }

    /// What the open shard at place `at` takes in.
    pub(super) fn inflow(&self, at: usize) -> Inflow {
        let (stand, shares) = &self.sample.shown[at];
        let inflow = self.stands[*stand];
        let weight = |shares: &[f64]| shares.iter().zip(self.offered).map(|(s, r)| s * r).sum::<f64>();
        let own = weight(&self.sample.stands[*stand].shares);
        let scale = if self.sample.whole || own <= 0.0 { 1.0 } else { weight(shares) / own };
        Inflow { records: inflow.records * scale, bytes: inflow.bytes * scale }
    }

    /// The pace of consumer `c` on a shard with this inflow; `shard`: where others may be behind.
    pub(super) fn pace(&self, readers: &[Reader], c: usize, inflow: Inflow, shard: Option<u32>) -> Pace {
        let others = self.pollers.iter().filter(|o| **o != c);
        let is_behind = |o: usize| shard.is_some_and(|s| readers[o].behind.contains_key(&s));
        let hungry = others.clone().filter(|o| is_behind(**o)).count();
        let calm = others.count() - hungry;
        let company = Company {
            calls_per_s: self.pollers.iter().map(|o| turns(&self.configs[*o])).sum(),
            calm_bytes_per_s: calm as f64 * inflow.bytes,
            hungry: hungry as f64 + 1.0,
            shards: self.map.open().len() as f64,
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
            self.wait_to_begin(&mut readers[c], c, stored);
            return step;
        }
        if readers[c].tap.is_some() {
            return self.step_tap(readers, c);
        }
        let reads = readers[c].reads(config, self.from);
        let slow = if reads { self.too_slow(readers, c) } else { vec![true; self.stands.len()] };
        let mut waiting = 0.0;
        if slow.contains(&true) || !readers[c].behind.is_empty() || readers[c].fleet.is_some() {
            for (at, &id) in self.map.open().iter().enumerate() {
                let (reader, records) = (&mut readers[c], self.inflow(at).records * self.seconds());
                let is_slow = slow[self.sample.shown[at].0];
                let is_read = reader.reads_shard(id);
                step.unread_shards += f64::from(u8::from(!is_read));
                if is_read && !is_slow && !reader.behind.contains_key(&id) {
                    if reader.fleet.is_some() {
                        step.worked.push((id, records));
                    }
                    continue;
                }
                waiting += records;
                if reader.fleet.as_ref().is_some_and(|f| !f.has_begun(id)) && !self.keeps(config, id) {
                    reader.before_start += records;
                    continue;
                }
                if reader.fleet.is_some() && !is_read && !reader.behind.contains_key(&id) {
                    // What came since its last call waits as well.
                    let delay = unread / stored.max(1e-9) * self.seconds();
                    let back = (records / self.seconds() * delay).min(reader.level_unread);
                    let since = (self.from as f64 - delay * 1e9).max(0.0);
                    reader.behind.entry(id).or_default().push(since, self.from as f64, back);
                    reader.level_unread -= back;
                }
                reader.behind.entry(id).or_default().push(self.from as f64, self.to as f64, records);
            }
            self.work_off(readers, c, reads, &mut step);
        }
        let reader = &mut readers[c];
        if reads {
            // What a level reader has not read yet changes with the rate.
            let unread = unread * (1.0 - waiting / stored.max(1e-9)).max(0.0);
            let level = (stored - waiting + reader.level_unread - unread).max(0.0);
            reader.level_unread += stored - waiting - level;
            step.level = level;
            self.skip_bad(reader, c, &mut step);
            step.age = step.age.or(Some(0));
        }
        reader.behind_most.0 = reader.behind_most.0.max(step.late_shards);
        reader.behind_most.1 = reader.behind_most.1.max(step.age.unwrap_or(0));
        reader.delivered += step.level + step.late;
        reader.age_max = reader.age_max.max(step.age.unwrap_or(0));
        step
    }

    /// Workers skip a batch with a record that cannot be processed.
    fn skip_bad(&self, reader: &mut Reader, c: usize, step: &mut Step) {
        if reader.fleet.is_none() {
            return;
        }
        let batch_ns = fleets::call_ns(&self.configs[c]);
        for (at, place) in reader.poisons.iter().filter(|p| (self.from..self.to).contains(&p.0)) {
            let Some(id) = Shard::nth_open(self.map.shards(), *place, *at) else { continue };
            let batch = (self.inflow_of(id).records * batch_ns as f64 / 1e9).clamp(1.0, step.level.max(1.0));
            step.level = (step.level - batch).max(0.0);
            reader.skipped += batch;
            add(&mut step.client, &[0.0, 1.0], 1.0);
        }
    }

    /// Are records of a shard kept for workers who have not begun it? (Children are read from their beginning.)
    fn keeps(&self, config: &ConsumerConfig, shard: u32) -> bool {
        self.holds(config) || self.map.shards()[shard as usize].opened > config.starts.at.0
    }

    /// Are records that are stored now read by a consumer that begins later?
    fn holds(&self, config: &ConsumerConfig) -> bool {
        match config.starts.from {
            Position::TrimHorizon => true,
            Position::AtTimestamp(time) => self.from >= time,
            Position::Latest | Position::AtRow(_) => false,
        }
    }

    fn wait_to_begin(&self, reader: &mut Reader, c: usize, stored: f64) {
        if !self.holds(&self.configs[c]) {
            reader.before_start += stored;
            return;
        }
        for (at, &id) in self.map.open().iter().enumerate() {
            let records = self.inflow(at).records * self.seconds();
            reader.behind.entry(id).or_default().push(self.from as f64, self.to as f64, records);
        }
        self.forget(reader, c);
    }
}
