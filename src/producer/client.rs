//! What every client process is to the world: a lane of its own that takes records over, sends calls, and learns
//! later which of their entries the stream refused.
//!
//! A client plays itself up to a moment (`advance`). Its calls lie in `Outgoing` until they are judged; between
//! judgement and answer the world tells it of refusals. It never sees the stream, only what ListShards would answer.

use crate::measure::lost::Lost;
use crate::measure::result::Packing;
use crate::mechanism::histogram::Histogram;
use crate::record::{Columns, Listing, Parcels};
use std::sync::Arc;

/// A client process.
pub trait Client {
    /// Where newly born records are put; their births must lie before the next `advance`'s end.
    fn births(&mut self) -> &mut Columns;

    /// Has it nothing to do before `until`?
    fn rests(&self, until: u64) -> bool;

    /// Nothing of it is judged, sent or answered before this, unless something is born.
    fn quiet_until(&self) -> u64;

    /// Plays the client up to (not including) `until`; `shards` are open all the while.
    fn advance(&mut self, until: u64, shards: &Arc<Listing>);

    /// Calls that are sent and not yet judged.
    fn outgoing(&self) -> &Outgoing;

    /// A shard refused the `entry`-th entry of a call that is being judged: how many of its records had an earlier
    /// attempt stored?
    fn refused(&mut self, call: &Sent, entry: usize) -> u32;

    /// Calls judged before `until` are history; `shards` were open when they were judged.
    fn judged(&mut self, until: u64, shards: &Arc<Listing>);

    /// Records in the client's hands that are not stored: waiting, on the way, or refused and not given up.
    fn held(&self, end: u64) -> u64;

    /// The process dies at `at`, up to which it has played, and is back at `back_at`. What was in its memory and not
    /// stored is lost (`Lost::restart`), unless the client keeps it elsewhere, as in a file. What it sent is judged
    /// all the same, and nobody hears the answer. Until `back_at` it sends nothing; records born meanwhile wait at
    /// the source and arrive at `back_at`. Told again while it is down, it stays down until the later of both.
    fn restart(&mut self, at: u64, back_at: u64);

    /// The run is over: what was judged but not answered is measured too.
    fn settle_unanswered(&mut self, end: u64);

    /// Records that wait in its memory, and their bytes.
    fn buffered(&self) -> (u64, u64);

    /// What it counted.
    fn report(&self) -> &Report;
}

/// A call on its way to the stream.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// When its entries are judged.
    pub at: u64,
    /// Its place in the client.
    pub slot: u32,
    /// First entry among the client's outgoing entries.
    pub first: u32,
    /// Entries.
    pub entries: u32,
    /// Of the records in them, how many were stored by an earlier attempt.
    pub again: u32,
    /// Sent to answered.
    pub latency: u64,
}

/// Calls sent and not yet judged, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// The calls.
    pub calls: Vec<Sent>,
    /// Their entries.
    pub entries: Columns,
    /// What each entry holds, where the client packs several records into one (else empty).
    pub parcels: Parcels,
}

impl Outgoing {
    /// The next call's judgement.
    pub fn next(&self) -> u64 {
        self.calls.first().map_or(u64::MAX, |call| call.at)
    }

    /// Drops the calls judged before `until` and their entries.
    pub fn drop_judged(&mut self, until: u64) {
        if self.next() >= until {
            return;
        }
        let judged = self.calls.partition_point(|c| c.at < until);
        let entries = self.calls.get(judged).map_or(self.entries.len() as u32, |c| c.first);
        self.calls.drain(..judged);
        self.entries.drop_front(entries as usize);
        if !self.parcels.ends.is_empty() {
            self.parcels.drop_front(entries as usize);
        }
        for call in &mut self.calls {
            call.first -= entries;
        }
    }
}

/// What a client counted.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Records of which an attempt was refused or failed.
    pub delayed: u64,
    /// Records given up, by cause.
    pub lost: Lost,
    /// Calls sent.
    pub calls: u64,
    /// Calls that failed as a whole: no answer came.
    pub failed_calls: u64,
    /// Records in calls that failed before anything of them was judged, each as often as it was sent.
    pub unjudged: u64,
    /// Records cut because they were too long.
    pub truncated: u64,
    /// Bytes cut off.
    pub truncated_bytes: u64,
    /// Largest memory of waiting records.
    pub buffered_bytes_max: u64,
    /// Most records in its memory.
    pub buffered_records_max: u64,
    /// Records sent again because they landed on another shard than predicted.
    pub resent_elsewhere: u64,
    /// What packing does to the bill (`None`: the client packs nothing).
    pub packing: Option<Packing>,
    /// Born to first sent.
    pub buffering: Histogram,
    /// First sent to stored.
    pub put: Histogram,
}
