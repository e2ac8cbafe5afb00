//! Findings about Lambda: what blocked it, what bound it, what it gave up.

use super::{count, percent, records, time};
use crate::experiment::plan::Plan;
use crate::facts::lambda as facts;
use crate::measure::clients::{ClientResult, LambdaResult};
use crate::measure::result::{ConsumerResult, RunResult};
use crate::units::NS_PER_S;

fn of(c: &ConsumerResult) -> Option<&LambdaResult> {
    match &c.client {
        Some(ClientResult::Lambda(lambda)) => Some(lambda),
        _ => None,
    }
}

/// Batches that failed again and again, with all behind them waiting.
pub fn blocked(c: &ConsumerResult) -> Option<String> {
    let l = of(c).filter(|l| l.blocked_ns_max >= BLOCKED)?;
    let still = match l.blocked_at_end {
        0 => String::new(),
        1 => ", and one lane is in it at the end".into(),
        n => format!(", and {n} lanes are in it at the end"),
    };
    Some(format!(
        "{} spent up to {} on one batch after its first failure{still}: until a batch succeeds or is given up, everything behind it in its shard and lane waits",
        c.name,
        time(l.blocked_ns_max)
    ))
}

/// Failures shorter than this are nothing to tell.
const BLOCKED: u64 = 10 * NS_PER_S;
/// An age from which it pays to ask what binds.
const LATE: u64 = 10 * NS_PER_S;

/// Which knob binds a mapping that is late.
pub fn binding(plan: &Plan, run: &RunResult, c: &ConsumerResult) -> Option<String> {
    let l = of(c).filter(|l| l.invocations > 0 && l.blocked_ns_max < BLOCKED)?;
    let age = l.iterator_age_ns_max.filter(|age| *age >= LATE)?;
    let config = plan.world.consumers.iter().find(|w| w.name == c.name)?.client.lambda()?;
    let age = format!("{}'s IteratorAge rose to {}", c.name, time(age));
    if l.throttled > 0 {
        return Some(format!(
            "{age}: {} invocations were throttled by its concurrency of {}, which its {} lanes share",
            count(l.throttled),
            l.concurrency_limit,
            l.lanes
        ));
    }
    let busy = l.busy_ns as f64 / (run.duration_ns as f64 * f64::from(l.lanes.max(1)));
    if busy < 0.5 {
        return Some(format!(
            "{age}, yet its lanes worked {:.0} % of the time only: reading or waiting binds it, not the function",
            busy * 100.0
        ));
    }
    let each = l.billed_ms as f64 / l.invocations as f64 / 1000.0;
    let (size, factor) = (config.batch_size, config.parallelization_factor);
    let most = size as f64 * f64::from(factor) / each.max(0.001);
    let lanes = match l.lanes_used < l.lanes {
        true => format!(" (keys fill {} of {} lanes)", l.lanes_used, l.lanes),
        false => String::new(),
    };
    Some(format!(
        "{age}: a full batch of {} takes {}, so a shard with a parallelization factor of {factor} has {most:.0} records/s processed at most{lanes}; a larger batch, a higher factor (up to {}), a shorter duration or more shards raise that",
        count(size),
        time((each * 1e9) as u64),
        facts::PARALLELIZATION_MAX.count()
    ))
}

/// Batches that take longer than the function may.
pub fn timeouts(plan: &Plan, c: &ConsumerResult) -> Option<String> {
    let l = of(c).filter(|l| l.timed_out > 0)?;
    let config = plan.world.consumers.iter().find(|w| w.name == c.name)?.client.lambda()?;
    Some(format!(
        "{} of {}'s invocations ran into the function's timeout of {}: a batch that takes longer fails whole, each time it is sent",
        percent(l.timed_out, l.invocations),
        c.name,
        config.timeout
    ))
}

/// What was given up, and who is told.
pub fn given_up(c: &ConsumerResult) -> Option<String> {
    let l = of(c)?;
    let causes = [
        (l.given_up_by_retries, "retries used up"),
        (l.given_up_by_age, "too old"),
        (l.too_large, "too large for an event"),
    ];
    let all: u64 = causes.iter().map(|cause| cause.0).sum();
    let why: Vec<String> =
        causes.iter().filter(|c| c.0 > 0).map(|(n, what)| format!("{what}: {}", count(*n))).collect();
    let told = match l.destination_messages {
        0 => "no failure destination is told".into(),
        1 => {
            "the failure destination got one message, which says where they lie and not what they hold".into()
        }
        n => format!(
            "the failure destination got {} messages, which say where they lie and not what they hold",
            count(n)
        ),
    };
    (all > 0).then(|| format!("{} gave up {} ({}); {told}", c.name, records(all), why.join(", ")))
}

/// Records that expired behind a batch that could not be processed.
pub fn expired(c: &ConsumerResult) -> Option<String> {
    let l = of(c).filter(|l| l.expired > 0)?;
    Some(format!(
        "{} expired while {} held them: retention does not wait for a batch that is tried again, nor for those behind it",
        records(l.expired),
        c.name
    ))
}
