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

/// Text that is written piece by piece, folded as [`Digest::fold_text`] folds it whole.
#[derive(Default)]
pub struct Folded {
    digest: Digest,
    word: [u8; 8],
    length: usize,
}

impl Folded {
    /// The fingerprint of all that was written.
    pub fn text(mut self) -> String {
        if !self.length.is_multiple_of(8) {
            self.digest.fold(u64::from_le_bytes(self.word));
        }
        self.digest.fold(self.length as u64);
        self.digest.text()
    }
}

impl std::io::Write for Folded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for byte in bytes {
            self.word[self.length % 8] = *byte;
            self.length += 1;
            if self.length.is_multiple_of(8) {
                self.digest.fold(u64::from_le_bytes(std::mem::take(&mut self.word)));
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn pieces_fold_as_the_whole() {
        for text in ["", "1234567", "12345678", "123456789 and some more of it"] {
            let (mut whole, mut pieces) = (Digest::default(), Folded::default());
            whole.fold_text(text);
            for piece in text.as_bytes().chunks(3) {
                pieces.write_all(piece).unwrap();
            }
            assert_eq!(pieces.text(), whole.text(), "{text}");
        }
    }
}
