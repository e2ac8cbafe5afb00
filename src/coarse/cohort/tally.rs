//! Where cohorts are counted: the world's sink, what is billed, delays.

use super::demand::{SIZE_BITS, SizeMeans};
use crate::measure::sink::Sink;
use crate::mechanism::ramps::Ramps;
use crate::stream::config::ByteRounding;
use crate::stream::shard::Verdict;
use crate::units::NS_PER_S;
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

/// What became of attempts of lone records, beside those that were stored.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoneCounts {
    /// Judged.
    pub attempts: u64,
    /// Refused at the first attempt.
    pub delayed: u64,
    /// Refused at the last.
    pub given_up: u64,
}

/// Attempts that a shard has refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct Refused {
    over_records: u64,
    over_bytes: u64,
    last: u64,
}

impl Refused {
    /// So many attempts were refused at `now`, whosever they are.
    pub fn add(&mut self, n: u64, verdict: Verdict, now: u64, tally: &mut Tally) {
        match verdict {
            Verdict::OverBytes => self.over_bytes += n,
            _ => self.over_records += n,
        }
        // What is refused until `now` is refused before it.
        let moment = now.saturating_sub(1);
        if self.last == 0 || moment / NS_PER_S != self.last.saturating_sub(1) / NS_PER_S {
            tally.sink.mark_throttled_seconds(&[moment]);
        }
        self.last = now;
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
    pub fn charge_per_record(&self, sizes: &SizeMeans) -> u64 {
        match self.settings.admission.byte_rounding {
            ByteRounding::Aws => sizes.kib,
            ByteRounding::None => sizes.bytes,
        }
    }

    /// Bytes that lone records count against the shard's limit.
    pub fn charge(&self, sizes: &SizeMeans, n: u64, bytes: u64) -> u64 {
        match self.settings.admission.byte_rounding {
            ByteRounding::Aws => bytes + (((sizes.kib - sizes.bytes) * n) >> SIZE_BITS),
            ByteRounding::None => bytes,
        }
    }

    /// Lone records of a producer were judged by a shard, and some were stored at their first attempt and at later ones.
    pub fn lone(
        &mut self,
        producer: usize,
        c: LoneCounts,
        (at_once, later, bytes): (u64, u64, u64),
        sizes: &SizeMeans,
        lane: &mut Lane,
    ) {
        let stored = at_once + later;
        let answer = self.settings.producers[producer].answer;
        let counts = &mut self.sink.producers[producer];
        counts.attempts += c.attempts;
        counts.carried += c.attempts;
        counts.calls += c.attempts;
        counts.stored += stored;
        counts.at_once += at_once;
        counts.throttled += c.attempts - stored;
        counts.delayed += c.delayed;
        counts.lost += c.given_up;
        let now = &mut self.sink.now;
        now.attempts += c.attempts;
        now.calls += c.attempts;
        now.calls_ok += stored;
        now.call_latency += c.attempts * answer;
        now.lost += c.given_up;
        self.bill(stored, sizes);
        self.stored((stored, stored), bytes, lane);
    }

    /// Records stored are billed by the means of their sizes.
    pub fn bill(&mut self, n: u64, sizes: &SizeMeans) {
        self.delays.units += u128::from(sizes.units) * u128::from(n);
        self.delays.rounded += u128::from(sizes.rounded) * u128::from(n);
        self.sink.payload_units = (self.delays.units >> SIZE_BITS) as u64;
        self.sink.kib_bytes = (self.delays.rounded >> SIZE_BITS) as u64;
    }

    /// Kinesis records, with so many of users in them, were stored in a shard.
    pub fn stored(&mut self, (n, records): (u64, u64), bytes: u64, lane: &mut Lane) {
        let now = &mut self.sink.now;
        now.entries += n;
        now.stored += records;
        now.stored_bytes += bytes;
        lane.count_stored(n, bytes);
    }

    /// Attempts of a producer were refused.
    pub fn refused(&mut self, producer: usize, n: u64) {
        self.sink.producers[producer].throttled += n;
    }

    /// All that a shard has refused since it was last asked.
    pub fn refused_in_all(&mut self, refused: Refused, lane: &mut Lane) {
        let n = refused.over_records + refused.over_bytes;
        if n == 0 {
            return;
        }
        self.sink.now.throttled += n;
        self.sink.over_bytes += refused.over_bytes;
        self.sink.over_records += refused.over_records;
        lane.counts.throttled += n;
        lane.counts.minute.write_throttled += n;
        lane.digest.fold(refused.last);
    }
}
