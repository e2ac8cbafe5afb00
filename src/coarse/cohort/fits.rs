//! What cohorts carry.

use crate::coarse::fit::{self, Carried, Need};
use crate::consumer::config::{ApplicationConfig, ConsumerConfig};
use crate::producer::config::{Burstiness, ClientConfig, KeyLaw, ProducerConfig, SizeLaw};
use crate::units::NS_PER_S;
use crate::world::Unfit;
use crate::world::config::{Action, WorldConfig};
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
    let by_keys = config.consumers.iter().find(|c| c.client.looks_at_keys());
    fit::check(config, "cohort", |need| match need {
        Need::Producer(p) => producer(p).and_then(|()| keys(p, by_keys)),
        Need::Stream(_) => Ok(()),
        Need::Consumer(c) => consumer(c),
        Need::Firehose(_) => Ok(()),
        Need::Event(e) => event(e, by_keys),
    })
}

fn producer(p: &ProducerConfig) -> Carried {
    let of = |what: &str| Err(format!("{what} ({})", p.name));
    match &p.client {
        ClientConfig::Sdk(sdk) if sdk.retry.adaptive => return of("the retry mode `adaptive`"),
        ClientConfig::Sdk(_) => {}
        other => return of(&format!("`{}` producers", fit::client_word(other))),
    }
    match p.demand.burstiness {
        Burstiness::Batches { .. } => return of("births in batches"),
        Burstiness::Mmpp { .. } => return of("births in modulated bursts"),
        Burstiness::Even | Burstiness::Poisson => {}
    }
    match p.demand.record_size {
        SizeLaw::FromTrace => of("sizes that a trace changes"),
        _ => Ok(()),
    }
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

fn consumer(c: &ConsumerConfig) -> Carried {
    match &c.client {
        ApplicationConfig::Sdk if c.failure_rate.0 > 0 => Err(format!("batches that fail ({})", c.name)),
        _ => Ok(()),
    }
}

fn event(e: &Action, by_keys: Option<&ConsumerConfig>) -> Carried {
    match e {
        Action::ProcessRestart { .. } => Err("processes that restart".into()),
        Action::HotKey { .. } if by_keys.is_some() => Err("a hot key that a consumer tells apart".into()),
        _ => Ok(()),
    }
}
