//! One consumer on one shard: where it stands, and how a lane lets it read and work.
//!
//! At AWS: GetRecords is a pull loop on shared limits; SubscribeToShard pushes with a throughput of its own. At the
//! end of a closed shard readers go on to its children.
//! We model: a loop per shard that reads, works, and reads again; a slow consumer's backlog stays in the stream,
//! so that working slowly shows as propagation delay and in the end as loss to retention. A pushed record is
//! received when the pipe, its latency and the worker allow it. A batch that fails is done again.
//! We leave out: sizes of SubscribeToShard events (not documented); a client's own prefetch queue.

use super::lane::{Lane, Outside};
use super::settings::{ConsumerSettings, Reading, Settings};
use crate::consumer::application::Position;
use crate::consumer::config::ThrottledPoll;
use crate::engine::digest::Digest;
use crate::facts::consumers::POLL_BACKOFF;
use crate::facts::data_streams::GET_RECORDS_MAX_RECORDS;
use crate::facts::fan_out::PUSH_SLOT;
use crate::mechanism::histogram::Histogram;
use crate::mechanism::wide::wide;
use crate::random::{LatencySampler, Stream};
use crate::stream::log::Log;
use crate::stream::polling::ReadRefusal;

/// One consumer on one shard.
pub struct Reader {
    /// Next record to read.
    pub cursor: u64,
    /// Everything below was delivered at least once.
    delivered_to: u64,
    /// Next GetRecords call; `u64::MAX` when none is due.
    pub next_at: u64,
    /// Has it begun?
    pub started: bool,
    /// A closed shard is read to its end.
    pub done_at: Option<u64>,
    /// Does it hold records it has not begun to read (TRIM_HORIZON)?
    holds: bool,
    jitter: Stream,
    latency: Stream,
    work: Stream,
    /// Working until.
    busy_until: u64,
    /// The fan-out pipe is free again.
    pipe_free: u64,
    next_renewal: u64,
    /// Fingerprint of its subscriptions.
    pub renewals: Digest,
    /// When the last records were sent to it.
    last_push: u64,
    refusals_in_a_row: u32,
    /// (slot of time, latency) of the pushes of that slot.
    slot: (u64, u64),
    /// Retention it reads under.
    pub horizon: u64,
    /// An outage ended at, and the backlog is not worked off yet.
    pub recovering: Option<u64>,
    /// When the backlog of the last outage was worked off.
    pub caught_up_at: Option<u64>,
    /// What happened to the followed record: (received, processed).
    pub traced: Option<(u64, u64)>,
}

/// Pushes whose records were stored in the same 10 ms share one latency draw.
const PUSH_SLOT_NS: u64 = PUSH_SLOT.dur().0;
/// First sleep and cap of a reader that backs off (the SDK's legacy throttle sleeps are per call, capped here at
/// its next turn anyway).
const POLL_BACKOFF_NS: u64 = POLL_BACKOFF.dur().0;

impl Reader {
    /// A reader of a shard opened at `opened`, waiting to be started.
    pub fn new(consumer: usize, shard: u32, opened: u64, settings: &Settings) -> Reader {
        let c = &settings.consumers[consumer];
        let path = format!("consumer/{}", c.name);
        let random = |purpose| settings.seed.numbered(&path, purpose, shard.into());
        Reader {
            cursor: 0,
            delivered_to: 0,
            next_at: u64::MAX,
            started: false,
            done_at: None,
            // A shard opened later is a child of shards it reads: it comes to it in time, whatever its start.
            holds: c.from != Position::Latest || c.starts <= opened,
            jitter: random("poll_times"),
            latency: random("read_latency"),
            work: random("processing"),
            busy_until: 0,
            pipe_free: 0,
            next_renewal: u64::MAX,
            renewals: Digest::default(),
            last_push: 0,
            refusals_in_a_row: 0,
            slot: (u64::MAX, 0),
            horizon: 0,
            recovering: None,
            caught_up_at: None,
            traced: None,
        }
    }

