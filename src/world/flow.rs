//! Pushes to code that is at rest and takes no time: each row for itself, but many of them in one loop over columns.
//!
//! For applications the same, to the bit, as one push after another (`pushing`): when a row arrives depends on those
//! before it in the pipe, and on nothing that its reader does.

use super::lane::{Lane, Outside};
use super::pushing::per_byte_q20;
use super::settings::{ConsumerSettings, Reading, Settings};
use crate::api::Flow;
use crate::random::LatencySampler;

/// Rows in a column.
const ROWS: usize = 256;

/// What the pipe of a consumer goes by.
struct Pipe<'a> {
    latency: &'a LatencySampler,
    constant: Option<u64>,
    visibility: u64,
    kept: u64,
    /// Time a byte takes in it, in ns × 2^20.
    cost_q20: u64,
    /// A subscription lives so long, and the next begins with a gap.
    every: u64,
    gap: u64,
}

/// Rows that have arrived, and their times.
struct Columns {
    propagation: [u64; ROWS],
    end_to_end: [u64; ROWS],
    rows: usize,
    bytes: u64,
    /// The longest any was held up by those before it.
    late: u64,
}

/// Why no more arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The column is full, or no more are stored.
    Full,
    /// The next one arrives, or can be looked at, then.
    Later(u64),
    /// Retention has passed the next one by the time it arrives.
    Aged,
    /// The reader is away until then when the next one arrives.
    Away(u64),
    /// It arrives together with others, which are taken at one go.
    Together,
}

impl<'a> Pipe<'a> {
    fn of(c: usize, settings: &'a Settings) -> Option<Pipe<'a>> {
        let consumer = &settings.consumers[c];
        let Reading::FanOut { latency, bytes_per_s, renew_every, gap } = &consumer.read else { return None };
        Some(Pipe {
            latency,
            constant: latency.is_constant(),
            visibility: settings.visibility,
            kept: settings.retention,
            cost_q20: per_byte_q20(*bytes_per_s),
            every: (*renew_every).max(1),
            gap: *gap,
        })
    }
}

impl Columns {
    fn new() -> Columns {
        Columns { propagation: [0; ROWS], end_to_end: [0; ROWS], rows: 0, bytes: 0, late: 0 }
    }
}

impl Lane {
    /// Rows from `from` on, before `end`, that arrive from `since` on and before `until`; the reader's pipe moves on.
    fn fill(
        &mut self,
        c: usize,
        (from, end): (u64, u64),
        (since, until): (u64, u64),
        (pipe, settings): (&Pipe, &ConsumerSettings),
        columns: &mut Columns,
    ) -> Stop {
        let to = self.log.reach(from).min(from + ROWS as u64).min(end);
        let (stored, born) = (self.log.stored(from, to), self.log.born(from, to));
        let sizes = self.log.sizes(from, to);
        let reader = &mut self.readers[c];
        let has_outages = !settings.outages.is_empty();
        let is_watched = reader.place.recovering.is_some();
        // Kept at hand: a loop over columns does not go through memory for what it carries on.
        let (mut n, mut bytes, mut late, mut stop) = (0, 0, 0, Stop::Full);
        let (mut free, mut last) = (reader.pipe_free, reader.last_push);
        let times = columns.propagation.iter_mut().zip(&mut columns.end_to_end);
        for (((stored, born), size), times) in stored.iter().zip(born).zip(sizes).zip(times) {
            let readable = stored + pipe.visibility;
            let ready = match pipe.constant {
                Some(latency) => readable + latency,
                // Only what is readable by now draws a latency: draws do not depend on how far the log is settled.
                None if readable >= until => {
                    stop = Stop::Later(readable);
                    break;
                }
                None => readable + reader.push_latency(*stored, pipe.latency),
            };
            let at = ready.max(free);
            let at = if pipe.gap == 0 { at } else { reader.delivers(at, pipe.every, pipe.gap) };
            let takes = (u64::from(*size) * pipe.cost_q20) >> 20;
            stop = if at >= until {
                Stop::Later(at)
            } else if let Some(end) = has_outages.then(|| settings.outage_end(at)).flatten() {
                Stop::Away(end)
            } else if at - stored > pipe.kept {
                // Retention may pass a row while those before it are in the pipe.
                Stop::Aged
            } else if at < since || takes == 0 && settings.is_application {
                Stop::Together
            } else {
                Stop::Full
            };
            if stop != Stop::Full {
                break;
            }
            (free, last) = (at + takes, at);
            (*times.0, *times.1) = (at - stored, at - born);
            late = late.max(at - ready);
            bytes += u64::from(*size);
            n += 1;
            if is_watched && at == ready {
                reader.place.caught_up(at);
            }
        }
        (reader.pipe_free, reader.last_push) = (free, last);
        (columns.rows, columns.bytes, columns.late) = (n, bytes, late);
        stop
    }

