//! What cohorts carry.

use super::demand::{SIZE_BITS, SizeMeans};
use super::kernel::windows;
use super::mass::Mass;
use super::waiting::CLASSES;
use crate::coarse::choose::COHORT_STEP;
use crate::coarse::fit::{self, Carried, Need};
use crate::consumer::config::ConsumerConfig;
use crate::facts::firehose::BILLED_STEP;
use crate::firehose::config::{FirehoseConfig, Source};
use crate::measure::resolution::Resolution;
use crate::producer::config::{Burstiness, ClientConfig, KeyLaw, ProducerConfig, SizeLaw};
use crate::producer::retry::{Piece, Sleeps};
use crate::stream::config::ByteRounding;
use crate::units::NS_PER_S;
use crate::world::Unfit;
use crate::world::config::{Action, WorldConfig};
use crate::world::hosted::played_by_lanes;
use crate::world::sizing;

/// Shards times seconds of one run: some minutes of one core.
const SHARD_SECONDS: u128 = 20_000_000;

/// Can this be simulated at cohort resolution? (What `simulate` would say, without the work.)
pub fn fit(config: &WorldConfig) -> Result<(), Unfit> {
    let shards = u128::from(sizing::starting_shards(config));
    let shard_seconds = shards * u128::from(config.duration.0.div_ceil(NS_PER_S));
    if shard_seconds > SHARD_SECONDS {
        return Err(Unfit(format!(
            "cohort resolution bears {SHARD_SECONDS} shard-seconds, and this run has {shard_seconds}: shorten \
             `duration`, or choose `resolution: rate`"
        )));
    }
    let records = sizing::expected_records(config);
    if sends_one_by_one(config) && records > config.bounds.records.into() {
        return Err(Unfit(format!(
            "cohort resolution plays these producers record by record, and {records} records are expected, more than \
             the bound of {}: shorten `duration`, or choose `resolution: rate`",
            config.bounds.records
        )));
    }
    let by_keys = config.consumers.iter().find(|c| c.client.looks_at_keys());
    fit::check(config, "cohort", |need| match need {
        Need::Producer(p) => keys(p, by_keys),
        Need::Stream(_) => Ok(()),
        Need::Firehose(f) if reads_in_steps(f) => Err(format!("a `billed_step` of its own ({})", f.name)),
        Need::Consumer(_) | Need::Firehose(_) => Ok(()),
        Need::Event(e) => event(e, by_keys),
    })
}

/// So few records are looked at one by one in a few milliseconds, and chance counts among them.
const FEW: u128 = 100_000;

/// Are there so few records that each is a cohort of its own?
pub fn are_few(config: &WorldConfig) -> bool {
    sizing::expected_records(config) <= FEW
}

/// Bytes that may hold lone records which wait for another attempt, on all shards together.
const WAITING: u128 = 1 << 30;

/// Is anything asked of a producer that cohorts do not carry, are there few records, do equal gaps or sizes matter, are they
/// tried very often, or would waits as long as these take too much memory step by step? Then all are played record by record, up
/// to the shards' logs.
pub fn sends_one_by_one(config: &WorldConfig) -> bool {
    if are_few(config) {
        return true;
    }
    let restarts = config.events.iter().any(|e| matches!(e.action, Action::ProcessRestart { .. }));
    let one_by_one = |p| {
        !moves_together(p)
            || keeps_its_gaps(config, p)
            || is_refused_by_size(config, p)
            || is_tried_often(p)
            || waiting_bytes(config, p) > WAITING
    };
    restarts || config.producers.iter().any(one_by_one)
}

/// Do lone records with equal gaps reach one shard with those gaps? There they find room where retries do not, and what
/// crowds in a few milliseconds is no chance.
fn keeps_its_gaps(config: &WorldConfig, p: &ProducerConfig) -> bool {
    let one_shard = sizing::starting_shards(config) == 1 || matches!(p.demand.keys, KeyLaw::Constant(_));
    one_shard && p.demand.burstiness == Burstiness::Even && played_by_lanes(&p.client).is_some()
}

