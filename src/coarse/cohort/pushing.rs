//! SubscribeToShard of plain readers, on cohorts: a pushed cohort takes the time in the pipe that its bytes take.

use super::reading::Batch;
use super::shard::Shard;
use super::tally::Tally;
use super::working::{count_delivered, count_left, spread};
use crate::facts::data_streams::GET_RECORDS_MAX_RECORDS;
use crate::random::LatencySampler;
use crate::world::hosted::{Lane, Outside, Reading, per_byte_q20};

impl Shard {
    /// Pushes of a fan-out consumer that begin before `until`.
    pub(super) fn push(
        &mut self,
        c: usize,
        until: u64,
        lane: &mut Lane,
        tally: &mut Tally,
        batch: &mut Batch,
    ) {
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
        let at_once = settings.instant && settings.failure_ppb == 0;
        let busy = if at_once { 0 } else { reader.busy_until };
        // What comes spread over a time waits only for a pipe that is behind all of it.
        let spread_out = at_once && reader.pipe_free <= row.stored.1 + late;
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
        if at_once {
            batch.add(row);
            self.log.pass(&mut self.at[c], row.n);
            let cost = (row.bytes * pipe) >> 20;
            // The pipe is busy for their bytes, and they come no sooner than they are stored.
            let of_one = cost / row.n.max(1);
            let last = (start + cost - of_one).max((row.stored.1 + late).saturating_sub(1)).max(start);
            let reader = &mut lane.readers[c];
            (reader.pipe_free, reader.last_push) = (reader.pipe_free.max(start) + cost, last);
            let caught_up = start == ready;
            count_left(c, (batch.n, batch.bytes), start - ready, lane, tally.sink);
            self.reached[c] = self.at[c].seen;
            count_delivered(c, 0, batch, tally);
            if caught_up {
                lane.readers[c].place.caught_up(start);
            }
            spread(c, (&self.log, &row), (start, last), tally);
            return true;
        }
        self.take_arrived(c, start, latency, lane, tally, batch);
        let reader = &mut lane.readers[c];
        reader.pipe_free = start + ((batch.bytes * pipe) >> 20);
        reader.last_push = start;
        count_left(c, (batch.n, batch.bytes), start.saturating_sub(ready), lane, tally.sink);
        let done = self.deliver(c, before, start, batch, lane, tally);
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
}
