//! A world without records: shard map, mode, control and meters, for resolutions that carry rates.
//!
//! The same control acts at the same exact moments and draws the same delays as in a run record by record; what it
//! looks at (what each shard stored since it last looked) is told from outside. The same meters book what was used.

use super::config::WorldConfig;
use super::sizing::Peak;
use super::{Unfit, World, settings};
use crate::measure::result::{Series, ShardResult, TimelineEntry, Usage};
use crate::stream::config::Mode;
use crate::stream::routing::ShardMap;
use crate::units::NS_PER_S;

pub use settings::happenings;

/// What a shard did since it was last told of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    /// Kinesis records stored.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Attempts refused.
    pub throttled: u64,
    /// Of the stored: records, bytes since the on-demand stream last looked.
    pub observed: (u64, u64),
}

/// The stream, its control and its meters.
pub struct Carrier(World);

/// What is left of a carrier when the books are closed.
pub struct Closed {
    /// What is billed.
    pub usage: Usage,
    /// What happened to the stream.
    pub timeline: Vec<TimelineEntry>,
    /// Every shard there was.
    pub shards: Vec<ShardResult>,
    /// Shards open at the start, at most, and at the end.
    pub open: (u32, u32, u32),
    /// The series, as it was given.
    pub series: Series,
}

impl Carrier {
    /// The stream of a scenario at its start.
    pub fn new(config: &WorldConfig) -> Result<Carrier, Unfit> {
        World::new(config).map(Carrier)
    }

    /// The next moment at which control acts (`u64::MAX`: never).
    pub fn next_control(&self) -> u64 {
        self.0.control.next()
    }

    /// Control does all that is due at `now`.
    pub fn act(&mut self, now: u64) {
        self.0.act(now);
    }

    /// The shards.
    pub fn map(&self) -> &ShardMap {
        &self.0.map
    }

    /// The capacity mode now.
    pub fn mode(&self) -> Mode {
        self.0.mode
    }

    /// How long records stay readable now, in ns.
    pub fn retention(&self) -> u64 {
        self.0.settings.retention
    }

    /// Length of a bucket of the series.
    pub fn bucket(&self) -> u64 {
        self.0.series.bucket()
    }

    /// A shard's writes since it was last told of.
    pub fn wrote(&mut self, shard: u32, written: Written) {
        let counts = &mut self.0.lanes[shard as usize].counts;
        counts.stored += written.records;
        counts.stored_bytes += written.bytes;
        counts.throttled += written.throttled;
        counts.observed += written.observed.0;
        counts.observed_bytes += written.observed.1;
    }

    /// Is the on-demand stream's look at its shards due at `now`; and nothing besides?
    pub fn looks_at(&self, now: u64) -> (bool, bool) {
        self.0.looks_at(now)
    }

    /// Records and bytes between two looks below which no shard splits, whatever the stream's peak.
    pub fn never_splits(&self) -> (f64, f64) {
        let of = &self.0.config.stream.on_demand;
        let seconds = of.observe.0 as f64 / NS_PER_S as f64;
        (of.split_records_per_s as f64 * seconds, of.split_bytes_per_s as f64 * seconds)
    }

    /// The look that is due at `now`, at shards none of which could split and that took this together.
    pub fn looked(&mut self, records: f64, bytes: f64, now: u64) {
        let seconds = self.0.config.stream.on_demand.observe.0 as f64 / NS_PER_S as f64;
        let per_s = |n: f64| (n / seconds) as u64;
        self.0.looked(Peak { bytes_per_s: per_s(bytes), records_per_s: per_s(records) }, now);
    }

    /// What was billed of all writes so far: PUT payload units, and bytes rounded up to whole KiB.
    pub fn billed(&mut self, payload_units: u64, kib_bytes: u64) {
        (self.0.sink.payload_units, self.0.sink.kib_bytes) = (payload_units, kib_bytes);
    }

    /// Bytes a consumer has read so far, and of these of records older than seven days.
    pub fn read(&mut self, consumer: usize, bytes: u64, long_term: u64) {
        let counts = &mut self.0.sink.consumers[consumer];
        (counts.read_bytes, counts.long_term_bytes) = (bytes, long_term);
    }

    /// Closes the books at `reached`.
    pub fn close(mut self, reached: u64, series: Series) -> Closed {
        let world = &mut self.0;
        world.series.series = series;
        world.accrue(reached);
        world.meter_mode();
        world.meter_storage(reached);
        let open = (world.control.shards_at_start, world.control.shards_max, world.map.open().len() as u32);
        Closed {
            usage: world.usage.clone(),
            timeline: std::mem::take(&mut world.control.timeline),
            shards: world.shard_results(),
            open,
            series: std::mem::take(&mut world.series.series),
        }
    }
}
