//! When records are born.
//!
//! Births are laid out in operational time (one unit = one expected record, Q32 fixed point) and mapped to
//! nanoseconds by the rate curve. What is left of a gap at a step's end carries over exactly, so a Poisson process
//! with a changing rate is one; stretches without demand cost one step. Inside a stretch the map is one 64 × 64-bit
//! multiplication per record; the fraction of a nanosecond is carried from block to block.

use super::config::Burstiness;
use super::curve::RateCurve;
use crate::mechanism::wide::wide;
use crate::random::draw::{Exponential, UNIT};
use crate::random::{Seed, Stream};
use crate::units::Percent;
use std::sync::Arc;

/// Records of one internal block.
pub const BLOCK: usize = 512;
/// Micro-records per second × ns in one record.
const PER_RECORD: u128 = 1_000_000_000_000_000;
/// Batches larger than this are cut to it: the block's operational time must fit 63 bits.
const BATCH_MAX: u32 = 1 << 24;
/// No spell of a modulated process is shorter.
const SPELL_MIN: u64 = 1000;

/// The births of one demand, block after block.
#[derive(Clone, Debug)]
pub struct Arrivals {
    curve: Arc<RateCurve>,
    words: Stream,
    gaps: Gaps,
    modulation: Option<Modulation>,
    stretch: Stretch,
    /// Rest of the operational length that did not make a Q32 unit yet.
    carry: u128,
    /// Scratch: operational moments of a block.
    moments: Box<[u64; BLOCK]>,
}

#[derive(Clone, Debug)]
enum Gaps {
    Even { started: bool },
    Exponential,
    Batches { size: u32, left: u32 },
}

/// A stretch of constant rate, and how far we are in it.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// Moment of the present block's zero, whole ns, and its fraction (scaled by 2^shift).
    base: u64,
    fraction: u128,
    until: u64,
    /// Operational time left, Q32.
    left: u128,
    /// ns per Q32 unit of operational time, scaled by 2^shift.
    slope: u64,
    shift: u32,
}

/// The two states of a Markov-modulated process.
#[derive(Clone, Debug)]
struct Modulation {
    words: Stream,
    busy: bool,
    until: u64,
    /// Rate multipliers, Q32, busy and idle.
    factor: [u64; 2],
    /// Mean spells in ns, busy and idle.
    spell: [u64; 2],
}

impl Arrivals {
    /// The births of producer `name`.
    pub fn new(burstiness: &Burstiness, curve: Arc<RateCurve>, name: &str, seed: Seed) -> Arrivals {
        let gaps = match burstiness {
            Burstiness::Even => Gaps::Even { started: false },
            Burstiness::Poisson | Burstiness::Mmpp { .. } => Gaps::Exponential,
            Burstiness::Batches { size } => Gaps::Batches { size: (*size).clamp(1, BATCH_MAX), left: 0 },
        };
        let modulation = match burstiness {
            Burstiness::Mmpp { factor, share, spell } => {
                Modulation::new(*factor, *share, spell.0, seed.stream(name, "spells"))
            }
            _ => None,
        };
        Arrivals {
            curve,
            words: seed.stream(name, "arrivals"),
            gaps,
            modulation,
            stretch: Stretch::EMPTY,
            carry: 0,
            moments: Box::new([0; BLOCK]),
        }
    }

    /// Appends the next block of births in order of time: `BLOCK` of them, fewer when the scenario's end comes first.
    pub fn append(&mut self, born: &mut Vec<u64>) -> usize {
        self.gaps.fill(&mut self.words, &mut self.moments);
        let last = self.moments[BLOCK - 1];
        let (mut from, mut spent) = (0, 0u64);
        loop {
            let left = self.stretch.left;
            let n = if u128::from(last - spent) < left {
                BLOCK
            } else {
                from + self.moments[from..].partition_point(|m| u128::from(m - spent) < left)
            };
            self.stretch.place(&self.moments[from..n], spent, born);
            if n == BLOCK {
                self.stretch.advance(last - spent);
                return BLOCK;
            }
            spent += left as u64;
            from = n;
            if !self.next_stretch() {
                return n;
            }
        }
    }

