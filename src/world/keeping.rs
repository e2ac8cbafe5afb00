//! How records are kept behind what applications see of the stream: one by one, or coarser.
//!
//! The view of the stream (`view`) counts and guards the same way for all; only what looks into a shard's log is left to
//! its keeper.

use super::children;
use super::delivery::add_propagation;
use super::lane::{Lane, Outside};
use super::reader::Reader;
use super::rows::Rows;
use crate::api::{Batch, Done, Flow, Hop, Most, Neighbours, Pushed};
use crate::stream::log::Log;
use crate::stream::routing::ShardMap;

/// One of a shard's readers.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// Its consumer.
    pub consumer: usize,
    /// The shard.
    pub shard: usize,
    /// The moment.
    pub now: u64,
}

/// Who keeps the records.
pub trait Keeping {
    /// A shard's log.
    type Log: Rows;

    /// Does it know rows in groups of neighbours only?
    const IN_GROUPS: bool = false;

    /// Rows `[from, to)` in such groups, appended.
    fn append_groups(&self, _shard: usize, _rows: (u64, u64), _out: &mut Vec<Neighbours>) {}

    /// Times of one hop of records of a consumer, evenly from the least to the most.
    fn count_evenly(&mut self, _consumer: usize, _hop: Hop, _span: (u64, u64), _records: u64) {}

    /// The readers and the log of a shard.
    fn split<'b>(&'b mut self, lane: &'b mut Lane) -> (&'b mut [Reader], &'b mut Self::Log);

    /// Plain readers make all their calls on a shard, and before them those on its parents, up to `at.now`.
    fn poll_before(&mut self, at: At, lanes: &mut [Lane], map: &ShardMap, out: &mut Outside);

    /// What an admitted GetRecords call from row `from` returns.
    fn fetch(&mut self, at: At, lane: &mut Lane, from: u64, most: Most, out: &mut Outside) -> Batch;

    /// What has been pushed by now from row `from` on; what is stored before `until` is known.
    fn take_pushed(
        &mut self,
        at: At,
        lane: &mut Lane,
        from: u64,
        most: Most,
        until: u64,
        out: &mut Outside,
    ) -> Pushed;

    /// What flows to code at rest from row `from` on and before `until`.
    fn flow(&mut self, at: At, lane: &mut Lane, from: u64, until: u64, out: &mut Outside) -> Flow;

    /// Rows `[from, to)` of one stretch were received at `received`.
    fn received(&mut self, at: At, lane: &Lane, rows: (u64, u64), received: u64, out: &mut Outside);

    /// They were worked on, for the first time.
    fn worked(&mut self, at: At, lane: &mut Lane, rows: (u64, u64), done: (u64, Done), out: &mut Outside);
}

/// Lanes keep every record themselves.
#[derive(Default)]
pub struct OneByOne {
    scratch: Vec<u64>,
}

impl Keeping for OneByOne {
    type Log = Log;

    fn split<'b>(&'b mut self, lane: &'b mut Lane) -> (&'b mut [Reader], &'b mut Log) {
        (&mut lane.readers, &mut lane.log)
    }

    fn poll_before(&mut self, at: At, lanes: &mut [Lane], map: &ShardMap, out: &mut Outside) {
        children::poll_before(at.shard, at.now, lanes, map, out);
    }

    fn fetch(&mut self, at: At, lane: &mut Lane, from: u64, most: Most, out: &mut Outside) -> Batch {
        lane.fetch(at.consumer, at.now, from, most, out)
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
        lane.take_pushed(at.consumer, from, most, (at.now, until), out)
    }

    fn flow(&mut self, at: At, lane: &mut Lane, from: u64, until: u64, out: &mut Outside) -> Flow {
        lane.flow(at.consumer, from, (at.now, until), out)
    }

    fn received(&mut self, at: At, lane: &Lane, (from, to): (u64, u64), received: u64, out: &mut Outside) {
        add_propagation(&mut out.sink.consumers[at.consumer].propagation, &lane.log, from, to, received);
    }

    fn worked(
        &mut self,
        at: At,
        lane: &mut Lane,
        rows: (u64, u64),
        (received, done): (u64, Done),
        out: &mut Outside,
    ) {
        self.hops(at.consumer, &lane.log, rows, (received, done), out);
        trace(at.consumer, lane, rows, (received, done), out);
    }
}

impl OneByOne {
    /// Received to processed and born to processed, for each record.
    fn hops(
        &mut self,
        c: usize,
        log: &Log,
        (from, to): (u64, u64),
        (received, done): (u64, Done),
        out: &mut Outside,
    ) {
        let counts = &mut out.sink.consumers[c];
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
                &self.scratch
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
}

/// The followed record, if it is among these rows and new here.
fn trace(
    c: usize,
    lane: &mut Lane,
    (from, to): (u64, u64),
    (received, done): (u64, Done),
    out: &mut Outside,
) {
    let Some(row) = lane.traced.filter(|row| (from..to).contains(row)) else { return };
    let Some((born, _)) = out.settings.traced else { return };
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
