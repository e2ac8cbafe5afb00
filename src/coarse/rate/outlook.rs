//! What the API answers to an application that is followed call by call.

use super::followed::{Play, first_row};
use crate::api::{Batch, Done, Fate, Flow, Held, Hop, Most, Position, Pushed, Refused, Stream};
use crate::facts::data_streams::RETENTION_EXTENDED_END;
use crate::record::Shard;
use crate::stream::polling::{ReadGate, ReadRefusal};
use crate::units::NS_PER_S;

/// A shard's read limits, and the other readers' calls on them.
pub struct Shared {
    pub(super) gate: ReadGate,
    pub(super) others: Vec<Caller>,
}

/// A reader that is not followed, at its usual pace.
pub struct Caller {
    consumer: usize,
    every: u64,
    at: u64,
    /// What it finds.
    bytes: f64,
    read_at: u64,
}

impl Shared {
    /// Who else reads the shard from `now` on: consumers with their calls per second.
    pub fn set_others(&mut self, others: impl Iterator<Item = (usize, f64)>, bytes_per_s: f64, now: u64) {
        let mut old = std::mem::take(&mut self.others);
        for (k, (consumer, calls)) in others.enumerate() {
            let every = (NS_PER_S as f64 / calls.max(1e-9)) as u64;
            let found = old.iter().position(|o| o.consumer == consumer).map(|i| old.swap_remove(i));
            // Apart from one another, as far as can be said.
            let first = now + (k as u64 * 7 + 3) * every / 17 % every.max(1);
            let new = Caller { consumer, every, at: first, bytes: 0.0, read_at: now };
            self.others.push(Caller { every, bytes: bytes_per_s, ..found.unwrap_or(new) });
        }
    }

    /// The others' calls before `now`.
    fn call_others(&mut self, now: u64) {
        while let Some(next) = self.others.iter_mut().filter(|o| o.at < now).min_by_key(|o| o.at) {
            if self.gate.admit(next.at).is_ok() {
                let bytes = next.bytes * (next.at - next.read_at) as f64 / NS_PER_S as f64;
                self.gate.returned(next.at, bytes as u64);
                next.read_at = next.at;
            }
            next.at += next.every.max(1);
        }
    }
}

/// The stream as one application sees it at one moment.
pub struct Outlook<'a> {
    pub(super) now: u64,
    pub(super) until: u64,
    pub(super) kept_since: u64,
    pub(super) visibility: u64,
    pub(super) delay: f64,
    pub(super) shards: &'a [Shard],
    pub(super) play: &'a mut Play,
    pub(super) shared: &'a mut Vec<Shared>,
}

const NOT_HERE: &str = "fit refuses applications that ask this";

impl Outlook<'_> {
    /// Retention passes what is too old; the first row from `from` on that can still be read.
    fn oldest_readable(&mut self, shard: u32, from: u64) -> u64 {
        let place = &mut self.play.places[shard as usize];
        let oldest = place.rows.by(self.kept_since);
        self.play.deed.lost += oldest.saturating_sub(place.reached);
        place.reached = place.reached.max(oldest);
        from.max(oldest)
    }

    /// Stored to `until`, of the first and the last of some rows; since birth by `more`.
    fn spans(&self, shard: u32, (from, to): (u64, u64), until: (u64, u64), more: f64) -> (f64, f64) {
        let rows = &self.play.places[shard as usize].rows;
        let since = |row: u64, until: u64| until.saturating_sub(rows.stored_at(row)) as f64 + more;
        let (first, last) = (since(from, until.0), since(to - 1, until.1));
        (first.min(last), first.max(last))
    }

    fn add(&mut self, hop: usize, span: (f64, f64), records: u64) {
        self.play.deed.delays[hop].add_even(span.0, span.1, records as f64);
    }

    /// Runs of neighbouring rows that were received together.
    fn runs(rows: &[Held]) -> Vec<(u64, u64, u64)> {
        let mut runs: Vec<(u64, u64, u64)> = Vec::new();
        for held in rows {
            match runs.last_mut() {
                Some(run) if run.1 == held.row && run.2 == held.received => run.1 += 1,
                _ => runs.push((held.row, held.row + 1, held.received)),
            }
        }
        runs
    }

    fn bytes(&self, shard: u32, from: u64, to: u64) -> u64 {
        let rows = &self.play.places[shard as usize].rows;
        match to - from {
            0 => 0,
            n => (n as f64 * (rows.size(from) + rows.size(to - 1)) / 2.0) as u64,
        }
    }
}

