//! What can be said before a run: documented quotas the design would break, and how much work a run is.

use super::Scenario;
use crate::consumer::config::{ConsumerConfig, ReadConfig};
use crate::facts::{Fact, data_streams, fan_out, on_demand};
use crate::measure::resolution::Resolution;
use crate::producer::config::{KeyLaw, ProducerConfig, RateShape, SizeLaw};
use crate::producer::curve::{Calendar, RateCurve};
use crate::stream::config::Mode;
use crate::units::{Bytes, Dur, NS_PER_S, Percent, grouped};
use crate::world::config::Action;
use serde::Serialize;

/// A quota that the design would break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuotaFinding {
    /// The scenario's key.
    pub key: String,
    /// In words, with both numbers.
    pub text: String,
    /// Key of the fact behind the quota.
    pub fact: &'static str,
}

const DAY: u64 = 24 * 3_600 * NS_PER_S;

/// Registered consumers.
pub fn fan_out_consumers(consumers: &[ConsumerConfig]) -> u64 {
    consumers.iter().filter(|c| matches!(c.read, ReadConfig::FanOut(_))).count() as u64
}

/// Collects findings.
struct Found(Vec<QuotaFinding>);

impl Found {
    fn add(&mut self, key: impl Into<String>, fact: &Fact, text: String) {
        self.0.push(QuotaFinding { key: key.into(), text, fact: fact.key });
    }
}

impl Scenario {
    /// Documented quotas that this design would break.
    pub fn quota_findings(&self) -> Vec<QuotaFinding> {
        let mut found = Found(Vec::new());
        self.shard_quota(&mut found);
        self.fan_out(&mut found);
        self.reshards(&mut found);
        self.switches(&mut found);
        self.polls(&mut found);
        self.single_keys(&mut found);
        self.on_demand_maximum(&mut found);
        found.0
    }

    fn shard_quota(&self, found: &mut Found) {
        let targets = self.events.iter().filter_map(|e| match e.action {
            Action::UpdateShardCount { target } => Some(target),
            _ => None,
        });
        let most = self.stream.shards.into_iter().chain(targets).max();
        let quota = match self.shard_quota {
            Some(own) => Some(u64::from(own)),
            None => data_streams::shard_quota(&self.region),
        };
        let bought = self.modes.contains(&Mode::Provisioned);
        if let (Some(most), Some(quota)) = (most, quota)
            && bought
            && u64::from(most) > quota
        {
            let text = format!("{most} shards; the account's quota in {} is {quota}", self.region);
            found.add("stream.shards", &data_streams::SHARD_QUOTA_LARGE, text);
        }
    }

    fn fan_out(&self, found: &mut Found) {
        let count = fan_out_consumers(&self.consumers);
        for mode in &self.modes {
            let limit = match mode {
                Mode::OnDemandAdvantage => fan_out::CONSUMERS_ADVANTAGE,
                _ => fan_out::CONSUMERS,
            };
            if count > limit.count() {
                let text =
                    format!("{count} enhanced fan-out consumers; {} allows {}", mode.title(), limit.count());
                found.add("consumers", &limit, text);
            }
        }
    }

    /// UpdateShardCount: at most double, at least half, so many in a rolling day.
    fn reshards(&self, found: &mut Found) {
        let factor = data_streams::UPDATE_SHARD_COUNT_FACTOR;
        let mut open = self.stream.shards;
        let mut times = Vec::new();
        for event in &self.events {
            let Action::UpdateShardCount { target } = event.action else {
                continue;
            };
            times.push(event.at);
            let (to, from) = (u64::from(target), open.map(u64::from));
            if from.is_some_and(|from| to > from * factor.count() || to * factor.count() < from) {
                let text = format!(
                    "reshard from {} to {target} at {}: one call goes at most to double and at least to half",
                    open.unwrap_or(0),
                    event.at
                );
                found.add("events", &factor, text);
            }
            open = Some(target);
        }
        self.per_day(&times, &data_streams::UPDATE_SHARD_COUNT_PER_DAY, "UpdateShardCount calls", found);
    }

    fn switches(&self, found: &mut Found) {
        let times: Vec<Dur> =
            self.events.iter().filter(|e| matches!(e.action, Action::SwitchMode(_))).map(|e| e.at).collect();
        self.per_day(&times, &data_streams::MODE_SWITCHES, "mode switches", found);
    }

    fn per_day(&self, times: &[Dur], limit: &Fact, what: &str, found: &mut Found) {
        let within = |from: &Dur| times.iter().filter(|t| *t >= from && t.0 - from.0 < DAY).count() as u64;
        let most = times.iter().map(within).max().unwrap_or(0);
        if most > limit.count() {
            found.add("events", limit, format!("{most} {what} within 24 h; the limit is {}", limit.count()));
        }
    }

