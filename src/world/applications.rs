//! Consumer applications meet the stream: whose turn it is.
//!
//! Reading never feeds back on writing: when everything up to a moment is settled, applications act in order of time
//! up to it, and between their calls the plain readers of a shard make theirs, since all share its read limits. At one
//! moment applications come before plain readers, and in the scenario's order among themselves.

use super::World;
use super::config::WorldConfig;
use super::keeping::Keeping;
use super::series::bucket;
use super::settings::happenings;
use super::view::View;
use crate::api::Application;
use crate::consumer::config::ConsumerConfig;
use crate::consumer::{Situation, build as build_one};
use crate::firehose::reader::Reader;

/// An application and whose it is.
pub struct Player {
    /// Its consumer.
    pub consumer: usize,
    /// What plays it.
    pub machine: Box<dyn Application>,
}

/// Builds every application.
pub fn build(config: &WorldConfig) -> Vec<Player> {
    let one = |(consumer, c): (usize, &ConsumerConfig)| {
        let mut happenings: Vec<_> = happenings(config, consumer).collect();
        happenings.sort_by_key(|h| h.0);
        let situation = Situation { config: c, happenings: &happenings, seed: config.seed };
        let machine = build_one(&situation).or_else(|| firehose(config, &c.name))?;
        Some(Player { consumer, machine })
    };
    config.consumers.iter().enumerate().filter_map(one).collect()
}

/// A Firehose stream that reads the stream.
fn firehose(config: &WorldConfig, name: &str) -> Option<Box<dyn Application>> {
    let stream = config.firehose.iter().position(|f| f.name == name)?;
    let reader = Reader::new(&config.firehose(stream), bucket(config.duration.0), config.seed)?;
    Some(Box::new(reader))
}

impl World {
    /// Lets applications do everything they do before `until`; all before it is settled.
    pub(super) fn act_applications(&mut self, until: u64) {
        let mut keeping = std::mem::take(&mut self.one_by_one);
        self.play(until, &mut keeping);
        self.one_by_one = keeping;
    }

    /// The same, on shards whose rows somebody keeps.
    pub(super) fn play(&mut self, until: u64, keeping: &mut impl Keeping) {
        let mut players = std::mem::take(&mut self.applications);
        while let Some(player) = players.iter_mut().min_by_key(|p| p.machine.next()) {
            let now = player.machine.next();
            if now >= until {
                break;
            }
            let mut view = View {
                now,
                until,
                consumer: player.consumer,
                lanes: &mut self.lanes,
                map: &self.map,
                settings: &self.settings,
                sink: &mut self.sink,
                refused: &mut self.refused,
                keeping: &mut *keeping,
            };
            player.machine.act(&mut view);
            assert!(player.machine.next() > now, "an application that has acted acts again later");
        }
        self.applications = players;
    }
}
