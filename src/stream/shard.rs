//! The write limit of one shard.
//!
//! At AWS: 1,000 records/s and 1 MiB/s, key bytes included, rounded up to whole KiB (PutRecord: each record;
//! PutRecords: the running sum of the call). The shape of the enforcement is not published.
//! We model: three shapes as a choice; entries judged one by one, in order; refused ones cost nothing; within one
//! call and shard the charge after entry k is the rounded sum of the admitted ones (assumed).
//! Sources: `kinesim facts`, keys `data_streams.*`.

use super::ahead::Ahead;
use super::config::{AdmissionConfig, AdmissionShape, ByteRounding};
use crate::mechanism::chance::Coming;
use crate::mechanism::limit::{FixedWindow, Limit, SlidingWindow, Steps, TokenBucket, take_all};
use crate::random::Stream;
use crate::random::draw::{Exponential, UNIT};
use crate::record::{Run, Ticket};
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
    call: u32,
    call_bytes: u64,
}

/// Entries judged together, at most.
pub const BATCH: usize = 256;

/// No call: every record is rounded for itself.
const ALONE: u32 = u32::MAX;

/// What became of a run of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// How many were admitted before the first refusal.
    pub admitted: usize,
    /// Their bytes.
    pub bytes: u64,
    /// What the shard said to the next one (`Admitted`: there is none).
    pub then: Verdict,
}

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

    /// A bound on what it takes from here on (`None`: these limits have none that is simple).
    pub fn ahead(&self) -> Option<Ahead> {
        let (Limit::Bucket(records), Limit::Bucket(bytes)) = (&self.records, &self.bytes) else {
            return None;
        };
        let steps = if self.rounding == ByteRounding::Aws { Steps::KIB } else { Steps::BYTES };
        Some(Ahead::new(records, bytes, steps))
    }

    /// Calls are numbered anew whenever what is gathered is settled; none spans two of those.
    pub fn new_window(&mut self) {
        self.call = ALONE;
    }

    /// Bytes charged for `size` more in `call` (`None`: a record alone).
    #[inline]
    fn charge(&mut self, call: Option<u32>, size: u64) -> u64 {
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
    #[inline(always)]
    pub fn admit(&mut self, now: u64, size: u32, call: Option<u32>) -> Verdict {
        let charge = self.charge(call, u64::from(size));
        if let (Limit::Bucket(records), Limit::Bucket(bytes)) = (&mut self.records, &mut self.bytes) {
            let Some(r) = records.with(now, 1) else { return Verdict::OverRecords };
            let Some(b) = bytes.with(now, charge) else { return Verdict::OverBytes };
            records.set(r, now);
            bytes.set(b, now);
        } else if !self.records.fits(now, 1) {
            return Verdict::OverRecords;
        } else if !self.bytes.fits(now, charge) {
            return Verdict::OverBytes;
        } else {
            self.records.take(now, 1);
            self.bytes.take(now, charge);
        }
        if call.is_some() {
            self.call_bytes += u64::from(size);
        }
        Verdict::Admitted
    }

    /// Of `n` records alike, which together charge `bytes` and come spread over the time before `now`: how many are
    /// admitted, and what the shard says to the others. Those of one call are rounded up together, however many they are.
    pub fn admit_many(&mut self, now: u64, n: u64, bytes: u64, in_call: bool) -> (u64, Verdict) {
        let rounds = in_call && self.rounding == ByteRounding::Aws;
        let charge = |k: u64| {
            let exact = match k == n {
                true => bytes,
                false => (u128::from(bytes) * u128::from(k)).div_ceil(u128::from(n.max(1))) as u64,
            };
            if rounds { ceil_kib(exact) } else { exact }
        };
        if let (Limit::Bucket(records), Limit::Bucket(limit)) = (&mut self.records, &mut self.bytes)
            && let (Some(r), Some(b)) = (records.with(now, n), limit.with(now, charge(n)))
        {
            records.set(r, now);
            limit.set(b, now);
            return (n, Verdict::Admitted);
        }
        let (records, limit) = (&mut self.records, &mut self.bytes);
        let (mut most, mut verdict) = (n, Verdict::Admitted);
        if !records.fits(now, most) {
            most = largest(most, |k| records.fits(now, k));
            verdict = Verdict::OverRecords;
        }
        if !limit.fits(now, charge(most)) {
            most = largest(most, |k| limit.fits(now, charge(k)));
            verdict = Verdict::OverBytes;
        }
        if most > 0 {
            records.take(now, most);
            limit.take(now, charge(most));
        }
        (most, verdict)
    }

    /// The same of records that come at random over `[from, now)`, each for itself: those that crowd are refused although
    /// the time would do for all of them.
    pub fn admit_among(
        &mut self,
        (from, now): (u64, u64),
        n: u64,
        bytes: u64,
        crowding: &mut Stream,
    ) -> (u64, Verdict) {
        let (Limit::Bucket(records), Limit::Bucket(limit)) = (&self.records, &self.bytes) else {
            return self.admit_many(now, n, bytes, false);
        };
        // Others may have been judged meanwhile.
        let from = from.max(records.parts().3).max(limit.parts().3);
        // Room for all before any refill: none is refused, and the refill makes up for them.
        if records.fits(from, n) && limit.fits(from, bytes) {
            self.take(from, n, bytes);
            return (n, Verdict::Admitted);
        }
        let drawn = Exponential::table().of(crowding.word()) as f64 / UNIT as f64;
        let over_records = records.refused_among((from, now), n, 1.0, drawn);
        let over_bytes = match limit.fits(from, bytes) {
            true => 0,
            false => limit.refused_among((from, now), n, bytes as f64 / n as f64, drawn),
        };
        let most = n - over_records.max(over_bytes);
        let charge = if most == n { bytes } else { (bytes as f64 * most as f64 / n as f64) as u64 };
        let (admitted, verdict) = self.admit_many(now, most, charge, false);
        let worse = if over_bytes > over_records { Verdict::OverBytes } else { Verdict::OverRecords };
        (admitted, if admitted < most || most == n { verdict } else { worse })
    }

    /// Is nothing refused of what comes at random over this time, unless chance brings far more than it does?
    pub fn surely_takes(&mut self, time: (u64, u64), records: Coming, bytes: Coming) -> bool {
        self.records.surely_takes(time, records) && self.bytes.surely_takes(time, bytes)
    }

    /// Takes `n` records of `bytes` in all, of which the caller knows that they are admitted.
    pub fn take(&mut self, now: u64, n: u64, bytes: u64) {
        self.records.take(now, n);
        self.bytes.take(now, bytes);
    }

    /// Takes at most `BATCH` entries, all or none: `None` when a limit might bind. `tickets` are the window's, by row.
    pub fn admit_all(&mut self, run: Run, tickets: &[Ticket], calls: bool) -> Option<u64> {
        let (Limit::Bucket(records), Limit::Bucket(bytes)) = (&mut self.records, &mut self.bytes) else {
            return None;
        };
        match (self.rounding, calls) {
            (ByteRounding::None, _) => take_all(records, bytes, run.at, run.size, Steps::BYTES),
            (ByteRounding::Aws, false) => take_all(records, bytes, run.at, run.size, Steps::KIB),
            (ByteRounding::Aws, true) => {
                if !records.surely_fits(run.at, run.len() as u64) {
                    return None;
                }
                let size = run.size.iter().map(|s| u64::from(*s)).sum();
                if !bytes.surely_fits(run.at, size) {
                    return None;
                }
                let mut charges = [0; BATCH];
                let charges = &mut charges[..run.len()];
                let before = in_calls(run, tickets, (self.call, self.call_bytes), charges);
                take_all(records, bytes, run.at, charges, Steps::BYTES)?;
                (self.call, self.call_bytes) = before;
                Some(size)
            }
        }
    }

    /// Judges a run of entries in order and stops at the first refusal. The same as `admit` one by one, with both
    /// buckets in registers. `tickets` are the window's, by row (none where all were sent alone).
    pub fn admit_run(&mut self, run: Run, tickets: &[Ticket], calls: bool) -> Judged {
        let (Limit::Bucket(_), Limit::Bucket(_)) = (&self.records, &self.bytes) else {
            return self.admit_each(run, tickets);
        };
        match (self.rounding, calls) {
            (ByteRounding::None, _) => self.admit_with(run, |_, _, size| size),
            (ByteRounding::Aws, false) => self.admit_with(run, |_, _, size| ceil_kib(size)),
            (ByteRounding::Aws, true) => {
                self.admit_with(run, |row, before, size| in_call(tickets[row as usize], before, size))
            }
        }
    }

    /// `charge` gives the bytes that count, from the row, (call, its bytes so far) and the size.
    #[inline(always)]
    fn admit_with(&mut self, run: Run, charge: impl Fn(u32, &mut (u32, u64), u64) -> u64) -> Judged {
        let (Limit::Bucket(records), Limit::Bucket(bytes)) = (&mut self.records, &mut self.bytes) else {
            unreachable!("the caller looked");
        };
        let (r_rate, r_depth, mut r_level, at0) = records.parts();
        let (b_rate, b_depth, mut b_level, b_at0) = bytes.parts();
        debug_assert_eq!(at0, b_at0, "both are taken together");
        // Longer gaps empty a bucket anyway, and the product must not overflow.
        let (r_longest, b_longest) = (records.longest(), bytes.longest());
        let (mut at, mut before) = (at0, (self.call, self.call_bytes));
        let mut judged = Judged { admitted: run.len(), bytes: 0, then: Verdict::Admitted };
        for (i, ((&now, &size), &row)) in run.at.iter().zip(run.size).zip(run.row).enumerate() {
            let size = u64::from(size);
            let gap = now - at;
            let charge = charge(row, &mut before, size);
            let r = sunk(r_level, gap.min(r_longest) * r_rate) + NS_PER_S;
            let b = sunk(b_level, gap.min(b_longest) * b_rate) + charge * NS_PER_S;
            if r > r_depth || b > b_depth {
                judged.admitted = i;
                judged.then = if r > r_depth { Verdict::OverRecords } else { Verdict::OverBytes };
                break;
            }
            (r_level, b_level, at) = (r, b, now);
            before.1 += size;
            judged.bytes += size;
        }
        records.set(r_level, at);
        bytes.set(b_level, at);
        (self.call, self.call_bytes) = before;
        judged
    }

    fn admit_each(&mut self, run: Run, tickets: &[Ticket]) -> Judged {
        let mut judged = Judged { admitted: run.len(), bytes: 0, then: Verdict::Admitted };
        for (i, &row) in run.row.iter().enumerate() {
            let size = run.size[i];
            let call = tickets.get(row as usize).and_then(|ticket| ticket.call());
            let verdict = self.admit(run.at[i], size, call);
            if verdict != Verdict::Admitted {
                (judged.admitted, judged.then) = (i, verdict);
                break;
            }
            judged.bytes += u64::from(size);
        }
        judged
    }
}

