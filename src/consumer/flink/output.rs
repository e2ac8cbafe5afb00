//! What a job's sink makes visible, and when.

use super::config::SinkGuarantee;
use super::split::Split;
use crate::api::{Done, Stream};

/// Rows written since the last checkpoint.
#[derive(Clone, Copy, Debug)]
struct Written {
    shard: u32,
    from: u64,
    to: u64,
    received: u64,
}

/// The sinks of all subtasks.
pub struct Output {
    exactly_once: bool,
    /// In order of writing; only with `exactly_once`.
    waiting: Vec<Written>,
}

impl Output {
    /// Nothing written yet.
    pub fn new(guarantee: SinkGuarantee) -> Output {
        Output { exactly_once: guarantee == SinkGuarantee::ExactlyOnce, waiting: Vec::new() }
    }

    /// Rows of a shard were worked on.
    pub fn write(
        &mut self,
        (shard, from, to): (u32, u64, u64),
        received: u64,
        done: Done,
        stream: &mut dyn Stream,
    ) {
        if self.exactly_once {
            self.waiting.push(Written { shard, from, to, received });
        } else {
            stream.deliver(shard, from, to, received, done);
        }
    }

    /// A checkpoint is complete: what it covers becomes visible.
    pub fn commit(&mut self, now: u64, splits: &[Split], stream: &mut dyn Stream) {
        self.waiting.retain_mut(|w| {
            let kept = splits[w.shard as usize].kept();
            let to = w.to.min(kept);
            if w.from < to {
                stream.deliver(w.shard, w.from, to, w.received, Done::At(now));
            }
            w.from = w.from.max(to);
            w.from < w.to
        });
    }

    /// The job goes back to its last checkpoint: what was not visible never was.
    pub fn rewind(&mut self) {
        self.waiting.clear();
    }
}
