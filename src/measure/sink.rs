//! Where lanes count: run totals per producer and consumer, and the current time bucket of the series.
//!
//! Sums, maxima and histogram counts only: the order in which lanes come does not matter.

use super::lost::Lost;
use super::result::ProducerResult;
use crate::facts::billing;
use crate::mechanism::histogram::Histogram;
use crate::mechanism::wide::wide;
use crate::units::{Bytes, NS_PER_S};

/// Counters of one producer that the stream's side knows.
#[derive(Clone, Debug, Default)]
pub struct ProducerCounts {
    /// Entries judged.
    pub attempts: u64,
    /// Of which refused.
    pub throttled: u64,
    /// Records in the judged entries.
    pub carried: u64,
    /// Calls judged (clients that wait for answers; a lane's entries are calls of their own).
    pub calls: u64,
    /// Records stored for the first time.
    pub stored: u64,
    /// Stored again.
    pub duplicates: u64,
    /// Stored after a later-born record of the same process.
    pub overtaken: u64,
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
    /// First deliveries after a later record of the shard, or of one it was split or merged into.
    pub overtaken: u64,
    /// Stored before the start position.
    pub before_start: u64,
    /// Passed by retention.
    pub lost: u64,
    /// In an application's hands: read, and not yet anything of the others.
    pub in_hand: u64,
    /// Skipped by the client.
    pub skipped: u64,
    /// Taken out by a filter.
    pub filtered: u64,
    /// Sent to a failure destination.
    pub to_failure_destination: u64,
    /// Given up.
    pub discarded: u64,
    /// Bytes that left the stream, as often as they did.
    pub read_bytes: u64,
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
    /// Stored to received, less what the current bucket holds in `prompt`.
    pub propagation: Histogram,
    /// Received to processed.
    pub processing: Histogram,
    /// The current bucket.
    pub now: ConsumerBucket,
}

/// One consumer in the current bucket.
#[derive(Clone, Debug, Default)]
pub struct ConsumerBucket {
    /// Deliveries.
    pub records: u64,
    /// Kinesis records they came in.
    pub entries: u64,
    /// Bytes.
    pub bytes: u64,
    /// Calls.
    pub calls: u64,
    /// Calls refused.
    pub throttled: u64,
    /// Largest iterator age.
    pub age: Option<u64>,
    /// Largest age of the last record of what was handed to a function.
    pub sent_age: Option<u64>,
    /// Born to processed, less what `prompt` holds.
    pub end_to_end: Histogram,
    /// Records born the moment they were stored and processed the moment they were received, counted once for both
    /// hops.
    pub prompt: Histogram,
}

impl ProducerCounts {
    /// What a result says of them, for so many records and bytes born; what clients count themselves is not among them.
    pub fn result(&self, name: &str, (born, born_bytes): (u64, u64)) -> ProducerResult {
        ProducerResult {
            name: name.to_owned(),
            born,
            born_bytes,
            stored: self.stored,
            duplicates: self.duplicates,
            lost: Lost { attempts: self.lost, ..Lost::default() },
            delayed: self.delayed,
            attempts: self.attempts,
            throttled: self.throttled,
            carried: self.carried,
            ..ProducerResult::default()
        }
    }
}

impl ConsumerCounts {
    /// Adds what was counted once for both hops to both.
    pub fn part_prompt(&mut self) {
        self.propagation.merge(&self.now.prompt);
        self.now.end_to_end.merge(&self.now.prompt);
        self.now.prompt.clear();
    }
}

/// Stream level in the current bucket.
#[derive(Clone, Debug, Default)]
pub struct StreamBucket {
    /// Entries judged.
    pub attempts: u64,
    /// Entries stored.
    pub entries: u64,
    /// Records in them.
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

