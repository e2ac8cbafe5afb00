//! GetRecords and pushes: the readers' own moments, on cohorts.
//!
//! Polls are the events that they are at record resolution, drawn from the same named streams; what a call returns is
//! split at its limits and at what is readable. A pushed cohort takes the time in the pipe that its bytes take.

use super::cohort::{Cohort, share};
use super::log::At;
use super::shard::Shard;
use super::tally::Tally;
use crate::api::Position;
use crate::consumer::config::ThrottledPoll;
use crate::facts::consumers::POLL_BACKOFF;
use crate::facts::data_streams::{GET_RECORDS_MAX_RECORDS, RETENTION_EXTENDED_END};
use crate::random::LatencySampler;
use crate::world::hosted::{Lane, Outside, Reading, Rows, per_byte_q20};

/// What one call, or one batch of pushes, brings.
#[derive(Default)]
pub struct Batch {
    parts: Vec<Cohort>,
    n: u64,
    records: u64,
    /// Bytes of them.
    pub bytes: u64,
}

impl Batch {
    pub(super) fn clear(&mut self) {
        self.parts.clear();
        (self.n, self.records, self.bytes) = (0, 0, 0);
    }

    pub(super) fn add(&mut self, part: Cohort) {
        self.n += part.n;
        self.records += part.records;
        self.bytes += part.bytes;
        self.parts.push(part);
    }
}

impl Shard {
    /// Lets all plain readers read what they would read before `until`; everything before it is settled.
    pub fn read(&mut self, until: u64, lane: &mut Lane, tally: &mut Tally, batch: &mut Batch) {
        for c in 0..self.at.len() {
            let settings = &tally.settings.consumers[c];
            if matches!(settings.read, Reading::FanOut { .. }) && !settings.is_application {
                self.push(c, until, lane, tally, batch);
            }
        }
        self.poll_before(until, lane, tally, batch);
        let keep = (0..self.at.len()).filter_map(|c| {
            let place = &lane.readers[c].place;
            match tally.settings.consumers[c].is_application {
                true => Some(self.log.at(place.keeps(&self.log)).row),
                false => place.counts_backlog().then_some(self.at[c].row),
            }
        });
        self.log.forget_before(keep.min().unwrap_or(self.log.end_cohort()));
        for at in &mut self.at {
            self.log.catch(at);
        }
    }

    /// Plain readers' polls before `until`.
    pub fn poll_before(&mut self, until: u64, lane: &mut Lane, tally: &mut Tally, batch: &mut Batch) {
        while let Some((at, c)) = next_poll(lane).filter(|p| p.0 < until) {
            self.poll(c, at, lane, tally, batch);
        }
    }

    /// Plain readers have begun: those that control has started, or those that have come from a parent's end.
    pub fn begin_readers(&mut self, by_control: bool, lane: &Lane, tally: &mut Tally) {
        for c in 0..self.begun.len() {
            if self.begun[c] || !lane.readers[c].place.started {
                continue;
            }
            self.begun[c] = true;
            let from = tally.settings.consumers[c].from;
            // Who comes from a parent's end reads a child from its beginning.
            if by_control || from != Position::Latest {
                tally.sink.consumers[c].before_start += self.begin(c, from);
            }
        }
    }

    /// Drops what retention has passed.
    fn trim(&mut self, c: usize, horizon: u64, lane: &Lane, tally: &mut Tally) {
        if horizon > 0 && lane.readers[c].place.counts_backlog() {
            let lost = self.log.pass_before(&mut self.at[c], horizon);
            tally.sink.consumers[c].lost += lost;
        }
    }

    /// The run is over: what retention has passed by then.
    pub fn trim_at_end(&mut self, c: usize, horizon: u64, lane: &mut Lane, tally: &mut Tally) {
        if !tally.settings.consumers[c].is_application {
            return self.trim(c, horizon, lane, tally);
        }
        let place = &mut lane.readers[c].place;
        place.horizon = horizon;
        tally.sink.consumers[c].lost += place.trim(&self.log);
    }

