//! The watermark of a job: how far its event time has come, and how far that is behind.
//!
//! At Flink: each subtask sends the least of what its shards have reached; an operator behind them goes by the least of
//! all subtasks. A subtask without a shard, or a shard without records, holds it, unless it is declared idle after a
//! while (`withIdleness`); the legacy source declares subtasks without shards idle by itself. When all are idle it
//! stands still.
//! We model: event time is Kinesis' arrival time, in order in each shard. The delay is noted every second. Event time
//! never goes back: after a restart it stands until the job is past where it was.
//! We leave out: timestamps of the user's own and out-of-order bounds, which add their own constant.

use crate::mechanism::histogram::Histogram;

const MINUTE: u64 = 60_000_000_000;

/// What one source of the watermark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// It has come so far.
    At(u64),
    /// Nothing yet.
    Nothing,
    /// It does not count for now.
    Idle,
}

/// The job's watermark over time.
#[derive(Clone, Debug)]
pub struct Watermark {
    /// When the job began: before anything arrives the delay counts from here.
    began: u64,
    reached: Option<u64>,
    delays: Histogram,
    by_minute: Vec<u64>,
}

impl Watermark {
    /// Of a job that begins then.
    pub fn new(began: u64) -> Watermark {
        Watermark { began, reached: None, delays: Histogram::default(), by_minute: Vec::new() }
    }

    /// All that take part have spoken: the least of those that count.
    pub fn advance(&mut self, voices: impl Iterator<Item = Voice>) {
        let mut least = None;
        for voice in voices {
            match voice {
                Voice::Nothing => return,
                Voice::Idle => {}
                Voice::At(t) => least = Some(least.map_or(t, |l: u64| l.min(t))),
            }
        }
        self.reached = self.reached.max(least);
    }

    /// Notes the delay now.
    pub fn note(&mut self, now: u64) {
        let delay = now - self.reached.unwrap_or(self.began).min(now);
        self.delays.add(delay);
        let minute = ((now - self.began) / MINUTE) as usize;
        if self.by_minute.len() <= minute {
            self.by_minute.resize(minute + 1, 0);
        }
        self.by_minute[minute] = self.by_minute[minute].max(delay);
    }

    /// Every noted delay.
    pub fn delays(&self) -> &Histogram {
        &self.delays
    }

    /// The largest delay of each minute since the job began.
    pub fn by_minute(&self) -> &[u64] {
        &self.by_minute
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_counts_and_one_that_has_not_spoken_stops_all() {
        let mut w = Watermark::new(100);
        w.advance([Voice::At(500), Voice::Nothing].into_iter());
        w.note(1_100);
        assert_eq!(w.by_minute(), [1_000], "nothing yet: counted from the beginning");
        w.advance([Voice::At(700), Voice::Idle, Voice::At(600)].into_iter());
        w.note(1_100);
        assert_eq!(w.delays().max(), Some(1_000));
        assert_eq!(w.delays().sum(), 1_500);
        w.advance([Voice::Idle, Voice::Idle].into_iter());
        w.advance([Voice::At(400)].into_iter());
        w.note(1_200);
        assert_eq!(w.delays().sum(), 2_100, "it never goes back");
    }
}
