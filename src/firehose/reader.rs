//! A Firehose stream that reads a Kinesis stream.
//!
//! At AWS: GetRecords once a second and shard, twice with a full back-up, on the read limits that all polling readers
//! share; no fan-out; begins at LATEST; unpacks what the KPL packed; a buffer for each shard.
//! We model: a record of the stream has left when as many records as it holds have. Phases of their own for the shards; children of a reshard from their beginning; a shard is not read while
//! too much of it waits for delivery, so that an outage keeps it in the stream, where retention is its clock.
//! A row that the KPL packed is shared evenly by its records, its framing included.
//! We leave out: how Firehose finds new shards (it knows at once), its own pace when far behind (a poll that leaves records
//! behind is followed by the next in its turn).

use super::config::{FirehoseConfig, PollConfig, Source};
use super::load::{Group, times};
use super::pipeline::Pipeline;
use crate::api::{Application, Fate, Groups, Hop, Most, Neighbours, Position, Stream};
use crate::facts::data_streams::{GET_RECORDS_MAX_BYTES, GET_RECORDS_MAX_RECORDS};
use crate::measure::clients::ClientResult;
use crate::random::{Seed, Stream as Draws};
use std::collections::{BTreeMap, BTreeSet};

/// It reads, and hands on.
pub struct Reader {
    polls: PollConfig,
    pipeline: Pipeline,
    shards: Vec<Place>,
    /// (moment, shard, is it the back-up's?) of the next polls.
    turns: BTreeSet<(u64, u32, bool)>,
    phases: Draws,
    columns: Columns,
    neighbours: Vec<Neighbours>,
    /// Records found in each record, and what is left over of records of which only some have left, by what became of
    /// them.
    parts: u64,
    left_over: BTreeMap<Option<Fate>, u64>,
}

/// Where it stands in a shard.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    row: u64,
    /// The second reader's.
    backed_up: u64,
    /// Readers that have not come to the shard's end.
    reading: u8,
}

/// Records of one answer.
#[derive(Clone, Debug, Default)]
struct Columns {
    born: Vec<u64>,
    stored: Vec<u64>,
    size: Vec<u32>,
}

const MOST: Most = Most { rows: GET_RECORDS_MAX_RECORDS.count(), bytes: GET_RECORDS_MAX_BYTES.bytes().0 };

impl Reader {
    /// Waits for its start.
    pub fn new(config: &FirehoseConfig, bucket_ns: u64, seed: Seed) -> Option<Reader> {
        let Source::Stream(polls) = config.source else { return None };
        Some(Reader {
            polls,
            pipeline: Pipeline::new(config, bucket_ns, seed),
            shards: Vec::new(),
            turns: BTreeSet::from([(polls.starts.0, u32::MAX, false)]),
            phases: seed.stream(&format!("firehose/{}", config.name), "poll_phases"),
            columns: Columns::default(),
            neighbours: Vec::new(),
            parts: config.opening.map_or(1, |o| o.parts.max(1)),
            left_over: BTreeMap::new(),
        })
    }

    /// Looks for shards it does not know; the next look is with the next poll.
    fn discover(&mut self, stream: &mut dyn Stream) {
        let (known, now) = (self.shards.len(), stream.now());
        let from = if known == 0 { Position::Latest } else { Position::TrimHorizon };
        for shard in known as u32..stream.shards().len() as u32 {
            let row = stream.begin(shard, from);
            self.shards.push(Place { row, backed_up: row, reading: 1 + u8::from(self.polls.twice) });
            let first = now + 1 + self.phases.below(self.polls.every.0.max(1));
            self.turns.insert((first, shard, false));
            if self.polls.twice {
                self.turns.insert((first + self.polls.every.0 / 2, shard, true));
            }
        }
        self.pipeline.open(self.shards.len(), now);
    }

    fn poll(&mut self, shard: u32, stream: &mut dyn Stream) {
        let now = stream.now();
        let i = shard as usize;
        if self.pipeline.held(i) > self.polls.hold.0 {
            return self.again(shard, false, now);
        }
        let Ok(batch) = stream.get_records(shard, self.shards[i].row, MOST) else {
            return self.again(shard, false, now);
        };
        self.shards[i].row = batch.to;
        self.receive(shard, (batch.from, batch.to), stream);
        stream.keep_from(
            shard,
            if self.polls.twice { batch.to.min(self.shards[i].backed_up) } else { batch.to },
        );
        match batch.ends {
            true => self.ended(shard, stream),
            false => self.again(shard, false, now),
        }
    }

    /// The second reader fetches everything again.
    fn back_up(&mut self, shard: u32, stream: &mut dyn Stream) {
        let place = &mut self.shards[shard as usize];
        let answer = stream.get_records(shard, place.backed_up, MOST);
        let mut ends = false;
        if let Ok(batch) = answer {
            (place.backed_up, ends) = (batch.to, batch.ends);
            self.back_up_rows(shard, (batch.from, batch.to), stream);
        }
        let place = self.shards[shard as usize];
        stream.keep_from(shard, place.row.min(place.backed_up));
        match ends {
            true => self.ended(shard, stream),
            false => self.again(shard, true, stream.now()),
        }
    }

