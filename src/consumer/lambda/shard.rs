//! One shard of a mapping: what is read goes to its lanes, and each lane sends, waits and tries again.

mod sending;

use super::Common;
use super::invoke::payload;
use super::lanes::{Lane, Outcome, Row, State, lane_of};
use super::poller::{Answer, Poller};
use super::retry::{After, Policy, delay};
use crate::api::{Fate, Held, Stream};
use crate::consumer::work::Work;
use crate::measure::clients::LambdaResult;
use crate::units::Percent;

/// One shard.
pub struct Shard {
    id: u32,
    poller: Poller,
    lanes: Vec<Lane>,
    /// Rows that wait in all lanes.
    waiting: u64,
    work: Work,
    /// Which record of a batch fails, and which ones the filter keeps back.
    failing: crate::random::Stream,
    filter: crate::random::Stream,
    /// The first row ever asked for.
    begun_at: u64,
    /// Bad records to come: each the first one stored since that moment.
    pub poison: Vec<u64>,
    /// Rows that cannot be processed.
    bad: Vec<u64>,
    /// When it does something next.
    pub due: u64,
}

/// Why rows are given up.
#[derive(Clone, Copy)]
enum Why {
    Retries,
    Age,
    Size,
    Expired,
}

impl Shard {
    /// Reads from `row` on.
    pub fn new(id: u32, row: u64, now: u64, first: bool, common: &Common) -> Shard {
        let poller = Poller::new(id, row, now, first, &common.reading, common.seed, &common.path);
        let tumbling = common.config.tumbling_window.0;
        let random = |purpose| common.seed.numbered(&common.path, purpose, id.into());
        Shard {
            id,
            due: poller.due(),
            poller,
            lanes: (0..common.lanes()).map(|_| Lane::new(now, tumbling)).collect(),
            waiting: 0,
            work: common.work(id),
            failing: random("failing_record"),
            filter: random("filter"),
            begun_at: row,
            poison: Vec::new(),
            bad: Vec::new(),
        }
    }

    /// Read and worked off to its end?
    pub fn is_done(&self) -> bool {
        self.poller.is_done() && self.lanes.iter().all(Lane::is_empty)
    }

    /// Adds what is still blocked at the end.
    pub fn count_blocked(&self, end: u64, counts: &mut LambdaResult) {
        for since in self.lanes.iter().filter_map(|l| l.blocked_since) {
            counts.blocked_at_end += 1;
            add_blocked(end - since, counts);
        }
    }

    /// Invocations that are over by now.
    pub fn complete(&mut self, stream: &mut dyn Stream, common: &mut Common) {
        let now = stream.now();
        for i in 0..self.lanes.len() {
            if let State::Running { until, outcome } = self.lanes[i].state
                && until <= now
            {
                common.environments.give_back(now);
                self.end(i, outcome, stream, common);
            }
        }
    }

    /// Reads and sends what can be read and sent now.
    pub fn go_on(&mut self, stream: &mut dyn Stream, common: &mut Common) {
        let now = stream.now();
        let answer = self.poller.read(self.waiting, stream, common);
        if let Some(answer) = answer {
            self.receive(answer, stream, common);
        }
        for i in 0..self.lanes.len() {
            let is_idle = matches!(self.lanes[i].state, State::Idle(_));
            if self.lanes[i].due() <= now || (answer.is_some() && is_idle) {
                self.send(i, stream, common);
            }
        }
        self.poller.room(now, self.waiting, common);
        let keep = self.lanes.iter().filter_map(Lane::oldest).min();
        stream.keep_from(self.id, keep.unwrap_or(u64::MAX).min(self.poller.keeps()));
        self.due = self.lanes.iter().map(Lane::due).min().unwrap_or(u64::MAX).min(self.poller.due());
    }

    /// Rows arrive: filtered ones are done with, the others wait in their lanes.
    fn receive(&mut self, answer: Answer, stream: &mut dyn Stream, common: &mut Common) {
        let (from, to) = (answer.from, answer.to);
        if from == to {
            return;
        }
        stream.take(self.id, to);
        self.find_poison(answer, stream);
        let mut columns = std::mem::take(&mut common.scratch);
        columns.sizes.clear();
        columns.marks.clear();
        columns.filtered.clear();
        columns.too_large.clear();
        stream.sizes(self.id, from, to, &mut columns.sizes);
        if self.lanes.len() > 1 {
            stream.key_marks(self.id, from, to, &mut columns.marks);
        }
        let is_packed = stream.records(self.id, from, to) > to - from;
        for (i, row) in (from..to).enumerate() {
            let held = Held { row, received: answer.at };
            if self.is_filtered(common.config.filtered) {
                columns.filtered.push(held);
                continue;
            }
            let load = if is_packed { stream.records(self.id, row, row + 1) as u32 } else { 1 };
            // A packed row has the packer's key, not those of its records.
            let mark = if load > 1 { 0 } else { columns.marks.get(i).copied().unwrap_or(0) };
            let payload = payload(columns.sizes[i], common.config.record_overhead.0);
            if u64::from(payload) > common.config.max_payload.0 {
                columns.too_large.push(held);
                continue;
            }
            let lane = lane_of(mark, self.lanes.len());
            self.lanes[lane].waiting.push_back(Row { held, payload, load });
            self.waiting += 1;
        }
        if !columns.filtered.is_empty() {
            stream.drop_some(self.id, &columns.filtered, Fate::Filtered);
        }
        drop_rows(self.id, &columns.too_large, Why::Size, stream, common);
        common.scratch = columns;
    }

