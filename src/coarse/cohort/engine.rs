//! The run: producers, shards and readers window by window, between the moments of control.

use super::demand::{Deal, Demand};
use super::fits::{are_few, sends_one_by_one};
use super::reading::Batch;
use super::sending::{Called, Gathered, hand_over};
use super::shard::Shard;
use super::tally::{Delays, Tally};
use super::view::InCohorts;
use crate::consumer::config::ReadConfig;
use crate::engine::Model;
use crate::facts::fan_out::PUSH_SLOT;
use crate::random::Stream;
use crate::units::NS_PER_S;
use crate::world::Unfit;
use crate::world::config::WorldConfig;
use crate::world::hosted::{Hosted, Parts, Played};

/// Where shards are not read as they are written, they are read this often: what is stored meanwhile is held in memory.
const READ_EVERY: u64 = NS_PER_S;

/// Shards are written so far ahead of polls, which take of a cohort what is stored by their moment.
const AHEAD: u64 = 2 * NS_PER_S;

/// The whole run.
pub struct Cohorts {
    pub(super) config: WorldConfig,
    pub(super) hosted: Hosted,
    pub(super) step: u64,
    /// Rows that senders one by one have stored are one cohort when they are so near to one another.
    near: u64,
    /// Does the world play who sends, record by record?
    pub(super) one_by_one: bool,
    /// Demand of all producers, where cohorts do.
    pub(super) demands: Vec<Demand>,
    pub(super) gathered: Vec<Gathered>,
    /// Producers whose lone records are born on the shards by themselves, and those that are dealt to them.
    lone: Vec<usize>,
    pub(super) dealt: Vec<(usize, Deal, Stream)>,
    pub(super) shards: Vec<Shard>,
    pub(super) delays: Delays,
    batch: Batch,
    /// Calls of this window.
    pub(super) called: Vec<Called>,
    /// Keys are chosen in another way from here on.
    change: u64,
    pushes: bool,
    /// Read up to here.
    read_to: u64,
}

impl Cohorts {
    /// Nothing has happened yet.
    pub fn new(config: &WorldConfig, step: u64) -> Result<Cohorts, Unfit> {
        let one_by_one = sends_one_by_one(config);
        let pushes = config.consumers.iter().any(|c| matches!(c.read, ReadConfig::FanOut(_)));
        let mut world = Cohorts {
            config: config.clone(),
            hosted: Hosted::new(config, one_by_one)?,
            step,
            near: if are_few(config) { 0 } else { step },
            one_by_one,
            demands: Vec::new(),
            gathered: Vec::new(),
            lone: Vec::new(),
            dealt: Vec::new(),
            shards: Vec::new(),
            delays: Delays::new(config.producers.len(), config.consumers.len()),
            batch: Batch::default(),
            called: Vec::new(),
            change: 0,
            pushes,
            read_to: 0,
        };
        if !one_by_one {
            world.build_senders();
        }
        world.follow_control(0);
        Ok(world)
    }

    fn build_senders(&mut self) {
        let (config, settings) = (&self.config, self.hosted.parts().settings);
        for (p, producer) in config.producers.iter().enumerate() {
            let demand = Demand::new(config, p, settings.producers[p].key_bytes);
            let words = config.seed.stream(&format!("producer/{}", producer.name), "cohort_keys");
            match settings.producers[p].alone {
                true if demand.even => self.dealt.push((p, Deal::new(&[]), words)),
                true => self.lone.push(p),
                false => {
                    let leg = settings.producers[p].leg;
                    self.gathered.push(Gathered::new(config, p, leg, &demand, words));
                }
            }
            self.demands.push(demand);
        }
    }

    /// Shards may have opened and closed, readers begun.
    fn follow_control(&mut self, now: u64) {
        let Parts { lanes, settings, map, .. } = self.hosted.parts();
        let first = self.shards.len();
        for lane in &lanes[first..] {
            // Lone records that are dealt wait in lanes too.
            let lone: Vec<usize> = self.lone.iter().copied().chain(self.dealt.iter().map(|d| d.0)).collect();
            self.shards.push(Shard::new(lane.id, &lone, settings, self.step));
        }
        if first == lanes.len() && first > 0 && now < self.change {
            return self.begin_readers();
        }
        let shares: Vec<Vec<f64>> = self.demands.iter().map(|d| d.shares(map, now)).collect();
        for &p in &self.lone {
            for (shard, &of) in self.shards.iter_mut().zip(&shares[p]) {
                shard.set_share(p, of);
            }
        }
        self.dealt.iter_mut().for_each(|(p, deal, _)| *deal = Deal::new(&shares[*p]));
        self.gathered.iter_mut().for_each(|g| g.deal = Deal::new(&shares[g.producer]));
        for id in first..self.shards.len() {
            let whose = self.lone.first().or(self.dealt.first().map(|d| &d.0));
            let weights = whose.map(|p| &shares[*p][..]).unwrap_or_default();
            hand_over(map, (id, now), &mut self.shards, weights);
        }
        self.change = self.demands.iter().map(|d| d.next_change(now)).min().unwrap_or(u64::MAX);
        self.begin_readers();
    }

    /// Readers that control has started.
    fn begin_readers(&mut self) {
        let Parts { lanes, settings, sink, .. } = self.hosted.parts();
        let mut tally = Tally { settings, sink, delays: &mut self.delays };
        for (shard, lane) in self.shards.iter_mut().zip(&*lanes) {
            shard.begin_readers(true, lane, &mut tally);
        }
    }

