//! Placement, lineage, legality of splits and one-second bursts as third-party servers have them
//! (`vectors/shard-vectors.json`).

use kinesim::producer::keys::position_of;
use kinesim::stream::config::{AdmissionConfig, AdmissionShape, ByteRounding};
use kinesim::stream::routing::{RangeError, ShardMap};
use kinesim::stream::shard::{Admission, Verdict};
use serde_json::Value;

fn file() -> Value {
    serde_json::from_str(include_str!("vectors/shard-vectors.json")).unwrap()
}

fn list<'a>(v: &'a Value, key: &str) -> &'a [Value] {
    v[key].as_array().unwrap_or_else(|| panic!("{key} is not a list"))
}

fn text<'a>(v: &'a Value, key: &str) -> &'a str {
    v[key].as_str().unwrap_or_else(|| panic!("{key} is not a text"))
}

fn hash_key(v: &str) -> u128 {
    v.parse().unwrap_or_else(|_| panic!("{v} is not a hash key"))
}

fn small(v: &Value) -> usize {
    v.as_u64().unwrap_or_else(|| panic!("{v} is not a whole number")) as usize
}

/// The layout's stream after its operations.
fn built(layout: &Value) -> ShardMap {
    let mut map = ShardMap::uniform(small(&layout["create_shards"]) as u32);
    for (step, operation) in list(layout, "operations").iter().enumerate() {
        let open = small(&operation[1]);
        let id = map.open()[open];
        let now = step as u64 + 1;
        match operation[0].as_str() {
            Some("split") => drop(map.split(id, hash_key(operation[2].as_str().unwrap()), now).unwrap()),
            Some("merge") => drop(map.merge(id, map.open()[open + 1], now).unwrap()),
            other => panic!("{other:?}"),
        }
    }
    map
}

#[test]
fn keys_hash_as_md5() {
    let file = file();
    assert_eq!(list(&file, "keys").len(), 200);
    for key in list(&file, "keys") {
        assert_eq!(position_of(text(key, "key")), hash_key(text(key, "md5_decimal")), "{}", text(key, "key"));
        assert_eq!(text(key, "key").len(), small(&key["utf8_bytes"]), "{}", text(key, "key"));
    }
}

#[test]
fn every_layout_has_its_shards_and_puts_every_key_in_its_place() {
    let file = file();
    let keys: Vec<&str> = list(&file, "keys").iter().map(|k| text(k, "key")).collect();
    let mut cut = Vec::new();
    assert!(list(&file, "layouts").len() >= 8, "{}", list(&file, "layouts").len());
    for layout in list(&file, "layouts") {
        let id = text(layout, "id");
        let map = built(layout);
        let wanted = list(layout, "open_shards");
        assert_eq!(map.open().len(), wanted.len(), "{id}");
        for (i, want) in wanted.iter().enumerate() {
            let shard = &map.shards()[map.open()[i] as usize];
            assert_eq!(small(&want["index"]), i, "{id}");
            assert_eq!(format!("shardId-{:012}", shard.id), text(want, "shard_id"), "{id} {i}");
            assert_eq!(shard.start, hash_key(text(want, "start")), "{id} {i}");
            assert_eq!(shard.end, hash_key(text(want, "end")), "{id} {i}");
            let parents: Vec<String> = shard.parents.iter().map(|p| format!("shardId-{p:012}")).collect();
            let named = [&want["parent"], &want["adjacent_parent"]].map(|v| v.as_str());
            assert_eq!(parents, named.into_iter().flatten().collect::<Vec<_>>(), "{id} {i}");
        }
        let places = list(layout, "key_to_shard_index");
        assert_eq!(places.len(), keys.len(), "{id}");
        for (key, place) in keys.iter().zip(places) {
            let hash = position_of(key);
            assert_eq!(map.open_index_of(hash), small(place), "{id}: key {key}");
            // The simulator carries the top 64 bits: enough unless a boundary lies among the keys that share them.
            let low = hash >> 64 << 64;
            if map.open_index_of(low) == map.open_index_of(low | u128::from(u64::MAX)) {
                assert_eq!(map.shard_at((hash >> 64) as u64), map.open()[small(place)], "{id}: key {key}");
            } else {
                cut.push((id, *key));
            }
        }
        for pair in list(layout, "explicit_hash_key_to_shard_index") {
            let hash = hash_key(pair[0].as_str().unwrap());
            assert_eq!(map.open_index_of(hash), small(&pair[1]), "{id}: explicit hash key {hash}");
        }
    }
    assert_eq!(cut, [("R-1-isolate-hot-key", "hot-key")], "shards narrower than the simulator's positions");
}

