//! What the API answers to an application whose turn it is.

use super::delivery::count_delivered;
use super::keeping::{At, Keeping};
use super::lane::{Lane, Outside};
use super::reader::Reader;
use super::rows::Rows;
use super::settings::Settings;
use super::worked::part;
use crate::api::{
    Batch, Done, Fate, Flow, Groups, Held, Hop, Most, Neighbours, Position, Pushed, Refused, Stream,
};
use crate::measure::sink::{ConsumerCounts, Sink};
use crate::record::Shard;
use crate::stream::routing::ShardMap;

/// The stream as one application sees it at one moment.
pub struct View<'a, K> {
    pub(super) now: u64,
    pub(super) until: u64,
    pub(super) consumer: usize,
    pub(super) lanes: &'a mut [Lane],
    pub(super) map: &'a ShardMap,
    pub(super) settings: &'a Settings,
    pub(super) sink: &'a mut Sink,
    pub(super) refused: &'a mut Vec<u32>,
    pub(super) keeping: &'a mut K,
}

impl<K: Keeping> View<'_, K> {
    /// This reader of a shard, the keeper of its rows, its lane, and what that may reach.
    fn at(&mut self, shard: u32) -> (At, &mut K, &mut Lane, Outside<'_>) {
        let at = At { consumer: self.consumer, shard: shard as usize, now: self.now };
        let out = Outside { settings: self.settings, sink: self.sink, refused: self.refused };
        (at, self.keeping, &mut self.lanes[shard as usize], out)
    }

    /// A shard's readers, and its log.
    pub(super) fn split(&mut self, shard: u32) -> (&mut [Reader], &mut K::Log) {
        self.keeping.split(&mut self.lanes[shard as usize])
    }

    pub(super) fn lane(&mut self, shard: u32) -> &mut Lane {
        &mut self.lanes[shard as usize]
    }

    pub(super) fn counts(&mut self) -> &mut ConsumerCounts {
        &mut self.sink.consumers[self.consumer]
    }

    /// Retention passes what is too old; the first row from `from` on that can still be read.
    fn oldest_readable(&mut self, shard: u32, from: u64) -> u64 {
        let (c, horizon) = (self.consumer, self.kept_since());
        let (readers, log) = self.split(shard);
        let place = &mut readers[c].place;
        place.horizon = horizon;
        let lost = place.trim(log);
        let from = from.max(place.gone);
        let from = if from < log.end() && log.stored_at(from) < horizon {
            log.first_stored_since(from, horizon)
        } else {
            from
        };
        self.counts().lost += lost;
        from
    }

    /// Was anything delivered of the shards that a closed shard was split or merged into?
    fn are_children_begun(&self, shard: u32) -> bool {
        let is_begun = |s: &Shard| self.lanes[s.id as usize].readers[self.consumer].place.top > 0;
        self.lanes[shard as usize].closed_at.is_some_and(|at| at <= self.now)
            && self.map.shards().iter().any(|s| s.parents.contains(&shard) && is_begun(s))
    }

    /// After an outage the backlog is watched until it is worked off.
    fn note_outage(&mut self, shard: u32) {
        let (c, now) = (self.consumer, self.now);
        let outages = &self.settings.consumers[c].outages;
        let Some(end) = outages.iter().map(|o| o.1).filter(|end| *end <= now).max() else { return };
        let place = &mut self.lane(shard).readers[c].place;
        if place.outage_seen < end {
            place.outage_seen = end;
            place.held_up(end);
        }
    }
}

impl<K: Keeping> Groups for View<'_, K> {
    fn append(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<Neighbours>) {
        self.keeping.append_groups(shard as usize, (from, to), out);
    }

    fn receive(&mut self, shard: u32, from: u64, to: u64) {
        self.take(shard, to);
        let now = self.now;
        self.stretches(shard, from, to, |view, from, to| {
            let (at, keeping, lane, mut out) = view.at(shard);
            keeping.received(at, lane, (from, to), now, &mut out);
            let records = keeping.split(lane).1.records(from, to);
            out.sink.consumers[at.consumer].now.records += records;
        });
    }

    fn count_evenly(&mut self, hop: Hop, span: (u64, u64), records: u64) {
        self.keeping.count_evenly(self.consumer, hop, span, records);
    }
}

