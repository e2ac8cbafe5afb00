//! Named random streams: (seed, replication, entity path, purpose) → ChaCha8.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The user's seed and the replication: the root of every stream of a run. Never a digest of the scenario, so
/// that two designs see the same demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// `--seed`.
    pub user: u64,
    /// 0 for the first replication.
    pub replication: u32,
}

/// One stream of random words with a name of its own: one more draw elsewhere never moves it.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Seed {
    /// The stream of `purpose` of the entity `path`, e.g. (`producer/web`, `sizes`).
    pub fn stream(self, path: &str, purpose: &str) -> Stream {
        self.numbered(path, purpose, 0)
    }

    /// The same for the `index`-th of many alike entities (a shard, an instance).
    pub fn numbered(self, path: &str, purpose: &str, index: u64) -> Stream {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&self.user.to_le_bytes());
        key[8..16].copy_from_slice(&u64::from(self.replication).to_le_bytes());
        key[16..24].copy_from_slice(&name_hash(path).to_le_bytes());
        key[24..].copy_from_slice(&name_hash(purpose).to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(index);
        Stream(rng)
    }
}

impl Stream {
    /// The next word.
    #[inline]
    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Fills a block of words; the same values as `word` one by one.
    #[inline]
    pub fn fill(&mut self, block: &mut [u64]) {
        let mut bytes = [0u8; 256];
        for part in block.chunks_mut(bytes.len() / 8) {
            let bytes = &mut bytes[..part.len() * 8];
            self.0.fill_bytes(bytes);
            for (w, b) in part.iter_mut().zip(bytes.as_chunks::<8>().0) {
                *w = u64::from_le_bytes(*b);
            }
        }
    }

    /// Fills a block of half words: the low half of each word, then its high half. An odd last one spends a word.
    #[inline]
    pub fn fill_halves(&mut self, block: &mut [u32]) {
        let mut bytes = [0u8; 256];
        for part in block.chunks_mut(bytes.len() / 4) {
            let bytes = &mut bytes[..part.len().div_ceil(2) * 8];
            self.0.fill_bytes(bytes);
            for (w, b) in part.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *w = u32::from_le_bytes(*b);
            }
        }
    }

    /// Uniform on `0..n` by multiply-shift (bias below n / 2^64).
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(n)) >> 64) as u64
    }
}

/// FNV-1a with a final mix: names are few and short, collisions are tested against.
fn name_hash(name: &str) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325_u64;
    for b in name.bytes() {
        h = (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    h ^= h >> 32;
    h = h.wrapping_mul(0xd6e8_feb8_6659_fd93);
    h ^ (h >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = Seed {
        user: 42,
        replication: 0,
    };

    #[test]
    fn a_block_has_the_values_of_single_words() {
        for n in [1, 2, 31, 32, 33, 64, 512, 1000] {
            let (mut a, mut b) = (SEED.stream("x", "y"), SEED.stream("x", "y"));
            let mut block = vec![0; n];
            a.fill(&mut block);
            assert!(block.iter().all(|w| *w == b.word()), "{n} words");
            assert_eq!(
                a.word(),
                b.word(),
                "the stream stands where it should after {n} words"
            );
            let mut halves = vec![0; n];
            a.fill_halves(&mut halves);
            for pair in halves.chunks(2) {
                let w = b.word();
                assert_eq!(pair[0], w as u32);
                assert!(pair.len() == 1 || pair[1] == (w >> 32) as u32);
            }
            assert_eq!(a.word(), b.word());
        }
    }

    #[test]
    fn names_and_numbers_make_different_streams() {
        let mut firsts: Vec<u64> = Vec::new();
        for path in ["producer/a", "producer/b", "consumer/a"] {
            for purpose in ["arrivals", "sizes", "keys"] {
                firsts.push(SEED.stream(path, purpose).word());
                firsts.push(SEED.numbered(path, purpose, 1).word());
            }
        }
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), 18);
    }
}
