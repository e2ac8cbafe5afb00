//! For tests: plays a client against a judge that refuses what it likes.

use super::client::Client;
use crate::record::Listing;
use std::sync::Arc;

/// What a judge sees of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When it is judged.
    pub at: u64,
    /// Birth of its record.
    pub born: u64,
    /// Bytes.
    pub size: u32,
    /// Number of its call, and its place in it.
    pub call: usize,
    /// Place in the call.
    pub entry: usize,
    /// Refused.
    pub refused: bool,
}

/// Plays a client against a judge, window after window.
pub struct Play {
    /// Played up to here.
    pub now: u64,
    /// Longest window.
    pub window: u64,
    /// Every entry judged.
    pub seen: Vec<Seen>,
    calls: usize,
}

impl Play {
    /// From the beginning.
    pub fn new(window: u64) -> Play {
        Play { now: 0, window, seen: Vec::new(), calls: 0 }
    }

    /// Lets the client run to `end`; `refuses` sees every entry.
    pub fn until(&mut self, client: &mut dyn Client, end: u64, refuses: &mut dyn FnMut(&Seen) -> bool) {
        let shards = Arc::new(Listing::default());
        while self.now < end {
            let until = end.min(self.now + self.window);
            client.advance(until, &shards);
            let out = client.outgoing().clone();
            for sent in out.calls.iter().filter(|sent| sent.at < until) {
                for entry in 0..sent.entries as usize {
                    let row = sent.first as usize + entry;
                    let (born, size) = (out.entries.born[row], out.entries.size[row]);
                    let mut seen = Seen { at: sent.at, born, size, call: self.calls, entry, refused: false };
                    seen.refused = refuses(&seen);
                    if seen.refused {
                        client.refused(sent, entry);
                    }
                    self.seen.push(seen);
                }
                self.calls += 1;
            }
            client.judged(until, &shards);
            self.now = until;
        }
    }

    /// Births that were stored, as often as they were.
    pub fn stored(&self) -> Vec<u64> {
        self.seen.iter().filter(|s| !s.refused).map(|s| s.born).collect()
    }

    /// Moments at which calls were judged, one per call, with the number of entries.
    pub fn calls(&self) -> Vec<(u64, usize)> {
        let mut calls: Vec<(u64, usize)> = Vec::new();
        for seen in &self.seen {
            match calls.last_mut() {
                Some(call) if seen.entry > 0 => call.1 += 1,
                _ => calls.push((seen.at, 1)),
            }
        }
        calls
    }
}

/// Records born at these moments, each of `size` bytes.
pub fn bear(client: &mut dyn Client, moments: impl Iterator<Item = u64>, size: u32) {
    let births = client.births();
    for born in moments {
        births.born.push(born);
        births.size.push(size);
        births.position.push(0);
    }
}
