//! How long the user's code works, and whether it fails: drawn once, in order, for every application.

use crate::random::{LatencySampler, Stream};

use super::config::ProcessingConfig;

/// The user's code of one unit of an application (a shard's processor, a lane, a subtask).
#[derive(Clone, Debug)]
pub struct Work {
    per_call: LatencySampler,
    per_record: LatencySampler,
    /// (from, until, factor) of slow spells.
    slow: Vec<(u64, u64, u64)>,
    failure_ppb: u64,
    random: Stream,
}

impl Work {
    /// Code that works as configured, slower by a factor in the spells given, with draws of its own.
    pub fn new(
        config: &ProcessingConfig,
        slow: Vec<(u64, u64, u64)>,
        failure_ppb: u64,
        random: Stream,
    ) -> Work {
        let (per_call, per_record) = (config.per_call.sampler(), config.per_record.sampler());
        Work { per_call, per_record, slow, failure_ppb, random }
    }

    /// Does it take no time at all?
    pub fn is_instant(&self) -> bool {
        self.per_call.is_constant() == Some(0) && self.per_record.is_constant() == Some(0)
    }

    /// Does no batch ever fail?
    pub fn never_fails(&self) -> bool {
        self.failure_ppb == 0
    }

    /// Does the next batch fail?
    pub fn fails(&mut self) -> bool {
        self.failure_ppb > 0 && self.random.below(1_000_000_000) < self.failure_ppb
    }

    /// Works on `records` from `start`, one after another: when each is done goes to `done`; the end of it.
    pub fn each(&mut self, start: u64, records: u64, done: &mut Vec<u64>) -> u64 {
        let slowness = self.slowness(start);
        let mut at = start + self.per_call.draw(&mut self.random) * slowness;
        done.clear();
        match self.per_record.is_constant() {
            Some(one) => {
                let first = at;
                done.extend((1..=records).map(|i| first + i * one * slowness));
                at += records * one * slowness;
            }
            None => done.extend((0..records).map(|_| {
                at += self.per_record.draw(&mut self.random) * slowness;
                at
            })),
        }
        at
    }

    /// How long a call with this many records takes when it begins at `start`.
    pub fn whole(&mut self, start: u64, records: u64) -> u64 {
        let slowness = self.slowness(start);
        let call = self.per_call.draw(&mut self.random);
        let all = match self.per_record.is_constant() {
            Some(one) => records * one,
            None => (0..records).map(|_| self.per_record.draw(&mut self.random)).sum(),
        };
        (call + all) * slowness
    }

    fn slowness(&self, at: u64) -> u64 {
        self.slow.iter().filter(|s| s.0 <= at && at < s.1).map(|s| s.2).max().unwrap_or(1)
    }
}
