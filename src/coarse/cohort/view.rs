//! What applications see of the stream where cohorts keep the records.
//!
//! The view itself is `world`'s; here is only what looks into a shard's cohorts. A row has its place in its cohort, so
//! calls, pushes and work split cohorts where they would split records.

use super::log::CohortLog;
use super::reading::Batch;
use super::shard::Shard;
use super::tally::{Delays, Tally};
use super::together::{Cohort, share};
use super::working::{count_left, spread};
use crate::api;
use crate::api::{Done, Flow, Hop, Most, Pushed};
use crate::random::LatencySampler;
use crate::stream::routing::ShardMap;
use crate::world::hosted::{
    At, Keeping, Lane, Outside, Reader, Reading, Rows, Settings, per_byte_q20, start_readers_of,
};

/// Cohorts keep the records.
pub struct InCohorts<'a> {
    /// One per lane.
    pub shards: &'a mut [Shard],
    /// Where delays are counted.
    pub delays: &'a mut Delays,
    /// What a call brings.
    pub batch: &'a mut Batch,
    /// Births and times of single records.
    pub scratch: Vec<u64>,
}

/// A fan-out consumer's pipe.
struct Pipe<'a> {
    latency: &'a LatencySampler,
    visibility: u64,
    /// Time a byte takes in it, in ns × 2^20.
    cost_q20: u64,
    every: u64,
    gap: u64,
}

/// How rows of one cohort come out of a pipe: evenly.
#[derive(Clone, Copy)]
struct Arrivals {
    /// The first one's moment, and how long it was held up.
    first: u64,
    late: u64,
    /// From its storage to when it could come.
    way: u64,
    /// Time one takes in the pipe.
    cost: u64,
}

impl<'a> Pipe<'a> {
    fn of(c: usize, settings: &'a Settings) -> Option<Pipe<'a>> {
        let Reading::FanOut { latency, bytes_per_s, renew_every, gap } = &settings.consumers[c].read else {
            return None;
        };
        Some(Pipe {
            latency,
            visibility: settings.visibility,
            cost_q20: per_byte_q20(*bytes_per_s),
            every: (*renew_every).max(1),
            gap: *gap,
        })
    }

    /// When a cohort's rows arrive; `Err`: not looked at before it is readable, so that draws of latencies do not
    /// depend on how far the log is settled.
    fn arrivals(&self, cohort: &Cohort, known: u64, reader: &mut Reader) -> Result<Arrivals, u64> {
        let stored = cohort.stored_at(0);
        let readable = stored + self.visibility;
        if readable >= known && self.latency.is_constant().is_none() {
            return Err(readable);
        }
        let way = self.visibility + reader.push_latency(stored, self.latency);
        let first = reader.delivers((stored + way).max(reader.pipe_free), self.every, self.gap);
        let cost = ((cohort.bytes * self.cost_q20) >> 20) / cohort.n;
        Ok(Arrivals { first, late: first - (stored + way), way, cost })
    }
}

impl Arrivals {
    /// How many of the cohort arrive before `until`.
    fn before(&self, until: u64, cohort: &Cohort) -> u64 {
        if self.first >= until {
            return 0;
        }
        let ready = cohort.stored_before(until.saturating_sub(self.way)).max(1);
        let carried = (until - 1 - self.first).checked_div(self.cost).map_or(u64::MAX, |n| n + 1);
        ready.min(carried).min(cohort.n)
    }

    /// When the `n`-th (from 1) of the cohort arrives.
    fn nth(&self, n: u64, cohort: &Cohort) -> u64 {
        (cohort.stored_at(n - 1) + self.way).max(self.first + (n - 1) * self.cost)
    }
}

/// Plain readers make all their calls on a shard before `now`, and before them those on its parents.
fn poll_before(
    id: usize,
    now: u64,
    (shards, batch): (&mut [Shard], &mut Batch),
    (lanes, map): (&mut [Lane], &ShardMap),
    tally: &mut Tally,
) {
    if !lanes[id].all_started {
        for &parent in &map.shards()[id].parents {
            poll_before(parent as usize, now, (shards, batch), (lanes, map), tally);
        }
        start_readers_of(id, lanes, map, tally.settings, tally.sink);
        shards[id].begin_readers(false, &lanes[id], tally);
    }
    shards[id].poll_before(now, &mut lanes[id], tally, batch);
}

impl Keeping for InCohorts<'_> {
    type Log = CohortLog;

