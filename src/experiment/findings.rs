//! What a person should know first, in words with numbers.

use super::outcome::{Finding, ModeOutcome};
use super::plan::Plan;
use crate::facts::data_streams;
use crate::measure::result::{ConsumerResult, RunResult, ShardMinute, ShardResult};
use crate::producer::config::ClientConfig;
use crate::stream::config::Mode;
use crate::units::NS_PER_S;

/// All findings, most important first.
pub fn of(plan: &Plan, modes: &[ModeOutcome]) -> Vec<Finding> {
    let mut all = Vec::new();
    for mode in modes {
        let mut say = |kind, text: Option<String>| {
            if let Some(text) = text {
                all.push(Finding { kind, text: format!("{}: {text}", mode.title) });
            }
        };
        say("lost", lost(&mode.run));
        say("held", held(plan, &mode.run));
        say("binding_limit", binding_limit(plan, &mode.run));
        say("inside_the_minute", inside_the_minute(&mode.run));
        say("hot_shard", hot_shard(&mode.run));
        say("on_demand_short", on_demand_short(&mode.run));
        for consumer in &mode.run.consumers {
            say("read_limits", read_limits(consumer));
            say("catch_up", catch_up(plan, consumer));
            say("retention", retention(plan, consumer));
        }
        say("starvation", starvation(&mode.run));
        say("next_wall", next_wall(plan, &mode.run));
    }
    all.extend(cheapest(modes).map(|text| Finding { kind: "cost", text }));
    all
}

fn percent(part: u64, whole: u64) -> String {
    match part as f64 * 100.0 / whole.max(1) as f64 {
        p if p >= 0.1 => format!("{p:.1} %"),
        p if p >= 0.001 => format!("{p:.3} %"),
        _ => format!("{part} of {whole}"),
    }
}

