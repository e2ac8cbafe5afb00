//! MD5 (RFC 1321) of many short texts, 64 side by side.
//!
//! A finite set of keys is hashed before a run can begin; one hash is a chain of 64 steps that wait for one another,
//! many chains keep the processor busy. Plain loops over lanes: the compiler makes vectors of them (enough lanes
//! that it keeps the loop; where it unrolls first, it does worse).

use crate::mechanism::wide::wide;

/// Texts hashed together.
pub const LANES: usize = 64;

type Lanes = [u32; LANES];

/// RFC 1321's constants: the first 32 bits of |sin(i)|, and the rotations of the four rounds.
pub struct Constants([u32; 64]);

const ROTATIONS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// Which word of the block a round's i-th step takes.
const WORDS: [fn(usize) -> usize; 4] = [|i| i, |i| 5 * i + 1, |i| 3 * i + 5, |i| 7 * i];

impl Constants {
    /// The table of constants.
    pub fn new() -> Constants {
        Constants(std::array::from_fn(|i| (libm::sin((i + 1) as f64).abs() * 4_294_967_296.0) as u32))
    }
}

/// Texts to hash, each as one block: the text, a bit, zeros, the length. What is zero in every lane is not kept.
pub struct Texts {
    words: [Lanes; 4],
    bits: Lanes,
}

impl Texts {
    /// No text yet: a lane that is not put has no meaning.
    pub fn new() -> Texts {
        Texts { words: [[0; LANES]; 4], bits: [0; LANES] }
    }

    /// Puts a text of `len` bytes (at most 15), the first byte lowest, into a lane.
    #[inline]
    pub fn put(&mut self, lane: usize, text: u128, len: u32) {
        let block = text | 0x80 << (8 * len);
        for (w, word) in self.words.iter_mut().enumerate() {
            word[lane] = (block >> (32 * w)) as u32;
        }
        self.bits[lane] = 8 * len;
    }
}

wide! {
    /// The first half of each text's hash, as a big-endian number.
    pub fn top_halves(constants: &Constants, texts: &Texts) -> [u64; LANES] {
        let zero = [0; LANES];
        let [w0, w1, w2, w3] = &texts.words;
        let mut words = [&zero; 16];
        [words[0], words[1], words[2], words[3], words[14]] = [w0, w1, w2, w3, &texts.bits];
        let mut state = START.map(|s| [s; LANES]);
        round(0, constants, &mut state, &words, |b, c, d| d ^ (b & (c ^ d)));
        round(1, constants, &mut state, &words, |b, c, d| c ^ (d & (b ^ c)));
        round(2, constants, &mut state, &words, |b, c, d| b ^ c ^ d);
        round(3, constants, &mut state, &words, |b, c, d| c ^ (b | !d));
        let half = |l: usize, i: usize| u64::from(state[i][l].wrapping_add(START[i]).swap_bytes());
        std::array::from_fn(|l| half(l, 0) << 32 | half(l, 1))
    }
}

#[inline(always)]
fn round(
    number: usize,
    constants: &Constants,
    state: &mut [Lanes; 4],
    words: &[&Lanes; 16],
    mix: impl Fn(u32, u32, u32) -> u32,
) {
    let [a, b, c, d] = state;
    let turns = ROTATIONS[number];
    for i in (0..16).step_by(4) {
        let term = |i: usize| (words[WORDS[number](i) % 16], constants.0[16 * number + i]);
        step(a, b, c, d, term(i), turns[0], &mix);
        step(d, a, b, c, term(i + 1), turns[1], &mix);
        step(c, d, a, b, term(i + 2), turns[2], &mix);
        step(b, c, d, a, term(i + 3), turns[3], &mix);
    }
}

#[inline(always)]
fn step(
    a: &mut Lanes,
    b: &Lanes,
    c: &Lanes,
    d: &Lanes,
    term: (&Lanes, u32),
    turn: u32,
    mix: impl Fn(u32, u32, u32) -> u32,
) {
    for l in 0..LANES {
        let sum = a[l].wrapping_add(mix(b[l], c[l], d[l])).wrapping_add(term.0[l]).wrapping_add(term.1);
        a[l] = b[l].wrapping_add(sum.rotate_left(turn));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use md5::{Digest, Md5};

    #[test]
    fn hashes_are_those_of_one_at_a_time() {
        let constants = Constants::new();
        for n in 0..=15 {
            let mut texts = Texts::new();
            let bytes = |l: usize| (0..n).map(move |i| (31 * l + 7 * i + n) as u8);
            for l in 0..LANES {
                let text = bytes(l).rev().fold(0, |text, byte| text << 8 | u128::from(byte));
                texts.put(l, text, n as u32);
            }
            let got = top_halves::best(&constants, &texts);
            assert_eq!(got, top_halves::plain(&constants, &texts));
            for (l, half) in got.into_iter().enumerate() {
                let whole = u128::from_be_bytes(Md5::digest(bytes(l).collect::<Vec<u8>>()).into());
                assert_eq!(half, (whole >> 64) as u64, "{n} bytes");
            }
        }
    }
}
