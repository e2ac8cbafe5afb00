//! Workers renew, take, are assigned and discover leases.

use super::config::Assignment;
use super::leader::Report;
use super::leases::Handoff;
use super::taking::round;
use super::*;

impl Kcl {
    /// Moves the counter of every lease it holds, and finds out which are not its own any more.
    pub(super) fn renew(&mut self, w: u32, now: u64, stream: &mut dyn Stream) {
        let per_call = self.rules.metrics_per_call;
        self.workers[w as usize].note_metrics(now, per_call);
        let mut held = std::mem::take(&mut self.scratch);
        held.clone_from(&self.workers[w as usize].held);
        for &shard in &held {
            self.table.requests.renewals += 1;
            let lease = self.table.at(shard);
            if !lease.is_of(w) {
                self.lose(w, shard, now, stream);
                continue;
            }
            lease.counter += 1;
            let rate = (u128::from(lease.bytes) * 1_000_000_000 / u128::from(self.rules.renew)) as u64;
            lease.bytes_per_s = if lease.counter == 2 { rate } else { lease.bytes_per_s.midpoint(rate) };
            // Where records are carried elsewhere it is told, and stays until it is told anew.
            lease.bytes = if self.elsewhere { lease.bytes } else { 0 };
            if lease.handoff.is_some() {
                self.hand_over(w, shard, now, stream);
            }
        }
        self.scratch = held;
    }

    /// Another worker has the lease.
    pub(super) fn lose(&mut self, w: u32, shard: u32, now: u64, stream: &mut dyn Stream) {
        self.workers[w as usize].let_go(shard);
        if let Some(slot) = self.slot_of(w, shard) {
            self.processors[slot as usize].lost = true;
            self.stop(slot, now, stream);
        }
    }

    /// Its processor of a shard that is not lost.
    pub(super) fn slot_of(&self, w: u32, shard: u32) -> Option<u32> {
        let slots = &self.table.get(shard)?.processors;
        slots.iter().copied().find(|s| {
            let p = &self.processors[*s as usize];
            p.worker == w && !p.lost
        })
    }

    /// The leader wants the lease for another worker: the processor finishes its batch, then lets go.
    fn hand_over(&mut self, w: u32, shard: u32, now: u64, stream: &mut dyn Stream) {
        match self.slot_of(w, shard) {
            Some(slot) if !self.processors[slot as usize].stopping => self.stop(slot, now, stream),
            Some(_) => {}
            None => self.transfer(w, shard),
        }
    }

    /// It has let go.
    pub(super) fn transfer(&mut self, w: u32, shard: u32) {
        self.workers[w as usize].let_go(shard);
        let lease = self.table.at(shard);
        let Some(handoff) = lease.handoff.take() else { return };
        lease.owner = Some(handoff.to);
        lease.counter += 1;
        self.table.requests.assignments += 1;
        self.moves.handed_over += 1;
    }

    /// 1.x, 2.x: takes or steals.
    pub(super) fn take(&mut self, w: u32, now: u64) {
        self.table.scan();
        let worker = &mut self.workers[w as usize];
        worker.seen.look(&self.table, now);
        let round = round(w, &self.table, &worker.seen, &self.config, now, &mut worker.random);
        for &shard in &round.take {
            self.give(shard, w);
            let counter = if round.stolen { &mut self.moves.stolen } else { &mut self.moves.taken };
            *counter += 1;
            let worker = &mut self.workers[w as usize];
            if let Some(lease) = self.table.get(shard) {
                worker.seen.wrote(lease, now);
            }
            self.hold(w, shard, now);
        }
    }

    /// The table has a new owner.
    fn give(&mut self, shard: u32, to: u32) {
        self.table.requests.assignments += 1;
        let lease = self.table.at(shard);
        (lease.owner, lease.handoff) = (Some(to), None);
        lease.counter += 1;
    }

    /// A worker knows of a lease of its own; its processor begins at the next round of its loop.
    pub(super) fn hold(&mut self, w: u32, shard: u32, now: u64) {
        if self.workers[w as usize].hold(shard) {
            let at = self.workers[w as usize].round(now, self.rules.dispatch);
            self.due.push(Reverse(Event { at, what: What::Launch, shard, worker: w, slot: 0, stamp: 0 }));
        }
    }

