//! Everything one simulation needs to know: the scenario with all defaults filled in, for one capacity mode.

#![allow(missing_docs, reason = "a variant's comment covers its fields")]

use crate::consumer::config::{ConsumerConfig, Happening};
use crate::firehose::config::FirehoseConfig;
use crate::measure::resolution::Resolution;
use crate::producer::config::ProducerConfig;
use crate::producer::keys::KeyTable;
use crate::random::Seed;
use crate::stream::config::{Mode, StreamConfig};
use crate::units::{ByteRate, Dur, Percent};
use std::sync::Arc;

/// One run's input. The world never sees YAML.
#[derive(Clone, Debug)]
pub struct WorldConfig {
    /// Simulated time.
    pub duration: Dur,
    /// Weekday (0 = Monday) and time of day of the start, for daily and weekly shapes.
    pub start_weekday: u32,
    /// Time of day of the start.
    pub start_time_of_day: Dur,
    /// Capacity mode.
    pub mode: Mode,
    /// Root of all randomness.
    pub seed: Seed,
    /// Who sends.
    pub producers: Vec<ProducerConfig>,
    /// The stream.
    pub stream: StreamConfig,
    /// Who reads.
    pub consumers: Vec<ConsumerConfig>,
    /// Firehose streams; one that reads the stream is a consumer of its name besides.
    pub firehose: Vec<FirehoseConfig>,
    /// What happens on the way, in order of time.
    pub events: Vec<TimedEvent>,
    /// At what grain it is simulated (`coarse::simulate`; `world::simulate` looks at every record).
    pub resolution: Resolution,
    /// Bounds of a run.
    pub bounds: Bounds,
    /// Window length is the declared floor divided by this (a test halves it; results must not move).
    pub window_divisor: u32,
    /// Key tables by producer, made once by `share_tables` for all runs of a scenario; a run makes what is missing.
    pub tables: Vec<Option<Arc<KeyTable>>>,
}

impl WorldConfig {
    /// A Firehose stream with all that will happen to its destination.
    pub fn firehose(&self, index: usize) -> FirehoseConfig {
        let mut stream = self.firehose[index].clone();
        for event in &self.events {
            let Action::DestinationOutage { firehose, error_bucket, lasting } = &event.action else {
                continue;
            };
            if *firehose != stream.name {
                continue;
            }
            let outage = (event.at.0, event.at.0.saturating_add(lasting.0));
            // What Redshift stages in S3 arrives there all the same.
            stream.copy.as_mut().unwrap_or(&mut stream.delivery).outages.push(outage);
            if *error_bucket {
                stream.error_outages.push(outage);
            }
        }
        stream
    }

    /// Makes the producers' key tables now: every clone of this then shares them. The key laws are fixed from here.
    pub fn share_tables(&mut self) {
        self.tables = self.producers.iter().map(|p| KeyTable::of(&p.demand.keys)).collect();
    }
}

/// A scheduled event.
#[derive(Clone, Debug)]
pub struct TimedEvent {
    /// When.
    pub at: Dur,
    /// What.
    pub action: Action,
}

/// What a scenario can make happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// UpdateShardCount to this target.
    UpdateShardCount { target: u32 },
    /// Split one open shard (by position among the open shards) in the middle, or at a share of its range.
    SplitShard { open_index: u32 },
    /// Merge an open shard with its right neighbour.
    MergeShards { open_index: u32 },
    /// Switch the capacity mode.
    SwitchMode(Mode),
    /// Set warm throughput (Advantage).
    WarmThroughput(ByteRate),
    /// Something happens to a consumer (`None` = to all).
    Consumer { consumer: Option<usize>, what: Happening },
    /// Retention changes.
    Retention(Dur),
    /// A share of one producer's records takes one key for a while.
    HotKey { producer: usize, share: Percent, lasting: Dur },
    /// A producer's calls do not reach the service for a while.
    ProducerOutage { producer: usize, lasting: Dur },
    /// The first `instances` processes of a producer (`None` = all) are down for a while; their memory is lost.
    ProcessRestart { producer: usize, instances: Option<u32>, lasting: Dur },
    /// A share of a producer's calls fails for a while; of these, `stored` are stored all the same.
    PutErrors { producer: usize, share: Percent, stored: Percent, lasting: Dur },
    /// A producer's calls take `factor` times longer for a while.
    SlowNetwork { producer: usize, factor: u32, lasting: Dur },
    /// The destination of a Firehose stream is away for a while, perhaps with its error bucket.
    DestinationOutage { firehose: String, error_bucket: bool, lasting: Dur },
}

/// A run is bounded, and says when it was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Records born at most.
    pub records: u64,
    /// Records held in memory at most.
    pub in_memory: u64,
}