#[test]
fn splits_are_legal_where_the_service_allows_them() {
    let file = file();
    let cases = list(&file["split_legality"], "cases");
    assert_eq!(cases.len(), 8);
    for case in cases {
        let mut map = ShardMap::uniform(5);
        let (start, end) = (map.shards()[1].start, map.shards()[1].end);
        let at = match text(case, "new_starting_hash_key") {
            "start" => start,
            "start+1" => start + 1,
            "start+2" => start + 2,
            "mid" => map.middle(1),
            "end-1" => end - 1,
            "end" => end,
            "end+1" => end + 1,
            "0" => 0,
            other => panic!("{other}"),
        };
        let split = map.split(1, at, 1);
        match text(case, "kinesalite") {
            "ok" => assert_eq!(split, Ok([5, 6]), "{case}"),
            _ => assert_eq!(split, Err(RangeError::SplitPoint), "{case}"),
        }
    }
}

#[test]
fn uniform_ranges() {
    let file = file();
    for case in list(&file, "uniform_ranges_extra") {
        let n = small(&case["n"]);
        let map = ShardMap::uniform(n as u32);
        let starts: Vec<u128> = map.shards().iter().map(|s| s.start).collect();
        let wanted: Vec<u128> = list(case, "starts").iter().map(|s| hash_key(s.as_str().unwrap())).collect();
        assert_eq!(starts, wanted, "{n} shards");
        assert_eq!(map.shards()[n - 1].end, hash_key(text(case, "last_end")), "{n} shards");
    }
}

/// Bursts of PutRecords into full buckets, entries judged one by one in the order listed, exact bytes with the key's.
#[test]
fn one_second_bursts() {
    let config = AdmissionConfig {
        records_per_s: 1000,
        bytes_per_s: 1 << 20,
        burst_records: 1000,
        burst_bytes: 1 << 20,
        shape: AdmissionShape::TokenBucket,
        byte_rounding: ByteRounding::None,
        count_key_bytes: true,
    };
    let file = file();
    let cases = list(&file["single_window_throttle"], "cases");
    assert_eq!(cases.len(), 5);
    for shape in [AdmissionShape::TokenBucket, AdmissionShape::FixedWindow, AdmissionShape::SlidingWindow] {
        for case in cases {
            let shards = small(&case["shards"]);
            let map = ShardMap::uniform(shards as u32);
            let mut limits = vec![Admission::new(&AdmissionConfig { shape, ..config }); shards];
            let mut accepted = vec![0; shards];
            let mut number = 0;
            for group in list(case, "records_key_bytes_count") {
                for i in 0..small(&group[2]) {
                    let key = group[0].as_str().unwrap().replace("{i}", &i.to_string());
                    let shard = map.open_index_of(position_of(&key));
                    let bytes = small(&group[1]) + key.len();
                    // One instant: the tool's bursts lasted up to 0.2 s but its window refills nothing meanwhile.
                    let call = Some((number / 500) as u32);
                    accepted[shard] +=
                        usize::from(limits[shard].admit(0, bytes as u32, call) == Verdict::Admitted);
                    number += 1;
                }
            }
            let wanted = list(case, "accepted_per_shard_if_key_bytes_count");
            let wanted: Vec<usize> = wanted.iter().map(small).collect();
            assert_eq!(accepted, wanted, "{} {shape:?}", text(case, "id"));
            assert_eq!(number, small(&case["total_records"]), "{}", text(case, "id"));
        }
    }
}
