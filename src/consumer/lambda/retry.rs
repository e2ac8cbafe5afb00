//! What becomes of a batch whose invocation failed.
//!
//! At AWS: the same batch is sent again until it succeeds, its retries are used up, or its records are too old. With
//! BisectBatchOnFunctionError it is cut in two, each half sent on its own; with ReportBatchItemFailures it is sent
//! again from the lowest record that failed on, and with both it is cut exactly there. Cutting consumes no retry.
//! We model: the halves inherit the retries used so far. The wait before another attempt doubles with each failure in a
//! row and starts again after a success; AWS publishes no numbers (`retry_delay`).
//! We leave out: answers of the function that name an unknown record (they count as a failed batch).

use crate::api::Held;

/// The batch that a lane works on: rows in order, cut into parts that are sent one after another.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    rows: Vec<Held>,
    /// Records of users in each row; empty where a row is a record.
    loads: Vec<u32>,
    /// Rows before this are done with.
    front: usize,
    /// The last one is sent next.
    parts: Vec<Part>,
}

/// Rows that are sent together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// How many.
    pub rows: usize,
    /// Retries used.
    pub retries: u32,
    /// Were these rows sent before?
    pub again: bool,
}

/// What to do after a failed invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Send the next part after a wait; a retry was used.
    Retry,
    /// The part was cut: no retry was used.
    Cut,
    /// Retries are used up.
    GiveUp,
}

/// What decides about failures.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Retries after the first invocation; `None`: endless.
    pub attempts: Option<u32>,
    /// Cut a failed batch in two.
    pub bisect: bool,
    /// The function tells which record failed.
    pub reports: bool,
}

impl Batch {
    /// Is there nothing to send?
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Begins anew; rows are pushed next.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.loads.clear();
        self.parts.clear();
        self.front = 0;
    }

    /// Adds a row of `load` records.
    pub fn push(&mut self, row: Held, load: u32) {
        if load != 1 && self.loads.is_empty() {
            self.loads.resize(self.rows.len(), 1);
        }
        if load != 1 || !self.loads.is_empty() {
            self.loads.push(load);
        }
        debug_assert!(self.rows.last().is_none_or(|last| last.row < row.row), "a lane keeps its order");
        self.rows.push(row);
    }

    /// All rows are one part (with none: the final call of a window).
    pub fn seal(&mut self) {
        self.parts.push(Part { rows: self.rows.len(), retries: 0, again: false });
    }

    /// The part that is sent next.
    pub fn part(&self) -> Option<Part> {
        self.parts.last().copied()
    }

    /// Its rows.
    pub fn next_rows(&self) -> &[Held] {
        let n = self.part().map_or(0, |p| p.rows);
        &self.rows[self.front..self.front + n]
    }

    /// Records of users in them.
    pub fn load(&self) -> u64 {
        let n = self.part().map_or(0, |p| p.rows);
        match self.loads.is_empty() {
            true => n as u64,
            false => self.loads[self.front..self.front + n].iter().map(|l| u64::from(*l)).sum(),
        }
    }

    /// The oldest row not done with.
    pub fn oldest(&self) -> Option<u64> {
        self.rows.get(self.front).filter(|_| !self.parts.is_empty()).map(|r| r.row)
    }

    /// Its rows reach the function at `now`, unless they did before.
    pub fn receive(&mut self, now: u64) {
        if let Some(part) = self.part().filter(|p| !p.again) {
            let front = self.front;
            self.rows[front..front + part.rows].iter_mut().for_each(|r| r.received = now);
        }
    }

    /// The part is being sent.
    pub fn sent(&mut self) {
        if let Some(part) = self.parts.last_mut() {
            part.again = true;
        }
    }

    /// The first `n` rows of the part are done with; a part that is used up is gone.
    pub fn advance(&mut self, n: usize) {
        let Some(part) = self.parts.last_mut() else { return };
        part.rows -= n;
        self.front += n;
        if part.rows == 0 {
            self.parts.pop();
        }
    }

    /// The final call of a window is done with.
    pub fn pop_final(&mut self) {
        self.parts.pop_if(|part| part.rows == 0);
    }

    /// The invocation of the part failed at row `at` of it; rows before a reported one were advanced over already.
    pub fn failed(&mut self, cut_before: bool, policy: Policy) -> After {
        let Some(part) = self.parts.last_mut() else { return After::GiveUp };
        if policy.bisect && policy.reports && cut_before {
            return After::Cut;
        }
        if policy.bisect && !policy.reports && part.rows > 1 {
            let (retries, again) = (part.retries, true);
            let first = part.rows / 2;
            part.rows -= first;
            self.parts.push(Part { rows: first, retries, again });
            return After::Cut;
        }
        if policy.attempts.is_some_and(|most| part.retries >= most) {
            return After::GiveUp;
        }
        part.retries = part.retries.saturating_add(1);
        After::Retry
    }
}