    /// Begins at `at`; a first poll of a stream's first readers has a phase of its own.
    pub fn start(&mut self, at: u64, with_phase: bool, c: &ConsumerSettings) {
        self.started = true;
        self.pipe_free = at;
        self.busy_until = at;
        match &c.read {
            Reading::Polling { config, .. } => {
                let phase = config.phase.map_or_else(|| self.jitter.below(config.interval.0.max(1)), |p| p.0);
                self.next_at = if with_phase { at + phase } else { at };
            }
            Reading::FanOut { .. } => self.next_renewal = at,
        }
    }

    /// Do unread records count as its backlog?
    pub fn counts_backlog(&self) -> bool {
        self.started || self.holds
    }

    /// Copies never delivered to it.
    pub fn undelivered(&self, log: &Log) -> u64 {
        log.records(self.delivered_to.max(self.cursor).min(log.end()), log.end())
    }

    /// Copies it has not read.
    pub fn backlog(&self, log: &Log) -> u64 {
        log.records(self.cursor, log.end())
    }

    /// Was it done with its closed shard before `time`?
    pub fn is_finished_before(&self, time: u64) -> bool {
        self.done_at.is_some_and(|at| at <= time) || (!self.started && self.done_at.is_none())
    }

    /// When the backlog of the last outage was worked off: 0 when there was none here, `None` when it is not.
    pub fn back_by(&self) -> Option<u64> {
        match self.recovering {
            // A closed shard read to its end: what is still behind is its children's.
            Some(_) => self.done_at,
            None => Some(self.caught_up_at.unwrap_or(0)),
        }
    }

    /// Oldest record this reader still needs.
    pub fn keeps(&self, log: &Log) -> u64 {
        if self.started || self.holds { self.cursor } else { log.end() }
    }

    /// Skips what was stored before a LATEST start; returns how many.
    pub fn skip_to_end(&mut self, log: &Log) -> u64 {
        let (end, skipped) = (log.end(), self.backlog(log));
        (self.cursor, self.delivered_to) = (end, end);
        skipped
    }

    /// Drops what retention has passed; returns how many undelivered records were lost.
    pub fn trim(&mut self, log: &Log) -> u64 {
        if !self.counts_backlog() || self.cursor >= log.end() || log.stored_at(self.cursor) >= self.horizon {
            return 0;
        }
        let first = log.first_stored_since(self.cursor, self.horizon);
        let lost = log.records(self.delivered_to.clamp(self.cursor, first), first);
        self.cursor = first;
        self.delivered_to = self.delivered_to.max(first);
        lost
    }
}

impl Lane {
    /// One GetRecords call.
    pub fn poll(&mut self, c: usize, now: u64, out: &mut Outside) {
        let settings = &out.settings.consumers[c];
        let Reading::Polling { config, latency } = &settings.read else { return };
        let interval = config.interval.0.max(1);
        let reader = &mut self.readers[c];
        if let Some(end) = settings.outage_end(now) {
            // The loop comes back on its own grid, so that shards do not fall into step.
            reader.recovering = Some(end);
            reader.caught_up_at = None;
            reader.next_at = now + (end - now).div_ceil(interval) * interval;
            return;
        }
        let turn = now + interval + reader.jitter.below(config.jitter.0.max(1));
        self.fold_refusals(now);
        self.digest.fold(now ^ (c as u64) << 56);
        let reader = &mut self.readers[c];
        let counts = &mut out.sink.consumers[c];
        counts.calls += 1;
        counts.now.calls += 1;
        if let Err(why) = self.gate.admit(now) {
            counts.now.throttled += 1;
            self.counts.minute.read_throttled += 1;
            match why {
                ReadRefusal::Calls => counts.throttled_calls += 1,
                ReadRefusal::Bytes => counts.throttled_bytes += 1,
            }
            reader.next_at = match config.throttled {
                ThrottledPoll::NextPeriod => turn,
                ThrottledPoll::Wait => self.gate.next_fit(now).max(now + 1),
                ThrottledPoll::SdkBackoff => {
                    let most = (POLL_BACKOFF_NS << reader.refusals_in_a_row.min(8)).min(turn - now);
                    reader.refusals_in_a_row += 1;
                    now + 1 + reader.jitter.below(most)
                }
            };
            return;
        }
        reader.refusals_in_a_row = 0;
        let received = now + latency.draw(&mut reader.latency);
        let (limit, max_bytes) = (u64::from(config.limit), config.max_bytes.0);
        let done = self.read_batch(c, now, received, limit, max_bytes, out);
        let reader = &mut self.readers[c];
        reader.next_at = turn.max(done);
        if self.closed_at.is_some() && reader.cursor == self.log.end() {
            // Its children's turn comes when its last records are worked on: order by key survives a reshard.
            reader.done_at = Some(done);
            reader.next_at = u64::MAX;
        }
    }

