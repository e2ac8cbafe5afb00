//! Where a producer's records go: what share of them a range of the hash space takes.

use crate::producer::config::KeyLaw;
use crate::producer::keys::{HOT_KEY, KeyTable, position_of};
use crate::record::Shard;
use std::sync::Arc;

/// The places of a producer's keys.
pub struct Places {
    /// Places in order (empty: fresh keys, anywhere).
    positions: Vec<u64>,
    /// Share of the records at each.
    weights: Vec<f64>,
    /// Share before each, and the whole.
    before: Vec<f64>,
    /// Do they go to Firehose, and to no shard?
    to_firehose: bool,
}

impl Places {
    /// The places of a key law; `table` is its table, where it has one.
    pub fn new(law: &KeyLaw, table: Option<&Arc<KeyTable>>) -> Places {
        let mut keys: Vec<(u64, f64)> = match (law, table) {
            (KeyLaw::Constant(key), _) => vec![(top(key), 1.0)],
            (KeyLaw::Random, _) | (_, None) => Vec::new(),
            (law, Some(table)) => {
                let positions = table.positions();
                let n = positions.len() as f64;
                let weight = |k: usize| match law {
                    KeyLaw::Zipf { exponent_milli, .. } => {
                        libm::pow((k + 1) as f64, -f64::from(*exponent_milli) / 1000.0)
                    }
                    KeyLaw::Hot { share, .. } => {
                        (1.0 - share.fraction()) / n + if k == 0 { share.fraction() } else { 0.0 }
                    }
                    _ => 1.0,
                };
                positions.iter().enumerate().map(|(k, p)| (*p, weight(k))).collect()
            }
        };
        keys.sort_unstable_by_key(|k| k.0);
        let all: f64 = keys.iter().map(|k| k.1).sum();
        let mut before = vec![0.0];
        let mut sum = 0.0;
        for key in &mut keys {
            key.1 /= all;
            sum += key.1;
            before.push(sum);
        }
        Places {
            positions: keys.iter().map(|k| k.0).collect(),
            weights: keys.iter().map(|k| k.1).collect(),
            before,
            to_firehose: false,
        }
    }

    /// Of records that are put to Firehose.
    pub fn firehose() -> Places {
        Places { positions: Vec::new(), weights: Vec::new(), before: vec![0.0], to_firehose: true }
    }

    /// Do they go to Firehose, and to no shard?
    pub fn to_firehose(&self) -> bool {
        self.to_firehose
    }

    /// Are all places alike?
    pub fn anywhere(&self) -> bool {
        self.positions.is_empty()
    }

    /// The share of records that goes to a shard, `hot` of them to the extra key of a hot spell.
    pub fn share(&self, shard: &Shard, hot: f64) -> f64 {
        if self.to_firehose {
            return 0.0;
        }
        let (from, to) = bounds(shard);
        let extra = if hot > 0.0 && (from..=to).contains(&top(HOT_KEY)) { hot } else { 0.0 };
        self.cold_share(shard) * (1.0 - hot) + extra
    }

    fn cold_share(&self, shard: &Shard) -> f64 {
        let (from, to) = bounds(shard);
        if self.anywhere() {
            return ((to - from) as f64 + 1.0) / 18_446_744_073_709_551_616.0;
        }
        let keys = self.range(from, to);
        self.before[keys.end] - self.before[keys.start]
    }

    fn range(&self, from: u64, to: u64) -> std::ops::Range<usize> {
        self.positions.partition_point(|p| *p < from)..self.positions.partition_point(|p| *p <= to)
    }

    /// The keys inside a shard: how far up its range each lies (of 2^64), and its share of all records. `None`: more
    /// than `most`, or fresh ones.
    pub fn keys_of(&self, shard: &Shard, hot: f64, most: usize) -> Option<Vec<(u64, f64)>> {
        let (from, to) = bounds(shard);
        let keys = self.range(from, to);
        if self.anywhere() || keys.len() > most {
            return None;
        }
        let width = u128::from(to - from) + 1;
        let up = |p: u64| ((u128::from(p - from) << 64) / width) as u64;
        let cold = keys.map(|k| (up(self.positions[k]), self.weights[k] * (1.0 - hot)));
        let extra = Some(top(HOT_KEY)).filter(|p| hot > 0.0 && (from..=to).contains(p));
        Some(cold.chain(extra.map(|p| (up(p), hot))).collect())
    }
}

/// First and last position of a shard.
fn bounds(shard: &Shard) -> (u64, u64) {
    let start = (shard.start >> 64) as u64 + u64::from(shard.start as u64 != 0);
    (start, ((shard.end >> 64) as u64).max(start))
}

fn top(key: &str) -> u64 {
    (position_of(key) >> 64) as u64
}
