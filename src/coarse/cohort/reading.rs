//! GetRecords: the readers' own moments, on cohorts.
//!
//! Polls are the events that they are at record resolution, drawn from the same named streams; what a call returns is
//! split at its limits and at what is readable.

use super::log::At;
use super::shard::Shard;
use super::tally::Tally;
use super::together::Cohort;
use super::working::count_left;
use crate::api::Position;
use crate::consumer::config::ThrottledPoll;
use crate::facts::consumers::POLL_BACKOFF;
use crate::facts::data_streams::RETENTION_EXTENDED_END;
use crate::world::hosted::{Lane, Reading, Rows};

/// What one call, or one batch of pushes, brings.
#[derive(Default)]
pub struct Batch {
    pub(super) parts: Vec<Cohort>,
    /// Rows, and records in them.
    pub(super) n: u64,
    pub(super) records: u64,
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
    pub(super) fn trim(&mut self, c: usize, horizon: u64, lane: &Lane, tally: &mut Tally) {
        if horizon > 0 && lane.readers[c].place.counts_backlog() {
            let from = self.at[c].seen;
            self.log.pass_before(&mut self.at[c], horizon);
            // What a failed batch held was delivered.
            let to = self.at[c].seen;
            tally.sink.consumers[c].lost += self.log.records(self.reached[c].clamp(from, to), to);
            self.reached[c] = self.reached[c].max(to);
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

    /// A call, if the reader is there and it is admitted, brings what is stored by its moment.
    fn poll(&mut self, c: usize, now: u64, lane: &mut Lane, tally: &mut Tally, batch: &mut Batch) {
        let settings = tally.settings;
        let Reading::Polling { config, latency, .. } = &settings.consumers[c].read else { return };
        let Some(turn) = ask(c, now, lane, tally) else { return };
        let reader = &mut lane.readers[c];
        reader.refusals_in_a_row = 0;
        let received = now + latency.draw(&mut reader.latency);
        if now > settings.retention {
            self.trim(c, now - settings.retention, lane, tally);
        }
        let most = (u64::from(config.limit), config.max_bytes.0);
        let from = self.at[c];
        (self.at[c], _) = self.fetch(c, now, from, most, lane, tally, batch);
        let done = match batch.n {
            0 => received,
            _ => self.deliver(c, from, received, batch, lane, tally),
        };
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
        let mut first = None;
        while let Some(cohort) = self.log.stands_in(at) {
            let behind = at.offset;
            first = first.or(Some(cohort.stored.0));
            let (readable, left) = (cohort.stored_before(since).saturating_sub(behind), cohort.n - behind);
            let mut n = readable.min(records - batch.n);
            if batch.bytes + cohort.bytes > bytes {
                // The first of a call always fits.
                let room = cohort.part(behind, cohort.n).fitting(bytes.saturating_sub(batch.bytes));
                n = n.min(room.max(u64::from(batch.n == 0)));
            }
            if n > 0 {
                batch.add(cohort.part(behind, behind + n));
                self.log.pass(&mut at, n);
            }
            if n < left {
                rest = n < readable;
                break;
            }
            if batch.n == records {
                rest = self.log.stands_in(at).is_some_and(|next| next.stored_before(since) > 0);
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
        count_left(c, (batch.n, batch.bytes), behind, lane, tally.sink);
        let ends = lane.closed_at.is_some() && at.row == self.log.end_cohort();
        if !rest && !ends {
            lane.readers[c].place.caught_up(now);
        }
        (at, behind)
    }

    /// A reader has begun: it goes to its first record. How many are stored before it.
    fn begin(&mut self, c: usize, from: Position) -> u64 {
        let at = &mut self.at[c];
        let skipped = match from {
            Position::TrimHorizon => 0,
            Position::AtTimestamp(time) => self.log.pass_before(at, time),
            Position::Latest | Position::AtRow(_) => {
                let skipped = self.log.records(at.seen, self.log.stored);
                *at = self.log.at_end();
                self.log.seal();
                skipped
            }
        };
        self.reached[c] = at.seen;
        skipped
    }

    /// Records that were never delivered to a plain consumer.
    pub fn undelivered(&self, c: usize) -> u64 {
        self.log.records(self.at[c].seen.max(self.reached[c]), self.log.stored)
    }

    /// Records that a plain consumer has not read.
    pub fn unread(&self, c: usize) -> u64 {
        self.log.records(self.at[c].seen, self.log.stored)
    }
}

/// The next poll: the first of those that are due first.
pub fn next_poll(lane: &Lane) -> Option<(u64, usize)> {
    let (mut first, mut whose) = (u64::MAX, None);
    for (c, reader) in lane.readers.iter().enumerate() {
        if reader.next_at < first {
            (first, whose) = (reader.next_at, Some(c));
        }
    }
    Some((first, whose?))
}

/// A reader's turn: when the next one is due after an admitted call; `None` when it is away or refused.
fn ask(c: usize, now: u64, lane: &mut Lane, tally: &mut Tally) -> Option<u64> {
    let settings = &tally.settings.consumers[c];
    let Reading::Polling { config, interval: law, .. } = &settings.read else { return None };
    let interval = config.interval.0.max(1);
    let reader = &mut lane.readers[c];
    if let Some(end) = settings.outage_end(now) {
        reader.place.held_up(end);
        reader.next_at = now + (end - now).div_ceil(interval) * interval;
        return None;
    }
    let turn = now + law.draw(&mut reader.jitter).max(1) + reader.jitter.below(config.jitter.0.max(1));
    if !lane.admit_read(c, now, tally.sink) {
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
        return None;
    }
    Some(turn)
}

/// A reader of a row that is forgotten has passed it.
impl super::log::CohortLog {
    fn catch(&self, at: &mut At) {
        if at.row < self.first_kept() {
            (at.row, at.offset) = (self.first_kept(), 0);
        }
    }
}
