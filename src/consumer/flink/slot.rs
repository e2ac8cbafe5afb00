//! A slot: works on what its subtask has fetched, record after record, whichever shard they are of.
//!
//! At Flink: source and the operators chained to it run in one thread of a slot. What was fetched waits in a short
//! queue; while that is full the fetcher waits too, so that a slow slot slows its reading (back-pressure).
//! We model: one row of the stream is one record to the job, whatever a producer packed into it: the source does not
//! unpack. A batch that fails has worked on all but its last record.

use super::output::Output;
use super::split::Split;
use crate::api::{Done, Stream};
use crate::consumer::work::Work;
use std::collections::VecDeque;

/// Rows of one shard that were fetched together.
#[derive(Clone, Copy, Debug)]
pub struct Fetched {
    pub shard: u32,
    pub from: u64,
    pub to: u64,
    pub received: u64,
    /// The fetcher that brought them.
    pub fetcher: usize,
    /// They are the last of a closed shard.
    pub ends: bool,
}

/// A batch being worked on.
#[derive(Clone, Copy, Debug)]
struct Running {
    batch: Fetched,
    /// Rows before this one are written out.
    written: u64,
    /// The first row that will not succeed (`to`: all succeed).
    until: u64,
    end: u64,
}

/// What became of a batch.
pub struct Finished {
    /// Which.
    pub batch: Fetched,
    /// Its last record failed, and the job with it.
    pub failed: bool,
}

/// One slot.
pub struct Slot {
    queue: VecDeque<Fetched>,
    running: Option<Running>,
    /// When each row of the running batch is done.
    times: Vec<u64>,
    work: Work,
    /// Time at work, up to `counted`.
    busy: u64,
    counted: u64,
}

impl Slot {
    /// An idle slot.
    pub fn new(work: Work) -> Slot {
        Slot { queue: VecDeque::new(), running: None, times: Vec::new(), work, busy: 0, counted: 0 }
    }

    /// When the running batch ends.
    pub fn end(&self) -> u64 {
        self.running.map_or(u64::MAX, |r| r.end)
    }

    /// Batches that wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// A batch joins the queue.
    pub fn put(&mut self, batch: Fetched) {
        self.queue.push_back(batch);
    }

    /// Begins the next batch, if it is free.
    pub fn begin(&mut self, now: u64, splits: &mut [Split], stream: &mut dyn Stream) {
        if self.running.is_some() {
            return;
        }
        let Some(batch) = self.queue.pop_front() else { return };
        self.counted = now;
        let poison = splits[batch.shard as usize].poison_in(batch.from, batch.to, stream);
        let fails = batch.to > batch.from && self.work.fails();
        let until = poison.unwrap_or(batch.to - u64::from(fails));
        // The record that fails is worked on too.
        let worked = until.saturating_add(1).min(batch.to) - batch.from;
        let end = match worked {
            0 => now,
            _ => self.work.each(now, worked, &mut self.times),
        };
        self.running = Some(Running { batch, written: batch.from, until, end });
    }

    /// Writes out what is done by now.
    pub fn flush(&mut self, now: u64, splits: &mut [Split], output: &mut Output, stream: &mut dyn Stream) {
        self.count(now);
        let Some(running) = &mut self.running else { return };
        let batch = running.batch;
        let done = if now >= running.end {
            running.until
        } else {
            batch.from + self.times.partition_point(|t| *t <= now) as u64
        };
        let done = done.min(running.until);
        if done <= running.written {
            return;
        }
        let times = &self.times[(running.written - batch.from) as usize..(done - batch.from) as usize];
        output.write((batch.shard, running.written, done), batch.received, Done::Rows(times), stream);
        splits[batch.shard as usize].worked((running.written, done), now, stream);
        running.written = done;
    }

    /// The running batch is over: it must have been written out.
    pub fn finish(&mut self) -> Option<Finished> {
        let running = self.running.take()?;
        Some(Finished { batch: running.batch, failed: running.until < running.batch.to })
    }

    /// Counts the time at work up to now.
    fn count(&mut self, now: u64) {
        if self.running.is_some() {
            self.busy += now - self.counted;
        }
        self.counted = now;
    }

    /// Time at work by then.
    pub fn busy_by(&self, now: u64) -> u64 {
        let running = self.running.map_or(0, |_| now.saturating_sub(self.counted));
        self.busy + running
    }

    /// The process is gone, and what it held.
    pub fn clear(&mut self, now: u64) {
        self.count(now);
        self.queue.clear();
        self.running = None;
    }
}
