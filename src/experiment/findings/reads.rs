//! Findings about readers: limits they share, how far they are behind, and what retention takes from them.

use super::{count, percent, records, time};
use crate::consumer::config::{Happening, ReadConfig};
use crate::experiment::plan::Plan;
use crate::facts::data_streams;
use crate::measure::result::{ConsumerResult, RunResult};
use crate::random::LatencyLaw;
use crate::units::NS_PER_S;
use crate::world::config::Action;

/// Readers that were refused more than a hundredth of their calls, in one sentence.
pub fn limits(run: &RunResult) -> Option<String> {
    let refused = |c: &ConsumerResult| c.throttled_by_calls + c.throttled_by_bytes;
    let hit: Vec<&ConsumerResult> = run.consumers.iter().filter(|c| refused(c) * 100 > c.calls).collect();
    let calls: u64 = hit.iter().map(|c| c.calls).sum();
    let by_calls: u64 = hit.iter().map(|c| c.throttled_by_calls).sum();
    let by_bytes: u64 = hit.iter().map(|c| c.throttled_by_bytes).sum();
    let which = if by_calls >= by_bytes {
        format!("{} calls a second", data_streams::SHARD_READ_CALLS.count())
    } else {
        data_streams::SHARD_READ_BYTES.value.to_string()
    };
    let worst = hit.iter().max_by(|a, b| (refused(a) * b.calls).cmp(&(refused(b) * a.calls)))?;
    let who = match hit.as_slice() {
        [one] => format!("{}'s read calls", one.name),
        // Refused a tenth more often than all of them together: worth a name.
        many if refused(worst) * calls * 10 > (by_calls + by_bytes) * worst.calls * 11 => format!(
            "the read calls of {} readers (of {}'s even {})",
            many.len(),
            worst.name,
            percent(refused(worst), worst.calls)
        ),
        many => format!("the read calls of {} readers", many.len()),
    };
    Some(format!(
        "{} of {who} were refused, most by the limit of {which} that all polling readers of a shard share",
        percent(by_calls + by_bytes, calls)
    ))
}

/// A reader that ends the run far behind: its latencies are those of what it did receive.
pub fn behind(run: &RunResult, c: &ConsumerResult) -> Option<String> {
    (c.unread * 50 > run.stream.stored && c.unread > 0 && !c.gathers()).then(|| {
        format!(
            "{} ended the run with {} of {} unread; its latencies are only those of what it received",
            c.name,
            count(c.unread),
            records(run.stream.stored)
        )
    })
}

/// How long a reader needed after its outage.
pub fn catch_up(plan: &Plan, c: &ConsumerResult) -> Option<String> {
    let index = plan.world.consumers.iter().position(|w| w.name == c.name)?;
    let had_outage = plan.world.events.iter().any(|e| {
        matches!(&e.action, Action::Consumer { consumer, what: Happening::Outage { .. } } if consumer.is_none_or(|i| i == index))
    });
    had_outage.then(|| match c.catch_up_ns {
        Some(ns) => format!("{} had caught up {} after its outage ended", c.name, time(ns)),
        None => format!("{} had not caught up when the run ended ({} unread)", c.name, records(c.unread)),
    })
}

/// What retention took, or how close it came.
pub fn retention(plan: &Plan, c: &ConsumerResult) -> Option<String> {
    let kept = plan.world.stream.retention.0;
    if c.lost_to_retention > 0 {
        let lost = records(c.lost_to_retention);
        return Some(format!("{lost} passed the retention of {} before {} read them", time(kept), c.name));
    }
    (c.iterator_age_ns_max * 2 > kept).then(|| {
        format!(
            "{} was {} behind, more than half of the retention of {}",
            c.name,
            time(c.iterator_age_ns_max),
            time(kept)
        )
    })
}

