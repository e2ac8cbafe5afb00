//! What Firehose does to records on the way, against sums done by hand: the transform, partitions, conversion,
//! destinations that are away, and what becomes of records that cannot be delivered.

#[path = "support/runs.rs"]
mod runs;

use kinesim::experiment::outcome::{FrontPoint, Outcome};
use kinesim::facts::firehose as facts;
use kinesim::firehose::intake::{Intake, Quotas, Raise};
use kinesim::measure::clients::FirehoseResult;
use kinesim::measure::result::RunResult;
use runs::{published, run, world};
use serde_json::Value;

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

/// A case of `vectors/pricing.json`, which holds a few facts that are no prices.
fn case(id: &str) -> Value {
    let all: Vec<Value> = serde_json::from_str(include_str!("vectors/pricing.json")).unwrap();
    all.into_iter().find(|c| c["id"] == id).unwrap()
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

/// `fh-active-partitions`: three new partitions a second and 60 s are 180 active ones.
#[test]
fn three_new_partitions_a_second_are_180_active_ones() {
    let c = case("fh-active-partitions");
    let (new, seconds) = (&c["inputs"]["new_partitions_per_s"], &c["inputs"]["interval_s"]);
    let want = c["expected"]["mean_active_partitions"].as_u64().unwrap();
    let partitions = format!("partitions: {{ by: {{ new_per_second: {new} }} ");
    let f = |more: &str| format!("{S3}, {partitions}{more}}}, buffer: {{ interval: {seconds} s }}");
    let r = direct(1800, 30, &f(", first_stage: 0 %"), "");
    let active = lake(&r).partitions.unwrap().active_max;
    assert!((want..=want + 4).contains(&active), "{active} partitions were active");
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

/// `fh-kds-getrecords`: one call a second and shard, two with full back-up, counted against the shard.
#[test]
fn a_shard_is_asked_once_a_second_or_twice_with_a_full_backup() {
    let want = &case("fh-kds-getrecords")["expected"];
    for (backup, key) in
        [("", "getrecords_per_s"), (", full_backup: true", "getrecords_per_s_with_full_backup")]
    {
        let r = read(600, 10, &format!("{S3}{backup}"), "");
        let expected = 600 * want[key].as_u64().unwrap();
        let calls = r.consumers[0].calls;
        assert!(calls.abs_diff(expected) <= 2, "{key}: {calls} calls in 600 s, expected {expected}");
    }
}

/// `fh-quota-scale`: the three quotas grow together.
#[test]
fn doubled_quotas_are_doubled_three_times() {
    let c = case("fh-quota-scale");
    let base = &c["inputs"]["base"];
    let n = |v: &Value| v.as_u64().unwrap();
    let quotas = Quotas {
        records: facts::LARGE_RECORDS.count(),
        requests: facts::LARGE_REQUESTS.count(),
        bytes: facts::LARGE_BYTES.byte_rate().0,
    };
    assert_eq!(
        (quotas.bytes, quotas.requests, quotas.records),
        (n(&base["mib_per_s"]) << 20, n(&base["requests_per_s"]), n(&base["records_per_s"]))
    );
    let factor = n(&c["inputs"]["new_mib_per_s"]) / n(&base["mib_per_s"]);
    let mut intake =
        Intake::new(quotas, Some(Raise { factor: factor as u32, after: 0, most: factor as u32 }));
    assert!(intake.refused(0));
    // A second of as many calls, records and bytes as anybody could want.
    let accepted = |intake: &mut Intake, second: u64, calls: u64, records: u64, size: u32| {
        let (mut open, mut taken) = (0, 0);
        for _ in 0..calls {
            intake.begin_call(second * 1_000_000_000);
            let got =
                (0..records).filter(|_| intake.judge(second * 1_000_000_000, size).is_ok()).count() as u64;
            (open, taken) = (open + u64::from(got > 0), taken + got);
        }
        (open, taken)
    };
    assert_eq!(accepted(&mut intake, 1, 5_000, 1, 0).0, n(&c["expected"]["requests_per_s"]));
    assert_eq!(accepted(&mut intake, 2, 3_000, 500, 0).1, n(&c["expected"]["records_per_s"]));
    let mib = accepted(&mut intake, 3, 300, 50, 1 << 10).1 >> 10;
    assert_eq!(mib, n(&c["inputs"]["new_mib_per_s"]));
}

/// P33: the buffers' defaults and ranges, zero buffering, and the rounding of the bill.
#[test]
fn p33_defaults_and_limits() {
    let p = &published("P33")["measured"];
    let text = |to: &str, buffer: &str| {
        format!(
            "question: q\nduration: 1 min\nproducers: {{ p: {{ rate: 1 records/s, record_size: 1 KiB }} }}\n\
             stream: {{ shards: 1 }}\nfirehose: {{ lake: {{ to: {to}, buffer: {{ {buffer} }} }} }}\n"
        )
    };
    let good = |to: &str, buffer: &str| {
        kinesim::scenario::load(&text(to, buffer), "p33", &|_: &str| Err(String::new()), &[]).is_ok()
    };
    for (key, unit, range) in [("size", "MiB", &p["s3_size_MiB"]), ("interval", "s", &p["s3_interval_s"])] {
        let (least, most) = (range[0].as_u64().unwrap(), range[1].as_u64().unwrap());
        let beyond = match least {
            0 => vec![most + 1],
            _ => vec![least - 1, most + 1],
        };
        assert!([least, most].iter().all(|n| good("s3", &format!("{key}: {n} {unit}"))), "{key}");
        assert!(!beyond.iter().any(|n| good("s3", &format!("{key}: {n} {unit}"))), "{key}");
    }
    let splunk = &world(&text("splunk", "")).firehose[0].buffer;
    assert_eq!(splunk.size.0 >> 20, p["splunk"]["size_MB"].as_u64().unwrap());
    assert_eq!(splunk.interval.0 / 1_000_000_000, p["splunk"]["interval_s"].as_u64().unwrap());
    // Zero buffering: within a few seconds.
    let r = read(600, 10, "to: s3, buffer: { interval: 0 s }", "");
    let oldest = lake(&r).oldest_ns_max.unwrap() as f64 / 1e9;
    assert!(oldest < 7.0, "zero buffering keeps records for {oldest} s");
    // A record of 1 KiB is billed as 5 KB.
    let each = lake(&r).billed_bytes / lake(&r).in_records;
    assert_eq!(each, p["billing_rounding_KB"].as_u64().unwrap() << 10);
}

/// P38: 5 MB fill in 6 to 7 s and 10 MB in 12 to 14 s, however long the interval is.
#[test]
fn p38_the_size_is_reached_first() {
    let p = &published("P38")["measured"];
    for (mib, expected) in [(5, &p["delivery_interval_s"]), (10, &p["after_raising_buffer_to_10_MB_s"])] {
        for (end, seconds) in [(0, 6), (1, 7)] {
            // Records of 1 KiB at 5 MiB in so many seconds.
            let f = direct(
                420,
                5 * 1024 / seconds,
                &format!("{S3}, buffer: {{ size: {mib} MiB, interval: 60 s }}"),
                "",
            );
            let f = lake(&f);
            let between = f.object_age.mean_ns().unwrap() / 1e9;
            let want = expected[end].as_f64().unwrap();
            assert!((between - want).abs() < 0.02, "{mib} MiB: every {between} s, reported {want} s");
            assert_eq!(f.flushed_by_interval, 0);
        }
    }
}

/// An upload in parts takes a request that begins it, one a part and one that completes it.
#[test]
fn short_intervals_put_objects_in_parts() {
    // 100 KiB/s for 59 s are 5.8 MiB in two parts; for 60 s they are one request.
    let r = direct(600, 100, &format!("{S3}, buffer: {{ size: 64 MiB, interval: 59 s }}"), "");
    assert_eq!(lake(&r).s3_puts, 4 * lake(&r).objects);
    let r = direct(600, 100, &format!("{S3}, buffer: {{ size: 64 MiB, interval: 60 s }}"), "");
    assert_eq!(lake(&r).s3_puts, lake(&r).objects);
}

/// Failed records gather by their prefix for as long as the back-up does.
#[test]
fn failed_records_lie_in_objects_that_are_paid_for() {
    let transform = "transform: { failed: 10 %, duration: 0 s }, backup: { interval: 60 s }";
    let r = direct(600, 100, &format!("{S3}, {transform}, buffer: {{ interval: 300 s }}"), "");
    let f = lake(&r);
    // A batch every 10.24 s fails some of its records: an object a minute, begun by the first batch after it.
    assert!((8..=10).contains(&f.failed["processing-failed/"].objects), "{:?}", f.failed);
    assert_eq!(f.s3_puts, f.objects + f.failed["processing-failed/"].objects);
}

/// What the KPL packed is unpacked: records are counted, billed and delivered one by one.
#[test]
fn parcels_of_the_kpl_are_unpacked() {
    let r = run(&world(&format!(
        "duration: 600 s\nmodes: [provisioned]\n\
         producers: {{ p: {{ rate: 500 records/s, record_size: 100 B, client: kpl }} }}\n\
         stream: {{ shards: 1 }}\nfirehose: {{ lake: {{ {S3} }} }}\n"
    )));
    let (f, c) = (lake(&r), &r.consumers[0]);
    assert!(r.stream.kinesis_records * 10 < r.stream.stored, "the KPL packed them");
    // What is held is not read for good.
    assert_eq!(f.in_records, r.stream.stored - c.unread + f.held_records);
    // Each of them is billed as 5 KB.
    assert_eq!(f.billed_bytes, 5120 * f.in_records);
}

/// Everything a scenario's experiment finds.
fn outcome(text: &str, curves: bool) -> Outcome {
    let no_files = |_: &str| Err(String::new());
    let scenario = kinesim::scenario::load(text, "case.yaml", &no_files, &[]).expect("a good scenario");
    let mut plan = scenario.plan(1).expect("prices of its Region");
    (plan.replications, plan.curves) = (Some(1), Some(curves));
    kinesim::experiment::run(&plan, &|_, _| ()).expect("it can be simulated")
}

/// The front of buffering hints is A17 at every point: the size or the interval, whichever is reached first.
#[test]
fn a_front_is_size_or_interval_at_every_point() {
    let found = outcome(
        "duration: 10 min\nmodes: [provisioned]\n\
         producers: { p: { rate: 20 records/s, burstiness: even, record_size: 1 KiB, key_bytes: 1 B } }\n\
         stream: { shards: 1 }\nfirehose: { lake: { to: { s3: { request: 0 s } }, buffer: { size: 2 MiB, interval: 2 min } } }\n",
        true,
    );
    let front = &found.fronts[0];
    // Three sizes at 0, 15, 60, 300 and 900 s, and the scenario's own.
    assert_eq!((front.points.len(), front.size_here, front.interval_here_ns), (16, 2 << 20, 120_000_000_000));
    for p in &front.points {
        let wait = if p.interval_ns == 0 { 5.0 } else { p.interval_ns as f64 / 1e9 };
        let t = wait.min(p.size as f64 / (20.0 * 1024.0));
        let object = t * 20.0 * 1024.0;
        let (found, late) = (p.object_bytes as f64, 20.0 * 1024.0);
        // Whatever a poll brings at the end belongs to the object or begins the next.
        assert!((found - object).abs() <= 1.05 * late, "{t} s: {found} bytes an object, expected {object}");
        let (a_day, per_object) = (p.objects_per_day, 86_400.0 * 20.0 * 1024.0 / found);
        assert!(
            (a_day / per_object - 1.0).abs() < 0.02,
            "{t} s: {a_day} objects a day, expected {per_object}"
        );
        let p99 = p.p99_ns.unwrap() as f64 / 1e9;
        assert!(p99 > 0.9 * t && p99 < t + 2.0, "{t} s: p99 {p99} s");
    }
    // What no other point beats is never beaten in freshness by a larger object at no higher cost.
    let best: Vec<_> = front.points.iter().filter(|p| p.best).collect();
    assert!(!best.is_empty());
    for b in &best {
        let better = |p: &&FrontPoint| {
            p.p99_ns < b.p99_ns && p.object_bytes >= b.object_bytes && p.month_usd <= b.month_usd
        };
        assert_eq!(front.points.iter().find(better), None);
    }
}

/// It begins at LATEST: what the stream holds when it is created is never delivered.
#[test]
fn what_the_stream_held_before_is_never_delivered() {
    let r = read(600, 10, &format!("starts: 5 min, {S3}, buffer: {{ interval: 1 min }}"), "");
    let (f, reader) = (lake(&r), &r.consumers[0]);
    assert!(reader.before_start.abs_diff(3000) <= 1, "{} records stored in 300 s", reader.before_start);
    // What no poll has brought yet is at most a second and the propagation of it.
    assert!((2980..=3000).contains(&f.in_records), "{} records of the other 300 s", f.in_records);
    let first = f.freshness.max_ns.unwrap();
    assert!(first < 63_000_000_000, "the oldest delivered record was {first} ns old: it is from before");
}

/// A shard answers five calls a second: with four pollers a Firehose stream fits, with its back-up's reader a call in
/// six is refused, and the finding says whose.
#[test]
fn a_sixth_caller_on_a_shard_is_said_to_be_refused() {
    let shared = |more: &str| {
        let found = outcome(
            &format!(
                "duration: 10 min\nmodes: [provisioned]\nproducers: {{ p: {{ rate: 50 records/s, record_size: 1 KiB }} }}\n\
                 stream: {{ shards: 1 }}\nconsumers: {{ app: {{ count: 4, read: {{ polling: {{ interval: 1 s }} }} }} }}\n\
                 firehose: {{ lake: {{ {S3}{more} }} }}\n"
            ),
            false,
        );
        let calls = found.modes[0].run.consumers.iter().map(|c| (c.calls, c.throttled_by_calls));
        let (calls, refused) = calls.fold((0, 0), |sum, c| (sum.0 + c.0, sum.1 + c.1));
        let text = found.findings.iter().find(|f| f.kind == "shared_calls").map(|f| f.text.clone());
        (text, refused as f64 / calls as f64)
    };
    assert_eq!(shared(""), (None, 0.0));
    let (text, refused) = shared(", full_backup: true");
    assert!((refused - 1.0 / 6.0).abs() < 0.005, "{refused} of the calls, expected a sixth");
    let text = text.expect("a sixth of the calls is worth saying");
    assert!(text.contains("lake shares its shards' read calls with 4 other polling readers"), "{text}");
}

/// No public source gives a price for Iceberg tables in us-east-1: the error names item and Region, and what to give.
#[test]
fn a_price_without_a_source_is_asked_for() {
    let text = "duration: 1 min\nmodes: [provisioned]\nproducers: { p: { rate: 10 records/s, record_size: 1 KiB } }\n\
                stream: { shards: 1 }\nfirehose: { lake: { to: iceberg } }\n";
    let scenario =
        kinesim::scenario::load(text, "case.yaml", &|_| Err(String::new()), &[]).expect("a good scenario");
    let run = |prices| {
        let mut plan = scenario.plan_with(1, prices);
        (plan.replications, plan.curves) = (Some(1), Some(false));
        kinesim::experiment::run(&plan, &|_, _| ()).map(|_| ())
    };
    let table = kinesim::facts::prices::region("us-east-1").unwrap();
    let why = run(table.clone()).unwrap_err().to_string();
    let given = r#"{ "region": "us-east-1", "prices": { "firehose_iceberg_gb": USD } }"#;
    assert!(why.contains("Iceberg tables in us-east-1") && why.ends_with(given), "{why}");
    let own = kinesim::scenario::price_file::read(&given.replace("USD", "0.045"), "us-east-1")
        .expect("as the hint says");
    assert!(run(table.replaced(&own.prices, "own")).is_ok());
}

/// CloudWatch's sums over all minutes are the run's counts, under Amazon's names.
#[test]
fn cloudwatch_has_firehoses_series() {
    let found = outcome(
        "duration: 10 min\nmodes: [provisioned]\n\
         producers:\n  a: { rate: 50 records/s, record_size: 1 KiB, client: firehose_direct }\n  \
         b: { rate: 100 records/s, record_size: 1 KiB }\n\
         stream: { shards: 1 }\n\
         firehose:\n  direct: { from: { producer: a }, to: { opensearch: {} }, buffer: { interval: 1 min } }\n  \
         lake: { transform: { duration: 100 ms, failed: 10 % }, full_backup: true, backup: { interval: 1 min }, \
         convert: { parquet: { failed: 10 % } }, buffer: { size: 64 MiB, interval: 1 min } }\n",
        false,
    );
    let run = &found.modes[0].run;
    let csv = String::from_utf8(kinesim::report::cloudwatch::csv(&found)).unwrap();
    let rows: Vec<Vec<&str>> = csv.lines().map(|l| l.split(',').collect()).collect();
    let sum = |stream: &str, metric: &str| -> u64 {
        let here = rows.iter().filter(|r| r[2] == metric && r[9] == stream);
        here.map(|r| r[5].parse::<u64>().unwrap()).sum()
    };
    let (direct, lake) = (run.firehoses()[0], run.firehoses()[1]);
    let intake = &run.intakes[0];
    let processing = lake.transform.unwrap();
    for (stream, metric, want) in [
        ("direct", "IncomingRecords", direct.in_records),
        ("direct", "IncomingBytes", direct.in_bytes),
        ("direct", "IncomingPutRequests", intake.accepted_calls),
        ("direct", "ThrottledRecords", 0),
        ("direct", "DeliveryToAmazonOpenSearchService.Records", direct.delivered_records),
        ("lake", "DeliveryToS3.Records", lake.delivered_records),
        ("lake", "DeliveryToS3.Bytes", lake.delivered_bytes),
        ("lake", "DeliveryToS3.Success", lake.objects),
        ("lake", "SucceedProcessing.Records", processing.records),
        ("lake", "SucceedConversion.Records", lake.conversion.unwrap().records),
        ("lake", "FailedConversion.Records", lake.failed["format-conversion-failed/"].records),
        ("lake", "BackupToS3.Records", lake.backed_up_records),
        ("lake", "BackupToS3.Success", lake.backup_objects),
        ("lake", "DataReadFromKinesisStream.Records", lake.in_records + lake.backed_up_records),
        ("lake", "ThrottledGetRecords", 0),
    ] {
        assert_eq!(sum(stream, metric), want, "{stream} {metric}");
    }
    for metric in [
        "DeliveryToS3.DataFreshness",
        "KinesisMillisBehindLatest",
        "ExecuteProcessing.Duration",
        "ExecuteProcessing.Success",
    ] {
        assert!(rows.iter().any(|r| r[2] == metric && r[9] == "lake" && r[6].is_empty()), "{metric}");
    }
    let limit = rows.iter().find(|r| r[2] == "BytesPerSecondLimit").unwrap();
    assert_eq!((limit[5], limit[9]), ("5242880", "direct"));
}
