//! What goes wrong on the producers' side: outages, restarts, failing calls, a slow network, one small world each.

#[path = "support/runs.rs"]
mod runs;

use kinesim::measure::result::{ProducerResult, RunResult};
use runs::{run, world};

/// 200 records a second to a shard that never refuses any, by a client whose calls take 10 ms; `sdk` is the rest of
/// the client, `events` a list.
fn troubled(sdk: &str, events: &str) -> RunResult {
    run(&world(&format!(
        "duration: 60 s\nmodes: [provisioned]\n\
         producers: {{ p: {{ rate: 200 records/s, burstiness: even, record_size: 964 B, client: {{ sdk: {{ \
         put_latency: 10 ms, {sdk} }} }} }} }}\n\
         stream: {{ shards: 8 }}\n\
         consumers: {{ c: {{ read: {{ enhanced_fan_out: {{ push_latency: 0 s }} }} }} }}\n\
         events: {events}\n"
    )))
}

const ALONE: &str = "call: put_record, in_flight: unlimited, buffer: unlimited, retry: none";
const PATIENT: &str =
    "retry: { custom: { attempts: 1000, base: 100 ms, factor: 1, cap: 100 ms, jitter: none } }";

fn only(r: &RunResult) -> &ProducerResult {
    &r.producers[0]
}

/// Such an event gives a client of its own to a producer that lanes play; it must do as they do.
#[test]
fn a_client_and_the_lanes_agree_while_nothing_happens() {
    let lanes = troubled(ALONE, "[]");
    let client =
        troubled(ALONE, "[ { at: 59.999 s, do: { slow_network: { producer: p, factor: 2, for: 1 ms } } } ]");
    assert_eq!(only(&lanes).born, only(&client).born);
    assert_eq!(lanes.shards, client.shards);
    assert_eq!(lanes.consumers, client.consumers);
    assert_eq!(lanes.digests.demand, client.digests.demand);
}

#[test]
fn an_outage_delays_what_is_not_given_up() {
    let event = "[ { at: 20 s, do: { producer_outage: { producer: p, for: 10 s } } } ]";
    let r = troubled(PATIENT, event);
    assert_eq!((only(&r).lost.all(), only(&r).duplicates, only(&r).throttled), (0, 0, 0));
    assert_eq!(r.timeline[0].text, "p cannot reach the service for 10 s");
    // 2,000 records, of which ten calls of some 20 were under way. The oldest had lingered for 100 ms and waited for
    // all of it, for a last failure of 10 ms and a last sleep of 100 ms, and for 5 ms on the way.
    let waiting = only(&r).buffered_bytes_max;
    assert!((1_700_000..2_000_000).contains(&waiting), "{waiting} B");
    let late = r.consumers[0].end_to_end.max_ns.unwrap() / 1_000_000;
    assert!((10_000..=10_215).contains(&late), "{late} ms");
    // A call that fails never arrived: it is no part of a call's mean size. The last one may still be on its way.
    let (calls, failed) = (only(&r).calls, only(&r).failed_calls);
    assert!(failed > 500 && (calls - failed - only(&r).judged_calls) <= 1, "{failed} of {calls}");
    // Without retries exactly what is sent meanwhile is lost.
    let r = troubled(ALONE, event);
    assert_eq!((only(&r).lost.attempts, only(&r).failed_calls, only(&r).unjudged), (2000, 2000, 2000));
}

#[test]
fn a_restart_loses_the_memory_and_what_is_born_meanwhile_waits_outside() {
    let event = "[ { at: 20 s, do: { process_restart: { producer: p, for: 10 s } } } ]";
    // A call every second: at 20 s its records have been in memory for up to that long.
    let slow = "call: { put_records: { linger: 1 s } }";
    let r = troubled(slow, event);
    let lost = only(&r).lost;
    assert_eq!(lost.all(), lost.restart);
    assert!((1..=200).contains(&lost.restart), "{lost:?}");
    let late = r.consumers[0].end_to_end.max_ns.unwrap() / 1_000_000;
    assert!((10_000..10_100).contains(&late), "{late} ms: the first record born after the crash");
    assert_eq!(r.timeline[0].text, "1 of 1 processes of p are down for 10 s");
    // Half of the processes lose half as much, more or less.
    let half = "[ { at: 20 s, do: { process_restart: { producer: p, instances: 2, for: 10 s } } } ]";
    let r = troubled(&format!("{slow}, instances: 4"), half);
    assert!((10..=200).contains(&only(&r).lost.restart) && r.timeline[0].text.starts_with("2 of 4"));
}

#[test]
fn calls_in_flight_at_a_crash_are_judged_all_the_same() {
    // 2 s on the way: at 20 s, one second's records are not judged and another's answers are not there.
    let sdk = "call: put_record, in_flight: unlimited, buffer: unlimited, retry: none, put_latency: 2 s";
    let text = |events: &str| {
        format!(
            "duration: 60 s\nmodes: [provisioned]\n\
             producers: {{ p: {{ rate: 200 records/s, burstiness: even, record_size: 964 B, client: {{ sdk: {{ {sdk} }} }} }} }}\n\
             stream: {{ shards: 8 }}\nconsumers: {{}}\nevents: {events}\n"
        )
    };
    let r = run(&world(&text("[ { at: 20 s, do: { process_restart: { producer: p, for: 1 ms } } } ]")));
    assert_eq!((only(&r).lost.all(), only(&r).stored), (0, run(&world(&text("[]"))).producers[0].stored));
}

#[test]
fn an_answer_that_never_comes_makes_duplicates_of_what_was_stored() {
    let event =
        "[ { at: 20 s, do: { put_error_rate: { producer: p, share: 50 %, stored: 100 %, for: 10 s } } } ]";
    let alone = "call: put_record, in_flight: unlimited, buffer: unlimited";
    let sdk = format!(
        "{alone}, retry: {{ custom: {{ attempts: 100, base: 1 ms, factor: 1, cap: 1 ms, jitter: none }} }}"
    );
    let r = troubled(&sdk, event);
    // 2,000 records, each sent until one of two answers: one duplicate a record, give or take four deviations of 1.4.
    let p = only(&r);
    assert_eq!((p.lost.all(), p.unjudged, p.failed_calls), (0, 0, p.duplicates));
    assert!(p.duplicates.abs_diff(2000) < 4 * 64, "{}", p.duplicates);
    // Without a retry the client gives up what it cannot know to be stored: nothing is lost.
    let p = troubled(ALONE, event);
    assert_eq!((only(&p).lost.all(), only(&p).duplicates), (0, 0));
}

#[test]
fn a_slow_network_only_takes_longer() {
    let event = "[ { at: 20 s, do: { slow_network: { producer: p, factor: 30, for: 10 s } } } ]";
    let r = troubled(ALONE, event);
    assert_eq!((only(&r).lost.all(), only(&r).duplicates), (0, 0));
    // Half of ten milliseconds to the shard, and thirty times that.
    assert_eq!(only(&r).put.p50_ns.map(|ns| ns / 100_000), Some(49));
    assert_eq!(only(&r).put.max_ns, Some(150_000_000));
}
