//! What a Firehose stream counts.

use super::buffer::Reason;
use super::config::{BackupConfig, FirehoseConfig, Source};
use super::errors::{CONVERSION, PARTITIONS};
use super::load::{Group, Load, resized, times, times_together};
use super::transform::Answer;
use crate::facts::firehose::{MULTIPART_BELOW, MULTIPART_BESIDES};
use crate::facts::lambda::GRANULE;
use crate::measure::clients::{
    ConversionResult, FirehoseBucket, FirehoseResult, PartitionsResult, TransformResult, VpcResult,
};
use crate::measure::latency::{LatencySummary, SizeSummary};
use crate::mechanism::histogram::Histogram;
use crate::mechanism::wide::wide;
use crate::units::{Bytes, Percent};
use std::collections::BTreeMap;

/// Counters and histograms.
pub struct Tally {
    counts: FirehoseResult,
    freshness: Histogram,
    /// Of the bucket that is open, and its index.
    recent: Histogram,
    open: usize,
    object_bytes: Histogram,
    object_age: Histogram,
    backup_bytes: Histogram,
    /// Records that were found in those that came in, where they are opened.
    parts: Option<u64>,
    /// Are they decompressed?
    decompresses: bool,
    /// Do records come in that are not looked at one by one?
    together: bool,
    billed_step: u32,
    /// Part of a step that is not billed yet.
    part_step: u64,
    /// Objects are put in parts of so much, where they are.
    part: Option<Bytes>,
    written: Percent,
    /// Does the destination take objects of S3?
    to_s3: bool,
    /// How failed records gather into objects, and the objects that gather: since when, and how much.
    error_hints: BackupConfig,
    gathering: BTreeMap<&'static str, (u64, u64)>,
}

