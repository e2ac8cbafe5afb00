//! The run: producers, shards and readers window by window, between the moments of control.

use super::calls::{Caller, Group, Sent};
use super::cohort::{Cohort, share};
use super::demand::{Deal, Demand};
use super::reading::{Batch, next_poll};
use super::shard::Shard;
use super::tally::{Delays, Tally};
use super::view::InCohorts;
use crate::consumer::config::ReadConfig;
use crate::engine::Model;
use crate::facts::fan_out::PUSH_SLOT;
use crate::measure::latency::LatencySummary;
use crate::measure::resolution::{Coarse, NotShown};
use crate::measure::result::{ProducerResult, RunResult};
use crate::mechanism::histogram::Histogram;
use crate::producer::config::ClientConfig;
use crate::producer::line::{Line, Trouble};
use crate::random::Stream;
use crate::stream::config::ByteRounding;
use crate::stream::routing::ShardMap;
use crate::world::Unfit;
use crate::world::config::WorldConfig;
use crate::world::hosted::{Hosted, Parts, Played, trouble};
use std::sync::Arc;

/// A producer whose records go through client processes.
struct Gathered {
    producer: usize,
    callers: Vec<Caller>,
    /// Which process a record goes to, and which shard.
    words: Stream,
    deal: Deal,
}

/// The whole run.
pub struct Cohorts {
    config: WorldConfig,
    hosted: Hosted,
    step: u64,
    demands: Vec<Demand>,
    gathered: Vec<Gathered>,
    /// Producers whose lone records are born on the shards by themselves, and those that are dealt to them.
    lone: Vec<usize>,
    dealt: Vec<(usize, Deal, Stream)>,
    shards: Vec<Shard>,
    delays: Delays,
    batch: Batch,
    /// Calls of this window: when, whose, which.
    sent: Vec<(u64, usize, Sent)>,
    /// Keys are chosen in another way from here on.
    change: u64,
    pushes: bool,
}

