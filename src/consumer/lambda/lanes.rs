//! The lanes of a shard, and the rows that wait in each.
//!
//! At AWS: with a parallelization factor F up to F batches of a shard are worked on at once; records of one partition
//! key always follow each other in one lane.
//! We model: a hash of the key's place in the hash space, spread over the lanes independently of the shard's range, and
//! the same for a record read at once or days later. AWS publishes no more than that keys stay together. A row that holds several records (packed by the KPL) has no key of
//! its own: all of them share one lane, as AWS warns.

use super::retry::Batch;
use super::window::{Gathering, Tumbling};
use crate::api::Held;
use std::collections::VecDeque;

/// A row that waits in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which, and when it was received.
    pub held: Held,
    /// Bytes of the event it takes.
    pub payload: u32,
    /// Records of users in it.
    pub load: u32,
}

/// What a lane is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for records; looks again at this moment.
    Idle(u64),
    /// Its function runs until then.
    Running { until: u64, outcome: Outcome },
    /// Waits before another attempt.
    Waiting(u64),
}

/// How an invocation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returns.
    Success,
    /// It fails on this row of the part.
    Failure(usize),
    /// It is cut off.
    Timeout,
}

/// One lane.
#[derive(Debug)]
pub struct Lane {
    /// Rows in order.
    pub waiting: VecDeque<Row>,
    /// What is being worked on.
    pub batch: Batch,
    /// Doing what.
    pub state: State,
    /// How long the next batch is gathered.
    pub gathering: Gathering,
    /// Tumbling windows.
    pub tumbling: Tumbling,
    /// Failures in a row.
    pub failures: u32,
    /// The batch has failed since.
    pub blocked_since: Option<u64>,
    /// Has it ever sent anything?
    pub used: bool,
}

impl Lane {
    /// An idle lane.
    pub fn new(now: u64, tumbling: u64) -> Lane {
        let mut gathering = Gathering::default();
        gathering.begin(now);
        Lane {
            waiting: VecDeque::new(),
            batch: Batch::default(),
            state: State::Idle(u64::MAX),
            gathering,
            tumbling: Tumbling::new(tumbling),
            failures: 0,
            blocked_since: None,
            used: false,
        }
    }

    /// When it does something next.
    pub fn due(&self) -> u64 {
        match self.state {
            State::Idle(at) | State::Waiting(at) => at,
            State::Running { until, .. } => until,
        }
    }

    /// The oldest row it holds.
    pub fn oldest(&self) -> Option<u64> {
        self.batch.oldest().or_else(|| self.waiting.front().map(|r| r.held.row))
    }

    /// Does it hold nothing at all?
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.waiting.is_empty() && self.tumbling.open_until().is_none()
    }
}

/// The lane of a partition key, by its mark.
pub fn lane_of(mark: u16, lanes: usize) -> usize {
    (usize::from(mark) * lanes) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_share_all_marks_evenly() {
        for lanes in 1..=10 {
            let mut counts = vec![0usize; lanes];
            (0..=u16::MAX).for_each(|mark| counts[lane_of(mark, lanes)] += 1);
            assert!(counts.iter().all(|n| n.abs_diff(65_536 / lanes) <= 1), "{counts:?}");
        }
    }
}
