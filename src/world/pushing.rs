//! SubscribeToShard: what a fan-out consumer is pushed, and the loop of a plain one.

use super::lane::{Lane, Outside};
use super::settings::Reading;
use crate::api::{Batch, Most, Pushed};
use crate::facts::data_streams::GET_RECORDS_MAX_RECORDS;
use crate::random::LatencySampler;

impl Lane {
    /// Pushes of a fan-out consumer that begin before `until`.
    pub fn push(&mut self, c: usize, until: u64, out: &mut Outside) {
        let settings = &out.settings.consumers[c];
        let Reading::FanOut { latency, bytes_per_s, renew_every, gap } = &settings.read else { return };
        let subscription = (*renew_every.max(&1), *gap);
        if !self.readers[c].place.started || self.readers[c].place.done_at.is_some() {
            return;
        }
        let ns_per_byte_q20 = per_byte_q20(*bytes_per_s);
        let instant = settings.instant && settings.failure_ppb == 0;
        match latency.is_constant() {
            Some(_) if instant => self.push_instantly(c, until, out),
            _ => while self.push_batch(c, (until, subscription), latency, ns_per_byte_q20, out) {},
        }
        let reader = &mut self.readers[c];
        let mut subscribed = until;
        if let Some(closed) = self.closed_at
            && reader.place.cursor == self.log.end()
        {
            reader.place.done_at = Some(reader.busy_until.max(reader.pipe_free).max(closed));
            // The last subscription ends with the shard's last records.
            subscribed = reader.last_push.max(closed).min(until);
        }
        self.renew(c, subscribed, *renew_every, out);
    }

    /// SubscribeToShard, and again whenever a subscription ends.
    pub(crate) fn renew(&mut self, c: usize, until: u64, every: u64, out: &mut Outside) {
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

    /// What has been pushed to an application by `now`, when everything stored before `until` is known.
    pub fn take_pushed(
        &mut self,
        c: usize,
        from: u64,
        most: Most,
        (now, until): (u64, u64),
        out: &mut Outside,
    ) -> Pushed {
        let Reading::FanOut { latency, bytes_per_s, renew_every, gap } = &out.settings.consumers[c].read
        else {
            return Pushed::Nothing(u64::MAX);
        };
        let (reader, cost_q20) = (&mut self.readers[c], per_byte_q20(*bytes_per_s));
        let (visibility, draws) = (out.settings.visibility, latency.is_constant().is_none());
        let reach = self.log.reach(from).min(from.saturating_add(most.rows));
        let (mut to, mut bytes, mut behind, mut next) = (from, 0, 0, until);
        while to < reach && bytes < most.bytes {
            let readable = self.log.stored_at(to) + visibility;
            // Only what is readable by now draws a latency: draws do not depend on how far the log is settled.
            next = readable;
            if readable > now && draws {
                break;
            }
            let ready = readable + reader.push_latency(readable - visibility, latency);
            next = reader.delivers(ready.max(reader.pipe_free), (*renew_every).max(1), *gap);
            if next > now {
                break;
            }
            let size = u64::from(self.log.sizes(to, to + 1)[0]);
            (reader.pipe_free, reader.last_push) = (next + ((size * cost_q20) >> 20), next);
            behind = now - ready;
            (to, bytes) = (to + 1, bytes + size);
        }
        let at_end = to == self.log.end();
        let ends = at_end && self.closed_at.is_some();
        if to == from {
            return if ends { Pushed::Ended } else { Pushed::Nothing(next.max(now + 1)) };
        }
        if at_end || self.log.stored_at(to) + visibility > now {
            self.readers[c].place.caught_up(now);
        }
        self.note_age(c, behind, out.sink);
        self.count_read(c, to - from, bytes, out.sink);
        Pushed::Rows(Batch { from, to, bytes, behind, ends })
    }

    /// One batch: the worker, once free, takes everything that has arrived.
    fn push_batch(
        &mut self,
        c: usize,
        (until, (every, gap)): (u64, (u64, u64)),
        latency: &LatencySampler,
        cost_q20: u64,
        out: &mut Outside,
    ) -> bool {
        let settings = &out.settings.consumers[c];
        let reader = &mut self.readers[c];
        if reader.place.cursor >= self.log.end() {
            return false;
        }
        let visibility = out.settings.visibility;
        let ready = self.log.stored_at(reader.place.cursor)
            + visibility
            + reader.push_latency(self.log.stored_at(reader.place.cursor), latency);
        let start = reader.delivers(ready.max(reader.pipe_free).max(reader.busy_until), every, gap);
        if start >= until {
            return false;
        }
        if let Some(end) = settings.outage_end(start) {
            reader.busy_until = reader.busy_until.max(end);
            reader.place.held_up(end);
            return true;
        }
        reader.place.horizon = start.saturating_sub(out.settings.retention);
        let from = reader.place.cursor;
        out.sink.consumers[c].lost += reader.place.trim(&self.log);
        if reader.place.cursor != from {
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
            self.readers[c].place.caught_up(start);
        }
        self.note_age(c, start.saturating_sub(ready), out.sink);
        self.count_read(c, to - from, bytes, out.sink);
        let done = self.deliver(c, from, to, bytes, start, out);
        self.readers[c].busy_until = done;
        true
    }
}

/// Time a byte takes in a pipe of so many bytes per second, in ns × 2^20.
pub(crate) fn per_byte_q20(bytes_per_s: u64) -> u64 {
    ((1_000_000_000u128 << 20) / u128::from(bytes_per_s.max(1))) as u64
}
