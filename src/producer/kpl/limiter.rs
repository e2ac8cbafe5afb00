//! How fast one process sends to one shard.
//!
//! At AWS: two token buckets per predicted shard, records and bytes, refilled at `RateLimit` percent of a shard's
//! write limits. A Kinesis record takes one token and as many as its data has bytes, all or nothing. Records wait in
//! order of their deadlines; the first that does not fit holds up all behind it. Before every round those past
//! their expiration are taken out. Rounds happen when a record comes and every 25 ms. Throttling changes nothing.
//! We model: exactly this, in exact arithmetic; records of one deadline keep their order of arrival.
//! Sources: KPL `limiter.h`, `token_bucket.h`, `time_sensitive_queue.h`.

use crate::facts::data_streams::{SHARD_WRITE_BYTES, SHARD_WRITE_RECORDS};
use crate::facts::kpl;
use crate::mechanism::limit::TokenBucket;
use std::collections::{BTreeMap, BTreeSet};

/// Tokens are counted in hundredths, so that any percentage refills a whole number.
const HUNDREDTHS: u64 = 100;

/// A Kinesis record that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub parcel: u32,
    /// Its data.
    pub bytes: u32,
    /// Its place in the order.
    pub deadline: u64,
    /// Past this moment it is taken out.
    pub expires: u64,
}

/// The limiter of one process for one shard.
#[derive(Clone, Debug)]
pub struct ShardLimiter {
    records: TokenBucket,
    bytes: TokenBucket,
    /// By deadline, then arrival.
    waiting: BTreeMap<(u64, u64), Waiting>,
    /// Expirations of those that wait, and their places in the order.
    expirations: BTreeSet<(u64, (u64, u64))>,
    arrivals: u64,
}

impl ShardLimiter {
    /// Full buckets: `percent` of a shard's limits, bytes up to `depth`.
    pub fn new(percent: u64, depth: u64) -> ShardLimiter {
        let records = percent.saturating_mul(SHARD_WRITE_RECORDS.count());
        let bytes = percent.saturating_mul(SHARD_WRITE_BYTES.byte_rate().0);
        ShardLimiter {
            records: TokenBucket::new(records, kpl::LIMITER_RECORDS.count() * HUNDREDTHS),
            bytes: TokenBucket::new(bytes, depth.saturating_mul(HUNDREDTHS)),
            waiting: BTreeMap::new(),
            expirations: BTreeSet::new(),
            arrivals: 0,
        }
    }

    /// Nobody waits?
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// A record comes and passes at once, if nobody waits and there are tokens.
    #[inline]
    pub fn passes(&mut self, record: &Waiting, now: u64) -> bool {
        self.waiting.is_empty() && now <= record.expires && self.take(record, now)
    }

    /// A record comes to wait; a round follows.
    pub fn put(&mut self, record: Waiting) {
        let place = (record.deadline, self.arrivals);
        self.arrivals += 1;
        self.waiting.insert(place, record);
        self.expirations.insert((record.expires, place));
    }

    /// The next record whose expiration has passed. All of them leave before anyone goes.
    pub fn expired(&mut self, now: u64) -> Option<Waiting> {
        let (_, place) = *self.expirations.first().filter(|first| first.0 < now)?;
        self.remove(place)
    }

    /// The next record that may go; nobody has expired.
    pub fn next(&mut self, now: u64) -> Option<Waiting> {
        let (&place, &first) = self.waiting.first_key_value()?;
        if self.take(&first, now) { self.remove(place) } else { None }
    }

    fn take(&mut self, record: &Waiting, now: u64) -> bool {
        let bytes = u64::from(record.bytes) * HUNDREDTHS;
        let enough = self.records.fits(now, HUNDREDTHS) && self.bytes.fits(now, bytes);
        if enough {
            self.records.take(now, HUNDREDTHS);
            self.bytes.take(now, bytes);
        }
        enough
    }

    fn remove(&mut self, place: (u64, u64)) -> Option<Waiting> {
        let record = self.waiting.remove(&place)?;
        self.expirations.remove(&(record.expires, place));
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(parcel: u32, bytes: u32, deadline: u64, expires: u64) -> Waiting {
        Waiting { parcel, bytes, deadline, expires }
    }

    fn round(limiter: &mut ShardLimiter, now: u64) -> (Vec<u32>, Vec<u32>) {
        let expired = std::iter::from_fn(|| limiter.expired(now)).map(|w| w.parcel).collect();
        let gone = std::iter::from_fn(|| limiter.next(now)).map(|w| w.parcel).collect();
        (expired, gone)
    }

    #[test]
    fn a_thousand_go_at_once_and_then_fifteen_hundred_a_second() {
        let mut l = ShardLimiter::new(150, 1 << 20);
        for p in 0..4000 {
            l.put(waiting(p, 10, 5, u64::MAX));
        }
        assert_eq!(round(&mut l, 0).1.len(), 1000);
        assert_eq!(round(&mut l, 500_000_000).1, (1000..1750).collect::<Vec<_>>());
        assert_eq!(round(&mut l, 1_000_000_000).1.len(), 750);
    }

    #[test]
    fn the_first_in_line_holds_up_those_behind() {
        let mut l = ShardLimiter::new(100, 1 << 20);
        l.put(waiting(0, 1 << 20, 1, u64::MAX));
        l.put(waiting(1, 1000, 1, u64::MAX));
        l.put(waiting(2, 1, 2, u64::MAX));
        l.put(waiting(3, 1, 0, u64::MAX));
        assert_eq!(round(&mut l, 0).1, [3]);
        assert_eq!(round(&mut l, 900).1, Vec::<u32>::new(), "one byte is still missing");
        assert_eq!(round(&mut l, 954).1, [0]);
        assert_eq!(round(&mut l, 1_000_954).1, [1, 2]);
    }

    #[test]
    fn the_expired_leave_first_and_only_past_their_moment() {
        let mut l = ShardLimiter::new(100, 1000);
        l.put(waiting(0, 2000, 1, 50));
        l.put(waiting(1, 10, 2, 40));
        l.put(waiting(2, 10, 3, 60));
        assert_eq!(round(&mut l, 40), (vec![], vec![]), "the first fits no bucket");
        assert_eq!(round(&mut l, 51), (vec![1, 0], vec![2]));
        assert!(l.is_empty());
    }
}
