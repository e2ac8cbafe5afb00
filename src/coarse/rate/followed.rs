//! Applications that are followed call by call: Flink jobs, and others whose single batches or calls decide.
//!
//! Their own machines act on shards whose records come evenly from step to step (`rows`). Calls, refusals, batches,
//! checkpoints, retries and restarts are those of a run record by record; only births do not scatter. Readers that are not followed
//! make their calls on the same limits in between, at their usual pace.

use super::delays::Delays;
use super::outlook::{Outlook, Shared};
use super::readers::{Reader, Reading};
use super::rows::Rows;
use super::speed::turns;
use crate::api::{Application, Fate, Position};
use crate::coarse::fit::{Carried, application_word};
use crate::consumer::config::{ApplicationConfig, ConsumerConfig, Happening, ReadConfig};
use crate::consumer::flink::config::SourceConfig;
use crate::consumer::kcl::config::{Checkpoint, KclConfig};
use crate::consumer::{Situation, build};
use crate::measure::clients::ClientResult;
use crate::producer::config::KeyLaw;
use crate::producer::curve::RateCurve;
use crate::random::{Seed, Stream as Draws};
use crate::stream::polling::ReadGate;
use crate::units::NS_PER_S;
use crate::world::carrier::happenings;
use crate::world::config::WorldConfig;
use crate::world::sizing;
use std::collections::BTreeMap;

/// One of them.
pub struct Followed {
    /// Its place among the consumers.
    pub consumer: usize,
    machine: Box<dyn Application>,
    pub(super) play: Play,
}

/// What it has read of the stream.
pub(super) struct Play {
    pub(super) places: Vec<Place>,
    pub(super) marks: Draws,
    /// What it did since it was last asked.
    pub(super) deed: Deed,
    /// Records in its hands.
    pub(super) in_hand: u64,
    pub(super) last_outage: Option<u64>,
    pub(super) long_term: u64,
}

/// Where it stands in a shard.
#[derive(Default)]
pub(super) struct Place {
    pub(super) rows: Rows,
    /// The first row it has not yet had in its hands.
    pub(super) reached: u64,
    /// Rows from here on are asked for again.
    pub(super) kept: u64,
    /// It was level with the shard last.
    pub(super) level_at: u64,
}

/// What an application did.
#[derive(Default)]
pub struct Deed {
    /// Delivered for the first time, and again, and read as often as they were.
    pub records: u64,
    /// Again.
    pub again: u64,
    /// Read, and bytes of that.
    pub read: (u64, u64),
    /// `ReadCalls`.
    pub calls: [u64; 4],
    /// Stored before it began, passed by retention.
    pub before_start: u64,
    /// Passed by retention.
    pub lost: u64,
    /// Given up.
    pub given_up: BTreeMap<Fate, u64>,
    /// Largest iterator age.
    pub age: Option<u64>,
    /// Stored to received, received to processed, born to processed.
    pub delays: [Delays; 3],
}

impl Followed {
    /// Is a consumer followed call by call?
    pub fn new(
        world: &WorldConfig,
        consumer: usize,
        happenings: &[(u64, Happening)],
        seed: Seed,
    ) -> Option<Followed> {
        let config = &world.consumers[consumer];
        if !is_followed(world, config, happenings.iter().map(|h| h.1)) {
            return None;
        }
        let machine = build(&Situation { config, happenings, seed })?;
        let marks = seed.stream(&format!("consumer/{}", config.name), "key_marks");
        let last_outage = happenings.iter().filter_map(|(at, what)| what.outage(*at)).map(|o| o.1).max();
        let play =
            Play { places: Vec::new(), marks, deed: Deed::default(), in_hand: 0, last_outage, long_term: 0 };
        Some(Followed { consumer, machine, play })
    }

    /// What it counted up to `end`.
    pub fn result(&self, end: u64) -> ClientResult {
        self.machine.result(end)
    }

    /// Stored and not in its hands yet.
    fn backlog(&self) -> f64 {
        self.play.places.iter().map(|p| p.rows.end().saturating_sub(p.reached)).sum::<u64>() as f64
    }

    /// What it did since this was last asked.
    pub fn deed(&mut self) -> Deed {
        std::mem::take(&mut self.play.deed)
    }
}

