//! A producer's demand: records born at a moment, with a size and a place in the hash space.
//!
//! It knows no shard, no client and no capacity mode, so every design sees the same demand. Records are made in
//! blocks of 512 from separate named streams (arrivals, sizes, keys), where the caller wants them, and handed out in
//! order of time; how the caller cuts them never changes a value.

use super::arrivals::{Arrivals, BLOCK};
use super::config::{DemandConfig, RateShape};
use super::curve::{Calendar, RateCurve};
use super::keys::{HOT_KEY, KeyTable, Keys, position_of, threshold};
use super::sizes::Sizes;
use crate::mechanism::wide::wide;
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
    /// Made, but not handed out: those from `head` on.
    ahead: Columns,
    head: usize,
    ended: bool,
    digest: u64,
    records: u64,
    bytes: u64,
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
            ahead: Columns::default(),
            head: 0,
            ended: false,
            digest: 0,
            records: 0,
            bytes: 0,
        }
    }

    /// Appends every record born before `until` (and before the end), in order of time.
    pub fn take_until(&mut self, until: u64, out: &mut Columns) {
        let mut from = out.len();
        let waiting = &self.ahead.born[self.head..];
        let n = born_before(until, waiting);
        let mut all = n == waiting.len();
        out.append_range(&self.ahead, self.head, self.head + n);
        self.head += n;
        self.count(from, out);
        while all && !self.ended {
            from = out.len();
            self.make(out);
            let end = from + born_before(until, &out.born[from..]);
            all = end == out.len();
            if !all {
                self.keep(out, end);
            }
            self.count(from, out);
        }
    }

    /// Moment of the next birth; `u64::MAX` when none is left.
    pub fn next_birth(&mut self) -> u64 {
        if self.head == self.ahead.len() && !self.ended {
            let mut ahead = std::mem::take(&mut self.ahead);
            ahead.clear();
            self.make(&mut ahead);
            (self.ahead, self.head) = (ahead, 0);
        }
        self.ahead.born.get(self.head).copied().unwrap_or(u64::MAX)
    }

    /// Digest of everything handed out, in order; how it was cut does not matter.
    pub fn digest(&self) -> u64 {
        fold(self.digest ^ self.records, 0x9e37_79b9_7f4a_7c15)
    }

    /// Records and bytes handed out.
    pub fn born(&self) -> (u64, u64) {
        (self.records, self.bytes)
    }

    /// Makes the next block at the end of `out`. Each stream advances by a whole block whatever the end cuts off.
    fn make(&mut self, out: &mut Columns) {
        let from = out.len();
        let n = self.arrivals.append(&mut out.born);
        self.ended = n < BLOCK;
        self.sizes.append(&out.born[from..], &mut out.size);
        self.keys.append(n, &mut out.position);
        if let Some(hot) = &mut self.hot {
            hot.apply(&out.born[from..], &mut out.position[from..]);
        }
    }

    /// What was made from `from` on is not asked for yet.
    fn keep(&mut self, out: &mut Columns, from: usize) {
        self.ahead.clear();
        self.ahead.append_range(out, from, out.len());
        self.head = 0;
        out.truncate(from);
    }

    /// Counts what is handed out from `from` on.
    fn count(&mut self, from: usize, out: &Columns) {
        let size = &out.size[from..];
        let sum = digest::best(self.records, &out.born[from..], size, &out.position[from..]);
        self.digest = self.digest.wrapping_add(sum);
        self.bytes += size.iter().map(|s| u64::from(*s)).sum::<u64>();
        self.records += size.len() as u64;
    }
}

/// How many of these moments, in order, lie before `until`.
fn born_before(until: u64, born: &[u64]) -> usize {
    if born.last().is_none_or(|b| *b < until) { born.len() } else { born.partition_point(|b| *b < until) }
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

wide! {
    /// The sum over records of a mix of (number, born, size, position): the number makes it depend on the order, the
    /// sum makes it independent of the cuts.
    fn digest(first: u64, born: &[u64], size: &[u32], position: &[u64]) -> u64 {
        let mut salt = first.wrapping_mul(SALT_STEP);
        let mut sum = 0u64;
        for ((b, s), p) in born.iter().zip(size).zip(position) {
            salt = salt.wrapping_add(SALT_STEP);
            let place = p.wrapping_add(u64::from(*s) << 20) ^ 0xe703_7ed1_a0b4_28db;
            sum = sum.wrapping_add(fold(b ^ salt, place));
        }
        sum
    }
}

const SALT_STEP: u64 = 0xa076_1d64_78bd_642f;

/// The halves of the product of two words, mixed. Made of 32-bit products: a vector has no others.
#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    const LOW: u64 = 0xffff_ffff;
    let (a0, a1, b0, b1) = (a & LOW, a >> 32, b & LOW, b >> 32);
    let (low, left, right) = (a0 * b0, a0 * b1, a1 * b0);
    let middle = (low >> 32) + (left & LOW) + (right & LOW);
    let high = a1 * b1 + (left >> 32) + (right >> 32) + (middle >> 32);
    high ^ (middle << 32 | low & LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_sum_of_mixed_products() {
        let mut words = Seed { user: 6, replication: 0 }.stream("test", "digest");
        let [mut born, mut position] = [[0; 77]; 2];
        words.fill(&mut born);
        words.fill(&mut position);
        let size: Vec<u32> = born.iter().map(|b| *b as u32).collect();
        let first = words.word();
        let mixed = (0..77).map(|i| {
            let salt = SALT_STEP.wrapping_mul(first.wrapping_add(i as u64 + 1));
            let place = position[i].wrapping_add(u64::from(size[i]) << 20) ^ 0xe703_7ed1_a0b4_28db;
            let product = u128::from(born[i] ^ salt) * u128::from(place);
            (product >> 64) as u64 ^ product as u64
        });
        let whole = mixed.fold(0, u64::wrapping_add);
        assert_eq!(digest::best(first, &born, &size, &position), whole);
        assert_eq!(digest::plain(first, &born, &size, &position), whole);
    }
}
