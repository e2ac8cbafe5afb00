//! From a scenario to one run's input.

use super::Scenario;
use crate::random::Seed;
use crate::stream::config::Mode;
use crate::units::Dur;
use crate::world::config::{Bounds, WorldConfig};

/// Records a run may give birth to at record resolution: some minutes of one core.
pub const MAX_RECORDS: u64 = 2_000_000_000;
/// Records held in memory at most: a few gigabytes.
const MAX_IN_MEMORY: u64 = 100_000_000;

impl Scenario {
    /// The input of one run.
    pub fn world(&self, mode: Mode, seed: u64, replication: u32) -> WorldConfig {
        WorldConfig {
            duration: self.duration,
            start_weekday: self.start.map_or(0, |m| m.weekday()),
            start_time_of_day: self.start.map_or(Dur::ZERO, |m| m.time),
            mode,
            seed: Seed { user: seed, replication },
            producers: self.producers.clone(),
            stream: self.stream.clone(),
            consumers: self.consumers.clone(),
            firehose: self.firehose.clone(),
            events: self.events.clone(),
            resolution: self.resolution,
            bounds: Bounds { records: MAX_RECORDS, in_memory: MAX_IN_MEMORY },
            window_divisor: 1,
            tables: Vec::new(),
        }
    }
}