    fn poll(&mut self, c: usize, now: u64, lane: &mut Lane, tally: &mut Tally, batch: &mut Batch) {
        let settings = &tally.settings.consumers[c];
        let Reading::Polling { config, interval: law, latency } = &settings.read else { return };
        let interval = config.interval.0.max(1);
        let reader = &mut lane.readers[c];
        if let Some(end) = settings.outage_end(now) {
            reader.place.held_up(end);
            reader.next_at = now + (end - now).div_ceil(interval) * interval;
            return;
        }
        let turn = now + law.draw(&mut reader.jitter).max(1) + reader.jitter.below(config.jitter.0.max(1));
        if !admit_read(c, now, lane, tally) {
            let reader = &mut lane.readers[c];
            reader.next_at = match config.throttled {
                ThrottledPoll::NextPeriod => turn,
                ThrottledPoll::Wait => lane.gate.next_fit(now).max(now + 1),
                ThrottledPoll::SdkBackoff => {
                    let most = (POLL_BACKOFF.dur().0 << reader.refusals_in_a_row.min(8)).min(turn - now);
                    reader.refusals_in_a_row += 1;
                    now + 1 + reader.jitter.below(most)
                }
            };
            return;
        }
        reader_answered(c, lane);
        let received = now + latency.draw(&mut lane.readers[c].latency);
        self.trim(c, now.saturating_sub(tally.settings.retention), lane, tally);
        let most = (u64::from(config.limit), config.max_bytes.0);
        (self.at[c], _) = self.fetch(c, now, self.at[c], most, lane, tally, batch);
        count_read(c, batch, tally);
        let done = if batch.n == 0 { received } else { work(c, received, batch, lane, tally) };
        let reader = &mut lane.readers[c];
        reader.next_at = turn.max(done);
        if lane.closed_at.is_some() && self.at[c].row == self.log.end_cohort() {
            reader.place.done_at = Some(done);
            reader.next_at = u64::MAX;
        }
    }

