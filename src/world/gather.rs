//! From senders to shards: the entries judged in one window, dealt out to the lanes in order of time.

use super::settings::Settings;
use super::sources::Source;
use crate::measure::sink::{Billed, Sink};
use crate::record::{Entries, Ticket};
use crate::stream::routing::ShardMap;

/// A call of the window, to find its client by.
#[derive(Clone, Copy, Debug)]
pub struct WindowCall {
    /// Producer.
    pub source: u32,
    /// Client process.
    pub client: u32,
    /// Place in the client.
    pub slot: u32,
    /// First entry in the client's outgoing records.
    pub first: u32,
    /// First row among the window's entries.
    pub row: u32,
    /// Entries.
    pub entries: u32,
    /// Entries refused so far.
    pub refused: u32,
    /// Of all entries, how many were stored by an earlier attempt.
    pub again: u32,
    /// Sent to answered, for CloudWatch.
    pub latency: u64,
}

/// The entries of one window, and which of them each lane gets.
#[derive(Default)]
pub struct Gathered {
    /// All entries, sender after sender.
    pub entries: Entries,
    /// Calls of the window.
    pub calls: Vec<WindowCall>,
    /// Where each producer's entries end.
    senders_end: Vec<usize>,
    /// Rows in order of time; empty when the entries themselves are.
    order: Vec<u32>,
    /// Lane, and rank in the lane, in order of time.
    route: Vec<u32>,
    ranks: Vec<u32>,
    rows: Vec<u32>,
    ends: Vec<u32>,
}

impl Gathered {
    /// Collects what is judged before `until`.
    pub fn collect(&mut self, sources: &mut [Source], map: &ShardMap, lanes: usize, until: u64) {
        self.entries.clear();
        self.calls.clear();
        self.senders_end.clear();
        let mut senders = 0;
        for (s, source) in sources.iter_mut().enumerate() {
            let from = self.entries.len();
            source.advance(until, &mut self.entries.record);
            let (leg, born) = (source.leg, &self.entries.record.born[from..]);
            self.entries.at.extend(born.iter().map(|b| b + leg));
            self.entries.ticket.resize(self.entries.record.len(), Ticket::alone(s));
            senders += source.clients.len().max(1);
            self.collect_calls(s, source, until);
            self.senders_end.push(self.entries.len());
        }
        self.order.clear();
        if senders > 1 {
            // Each sender's entries are in order already: the stable sort only merges, senders in order.
            self.order.extend(0..self.entries.len() as u32);
            let at = &self.entries.at;
            self.order.sort_by_key(|row| at[*row as usize]);
        }
        self.deal(map, lanes);
    }

    fn collect_calls(&mut self, s: usize, source: &Source, until: u64) {
        for (c, client) in source.clients.iter().enumerate() {
            for sent in client.sent.iter().take_while(|sent| sent.at < until) {
                let row = self.entries.len();
                let (first, end) = (sent.first as usize, (sent.first + sent.entries) as usize);
                self.entries.record.append_range(&client.out, first, end);
                self.entries.at.resize(row + end - first, sent.at);
                self.entries.ticket.resize(row + end - first, Ticket::in_call(self.calls.len()));
                self.calls.push(WindowCall {
                    source: s as u32,
                    client: c as u32,
                    slot: sent.slot,
                    first: sent.first,
                    row: row as u32,
                    entries: sent.entries,
                    refused: 0,
                    again: client.stored_before(sent.slot),
                    latency: sent.latency,
                });
            }
        }
    }

    /// Counts a window's entries as if all were stored.
    pub fn count(&self, settings: &Settings, sink: &mut Sink) {
        let mut from = 0;
        for (p, (settings, &to)) in settings.producers.iter().zip(&self.senders_end).enumerate() {
            let sizes = &self.entries.record.size[from..to];
            sink.store(sizes.iter().map(|s| u64::from(*s)).sum(), Billed::all(sizes, settings.key_bytes));
            if settings.alone {
                let n = sizes.len() as u64;
                sink.judge(p, n, 0);
                sink.producers[p].at_once += n;
                sink.now.calls += n;
                sink.now.calls_ok += n;
                sink.now.call_latency += n * settings.answer;
            }
            from = to;
        }
        for call in &self.calls {
            sink.judge(call.source as usize, call.entries.into(), call.again.into());
        }
    }

    /// Rows of one lane, in order of time.
    pub fn of_lane(&self, lane: usize) -> &[u32] {
        let from = if lane == 0 { 0 } else { self.ends[lane - 1] };
        &self.rows[from as usize..self.ends[lane] as usize]
    }

    /// A counting sort of the rows by lane. Three passes, each free of what would make a processor wait: addresses
    /// of counters are known early, and places follow from ranks without counting again.
    fn deal(&mut self, map: &ShardMap, lanes: usize) {
        let Gathered { entries, order, route, ranks, rows, ends, .. } = self;
        let position = &entries.record.position;
        route.clear();
        if order.is_empty() {
            route.extend(position.iter().map(|p| map.shard_at(*p)));
        } else {
            route.extend(order.iter().map(|row| map.shard_at(position[*row as usize])));
        }
        ends.clear();
        ends.resize(lanes, 0);
        ranks.clear();
        ranks.extend(route.iter().map(|lane| {
            let count = &mut ends[*lane as usize];
            *count += 1;
            *count - 1
        }));
        let mut total = 0;
        for end in ends.iter_mut() {
            // For now the start.
            total += std::mem::replace(end, total);
        }
        rows.resize(route.len(), 0);
        for (i, (lane, rank)) in route.iter().zip(&*ranks).enumerate() {
            rows[(ends[*lane as usize] + rank) as usize] = order.get(i).map_or(i as u32, |row| *row);
        }
        ends.rotate_left(1);
        ends[lanes - 1] = total;
    }
}
