//! How the leader of 3.x assigns leases: one worker decides for all, by load.
//!
//! At AWS (`LeaseAssignmentManager`, `VarianceBasedLeaseAssignmentDecider`): every 20 s the leader scans leases and
//! workers' loads. Leases without a live owner go, oldest first, each to the worker with the most head-room, whose
//! load is raised by what the lease will add. Every third run it takes leases from workers above the mean load, worth
//! a dampened share of the gap, and gives them to those below it. A worker counts until its last report is a minute
//! old: a worker that has just died may still have the most head-room, and then its leases stay with it until then.
//! We model this to the letter. The load is the share of its `cores` that a worker used, mean with half the weight on
//! the last report; where cores are unlimited it is what it read, as with a worker that knows no load of its own.
//! We leave out: other loads (memory, network), a throughput limit of a worker, work-id exclusion, failed runs.

use super::config::KclConfig;
use super::leases::{Lease, Leases, Seen};
use super::taking::shuffled;
use crate::random::Stream as Random;
use crate::units::Percent;
use std::collections::BTreeMap;

/// A worker as its last report says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// Its id.
    pub worker: u32,
    /// Load in per cent; `None`: it knows none.
    pub load: Option<f64>,
}

/// A lease gets a new owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Its shard.
    pub shard: u32,
    /// To whom.
    pub to: u32,
}

/// The leader's picture of one run.
struct Run<'a> {
    workers: Vec<Candidate>,
    /// Mean load of the workers.
    mean: f64,
    /// Mean bytes per second a worker should have.
    target: f64,
    /// Leases per worker, for when nothing is known of their bytes.
    leases_each: f64,
    most_leases: u64,
    rates: Vec<(u32, f64)>,
    random: &'a mut Random,
    assigned: Vec<Assignment>,
    /// Whose a lease is by now, where this run gave it away.
    owners: BTreeMap<u32, u32>,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    id: u32,
    load: f64,
    bytes: f64,
    leases: u64,
    /// Out of the queue: given all it may get.
    out: bool,
}

/// One run over the live workers' `reports`, with the leader's own look at the table.
pub fn run(
    table: &Leases,
    seen: &Seen,
    reports: &[Report],
    balances: bool,
    config: &KclConfig,
    now: u64,
    random: &mut Random,
) -> Vec<Assignment> {
    if reports.is_empty() {
        return Vec::new();
    }
    let mut run = Run::new(table, reports, config, random);
    let patience = config.failover_time.0;
    let is_free = |l: &&Lease| l.owner.is_none() || seen.is_expired(l.shard, patience, now);
    let mut free: Vec<(Option<u64>, &Lease)> =
        table.open().filter(is_free).map(|l| (seen.moved(l.shard), l)).collect();
    free.sort_by_key(|f| (f.0, f.1.shard));
    for (_, lease) in free {
        match run.best() {
            Some(i) => run.assign(lease, i, lease.handoff.is_some()),
            None => break,
        }
    }
    if balances {
        run.balance(table, config);
    }
    run.assigned
}

