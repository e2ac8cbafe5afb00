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

#[cfg(test)]
mod tests {
    use crate::random::Seed;
    use crate::record::Ticket;
    use crate::stream::config::{AdmissionConfig, AdmissionShape, ByteRounding};
    use crate::stream::shard::{Admission, Verdict};

    const MS: u64 = 1_000_000;

    /// Windows of calls at a rate around the limit, with both roundings: what is sure is never refused, and far from
    /// the limit everything is sure.
    #[test]
    fn what_is_surely_taken_is_never_refused() {
        for (rounding, most, all_sure) in [
            (ByteRounding::Aws, 12, true),
            (ByteRounding::None, 12, true),
            (ByteRounding::Aws, 40, false),
            (ByteRounding::None, 40, false),
        ] {
            let mut shard = Admission::new(&AdmissionConfig {
                records_per_s: 1000,
                bytes_per_s: 1 << 20,
                burst_records: 1000,
                burst_bytes: 1 << 20,
                shape: AdmissionShape::TokenBucket,
                byte_rounding: rounding,
                count_key_bytes: false,
            });
            let mut words = Seed { user: 9, replication: 0 }.stream("test", "entries");
            let (mut sure, mut unsure, mut refused) = (0, 0, 0);
            let mut ahead = shard.ahead();
            for window in 0..20_000u64 {
                let (from, until) = (window * 15 * MS, (window + 1) * 15 * MS);
                let calls = words.below(3);
                let mut entries = Vec::new();
                for call in 0..calls {
                    let at = from + call * 5 * MS + words.below(5 * MS);
                    let ticket = Ticket::in_call((window * 3 + call) as usize);
                    entries
                        .extend((0..words.below(most)).map(|_| (at, 1 + words.below(1500) as u32, ticket)));
                }
                let bound = ahead.as_mut().expect("buckets have a bound");
                entries.iter().for_each(|(_, size, _)| bound.add(*size));
                let is_sure = bound.surely_takes(calls, from, until);
                let mut admits =
                    |e: &(u64, u32, Ticket)| shard.admit(e.0, e.1, e.2.call()) == Verdict::Admitted;
                let admitted = entries.iter().filter(|e| admits(e)).count();
                (sure, unsure) = (sure + u32::from(is_sure), unsure + u32::from(!is_sure));
                refused += entries.len() - admitted;
                assert!(!is_sure || admitted == entries.len(), "window {window} was sure");
                if !is_sure {
                    ahead = shard.ahead();
                }
            }
            assert_eq!((unsure == 0, refused == 0), (all_sure, all_sure), "{sure} sure, {unsure} not");
            assert!(sure > 1000, "{sure}");
        }
    }
}
