//! What every consumer client that is more than a loop on one shard is to the world: it looks at the stream, reads
//! from it, and hands records to the user's code, at moments of its own.
//!
//! At AWS: the KCL, Lambda's event source mapping and Flink's source share workers, functions or subtasks among shards,
//! keep their progress somewhere else, and do again what was not kept.
//! We model: an application says when it next does something (`next`); the world then lets it act, in order of time
//! among all applications, on a stream that is settled up to that moment. It never sees the stream itself, only what
//! the API would answer (`Stream`). Records stay in the stream's log; an application holds rows of it by number (a row
//! is one Kinesis record, and may hold several records of a user).
//! We leave out: names of iterators and their five minutes, which no client lets pass.

use crate::measure::clients::ClientResult;
use crate::record::Shard;

/// A consumer application: all its processes together.
pub trait Application {
    /// When it does something next (`u64::MAX`: never again).
    fn next(&self) -> u64;

    /// Does everything that is due at `stream.now()`, which is `next()`; afterwards `next()` lies later. Being asked
    /// where nothing is due changes nothing: no draw, no count.
    fn act(&mut self, stream: &mut dyn Stream);

    /// What it counted up to `end`.
    fn result(&self, end: u64) -> ClientResult;
}

/// The stream at one moment, as one application sees it. Rows are counted from 0 in each shard.
pub trait Stream {
    /// The moment.
    fn now(&self) -> u64;

    /// Retention has passed what was stored before this moment.
    fn kept_since(&self) -> u64;

    /// What is stored before this moment is known; to ask again later than that pays.
    fn known_until(&self) -> u64;

    /// Every shard there has ever been, by id.
    fn shards(&self) -> &[Shard];

    /// GetShardIterator for an application's first look at a shard: the row to read first. What lies before it is counted as stored before
    /// the start position.
    fn begin(&mut self, shard: u32, from: Position) -> u64;

    /// GetRecords from row `from`, judged now by the read limits that all polling readers of the shard share.
    fn get_records(&mut self, shard: u32, from: u64, most: Most) -> Result<Batch, Refused>;

    /// SubscribeToShard: takes what has been pushed from row `from` on, or says when the next push arrives.
    fn pushed(&mut self, shard: u32, from: u64, most: Most) -> Pushed;

    /// SubscribeToShard for code at rest that takes no time: rows from `from` on that arrive before `until`, which is
    /// not later than `known_until()`, are received and processed the moment they arrive, each by itself. The same as
    /// `pushed` and `deliver` row by row, but for the work it makes; it may stop anywhere.
    fn flow(&mut self, shard: u32, from: u64, until: u64) -> Flow;

    /// A subscription of a shard was made: counted as a call.
    fn subscribed(&mut self, shard: u32);

    /// Records of users in rows `[from, to)`.
    fn records(&mut self, shard: u32, from: u64, to: u64) -> u64;

    /// A mark of each partition key of rows `[from, to)`, appended: the same for the same key, spread evenly over all
    /// its values in every shard; only where the configuration asks the log to keep them.
    fn key_marks(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<u16>);

    /// Bytes of partition keys in each row's size; where producers' keys differ in length, of the shortest.
    fn key_bytes(&self) -> u32;

    /// Sizes of rows `[from, to)` in bytes, keys included where they count, appended.
    fn sizes(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<u32>);

    /// When a row was stored.
    fn stored_at(&mut self, shard: u32, row: u64) -> u64;

    /// The first row from `from` on that was stored at `time` or later, or the end of what is stored by now.
    fn row_since(&mut self, shard: u32, from: u64, time: u64) -> u64;

    /// Rows `[from, to)` were received at `received` and have been worked on in order. Rows that were delivered before count as
    /// delivered again; the others leave the application's hands for good.
    fn deliver(&mut self, shard: u32, from: u64, to: u64, received: u64, done: Done);

    /// Rows `[from, to)` will never be delivered, for this reason; those that were are left out.
    fn drop_rows(&mut self, shard: u32, from: u64, to: u64, fate: Fate);

    /// For clients that work on the rows of a shard out of order: rows before `to` are in its hands from now on, and
    /// each leaves them by `deliver_some` or `drop_some`.
    fn take(&mut self, shard: u32, to: u64);

    /// Rows in its hands were handed to the user's code now, after this many times before: counted as read and, from
    /// the second time on, as delivered again.
    fn hand_over(&mut self, shard: u32, rows: &[Held], again: bool);