    /// What an admitted call from `from` on returns; the place after it, and whether more could be read.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn fetch(
        &mut self,
        c: usize,
        now: u64,
        from: At,
        (records, bytes): (u64, u64),
        lane: &mut Lane,
        tally: &mut Tally,
        batch: &mut Batch,
    ) -> (At, u64) {
        batch.clear();
        let since = (now + 1).saturating_sub(tally.settings.visibility);
        let (mut at, mut rest) = (from, false);
        let first = self.log.next(at).map(|row| row.stored.0);
        while let Some(row) = self.log.next(at) {
            let readable = row.stored_before(since);
            let room = fitting(&row, bytes.saturating_sub(batch.bytes), batch.n);
            let n = readable.min(records - batch.n).min(room);
            if n > 0 {
                batch.add(row.part(0, n));
                self.log.pass(&mut at, n);
            }
            if n < row.n {
                rest = n < readable;
                break;
            }
            if batch.n == records {
                rest = self.log.next(at).is_some_and(|row| row.stored_before(since) > 0);
                break;
            }
        }
        lane.gate.returned(now, batch.bytes);
        lane.digest.fold(at.seen);
        let counts = &mut tally.sink.consumers[c];
        if batch.n == 0 {
            counts.empty += 1;
        } else if first.is_some_and(|stored| stored + RETENTION_EXTENDED_END.dur().0 < now) {
            counts.long_term_bytes += batch.bytes;
        }
        let last = batch.parts.last().filter(|_| rest);
        let behind = last.map_or(0, |part| now.saturating_sub(part.stored.1));
        count_left(c, (batch.n, batch.bytes), behind, lane, tally);
        let ends = lane.closed_at.is_some() && at.row == self.log.end_cohort();
        if !rest && !ends {
            lane.readers[c].place.caught_up(now);
        }
        (at, behind)
    }

    /// Pushes of a fan-out consumer that begin before `until`.
    fn push(&mut self, c: usize, until: u64, lane: &mut Lane, tally: &mut Tally, batch: &mut Batch) {
        let settings = &tally.settings.consumers[c];
        let Reading::FanOut { latency, bytes_per_s, renew_every, gap } = &settings.read else { return };
        let place = &lane.readers[c].place;
        if !place.started || place.done_at.is_some() {
            return;
        }
        let (pipe, way) = (per_byte_q20(*bytes_per_s), ((*renew_every).max(1), *gap));
        while self.push_some(c, until, way, latency, pipe, lane, tally, batch) {}
        let (reader, mut subscribed) = (&mut lane.readers[c], until);
        if let Some(closed) = lane.closed_at
            && self.at[c].row == self.log.end_cohort()
        {
            reader.place.done_at = Some(reader.busy_until.max(reader.pipe_free).max(closed));
            subscribed = reader.last_push.max(closed).min(until);
        }
        let mut refused = Vec::new();
        let mut out = Outside { settings: tally.settings, sink: tally.sink, refused: &mut refused };
        lane.renew(c, subscribed, *renew_every, &mut out);
    }

    /// One cohort's way through the pipe; with a worker that takes time, all that has arrived when it is free.
    #[allow(clippy::too_many_arguments)]
    fn push_some(
        &mut self,
        c: usize,
        until: u64,
        (every, gap): (u64, u64),
        latency: &LatencySampler,
        pipe: u64,
        lane: &mut Lane,
        tally: &mut Tally,
        batch: &mut Batch,
    ) -> bool {
        let Some(row) = self.log.next(self.at[c]) else { return false };
        let settings = &tally.settings.consumers[c];
        let visibility = tally.settings.visibility;
        let reader = &mut lane.readers[c];
        let late = visibility + reader.push_latency(row.stored.0, latency);
        let ready = row.stored.0 + late;
        let busy = if settings.instant { 0 } else { reader.busy_until };
        // What comes spread over a time waits only for a pipe that is behind all of it.
        let spread_out = settings.instant && reader.pipe_free <= row.stored.1 + late;
        let free = if spread_out { ready } else { reader.pipe_free };
        let start = reader.delivers(ready.max(free).max(busy), every, gap);
        if start >= until {
            return false;
        }
        if let Some(end) = settings.outage_end(start) {
            reader.pipe_free = reader.pipe_free.max(end);
            reader.busy_until = reader.busy_until.max(end);
            reader.place.held_up(end);
            return true;
        }
        let before = self.at[c];
        self.trim(c, start.saturating_sub(tally.settings.retention), lane, tally);
        if self.at[c] != before {
            return true;
        }
        batch.clear();
        if settings.instant {
            batch.add(row);
            self.log.pass(&mut self.at[c], row.n);
            let cost = (row.bytes * pipe) >> 20;
            // The pipe is busy for their bytes, and they come no sooner than they are stored.
            let of_one = cost / row.n.max(1);
            let last = (start + cost - of_one).max((row.stored.1 + late).saturating_sub(1)).max(start);
            let reader = &mut lane.readers[c];
            (reader.pipe_free, reader.last_push) = (reader.pipe_free.max(start) + cost, last);
            let caught_up = start == ready;
            count_left(c, (batch.n, batch.bytes), start - ready, lane, tally);
            count_read(c, batch, tally);
            if caught_up {
                lane.readers[c].place.caught_up(start);
            }
            spread(c, &row, (start, last), tally);
            return true;
        }
        self.take_arrived(c, start, latency, lane, tally, batch);
        let reader = &mut lane.readers[c];
        reader.pipe_free = start + ((batch.bytes * pipe) >> 20);
        reader.last_push = start;
        count_left(c, (batch.n, batch.bytes), start.saturating_sub(ready), lane, tally);
        count_read(c, batch, tally);
        let done = work(c, start, batch, lane, tally);
        lane.readers[c].busy_until = done;
        true
    }

    /// Everything that has arrived at `start`, up to a batch's limit.
    fn take_arrived(
        &mut self,
        c: usize,
        start: u64,
        latency: &LatencySampler,
        lane: &mut Lane,
        tally: &Tally,
        batch: &mut Batch,
    ) {
        let most = GET_RECORDS_MAX_RECORDS.count();
        while let Some(row) = self.log.next(self.at[c]) {
            let late = tally.settings.visibility + lane.readers[c].push_latency(row.stored.0, latency);
            let arrived = row.stored_before((start + 1).saturating_sub(late)).max(u64::from(batch.n == 0));
            let n = arrived.min(most - batch.n);
            if n > 0 {
                batch.add(row.part(0, n));
                self.log.pass(&mut self.at[c], n);
            }
            if n < row.n || batch.n == most {
                if n == arrived {
                    lane.readers[c].place.caught_up(start);
                }
                return;
            }
        }
        lane.readers[c].place.caught_up(start);
    }

    /// A reader has begun: it goes to its first record. How many are stored before it.
    fn begin(&mut self, c: usize, from: Position) -> u64 {
        let at = &mut self.at[c];
        match from {
            Position::TrimHorizon => 0,
            Position::AtTimestamp(time) => self.log.pass_before(at, time),
            Position::Latest | Position::AtRow(_) => {
                let skipped = self.log.records(at.seen, self.log.stored);
                *at = self.log.at_end();
                self.log.seal();
                skipped
            }
        }
    }

    /// Where a consumer stands.
    pub fn unread(&self, c: usize) -> u64 {
        self.log.records(self.at[c].seen, self.log.stored)
    }
}

