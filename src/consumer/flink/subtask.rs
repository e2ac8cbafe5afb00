//! A subtask of the source with its slot: fetchers on one side, the user's code on the other.

use super::output::Output;
use super::slot::{Fetched, Slot};
use super::source::{Fetcher, Reading, Step, Waits};
use super::split::Split;
use crate::api::Stream;
use crate::consumer::work::Work;
use crate::random::Stream as Random;

/// What the subtasks of a job share.
pub struct Job {
    /// How they read.
    pub reading: Reading,
    /// Every shard discovered, by id.
    pub splits: Vec<Split>,
    /// The sinks.
    pub output: Output,
}

/// One subtask.
pub struct Subtask {
    fetchers: Vec<Fetcher>,
    slot: Slot,
    /// Latencies of calls, waits after refusals.
    random: Random,
    /// Shards it has.
    shards: u32,
    /// A shard of its was worked on to its end.
    pub ended: bool,
    waits: Waits,
}

impl Subtask {
    /// Without a shard.
    pub fn new(work: Work, random: Random) -> Subtask {
        let slot = Slot::new(work);
        Subtask { fetchers: Vec::new(), slot, random, shards: 0, ended: false, waits: Waits::default() }
    }

    /// When something happens in it next.
    pub fn next(&self) -> u64 {
        self.fetchers.iter().map(Fetcher::at).min().unwrap_or(u64::MAX).min(self.slot.end())
    }

    /// A shard to read from now on.
    pub fn add(&mut self, shard: u32, now: u64, job: &mut Job) {
        if job.reading.by_shard() || self.fetchers.is_empty() {
            self.fetchers.push(Fetcher::new());
        }
        let last = self.fetchers.len() - 1;
        self.fetchers[last].add(shard, now, &job.reading);
        job.splits[shard as usize].begin(now);
        self.shards += 1;
    }

    /// Has it a shard?
    pub fn is_idle(&self) -> bool {
        self.shards == 0
    }

    /// Does everything due now; `false` when the job fails.
    pub fn act(&mut self, now: u64, job: &mut Job, stream: &mut dyn Stream) -> bool {
        while self.next() <= now {
            if self.slot.end() <= now && !self.end_batch(now, job, stream) {
                return false;
            }
            for i in 0..self.fetchers.len() {
                if self.fetchers[i].at() > now {
                    continue;
                }
                match self.fetchers[i].step(now, &job.reading, &mut job.splits, &mut self.random, stream) {
                    Step::On => {}
                    Step::Batch(batch) => self.offer(Fetched { fetcher: i, ..batch }, now, job, stream),
                    Step::Fails => return false,
                }
            }
        }
        true
    }

    /// A batch for the queue; the slot takes the next one when it is free.
    fn offer(&mut self, batch: Fetched, now: u64, job: &mut Job, stream: &mut dyn Stream) {
        self.fetchers[batch.fetcher].blocked(batch, now);
        self.fill(now, job, stream);
    }

    /// Batches that wait move up, as far as there is room.
    fn fill(&mut self, now: u64, job: &mut Job, stream: &mut dyn Stream) {
        self.slot.begin(now, &mut job.splits, stream);
        for fetcher in &mut self.fetchers {
            let Some(batch) = fetcher.waiting().filter(|_| self.slot.waiting() < job.reading.queue()) else {
                continue;
            };
            self.slot.put(batch);
            fetcher.accepted(now, &job.reading);
            self.slot.begin(now, &mut job.splits, stream);
        }
    }

    /// The running batch is over; `false` when it failed.
    fn end_batch(&mut self, now: u64, job: &mut Job, stream: &mut dyn Stream) -> bool {
        self.flush(now, job, stream);
        let Some(done) = self.slot.finish() else { return true };
        if done.failed {
            return false;
        }
        if done.batch.ends {
            job.splits[done.batch.shard as usize].ends_at(done.batch.to);
            (self.shards, self.ended) = (self.shards - 1, true);
        }
        self.fetchers[done.batch.fetcher].worked(now, &job.reading);
        self.fill(now, job, stream);
        true
    }

    /// Writes out what is done by now.
    pub fn flush(&mut self, now: u64, job: &mut Job, stream: &mut dyn Stream) {
        self.slot.flush(now, &mut job.splits, &mut job.output, stream);
    }

    /// The process is gone, and what it held.
    pub fn clear(&mut self, now: u64) {
        self.waits = self.waits_by(now);
        self.fetchers.clear();
        self.slot.clear(now);
        (self.shards, self.ended) = (0, false);
    }

    /// Time its slot has worked by then.
    pub fn busy_by(&self, now: u64) -> u64 {
        self.slot.busy_by(now)
    }

    /// Time its fetchers did not read, by then.
    pub fn waits_by(&self, now: u64) -> Waits {
        self.fetchers.iter().map(|f| f.waits_by(now)).fold(self.waits, Waits::and)
    }
}
