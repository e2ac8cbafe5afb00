//! Closed forms: what a candidate costs at least, and which cannot meet the goal whatever the draws.
//!
//! Every bound errs on the side of the candidate: what it discards, no run could have saved. Costs are those of time
//! (shards, consumers, streams) and of the least a record is billed. Capacity is a limit times a stretch of time and
//! one burst; demand is the expected one less its last second and five standard deviations of a Poisson count. A bound
//! that needs more than it knows about a client (a backlog that never reaches the stream, a phase-locked poll) is not
//! applied, and the candidate is simulated.

use super::excuse::{Excuse, Why};
use crate::consumer::config::{ApplicationConfig, Pace, ReadConfig};
use crate::cost::steady::{PerRecord, Steady};
use crate::cost::{BillError, MonthRule, bill_month};
use crate::experiment::plan::Plan;
use crate::experiment::work::rate_curves;
use crate::facts::{data_streams, fan_out};
use crate::producer::config::{Burstiness, ClientConfig, KeyLaw, ProducerConfig, PutCall, SizeLaw};
use crate::scenario::Limit;
use crate::scenario::metric::Subject;
use crate::stream::config::{AdmissionShape, Mode};
use crate::units::{Bytes, Dur, NS_PER_S, RecordRate};
use crate::world::config::{Action, WorldConfig};

/// A month's bill it cannot fall below, USD.
pub fn cost_floor(plan: &Plan, world: &WorldConfig) -> Result<f64, BillError> {
    let fan_out = world.consumers.iter().filter(|c| matches!(c.read, ReadConfig::FanOut(_))).count() as u32;
    let base = Steady {
        mode: world.mode,
        rate: RecordRate(rate_curves(world).iter().map(|c| c.base_rate().0).sum()),
        shards: world.stream.shards.unwrap_or(1),
        retention: world.stream.retention,
        polling_readers: world.consumers.len() as u32 - fan_out,
        fan_out_readers: fan_out,
    };
    let based = matches!(plan.month, MonthRule::Base(_));
    if !based && changes(world) {
        return Ok(0.0);
    }
    // Of a run that is repeated nothing is known yet but its time.
    let per = if based {
        least_record(world)
    } else {
        PerRecord { records: 0, bytes: 0, put_units: 0, billed_in: 0 }
    };
    let usage = base.usage(&per, world.duration);
    let bill = bill_month(&usage, &base, plan.month, &plan.prices, world.duration, &world.stream.advantage)?;
    Ok(bill.total.as_f64())
}

/// Does the stream change its shape or mode on the way?
fn changes(world: &WorldConfig) -> bool {
    world.events.iter().any(|e| {
        matches!(
            e.action,
            Action::UpdateShardCount { .. }
                | Action::SplitShard { .. }
                | Action::MergeShards { .. }
                | Action::SwitchMode(_)
                | Action::Retention(_)
        )
    })
}

/// The least a record can be billed; nothing where records are packed or pass the stream by.
fn least_record(world: &WorldConfig) -> PerRecord {
    let alone = |p: &ProducerConfig| !p.client.packs() && p.client.firehose().is_none();
    if !world.producers.iter().all(alone) {
        return PerRecord { records: 0, bytes: 0, put_units: 0, billed_in: 0 };
    }
    let least = world.producers.iter().map(|p| least_size(&p.demand.record_size)).min();
    PerRecord::of_size(Bytes(least.unwrap_or(0)))
}

fn least_size(law: &SizeLaw) -> u64 {
    match law {
        SizeLaw::Fixed(size) => size.0,
        SizeLaw::Uniform { min, .. } => min.0,
        SizeLaw::Empirical(sizes) => sizes.iter().map(|s| s.0.0).min().unwrap_or(0),
        SizeLaw::LogNormal { .. } | SizeLaw::FromTrace => 0,
    }
}

/// What a candidate is held against.
pub struct Held<'a> {
    /// The limits of the goal.
    pub limits: &'a [Limit],
    /// The account's shard quota.
    pub shard_quota: Option<u64>,
    /// Its cost floor.
    pub floor: f64,
}

/// The reason to discard a candidate without a run, if there is one.
pub fn excuse(world: &WorldConfig, held: &Held) -> Option<Excuse> {
    quota(world, held).or_else(|| {
        held.limits.iter().find_map(|limit| {
            let most = limit.at_most.map(|a| a.value);
            match (limit.measured.metric.name, limit.measured.subject, most) {
                ("monthly_cost", _, Some(most)) => cost(limit, held.floor, most),
                ("throttled_attempts" | "delayed_records", Subject::Stream, Some(most)) => {
                    writes(world, limit, most)
                }
                ("headroom", _, _) => headroom(world, limit),
                (name, Subject::Consumer(i), Some(most)) => polls(world, limit, name, i, most),
                _ => None,
            }
        })
    })
}

