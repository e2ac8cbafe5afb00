//! Producers whose records cohorts carry: births, calls and their judgement.

use super::calls::{Caller, Group, Sent};
use super::demand::{Deal, Demand};
use super::engine::Cohorts;
use super::shard::Shard;
use super::tally::{Refused, Tally};
use super::together::{Cohort, share};
use crate::producer::config::ClientConfig;
use crate::producer::line::{Line, Trouble};
use crate::random::Stream;
use crate::stream::routing::ShardMap;
use crate::world::config::WorldConfig;
use crate::world::hosted::{Parts, trouble};
use std::sync::Arc;

/// A call: when, whose, which.
pub type Called = (u64, usize, Sent);

/// A producer whose records go through client processes.
pub struct Gathered {
    /// Which.
    pub producer: usize,
    /// Its processes.
    pub callers: Vec<Caller>,
    /// Which process a record goes to, and which shard.
    words: Stream,
    /// By the shards' shares.
    pub deal: Deal,
}

impl Gathered {
    /// The client processes of producer `p`.
    pub fn new(config: &WorldConfig, p: usize, leg: u64, demand: &Demand, words: Stream) -> Gathered {
        let producer = &config.producers[p];
        let troubles: Arc<[Trouble]> = config.events.iter().filter_map(|e| trouble(e, p)).collect();
        let ClientConfig::Sdk(sdk) = &producer.client else { unreachable!("the fit was checked") };
        let caller = |i| {
            let line =
                Line::new(&sdk.put_latency, leg, Arc::clone(&troubles), &producer.name, i, config.seed);
            Caller::new(sdk, &demand.sizes, &producer.name, i, line, config.seed)
        };
        let callers = (0..sdk.instances.max(1)).map(caller).collect();
        Gathered { producer: p, callers, words, deal: Deal::new(&[]) }
    }
}

impl Cohorts {
    /// Producers with clients: their calls in `[from, until)` are judged, and the answers known.
    pub(super) fn advance_clients(&mut self, from: u64, until: u64) {
        self.called.clear();
        for g in 0..self.gathered.len() {
            self.give_births(g, from, until);
            for caller in &mut self.gathered[g].callers {
                caller.advance(until);
                while let Some(sent) = caller.out.front().filter(|s| s.at < until) {
                    self.called.push((sent.at, g, *sent));
                    caller.out.pop_front();
                }
            }
        }
        // Shards judge calls in order of time, whosever they are.
        self.called.sort_unstable();
        for i in 0..self.called.len() {
            let (_, g, sent) = self.called[i];
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
            let (n, verdict) = lane.admission.admit_many(sent.at, group.n, bytes, true);
            attempts += group.n;
            stored += n;
            again += if group.again { n } else { 0 };
            let born = call.settle(group, n);
            if n > 0 {
                let bytes = share(bytes, n, group.n);
                let (steps, stored) = (sizes.steps * n, (sent.at, sent.at));
                let cohort = Cohort { n, records: n, bytes, steps, stored, born, first: 0 };
                tally.stored((n, n), bytes, lane);
                shard.log.push(cohort, self.step);
            }
            if n < group.n {
                let mut refused = Refused::default();
                refused.add(group.n - n, verdict, sent.at, &mut tally);
                tally.refused(*producer, group.n - n);
                tally.refused_in_all(refused, lane);
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
    pub(super) fn advance_dealt(&mut self, from: u64, until: u64) {
        let Parts { settings, .. } = self.hosted.parts();
        for (p, deal, words) in &mut self.dealt {
            let (demand, leg) = (&mut self.demands[*p], settings.producers[*p].leg);
            let born = (from.saturating_sub(leg), until.saturating_sub(leg));
            let n = demand.births(born.0, born.1);
            let mut bytes = 0;
            let (mut noise, shards) = (words.clone(), &mut self.shards);
            deal.deal(n, words, |shard, n| {
                let size = demand.sizes.bytes_of(n, &mut noise).max(1);
                bytes += size;
                shards[shard as usize].arrive(*p, (n, size), (from, until), born);
            });
            demand.born.1 += bytes;
        }
    }
}

/// What waits in the parents of shard `id` goes to their children, by the weights of shards.
pub fn hand_over(map: &ShardMap, (id, now): (usize, u64), shards: &mut [Shard], weights: &[f64]) {
    for &parent in &map.shards()[id].parents {
        let children = map.shards().iter().filter(|s| s.parents.contains(&parent));
        let children: Vec<usize> = children.map(|s| s.id as usize).collect();
        let (old, new) = shards.split_at_mut(children[0]);
        let mine = new.iter_mut().enumerate().map(|(i, shard)| (i + children[0], shard));
        let mine = mine.filter(|(i, _)| children.contains(i));
        let weight = |i: usize| weights.get(i).copied().unwrap_or(1.0);
        let mut heirs: Vec<(&mut Shard, f64)> = mine.map(|(i, shard)| (shard, weight(i))).collect();
        old[parent as usize].hand_over(now, &mut heirs);
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
