//! A scenario whose demand is a real history.
//!
//! The history takes the place of the first producer's rate; everything else (client, keys, consumers, the stream's
//! settings) is the scenario's, or that of a plain one where none is given. CloudWatch's bytes are taken as data and
//! key together, as shards count them.

use super::{BillMonth, Curves, Diag, Scenario, load};
use crate::coarse;
use crate::experiment::replay::Past;
use crate::import::History;
use crate::measure::resolution::Resolution;
use crate::producer::config::{ClientConfig, KeyLaw, ProducerConfig, RateShape, SizeLaw};
use crate::theory::bursts::offered;
use crate::units::{Bytes, Dur, grouped};
use md5::{Digest, Md5};
use std::sync::Arc;

/// The scenario of a history that comes without one.
pub const PLAIN: &str = "\
version: 1
question: What would this history have cost, and what would have been throttled?
duration: 1 h
producers: { history: { rate: 1 records/s, record_size: 1 KiB } }
stream: {}
consumers: { reader: {} }
modes: [provisioned, on_demand, on_demand_advantage]
resolution: auto
";

const MICRO: f64 = 1e6;

/// The plain scenario with its `--set` overlays.
pub fn plain(sets: &[(String, String)]) -> Result<Scenario, Vec<Diag>> {
    load(PLAIN, "replay", &|_| Err("no such file".into()), sets)
}

/// A history as the demand of a scenario.
pub struct Replayed {
    /// The scenario with the history as its demand.
    pub scenario: Scenario,
    /// What the metrics say.
    pub past: Past,
    /// What was assumed.
    pub notes: Vec<String>,
}

impl Replayed {
    /// Why this is more than can be simulated: too many records for the finest grain, and no coarser one carries it.
    pub fn too_large(&self) -> Option<String> {
        let (scenario, most) = (&self.scenario, super::world::MAX_RECORDS);
        let world = scenario.world(scenario.modes.first().copied()?, scenario.seed, 0);
        let one_by_one = coarse::choose(&world).resolution == Resolution::Record;
        let born = scenario.records_born();
        (one_by_one && born > u128::from(most)).then(|| {
            format!(
                "{} is {} records long, and {} at most are simulated one by one; no coarser resolution carries all \
                 that the scenario asks for",
                self.past.stream,
                grouped(born),
                grouped(u128::from(most))
            )
        })
    }
}

/// Puts a history into a scenario; `text` is what it was read from. An error where it cannot be a demand.
pub fn of_history(mut scenario: Scenario, history: &History, text: &str) -> Result<Replayed, String> {
    if history.steps.is_empty() {
        return Err(format!("{}: there are no datapoints", history.name));
    }
    if history.records_micro().is_none() {
        return Err(format!("{}: IncomingRecords is missing: bytes alone tell no records", history.name));
    }
    let mut notes = Vec::new();
    let from = history.start.map_or(String::new(), |m| format!(" from {}", m.text()));
    scenario.name = format!("replay-{}", history.name);
    scenario.start = history.start.or(scenario.start);
    scenario.duration = Dur(history.end);
    scenario.events.retain(|e| e.at < scenario.duration);
    scenario.text_digest = digest(&scenario.text_digest, text);
    scenario.bill.month = BillMonth::Repeat;
    if scenario.curves == Curves::Auto {
        scenario.curves = Curves::Off;
    }
    scenario.replications = scenario.replications.or(Some(1));
    let count_keys = scenario.stream.admission.count_key_bytes;
    let others = scenario.producers.len() - 1;
    if others > 0 {
        notes.push(format!("the history takes the place of all producers; {others} are left out"));
        scenario.producers.truncate(1);
    }
    let producer = &mut scenario.producers[0];
    let past = past(history, producer, count_keys, &mut notes);
    demand(history, &past, producer, count_keys);
    if history.missing > 0 {
        notes.push(format!(
            "{} of {} steps{from} have no datapoint: zero records",
            history.missing,
            history.steps.len()
        ));
    }
    Ok(Replayed { scenario, past, notes })
}

