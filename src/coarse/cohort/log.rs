//! What a shard stores, cohort by cohort, and where a reader stands in it.
//!
//! Applications ask for rows by number (`world/rows`): a row is a Kinesis record, a cohort keeps the number of its first,
//! and what a row is follows from its place in its cohort. Sums over a cohort are exact.

use super::together::{Cohort, middle, within};
use crate::api::Neighbours;
use crate::mechanism::ramps::{Ramps, Range};
use crate::stream::log::mark;
use crate::world::hosted::Rows;
use std::collections::VecDeque;

/// Where a reader stands: the next record's cohort and its place in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// Cohort.
    pub row: u64,
    /// Rows of it that are behind.
    pub offset: u64,
    /// Rows behind it in all.
    pub seen: u64,
}

/// A cohort, and how many rows were stored before it.
#[derive(Clone, Copy, Debug)]
struct Kept {
    cohort: Cohort,
    rows: u64,
}

/// The cohorts of one shard, oldest first.
#[derive(Clone, Debug, Default)]
pub struct CohortLog {
    kept: VecDeque<Kept>,
    /// Number of the first cohort kept.
    first: u64,
    /// Rows stored in all.
    pub stored: u64,
    /// Records of users in them.
    pub records: u64,
    /// Cohorts before this have been looked at: nothing is added to them.
    sealed: u64,
    /// Births of the records kept, where rows hold several: they come in bursts.
    births: Option<VecDeque<u64>>,
    /// Where marks of keys that are all different begin.
    marks: u64,
}

impl CohortLog {
    /// Nothing stored yet; marks of keys, which are all different, are drawn from `marks` on; does a row hold several
    /// records?
    pub fn new(marks: u64, packs: bool) -> CohortLog {
        CohortLog { marks, births: packs.then(VecDeque::new), ..CohortLog::default() }
    }

    /// Adds a row that holds records born then.
    pub fn push_row(&mut self, row: Cohort, births: &[u64], step: u64) {
        if let Some(kept) = &mut self.births {
            kept.extend(births);
        }
        self.push(row, step);
    }

    /// Births of a cohort's records, where they are known one by one.
    fn births_of(&self, part: &Cohort) -> Option<impl Iterator<Item = u64> + '_> {
        let births = self.births.as_ref()?;
        let from = (part.first - (self.records - births.len() as u64)) as usize;
        Some(births.range(from..from + part.records as usize).copied())
    }

    /// A cohort is done with evenly over a time: how old its records are by then. `known` may be their range already.
    pub fn count_ages(
        &self,
        part: &Cohort,
        (from, to): (u64, u64),
        known: Option<((u64, u64), &Range)>,
        ages: &mut Ramps,
    ) {
        let Some(births) = self.births_of(part) else {
            let (a, b) = (from.saturating_sub(part.born.0), to.saturating_sub(part.born.1));
            let (a, b) = (a.min(b), a.max(b));
            return match known {
                Some((ends, range)) if ends == (a, b) => ages.add_range(range),
                _ => ages.add(a, b, part.records),
            };
        };
        for (i, born) in (0..).zip(births) {
            let age = middle((from, to), i, part.records).saturating_sub(born);
            ages.add(age, age, 1);
        }
    }

    /// Number of the cohort after the last.
    pub fn end_cohort(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    /// Number of the first cohort kept.
    pub fn first_kept(&self) -> u64 {
        self.first
    }

    /// Nothing is added to the cohorts there are.
    pub fn seal(&mut self) {
        self.sealed = self.end_cohort();
    }

    /// Adds a cohort; one that lies within `step` of the last joins it.
    pub fn push(&mut self, new: Cohort, step: u64) {
        if new.n == 0 {
            return;
        }
        let (rows, records) = (self.stored, self.records);
        (self.stored, self.records) = (rows + new.n, records + new.records);
        let open = self.end_cohort() > self.sealed;
        if let Some(last) = self.kept.back_mut().map(|k| &mut k.cohort).filter(|_| open) {
            let near = |a: u64, b: u64| a.abs_diff(b) <= step;
            let stored = new.stored.1.saturating_sub(last.stored.0) <= step;
            if stored && near(last.born.0, new.born.0) && near(last.born.1, new.born.1) {
                return last.join(&new);
            }
        }
        self.kept.push_back(Kept { cohort: Cohort { first: records, ..new }, rows });
    }

    /// The cohort a reader stands in.
    #[inline]
    pub fn stands_in(&self, at: At) -> Option<&Cohort> {
        Some(&self.kept.get((at.row - self.first) as usize)?.cohort)
    }

    /// The cohort a reader stands in, less what is behind it.
    pub fn next(&self, at: At) -> Option<Cohort> {
        let cohort = self.stands_in(at)?;
        Some(cohort.part(at.offset, cohort.n))
    }

    /// Moves a reader over `n` rows of its cohort.
    pub fn pass(&mut self, at: &mut At, n: u64) {
        let whole = self.kept[(at.row - self.first) as usize].cohort.n;
        at.offset += n;
        at.seen += n;
        if at.offset >= whole {
            (at.row, at.offset) = (at.row + 1, 0);
        }
        self.sealed = self.sealed.max(at.row + u64::from(at.offset > 0));
    }

    /// Moves a reader over everything stored before `time`; how many records.
    pub fn pass_before(&mut self, at: &mut At, time: u64) -> u64 {
        let from = at.seen;
        while let Some(Kept { cohort, .. }) = self.kept.get((at.row - self.first) as usize) {
            let old = cohort.stored_before(time).saturating_sub(at.offset);
            let rest = cohort.n - at.offset;
            if old > 0 {
                self.pass(at, old);
            }
            if old < rest {
                break;
            }
        }
        self.records(from, at.seen)
    }

    /// Where a reader stands whose next row has this number.
    pub fn at(&self, row: u64) -> At {
        match self.find(row) {
            Some(i) => At { row: self.first + i as u64, offset: row - self.kept[i].rows, seen: row },
            None => At { row: self.end_cohort(), offset: 0, seen: row.max(self.stored) },
        }
    }

    /// The end of what is stored.
    pub fn at_end(&self) -> At {
        At { row: self.end_cohort(), offset: 0, seen: self.stored }
    }

    /// Forgets cohorts that every reader has passed.
    pub fn forget_before(&mut self, cohort: u64) {
        while self.first < cohort
            && let Some(gone) = self.kept.pop_front()
        {
            self.first += 1;
            if let Some(births) = &mut self.births {
                births.drain(..gone.cohort.records as usize);
            }
        }
    }

    /// Which of the cohorts kept holds a row.
    fn find(&self, row: u64) -> Option<usize> {
        if row >= self.stored {
            return None;
        }
        // What is asked for lies near the end more often than not.
        let last = self.kept.len().checked_sub(1)?;
        if self.kept[last].rows <= row {
            return Some(last);
        }
        self.kept.partition_point(|k| k.rows <= row).checked_sub(1)
    }

    /// The cohort of a row, and the row's place in it.
    fn place(&self, row: u64) -> (&Cohort, u64) {
        let i = self.find(row).expect("only rows that are kept are looked at");
        (&self.kept[i].cohort, row - self.kept[i].rows)
    }

    fn records_before(&self, row: u64) -> u64 {
        match self.find(row) {
            Some(i) => {
                let Kept { cohort, rows } = &self.kept[i];
                cohort.first + cohort.before(row - rows).of(cohort.records)
            }
            // A reader that has not begun may stand before all that is kept.
            None if row < self.stored => 0,
            None => self.records,
        }
    }

    /// Rows `[from, to)` in groups, appended.
    pub fn append_groups(&self, from: u64, to: u64, out: &mut Vec<Neighbours>) {
        let mut at = from;
        while at < to {
            let part = self.stretch(at, to);
            let ends = |range: (u64, u64), n: u64| (middle(range, 0, n), middle(range, n - 1, n));
            out.push(Neighbours {
                rows: part.n,
                records: part.records,
                bytes: part.bytes,
                steps: part.steps,
                born: ends(part.born, part.records),
                stored: ends(part.stored, part.n),
            });
            at += part.n;
        }
    }

    /// The part of a cohort that rows `[from, to)` are.
    pub fn stretch(&self, from: u64, to: u64) -> Cohort {
        if from >= to {
            return Cohort::default();
        }
        let (cohort, k) = self.place(from);
        cohort.part(k, (k + to - from).min(cohort.n))
    }
}

