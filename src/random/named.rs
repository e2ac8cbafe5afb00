//! Named random streams: (seed, replication, entity path, purpose) → ChaCha8.

use super::chacha::{HALVES, blocks};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

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
///
/// The words are those of `rand_chacha::ChaCha8Rng` with the name as its key, low half first. Words one by one are its
/// own; long blocks are made by a loop of ours, eight of its blocks side by side.
#[derive(Clone, Debug)]
pub struct Stream {
    key: [u32; 8],
    /// Words drawn.
    drawn: u64,
    single: ChaCha8Rng,
    /// Words after which `single` stands.
    single_at: u64,
}

/// Words of one ChaCha block.
const BLOCK: u64 = 8;
/// Words made side by side.
const WIDE: usize = HALVES / 2;

impl Seed {
    /// The stream of `purpose` of the entity `path`, e.g. (`producer/web`, `sizes`).
    pub fn stream(self, path: &str, purpose: &str) -> Stream {
        self.numbered(path, purpose, 0)
    }

    /// The same for the `index`-th of many alike entities (a shard, an instance).
    pub fn numbered(self, path: &str, purpose: &str, index: u64) -> Stream {
        let index = name_hash(purpose) ^ mix(index);
        let words = [self.user, u64::from(self.replication), name_hash(path), index];
        let mut bytes = [0; 32];
        bytes.as_chunks_mut::<8>().0.iter_mut().zip(words).for_each(|(b, w)| *b = w.to_le_bytes());
        let key = std::array::from_fn(|i| (words[i / 2] >> (32 * (i % 2))) as u32);
        Stream { key, drawn: 0, single: ChaCha8Rng::from_seed(bytes), single_at: 0 }
    }
}

impl Stream {
    /// The next word.
    #[inline]
    pub fn word(&mut self) -> u64 {
        if self.single_at != self.drawn {
            self.single.set_word_pos(2 * u128::from(self.drawn));
        }
        self.drawn += 1;
        self.single_at = self.drawn;
        self.single.next_u64()
    }

    /// Words until a ChaCha block begins.
    fn unaligned(&self) -> usize {
        (self.drawn.next_multiple_of(BLOCK) - self.drawn) as usize
    }

    /// Fills a block of words; the same values as `word` one by one.
    pub fn fill(&mut self, block: &mut [u64]) {
        let (first, rest) = block.split_at_mut(block.len().min(self.unaligned()));
        first.iter_mut().for_each(|w| *w = self.word());
        let (wide, last) = rest.as_chunks_mut::<WIDE>();
        for words in wide {
            let mut halves = [0; HALVES];
            self.make(&mut halves);
            let pairs = halves.as_chunks::<2>().0;
            words
                .iter_mut()
                .zip(pairs)
                .for_each(|(w, [low, high])| *w = u64::from(*low) | u64::from(*high) << 32);
        }
        last.iter_mut().for_each(|w| *w = self.word());
    }

    /// Fills a block of half words: the low half of each word, then its high half. An odd last one spends a word.
    pub fn fill_halves(&mut self, block: &mut [u32]) {
        let (first, rest) = block.split_at_mut(block.len().min(2 * self.unaligned()));
        self.halves_of_words(first);
        let (wide, last) = rest.as_chunks_mut::<HALVES>();
        wide.iter_mut().for_each(|halves| self.make(halves));
        self.halves_of_words(last);
    }

    fn halves_of_words(&mut self, block: &mut [u32]) {
        for halves in block.chunks_mut(2) {
            let word = self.word();
            halves.iter_mut().zip([word as u32, (word >> 32) as u32]).for_each(|(half, of)| *half = of);
        }
    }

    /// The next words, from a ChaCha block's beginning, eight blocks at once.
    fn make(&mut self, halves: &mut [u32; HALVES]) {
        blocks::best(&self.key, self.drawn / BLOCK, halves);
        self.drawn += WIDE as u64;
    }

    /// Uniform on `0..n` by multiply-shift (bias below n / 2^64).
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(n)) >> 64) as u64
    }
}

/// Spreads an index over 64 bits; zero stays zero.
fn mix(index: u64) -> u64 {
    let h = (index ^ (index >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    h ^ (h >> 31)
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

    const SEED: Seed = Seed { user: 42, replication: 0 };

    #[test]
    fn a_block_has_the_values_of_single_words() {
        for n in [1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 512, 1000] {
            let (mut a, mut b) = (SEED.stream("x", "y"), SEED.stream("x", "y"));
            let mut block = vec![0; n];
            a.fill(&mut block);
            assert!(block.iter().all(|w| *w == b.word()), "{n} words");
            assert_eq!(a.word(), b.word(), "the stream stands where it should after {n} words");
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
    fn words_are_those_of_the_published_generator() {
        let mut key = [0u8; 32];
        (key[0], key[8]) = (42, 3);
        key[16..24].copy_from_slice(&name_hash("x").to_le_bytes());
        key[24..].copy_from_slice(&name_hash("y").to_le_bytes());
        let mut reference = ChaCha8Rng::from_seed(key);
        let mut stream = Seed { replication: 3, ..SEED }.stream("x", "y");
        assert!((0..1000).all(|_| stream.word() == reference.next_u64()));
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
