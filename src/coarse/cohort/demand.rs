//! What is born: how many records, on which shard, how large.
//!
//! A producer's births are a rate curve, thinned by the share of its keys that fall to a shard. Poisson births of lone
//! records are drawn for each shard by itself (a Poisson process splits into independent ones); everything else is
//! drawn for the producer and dealt record by record.

use crate::facts::billing;
use crate::facts::firehose::BILLED_STEP;
use crate::producer::config::{Burstiness, KeyLaw, ProducerConfig, SizeLaw};
use crate::producer::curve::RateCurve;
use crate::producer::keys::{HOT_KEY, KeyTable, position_of};
use crate::producer::sizes::Sizes;
use crate::random::poisson::{DIGIT_BITS, MEAN_BITS, poisson};
use crate::random::{Alias, Seed, Stream};
use crate::stream::routing::ShardMap;
use crate::units::Bytes;
use crate::world::config::{Action, WorldConfig};
use crate::world::sizing;
use std::sync::Arc;

/// Micro-records per second × ns in one record.
const PER_RECORD: u128 = 1_000_000_000_000_000;

/// Expected births over time, in records × 2^32.
#[derive(Clone, Debug)]
pub struct Pace {
    curve: Arc<RateCurve>,
    /// Births per ns × 2^64, and until when that holds.
    slope: u64,
    from: u64,
    until: u64,
}

impl Pace {
    fn new(curve: Arc<RateCurve>) -> Pace {
        Pace { curve, slope: 0, from: 0, until: 0 }
    }

    /// Expected births in `[from, to)`, × 2^32; asked in order of time.
    #[inline]
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        if from >= self.from && to <= self.until {
            return ((u128::from(self.slope) * u128::from(to - from)) >> 32) as u64;
        }
        self.across(from, to)
    }

    /// Until when the rate at `at` holds.
    #[inline]
    pub fn constant_until(&mut self, at: u64) -> u64 {
        if at < self.from || at >= self.until {
            let (rate, until) = self.curve.at(at);
            self.slope = ((u128::from(rate) << 64) / PER_RECORD) as u64;
            (self.from, self.until) = (at, until.min(self.curve.end()));
        }
        // Nothing is born after the curve's end.
        if at < self.until { self.until } else { u64::MAX }
    }

    #[cold]
    fn across(&mut self, from: u64, to: u64) -> u64 {
        let (mut at, mut sum, to) = (from, 0u128, to.min(self.curve.end()));
        while at < to {
            let end = to.min(self.constant_until(at));
            sum += (u128::from(self.slope) * u128::from(end - at)) >> 32;
            at = end;
        }
        sum as u64
    }
}

/// A Poisson count of a mean × 2^32; what is too fine to draw is carried to the next: less than the count's own
/// deviation, and no more than one table tells apart where that is less still.
#[inline]
pub fn draw(mean: u64, carry: &mut u64, words: &mut Stream) -> u64 {
    const POINT: u32 = 32;
    let all = mean + *carry;
    let bits = u64::BITS - all.leading_zeros();
    let finest = bits.saturating_sub(DIGIT_BITS).min(POINT + bits.saturating_sub(POINT + 1) / 2);
    let fine = finest.max(POINT - MEAN_BITS);
    let coarse = all >> fine << fine;
    *carry = all - coarse;
    poisson(coarse >> (POINT - MEAN_BITS), words)
}

/// Means over the sizes of single records, × 2^20.
#[derive(Clone, Copy, Debug, Default)]
pub struct SizeMeans {
    /// Bytes as the shard counts them.
    pub bytes: u64,
    /// Their standard deviation.
    pub deviation: u64,
    /// Bytes charged when each is rounded up to whole KiB.
    pub kib: u64,
    /// PUT payload units.
    pub units: u64,
    /// Bytes as on-demand streams bill them.
    pub rounded: u64,
    /// Steps that Firehose bills.
    pub steps: u64,
    /// Largest, in bytes.
    pub largest: u64,
    /// Bytes of their standard deviation in one unit of noise (see `bytes_of`).
    noise: f64,
}

/// Fraction bits of a mean.
pub const SIZE_BITS: u32 = 20;
/// Sizes looked at for the means of a law that has no closed ones.
const SAMPLE: usize = 1 << 17;

impl SizeMeans {
    /// Of a producer's records, with so many bytes of keys each.
    pub fn of(config: &ProducerConfig, key_bytes: u64) -> SizeMeans {
        let law = &config.demand.record_size;
        let sizes: Vec<(u32, u64)> = match law {
            SizeLaw::Fixed(size) => vec![((size.0 + key_bytes) as u32, 1)],
            SizeLaw::Uniform { min, max } => {
                let count = max.0 - min.0 + 1;
                let step = count.div_ceil(SAMPLE as u64);
                let middles = (min.0..=max.0).step_by(step as usize);
                middles.map(|s| ((s + key_bytes) as u32, step.min(max.0 + 1 - s))).collect()
            }
            SizeLaw::Empirical(sizes) => {
                sizes.iter().filter(|s| s.1 > 0).map(|s| ((s.0.0 + key_bytes) as u32, s.1)).collect()
            }
            SizeLaw::LogNormal { .. } | SizeLaw::FromTrace => sample(law, key_bytes),
        };
        SizeMeans::over(&sizes, key_bytes, sizing::mean_size(config, key_bytes > 0))
    }

