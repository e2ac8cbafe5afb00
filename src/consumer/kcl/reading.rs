//! Processors begin and read.

use super::feed::Input;
use super::leases::Restart;
use super::*;
use crate::api::{Fate, Most, Pushed};
use crate::facts::fan_out::RESUBSCRIBE_GAP;

impl Kcl {
    /// A worker's loop finds a lease without a processor; a child waits for its parents.
    pub(super) fn launch(&mut self, w: u32, shard: u32, stream: &mut dyn Stream) {
        let now = stream.now();
        let holds = self.workers[w as usize].held.binary_search(&shard).is_ok();
        if !holds || self.slot_of(w, shard).is_some() {
            return;
        }
        if self.waits_for_parents(shard, stream) {
            let at = now + facts::PARENT_POLL.dur().0;
            self.due.push(Reverse(Event { at, what: What::Launch, shard, worker: w, slot: 0, stamp: 0 }));
            return;
        }
        let first = match self.rules.feed {
            Feed::Ahead(_) => now + self.rules.idle,
            Feed::InTurn | Feed::Pushed => now,
        };
        self.start_processor(w, shard, first, stream);
    }

    /// Is a parent of the shard not worked on to its end?
    pub(super) fn waits_for_parents(&self, shard: u32, stream: &dyn Stream) -> bool {
        let parents = stream.shards().get(shard as usize).map_or(&[][..], |s| &s.parents);
        parents.iter().any(|p| self.table.get(*p).is_some_and(|l| !l.complete))
    }

    /// A processor begins where its lease says, and reads at `first`.
    pub(super) fn start_processor(&mut self, w: u32, shard: u32, first: u64, stream: &mut dyn Stream) {
        let now = stream.now();
        let row = self.first_row(shard, stream);
        let slot = self.free.pop().unwrap_or(self.processors.len() as u32);
        let stamp = self.processors.get(slot as usize).map_or(0, |p| p.stamp);
        let new = Processor::new(stamp, shard, w, row, now);
        match self.processors.get_mut(slot as usize) {
            Some(old) => *old = new,
            None => self.processors.push(new),
        }
        let lease = self.table.at(shard);
        if let Some(since) = lease.orphaned.take() {
            self.failovers.add(now - since);
        }
        lease.processors.push(slot);
        if self.rules.feed == Feed::Pushed {
            // Not subscribed yet: the call may be refused.
            self.processors[slot as usize].cut_off = true;
            self.subscribe(slot, now, stream);
        }
        self.plan_for(first, What::Read, slot);
        self.keep(shard, stream);
    }

    /// Where a lease's next owner begins.
    fn first_row(&mut self, shard: u32, stream: &mut dyn Stream) -> u64 {
        let now = stream.now();
        let lease = self.table.at(shard);
        match (lease.restart, lease.begun) {
            (Restart::Row(row), _) => row,
            (Restart::At(from), None) => {
                let row = stream.begin(shard, from);
                lease.begun = Some(row);
                row
            }
            // Nothing was ever checkpointed: LATEST is later by now.
            (Restart::At(Position::Latest), Some(begun)) => {
                let row = stream.row_since(shard, begun, now);
                stream.drop_rows(shard, begun, row, Fate::Skipped);
                lease.begun = Some(row);
                row
            }
            (Restart::At(_), Some(begun)) => begun,
        }
    }

    /// A subscription ends and is made again, without a gap; or one that is not there is looked for.
    pub(super) fn resubscribe(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) {
        let p = &self.processors[slot as usize];
        if p.looks == now && !(p.ended || p.stopping || p.lost) {
            self.subscribe(slot, now, stream);
        }
    }

