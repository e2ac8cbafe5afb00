//! Order of a key across a reshard: who reads a child has read its parents.

use super::lane::{Lane, Outside};
use super::settings::Settings;
use crate::api::Position;
use crate::measure::sink::Sink;
use crate::stream::routing::ShardMap;

/// Plain readers of a child begin when they have read its parents to the end.
pub fn start_readers_of(id: usize, lanes: &mut [Lane], map: &ShardMap, settings: &Settings, sink: &mut Sink) {
    if lanes[id].all_started || map.shards()[id].parents.is_empty() {
        return;
    }
    let parents = &map.shards()[id].parents;
    let mut all = true;
    for (c, settings) in settings.consumers.iter().enumerate() {
        if settings.is_application || lanes[id].readers[c].place.started {
            continue;
        }
        let done = parents.iter().map(|p| lanes[*p as usize].readers[c].place.done_at);
        let behind = parents.iter().find_map(|p| lanes[*p as usize].readers[c].place.recovering);
        match done.reduce(|a, b| Some(a?.max(b?))).flatten() {
            Some(at) => {
                let Lane { readers, log, .. } = &mut lanes[id];
                if let Position::AtTimestamp(_) = settings.from {
                    sink.consumers[c].before_start += readers[c].place.begin(log, settings.from);
                }
                readers[c].start(at, false, settings);
                readers[c].place.recovering = behind;
            }
            None => all = false,
        }
    }
    lanes[id].all_started = all;
}

/// Plain readers make all their calls on a shard before `now`, and before them those on its parents: an application
/// that reads the shard now comes after them.
pub fn poll_before(id: usize, now: u64, lanes: &mut [Lane], map: &ShardMap, out: &mut Outside) {
    if !lanes[id].all_started {
        for &parent in &map.shards()[id].parents {
            poll_before(parent as usize, now, lanes, map, out);
        }
        start_readers_of(id, lanes, map, out.settings, out.sink);
    }
    lanes[id].poll_before(now, out);
}