    /// Rows in its hands were processed successfully, all at `done`.
    fn deliver_some(&mut self, shard: u32, rows: &[Held], done: u64);

    /// Rows in its hands will never be processed successfully.
    fn drop_some(&mut self, shard: u32, rows: &[Held], fate: Fate);

    /// When rows `[from, to)` were stored, appended.
    fn stored(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<u64>);

    /// Births of the records in rows `[from, to)`, appended.
    fn births(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<u64>);

    /// For clients that do not hold rows: so many of the records they took leave their hands, processed successfully
    /// (`None`) or not.
    fn part_with(&mut self, records: u64, bytes: u64, fate: Option<Fate>);

    /// Times of one hop of records, one each: with `Hop::Propagation` they count as received.
    fn count_hops(&mut self, hop: Hop, ns: &[u64]);

    /// The same rows in groups of neighbours, where the stream does not know them one by one: for clients that do not
    /// hold rows.
    fn groups(&mut self) -> Option<&mut dyn Groups> {
        None
    }

    /// Nothing before this row will be asked for again: the log may forget it.
    fn keep_from(&mut self, shard: u32, row: u64);

    /// A closed shard is read and worked on to its end.
    fn finish(&mut self, shard: u32);
}

/// A stream that knows its rows in groups of neighbours.
pub trait Groups {
    /// Rows `[from, to)`, appended.
    fn append(&mut self, shard: u32, from: u64, to: u64, out: &mut Vec<Neighbours>);

    /// Rows `[from, to)` are in the client's hands from now on, and count as received.
    fn receive(&mut self, shard: u32, from: u64, to: u64);

    /// Times of one hop of so many records, evenly from the least to the most.
    fn count_evenly(&mut self, hop: Hop, span: (u64, u64), records: u64);
}

/// Rows one behind the other: what they hold lies evenly between its first and its last moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbours {
    /// Rows.
    pub rows: u64,
    /// Records of users in them.
    pub records: u64,
    /// Bytes of the rows.
    pub bytes: u64,
    /// What the records' data is as a number of Firehose's billed steps, each record rounded up, × 2^20.
    pub steps: u64,
    /// First and last birth.
    pub born: (u64, u64),
    /// First and last moment of storage.
    pub stored: (u64, u64),
}

/// Where an application's first look at a shard begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// TRIM_HORIZON: the oldest record kept.
    TrimHorizon,
    /// LATEST: only what is stored from now on.
    Latest,
    /// AT_TIMESTAMP: stored at this moment or later.
    AtTimestamp(u64),
    /// AT_SEQUENCE_NUMBER: this row of each shard (AFTER_SEQUENCE_NUMBER: the row before it).
    AtRow(u64),
}

/// What one answer may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
}

/// An answer with rows, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The first row; later than asked for when retention passed those before it.
    pub from: u64,
    /// The row after the last.
    pub to: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// MillisBehindLatest in ns: 0 at the tip.
    pub behind: u64,
    /// The shard is closed and this is its end.
    pub ends: bool,
}

/// A refused GetRecords call (ProvisionedThroughputExceededException).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// What a subscription holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// Rows that have arrived by now.
    Rows(Batch),
    /// Nothing yet; the next rows arrive at this moment, or nothing is known before it.
    Nothing(u64),
    /// The shard is closed and read to its end.
    Ended,
}

/// What flowed through code that takes no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The row after the last; the first one asked for when none flowed.
    pub to: u64,
    /// Records of users in them.
    pub records: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// When the last one arrived.
    pub last: u64,
    /// When to look again.
    pub next: u64,
}

/// When each of some rows was done with.
#[derive(Clone, Copy, Debug)]
pub enum Done<'a> {
    /// All at one moment.
    At(u64),
    /// Row by row.
    Rows(&'a [u64]),
    /// Record by record: a row holds as many as `Stream::records` says.
    Records(&'a [u64]),
}

/// A part of a record's way that a consumer measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// Stored to received.
    Propagation,
    /// Received to processed.
    Processing,
    /// Born to processed.
    EndToEnd,
}

/// Why a stored record is never processed by an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// The client went on after a failure.
    Skipped,
    /// A filter took it out.
    Filtered,
    /// Sent to the failure destination.
    ToFailureDestination,
    /// Given up, and nobody is told.
    Discarded,
    /// Retention passed it in the application's hands.
    Lost,
}

/// A row in the hands of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub row: u64,
    /// When it was received.
    pub received: u64,
}