    const IN_GROUPS: bool = true;

    fn append_groups(&self, shard: usize, (from, to): (u64, u64), out: &mut Vec<api::Neighbours>) {
        self.shards[shard].log.append_groups(from, to, out);
    }

    fn count_evenly(&mut self, consumer: usize, hop: Hop, (least, most): (u64, u64), records: u64) {
        let delays = &mut self.delays.readers[consumer];
        let of_hop = match hop {
            Hop::Propagation => &mut delays.propagation,
            Hop::Processing => &mut delays.processing,
            Hop::EndToEnd => &mut delays.end_to_end,
        };
        of_hop.add(least, most, records);
    }

    fn split<'b>(&'b mut self, lane: &'b mut Lane) -> (&'b mut [Reader], &'b mut CohortLog) {
        (&mut lane.readers, &mut self.shards[lane.id as usize].log)
    }

    fn poll_before(&mut self, at: At, lanes: &mut [Lane], map: &ShardMap, out: &mut Outside) {
        let mut tally = Tally { settings: out.settings, sink: out.sink, delays: self.delays };
        poll_before(at.shard, at.now, (self.shards, self.batch), (lanes, map), &mut tally);
    }

    fn fetch(&mut self, at: At, lane: &mut Lane, from: u64, most: Most, out: &mut Outside) -> api::Batch {
        let mut tally = Tally { settings: out.settings, sink: out.sink, delays: self.delays };
        let shard = &mut self.shards[at.shard];
        let start = shard.log.at(from);
        let most = (most.rows, most.bytes);
        let (end, behind) = shard.fetch(at.consumer, at.now, start, most, lane, &mut tally, self.batch);
        let ends = lane.closed_at.is_some() && end == shard.log.at_end();
        api::Batch { from, to: end.seen, bytes: self.batch.bytes, behind, ends }
    }

    fn take_pushed(
        &mut self,
        at: At,
        lane: &mut Lane,
        from: u64,
        most: Most,
        until: u64,
        out: &mut Outside,
    ) -> Pushed {
        let Some(pipe) = Pipe::of(at.consumer, out.settings) else { return Pushed::Nothing(u64::MAX) };
        let log = &mut self.shards[at.shard].log;
        let reader = &mut lane.readers[at.consumer];
        let (mut place, mut bytes, mut behind, mut next) = (log.at(from), 0, 0, until);
        while place.seen - from < most.rows && bytes < most.bytes {
            let Some(cohort) = log.next(place) else { break };
            let arrivals = match pipe.arrivals(&cohort, at.now + 1, reader) {
                Ok(arrivals) => arrivals,
                Err(readable) => {
                    next = readable;
                    break;
                }
            };
            next = arrivals.first;
            let n = arrivals.before(at.now + 1, &cohort).min(from + most.rows - place.seen);
            if n == 0 {
                break;
            }
            // With the row that reaches it.
            let n = n.min(cohort.fitting(most.bytes - bytes - 1) + 1);
            (reader.last_push, behind) =
                (arrivals.nth(n, &cohort), at.now - (cohort.stored_at(n - 1) + arrivals.way));
            reader.pipe_free = reader.last_push + arrivals.cost;
            bytes += share(cohort.bytes, n, cohort.n);
            log.pass(&mut place, n);
        }
        let (to, at_end) = (place.seen, place == log.at_end());
        let ends = at_end && lane.closed_at.is_some();
        if to == from {
            return if ends { Pushed::Ended } else { Pushed::Nothing(next.max(at.now + 1)) };
        }
        if at_end || log.stored_at(to) + pipe.visibility > at.now {
            lane.readers[at.consumer].place.caught_up(at.now);
        }
        count_left(at.consumer, (to - from, bytes), behind, lane, out.sink);
        Pushed::Rows(api::Batch { from, to, bytes, behind, ends })
    }

    fn flow(&mut self, at: At, lane: &mut Lane, from: u64, until: u64, out: &mut Outside) -> Flow {
        let (c, now) = (at.consumer, at.now);
        let mut flow = Flow { to: from, records: 0, bytes: 0, last: 0, next: now };
        let place = &lane.readers[c].place;
        let log = &mut self.shards[at.shard].log;
        // What comes again, and a backlog that is watched, go the long way; so does the end of a shard.
        let end = log.stored - u64::from(lane.closed_at.is_some() && log.stored > 0);
        let Some(pipe) = Pipe::of(c, out.settings) else { return flow };
        if place.reached != from || place.recovering.is_some() {
            return flow;
        }
        // A look after an outage begins to watch the backlog.
        let outages = out.settings.consumers[c].outages.iter().filter(|o| o.1 > now);
        let until = outages.map(|o| o.0).fold(until, u64::min);
        let mut tally = Tally { settings: out.settings, sink: out.sink, delays: self.delays };
        let mut place = log.at(from);
        flow.next = if lane.closed_at.is_some() { now } else { until };
        while place.seen < end {
            let Some(cohort) = log.next(place) else { break };
            let arrivals = match pipe.arrivals(&cohort, until, &mut lane.readers[c]) {
                Ok(arrivals) => arrivals,
                Err(readable) => {
                    flow.next = readable;
                    break;
                }
            };
            let n = arrivals.before(until, &cohort).min(end - place.seen);
            if n == 0 {
                flow.next = arrivals.first;
                break;
            }
            let aged = arrivals.first - cohort.stored.0 > tally.settings.retention;
            if aged || arrivals.first < now || arrivals.cost == 0 {
                // The long way from here on.
                flow.next = now;
                break;
            }
            let part = cohort.part(0, n).narrowed();
            let last = arrivals.nth(n, &cohort);
            let reader = &mut lane.readers[c];
            (reader.last_push, reader.pipe_free) = (last, last + arrivals.cost);
            log.pass(&mut place, n);
            (reader.place.cursor, reader.place.reached) = (place.seen, place.seen);
            spread(c, (log, &part), (arrivals.first, last), &mut tally);
            count_left(c, (n, part.bytes), arrivals.late, lane, tally.sink);
            let counts = &mut tally.sink.consumers[c];
            counts.records += part.records;
            counts.bytes += part.bytes;
            counts.now.records += part.records;
            flow.records += part.records;
            flow.bytes += part.bytes;
            (flow.to, flow.last) = (place.seen, last);
        }
        flow.next = flow.next.max(if flow.to > from { flow.last + 1 } else { now });
        flow
    }

    fn received(&mut self, at: At, lane: &Lane, (from, to): (u64, u64), received: u64, _out: &mut Outside) {
        let part = self.shards[lane.id as usize].log.stretch(from, to).narrowed();
        let late = |stored: u64| received.saturating_sub(stored);
        let delays = &mut self.delays.readers[at.consumer];
        delays.propagation.add(late(part.stored.1), late(part.stored.0), part.records);
    }

    fn worked(
        &mut self,
        at: At,
        lane: &mut Lane,
        (from, to): (u64, u64),
        (received, done): (u64, Done),
        out: &mut Outside,
    ) {
        let log = &self.shards[lane.id as usize].log;
        let part = log.stretch(from, to).narrowed();
        let delays = &mut self.delays.readers[at.consumer];
        let times = match done {
            Done::At(done) => {
                delays.processing.add(done - received, done - received, part.records);
                return log.count_ages(&part, (done, done), None, &mut delays.end_to_end);
            }
            Done::Rows(times) | Done::Records(times) => times,
        };
        let counts = &mut out.sink.consumers[at.consumer];
        let births = &mut self.scratch;
        births.clear();
        log.append_births(from, to, births);
        let of_row = matches!(done, Done::Rows(_)) && part.records > part.n;
        let mut row = 0;
        for (j, born) in births.iter().enumerate() {
            while of_row && log.records(from, from + row + 1) <= j as u64 {
                row += 1;
            }
            let at = times[if of_row { row as usize } else { j }];
            counts.processing.add(at - received);
            counts.now.end_to_end.add(at.saturating_sub(*born));
        }
    }
}
