//! One record's life, hop by hop.

use super::config::WorldConfig;
use super::{Unfit, World, sources};
use crate::engine::run;
use crate::producer::demand::Columns;
use crate::world::settings::Settings;
use serde::Serialize;

/// One moment of a record's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// When (ns since the scenario's start); `None` = not reached in this run.
    pub at_ns: Option<u64>,
    /// What happened.
    pub what: String,
    /// The file that plays it.
    pub place: &'static str,
}

/// A record and its hops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordTrace {
    /// The producer's name.
    pub producer: String,
    /// Number of the record, from 1.
    pub number: u64,
    /// Bytes as the shard counts them.
    pub size: u32,
    /// Its place in hash space (top 64 bits of the 128-bit key hash).
    pub position: u64,
    /// In order of time.
    pub hops: Vec<Hop>,
}

/// Follows the `number`-th record (from 1) of one producer. `Ok(None)`: fewer were born.
pub fn trace(config: &WorldConfig, producer: usize, number: u64) -> Result<Option<RecordTrace>, Unfit> {
    let Some((born, size, position)) = nth_record(config, producer, number) else { return Ok(None) };
    let mut world = World::new(config)?;
    world.settings.traced = Some((born, position));
    let client = !world.sources[producer].clients.is_empty();
    run(&mut world, config.duration.0);
    let mut hops = Vec::new();
    let mut hop = |at_ns, what: String, place| hops.push(Hop { at_ns, what, place });
    hop(Some(born), format!("born at {}, {size} B", config.producers[producer].name), "producer/arrivals");
    hop(Some(born), format!("key hashed to position {position:#018x}"), "producer/keys");
    let home = world.lanes.iter().find(|l| l.traced.is_some());
    let stored_at = home.and_then(|l| l.traced_at());
    let place = if client { config.producers[producer].client.place() } else { "world/lane" };
    let leg = world.settings.producers[producer].leg;
    hop(stored_at.map(|at| at - leg), "sent (the attempt that was stored)".into(), place);
    let shard = home.map_or("no shard".into(), |l| format!("shard {}", l.id));
    hop(stored_at, format!("routed to {shard}, admitted and stored"), "stream/shard");
    for (c, settings) in world.settings.consumers.iter().enumerate() {
        let (received, processed) = match home.and_then(|l| l.readers[c].place.traced) {
            Some((r, p)) => (Some(r), Some(p)),
            None => (None, None),
        };
        hop(received, format!("received by {}", settings.name), "world/reader");
        hop(processed, format!("processed by {}", settings.name), "world/reader");
    }
    hops.sort_by_key(|h| h.at_ns.unwrap_or(u64::MAX));
    let name = config.producers[producer].name.clone();
    Ok(Some(RecordTrace { producer: name, number, size, position, hops }))
}

fn nth_record(config: &WorldConfig, producer: usize, number: u64) -> Option<(u64, u32, u64)> {
    let mut source = sources::build(config, &Settings::new(config)).into_iter().nth(producer)?;
    let mut columns = Columns::default();
    let mut before = 0;
    while before + (columns.len() as u64) < number {
        before += columns.len() as u64;
        columns.clear();
        let next = source.demand.next_birth();
        if next == u64::MAX {
            return None;
        }
        source.demand.take_until(next + 1, &mut columns);
    }
    let i = (number.checked_sub(before + 1)?) as usize;
    Some((columns.born[i], columns.size[i], columns.position[i]))
}
