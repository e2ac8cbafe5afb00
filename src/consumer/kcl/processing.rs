//! The user's code works on batches, checkpoints are written, shards end.

use super::feed::Input;
use super::leases::Restart;
use super::*;
use crate::api::{Done, Fate};

impl Kcl {
    /// Begins the next batch if it can; ends the shard if there is none left.
    pub(super) fn work_on(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) {
        let p = &mut self.processors[slot as usize];
        if p.working || p.in_line || p.stopping || p.lost {
            return;
        }
        if p.inputs.is_empty() {
            if p.ended && p.arriving.is_none() {
                self.end_shard(slot, now, stream);
            }
            return;
        }
        let worker = &mut self.workers[p.worker as usize];
        match &mut worker.free {
            Some(0) => {
                p.in_line = true;
                worker.line.push_back((slot, p.stamp));
            }
            Some(free) => {
                *free -= 1;
                self.begin_batch(slot, now, stream);
            }
            None => self.begin_batch(slot, now, stream),
        }
    }

    fn begin_batch(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) {
        let p = &mut self.processors[slot as usize];
        let Some(input) = p.inputs.front().copied() else { return };
        (p.working, p.in_line) = (true, false);
        let (shard, w) = (p.shard, p.worker);
        let poisoned = self.holds_poison(shard, input, stream);
        let lease = self.table.at(shard);
        lease.bytes += input.bytes;
        let fails = lease.work.fails() || poisoned;
        let records = stream.records(shard, input.from, input.to);
        let crash = self.workers[w as usize].crashes();
        let end = if lease.work.is_instant() {
            self.done.clear();
            now
        } else {
            lease.work.each(now, records, &mut self.done)
        };
        let mut worked = records;
        if end > crash {
            worked = if fails { 0 } else { self.deliver_part(shard, input, crash, stream) };
        } else if fails {
            stream.drop_rows(shard, input.from, input.to, Fate::Skipped);
            self.failed_batches += 1;
        } else {
            let done = if self.done.is_empty() { Done::At(now) } else { Done::Records(&self.done) };
            stream.deliver(shard, input.from, input.to, input.received, done);
        }
        self.processors[slot as usize].failing = fails;
        let worker = &mut self.workers[w as usize];
        worker.result.records += worked;
        worker.begin(now);
        match end {
            end if end == now => self.batch_done(slot, now, stream),
            end => self.plan_for(end, What::BatchDone, slot),
        }
    }

    /// The worker dies at `crash`, in the middle: rows that were done by then are delivered; how many records.
    fn deliver_part(&mut self, shard: u32, input: Input, crash: u64, stream: &mut dyn Stream) -> u64 {
        let done = self.done.partition_point(|at| *at <= crash);
        let (mut to, mut records) = (input.from, 0);
        while to < input.to {
            let n = stream.records(shard, to, to + 1) as usize;
            if records + n > done {
                break;
            }
            (to, records) = (to + 1, records + n);
        }
        if to > input.from {
            stream.deliver(shard, input.from, to, input.received, Done::Records(&self.done[..records]));
        }
        records as u64
    }

    fn holds_poison(&mut self, shard: u32, input: Input, stream: &mut dyn Stream) -> bool {
        let mut found = false;
        for poison in self.poisons.iter_mut().filter(|p| p.shard == Some(shard)) {
            if poison.row.is_none() && stream.stored_at(shard, input.to - 1) >= poison.at {
                poison.row = Some(stream.row_since(shard, input.from, poison.at));
            }
            found |= poison.row.is_some_and(|row| (input.from..input.to).contains(&row));
        }
        found
    }

    /// A batch is done: its core is free, its end may be saved, the next may begin.
    pub(super) fn batch_done(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) {
        let p = &mut self.processors[slot as usize];
        let Some(input) = p.take() else { return };
        p.working = false;
        p.done_to = input.to;
        let (w, shard, stamp) = (p.worker, p.shard, p.stamp);
        let due = match self.config.checkpoint {
            Checkpoint::EveryBatch => true,
            Checkpoint::Every(span) => now >= p.saved.1.saturating_add(span.0),
            Checkpoint::AtShardEnd => false,
        };
        let goes_on = !p.lost && !p.stopping;
        // An exception leaves the user's code before it checkpoints.
        let saves = due && !p.failing && goes_on;
        self.free_core(w, now, stream);
        // The next in line may have ended the shard.
        if self.processors[slot as usize].stamp != stamp {
            return;
        }
        if saves && !self.checkpoint(slot, now, stream) {
            self.workers[w as usize].let_go(shard);
        }
        let p = &self.processors[slot as usize];
        if p.lost || !goes_on {
            return self.let_go(slot, now, stream);
        }
        self.keep(shard, stream);
        self.read_on(slot, now);
        if self.processors[slot as usize].stamp == stamp {
            self.work_on(slot, now, stream);
        }
    }

