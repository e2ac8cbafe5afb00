//! MD5 (RFC 1321) of many short texts, eight side by side.
//!
//! A finite set of keys is hashed before a run can begin; one hash is a chain of 64 steps that wait for one another,
//! eight chains keep the processor busy. Plain arrays: the compiler makes vectors of them.

/// Texts hashed together.
pub const LANES: usize = 8;
/// Bytes that fit one block with its padding.
pub const LONGEST: usize = 55;

type Lanes = [u32; LANES];

/// RFC 1321's constants: the first 32 bits of |sin(i)|, and the rotations of the four rounds.
pub struct Constants([u32; 64]);

const ROTATIONS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

impl Constants {
    /// The table of constants.
    pub fn new() -> Constants {
        Constants(std::array::from_fn(|i| (libm::sin((i + 1) as f64).abs() * 4_294_967_296.0) as u32))
    }

    /// The first half of each text's hash, as a big-endian number; longer texts are cut.
    pub fn top_halves(&self, texts: [&[u8]; LANES]) -> [u64; LANES] {
        let mut words = [[0u32; LANES]; 16];
        for (lane, text) in texts.iter().enumerate() {
            let mut block = [0u8; 64];
            let n = text.len().min(LONGEST);
            block[..n].copy_from_slice(&text[..n]);
            block[n] = 0x80;
            block[56..].copy_from_slice(&(8 * n as u64).to_le_bytes());
            for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
                word[lane] = u32::from_le_bytes(*bytes);
            }
        }
        let mut state = START.map(|s| [s; LANES]);
        self.round(0, &mut state, &words, |i| i, |b, c, d| d ^ (b & (c ^ d)));
        self.round(1, &mut state, &words, |i| 5 * i + 1, |b, c, d| c ^ (d & (b ^ c)));
        self.round(2, &mut state, &words, |i| 3 * i + 5, |b, c, d| b ^ c ^ d);
        self.round(3, &mut state, &words, |i| 7 * i, |b, c, d| c ^ (b | !d));
        let half = |l: usize, i: usize| u64::from(state[i][l].wrapping_add(START[i]).swap_bytes());
        std::array::from_fn(|l| half(l, 0) << 32 | half(l, 1))
    }

    #[inline(always)]
    fn round(
        &self,
        number: usize,
        state: &mut [Lanes; 4],
        words: &[Lanes; 16],
        word_of: impl Fn(usize) -> usize,
        mix: impl Fn(u32, u32, u32) -> u32,
    ) {
        let [mut a, mut b, mut c, mut d] = *state;
        let turns = ROTATIONS[number];
        for i in (0..16).step_by(4) {
            let term = |i: usize| (&words[word_of(i) % 16], self.0[16 * number + i]);
            a = step(a, b, c, d, term(i), turns[0], &mix);
            d = step(d, a, b, c, term(i + 1), turns[1], &mix);
            c = step(c, d, a, b, term(i + 2), turns[2], &mix);
            b = step(b, c, d, a, term(i + 3), turns[3], &mix);
        }
        *state = [a, b, c, d];
    }
}

#[inline(always)]
fn step(
    a: Lanes,
    b: Lanes,
    c: Lanes,
    d: Lanes,
    term: (&Lanes, u32),
    turn: u32,
    mix: impl Fn(u32, u32, u32) -> u32,
) -> Lanes {
    let mut next = [0; LANES];
    for l in 0..LANES {
        let sum = a[l].wrapping_add(mix(b[l], c[l], d[l])).wrapping_add(term.0[l]).wrapping_add(term.1);
        next[l] = b[l].wrapping_add(sum.rotate_left(turn));
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use md5::{Digest, Md5};

    #[test]
    fn hashes_are_those_of_one_at_a_time() {
        let constants = Constants::new();
        for n in 0..=LONGEST {
            let texts: [Vec<u8>; LANES] =
                std::array::from_fn(|l| (0..n).map(|i| (31 * l + 7 * i + n) as u8).collect());
            let got = constants.top_halves(std::array::from_fn(|l| &texts[l][..]));
            for (text, half) in texts.iter().zip(got) {
                let whole = u128::from_be_bytes(Md5::digest(text).into());
                assert_eq!(half, (whole >> 64) as u64, "{n} bytes");
            }
        }
    }
}