fn digest(scenario: &str, text: &str) -> String {
    let mut digest = Md5::new();
    for part in [scenario, text] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// Attempts of the producer's client; `None` where it does not give up by counting.
fn attempts(client: &ClientConfig) -> Option<u32> {
    match client {
        ClientConfig::Sdk(sdk) => Some(sdk.retry.attempts),
        _ => None,
    }
}

fn past(history: &History, producer: &ProducerConfig, count_keys: bool, notes: &mut Vec<String>) -> Past {
    let key = if count_keys { producer.demand.key_bytes.0 as f64 } else { 0.0 };
    let mean = known_mean(history);
    if mean.is_none() {
        notes.push(
            "bytes are not in the metrics: record sizes are the scenario's (`record_size`), and so are bills and \
             byte limits"
                .into(),
        );
    }
    let attempts = attempts(&producer.client);
    let refused = history.refused_micro().unwrap_or(0);
    if refused > 0 {
        let policy = attempts.map_or("that does not give up".into(), |n| format!("of {n} attempts"));
        notes.push(format!(
            "{} refused attempts in the metrics: each record is taken to be tried by a client {policy}; the least \
             and the most demand that fit are shown beside it",
            grouped(refused / MICRO as u128)
        ));
    } else if history.refused_micro().is_none() {
        notes.push("refusals are not in the metrics: the demand is taken as what was stored".into());
    }
    let size = |i: usize| match (history.steps[i].records_micro, history.steps[i].bytes) {
        (Some(micro), Some(bytes)) if micro > 0 => bytes as f64 * MICRO / micro as f64,
        _ => mean.unwrap_or_else(|| size_of(&producer.demand.record_size) + key),
    };
    let of = |i: usize| {
        let step = &history.steps[i];
        let stored = step.records_micro.unwrap_or(0) as f64 / MICRO;
        let refused = step.refused_micro.unwrap_or(0) as f64 / MICRO;
        [stored, offered(stored, refused, attempts), stored + refused]
    };
    Past {
        stream: history.name.clone(),
        start: history.start.map(|m| m.text()),
        at: history.steps.iter().map(|s| s.at).collect(),
        end: history.end,
        offered: (0..history.steps.len()).map(of).collect(),
        size: (0..history.steps.len()).map(size).collect(),
        sizes_known: mean.is_some(),
        missing: history.missing,
    }
}

/// Mean record over the steps that tell bytes.
fn known_mean(history: &History) -> Option<f64> {
    let (mut micro, mut bytes) = (0u128, 0u128);
    for step in &history.steps {
        if let (Some(m), Some(b)) = (step.records_micro, step.bytes) {
            micro += u128::from(m);
            bytes += u128::from(b);
        }
    }
    (micro > 0).then(|| bytes as f64 * MICRO / micro as f64)
}

/// Mean data of a record by its law.
fn size_of(law: &SizeLaw) -> f64 {
    match law {
        SizeLaw::Fixed(size) => size.0 as f64,
        SizeLaw::Uniform { min, max } => (min.0 + max.0) as f64 / 2.0,
        SizeLaw::LogNormal { mean, .. } => mean.0 as f64,
        SizeLaw::Empirical(mix) => {
            let all: u64 = mix.iter().map(|m| m.1).sum();
            mix.iter().map(|m| m.0.0 as f64 * m.1 as f64).sum::<f64>() / all.max(1) as f64
        }
        SizeLaw::FromTrace => 1.0,
    }
}

/// The history as rate, sizes and keys.
fn demand(history: &History, past: &Past, producer: &mut ProducerConfig, count_keys: bool) {
    let mut i = 0;
    let mut trace = history.trace(|_| {
        i += 1;
        (past.offered[i - 1][1] * MICRO).round() as u64
    });
    let demand = &mut producer.demand;
    let key = if count_keys { demand.key_bytes.0 } else { 0 };
    if past.sizes_known {
        for (size, mean) in trace.mean_size.iter_mut().zip(&past.size) {
            *size = Some(Bytes((mean.round() as u64).saturating_sub(key).max(1)));
        }
        demand.record_size = SizeLaw::FromTrace;
    } else if demand.record_size == SizeLaw::FromTrace {
        demand.record_size = SizeLaw::Fixed(Bytes(1));
    }
    demand.rate = RateShape::Trace(Arc::new(trace));
    if let Some(keys) = &history.keys {
        demand.keys = KeyLaw::File(keys.clone());
    }
}