    /// Enters the next stretch of constant rate; false at the scenario's end.
    fn next_stretch(&mut self) -> bool {
        let at = self.stretch.until;
        let end = self.curve.end();
        if at >= end {
            return false;
        }
        let (rate, until) = self.curve.at(at);
        let mut scaled = u128::from(rate) << 32;
        let mut until = until.min(end);
        if let Some(m) = &mut self.modulation {
            let (factor, spell_end) = m.at(at);
            scaled = u128::from(rate) * u128::from(factor);
            until = until.min(spell_end);
        }
        let length = u128::from(until - at);
        let rest = (scaled % PER_RECORD) * length + self.carry;
        let left = (scaled / PER_RECORD) * length + rest / PER_RECORD;
        self.carry = rest % PER_RECORD;
        self.stretch = Stretch::new(at, until, scaled, left);
        true
    }
}

impl Gaps {
    /// Operational moments of the block's births since the last birth of the block before.
    fn fill(&mut self, words: &mut Stream, moments: &mut [u64; BLOCK]) {
        match self {
            Gaps::Even { started } => {
                let first = if *started { UNIT } else { 0 };
                *started = true;
                for (i, m) in moments.iter_mut().enumerate() {
                    *m = first + UNIT * i as u64;
                }
            }
            Gaps::Exponential => {
                let table = Exponential::table();
                words.fill(moments);
                table.fill(moments);
                let mut sum = 0;
                for m in moments.iter_mut() {
                    sum += *m;
                    *m = sum;
                }
            }
            Gaps::Batches { size, left } => {
                let table = Exponential::table();
                let mut sum = 0;
                for m in moments.iter_mut() {
                    if *left == 0 {
                        sum += table.of(words.word()) * u64::from(*size);
                        *left = *size;
                    }
                    *left -= 1;
                    *m = sum;
                }
            }
        }
    }
}

impl Stretch {
    const EMPTY: Stretch = Stretch { base: 0, fraction: 0, until: 0, left: 0, slope: 0, shift: 64 };

    /// `rate` is micro-records per second × 2^32. Below a quarter of a record per second the slope needs whole
    /// nanoseconds per unit to fit 64 bits; its relative error stays below 2^-31 either way.
    fn new(at: u64, until: u64, rate: u128, left: u128) -> Stretch {
        let rate_or_one = rate.max(1);
        let shift = if rate_or_one > PER_RECORD { 64 } else { 32 };
        let slope = ((PER_RECORD << shift) + rate_or_one / 2) / rate_or_one;
        Stretch {
            base: at,
            fraction: 0,
            until,
            left: if rate == 0 { 0 } else { left },
            slope: u64::try_from(slope).unwrap_or(u64::MAX),
            shift,
        }
    }

    /// Moments (less `spent`) to nanoseconds.
    #[inline]
    fn place(&self, moments: &[u64], spent: u64, born: &mut Vec<u64>) {
        let first = born.len();
        if self.shift == 64 {
            let fraction = u64::try_from(self.fraction).expect("a fraction of 64 bits");
            scaled::best(moments, spent, self.slope, fraction, self.base, born);
        } else {
            let (slope, base) = (u128::from(self.slope), u128::from(self.base) << 32 | self.fraction);
            let at =
                |m: &u64| u64::try_from((u128::from(m - spent) * slope + base) >> 32).unwrap_or(u64::MAX);
            born.extend(moments.iter().map(at));
        }
        // The slope is rounded: a birth a hair before the end must not fall behind it.
        for b in born[first..].iter_mut().rev().take_while(|b| **b >= self.until) {
            *b = self.until - 1;
        }
    }

