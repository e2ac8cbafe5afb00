//! What can be chosen where the scenario does not say: the axes its own parts have.

use crate::consumer::config::{ApplicationConfig, ConsumerConfig, ReadConfig};
use crate::producer::config::ClientConfig;
use crate::scenario::{Scenario, Source};
use serde::Serialize;

/// A key and the values it may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Axis {
    /// The scenario key; `modes` and `stream.shards` for the two every design has.
    pub key: String,
    /// Its values; `None` = as the scenario has it.
    pub values: Vec<Option<String>>,
}

/// Designs that default axes may combine to.
const DEFAULT_DESIGNS: usize = 24;

/// The axes of a scenario besides mode and shards: those it names, then its parts' own, as many as stay affordable.
/// The second answer names those left out.
pub fn of(scenario: &Scenario, source: &Source) -> (Vec<Axis>, Vec<String>) {
    let written = scenario.planning.choose.iter();
    let mut axes: Vec<Axis> = written
        .map(|(key, values)| Axis { key: key.clone(), values: values.iter().cloned().map(Some).collect() })
        .collect();
    let mut left_out = Vec::new();
    let mut designs = 1;
    for axis in defaults(scenario) {
        // What `count:` made has its key without the number.
        let Some(axis) = known(axis, source) else { continue };
        let related = |a: &Axis| a.key.starts_with(&axis.key) || axis.key.starts_with(&a.key);
        if axes.iter().any(related) {
            continue;
        }
        designs *= axis.values.len();
        match designs <= DEFAULT_DESIGNS {
            true => axes.push(axis),
            false => {
                designs /= axis.values.len();
                left_out.push(axis.key);
            }
        }
    }
    (axes, left_out)
}

/// The axis under the key the file has, with the values that may stand there.
fn known(mut axis: Axis, source: &Source) -> Option<Axis> {
    let fits = |key: &str, value: &str| source.with(&[(key.to_owned(), value.to_owned())]).is_ok();
    let first = axis.values.iter().flatten().next()?.clone();
    if !fits(&axis.key, &first) {
        let parts: Vec<&str> = axis.key.splitn(3, '.').collect();
        let [side, name, rest] = parts.as_slice() else { return None };
        let (stem, _) = name.rsplit_once('-')?;
        axis.key = format!("{side}.{stem}.{rest}");
    }
    axis.values.retain(|v| v.as_ref().is_none_or(|v| fits(&axis.key, v)));
    (axis.values.len() > 1).then_some(axis)
}

/// In order of what usually decides: how consumers read, then clients' settings, then buffers.
fn defaults(scenario: &Scenario) -> Vec<Axis> {
    let mut axes: Vec<Axis> = scenario.consumers.iter().filter_map(read).collect();
    for producer in &scenario.producers {
        if let ClientConfig::Kpl(kpl) = &producer.client {
            let key = format!("producers.{}.client.kpl.aggregation", producer.name);
            axes.push(axis(key, &[&(!kpl.aggregation).to_string()]));
        }
    }
    axes.extend(scenario.consumers.iter().flat_map(client));
    for stream in &scenario.firehose {
        axes.push(axis(format!("firehose.{}.buffer.interval", stream.name), &["60 s", "300 s", "900 s"]));
    }
    axes
}

fn axis(key: String, others: &[&str]) -> Axis {
    let others = others.iter().map(|o| Some((*o).to_owned()));
    Axis { key, values: std::iter::once(None).chain(others).collect() }
}

fn read(consumer: &ConsumerConfig) -> Option<Axis> {
    if matches!(consumer.client, ApplicationConfig::Firehose) {
        return None;
    }
    let other = match consumer.read {
        ReadConfig::Polling(_) => "enhanced_fan_out",
        ReadConfig::FanOut(_) => "polling",
    };
    Some(axis(format!("consumers.{}.read", consumer.name), &[other]))
}

fn client(consumer: &ConsumerConfig) -> Vec<Axis> {
    let name = &consumer.name;
    match &consumer.client {
        ApplicationConfig::Lambda(lambda) => {
            let numbers = |now: u64, all: &[u64]| -> Vec<String> {
                all.iter().filter(|n| **n != now).map(u64::to_string).collect()
            };
            let of = |key: &str, values: &[String]| {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                axis(format!("consumers.{name}.client.lambda.{key}"), &values)
            };
            vec![
                of("parallelization_factor", &numbers(lambda.parallelization_factor.into(), &[1, 2, 5, 10])),
                of("batch_size", &numbers(lambda.batch_size, &[100, 1_000])),
                of("batching_window", &["1 s".to_owned()]),
            ]
        }
        ApplicationConfig::Flink(flink) => {
            let key = format!("consumers.{name}.client.flink.parallelism");
            let (half, double) = ((flink.parallelism / 2).max(1), flink.parallelism.saturating_mul(2));
            vec![axis(key, &[&half.to_string(), &double.to_string()])]
        }
        _ => Vec::new(),
    }
}