    /// 3.x: finds leases that were assigned to it.
    pub(super) fn discover(&mut self, w: u32, now: u64) {
        let mut own = std::mem::take(&mut self.scratch);
        own.clear();
        own.extend(self.table.open().filter(|l| l.is_of(w)).map(|l| l.shard));
        self.table.count_scan(own.len() as u64, facts::LEASE_KEY.bytes().0);
        for &shard in &own {
            if self.workers[w as usize].held.binary_search(&shard).is_err() {
                self.table.count_look();
                self.hold(w, shard, now);
            }
        }
        self.scratch = own;
    }

    /// 3.x: writes how busy it is.
    pub(super) fn report(&mut self, w: u32, now: u64) {
        self.table.requests.reports += 1;
        self.workers[w as usize].write_report(now);
    }

    /// 3.x: is it the leader? A worker that was not does not ask again before the next heartbeat.
    fn leads(&mut self, w: u32, now: u64) -> bool {
        let worker = &mut self.workers[w as usize];
        if self.lock.is_some_and(|l| l.holder == w) {
            self.table.count_look();
            return true;
        }
        if worker.looked.is_some_and(|at| at + facts::LEADER_HEARTBEAT.dur().0 > now) {
            return false;
        }
        self.table.count_look();
        worker.looked = Some(now);
        if self.lock.is_some_and(|l| l.free > now) {
            return false;
        }
        self.table.requests.reports += 1;
        self.lock = Some(Lock { holder: w, since: now, free: u64::MAX });
        worker.runs = 0;
        worker.seen.clear();
        true
    }

    /// 3.x: the leader assigns leases.
    pub(super) fn assign(&mut self, w: u32, now: u64) {
        if !self.leads(w, now) {
            return;
        }
        let silent = facts::LOAD_REPORT.dur().0 * facts::LOAD_SILENT.count();
        let written = self.workers.iter().filter(|w| w.report.is_some()).count() as u64;
        let reports: Vec<Report> = (0u32..)
            .zip(&self.workers)
            .filter_map(|(id, w)| w.report.filter(|r| r.0 + silent >= now).map(|r| (id, r.1)))
            .map(|(worker, load)| Report { worker, load })
            .collect();
        self.table.scan();
        self.table.count_scan(written, facts::LEASE_ROW.bytes().0);
        let leader = &mut self.workers[w as usize];
        let balances = leader.runs.is_multiple_of(facts::BALANCE_EVERY.count());
        leader.runs += 1;
        leader.seen.look(&self.table, now);
        let (table, seen, config) = (&self.table, &leader.seen, &self.config);
        let plan = match config.assignment {
            Assignment::ByLoad => {
                leader::run(table, seen, &reports, balances, config, now, &mut leader.random)
            }
            Assignment::ByCount => counting::run(table, seen, &reports, balances, config, now),
        };
        for a in plan {
            self.carry_out(w, a, now);
        }
    }

    /// A lease in good hands is asked for; any other is given at once.
    fn carry_out(&mut self, leader: u32, a: leader::Assignment, now: u64) {
        let seen = &mut self.workers[leader as usize].seen;
        let Some(lease) = self.table.get(a.shard) else { return };
        let alive = lease.owner.is_some() && !seen.is_expired(a.shard, self.rules.failover, now);
        match lease.handoff {
            Some(h) if alive && now < h.until => {}
            None if alive => {
                let until = now + facts::HANDOFF.dur().0 + self.rules.failover;
                self.table.requests.assignments += 1;
                self.table.at(a.shard).handoff = Some(Handoff { to: a.to, until });
            }
            _ => {
                let counter = if alive { &mut self.moves.stolen } else { &mut self.moves.taken };
                *counter += 1;
                self.give(a.shard, a.to);
                if let Some(lease) = self.table.get(a.shard) {
                    self.workers[leader as usize].seen.wrote(lease, now);
                }
            }
        }
    }
}
