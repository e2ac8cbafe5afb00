//! What a lane does when it is free: it gathers a batch, gives up what is too old, and invokes the function.

use super::{Shard, Why};
use crate::api::{Held, Stream};
use crate::consumer::lambda::Common;
use crate::consumer::lambda::concurrency::Environment;
use crate::consumer::lambda::invoke::{Full, gather};
use crate::consumer::lambda::lanes::{Outcome, State};
use crate::consumer::lambda::retry::delay;

impl Shard {
    /// A free lane sends what it has, if it is time.
    pub(super) fn send(&mut self, i: usize, stream: &mut dyn Stream, common: &mut Common) {
        let now = stream.now();
        loop {
            if let Some(end) = common.outage_end(now).filter(|_| !self.lanes[i].is_empty()) {
                self.lanes[i].state = State::Waiting(end);
                return;
            }
            if self.lanes[i].batch.is_empty() {
                self.lanes[i].state = State::Idle(u64::MAX);
                if !self.gather(i, stream, common) {
                    return;
                }
            }
            self.drop_old(i, stream, common);
            self.end_batch(i, now, common);
            if !self.lanes[i].batch.is_empty() {
                return self.invoke(i, stream, common);
            }
        }
    }

    /// Rows of the next part that are too old are given up; what can be asked for is what is kept.
    fn drop_old(&mut self, i: usize, stream: &mut dyn Stream, common: &mut Common) {
        let age = common.config.record_age.map_or(u64::MAX, |a| a.0);
        let limits = [(stream.kept_since(), Why::Expired), (stream.now().saturating_sub(age), Why::Age)];
        for (since, why) in limits {
            let rows = self.lanes[i].batch.next_rows();
            let Some(first) = rows.first() else { return };
            let young = stream.row_since(self.id, first.row, since);
            let old = rows.partition_point(|r| r.row < young);
            if old > 0 {
                self.give_up(i, old, why, stream, common);
            }
        }
    }

    /// Takes the next batch from what waits; `false` when it is not time yet.
    fn gather(&mut self, i: usize, stream: &mut dyn Stream, common: &mut Common) -> bool {
        let now = stream.now();
        if self.closes_window(i, stream) {
            let lane = &mut self.lanes[i];
            lane.batch.clear();
            lane.batch.seal();
            return true;
        }
        let lane = &mut self.lanes[i];
        let Some(first) = lane.waiting.front() else {
            if let Some(end) = lane.tumbling.open_until().filter(|end| *end > now) {
                lane.state = State::Idle(end);
            }
            return false;
        };
        let mut until_row = u64::MAX;
        if lane.tumbling.is_used() {
            let end = lane.tumbling.end_of(stream.stored_at(self.id, first.held.row));
            if end <= now {
                until_row = stream.row_since(self.id, first.held.row, end);
            }
        }
        let (n, full) = gather(&lane.waiting, until_row, common);
        if full == Full::No {
            let window = common.config.batching_window.0;
            let mut until = lane.gathering.until(now, window);
            // The end of a tumbling window does not wait for a batch.
            until = until.min(lane.tumbling.open_until().unwrap_or(u64::MAX).max(now));
            if now < until {
                lane.state = State::Idle(until);
                return false;
            }
        }
        common.counts.batches += 1;
        common.counts.full_batches += u64::from(full == Full::BySize);
        lane.batch.clear();
        lane.waiting.drain(..n).for_each(|row| lane.batch.push(Held { received: now, ..row.held }, row.load));
        lane.batch.seal();
        self.waiting -= n as u64;
        true
    }

    /// Is the tumbling window over, and everything in it processed?
    fn closes_window(&mut self, i: usize, stream: &mut dyn Stream) -> bool {
        let lane = &self.lanes[i];
        let Some(end) = lane.tumbling.open_until() else { return false };
        if let Some(first) = lane.waiting.front() {
            return stream.stored_at(self.id, first.held.row) >= end;
        }
        if self.poller.is_done() {
            return true;
        }
        let keeps = self.poller.keeps();
        stream.now() >= end && stream.row_since(self.id, keeps, end) == keeps
    }

    /// Invokes the function with the next part, or is throttled.
    fn invoke(&mut self, i: usize, stream: &mut dyn Stream, common: &mut Common) {
        let now = stream.now();
        let lane = &mut self.lanes[i];
        let Some(environment) = common.environments.take(now) else {
            common.counts.throttled += 1;
            lane.failures = lane.failures.saturating_add(1);
            let config = &common.config;
            let wait = delay(config.retry_delay.0, config.retry_delay_max.0, lane.failures);
            lane.state = State::Waiting(now + wait);
            return;
        };
        let part = lane.batch.part().expect("a part to send");
        lane.batch.receive(now);
        let (rows, load) = (lane.batch.next_rows(), lane.batch.load());
        let mut took = self.work.whole(now, load);
        let failure = match self.work.fails() {
            true => Some(self.failing.below(rows.len().max(1) as u64) as usize),
            false => None,
        };
        let bad = self.bad.iter().filter_map(|bad| rows.binary_search_by_key(bad, |r| r.row).ok()).min();
        let mut outcome = match [failure, bad].into_iter().flatten().min() {
            Some(at) => Outcome::Failure(at),
            None => Outcome::Success,
        };
        let timeout = common.config.timeout.0;
        if took > timeout {
            (took, outcome) = (timeout, Outcome::Timeout);
        }
        if environment == Environment::Cold {
            took += common.cold_start.draw(&mut common.cold_starts);
        }
        let counts = &mut common.counts;
        counts.lanes_used += u32::from(!lane.used);
        counts.sent += rows.len() as u64;
        counts.billed_ms += took.div_ceil(1_000_000);
        if let Some(last) = rows.last() {
            let stored = stream.stored_at(self.id, last.row);
            counts.iterator_age_ns_max = counts.iterator_age_ns_max.max(Some(now - stored));
            lane.tumbling.record(stored);
            stream.hand_over(self.id, rows, part.again);
        }
        lane.used = true;
        lane.batch.sent();
        lane.state = State::Running { until: now.saturating_add(took), outcome };
    }
}
