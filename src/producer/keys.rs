//! Partition keys and their places in the hash space.
//!
//! Kinesis places a record by the MD5 hash of its partition key, read as a 128-bit big-endian number
//! (PutRecord API reference, `PartitionKey`). We keep the top 64 bits as the record's *position*. A fresh random key
//! has a uniform position and needs no hash; a finite set of keys is hashed once into a table. Explicit hash keys
//! are left out.

use super::config::KeyLaw;
use super::lanes_md5::{self, LANES, Texts, top_halves};
use crate::random::draw::below_half;
use crate::random::{Alias, Seed, Stream};
use md5::{Digest, Md5};
use std::sync::Arc;

/// Distinct keys at most; a larger set behaves as this many (32 MB of positions).
pub const DISTINCT_MAX: u64 = 4_000_000;
/// The extra key of a hot-key window.
pub const HOT_KEY: &str = "hot-key";

/// MD5 of a partition key as the 128-bit number Kinesis compares with the shards' ranges.
pub fn position_of(key: &str) -> u128 {
    u128::from_be_bytes(Md5::digest(key.as_bytes()).into())
}

fn top(key: &str) -> u64 {
    (position_of(key) >> 64) as u64
}

/// The text of key `number` of a finite set: `user-000042`.
pub fn key_text(number: u64) -> String {
    format!("user-{number:06}")
}

/// Positions of a finite set of keys, and how they are chosen. Costly for millions of keys: share it between runs.
#[derive(Clone, Debug)]
pub struct KeyTable {
    positions: Vec<u64>,
    weighted: Option<Alias>,
}

impl KeyTable {
    /// The table a law needs; `None` for fresh keys and for a single key.
    pub fn of(law: &KeyLaw) -> Option<Arc<KeyTable>> {
        let table = match law {
            KeyLaw::Random | KeyLaw::Constant(_) => return None,
            KeyLaw::Uniform { distinct } | KeyLaw::Hot { distinct, .. } => {
                KeyTable { positions: numbered(*distinct), weighted: None }
            }
            KeyLaw::Zipf { distinct, exponent_milli } => {
                let positions = numbered(*distinct);
                let exponent = f64::from(*exponent_milli) / 1000.0;
                let weights: Vec<f64> =
                    (1..=positions.len()).map(|k| libm::pow(k as f64, -exponent)).collect();
                KeyTable { weighted: Alias::new(&weights), positions }
            }
            KeyLaw::File(keys) => KeyTable {
                positions: keys.iter().take(DISTINCT_MAX as usize).map(|k| top(k)).collect(),
                weighted: None,
            },
        };
        Some(Arc::new(table))
    }

    /// A population of other places with other weights.
    pub fn weighted(positions: Vec<u64>, weights: &[f64]) -> Option<Arc<KeyTable>> {
        let alias = Alias::new(weights)?;
        Some(Arc::new(KeyTable { weighted: Some(alias), positions }))
    }

    /// Top 64 bits of each key's hash, by key number.
    pub fn positions(&self) -> &[u64] {
        &self.positions
    }
}

fn numbered(distinct: u64) -> Vec<u64> {
    let distinct = distinct.clamp(1, DISTINCT_MAX);
    let constants = lanes_md5::Constants::new();
    let mut texts = Texts::new();
    let mut positions = Vec::with_capacity(distinct as usize + LANES);
    for first in (0..distinct).step_by(LANES) {
        for lane in 0..LANES {
            let (text, len) = short_text(first as u32 + lane as u32);
            texts.put(lane, text, len);
        }
        positions.extend(top_halves::best(&constants, &texts));
    }
    positions.truncate(distinct as usize);
    positions
}

/// `key_text` of a number of at most eight digits, the first byte lowest, and its length.
fn short_text(number: u32) -> (u128, u32) {
    let digits = match number {
        0..1_000_000 => 6,
        1_000_000..10_000_000 => 7,
        _ => 8,
    };
    // Eight digits, the first lowest: halves of the number, halves of those, halves again, all at once.
    let fours = u64::from(number / 10_000) | u64::from(number % 10_000) << 32;
    let tens = ((fours * 5243) >> 19) & 0x7f_0000_007f;
    let twos = tens | (fours - 100 * tens) << 16;
    let tens = ((twos * 103) >> 10) & 0x0f_000f_000f_000f;
    let ones = tens | (twos - 10 * tens) << 8;
    let all = ones | 0x3030_3030_3030_3030;
    let name = u128::from(u64::from_le_bytes(*b"user-\0\0\0"));
    (name | u128::from(all >> (64 - 8 * digits)) << 40, 5 + digits)
}

/// Draws positions.
#[derive(Clone, Debug)]
pub struct Keys {
    words: Stream,
    shape: Shape,
}

#[derive(Clone, Debug)]
enum Shape {
    Fresh,
    One(u64),
    Even(Arc<KeyTable>),
    Weighted(Arc<KeyTable>),
    /// The hot key's share as a threshold on 32 bits (up to 2^32).
    Hot(Arc<KeyTable>, u64),
}