    /// Means over weighted sizes, all scaled so that the mean size is the law's own (`exact`).
    fn over(sizes: &[(u32, u64)], key_bytes: u64, exact: u64) -> SizeMeans {
        let weight: f64 = sizes.iter().map(|s| s.1 as f64).sum::<f64>().max(1.0);
        let mean = |of: &dyn Fn(u64) -> f64| {
            sizes.iter().map(|s| of(u64::from(s.0)) * s.1 as f64).sum::<f64>() / weight
        };
        let bytes = mean(&|s| s as f64);
        let squares = mean(&|s| (s as f64 - bytes) * (s as f64 - bytes));
        // Only a sample's mean is moved to the law's; listed sizes have theirs.
        let factor = if sizes.len() == SAMPLE { exact as f64 / bytes.max(1.0) } else { 1.0 };
        let scaled = |x: f64| (x * factor * (1u64 << SIZE_BITS) as f64 + 0.5) as u64;
        let data = |s: u64| Bytes(s.saturating_sub(key_bytes));
        let deviation = scaled(libm::sqrt(squares));
        SizeMeans {
            bytes: scaled(bytes),
            deviation,
            noise: (deviation >> SIZE_BITS) as f64 / 147.8,
            kib: scaled(mean(&|s| (s.div_ceil(1024) * 1024) as f64)),
            units: (mean(&|s| billing::put_payload_units(data(s)) as f64) * (1u64 << SIZE_BITS) as f64 + 0.5)
                as u64,
            rounded: scaled(mean(&|s| billing::on_demand_billed(data(s)).0 as f64)),
            steps: (mean(&|s| data(s).0.div_ceil(BILLED_STEP.bytes().0) as f64) * (1u64 << SIZE_BITS) as f64
                + 0.5) as u64,
            largest: sizes.iter().map(|s| u64::from(s.0)).max().unwrap_or(0),
        }
    }

    /// Bytes of `n` records: their mean, and what chance adds to it.
    #[inline]
    pub fn bytes_of(&self, n: u64, words: &mut Stream) -> u64 {
        let mean = (self.bytes * n) >> SIZE_BITS;
        if self.deviation == 0 || n == 0 {
            return mean;
        }
        // Four bytes of a word: their sum is normal enough, with a mean of 510 and a deviation of 147.8.
        let word = words.word();
        let pairs = (word & 0x00ff_00ff) + (word >> 8 & 0x00ff_00ff);
        let sum = (pairs + (pairs >> 16)) & 0xffff;
        let off = (sum as i64 - 510) as f64 * libm::sqrt(n as i64 as f64) * self.noise;
        mean.saturating_add_signed(off as i64).clamp(n, self.largest.saturating_mul(n).max(n))
    }
}

fn sample(law: &SizeLaw, key_bytes: u64) -> Vec<(u32, u64)> {
    let mut sizes = Sizes::new(law, None, key_bytes, "sizes", Seed { user: 0, replication: 0 });
    let mut drawn = Vec::with_capacity(SAMPLE);
    while drawn.len() < SAMPLE {
        sizes.append(&[0; 512], &mut drawn);
    }
    drawn.into_iter().map(|s| (s, 1)).collect()
}

/// One producer's demand.
pub struct Demand {
    /// Expected births.
    pub pace: Pace,
    /// Sizes.
    pub sizes: SizeMeans,
    /// Equal gaps?
    pub even: bool,
    law: KeyLaw,
    table: Option<Arc<KeyTable>>,
    /// Weight of the k-th key, where they differ.
    weights: Vec<f64>,
    /// (from, until, share in parts per billion) in which records take one extra key.
    hot: Vec<(u64, u64, u64)>,
    words: Stream,
    carry: u64,
    /// Records born and their bytes.
    pub born: (u64, u64),
    /// Fingerprint.
    pub digest: u64,
}

