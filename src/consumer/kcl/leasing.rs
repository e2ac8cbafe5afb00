//! The workers and their leases alone, for resolutions that carry records as rates.
//!
//! Workers live, renew, take, are assigned and hand over as they do record by record; processors begin and end at the
//! same moments, and what they read in between is told from outside. A processor's rows are tokens then: its first one,
//! and the next one for everything it has worked on since.
//! We leave out: the batch at work when a processor is asked to stop (it lets go at once).

use super::config::LeaseTable;
use super::leases::Restart;
use super::*;

/// Who reads a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The worker whose processor began last.
    pub worker: u32,
    /// When that began to read.
    pub since: u64,
    /// Processors of other workers that do not know yet.
    pub others: u32,
}

impl Kcl {
    /// Waits for its start; its processors read nothing.
    pub fn without_records(config: &KclConfig, situation: &Situation) -> Kcl {
        Kcl { elsewhere: true, ..Kcl::new(config, situation) }
    }

    /// Has any processor begun or ended since this was last asked?
    pub fn has_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Who reads a shard now.
    pub fn owner(&self, shard: u32) -> Option<Owner> {
        let slots = &self.table.get(shard).filter(|l| !l.complete)?.processors;
        let start = (self.config.lease_table == LeaseTable::Balanced).then_some(self.consumer.starts.at.0);
        let reads = |slot: &&u32| {
            let p = &self.processors[**slot as usize];
            // One that is found at work stands anywhere between two of its calls.
            !p.gone && p.wants_more() && (!p.reading || Some(p.saved.1) == start)
        };
        let mut reading = slots.iter().filter(reads);
        let last = &self.processors[*reading.next_back()? as usize];
        Some(Owner { worker: last.worker, since: last.answered, others: reading.count() as u32 })
    }

    /// A number that grows when a shard's progress is saved.
    pub fn saves(&self, shard: u32) -> Option<u64> {
        match self.table.get(shard)?.restart {
            Restart::Row(row) => Some(row),
            Restart::At(_) => None,
        }
    }

    /// The progress of a shard has been saved at least once.
    pub fn has_saved(&mut self, shard: u32) {
        if let Restart::At(_) = self.table.at(shard).restart {
            self.table.at(shard).restart = Restart::Row(1);
        }
    }

    /// Between two renewals of a lease, ns.
    pub fn renews_every(&self) -> u64 {
        self.rules.renew
    }

    /// A worker has worked on records of a shard, and reads so many bytes between two renewals.
    pub fn worked(&mut self, shard: u32, worker: u32, records: u64, bytes: u64, busy_ns: u64) {
        self.table.at(shard).bytes = bytes;
        let result = &mut self.workers[worker as usize].result;
        (result.records, result.busy_ns) = (result.records + records, result.busy_ns + busy_ns);
    }

    /// All records of a closed shard are worked on by its reader.
    pub fn reached_end(&mut self, shard: u32, now: u64, stream: &mut dyn Stream) {
        let slot = self.owner(shard).and_then(|o| self.slot_of(o.worker, shard));
        if let Some(slot) = slot {
            self.end_shard(slot, now, stream);
            self.changed = true;
        }
    }

    /// A processor would read for the first time, or again: from now on it is told what it reads.
    pub(super) fn read_elsewhere(&mut self, slot: u32, now: u64) {
        let p = &mut self.processors[slot as usize];
        p.reading = false;
        if p.done_to == p.saved.0 {
            (p.done_to, p.answered) = (p.done_to + 1, now);
        }
        self.changed = true;
    }
}