/// Wait after the `failures`-th failure in a row (1 is the first).
pub fn delay(first: u64, most: u64, failures: u32) -> u64 {
    let doublings = failures.saturating_sub(1).min(32);
    first.saturating_mul(1 << doublings).min(most.max(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(n: u64) -> Batch {
        let mut b = Batch::default();
        (0..n).for_each(|row| b.push(Held { row, received: 0 }, 1));
        b.seal();
        b
    }

    fn policy(attempts: Option<u32>, bisect: bool, reports: bool) -> Policy {
        Policy { attempts, bisect, reports }
    }

    #[test]
    fn retries_are_counted_after_the_first_invocation() {
        let mut b = batch(3);
        let p = policy(Some(2), false, false);
        let after: Vec<After> = (0..3).map(|_| b.failed(false, p)).collect();
        assert_eq!(after, [After::Retry, After::Retry, After::GiveUp]);
        assert!((0..100).all(|_| batch(1).failed(false, policy(None, true, false)) == After::Retry));
        assert_eq!(batch(3).failed(false, policy(Some(0), false, true)), After::GiveUp);
    }

    /// One bad record among eight: three cuts find it, the seven others succeed.
    #[test]
    fn cutting_in_two_finds_the_bad_record_and_uses_no_retry() {
        let (mut b, p) = (batch(8), policy(Some(0), true, false));
        let (mut cuts, mut done, mut lost) = (0, Vec::new(), Vec::new());
        while let Some(part) = b.part() {
            let rows: Vec<u64> = b.next_rows().iter().map(|r| r.row).collect();
            match rows.contains(&5).then(|| b.failed(false, p)) {
                None => done.extend(rows),
                Some(After::Cut) => {
                    cuts += 1;
                    continue;
                }
                Some(_) => lost.extend(rows),
            }
            b.advance(part.rows);
        }
        assert_eq!((cuts, lost), (3, vec![5]));
        assert_eq!(done, [0, 1, 2, 3, 4, 6, 7]);
    }

    #[test]
    fn with_a_report_the_cut_is_where_it_failed() {
        let mut b = batch(10);
        b.advance(4);
        assert_eq!(b.failed(true, policy(Some(0), true, true)), After::Cut);
        assert_eq!(b.next_rows()[0].row, 4);
        assert_eq!(b.failed(false, policy(Some(0), true, true)), After::GiveUp);
    }

    #[test]
    fn the_wait_doubles_up_to_its_end() {
        let waits: Vec<u64> = (1..9).map(|n| delay(1, 60, n)).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(delay(5, 1, 900), 5);
    }

    #[test]
    fn packed_rows_carry_their_load() {
        let mut b = Batch::default();
        for (row, load) in (0..).zip([1, 1, 7, 1]) {
            b.push(Held { row, received: 0 }, load);
        }
        b.seal();
        assert_eq!(b.load(), 10);
        b.advance(2);
        assert_eq!(b.load(), 8);
    }
}
