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
            let [n0, n1, n2, n3] = NAME;
            let [k0, k1, k2, k3, k4, k5, k6, k7] = *key;
            let [low, high] = [number as u32, (number >> 32) as u32];
            let start = [n0, n1, n2, n3, k0, k1, k2, k3, k4, k5, k6, k7, low, high, 0, 0];
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

/// Down the columns, then down the diagonals. Written out: a compiler that unrolls a loop too late makes no vectors.
#[inline(always)]
fn double_round(state: &mut [u32; 16]) {
    quarter_round(state, [0, 4, 8, 12]);
    quarter_round(state, [1, 5, 9, 13]);
    quarter_round(state, [2, 6, 10, 14]);
    quarter_round(state, [3, 7, 11, 15]);
    quarter_round(state, [0, 5, 10, 15]);
    quarter_round(state, [1, 6, 11, 12]);
    quarter_round(state, [2, 7, 8, 13]);
    quarter_round(state, [3, 4, 9, 14]);
}

#[inline(always)]
fn quarter_round(state: &mut [u32; 16], [a, b, c, d]: [usize; 4]) {
    state[a] = state[a].wrapping_add(state[b]);
    state[d] = (state[d] ^ state[a]).rotate_left(16);
    state[c] = state[c].wrapping_add(state[d]);
    state[b] = (state[b] ^ state[c]).rotate_left(12);
    state[a] = state[a].wrapping_add(state[b]);
    state[d] = (state[d] ^ state[a]).rotate_left(8);
    state[c] = state[c].wrapping_add(state[d]);
    state[b] = (state[b] ^ state[c]).rotate_left(7);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

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