    /// Many records, and their bytes.
    pub fn all(sizes: &[u32], key_bytes: u64) -> (Billed, u64) {
        let (mut all, mut bytes) = (Billed::default(), 0);
        for part in sizes.chunks(TOGETHER) {
            let sums = small::best(part, key_bytes as u32);
            if sums.large {
                bytes += part.iter().map(|s| u64::from(*s)).sum::<u64>();
                all = part.iter().map(|s| Billed::one(*s, key_bytes)).fold(all, Billed::plus);
            } else {
                bytes += u64::from(sums.bytes);
                let rounded = u64::from(sums.steps) * u64::from(STEP);
                all = all.plus(Billed { units: sums.units.into(), rounded });
            }
        }
        (all, bytes)
    }

    /// Both.
    pub fn plus(self, other: Billed) -> Billed {
        Billed { units: self.units + other.units, rounded: self.rounded + other.rounded }
    }
}

/// Sizes summed at a time: the sums of small ones stay within 32 bits.
const TOGETHER: usize = 4096;
/// What on-demand streams round a record up to.
const STEP: u32 = billing::on_demand_billed(Bytes(1)).0 as u32;
/// Data of a record of one payload unit at most.
const SMALL: u32 = billing::PUT_PAYLOAD_UNIT.bytes().0 as u32;

/// Sums over records of one payload unit at most; of no use when one is `large`.
struct SmallSums {
    bytes: u32,
    units: u32,
    steps: u32,
    large: bool,
}

wide! {
    /// While no record exceeds one payload unit, their units are a count, and all sums are narrow.
    fn small(sizes: &[u32], key: u32) -> SmallSums {
        let (mut bytes, mut units, mut steps, mut large) = (0u32, 0u32, 0u32, 0u32);
        for &size in sizes {
            let data = size.wrapping_sub(key);
            bytes = bytes.wrapping_add(size);
            units += u32::from(data > 0);
            steps = steps.wrapping_add(data.wrapping_add(STEP - 1) / STEP);
            large |= u32::from(data > SMALL);
        }
        SmallSums { bytes, units, steps, large: large > 0 }
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

    /// A producer's entries are judged: counted as if all were stored, `again` of their records not for the first
    /// time. Refusals take theirs back.
    pub fn judge(&mut self, producer: usize, entries: u64, records: u64, again: u64) {
        let counts = &mut self.producers[producer];
        counts.attempts += entries;
        counts.carried += records;
        counts.stored += records - again;
        counts.duplicates += again;
        self.now.attempts += entries;
        self.now.entries += entries;
        self.now.stored += records;
    }

    /// Bytes of entries that `judge` counted.
    pub fn store(&mut self, bytes: u64, billed: Billed) {
        self.now.stored_bytes += bytes;
        self.payload_units += billed.units;
        self.kib_bytes += billed.rounded;
    }

    /// An entry of `records`, `again` of them stored before, that `judge` and `store` counted was refused.
    pub fn take_back(&mut self, producer: usize, size: u32, billed: Billed, records: u64, again: u64) {
        let counts = &mut self.producers[producer];
        counts.throttled += 1;
        counts.stored -= records - again;
        counts.duplicates -= again;
        self.now.entries -= 1;
        self.now.stored -= records;
        self.now.stored_bytes -= u64::from(size);
        self.payload_units -= billed.units;
        self.kib_bytes -= billed.rounded;
    }

    /// Records that `judge` and `store` counted, each alone in its entry and never stored before, were refused.
    pub fn take_back_all(&mut self, producer: usize, sizes: &[u32], key_bytes: u64) {
        let (n, (billed, bytes)) = (sizes.len() as u64, Billed::all(sizes, key_bytes));
        let counts = &mut self.producers[producer];
        counts.throttled += n;
        counts.stored -= n;
        self.now.entries -= n;
        self.now.stored -= n;
        self.now.stored_bytes -= bytes;
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
            let bytes = sizes.iter().map(|s| u64::from(*s)).sum();
            assert_eq!(Billed::all(sizes, key), (each, bytes));
        }
    }
}
