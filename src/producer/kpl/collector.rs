//! Kinesis records into PutRecords calls.
//!
//! At AWS: one container per stream, flushed by count, bytes or deadline as every reducer, and besides as soon as
//! the data gathered for any one shard reaches 256 KiB, so that no shard gets its traffic in gulps.
//! We model: exactly this; a record without a predicted shard does not count towards any shard's data.
//! Sources: KPL `collector.h`, `put_records_request.h`.

use super::reducer::{Container, Limits, Reducer};
use crate::facts::kpl::COLLECTION_SHARD_BYTES;

/// Data gathered for one shard that sends the call.
const SHARD_BYTES: u64 = COLLECTION_SHARD_BYTES.bytes().0;

/// A Kinesis record ready to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Which.
    pub parcel: u32,
    /// The shard it is thought to go to.
    pub shard: Option<u32>,
    /// Its data.
    pub bytes: u32,
    /// Its partition key.
    pub key_bytes: u32,
    /// When it must go on.
    pub deadline: u64,
}

/// A PutRecords call being filled. Its size is known exactly at any time.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Its entries.
    pub entries: Vec<Ready>,
    bytes: u64,
    earliest: Option<u64>,
    latest: u64,
    mixed: bool,
}

impl Container for Request {
    type Item = Ready;

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn item(&self, i: usize) -> Ready {
        self.entries[i]
    }

    fn deadline(&self, i: usize) -> u64 {
        self.entries[i].deadline
    }

    fn earliest(&self) -> u64 {
        self.earliest.unwrap_or(u64::MAX)
    }

    fn in_order(&self) -> bool {
        !self.mixed
    }

    fn push(&mut self, ready: Ready) {
        self.bytes += u64::from(ready.bytes) + u64::from(ready.key_bytes);
        self.earliest = Some(self.earliest().min(ready.deadline));
        self.mixed |= ready.deadline < self.latest;
        self.latest = self.latest.max(ready.deadline);
        self.entries.push(ready);
    }

    fn clear(&mut self) {
        self.entries.clear();
        (self.bytes, self.earliest, self.latest, self.mixed) = (0, None, 0, false);
    }

    fn is_estimated_at(&mut self, bytes: u64) -> bool {
        self.bytes >= bytes
    }

    fn accurate(&mut self) -> u64 {
        self.bytes
    }

    fn push_within(&mut self, ready: Ready, bytes: u64) -> bool {
        let more = u64::from(ready.bytes) + u64::from(ready.key_bytes);
        let fits = self.entries.is_empty() || self.bytes + more <= bytes;
        if fits {
            self.push(ready);
        }
        fits
    }
}

/// The collector of one process.
#[derive(Debug)]
pub struct Collector {
    reducer: Reducer<Request>,
    /// Data gathered per shard.
    gathered: Vec<u64>,
}

impl Collector {
    /// An empty one.
    pub fn new(limits: Limits) -> Collector {
        Collector { reducer: Reducer::new(limits), gathered: Vec::new() }
    }

    /// When its timer flushes it.
    pub fn due(&self) -> u64 {
        self.reducer.due()
    }

    /// One more record. Is the call to be sent now?
    pub fn add(&mut self, ready: Ready) -> bool {
        let mut full = self.reducer.add(ready);
        if let Some(shard) = ready.shard {
            let shard = shard as usize;
            if shard >= self.gathered.len() {
                self.gathered.resize(shard + 1, 0);
            }
            self.gathered[shard] += u64::from(ready.bytes);
            full |= self.gathered[shard] >= SHARD_BYTES;
        }
        full
    }

    /// Moves into `out`, which is empty, what is sent now.
    pub fn flush(&mut self, out: &mut Request) {
        self.reducer.flush(out);
        for ready in &out.entries {
            if let Some(shard) = ready.shard {
                self.gathered[shard as usize] -= u64::from(ready.bytes);
            }
        }
    }

    /// Records waiting for their call.
    pub fn held(&self) -> &[Ready] {
        &self.reducer.held().entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(parcel: u32, shard: Option<u32>, bytes: u32, deadline: u64) -> Ready {
        Ready { parcel, shard, bytes, key_bytes: 1, deadline }
    }

    fn sent(collector: &mut Collector) -> Vec<u32> {
        let mut out = Request::default();
        collector.flush(&mut out);
        out.entries.iter().map(|r| r.parcel).collect()
    }

    #[test]
    fn one_shards_data_sends_everything() {
        let mut c = Collector::new(Limits { count: 500, bytes: 5 << 20 });
        let half = 128 << 10;
        assert!(!c.add(ready(0, Some(3), half, 10)));
        assert!(!c.add(ready(1, None, 4 * half, 11)), "it has no shard");
        assert!(!c.add(ready(2, Some(4), half, 12)));
        assert!(c.add(ready(3, Some(3), half, 13)));
        assert_eq!(sent(&mut c), [0, 1, 2, 3]);
        assert!(!c.add(ready(4, Some(3), half, 14)), "the count began anew");
    }

    #[test]
    fn the_latest_deadline_stays_behind() {
        let mut c = Collector::new(Limits { count: 500, bytes: 1000 });
        assert!(!c.add(ready(0, None, 399, 30)));
        assert!(!c.add(ready(1, None, 399, 10)));
        assert!(c.add(ready(2, None, 399, 20)), "the estimate is the size: 1,200");
        assert_eq!(sent(&mut c), [1, 2]);
        assert_eq!((c.due(), c.held().len()), (30, 1));
        assert!(c.add(ready(3, None, 5_000, 5)));
        assert_eq!(sent(&mut c), [3], "too large for any call: it leaves alone");
        assert_eq!(sent(&mut c), [0]);
        assert_eq!((c.due(), sent(&mut c).len()), (u64::MAX, 0));
    }
}
