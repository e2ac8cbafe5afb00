//! Consumer applications meet the stream: whose turn it is, and what the API answers.
//!
//! Reading never feeds back on writing: when everything up to a moment is settled, applications act in order of time
//! up to it, and between their calls the plain readers of a shard make theirs, since all share its read limits. At one
//! moment applications come before plain readers, and in the scenario's order among themselves.

use super::World;
use super::children;
use super::config::WorldConfig;
use super::delivery::{add_propagation, bytes_of, count_delivered};
use super::lane::{Lane, Outside};
use super::series::bucket;
use super::settings::{Settings, happenings};
use crate::api::{Application, Batch, Done, Fate, Flow, Held, Hop, Most, Position, Pushed, Refused, Stream};
use crate::consumer::config::ConsumerConfig;
use crate::consumer::{Situation, build as build_one};
use crate::firehose::reader::Reader;
use crate::measure::sink::{ConsumerCounts, Sink};
use crate::record::Shard;
use crate::stream::routing::ShardMap;

/// An application and whose it is.
pub struct Player {
    /// Its consumer.
    pub consumer: usize,
    /// What plays it.
    pub machine: Box<dyn Application>,
}

/// Builds every application.
pub fn build(config: &WorldConfig) -> Vec<Player> {
    let one = |(consumer, c): (usize, &ConsumerConfig)| {
        let mut happenings: Vec<_> = happenings(config, consumer).collect();
        happenings.sort_by_key(|h| h.0);
        let situation = Situation { config: c, happenings: &happenings, seed: config.seed };
        let machine = build_one(&situation).or_else(|| firehose(config, &c.name))?;
        Some(Player { consumer, machine })
    };
    config.consumers.iter().enumerate().filter_map(one).collect()
}

/// A Firehose stream that reads the stream.
fn firehose(config: &WorldConfig, name: &str) -> Option<Box<dyn Application>> {
    let stream = config.firehose.iter().position(|f| f.name == name)?;
    let reader = Reader::new(&config.firehose(stream), bucket(config.duration.0), config.seed)?;
    Some(Box::new(reader))
}

impl World {
    /// Lets applications do everything they do before `until`; all before it is settled.
    pub(super) fn act_applications(&mut self, until: u64) {
        let mut players = std::mem::take(&mut self.applications);
        while let Some(player) = players.iter_mut().min_by_key(|p| p.machine.next()) {
            let now = player.machine.next();
            if now >= until {
                break;
            }
            let mut view = View {
                now,
                until,
                consumer: player.consumer,
                lanes: &mut self.lanes,
                map: &self.map,
                settings: &self.settings,
                sink: &mut self.sink,
                refused: &mut self.refused,
                scratch: &mut self.scratch,
            };
            player.machine.act(&mut view);
            assert!(player.machine.next() > now, "an application that has acted acts again later");
        }
        self.applications = players;
    }
}

/// The stream as one application sees it at one moment.
struct View<'a> {
    now: u64,
    until: u64,
    consumer: usize,
    lanes: &'a mut [Lane],
    map: &'a ShardMap,
    settings: &'a Settings,
    sink: &'a mut Sink,
    refused: &'a mut Vec<u32>,
    scratch: &'a mut Vec<u64>,
}

