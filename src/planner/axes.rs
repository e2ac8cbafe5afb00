//! What can be chosen where the scenario does not say: the axes its own parts have.

use crate::consumer::config::{ApplicationConfig, ConsumerConfig, ReadConfig};
use crate::firehose::config::FirehoseConfig;
use crate::producer::config::ClientConfig;
use crate::scenario::{Scenario, Source};
use crate::units::NS_PER_S;
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
const DEFAULT_DESIGNS: usize = 48;

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

/// In order of what usually decides: how consumers read, packing, then one setting of each part before its others.
fn defaults(scenario: &Scenario) -> Vec<Axis> {
    let mut axes: Vec<Axis> = scenario.consumers.iter().filter_map(read).collect();
    for producer in &scenario.producers {
        if let ClientConfig::Kpl(kpl) = &producer.client {
            let key = format!("producers.{}.client.kpl.aggregation", producer.name);
            axes.push(axis(key, &[&(!kpl.aggregation).to_string()]));
        }
    }
    let mut parts: Vec<Vec<Axis>> = scenario.consumers.iter().map(client).collect();
    parts.extend(scenario.firehose.iter().map(buffers));
    let deepest = parts.iter().map(Vec::len).max().unwrap_or(0);
    for depth in 0..deepest {
        axes.extend(parts.iter().filter_map(|part| part.get(depth)).cloned());
    }
    axes
}

/// A Firehose stream's hints: how long and how much it gathers.
fn buffers(stream: &FirehoseConfig) -> Vec<Axis> {
    let of = |key: &str, now: u64, all: &[(u64, &str)]| {
        let others: Vec<&str> = all.iter().filter(|(n, _)| *n != now).map(|o| o.1).collect();
        axis(format!("firehose.{}.buffer.{key}", stream.name), &others)
    };
    let seconds = [60, 300, 900].map(|s| s * NS_PER_S);
    let mib = [5, 64, 128].map(|n| n << 20);
    vec![
        of(
            "interval",
            stream.buffer.interval.0,
            &[(seconds[0], "60 s"), (seconds[1], "300 s"), (seconds[2], "900 s")],
        ),
        of("size", stream.buffer.size.0, &[(mib[0], "5 MiB"), (mib[1], "64 MiB"), (mib[2], "128 MiB")]),
    ]
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
                of("batching_window", &windows(lambda.batching_window.0)),
            ]
        }
        // KPUs follow from the parallelism; how many slots share one stays as written, since what that does to a slot's
        // pace is the job's own.
        ApplicationConfig::Flink(flink) => {
            let key = format!("consumers.{name}.client.flink.parallelism");
            let (half, double) = ((flink.parallelism / 2).max(1), flink.parallelism.saturating_mul(2));
            let others: Vec<String> =
                [half, double].iter().filter(|n| **n != flink.parallelism).map(u32::to_string).collect();
            vec![axis(key, &others.iter().map(String::as_str).collect::<Vec<_>>())]
        }
        _ => Vec::new(),
    }
}

/// None, a second, five.
fn windows(now: u64) -> Vec<String> {
    [0, 1, 5].iter().filter(|s| **s * NS_PER_S != now).map(|s| format!("{s} s")).collect()
}
