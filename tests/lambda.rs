//! Documented behaviour of Lambda's event source mapping, each through a whole run.

#[path = "support/runs.rs"]
mod runs;

use kinesim::measure::clients::{ClientResult, LambdaResult};
use kinesim::measure::result::{ConsumerResult, RunResult};
use runs::{run, world};

/// 100 records/s of 1 KiB, evenly, on one shard; 60 s.
fn mapping(lambda: &str, more: &str) -> RunResult {
    run(&world(&format!(
        "duration: 60 s\n\
         modes: [provisioned]\n\
         producers: {{ p: {{ rate: 100 records/s, burstiness: even, record_size: 1 KiB, client: {{ sdk: {{ call: put_record, \
         in_flight: unlimited, buffer: unlimited, put_latency: 0 s, retry: none }} }} }} }}\n\
         stream: {{ shards: 1, visibility: 0 s }}\n\
         consumers:\n  f:\n    client: {{ lambda: {{ {lambda} }} }}\n{more}"
    )))
}

const POISON: &str = "events: [{ at: 10 s, do: { poison_record: { consumer: f } } }]\n";

fn f(r: &RunResult) -> (&ConsumerResult, &LambdaResult) {
    match &r.consumers[0].client {
        Some(ClientResult::Lambda(lambda)) => (&r.consumers[0], lambda),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bad_record_blocks_its_shard_without_end_by_default() {
    let r = mapping("", POISON);
    let (c, l) = f(&r);
    assert_eq!((l.blocked_at_end, c.to_failure_destination + c.discarded), (1, 0));
    assert!(c.first_deliveries <= 1_000 && c.unread >= 4_900, "{c:?}");
    // 1 + 2 + 4 + 8 + 16 s: the sixth attempt is 31 s after the first failure.
    assert_eq!((l.failed, l.retries), (6, 6));
}

#[test]
fn when_retries_are_used_up_the_whole_batch_is_given_up_and_the_rest_goes_on() {
    let told = mapping("retry_attempts: 2, on_failure_destination: true", POISON);
    let (c, l) = f(&told);
    assert_eq!((l.failed, l.retries, l.destination_messages), (3, 2, 1));
    assert_eq!(c.to_failure_destination, l.given_up_by_retries);
    assert!((1..=100).contains(&c.to_failure_destination) && c.discarded == 0);
    assert!(c.unread < 200, "{c:?}");
    let silent = mapping("retry_attempts: 2", POISON);
    assert_eq!((f(&silent).0.discarded, f(&silent).1.destination_messages), (c.to_failure_destination, 0));
}

#[test]
fn bisecting_gives_up_the_bad_record_alone_and_uses_no_retry_to_find_it() {
    let r = mapping("retry_attempts: 0, bisect: true, retry_delay: 100 ms", POISON);
    let (c, l) = f(&r);
    assert_eq!((c.discarded, l.retries), (1, 0));
    assert!((1..=7).contains(&l.bisects) && c.redeliveries > 0, "{l:?}");
}

#[test]
fn a_report_restarts_at_the_bad_record_and_what_lies_before_it_is_done() {
    let r = mapping("retry_attempts: 3, report_batch_item_failures: true", POISON);
    let (c, l) = f(&r);
    assert_eq!((l.failed, l.retries), (4, 3));
    let whole = mapping("retry_attempts: 3", POISON);
    assert!(c.discarded < f(&whole).0.discarded, "only the bad record and those behind it in its batch");
    let cut = mapping("retry_attempts: 3, report_batch_item_failures: true, bisect: true", POISON);
    let (c, l) = f(&cut);
    assert_eq!((l.bisects, l.retries), (1, 3), "cut exactly there, which uses no retry");
    assert!(c.discarded > 0);
}

#[test]
fn an_old_record_is_not_sent_again() {
    let r = mapping("record_age: 60 s", &format!("    starts: {{ at: 1 s, from: trim_horizon }}\n{POISON}"));
    assert_eq!(f(&r).1.given_up_by_age, 0, "nothing is a minute old yet");
    let mut config = world(
        "duration: 200 s\n\
         modes: [provisioned]\n\
         producers: { p: { rate: 100 records/s, burstiness: even, record_size: 1 KiB } }\n\
         stream: { shards: 1 }\n\
         consumers: { f: { client: { lambda: { record_age: 60 s, on_failure_destination: true } } } }\n\
         events: [{ at: 10 s, do: { poison_record: { consumer: f } } }]\n",
    );
    config.seed.user = 5;
    let r = run(&config);
    let (c, l) = f(&r);
    assert!(l.given_up_by_age > 0 && l.destination_messages > 0 && l.blocked_at_end == 0, "{l:?}");
    assert!((60e9..125e9).contains(&(l.blocked_ns_max as f64)), "{l:?}");
    assert!(c.unread < 200, "{c:?}");
}

#[test]
fn a_lane_is_blocked_and_the_others_go_on() {
    let r = mapping("parallelization_factor: 10", POISON);
    let (c, l) = f(&r);
    assert_eq!((l.blocked_at_end, l.lanes, l.lanes_used), (1, 10, 10));
    let waiting = 50.0 * 100.0 / 10.0;
    assert!((c.unread as f64 - waiting).abs() < 0.3 * waiting, "a tenth of 50 s waits: {}", c.unread);
    // A mapping that reads ahead no further than a batch for each lane stands still in the end.
    let short = mapping("parallelization_factor: 10, batch_size: 10, read_ahead: 0", POISON);
    assert!(f(&short).0.unread > 3_000, "{:?}", f(&short).0);
}

#[test]
fn throttled_invocations_use_no_retry() {
    let r = mapping(
        "retry_attempts: 0, parallelization_factor: 10, batch_size: 10, concurrency: 1, retry_delay: 100 ms",
        "    processing: 200 ms\n",
    );
    let (c, l) = f(&r);
    assert!(l.throttled > 10 && l.concurrency_max == 1, "{l:?}");
    assert_eq!((l.retries, l.failed, c.discarded), (0, 0, 0));
}

#[test]
fn filtered_records_cost_no_invocation() {
    let all = mapping("filtered: 100 %", "");
    let (c, l) = f(&all);
    assert_eq!((l.invocations, c.first_deliveries), (0, 0));
    assert!(c.filtered >= 5_800, "{c:?}");
    let half = mapping("filtered: 50 %", "");
    let share = f(&half).0.filtered as f64 / 5_900.0;
    assert!((share - 0.5).abs() < 0.03, "{share}");
}

#[test]
fn an_event_ends_at_six_megabytes_of_base64() {
    let r = run(&world(
        "duration: 60 s\n\
         modes: [provisioned]\n\
         producers: { p: { rate: 4 records/s, burstiness: even, record_size: 1000000 B } }\n\
         stream: { shards: 8 }\n\
         consumers: { f: { client: { lambda: { batching_window: 5 min, batch_size: 10000 } } } }\n",
    ));
    let (_, l) = f(&r);
    // 1,000,000 B are 1,333,336 B of base64 and 530 B around it: four fit 6 MiB.
    assert_eq!(l.sent, 4 * l.batches, "{l:?}");
    assert!(l.batches > 30 && l.full_batches == 0);
}

#[test]
fn a_batching_window_gathers_and_a_full_batch_does_not_wait() {
    let gathered = mapping("batching_window: 5 s, batch_size: 10000", "");
    let (_, l) = f(&gathered);
    assert!((11..=12).contains(&l.invocations), "{l:?}");
    let full = mapping("batching_window: 5 s, batch_size: 100", "");
    assert_eq!(f(&full).1.full_batches, f(&full).1.batches);
    let none = mapping("batch_size: 10000", "");
    assert!((58..=60).contains(&f(&none).1.invocations), "one for each poll: {:?}", f(&none).1);
}

#[test]
fn a_tumbling_window_ends_with_one_final_call_a_lane() {
    let r = mapping("tumbling_window: 10 s", "");
    let (_, l) = f(&r);
    assert_eq!(l.final_calls, 5, "{l:?}");
    assert_eq!(l.invocations, l.batches + 5);
}

#[test]
fn a_batch_that_takes_longer_than_the_timeout_never_succeeds() {
    let r = mapping("timeout: 2 s", "    processing: 30 ms/record\n");
    let (c, l) = f(&r);
    assert!(l.timed_out > 3 && l.blocked_at_end == 1, "{l:?}");
    assert_eq!(c.failed_batches, l.timed_out);
}

#[test]
fn records_packed_by_the_kpl_are_one_record_and_share_a_lane() {
    let r = run(&world(
        "duration: 60 s\n\
         modes: [provisioned]\n\
         producers: { p: { rate: 1000 records/s, record_size: 100 B, client: kpl } }\n\
         stream: { shards: 1 }\n\
         consumers: { f: { client: { lambda: { parallelization_factor: 10 } } } }\n",
    ));
    let (c, l) = f(&r);
    assert!(c.first_deliveries > 55_000 && l.sent * 20 < c.first_deliveries, "{l:?}");
    // Until the KPL knows the shards its records travel alone, in all lanes; then one lane is invoked at each poll.
    assert!((59..75).contains(&l.invocations), "{l:?}");
}

#[test]
fn a_cold_start_is_paid_once_an_environment_and_waited_for() {
    let r = mapping("cold_start: 800 ms", "    processing: 10 ms\n");
    let (c, l) = f(&r);
    assert_eq!((l.cold_starts, l.billed_ms), (1, 10 * l.invocations + 800));
    assert_eq!(c.processing.max_ns, Some(810_000_000));
}

#[test]
fn after_a_reshard_children_follow_their_parents() {
    let r = mapping(
        "parallelization_factor: 2, tumbling_window: 30 s",
        "    processing: 20 ms\nevents: [{ at: 20 s, do: { split: { shard: 0 } } }]\n",
    );
    let (c, l) = f(&r);
    assert_eq!((l.lanes, l.lanes_used), (6, 6));
    assert!(c.unread < 200 && c.redeliveries == 0, "{c:?}");
    assert!(l.final_calls >= 2, "the parent's windows end with it: {l:?}");
}

/// A mapping that begins at the oldest record reads what has lain for so long that the log keeps only groups of it; a
/// key has its lane all the same.
#[test]
fn a_key_keeps_its_lane_however_far_behind_it_is_read() {
    let late = |keys: &str| {
        run(&world(&format!(
            "duration: 20 min\n\
             modes: [provisioned]\n\
             producers: {{ p: {{ rate: 300 records/s, record_size: 200 B, keys: {keys} }} }}\n\
             stream: {{ shards: 1 }}\n\
             consumers:\n  f:\n    client: {{ lambda: {{ parallelization_factor: 10, batch_size: 1000 }} }}\n    \
             processing: 300 ms\n    starts: {{ at: 15 min, from: trim_horizon }}\n"
        )))
    };
    let one = late("{ constant: same }");
    let (c, l) = f(&one);
    assert!(c.from_cold > 100_000 && c.unread < 5_000, "{c:?}");
    assert_eq!((l.lanes_used, c.overtaken), (1, 0), "one key, one lane, in order");
    let many = late("random");
    let (c, l) = f(&many);
    assert!(c.from_cold > 100_000 && l.lanes_used == 10, "{c:?} {l:?}");
    assert!(c.overtaken > c.first_deliveries / 10, "lanes side by side: {}", c.overtaken);
}

/// One lane keeps its shard's order, several keep that of each key only: A04's backlog or not, retries or not.
#[test]
fn lanes_keep_the_order_of_keys_and_one_lane_that_of_the_shard() {
    let r = mapping("parallelization_factor: 1, retry_attempts: 2, bisect: true", POISON);
    assert_eq!(f(&r).0.overtaken, 0);
    let r = mapping("parallelization_factor: 4", "    processing: 50 ms + 1 ms/record\n");
    let c = f(&r).0;
    assert!(c.overtaken > 0 && c.overtaken < c.first_deliveries, "{c:?}");
}