    /// Reads and works on what an admitted call returns; the moment the work is done.
    fn read_batch(
        &mut self,
        c: usize,
        now: u64,
        received: u64,
        limit: u64,
        max_bytes: u64,
        out: &mut Outside,
    ) -> u64 {
        let reader = &mut self.readers[c];
        reader.horizon = now.saturating_sub(out.settings.retention);
        out.sink.consumers[c].lost += reader.trim(&self.log);
        // What is stored at this very moment is there to be read.
        let since = (now + 1).saturating_sub(out.settings.visibility);
        let visible = self.log.first_stored_since(reader.cursor, since);
        let from = reader.cursor;
        let most = visible.min(from + limit).min(self.log.reach(from));
        let (to, bytes) = fit(&self.log, from, most, max_bytes);
        self.gate.returned(now, bytes);
        self.digest.fold(to);
        if to == from {
            out.sink.consumers[c].empty += 1;
        } else if self.log.stored_at(from) + LONG_TERM_NS < now {
            out.sink.consumers[c].long_term_bytes += bytes;
        }
        let age = if to < visible { now - self.log.stored_at(to - 1) } else { 0 };
        self.note_age(c, age, out);
        // At the end of a closed shard its children may hold more.
        if to == visible && !(self.closed_at.is_some() && to == self.log.end()) {
            self.caught_up(c, now);
        }
        if to == from { received } else { self.deliver(c, from, to, bytes, received, out) }
    }

    fn note_age(&mut self, c: usize, age: u64, out: &mut Outside) {
        let counts = &mut out.sink.consumers[c];
        counts.age_max = counts.age_max.max(age);
        counts.now.age = Some(counts.now.age.unwrap_or(0).max(age));
        self.counts.minute.iterator_age_ns = self.counts.minute.iterator_age_ns.max(Some(age));
    }

    fn caught_up(&mut self, c: usize, now: u64) {
        let reader = &mut self.readers[c];
        if reader.recovering.take().is_some() {
            reader.caught_up_at = Some(now);
        }
    }