/// Does the limit of bytes bind before that of records, and do records count differently there? It refuses the large ones:
/// small ones find room where they do not, and cohorts know sizes by their means.
fn is_refused_by_size(config: &WorldConfig, p: &ProducerConfig) -> bool {
    if played_by_lanes(&p.client).is_none() {
        return false;
    }
    let limits = &config.stream.admission;
    let sizes = SizeMeans::of(p, if limits.count_key_bytes { p.demand.key_bytes.0 } else { 0 });
    let (charge, differ) = match limits.byte_rounding {
        ByteRounding::Aws => (sizes.kib, sizes.kib >> SIZE_BITS < sizes.largest.next_multiple_of(1024)),
        ByteRounding::None => (sizes.bytes, sizes.deviation > 0),
    };
    let charged = |records: u64| (u128::from(records) * u128::from(charge)) >> SIZE_BITS;
    let even = matches!(p.demand.keys, KeyLaw::Random | KeyLaw::Uniform { .. })
        && !config.events.iter().any(|e| matches!(e.action, Action::HotKey { .. }));
    // Chance and bursts bring more than the highest minute's mean.
    let all = u128::from(sizing::starting_shards(config)) * u128::from(limits.bytes_per_s);
    let loaded = !even || charged(sizing::peak_rate(config, p)) * 10 > all * 7;
    differ && loaded && charged(limits.records_per_s) > u128::from(limits.bytes_per_s)
}

/// Are lone records tried more often than attempts are told apart?
fn is_tried_often(p: &ProducerConfig) -> bool {
    played_by_lanes(&p.client).is_some_and(|retry| retry.attempts > CLASSES + 1)
}

fn moves_together(p: &ProducerConfig) -> bool {
    let ClientConfig::Sdk(sdk) = &p.client else { return false };
    let by_rate = matches!(p.demand.burstiness, Burstiness::Even | Burstiness::Poisson);
    by_rate && !sdk.retry.adaptive && p.demand.record_size != SizeLaw::FromTrace
}

fn waiting_bytes(config: &WorldConfig, p: &ProducerConfig) -> u128 {
    let Some(retry) = played_by_lanes(&p.client) else { return 0 };
    let step = if let Resolution::Cohort { step } = config.resolution { step } else { COHORT_STEP };
    let (law, classes) = (Sleeps::new(retry), retry.attempts.saturating_sub(1));
    let sleeps: Vec<Vec<Piece>> = (0..classes).map(|i| law.pieces(i)).collect();
    let longest = |pieces: &[Piece]| pieces.iter().map(|piece| piece.most).max().unwrap_or(0);
    let step = step.0.max(1);
    let windows = sleeps.iter().zip(windows(&sleeps, step));
    let held: u128 = windows.map(|(pieces, window)| u128::from(longest(pieces) / (step << window))).sum();
    held * size_of::<Mass>() as u128 * u128::from(sizing::starting_shards(config))
}

/// Of the sizes in a cohort only sums are known, and in how many of Firehose's usual steps they are billed.
fn reads_in_steps(f: &FirehoseConfig) -> bool {
    matches!(f.source, Source::Stream(_)) && f.billed_step != BILLED_STEP.bytes()
}

/// Of the keys in a cohort only one thing is known: that random ones are all different.
fn keys(p: &ProducerConfig, by_keys: Option<&ConsumerConfig>) -> Carried {
    match by_keys {
        Some(c) if p.demand.keys != KeyLaw::Random => {
            Err(format!("keys that {} tells apart and that are not random ({})", c.name, p.name))
        }
        _ => Ok(()),
    }
}

fn event(e: &Action, by_keys: Option<&ConsumerConfig>) -> Carried {
    match e {
        Action::HotKey { .. } if by_keys.is_some() => Err("a hot key that a consumer tells apart".into()),
        _ => Ok(()),
    }
}
