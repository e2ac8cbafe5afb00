//! Where lanes count: run totals per producer and consumer, and the current time bucket of the series.
//!
//! Sums, maxima and histogram counts only: the order in which lanes come does not matter.

use crate::facts::billing;
use crate::mechanism::histogram::Histogram;
use crate::units::{Bytes, NS_PER_S};

/// Counters of one producer that the stream's side knows.
#[derive(Clone, Debug, Default)]
pub struct ProducerCounts {
    /// Entries judged.
    pub attempts: u64,
    /// Of which refused.
    pub throttled: u64,
    /// First copies stored.
    pub stored: u64,
    /// Duplicates stored.
    pub duplicates: u64,
    /// Records refused at least once (clients played by the shard's lane).
    pub delayed: u64,
    /// Given up after the last attempt (clients played by the shard's lane).
    pub lost: u64,
    /// Stored at the first attempt (clients played by the shard's lane): their put hop is constant.
    pub at_once: u64,
    /// First sent to stored, after a retry (clients played by the shard's lane).
    pub put: Histogram,
}

/// Counters of one consumer.
#[derive(Clone, Debug, Default)]
pub struct ConsumerCounts {
    /// First deliveries.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Deliveries repeated.
    pub redelivered: u64,
    /// Their bytes.
    pub redelivered_bytes: u64,
    /// Stored before the start position.
    pub before_start: u64,
    /// Passed by retention.
    pub lost: u64,
    /// Calls or subscriptions.
    pub calls: u64,
    /// Calls that returned nothing.
    pub empty: u64,
    /// Refused by the calls limit.
    pub throttled_calls: u64,
    /// Refused by the bytes limit.
    pub throttled_bytes: u64,
    /// Failed batches.
    pub failed: u64,
    /// Deliveries from the cold part of a log.
    pub from_cold: u64,
    /// Bytes read of records older than seven days.
    pub long_term_bytes: u64,
    /// Largest iterator age.
    pub age_max: u64,
    /// Stored to received.
    pub propagation: Histogram,
    /// Received to processed.
    pub processing: Histogram,
    /// Born to processed, all buckets before the current one.
    pub end_to_end: Histogram,
    /// The current bucket.
    pub now: ConsumerBucket,
}

/// One consumer in the current bucket.
#[derive(Clone, Debug, Default)]
pub struct ConsumerBucket {
    /// Deliveries.
    pub records: u64,
    /// Bytes.
    pub bytes: u64,
    /// Calls.
    pub calls: u64,
    /// Calls refused.
    pub throttled: u64,
    /// Largest iterator age.
    pub age: Option<u64>,
    /// Born to processed.
    pub end_to_end: Histogram,
}

/// Stream level in the current bucket.
#[derive(Clone, Debug, Default)]
pub struct StreamBucket {
    /// Entries judged.
    pub attempts: u64,
    /// Copies stored.
    pub stored: u64,
    /// Their bytes.
    pub stored_bytes: u64,
    /// Entries refused.
    pub throttled: u64,
    /// Records given up by clients that lanes play.
    pub lost: u64,
    /// Put calls judged.
    pub calls: u64,
    /// With at least one stored record.
    pub calls_ok: u64,
    /// Sum of their latencies.
    pub call_latency: u64,
}

/// What is billed for what was stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Billed {
    /// PUT payload units.
    pub units: u64,
    /// Bytes, each record rounded up as on-demand streams bill them.
    pub rounded: u64,
}

impl Billed {
    /// One record; `key_bytes` of its size are not billed.
    #[inline]
    pub fn one(size: u32, key_bytes: u64) -> Billed {
        let data = Bytes(u64::from(size) - key_bytes);
        Billed { units: billing::put_payload_units(data), rounded: billing::on_demand_billed(data).0 }
    }

    /// Many records. While none exceeds one payload unit, their units are a count.
    pub fn all(sizes: &[u32], key_bytes: u64) -> Billed {
        let unit = billing::PUT_PAYLOAD_UNIT.bytes().0 + key_bytes;
        let largest = sizes.iter().fold(0, |a, b| a.max(*b));
        if u64::from(largest) > unit {
            return sizes.iter().map(|s| Billed::one(*s, key_bytes)).fold(Billed::default(), Billed::plus);
        }
        let step = billing::on_demand_billed(Bytes(1)).0;
        let (key, round) = (key_bytes as u32, step as u32);
        let steps: u64 = sizes.iter().map(|s| u64::from((s - key).div_ceil(round))).sum();
        let units: u64 = sizes.iter().map(|s| u64::from(*s > key)).sum();
        Billed { units, rounded: steps * step }
    }