    /// Hands `[from, to)` to the consumer at `received`; returns when it has worked on them.
    fn deliver(&mut self, c: usize, from: u64, to: u64, bytes: u64, received: u64, out: &mut Outside) -> u64 {
        let settings = &out.settings.consumers[c];
        let reader = &mut self.readers[c];
        let counts = &mut out.sink.consumers[c];
        let (again, records) = (reader.delivered_to.clamp(from, to), self.log.records(from, to));
        if self.log.is_cold(from) {
            counts.from_cold += records;
        }
        let again_bytes = if again > from { sum::best(self.log.sizes(from, again)) } else { 0 };
        let redelivered = self.log.records(from, again);
        counts.records += records - redelivered;
        counts.bytes += bytes - again_bytes;
        counts.redelivered += redelivered;
        counts.redelivered_bytes += again_bytes;
        counts.now.records += records;
        counts.now.entries += to - from;
        counts.now.bytes += bytes;
        self.counts.minute.out_records += to - from;
        self.counts.minute.out_bytes += bytes;
        let fails = settings.failure_ppb > 0 && reader.work.below(1_000_000_000) < settings.failure_ppb;
        let prompt = settings.instant && !fails && again == from && self.log.is_prompt(from);
        if prompt {
            counts.now.prompt.add_since(received, self.log.stored(from, to));
        } else {
            add_propagation(&mut counts.propagation, &self.log, again, to, received);
        }
        // A batch that is done again may be shorter than it was.
        reader.delivered_to = reader.delivered_to.max(to);
        let traced = self.traced.filter(|n| (from..to).contains(n)).and_then(|_| {
            let (born, _) = out.settings.traced?;
            self.log.births(from, to).iter().position(|b| *b == born)
        });
        let slowness = settings.slowness(received);
        if fails {
            counts.failed += 1;
            let mut done = received + settings.per_call.draw(&mut reader.work) * slowness;
            for _ in 0..records {
                done += settings.per_record.draw(&mut reader.work) * slowness;
            }
            done
        } else if settings.instant {
            reader.cursor = to;
            counts.processing.add_many(0, records);
            if !prompt {
                counts.now.end_to_end.add_since(received, self.log.births(from, to));
            }
            reader.traced = reader.traced.or(traced.map(|_| (received, received)));
            received
        } else {
            reader.cursor = to;
            let times = Times { received, slowness, traced };
            let hops = (&mut counts.processing, &mut counts.now.end_to_end);
            work(settings, &mut reader.work, self.log.births(from, to), times, hops, &mut reader.traced)
        }
    }

    /// Pushes of a fan-out consumer that begin before `until`.
    pub fn push(&mut self, c: usize, until: u64, out: &mut Outside) {
        let settings = &out.settings.consumers[c];
        let Reading::FanOut { latency, bytes_per_s, renew_every } = &settings.read else { return };
        if !self.readers[c].started || self.readers[c].done_at.is_some() {
            return;
        }
        let ns_per_byte_q20 = ((1_000_000_000u128 << 20) / u128::from((*bytes_per_s).max(1))) as u64;
        let instant = settings.instant && settings.failure_ppb == 0;
        match latency.is_constant() {
            Some(l) if instant => self.push_instantly(c, until, l, ns_per_byte_q20, out),
            _ => while self.push_batch(c, until, latency, ns_per_byte_q20, out) {},
        }
        let reader = &mut self.readers[c];
        let mut subscribed = until;
        if let Some(closed) = self.closed_at
            && reader.cursor == self.log.end()
        {
            reader.done_at = Some(reader.busy_until.max(reader.pipe_free).max(closed));
            // The last subscription ends with the shard's last records.
            subscribed = reader.last_push.max(closed).min(until);
        }
        self.renew(c, subscribed, *renew_every, out);
    }

    /// SubscribeToShard, and again whenever a subscription ends.
    fn renew(&mut self, c: usize, until: u64, every: u64, out: &mut Outside) {
        let settings = &out.settings.consumers[c];
        let reader = &mut self.readers[c];
        while reader.next_renewal < until {
            if let Some(end) = settings.outage_end(reader.next_renewal) {
                reader.next_renewal = end;
                continue;
            }
            out.sink.consumers[c].calls += 1;
            out.sink.consumers[c].now.calls += 1;
            // Renewals are counted when the lane looks, not in their turn among the polls: a digest of their own.
            reader.renewals.fold(reader.next_renewal);
            reader.next_renewal += every.max(1);
        }
    }

