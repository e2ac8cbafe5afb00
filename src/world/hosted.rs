//! A world whose records are carried elsewhere: coarse resolutions keep what is stored, read and sent in their own
//! way, and have everything else from here (control and its timeline, series, ledger, usage, results).
//!
//! Whoever carries the records counts in the sink, in the lanes' counters and readers, and says before each bucket's
//! end and at the end of the run what it holds ([`Played`]).

pub(crate) use super::children::start_readers_of;
pub(crate) use super::keeping::{At, Keeping};
pub(crate) use super::lane::{Lane, Outside};
pub(crate) use super::pushing::per_byte_q20;
pub(crate) use super::reader::Reader;
pub(crate) use super::rows::Rows;
pub(crate) use super::settings::{Reading, Settings, played_by_lanes};
pub(crate) use super::sources::trouble;

use super::config::WorldConfig;
use super::{Unfit, World};
use crate::engine::Model;
use crate::measure::resolution::Coarse;
use crate::measure::result::{ProducerResult, RunResult};
use crate::measure::sink::Sink;
use crate::mechanism::ramps::Ramps;
use crate::stream::routing::ShardMap;

/// What the carrier of the records holds.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// Who sends, where the world's own senders do not.
    pub senders: Option<Senders>,
    /// Per consumer: copies it has not read.
    pub backlog: Vec<u64>,
    /// Per consumer: copies never delivered to it.
    pub unread: Vec<u64>,
    /// Copies stored.
    pub stored: u64,
    /// Per consumer: median and 99th percentile of the bucket's end-to-end delays, where the world has none of them.
    pub end_to_end: Vec<[Option<u64>; 2]>,
}

/// What senders hold that are played elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Senders {
    /// Records born, and their bytes.
    pub born: (u64, u64),
    /// Records given up.
    pub lost: u64,
    /// Per producer: records waiting in its clients' memory, and their bytes.
    pub buffered: Vec<(u64, u64)>,
    /// Per producer: its ledger, at the end of the run.
    pub producers: Vec<ProducerResult>,
    /// Per producer: a fingerprint of what was born.
    pub demand: Vec<u64>,
}

/// A world without its records.
pub struct Hosted {
    world: World,
}

/// What a carrier of records works on.
pub struct Parts<'a> {
    /// One per shard that was ever open.
    pub lanes: &'a mut [Lane],
    /// Their ranges and parents.
    pub map: &'a ShardMap,
    /// The scenario.
    pub settings: &'a Settings,
    /// Where it counts.
    pub sink: &'a mut Sink,
}

impl Hosted {
    /// Nothing has happened yet; does the world itself play who sends (`sends`)?
    pub fn new(config: &WorldConfig, sends: bool) -> Result<Hosted, Unfit> {
        let mut world = World::new(config)?;
        let senders = (!sends).then(Senders::default);
        world.played = Some(Played { senders, ..Played::default() });
        if !sends {
            // How much work it is does not follow from the records.
            world.config.bounds.records = u64::MAX;
        }
        Ok(Hosted { world })
    }

    /// Longest window in which the world's own senders need no answer from inside it.
    pub fn window(&self, now: u64) -> u64 {
        self.world.window(now)
    }

    /// The world's own senders move on to `until`; whether what shards stored of it is in their lanes' logs (`all`: it is).
    pub fn send(&mut self, (from, until): (u64, u64), all: bool) -> bool {
        self.world.collect(until);
        let settles = all || self.world.gathered.entries.len() >= self.world.together;
        self.world.judge((from, until), settles, false)
    }

    /// What was sent before `now` is settled.
    pub fn settle(&mut self, now: u64) {
        self.world.settle_waiting(now);
        self.world.foresight.settled();
    }

    /// Lanes, settings and counters.
    pub fn parts(&mut self) -> Parts<'_> {
        let World { lanes, map, settings, sink, .. } = &mut self.world;
        Parts { lanes, map, settings, sink }
    }

    /// The next moment of control.
    pub fn next_control(&self, now: u64) -> u64 {
        self.world.next_control(now)
    }

    /// Everything that is due at `now`: lanes may be added and closed, readers begin.
    pub fn act(&mut self, now: u64) {
        self.world.act(now);
    }

    /// Readers of a child begin when they have read its parents to the end.
    pub fn start_readers_of(&mut self, id: usize) {
        let World { lanes, map, settings, sink, .. } = &mut self.world;
        start_readers_of(id, lanes, map, settings, sink);
    }

    /// Are there applications, which look at all shards in order of time?
    pub fn plays(&self) -> bool {
        !self.world.applications.is_empty()
    }

    /// Applications do everything they do before `until`, on shards that are settled up to it.
    pub fn play(&mut self, until: u64, keeping: &mut impl Keeping) {
        self.world.play(until, keeping);
    }

    /// No client hears of a judgement sooner than this after it: longer windows would change what it does.
    pub fn floor(&self) -> u64 {
        self.world.sources.iter().map(|s| s.floor).min().unwrap_or(u64::MAX)
    }

    /// Length of a bucket of the series.
    pub fn bucket(&self) -> u64 {
        self.world.series.bucket()
    }

    /// Closes the bucket that ends at `until`.
    pub fn end_bucket(&mut self, until: u64, played: Played) {
        self.world.played = Some(played);
        self.world.end_bucket(until);
    }

    /// End-to-end delays of the whole run that the world has none of.
    pub fn add_end_to_end(&mut self, c: usize, delays: &mut Ramps) {
        delays.pour(&mut self.world.end_to_end[c]);
    }

    /// Why the run is cut, if it is.
    pub fn cut(&self) -> Option<String> {
        self.world.cut.clone()
    }

    /// Closes the books at `reached`. What `coarse` names as not shown is `None` from here on.
    pub fn finish(mut self, reached: u64, played: Played, coarse: Coarse) -> RunResult {
        self.world.played = Some(played);
        self.world.coarse = Some(coarse);
        self.world.finish(reached)
    }
}

/// No single record was looked at, or none behind the `senders`: largest delays are not known.
pub(super) fn without_largest(result: &mut RunResult, senders: bool) {
    if senders {
        for p in &mut result.producers {
            (p.put.max_ns, p.buffering.max_ns, p.overtaken) = (None, None, None);
        }
    }
    for c in &mut result.consumers {
        (c.propagation.max_ns, c.processing.max_ns, c.end_to_end.max_ns) = (None, None, None);
    }
    for c in &mut result.series.consumers {
        c.max_ns.iter_mut().for_each(|max| *max = None);
    }
}
