//! What a person should know first, in words with numbers.

pub(super) mod autoscaler;
mod firehose;
mod flink;
mod kcl;
mod lambda;
mod order;
mod producers;
mod reads;

use super::outcome::{Finding, ModeOutcome};
use super::plan::Plan;
use crate::facts::data_streams;
use crate::measure::result::{RunResult, ShardMinute, ShardResult};
use crate::stream::config::Mode;
use crate::units::{ByteRate, NS_PER_S, grouped};

/// All findings, most important first.
pub fn of(plan: &Plan, modes: &[ModeOutcome]) -> Vec<Finding> {
    let mut all = Vec::new();
    for mode in modes {
        let mut say = |kind, text: Option<String>| {
            if let Some(text) = text {
                all.push(Finding { kind, text: format!("{}: {text}", mode.title) });
            }
        };
        say("lost", producers::lost(&mode.run));
        say("rotated", producers::rotated(&mode.run));
        say("truncated", producers::truncated(&mode.run));
        say("held", producers::held(plan, &mode.run));
        say("failed_calls", producers::failed_calls(&mode.run));
        for intake in &mode.run.intakes {
            say("intake", producers::intake(&mode.run, intake));
        }
        say("binding_limit", binding_limit(plan, &mode.run));
        say("by_producer", producers::by_producer(&mode.run));
        say("amplification", producers::amplification(&mode.run));
        say("order", producers::order(&mode.run));
        say("aggregation", producers::aggregation(&mode.run));
        say("inside_the_minute", inside_the_minute(&mode.run));
        say("hot_shard", hot_shard(&mode.run));
        for (kind, text) in autoscaler::of(plan, &mode.run) {
            say(kind, Some(text));
        }
        say("on_demand_short", on_demand_short(&mode.run));
        say("read_limits", reads::limits(&mode.run));
        for consumer in &mode.run.consumers {
            say("behind", reads::behind(&mode.run, consumer));
            say("catch_up", reads::catch_up(plan, consumer));
            say("retention", reads::retention(plan, consumer));
            say("reader_binds", reads::binds(plan, &mode.run, consumer));
            say("deadline", reads::deadline(plan, &mode.run, consumer));
            say("order", order::of(plan, consumer));
            for (kind, text) in flink::of(plan, consumer) {
                say(kind, Some(text));
            }
            say("failover", kcl::failover(consumer));
            say("orphans", kcl::orphans(consumer));
            say("silence", kcl::silence(consumer));
            say("kcl_binds", kcl::binds(plan, &mode.run, consumer));
            say("hottest_worker", kcl::hottest(&mode.run, consumer));
            say("skipped", kcl::skipped(consumer));
            say("lease_table", kcl::table(&mode.run, consumer));
            say("blocked", lambda::blocked(consumer));
            say("lambda_limit", lambda::binding(plan, &mode.run, consumer));
            say("timeouts", lambda::timeouts(plan, consumer));
            say("given_up", lambda::given_up(consumer));
            say("expired", lambda::expired(consumer));
        }
        say("starvation", reads::starvation(&mode.run));
        for stream in mode.run.firehoses() {
            say("delivery_lost", firehose::lost(stream));
            say("delivery_failed", firehose::failed(stream));
            say("shared_calls", firehose::shared_calls(&mode.run, stream));
            say("objects", firehose::objects(plan, &mode.run, stream));
            say("freshness", firehose::freshness(stream));
        }
        say("next_wall", next_wall(plan, &mode.run));
    }
    all.extend(cheapest(modes).map(|text| Finding { kind: "cost", text }));
    all
}

fn percent(part: u64, whole: u64) -> String {
    if part == 0 {
        return "none".into();
    }
    match part as f64 * 100.0 / whole.max(1) as f64 {
        p if p >= 0.1 => format!("{p:.1} %"),
        p if p >= 0.001 => format!("{p:.3} %"),
        _ => format!("{} of {}", count(part), count(whole)),
    }
}

/// A number for people.
pub fn count(n: u64) -> String {
    grouped(u128::from(n))
}

/// So many records.
pub fn records(n: u64) -> String {
    match n {
        1 => "1 record".into(),
        _ => format!("{} records", count(n)),
    }
}

