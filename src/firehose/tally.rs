//! What a Firehose stream counts.

use super::buffer::Reason;
use super::config::{FirehoseConfig, Source};
use super::load::Load;
use crate::facts::firehose::BILLED_STEP;
use crate::measure::clients::{FirehoseBucket, FirehoseResult};
use crate::measure::latency::{LatencySummary, SizeSummary};
use crate::mechanism::histogram::Histogram;

/// Counters and histograms.
pub struct Tally {
    counts: FirehoseResult,
    freshness: Histogram,
    object_bytes: Histogram,
    object_age: Histogram,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(config: &FirehoseConfig, bucket_ns: u64) -> Tally {
        let source = match config.source {
            Source::Stream(_) => "stream",
            Source::Producer(_) => "direct",
        };
        let counts =
            FirehoseResult { name: config.name.clone(), source, bucket_ns, ..FirehoseResult::default() };
        Tally {
            counts,
            freshness: Histogram::default(),
            object_bytes: Histogram::default(),
            object_age: Histogram::default(),
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

    /// A request was answered.
    pub fn request(&mut self, ok: bool) {
        self.counts.requests += 1;
        self.counts.failed_requests += u64::from(!ok);
    }

    /// An object was delivered.
    pub fn object(&mut self, now: u64, reason: Reason, load: &Load) {
        let counts = &mut self.counts;
        counts.objects += 1;
        match reason {
            Reason::Size => counts.flushed_by_size += 1,
            Reason::Interval => counts.flushed_by_interval += 1,
        }
        counts.delivered_records += load.records;
        counts.delivered_bytes += load.bytes;
        self.object_bytes.add(load.bytes);
        for group in load.groups() {
            group.times(group.arrived, now, |times| self.freshness.add_all(times));
        }
        let age = load.oldest().map_or(0, |oldest| now - oldest);
        self.object_age.add(age);
        counts.oldest_ns_max = counts.oldest_ns_max.max(Some(age));
        let bucket = self.bucket(now);
        bucket.objects += 1;
        bucket.records += load.records;
        bucket.bytes += load.bytes;
        bucket.freshness_ns = bucket.freshness_ns.max(Some(age));
    }

    /// Records were lost.
    pub fn lose(&mut self, load: &Load) {
        self.counts.lost += load.records;
    }

    /// What was counted, with what is still inside.
    pub fn result<'a>(&self, inside: impl Iterator<Item = &'a Load>, end: u64) -> FirehoseResult {
        let mut result = self.counts.clone();
        for load in inside {
            result.held_records += load.records;
            result.held_bytes += load.bytes;
            result.oldest_ns_max = result.oldest_ns_max.max(load.oldest().map(|at| end.saturating_sub(at)));
        }
        result.freshness = LatencySummary::of(&self.freshness);
        result.object_age = LatencySummary::of(&self.object_age);
        result.object_bytes = SizeSummary::of(&self.object_bytes);
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
