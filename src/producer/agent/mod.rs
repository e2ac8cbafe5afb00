//! Amazon Kinesis Agent: one process that tails a log file.
//!
//! At AWS: a tailer reads new lines about every 100 ms into a buffer. The buffer is handed on when it is full by
//! records or bytes, or old enough; its age is looked at by a heartbeat once a second. Handed-on buffers wait in a
//! publish queue; one publishing thread gives them, after a wait when calls failed, to sending threads. What a call
//! did not store stays in its buffer, which goes before new ones, again and again without limit. When a whole buffer
//! is stored, the file is checkpointed behind it, though never backwards: a later buffer may pass one that still
//! fails. When the queue is full the tailer stops reading: nothing is dropped, the file keeps it.
//! So a crash makes duplicates of what was stored behind the checkpoint, and loses what was passed over.
//! We model: all of that; rotation and what it may cost (`tail`); lines that are too long, cut.
//! We leave out: the time reading and parsing take, several flows in one process, data processing options, the
//! SDK's own retries of calls that fail as a whole.
//! Sources: Kinesis Agent source code (`PublishingQueue`, `AsyncPublisher`, `Checkpointer`, `AgentContext`), the
//! developer guide's page on the agent.

mod backoff;
mod publish;

use super::calls::{Calls, Held};
use super::client::{Client, Outgoing, Report, Sent};
use super::config::AgentConfig;
use super::line::Line;
use super::tail::Tail;
use crate::facts::agent as facts;
use crate::random::{Seed, Stream};
use crate::record::{Columns, Listing};
use crate::units::NS_PER_S;
use backoff::Backoff;
use std::collections::VecDeque;
use std::sync::Arc;

const HEARTBEAT: u64 = facts::HEARTBEAT.dur().0;
const LONGEST_LINE: u64 = facts::RECORD_MAX.bytes().0;

/// Lines on their way together.
#[derive(Debug, Default)]
struct Buffer {
    id: u64,
    entries: Vec<Held>,
    bytes: u64,
    /// When its first line was added.
    since: u64,
    /// Behind its last line: number, and when that was written.
    end: u64,
    written: u64,
    /// Records and bytes it had at first.
    records: u64,
}

/// One agent process.
pub struct Agent {
    config: AgentConfig,
    tail: Tail,
    /// When this process began: its polls and heartbeats count from here.
    began: u64,
    /// Nothing runs until then.
    back: Option<u64>,
    /// Lines the dead process had read that are behind the checkpoint and not stored.
    dead: Vec<Held>,
    /// No poll before this; with a full publish queue a poll reads nothing.
    poll_from: u64,
    blocked: bool,
    /// The last poll left nothing unread.
    caught_up: bool,
    /// No heartbeat before this.
    beat_from: u64,
    filling: Buffer,
    next_id: u64,
    /// Never published; published and failed; waiting for a sending thread; being sent, by slot.
    fresh: VecDeque<Buffer>,
    retry: VecDeque<Buffer>,
    tasks: VecDeque<Buffer>,
    sending: Vec<Option<Buffer>>,
    threads: u32,
    backoff: Backoff,
    /// The last buffer that was checkpointed.
    committed: u64,
    memory: (u64, u64),
    calls: Calls,
    now: u64,
    due: u64,
}

/// What is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Answer,
    Back,
    Wake,
    Beat,
    Poll,
}

impl Agent {
    /// The `instance`-th agent of a producer.
    pub fn new(config: &AgentConfig, name: &str, instance: u32, line: Line, seed: Seed) -> Agent {
        let path = format!("producer/{name}");
        let number = u64::from(instance);
        let mut phase = seed.numbered(&path, "agent_phase", number);
        let waits: Stream = seed.numbered(&path, "agent_backoff", number);
        Agent {
            tail: Tail::new(
                config.rotate_every.map(|d| d.0),
                config.rotated_files.map_or(NEVER_GONE, u64::from),
            ),
            // It has been running: how its polls and heartbeats fall into the first second is chance.
            began: phase.below(NS_PER_S),
            back: None,
            dead: Vec::new(),
            poll_from: 0,
            blocked: false,
            caught_up: true,
            beat_from: 0,
            filling: Buffer { id: 1, ..Buffer::default() },
            next_id: 2,
            fresh: VecDeque::new(),
            retry: VecDeque::new(),
            tasks: VecDeque::new(),
            sending: Vec::new(),
            threads: 0,
            backoff: Backoff::new(config.initial_backoff.0, config.max_backoff.0, waits),
            committed: 0,
            memory: (0, 0),
            calls: Calls::new(line),
            config: config.clone(),
            now: 0,
            due: 0,
        }
    }

    /// The first poll or heartbeat from `moment` on, one every `period`.
    fn tick(&self, moment: u64, period: u64) -> u64 {
        let phase = self.began % period;
        let periods = moment.saturating_sub(phase).div_ceil(period);
        periods.saturating_mul(period).saturating_add(phase)
    }

    fn next(&self) -> (u64, Next) {
        let answer = (self.calls.next_answer(), Next::Answer);
        match self.back {
            Some(_) if answer.0 < u64::MAX => return answer,
            Some(back) => return (back.max(self.now), Next::Back),
            None => {}
        }
        let wake = (self.backoff.until().unwrap_or(u64::MAX), Next::Wake);
        answer.min(wake).min((self.next_beat(), Next::Beat)).min((self.next_poll(), Next::Poll))
    }