/// What an entry of `size` charges after (call, its bytes so far); with a call of its own, where it begins one.
#[inline(always)]
fn in_call(ticket: Ticket, before: &mut (u32, u64), size: u64) -> u64 {
    let call = ticket.call().unwrap_or(ALONE);
    let same = call == before.0 && call != ALONE;
    *before = (call, std::hint::select_unpredictable(same, before.1, 0));
    ceil_kib(before.1 + size) - ceil_kib(before.1)
}

/// What entries charge; the last one's call with its bytes.
fn in_calls(run: Run, tickets: &[Ticket], before: (u32, u64), charges: &mut [u32]) -> (u32, u64) {
    let mut before = before;
    for ((&row, &size), charge) in run.row.iter().zip(run.size).zip(charges) {
        let size = u64::from(size);
        *charge = in_call(tickets[row as usize], &mut before, size) as u32;
        before.1 += size;
    }
    before
}

/// A level after a refill. Below the limit it is a coin toss whether it has reached zero: no branch, then.
#[inline(always)]
fn sunk(level: u64, refill: u64) -> u64 {
    std::hint::select_unpredictable(level > refill, level.wrapping_sub(refill), 0)
}

/// The largest number below `most`, which does not fit, that does (0 always does).
fn largest(most: u64, mut fits: impl FnMut(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, most);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle }
    }
    low
}

#[inline]
pub(super) fn ceil_kib(bytes: u64) -> u64 {
    (bytes + 1023) & !1023
}
