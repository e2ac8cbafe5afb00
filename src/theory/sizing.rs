//! Sizing in closed form: shards for a load, reshard steps, autoscaler arithmetic, on-demand capacity.
//!
//! All of it is other people's arithmetic (AWS's guide, the AWS calculator, Comcast's and awslabs' tools), kept
//! apart because they differ. Limits come in as parameters; nothing here knows a quota.

use crate::units::{Bytes, Dur, RecordRate};

/// One shard's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardLimits {
    /// Bytes written per second.
    pub write_bytes_per_s: u64,
    /// Records written per second.
    pub write_records_per_s: u64,
    /// Bytes read per second by all polling readers together.
    pub read_bytes_per_s: u64,
}

/// A steady load, as sizing formulas see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Bytes of one record.
    pub record: Bytes,
    /// Records per second.
    pub rate: RecordRate,
    /// Readers that share the shard's read limit.
    pub readers: u64,
}

/// What a sizing formula says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shards {
    /// The formula's value before rounding up.
    pub unrounded: f64,
    /// Rounded up, bytes only, as AWS's guide has it.
    pub by_bytes: u64,
    /// Bytes and the records limit.
    pub shards: u64,
}

const MICRO: u128 = 1_000_000;

/// AWS's guide: max(in KiB / 1,024, out KiB / 2,048), records rounded up to whole KiB, out = in × readers; and the
/// same with the records limit, which the guide leaves out.
pub fn aws_shards(load: Load, limits: ShardLimits) -> Shards {
    let size = u128::from(load.record.0.div_ceil(1_024)) * 1_024;
    let bytes = size.saturating_mul(u128::from(load.rate.0));
    let by_write = ceil(bytes, u128::from(limits.write_bytes_per_s) * MICRO);
    let read = bytes.saturating_mul(u128::from(load.readers));
    let by_read = ceil(read, u128::from(limits.read_bytes_per_s) * MICRO);
    let unrounded = f64::max(
        ratio(bytes, u128::from(limits.write_bytes_per_s) * MICRO),
        ratio(read, u128::from(limits.read_bytes_per_s) * MICRO),
    );
    let by_bytes = by_write.max(by_read);
    let shards = by_bytes.max(by_records(load.rate, limits));
    Shards { unrounded, by_bytes, shards: shards.max(1) }
}

/// The AWS calculator: every term rounded up (records not rounded to KiB), the largest grown by `buffer_percent` and
/// rounded up again.
pub fn calculator_shards(load: Load, buffer_percent: u64, limits: ShardLimits) -> u64 {
    let bytes = u128::from(load.record.0) * u128::from(load.rate.0);
    let by_write = ceil(bytes, u128::from(limits.write_bytes_per_s) * MICRO);
    let by_read =
        ceil(bytes.saturating_mul(u128::from(load.readers)), u128::from(limits.read_bytes_per_s) * MICRO);
    let most = by_write.max(by_read).max(by_records(load.rate, limits)).max(1);
    ceil(u128::from(most).saturating_mul(100 + u128::from(buffer_percent)), 100)
}

fn by_records(rate: RecordRate, limits: ShardLimits) -> u64 {
    ceil(u128::from(rate.0), u128::from(limits.write_records_per_s) * MICRO)
}

fn ceil(a: u128, b: u128) -> u64 {
    u64::try_from(a.div_ceil(b.max(1))).unwrap_or(u64::MAX)
}

fn ratio(a: u128, b: u128) -> f64 {
    a as f64 / b as f64
}

/// Input of Comcast's calculator. Whole records per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComcastLoad {
    /// Bytes of a message.
    pub message_bytes: u64,
    /// Mean records per second.
    pub average_records_s: u64,
    /// Peak records per second.
    pub peak_records_s: u64,
    /// Whether the producer aggregates (then the records limit does not count).
    pub aggregation: bool,
    /// Polling readers.
    pub shared_consumers: u64,
    /// Records per second a consumer manages on one shard.
    pub consumer_speed: Option<u64>,
    /// A surge: (records per second, lasting s, latency allowed s).
    pub surge: Option<(u64, u64, u64)>,
}

/// What Comcast's calculator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComcastShards {
    /// Shards to buy.
    pub shards: u64,
    /// For the peak's bytes.
    pub from_peak_bytes: u64,
    /// For the peak's records.
    pub from_peak_records: u64,
    /// For the polling readers.
    pub from_shared_consumers: u64,
    /// PUT payload units per second at the mean rate.
    pub put_units_per_s: u64,
}

