//! A copy of everything that comes in, untransformed, in S3.
//!
//! At AWS: buffers of their own, 1 to 128 MiB and 60 to 900 s. We model: an object is written when its buffer is ready; its
//! request takes no time and never fails. Source: Firehose developer guide, buffering hints; data transformation.

use super::buffer::Buffer;
use super::config::{BackupConfig, BufferConfig, Timer};
use super::load::Group;
use super::tally::Tally;
use std::collections::BTreeSet;

/// Buffers of the back-up, one per shard or channel.
pub struct Backup {
    hints: BufferConfig,
    buffers: Vec<Buffer>,
    next: BTreeSet<(u64, usize)>,
}

impl Backup {
    /// Nothing in it.
    pub fn new(config: &BackupConfig) -> Backup {
        let BackupConfig { size, interval } = *config;
        let hints = BufferConfig { size, interval, timer: Timer::FirstRecord, channels: 1 };
        Backup { hints, buffers: Vec::new(), next: BTreeSet::new() }
    }

    /// Some records at `now`.
    pub fn push(&mut self, now: u64, channel: usize, group: Group, tally: &mut Tally) {
        while self.buffers.len() <= channel {
            self.buffers.push(Buffer::coarse(&self.hints, now));
        }
        tally.back_up(now, &group);
        let buffer = &mut self.buffers[channel];
        let before = buffer.due();
        buffer.push(now, group);
        if buffer.reason(now).is_some() {
            tally.backup_object(now, buffer.take().bytes);
        }
        self.move_due(channel, before);
    }

    fn move_due(&mut self, channel: usize, before: u64) {
        let due = self.buffers[channel].due();
        if due != before {
            self.next.remove(&(before, channel));
            if due < u64::MAX {
                self.next.insert((due, channel));
            }
        }
    }

    /// When an interval is over next.
    pub fn next(&self) -> u64 {
        self.next.first().map_or(u64::MAX, |n| n.0)
    }

    /// Writes what is due at `now`.
    pub fn act(&mut self, now: u64, tally: &mut Tally) {
        while let Some(&(at, channel)) = self.next.first().filter(|n| n.0 <= now) {
            let buffer = &mut self.buffers[channel];
            tally.backup_object(at, buffer.take().bytes);
            self.move_due(channel, at);
        }
    }
}