    /// SubscribeToShard: refused shortly after another processor's; later it takes over from it, and the other finds out
    /// at its next look. A processor that was cut off goes on after the last row it received.
    fn subscribe(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) {
        let p = &self.processors[slot as usize];
        let (shard, renews) = (p.shard, !p.cut_off);
        let lease = self.table.at(shard);
        let is_recent = |at: u64| now < at + RESUBSCRIBE_GAP.dur().0;
        if !renews && lease.subscribed.is_some_and(is_recent) {
            return self.look_again(slot, now + facts::SUBSCRIPTION_LOOK.dur().0);
        }
        lease.subscribed = Some(now);
        let others = lease.processors.clone();
        for other in others.into_iter().filter(|o| *o != slot) {
            if !self.processors[other as usize].cut_off {
                self.processors[other as usize].cut_off = true;
                self.changed = true;
                self.look_again(other, now + facts::SUBSCRIPTION_LOOK.dur().0);
            }
        }
        stream.subscribed(shard);
        self.look_again(slot, now + self.rules.resubscribe);
        let p = &mut self.processors[slot as usize];
        p.cut_off = false;
        if let Some(since) = p.silent_since.take() {
            self.silences.add(now - since);
        }
        if !p.reading {
            p.reading = true;
            self.plan_for(now, What::Read, slot);
        }
    }

    /// Nothing comes through any subscription from now on. Its processor finds out at its first look a minute later.
    pub(super) fn fall_silent(&mut self, now: u64) {
        if self.rules.feed != Feed::Pushed {
            return;
        }
        let look = facts::SUBSCRIPTION_LOOK.dur().0;
        for slot in 0..self.processors.len() as u32 {
            let p = &mut self.processors[slot as usize];
            if !p.gone && p.wants_more() {
                p.cut_off = true;
                p.silent_since = Some(now);
                self.changed = true;
                let worker = &self.workers[p.worker as usize];
                let at = worker.round(now + facts::SILENCE.dur().0, look);
                self.look_again(slot, at);
            }
        }
    }

    fn look_again(&mut self, slot: u32, at: u64) {
        self.processors[slot as usize].looks = at;
        self.plan_for(at, What::Resubscribe, slot);
    }

    /// Asks for more.
    pub(super) fn read(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) {
        if self.elsewhere {
            return self.read_elsewhere(slot, now);
        }
        let p = &mut self.processors[slot as usize];
        if !p.wants_more() || !p.has_room(self.rules.feed) {
            p.reading = false;
        } else if self.rules.feed == Feed::Pushed {
            self.take_pushed(slot, now, stream);
        } else {
            self.call(slot, now, stream);
        }
    }

    /// GetRecords.
    fn call(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) {
        let p = &self.processors[slot as usize];
        let (shard, w) = (p.shard, p.worker);
        let most = Most { rows: self.rules.rows, bytes: self.rules.bytes };
        match stream.get_records(shard, p.next, most) {
            Err(_) => {
                let again = match self.rules.feed {
                    Feed::InTurn => {
                        let worker = &self.workers[w as usize];
                        worker.round(now + facts::TASK_BACKOFF.dur().0, self.rules.dispatch)
                    }
                    _ => now + self.rules.idle.max(1),
                };
                self.plan_for(again.max(now + 1), What::Read, slot);
            }
            Ok(batch) => {
                let random = &mut self.table.at(shard).latency;
                let took = self.rules.latency.as_ref().map_or(0, |l| l.draw(random));
                let (from, to, bytes) = (batch.from, batch.to, batch.bytes);
                let p = &mut self.processors[slot as usize];
                p.next = to;
                p.arriving = Some((Input { from, to, bytes, received: now + took }, batch.ends));
                self.plan_for(now + took, What::Arrival, slot);
            }
        }
    }

    /// Its answer.
    pub(super) fn arrive(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) {
        let p = &mut self.processors[slot as usize];
        let Some((input, ends)) = p.arriving.take() else { return };
        if p.stopping || p.lost {
            p.reading = false;
            return;
        }
        let is_empty = input.from == input.to;
        p.answered = now;
        p.ended |= ends;
        p.reading = false;
        if is_empty && self.rules.feed == Feed::InTurn && !ends {
            // The task sleeps before it ends.
            p.reading = true;
            let worker = &self.workers[p.worker as usize];
            let at = worker.round(now + self.rules.idle, self.rules.dispatch).max(now + 1);
            return self.plan_for(at, What::Read, slot);
        }
        if !is_empty {
            p.add(input);
        }
        self.read_on(slot, now);
        self.work_on(slot, now, stream);
    }

