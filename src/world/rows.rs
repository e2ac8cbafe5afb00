//! What readers ask of a shard's log, at whatever grain it is kept: rows in order of storage, numbered from 0, each a
//! Kinesis record that may hold several records of users.

use super::delivery::bytes_of;
use crate::stream::log::Log;

/// The rows of one shard.
pub trait Rows {
    /// Number of the next row to be stored.
    fn end(&self) -> u64;

    /// Records of users in rows `[from, to)`.
    fn records(&self, from: u64, to: u64) -> u64;

    /// When a row was stored.
    fn stored_at(&self, row: u64) -> u64;

    /// The first row in `[from, end)` stored at or after `time`.
    fn first_stored_since(&self, from: u64, time: u64) -> u64;

    /// Is a row known only by what it shares with its neighbours, because nobody read it for long?
    fn is_cold(&self, row: u64) -> bool;

    /// Makes rows from `from` on ready to be looked at together; how far.
    fn reach(&mut self, from: u64) -> u64;

    /// Bytes of rows `[from, to)`, within `reach`.
    fn bytes(&self, from: u64, to: u64) -> u64;

    /// Appends the sizes of rows `[from, to)`, within `reach`.
    fn append_sizes(&self, from: u64, to: u64, out: &mut Vec<u32>);

    /// Appends when rows `[from, to)` were stored, within `reach`.
    fn append_stored(&self, from: u64, to: u64, out: &mut Vec<u64>);

    /// Appends the births of the records in rows `[from, to)`, within `reach`.
    fn append_births(&self, from: u64, to: u64, out: &mut Vec<u64>);

    /// Appends a mark of each partition key of rows `[from, to)`.
    fn append_marks(&self, from: u64, to: u64, out: &mut Vec<u16>);
}

impl Rows for Log {
    fn end(&self) -> u64 {
        Log::end(self)
    }

    fn records(&self, from: u64, to: u64) -> u64 {
        Log::records(self, from, to)
    }

    fn stored_at(&self, row: u64) -> u64 {
        Log::stored_at(self, row)
    }

    fn first_stored_since(&self, from: u64, time: u64) -> u64 {
        Log::first_stored_since(self, from, time)
    }

    fn is_cold(&self, row: u64) -> bool {
        Log::is_cold(self, row)
    }

    fn reach(&mut self, from: u64) -> u64 {
        Log::reach(self, from)
    }

    fn bytes(&self, from: u64, to: u64) -> u64 {
        bytes_of(self.sizes(from, to))
    }

    fn append_sizes(&self, from: u64, to: u64, out: &mut Vec<u32>) {
        out.extend_from_slice(self.sizes(from, to));
    }

    fn append_stored(&self, from: u64, to: u64, out: &mut Vec<u64>) {
        out.extend_from_slice(self.stored(from, to));
    }

    fn append_births(&self, from: u64, to: u64, out: &mut Vec<u64>) {
        out.extend_from_slice(self.births(from, to));
    }

    fn append_marks(&self, from: u64, to: u64, out: &mut Vec<u16>) {
        self.marks(from, to, out);
    }
}