    fn back_up_rows(&mut self, shard: u32, (from, to): (u64, u64), stream: &mut dyn Stream) {
        let (now, key) = (stream.now(), stream.key_bytes());
        if let Some(groups) = stream.groups() {
            groups.append(shard, from, to, &mut self.neighbours);
            for n in self.neighbours.drain(..) {
                self.pipeline.back_up_together(now, shard as usize, data(&n, key));
            }
            return;
        }
        let sizes = &mut self.columns.size;
        sizes.clear();
        stream.sizes(shard, from, to, sizes);
        sizes.iter_mut().for_each(|s| *s = s.saturating_sub(key));
        self.pipeline.back_up(now, shard as usize, sizes);
    }

    /// A reader came to a shard's end; the shard is done with when the last has.
    fn ended(&mut self, shard: u32, stream: &mut dyn Stream) {
        let place = &mut self.shards[shard as usize];
        place.reading -= 1;
        if place.reading == 0 {
            stream.finish(shard);
        }
    }

    fn again(&mut self, shard: u32, backs_up: bool, now: u64) {
        self.turns.insert((now + self.polls.every.0.max(1), shard, backs_up));
    }

    /// Hands rows to the pipeline, record by record where the KPL packed them.
    fn receive(&mut self, shard: u32, (from, to): (u64, u64), stream: &mut dyn Stream) {
        if from == to {
            return;
        }
        let (now, key) = (stream.now(), stream.key_bytes());
        if let Some(groups) = stream.groups() {
            return self.receive_groups(shard, (from, to), (now, key), groups);
        }
        let Columns { born, stored, size } = &mut self.columns;
        born.clear();
        stored.clear();
        size.clear();
        stream.births(shard, from, to, born);
        stream.sizes(shard, from, to, size);
        stream.stored(shard, from, to, stored);
        // Objects hold data, not keys.
        size.iter_mut().for_each(|s| *s = s.saturating_sub(key));
        if born.len() != size.len() {
            unpack(shard, (from, to), &mut self.columns, stream);
        }
        stream.take(shard, to);
        let columns = &mut self.columns;
        self.pipeline.receive(now, shard as usize, &columns.born, &columns.stored, &columns.size);
        columns.stored.iter_mut().for_each(|at| *at = now - *at);
        stream.count_hops(Hop::Propagation, &columns.stored);
    }

    fn receive_groups(
        &mut self,
        shard: u32,
        (from, to): (u64, u64),
        (now, key): (u64, u32),
        groups: &mut dyn Groups,
    ) {
        groups.append(shard, from, to, &mut self.neighbours);
        groups.receive(shard, from, to);
        for n in self.neighbours.drain(..) {
            self.pipeline.receive_together(now, shard as usize, data(&n, key), n.steps);
        }
    }

    /// Tells the stream of what left.
    fn settle(&mut self, stream: &mut dyn Stream) {
        for gone in self.pipeline.departed() {
            let left_over = self.left_over.entry(gone.fate).or_default();
            let mut whole = 0;
            let spans = gone.load.groups().iter().map(|group| {
                *left_over += group.records;
                let records = *left_over / self.parts;
                *left_over %= self.parts;
                whole += records;
                (records, group.born)
            });
            let old = |born: u64| gone.at.saturating_sub(born);
            match (gone.fate, stream.groups()) {
                (Some(_), _) => spans.for_each(drop),
                (None, Some(groups)) => spans.for_each(|(records, born)| {
                    groups.count_evenly(Hop::EndToEnd, (old(born.1), old(born.0)), records);
                }),
                (None, None) => times(spans, gone.at, |ns| stream.count_hops(Hop::EndToEnd, ns)),
            }
            stream.part_with(whole, gone.load.raw, gone.fate);
        }
    }
}

/// The data of neighbours: objects hold no keys.
fn data(n: &Neighbours, key: u32) -> Group {
    let bytes = n.bytes.saturating_sub(n.rows * u64::from(key));
    Group { records: n.records, bytes, raw: bytes, born: n.born, arrived: n.stored }
}

/// Rows that hold several records become as many; a row's bytes are shared evenly.
fn unpack(shard: u32, (from, to): (u64, u64), columns: &mut Columns, stream: &mut dyn Stream) {
    let rows = std::mem::take(columns);
    columns.born = rows.born;
    for (i, row) in (from..to).enumerate() {
        let n = stream.records(shard, row, row + 1).max(1);
        let (each, more) = (u64::from(rows.size[i]) / n, u64::from(rows.size[i]) % n);
        columns.stored.extend((0..n).map(|_| rows.stored[i]));
        columns.size.extend((0..n).map(|k| (each + u64::from(k < more)) as u32));
    }
}

impl Application for Reader {
    fn next(&self) -> u64 {
        let turn = self.turns.first().map_or(u64::MAX, |t| t.0);
        turn.min(self.pipeline.next())
    }

    fn act(&mut self, stream: &mut dyn Stream) {
        let now = stream.now();
        self.pipeline.act(now);
        if now >= self.polls.starts.0 && stream.shards().len() > self.shards.len() {
            self.discover(stream);
        }
        while let Some(&(at, shard, backs_up)) = self.turns.first().filter(|t| t.0 <= now) {
            self.turns.remove(&(at, shard, backs_up));
            match (shard, backs_up) {
                (u32::MAX, _) => {}
                (shard, false) => self.poll(shard, stream),
                (shard, true) => self.back_up(shard, stream),
            }
        }
        // What was read now may leave at once.
        self.pipeline.act(now);
        self.settle(stream);
    }

    fn result(&self, end: u64) -> ClientResult {
        ClientResult::Firehose(Box::new(self.pipeline.result(end)))
    }
}
