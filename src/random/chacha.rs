//! ChaCha with eight rounds (D. J. Bernstein, "ChaCha, a variant of Salsa20", 2008): eight blocks side by side.
//!
//! As in the original a block is known by a key and a 64-bit number; the nonce is zero. Its words come out in the
//! generator's own order, block after block. The loop over blocks has no branch: the compiler makes vectors of it.

use crate::mechanism::wide::wide;

/// Blocks made together.
const BLOCKS: usize = 8;
/// 32-bit words made together.
pub const HALVES: usize = 16 * BLOCKS;

const NAME: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

wide! {
    /// The words of blocks `first`, `first + 1` and so on.
    #[allow(clippy::needless_range_loop, reason = "the block is a lane of every row")]
    pub fn blocks(key: &[u32; 8], first: u64, out: &mut [u32; HALVES]) {
        let mut words = [[0u32; BLOCKS]; 16];
        for block in 0..BLOCKS {
            let number = first.wrapping_add(block as u64);
            let mut start = [0; 16];
            start[..4].copy_from_slice(&NAME);
            start[4..12].copy_from_slice(key);
            (start[12], start[13]) = (number as u32, (number >> 32) as u32);
            let mut state = start;
            double_round(&mut state);
            double_round(&mut state);
            double_round(&mut state);
            double_round(&mut state);
            for w in 0..16 {
                words[w][block] = state[w].wrapping_add(start[w]);
            }
        }
        for w in 0..16 {
            for block in 0..BLOCKS {
                out[16 * block + w] = words[w][block];
            }
        }
    }
}

/// Down the columns, then down the diagonals.
#[inline(always)]
fn double_round(state: &mut [u32; 16]) {
    for turn in 0..2 {
        for i in 0..4 {
            quarter_round(state, [i, 4 + (i + turn) % 4, 8 + (i + 2 * turn) % 4, 12 + (i + 3 * turn) % 4]);
        }
    }
}

#[inline(always)]
fn quarter_round(state: &mut [u32; 16], [a, b, c, d]: [usize; 4]) {
    for (first, second) in [(16, 12), (8, 7)] {
        state[a] = state[a].wrapping_add(state[b]);
        state[d] = (state[d] ^ state[a]).rotate_left(first);
        state[c] = state[c].wrapping_add(state[d]);
        state[b] = (state[b] ^ state[c]).rotate_left(second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    #[test]
    fn words_are_those_of_the_published_generator() {
        let bytes: [u8; 32] = std::array::from_fn(|i| (41 * i + 7) as u8);
        let key = std::array::from_fn(|i| u32::from_le_bytes(bytes[4 * i..][..4].try_into().unwrap()));
        // The block number's low half runs over on the way.
        for first in [0, 8, (1 << 32) - 4, (1 << 40) + 3] {
            let mut reference = ChaCha8Rng::from_seed(bytes);
            reference.set_word_pos(16 * u128::from(first));
            let (mut best, mut plain) = ([0; HALVES], [0; HALVES]);
            blocks::best(&key, first, &mut best);
            blocks::plain(&key, first, &mut plain);
            assert_eq!(best, plain);
            assert!(best.iter().all(|word| *word == reference.next_u32()), "block {first}");
        }
    }
}
