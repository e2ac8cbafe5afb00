//! From senders to shards: the entries judged in one window, dealt out to the lanes in order of time.

use super::sources::Source;
use crate::record::{Put, Tag};
use crate::stream::routing::ShardMap;
use crate::stream::shard::ENTRY_BITS;

/// A call of the window, to find its client by.
#[derive(Clone, Copy, Debug)]
pub struct WindowCall {
    /// Producer and client process.
    pub source: u32,
    /// Client process.
    pub client: u32,
    /// Place in the client.
    pub slot: u32,
    /// First entry in the client's outgoing puts.
    pub first: u32,
    /// Entries.
    pub entries: u32,
    /// Entries refused so far.
    pub refused: u32,
    /// Sent to answered, for CloudWatch.
    pub latency: u64,
}

/// The entries of one window, by lane.
#[derive(Default)]
pub struct Gathered {
    /// Calls of the window.
    pub calls: Vec<WindowCall>,
    puts: Vec<Put>,
    route: Vec<u32>,
    ends: Vec<usize>,
}

impl Gathered {
    /// Collects what is judged before `until`.
    pub fn collect(&mut self, sources: &[Source], map: &ShardMap, lanes: usize, until: u64) {
        self.route(sources, map, lanes, until);
        self.deal(sources);
        if sources.iter().map(|s| s.clients.len().max(1)).sum::<usize>() > 1 {
            let mut from = 0;
            for &to in &self.ends {
                // Each sender's entries are in order already: the stable sort only merges, senders in order.
                self.puts[from..to].sort_by_key(|p| p.at);
                from = to;
            }
        }
    }

    /// Entries of one lane.
    pub fn of_lane(&self, lane: usize) -> &[Put] {
        let from = if lane == 0 { 0 } else { self.ends[lane - 1] };
        &self.puts[from..self.ends[lane]]
    }

    /// First pass: the lane of every entry, and how many each lane gets.
    fn route(&mut self, sources: &[Source], map: &ShardMap, lanes: usize, until: u64) {
        self.route.clear();
        self.calls.clear();
        self.ends.clear();
        self.ends.resize(lanes, 0);
        for (s, source) in sources.iter().enumerate() {
            self.route.extend(source.fresh_positions().iter().map(|p| map.shard_at(*p)));
            for (c, client) in source.clients.iter().enumerate() {
                for sent in client.sent.iter().take_while(|sent| sent.at < until) {
                    let (from, to) = (sent.first as usize, (sent.first + sent.entries) as usize);
                    self.route.extend(client.out[from..to].iter().map(|p| map.shard_at(p.key)));
                    self.calls.push(WindowCall {
                        source: s as u32,
                        client: c as u32,
                        slot: sent.slot,
                        first: sent.first,
                        entries: sent.entries,
                        refused: 0,
                        latency: sent.latency,
                    });
                }
            }
        }
        for &lane in &self.route {
            self.ends[lane as usize] += 1;
        }
        let mut total = 0;
        for end in &mut self.ends {
            // For now the start; the second pass moves it to the end.
            total += std::mem::replace(end, total);
        }
        if self.puts.len() < total {
            self.puts.resize(total, Put::default());
        }
    }

    /// Second pass: every entry to its place.
    fn deal(&mut self, sources: &[Source]) {
        let Gathered { calls, puts, route, ends } = self;
        let mut next = route.iter();
        let mut place = |put: Put| {
            let lane = *next.next().expect("routed") as usize;
            puts[ends[lane]] = put;
            ends[lane] += 1;
        };
        let mut call = 0;
        for (s, source) in sources.iter().enumerate() {
            if source.clients.is_empty() {
                let fresh = &source.fresh;
                let tag = Tag::alone(s);
                for ((&born, &size), &key) in fresh.born.iter().zip(&fresh.size).zip(&fresh.position) {
                    place(Put { at: source.judged(born), born, key, size, tag });
                }
            }
            while let Some(sent) = calls.get(call).filter(|c| c.source == s as u32) {
                let out = &source.clients[sent.client as usize].out;
                let entries = &out[sent.first as usize..(sent.first + sent.entries) as usize];
                for (entry, put) in entries.iter().enumerate() {
                    place(Put { key: (call as u64) << ENTRY_BITS | entry as u64, ..*put });
                }
                call += 1;
            }
        }
    }
}

impl Source {
    fn fresh_positions(&self) -> &[u64] {
        if self.clients.is_empty() { &self.fresh.position } else { &[] }
    }
}