impl Rows for CohortLog {
    fn end(&self) -> u64 {
        self.stored
    }

    fn records(&self, from: u64, to: u64) -> u64 {
        if self.records == self.stored {
            return to - from;
        }
        self.records_before(to) - self.records_before(from)
    }

    fn stored_at(&self, row: u64) -> u64 {
        let (cohort, k) = self.place(row);
        cohort.stored_at(k)
    }

    fn first_stored_since(&self, from: u64, time: u64) -> u64 {
        let first = self.kept.partition_point(|k| k.cohort.stored.1 < time);
        for Kept { cohort, rows, .. } in self.kept.range(first..) {
            let before = cohort.stored_before(time);
            if before < cohort.n {
                return (rows + before).max(from);
            }
        }
        self.stored.max(from)
    }

    fn is_cold(&self, _row: u64) -> bool {
        false
    }

    fn reach(&mut self, from: u64) -> u64 {
        match self.find(from) {
            Some(i) => self.kept[i].rows + self.kept[i].cohort.n,
            None => self.stored,
        }
    }

    fn bytes(&self, from: u64, to: u64) -> u64 {
        self.stretch(from, to).bytes
    }

    fn append_sizes(&self, from: u64, to: u64, out: &mut Vec<u32>) {
        let (cohort, k) = self.place(from);
        let before = |k: u64| cohort.before(k).of(cohort.bytes);
        out.extend((k..k + to - from).map(|k| (before(k + 1) - before(k)) as u32));
    }

    fn append_stored(&self, from: u64, to: u64, out: &mut Vec<u64>) {
        let (cohort, k) = self.place(from);
        out.extend((k..k + to - from).map(|k| cohort.stored_at(k)));
    }

    fn append_births(&self, from: u64, to: u64, out: &mut Vec<u64>) {
        let (cohort, k) = self.place(from);
        if let Some(births) = self.births_of(&cohort.part(k, k + to - from)) {
            return out.extend(births);
        }
        let before = |k: u64| cohort.before(k).of(cohort.records);
        // Where storage does not follow birth, somewhere in its part of the time, the same whenever it is asked for: the
        // middle of each would leave the first and the last moments out.
        let middle = (1 << 15, 1 << 16);
        let in_step = cohort.is_in_step();
        let place = |j: u64| if in_step { middle } else { (u64::from(mark(cohort.first + j)), 1 << 16) };
        let born = |j: u64| within(cohort.born, j, cohort.records, place(j));
        out.extend((before(k)..before(k + to - from)).map(born));
    }

    fn append_marks(&self, from: u64, to: u64, out: &mut Vec<u16>) {
        // Keys are all different: so are their marks, by the row's number.
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        out.extend((from..to).map(|row| mark(self.marks.wrapping_add(row.wrapping_mul(GOLDEN)))));
    }
}
