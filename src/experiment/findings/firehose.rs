//! Findings about Firehose streams: what their objects are like, how old records are in them, what was lost.

use super::{count, percent, records, time};
use crate::experiment::plan::Plan;
use crate::firehose::config::{FirehoseConfig, Source};
use crate::measure::clients::FirehoseResult;
use crate::measure::result::{ConsumerResult, RunResult};
use crate::units::Bytes;

/// Objects: how many, how large, and why they were made.
pub fn objects(plan: &Plan, run: &RunResult, f: &FirehoseResult) -> Option<String> {
    let config = plan.world.firehose.iter().find(|c| c.name == f.name)?;
    let mean = Bytes(f.delivered_bytes.checked_div(f.objects)?);
    let an_hour = f.objects as f64 * 3600e9 / run.duration_ns.max(1) as f64;
    let why = match f.flushed_by_interval {
        n if n * 2 > f.objects => format!(
            "{} of them because {} were over before {} had come together",
            percent(n, f.objects),
            time(config.buffer.interval.0),
            config.buffer.size
        ),
        _ => format!(
            "{} of them because {} had come together",
            percent(f.flushed_by_size, f.objects),
            config.buffer.size
        ),
    };
    Some(format!(
        "{} made {} objects, {} an hour or {} a day, of {} on average, {why}; {}",
        f.name,
        count(f.objects),
        count(an_hour.round() as u64),
        count((an_hour * 24.0).round() as u64),
        human(mean),
        apart(config, run)
    ))
}

/// How many buffers gather side by side.
fn apart(config: &FirehoseConfig, run: &RunResult) -> String {
    match (config.source, run.stream.shards_at_end) {
        (Source::Stream(_), 1) => "its one shard has one buffer".into(),
        (Source::Stream(_), n) => format!("each of the {n} shards has a buffer of its own"),
        (Source::Producer(_), _) if config.buffer.channels == 1 => "all records share one buffer".into(),
        (Source::Producer(_), _) => format!("records take turns in {} buffers", config.buffer.channels),
    }
}

fn human(bytes: Bytes) -> String {
    match bytes.0 as f64 {
        b if b >= 1_048_576.0 => format!("{:.1} MiB", b / 1_048_576.0),
        b => format!("{:.0} KiB", b / 1024.0),
    }
}

/// How old records are when they are delivered.
pub fn freshness(f: &FirehoseResult) -> Option<String> {
    let (p50, p99, oldest) = (f.freshness.p50_ns?, f.freshness.p99_ns?, f.oldest_ns_max?);
    Some(format!(
        "a record is delivered by {} {} after it arrived at the median, {} at p99; the oldest one inside was {} old",
        f.name,
        time(p50),
        time(p99),
        time(oldest)
    ))
}

/// Who loses calls on the shards that it shares with other polling readers.
pub fn shared_calls(run: &RunResult, f: &FirehoseResult) -> Option<String> {
    let refused = |c: &ConsumerResult| c.throttled_by_calls + c.throttled_by_bytes;
    let own = run.consumers.iter().find(|c| c.name == f.name && c.client.is_some())?;
    let others = || run.consumers.iter().filter(|c| c.read == "polling" && c.name != f.name);
    let (calls, lost) = others().fold((0, 0), |sum, c| (sum.0 + c.calls, sum.1 + refused(c)));
    if calls == 0 || (lost + refused(own)) * 100 < calls + own.calls {
        return None;
    }
    let worst = others().max_by(|a, b| (refused(a) * b.calls).cmp(&(refused(b) * a.calls)))?;
    let most = match refused(worst) {
        0 => "none of theirs was".to_owned(),
        n => format!("of {}'s, the worst off, {} were", worst.name, percent(n, worst.calls)),
    };
    Some(format!(
        "{} shares its shards' read calls with {} other polling readers: {} of its own polls were refused, {most}",
        f.name,
        count(others().count() as u64),
        percent(refused(own), own.calls)
    ))
}

/// What lies in error prefixes.
pub fn failed(f: &FirehoseResult) -> Option<String> {
    let found: Vec<String> =
        f.failed.iter().map(|(prefix, n)| format!("{} in {prefix}", records(n.records))).collect();
    (!found.is_empty()).then(|| format!("{} could not deliver everything: {}", f.name, found.join(", ")))
}

/// What was given up.
pub fn lost(f: &FirehoseResult) -> Option<String> {
    (f.lost > 0).then(|| {
        format!(
            "{} lost {}: they were too old before its destination took them ({} of {} requests failed)",
            f.name,
            records(f.lost),
            count(f.failed_requests),
            count(f.requests)
        )
    })
}
