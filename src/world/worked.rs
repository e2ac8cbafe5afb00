//! What is counted when an application has worked on rows of the stream.

use super::keeping::Keeping;
use super::rows::Rows;
use super::view::View;
use crate::api::{Done, Fate, Held};

impl<K: Keeping> View<'_, K> {
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
            let end = self.split(shard).1.reach(at).min(to);
            each(self, at, end);
            at = end;
        }
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
