//! Flink's Kinesis sink (KinesisStreamsSink on the Async Sink): one writer subtask.
//!
//! At AWS: records are buffered and sent as soon as a whole batch is there, or when a timer finds them old. How many
//! records may be under way is learnt: ten more after a call without failure, one per cent less after one with. What
//! failed goes back to the front of the buffer, without limit and without a wait. When the buffer is full the writer
//! stops taking records, and so does the job before it. A checkpoint waits until nothing is under way and keeps what
//! is buffered; a restarted job goes on from its last checkpoint, and sends again what it had sent since.
//! We model: all of that; the records before the sink wait at the source.
//! We leave out: `failOnError`, the request timeout, unaligned barriers, the time of a checkpoint beyond the sink's own
//! wait.
//! Sources: Flink source code (`AsyncSinkWriter`, `CongestionControlRateLimitingStrategy`), connector source code
//! (`KinesisStreamsSinkWriter`).

use super::calls::{Answer, Calls, Held};
use super::client::{Client, Outgoing, Report, Sent};
use super::config::FlinkSinkConfig;
use super::line::Line;
use super::tail::Tail;
use crate::facts::flink as facts;
use crate::record::{Columns, Listing};
use crate::units::Percent;
use std::collections::VecDeque;
use std::sync::Arc;

const MORE: u64 = facts::SINK_INCREASE.count();
const LEFT: u64 = facts::SINK_DECREASE.percent().0;

/// How many records may be under way, and how many are.
#[derive(Clone, Copy, Debug)]
pub struct InFlight {
    batch: u64,
    most_calls: u64,
    limit: u64,
    calls: u64,
    records: u64,
}

impl InFlight {
    /// One batch may be under way; in the end `most_calls` of them.
    pub fn new(batch: u64, most_calls: u64) -> InFlight {
        InFlight { batch, most_calls, limit: batch, calls: 0, records: 0 }
    }

    /// Records of the next batch at most.
    pub fn batch(&self) -> u64 {
        self.batch.min(self.limit)
    }

    /// Must a batch of so many wait?
    pub fn blocks(&self, records: u64) -> bool {
        self.calls >= self.most_calls || self.records + records > self.limit
    }

    fn begin(&mut self, records: u64) {
        (self.calls, self.records) = (self.calls + 1, self.records + records);
    }

    /// A call of so many is over.
    pub fn end(&mut self, records: u64, failed: bool) {
        (self.calls, self.records) = (self.calls - 1, self.records - records);
        self.limit = if failed {
            (self.limit * LEFT + Percent::WHOLE / 2).checked_div(Percent::WHOLE).unwrap_or(1).max(1)
        } else {
            (self.limit + MORE).min(self.batch * self.most_calls)
        };
    }
}

/// Why no records are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Busy {
    /// They are.
    No,
    /// The buffer is full.
    Full,
    /// The timer empties the buffer.
    Timer,
    /// A checkpoint waits until nothing is under way.
    Checkpoint,
}

/// One writer subtask.
pub struct FlinkSink {
    config: FlinkSinkConfig,
    /// Bytes of each record that are its key: the sink does not count them.
    key: u32,
    source: Tail,
    buffer: VecDeque<Held>,
    bytes: u64,
    in_flight: InFlight,
    /// Records each call was registered with, by slot.
    registered: Vec<u64>,
    busy: Busy,
    timer: Option<u64>,
    next_checkpoint: u64,
    /// What the last checkpoint kept of the buffer.
    kept: Vec<Held>,
    back: Option<u64>,
    /// What a dead process had taken and not stored.
    dead: Vec<Held>,
    calls: Calls,
    now: u64,
    due: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Answer,
    Back,
    Arrival,
    Timer,
    Checkpoint,
}

impl FlinkSink {
    /// A writer; `key` bytes of each record's size are its key.
    pub fn new(config: &FlinkSinkConfig, key: u32, line: Line) -> FlinkSink {
        FlinkSink {
            key,
            source: Tail::new(None, 0),
            buffer: VecDeque::new(),
            bytes: 0,
            in_flight: fresh_limit(config),
            registered: Vec::new(),
            busy: Busy::No,
            timer: None,
            next_checkpoint: config.checkpoint_every.map_or(u64::MAX, |d| d.0),
            kept: Vec::new(),
            back: None,
            dead: Vec::new(),
            calls: Calls::new(line),
            config: config.clone(),
            now: 0,
            due: 0,
        }
    }