    /// Moves the block's zero by `by` units of operational time.
    fn advance(&mut self, by: u64) {
        let far = u128::from(by) * u128::from(self.slope) + self.fraction;
        self.base = self.base.saturating_add((far >> self.shift) as u64);
        self.fraction = far & ((1 << self.shift) - 1);
        self.left -= u128::from(by);
    }
}

wide! {
    /// Appends `base` + ((moment - `spent`) × `slope` + `fraction`) / 2^64, made of 32-bit products: a vector has no
    /// others.
    fn scaled(moments: &[u64], spent: u64, slope: u64, fraction: u64, base: u64, out: &mut Vec<u64>) {
        const LOW: u64 = 0xffff_ffff;
        let (s0, s1, f0, f1) = (slope & LOW, slope >> 32, fraction & LOW, fraction >> 32);
        out.extend(moments.iter().map(|m| {
            let (m0, m1) = ((m - spent) & LOW, (m - spent) >> 32);
            let lowest = m0 * s0;
            let left = m0 * s1 + (lowest >> 32) + (((lowest & LOW) + f0) >> 32);
            let right = m1 * s0 + (left & LOW) + f1;
            base + m1 * s1 + (left >> 32) + (right >> 32)
        }));
    }
}

impl Modulation {
    /// `None` when nothing is modulated. A busy share that alone would exceed the mean is cut: the idle rate is then
    /// zero and the busy one `1 / share`.
    fn new(factor: u32, share: Percent, spell: u64, mut words: Stream) -> Option<Modulation> {
        let whole = Percent::WHOLE;
        if share.0 == 0 || share.0 >= whole {
            return None;
        }
        let one = u128::from(UNIT);
        let (share, whole) = (u128::from(share.0), u128::from(whole));
        let busy = (u128::from(factor) * one).min(one * whole / share);
        let idle = (one * whole - busy * share) / (whole - share);
        let spell = spell.max(SPELL_MIN);
        let idle_spell = (u128::from(spell) * (whole - share) / share).min(u128::from(u64::MAX / 64)) as u64;
        let starts_busy = words.below(whole as u64) < share as u64;
        let mut modulation = Modulation {
            words,
            busy: !starts_busy,
            until: 0,
            factor: [busy as u64, idle as u64],
            spell: [spell, idle_spell.max(1)],
        };
        modulation.turn();
        Some(modulation)
    }

    fn turn(&mut self) {
        self.busy = !self.busy;
        let unit = Exponential::table().of(self.words.word());
        let mean = self.spell[usize::from(!self.busy)];
        let spell = (u128::from(unit) * u128::from(mean)) >> 32;
        self.until = self.until.saturating_add(u64::try_from(spell).unwrap_or(u64::MAX).max(1));
    }

    /// The multiplier at `t` and until when it holds; asked in order of time.
    fn at(&mut self, t: u64) -> (u64, u64) {
        while self.until <= t {
            self.turn();
        }
        (self.factor[usize::from(!self.busy)], self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn births_are_placed_by_whole_products() {
        let mut words = Seed { user: 5, replication: 0 }.stream("test", "births");
        let [mut best, mut plain, mut whole] = [const { Vec::new() }; 3];
        for _ in 0..100 {
            let mut moments = [0; 77];
            words.fill(&mut moments);
            moments.iter_mut().for_each(|m| *m >>= 1);
            let spent = moments.iter().copied().min().unwrap_or(0);
            let (slope, fraction, base) = (words.word(), words.word(), words.word() >> 2);
            scaled::best(&moments, spent, slope, fraction, base, &mut best);
            scaled::plain(&moments, spent, slope, fraction, base, &mut plain);
            let far = |m: &u64| (u128::from(m - spent) * u128::from(slope) + u128::from(fraction)) >> 64;
            whole.extend(moments.iter().map(|m| base + far(m) as u64));
        }
        assert_eq!((&best, &plain), (&whole, &whole));
    }
}
