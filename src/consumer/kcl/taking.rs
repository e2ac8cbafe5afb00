//! How a worker of 1.x or 2.x takes leases: each for itself, by count.
//!
//! At AWS (`DynamoDBLeaseTaker`): every 20.05 s a worker scans the table and works out its share, leases over workers
//! rounded up. Leases that nobody has renewed for three failover times, and leases that nobody ever held, it takes at
//! once, beyond its share; then leases without a live owner, in random order, up to its share; and if there is none of
//! these, it steals from the most loaded worker. So the first worker that looks at a new table takes everything, and
//! the others get their share from it one by one.
//! We model this to the letter; the scan and the writes take no time.

use super::config::KclConfig;
use super::leases::{Lease, Leases, Seen};
use crate::facts::kcl as facts;
use crate::random::Stream as Random;
use std::collections::BTreeMap;

/// What one round takes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Shards in the order taken.
    pub take: Vec<u32>,
    /// They were a live worker's.
    pub stolen: bool,
}

/// One round of worker `me`, whose look at the table is `seen`.
pub fn round(
    me: u32,
    table: &Leases,
    seen: &Seen,
    config: &KclConfig,
    now: u64,
    random: &mut Random,
) -> Round {
    let patience = config.failover_time.0;
    let expired: Vec<u32> =
        table.open().filter(|l| seen.is_expired(l.shard, patience, now)).map(|l| l.shard).collect();
    let counts = live_counts(me, table, |l| expired.binary_search(&l.shard).is_ok());
    let most = config.max_leases_for_worker.map_or(u64::MAX, u64::from);
    let mine = counts[&me];
    let very_old = patience.saturating_mul(facts::VERY_OLD.count());
    let old: Vec<u32> = expired.iter().copied().filter(|s| seen.is_expired(*s, very_old, now)).collect();
    if !old.is_empty() {
        return Round { take: shuffled(old, random, most.saturating_sub(mine)), stolen: false };
    }
    let target = share(table.open_count(), counts.len() as u64).min(most);
    let wanted = target.saturating_sub(mine);
    if wanted == 0 {
        return Round::default();
    }
    if !expired.is_empty() {
        return Round { take: shuffled(expired, random, wanted), stolen: false };
    }
    let take = steal(table, &counts, wanted, target, config, random);
    Round { stolen: !take.is_empty(), take }
}

/// Leases of each worker that are alive in this look; the worker itself counts with none.
fn live_counts(me: u32, table: &Leases, is_expired: impl Fn(&Lease) -> bool) -> BTreeMap<u32, u64> {
    let mut counts = BTreeMap::from([(me, 0)]);
    for lease in table.open().filter(|l| !is_expired(l)) {
        if let Some(owner) = lease.owner {
            *counts.entry(owner).or_insert(0) += 1;
        }
    }
    counts
}

/// Leases over workers, rounded up.
fn share(leases: u64, workers: u64) -> u64 {
    leases.div_ceil(workers.max(1)).max(1)
}

fn steal(
    table: &Leases,
    counts: &BTreeMap<u32, u64>,
    wanted: u64,
    target: u64,
    config: &KclConfig,
    random: &mut Random,
) -> Vec<u32> {
    // Of several with most, the first.
    let Some((victim, most)) = counts.iter().rev().max_by_key(|c| c.1) else { return Vec::new() };
    if *most < target {
        return Vec::new();
    }
    let over = wanted.min(*most - target);
    let number = if over == 0 && wanted > 1 { 1 } else { over }.min(config.max_leases_to_steal.into());
    let theirs: Vec<u32> = table.open().filter(|l| l.is_of(*victim)).map(|l| l.shard).collect();
    shuffled(theirs, random, number)
}

/// At most `number` of them in random order.
pub fn shuffled(mut of: Vec<u32>, random: &mut Random, number: u64) -> Vec<u32> {
    let n = of.len().min(usize::try_from(number).unwrap_or(usize::MAX));
    for i in 0..n {
        let j = i + random.below((of.len() - i) as u64) as usize;
        of.swap(i, j);
    }
    of.truncate(n);
    of
}
