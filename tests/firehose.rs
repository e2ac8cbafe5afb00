//! What Firehose does to records on the way, against sums done by hand: the transform, partitions, conversion,
//! destinations that are away, and what becomes of records that cannot be delivered.

#[path = "support/runs.rs"]
mod runs;

use kinesim::measure::clients::FirehoseResult;
use kinesim::measure::result::RunResult;
use runs::{run, world};

/// Even direct puts of 1 KiB without any delay on the way, and a Firehose stream with requests that take no time.
fn direct(seconds: u64, rate: u64, stream: &str, more: &str) -> RunResult {
    run(&world(&format!(
        "duration: {seconds} s\n\
         modes: [provisioned]\n\
         producers: {{ p: {{ rate: {rate} records/s, burstiness: even, record_size: 1 KiB, client: {{ firehose_direct: \
         {{ call: put_record, put_latency: 2 us, in_flight: unlimited }} }} }} }}\n\
         stream: {{ shards: 1 }}\n\
         firehose: {{ lake: {{ from: {{ producer: p }}, {stream} }} }}\n{more}"
    )))
}

/// The same records through a stream.
fn read(seconds: u64, rate: u64, stream: &str, more: &str) -> RunResult {
    run(&world(&format!(
        "duration: {seconds} s\n\
         modes: [provisioned]\n\
         producers: {{ p: {{ rate: {rate} records/s, burstiness: even, record_size: 1 KiB }} }}\n\
         stream: {{ shards: 1, retention: 48 h }}\n\
         firehose: {{ lake: {{ {stream} }} }}\n{more}"
    )))
}

fn lake(run: &RunResult) -> &FirehoseResult {
    run.firehoses()[0]
}

fn failed(f: &FirehoseResult, prefix: &str) -> u64 {
    f.failed.get(prefix).map_or(0, |f| f.records)
}

const S3: &str = "to: { s3: { request: 0 s } }";

#[test]
fn a_transform_is_called_by_size_and_its_shares_hold() {
    // 1 MiB is 1,024 records: a call every 10.24 s, each of 200 ms.
    let transform = "transform: { duration: 200 ms, dropped: 10 %, failed: 5 %, output: 50 % }";
    let r = direct(3600, 100, &format!("{S3}, {transform}, buffer: {{ interval: 60 s }}"), "");
    let (f, calls) = (lake(&r), lake(&r).transform.unwrap());
    assert_eq!((calls.calls, calls.failed_calls, calls.ran_ns), (351, 0, 351 * 200_000_000));
    let sorted = 351 * 1024;
    let near = |n: u64, share: f64| {
        let (want, deviation) = (sorted as f64 * share, (sorted as f64 * share * (1.0 - share)).sqrt());
        assert!((n as f64 - want).abs() < 4.0 * deviation, "{n} records, expected {want}");
    };
    near(f.dropped, 0.1);
    near(failed(f, "processing-failed/"), 0.05);
    assert_eq!(calls.records + f.failed(), sorted);
    // Half as many bytes come back.
    assert_eq!(calls.bytes, (sorted - f.dropped - f.failed()) * 512);
}

#[test]
fn a_transform_by_interval_delays_the_buffer_behind_it() {
    // Called after 60 s for 1 s of work; the interval of 120 s counts from the answer.
    let transform = "transform: { interval: 60 s, duration: 1 s }";
    let r = direct(1800, 1, &format!("{S3}, {transform}, buffer: {{ interval: 120 s }}"), "");
    let oldest = lake(&r).object_age.max_ns.unwrap() as f64 / 1e9;
    assert!((oldest - 181.0).abs() < 1.0, "the oldest record of an object is {oldest} s old");
}

#[test]
fn a_function_that_fails_is_tried_four_times_and_then_its_batch_is_set_aside() {
    let transform = "transform: { duration: 1 s, failing: 100 %, retry_wait: 2 s }";
    let r = direct(1000, 100, &format!("{S3}, {transform}"), "");
    let (f, calls) = (lake(&r), lake(&r).transform.unwrap());
    // 97 batches begin; the last two are still under way or were just begun.
    assert_eq!(calls.calls, calls.failed_calls);
    let set_aside = failed(f, "processing-failed/") / 1024;
    assert!((95..=97).contains(&set_aside) && calls.calls >= 4 * set_aside, "{set_aside} batches");
    assert_eq!((f.delivered_records, f.objects), (0, 0));
}

#[test]
fn an_answer_beyond_six_megabytes_fails() {
    let transform = "transform: { size: 3 MiB, output: 150 % }";
    let f = direct(600, 1000, &format!("{S3}, {transform}"), "");
    // 3 MiB × 1.5 × 4/3 is 6.3 MB; 1.4 would fit.
    assert!(failed(lake(&f), "processing-failed/") > 0 && lake(&f).delivered_records == 0);
    let f = direct(600, 1000, &format!("{S3}, transform: {{ size: 3 MiB, output: 140 % }}"), "");
    assert!(lake(&f).failed() == 0 && lake(&f).delivered_records > 0);
}

