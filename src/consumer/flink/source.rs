//! How a subtask fetches: when it calls, for which shard, and what it does with a refusal.
//!
//! At Flink, new source: one fetcher thread for all shards of a subtask, which it asks in turn. After an empty answer
//! it sleeps 250 ms, whichever shard is next; after an answer with records it asks on at once, so that a busy shard is
//! asked more often than the five calls a second that all its readers share. A refused call is repeated inside the
//! SDK, and holds up the other shards of the subtask. Legacy source: a loop for each shard, one call in 200 ms, which
//! also waits until what it read is worked on; after its third retry is refused the job fails.
//! With enhanced fan-out rows arrive by themselves, and are taken shard by shard.
//! We leave out: empty answers, which also take a place in the subtask's queue; ListShards calls; refused
//! registrations.
//! Sources: connector source code (`PollingKinesisShardSplitReader`, `KinesisProxy`), Flink (`SourceReaderOptions`).

use super::config::SourceConfig;
use super::slot::Fetched;
use super::split::Split;
use crate::api::{Most, Pushed, Stream};
use crate::consumer::config::ReadConfig;
use crate::facts::data_streams::{GET_RECORDS_MAX_RECORDS, SHARD_READ_BYTES};
use crate::facts::flink as facts;
use crate::random::{LatencySampler, Stream as Random};
use crate::units::Percent;

/// How every fetcher of a job reads.
#[derive(Clone, Debug)]
pub struct Reading {
    pub source: SourceConfig,
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    Polling { most: Most, latency: LatencySampler },
    FanOut { most: Most, renew_every: u64 },
}

impl Reading {
    /// As written.
    pub fn new(source: SourceConfig, read: &ReadConfig) -> Reading {
        let way = match read {
            ReadConfig::Polling(p) => Way::Polling {
                most: Most { rows: p.limit.into(), bytes: p.max_bytes.0 },
                latency: p.call_latency.sampler(),
            },
            ReadConfig::FanOut(f) => Way::FanOut {
                most: Most { rows: GET_RECORDS_MAX_RECORDS.count(), bytes: f.bytes_per_s.max(1) },
                renew_every: f.renew_every.0.max(1),
            },
        };
        Reading { source, way }
    }

    /// Does a shard have a fetcher of its own?
    pub fn by_shard(&self) -> bool {
        matches!(self.source, SourceConfig::Legacy { .. })
    }

    /// Batches that wait for the slot beside those in a fetcher's hand.
    pub fn queue(&self) -> usize {
        if self.by_shard() { usize::MAX } else { facts::ELEMENT_QUEUE.count() as usize }
    }

    /// The wait after the n-th refusal in a row (from 1); `None`: the job fails.
    fn backoff(&self, refusals: u32, random: &mut Random) -> Option<u64> {
        let (base, cap) = (facts::RETRY_BASE.dur().0, facts::RETRY_CAP.dur().0);
        if self.by_shard() {
            if u64::from(refusals) > facts::LEGACY_RETRIES.count() {
                return None;
            }
            let longer = |span: u64| {
                (u128::from(span) * u128::from(facts::LEGACY_FACTOR.percent().0) / u128::from(Percent::WHOLE))
                    as u64
            };
            let span = (1..refusals).fold(base, |span, _| longer(span).min(cap));
            return Some(random.below(span));
        }
        if u64::from(refusals) >= facts::RETRY_ATTEMPTS.count() {
            return None;
        }
        let span = (base << (refusals - 1).min(20)).min(cap);
        Some(span / 2 + random.below(span - span / 2))
    }

    /// Rows to ask for; a legacy source that adapts asks for what five calls a second may carry.
    fn most(&self, most: Most, row_bytes: u64) -> Most {
        match self.source {
            SourceConfig::Legacy { interval, adaptive_reads: true } if row_bytes > 0 => {
                let bytes = u128::from(SHARD_READ_BYTES.byte_rate().0);
                let per_call = bytes * u128::from(interval.0) / 1_000_000_000;
                Most { rows: ((per_call / u128::from(row_bytes)) as u64).clamp(1, most.rows), ..most }
            }
            _ => most,
        }
    }
}