    /// The next in line gets the core.
    fn free_core(&mut self, w: u32, now: u64, stream: &mut dyn Stream) {
        let worker = &mut self.workers[w as usize];
        worker.end(now);
        let Some(free) = &mut worker.free else { return };
        *free += 1;
        loop {
            let worker = &mut self.workers[w as usize];
            if worker.free == Some(0) {
                return;
            }
            let Some((slot, stamp)) = worker.line.pop_front() else { return };
            let p = &self.processors[slot as usize];
            if p.stamp == stamp && p.in_line {
                worker.free = worker.free.map(|f| f - 1);
                self.begin_batch(slot, now, stream);
            }
        }
    }

    /// Writes how far it is, unless the lease is another's by now; whether it did.
    fn checkpoint(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) -> bool {
        self.table.requests.checkpoints += 1;
        let p = &mut self.processors[slot as usize];
        let lease = self.table.at(p.shard);
        if !lease.is_of(p.worker) {
            p.lost = true;
            return false;
        }
        lease.restart = Restart::Row(p.done_to);
        p.saved = (p.done_to, now);
        let shard = p.shard;
        self.keep(shard, stream);
        true
    }

    /// Nothing before the next owner's start, or before what processors still look at, is asked for again.
    pub(super) fn keep(&mut self, shard: u32, stream: &mut dyn Stream) {
        let Some(lease) = self.table.get(shard).filter(|l| !l.complete) else { return };
        let restart = match lease.restart {
            Restart::Row(row) => row,
            Restart::At(Position::Latest) => u64::MAX,
            Restart::At(_) => lease.begun.unwrap_or(0),
        };
        let needed = lease.processors.iter().map(|s| self.processors[*s as usize].first_needed());
        stream.keep_from(shard, needed.fold(restart, u64::min));
    }

    /// Takes no more batches; the one at work is finished first.
    pub(super) fn stop(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) {
        let p = &mut self.processors[slot as usize];
        (p.stopping, p.in_line) = (true, false);
        if !p.working {
            self.let_go(slot, now, stream);
        }
    }

    /// A processor that stops saves how far it is, hands its lease over if it is asked to, and is gone.
    fn let_go(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) {
        let p = &self.processors[slot as usize];
        let (w, shard) = (p.worker, p.shard);
        let saves = !p.lost && p.done_to > p.saved.0 && self.config.checkpoint != Checkpoint::AtShardEnd;
        if saves {
            self.checkpoint(slot, now, stream);
        }
        let is_its = !self.processors[slot as usize].lost && self.table.at(shard).is_of(w);
        if is_its && self.workers[w as usize].lives(now) {
            self.transfer(w, shard);
        }
        self.release(slot, stream);
    }

    /// The slot is free; whatever was arranged for it is void.
    pub(super) fn release(&mut self, slot: u32, stream: &mut dyn Stream) {
        let p = &mut self.processors[slot as usize];
        let shard = p.shard;
        p.stamp = p.stamp.wrapping_add(1);
        (p.gone, p.in_line) = (true, false);
        p.inputs.clear();
        self.changed = true;
        self.free.push(slot);
        self.table.at(shard).processors.retain(|s| *s != slot);
        self.keep(shard, stream);
    }

    /// All records of a closed shard are worked on: the last checkpoint, and leases for its children.
    pub(super) fn end_shard(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) {
        let p = &mut self.processors[slot as usize];
        let (w, shard) = (p.worker, p.shard);
        self.table.requests.checkpoints += 1;
        if !self.table.at(shard).is_of(w) {
            p.lost = true;
            self.workers[w as usize].let_go(shard);
            return self.release(slot, stream);
        }
        self.note_leases(now);
        let lease = self.table.at(shard);
        (lease.complete, lease.owner, lease.handoff) = (true, None, None);
        for other in std::mem::take(&mut lease.processors) {
            let p = &mut self.processors[other as usize];
            p.lost = true;
            if !p.working {
                self.release(other, stream);
            } else {
                p.stopping = true;
                self.table.at(shard).processors.push(other);
            }
        }
        self.workers[w as usize].let_go(shard);
        stream.finish(shard);
        let is_child = |s: &&crate::record::Shard| s.parents.contains(&shard);
        let children: Vec<u32> = stream.shards().iter().filter(is_child).map(|s| s.id).collect();
        for child in children {
            self.write_lease(child, Restart::At(Position::TrimHorizon), now);
        }
    }
}
