//! What a resolution carries; everything else is refused by name.

use crate::consumer::config::{ApplicationConfig, ConsumerConfig};
use crate::firehose::config::FirehoseConfig;
use crate::producer::config::{ClientConfig, ProducerConfig};
use crate::stream::config::StreamConfig;
use crate::world::Unfit;
use crate::world::config::{Action, WorldConfig};

/// One thing a scenario asks for.
#[derive(Clone, Copy)]
pub enum Need<'a> {
    /// A producer: its demand and its client.
    Producer(&'a ProducerConfig),
    /// The stream's limits and settings.
    Stream(&'a StreamConfig),
    /// A consumer: its client, how it reads and works.
    Consumer(&'a ConsumerConfig),
    /// A Firehose stream.
    Firehose(&'a FirehoseConfig),
    /// Something that happens on the way.
    Event(&'a Action),
}

/// `Err`: what of it is not carried, in words that follow "does not carry".
pub type Carried = Result<(), String>;

/// Everything a scenario asks for that `carries` refuses, named in one sentence.
pub fn check(config: &WorldConfig, resolution: &str, carries: impl Fn(Need) -> Carried) -> Result<(), Unfit> {
    let producers = config.producers.iter().map(Need::Producer);
    let consumers = config.consumers.iter().map(Need::Consumer);
    let events = config.events.iter().map(|e| Need::Event(&e.action));
    let needs = std::iter::once(Need::Stream(&config.stream))
        .chain(producers)
        .chain(consumers)
        .chain(config.firehose.iter().map(Need::Firehose))
        .chain(events);
    let mut refused: Vec<String> = needs.filter_map(|need| carries(need).err()).collect();
    refused.dedup();
    if refused.is_empty() {
        return Ok(());
    }
    Err(Unfit(format!(
        "{resolution} resolution does not carry {} yet: run at record resolution (`resolution: record`)",
        refused.join(", nor ")
    )))
}

/// The scenario's word for a producer's client.
pub fn client_word(client: &ClientConfig) -> &'static str {
    match client {
        ClientConfig::Sdk(_) => "sdk",
        ClientConfig::Kpl(_) => "kpl",
        ClientConfig::Agent(_) => "agent",
        ClientConfig::FlinkSink(_) => "flink_sink",
        ClientConfig::FirehoseDirect(_) => "firehose_direct",
    }
}

/// The scenario's word for a consumer's client.
pub fn application_word(client: &ApplicationConfig) -> &'static str {
    match client {
        ApplicationConfig::Sdk => "sdk",
        ApplicationConfig::Kcl(_) => "kcl",
        ApplicationConfig::Lambda(_) => "lambda",
        ApplicationConfig::Flink(_) => "flink",
        ApplicationConfig::Firehose => "firehose",
    }
}