    fn next(&self) -> (u64, Next) {
        let answer = (self.calls.next_answer(), Next::Answer);
        match self.back {
            Some(_) if answer.0 < u64::MAX => return answer,
            Some(back) => return (back.max(self.now), Next::Back),
            None => {}
        }
        let timer = self.timer.filter(|_| self.busy != Busy::Timer).map_or(u64::MAX, |at| at.max(self.now));
        let idle = self.busy == Busy::No;
        let arrival = self.source.next_written().filter(|_| idle).map_or(u64::MAX, |at| at.max(self.now));
        let checkpoint = if idle { self.next_checkpoint.max(self.now) } else { u64::MAX };
        let timer = if idle { timer } else { u64::MAX };
        answer.min((arrival, Next::Arrival)).min((timer, Next::Timer)).min((checkpoint, Next::Checkpoint))
    }

    fn data(&self, record: &Held) -> u64 {
        u64::from(record.size - self.key)
    }

    fn push(&mut self, record: Held, front: bool) {
        if self.buffer.is_empty() && self.timer.is_none() {
            self.timer = Some(self.now + self.config.max_time_in_buffer.0);
        }
        self.bytes += self.data(&record);
        if front {
            self.buffer.push_front(record)
        } else {
            self.buffer.push_back(record)
        }
        let report = &mut self.calls.report;
        report.buffered_bytes_max = report.buffered_bytes_max.max(self.bytes);
        report.buffered_records_max = report.buffered_records_max.max(self.buffer.len() as u64);
    }

    /// Takes the next record, if there is room.
    fn arrive(&mut self) {
        if self.buffer.len() >= self.config.max_buffered as usize {
            self.busy = Busy::Full;
            return self.go_on();
        }
        let Some(record) = self.source.peek(self.now) else { return };
        self.source.take(record.born);
        self.push(record, false);
        self.send_whole_batches();
    }

    fn next_batch(&self) -> u64 {
        self.in_flight.batch().min(self.buffer.len() as u64)
    }

    fn send_whole_batches(&mut self) {
        let whole = |s: &FlinkSink| {
            s.buffer.len() as u64 >= s.in_flight.batch() || s.bytes >= s.config.max_batch_bytes.0
        };
        while !self.buffer.is_empty() && whole(self) && !self.in_flight.blocks(self.next_batch()) {
            self.send();
        }
    }

    /// Sends what fits one call. It is registered with what it may hold, even if its bytes end it earlier.
    fn send(&mut self) {
        let most = self.next_batch();
        let (mut entries, mut bytes) = (self.calls.room(), 0);
        while (entries.len() as u64) < most {
            let Some(size) = self.buffer.front().map(|r| self.data(r)) else { break };
            if !entries.is_empty() && bytes + size > self.config.max_batch_bytes.0 {
                break;
            }
            bytes += size;
            entries.extend(self.buffer.pop_front());
        }
        self.bytes -= bytes;
        self.in_flight.begin(most);
        let slot = self.calls.send(self.now, entries) as usize;
        if self.registered.len() <= slot {
            self.registered.resize(slot + 1, 0);
        }
        self.registered[slot] = most;
    }

    fn answer(&mut self) {
        let Some(Answer { slot, mut entries, failed }) = self.calls.answer() else { return };
        if self.back.is_some() {
            self.dead.extend(entries.iter().filter(|e| !e.stored));
            return self.calls.recycle(entries);
        }
        entries.retain(|e| failed || e.refused);
        self.in_flight.end(self.registered[slot as usize], !entries.is_empty());
        entries.iter().rev().for_each(|e| self.push(*e, true));
        self.calls.recycle(entries);
        self.send_whole_batches();
        self.go_on();
    }

