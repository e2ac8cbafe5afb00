//! What is counted when an application has worked on rows of the stream.

use super::view::View;
use crate::api::{Done, Fate, Held};

impl View<'_> {
    /// Rows `[from, to)`, in stretches that the log can show, each with the first row not delivered before.
    pub(super) fn stretches(
        &mut self,
        shard: u32,
        from: u64,
        to: u64,
        mut each: impl FnMut(&mut Self, u64, u64),
    ) {
        let mut at = from;
        while at < to {
            let end = self.lane(shard).log.reach(at).min(to);
            each(self, at, end);
            at = end;
        }
    }

    /// Rows were processed at `done`: the hops of what was not delivered before.
    pub(super) fn hops(&mut self, shard: u32, (from, to): (u64, u64), received: u64, done: Done) {
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
    pub(super) fn trace(&mut self, shard: u32, (from, to): (u64, u64), received: u64, done: Done) {
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
    pub(super) fn runs(rows: &[Held]) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        rows.chunk_by(|a, b| a.row + 1 == b.row && a.received == b.received)
            .map(|run| (run[0].row, run[0].row + run.len() as u64, run[0].received))
    }

    pub(super) fn count_fate(&mut self, fate: Fate, records: u64) {
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

/// The moments of some of the rows.
pub fn part(done: Done, rows: (u64, u64), records: (u64, u64)) -> Done {
    match done {
        Done::At(at) => Done::At(at),
        Done::Rows(times) => Done::Rows(&times[rows.0 as usize..rows.1 as usize]),
        Done::Records(times) => Done::Records(&times[records.0 as usize..records.1 as usize]),
    }
}
