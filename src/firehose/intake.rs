//! The intake of a Firehose stream that is written to directly.
//!
//! At AWS: three quotas of a Region hold at once over PutRecord and PutRecordBatch: records, requests and bytes. They
//! are enforced second by second. A batch is accepted in part; a refused record says ServiceUnavailableException.
//! We model: the quotas in whole seconds of the clock (assumed: AWS does not say which seconds); a call that finds no
//! request left is refused as a whole; else its records are judged in order. AWS raises the quotas of a stream that is
//! throttled, but publishes no step, time or ceiling: `Raise` holds assumptions, and is off unless it is asked for.
//! Sources: Firehose developer guide, quotas; re:Post on throttling within the quota.

use crate::mechanism::limit::FixedWindow;
use crate::units::NS_PER_S;

/// Quotas of one stream, per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Records.
    pub records: u64,
    /// Calls.
    pub requests: u64,
    /// Bytes.
    pub bytes: u64,
}

/// How quotas are raised by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raise {
    /// What they are multiplied with.
    pub factor: u32,
    /// When there have been refusals for so long, with no quiet minute among them.
    pub after: u64,
    /// At most so many times what they were.
    pub most: u32,
}

/// A quota that refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Calls.
    Requests,
    /// Records.
    Records,
    /// Bytes.
    Bytes,
}

/// The three quotas at work.
#[derive(Clone, Debug)]
pub struct Intake {
    records: FixedWindow,
    requests: FixedWindow,
    bytes: FixedWindow,
    /// Has the call under judgement a request?
    open: bool,
    base: Quotas,
    raise: Option<Raise>,
    /// How many times the base they are.
    times: u32,
    /// First and last refusal of a spell.
    refusals: Option<(u64, u64)>,
}

impl Intake {
    /// Nothing used yet.
    pub fn new(quotas: Quotas, raise: Option<Raise>) -> Intake {
        Intake {
            records: FixedWindow::new(quotas.records),
            requests: FixedWindow::new(quotas.requests),
            bytes: FixedWindow::new(quotas.bytes),
            open: false,
            base: quotas,
            raise,
            times: 1,
            refusals: None,
        }
    }

    /// Its quotas before any raise.
    pub fn base(&self) -> Quotas {
        self.base
    }

    /// How many times the quotas are what they were: a stream that was raised has as many buffers side by side.
    pub fn times(&self) -> u32 {
        self.times
    }

    /// Something was refused at `now`; after enough of it quotas rise: `true`.
    pub fn refused(&mut self, now: u64) -> bool {
        let Some(raise) = self.raise else { return false };
        let since = self.refusals.filter(|r| now - r.1 <= QUIET).map_or(now, |r| r.0);
        self.refusals = Some((since, now));
        if now - since < raise.after || self.times >= raise.most {
            return false;
        }
        self.times = self.times.saturating_mul(raise.factor).min(raise.most);
        self.refusals = None;
        let times = u64::from(self.times);
        self.records.set(self.base.records.saturating_mul(times));
        self.requests.set(self.base.requests.saturating_mul(times));
        self.bytes.set(self.base.bytes.saturating_mul(times));
        true
    }

    /// A call arrives at `now`.
    pub fn begin_call(&mut self, now: u64) {
        self.open = self.requests.fits(now, 1);
        if self.open {
            self.requests.take(now, 1);
        }
    }

    /// The next record of that call: the quota that refuses it, if any.
    pub fn judge(&mut self, now: u64, size: u32) -> Result<(), Over> {
        let size = u64::from(size);
        if !self.open {
            return Err(Over::Requests);
        }
        if !self.records.fits(now, 1) {
            return Err(Over::Records);
        }
        if !self.bytes.fits(now, size) {
            return Err(Over::Bytes);
        }
        self.records.take(now, 1);
        self.bytes.take(now, size);
        Ok(())
    }
}

/// A minute without a refusal ends a spell.
const QUIET: u64 = 60 * NS_PER_S;

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn burst(intake: &mut Intake, now: u64, calls: u64, each: u64, size: u32) -> (u64, Vec<Over>) {
        let (mut accepted, mut over) = (0, Vec::new());
        for _ in 0..calls {
            intake.begin_call(now);
            for _ in 0..each {
                match intake.judge(now, size) {
                    Ok(()) => accepted += 1,
                    Err(why) => over.push(why),
                }
            }
        }
        (accepted, over)
    }

    #[test]
    fn each_quota_holds_in_each_second() {
        let quotas = Quotas { records: 1000, requests: 10, bytes: 100_000 };
        let mut intake = Intake::new(quotas, None);
        // 6 batches of 200: the records bind; in the next second all begins anew.
        let (accepted, over) = burst(&mut intake, S / 2, 6, 200, 10);
        assert_eq!((accepted, over.len()), (1000, 200));
        assert!(over.iter().all(|o| *o == Over::Records));
        let (accepted, over) = burst(&mut intake, S, 4, 50, 1000);
        assert_eq!((accepted, over.len()), (100, 100));
        assert!(over.iter().all(|o| *o == Over::Bytes));
        let (accepted, over) = burst(&mut intake, 2 * S, 12, 5, 10);
        assert_eq!((accepted, over), (50, vec![Over::Requests; 10]));
    }

    #[test]
    fn a_batch_is_accepted_in_part_and_smaller_records_still_fit() {
        let mut intake = Intake::new(Quotas { records: 100, requests: 10, bytes: 1000 }, None);
        intake.begin_call(0);
        let judged: Vec<bool> = [600, 600, 300, 200].iter().map(|s| intake.judge(0, *s).is_ok()).collect();
        assert_eq!(judged, [true, false, true, false]);
    }

    #[test]
    fn lasting_refusals_raise_all_three_quotas_up_to_their_ceiling() {
        let quotas = Quotas { records: 100, requests: 10, bytes: 1000 };
        let raise = Raise { factor: 2, after: 300 * S, most: 4 };
        let mut intake = Intake::new(quotas, Some(raise));
        let raised: Vec<u64> = (0..2000).filter(|second| intake.refused(second * S)).collect();
        // A raise begins a new spell.
        assert_eq!((raised, intake.times()), (vec![300, 601], 4));
        let (accepted, _) = burst(&mut intake, 5000 * S, 100, 50, 1);
        assert_eq!(accepted, 400);
        // A minute without a refusal begins anew.
        let mut intake = Intake::new(quotas, Some(raise));
        assert!((0..60).all(|i| !intake.refused(i * 61 * S)));
    }
}