/// How many of a row's records fit `bytes`; the first of a call always does.
fn fitting(row: &Cohort, bytes: u64, before: u64) -> u64 {
    if row.bytes <= bytes {
        return row.n;
    }
    let n = share(row.n, bytes, row.bytes);
    n.max(u64::from(before == 0))
}

/// The next poll.
pub fn next_poll(lane: &Lane) -> Option<(u64, usize)> {
    let polls = lane.readers.iter().enumerate().map(|(c, r)| (r.next_at, c));
    polls.min().filter(|p| p.0 < u64::MAX)
}

fn admit_read(c: usize, now: u64, lane: &mut Lane, tally: &mut Tally) -> bool {
    let mut refused = Vec::new();
    let mut out = Outside { settings: tally.settings, sink: tally.sink, refused: &mut refused };
    lane.admit_read(c, now, &mut out)
}

fn reader_answered(c: usize, lane: &mut Lane) {
    lane.readers[c].refusals_in_a_row = 0;
}

/// Rows and their bytes left the stream for a consumer, `behind` the newest.
pub(super) fn count_left(
    c: usize,
    (rows, bytes): (u64, u64),
    behind: u64,
    lane: &mut Lane,
    tally: &mut Tally,
) {
    let mut refused = Vec::new();
    let mut out = Outside { settings: tally.settings, sink: tally.sink, refused: &mut refused };
    lane.note_age(c, behind, &mut out);
    lane.count_read(c, rows, bytes, &mut out);
}

/// Records were delivered to a plain consumer.
fn count_read(c: usize, batch: &Batch, tally: &mut Tally) {
    let counts = &mut tally.sink.consumers[c];
    counts.records += batch.records;
    counts.bytes += batch.bytes;
    counts.now.records += batch.records;
}

/// A cohort is received and done evenly over a time.
pub(super) fn spread(c: usize, part: &Cohort, (from, to): (u64, u64), tally: &mut Tally) {
    let delays = &mut tally.delays.readers[c];
    let late = |at: (u64, u64)| {
        let (a, b) = (from.saturating_sub(at.0), to.saturating_sub(at.1));
        (a.min(b), a.max(b))
    };
    let (least, most) = late(part.stored);
    delays.propagation.add(least, most, part.records);
    let (least, most) = late(part.born);
    delays.end_to_end.add(least, most, part.records);
    delays.processing.add(0, 0, part.records);
}

/// The consumer has received a batch: returns when it has worked on it.
fn work(c: usize, received: u64, batch: &Batch, lane: &mut Lane, tally: &mut Tally) -> u64 {
    let settings = &tally.settings.consumers[c];
    let (random, slowness) = (&mut lane.readers[c].work, settings.slowness(received));
    let mut done = received;
    if !settings.instant {
        done += settings.per_call.draw(random) * slowness;
    }
    for part in &batch.parts {
        if settings.instant {
            spread(c, part, (received, received), tally);
            continue;
        }
        let from = done;
        done += match settings.per_record.is_constant() {
            Some(ns) => ns * part.records,
            None => (0..part.records).map(|_| settings.per_record.draw(random)).sum(),
        } * slowness;
        // Each is done at the end of its own time.
        let first = from + (done - from) / part.records.max(1);
        let delays = &mut tally.delays.readers[c];
        let sorted = |a: u64, b: u64| (a.min(b), a.max(b));
        let (least, most) =
            sorted(received.saturating_sub(part.stored.1), received.saturating_sub(part.stored.0));
        delays.propagation.add(least, most, part.records);
        delays.processing.add(first - received, done - received, part.records);
        let (least, most) = sorted(first.saturating_sub(part.born.0), done.saturating_sub(part.born.1));
        delays.end_to_end.add(least, most, part.records);
    }
    done
}

/// A reader of a row that is forgotten has passed it.
impl super::log::CohortLog {
    fn catch(&self, at: &mut At) {
        if at.row < self.first_kept() {
            (at.row, at.offset) = (self.first_kept(), 0);
        }
    }
}