    /// All pollers of a shard share its call limit.
    fn polls(&self, found: &mut Found) {
        let interval = |c: &ConsumerConfig| match &c.read {
            ReadConfig::Polling(p) => Some(p.interval.0),
            ReadConfig::FanOut(_) => None,
        };
        let milli: u128 = self
            .consumers
            .iter()
            .filter_map(interval)
            .map(|ns| u128::from(NS_PER_S) * 1_000 / u128::from(ns.max(1)))
            .sum();
        let limit = u128::from(self.stream.reads.calls_per_s) * 1_000;
        if milli > limit {
            let calls = crate::units::decimal(milli, 3);
            let text = format!(
                "pollers ask for {calls} GetRecords calls per second and shard; the shard allows {}",
                self.stream.reads.calls_per_s
            );
            found.add("consumers", &data_streams::SHARD_READ_CALLS, text);
        }
    }

    /// One key cannot exceed one shard, in any mode.
    fn single_keys(&self, found: &mut Found) {
        for p in &self.producers {
            let share = match &p.demand.keys {
                KeyLaw::Constant(_) => Percent::WHOLE,
                KeyLaw::Hot { share, .. } => share.0,
                _ => continue,
            };
            let peak = self.curve(p).peak_minute().0;
            let of_key = u128::from(peak) * u128::from(share) / u128::from(Percent::WHOLE);
            let limit = self.stream.admission.records_per_s;
            // Where the client packs them, the shard counts fewer.
            if of_key > u128::from(limit) * 1_000_000 && !p.client.packs() {
                let rate = crate::units::decimal(of_key, 6);
                let text = format!(
                    "one key of `{}` has {rate} records/s in the peak minute; its shard accepts {limit}, in every mode",
                    p.name
                );
                found.add(format!("producers.{}.keys", p.name), &data_streams::SHARD_WRITE_RECORDS, text);
            }
        }
    }

    fn on_demand_maximum(&self, found: &mut Found) {
        if !self.modes.iter().any(|m| *m != Mode::Provisioned) {
            return;
        }
        let bytes = |p: &ProducerConfig| {
            let size = u128::from(mean_size(p)?.0 + p.demand.key_bytes.0);
            Some(u128::from(self.curve(p).peak_minute().0) * size / 1_000_000)
        };
        let Some(peak) = self.producers.iter().map(bytes).sum::<Option<u128>>() else {
            return;
        };
        let most = self.stream.on_demand.max_write;
        if peak > u128::from(most.0) {
            let text = format!(
                "{peak} bytes/s in the peak minute; an on-demand stream in {} accepts {most}",
                self.region
            );
            let large = most == on_demand::MAX_WRITE_LARGE.byte_rate();
            let limit = if large { on_demand::MAX_WRITE_LARGE } else { on_demand::MAX_WRITE };
            found.add("producers", &limit, text);
        }
    }

    /// A producer's rate over the run.
    fn curve(&self, producer: &ProducerConfig) -> RateCurve {
        let calendar = Calendar {
            weekday: self.start.map_or(0, |m| m.weekday()),
            time_of_day: self.start.map_or(Dur::ZERO, |m| m.time),
        };
        RateCurve::new(&producer.demand.rate, calendar, self.duration.0)
    }

    /// Records that would be born in one run.
    pub fn records_born(&self) -> u128 {
        let born = |p| self.curve(p).integral(0, self.duration.0);
        // Integrals are in millionths of a record.
        self.producers.iter().map(born).sum::<u128>() / 1_000_000
    }

    /// Why a run is refused: more records than one run may have.
    pub fn too_large(&self) -> Option<String> {
        if self.resolution != Resolution::Record {
            return None;
        }
        let born = self.records_born();
        let most = u128::from(super::world::MAX_RECORDS);
        (born > most).then(|| {
            format!("a run would give birth to about {} records; at most {} are simulated one by one. Choose `resolution: auto`, shorten `duration`, or lower the rates and the shards by the same factor", grouped(born), grouped(most))
        })
    }
}

/// Mean size of a producer's records; `None` where only the trace knows.
fn mean_size(p: &ProducerConfig) -> Option<Bytes> {
    let trace = match &p.demand.rate {
        RateShape::Trace(trace) => trace.mean_size.iter().flatten().max().copied(),
        _ => None,
    };
    match &p.demand.record_size {
        SizeLaw::Fixed(size) => Some(*size),
        SizeLaw::Uniform { min, max } => Some(Bytes(min.0 / 2 + max.0 / 2)),
        SizeLaw::LogNormal { mean, .. } => Some(*mean),
        SizeLaw::Empirical(mix) => {
            let weight: u128 = mix.iter().map(|(_, w)| u128::from(*w)).sum();
            let sum: u128 = mix.iter().map(|(size, w)| u128::from(size.0) * u128::from(*w)).sum();
            u64::try_from(sum / weight.max(1)).ok().map(Bytes)
        }
        SizeLaw::FromTrace => trace,
    }
}
