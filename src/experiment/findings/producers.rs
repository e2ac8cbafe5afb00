//! What producers gave up, held, sent again, packed and stored out of order.

use super::{count, percent, records, time};
use crate::experiment::plan::Plan;
use crate::facts::billing;
use crate::measure::lost::Lost;
use crate::measure::result::{IntakeResult, Packing, ProducerResult, RunResult};
use crate::producer::config::ClientConfig;
use crate::stream::config::Mode;

/// What was given up, and why.
pub fn lost(run: &RunResult) -> Option<String> {
    let mut lost = Lost::default();
    run.producers.iter().for_each(|p| lost.add(&p.lost));
    let born: u64 = run.producers.iter().map(|p| p.born).sum();
    let all = lost.all();
    let share = match all * 100_000 >= born {
        true => percent(all, born),
        false => "less than 0.001 %".into(),
    };
    let mut causes: Vec<_> =
        Lost::CAUSES.iter().map(|c| ((c.of)(&lost), c.label)).filter(|c| c.0 > 0).collect();
    causes.sort_by_key(|c| std::cmp::Reverse(c.0));
    let why: Vec<String> = causes.iter().map(|(n, label)| format!("{label}: {}", count(*n))).collect();
    (all > 0)
        .then(|| format!("producers gave up {} ({share} of those born); {}", records(all), why.join(", ")))
}

/// Producers that fall behind: what they still hold at the end, and what holds them.
pub fn held(plan: &Plan, run: &RunResult) -> Option<String> {
    let born: u64 = run.producers.iter().map(|p| p.born).sum();
    let (i, worst) = run.producers.iter().enumerate().max_by_key(|(_, p)| p.held)?;
    let places = places(&plan.world.producers[i].client);
    (worst.held * 50 > born).then(|| {
        format!(
            "{} could not send what was born: {} of its records still waited at the end ({}){places}",
            worst.name,
            percent(worst.held, worst.born),
            count(worst.held)
        )
    })
}

/// What a client has to send with, in words.
fn places(client: &ClientConfig) -> String {
    let each = format!("in each of {} instances", client.instances());
    match client {
        ClientConfig::Sdk(sdk) => sdk
            .in_flight
            .map_or("; it has no limit on calls".into(), |n| format!("; it has {n} calls in flight {each}")),
        ClientConfig::FirehoseDirect(direct) => direct
            .sdk
            .in_flight
            .map_or("; it has no limit on calls".into(), |n| format!("; it has {n} calls in flight {each}")),
        ClientConfig::Kpl(kpl) => format!("; it has {} connections {each}", kpl.max_connections),
        ClientConfig::Agent(agent) => format!(
            "; it has {} sending threads and a queue of {} buffers {each}, and what they cannot take stays in the file",
            agent.sending_threads, agent.publish_queue
        ),
        ClientConfig::FlinkSink(sink) => format!(
            "; it has {} calls in flight and a buffer of {} records {each}, and stops the job before it when that is full",
            sink.max_in_flight, sink.max_buffered
        ),
    }
}

/// Files that were rotated away unread.
pub fn rotated(run: &RunResult) -> Option<String> {
    let worst = run.producers.iter().max_by_key(|p| p.lost.rotated).filter(|p| p.lost.rotated > 0)?;
    Some(format!(
        "{} lost {} in files that were rotated before they were read and not found again: a file pattern that matches the rotated files too, kept for as long as the agent may be behind, loses none",
        worst.name,
        records(worst.lost.rotated)
    ))
}