    /// What flows to an application's code at rest from row `from` on, from `now` on and before `until`.
    pub fn flow(&mut self, c: usize, from: u64, (now, until): (u64, u64), out: &mut Outside) -> Flow {
        let mut flow = Flow { to: from, records: 0, bytes: 0, last: 0, next: now };
        let place = &self.readers[c].place;
        // What comes again, and a backlog that is watched, go the long way; so does the end of a shard.
        if place.reached != from || place.recovering.is_some() {
            return flow;
        }
        let end = self.log.end() - u64::from(self.closed_at.is_some() && self.log.end() > 0);
        let Some(pipe) = Pipe::of(c, out.settings) else { return flow };
        let settings = &out.settings.consumers[c];
        // A look after an outage begins to watch the backlog.
        let outages = settings.outages.iter().filter(|o| o.1 > now);
        let until = outages.map(|o| o.0).fold(until, u64::min);
        let mut columns = Columns::new();
        while flow.to < end {
            let stop = self.fill(c, (flow.to, end), (now, until), (&pipe, settings), &mut columns);
            flow.records += self.count_column(c, flow.to, &columns, out);
            (flow.to, flow.bytes) = (flow.to + columns.rows as u64, flow.bytes + columns.bytes);
            flow.last = self.readers[c].last_push;
            match stop {
                // The last row of a closed shard is still to come.
                Stop::Full if self.closed_at.is_some() => flow.next = now.max(flow.last + 1),
                Stop::Full => flow.next = until,
                Stop::Later(at) => flow.next = at,
                // The long way from here on.
                Stop::Aged | Stop::Away(_) | Stop::Together => flow.next = now.max(flow.last + 1),
            }
            if stop != Stop::Full {
                break;
            }
        }
        flow
    }

    /// A plain reader that takes no time, with a constant latency.
    pub(super) fn push_instantly(&mut self, c: usize, until: u64, out: &mut Outside) {
        let Some(pipe) = Pipe::of(c, out.settings) else { return };
        let settings = &out.settings.consumers[c];
        let mut columns = Columns::new();
        loop {
            let (first, latency) = (self.readers[c].place.cursor, pipe.constant.unwrap_or(0));
            if first < self.log.end() {
                let reader = &mut self.readers[c];
                let at = (self.log.stored_at(first) + pipe.visibility + latency).max(reader.pipe_free);
                let at = reader.delivers(at, pipe.every, pipe.gap);
                if at < until && settings.outage_end(at).is_none() {
                    reader.place.horizon = at.saturating_sub(pipe.kept);
                    out.sink.consumers[c].lost += reader.place.trim(&self.log);
                }
            }
            let from = self.readers[c].place.cursor;
            let stop = self.fill(c, (from, u64::MAX), (0, until), (&pipe, settings), &mut columns);
            self.count_column(c, from, &columns, out);
            let reader = &mut self.readers[c];
            match stop {
                Stop::Away(end) => {
                    reader.pipe_free = reader.pipe_free.max(end);
                    reader.place.held_up(end);
                }
                Stop::Aged => {}
                Stop::Full if reader.place.cursor < self.log.end() => {}
                _ => return,
            }
        }
    }

    /// A column of rows from `from` on is received and done with; how many records.
    fn count_column(&mut self, c: usize, from: u64, columns: &Columns, out: &mut Outside) -> u64 {
        let to = from + columns.rows as u64;
        if to == from {
            return 0;
        }
        let propagation = &columns.propagation[..columns.rows];
        if let Some(row) = self.traced.filter(|row| (from..to).contains(row)) {
            let at = self.log.stored(row, row + 1)[0] + propagation[(row - from) as usize];
            let place = &mut self.readers[c].place;
            place.traced = place.traced.or(Some((at, at)));
        }
        let place = &mut self.readers[c].place;
        (place.cursor, place.reached) = (to, to);
        let records = self.log.records(from, to);
        let counts = &mut out.sink.consumers[c];
        counts.records += records;
        counts.bytes += columns.bytes;
        counts.now.records += records;
        counts.processing.add_many(0, records);
        if self.log.is_packed() {
            for (row, late) in (from..to).zip(propagation) {
                let received = self.log.stored(row, row + 1)[0] + late;
                counts.propagation.add_many(*late, self.log.records(row, row + 1));
                counts.now.end_to_end.add_since(received, self.log.births(row, row + 1));
            }
        } else {
            counts.propagation.add_all(propagation);
            counts.now.end_to_end.add_all(&columns.end_to_end[..columns.rows]);
        }
        if self.log.is_cold(from) {
            counts.from_cold += records;
        }
        self.count_read(c, to - from, columns.bytes, out.sink);
        self.note_age(c, columns.late, out.sink);
        records
    }
}