impl View<'_> {
    /// A shard's lane, and what it may reach.
    fn at(&mut self, shard: u32) -> (&mut Lane, Outside<'_>) {
        let out = Outside { settings: self.settings, sink: self.sink, refused: self.refused };
        (&mut self.lanes[shard as usize], out)
    }

    fn lane(&mut self, shard: u32) -> &mut Lane {
        &mut self.lanes[shard as usize]
    }

    fn counts(&mut self) -> &mut ConsumerCounts {
        &mut self.sink.consumers[self.consumer]
    }

    /// Retention passes what is too old; the first row from `from` on that can still be read.
    fn oldest_readable(&mut self, shard: u32, from: u64) -> u64 {
        let (c, horizon) = (self.consumer, self.kept_since());
        let Lane { readers, log, .. } = self.lane(shard);
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

    /// Rows `[from, to)`, in stretches that the log can show, each with the first row not delivered before.
    fn stretches(&mut self, shard: u32, from: u64, to: u64, mut each: impl FnMut(&mut Self, u64, u64)) {
        let mut at = from;
        while at < to {
            let end = self.lane(shard).log.reach(at).min(to);
            each(self, at, end);
            at = end;
        }
    }

    /// Rows were processed at `done`: the hops of what was not delivered before.
    fn hops(&mut self, shard: u32, (from, to): (u64, u64), received: u64, done: Done) {
        let log = &self.lanes[shard as usize].log;
        let counts = &mut self.sink.consumers[self.consumer];
        let births = log.births(from, to);
        let records = births.len();
        let times: &[u64] = match done {
            Done::At(at) => {
                counts.processing.add_many(at - received, records as u64);
                return counts.now.end_to_end.add_since(at, births);
            }
            Done::Records(times) => times,
            Done::Rows(times) if !log.is_packed() => times,
            Done::Rows(times) => {
                self.scratch.clear();
                for (row, at) in (from..to).zip(times) {
                    let n = log.records(row, row + 1) as usize;
                    self.scratch.extend(std::iter::repeat_n(*at, n));
                }
                self.scratch
            }
        };
        debug_assert_eq!(times.len(), records, "each record has its moment");
        let mut part = [0u64; 256];
        for (times, births) in times.chunks(part.len()).zip(births.chunks(part.len())) {
            let part = &mut part[..times.len()];
            part.iter_mut().zip(times).for_each(|(p, at)| *p = at - received);
            counts.processing.add_all(part);
            part.iter_mut().zip(times).zip(births).for_each(|((p, at), born)| *p = at - born);
            counts.now.end_to_end.add_all(part);
        }
    }

    /// The followed record, if it is among these rows and new here.
    fn trace(&mut self, shard: u32, (from, to): (u64, u64), received: u64, done: Done) {
        let Some(row) = self.lanes[shard as usize].traced.filter(|row| (from..to).contains(row)) else {
            return;
        };
        let (c, Some((born, _))) = (self.consumer, self.settings.traced) else { return };
        let lane = self.lane(shard);
        let before = lane.log.records(from, row);
        let inside = lane.log.births(row, row + 1).iter().position(|b| *b == born).unwrap_or(0);
        let at = match done {
            Done::At(at) => at,
            Done::Rows(times) => times[(row - from) as usize],
            Done::Records(times) => times[before as usize + inside],
        };
        let place = &mut lane.readers[c].place;
        place.traced = place.traced.or(Some((received, at)));
    }

    /// Rows that follow one another and were received together.
    fn runs(rows: &[Held]) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        rows.chunk_by(|a, b| a.row + 1 == b.row && a.received == b.received)
            .map(|run| (run[0].row, run[0].row + run.len() as u64, run[0].received))
    }

    fn count_fate(&mut self, fate: Fate, records: u64) {
        let counts = self.counts();
        let counter = match fate {
            Fate::Skipped => &mut counts.skipped,
            Fate::Filtered => &mut counts.filtered,
            Fate::ToFailureDestination => &mut counts.to_failure_destination,
            Fate::Discarded => &mut counts.discarded,
            Fate::Lost => &mut counts.lost,
        };
        *counter += records;
    }
}