impl Cohorts {
    /// Nothing has happened yet.
    pub fn new(config: &WorldConfig, step: u64) -> Result<Cohorts, Unfit> {
        let mut hosted = Hosted::new(config)?;
        let Parts { settings, .. } = hosted.parts();
        let demands: Vec<Demand> = (0..config.producers.len())
            .map(|p| Demand::new(config, p, settings.producers[p].key_bytes))
            .collect();
        let (mut lone, mut dealt, mut gathered) = (Vec::new(), Vec::new(), Vec::new());
        for (p, producer) in config.producers.iter().enumerate() {
            let words = config.seed.stream(&format!("producer/{}", producer.name), "cohort_keys");
            match settings.producers[p].alone {
                true if demands[p].even => dealt.push((p, Deal::new(&[]), words)),
                true => lone.push(p),
                false => gathered.push(clients(config, p, settings.producers[p].leg, &demands[p], words)),
            }
        }
        let pushes = config.consumers.iter().any(|c| matches!(c.read, ReadConfig::FanOut(_)));
        let delays = Delays::new(config.producers.len(), config.consumers.len());
        let mut world = Cohorts {
            config: config.clone(),
            hosted,
            step,
            demands,
            gathered,
            lone,
            dealt,
            shards: Vec::new(),
            delays,
            batch: Batch::default(),
            sent: Vec::new(),
            change: 0,
            pushes,
        };
        world.follow_control(0);
        Ok(world)
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
            hand_over(map, id, &mut self.shards, weights);
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

    /// Producers with clients: their calls in `[from, until)` are judged, and the answers known.
    fn advance_clients(&mut self, from: u64, until: u64) {
        self.sent.clear();
        for g in 0..self.gathered.len() {
            self.give_births(g, from, until);
            for caller in &mut self.gathered[g].callers {
                caller.advance(until);
                while let Some(sent) = caller.out.front().filter(|s| s.at < until) {
                    self.sent.push((sent.at, g, *sent));
                    caller.out.pop_front();
                }
            }
        }
        // Shards judge calls in order of time, whosever they are.
        self.sent.sort_unstable();
        for i in 0..self.sent.len() {
            let (_, g, sent) = self.sent[i];
            self.judge_call(g, sent);
        }
    }

    fn give_births(&mut self, g: usize, from: u64, until: u64) {
        let gathered = &mut self.gathered[g];
        let demand = &mut self.demands[gathered.producer];
        let n = demand.births(from, until);
        if n == 0 {
            return;
        }
        demand.born.1 += demand.sizes.bytes_of(n, &mut gathered.words);
        let processes = gathered.callers.len() as u64;
        if processes == 1 {
            let word = gathered.words.word();
            return gathered.callers[0].births(from, until, n, word);
        }
        let mut counts = vec![0u64; processes as usize];
        for _ in 0..n {
            counts[gathered.words.below(processes) as usize] += 1;
        }
        for (caller, n) in gathered.callers.iter_mut().zip(counts).filter(|(_, n)| *n > 0) {
            caller.births(from, until, n, gathered.words.word());
        }
    }

    /// The shards judge one call, group by group.
    fn judge_call(&mut self, g: usize, sent: Sent) {
        let Gathered { producer, callers, words, deal } = &mut self.gathered[g];
        let Parts { lanes, map, settings, sink } = self.hosted.parts();
        let sizes = self.demands[*producer].sizes;
        let mut tally = Tally { settings, sink, delays: &mut self.delays };
        let call = callers[sent.client as usize].judge(sent.slot);
        let mut groups = std::mem::take(&mut call.groups);
        let undealt = if groups.is_empty() { call.undealt() } else { 0 };
        let refused_before = call.failed_before();
        let born = (call.born.0, call.born.1.max(call.born.0));
        deal.deal(undealt, words, |shard, n| {
            groups.push(Group { shard, n, again: false, refused_before, born })
        });
        let (mut attempts, mut stored, mut again) = (0, 0, 0);
        let rounds = settings.admission.byte_rounding == ByteRounding::Aws;
        let mut moved: Vec<Group> = Vec::new();
        groups.retain(|group| {
            let closed = lanes[group.shard as usize].closed_at.is_some();
            if closed {
                moved.push(*group);
            }
            !closed
        });
        for group in moved {
            // Its shard has closed since: to the children, as the keys fall.
            let heirs = descendants(map, group.shard);
            let mut left = group.n;
            for (k, &shard) in heirs.iter().enumerate() {
                let n = if k + 1 == heirs.len() { left } else { share(group.n, 1, heirs.len() as u64) };
                left -= n;
                if n > 0 {
                    groups.push(Group { shard, n, ..group });
                }
            }
        }
        for group in groups.drain(..) {
            let (lane, shard) = (&mut lanes[group.shard as usize], &mut self.shards[group.shard as usize]);
            let bytes = sizes.bytes_of(group.n, words);
            let charge = if rounds { bytes.next_multiple_of(1024) } else { bytes };
            let (n, verdict) = lane.admission.admit_many(sent.at, group.n, charge);
            attempts += group.n;
            stored += n;
            again += if group.again { n } else { 0 };
            let born = call.settle(group, n);
            if n > 0 {
                let bytes = share(bytes, n, group.n);
                let cohort = Cohort { n, records: n, bytes, stored: (sent.at, sent.at), born };
                tally.stored(&cohort, lane);
                shard.log.push(cohort, self.step);
            }
            if n < group.n {
                tally.refused(*producer, group.n - n, verdict, sent.at, lane);
            }
        }
        call.groups = groups;
        tally.bill(stored, &sizes);
        let counts = &mut tally.sink.producers[*producer];
        counts.attempts += attempts;
        counts.carried += attempts;
        counts.calls += 1;
        counts.stored += stored - again;
        counts.duplicates += again;
        let now = &mut tally.sink.now;
        now.attempts += attempts;
        now.calls += 1;
        now.calls_ok += u64::from(stored > 0);
        now.call_latency += sent.latency;
    }

    /// Lone records with equal gaps are dealt to the shards.
    fn advance_dealt(&mut self, from: u64, until: u64) {
        let Parts { settings, .. } = self.hosted.parts();
        for (p, deal, words) in &mut self.dealt {
            let (demand, leg) = (&mut self.demands[*p], settings.producers[*p].leg);
            let born = (from.saturating_sub(leg), until.saturating_sub(leg));
            let n = demand.births(born.0, born.1);
            let mut bytes = 0;
            let (mut noise, shards) = (words.clone(), &mut self.shards);
            deal.deal(n, words, |shard, n| {
                let cohort = Cohort {
                    n,
                    records: n,
                    bytes: demand.sizes.bytes_of(n, &mut noise).max(1),
                    stored: (from, until),
                    born,
                };
                bytes += cohort.bytes;
                shards[shard as usize].arrive(*p, cohort);
            });
            demand.born.1 += bytes;
        }
    }

    /// Everything in `[from, until)`.
    fn settle(&mut self, from: u64, until: u64) {
        self.advance_dealt(from, until);
        self.advance_clients(from, until);
        let fine = !self.gathered.is_empty() || !self.dealt.is_empty();
        if self.hosted.plays() {
            return self.store_only(from, until);
        }
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
            // From one read to the next.
            let mut at = from;
            while at < until {
                let slot =
                    if self.pushes { (at / PUSH_SLOT.dur().0 + 1) * PUSH_SLOT.dur().0 } else { u64::MAX };
                let poll = next_poll(lane).map_or(u64::MAX, |p| p.0 + 1);
                let to = until.min(slot).min(poll.max(at + 1));
                if lane.closed_at.is_none() {
                    shard.settle(at, to, lane, &mut self.demands, &mut tally);
                }
                shard.read(to, lane, &mut tally, &mut self.batch);
                at = to;
            }
        }
    }