    /// The worker takes no time and the latency is constant: each record for itself, in columns.
    fn push_instantly(&mut self, c: usize, until: u64, latency: u64, cost_q20: u64, out: &mut Outside) {
        let settings = &out.settings.consumers[c];
        let extra = out.settings.visibility + latency;
        let (mut propagation, mut end_to_end) = ([0u64; 256], [0u64; 256]);
        loop {
            let reader = &mut self.readers[c];
            if reader.cursor < self.log.end() {
                let at = (self.log.stored_at(reader.cursor) + extra).max(reader.pipe_free);
                if at < until && settings.outage_end(at).is_none() {
                    reader.horizon = at.saturating_sub(out.settings.retention);
                    out.sink.consumers[c].lost += reader.trim(&self.log);
                }
            }
            let from = reader.cursor;
            let to = self.log.reach(from).min(from + 256);
            let (stored, born) = (self.log.stored(from, to), self.log.born(from, to));
            let sizes = self.log.sizes(from, to);
            let (mut n, mut bytes, mut late, mut resume, mut aged) = (0, 0u64, 0u64, None, false);
            let kept = out.settings.retention;
            for i in 0..stored.len() {
                let ready = stored[i] + extra;
                let at = ready.max(reader.pipe_free);
                if at >= until {
                    break;
                }
                resume = settings.outage_end(at);
                // Retention may pass a record while those before it are in the pipe: back to the trimming.
                aged = at - stored[i] > kept;
                if resume.is_some() || aged {
                    break;
                }
                reader.pipe_free = at + ((u64::from(sizes[i]) * cost_q20) >> 20);
                reader.last_push = at;
                (propagation[i], end_to_end[i]) = (at - stored[i], at - born[i]);
                late = late.max(at - ready);
                bytes += u64::from(sizes[i]);
                n += 1;
                if at == ready && reader.recovering.take().is_some() {
                    reader.caught_up_at = Some(at);
                }
            }
            if n > 0 {
                if let Some(number) = self.traced.filter(|t| (from..from + n as u64).contains(t)) {
                    let at = stored[(number - from) as usize] + propagation[(number - from) as usize];
                    reader.traced = Some((at, at));
                }
                reader.cursor += n as u64;
                reader.delivered_to = reader.cursor;
                self.count_pushed(c, &propagation[..n], &end_to_end[..n], (bytes, late), out);
            }
            let reader = &mut self.readers[c];
            if let Some(end) = resume {
                reader.pipe_free = reader.pipe_free.max(end);
                reader.recovering = Some(end);
                reader.caught_up_at = None;
            } else if !aged && (n < (to - from) as usize || to == self.log.end()) {
                break;
            }
        }
    }

    fn count_pushed(
        &mut self,
        c: usize,
        propagation: &[u64],
        end_to_end: &[u64],
        (bytes, late): (u64, u64),
        out: &mut Outside,
    ) {
        let (rows, to) = (propagation.len() as u64, self.readers[c].cursor);
        let from = to - rows;
        let records = self.log.records(from, to);
        let counts = &mut out.sink.consumers[c];
        counts.records += records;
        counts.bytes += bytes;
        counts.now.records += records;
        counts.now.entries += rows;
        counts.now.bytes += bytes;
        counts.processing.add_many(0, records);
        if self.log.is_packed() {
            for (row, late) in (from..to).zip(propagation) {
                let received = self.log.stored(row, row + 1)[0] + late;
                counts.propagation.add_many(*late, self.log.records(row, row + 1));
                counts.now.end_to_end.add_since(received, self.log.births(row, row + 1));
            }
        } else {
            counts.propagation.add_all(propagation);
            counts.now.end_to_end.add_all(end_to_end);
        }
        self.counts.minute.out_records += rows;
        self.counts.minute.out_bytes += bytes;
        if self.log.is_cold(from) {
            counts.from_cold += records;
        }
        self.note_age(c, late, out);
    }

