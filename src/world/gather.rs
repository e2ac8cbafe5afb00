//! From senders to shards: the entries judged in one window or several, dealt out to the lanes in order of time.

use super::settings::Settings;
use super::sources::Source;
use crate::measure::sink::{Billed, Sink};
use crate::mechanism::wide::wide;
use crate::producer::client::{Outgoing, Sent};
use crate::record::{Entries, Listing, Run, Ticket};
use crate::stream::routing::ShardMap;
use std::sync::Arc;

/// A call of the window, to find its client by.
#[derive(Clone, Copy, Debug)]
pub struct WindowCall {
    /// Producer.
    pub source: u32,
    /// Client process.
    pub client: u32,
    /// As the client sent it.
    pub sent: Sent,
    /// First row among the window's entries.
    pub row: u32,
    /// Entries refused so far.
    pub refused: u32,
    /// Records in its entries.
    pub records: u32,
}

/// Entries whose lanes are found, and then ranked.
const TOGETHER: usize = 1024;

/// Bytes of the partition key of a Kinesis record that holds several (the KPL sends `a`).
const AGGREGATE_KEY: u64 = crate::facts::producers::AGGREGATE_KEY_BYTES.bytes().0;

/// The entries that no shard has judged yet, and which of them each lane gets.
#[derive(Default)]
pub struct Gathered {
    /// All entries, window after window, in each sender after sender.
    pub entries: Entries,
    /// Does a client of this world pack several records into one entry?
    packs: bool,
    /// Are all judged the moment they are born?
    is_prompt: bool,
    /// Does one producer send all, each alone?
    is_alone: bool,
    /// Their calls.
    pub calls: Vec<WindowCall>,
    /// The last window's first row and first call; where each producer's entries end in it.
    first_row: usize,
    first_call: usize,
    senders_end: Vec<usize>,
    /// Rows in order of time; empty when the entries themselves are.
    order: Vec<u32>,
    /// Lane, and rank in the lane, in order of time.
    route: Vec<u32>,
    ranks: Vec<u32>,
    /// How many each lane gets; once they are dealt, where they end.
    ends: Vec<u32>,
    dealt: Dealt,
}

/// The window's entries lane after lane, in one of two forms.
#[derive(Default)]
struct Dealt {
    /// When all are born the moment they are judged: side by side, so that each goes to its place in one write
    /// (many shards are more places than a core's cache holds).
    prompt: Vec<Entry>,
    /// Otherwise as columns.
    at: Vec<u64>,
    born: Vec<u64>,
    size: Vec<u32>,
    row: Vec<u32>,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    at: u64,
    /// Both in one word, row above size: one write less.
    size_and_row: u64,
}

impl Entry {
    #[inline(always)]
    fn new(at: u64, size: u32, row: u32) -> Entry {
        Entry { at, size_and_row: u64::from(size) | u64::from(row) << 32 }
    }
}

/// Prompt entries of one lane, as the columns it reads.
#[derive(Default)]
pub struct Hand {
    at: Vec<u64>,
    size: Vec<u32>,
    row: Vec<u32>,
}

impl Hand {
    /// Takes `entries` as columns; a loop for few as for many.
    #[inline]
    fn take(&mut self, entries: &[Entry]) -> (&[u64], &[u32], &[u32]) {
        let n = entries.len();
        if self.at.len() < n {
            self.at.resize(n, 0);
            self.size.resize(n, 0);
            self.row.resize(n, 0);
        }
        let (at, size, row) = (&mut self.at[..n], &mut self.size[..n], &mut self.row[..n]);
        columns::best(entries, at, size, row);
        (at, size, row)
    }
}

wide! {
    fn columns(entries: &[Entry], at: &mut [u64], size: &mut [u32], row: &mut [u32]) {
        for (((e, at), size), row) in entries.iter().zip(at).zip(size).zip(row) {
            (*at, *size, *row) = (e.at, e.size_and_row as u32, (e.size_and_row >> 32) as u32);
        }
    }
}

impl Gathered {
    /// Nothing yet; `packs`: does a client pack several records into one entry?
    pub fn new(packs: bool) -> Gathered {
        Gathered { packs, ..Gathered::default() }
    }

    /// Collects one more window: what is judged before `until`.
    pub fn collect(
        &mut self,
        sources: &mut [Source],
        map: &ShardMap,
        shards: &Arc<Listing>,
        lanes: usize,
        until: u64,
    ) {
        (self.first_row, self.first_call) = (self.entries.len(), self.calls.len());
        self.senders_end.clear();
        let mut senders = 0;
        self.is_alone = sources.len() == 1 && sources[0].clients.is_empty();
        self.is_prompt = sources.iter().all(|s| s.leg == 0 && s.clients.is_empty());
        for (s, source) in sources.iter_mut().enumerate() {
            let from = self.entries.len();
            source.advance(until, shards, &mut self.entries.record);
            if !self.is_prompt {
                self.entries.judge_after(from, source.leg);
            }
            if self.packs {
                self.entries.parcels.push_singles(&self.entries.record.born[from..]);
            }
            if !self.is_alone {
                self.entries.ticket.resize(self.entries.record.len(), Ticket::alone(s));
            }
            senders += source.clients.len().max(1);
            if source.door.is_none() {
                self.collect_calls(s, source, until);
            }
            self.senders_end.push(self.entries.len());
        }
        self.sort(senders);
        self.route(map, lanes);
    }

