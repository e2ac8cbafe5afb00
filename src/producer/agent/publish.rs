//! From a full buffer to its checkpoint: the publishing thread, sending threads, answers, and what a dead process
//! leaves.

use super::{Agent, Buffer};
use crate::producer::calls::{Answer, Held};

impl Agent {
    /// The publishing thread: takes buffers, failed ones first, until there are none or it has to wait.
    pub(super) fn publish(&mut self) {
        while self.backoff.until().is_none() {
            let buffer = match self.retry.pop_front() {
                Some(failed) => failed,
                None => {
                    let Some(fresh) = self.fresh.pop_front() else { return };
                    self.blocked = false;
                    fresh
                }
            };
            self.hand_out(buffer);
            self.backoff.begin(self.now);
            self.queue_if_ripe();
        }
    }

    fn hand_out(&mut self, buffer: Buffer) {
        let free = self.threads < self.config.sending_threads;
        let room = self.tasks.len() < self.config.sending_queue as usize;
        self.backoff.offered(free || room);
        if free {
            self.threads += 1;
            self.send(buffer);
        } else if room {
            self.tasks.push_back(buffer);
        } else {
            self.retry.push_back(buffer);
        }
    }

    fn send(&mut self, mut buffer: Buffer) {
        let entries = std::mem::take(&mut buffer.entries);
        buffer.records = entries.len() as u64;
        let slot = self.calls.send(self.now, entries) as usize;
        if self.sending.len() <= slot {
            self.sending.resize_with(slot + 1, || None);
        }
        self.sending[slot] = Some(buffer);
    }

    /// An answer: stored lines are done with, the others go again. A dead process hears nothing.
    pub(super) fn answer(&mut self) {
        let Some(Answer { slot, mut entries, failed }) = self.calls.answer() else { return };
        let Some(mut buffer) = self.sending[slot as usize].take() else { return self.bury(entries) };
        entries.retain(|line| {
            let again = failed || line.refused;
            if !again {
                self.memory = (self.memory.0 - 1, self.memory.1 - u64::from(line.size));
            }
            again
        });
        self.backoff.answered(entries.len() as u64, buffer.records, self.now);
        if entries.is_empty() {
            self.checkpoint(&buffer);
            self.calls.recycle(entries);
        } else {
            buffer.entries = entries;
            self.retry.push_back(buffer);
        }
        match self.tasks.pop_front() {
            Some(waiting) => self.send(waiting),
            None => self.threads -= 1,
        }
        self.publish();
    }

    /// Only forward: an earlier buffer that is still failing is passed over.
    fn checkpoint(&mut self, sent: &Buffer) {
        if sent.id > self.committed {
            self.committed = sent.id;
            self.tail.checkpoint(sent.end, sent.written);
        }
    }

    /// Lines that died with the process: the file still has those behind the checkpoint.
    pub(super) fn bury(&mut self, entries: Vec<Held>) {
        let checkpoint = self.tail.checkpointed();
        for line in entries.iter().filter(|line| !line.stored) {
            if line.number < checkpoint {
                self.calls.report.lost.restart += 1;
            } else {
                self.dead.push(*line);
            }
        }
        self.calls.recycle(entries);
    }

    /// A new process reads on from the checkpoint.
    pub(super) fn come_back(&mut self) {
        let now = self.now;
        self.tail.rewind(std::mem::take(&mut self.dead).iter());
        (self.back, self.caught_up) = (None, false);
        (self.began, self.beat_from, self.poll_from) = (now, now, now);
        if self.committed == 0 {
            self.calls.report.lost.restart += self.tail.begin_anew(now, self.config.from_end);
        }
        self.filling = Buffer { id: self.next_id, ..Buffer::default() };
        self.next_id += 1;
    }
}