/// Comcast's calculator. `put_unit` is the payload unit's size.
pub fn comcast(load: ComcastLoad, limits: ShardLimits, put_unit: u64) -> ComcastShards {
    let peak_bytes = load.peak_records_s.saturating_mul(load.message_bytes);
    let mean_bytes = load.average_records_s.saturating_mul(load.message_bytes);
    let from_peak_bytes = peak_bytes.div_ceil(limits.write_bytes_per_s);
    let from_peak_records = load.peak_records_s.div_ceil(limits.write_records_per_s);
    let from_shared_consumers = (load.shared_consumers * mean_bytes).div_ceil(limits.read_bytes_per_s);
    let by_records = if load.aggregation { 0 } else { from_peak_records };
    let by_speed = load.consumer_speed.map_or(0, |v| load.peak_records_s.div_ceil(v));
    let shards = [from_peak_bytes, by_records, from_shared_consumers, by_speed, surge(load, limits)]
        .into_iter()
        .fold(1, u64::max);
    let put_units_per_s = match load.aggregation {
        true => shards * mean_bytes.div_ceil(shards * put_unit),
        false => load.average_records_s * load.message_bytes.div_ceil(put_unit),
    };
    ComcastShards { shards, from_peak_bytes, from_peak_records, from_shared_consumers, put_units_per_s }
}

fn surge(load: ComcastLoad, limits: ShardLimits) -> u64 {
    let Some((rate, lasting, latency)) = load.surge else {
        return 0;
    };
    let by_bytes = (rate * load.message_bytes).div_ceil(limits.write_bytes_per_s);
    let by_speed = load
        .consumer_speed
        .map_or(0, |v| (rate * lasting + load.peak_records_s * latency).div_ceil(v * (lasting + latency)));
    by_bytes.max(by_speed)
}

/// Direction of a scaling step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// More shards.
    Up,
    /// Fewer.
    Down,
}

/// awslabs' scaling-utils: below 100 % a step up adds the percentage, from 100 % on it multiplies; a step down above
/// 100 % divides, else subtracts. Then the bounds; never below one.
pub fn scaling_utils(current: u64, percent: u64, scale: Scale, min: Option<u64>, max: Option<u64>) -> u64 {
    let target = match scale {
        Scale::Up if percent < 100 => (current * (100 + percent)).div_ceil(100),
        Scale::Up => (current * percent).div_ceil(100),
        Scale::Down if percent > 100 => current * 100 / percent,
        Scale::Down => current - current * percent / 100,
    };
    target.max(min.unwrap_or(1)).min(max.unwrap_or(u64::MAX)).max(1)
}

/// The shard counts an UpdateShardCount caller passes through: at most `factor` times, at least one `factor`-th
/// (rounded up), the last step to the target. Starts with `from`.
pub fn reshard_path(from: u32, to: u32, factor: u32) -> Vec<u32> {
    let (from, to, factor) = (from.max(1), to.max(1), factor.max(2));
    let mut path = vec![from];
    let mut now = from;
    while now != to {
        now = match now < to {
            true => now.saturating_mul(factor).min(to),
            false => now.div_ceil(factor).max(to),
        };
        path.push(now);
    }
    path
}

/// On-demand capacity kept for a 30-day peak: the larger of a new stream's and `factor` × the peak, in the peak's
/// own unit (`floor` is a new stream's).
pub fn on_demand_capacity(peak: u64, factor: u64, floor: u64) -> u64 {
    peak.saturating_mul(factor).max(floor)
}

/// Read throughput of each of `readers` that share a limit equally.
pub fn shared_read(limit_bytes_per_s: u64, readers: u64) -> f64 {
    limit_bytes_per_s as f64 / readers as f64
}

/// Time in which a bucket refills by `bytes`: the sustained spacing of records of that size, and the wait after the
/// bucket was emptied. `None` when the record is larger than the bucket, or the rate is 0.
pub fn refill_time(bytes: Bytes, bucket: Bytes, bytes_per_s: u64) -> Option<Dur> {
    if bytes > bucket || bytes_per_s == 0 {
        return None;
    }
    let ns = (u128::from(bytes.0) * u128::from(crate::units::NS_PER_S)).div_ceil(u128::from(bytes_per_s));
    u64::try_from(ns).ok().map(Dur)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_loads_are_answers_and_paths_end() {
        let limits =
            ShardLimits { write_bytes_per_s: 1 << 20, write_records_per_s: 1_000, read_bytes_per_s: 2 << 20 };
        let huge = Load { record: Bytes(u64::MAX), rate: RecordRate(u64::MAX), readers: u64::MAX };
        assert_eq!(aws_shards(huge, limits).shards, u64::MAX);
        assert_eq!(calculator_shards(huge, 20, limits), u64::MAX);
        let none = Load { record: Bytes(0), rate: RecordRate(0), readers: 0 };
        assert_eq!(aws_shards(none, limits).shards, 1);
        for (from, to) in [(0, 0), (1, u32::MAX), (u32::MAX, 1), (5, 5)] {
            assert_eq!(reshard_path(from, to, 0).last(), Some(&to.max(1)));
        }
    }

    #[test]
    fn a_record_larger_than_the_bucket_never_fits() {
        assert_eq!(refill_time(Bytes(11), Bytes(10), 5), None);
        assert_eq!(refill_time(Bytes(10), Bytes(10), 5), Some(Dur::from_s(2)));
        assert_eq!(refill_time(Bytes(10), Bytes(10), 0), None);
    }
}