impl Stream for Outlook<'_> {
    fn now(&self) -> u64 {
        self.now
    }

    fn kept_since(&self) -> u64 {
        self.kept_since
    }

    fn known_until(&self) -> u64 {
        self.until
    }

    fn shards(&self) -> &[Shard] {
        self.shards
    }

    fn begin(&mut self, shard: u32, from: Position) -> u64 {
        let place = &mut self.play.places[shard as usize];
        let row = first_row(&place.rows, from, self.now, self.kept_since);
        self.play.deed.before_start += row.saturating_sub(place.reached);
        (place.reached, place.kept) = (place.reached.max(row), row);
        row
    }

    fn get_records(&mut self, shard: u32, from: u64, most: Most) -> Result<Batch, Refused> {
        let (now, shared) = (self.now, &mut self.shared[shard as usize]);
        shared.call_others(now);
        let calls = &mut self.play.deed.calls;
        calls[0] += 1;
        if let Err(why) = shared.gate.admit(now) {
            calls[if why == ReadRefusal::Calls { 2 } else { 3 }] += 1;
            return Err(Refused);
        }
        let from = self.oldest_readable(shard, from);
        let place = &mut self.play.places[shard as usize];
        let visible = place.rows.by(now.saturating_sub(self.visibility)).max(from);
        let fits = (most.bytes as f64 / place.rows.size(from).max(1.0)) as u64;
        let to = visible.min(from + most.rows).min(from + fits.max(1));
        let behind = if to < visible { now.saturating_sub(place.rows.stored_at(to - 1)) } else { 0 };
        if to == visible && self.play.last_outage.is_some_and(|end| place.level_at < end && end <= now) {
            place.level_at = now;
        }
        let closed = self.shards[shard as usize].closed.is_some_and(|at| at <= now);
        let ends = closed && to == place.rows.end();
        let old = from < to && place.rows.stored_at(from) + RETENTION_EXTENDED_END.dur().0 < now;
        let bytes = self.bytes(shard, from, to);
        self.shared[shard as usize].gate.returned(now, bytes);
        let deed = &mut self.play.deed;
        deed.calls[1] += u64::from(from == to);
        deed.age = deed.age.max(Some(behind));
        deed.read = (deed.read.0 + to - from, deed.read.1 + bytes);
        self.play.long_term += if old { bytes } else { 0 };
        Ok(Batch { from, to, bytes, behind, ends })
    }

    fn records(&mut self, _: u32, from: u64, to: u64) -> u64 {
        to - from
    }

    fn key_marks(&mut self, _: u32, from: u64, to: u64, out: &mut Vec<u16>) {
        let marks = &mut self.play.marks;
        out.extend((from..to).map(|_| marks.below(1 << 16) as u16));
    }

    fn key_bytes(&self) -> u32 {
        0
    }

    fn sizes(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<u32>) {
        let size = self.play.places[shard as usize].rows.size(from) as u32;
        out.extend((from..to).map(|_| size));
    }

    fn stored_at(&mut self, shard: u32, row: u64) -> u64 {
        self.play.places[shard as usize].rows.stored_at(row)
    }

    fn row_since(&mut self, shard: u32, from: u64, time: u64) -> u64 {
        // The first row that was not there just before.
        self.play.places[shard as usize].rows.by(time.min(self.now).saturating_sub(1)).max(from)
    }

    fn deliver(&mut self, shard: u32, from: u64, to: u64, received: u64, done: Done) {
        let place = &mut self.play.places[shard as usize];
        let again = place.reached.clamp(from, to);
        place.reached = place.reached.max(to);
        let (deed, n) = (&mut self.play.deed, to - again);
        (deed.records, deed.again) = (deed.records + n, deed.again + again - from);
        if n == 0 {
            return;
        }
        let ends = match done {
            Done::At(at) => (at, at),
            Done::Rows(times) | Done::Records(times) => {
                (times[(again - from) as usize], times[(to - from) as usize - 1])
            }
        };
        let propagation = self.spans(shard, (again, to), (received, received), 0.0);
        let end_to_end = self.spans(shard, (again, to), ends, self.delay);
        let work = |at: u64| at.saturating_sub(received) as f64;
        self.add(0, propagation, n);
        self.add(1, (work(ends.0), work(ends.1)), n);
        self.add(2, end_to_end, n);
    }

    fn drop_rows(&mut self, shard: u32, _: u64, to: u64, fate: Fate) {
        let place = &mut self.play.places[shard as usize];
        *self.play.deed.given_up.entry(fate).or_default() += to.saturating_sub(place.reached);
        place.reached = place.reached.max(to);
    }

    fn take(&mut self, shard: u32, to: u64) {
        let place = &mut self.play.places[shard as usize];
        self.play.in_hand += to.saturating_sub(place.reached);
        place.reached = place.reached.max(to);
    }

    fn hand_over(&mut self, shard: u32, rows: &[Held], again: bool) {
        if again {
            self.play.deed.again += rows.len() as u64;
            return;
        }
        for (from, to, received) in Self::runs(rows) {
            let span = self.spans(shard, (from, to), (received, received), 0.0);
            self.add(0, span, to - from);
        }
    }

    fn deliver_some(&mut self, shard: u32, rows: &[Held], done: u64) {
        for (from, to, received) in Self::runs(rows) {
            let (n, work) = (to - from, done.saturating_sub(received) as f64);
            let span = self.spans(shard, (from, to), (done, done), self.delay);
            self.add(1, (work, work), n);
            self.add(2, span, n);
            self.play.deed.records += n;
            self.play.in_hand -= n;
        }
    }

    fn drop_some(&mut self, _: u32, rows: &[Held], fate: Fate) {
        *self.play.deed.given_up.entry(fate).or_default() += rows.len() as u64;
        self.play.in_hand -= rows.len() as u64;
    }

    fn keep_from(&mut self, shard: u32, row: u64) {
        self.play.places[shard as usize].kept = row;
    }

    fn finish(&mut self, shard: u32) {
        self.play.places[shard as usize].kept = u64::MAX;
    }

    fn subscribed(&mut self, _: u32) {
        unreachable!("{NOT_HERE}")
    }

    fn pushed(&mut self, _: u32, _: u64, _: Most) -> Pushed {
        unreachable!("{NOT_HERE}")
    }

    fn flow(&mut self, _: u32, _: u64, _: u64) -> Flow {
        unreachable!("{NOT_HERE}")
    }

    fn stored(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u64>) {
        unreachable!("{NOT_HERE}")
    }

    fn births(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u64>) {
        unreachable!("{NOT_HERE}")
    }

    fn part_with(&mut self, _: u64, _: u64, _: Option<Fate>) {
        unreachable!("{NOT_HERE}")
    }

    fn count_hops(&mut self, _: Hop, _: &[u64]) {
        unreachable!("{NOT_HERE}")
    }
}