    /// All of it is judged: forgets it, keeps the memory.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.calls.clear();
        self.order.clear();
        self.route.clear();
        self.ranks.clear();
        self.ends.clear();
    }

    /// The last window's calls, with their numbers.
    pub fn window_calls(&self) -> std::ops::Range<usize> {
        self.first_call..self.calls.len()
    }

    /// The last window's entries: lane and size.
    pub fn window_sizes(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let (sizes, order) = (&self.entries.record.size[..], &self.order[..]);
        let size = move |i: usize| sizes[order.get(i).map_or(i, |row| *row as usize)];
        let lanes = self.route[self.first_row..].iter();
        (self.first_row..).zip(lanes).map(move |(i, lane)| (*lane, size(i)))
    }

    /// Brings the last window's rows into order of time. Each sender's are already: the stable sort only merges,
    /// senders in order.
    fn sort(&mut self, senders: usize) {
        let at = self.entries.times();
        let is_sorted = senders <= 1 || at[self.first_row..].is_sorted();
        if is_sorted && self.order.is_empty() {
            return;
        }
        self.order.extend(self.order.len() as u32..at.len() as u32);
        if !is_sorted {
            self.order[self.first_row..].sort_by_key(|row| at[*row as usize]);
        }
    }

    fn collect_calls(&mut self, s: usize, source: &Source, until: u64) {
        for (c, client) in source.clients.iter().enumerate() {
            let out = client.outgoing();
            for sent in out.calls.iter().take_while(|sent| sent.at < until) {
                let row = self.entries.len();
                let (first, end) = (sent.first as usize, (sent.first + sent.entries) as usize);
                self.entries.record.append_range(&out.entries, first, end);
                let records = self.pack(out, first, end);
                self.entries.judge_at(sent.at);
                self.entries.ticket.resize(row + end - first, Ticket::in_call(self.calls.len()));
                self.calls.push(WindowCall {
                    source: s as u32,
                    client: c as u32,
                    sent: *sent,
                    row: row as u32,
                    refused: 0,
                    records,
                });
            }
        }
    }

    /// What the entries `first..end` hold; how many records.
    fn pack(&mut self, out: &Outgoing, first: usize, end: usize) -> u32 {
        if !self.packs {
            return (end - first) as u32;
        }
        let parcels = &mut self.entries.parcels;
        let before = parcels.births.len();
        if out.parcels.ends.is_empty() {
            parcels.push_singles(&out.entries.born[first..end]);
        } else {
            parcels.append_range(&out.parcels, first, end);
        }
        (parcels.births.len() - before) as u32
    }

    /// Counts the last window's entries as if all were stored.
    pub fn count(&self, settings: &Settings, sink: &mut Sink) {
        let mut from = self.first_row;
        for (p, (settings, &to)) in settings.producers.iter().zip(&self.senders_end).enumerate() {
            let (billed, bytes) = self.billed(from, to, settings.key_bytes);
            sink.store(bytes, billed);
            if settings.alone {
                let n = (to - from) as u64;
                sink.judge(p, n, n, 0);
                sink.producers[p].at_once += n;
                sink.now.calls += n;
                sink.now.calls_ok += n;
                sink.now.call_latency += n * settings.answer;
            }
            from = to;
        }
        for call in &self.calls[self.first_call..] {
            let (sent, p) = (&call.sent, call.source as usize);
            sink.judge(p, sent.entries.into(), call.records.into(), sent.again.into());
            sink.producers[p].calls += 1;
        }
    }

    /// What is billed for rows `from..to`, and their bytes.
    fn billed(&self, from: usize, to: usize, key_bytes: u64) -> (Billed, u64) {
        let sizes = &self.entries.record.size[from..to];
        if !self.packs {
            return Billed::all(sizes, key_bytes);
        }
        let one = |row| self.billed_row(row, key_bytes);
        let billed = (from..to).map(one).fold(Billed::default(), Billed::plus);
        (billed, sizes.iter().map(|s| u64::from(*s)).sum())
    }

    /// What is billed for one row: its data, without the key.
    pub fn billed_row(&self, row: usize, key_bytes: u64) -> Billed {
        let key = if self.records(row) > 1 { key_bytes.min(AGGREGATE_KEY) } else { key_bytes };
        Billed::one(self.entries.record.size[row], key)
    }

    /// Births of the records in one row.
    pub fn births(&self, row: usize) -> &[u64] {
        if self.packs { self.entries.parcels.of(row) } else { &self.entries.record.born[row..=row] }
    }

    /// Records in one row.
    pub fn records(&self, row: usize) -> u64 {
        if self.packs { self.entries.parcels.of(row).len() as u64 } else { 1 }
    }

    /// Entries of one lane, in order of time.
    #[inline]
    pub fn of_lane<'a>(&'a self, lane: usize, hand: &'a mut Hand) -> Run<'a> {
        let from = if lane == 0 { 0 } else { self.ends[lane - 1] } as usize;
        let (to, parcels) = (self.ends[lane] as usize, &self.entries.parcels);
        let Dealt { prompt, at, born, size, row } = &self.dealt;
        if prompt.is_empty() {
            return Run { at, born, size, row, parcels }.part(from, to);
        }
        let (at, size, row) = hand.take(&prompt[from..to]);
        Run { at, born: at, size, row, parcels }
    }

    /// The first half of a counting sort by lane: each entry's lane and its rank there. Passes free of what would
    /// make a processor wait: addresses of counters are known early, and places follow from ranks without counting
    /// again.
    fn route(&mut self, map: &ShardMap, lanes: usize) {
        let Gathered { entries, order, route, ranks, ends, first_row, .. } = self;
        let position = &entries.record.position;
        ends.resize(lanes, 0);
        let mut rank = |lanes: &[u32]| {
            ranks.extend(lanes.iter().map(|lane| {
                let count = &mut ends[*lane as usize];
                *count += 1;
                *count - 1
            }));
        };
        if order.is_empty() {
            // While its lanes are near.
            for positions in position[*first_row..].chunks(TOGETHER) {
                let from = route.len();
                map.shards_at(positions, route);
                rank(&route[from..]);
            }
        } else {
            route.extend(order[*first_row..].iter().map(|row| map.shard_at(position[*row as usize])));
            rank(&route[*first_row..]);
        }
    }

    /// The second half: every entry to its place.
    pub fn deal(&mut self) {
        let Gathered { entries, order, route, ranks, ends, dealt, is_prompt, .. } = self;
        let (n, prompt) = (entries.len(), *is_prompt);
        let mut total = 0;
        for end in ends.iter_mut() {
            // For now the start.
            total += std::mem::replace(end, total);
        }
        let (together, columns) = if prompt { (n, 0) } else { (0, n) };
        dealt.prompt.resize(together, Entry::default());
        dealt.at.resize(columns, 0);
        dealt.born.resize(columns, 0);
        dealt.size.resize(columns, 0);
        dealt.row.resize(columns, 0);
        let (from, to) = (&*entries, Places { starts: ends, route, ranks });
        match (order.is_empty(), prompt) {
            (true, true) => to.scatter_prompt(from, dealt, |i| i),
            (true, false) => to.scatter(from, dealt, |i| i),
            (false, true) => to.scatter_prompt(from, dealt, |i| order[i] as usize),
            (false, false) => to.scatter(from, dealt, |i| order[i] as usize),
        }
        if let Some(lanes) = ends.len().checked_sub(1) {
            ends.rotate_left(1);
            ends[lanes] = n as u32;
        }
    }
}

