//! Records that failed, and the bucket where they lie.
//!
//! At AWS: each way of failing has its prefix in an S3 bucket: `processing-failed/`, `format-conversion-failed/`,
//! `splunk-failed/` and so on. While neither the destination nor that bucket takes data, delivery pauses.
//! We model: failed records are written at once; while the bucket is away they are kept, and nothing else is begun. How
//! many objects they make is counted as if they gathered as the back-up's do, prefix by prefix (assumed).
//! We leave out: how long such a request takes, the JSON around a failed record.
//! Sources: Firehose developer guide, data delivery failure handling; custom prefixes.

use super::load::Load;
use std::collections::BTreeMap;

/// What could not be decompressed.
pub const DECOMPRESSION: &str = "decompression-failed/";
/// What Lambda failed.
pub const PROCESSING: &str = "processing-failed/";
/// Records of partitions beyond those that may be active.
pub const PARTITIONS: &str = "activePartitionExceeded/";
/// What could not be converted.
pub const CONVERSION: &str = "format-conversion-failed/";

/// The error bucket.
#[derive(Clone, Debug)]
pub struct ErrorBucket {
    outages: Vec<(u64, u64)>,
    waiting: BTreeMap<&'static str, Load>,
    /// When what waits can be written.
    back: u64,
}

impl ErrorBucket {
    /// Nothing waits.
    pub fn new(outages: &[(u64, u64)]) -> ErrorBucket {
        ErrorBucket { outages: outages.to_vec(), waiting: BTreeMap::new(), back: 0 }
    }

    /// Keeps records while the bucket is away; gives them back where they can be written.
    pub fn put(&mut self, now: u64, prefix: &'static str, load: Load) -> Option<Load> {
        let back = self.away_until(now);
        if back <= now {
            return Some(load);
        }
        self.back = back;
        self.waiting.entry(prefix).or_default().append(&load);
        None
    }

    fn away_until(&self, now: u64) -> u64 {
        let over = |at: u64| self.outages.iter().filter(|o| o.0 <= at && at < o.1).map(|o| o.1).max();
        std::iter::successors(Some(now), |at| over(*at)).last().unwrap_or(now)
    }

    /// Until when nothing begins: 0 where nothing waits.
    pub fn pauses_until(&self) -> u64 {
        self.back
    }

    /// When it can write again what waits.
    pub fn next(&self) -> u64 {
        if self.waiting.is_empty() { u64::MAX } else { self.back }
    }

    /// What waited until now.
    pub fn take(&mut self) -> BTreeMap<&'static str, Load> {
        std::mem::take(&mut self.waiting)
    }

    /// Everything in it.
    pub fn loads(&self) -> impl Iterator<Item = &Load> {
        self.waiting.values()
    }
}
