//! Where cohorts are counted: the world's sink, what is billed, delays.

use super::demand::{Demand, SIZE_BITS, SizeMeans};
use super::together::Cohort;
use crate::measure::sink::Sink;
use crate::mechanism::ramps::Ramps;
use crate::stream::config::ByteRounding;
use crate::stream::shard::Verdict;
use crate::world::hosted::{Lane, Settings};

/// Delays of what one consumer reads.
#[derive(Clone, Debug, Default)]
pub struct ReaderDelays {
    /// Stored to received.
    pub propagation: Ramps,
    /// Received to processed.
    pub processing: Ramps,
    /// Born to processed, in the current bucket, and in those before it.
    pub end_to_end: Ramps,
    /// See `end_to_end`.
    pub ended: Ramps,
}

/// Delays, and what is billed of what is stored (× 2^20: means are summed).
#[derive(Clone, Debug)]
pub struct Delays {
    /// Per producer of lone records: first sent to stored, after a wait.
    pub put: Vec<Ramps>,
    /// Per consumer.
    pub readers: Vec<ReaderDelays>,
    units: u128,
    rounded: u128,
}

impl Delays {
    /// Nothing yet.
    pub fn new(producers: usize, consumers: usize) -> Delays {
        let (put, readers) = (vec![Ramps::default(); producers], vec![ReaderDelays::default(); consumers]);
        Delays { put, readers, units: 0, rounded: 0 }
    }
}

/// Counters that a shard or a client adds to.
pub struct Tally<'a> {
    /// The scenario.
    pub settings: &'a Settings,
    /// The world's counters.
    pub sink: &'a mut Sink,
    /// Delays and bills.
    pub delays: &'a mut Delays,
}

impl Tally<'_> {
    /// A request's way to the shard.
    pub fn leg(&self, producer: usize) -> u64 {
        self.settings.producers[producer].leg
    }

    /// Bytes that a lone record counts against the shard's limit, × 2^20.
    pub fn charge_per_record(&self, _producer: usize, sizes: &SizeMeans) -> u64 {
        match self.settings.admission.byte_rounding {
            ByteRounding::Aws => sizes.kib,
            ByteRounding::None => sizes.bytes,
        }
    }

    /// Bytes that lone records count against the shard's limit.
    pub fn charge(&self, _producer: usize, sizes: &SizeMeans, n: u64, bytes: u64) -> u64 {
        match self.settings.admission.byte_rounding {
            ByteRounding::Aws => bytes + (((sizes.kib - sizes.bytes) * n) >> SIZE_BITS),
            ByteRounding::None => bytes,
        }
    }

    /// So many lone records were judged, and so many of them stored; `fresh`: at their first attempt.
    pub fn lone(&mut self, producer: usize, (attempts, stored): (u64, u64), fresh: bool, demand: &Demand) {
        let answer = self.settings.producers[producer].answer;
        let counts = &mut self.sink.producers[producer];
        counts.attempts += attempts;
        counts.carried += attempts;
        counts.calls += attempts;
        counts.stored += stored;
        counts.at_once += if fresh { stored } else { 0 };
        let now = &mut self.sink.now;
        now.attempts += attempts;
        now.calls += attempts;
        now.calls_ok += stored;
        now.call_latency += attempts * answer;
        self.bill(stored, &demand.sizes);
    }

    /// Records stored are billed by the means of their sizes.
    pub fn bill(&mut self, n: u64, sizes: &SizeMeans) {
        self.delays.units += u128::from(sizes.units) * u128::from(n);
        self.delays.rounded += u128::from(sizes.rounded) * u128::from(n);
        self.sink.payload_units = (self.delays.units >> SIZE_BITS) as u64;
        self.sink.kib_bytes = (self.delays.rounded >> SIZE_BITS) as u64;
    }

    /// Records were stored in a shard.
    pub fn stored(&mut self, cohort: &Cohort, lane: &mut Lane) {
        let now = &mut self.sink.now;
        now.entries += cohort.n;
        now.stored += cohort.records;
        now.stored_bytes += cohort.bytes;
        let counts = &mut lane.counts;
        counts.stored += cohort.n;
        counts.stored_bytes += cohort.bytes;
        counts.observed += cohort.n;
        counts.observed_bytes += cohort.bytes;
        counts.minute.in_records += cohort.n;
        counts.minute.in_bytes += cohort.bytes;
    }

    /// Attempts of a producer were refused.
    pub fn refused(&mut self, producer: usize, n: u64) {
        self.sink.producers[producer].throttled += n;
    }

    /// So many attempts were refused at `now`, whosever they are.
    pub fn refused_in_all(&mut self, n: u64, verdict: Verdict, now: u64, lane: &mut Lane) {
        self.sink.now.throttled += n;
        match verdict {
            Verdict::OverBytes => self.sink.over_bytes += n,
            _ => self.sink.over_records += n,
        }
        lane.counts.throttled += n;
        lane.counts.minute.write_throttled += n;
        lane.digest.fold(now);
        self.sink.mark_throttled_seconds(&[now.saturating_sub(1)]);
    }

    /// Records refused for the first time.
    pub fn delayed(&mut self, producer: usize, n: u64) {
        self.sink.producers[producer].delayed += n;
    }

    /// Lone records given up after their last attempt.
    pub fn given_up(&mut self, producer: usize, n: u64) {
        self.sink.producers[producer].lost += n;
        self.sink.now.lost += n;
    }
}
