//! How a mapping reads one shard.
//!
//! At AWS: each shard is polled once per second with a standard iterator; while more records are available it goes on
//! reading. With a fan-out consumer they are pushed.
//! We model: a call asks for as much as GetRecords gives (unpublished). It is made while fewer rows wait in the mapping
//! than its lanes can send at once, and `read_ahead` more (assumed): then a blocked lane stops its shard in the end.
//! A refused call is made again as `throttled_poll` says.
//! We leave out: when the mapping learns of new shards (here: at the end of their parents).

use super::Common;
use crate::api::{Most, Pushed, Stream};
use crate::consumer::config::{PollingConfig, ReadConfig, ThrottledPoll};
use crate::facts::consumers::{POLL_BACKOFF, POLL_INTERVAL_MIN};
use crate::facts::data_streams::{GET_RECORDS_MAX_BYTES, GET_RECORDS_MAX_RECORDS};
use crate::random::{LatencySampler, Seed};

/// How all shards are read.
pub enum Reading {
    /// GetRecords.
    Polling { config: PollingConfig, latency: LatencySampler },
    /// SubscribeToShard, again after so long.
    FanOut { renew_every: u64 },
}

impl Reading {
    /// As written.
    pub fn new(config: &ReadConfig) -> Reading {
        match config {
            ReadConfig::Polling(p) => {
                Reading::Polling { config: p.clone(), latency: p.call_latency.sampler() }
            }
            ReadConfig::FanOut(f) => Reading::FanOut { renew_every: f.renew_every.0.max(1) },
        }
    }
}

/// What fan-out may push at a time.
const PUSH: Most = Most { rows: GET_RECORDS_MAX_RECORDS.count(), bytes: GET_RECORDS_MAX_BYTES.bytes().0 };

/// The reader of one shard.
pub struct Poller {
    shard: u32,
    /// The row to read next.
    pub cursor: u64,
    /// The next call or look; `u64::MAX` when none is due.
    next_at: u64,
    /// The next turn of the base rate.
    turn: u64,
    /// There was no room for more rows.
    paused: bool,
    /// The next subscription.
    renew_at: u64,
    /// A closed shard, read to its end.
    pub ended: bool,
    /// An answer on its way.
    answer: Option<Answer>,
    refusals: u32,
    jitter: crate::random::Stream,
    latency: crate::random::Stream,
}

/// Rows on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Received at.
    pub at: u64,
    /// The first row.
    pub from: u64,
    /// The row after the last.
    pub to: u64,
    /// Retention passed rows before the first.
    pub gap: bool,
    /// More is available.
    more: bool,
    ends: bool,
}

impl Poller {
    /// Reads `shard` from a row; `first` tells whether it is one of the mapping's first shards: then the first call has a
    /// phase of its own.
    pub fn new(
        shard: u32,
        cursor: u64,
        now: u64,
        first: bool,
        reading: &Reading,
        seed: Seed,
        path: &str,
    ) -> Poller {
        let random = |purpose| seed.numbered(path, purpose, shard.into());
        let mut jitter = random("poll_times");
        let phase = match reading {
            Reading::Polling { config, .. } if first => {
                config.phase.map_or_else(|| jitter.below(config.interval.0.max(1)), |p| p.0)
            }
            _ => 0,
        };
        Poller {
            shard,
            cursor,
            next_at: now + phase,
            turn: 0,
            paused: false,
            renew_at: if matches!(reading, Reading::FanOut { .. }) { now } else { u64::MAX },
            ended: false,
            answer: None,
            refusals: 0,
            jitter,
            latency: random("read_latency"),
        }
    }

    /// When it does something next.
    pub fn due(&self) -> u64 {
        let answered = self.answer.map_or(u64::MAX, |a| a.at);
        answered.min(self.next_at).min(self.renew_at)
    }

    /// The oldest row that is on its way or still to be asked for.
    pub fn keeps(&self) -> u64 {
        self.answer.map_or(self.cursor, |a| a.from)
    }

    /// Is there anything left to come from this shard?
    pub fn is_done(&self) -> bool {
        self.ended && self.answer.is_none()
    }

