//! Consumers: the clients that share workers among shards. (Plain SDK loops need none of this: the shard's lane plays
//! them.)

pub mod config;
pub mod flink;
pub mod kcl;
pub mod lambda;
pub mod work;

use crate::api::Application;
use crate::random::Seed;
use config::{ApplicationConfig, ConsumerConfig, Happening};

/// All an application is built from.
pub struct Situation<'a> {
    /// The consumer as written.
    pub config: &'a ConsumerConfig,
    /// What will happen to it, in order of time (ns).
    pub happenings: &'a [(u64, Happening)],
    /// Root of its randomness: its streams are named `consumer/NAME`.
    pub seed: Seed,
}

impl Situation<'_> {
    /// (from, until) of its outages.
    pub fn outages(&self) -> Vec<(u64, u64)> {
        self.happenings.iter().filter_map(|(at, what)| what.outage(*at)).collect()
    }

    /// (from, until, factor) of the spells in which its code works slower.
    pub fn slow_spells(&self) -> Vec<(u64, u64, u64)> {
        self.happenings.iter().filter_map(|(at, what)| what.slow_spell(*at)).collect()
    }
}

/// The application of a consumer; `None` where the shards' lanes play it.
pub fn build(situation: &Situation) -> Option<Box<dyn Application>> {
    match &situation.config.client {
        ApplicationConfig::Sdk | ApplicationConfig::Firehose => None,
        ApplicationConfig::Kcl(config) => Some(Box::new(kcl::Kcl::new(config, situation))),
        ApplicationConfig::Lambda(config) => Some(Box::new(lambda::Lambda::new(config, situation))),
        ApplicationConfig::Flink(config) => Some(Box::new(flink::Flink::new(config, situation))),
    }
}
