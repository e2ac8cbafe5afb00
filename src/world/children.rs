//! Plain readers go on from a closed shard to its children.

use super::lane::{Lane, Outside};
use crate::api::Position;
use crate::stream::routing::ShardMap;

/// Readers of a child begin when they have read its parents to the end.
pub fn start_readers_of(id: usize, lanes: &mut [Lane], map: &ShardMap, out: &mut Outside) {
    if lanes[id].all_started || map.shards()[id].parents.is_empty() {
        return;
    }
    let parents = &map.shards()[id].parents;
    let mut all = true;
    for c in 0..out.settings.consumers.len() {
        let settings = &out.settings.consumers[c];
        if settings.is_application || lanes[id].readers[c].place.started {
            continue;
        }
        let done = parents.iter().map(|p| lanes[*p as usize].readers[c].place.done_at);
        let behind = parents.iter().find_map(|p| lanes[*p as usize].readers[c].place.recovering);
        match done.reduce(|a, b| Some(a?.max(b?))).flatten() {
            Some(at) => {
                let Lane { readers, log, .. } = &mut lanes[id];
                if let Position::AtTimestamp(_) = settings.from {
                    out.sink.consumers[c].before_start += readers[c].place.begin(log, settings.from);
                }
                readers[c].start(at, false, settings);
                readers[c].place.recovering = behind;
            }
            None => all = false,
        }
    }
    lanes[id].all_started = all;
}

/// Plain readers make their calls before `now` on a shard, and first on those it comes from: who ends a parent in time
/// meets an application on the child.
pub fn poll_before(id: usize, now: u64, lanes: &mut [Lane], map: &ShardMap, out: &mut Outside) {
    if !lanes[id].all_started {
        for parent in &map.shards()[id].parents {
            poll_before(*parent as usize, now, lanes, map, out);
        }
        start_readers_of(id, lanes, map, out);
    }
    lanes[id].poll_before(now, out);
}
