//! What a shard stores, cohort by cohort, and where a reader stands in it.

use std::collections::VecDeque;

/// Records that move together: `n` of them, spread evenly over their times of storage and of birth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cohort {
    /// Records.
    pub n: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Stored from, until.
    pub stored: (u64, u64),
    /// Born from, until.
    pub born: (u64, u64),
}

impl Cohort {
    /// The records from the `from`-th to before the `to`-th.
    pub fn part(&self, from: u64, to: u64) -> Cohort {
        if from == 0 && to == self.n {
            return *self;
        }
        let at = |range: (u64, u64), k: u64| range.0 + share(range.1 - range.0, k, self.n);
        Cohort {
            n: to - from,
            bytes: share(self.bytes, to, self.n) - share(self.bytes, from, self.n),
            stored: (at(self.stored, from), at(self.stored, to)),
            born: (at(self.born, from), at(self.born, to)),
        }
    }

    /// How many of them were stored before `time`.
    pub fn stored_before(&self, time: u64) -> u64 {
        if time > self.stored.1 || (time == self.stored.1 && self.stored.0 < time) {
            self.n
        } else if time <= self.stored.0 {
            0
        } else {
            share(self.n, time - self.stored.0, self.stored.1 - self.stored.0)
        }
    }
}

/// `of` × `part` / `whole`.
#[inline]
pub fn share(of: u64, part: u64, whole: u64) -> u64 {
    match of.checked_mul(part) {
        Some(product) => product / whole.max(1),
        None => (u128::from(of) * u128::from(part) / u128::from(whole.max(1))) as u64,
    }
}

/// Where a reader stands: the next record's row and its place in the row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// Row.
    pub row: u64,
    /// Records of it that are behind.
    pub offset: u64,
    /// Records behind it in all.
    pub seen: u64,
}

/// The cohorts of one shard, oldest first.
#[derive(Clone, Debug, Default)]
pub struct CohortLog {
    rows: VecDeque<Cohort>,
    /// Number of the first row kept.
    first: u64,
    /// Records stored in all.
    pub stored: u64,
    /// Rows before this have been looked at: nothing is added to them.
    sealed: u64,
}

impl CohortLog {
    /// Number of the row after the last.
    pub fn end(&self) -> u64 {
        self.first + self.rows.len() as u64
    }

    /// Number of the first row kept.
    pub fn first_kept(&self) -> u64 {
        self.first
    }

    /// Nothing is added to the rows there are.
    pub fn seal(&mut self) {
        self.sealed = self.end();
    }

    /// Adds a cohort; one that lies within `step` of the last joins it.
    pub fn push(&mut self, new: Cohort, step: u64) {
        if new.n == 0 {
            return;
        }
        self.stored += new.n;
        let open = self.end() > self.sealed;
        if let Some(last) = self.rows.back_mut().filter(|_| open) {
            let near = |a: u64, b: u64| a.abs_diff(b) <= step;
            let stored = new.stored.1.saturating_sub(last.stored.0) <= step;
            if stored && near(last.born.0, new.born.0) && near(last.born.1, new.born.1) {
                last.n += new.n;
                last.bytes += new.bytes;
                last.stored = (last.stored.0.min(new.stored.0), last.stored.1.max(new.stored.1));
                last.born = (last.born.0.min(new.born.0), last.born.1.max(new.born.1));
                return;
            }
        }
        self.rows.push_back(new);
    }

    /// The row a reader stands in, less what is behind it.
    pub fn next(&self, at: At) -> Option<Cohort> {
        let row = self.rows.get((at.row - self.first) as usize)?;
        Some(row.part(at.offset, row.n))
    }

    /// Moves a reader over `n` records of its row.
    pub fn pass(&mut self, at: &mut At, n: u64) {
        let whole = self.rows[(at.row - self.first) as usize].n;
        at.offset += n;
        at.seen += n;
        if at.offset >= whole {
            (at.row, at.offset) = (at.row + 1, 0);
        }
        self.sealed = self.sealed.max(at.row + u64::from(at.offset > 0));
    }

    /// Moves a reader over everything stored before `time`; how many records.
    pub fn pass_before(&mut self, at: &mut At, time: u64) -> u64 {
        let mut passed = 0;
        while let Some(row) = self.rows.get((at.row - self.first) as usize) {
            let old = row.stored_before(time).saturating_sub(at.offset);
            let rest = row.n - at.offset;
            if old > 0 {
                self.pass(at, old);
                passed += old;
            }
            if old < rest {
                break;
            }
        }
        passed
    }

    /// Forgets rows that every reader has passed.
    pub fn forget_before(&mut self, row: u64) {
        while self.first < row && self.rows.pop_front().is_some() {
            self.first += 1;
        }
    }
}