    /// Everything in `[from, until)`.
    fn settle(&mut self, from: u64, until: u64) {
        self.advance_dealt(from, until);
        self.advance_clients(from, until);
        let fine = !self.gathered.is_empty() || !self.dealt.is_empty();
        for id in 0..self.shards.len() {
            self.hosted.start_readers_of(id);
            let Parts { lanes, settings, sink, .. } = self.hosted.parts();
            let (lane, shard) = (&mut lanes[id], &mut self.shards[id]);
            let mut tally = Tally { settings, sink, delays: &mut self.delays };
            shard.begin_readers(false, lane, &mut tally);
            if fine {
                shard.settle(from, until, lane, &mut self.demands, &mut tally);
                shard.judge(until, lane, &mut self.demands, &mut tally);
                shard.read(until, lane, &mut tally, &mut self.batch);
                continue;
            }
            let mut at = from;
            while at < until {
                let slot = PUSH_SLOT.dur().0;
                let end = if self.pushes { (at / slot + 1) * slot } else { (at / AHEAD + 1) * AHEAD };
                let to = end.min(until);
                if lane.closed_at.is_none() {
                    shard.settle(at, to, lane, &mut self.demands, &mut tally);
                }
                shard.read(to, lane, &mut tally, &mut self.batch);
                at = to;
            }
        }
    }

    /// What arrives in `[from, until)` is judged; it is read later. What is pushed is spread over its moments step by step.
    fn store(&mut self, from: u64, until: u64) {
        self.advance_dealt(from, until);
        self.advance_clients(from, until);
        let Parts { lanes, settings, sink, .. } = self.hosted.parts();
        let mut tally = Tally { settings, sink, delays: &mut self.delays };
        for (shard, lane) in self.shards.iter_mut().zip(lanes) {
            let mut at = from;
            while at < until {
                let to = if self.pushes { until.min((at / self.step + 1) * self.step) } else { until };
                shard.settle(at, to, lane, &mut self.demands, &mut tally);
                shard.judge(to, lane, &mut self.demands, &mut tally);
                at = to;
            }
        }
    }

    /// The world's own senders move on; what shards have stored goes on in cohorts.
    fn send_one_by_one(&mut self, from: u64, until: u64) {
        let all = self.is_read_at(until);
        if self.hosted.send((from, until), all) {
            self.take_stored();
        }
    }

    fn take_stored(&mut self) {
        let Parts { lanes, settings, .. } = self.hosted.parts();
        let keys = settings.producers.iter().map(|p| p.key_bytes).min().unwrap_or(0);
        for (shard, lane) in self.shards.iter_mut().zip(lanes) {
            shard.take_stored(&mut lane.log, keys, self.near);
        }
    }

    /// Are shards read later than they are written? Nobody knows when an application will look.
    fn reads_later(&self) -> bool {
        self.one_by_one || self.hosted.plays()
    }

    /// Are they read at `until`, where they are read later?
    fn is_read_at(&self, until: u64) -> bool {
        until >= self.read_to + READ_EVERY || self.ends_bucket(until)
    }

    fn ends_bucket(&self, until: u64) -> bool {
        until.is_multiple_of(self.hosted.bucket()) || until == self.config.duration.0
    }

    /// Applications and plain readers read what they would read before `until`; all shards are settled up to it.
    fn read_all(&mut self, until: u64) {
        self.read_to = until;
        self.shards.iter_mut().for_each(|shard| shard.log.seal());
        let mut keeping = InCohorts {
            shards: &mut self.shards,
            delays: &mut self.delays,
            batch: &mut self.batch,
            scratch: Vec::new(),
        };
        self.hosted.play(until, &mut keeping);
        for id in 0..self.shards.len() {
            self.hosted.start_readers_of(id);
            let Parts { lanes, settings, sink, .. } = self.hosted.parts();
            let (lane, shard) = (&mut lanes[id], &mut self.shards[id]);
            let mut tally = Tally { settings, sink, delays: &mut self.delays };
            shard.begin_readers(false, lane, &mut tally);
            shard.read(until, lane, &mut tally, &mut self.batch);
        }
    }
}

impl Model for Cohorts {
    fn window(&self, now: u64) -> u64 {
        let bucket = self.hosted.bucket();
        let longest = if self.one_by_one {
            self.hosted.window(now)
        } else if self.gathered.is_empty() && self.dealt.is_empty() {
            if self.reads_later() { READ_EVERY } else { bucket }
        } else {
            (self.step - now % self.step).min(self.hosted.floor())
        };
        longest.min(bucket - now % bucket)
    }

    fn next_control(&self, now: u64) -> u64 {
        self.hosted.next_control(now).min(self.change.max(now))
    }

    fn control(&mut self, now: u64) {
        if self.one_by_one {
            self.hosted.settle(now);
            self.take_stored();
        }
        if self.reads_later() {
            self.read_all(now);
        }
        self.hosted.act(now);
        self.follow_control(now);
    }

    fn advance(&mut self, from: u64, until: u64) {
        match (self.one_by_one, self.reads_later()) {
            (true, _) => self.send_one_by_one(from, until),
            (false, true) => self.store(from, until),
            (false, false) => self.settle(from, until),
        }
        if self.reads_later() && self.is_read_at(until) {
            self.read_all(until);
        }
        if self.ends_bucket(until) {
            let end_to_end = self.end_delays();
            let played = Played { end_to_end, ..self.played() };
            self.hosted.end_bucket(until, played);
        }
    }

    fn cut(&self) -> Option<String> {
        self.hosted.cut()
    }
}