impl Stream for View<'_> {
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
        let Lane { readers, log, .. } = &mut self.lanes[shard as usize];
        let place = &mut readers[c].place;
        let skipped = place.begin(log, from);
        place.kept = Some(place.cursor);
        let row = place.cursor;
        self.counts().before_start += skipped;
        row
    }

    fn get_records(&mut self, shard: u32, from: u64, most: Most) -> Result<Batch, Refused> {
        let (c, now) = (self.consumer, self.now);
        self.note_outage(shard);
        let mut out = Outside { settings: self.settings, sink: self.sink, refused: self.refused };
        children::poll_before(shard as usize, now, self.lanes, self.map, &mut out);
        let (lane, mut out) = self.at(shard);
        if !lane.admit_read(c, now, &mut out) {
            return Err(Refused);
        }
        let from = self.oldest_readable(shard, from);
        let (lane, mut out) = self.at(shard);
        Ok(lane.fetch(c, now, from, most, &mut out))
    }

    fn pushed(&mut self, shard: u32, from: u64, most: Most) -> Pushed {
        self.note_outage(shard);
        let from = self.oldest_readable(shard, from);
        let (c, now, until) = (self.consumer, self.now, self.until);
        let (lane, mut out) = self.at(shard);
        lane.take_pushed(c, from, most, (now, until), &mut out)
    }

    fn flow(&mut self, shard: u32, from: u64, until: u64) -> Flow {
        debug_assert!(until <= self.until, "only what is settled flows");
        self.note_outage(shard);
        let (c, now) = (self.consumer, self.now);
        if self.oldest_readable(shard, from) != from {
            return Flow { to: from, records: 0, bytes: 0, last: 0, next: now };
        }
        let (lane, mut out) = self.at(shard);
        lane.flow(c, from, (now, until), &mut out)
    }

    fn subscribed(&mut self, shard: u32) {
        let (c, now) = (self.consumer, self.now);
        self.lane(shard).readers[c].renewals.fold(now);
        let counts = self.counts();
        counts.calls += 1;
        counts.now.calls += 1;
    }

    fn records(&mut self, shard: u32, from: u64, to: u64) -> u64 {
        let log = &mut self.lane(shard).log;
        log.reach(from);
        log.records(from, to)
    }

    fn positions(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<u64>) {
        self.lane(shard).log.positions(from, to, out);
    }

    fn key_bytes(&self) -> u32 {
        let keys = self.settings.producers.iter().map(|p| p.key_bytes);
        keys.min().unwrap_or(0) as u32
    }

    fn sizes(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<u32>) {
        self.stretches(shard, from, to, |view, from, to| {
            out.extend_from_slice(view.lane(shard).log.sizes(from, to));
        });
    }

    fn stored_at(&mut self, shard: u32, row: u64) -> u64 {
        self.lane(shard).log.stored_at(row)
    }

    fn row_since(&mut self, shard: u32, from: u64, time: u64) -> u64 {
        let now = self.now;
        self.lane(shard).log.first_stored_since(from, time.min(now))
    }

    fn deliver(&mut self, shard: u32, from: u64, to: u64, received: u64, done: Done) {
        let c = self.consumer;
        let again = self.lane(shard).readers[c].place.reached.clamp(from, to);
        let (mut rows, mut records) = (0, 0);
        self.stretches(shard, from, to, |view, from, to| {
            let again = again.clamp(from, to);
            let Lane { log, .. } = &view.lanes[shard as usize];
            let counts = &mut view.sink.consumers[c];
            let n = log.records(from, to);
            count_delivered(log, counts, (from, again, to), (n, bytes_of(log.sizes(from, to))));
            add_propagation(&mut counts.propagation, log, again, to, received);
            let before = log.records(from, again);
            if again < to {
                let done =
                    part(done, (rows + again - from, rows + to - from), (records + before, records + n));
                view.hops(shard, (again, to), received, done);
                view.trace(shard, (again, to), received, done);
            }
            rows += to - from;
            records += n;
        });
        let Lane { readers, log, .. } = self.lane(shard);
        readers[c].place.go_to(log, to);
    }

    fn drop_rows(&mut self, shard: u32, from: u64, to: u64, fate: Fate) {
        let c = self.consumer;
        let Lane { readers, log, .. } = self.lane(shard);
        debug_assert!(from <= to, "rows in order");
        let records = readers[c].place.go_to(log, to);
        self.count_fate(fate, records);
    }

    fn take(&mut self, shard: u32, to: u64) {
        let c = self.consumer;
        let Lane { readers, log, .. } = self.lane(shard);
        let fresh = readers[c].place.go_to(log, to);
        self.counts().in_hand += fresh;
    }

    fn hand_over(&mut self, shard: u32, rows: &[Held], again: bool) {
        for (from, to, received) in Self::runs(rows) {
            self.stretches(shard, from, to, |view, from, to| {
                let log = &view.lanes[shard as usize].log;
                let counts = &mut view.sink.consumers[view.consumer];
                let records = log.records(from, to);
                counts.now.records += records;
                if again {
                    counts.redelivered += records;
                    counts.redelivered_bytes += bytes_of(log.sizes(from, to));
                } else {
                    add_propagation(&mut counts.propagation, log, from, to, received);
                }
            });
        }
    }

    fn deliver_some(&mut self, shard: u32, rows: &[Held], done: u64) {
        for (from, to, received) in Self::runs(rows) {
            self.stretches(shard, from, to, |view, from, to| {
                let log = &view.lanes[shard as usize].log;
                let counts = &mut view.sink.consumers[view.consumer];
                let records = log.records(from, to);
                counts.records += records;
                counts.bytes += bytes_of(log.sizes(from, to));
                if log.is_cold(from) {
                    counts.from_cold += records;
                }
                view.hops(shard, (from, to), received, Done::At(done));
                view.trace(shard, (from, to), received, Done::At(done));
                view.counts().in_hand -= records;
            });
        }
    }

    fn drop_some(&mut self, shard: u32, rows: &[Held], fate: Fate) {
        for (from, to, _) in Self::runs(rows) {
            self.stretches(shard, from, to, |view, from, to| {
                let records = view.lane(shard).log.records(from, to);
                view.count_fate(fate, records);
                view.counts().in_hand -= records;
            });
        }
    }

    fn stored(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<u64>) {
        self.stretches(shard, from, to, |view, from, to| {
            out.extend_from_slice(view.lane(shard).log.stored(from, to));
        });
    }

    fn births(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<u64>) {
        self.stretches(shard, from, to, |view, from, to| {
            out.extend_from_slice(view.lane(shard).log.births(from, to));
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

/// The moments of some of the rows.
fn part(done: Done, rows: (u64, u64), records: (u64, u64)) -> Done {
    match done {
        Done::At(at) => Done::At(at),
        Done::Rows(times) => Done::Rows(&times[rows.0 as usize..rows.1 as usize]),
        Done::Records(times) => Done::Records(&times[records.0 as usize..records.1 as usize]),
    }
}