/// A share in parts per billion as a threshold on a 32-bit draw.
pub(super) fn threshold(share_ppb: u64) -> u64 {
    ((u128::from(share_ppb.min(1_000_000_000)) << 32) / 1_000_000_000) as u64
}

impl Keys {
    /// Keys of producer `name`; `table` is `KeyTable::of(law)`, perhaps shared.
    pub fn new(law: &KeyLaw, table: Option<Arc<KeyTable>>, name: &str, seed: Seed) -> Keys {
        let table = table.filter(|t| !t.positions.is_empty());
        let shape = match (law, table) {
            (KeyLaw::Constant(key), _) => Shape::One(top(key)),
            (KeyLaw::Random, _) | (_, None) => Shape::Fresh,
            (KeyLaw::Hot { share, .. }, Some(t)) => Shape::Hot(t, threshold(share.0)),
            (_, Some(t)) if t.weighted.is_some() => Shape::Weighted(t),
            (_, Some(t)) => Shape::Even(t),
        };
        Keys { words: seed.stream(name, "keys"), shape }
    }

    /// Appends the next `n` positions; call with blocks of one even length.
    pub fn append(&mut self, n: usize, out: &mut Vec<u64>) {
        let words = &mut self.words;
        match &self.shape {
            Shape::Fresh => by_words(words, n, out, |word| word),
            Shape::One(position) => out.resize(out.len() + n, *position),
            Shape::Even(table) => {
                let positions = &table.positions[..];
                by_halves(words, n, out, |half| positions[below_half(half, positions.len() as u64) as usize]);
            }
            Shape::Weighted(table) => {
                if let Some(alias) = &table.weighted {
                    let from = out.len();
                    by_words(words, n, out, |word| word);
                    alias.fill(&table.positions, &mut out[from..]);
                }
            }
            Shape::Hot(table, threshold) => {
                let (positions, threshold) = (&table.positions[..], *threshold);
                by_words(words, n, out, |word| {
                    let cold = below_half((word >> 32) as u32, positions.len() as u64);
                    let hot = u64::from(word as u32) < threshold;
                    positions[if hot { 0 } else { cold as usize }]
                });
            }
        }
    }
}

/// Appends `n` positions, each of a word.
fn by_words(words: &mut Stream, n: usize, out: &mut Vec<u64>, position: impl Fn(u64) -> u64) {
    let mut drawn = [0; 64];
    for from in (0..n).step_by(drawn.len()) {
        let drawn = &mut drawn[..(n - from).min(64)];
        words.fill(drawn);
        out.extend(drawn.iter().map(|word| position(*word)));
    }
}

/// The same, each of half a word.
fn by_halves(words: &mut Stream, n: usize, out: &mut Vec<u64>, position: impl Fn(u32) -> u64) {
    let mut drawn = [0; 128];
    for from in (0..n).step_by(drawn.len()) {
        let drawn = &mut drawn[..(n - from).min(128)];
        words.fill_halves(drawn);
        out.extend(drawn.iter().map(|half| position(*half)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_of_the_outside_vectors() {
        let text = include_str!("../../tests/vectors/shard-vectors.json");
        let file: serde_json::Value = serde_json::from_str(text).expect("the vectors are JSON");
        let keys = file["keys"].as_array().expect("a list of keys");
        assert_eq!(keys.len(), 200);
        for entry in keys {
            let (key, decimal) = key_and_decimal(entry);
            assert_eq!(position_of(&key).to_string(), decimal, "{key}");
            let law = KeyLaw::Constant(key.clone());
            let seed = Seed { user: 0, replication: 0 };
            let mut drawn = Vec::new();
            Keys::new(&law, KeyTable::of(&law), "p", seed).append(1, &mut drawn);
            assert_eq!(u128::from(drawn[0]), position_of(&key) >> 64);
        }
    }

    #[test]
    fn numbered_keys_are_hashed_by_their_texts() {
        let boundaries = (1..8).map(|power| 10u32.pow(power)).flat_map(|n| [n - 1, n, n + 1]);
        for number in boundaries.chain((0..100).map(|k| 1_000_003 * k % 99_999_989)) {
            let text = key_text(number.into());
            let (short, len) = short_text(number);
            assert_eq!(&short.to_le_bytes()[..len as usize], text.as_bytes());
        }
        for distinct in [1, 63, 64, 1001] {
            let one_by_one: Vec<u64> = (0..distinct).map(|k| top(&key_text(k))).collect();
            assert_eq!(numbered(distinct), one_by_one);
        }
    }

    fn key_and_decimal(entry: &serde_json::Value) -> (String, String) {
        let text = |v: &serde_json::Value| v.as_str().expect("text").to_string();
        (text(&entry["key"]), text(&entry["md5_decimal"]))
    }
}
