//! GetRecords: the read limits that all polling readers of a shard share.
//!
//! At AWS: 5 calls/s and 2 MiB/s per shard; a call returns at most 10,000 records or 10 MiB; after a 10 MiB
//! response calls are refused for 5 s.
//! We model: the call limit in three shapes (not published); bytes as debt: a response is taken from one second's
//! worth of bytes and calls are refused while the balance is spent; a response near the maximum forfeits what was
//! saved, so that 10 MiB block for the documented 5 s.
//! We leave out: the 2,000 records/s that one quota table mentions and no other page does.

use super::config::{ReadCallsShape, ReadLimits};
use crate::facts::data_streams::READ_FORFEIT;
use crate::mechanism::limit::{FixedWindow, Limit, SlidingWindow, TokenBucket};
use crate::units::NS_PER_S;

/// Why a GetRecords call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadRefusal {
    /// Five calls per second.
    Calls,
    /// 2 MiB per second.
    Bytes,
}

/// Read limits of one shard.
#[derive(Clone, Debug)]
pub struct ReadGate {
    calls: Limit,
    rate: u64,
    /// Balance in bytes × ns, at most one second's worth, negative while in debt.
    balance: i128,
    at: u64,
}

impl ReadGate {
    /// A shard nobody has read yet, opened at `now`.
    pub fn new(limits: &ReadLimits, now: u64) -> ReadGate {
        let calls = match limits.calls_shape {
            ReadCallsShape::FixedWindow => Limit::Fixed(FixedWindow::new(limits.calls_per_s)),
            ReadCallsShape::SlidingWindow => Limit::Sliding(SlidingWindow::new(limits.calls_per_s)),
            ReadCallsShape::TokenBucket { depth } => {
                Limit::Bucket(TokenBucket::new(limits.calls_per_s, u64::from(depth)))
            }
        };
        let rate = limits.bytes_per_s;
        ReadGate { calls, rate, balance: i128::from(rate) * i128::from(NS_PER_S), at: now }
    }

    fn balance_at(&self, now: u64) -> i128 {
        let second = i128::from(self.rate) * i128::from(NS_PER_S);
        (self.balance + i128::from(now - self.at) * i128::from(self.rate)).min(second)
    }

    /// May a call be made at `now`? A refused call costs nothing.
    pub fn admit(&mut self, now: u64) -> Result<(), ReadRefusal> {
        if self.balance_at(now) < 0 {
            return Err(ReadRefusal::Bytes);
        }
        if !self.calls.fits(now, 1) {
            return Err(ReadRefusal::Calls);
        }
        self.calls.take(now, 1);
        Ok(())
    }

    /// The admitted call returned this much.
    pub fn returned(&mut self, now: u64, bytes: u64) {
        let cost = i128::from(bytes) * i128::from(NS_PER_S);
        let balance = self.balance_at(now);
        // A response near the 10 MiB for which 5 s are documented.
        let large = i128::from(self.rate) * i128::from(READ_FORFEIT.dur().0);
        let before = if cost > large { balance.min(0) } else { balance };
        self.balance = before - cost;
        self.at = now;
    }

    /// The first moment from `now` at which a call is admitted.
    pub fn next_fit(&mut self, now: u64) -> u64 {
        let missing = -self.balance_at(now);
        let bytes = if missing <= 0 {
            now
        } else {
            now + (missing as u128).div_ceil(u128::from(self.rate.max(1))) as u64
        };
        self.calls.next_fit(bytes, 1).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> ReadGate {
        ReadGate::new(
            &ReadLimits { calls_per_s: 5, calls_shape: ReadCallsShape::FixedWindow, bytes_per_s: 2 << 20 },
            0,
        )
    }

    /// Documented: calls in the 5 s after a 10 MiB response are refused.
    #[test]
    fn ten_mib_block_for_five_seconds() {
        let mut g = gate();
        g.admit(NS_PER_S).unwrap();
        g.returned(NS_PER_S, 10 << 20);
        assert_eq!(g.admit(6 * NS_PER_S - 1), Err(ReadRefusal::Bytes));
        assert_eq!(g.next_fit(2 * NS_PER_S), 6 * NS_PER_S);
        assert_eq!(g.admit(6 * NS_PER_S), Ok(()));
    }

    #[test]
    fn the_sixth_call_in_a_second_is_refused() {
        let mut g = gate();
        for _ in 0..5 {
            g.admit(100).unwrap();
            g.returned(100, 1000);
        }
        assert_eq!(g.admit(200), Err(ReadRefusal::Calls));
        assert_eq!(g.admit(NS_PER_S), Ok(()));
    }
}