/// What a fetcher is doing.
#[derive(Clone, Copy, Debug)]
enum Doing {
    /// It asks at its next moment.
    Asking,
    /// The answer arrives at its next moment.
    Receiving(Fetched),
    /// It waits for room in the queue, since then.
    Blocked(Fetched, u64),
    /// Legacy: it waits until its batch is worked on.
    Working,
}

/// Time a fetcher did not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// For its slot.
    pub slot: u64,
    /// After refused calls.
    pub limits: u64,
}

impl Waits {
    /// Both together.
    pub fn and(self, other: Waits) -> Waits {
        Waits { slot: self.slot + other.slot, limits: self.limits + other.limits }
    }
}

/// A shard as its fetcher sees it.
#[derive(Clone, Copy, Debug)]
struct Place {
    shard: u32,
    /// Fan-out: when to look again, and when the subscription ends.
    look: u64,
    renewal: u64,
}

/// What a fetcher's moment led to.
pub enum Step {
    /// It goes on.
    On,
    /// A batch for the slot.
    Batch(Fetched),
    /// The job fails.
    Fails,
}

/// One fetcher.
pub struct Fetcher {
    places: Vec<Place>,
    turn: usize,
    doing: Doing,
    /// When it does something next.
    at: u64,
    /// Not before this does it ask again.
    pause: u64,
    refusals: u32,
    /// Bytes of a row in the last answer with rows.
    row_bytes: u64,
    waits: Waits,
}

impl Fetcher {
    /// Without a shard yet.
    pub fn new() -> Fetcher {
        Fetcher {
            places: Vec::new(),
            turn: 0,
            doing: Doing::Asking,
            at: u64::MAX,
            pause: 0,
            refusals: 0,
            row_bytes: 0,
            waits: Waits::default(),
        }
    }

    /// When it does something next.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// A shard to read from now on.
    pub fn add(&mut self, shard: u32, now: u64, reading: &Reading) {
        self.places.push(Place { shard, look: now, renewal: now });
        if matches!(self.doing, Doing::Asking) {
            self.plan(now, reading);
        }
    }

    /// When to ask next.
    fn plan(&mut self, now: u64, reading: &Reading) {
        let look = match reading.way {
            Way::Polling { .. } if self.places.is_empty() => u64::MAX,
            Way::Polling { .. } => now,
            Way::FanOut { .. } => self.places.iter().map(|p| p.look.min(p.renewal)).min().unwrap_or(u64::MAX),
        };
        (self.doing, self.at) = (Doing::Asking, look.max(self.pause));
    }

    /// Does what is due now.
    pub fn step(
        &mut self,
        now: u64,
        reading: &Reading,
        splits: &mut [Split],
        random: &mut Random,
        stream: &mut dyn Stream,
    ) -> Step {
        match (self.doing, &reading.way) {
            (Doing::Receiving(batch), _) => Step::Batch(batch),
            (Doing::Asking, Way::Polling { most, latency }) => {
                let latency = latency.draw(random);
                self.call(now, latency, reading, *most, splits, random, stream)
            }
            (Doing::Asking, Way::FanOut { most, renew_every }) => {
                self.look(now, *most, *renew_every, reading, splits, stream)
            }
            _ => Step::On,
        }
    }

