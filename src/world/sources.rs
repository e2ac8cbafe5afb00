//! Who sends: demand that goes to the shards as it is, or demand in the hands of clients that wait for answers.

use super::config::{Action, TimedEvent, WorldConfig};
use super::dealing::Dealing;
use super::gather::WindowCall;
use super::intake::Door;
use super::order::Order;
use super::series::bucket;
use super::settings::Settings;
use super::sizing::calendar;
use crate::firehose;
use crate::firehose::intake::{Intake, Quotas, Raise};
use crate::firehose::pipeline::Pipeline;
use crate::producer::agent::Agent;
use crate::producer::client::Client;
use crate::producer::config::ClientConfig;
use crate::producer::demand::{Columns, Demand, HotKeyWindow};
use crate::producer::flink_sink::FlinkSink;
use crate::producer::keys::KeyTable;
use crate::producer::kpl::{KeyBytes, Kpl};
use crate::producer::line::{Line, Trouble, What};
use crate::producer::sdk::Sdk;
use crate::record::Listing;
use crate::units::Dur;
use std::sync::Arc;

/// One producer at work.
pub struct Source {
    /// What is born.
    pub demand: Demand,
    dealing: Dealing,
    /// Client processes; empty when the shards' lanes play the client.
    pub clients: Vec<Box<dyn Client>>,
    /// The Firehose stream they put to, instead of the Kinesis stream.
    pub door: Option<Box<Door>>,
    /// Whether their records arrive in order.
    pub orders: Vec<Order>,
    /// Shortest answer after judgement: what feeds back.
    pub floor: u64,
    /// A request's way to the shard.
    pub leg: u64,
}

/// Builds every producer.
pub fn build(config: &WorldConfig, settings: &Settings) -> Vec<Source> {
    (0..config.producers.len()).map(|p| source(config, settings, p)).collect()
}

fn source(config: &WorldConfig, settings: &Settings, index: usize) -> Source {
    let producer = &config.producers[index];
    let hot: Vec<HotKeyWindow> =
        config.events.iter().filter_map(|e| hot_window(e.at, &e.action, index)).collect();
    let table = config.tables.get(index).cloned();
    let demand = Demand::with_table(
        &producer.demand,
        table.unwrap_or_else(|| KeyTable::of(&producer.demand.keys)),
        &producer.name,
        calendar(config),
        config.seed,
        config.duration.0,
        config.stream.admission.count_key_bytes,
        &hot,
    );
    let (leg, alone) = (settings.producers[index].leg, settings.producers[index].alone);
    let instances = if alone { 0 } else { producer.client.instances().max(1) };
    let keys = KeyBytes {
        length: producer.demand.key_bytes.0 as u32,
        counted: config.stream.admission.count_key_bytes,
    };
    let troubles: Arc<[Trouble]> = config.events.iter().filter_map(|e| trouble(e, index)).collect();
    let (name, latency) = (&producer.name, producer.client.put_latency());
    let key = settings.producers[index].key_bytes as u32;
    let client = |i| -> Box<dyn Client> {
        let line = Line::new(latency, leg, Arc::clone(&troubles), name, i, config.seed);
        match &producer.client {
            ClientConfig::FlinkSink(sink) => Box::new(FlinkSink::new(sink, key, line)),
            ClientConfig::Agent(agent) => Box::new(Agent::new(agent, name, i, line, config.seed)),
            ClientConfig::Sdk(sdk) => Box::new(Sdk::new(sdk, name, i, line, config.seed)),
            ClientConfig::FirehoseDirect(direct) => {
                Box::new(Sdk::new(&direct.sdk, name, i, line, config.seed))
            }
            ClientConfig::Kpl(kpl) => Box::new(Kpl::new(kpl, name, i, line, keys, config.seed)),
        }
    };
    let door = producer.client.firehose().map(|q| {
        let quotas = Quotas { records: q.records, requests: q.requests, bytes: q.bytes };
        let raise = q.raise.map(|r| Raise { factor: r.factor, after: r.after.0, most: r.most });
        let intake = Intake::new(quotas, raise);
        Box::new(Door::new(intake, name, bucket(config.duration.0), behind(config, index)))
    });
    let watched = producer.client.reorders() || !troubles.is_empty();
    Source {
        demand,
        dealing: Dealing::default(),
        clients: (0..instances).map(client).collect(),
        door,
        orders: (0..instances).map(|_| Order::new(watched)).collect(),
        floor: if alone { u64::MAX } else { latency.sampler().min() - leg },
        leg,
    }
}

/// The Firehose stream a producer puts to.
fn behind(config: &WorldConfig, producer: usize) -> Option<Pipeline> {
    let from = firehose::config::Source::Producer(producer);
    let stream = config.firehose.iter().position(|f| f.source == from)?;
    Some(Pipeline::new(&config.firehose(stream), bucket(config.duration.0), config.seed))
}

fn hot_window(at: Dur, action: &Action, index: usize) -> Option<HotKeyWindow> {
    match *action {
        Action::HotKey { producer, share, lasting } if producer == index => {
            Some(HotKeyWindow { from_ns: at.0, until_ns: at.0 + lasting.0, share })
        }
        _ => None,
    }
}

/// What an event does to the way between producer `index` and the service.
pub fn trouble(event: &TimedEvent, index: usize) -> Option<Trouble> {
    let (producer, lasting, what) = match event.action {
        Action::ProducerOutage { producer, lasting } => (producer, lasting, What::Away),
        Action::PutErrors { producer, share, stored, lasting } => {
            (producer, lasting, What::Errors { share, stored })
        }
        Action::SlowNetwork { producer, factor, lasting } => (producer, lasting, What::Slow(factor)),
        _ => return None,
    };
    let from = event.at.0;
    (producer == index).then(|| Trouble { from, until: from.saturating_add(lasting.0), what })
}

impl Source {
    /// Makes everything that is born or sent so as to be judged before `until`; records of producers without
    /// clients go straight to `out`.
    pub fn advance(&mut self, until: u64, shards: &Arc<Listing>, out: &mut Columns) {
        match &mut self.clients[..] {
            [] => self.demand.take_until(until.saturating_sub(self.leg), out),
            [one] => self.demand.take_until(until, one.births()),
            many => self.dealing.deal(&mut self.demand, until, many),
        }
        for client in self.clients.iter_mut().filter(|c| !c.rests(until)) {
            client.advance(until, shards);
        }
    }

    /// No entry of its clients is judged before this (clients that lanes play feed nothing back): those on their way
    /// when they arrive, all others a leg after the next thing that happens.
    pub fn quiet_until(&mut self) -> u64 {
        if self.clients.is_empty() {
            return u64::MAX;
        }
        let on_the_way = self.clients.iter().map(|c| c.outgoing().next()).min().unwrap_or(u64::MAX);
        let busy = self.clients.iter().map(|c| c.quiet_until()).min().unwrap_or(u64::MAX);
        let next = busy.min(self.demand.next_birth());
        on_the_way.min(next.saturating_add(self.leg))
    }

    /// A shard refused an entry of one of its calls: how many of its records had been stored before?
    pub fn refused(&mut self, call: &WindowCall, entry: usize) -> u32 {
        self.clients[call.client as usize].refused(&call.sent, entry)
    }

    /// Records given up by its clients.
    pub fn lost(&self) -> u64 {
        self.clients.iter().map(|c| c.report().lost.all()).sum()
    }
}