/// Put calls that failed as a whole.
pub fn failed_calls(run: &RunResult) -> Option<String> {
    let all: Vec<String> = run.producers.iter().filter(|p| p.failed_calls > 0).map(without_answer).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn without_answer(p: &ProducerResult) -> String {
    let share = percent(p.failed_calls, p.calls);
    let arrived = match p.unjudged {
        0 => "all of them arrived, and what they held was judged".into(),
        n => format!("{} were in calls that never arrived, each as often as it was sent", records(n)),
    };
    format!("{} of {}'s put calls got no answer ({share}): {arrived}", count(p.failed_calls), p.name)
}

/// What a Firehose stream refused, by which quota.
pub fn intake(run: &RunResult, intake: &IntakeResult) -> Option<String> {
    let quotas = [
        ("records", intake.throttled_by_records),
        ("bytes", intake.throttled_by_bytes),
        ("requests", intake.throttled_by_requests),
    ];
    let refused: u64 = quotas.iter().map(|q| q.1).sum();
    let (which, most) = quotas.into_iter().max_by_key(|q| q.1)?;
    let undeclared = match run.firehoses().is_empty() {
        true => {
            " (what it delivers and costs is not here: no stream under `firehose:` takes from this producer)"
        }
        false => "",
    };
    (refused > 0).then(|| {
        format!(
            "Firehose refused {} of the records put by {}, {} of them by the quota on {which}, in {} of {} seconds: it holds each second, whatever the minute's average{undeclared}",
            percent(refused, refused + intake.accepted_records),
            intake.name,
            percent(most, refused),
            intake.throttled_seconds,
            run.duration_ns / crate::units::NS_PER_S
        )
    })
}

/// Records that were cut.
pub fn truncated(run: &RunResult) -> Option<String> {
    let of = |p: &ProducerResult| {
        let (records, bytes) = (records(p.truncated), count(p.truncated_bytes));
        format!("{} of {} were too long and were cut by {bytes} B in all", records, p.name)
    };
    let all: Vec<String> = run.producers.iter().filter(|p| p.truncated > 0).map(of).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// With several producers: whose attempts were throttled.
pub fn by_producer(run: &RunResult) -> Option<String> {
    let any = run.producers.iter().any(|p| p.throttled > 0);
    let of = |p: &ProducerResult| format!("{} of {}'s", percent(p.throttled, p.attempts), p.name);
    let all: Vec<String> = run.producers.iter().map(of).collect();
    (any && all.len() > 1).then(|| format!("throttled attempts by producer: {}", all.join(", ")))
}

/// Records sent more often than once: what retries cost the stream.
pub fn amplification(run: &RunResult) -> Option<String> {
    let sent: Vec<&ProducerResult> = run.producers.iter().filter(|p| p.sent() * 100 > p.born * 105).collect();
    let of = |p: &&ProducerResult| {
        let times = p.sent() as f64 / p.born.max(1) as f64;
        format!("{} sent each record {times:.2} times on average", p.name)
    };
    let all: Vec<String> = sent.iter().map(of).collect();
    let stored: u64 = run.producers.iter().map(|p| p.stored).sum();
    let rate = stored as f64 / (run.duration_ns as f64 / 1e9);
    (!all.is_empty()).then(|| {
        format!("{}; what came of it is {rate:.0} records/s stored for the first time", all.join(", "))
    })
}

/// What aggregation does: fewer Kinesis records, and how long records wait for it.
pub fn aggregation(run: &RunResult) -> Option<String> {
    let packs = |p: &&ProducerResult| p.attempts < p.carried;
    let of = |p: &ProducerResult| {
        let each = p.carried as f64 / p.attempts.max(1) as f64;
        let waits = p.buffering.mean_ns().map_or(String::new(), |ns| {
            format!(", for which a record waited {} on average", time(ns as u64))
        });
        let bill = p.packing.map_or(String::new(), |packing| instead(run.mode, &packing));
        format!("{} packed {each:.1} records into a Kinesis record{waits}{bill}", p.name)
    };
    let all: Vec<String> = run.producers.iter().filter(packs).map(of).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// What packed records are billed, instead of what they would be one by one.
fn instead(mode: &str, packing: &Packing) -> String {
    let gigabytes = |bytes: u64| bytes as f64 / billing::GIGABYTE.bytes().0 as f64;
    match mode == Mode::Provisioned.word() {
        true => format!(
            ": {} PUT payload units instead of {} one by one",
            count(packing.payload_units),
            count(packing.payload_units_alone)
        ),
        false => format!(
            ": {:.2} GB billed as written instead of {:.2} GB one by one",
            gigabytes(packing.rounded_bytes),
            gigabytes(packing.rounded_bytes_alone)
        ),
    }
}

/// Order and duplicates, which a consumer has to live with.
pub fn order(run: &RunResult) -> Option<String> {
    let (overtaken, again, stored) = (run.overtaken().unwrap_or(0), run.stream.duplicates, run.stream.stored);
    let out_of_order = format!(
        "{} ({}) were stored in their shard after a record that the same process made later (of one key at most as many)",
        records(overtaken),
        percent(overtaken, stored)
    );
    let twice = format!("{} were stored more than once", records(again));
    match (overtaken > 0, again > 0) {
        (false, false) => None,
        (true, false) => Some(out_of_order),
        (false, true) => Some(twice),
        (true, true) => Some(format!("{out_of_order}; {twice}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_calls_are_told_with_what_was_in_them() {
        let mut p = ProducerResult { name: "p".into(), calls: 8_000, failed_calls: 40, ..Default::default() };
        p.unjudged = 2_000;
        let text = "40 of p's put calls got no answer (0.5 %): 2,000 records were in calls that never arrived, \
                    each as often as it was sent";
        assert_eq!(without_answer(&p), text);
        p.unjudged = 0;
        assert!(without_answer(&p).ends_with("all of them arrived, and what they held was judged"));
    }

    #[test]
    fn a_saving_is_told_in_what_the_mode_bills() {
        let packing = Packing {
            payload_units: 1_200,
            payload_units_alone: 61_000,
            rounded_bytes: 3 << 29,
            rounded_bytes_alone: 5 << 30,
        };
        let units = ": 1,200 PUT payload units instead of 61,000 one by one";
        assert_eq!(instead(Mode::Provisioned.word(), &packing), units);
        let bytes = ": 1.50 GB billed as written instead of 5.00 GB one by one";
        assert_eq!(instead(Mode::OnDemand.word(), &packing), bytes);
    }
}
