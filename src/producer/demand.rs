//! A producer's demand: records born at a moment, with a size and a place in the hash space.
//!
//! It knows no shard, no client and no capacity mode, so every design sees the same demand. Records are made in
//! blocks of 512 from separate named streams (arrivals, sizes, keys) and handed out in order of time; how the
//! caller cuts them never changes a value.

use super::arrivals::{Arrivals, BLOCK};
use super::config::{DemandConfig, RateShape};
use super::curve::{Calendar, RateCurve};
use super::keys::{HOT_KEY, KeyTable, Keys, position_of, threshold};
use super::sizes::Sizes;
use crate::random::{Seed, Stream};
pub use crate::record::Columns;
use crate::units::Percent;
use std::sync::Arc;

/// A time in which a share of the records takes one extra key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HotKeyWindow {
    /// Start, ns.
    pub from_ns: u64,
    /// End, ns.
    pub until_ns: u64,
    /// Share of the records born meanwhile.
    pub share: Percent,
}

/// The records of one producer, made as they are asked for.
#[derive(Clone, Debug)]
pub struct Demand {
    arrivals: Arrivals,
    sizes: Sizes,
    keys: Keys,
    hot: Option<Hot>,
    block: Box<Block>,
    head: usize,
    len: usize,
    ended: bool,
    digest: u64,
    records: u64,
    bytes: u64,
}

#[derive(Clone, Debug)]
struct Block {
    born: [u64; BLOCK],
    size: [u32; BLOCK],
    position: [u64; BLOCK],
}

#[derive(Clone, Debug)]
struct Hot {
    words: Stream,
    windows: Vec<HotKeyWindow>,
    position: u64,
}

impl Demand {
    /// The demand of producer `name` over `0..end_ns`. `count_key_bytes` adds the key's bytes to each size.
    pub fn new(
        config: &DemandConfig,
        name: &str,
        calendar: Calendar,
        seed: Seed,
        end_ns: u64,
        count_key_bytes: bool,
        hot_keys: &[HotKeyWindow],
    ) -> Demand {
        let table = KeyTable::of(&config.keys);
        Demand::with_table(config, table, name, calendar, seed, end_ns, count_key_bytes, hot_keys)
    }

    /// The same with a key table made before (`KeyTable::of(&config.keys)`), shared between runs.
    #[allow(clippy::too_many_arguments)]
    pub fn with_table(
        config: &DemandConfig,
        table: Option<Arc<KeyTable>>,
        name: &str,
        calendar: Calendar,
        seed: Seed,
        end_ns: u64,
        count_key_bytes: bool,
        hot_keys: &[HotKeyWindow],
    ) -> Demand {
        let path = format!("producer/{name}");
        let curve = Arc::new(RateCurve::new(&config.rate, calendar, end_ns));
        let trace = match &config.rate {
            RateShape::Trace(trace) => Some(trace),
            _ => None,
        };
        let extra = if count_key_bytes { config.key_bytes.0 } else { 0 };
        let hot = (!hot_keys.is_empty()).then(|| Hot {
            words: seed.stream(&path, "hot-key"),
            windows: hot_keys.to_vec(),
            position: (position_of(HOT_KEY) >> 64) as u64,
        });
        Demand {
            arrivals: Arrivals::new(&config.burstiness, curve, &path, seed),
            sizes: Sizes::new(&config.record_size, trace, extra, &path, seed),
            keys: Keys::new(&config.keys, table, &path, seed),
            hot,
            block: Box::new(Block { born: [0; BLOCK], size: [0; BLOCK], position: [0; BLOCK] }),
            head: 0,
            len: 0,
            ended: false,
            digest: 0,
            records: 0,
            bytes: 0,
        }
    }

    /// Appends every record born before `until` (and before the end), in order of time.
    pub fn take_until(&mut self, until: u64, out: &mut Columns) {
        while self.next_birth() < until {
            let rest = &self.block.born[self.head..self.len];
            let n =
                if rest[rest.len() - 1] < until { rest.len() } else { rest.partition_point(|b| *b < until) };
            self.hand_out(n, out);
        }
    }

    /// Moment of the next birth; `u64::MAX` when none is left.
    pub fn next_birth(&mut self) -> u64 {
        if self.head == self.len && !self.ended {
            self.refill();
        }
        if self.head < self.len { self.block.born[self.head] } else { u64::MAX }
    }

    /// Digest of everything handed out, in order; how it was cut does not matter.
    pub fn digest(&self) -> u64 {
        fold(self.digest ^ self.records, 0x9e37_79b9_7f4a_7c15)
    }

    /// Records and bytes handed out.
    pub fn born(&self) -> (u64, u64) {
        (self.records, self.bytes)
    }

    fn hand_out(&mut self, n: usize, out: &mut Columns) {
        let range = self.head..self.head + n;
        let (born, size) = (&self.block.born[range.clone()], &self.block.size[range.clone()]);
        let position = &self.block.position[range];
        out.born.extend_from_slice(born);
        out.size.extend_from_slice(size);
        out.position.extend_from_slice(position);
        self.digest = self.digest.wrapping_add(digest(self.records, born, size, position));
        self.bytes += size.iter().map(|s| u64::from(*s)).sum::<u64>();
        self.records += n as u64;
        self.head += n;
    }

    /// Makes the next block. Each stream advances by a whole block whatever the end cuts off.
    fn refill(&mut self) {
        let block = &mut *self.block;
        self.len = self.arrivals.fill(&mut block.born);
        self.head = 0;
        self.ended = self.len < BLOCK;
        self.sizes.fill(&block.born[..self.len], &mut block.size[..self.len]);
        self.keys.fill(&mut block.position[..self.len]);
        if let Some(hot) = &mut self.hot {
            hot.apply(&block.born[..self.len], &mut block.position[..self.len]);
        }
    }
}

impl Hot {
    fn apply(&mut self, born: &[u64], position: &mut [u64]) {
        let mut draws = [0u32; BLOCK];
        let draws = &mut draws[..born.len()];
        self.words.fill_halves(draws);
        for window in &self.windows {
            let share = threshold(window.share.0);
            for ((p, b), d) in position.iter_mut().zip(born).zip(draws.iter()) {
                if u64::from(*d) < share && (window.from_ns..window.until_ns).contains(b) {
                    *p = self.position;
                }
            }
        }
    }
}

/// The sum over records of a mix of (number, born, size, position): the number makes it depend on the order, the
/// sum makes it independent of the cuts.
#[inline]
fn digest(first: u64, born: &[u64], size: &[u32], position: &[u64]) -> u64 {
    let mut salt = first.wrapping_mul(SALT_STEP);
    let mut sum = 0u64;
    for ((b, s), p) in born.iter().zip(size).zip(position) {
        salt = salt.wrapping_add(SALT_STEP);
        sum = sum.wrapping_add(fold(b ^ salt, p.wrapping_add(u64::from(*s) << 20) ^ 0xe703_7ed1_a0b4_28db));
    }
    sum
}

const SALT_STEP: u64 = 0xa076_1d64_78bd_642f;

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}