impl Reader {
    /// What is carried of a consumer that is followed.
    pub fn goes_by(&mut self, one: &Followed) {
        self.level_unread = one.backlog() + one.play.in_hand as f64;
        self.long_term = one.play.long_term as f64;
        self.level_at = one.play.places.iter().map(|p| p.level_at).max().unwrap_or(0) as f64;
    }
}

/// Is a consumer to which this happens followed call by call? Where single calls or batches decide: they fail, hold up
/// others of their worker or function, compete for a shard's bytes, or bring more of them than a second's worth.
pub fn is_followed(
    world: &WorldConfig,
    config: &ConsumerConfig,
    mut happens: impl Iterator<Item = Happening> + Clone,
) -> bool {
    let works = [&config.processing.per_call, &config.processing.per_record];
    let is_instant = works.iter().all(|law| law.sampler().is_constant() == Some(0));
    match &config.client {
        ApplicationConfig::Flink(_) => true,
        ApplicationConfig::Lambda(lambda) => {
            let lanes = sizing::starting_shards(world).saturating_mul(lambda.parallelization_factor);
            lambda.concurrency < lanes
                || competes(world, config)
                || happens.any(|h| matches!(h, Happening::PoisonRecord { .. }))
        }
        ApplicationConfig::Kcl(kcl) => {
            let is_slow = |h| matches!(h, Happening::Slowdown { .. });
            competes(world, config)
                || (rushes(world, config, kcl) && happens.clone().any(moves_leases))
                || (!is_instant && (kcl.cores.is_some() || happens.any(is_slow)))
        }
        _ => false,
    }
}

/// Do workers come or go?
fn moves_leases(what: Happening) -> bool {
    match what {
        Happening::Outage { .. }
        | Happening::WorkerCrash { .. }
        | Happening::WorkersAdded { .. }
        | Happening::WorkersRemoved { .. }
        | Happening::Deploy { .. } => true,
        Happening::Slowdown { .. } | Happening::PoisonRecord { .. } | Happening::SilentSubscriptions => false,
    }
}

/// A lease is given away at the second look of whoever does it, each two of these after the other.
const FAILOVERS: u64 = 4;
/// In runs of more calls, what one new owner's calls do is lost among the others'.
const CALLS_MOST: u64 = 100_000;

/// Does a shard's new owner ask for more bytes at once than the shard gives in a second (all since the last checkpoint,
/// and what nobody read meanwhile)? Then all who poll it are refused for a while, in few enough calls for that to be seen.
fn rushes(world: &WorldConfig, config: &ConsumerConfig, kcl: &KclConfig) -> bool {
    let ReadConfig::Polling(polling) = &config.read else { return false };
    let unsaved = match kcl.checkpoint {
        Checkpoint::Every(span) => span.0,
        Checkpoint::EveryBatch | Checkpoint::AtShardEnd => 0,
    };
    let unread = kcl.failover_time.0.saturating_mul(FAILOVERS);
    let at_once = shard_bytes_per_s(world) * unsaved.saturating_add(unread) as f64 / NS_PER_S as f64;
    let calls = world.duration.0 / polling.interval.0.max(1);
    let calls = calls.saturating_mul(sizing::starting_shards(world).into());
    let packs = world.producers.iter().any(|p| p.client.packs());
    at_once > world.stream.reads.bytes_per_s as f64 && calls <= CALLS_MOST && !packs
}

/// Do all who poll want more bytes than a shard gives?
fn competes(world: &WorldConfig, config: &ConsumerConfig) -> bool {
    let polls = |c: &ConsumerConfig| matches!(c.read, ReadConfig::Polling(_));
    let pollers = world.consumers.iter().filter(|c| polls(c)).count() as f64;
    polls(config) && pollers * shard_bytes_per_s(world) > world.stream.reads.bytes_per_s as f64
}

/// What a shard of the start takes in a second, on average.
fn shard_bytes_per_s(world: &WorldConfig) -> f64 {
    let end = world.duration.0.max(1);
    let bytes = world.producers.iter().map(|p| {
        let rate = RateCurve::new(&p.demand.rate, sizing::calendar(world), end).mean_over(0, end);
        rate.as_f64() * sizing::mean_size(p, world.stream.admission.count_key_bytes) as f64
    });
    bytes.sum::<f64>() / f64::from(sizing::starting_shards(world).max(1))
}

/// Do those who poll want more calls than a shard gives?
fn is_crowded(world: &WorldConfig) -> bool {
    let calls: f64 = world.consumers.iter().map(turns).sum();
    calls > world.stream.reads.calls_per_s as f64
}