    /// What arrives in `[from, until)` is judged, step by step; it is read later, since nobody knows when an application
    /// will look.
    fn store_only(&mut self, from: u64, until: u64) {
        let Parts { lanes, settings, sink, .. } = self.hosted.parts();
        let mut tally = Tally { settings, sink, delays: &mut self.delays };
        for (shard, lane) in self.shards.iter_mut().zip(lanes) {
            let mut at = from;
            while at < until {
                let to = until.min((at / self.step + 1) * self.step);
                shard.settle(at, to, lane, &mut self.demands, &mut tally);
                shard.judge(to, lane, &mut self.demands, &mut tally);
                at = to;
            }
        }
    }

    /// Applications and plain readers read what they would read before `until`; all shards are settled up to it.
    fn read_all(&mut self, until: u64) {
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

    fn played(&mut self) -> Played {
        let Parts { lanes, sink, settings, .. } = self.hosted.parts();
        let consumers = self.config.consumers.len();
        let places = |c: usize| self.shards.iter().zip(lanes.iter().map(move |l| &l.readers[c].place));
        let unread = |c: usize| {
            let plain = !settings.consumers[c].is_application;
            places(c).map(|(s, p)| if plain { s.unread(c) } else { p.undelivered(&s.log) }).sum()
        };
        let backlog = |c: usize| {
            let plain = !settings.consumers[c].is_application;
            let read = places(c).filter(|(_, p)| p.counts_backlog());
            read.map(|(s, p)| if plain { s.unread(c) } else { p.backlog(&s.log) }).sum()
        };
        let mut buffered = vec![(0, 0); self.config.producers.len()];
        let mut lost: u64 = sink.producers.iter().map(|p| p.lost).sum();
        for g in &self.gathered {
            let n: u64 = g.callers.iter().map(Caller::buffered).sum();
            let mean = self.demands[g.producer].sizes.bytes >> super::demand::SIZE_BITS;
            buffered[g.producer] = (n, n * mean);
            lost += g.callers.iter().map(|c| c.report.lost.all()).sum::<u64>();
        }
        Played {
            born: self.demands.iter().fold((0, 0), |a, d| (a.0 + d.born.0, a.1 + d.born.1)),
            lost,
            buffered,
            backlog: (0..consumers).map(backlog).collect(),
            unread: (0..consumers).map(unread).collect(),
            stored: self.shards.iter().map(|s| s.log.records).sum(),
            producers: Vec::new(),
            demand: self.demands.iter().map(|d| d.digest).collect(),
        }
    }

    fn pour_end_to_end(&mut self) {
        let Parts { sink, .. } = self.hosted.parts();
        for (counts, delays) in sink.consumers.iter_mut().zip(&mut self.delays.readers) {
            delays.end_to_end.pour(&mut counts.now.end_to_end);
        }
    }

    /// Closes the books.
    pub fn finish(mut self, reached: u64) -> RunResult {
        let Parts { lanes, settings, sink, .. } = self.hosted.parts();
        let horizon = reached.saturating_sub(settings.retention);
        let mut tally = Tally { settings, sink, delays: &mut self.delays };
        for (shard, lane) in self.shards.iter_mut().zip(lanes) {
            (0..settings.consumers.len()).for_each(|c| shard.trim_at_end(c, horizon, lane, &mut tally));
        }
        for (counts, delays) in sink.consumers.iter_mut().zip(&mut self.delays.readers) {
            delays.propagation.pour(&mut counts.propagation);
            delays.processing.pour(&mut counts.processing);
        }
        let mut played = self.played();
        played.producers = (0..self.config.producers.len()).map(|p| self.producer(p, reached)).collect();
        let coarse =
            Coarse { resolution: "cohort", step_ns: self.step, sampled: None, not_shown: not_shown() };
        self.hosted.finish(reached, played, coarse)
    }

    fn producer(&mut self, p: usize, end: u64) -> ProducerResult {
        let Parts { settings, sink, .. } = self.hosted.parts();
        let (counts, demand, settings) = (&sink.producers[p], &self.demands[p], &settings.producers[p]);
        let (calls, judged_calls) = (counts.calls, counts.calls);
        let mut result = ProducerResult { calls, judged_calls, ..counts.result(&settings.name, demand.born) };
        let mut put = Histogram::default();
        put.add_many(settings.leg, counts.at_once);
        self.delays.put[p].pour(&mut put);
        let mut buffering = Histogram::default();
        match self.gathered.iter_mut().find(|g| g.producer == p) {
            None => {
                buffering.add_many(0, demand.born.0);
                result.held = self.shards.iter().map(|s| s.waiting_of(p)).sum();
            }
            Some(gathered) => {
                result.calls = 0;
                for caller in &mut gathered.callers {
                    caller.settle_unanswered();
                    add_caller(&mut result, caller, end);
                    put.merge(&caller.report.put);
                    caller.report.buffering.pour(&mut buffering);
                }
                result.buffered_bytes_max =
                    result.buffered_records_max * (demand.sizes.bytes >> super::demand::SIZE_BITS);
            }
        }
        result.put = LatencySummary::of(&put);
        result.buffering = LatencySummary::of(&buffering);
        result
    }
}

fn add_caller(result: &mut ProducerResult, caller: &Caller, end: u64) {
    let report = &caller.report;
    result.held += caller.held(end);
    result.delayed += report.delayed;
    result.lost.add(&report.lost);
    result.failed_calls += report.failed_calls;
    result.unjudged += report.unjudged;
    result.calls += report.calls;
    result.buffered_records_max += report.waiting_max;
}

/// The client processes of one producer.
fn clients(config: &WorldConfig, p: usize, leg: u64, demand: &Demand, words: Stream) -> Gathered {
    let producer = &config.producers[p];
    let troubles: Arc<[Trouble]> = config.events.iter().filter_map(|e| trouble(e, p)).collect();
    let ClientConfig::Sdk(sdk) = &producer.client else { unreachable!("the fit was checked") };
    let caller = |i| {
        let line = Line::new(&sdk.put_latency, leg, Arc::clone(&troubles), &producer.name, i, config.seed);
        Caller::new(sdk, &demand.sizes, &producer.name, i, line, config.seed)
    };
    let callers = (0..sdk.instances.max(1)).map(caller).collect();
    Gathered { producer: p, callers, words, deal: Deal::new(&[]) }
}

/// What waits in the parents of shard `id` goes to their children, by the weights of shards.
fn hand_over(map: &ShardMap, id: usize, shards: &mut [Shard], weights: &[f64]) {
    for &parent in &map.shards()[id].parents {
        let children = map.shards().iter().filter(|s| s.parents.contains(&parent));
        let children: Vec<usize> = children.map(|s| s.id as usize).collect();
        let (old, new) = shards.split_at_mut(children[0]);
        let mine = new.iter_mut().enumerate().map(|(i, shard)| (i + children[0], shard));
        let mine = mine.filter(|(i, _)| children.contains(i));
        let weight = |i: usize| weights.get(i).copied().unwrap_or(1.0);
        let mut heirs: Vec<(&mut Shard, f64)> = mine.map(|(i, shard)| (shard, weight(i))).collect();
        old[parent as usize].hand_over(&mut heirs);
    }
}

/// Open shards that a closed one has become.
fn descendants(map: &ShardMap, id: u32) -> Vec<u32> {
    if map.shards()[id as usize].closed.is_none() {
        return vec![id];
    }
    let children = map.shards().iter().filter(|s| s.parents.contains(&id));
    children.flat_map(|s| descendants(map, s.id)).collect()
}

fn not_shown() -> Vec<NotShown> {
    let of = |figure, reason| NotShown { figure, reason };
    vec![
        of("records stored out of order", "cohorts keep no order among their records"),
        of("largest delays", "a cohort's records are spread evenly, its first and last are not known"),
    ]
}

impl Model for Cohorts {
    fn window(&self, now: u64) -> u64 {
        let bucket = self.hosted.bucket();
        let step = (self.step - now % self.step).min(self.hosted.floor());
        let longest = if self.gathered.is_empty() && self.dealt.is_empty() { bucket } else { step };
        longest.min(bucket - now % bucket)
    }

    fn next_control(&self, now: u64) -> u64 {
        self.hosted.next_control(now).min(self.change.max(now))
    }

    fn control(&mut self, now: u64) {
        if self.hosted.plays() {
            self.read_all(now);
        }
        self.hosted.act(now);
        self.follow_control(now);
    }

    fn advance(&mut self, from: u64, until: u64) {
        self.settle(from, until);
        let end = self.config.duration.0;
        if until.is_multiple_of(self.hosted.bucket()) || until == end {
            if self.hosted.plays() {
                self.read_all(until);
            }
            self.pour_end_to_end();
            let played = self.played();
            self.hosted.end_bucket(until, played);
        }
    }

    fn cut(&self) -> Option<String> {
        self.hosted.cut()
    }
}