    /// A heartbeat matters when it hands the buffer on; with a full queue the next taken buffer does.
    fn next_beat(&self) -> u64 {
        if self.filling.entries.is_empty() || self.queue_is_full() {
            return u64::MAX;
        }
        let ripe = if self.is_full() { 0 } else { self.filling.since + self.config.max_buffer_age.0 };
        self.tick(ripe.max(self.beat_from).max(self.now), HEARTBEAT)
    }

    /// A poll matters when there is something to read and room for it, or when the file is found to be gone.
    fn next_poll(&self) -> u64 {
        let Some(written) = self.tail.next_written() else { return u64::MAX };
        let from = match self.blocked {
            false => written,
            true => self.tail.gone_at().unwrap_or(u64::MAX),
        };
        if from == u64::MAX {
            return from;
        }
        // Polls while it was blocked found no room.
        self.tick(from.max(self.poll_from).max(self.now), self.config.poll_every.0)
    }

    fn queue_is_full(&self) -> bool {
        self.fresh.len() >= self.config.publish_queue as usize
    }

    fn is_full(&self) -> bool {
        let b = &self.filling;
        b.entries.len() >= self.config.max_buffer_records as usize
            || b.bytes >= self.config.max_buffer_bytes.0
    }

    fn poll(&mut self) {
        let every = self.config.poll_every.0;
        if let (true, Some(before)) = (self.caught_up, self.now.checked_sub(every)) {
            // It polled all the while: there was nothing to read.
            self.tail.at_end(before);
        }
        self.calls.report.lost.rotated += self.tail.look(self.now);
        self.blocked = false;
        while let Some(line) = self.tail.peek(self.now) {
            if !self.offer(line) {
                self.blocked = true;
                break;
            }
        }
        self.caught_up = !self.blocked;
        (self.poll_from, self.beat_from) = (self.now + 1, self.now + 1);
    }

    /// Puts a line into the buffer; `false`: there is no room, it stays in the file.
    fn offer(&mut self, mut line: Held) -> bool {
        let long = u64::from(line.size).saturating_sub(LONGEST_LINE);
        let size = u64::from(line.size) - long;
        let (b, config) = (&self.filling, &self.config);
        let over = b.bytes + size > config.max_buffer_bytes.0;
        let full = over || b.entries.len() >= config.max_buffer_records as usize;
        if full && !b.entries.is_empty() && !self.queue_filled() {
            return false;
        }
        if long > 0 && !self.tail.is_read_again(line.number) {
            self.calls.report.truncated += 1;
            self.calls.report.truncated_bytes += long;
        }
        line.size = size as u32;
        self.tail.take(line.born);
        let b = &mut self.filling;
        if b.entries.is_empty() {
            b.since = self.now;
        }
        (b.end, b.written) = (line.number + 1, line.born);
        b.bytes += size;
        b.entries.push(line);
        self.memory = (self.memory.0 + 1, self.memory.1 + size);
        let report = &mut self.calls.report;
        report.buffered_bytes_max = report.buffered_bytes_max.max(self.memory.1);
        report.buffered_records_max = report.buffered_records_max.max(self.memory.0);
        true
    }

    /// Hands the buffer on, if the queue has room.
    fn queue_filled(&mut self) -> bool {
        if self.queue_is_full() {
            return false;
        }
        let empty = Buffer { id: self.next_id, entries: self.calls.room(), ..Buffer::default() };
        self.next_id += 1;
        self.fresh.push_back(std::mem::replace(&mut self.filling, empty));
        self.publish();
        true
    }

    fn queue_if_ripe(&mut self) {
        let b = &self.filling;
        let old = self.now >= b.since + self.config.max_buffer_age.0;
        if !b.entries.is_empty() && (old || self.is_full()) && !self.queue_is_full() {
            self.queue_filled();
        }
    }
}

/// Rotated files that are always found.
const NEVER_GONE: u64 = u64::MAX / 2;

impl Client for Agent {
    fn births(&mut self) -> &mut Columns {
        self.due = 0;
        &mut self.tail.lines
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
                Next::Wake => {
                    self.backoff.wake();
                    self.queue_if_ripe();
                    self.publish();
                }
                Next::Beat => {
                    self.beat_from = at + 1;
                    self.queue_if_ripe();
                }
                Next::Poll => self.poll(),
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
        let waiting = self.fresh.iter().chain(&self.retry).chain(&self.tasks).chain([&self.filling]);
        let waiting: usize = waiting.map(|b| b.entries.iter().filter(|e| !e.stored).count()).sum();
        self.tail.unread() + (waiting + self.dead.len()) as u64 + self.calls.held(end)
    }

    /// Back not before what is on its way is judged. What was read and not stored is in the file still, unless the
    /// checkpoint passed it.
    fn restart(&mut self, at: u64, back_at: u64) {
        self.due = 0;
        if let Some(back) = &mut self.back {
            *back = back_at.max(*back);
            return;
        }
        (self.now, self.back) = (at, Some(back_at));
        let filling = std::mem::take(&mut self.filling);
        let queues = [&mut self.fresh, &mut self.retry, &mut self.tasks];
        let waiting: Vec<Buffer> = queues.into_iter().flat_map(|q| q.drain(..)).chain([filling]).collect();
        waiting.into_iter().for_each(|buffer| self.bury(buffer.entries));
        self.sending.iter_mut().for_each(|buffer| *buffer = None);
        self.calls.unheard(at);
        (self.memory, self.threads, self.blocked) = ((0, 0), 0, false);
        self.backoff.forget();
    }

    fn settle_unanswered(&mut self, end: u64) {
        self.calls.settle_unanswered(end);
    }

    fn buffered(&self) -> (u64, u64) {
        self.memory
    }

    fn report(&self) -> &Report {
        &self.calls.report
    }
}

#[cfg(test)]
mod tests;
