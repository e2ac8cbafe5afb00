//! Where lanes count: run totals per producer and consumer, and the current time bucket of the series.
//!
//! Sums, maxima and histogram counts only: the order in which lanes come does not matter.

use crate::mechanism::histogram::Histogram;

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
    /// First sent to stored (clients played by the shard's lane).
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

    /// A write was refused in this second.
    pub fn mark_throttled_second(&mut self, now: u64) {
        let second = (now / crate::units::NS_PER_S) as usize;
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
