//! The intake of a Firehose stream that is written to directly.
//!
//! At AWS: three quotas of a Region hold at once over PutRecord and PutRecordBatch: records, requests and bytes. They
//! are enforced second by second. A batch is accepted in part; a refused record says ServiceUnavailableException.
//! We model: the quotas in whole seconds of the clock (assumed: AWS does not say which seconds); a call that finds no
//! request left is refused as a whole; else its records are judged in order.
//! We leave out: the raising of the quotas under lasting load (AWS publishes no step, time or ceiling); buffers and
//! delivery behind the intake.
//! Sources: Firehose developer guide, quotas; re:Post on throttling within the quota.

use crate::mechanism::limit::FixedWindow;

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
}

impl Intake {
    /// Nothing used yet.
    pub fn new(quotas: Quotas) -> Intake {
        Intake {
            records: FixedWindow::new(quotas.records),
            requests: FixedWindow::new(quotas.requests),
            bytes: FixedWindow::new(quotas.bytes),
            open: false,
        }
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
        let mut intake = Intake::new(quotas);
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
        let mut intake = Intake::new(Quotas { records: 100, requests: 10, bytes: 1000 });
        intake.begin_call(0);
        let judged: Vec<bool> = [600, 600, 300, 200].iter().map(|s| intake.judge(0, *s).is_ok()).collect();
        assert_eq!(judged, [true, false, true, false]);
    }
}