impl<'a> Run<'a> {
    fn new(table: &Leases, reports: &[Report], config: &KclConfig, random: &'a mut Random) -> Run<'a> {
        let known: Vec<f64> =
            table.open().filter(|l| l.begun.is_some()).map(|l| l.bytes_per_s as f64).collect();
        let mean_rate = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let rate = |l: &Lease| if l.begun.is_some() { l.bytes_per_s as f64 } else { mean_rate };
        let leases = table.open_count();
        let target = mean_rate * leases as f64 / reports.len() as f64;
        let mut workers: Vec<Candidate> = reports
            .iter()
            .map(|r| {
                let own = table.open().filter(|l| l.is_of(r.worker));
                let (n, bytes) = own.fold((0, 0.0), |a, l| (a.0 + 1, a.1 + rate(l)));
                let share = if target > 0.0 { 100.0 * bytes / target } else { 0.0 };
                Candidate { id: r.worker, load: r.load.unwrap_or(share), bytes, leases: n, out: false }
            })
            .collect();
        let most_leases = config.max_leases_for_worker.map_or(u64::MAX, u64::from);
        workers.iter_mut().for_each(|w| w.out = w.leases >= most_leases);
        Run {
            mean: workers.iter().map(|w| w.load).sum::<f64>() / workers.len() as f64,
            leases_each: (leases / reports.len() as u64).max(1) as f64,
            rates: table.open().map(|l| (l.shard, rate(l))).collect(),
            workers,
            target,
            most_leases,
            random,
            assigned: Vec::new(),
            owners: BTreeMap::new(),
        }
    }

    /// Is the lease this worker's, with what the run has assigned so far?
    fn is_of(&self, lease: &Lease, worker: u32) -> bool {
        self.owners.get(&lease.shard).map_or_else(|| lease.is_of(worker), |owner| *owner == worker)
    }

    fn rate(&self, shard: u32) -> f64 {
        let found = self.rates.binary_search_by_key(&shard, |r| r.0);
        found.map_or(0.0, |i| self.rates[i].1)
    }

    /// The worker with the most head-room: the largest share it may still grow to reach the mean; of equals the one
    /// with fewest leases.
    fn best(&self) -> Option<usize> {
        let room = |w: &Candidate| if w.load == 0.0 { 1.0 } else { (self.mean - w.load) / w.load };
        let candidates = self.workers.iter().enumerate().filter(|(_, w)| !w.out);
        let best = candidates
            .min_by(|(_, a), (_, b)| room(b).total_cmp(&room(a)).then_with(|| a.leases.cmp(&b.leases)));
        best.map(|b| b.0)
    }

    /// Its load with one lease more.
    fn load_with(&self, i: usize, shard: u32) -> f64 {
        let add = if self.target > 0.0 {
            self.rate(shard) * self.mean / self.target
        } else {
            self.mean / self.leases_each
        };
        self.workers[i].load + add
    }

    fn assign(&mut self, lease: &Lease, i: usize, even_to_itself: bool) {
        let to = self.workers[i].id;
        if self.is_of(lease, to) && !even_to_itself {
            // It seems to be in good hands, and the worker keeps its place.
            return;
        }
        let rate = self.rate(lease.shard);
        if let Some(old) = self.workers.iter().position(|w| self.is_of(lease, w.id)) {
            self.workers[old].bytes -= rate;
            self.workers[old].leases -= 1;
        }
        let load = self.load_with(i, lease.shard);
        let w = &mut self.workers[i];
        (w.load, w.bytes, w.leases) = (load, w.bytes + rate, w.leases + 1);
        w.out = w.leases >= self.most_leases;
        self.assigned.push(Assignment { shard: lease.shard, to });
        self.owners.insert(lease.shard, to);
    }

    /// Moves load from workers above the mean to those below.
    fn balance(&mut self, table: &Leases, config: &KclConfig) {
        for (donor, bytes) in self.donors(config) {
            for shard in self.leases_worth(donor, bytes, table) {
                let Some(i) = self.best() else { return };
                if self.load_with(i, shard) > self.mean {
                    // It leaves the queue for this run, as in AWS's code.
                    self.workers[i].out = true;
                    break;
                }
                if let Some(lease) = table.get(shard) {
                    self.assign(lease, i, false);
                }
            }
        }
    }

    /// Workers that give leases away, and how many bytes per second of them.
    fn donors(&self, config: &KclConfig) -> Vec<(u32, f64)> {
        let share = |p: Percent| p.0 as f64 / Percent::WHOLE as f64;
        let (high, low) = (
            self.mean * (1.0 + share(config.rebalance_threshold)),
            self.mean * (1.0 - share(config.rebalance_threshold)),
        );
        if !self.workers.iter().any(|w| w.load > high || w.load < low) {
            return Vec::new();
        }
        let mut donors: Vec<&Candidate> = self.workers.iter().filter(|w| w.load >= high).collect();
        if donors.is_empty() {
            let most = self.workers.iter().rev().max_by(|a, b| a.load.total_cmp(&b.load));
            donors.extend(most);
        }
        let take = |w: &Candidate| w.bytes * (w.load - self.mean) / w.load * share(config.dampening);
        let mut gives: Vec<(u32, f64)> = donors.iter().map(|w| (w.id, take(w))).collect();
        gives.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        gives
    }

    /// Leases of a worker, in random order, that together stay below so many bytes per second; if there is none, its
    /// smallest.
    fn leases_worth(&mut self, worker: u32, bytes: f64, table: &Leases) -> Vec<u32> {
        let own: Vec<u32> = table.open().filter(|l| self.is_of(l, worker)).map(|l| l.shard).collect();
        let total: f64 = own.iter().map(|s| self.rate(*s)).sum();
        if total == 0.0 {
            return own.into_iter().take(1).collect();
        }
        let smallest = own.iter().copied().min_by(|a, b| self.rate(*a).total_cmp(&self.rate(*b)));
        let mut left = bytes;
        let mut chosen = shuffled(own, self.random, u64::MAX);
        chosen.retain(|s| {
            let rate = self.rates.binary_search_by_key(s, |r| r.0).map_or(0.0, |i| self.rates[i].1);
            let fits = left - rate > 0.0;
            left -= if fits { rate } else { 0.0 };
            fits
        });
        if chosen.is_empty() {
            chosen.extend(smallest);
        }
        chosen
    }
}
