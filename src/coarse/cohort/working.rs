//! A plain consumer's work on what it has received: what is counted, how long it takes, and whether it fails.

use super::log::{At, CohortLog};
use super::reading::Batch;
use super::shard::Shard;
use super::tally::Tally;
use super::together::Cohort;
use crate::measure::sink::Sink;
use crate::mechanism::ramps::Range;
use crate::random::Stream;
use crate::world::hosted::{Lane, Settings};

impl Shard {
    /// The consumer has received a batch that begins at `from`: returns when it has worked on it. A batch that fails is
    /// done again.
    pub(super) fn deliver(
        &mut self,
        c: usize,
        from: At,
        received: u64,
        batch: &Batch,
        lane: &mut Lane,
        tally: &mut Tally,
    ) -> u64 {
        let again = self.reached[c].saturating_sub(from.seen).min(batch.n);
        self.reached[c] = self.reached[c].max(from.seen + batch.n);
        count_delivered(c, again, batch, tally);
        let failure_ppb = tally.settings.consumers[c].failure_ppb;
        let random = &mut lane.readers[c].work;
        if failure_ppb > 0 && random.below(1_000_000_000) < failure_ppb {
            count_propagation(c, again, received, batch, tally);
            tally.sink.consumers[c].failed += 1;
            self.at[c] = from;
            let settings = tally.settings;
            let first = received + per_call(c, received, settings, random);
            return first + per_record(c, received, batch.records, settings, random);
        }
        work(c, (received, again), (&self.log, batch), random, tally)
    }
}

fn per_call(c: usize, received: u64, settings: &Settings, random: &mut Stream) -> u64 {
    let settings = &settings.consumers[c];
    settings.slowed(received, settings.per_call.draw(random))
}

#[inline]
fn per_record(c: usize, received: u64, records: u64, settings: &Settings, random: &mut Stream) -> u64 {
    let settings = &settings.consumers[c];
    let all = match settings.per_record.is_constant() {
        Some(ns) => ns * records,
        None => (0..records).map(|_| settings.per_record.draw(random)).sum(),
    };
    settings.slowed(received, all)
}

/// Works on a batch record by record, each done at the end of its own time; all but the first `again` rows are new.
fn work(
    c: usize,
    (received, mut again): (u64, u64),
    (log, batch): (&CohortLog, &Batch),
    random: &mut Stream,
    tally: &mut Tally,
) -> u64 {
    let settings = tally.settings;
    let delays = &mut tally.delays.readers[c];
    let mut done = received + per_call(c, received, settings, random);
    let mut at_once = 0;
    for part in &batch.parts {
        let (ends, records) = late(part, &mut again, received);
        let range = Range::new(ends.0, ends.1, records);
        delays.propagation.add_range(&range);
        let from = done;
        done += per_record(c, received, part.records, settings, random);
        let first = if done == from { from } else { from + (done - from) / part.records.max(1) };
        match done == received {
            true => at_once += part.records,
            false => delays.processing.add(first - received, done - received, part.records),
        }
        let known = (records == part.records).then_some((ends, &range));
        log.count_ages(part, (first, done), known, &mut delays.end_to_end);
    }
    delays.processing.add(0, 0, at_once);
    done
}

/// Stored to received, of all but the first `again` rows.
fn count_propagation(c: usize, mut again: u64, received: u64, batch: &Batch, tally: &mut Tally) {
    let delays = &mut tally.delays.readers[c].propagation;
    for part in &batch.parts {
        let (ends, records) = late(part, &mut again, received);
        delays.add(ends.0, ends.1, records);
    }
}

/// From when until when after they were stored records are received, but for the first `again` rows; and how many.
fn late(part: &Cohort, again: &mut u64, received: u64) -> ((u64, u64), u64) {
    let old = (*again).min(part.n);
    *again -= old;
    let ((from, to), records) = match old {
        0 => (part.stored, part.records),
        _ => {
            let new = part.part(old, part.n);
            (new.stored, new.records)
        }
    };
    // The last of a few may be stored somewhat after its moment's middle: no later than it is read.
    let over = to.saturating_sub(received).min((to - from) / 2);
    let late = |stored: u64| received.saturating_sub(stored);
    ((late(to - over), late(from + over)), records)
}

/// Rows and their bytes left the stream for a consumer, `behind` the newest.
pub(super) fn count_left(c: usize, (rows, bytes): (u64, u64), behind: u64, lane: &mut Lane, sink: &mut Sink) {
    lane.note_age(c, behind, sink);
    lane.count_read(c, rows, bytes, sink);
}

/// A batch was delivered to a plain consumer, its first `again` rows not for the first time.
pub(super) fn count_delivered(c: usize, again: u64, batch: &Batch, tally: &mut Tally) {
    let (mut records, mut bytes, mut left) = (0, 0, again);
    for part in batch.parts.iter().take_while(|_| again > 0) {
        let old = part.part(0, left.min(part.n));
        (records, bytes, left) = (records + old.records, bytes + old.bytes, left - old.n);
    }
    let counts = &mut tally.sink.consumers[c];
    counts.records += batch.records - records;
    counts.bytes += batch.bytes - bytes;
    counts.redelivered += records;
    counts.redelivered_bytes += bytes;
    counts.now.records += batch.records;
}

/// A cohort is received and done evenly over a time.
pub(super) fn spread(
    c: usize,
    (log, part): (&CohortLog, &Cohort),
    (from, to): (u64, u64),
    tally: &mut Tally,
) {
    let delays = &mut tally.delays.readers[c];
    let (a, b) = (from.saturating_sub(part.stored.0), to.saturating_sub(part.stored.1));
    delays.propagation.add_each(a.min(b), a.max(b), part.records);
    delays.processing.add(0, 0, part.records);
    log.count_ages(part, (from, to), None, &mut delays.end_to_end);
}