    /// Lanes took rows: there may be room again.
    pub fn room(&mut self, now: u64, waiting: u64, common: &Common) {
        if self.paused && waiting < common.capacity {
            self.paused = false;
            self.next_at = self.turn.max(now);
        }
    }

    /// Makes the calls that are due; the answer that is here by now.
    pub fn read(&mut self, waiting: u64, stream: &mut dyn Stream, common: &Common) -> Option<Answer> {
        let now = stream.now();
        if self.renew_at <= now {
            self.renew(now, stream, common);
        }
        if self.next_at <= now {
            self.next_at = u64::MAX;
            self.call(waiting, stream, common);
        }
        let answer = self.answer.take_if(|a| a.at <= now)?;
        self.ended |= answer.ends;
        if self.ended {
            (self.next_at, self.renew_at) = (u64::MAX, u64::MAX);
        } else if self.next_at == u64::MAX {
            self.next_at = if answer.more { answer.at } else { self.turn.max(answer.at) };
        }
        Some(answer)
    }

    fn renew(&mut self, now: u64, stream: &mut dyn Stream, common: &Common) {
        let Reading::FanOut { renew_every } = &common.reading else { return };
        self.renew_at = match common.outage_end(now) {
            Some(end) => end,
            None => {
                stream.subscribed(self.shard);
                now + renew_every
            }
        };
    }

    fn call(&mut self, waiting: u64, stream: &mut dyn Stream, common: &Common) {
        let now = stream.now();
        if let Some(end) = common.outage_end(now) {
            self.next_at = match &common.reading {
                // It comes back on its own grid, so that shards do not fall into step.
                Reading::Polling { config, .. } => {
                    let interval = config.interval.0.max(1);
                    now + (end - now).div_ceil(interval) * interval
                }
                Reading::FanOut { .. } => end,
            };
        } else if waiting >= common.capacity {
            self.paused = true;
        } else {
            match &common.reading {
                Reading::Polling { config, latency } => self.poll(config, latency, stream),
                Reading::FanOut { .. } => self.look(stream),
            }
        }
    }

    fn poll(&mut self, config: &PollingConfig, latency: &LatencySampler, stream: &mut dyn Stream) {
        let now = stream.now();
        self.turn = now + config.interval.0.max(1) + self.jitter.below(config.jitter.0.max(1));
        let most = Most { rows: config.limit.into(), bytes: config.max_bytes.0 };
        match stream.get_records(self.shard, self.cursor, most) {
            Ok(batch) => {
                self.refusals = 0;
                let gap = batch.from > self.cursor;
                self.cursor = batch.to;
                self.answer = Some(Answer {
                    at: now + latency.draw(&mut self.latency),
                    from: batch.from,
                    to: batch.to,
                    gap,
                    more: batch.behind > 0,
                    ends: batch.ends,
                });
            }
            Err(_) => self.next_at = self.after_refusal(now, config.throttled),
        }
    }

    fn after_refusal(&mut self, now: u64, throttled: ThrottledPoll) -> u64 {
        match throttled {
            ThrottledPoll::NextPeriod => self.turn,
            ThrottledPoll::SdkBackoff => {
                let most = (POLL_BACKOFF.dur().0 << self.refusals.min(8)).min(self.turn - now);
                self.refusals += 1;
                now + 1 + self.jitter.below(most)
            }
            ThrottledPoll::Wait => now + POLL_INTERVAL_MIN.dur().0,
        }
    }

    fn look(&mut self, stream: &mut dyn Stream) {
        let now = stream.now();
        match stream.pushed(self.shard, self.cursor, PUSH) {
            Pushed::Rows(batch) => {
                let gap = batch.from > self.cursor;
                self.cursor = batch.to;
                self.turn = now;
                let (from, to, ends) = (batch.from, batch.to, batch.ends);
                self.answer = Some(Answer { at: now, from, to, gap, more: true, ends });
            }
            Pushed::Nothing(next) => self.next_at = next.max(now + 1),
            Pushed::Ended => {
                let from = self.cursor;
                self.answer = Some(Answer { at: now, from, to: from, gap: false, more: false, ends: true });
            }
        }
    }
}
