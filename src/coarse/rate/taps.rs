//! Firehose streams: what is read of each shard goes through Firehose's own machine, poll by poll.
//!
//! A poll hands on what came since the last one as one group, whose records' moments lie evenly; the machine cuts groups
//! where they fill a buffer. So buffers, objects, attempts, what waits for a destination that is away, and money are
//! those of a run record by record, whatever the step.

use super::fifo::Fifo;
use super::numbers::whole;
use super::readers::{Inflow, Reader, Reading, Step};
use crate::api::Fate;
use crate::facts::data_streams::{GET_RECORDS_MAX_BYTES, GET_RECORDS_MAX_RECORDS};
use crate::firehose::config::{FirehoseConfig, PollConfig, Source};
use crate::firehose::load::Group;
use crate::firehose::pipeline::Pipeline;
use crate::measure::clients::ClientResult;
use crate::random::{Seed, Stream as Draws};
use std::collections::{BTreeMap, BTreeSet};

/// A Firehose stream at work.
pub struct Tap {
    polls: PollConfig,
    pipeline: Pipeline,
    places: Vec<Place>,
    /// (moment, shard, is it the back-up's?) of the next polls.
    turns: BTreeSet<(u64, u32, bool)>,
    phases: Draws,
    /// Bytes of keys, which objects do not hold.
    key: f64,
    /// Bytes that a record of each producer is billed as.
    billed: Vec<f64>,
    /// Records found in each record, and what is left over of records of which only some have left.
    parts: u64,
    left_over: BTreeMap<Option<Fate>, u64>,
    /// Left over of bytes in groups: data, billed.
    rest: (f64, f64),
    /// Records read, and gone.
    read: u64,
    gone: u64,
}

/// Where it stands in a shard.
#[derive(Default)]
struct Place {
    /// What the reader has not read, and the second one.
    waits: [Fifo; 2],
    /// Stored up to this moment is in them.
    filled: u64,
}

/// What a step is for all shards.
struct Flow {
    /// Bytes of a record, and of its data.
    size: f64,
    data: f64,
    billed: f64,
    /// Born to stored, ns.
    delay: f64,
}

/// Waits of more polls than this are those of a backlog.
const LATE_POLLS: f64 = 2.0;

impl Tap {
    /// Waits for its start; `billed`: bytes that a record of each producer is billed as.
    pub fn new(config: &FirehoseConfig, bucket: u64, seed: Seed, key: u64, billed: Vec<f64>) -> Option<Tap> {
        let Source::Stream(polls) = config.source else { return None };
        Some(Tap {
            polls,
            pipeline: Pipeline::new(config, bucket, seed),
            places: Vec::new(),
            turns: BTreeSet::new(),
            phases: seed.stream(&format!("firehose/{}", config.name), "poll_phases"),
            key: key as f64,
            billed,
            parts: config.opening.map_or(1, |o| o.parts.max(1)),
            left_over: BTreeMap::new(),
            rest: (0.0, 0.0),
            read: 0,
            gone: 0,
        })
    }

    /// Stored and not read yet.
    pub fn unread(&self) -> f64 {
        self.places.iter().map(|p| p.waits[0].records).sum()
    }

    /// Read, and still inside.
    pub fn inside(&self) -> f64 {
        self.read.saturating_sub(self.gone) as f64
    }

    /// What it did up to `end`.
    pub fn result(&self, end: u64) -> ClientResult {
        ClientResult::Firehose(Box::new(self.pipeline.result(end)))
    }

    /// Shards that it does not know yet.
    fn discover(&mut self, now: u64, shards: usize) {
        for shard in self.places.len() as u32..shards as u32 {
            self.places.push(Place { filled: now, ..Place::default() });
            let first = now + 1 + self.phases.below(self.polls.every.0.max(1));
            self.turns.insert((first, shard, false));
            if self.polls.twice {
                self.turns.insert((first + self.polls.every.0 / 2, shard, true));
            }
        }
        self.pipeline.open(self.places.len(), now);
    }

    fn fill(&mut self, shard: u32, until: u64, inflow: Inflow) {
        let place = &mut self.places[shard as usize];
        let (from, to) = (place.filled as f64, until as f64);
        if until > place.filled {
            let records = inflow.records * (to - from) / 1e9;
            place.waits[0].push(from, to, records);
            if self.polls.twice {
                place.waits[1].push(from, to, records);
            }
            place.filled = until;
        }
    }

