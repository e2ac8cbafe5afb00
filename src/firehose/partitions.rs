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
    /// Active ones, and where they are.
    active: BTreeMap<u64, u32>,
    slots: Vec<Partition>,
    free: Vec<u32>,
    /// Where the last one with an id like this was: most are found here.
    last: Box<[u32; LAST]>,
}

/// One partition.
struct Partition {
    id: u64,
    /// Did it get records in this split?
    touched: bool,
    outlet: Outlet,
}

/// The id of no partition.
const NOBODY: u64 = u64::MAX;
/// Ids alike are a multiple of this apart.
const LAST: usize = 1024;

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
            slots: Vec::new(),
            free: Vec::new(),
            last: Box::new([0; LAST]),
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
        for group in load.drain() {
            if let PartitionLaw::New { .. } = self.law {
                self.split_runs(group, |all, id, part| all.fill(now, id, part, touched, &mut exceeded, out));
                continue;
            }
            for part in group.singly() {
                let id = self.of(part.arrived.0);
                self.fill(now, id, part, touched, &mut exceeded, out);
            }
        }
        touched.sort_unstable();
        touched.iter().for_each(|id| self.untouch(*id));
        out.tally.active(now, self.active.len() as u64);
        exceeded
    }

    /// Records after each other that belong to one partition, by the moments of their arrival.
    fn split_runs(&mut self, group: Group, mut each: impl FnMut(&mut Partitions, u64, Group)) {
        let mut rest = group;
        let mut arrivals = group.arrivals().peekable();
        while let Some(first) = arrivals.next() {
            let id = self.of(first);
            let (mut n, mut last) = (1, first);
            while let Some(at) = arrivals.next_if(|at| self.of(*at) == id) {
                (n, last) = (n + 1, at);
            }
            each(self, id, Group { arrived: (first, last), ..rest.take(n) });
        }
    }

    /// Some records go to a partition, if it is active or may become so.
    fn fill(
        &mut self,
        now: u64,
        id: u64,
        part: Group,
        touched: &mut Vec<u64>,
        exceeded: &mut Load,
        out: &mut Outside,
    ) {
        let Some(slot) = self.slot(id).or_else(|| self.activate(id, now)) else { return exceeded.push(part) };
        let partition = &mut self.slots[slot];
        if !std::mem::replace(&mut partition.touched, true) {
            touched.push(id);
        }
        partition.outlet.fill(now, part, out);
    }

    /// Where an active partition is.
    #[inline]
    fn slot(&mut self, id: u64) -> Option<usize> {
        let last = &mut self.last[id as usize % LAST];
        if self.slots.get(*last as usize).is_none_or(|partition| partition.id != id) {
            *last = *self.active.get(&id)?;
        }
        Some(*last as usize)
    }

    fn activate(&mut self, id: u64, now: u64) -> Option<usize> {
        if self.active.len() >= self.most {
            return None;
        }
        let partition = Partition { id, touched: false, outlet: Outlet::coarse(&self.hints, now) };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = partition;
                slot
            }
            None => {
                self.slots.push(partition);
                self.slots.len() as u32 - 1
            }
        };
        self.active.insert(id, slot);
        Some(slot as usize)
    }

    fn untouch(&mut self, id: u64) {
        if let Some(slot) = self.slot(id) {
            self.slots[slot].touched = false;
        }
    }

    /// An active partition.
    pub fn get(&mut self, id: u64) -> Option<&mut Outlet> {
        let slot = self.slot(id)?;
        Some(&mut self.slots[slot].outlet)
    }

    /// A partition with nothing in it is no longer active.
    pub fn retire(&mut self, id: u64) {
        if let Some(slot) = self.active.remove(&id) {
            self.slots[slot as usize].id = NOBODY;
            self.free.push(slot);
        }
    }

    /// Bytes of objects on their way.
    pub fn overdue(&self) -> u64 {
        // Those that are no longer active hold nothing.
        self.slots.iter().map(|partition| partition.outlet.overdue()).sum()
    }

    /// Everything in them.
    pub fn loads(&self) -> impl Iterator<Item = &Load> {
        self.active.values().flat_map(|slot| self.slots[*slot as usize].outlet.loads())
    }
}
