//! Dynamic partitioning: a buffer for each partition key value that has undelivered records.
//!
//! At AWS: keys come from JSON queries or from Lambda; a partition is active from its first record until its last object is
//! delivered; records of further partitions than may be active go to the error prefix. Buffers are those of the whole
//! stream, not of a shard. There are several stages: a record may wait 1.5 times the interval in all.
//! We model: a first stage per shard of half the interval (assumed), then the partition's own buffer.
//! We leave out: the throughput of one partition (1 GB/s).
//! Sources: Firehose developer guide, dynamic partitioning; buffering; quotas.

use super::config::{BufferConfig, PartitionLaw, PartitionsConfig};
use super::load::{Group, Load};
use super::outlet::Outlet;
use super::outside::Outside;
use crate::random::draw::below_half;
use crate::random::{Alias, Stream};
use crate::units::NS_PER_S;
use std::collections::BTreeMap;

/// The partitions of one Firehose stream.
pub struct Partitions {
    law: PartitionLaw,
    most: usize,
    query: u64,
    hints: BufferConfig,
    random: Stream,
    weights: Option<Alias>,
    active: BTreeMap<u64, Outlet>,
}

/// Partition keys that can be told apart by weight at most.
pub const DISTINCT_MAX: u64 = 4_000_000;

impl Partitions {
    /// None is active.
    pub fn new(config: &PartitionsConfig, hints: &BufferConfig, random: Stream) -> Partitions {
        let weights = match config.law {
            PartitionLaw::Zipf { distinct, exponent_milli } => {
                let exponent = f64::from(exponent_milli) / 1000.0;
                let weight = |k: u64| libm::pow(k as f64, -exponent);
                Alias::new(&(1..=distinct.clamp(1, DISTINCT_MAX)).map(weight).collect::<Vec<_>>())
            }
            _ => None,
        };
        Partitions {
            law: config.law,
            most: config.active as usize,
            query: config.query.0,
            hints: *hints,
            random,
            weights,
            active: BTreeMap::new(),
        }
    }

    /// The partition of a record that arrived then.
    fn of(&mut self, arrived: u64) -> u64 {
        match (self.law, &self.weights) {
            (PartitionLaw::New { per_s }, _) => {
                (u128::from(arrived) * u128::from(per_s) / u128::from(NS_PER_S)) as u64
            }
            (_, Some(weights)) => weights.of_half((self.random.word() >> 32) as u32) as u64,
            (PartitionLaw::Uniform { distinct } | PartitionLaw::Zipf { distinct, .. }, None) => {
                below_half((self.random.word() >> 32) as u32, distinct.clamp(1, DISTINCT_MAX))
            }
        }
    }

    /// Tells records apart at `now`; returns those of partitions too many. `touched` gets the partitions that got any.
    pub fn split(&mut self, now: u64, load: Load, touched: &mut Vec<u64>, out: &mut Outside) -> Load {
        let mut load = load;
        let mut exceeded = Load::default();
        out.tally.queried(load.records, self.query);
        for mut group in load.drain() {
            let (whole, mut i) = (group, 0);
            while group.records > 0 {
                let (id, n) = self.run(&whole, i);
                i += n;
                let mut part = group.take(n);
                part.arrived = (whole.arrival(i - n), whole.arrival(i - 1));
                match self.outlet(id, now) {
                    Some(outlet) => {
                        outlet.fill(now, part, out);
                        touched.push(id);
                    }
                    None => exceeded.push(part),
                }
            }
        }
        touched.sort_unstable();
        touched.dedup();
        out.tally.active(now, self.active.len() as u64);
        exceeded
    }

    /// The partition of a group's `from`-th record, and how many after each other belong to it.
    fn run(&mut self, group: &Group, from: u64) -> (u64, u64) {
        let id = self.of(group.arrival(from));
        let mut n = 1;
        if let PartitionLaw::New { .. } = self.law {
            while from + n < group.records && self.of(group.arrival(from + n)) == id {
                n += 1;
            }
        }
        (id, n)
    }

    fn outlet(&mut self, id: u64, now: u64) -> Option<&mut Outlet> {
        if self.active.len() >= self.most && !self.active.contains_key(&id) {
            return None;
        }
        let hints = &self.hints;
        Some(self.active.entry(id).or_insert_with(|| Outlet::coarse(hints, now)))
    }

    /// An active partition.
    pub fn get(&mut self, id: u64) -> Option<&mut Outlet> {
        self.active.get_mut(&id)
    }

    /// A partition with nothing in it is no longer active.
    pub fn retire(&mut self, id: u64) {
        self.active.remove(&id);
    }

    /// Bytes of objects on their way.
    pub fn overdue(&self) -> u64 {
        self.active.values().map(Outlet::overdue).sum()
    }

    /// Everything in them.
    pub fn loads(&self) -> impl Iterator<Item = &Load> {
        self.active.values().flat_map(Outlet::loads)
    }
}