    /// A call; whether it was made. What it took counts in `step`.
    fn poll(
        &mut self,
        (now, shard, backs_up): (u64, u32, bool),
        most: f64,
        flow: &Flow,
        step: &mut Step,
    ) -> bool {
        let channel = shard as usize;
        if !backs_up && self.pipeline.held(channel) > self.polls.hold.0 {
            return false;
        }
        let fifo = &mut self.places[channel].waits[usize::from(backs_up)];
        let rows = (GET_RECORDS_MAX_RECORDS.count() as f64)
            .min(GET_RECORDS_MAX_BYTES.bytes().0 as f64 / flow.size.max(1.0));
        let records = whole(fifo.records.min(rows).min(most));
        let (at, late) = (now as f64, LATE_POLLS * self.polls.every.0 as f64);
        let (mut oldest, mut newest) = (0.0f64, f64::MAX);
        let received = &mut step.late_delays[0];
        let mut on_time = 0.0;
        fifo.pull(at, at, records as f64, |left| {
            (oldest, newest) = (oldest.max(left.first), newest.min(left.last));
            match left.first <= late {
                true => on_time += left.records,
                false if !backs_up => received.add_even(left.last, left.first, left.records),
                false => {}
            }
        });
        if records == 0 {
            return true;
        }
        let group = self.group(records, (now - oldest as u64, now - newest.min(oldest) as u64), flow);
        if backs_up {
            step.read_twice += records as f64;
            self.pipeline.back_up_together(now, channel, group);
            return true;
        }
        self.rest.1 += flow.billed * records as f64;
        let billed = whole(self.rest.1);
        self.rest.1 -= billed as f64;
        self.read += records;
        step.level += on_time;
        step.late += records as f64 - on_time;
        let steps = self.pipeline.steps_of(billed);
        self.pipeline.receive_together(now, channel, group, steps);
        true
    }

    fn group(&mut self, records: u64, arrived: (u64, u64), flow: &Flow) -> Group {
        self.rest.0 += flow.data * records as f64;
        let bytes = whole(self.rest.0);
        self.rest.0 -= bytes as f64;
        let born = |at: u64| at.saturating_sub(flow.delay as u64);
        Group { records, bytes, raw: bytes, born: (born(arrived.0), born(arrived.1)), arrived }
    }

    /// What left, and what became of it.
    fn settle(&mut self, step: &mut Step, given_up: &mut BTreeMap<Fate, f64>) {
        for gone in self.pipeline.departed() {
            let left_over = self.left_over.entry(gone.fate).or_default();
            *left_over += gone.load.records;
            let records = *left_over / self.parts;
            *left_over %= self.parts;
            self.gone += records;
            let Some(fate) = gone.fate else {
                let waited = |at: u64| gone.at.saturating_sub(at) as f64;
                for (n, (first, last)) in gone.load.stretches() {
                    step.late_delays[1].add_even(waited(last), waited(first), n as f64);
                }
                continue;
            };
            *given_up.entry(fate).or_default() += records as f64;
        }
    }

    /// What retention passes before it is read.
    fn forget(&mut self, horizon: f64) -> f64 {
        let drop = |place: &mut Place| {
            place.waits[1].drop_before(horizon);
            place.waits[0].drop_before(horizon)
        };
        self.places.iter_mut().map(drop).sum()
    }
}

impl Reading<'_> {
    /// A Firehose stream over the step.
    pub(super) fn step_tap(&self, readers: &mut [Reader], c: usize) -> Step {
        let Some(mut tap) = readers[c].tap.take() else { return Step::default() };
        let mut step = Step::default();
        let flow = self.flow(&tap);
        tap.discover(self.from, self.map.shards().len());
        let pace = self.pace(readers, c, Inflow::default(), None);
        let most = pace.records * tap.polls.every.0 as f64 / 1e9;
        let (mut made, mut due) = (0.0, 0.0);
        loop {
            let turn = tap.turns.first().copied().unwrap_or((u64::MAX, 0, false));
            let now = turn.0.min(tap.pipeline.next());
            if now >= self.to {
                break;
            }
            tap.pipeline.act(now);
            if turn.0 == now {
                tap.turns.pop_first();
                tap.fill(turn.1, now, self.inflow_of(turn.1));
                due += 1.0;
                made += f64::from(u8::from(tap.poll(turn, most, &flow, &mut step)));
                tap.turns.insert((now + tap.polls.every.0.max(1), turn.1, turn.2));
                tap.pipeline.act(now);
            }
        }
        for id in self.map.open() {
            tap.fill(*id, self.to, self.inflow_of(*id));
        }
        let reader = &mut readers[c];
        tap.settle(&mut step, &mut reader.given_up);
        reader.lost += tap.forget(self.to.saturating_sub(self.retention) as f64);
        step.unread_shards = self.map.open().len() as f64 * (1.0 - made / f64::max(due, 1.0));
        reader.level_unread = tap.inside();
        reader.tap = Some(tap);
        step
    }

    fn flow(&self, tap: &Tap) -> Flow {
        let all: f64 = self.offered.iter().sum();
        let billed = tap.billed.iter().zip(self.offered).map(|(b, o)| b * o).sum::<f64>() / all.max(1e-9);
        Flow { size: self.size, data: (self.size - tap.key).max(0.0), billed, delay: self.delay }
    }
}