#[test]
fn calls_under_way_are_limited() {
    // 100 KiB/s and 10 s a MiB: one call at a time keeps up with a quarter of it.
    let transform = "transform: { duration: 40 s, outstanding: 1 }";
    let r = direct(4000, 100, &format!("{S3}, {transform}"), "");
    assert_eq!(lake(&r).transform.unwrap().calls, 100);
}

#[test]
fn three_new_partitions_a_second_are_180_active_ones() {
    let partitions = "partitions: { by: { new_per_second: 3 } ";
    let f = |more: &str| format!("{S3}, {partitions}{more}}}, buffer: {{ interval: 60 s }}");
    let r = direct(1800, 30, &f(", first_stage: 0 %"), "");
    let active = lake(&r).partitions.unwrap().active_max;
    assert!((180..=184).contains(&active), "{active} partitions were active");
    // An object for each partition.
    let objects = lake(&r).objects;
    assert!((3 * 1735..=3 * 1741).contains(&objects), "{objects} objects");
    // With a first stage of half the interval, records are up to 1.5 intervals old.
    let r = direct(1800, 30, &f(""), "");
    let oldest = lake(&r).object_age.max_ns.unwrap() as f64 / 1e9;
    assert!((oldest - 90.0).abs() < 0.5, "{oldest} s");
}

#[test]
fn records_of_partitions_too_many_fail() {
    let partitions = "partitions: { by: { uniform: { distinct: 1000 } }, active: 500 }";
    let r = direct(1800, 400, &format!("{S3}, {partitions}, buffer: {{ interval: 300 s }}"), "");
    let f = lake(&r);
    assert_eq!(f.partitions.unwrap().active_max, 500);
    let share = failed(f, "activePartitionExceeded/") as f64 / (f.in_records - f.held_records) as f64;
    assert!((share - 0.5).abs() < 0.03, "{share} of the records belong to partitions too many");
}

#[test]
fn conversion_shrinks_objects_and_sets_records_aside() {
    let convert =
        "convert: { parquet: { shrinks_to: 25 %, failed: 1 % } }, buffer: { size: 64 MiB, interval: 900 s }";
    let r = direct(7200, 100, &format!("{S3}, {convert}"), "");
    let f = lake(&r);
    let bad = failed(f, "format-conversion-failed/");
    assert_eq!(f.object_bytes.sum, u128::from(f.delivered_records) * 256);
    let all = (bad + f.delivered_records) as f64;
    assert!((bad as f64 - all * 0.01).abs() < 4.0 * (all * 0.01).sqrt(), "{bad} records failed");
}

#[test]
fn an_outage_of_30_hours_loses_what_is_older_than_a_day() {
    let hours = 3600;
    let outage = "events: [{ at: 1 h, do: { destination_outage: { firehose: lake, for: 30 h } } }]";
    let r = direct(40 * hours, 1, &format!("{S3}, buffer: {{ interval: 60 s }}"), outage);
    let f = lake(&r);
    // Six hours of it, up to the time between two attempts.
    let lost = f.lost as f64 / 3600.0;
    assert!((lost - 6.0).abs() < 0.1, "{lost} hours were lost");
    assert!(f.held_records <= 61);
    // Two hours are only late.
    let outage = "events: [{ at: 1 h, do: { destination_outage: { firehose: lake, for: 2 h } } }]";
    let r = direct(10 * hours, 1, &format!("{S3}, buffer: {{ interval: 60 s }}"), outage);
    let oldest = lake(&r).oldest_ns_max.unwrap() as f64 / 3.6e12;
    assert!(lake(&r).lost == 0 && (2.0..2.1).contains(&oldest), "{oldest} h");
}

#[test]
fn an_outage_leaves_records_in_the_stream_when_too_many_wait() {
    let outage = "events: [{ at: 1 h, do: { destination_outage: { firehose: lake, for: 30 h } } }]";
    let r = read(36 * 3600, 10, &format!("{S3}, hold: 32 MiB"), outage);
    let (f, c) = (lake(&r), &r.consumers[0]);
    assert_eq!((f.lost, c.lost_to_retention), (0, 0));
    let age = c.iterator_age_ns_max as f64 / 3.6e12;
    assert!(age > 28.0, "the reader stood {age} hours behind");
    assert!(c.unread < 10 * 400 && f.failed() == 0, "{} records are left", c.unread);
}

#[test]
fn an_endpoint_is_tried_for_its_retry_duration() {
    let outage = "events: [{ at: 100 s, do: { destination_outage: { firehose: lake, for: 1 h } } }]";
    let to = "to: { http: { request: 0 s, retry_for: 300 s, backoff_jitter: 0 % } }";
    let r = direct(3600, 10, &format!("{to}, buffer: {{ size: 64 MiB, interval: 60 s }}"), outage);
    let f = lake(&r);
    // Waits of 1, 2, 4, ... 64, 120, then the 53 s that are left: ten attempts, 300 s each.
    let objects = f.failed_requests / 10;
    assert!((11..=12).contains(&objects), "{} failed requests", f.failed_requests);
    assert!(failed(f, "http-endpoint-failed/") > 0 && f.lost == 0);
}

