//! How the leader of 3.x assigns leases when it is told to go by their number (`LEASE_COUNT_BASED`).
//!
//! At AWS (`LeaseCountBasedLeaseAssignmentDecider`): the target is leases over workers, rounded up. Leases without a live
//! owner go, oldest first, to the worker with the fewest until it has its target, then to the next. In a balancing run
//! leases go from the worker with the most to the one with the fewest until either has its target; all at once, without
//! dampening. Reports serve only to know who is there.
//! We model: the two loops as they stand there; where the code goes by the order of a hash table we go by ids, and a
//! worker whose report is old is no target here, though the code may still list it by the leases in its name.
//! Source: awslabs/amazon-kinesis-client@1f71392; the class has changed often since 3.4.3, and other releases differ.

use super::config::KclConfig;
use super::leader::{Assignment, Report};
use super::leases::{Lease, Leases, Seen};

/// A worker and its leases.
struct Holder {
    id: u32,
    leases: Vec<u32>,
}

/// One run over the live workers' `reports`, with the leader's own look at the table.
pub fn run(
    table: &Leases,
    seen: &Seen,
    reports: &[Report],
    balances: bool,
    config: &KclConfig,
    now: u64,
) -> Vec<Assignment> {
    if reports.is_empty() {
        return Vec::new();
    }
    let own = |w: u32| table.open().filter(|l| l.is_of(w)).map(|l| l.shard).collect();
    let mut holders: Vec<Holder> =
        reports.iter().map(|r| Holder { id: r.worker, leases: own(r.worker) }).collect();
    let most = config.max_leases_for_worker.map_or(usize::MAX, |m| m as usize);
    let target = (table.open_count() as usize).div_ceil(reports.len()).max(1).min(most);
    let patience = config.failover_time.0;
    let is_free = |l: &&Lease| l.owner.is_none() || seen.is_expired(l.shard, patience, now);
    let mut free: Vec<(Option<u64>, &Lease)> =
        table.open().filter(is_free).map(|l| (seen.moved(l.shard), l)).collect();
    free.sort_by_key(|f| (f.0, f.1.shard));
    let mut assigned = Vec::new();
    holders.sort_by_key(|h| (h.leases.len(), h.id));
    let mut at = 0;
    for (_, lease) in free {
        let Some(to) = holders.get(at).map(|h| h.id) else { break };
        give(lease.shard, to, &mut holders, &mut assigned);
        at += usize::from(holders[at].leases.len() >= target);
    }
    if balances {
        balance(table, target, &mut holders, &mut assigned);
    }
    assigned
}

fn give(shard: u32, to: u32, holders: &mut [Holder], assigned: &mut Vec<Assignment>) {
    for holder in holders.iter_mut() {
        holder.leases.retain(|s| *s != shard);
        if holder.id == to {
            holder.leases.push(shard);
        }
    }
    assigned.push(Assignment { shard, to });
}

/// From the fullest to the emptiest, while one has more than the target and the other less.
fn balance(table: &Leases, target: usize, holders: &mut [Holder], assigned: &mut Vec<Assignment>) {
    holders.sort_by_key(|h| (h.leases.len(), h.id));
    let (mut left, mut right) = (0, holders.len() - 1);
    while left < right {
        if holders[left].leases.len() >= target {
            left += 1;
            continue;
        }
        // A lease on its way stays where it is.
        let is_still = |s: &&u32| table.get(**s).is_some_and(|l| l.handoff.is_none());
        let moves = holders[right].leases.iter().find(is_still).copied();
        match moves.filter(|_| holders[right].leases.len() > target) {
            Some(shard) => give(shard, holders[left].id, holders, assigned),
            None => right -= 1,
        }
    }
}