/// Parts of a billed step.
const STEP_PARTS: u64 = 1 << 20;

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
            transform: config.transform.as_ref().map(|t| TransformResult {
                memory_bytes: t.memory.0,
                arm: t.arm,
                free_tier: t.free_tier,
                ..TransformResult::default()
            }),
            partitions: config
                .partitions
                .map(|p| PartitionsResult { limit: p.active, ..PartitionsResult::default() }),
            conversion: config.writing.convert.map(|_| ConversionResult::default()),
            vpc: (config.vpc_zones > 0).then_some(VpcResult { zones: config.vpc_zones, ns: 0 }),
            ..FirehoseResult::default()
        };
        Tally {
            counts,
            freshness: Histogram::default(),
            recent: Histogram::default(),
            open: 0,
            object_bytes: Histogram::default(),
            object_age: Histogram::default(),
            backup_bytes: Histogram::default(),
            parts: config.opening.map(|_| 0),
            decompresses: config.opening.is_some_and(|o| o.decompresses),
            part_step: 0,
            together: false,
            billed_step: config.billed_step.0.clamp(1, u32::MAX.into()) as u32,
            part: config.writing.part.filter(|_| config.buffer.interval < MULTIPART_BELOW.dur()),
            written: config.writing.written,
            to_s3: matches!(config.destination, "s3" | "redshift"),
            error_hints: config.error_buffer,
            gathering: BTreeMap::new(),
        }
    }

    /// Records came in.
    pub fn come_in(&mut self, now: u64, sizes: &[u32]) {
        let step = self.billed_step;
        let (records, (bytes, steps, most)) = (sizes.len() as u64, within_a_step::best(sizes));
        self.counts.in_records += records;
        self.counts.in_bytes += bytes;
        // A record of one step at most is billed as one: no division, then.
        let steps = match most <= step {
            true => steps,
            false => sizes.iter().map(|s| u64::from(s.div_ceil(step))).sum(),
        };
        self.counts.billed_bytes += steps * u64::from(step);
        let bucket = self.bucket(now);
        bucket.in_records += records;
        bucket.in_bytes += bytes;
    }

    /// Billed steps × 2^20 of so many billed bytes.
    pub fn steps_of(&self, billed: u64) -> u64 {
        (u128::from(billed) * u128::from(STEP_PARTS) / u128::from(self.billed_step)) as u64
    }

    /// Neighbours came in; so many billed steps × 2^20.
    pub fn come_in_together(&mut self, now: u64, group: &Group, steps: u64) {
        self.together = true;
        let whole = self.part_step + steps;
        self.part_step = whole % STEP_PARTS;
        self.counts.in_records += group.records;
        self.counts.in_bytes += group.bytes;
        self.counts.billed_bytes += whole / STEP_PARTS * u64::from(self.billed_step);
        let bucket = self.bucket(now);
        bucket.in_records += group.records;
        bucket.in_bytes += group.bytes;
    }

    /// Records were opened.
    pub fn opened(&mut self, group: &Group, broken: &Option<Group>) {
        *self.parts.get_or_insert(0) += group.records + broken.map_or(0, |g| g.records);
        if self.decompresses {
            self.counts.decompressed_bytes += group.bytes;
        }
    }

    /// A call of the transform begins at `now`.
    pub fn call(&mut self, now: u64, ran: u64, fails: bool) {
        let transform = self.counts.transform.get_or_insert_default();
        transform.calls += 1;
        transform.failed_calls += u64::from(fails);
        transform.ran_ns += u128::from(ran);
        transform.billed_ms += ran.div_ceil(GRANULE.dur().0);
        let bucket = self.bucket(now);
        bucket.calls += 1;
        bucket.failed_calls += u64::from(fails);
        bucket.ran_ns += ran;
    }

    /// The transform is done with a batch.
    pub fn transformed(&mut self, now: u64, answer: &Answer) {
        let transform = self.counts.transform.get_or_insert_default();
        let records = answer.ok.records + answer.dropped.records;
        transform.records += records;
        transform.bytes += answer.ok.bytes;
        if answer.overtaken {
            self.counts.overtaken_records += records;
        }
        let bucket = self.bucket(now);
        bucket.transformed_records += records;
        bucket.transformed_bytes += answer.ok.bytes;
    }

    /// Records were converted.
    pub fn converted(&mut self, now: u64, load: &Load) {
        let conversion = self.counts.conversion.get_or_insert_default();
        conversion.records += load.records;
        conversion.bytes += load.bytes;
        let bucket = self.bucket(now);
        bucket.converted_records += load.records;
        bucket.converted_bytes += load.bytes;
    }

    /// Partition keys were looked for in so many records.
    pub fn queried(&mut self, records: u64, each: u64) {
        self.counts.partitions.get_or_insert_default().query_ns += u128::from(records) * u128::from(each);
    }

    /// So many partitions are active.
    pub fn active(&mut self, now: u64, active: u64) {
        let partitions = self.counts.partitions.get_or_insert_default();
        partitions.active_max = partitions.active_max.max(active);
        let bucket = self.bucket(now);
        bucket.active = bucket.active.max(Some(active));
    }

    /// An object was sent to the destination; S3 bills what that takes.
    pub fn put(&mut self, bytes: u64) {
        if self.to_s3 {
            let parts = |part: Bytes| MULTIPART_BESIDES.count() + self.written(bytes).div_ceil(part.0).max(1);
            self.counts.s3_puts += self.part.map_or(1, parts);
        }
    }

    fn written(&self, bytes: u64) -> u64 {
        resized(bytes, self.written)
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
    pub fn object(&mut self, now: u64, reason: Reason, load: &Load) {
        let counts = &mut self.counts;
        counts.objects += 1;
        match reason {
            Reason::Size => counts.flushed_by_size += 1,
            Reason::Interval => counts.flushed_by_interval += 1,
        }
        self.object_bytes.add(self.written(load.bytes));
        self.object_age.add(load.oldest().map_or(0, |oldest| now - oldest));
        self.bucket(now).objects += 1;
    }

    /// Records were delivered.
    pub fn delivered(&mut self, now: u64, load: &Load) {
        let bucket = self.index(now);
        if bucket != self.open {
            self.close();
            self.open = bucket;
        }
        if self.together {
            for (records, span) in load.stretches() {
                times_together(records, span, now, |ns, n| self.recent.add_many(ns, n));
            }
        } else {
            let spans = load.groups().iter().map(|g| (g.records, g.arrived));
            times(spans, now, |times| self.recent.add_all(times));
        }
        let age = load.oldest().map_or(0, |oldest| now - oldest);
        let counts = &mut self.counts;
        counts.delivered_records += load.records;
        counts.delivered_bytes += load.bytes;
        counts.oldest_ns_max = counts.oldest_ns_max.max(Some(age));
        let bucket = self.bucket(now);
        bucket.records += load.records;
        bucket.bytes += load.bytes;
        bucket.raw_bytes += load.raw;
        bucket.freshness_ns = bucket.freshness_ns.max(Some(age));
    }

    /// The open bucket of the series is over.
    fn close(&mut self) {
        if self.recent.count() > 0 {
            let (p50, p99) = (self.recent.quantile(500_000), self.recent.quantile(990_000));
            let bucket = &mut self.counts.series[self.open];
            (bucket.p50_ns, bucket.p99_ns) = (p50, p99);
            self.freshness.merge(&self.recent);
            self.recent.clear();
        }
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
    pub fn fail(&mut self, now: u64, prefix: &'static str, load: &Load) {
        let begins = self.gather(now, prefix, load.bytes);
        let failed = self.counts.failed.entry(prefix).or_default();
        failed.records += load.records;
        failed.bytes += load.bytes;
        failed.objects += u64::from(begins);
        self.counts.s3_puts += u64::from(begins);
        let bucket = self.bucket(now);
        bucket.failed_records += load.records;
        match prefix {
            CONVERSION => {
                bucket.unconverted_records += load.records;
                bucket.unconverted_bytes += load.bytes;
            }
            PARTITIONS => bucket.exceeded_records += load.records,
            _ => {}
        }
    }

    /// Do failed records begin an object of their prefix, or go into the one that gathers?
    fn gather(&mut self, now: u64, prefix: &'static str, bytes: u64) -> bool {
        let BackupConfig { size, interval } = self.error_hints;
        let open =
            self.gathering.get_mut(prefix).filter(|o| o.1 < size.0 && now < o.0.saturating_add(interval.0));
        match open {
            Some(object) => {
                object.1 += bytes;
                false
            }
            None => {
                self.gathering.insert(prefix, (now, bytes));
                true
            }
        }
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
    pub fn back_up(&mut self, now: u64, group: &Group) {
        self.counts.backed_up_records += group.records;
        self.counts.backed_up_bytes += group.bytes;
        let bucket = self.bucket(now);
        bucket.backup_records += group.records;
        bucket.backup_bytes += group.bytes;
    }

    /// An object of the back-up was written.
    pub fn backup_object(&mut self, now: u64, bytes: u64) {
        self.counts.backup_objects += 1;
        self.counts.s3_puts += 1;
        self.backup_bytes.add(bytes);
        self.bucket(now).backup_objects += 1;
    }

    /// What was counted, with what is still inside.
    pub fn result<'a>(&self, inside: impl Iterator<Item = &'a Load>, end: u64) -> FirehoseResult {
        let mut result = self.counts.clone();
        let mut freshness = self.freshness.clone();
        freshness.merge(&self.recent);
        if let Some(open) = result.series.get_mut(self.open).filter(|_| self.recent.count() > 0) {
            (open.p50_ns, open.p99_ns) = (self.recent.quantile(500_000), self.recent.quantile(990_000));
        }
        result.opened_records = self.parts;
        result.until_ns = end;
        if let Some(vpc) = &mut result.vpc {
            vpc.ns = end;
        }
        for load in inside {
            result.held_records += load.records;
            result.held_bytes += load.bytes;
            result.oldest_ns_max = result.oldest_ns_max.max(load.oldest().map(|at| end.saturating_sub(at)));
        }
        result.freshness = LatencySummary::of(&freshness);
        result.object_age = LatencySummary::of(&self.object_age);
        result.object_bytes = SizeSummary::of(&self.object_bytes);
        result.backup_object_bytes = SizeSummary::of(&self.backup_bytes);
        result
    }

    fn index(&self, now: u64) -> usize {
        (now / self.counts.bucket_ns.max(1)) as usize
    }

    fn bucket(&mut self, now: u64) -> &mut FirehoseBucket {
        let index = self.index(now);
        let series = &mut self.counts.series;
        if series.len() <= index {
            series.resize(index + 1, FirehoseBucket::default());
        }
        &mut series[index]
    }
}

wide! {
    /// The sum of some sizes, how many are not zero, and the largest.
    fn within_a_step(sizes: &[u32]) -> (u64, u64, u32) {
        let (mut bytes, mut steps, mut most) = (0, 0u32, 0);
        for &size in sizes {
            bytes += u64::from(size);
            steps += u32::from(size > 0);
            most = most.max(size);
        }
        (bytes, steps.into(), most)
    }
}