    /// One batch: the worker, once free, takes everything that has arrived.
    fn push_batch(
        &mut self,
        c: usize,
        until: u64,
        latency: &LatencySampler,
        cost_q20: u64,
        out: &mut Outside,
    ) -> bool {
        let settings = &out.settings.consumers[c];
        let reader = &mut self.readers[c];
        if reader.cursor >= self.log.end() {
            return false;
        }
        let visibility = out.settings.visibility;
        let ready = self.log.stored_at(reader.cursor)
            + visibility
            + reader.push_latency(self.log.stored_at(reader.cursor), latency);
        let start = ready.max(reader.pipe_free).max(reader.busy_until);
        if start >= until {
            return false;
        }
        if let Some(end) = settings.outage_end(start) {
            reader.busy_until = reader.busy_until.max(end);
            reader.recovering = Some(end);
            reader.caught_up_at = None;
            return true;
        }
        reader.horizon = start.saturating_sub(out.settings.retention);
        let from = reader.cursor;
        out.sink.consumers[c].lost += reader.trim(&self.log);
        if reader.cursor != from {
            // What is left may not have arrived yet.
            return true;
        }
        let most = self.log.reach(from).min(from + GET_RECORDS_MAX_RECORDS.count());
        let mut to = from;
        let mut bytes = 0;
        while to < most {
            let stored = self.log.stored_at(to);
            // Only what is stored by now draws a latency: draws do not depend on how far the log is settled.
            if to > from
                && (stored + visibility > start
                    || stored + visibility + reader.push_latency(stored, latency) > start)
            {
                break;
            }
            bytes += u64::from(self.log.sizes(to, to + 1)[0]);
            to += 1;
        }
        reader.pipe_free = start + ((bytes * cost_q20) >> 20);
        reader.last_push = start;
        // Caught up: nothing that is stored by now is left behind by the batch's limit.
        if to < most || to == self.log.end() || self.log.stored_at(to) + visibility > start {
            self.caught_up(c, start);
        }
        self.note_age(c, start.saturating_sub(ready), out);
        let done = self.deliver(c, from, to, bytes, start, out);
        self.readers[c].busy_until = done;
        true
    }
}

impl Reader {
    /// Latency of the push that carries a record stored at `stored`; records of one slot share it.
    fn push_latency(&mut self, stored: u64, latency: &LatencySampler) -> u64 {
        let slot = stored / PUSH_SLOT_NS;
        if slot != self.slot.0 {
            self.slot = (slot, latency.draw(&mut self.latency));
        }
        self.slot.1
    }
}

/// Seven days: reads of older records are billed as long-term retrieval.
const LONG_TERM_NS: u64 = crate::facts::data_streams::RETENTION_EXTENDED_END.dur().0;

struct Times {
    received: u64,
    slowness: u64,
    traced: Option<usize>,
}

/// Works on a batch record by record.
fn work(
    settings: &ConsumerSettings,
    random: &mut Stream,
    born: &[u64],
    times: Times,
    (processing, end_to_end): (&mut Histogram, &mut Histogram),
    traced: &mut Option<(u64, u64)>,
) -> u64 {
    let mut done = times.received + settings.per_call.draw(random) * times.slowness;
    for (i, &b) in born.iter().enumerate() {
        done += settings.per_record.draw(random) * times.slowness;
        processing.add(done - times.received);
        end_to_end.add(done - b);
        if times.traced == Some(i) {
            *traced = traced.or(Some((times.received, done)));
        }
    }
    done
}

/// The longest batch from `from` that stays within `max_bytes` (one record always fits).
fn fit(log: &Log, from: u64, most: u64, max_bytes: u64) -> (u64, u64) {
    let sizes = log.sizes(from, most);
    let all = sum::best(sizes);
    if all <= max_bytes {
        return (most, all);
    }
    let mut bytes = 0;
    for (i, &size) in sizes.iter().enumerate() {
        if i > 0 && bytes + u64::from(size) > max_bytes {
            return (from + i as u64, bytes);
        }
        bytes += u64::from(size);
    }
    (most, bytes)
}

/// Stored to received, for each record in rows `[from, to)`.
fn add_propagation(histogram: &mut Histogram, log: &Log, from: u64, to: u64, received: u64) {
    if !log.is_packed() {
        return histogram.add_since(received, log.stored(from, to));
    }
    for (row, stored) in (from..to).zip(log.stored(from, to)) {
        histogram.add_many(received - stored, log.records(row, row + 1));
    }
}

wide! {
    fn sum(sizes: &[u32]) -> u64 {
        sizes.iter().map(|s| u64::from(*s)).sum()
    }
}