/// A time for people.
pub fn time(ns: u64) -> String {
    let s = ns as f64 / NS_PER_S as f64;
    match s {
        s if s < 1.0 => format!("{:.0} ms", s * 1000.0),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.1} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

fn binding_limit(plan: &Plan, run: &RunResult) -> Option<String> {
    let s = &run.stream;
    let refused = s.throttled_by_records + s.throttled_by_bytes;
    if refused == 0 {
        return None;
    }
    let to_stream = run.producers.iter().filter(|p| !p.to_firehose);
    let attempts: u64 = to_stream.map(|p| p.attempts).sum();
    let limits = plan.world.stream.admission;
    let (which, limit) = if s.throttled_by_records >= s.throttled_by_bytes {
        ("records", format!("{} records/s", limits.records_per_s))
    } else {
        ("bytes", ByteRate(limits.bytes_per_s).to_string())
    };
    let most = match s.throttled_by_records.max(s.throttled_by_bytes) {
        most if most == refused => "all".into(),
        most => percent(most, refused),
    };
    Some(format!(
        "{} of write attempts were throttled, {most} of them by the {which} limit of a shard ({limit}); some write was refused in {} of {} seconds",
        percent(refused, attempts),
        s.throttled_seconds,
        run.duration_ns / NS_PER_S
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
    let all = run.stream.throttled_by_records + run.stream.throttled_by_bytes;
    (refused * 20 > all).then(|| {
        format!(
            "{} refusals fell into {n} minutes of a shard whose average was below half of its limit: the limit holds each second, a minute's graph hides it",
            count(refused)
        )
    })
}

/// Minutes in which the shard was open from beginning to end.
fn whole_minutes(shard: &ShardResult) -> &[ShardMinute] {
    let minute = 60 * NS_PER_S;
    let first = skipped(shard);
    let last =
        shard.closed_ns.map_or(shard.minutes.len(), |c| ((c / minute) - shard.opened_ns / minute) as usize);
    shard.minutes.get(first..last.min(shard.minutes.len())).unwrap_or(&[])
}

/// 1 where it was opened inside a minute.
fn skipped(shard: &ShardResult) -> usize {
    usize::from(!shard.opened_ns.is_multiple_of(60 * NS_PER_S))
}

/// The shard whose keys are hotter than the share of the hash keys it holds, while it was open.
fn hot_shard(run: &RunResult) -> Option<String> {
    let tried = |m: &ShardMinute| m.in_records + m.write_throttled;
    let mut of_stream: Vec<u64> = Vec::new();
    for shard in &run.shards {
        for (i, m) in (first_minute(shard)..).zip(&shard.minutes) {
            of_stream.resize(of_stream.len().max(i + 1), 0);
            of_stream[i] += tried(m);
        }
    }
    let heat = |s: &ShardResult| {
        let from = first_minute(s) + skipped(s);
        let minutes = whole_minutes(s);
        let own: u64 = minutes.iter().map(tried).sum();
        let all: u64 = of_stream.iter().skip(from).take(minutes.len()).sum();
        (own as f64, all as f64, s.id, width(s))
    };
    let heats = run.shards.iter().map(heat);
    let (own, all, id, width) = heats.max_by(|a, b| (a.0 - a.1 * a.3).total_cmp(&(b.0 - b.1 * b.3)))?;
    let even = all * width;
    // A quarter above its share, and more than chance would give.
    (own > 1.25 * even && own - even > 5.0 * even.sqrt() && own > 0.0).then(|| {
        format!(
            "shard {id} took {:.1} % of the attempts made while it was open, with {:.1} % of the hash keys: a key lives on one shard in every mode, so more shards do not help a hot key",
            own * 100.0 / all,
            width * 100.0
        )
    })
}

/// The clock minute its first entry belongs to.
fn first_minute(shard: &ShardResult) -> usize {
    (shard.opened_ns / (60 * NS_PER_S)) as usize
}

/// Share of all hash keys it holds.
fn width(shard: &ShardResult) -> f64 {
    let key = |text: &str| text.parse::<u128>().unwrap_or(0) as f64;
    (key(&shard.ending_hash_key) - key(&shard.starting_hash_key)) / u128::MAX as f64
}

/// What an on-demand stream did about a shortage.
fn on_demand_short(run: &RunResult) -> Option<String> {
    if run.mode == Mode::Provisioned.word() || run.stream.throttled_seconds == 0 {
        return None;
    }
    let splits: Vec<u64> = run.timeline.iter().filter(|e| e.what == "split").map(|e| e.at_ns).collect();
    let (from, to) = (run.stream.shards_at_start, run.stream.shards_at_end);
    Some(match splits.as_slice() {
        [] => format!("it was short of capacity and split no shard: it had {from} from beginning to end"),
        [one] => format!(
            "it was short of capacity and split one shard, after {}: from {from} to {to} shards",
            time(*one)
        ),
        [first, .., last] => format!(
            "it was short of capacity and made {} splits between {} and {}: from {from} to {to} shards",
            splits.len(),
            time(*first),
            time(*last)
        ),
    })
}

/// How much growth the fullest minute of the fullest shard leaves, writing and reading.
fn next_wall(plan: &Plan, run: &RunResult) -> Option<String> {
    if run.mode != Mode::Provisioned.word()
        || run.stream.throttled_by_records + run.stream.throttled_by_bytes > 0
    {
        return None;
    }
    let limits = plan.world.stream.admission;
    let pollers = run.consumers.iter().filter(|c| c.read == "polling").count() as u64;
    let minutes = || run.shards.iter().flat_map(whole_minutes);
    let share = |n: Option<u64>, per_s: u64| n.unwrap_or(0) as f64 / 60.0 / per_s.max(1) as f64;
    let (most_records, most_bytes) =
        (minutes().map(|m| m.in_records).max(), minutes().map(|m| m.in_bytes).max());
    let walls = [
        ("records limit of writes", share(most_records, limits.records_per_s)),
        ("bytes limit of writes", share(most_bytes, limits.bytes_per_s)),
        (
            "bytes limit that polling readers share",
            share(most_bytes.map(|b| b * pollers), plan.world.stream.reads.bytes_per_s),
        ),
    ];
    let (which, share) = walls.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (share > 0.0).then(|| {
        format!(
            "the next wall is the {which}: the fullest shard used {:.0} % of it in its busiest minute, so {:.1} times the load fills it",
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
    let but = match first.run.producers.iter().map(|p| p.lost.all()).sum::<u64>() {
        0 => "",
        _ => ", but records were lost in this run",
    };
    (modes.len() > 1 && ratio.is_finite()).then(|| {
        format!(
            "a month costs least in {} mode ({:.2} USD{but}); {} costs {ratio:.1} times as much ({:.2} USD)",
            first.title,
            first.bill_month.total.as_f64(),
            last.title,
            last.bill_month.total.as_f64()
        )
    })
}