fn quota(world: &WorldConfig, held: &Held) -> Option<Excuse> {
    if let (Some(shards), Some(quota), Mode::Provisioned) =
        (world.stream.shards, held.shard_quota, world.mode)
        && u64::from(shards) > quota
    {
        let excuse = Excuse::new(Why::Quota, "the account's shard quota", "count");
        return Some(excuse.numbers(shards.into(), quota as f64).fact(data_streams::SHARD_QUOTA_LARGE.key));
    }
    let count = world.consumers.iter().filter(|c| matches!(c.read, ReadConfig::FanOut(_))).count() as u64;
    let limit = match world.mode {
        Mode::OnDemandAdvantage => fan_out::CONSUMERS_ADVANTAGE,
        _ => fan_out::CONSUMERS,
    };
    (count > limit.count()).then(|| {
        let excuse = Excuse::new(Why::Quota, "registered fan-out consumers of a stream", "count");
        excuse.numbers(count as f64, limit.count() as f64).fact(limit.key)
    })
}

fn cost(limit: &Limit, floor: f64, most: f64) -> Option<Excuse> {
    (floor > most).then(|| {
        Excuse::new(Why::CostFloor, name(limit), "usd").numbers(floor, most).fact("billing.month_hours")
    })
}

/// A limit as the user wrote it.
pub fn name(limit: &Limit) -> String {
    format!("{} {}", limit.path, limit.text)
}

/// Records that shards must refuse, as a share of those born.
struct Overload {
    refused: f64,
    born: f64,
    /// Demand and capacity of the worst stretch, records per second.
    demand: f64,
    capacity: f64,
    hot: bool,
    by_bytes: bool,
}

fn writes(world: &WorldConfig, limit: &Limit, most: f64) -> Option<Excuse> {
    let worst = overload(world)?;
    let share = worst.refused / (worst.born + worst.refused);
    if share <= most {
        return None;
    }
    let why = if worst.hot { Why::HotKey } else { Why::Writes };
    let fact = match worst.by_bytes {
        true => data_streams::SHARD_WRITE_BYTES.key,
        false => data_streams::SHARD_WRITE_RECORDS.key,
    };
    Some(Excuse::new(why, name(limit), "records/s").numbers(worst.demand, worst.capacity).fact(fact))
}

/// Refusals no draw can avoid; `None` where clients may hold records back, or shards change.
fn overload(world: &WorldConfig) -> Option<Overload> {
    if changes(world) || world.stream.admission.shape != AdmissionShape::TokenBucket {
        return None;
    }
    if !world.producers.iter().all(|p| pushes(world, p)) {
        return None;
    }
    let shards = match world.mode {
        Mode::Provisioned => world.stream.shards.map(f64::from),
        _ => None,
    };
    let curves = rate_curves(world);
    let (end, minute) = (world.duration.0, 60 * NS_PER_S);
    let step = minute.min(end.max(1));
    let mut worst =
        Overload { refused: 0.0, born: 0.0, demand: 0.0, capacity: 0.0, hot: false, by_bytes: false };
    let capacity = per_shard(world);
    let mut from = 0;
    while from < end {
        let to = (from + step).min(end);
        let per_curve: Vec<f64> = curves.iter().map(|c| c.integral(from, to) as f64 / 1e6).collect();
        let expected: f64 = per_curve.iter().sum();
        let seconds = (to - from) as f64 / 1e9;
        // What is born in the last second may not have been sent.
        let surely = |n: f64| (n * (1.0 - 1.0 / seconds.max(1.0)) - 5.0 * n.sqrt()).max(0.0);
        let hot: f64 = world
            .producers
            .iter()
            .zip(&per_curve)
            .map(|(p, n)| hot_share(&p.demand.keys) * n)
            .fold(0.0, f64::max);
        let one = capacity.rate * seconds + capacity.burst;
        let by_all = shards.map_or(0.0, |n| surely(expected) - n * one);
        let by_key = surely(hot) - one;
        let refused = by_all.max(by_key).max(0.0);
        worst.born += expected;
        worst.refused += refused;
        let demand = if by_key > by_all { hot } else { expected } / seconds;
        if refused > 0.0 && demand > worst.demand {
            worst.demand = demand;
            worst.hot = by_key > by_all;
            worst.capacity = if worst.hot { capacity.rate } else { capacity.rate * shards.unwrap_or(1.0) };
        }
        from = to;
    }
    worst.by_bytes = capacity.by_bytes;
    Some(worst)
}

/// Records a shard takes per second and in one burst, by the limit that binds first for the least records there are.
struct PerShard {
    rate: f64,
    burst: f64,
    by_bytes: bool,
}

