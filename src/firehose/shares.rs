//! A share of records, drawn without asking each of them: how many go by until the next one that falls in it.

use crate::random::Stream;
use crate::random::draw::{Exponential, UNIT_BITS};
use crate::units::Percent;

/// Records that fall in a share, each by itself with the same chance.
#[derive(Clone, Debug)]
pub struct Share {
    of: Kind,
    random: Stream,
}

#[derive(Clone, Debug)]
enum Kind {
    None,
    All,
    /// Mean length of a gap in Q32, and records until the next.
    Some {
        gap: u64,
        left: u64,
    },
}

impl Share {
    /// With draws of its own; none and all draw nothing.
    pub fn new(share: Percent, random: Stream) -> Share {
        let mut random = random;
        let of = match share.0 {
            0 => Kind::None,
            Percent::WHOLE.. => Kind::All,
            ppb => {
                let rate = -libm::log1p(-(ppb as f64) / Percent::WHOLE as f64);
                let gap = ((1u64 << UNIT_BITS) as f64 / rate) as u64;
                Kind::Some { gap, left: draw(gap, &mut random) }
            }
        };
        Share { of, random }
    }

    /// Is it no record at all?
    pub fn is_none(&self) -> bool {
        matches!(self.of, Kind::None)
    }

    /// How many of the next `n`.
    pub fn of(&mut self, n: u64) -> u64 {
        let (gap, left) = match &mut self.of {
            Kind::None => return 0,
            Kind::All => return n,
            Kind::Some { gap, left } => (*gap, left),
        };
        let (mut hits, mut ahead) = (0, n);
        while *left < ahead {
            hits += 1;
            ahead -= *left + 1;
            *left = draw(gap, &mut self.random);
        }
        *left -= ahead;
        hits
    }

    /// Is the next one in it?
    pub fn next(&mut self) -> bool {
        self.of(1) == 1
    }
}

/// A geometric number as the floor of an exponential one.
fn draw(gap: u64, random: &mut Stream) -> u64 {
    let exponential = Exponential::table().of(random.word());
    ((u128::from(exponential) * u128::from(gap)) >> (2 * UNIT_BITS)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;

    const SEED: Seed = Seed { user: 5, replication: 0 };

    #[test]
    fn a_share_is_met_however_the_records_come() {
        for ppb in [1_000_000, 10_000_000, 300_000_000, 999_000_000] {
            let share = || Share::new(Percent(ppb), SEED.stream("test", "share"));
            let n = 4_000_000u64;
            let (mut one, mut many) = (share(), share());
            let single: u64 = (0..n).map(|_| one.of(1)).sum();
            let blocks: u64 = (0..n / 64).map(|_| many.of(64)).sum();
            assert_eq!(single, blocks, "blocks of records are the records");
            let p = ppb as f64 / 1e9;
            let deviation = (n as f64 * p * (1.0 - p)).sqrt();
            assert!((single as f64 - n as f64 * p).abs() < 4.0 * deviation, "{ppb}: {single}");
        }
    }

    #[test]
    fn none_and_all_are_exact() {
        let mut none = Share::new(Percent(0), SEED.stream("test", "share"));
        let mut all = Share::new(Percent(Percent::WHOLE), SEED.stream("test", "share"));
        assert_eq!((none.of(1000), all.of(1000), all.next()), (0, 1000, true));
    }
}