impl Demand {
    /// The demand of producer `index`.
    pub fn new(config: &WorldConfig, index: usize, key_bytes: u64) -> Demand {
        let producer = &config.producers[index];
        let law = producer.demand.keys.clone();
        let table = config.tables.get(index).cloned().unwrap_or_else(|| KeyTable::of(&law));
        let weights = match (&law, &table) {
            (KeyLaw::Zipf { exponent_milli, .. }, Some(table)) => {
                let exponent = f64::from(*exponent_milli) / 1000.0;
                (1..=table.positions().len()).map(|k| libm::pow(k as f64, -exponent)).collect()
            }
            _ => Vec::new(),
        };
        let hot = config.events.iter().filter_map(|e| match e.action {
            Action::HotKey { producer, share, lasting } if producer == index => {
                Some((e.at.0, e.at.0.saturating_add(lasting.0), share.0))
            }
            _ => None,
        });
        let curve = RateCurve::new(&producer.demand.rate, sizing::calendar(config), config.duration.0);
        Demand {
            pace: Pace::new(Arc::new(curve)),
            sizes: SizeMeans::of(producer, key_bytes),
            even: producer.demand.burstiness == Burstiness::Even,
            law,
            table,
            weights,
            hot: hot.collect(),
            words: config.seed.stream(&format!("producer/{}", producer.name), "cohorts"),
            carry: 0,
            born: (0, 0),
            digest: 0,
        }
    }

    /// The next moment after `now` at which keys are chosen in another way.
    pub fn next_change(&self, now: u64) -> u64 {
        let ends = self.hot.iter().flat_map(|h| [h.0, h.1]);
        ends.filter(|at| *at > now).min().unwrap_or(u64::MAX)
    }

    /// Share of the records that fall to each shard ever opened (closed ones: none).
    pub fn shares(&self, map: &ShardMap, now: u64) -> Vec<f64> {
        let mut shares = vec![0.0; map.shards().len()];
        let one = |shares: &mut Vec<f64>, position: u64, weight: f64| {
            shares[map.shard_at(position) as usize] += weight;
        };
        match (&self.law, &self.table) {
            (KeyLaw::Constant(key), _) => one(&mut shares, (position_of(key) >> 64) as u64, 1.0),
            (KeyLaw::Random, _) | (_, None) => {
                for &id in map.open() {
                    let shard = &map.shards()[id as usize];
                    shares[id as usize] = (shard.end - shard.start) as f64 / u128::MAX as f64;
                }
            }
            (law, Some(table)) => {
                let mut whose = Vec::with_capacity(table.positions().len());
                map.shards_at(table.positions(), &mut whose);
                match &self.weights[..] {
                    [] => whose.iter().for_each(|shard| shares[*shard as usize] += 1.0),
                    weights => whose.iter().zip(weights).for_each(|(s, w)| shares[*s as usize] += w),
                }
                let total: f64 = shares.iter().sum();
                shares.iter_mut().for_each(|s| *s /= total.max(f64::MIN_POSITIVE));
                if let KeyLaw::Hot { share, .. } = law {
                    shares.iter_mut().for_each(|s| *s *= 1.0 - share.fraction());
                    one(&mut shares, table.positions()[0], share.fraction());
                }
            }
        }
        for &(_, _, ppb) in self.hot.iter().filter(|h| h.0 <= now && now < h.1) {
            let share = ppb as f64 / 1e9;
            shares.iter_mut().for_each(|s| *s *= 1.0 - share);
            one(&mut shares, (position_of(HOT_KEY) >> 64) as u64, share);
        }
        shares
    }

    /// Births in `[from, to)` on all shards together.
    pub fn births(&mut self, from: u64, to: u64) -> u64 {
        let mean = self.pace.between(from, to);
        let n = if self.even {
            let all = mean + self.carry;
            self.carry = all & 0xffff_ffff;
            all >> 32
        } else {
            draw(mean, &mut self.carry, &mut self.words)
        };
        self.note(n);
        n
    }

    /// Records were born.
    #[inline]
    pub fn note(&mut self, n: u64) {
        self.born.0 += n;
        self.digest = (self.digest ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
    }
}

/// Deals records to shards by their shares.
pub struct Deal {
    shards: Vec<u32>,
    alias: Option<Alias>,
    counts: Vec<u32>,
}

impl Deal {
    /// Over shards with a share.
    pub fn new(shares: &[f64]) -> Deal {
        let shards: Vec<u32> = (0..shares.len() as u32).filter(|s| shares[*s as usize] > 0.0).collect();
        let weights: Vec<f64> = shards.iter().map(|s| shares[*s as usize]).collect();
        Deal { counts: vec![0; shards.len()], alias: Alias::new(&weights), shards }
    }

    /// Deals `n` records; `(shard, count)` of each that gets any, in order of shards.
    pub fn deal(&mut self, n: u64, words: &mut Stream, mut give: impl FnMut(u32, u64)) {
        let Some(alias) = &self.alias else { return };
        if self.shards.len() == 1 {
            return give(self.shards[0], n);
        }
        let (mut word, mut half) = (0, false);
        for _ in 0..n {
            if !half {
                word = words.word();
            }
            half = !half;
            self.counts[alias.of_half(if half { word as u32 } else { (word >> 32) as u32 })] += 1;
        }
        for (count, shard) in self.counts.iter_mut().zip(&self.shards) {
            if *count > 0 {
                give(*shard, u64::from(std::mem::take(count)));
            }
        }
    }
}