    fn plus(self, other: Billed) -> Billed {
        Billed { units: self.units + other.units, rounded: self.rounded + other.rounded }
    }
}

/// Everything lanes add to.
#[derive(Clone, Debug, Default)]
pub struct Sink {
    /// Per producer.
    pub producers: Vec<ProducerCounts>,
    /// Per consumer.
    pub consumers: Vec<ConsumerCounts>,
    /// The current bucket.
    pub now: StreamBucket,
    /// Refused by the records limit.
    pub over_records: u64,
    /// Refused by the bytes limit.
    pub over_bytes: u64,
    /// PUT payload units of what was stored.
    pub payload_units: u64,
    /// Stored bytes, each record rounded up to whole KiB.
    pub kib_bytes: u64,
    /// One bit per second in which a write was refused.
    throttled_seconds: Vec<u64>,
}

impl Sink {
    /// Nothing counted yet.
    pub fn new(producers: usize, consumers: usize) -> Sink {
        Sink {
            producers: vec![ProducerCounts::default(); producers],
            consumers: vec![ConsumerCounts::default(); consumers],
            ..Sink::default()
        }
    }

    /// A producer's entries are judged: counted as if all were stored. Refusals take theirs back.
    pub fn judge(&mut self, producer: usize, entries: u64, again: u64) {
        let counts = &mut self.producers[producer];
        counts.attempts += entries;
        counts.stored += entries - again;
        counts.duplicates += again;
        self.now.attempts += entries;
        self.now.stored += entries;
    }

    /// Bytes of entries that `judge` counted.
    pub fn store(&mut self, bytes: u64, billed: Billed) {
        self.now.stored_bytes += bytes;
        self.payload_units += billed.units;
        self.kib_bytes += billed.rounded;
    }

    /// Entries that `judge` and `store` counted were refused; `duplicates` of them had been stored before.
    pub fn take_back(&mut self, producer: usize, sizes: &[u32], key_bytes: u64, duplicates: u64) {
        let (n, billed) = (sizes.len() as u64, Billed::all(sizes, key_bytes));
        let counts = &mut self.producers[producer];
        counts.throttled += n;
        counts.stored -= n - duplicates;
        counts.duplicates -= duplicates;
        self.now.stored -= n;
        self.now.stored_bytes -= sizes.iter().map(|s| u64::from(*s)).sum::<u64>();
        self.payload_units -= billed.units;
        self.kib_bytes -= billed.rounded;
    }

    /// Writes were refused at these moments, in order.
    pub fn mark_throttled_seconds(&mut self, moments: &[u64]) {
        let mut over = 0;
        for &at in moments {
            if at >= over {
                self.mark_throttled_second(at);
                over = (at / NS_PER_S + 1) * NS_PER_S;
            }
        }
    }

    /// A write was refused in this second.
    fn mark_throttled_second(&mut self, now: u64) {
        let second = (now / NS_PER_S) as usize;
        if self.throttled_seconds.len() <= second / 64 {
            self.throttled_seconds.resize(second / 64 + 1, 0);
        }
        self.throttled_seconds[second / 64] |= 1 << (second % 64);
    }

    /// Seconds in which a write was refused.
    pub fn throttled_seconds(&self) -> u64 {
        self.throttled_seconds.iter().map(|w| u64::from(w.count_ones())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_billed_like_one_by_one() {
        let small: Vec<u32> = (11..25_600).step_by(37).collect();
        let large: Vec<u32> = (11..3_000_000).step_by(9_973).collect();
        for (sizes, key) in [(&small, 0), (&small, 11), (&large, 0), (&large, 11)] {
            let each = sizes.iter().map(|s| Billed::one(*s, key)).fold(Billed::default(), Billed::plus);
            assert_eq!(Billed::all(sizes, key), each);
        }
    }
}
