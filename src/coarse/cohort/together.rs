//! Records that move together.

/// Kinesis records and what they hold, spread evenly over their times of storage and of birth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cohort {
    /// Number of the first record of users in its shard, once it is stored.
    pub first: u64,
    /// Kinesis records: what limits and reads count.
    pub n: u64,
    /// Records of users in them.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The records' data in steps that Firehose bills, × 2^20.
    pub steps: u64,
    /// Stored from, until.
    pub stored: (u64, u64),
    /// Born from, until.
    pub born: (u64, u64),
}

impl Cohort {
    /// The Kinesis records from the `from`-th to before the `to`-th.
    #[inline]
    pub fn part(&self, from: u64, to: u64) -> Cohort {
        if from == 0 && to == self.n {
            return *self;
        }
        let (a, b) = (self.before(from), self.before(to));
        let at = |range: (u64, u64)| {
            let span = range.1 - range.0;
            (range.0 + a.of(span), range.0 + b.of(span))
        };
        let of = |whole: u64| b.of(whole) - a.of(whole);
        Cohort {
            first: self.first + a.of(self.records),
            n: to - from,
            records: of(self.records),
            bytes: of(self.bytes),
            steps: of(self.steps),
            stored: at(self.stored),
            born: at(self.born),
        }
    }

    /// The part of the cohort that its first `k` records are.
    #[inline]
    pub fn before(&self, k: u64) -> Part {
        // Divided once, however much is shared; rounded up, so that `k` of `n` is `k` again.
        Part(match self.n >> 32 {
            _ if k == 0 => 0,
            _ if k == self.n => 1 << 32,
            0 => ((k << 32) - 1) / self.n + 1,
            _ => ((u128::from(k) << 32) / u128::from(self.n)) as u64,
        })
    }

    /// Another joins it.
    pub fn join(&mut self, new: &Cohort) {
        let around = |a: (u64, u64), b: (u64, u64)| (a.0.min(b.0), a.1.max(b.1));
        self.n += new.n;
        self.records += new.records;
        self.bytes += new.bytes;
        self.steps += new.steps;
        self.stored = around(self.stored, new.stored);
        self.born = around(self.born, new.born);
    }

    /// How many of them, from the first on, are no more than so many bytes.
    pub fn fitting(&self, bytes: u64) -> u64 {
        if self.bytes <= bytes { self.n } else { share(self.n, bytes, self.bytes) }
    }

    /// Were they stored as they were born, each the same time after its birth?
    pub fn is_in_step(&self) -> bool {
        let (stored, born) = (self.stored.1 - self.stored.0, self.born.1 - self.born.0);
        stored.abs_diff(born) <= 1
    }

    /// The same, from the first one's moments to the last one's: for a delay that runs from an own moment of each.
    pub fn narrowed(&self) -> Cohort {
        let ends = |range| (middle(range, 0, self.n), middle(range, self.n.max(1) - 1, self.n));
        let born = if self.is_in_step() { ends(self.born) } else { self.born };
        Cohort { stored: ends(self.stored), born, ..*self }
    }

    /// When the `k`-th was stored.
    pub fn stored_at(&self, k: u64) -> u64 {
        middle(self.stored, k, self.n)
    }

    /// How many of them were stored before `time`.
    #[inline]
    pub fn stored_before(&self, time: u64) -> u64 {
        let (since, span) = (time.saturating_sub(self.stored.0), self.stored.1 - self.stored.0);
        if since == 0 {
            0
        } else if since > span {
            self.n
        } else {
            // Those whose middles lie before it.
            let before = match (2 * since).checked_mul(self.n).and_then(|x| x.checked_add(span - 1)) {
                Some(doubled) => doubled / (2 * span),
                None => {
                    let doubled = 2 * u128::from(self.n) * u128::from(since) + u128::from(span) - 1;
                    (doubled / (2 * u128::from(span))) as u64
                }
            };
            before.min(self.n)
        }
    }
}

/// A part of a whole, × 2^32.
#[derive(Clone, Copy, Debug)]
pub struct Part(u64);

impl Part {
    /// This part of a sum.
    #[inline]
    pub fn of(self, sum: u64) -> u64 {
        ((u128::from(sum) * u128::from(self.0)) >> 32) as u64
    }
}

/// The middle of the `k`-th of `n` equal parts of a range.
#[inline]
pub fn middle((from, to): (u64, u64), k: u64, n: u64) -> u64 {
    from + share(to - from, 2 * k + 1, 2 * n)
}

/// A place inside the `k`-th of `n` equal parts of a range.
#[inline]
pub fn within((from, to): (u64, u64), k: u64, n: u64, (part, whole): (u64, u64)) -> u64 {
    let (start, end) = (share(to - from, k, n), share(to - from, k + 1, n));
    from + start + share(end - start, part, whole)
}

/// `of` × `part` / `whole`.
#[inline]
pub fn share(of: u64, part: u64, whole: u64) -> u64 {
    match of.checked_mul(part) {
        Some(product) => product / whole.max(1),
        None => (u128::from(of) * u128::from(part) / u128::from(whole.max(1))) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_counts_agree() {
        let moments = Cohort { stored: (1000, 1999), born: (900, 1700), ..Cohort::default() };
        let cohort = Cohort { n: 7, records: 20, bytes: 1001, steps: 7 << 20, ..moments };
        for k in 0..7 {
            let at = cohort.stored_at(k);
            assert_eq!((cohort.stored_before(at), cohort.stored_before(at + 1)), (k, k + 1));
        }
        assert_eq!((cohort.stored_before(1000), cohort.stored_before(5000)), (0, 7));
        let (a, b) = (cohort.part(0, 3), cohort.part(3, 7));
        assert_eq!((a.records + b.records, a.bytes + b.bytes), (20, 1001));
        let at_once = Cohort { n: 3, stored: (5, 5), ..Cohort::default() };
        assert_eq!((at_once.stored_before(5), at_once.stored_before(6)), (0, 3));
    }
}