    /// GetRecords on the shard whose turn it is.
    #[allow(clippy::too_many_arguments, reason = "one call with all it goes by")]
    fn call(
        &mut self,
        now: u64,
        latency: u64,
        reading: &Reading,
        most: Most,
        splits: &mut [Split],
        random: &mut Random,
        stream: &mut dyn Stream,
    ) -> Step {
        let shard = self.places[self.turn].shard;
        let split = &mut splits[shard as usize];
        let received = now + latency;
        let Ok(batch) = stream.get_records(shard, split.next, reading.most(most, self.row_bytes)) else {
            self.refusals += 1;
            let Some(wait) = reading.backoff(self.refusals, random) else { return Step::Fails };
            self.waits.limits += wait;
            self.pause = received + wait;
            self.plan(now, reading);
            return Step::On;
        };
        (self.refusals, split.next) = (0, batch.to);
        let rows = batch.to - batch.from;
        self.pause = match reading.source {
            SourceConfig::New { interval, .. } if rows > 0 => received + interval.0,
            SourceConfig::New { idle_interval, .. } => received + idle_interval.0,
            SourceConfig::Legacy { interval, .. } => received.max(now + interval.0),
        };
        let fetched =
            Fetched { shard, from: batch.from, to: batch.to, received, fetcher: 0, ends: batch.ends };
        self.next_place(batch.ends);
        if rows == 0 && !batch.ends {
            self.plan(received, reading);
            return Step::On;
        }
        self.row_bytes = batch.bytes.checked_div(rows).unwrap_or(self.row_bytes);
        (self.doing, self.at) = (Doing::Receiving(fetched), received);
        Step::On
    }

    /// The next shard's turn; one that ended is left.
    fn next_place(&mut self, ended: bool) {
        if ended {
            self.places.remove(self.turn);
        } else {
            self.turn += 1;
        }
        if self.turn >= self.places.len() {
            self.turn = 0;
        }
    }

    /// Takes what was pushed, shard after shard; renews subscriptions.
    fn look(
        &mut self,
        now: u64,
        most: Most,
        renew_every: u64,
        reading: &Reading,
        splits: &mut [Split],
        stream: &mut dyn Stream,
    ) -> Step {
        for place in self.places.iter_mut().filter(|p| p.renewal <= now) {
            stream.subscribed(place.shard);
            place.renewal = now + renew_every;
        }
        for _ in 0..self.places.len() {
            let place = &mut self.places[self.turn];
            if place.look > now {
                self.next_place(false);
                continue;
            }
            let split = &mut splits[place.shard as usize];
            let (from, to, ends) = match stream.pushed(place.shard, split.next, most) {
                Pushed::Rows(batch) => (batch.from, batch.to, batch.ends),
                Pushed::Ended => (split.next, split.next, true),
                Pushed::Nothing(at) => {
                    place.look = at.max(now + 1);
                    self.next_place(false);
                    continue;
                }
            };
            split.next = to;
            let shard = place.shard;
            self.next_place(ends);
            return Step::Batch(Fetched { shard, from, to, received: now, fetcher: 0, ends });
        }
        self.plan(now, reading);
        Step::On
    }

    /// Time it did not read, by then.
    pub fn waits_by(&self, now: u64) -> Waits {
        let open = match self.doing {
            Doing::Blocked(_, since) => now.saturating_sub(since),
            Doing::Working => now.saturating_sub(self.pause),
            _ => 0,
        };
        Waits { slot: self.waits.slot + open, ..self.waits }
    }

    /// Its batch is in the queue.
    pub fn accepted(&mut self, now: u64, reading: &Reading) {
        if let Doing::Blocked(_, since) = self.doing {
            self.waits.slot += now - since;
        }
        if reading.by_shard() {
            (self.doing, self.at) = (Doing::Working, u64::MAX);
        } else {
            self.plan(now, reading);
        }
    }

    /// The queue is full.
    pub fn blocked(&mut self, batch: Fetched, now: u64) {
        (self.doing, self.at) = (Doing::Blocked(batch, now), u64::MAX);
    }

    /// The batch that waits for room.
    pub fn waiting(&self) -> Option<Fetched> {
        match self.doing {
            Doing::Blocked(batch, _) => Some(batch),
            _ => None,
        }
    }

    /// Legacy: its batch is worked on, and the loop goes on.
    pub fn worked(&mut self, now: u64, reading: &Reading) {
        if matches!(self.doing, Doing::Working) {
            self.waits.slot += now.saturating_sub(self.pause);
            self.plan(now, reading);
        }
    }
}