/// Where every entry goes, in order of time.
struct Places<'a> {
    starts: &'a [u32],
    route: &'a [u32],
    ranks: &'a [u32],
}

impl Places<'_> {
    #[inline(always)]
    fn scatter_prompt(&self, from: &Entries, to: &mut Dealt, row: impl Fn(usize) -> usize) {
        let n = from.len();
        let (at, size, to) = (&from.times()[..n], &from.record.size[..n], &mut to.prompt[..n]);
        for (i, (&lane, &rank)) in self.route[..n].iter().zip(&self.ranks[..n]).enumerate() {
            let row = row(i);
            to[(self.starts[lane as usize] + rank) as usize] = Entry::new(at[row], size[row], row as u32);
        }
    }

    #[inline(always)]
    fn scatter(&self, from: &Entries, to: &mut Dealt, row: impl Fn(usize) -> usize) {
        let n = from.len();
        let (at, born, size) = (&from.times()[..n], &from.record.born[..n], &from.record.size[..n]);
        let (to_at, to_born) = (&mut to.at[..n], &mut to.born[..n]);
        let (to_size, to_row) = (&mut to.size[..n], &mut to.row[..n]);
        for (i, (&lane, &rank)) in self.route[..n].iter().zip(&self.ranks[..n]).enumerate() {
            let (row, place) = (row(i), (self.starts[lane as usize] + rank) as usize);
            to_at[place] = at[row];
            to_born[place] = born[row];
            to_size[place] = size[row];
            to_row[place] = row as u32;
        }
    }
}
