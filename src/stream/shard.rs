//! The write limit of one shard.
//!
//! At AWS: 1,000 records/s and 1 MiB/s, key bytes included, rounded up to whole KiB (PutRecord: each record;
//! PutRecords: the running sum of the call). The shape of the enforcement is not published.
//! We model: three shapes as a choice; entries judged one by one, in order; refused ones cost nothing; within one
//! call and shard the charge after entry k is the rounded sum of the admitted ones (assumed).
//! Sources: `kinesim facts`, keys `data_streams.*`.

use super::config::{AdmissionConfig, AdmissionShape, ByteRounding};
use crate::mechanism::limit::{FixedWindow, Limit, SlidingWindow, TokenBucket};
use crate::record::Put;
use crate::units::NS_PER_S;

/// What the shard says to one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Stored.
    Admitted,
    /// Refused by the records limit.
    OverRecords,
    /// Refused by the bytes limit.
    OverBytes,
}

/// The two limits of one shard.
#[derive(Clone, Debug)]
pub struct Admission {
    records: Limit,
    bytes: Limit,
    rounding: ByteRounding,
    /// Running sum of the call being judged, and which call it is.
    call: u64,
    call_bytes: u64,
}

/// No call: every record is rounded for itself.
const ALONE: u64 = u64::MAX;

impl Admission {
    /// A shard's limits with nothing taken.
    pub fn new(config: &AdmissionConfig) -> Admission {
        let limit = |rate, depth| match config.shape {
            AdmissionShape::TokenBucket => Limit::Bucket(TokenBucket::new(rate, depth)),
            AdmissionShape::FixedWindow => Limit::Fixed(FixedWindow::new(rate)),
            AdmissionShape::SlidingWindow => Limit::Sliding(SlidingWindow::new(rate)),
        };
        Admission {
            records: limit(config.records_per_s, config.burst_records),
            bytes: limit(config.bytes_per_s, config.burst_bytes),
            rounding: config.byte_rounding,
            call: ALONE,
            call_bytes: 0,
        }
    }

    /// Calls are numbered anew in every window; none spans two.
    pub fn new_window(&mut self) {
        self.call = ALONE;
    }

    /// Bytes charged for `size` more in `call` (`None`: a record alone).
    #[inline]
    fn charge(&mut self, call: Option<u64>, size: u64) -> u64 {
        if self.rounding == ByteRounding::None {
            return size;
        }
        match call {
            None => ceil_kib(size),
            Some(call) => {
                if call != self.call {
                    self.call = call;
                    self.call_bytes = 0;
                }
                ceil_kib(self.call_bytes + size) - ceil_kib(self.call_bytes)
            }
        }
    }

    /// Judges one entry.
    #[inline]
    pub fn admit(&mut self, now: u64, size: u32, call: Option<u64>) -> Verdict {
        let charge = self.charge(call, u64::from(size));
        if !self.records.fits(now, 1) {
            return Verdict::OverRecords;
        }
        if !self.bytes.fits(now, charge) {
            return Verdict::OverBytes;
        }
        self.records.take(now, 1);
        self.bytes.take(now, charge);
        if call.is_some() {
            self.call_bytes += u64::from(size);
        }
        Verdict::Admitted
    }

    /// Judges a run in order and stops at the first refusal: how many were admitted. The same as `admit` one by
    /// one, with both buckets in registers.
    pub fn admit_run(&mut self, puts: &[Put]) -> usize {
        let (Limit::Bucket(records), Limit::Bucket(bytes)) = (&self.records, &self.bytes) else {
            return self.admit_each(puts);
        };
        let mask = if self.rounding == ByteRounding::Aws { 1023 } else { 0 };
        let (r_rate, r_depth, mut r_level, at0) = records.parts();
        let (b_rate, b_depth, mut b_level, b_at0) = bytes.parts();
        debug_assert_eq!(at0, b_at0, "both are taken together");
        // Longer gaps empty a bucket anyway, and the product must not overflow.
        let longest = (r_depth / r_rate.max(1)).max(b_depth / b_rate.max(1)) + 1;
        let (mut at, mut call, mut call_bytes) = (at0, self.call, self.call_bytes);
        let mut admitted = 0;
        for put in puts {
            let gap = (put.at - at).min(longest);
            let own = if put.tag.is_in_call() { put.key >> ENTRY_BITS } else { ALONE };
            if own != call || own == ALONE {
                (call, call_bytes) = (own, 0);
            }
            let sum = call_bytes + u64::from(put.size);
            let charge = ((sum + mask) & !mask) - ((call_bytes + mask) & !mask);
            let r = r_level.saturating_sub(gap * r_rate) + NS_PER_S;
            let b = b_level.saturating_sub(gap * b_rate) + charge * NS_PER_S;
            if r > r_depth || b > b_depth {
                break;
            }
            (r_level, b_level, at, call_bytes) = (r, b, put.at, sum);
            admitted += 1;
        }
        (self.call, self.call_bytes) = (call, call_bytes);
        if let (Limit::Bucket(records), Limit::Bucket(bytes)) = (&mut self.records, &mut self.bytes) {
            records.set(r_level, at);
            bytes.set(b_level, at);
        }
        admitted
    }

    fn admit_each(&mut self, puts: &[Put]) -> usize {
        let refused = puts.iter().position(|p| self.admit(p.at, p.size, call_of(p)) != Verdict::Admitted);
        refused.unwrap_or(puts.len())
    }
}

/// The call an entry belongs to, for the rounding of its bytes.
#[inline]
pub fn call_of(put: &Put) -> Option<u64> {
    put.tag.is_in_call().then_some(put.key >> ENTRY_BITS)
}

/// A handle is a call's number in its window, then the entry's number in 9 bits (a call has 500 entries at most).
pub const ENTRY_BITS: u32 = 9;

#[inline]
fn ceil_kib(bytes: u64) -> u64 {
    (bytes + 1023) & !1023
}
