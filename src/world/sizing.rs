//! How many shards a run starts with.
//!
//! Provisioned with `shards: auto`: AWS's formula on the peak minute. On-demand: four, or twice the 30-day peak,
//! which a scenario states or which follows from its own demand before the first spike, step, ramp or event.

use super::config::WorldConfig;
use crate::consumer::config::ReadConfig;
use crate::facts::{data_streams, on_demand};
use crate::producer::config::{ProducerConfig, RateShape, SizeLaw};
use crate::producer::curve::{Calendar, RateCurve};
use crate::stream::config::{History, Mode};
use crate::theory::sizing::{Load, aws_shards};
use crate::units::{Bytes, RecordRate};

/// Peak write throughput, as an on-demand stream remembers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peak {
    /// Bytes per second.
    pub bytes_per_s: u64,
    /// Records per second.
    pub records_per_s: u64,
}

impl Peak {
    /// Shards that carry twice this peak, four at least.
    pub fn shards(self) -> u32 {
        let factor = on_demand::PEAK_FACTOR.count();
        let limits = data_streams::shard_limits();
        let by_bytes = (self.bytes_per_s * factor).div_ceil(limits.write_bytes_per_s);
        let by_records = (self.records_per_s * factor).div_ceil(limits.write_records_per_s);
        by_bytes.max(by_records).max(on_demand::NEW_SHARDS.count()) as u32
    }
}

/// Mean bytes of one record as the shard counts it.
pub fn mean_size(producer: &ProducerConfig, count_key_bytes: bool) -> u64 {
    let demand = &producer.demand;
    let data = match &demand.record_size {
        SizeLaw::Fixed(b) => b.0,
        SizeLaw::Uniform { min, max } => (min.0 + max.0).div_ceil(2),
        SizeLaw::LogNormal { mean, .. } => mean.0,
        SizeLaw::Empirical(sizes) => {
            let weights: u128 = sizes.iter().map(|s| u128::from(s.1)).sum();
            let sum: u128 = sizes.iter().map(|s| u128::from(s.0.0) * u128::from(s.1)).sum();
            sum.div_ceil(weights.max(1)) as u64
        }
        SizeLaw::FromTrace => match &demand.rate {
            RateShape::Trace(trace) => trace_mean(&trace.mean_size),
            _ => 0,
        },
    };
    data + if count_key_bytes { demand.key_bytes.0 } else { 0 }
}

fn trace_mean(sizes: &[Option<Bytes>]) -> u64 {
    let known: Vec<u64> = sizes.iter().flatten().map(|b| b.0).collect();
    known.iter().sum::<u64>() / (known.len() as u64).max(1)
}

/// Shards in provisioned mode.
pub fn provisioned_shards(config: &WorldConfig) -> u32 {
    config.stream.shards.unwrap_or_else(|| {
        let polling = config.consumers.iter().filter(|c| matches!(c.read, ReadConfig::Polling(_))).count();
        let peak = peak_minute(config);
        let record = Bytes(peak.bytes_per_s.div_ceil(peak.records_per_s.max(1)));
        let load = Load { record, rate: RecordRate::per_s(peak.records_per_s), readers: polling as u64 };
        aws_shards(load, data_streams::shard_limits()).shards as u32
    })
}

/// The 30-day peak and the shards of an on-demand run at its start.
pub fn on_demand_start(config: &WorldConfig) -> (Peak, u32) {
    let steady = || {
        let first_event = config.events.iter().map(|e| e.at.0).min();
        peak(config, |curve| {
            let day = on_demand::COMMITMENT_MIN_TIME.dur().0;
            let before = curve.first_change().or(first_event).unwrap_or(day).min(day).min(config.duration.0);
            curve.highest_minute_before(before)
        })
    };
    match config.stream.on_demand.history {
        History::Steady => (steady(), steady().shards()),
        History::New => (Peak::default(), Peak::default().shards()),
        History::Switched => (steady(), provisioned_shards(config)),
        History::Peak(rate) => {
            let peak = Peak { bytes_per_s: rate.0, records_per_s: 0 };
            (peak, peak.shards())
        }
        History::Known { bytes_per_s, records_per_s } => {
            let peak = Peak { bytes_per_s, records_per_s };
            (peak, peak.shards())
        }
    }
}

/// Shards of a run at its start, whatever its mode.
pub fn starting_shards(config: &WorldConfig) -> u32 {
    let warm = match config.mode {
        Mode::OnDemandAdvantage => config.stream.advantage.warm,
        _ => None,
    };
    let own = match config.mode {
        Mode::Provisioned => provisioned_shards(config),
        _ => on_demand_start(config).1,
    };
    own.max(warm.map_or(0, |w| w.0.div_ceil(data_streams::shard_limits().write_bytes_per_s) as u32)).max(1)
}

/// The busiest minute of all producers together (each one's own busiest minute, added).
pub fn peak_minute(config: &WorldConfig) -> Peak {
    peak(config, |curve| curve.peak_minute())
}

fn peak(config: &WorldConfig, of: impl Fn(&RateCurve) -> RecordRate) -> Peak {
    let calendar = calendar(config);
    let mut peak = Peak::default();
    for producer in config.producers.iter().filter(|p| p.client.firehose().is_none()) {
        let curve = RateCurve::new(&producer.demand.rate, calendar, config.duration.0);
        let rate = of(&curve).0;
        let size = mean_size(producer, config.stream.admission.count_key_bytes);
        peak.bytes_per_s += (u128::from(rate) * u128::from(size)).div_ceil(1_000_000) as u64;
        peak.records_per_s += rate.div_ceil(1_000_000);
    }
    peak
}

/// Highest minute of one producer, in whole records per second.
pub fn peak_rate(config: &WorldConfig, producer: &ProducerConfig) -> u64 {
    let curve = RateCurve::new(&producer.demand.rate, calendar(config), config.duration.0);
    curve.peak_minute().0.div_ceil(1_000_000)
}

/// The scenario's start in the week.
pub fn calendar(config: &WorldConfig) -> Calendar {
    Calendar { weekday: config.start_weekday, time_of_day: config.start_time_of_day }
}

/// Rate curves of all producers.
pub fn rate_curves(config: &WorldConfig) -> Vec<RateCurve> {
    let calendar = calendar(config);
    config.producers.iter().map(|p| RateCurve::new(&p.demand.rate, calendar, config.duration.0)).collect()
}

/// Millionths: integrals of a rate are in micro-records.
const MICRO: u128 = 1_000_000;

/// Records born in `[from, to)`, expected.
pub fn records_between(curves: &[RateCurve], from: u64, to: u64) -> u128 {
    curves.iter().map(|c| c.integral(from, to)).sum::<u128>() / MICRO
}

/// Records born in the whole run, expected.
pub fn expected_records(config: &WorldConfig) -> u128 {
    records_between(&rate_curves(config), 0, config.duration.0)
}
