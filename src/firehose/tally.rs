//! What a Firehose stream counts.

use super::buffer::Reason;
use super::config::{FirehoseConfig, Source};
use super::load::{Group, Load, resized};
use super::transform::Answer;
use crate::facts::firehose::BILLED_STEP;
use crate::measure::clients::{FirehoseBucket, FirehoseResult};
use crate::measure::latency::{LatencySummary, SizeSummary};
use crate::mechanism::histogram::Histogram;
use crate::units::Percent;

/// Counters and histograms.
pub struct Tally {
    counts: FirehoseResult,
    freshness: Histogram,
    object_bytes: Histogram,
    object_age: Histogram,
    backup_bytes: Histogram,
    /// Records that were found in those that came in, where they are opened.
    parts: Option<u64>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(config: &FirehoseConfig, bucket_ns: u64) -> Tally {
        let source = match config.source {
            Source::Stream(_) => "stream",
            Source::Producer(_) => "direct",
        };
        let counts = FirehoseResult {
            name: config.name.clone(),
            source,
            destination: config.destination,
            bucket_ns,
            ..FirehoseResult::default()
        };
        Tally {
            counts,
            freshness: Histogram::default(),
            object_bytes: Histogram::default(),
            object_age: Histogram::default(),
            backup_bytes: Histogram::default(),
            parts: config.opening.map(|_| 0),
        }
    }

    /// Records came in.
    pub fn come_in(&mut self, sizes: &[u32]) {
        let step = BILLED_STEP.bytes().0 as u32;
        self.counts.in_records += sizes.len() as u64;
        self.counts.in_bytes += sizes.iter().map(|s| u64::from(*s)).sum::<u64>();
        let steps = sizes.iter().map(|s| u64::from(s.div_ceil(step))).sum::<u64>();
        self.counts.billed_bytes += steps * u64::from(step);
    }

    /// Records were opened.
    pub fn opened(&mut self, group: &Group, broken: &Option<Group>) {
        *self.parts.get_or_insert(0) += group.records + broken.map_or(0, |g| g.records);
    }

    /// A call of the transform is over.
    pub fn call(&mut self, ran: u64, fails: bool) {
        let transform = self.counts.transform.get_or_insert_default();
        transform.calls += 1;
        transform.failed_calls += u64::from(fails);
        transform.ran_ns += u128::from(ran);
    }

    /// The transform is done with a batch.
    pub fn transformed(&mut self, answer: &Answer) {
        let transform = self.counts.transform.get_or_insert_default();
        let records = answer.ok.records + answer.dropped.records;
        transform.records += records;
        transform.bytes += answer.ok.bytes;
        if answer.overtaken {
            self.counts.overtaken_records += records;
        }
    }

    /// Partition keys were looked for in so many records.
    pub fn queried(&mut self, records: u64, each: u64) {
        self.counts.partitions.get_or_insert_default().query_ns += u128::from(records) * u128::from(each);
    }

    /// So many partitions are active.
    pub fn active(&mut self, now: u64) {
        let partitions = self.counts.partitions.get_or_insert_default();
        partitions.active_max = partitions.active_max.max(now);
    }

    /// Requests were answered.
    pub fn requests(&mut self, requests: u64, ok: bool) {
        self.counts.requests += requests;
        if !ok {
            self.counts.failed_requests += requests;
        }
    }

    /// A COPY was answered.
    pub fn copied(&mut self, ok: bool) {
        self.counts.copies += 1;
        self.counts.failed_copies += u64::from(!ok);
    }

    /// An object was delivered, or put where it is loaded from.
    pub fn object(&mut self, now: u64, reason: Reason, load: &Load, written: Percent) {
        let counts = &mut self.counts;
        counts.objects += 1;
        match reason {
            Reason::Size => counts.flushed_by_size += 1,
            Reason::Interval => counts.flushed_by_interval += 1,
        }
        self.object_bytes.add(resized(load.bytes, written));
        self.object_age.add(load.oldest().map_or(0, |oldest| now - oldest));
        self.bucket(now).objects += 1;
    }

    /// Records were delivered.
    pub fn delivered(&mut self, now: u64, load: &Load) {
        let counts = &mut self.counts;
        counts.delivered_records += load.records;
        counts.delivered_bytes += load.bytes;
        for group in load.groups() {
            group.times(group.arrived, now, |times| self.freshness.add_all(times));
        }
        let age = load.oldest().map_or(0, |oldest| now - oldest);
        counts.oldest_ns_max = counts.oldest_ns_max.max(Some(age));
        let bucket = self.bucket(now);
        bucket.records += load.records;
        bucket.bytes += load.bytes;
        bucket.freshness_ns = bucket.freshness_ns.max(Some(age));
    }

    /// Records arrived, but the answer did not.
    pub fn duplicate(&mut self, load: &Load) {
        self.counts.duplicate_records += load.records;
    }

    /// Records were dropped by the transform.
    pub fn drop(&mut self, load: &Load) {
        self.counts.dropped += load.records;
    }

    /// Records failed, and lie there.
    pub fn fail(&mut self, prefix: &'static str, load: &Load) {
        let failed = self.counts.failed.entry(prefix).or_default();
        failed.records += load.records;
        failed.bytes += load.bytes;
    }

    /// Records were refused for good, and are nowhere.
    pub fn reject(&mut self, load: &Load) {
        self.counts.rejected += load.records;
    }

    /// Records were lost.
    pub fn lose(&mut self, load: &Load) {
        self.counts.lost += load.records;
    }

    /// Records were backed up.
    pub fn back_up(&mut self, group: &Group) {
        self.counts.backed_up_records += group.records;
        self.counts.backed_up_bytes += group.bytes;
    }

    /// An object of the back-up was written.
    pub fn backup_object(&mut self, bytes: u64) {
        self.counts.backup_objects += 1;
        self.backup_bytes.add(bytes);
    }

    /// What was counted, with what is still inside.
    pub fn result<'a>(&self, inside: impl Iterator<Item = &'a Load>, end: u64) -> FirehoseResult {
        let mut result = self.counts.clone();
        result.opened_records = self.parts;
        for load in inside {
            result.held_records += load.records;
            result.held_bytes += load.bytes;
            result.oldest_ns_max = result.oldest_ns_max.max(load.oldest().map(|at| end.saturating_sub(at)));
        }
        result.freshness = LatencySummary::of(&self.freshness);
        result.object_age = LatencySummary::of(&self.object_age);
        result.object_bytes = SizeSummary::of(&self.object_bytes);
        result.backup_object_bytes = SizeSummary::of(&self.backup_bytes);
        result
    }

    fn bucket(&mut self, now: u64) -> &mut FirehoseBucket {
        let index = (now / self.counts.bucket_ns.max(1)) as usize;
        let series = &mut self.counts.series;
        if series.len() <= index {
            series.resize(index + 1, FirehoseBucket::default());
        }
        &mut series[index]
    }
}
