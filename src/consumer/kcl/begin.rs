//! Workers begin and end; the first leases are written.

use super::config::LeaseTable;
use super::fleet::End;
use super::leases::{Lease, Restart};
use super::*;
use crate::consumer::work::Work;

impl Kcl {
    /// A worker starts: with leases of its own if the application is found at work, else as a stranger.
    pub(super) fn begin_worker(&mut self, w: u32, now: u64, stream: &mut dyn Stream) {
        let is_first = now == self.consumer.starts.at.0;
        if is_first && self.config.lease_table == LeaseTable::Balanced {
            if !self.table.written {
                self.write_leases(now, stream);
                self.spread(now);
            }
            return self.go_on(w, now, stream);
        }
        self.reclaim(w, now);
        let (least, most) = facts::EMPTY_TABLE_WAIT.range();
        let worker = &mut self.workers[w as usize];
        worker.waits_until = now + least.0 + worker.random.below(most.0 - least.0);
        self.look_for_leases(w, now, stream);
    }

    /// Leases in the table under its own id are its own at once, however old. (A leader's lock is not: it must fall free.)
    fn reclaim(&mut self, w: u32, now: u64) {
        let life = self.workers[w as usize].life;
        let is_before = |b: &u32| {
            let before = &self.workers[*b as usize].life;
            *b != w && before.id == life.id && before.until.is_some_and(|u| u.0 <= now)
        };
        let before: Vec<u32> = (0..self.workers.len() as u32).filter(is_before).collect();
        if before.is_empty() {
            return;
        }
        self.table.scan();
        for b in before {
            // To the leader they are one worker.
            let report = self.workers[b as usize].report.take();
            let worker = &mut self.workers[w as usize];
            worker.report = worker.report.or(report);
            for shard in self.owned_by(b) {
                self.table.requests.renewals += 1;
                let lease = self.table.at(shard);
                (lease.owner, lease.counter) = (Some(w), lease.counter + 1);
                self.hold(w, shard, now);
            }
        }
    }

    /// It waits while there are no leases, and writes them if nobody else does.
    pub(super) fn look_for_leases(&mut self, w: u32, now: u64, stream: &mut dyn Stream) {
        let until = self.workers[w as usize].waits_until;
        if !self.table.written && now < until {
            self.table.count_look();
            return self.plan((now + facts::EMPTY_TABLE_LOOK.dur().0).min(until), What::Look, w);
        }
        if !self.table.written {
            self.write_leases(now, stream);
        }
        for what in self.loops() {
            self.plan(now, *what, w);
        }
    }

    /// What a worker does again and again.
    fn loops(&self) -> &'static [What] {
        match self.config.version {
            Version::V1 => &[What::Renew, What::Take],
            Version::V2 => &[What::Renew, What::Take, What::SyncLook],
            Version::V3 => &[What::Renew, What::Report, What::Assign, What::Discover],
        }
    }

    /// Leases for the shards there are: with LATEST those that are open, else all.
    fn write_leases(&mut self, now: u64, stream: &mut dyn Stream) {
        let from = self.consumer.starts.from;
        let shards: Vec<(u32, bool)> =
            stream.shards().iter().map(|s| (s.id, s.closed.is_some_and(|c| c <= now))).collect();
        for (shard, closed) in shards {
            if closed && from == Position::Latest {
                stream.begin(shard, from);
                stream.finish(shard);
            } else {
                self.write_lease(shard, Restart::At(from), now);
            }
        }
    }

    /// Writes the lease of a shard, if there is none.
    pub(super) fn write_lease(&mut self, shard: u32, restart: Restart, now: u64) {
        if self.table.get(shard).is_some() {
            return;
        }
        self.note_leases(now);
        let random = |purpose| self.seed.numbered(&self.path, purpose, shard.into());
        let work = Work::new(
            &self.consumer.processing,
            self.slow.clone(),
            self.consumer.failure_rate.0,
            random("processing"),
        );
        let lease = Lease::new(shard, restart, work, random("read_latency"));
        self.table.write(lease);
    }

    /// The workers of the start have the leases, one after another.
    fn spread(&mut self, now: u64) {
        let start = self.workers.iter().filter(|w| w.life.from == now).count() as u32;
        let shards: Vec<u32> = self.table.open().map(|l| l.shard).collect();
        let most = self.config.max_leases_for_worker.map_or(usize::MAX, |m| m as usize);
        for (i, shard) in shards.into_iter().enumerate() {
            let w = i as u32 % start.max(1);
            if self.workers[w as usize].held.len() < most {
                let lease = self.table.at(shard);
                (lease.owner, lease.counter) = (Some(w), 1);
                self.workers[w as usize].hold(shard);
            }
        }
    }

    /// A worker in the midst of its work: its loops stand anywhere in their periods.
    fn go_on(&mut self, w: u32, now: u64, stream: &mut dyn Stream) {
        for what in self.loops() {
            let period = self.period(*what);
            let phase = self.workers[w as usize].random.below(period);
            self.plan(now + phase, *what, w);
        }
        let worker = &mut self.workers[w as usize];
        let phase = worker.random.below(self.rules.dispatch);
        worker.stand_at(now + phase);
        self.scratch.clone_from(&worker.held);
        for i in 0..self.scratch.len() {
            let shard = self.scratch[i];
            if self.waits_for_parents(shard, stream) {
                let at = now + facts::PARENT_POLL.dur().0;
                self.due.push(Reverse(Event { at, what: What::Launch, shard, worker: w, slot: 0, stamp: 0 }));
                continue;
            }
            let worker = &mut self.workers[w as usize];
            let first = match self.rules.feed {
                Feed::InTurn => worker.round(now, self.rules.dispatch),
                Feed::Ahead(_) | Feed::Pushed => now + worker.random.below(self.rules.idle.max(1)),
            };
            self.start_processor(w, shard, first, stream);
        }
    }

    /// A worker ends. Its leases stay in its name.
    pub(super) fn end_worker(&mut self, w: u32, now: u64, stream: &mut dyn Stream) {
        let Some((_, how)) = self.workers[w as usize].life.until else { return };
        self.workers[w as usize].note_metrics(now, self.rules.metrics_per_call);
        self.leave_lock(w, now, how);
        for slot in self.slots_of(w) {
            match how {
                End::Crash => self.release(slot, stream),
                End::Stop => self.stop(slot, now, stream),
            }
        }
        for shard in self.owned_by(w) {
            self.table.at(shard).orphaned = Some(now);
        }
        let worker = &mut self.workers[w as usize];
        worker.held.clear();
        if how == End::Crash {
            worker.fall(now);
        }
    }

    fn slots_of(&self, w: u32) -> Vec<u32> {
        let of = |s: &u32| {
            let p = &self.processors[*s as usize];
            p.worker == w && !p.gone
        };
        (0..self.processors.len() as u32).filter(of).collect()
    }

    fn owned_by(&self, w: u32) -> Vec<u32> {
        self.table.open().filter(|l| l.is_of(w)).map(|l| l.shard).collect()
    }

    /// The leader's lock falls free: at once when it stops, some time after its last heartbeat when it dies.
    fn leave_lock(&mut self, w: u32, now: u64, how: End) {
        let Some(lock) = self.lock.as_mut().filter(|l| l.holder == w) else { return };
        self.lead_beats += beats(*lock, now);
        let beat = facts::LEADER_HEARTBEAT.dur().0;
        lock.free = match how {
            End::Stop => now,
            End::Crash => lock.since + (now - lock.since) / beat * beat + facts::LEADER_LEASE.dur().0,
        };
        lock.since = u64::MAX;
    }
}