#[test]
fn delivery_pauses_while_failed_records_cannot_be_written() {
    let outage = "events: [{ at: 100 s, do: { destination_outage: { firehose: lake, for: 1 h, error_bucket: true } } }]";
    let to = "to: { http: { request: 0 s, retry_for: 0 s } }";
    let r = direct(7200, 10, &format!("{to}, buffer: {{ interval: 60 s }}"), outage);
    let f = lake(&r);
    // One object failed, with the record that came as its interval ended; everything else waited for the hour.
    assert_eq!((f.failed_requests, failed(f, "http-endpoint-failed/")), (1, 601));
    assert!(f.oldest_ns_max.unwrap() > 3_400_000_000_000);
}

#[test]
fn late_answers_leave_duplicates_except_where_aws_says_not() {
    let to = |word: &str| {
        format!("to: {{ {word}: {{ request: 0 s, timed_out: 20 % }} }}, buffer: {{ interval: 60 s }}")
    };
    let r = direct(7200, 10, &to("splunk"), "");
    let f = lake(&r);
    let share = f.duplicate_records as f64 / f.delivered_records as f64;
    assert!(share > 0.1 && share < 0.5, "{share} of the records arrived twice");
    let r = direct(7200, 10, &to("snowflake"), "");
    assert!(lake(&r).duplicate_records == 0 && lake(&r).failed_requests > 0);
}

#[test]
fn redshift_copies_one_after_the_other() {
    let to = "to: { redshift: { request: 100 s, s3_request: 0 s } }";
    let r = direct(7200, 100, &format!("{to}, buffer: {{ interval: 60 s, size: 1 MiB }}"), "");
    let f = lake(&r);
    // 703 objects of 1 MiB, but a COPY takes 100 s: 71 of them, each of what has gathered.
    assert_eq!((f.objects, f.copies), (703, 71));
    assert_eq!(f.failed(), 0);
}

#[test]
fn decompressed_and_taken_apart_each_record_becomes_several() {
    let opening = "decompress: { grows_to: 1000 %, failed: 10 % }, deaggregate: 20";
    let r = read(1200, 10, &format!("{S3}, {opening}, buffer: {{ interval: 60 s }}"), "");
    let f = lake(&r);
    assert_eq!(f.opened_records, Some(20 * f.in_records));
    let broken = failed(f, "decompression-failed/") / 20;
    assert!((broken as f64 - 1200.0).abs() < 4.0 * 1080f64.sqrt(), "{broken} broken records");
    assert_eq!(f.delivered_bytes, f.delivered_records / 20 * 10_240);
    assert_eq!(r.consumers[0].to_failure_destination, broken);
}

#[test]
fn a_stream_whose_quotas_were_doubled_delivers_two_objects_an_interval() {
    let r = run(&world(
        "duration: 2 h\nmodes: [provisioned]\nregion: eu-central-1\n\
         producers: { p: { rate: 1500 records/s, burstiness: even, record_size: 1 KiB, client: { firehose_direct: { \
         raise: { steps: { after: 10 min, most: 2 } } } } } }\n\
         stream: { shards: 1 }\n\
         firehose: { lake: { from: { producer: p }, to: { s3: { request: 0 s } }, buffer: { size: 128 MiB, interval: 60 s } } }\n",
    ));
    assert_eq!(r.intakes[0].raised_ns.len(), 1);
    let raised = r.intakes[0].raised_ns[0];
    assert!(raised.abs_diff(600_000_000_000) < 5_000_000_000, "raised at {raised}");
    let objects = |from: u64, until: u64| {
        let bucket = lake(&r).bucket_ns / 1_000_000_000;
        let inside = |(i, _): &(usize, _)| (from..until).contains(&(*i as u64 * bucket));
        lake(&r).series.iter().enumerate().filter(inside).map(|(_, b)| b.objects).sum::<u64>()
    };
    assert!((8..=11).contains(&objects(0, 600)), "{} in ten minutes", objects(0, 600));
    assert!((118..=122).contains(&objects(3600, 7200)), "{} in an hour", objects(3600, 7200));
}

#[test]
fn a_full_backup_copies_everything() {
    let backup = "full_backup: true, backup: { interval: 60 s }, transform: { dropped: 100 % }";
    let r = read(1200, 10, &format!("{S3}, {backup}"), "");
    let f = lake(&r);
    // Both readers have their own moments.
    assert!(f.backed_up_records.abs_diff(f.in_records) <= 10 && f.delivered_records == 0);
    assert!((18..=20).contains(&f.backup_objects), "{} objects", f.backup_objects);
}