    /// Goes on with what keeps the writer from taking records.
    fn go_on(&mut self) {
        match self.busy {
            Busy::No => {}
            Busy::Full => {
                let full = |s: &FlinkSink| s.buffer.len() >= s.config.max_buffered as usize;
                while full(self) && !self.in_flight.blocks(self.next_batch()) {
                    self.send();
                }
                if !full(self) {
                    self.busy = Busy::No;
                }
            }
            Busy::Timer => {
                while !self.buffer.is_empty() && !self.in_flight.blocks(self.next_batch()) {
                    self.send();
                }
                if self.buffer.is_empty() {
                    self.busy = Busy::No;
                }
            }
            Busy::Checkpoint if self.in_flight.calls == 0 => {
                self.source.checkpoint_read();
                self.kept = self.buffer.iter().copied().collect();
                self.busy = Busy::No;
            }
            Busy::Checkpoint => {}
        }
    }

    fn begin_checkpoint(&mut self) {
        let every = self.config.checkpoint_every.map_or(u64::MAX, |d| d.0);
        self.next_checkpoint = self.next_checkpoint.saturating_add(every);
        self.busy = Busy::Checkpoint;
        self.go_on();
    }

    /// The job goes on from its last checkpoint.
    fn come_back(&mut self) {
        let mut dead = std::mem::take(&mut self.dead);
        dead.sort_unstable_by_key(|r| r.number);
        self.source.rewind(dead.iter());
        self.back = None;
        let every = self.config.checkpoint_every.map_or(u64::MAX, |d| d.0);
        self.next_checkpoint = self.now.saturating_add(every);
        for mut record in self.kept.clone() {
            match dead.binary_search_by_key(&record.number, |r| r.number) {
                Ok(i) => record = dead[i],
                Err(_) => record.stored = true,
            }
            record.first_sent = if record.stored { 0 } else { record.first_sent };
            self.push(record, false);
        }
        self.send_whole_batches();
    }
}

fn fresh_limit(config: &FlinkSinkConfig) -> InFlight {
    InFlight::new(config.max_batch.into(), config.max_in_flight.into())
}

impl Client for FlinkSink {
    fn births(&mut self) -> &mut Columns {
        self.due = 0;
        &mut self.source.lines
    }

    fn rests(&self, until: u64) -> bool {
        self.due >= until
    }

    fn quiet_until(&self) -> u64 {
        self.calls.out.next().min(self.due)
    }

    fn advance(&mut self, until: u64, _: &Arc<Listing>) {
        loop {
            let (at, what) = self.next();
            self.due = at;
            if at >= until {
                return;
            }
            self.now = at;
            match what {
                Next::Answer => self.answer(),
                Next::Back => self.come_back(),
                Next::Arrival => self.arrive(),
                Next::Timer => {
                    (self.timer, self.busy) = (None, Busy::Timer);
                    self.go_on();
                }
                Next::Checkpoint => self.begin_checkpoint(),
            }
        }
    }

    fn outgoing(&self) -> &Outgoing {
        &self.calls.out
    }

    fn refused(&mut self, call: &Sent, entry: usize) -> u32 {
        self.calls.refused(call, entry)
    }

    fn judged(&mut self, until: u64, _: &Arc<Listing>) {
        self.calls.out.drop_judged(until);
    }

    fn held(&self, end: u64) -> u64 {
        let waiting = self.buffer.iter().chain(&self.dead).filter(|r| !r.stored).count();
        self.source.unread() + waiting as u64 + self.calls.held(end)
    }

    fn restart(&mut self, at: u64, back_at: u64) {
        self.due = 0;
        if let Some(back) = &mut self.back {
            *back = back_at.max(*back);
            return;
        }
        (self.now, self.back) = (at, Some(back_at));
        self.calls.unheard(at);
        self.dead.extend(self.buffer.drain(..).filter(|r| !r.stored));
        (self.bytes, self.timer, self.busy) = (0, None, Busy::No);
        self.in_flight = fresh_limit(&self.config);
    }

    fn settle_unanswered(&mut self, end: u64) {
        self.calls.settle_unanswered(end);
    }

    fn buffered(&self) -> (u64, u64) {
        (self.buffer.len() as u64, self.bytes)
    }

    fn report(&self) -> &Report {
        &self.calls.report
    }
}

#[cfg(test)]
mod tests;
