//! What a shard surely takes, before it judges.
//!
//! A bound, not a judgement: what comes in a stretch of time has to fit as if all of it came at the beginning, and is
//! counted as taken as if all of it came at the end. A bucket can only be less full than that: until the end it has
//! been refilled, and what came sooner has left it sooner.

use crate::mechanism::limit::{Steps, TokenBucket};

/// A bound on what one shard has taken.
#[derive(Clone, Debug)]
pub struct Ahead {
    /// Entries of the stretch, and their bytes.
    entries: u64,
    size: u64,
    /// What rounding adds at most to a call's bytes.
    rounding: u64,
    records: TokenBucket,
    bytes: TokenBucket,
}

impl Ahead {
    /// A shard that has taken so much; a call's bytes are rounded up to whole `steps`.
    pub(super) fn new(records: &TokenBucket, bytes: &TokenBucket, steps: Steps) -> Ahead {
        let (records, bytes) = (records.clone(), bytes.clone());
        Ahead { entries: 0, size: 0, rounding: steps.most_added(), records, bytes }
    }

    /// One more entry comes in this stretch.
    #[inline]
    pub fn add(&mut self, size: u32) {
        self.entries += 1;
        self.size += u64::from(size);
    }

    /// The stretch `from..until`, in which so many `calls` came, is over: does the shard surely take all that came in
    /// it?
    #[inline]
    pub fn surely_takes(&mut self, calls: u64, from: u64, until: u64) -> bool {
        let (entries, size) = (std::mem::take(&mut self.entries), std::mem::take(&mut self.size));
        if entries == 0 {
            return true;
        }
        let charge = size + entries.min(calls) * self.rounding;
        let fits = self.records.fits(from, entries) && self.bytes.fits(from, charge);
        if fits {
            self.records.take(until, entries);
            self.bytes.take(until, charge);
        }
        fits
    }
}