    /// Arranges the next call, if there is room.
    pub(super) fn read_on(&mut self, slot: u32, now: u64) {
        let p = &mut self.processors[slot as usize];
        if p.reading || !p.wants_more() || !p.has_room(self.rules.feed) {
            return;
        }
        p.reading = true;
        // A call takes time even where its answer does not.
        let at = match self.rules.feed {
            Feed::Pushed => now,
            Feed::Ahead(_) => (p.answered + self.rules.idle.max(1)).max(now),
            Feed::InTurn => self.workers[p.worker as usize].round(now + 1, self.rules.dispatch),
        };
        self.plan_for(at, What::Read, slot);
    }

    /// Takes what has been pushed.
    fn take_pushed(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) {
        let most = Most { rows: self.rules.rows, bytes: self.rules.bytes };
        if self.flow(slot, now, stream) {
            return;
        }
        loop {
            let p = &mut self.processors[slot as usize];
            if !p.wants_more() || !p.has_room(self.rules.feed) {
                p.reading = false;
                return;
            }
            match stream.pushed(p.shard, p.next, most) {
                Pushed::Nothing(u64::MAX) => return,
                Pushed::Nothing(at) => return self.plan_for(at.max(now + 1), What::Read, slot),
                Pushed::Ended => {
                    p.ended = true;
                    p.reading = false;
                    return self.work_on(slot, now, stream);
                }
                Pushed::Rows(b) => {
                    p.next = b.to;
                    p.answered = now;
                    p.ended |= b.ends;
                    p.add(Input { from: b.from, to: b.to, bytes: b.bytes, received: now });
                    let stamp = p.stamp;
                    self.work_on(slot, now, stream);
                    if self.processors[slot as usize].stamp != stamp {
                        return;
                    }
                }
            }
        }
    }

    /// A processor at rest whose code takes no time needs no moment of its own for each push: up to what happens next
    /// to any worker, or its next checkpoint, they pass in one go. Whether any did; then its next look is arranged.
    fn flow(&mut self, slot: u32, now: u64, stream: &mut dyn Stream) -> bool {
        let p = &self.processors[slot as usize];
        let (shard, w, from) = (p.shard, p.worker, p.next);
        let until = self.undisturbed(slot).min(stream.known_until());
        let lease = self.table.at(shard);
        let is_alone = lease.is_of(w) && lease.processors.len() == 1;
        let is_at_rest = is_alone && p.inputs.is_empty() && !p.working && !p.in_line;
        let takes_no_time = lease.work.is_instant() && lease.work.never_fails();
        let is_poisoned = |o: &Poison| o.shard == Some(shard) && o.row.is_none_or(|row| row >= from);
        if until <= now || !is_at_rest || !takes_no_time || self.poisons.iter().any(is_poisoned) {
            return false;
        }
        let flow = stream.flow(shard, from, until);
        if flow.to == from {
            return false;
        }
        lease.bytes += flow.bytes;
        self.workers[w as usize].result.records += flow.records;
        let p = &mut self.processors[slot as usize];
        (p.next, p.done_to, p.answered) = (flow.to, flow.to, flow.last);
        if self.config.checkpoint == Checkpoint::EveryBatch {
            lease.restart = Restart::Row(flow.to);
            self.table.requests.checkpoints += flow.to - from;
            p.saved = (flow.to, flow.last);
        }
        self.keep(shard, stream);
        self.plan_for(flow.next.max(now + 1), What::Read, slot);
        true
    }

    /// Until when nothing happens to any worker, no core is missing, and no checkpoint is due.
    fn undisturbed(&self, slot: u32) -> u64 {
        let p = &self.processors[slot as usize];
        if self.workers[p.worker as usize].free == Some(0) {
            return 0;
        }
        let saves = match self.config.checkpoint {
            Checkpoint::Every(span) => p.saved.1.saturating_add(span.0),
            Checkpoint::EveryBatch | Checkpoint::AtShardEnd => u64::MAX,
        };
        self.due.peek().map_or(u64::MAX, |e| e.0.at).min(saves)
    }
}