impl Reading<'_> {
    /// All of them over the step, in order of time. `shared`: the shards' read limits.
    pub fn follow(&self, all: &mut [Followed], shared: &mut Vec<Shared>, visibility: u64) {
        if all.is_empty() {
            return;
        }
        self.open(all, shared);
        for one in all.iter_mut() {
            self.flow_in(&mut one.play);
        }
        loop {
            let Some(one) = all.iter_mut().min_by_key(|one| one.machine.next()) else { return };
            let now = one.machine.next();
            if now >= self.to {
                return;
            }
            let mut outlook = Outlook {
                now,
                until: self.to,
                kept_since: now.saturating_sub(self.retention),
                visibility,
                delay: self.delay,
                shards: self.map.shards(),
                play: &mut one.play,
                shared,
            };
            one.machine.act(&mut outlook);
        }
    }

    /// Places of new shards, and their limits, which others use as well.
    fn open(&self, all: &mut [Followed], shared: &mut Vec<Shared>) {
        let n = self.map.shards().len();
        let followed: Vec<usize> = all.iter().map(|one| one.consumer).collect();
        all.iter_mut().for_each(|one| one.play.places.resize_with(n, Place::default));
        for id in shared.len()..n {
            let gate = ReadGate::new(self.limits, self.map.shards()[id].opened);
            shared.push(Shared { gate, others: Vec::new() });
        }
        let others: Vec<usize> = self.pollers.iter().copied().filter(|c| !followed.contains(c)).collect();
        for (id, shared) in shared.iter_mut().enumerate() {
            let inflow = self.inflow_of(id as u32);
            shared.set_others(others.iter().map(|c| (*c, turns(&self.configs[*c]))), inflow.bytes, self.from);
        }
    }

    /// What comes in during the step.
    fn flow_in(&self, play: &mut Play) {
        let size = self.size;
        for id in self.map.open() {
            let inflow = self.inflow_of(*id);
            let place = &mut play.places[*id as usize];
            let records = inflow.records * self.seconds();
            place.rows.push(self.from as f64, self.to as f64, records, size);
            place.rows.forget(place.kept.min(place.reached));
        }
    }
}

/// Where an application's first look at a shard begins, in rows.
pub(super) fn first_row(rows: &Rows, from: Position, now: u64, kept_since: u64) -> u64 {
    let oldest = rows.by(kept_since);
    match from {
        Position::TrimHorizon => oldest,
        Position::Latest => rows.by(now),
        Position::AtTimestamp(time) => rows.by(time.min(now)).max(oldest),
        Position::AtRow(row) => row.max(oldest),
    }
}

fn dies_of_refusals(config: &ConsumerConfig) -> bool {
    let ApplicationConfig::Flink(flink) = &config.client else { return false };
    matches!(flink.source, SourceConfig::Legacy { .. })
}

/// Why a consumer that would have to be followed cannot be (`Ok`: it can, or need not).
pub fn fit(config: &WorldConfig, consumer: &ConsumerConfig) -> Carried {
    let word = application_word(&consumer.client);
    let place = config.consumers.iter().position(|c| c.name == consumer.name);
    let happens: Vec<Happening> =
        place.into_iter().flat_map(|c| happenings(config, c)).map(|h| h.1).collect();
    if !is_followed(config, consumer, happens.iter().copied()) {
        let is_bad = |h: &Happening| matches!(h, Happening::PoisonRecord { .. });
        let skips = matches!(consumer.client, ApplicationConfig::Kcl(_));
        return match happens.iter().any(is_bad) && !skips {
            true => Err(format!("poison records of `{word}` consumers")),
            false => Ok(()),
        };
    }
    let why = if matches!(consumer.read, ReadConfig::FanOut(_)) {
        "each record that is pushed is a moment of its own"
    } else if config.producers.iter().any(|p| p.client.packs()) {
        "to them a packed record is one, and rates do not know which records share one"
    } else if consumer.client.looks_at_keys()
        && config.producers.iter().any(|p| !matches!(p.demand.keys, KeyLaw::Random))
    {
        "lanes go by keys, and rates do not know which record has which"
    } else if dies_of_refusals(consumer) && is_crowded(config) {
        "a legacy source dies of refused calls, and which ones are refused goes by the moment"
    } else {
        return Ok(());
    };
    Err(format!("`{word}` consumers that are followed call by call here ({why})"))
}