/// Which knob binds a plain reader that ends far behind.
pub fn binds(plan: &Plan, run: &RunResult, c: &ConsumerResult) -> Option<String> {
    let config = plan.world.consumers.iter().find(|w| w.name == c.name)?;
    let is_behind = c.unread * 50 > run.stream.stored && c.unread > 0;
    if c.client.is_some() || !is_behind || c.throttled_by_calls + c.throttled_by_bytes > c.calls / 10 {
        return None;
    }
    let mean = |law: &LatencyLaw| law.sampler().mean();
    let (call, each) = (mean(&config.processing.per_call), mean(&config.processing.per_record));
    let (limit, interval) = match &config.read {
        ReadConfig::Polling(p) => (f64::from(p.limit), p.interval.0 as f64),
        ReadConfig::FanOut(_) => (f64::INFINITY, 0.0),
    };
    let working = call / limit + each;
    let (worked, asked) = (1e9 / working, limit * 1e9 / interval);
    let bound = match worked <= asked {
        true if working > 0.0 => format!(
            "its records are worked on one after another, {worked:.0} a second and shard at most: less work a record or more shards would help"
        ),
        false => format!(
            "it asks for {limit:.0} records every {interval_s}, {asked:.0} a second and shard at most",
            interval_s = time(interval as u64)
        ),
        true => return None,
    };
    Some(format!("what binds {}: {bound}", c.name))
}

/// A reader that falls behind ever further: when retention takes the first record it has not read.
pub fn deadline(plan: &Plan, run: &RunResult, c: &ConsumerResult) -> Option<String> {
    let index = run.consumers.iter().position(|other| other.name == c.name)?;
    let ages = run.series.consumers.get(index)?.ages();
    growing(plan.world.stream.retention.0, &ages, run.series.bucket_ns, c)
}

/// The same from its iterator age in each bucket.
fn growing(kept: u64, ages: &[Option<u64>], bucket: u64, c: &ConsumerResult) -> Option<String> {
    let quarter = ages.len() / 4;
    let most = |from: usize, to: usize| ages.get(from..to)?.iter().flatten().copied().max();
    // A bucket's age may be that of shards which are not behind: what counts is the largest of many.
    let (before, now) = (most(quarter, 2 * quarter)?, most(3 * quarter, ages.len())?);
    let at_end = most(ages.len() - quarter.div_ceil(4), ages.len())?;
    let growth = now.saturating_sub(before) as f64 / (2 * quarter as u64 * bucket) as f64;
    let left = kept.saturating_sub(now);
    // Growth that cannot be told from the moments of its calls, and what retention takes already, are other findings'.
    if growth < GROWS
        || now < LATE
        || at_end < now / 10 * 9
        || c.lost_to_retention > 0
        || left == 0
        || c.gathers()
    {
        return None;
    }
    Some(format!(
        "{} falls {:.2} s further behind each second; going on like that, retention takes the first unread record {} after the end of the run",
        c.name,
        growth,
        time((left as f64 / growth) as u64)
    ))
}

/// An iterator age that grows by less than this share of the time is not growing.
const GROWS: f64 = 0.02;
/// And a younger one tells nothing.
const LATE: u64 = 10 * NS_PER_S;

/// A reader that loses the shared calls for many turns in a row.
pub fn starvation(run: &RunResult) -> Option<String> {
    let pollers = run
        .consumers
        .iter()
        .filter(|c| c.read == "polling" && c.client.is_none() && c.throttled_by_calls * 10 > c.calls);
    let worst = pollers.max_by_key(|c| c.propagation.p99_ns)?;
    let (p50, p99) = (worst.propagation.p50_ns?, worst.propagation.p99_ns?);
    (p99 > 4 * p50).then(|| {
        format!(
            "{} waits {} at the median but {} at p99: readers in step win the shared calls for many turns in a row",
            worst.name,
            time(p50),
            time(p99)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A22: a reader half as fast as its stream is half of the time behind, so that a retention of 24 h is reached
    /// 48 h after the start: 47 h after an hour.
    #[test]
    fn the_deadline_is_when_the_age_reaches_the_retention() {
        let day = 24 * 3_600 * NS_PER_S;
        let told = |share: f64, c: &ConsumerResult| {
            let ages: Vec<_> = (0..60).map(|m| Some((f64::from(m) * share * 60e9) as u64)).collect();
            growing(day, &ages, 60 * NS_PER_S, c)
        };
        let slow = ConsumerResult { name: "slow".into(), ..ConsumerResult::default() };
        let text = told(0.5, &slow).expect("it falls behind");
        assert!(text.starts_with("slow falls 0.50 s further behind each second"), "{text}");
        assert!(text.contains("47.0 h after"), "{text}");
        assert_eq!(told(0.0, &slow), None);
        let loses = ConsumerResult { lost_to_retention: 1, ..slow };
        assert_eq!(told(0.5, &loses), None, "what is lost already needs no deadline");
    }
}