fn per_shard(world: &WorldConfig) -> PerShard {
    let limits = world.stream.admission;
    let least = world.producers.iter().map(|p| least_size(&p.demand.record_size)).min().unwrap_or(0);
    let size = least.max(1) as f64;
    let (records, bytes) = (limits.records_per_s as f64, limits.bytes_per_s as f64 / size);
    match bytes < records {
        true => PerShard { rate: bytes, burst: limits.burst_bytes as f64 / size, by_bytes: true },
        false => PerShard { rate: records, burst: limits.burst_records as f64, by_bytes: false },
    }
}

/// Does the client put every record to the stream soon, if it is not refused? Then what is not stored was refused.
fn pushes(world: &WorldConfig, producer: &ProducerConfig) -> bool {
    let ClientConfig::Sdk(sdk) = &producer.client else { return false };
    if let PutCall::PutRecords { linger, .. } = sdk.call
        && linger > Dur::from_ms(500)
    {
        return false;
    }
    let Some(in_flight) = sdk.in_flight else { return true };
    let batch = match sdk.call {
        PutCall::PutRecord => 1.0,
        PutCall::PutRecords { max_records, max_bytes, .. } => {
            let size = crate::world::sizing::mean_size(producer, true).max(1);
            f64::from(max_records).min(max_bytes.0 as f64 / size as f64).max(1.0)
        }
    };
    let seconds = (sdk.put_latency.sampler().mean() / 1e9).max(1e-3);
    let most = f64::from(in_flight) * f64::from(sdk.instances) * batch / seconds;
    most > 2.0 * crate::world::sizing::peak_rate(world, producer) as f64
}

/// Share of a producer's records that one key has, at least.
fn hot_share(keys: &KeyLaw) -> f64 {
    match keys {
        KeyLaw::Constant(_) => 1.0,
        KeyLaw::Hot { share, .. } => share.fraction(),
        KeyLaw::Uniform { distinct } => 1.0 / (*distinct).max(1) as f64,
        KeyLaw::Random | KeyLaw::Zipf { .. } | KeyLaw::File(_) => 0.0,
    }
}

fn headroom(world: &WorldConfig, limit: &Limit) -> Option<Excuse> {
    let (least, shards) = (limit.at_least?.value, world.stream.shards?);
    // What a hot shard loses is not stored, and leaves capacity free elsewhere: nothing is known then.
    let even = |p: &ProducerConfig| match p.demand.keys {
        KeyLaw::Random => true,
        KeyLaw::Uniform { distinct } => distinct >= 1_000 * u64::from(shards),
        _ => false,
    };
    let plain = |p: &ProducerConfig| even(p) && pushes(world, p);
    if world.mode != Mode::Provisioned || changes(world) || !world.producers.iter().all(plain) {
        return None;
    }
    let curves = rate_curves(world);
    let expected = curves.iter().map(|c| c.integral(0, world.duration.0) as f64 / 1e6).sum::<f64>();
    let surely = (expected * 0.99 - 5.0 * expected.sqrt()).max(0.0) / (world.duration.0 as f64 / 1e9);
    let capacity = per_shard(world).rate * f64::from(shards);
    let free = 1.0 - surely / capacity;
    let fact = data_streams::SHARD_WRITE_RECORDS.key;
    (free < least).then(|| Excuse::new(Why::Headroom, name(limit), "share").numbers(free, least).fact(fact))
}

/// A reader that looks once in an interval finds records half an interval old on average.
fn polls(world: &WorldConfig, limit: &Limit, metric: &str, consumer: usize, most: f64) -> Option<Excuse> {
    let of = world.consumers.get(consumer)?;
    let ReadConfig::Polling(poll) = &of.read else { return None };
    if !matches!(of.client, ApplicationConfig::Sdk) || poll.pace != Pace::Even {
        return None;
    }
    let figure = metric.strip_prefix("propagation_").or_else(|| metric.strip_prefix("end_to_end_"))?;
    let part = match figure {
        "mean" | "p50" => 0.5,
        "p90" => 0.9,
        "p99" => 0.99,
        "p999" | "max" => 0.999,
        _ => return None,
    };
    let interval = poll.interval.0 as f64;
    let smooth = |p: &ProducerConfig| {
        let plain = matches!(p.demand.burstiness, Burstiness::Even | Burstiness::Poisson);
        let together = match &p.client {
            ClientConfig::Sdk(sdk) => match sdk.call {
                PutCall::PutRecord => 0,
                PutCall::PutRecords { linger, .. } => linger.0,
            },
            _ => u64::MAX,
        };
        plain && together <= poll.interval.0 / 10
    };
    let enough =
        rate_curves(world).iter().map(|c| c.integral(0, world.duration.0) / 1_000_000).sum::<u128>() > 2_000;
    let least = 0.9 * part * interval;
    let applies = enough && world.duration.0 > 20 * poll.interval.0 && world.producers.iter().all(smooth);
    (applies && least > most).then(|| {
        Excuse::new(Why::PollInterval, name(limit), "ns").numbers(least, most).fact("consumer.interval")
    })
}