impl<K: Keeping> Stream for View<'_, K> {
    fn now(&self) -> u64 {
        self.now
    }

    fn kept_since(&self) -> u64 {
        self.now.saturating_sub(self.settings.retention)
    }

    fn known_until(&self) -> u64 {
        self.until
    }

    fn shards(&self) -> &[Shard] {
        self.map.shards()
    }

    fn begin(&mut self, shard: u32, from: Position) -> u64 {
        let (c, now) = (self.consumer, self.now);
        let reader = &mut self.lanes[shard as usize].readers[c];
        debug_assert!(!reader.place.started, "a place is begun once");
        (reader.place.started, reader.pipe_free, reader.subscribed) = (true, now, now);
        // What is stored from this moment on is not known to a reader that begins now.
        let from = if from == Position::Latest { Position::AtTimestamp(now) } else { from };
        let (readers, log) = self.split(shard);
        let place = &mut readers[c].place;
        let skipped = place.begin(log, from);
        place.kept = Some(place.cursor);
        let row = place.cursor;
        self.counts().before_start += skipped;
        row
    }

    fn get_records(&mut self, shard: u32, from: u64, most: Most) -> Result<Batch, Refused> {
        self.note_outage(shard);
        let at = At { consumer: self.consumer, shard: shard as usize, now: self.now };
        let mut out = Outside { settings: self.settings, sink: self.sink, refused: self.refused };
        self.keeping.poll_before(at, self.lanes, self.map, &mut out);
        if !self.lanes[at.shard].admit_read(at.consumer, at.now, out.sink) {
            return Err(Refused);
        }
        let from = self.oldest_readable(shard, from);
        let (at, keeping, lane, mut out) = self.at(shard);
        Ok(keeping.fetch(at, lane, from, most, &mut out))
    }

    fn pushed(&mut self, shard: u32, from: u64, most: Most) -> Pushed {
        self.note_outage(shard);
        let from = self.oldest_readable(shard, from);
        let until = self.until;
        let (at, keeping, lane, mut out) = self.at(shard);
        keeping.take_pushed(at, lane, from, most, until, &mut out)
    }

    fn flow(&mut self, shard: u32, from: u64, until: u64) -> Flow {
        debug_assert!(until <= self.until, "only what is settled flows");
        self.note_outage(shard);
        if self.oldest_readable(shard, from) != from {
            return Flow { to: from, records: 0, bytes: 0, last: 0, next: self.now };
        }
        let (at, keeping, lane, mut out) = self.at(shard);
        keeping.flow(at, lane, from, until, &mut out)
    }

    fn subscribed(&mut self, shard: u32) {
        let (c, now) = (self.consumer, self.now);
        let reader = &mut self.lane(shard).readers[c];
        reader.renewals.fold(now);
        // What it carries goes through its own pipe, from now on.
        reader.pipe_free = reader.pipe_free.max(now);
        let counts = self.counts();
        counts.calls += 1;
        counts.now.calls += 1;
    }

    fn records(&mut self, shard: u32, from: u64, to: u64) -> u64 {
        let (_, log) = self.split(shard);
        log.reach(from);
        log.records(from, to)
    }

    fn key_marks(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<u16>) {
        self.split(shard).1.append_marks(from, to, out);
    }

    fn key_bytes(&self) -> u32 {
        let keys = self.settings.producers.iter().map(|p| p.key_bytes);
        keys.min().unwrap_or(0) as u32
    }

    fn sizes(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<u32>) {
        self.stretches(shard, from, to, |view, from, to| {
            view.split(shard).1.append_sizes(from, to, out);
        });
    }

    fn stored_at(&mut self, shard: u32, row: u64) -> u64 {
        self.split(shard).1.stored_at(row)
    }

    fn row_since(&mut self, shard: u32, from: u64, time: u64) -> u64 {
        let now = self.now;
        self.split(shard).1.first_stored_since(from, time.min(now))
    }

    fn deliver(&mut self, shard: u32, from: u64, to: u64, received: u64, done: Done) {
        let c = self.consumer;
        let overtaken = self.are_children_begun(shard);
        let again = self.lane(shard).readers[c].place.reached.clamp(from, to);
        let (mut rows, mut records) = (0, 0);
        self.stretches(shard, from, to, |view, from, to| {
            let again = again.clamp(from, to);
            let (at, keeping, lane, mut out) = view.at(shard);
            let (_, log) = keeping.split(lane);
            let counts = &mut out.sink.consumers[c];
            let n = log.records(from, to);
            count_delivered(log, counts, (from, again, to), (n, log.bytes(from, to)));
            let before = log.records(from, again);
            if overtaken {
                counts.overtaken += n - before;
            }
            if again < to {
                let done =
                    part(done, (rows + again - from, rows + to - from), (records + before, records + n));
                keeping.received(at, lane, (again, to), received, &mut out);
                keeping.worked(at, lane, (again, to), (received, done), &mut out);
            }
            rows += to - from;
            records += n;
        });
        let (readers, log) = self.split(shard);
        let place = &mut readers[c].place;
        place.go_to(log, to);
        place.top = place.top.max(to);
    }

    fn drop_rows(&mut self, shard: u32, from: u64, to: u64, fate: Fate) {
        let c = self.consumer;
        let (readers, log) = self.split(shard);
        debug_assert!(from <= to, "rows in order");
        let records = readers[c].place.go_to(log, to);
        self.count_fate(fate, records);
    }

    fn take(&mut self, shard: u32, to: u64) {
        let c = self.consumer;
        let (readers, log) = self.split(shard);
        let fresh = readers[c].place.go_to(log, to);
        self.counts().in_hand += fresh;
    }

    fn hand_over(&mut self, shard: u32, rows: &[Held], again: bool) {
        if let Some(last) = rows.last() {
            let age = self.now - self.split(shard).1.stored_at(last.row);
            let counts = self.counts();
            counts.now.sent_age = counts.now.sent_age.max(Some(age));
        }
        for (from, to, received) in Self::runs(rows) {
            self.stretches(shard, from, to, |view, from, to| {
                let (at, keeping, lane, mut out) = view.at(shard);
                let (_, log) = keeping.split(lane);
                let counts = &mut out.sink.consumers[at.consumer];
                let records = log.records(from, to);
                counts.now.records += records;
                if again {
                    counts.redelivered += records;
                    counts.redelivered_bytes += log.bytes(from, to);
                } else {
                    keeping.received(at, lane, (from, to), received, &mut out);
                }
            });
        }
    }

    fn deliver_some(&mut self, shard: u32, rows: &[Held], done: u64) {
        let c = self.consumer;
        let top = self.lane(shard).readers[c].place.top;
        for (from, to, received) in Self::runs(rows) {
            self.stretches(shard, from, to, |view, from, to| {
                let (at, keeping, lane, mut out) = view.at(shard);
                let (_, log) = keeping.split(lane);
                let counts = &mut out.sink.consumers[c];
                let records = log.records(from, to);
                counts.records += records;
                counts.overtaken += log.records(from, top.clamp(from, to));
                counts.bytes += log.bytes(from, to);
                counts.in_hand -= records;
                if log.is_cold(from) {
                    counts.from_cold += records;
                }
                keeping.worked(at, lane, (from, to), (received, Done::At(done)), &mut out);
            });
        }
        let last = rows.last().map_or(0, |held| held.row + 1);
        self.lane(shard).readers[c].place.top = top.max(last);
    }

    fn drop_some(&mut self, shard: u32, rows: &[Held], fate: Fate) {
        for (from, to, _) in Self::runs(rows) {
            self.stretches(shard, from, to, |view, from, to| {
                let records = view.split(shard).1.records(from, to);
                view.count_fate(fate, records);
                view.counts().in_hand -= records;
            });
        }
    }

    fn stored(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<u64>) {
        self.stretches(shard, from, to, |view, from, to| {
            view.split(shard).1.append_stored(from, to, out);
        });
    }

    fn births(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<u64>) {
        self.stretches(shard, from, to, |view, from, to| {
            view.split(shard).1.append_births(from, to, out);
        });
    }

    fn part_with(&mut self, records: u64, bytes: u64, fate: Option<Fate>) {
        match fate {
            Some(fate) => self.count_fate(fate, records),
            None => {
                let counts = self.counts();
                (counts.records, counts.bytes) = (counts.records + records, counts.bytes + bytes);
            }
        }
        self.counts().in_hand -= records;
    }

    fn count_hops(&mut self, hop: Hop, ns: &[u64]) {
        let counts = self.counts();
        match hop {
            Hop::Propagation => {
                counts.now.records += ns.len() as u64;
                counts.propagation.add_all(ns);
            }
            Hop::Processing => counts.processing.add_all(ns),
            Hop::EndToEnd => counts.now.end_to_end.add_all(ns),
        }
    }

    fn groups(&mut self) -> Option<&mut dyn Groups> {
        if K::IN_GROUPS { Some(self) } else { None }
    }

    fn keep_from(&mut self, shard: u32, row: u64) {
        let c = self.consumer;
        self.lane(shard).readers[c].place.kept = Some(row);
    }

    fn finish(&mut self, shard: u32) {
        let (c, now) = (self.consumer, self.now);
        let place = &mut self.lane(shard).readers[c].place;
        place.done_at = Some(now);
        place.kept = None;
    }
}