    fn is_filtered(&mut self, share: Percent) -> bool {
        share.0 > 0 && self.filter.below(Percent::WHOLE) < share.0
    }

    /// Is a bad record among these rows? One that was never asked for, or that retention took, harms nobody.
    fn find_poison(&mut self, answer: Answer, stream: &mut dyn Stream) {
        while let Some(&since) = self.poison.first() {
            let row = stream.row_since(self.id, answer.from, since);
            if row >= answer.to {
                return;
            }
            self.poison.remove(0);
            let missed = row == answer.from && (answer.gap || (row == self.begun_at && row > 0));
            if !missed && !self.bad.contains(&row) {
                self.bad.push(row);
            }
        }
    }

    /// An invocation of lane `i` is over.
    fn end(&mut self, i: usize, outcome: Outcome, stream: &mut dyn Stream, common: &mut Common) {
        let (id, now) = (self.id, stream.now());
        let lane = &mut self.lanes[i];
        let counts = &mut common.counts;
        lane.state = State::Idle(now);
        counts.invocations += 1;
        if lane.batch.part().is_some_and(|p| p.rows == 0) {
            counts.final_calls += 1;
        }
        let (counter, done) = match outcome {
            Outcome::Success => (&mut counts.succeeded, lane.batch.next_rows().len()),
            Outcome::Failure(at) if common.config.report_batch_item_failures => (&mut counts.failed, at),
            Outcome::Failure(_) => (&mut counts.failed, 0),
            Outcome::Timeout => (&mut counts.timed_out, 0),
        };
        *counter += 1;
        if done > 0 {
            stream.deliver_some(id, &lane.batch.next_rows()[..done], now);
            lane.batch.advance(done);
        }
        if outcome == Outcome::Success {
            lane.failures = 0;
            if lane.batch.part().is_some_and(|p| p.rows == 0) {
                lane.batch.pop_final();
                lane.tumbling.close();
            }
        } else {
            self.failed(i, done > 0, stream, common);
        }
        self.end_batch(i, now, common);
    }

    /// Nothing of the batch is left: the lane is free, and its next window begins.
    fn end_batch(&mut self, i: usize, now: u64, common: &mut Common) {
        let lane = &mut self.lanes[i];
        if lane.batch.is_empty() {
            lane.failures = 0;
            lane.gathering.begin(now);
            if let Some(since) = lane.blocked_since.take() {
                add_blocked(now - since, &mut common.counts);
            }
        }
    }

    fn failed(&mut self, i: usize, cut_before: bool, stream: &mut dyn Stream, common: &mut Common) {
        let (now, config) = (stream.now(), &common.config);
        let lane = &mut self.lanes[i];
        lane.blocked_since.get_or_insert(now);
        lane.failures = lane.failures.saturating_add(1);
        let policy = Policy {
            attempts: config.retry_attempts,
            bisect: config.bisect,
            reports: config.report_batch_item_failures,
        };
        let wait = delay(config.retry_delay.0, config.retry_delay_max.0, lane.failures);
        match lane.batch.failed(cut_before, policy) {
            After::Retry => common.counts.retries += 1,
            After::Cut => common.counts.bisects += 1,
            After::GiveUp => {
                let n = lane.batch.next_rows().len();
                self.give_up(i, n, Why::Retries, stream, common);
                return;
            }
        }
        self.lanes[i].state = State::Waiting(now + wait);
    }

    /// The first `n` rows of the part that comes next are given up.
    fn give_up(&mut self, i: usize, n: usize, why: Why, stream: &mut dyn Stream, common: &mut Common) {
        let lane = &mut self.lanes[i];
        let rows = &lane.batch.next_rows()[..n];
        drop_rows(self.id, rows, why, stream, common);
        match n {
            0 => {
                lane.batch.pop_final();
                lane.tumbling.close();
            }
            _ => lane.batch.advance(n),
        }
    }
}

/// Rows leave the mapping unprocessed; whoever listens at the destination is told once.
fn drop_rows(shard: u32, rows: &[Held], why: Why, stream: &mut dyn Stream, common: &mut Common) {
    let (counts, n) = (&mut common.counts, rows.len() as u64);
    if n == 0 {
        return;
    }
    let counter = match why {
        Why::Retries => &mut counts.given_up_by_retries,
        Why::Age => &mut counts.given_up_by_age,
        Why::Size => &mut counts.too_large,
        Why::Expired => &mut counts.expired,
    };
    *counter += n;
    let fate = match why {
        Why::Expired => Fate::Lost,
        _ if common.config.on_failure_destination => Fate::ToFailureDestination,
        _ => Fate::Discarded,
    };
    counts.destination_messages += u64::from(fate == Fate::ToFailureDestination);
    stream.drop_some(shard, rows, fate);
}

fn add_blocked(ns: u64, counts: &mut LambdaResult) {
    counts.blocked_ns += u128::from(ns);
    counts.blocked_ns_max = counts.blocked_ns_max.max(ns);
}
