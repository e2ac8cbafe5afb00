//! Fingerprints: what happened, in order, folded into 64 bits.

/// An order-sensitive fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Digest(0x9e37_79b9_7f4a_7c15)
    }
}

impl Digest {
    /// Folds one word in.
    #[inline]
    pub fn fold(&mut self, word: u64) {
        let x = (self.0 ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25);
        self.0 = x ^ (x >> 29);
    }

    /// Folds text in.
    pub fn fold_text(&mut self, text: &str) {
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.fold(u64::from_le_bytes(word));
        }
        self.fold(text.len() as u64);
    }

    /// The value so far.
    pub fn value(self) -> u64 {
        self.0
    }

    /// Sixteen hexadecimal digits.
    pub fn text(self) -> String {
        format!("{:016x}", self.0)
    }
}