fn time(ns: u64) -> String {
    let s = ns as f64 / NS_PER_S as f64;
    match s {
        s if s < 1.0 => format!("{:.0} ms", s * 1000.0),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.1} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

fn lost(run: &RunResult) -> Option<String> {
    let lost: u64 = run.producers.iter().map(|p| p.lost()).sum();
    let born: u64 = run.producers.iter().map(|p| p.born).sum();
    (lost > 0).then(|| format!("{lost} records were given up by their producers ({} of those born)", percent(lost, born)))
}

/// Producers that fall behind: what they still hold at the end, and what holds them.
fn held(plan: &Plan, run: &RunResult) -> Option<String> {
    let born: u64 = run.producers.iter().map(|p| p.born).sum();
    let (i, worst) = run.producers.iter().enumerate().max_by_key(|(_, p)| p.held)?;
    let ClientConfig::Sdk(sdk) = &plan.world.producers[i].client;
    let places = sdk.in_flight.map_or("no limit on calls".into(), |n| {
        format!("{n} calls in flight in each of {} instances", sdk.instances)
    });
    (worst.held * 50 > born).then(|| {
        format!(
            "{} could not send what was born: {} of its records still waited at the end ({}); it has {places}",
            worst.name,
            percent(worst.held, worst.born),
            worst.held
        )
    })
}

fn binding_limit(plan: &Plan, run: &RunResult) -> Option<String> {
    let s = &run.stream;
    let refused = s.throttled_by_records + s.throttled_by_bytes;
    if refused == 0 {
        return None;
    }
    let attempts: u64 = run.producers.iter().map(|p| p.attempts).sum();
    let limits = plan.world.stream.admission;
    let (which, limit) = if s.throttled_by_records >= s.throttled_by_bytes {
        ("records", format!("{} records/s", limits.records_per_s))
    } else {
        ("bytes", format!("{} KiB/s", limits.bytes_per_s >> 10))
    };
    Some(format!(
        "{} of write attempts were throttled, {} of them by the {which} limit of a shard ({limit}); in {} s of the run some write was refused",
        percent(refused, attempts),
        percent(s.throttled_by_records.max(s.throttled_by_bytes), refused),
        s.throttled_seconds
    ))
}

/// Refusals in minutes whose average was far below the limit: bursts inside the minute.
fn inside_the_minute(run: &RunResult) -> Option<String> {
    let limits = data_streams::shard_limits();
    let calm = |m: &&ShardMinute| {
        (m.in_records + m.write_throttled) * 2 < limits.write_records_per_s * 60
            && m.in_bytes * 2 < limits.write_bytes_per_s * 60
            && m.write_throttled > 0
    };
    let minutes = run.shards.iter().flat_map(whole_minutes).filter(calm);
    let (n, refused) = minutes.fold((0u64, 0u64), |a, m| (a.0 + 1, a.1 + m.write_throttled));
    (n > 0).then(|| {
        format!(
            "{refused} refusals fell into {n} shard-minutes whose average was below half of the limit: the limit holds each second, a minute's graph hides it"
        )
    })
}

/// Minutes in which the shard was open from beginning to end.
fn whole_minutes(shard: &ShardResult) -> &[ShardMinute] {
    let minute = 60 * NS_PER_S;
    let first = usize::from(!shard.opened_ns.is_multiple_of(minute));
    let last = shard.closed_ns.map_or(shard.minutes.len(), |c| ((c / minute) - shard.opened_ns / minute) as usize);
    shard.minutes.get(first..last.min(shard.minutes.len())).unwrap_or(&[])
}

fn hot_shard(run: &RunResult) -> Option<String> {
    let id = run.stream.hottest_shard?;
    let even = 1_000_000 / u64::from(run.stream.shards_max.max(1));
    let share = run.stream.hottest_share_ppm;
    let same_shards = run.shards.len() == run.stream.shards_at_start as usize;
    (run.stream.shards_max > 1 && same_shards && share * 4 > even * 5).then(|| {
        format!(
            "shard {id} takes {:.1} % of all attempts where an even share would be {:.1} %: more shards do not help a hot key",
            share as f64 / 1e4,
            even as f64 / 1e4
        )
    })
}

fn on_demand_short(run: &RunResult) -> Option<String> {
    if run.mode == Mode::Provisioned.word() || run.stream.throttled_seconds == 0 {
        return None;
    }
    let splits = run.timeline.iter().filter(|e| e.what == "split").count();
    Some(format!(
        "was short of capacity in {} s of {} s; it made {splits} splits, from {} to {} shards",
        run.stream.throttled_seconds,
        run.duration_ns / NS_PER_S,
        run.stream.shards_at_start,
        run.stream.shards_at_end
    ))
}

fn read_limits(c: &ConsumerResult) -> Option<String> {
    let refused = c.throttled_by_calls + c.throttled_by_bytes;
    (refused * 100 > c.calls).then(|| {
        let which = if c.throttled_by_calls >= c.throttled_by_bytes {
            format!("{} calls per second and shard", data_streams::SHARD_READ_CALLS.count())
        } else {
            format!("{} per shard", data_streams::SHARD_READ_BYTES.value)
        };
        format!("{} of {}'s reads were refused, most by the limit of {which} that all polling readers share", percent(refused, c.calls), c.name)
    })
}

fn catch_up(plan: &Plan, c: &ConsumerResult) -> Option<String> {
    let index = plan.world.consumers.iter().position(|w| w.name == c.name)?;
    let had_outage = plan.world.events.iter().any(|e| {
        matches!(&e.action, crate::world::config::Action::ConsumerOutage { consumer, .. } if consumer.is_none_or(|i| i == index))
    });
    had_outage.then(|| match c.catch_up_ns {
        Some(ns) => format!("{} had caught up {} after its outage ended", c.name, time(ns)),
        None => format!("{} had not caught up when the run ended ({} records unread)", c.name, c.unread),
    })
}

fn retention(plan: &Plan, c: &ConsumerResult) -> Option<String> {
    let kept = plan.world.stream.retention.0;
    if c.lost_to_retention > 0 {
        return Some(format!("{} records passed their retention of {} before {} read them", c.lost_to_retention, time(kept), c.name));
    }
    (c.iterator_age_ns_max * 2 > kept)
        .then(|| format!("{} was {} behind, more than half of the retention of {}", c.name, time(c.iterator_age_ns_max), time(kept)))
}

/// Two readers with the same work and very different delays: one starves on the shared limits.
fn starvation(run: &RunResult) -> Option<String> {
    let pollers = run.consumers.iter().filter(|c| c.read == "polling" && c.throttled_by_calls * 10 > c.calls);
    let worst = pollers.max_by_key(|c| c.propagation.p99_ns)?;
    let (p50, p99) = (worst.propagation.p50_ns?, worst.propagation.p99_ns?);
    (p99 > 4 * p50).then(|| {
        format!("{} waits {} at the median but {} at p99: readers in step win the shared calls for many turns in a row", worst.name, time(p50), time(p99))
    })
}

/// How much growth the fullest minute of the fullest shard leaves.
fn next_wall(plan: &Plan, run: &RunResult) -> Option<String> {
    if run.mode != Mode::Provisioned.word() || run.stream.throttled_by_records + run.stream.throttled_by_bytes > 0 {
        return None;
    }
    let limits = plan.world.stream.admission;
    let fullest = |s: &ShardResult| -> (f64, f64) {
        let minutes = whole_minutes(s);
        let records = minutes.iter().map(|m| m.in_records).max().unwrap_or(0);
        let bytes = minutes.iter().map(|m| m.in_bytes).max().unwrap_or(0);
        let share = |n: u64, per_s: u64| n as f64 / 60.0 / per_s.max(1) as f64;
        (share(records, limits.records_per_s), share(bytes, limits.bytes_per_s))
    };
    let used = run.shards.iter().map(fullest).fold((0.0f64, 0.0f64), |a, b| (a.0.max(b.0), a.1.max(b.1)));
    let (which, share) = if used.0 >= used.1 { ("records", used.0) } else { ("bytes", used.1) };
    (share > 0.0).then(|| {
        format!(
            "the next wall is the {which} limit: the fullest shard used {:.0} % of it in its busiest minute, so {:.1} times the load fills it",
            share * 100.0,
            1.0 / share
        )
    })
}

fn cheapest(modes: &[ModeOutcome]) -> Option<String> {
    let mut by_cost: Vec<&ModeOutcome> = modes.iter().collect();
    by_cost.sort_by_key(|m| m.bill_month.total);
    let (first, last) = (by_cost.first()?, by_cost.last()?);
    let ratio = last.bill_month.total.as_f64() / first.bill_month.total.as_f64();
    (modes.len() > 1 && ratio.is_finite()).then(|| {
        format!(
            "a month costs least in {} mode ({:.2} USD); {} costs {ratio:.1} times as much ({:.2} USD)",
            first.title,
            first.bill_month.total.as_f64(),
            last.title,
            last.bill_month.total.as_f64()
        )
    })
}
