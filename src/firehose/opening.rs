//! What happens to records before anything else: decompression, and taking apart records that hold several.
//!
//! At AWS: what CloudWatch Logs sends can be decompressed; what fails is kept as it came under `decompression-failed/`.
//! Multi-record de-aggregation makes up to 500 records of one, before Lambda and before partitioning.
//! We model: each record holds as many; from here on they are counted one by one. All of a record that cannot be
//! decompressed fail.
//! Sources: Firehose developer guide (decompression; dynamic partitioning), API reference.

use super::config::OpeningConfig;
use super::load::Group;
use super::shares::Share;
use crate::random::Stream;
use crate::units::Percent;

/// Opens records.
#[derive(Clone, Debug)]
pub struct Opening {
    grows_to: Percent,
    parts: u64,
    broken: Share,
}

impl Opening {
    /// With draws of its own.
    pub fn new(config: &OpeningConfig, random: Stream) -> Opening {
        Opening {
            grows_to: config.grows_to,
            parts: config.parts.max(1),
            broken: Share::new(config.broken, random),
        }
    }

    /// Bytes that so many become.
    pub fn grown(&self, bytes: u64) -> u64 {
        super::load::resized(bytes, self.grows_to)
    }

    /// The records in these, and those that cannot be decompressed.
    pub fn open(&mut self, mut group: Group) -> (Group, Option<Group>) {
        let broken = self.broken.of(group.records);
        let broken = (broken > 0).then(|| self.apart(group.take(broken)));
        (self.apart(group.resized(self.grows_to)), broken)
    }

    fn apart(&self, group: Group) -> Group {
        Group { records: group.records * self.parts, ..group }
    }
}
