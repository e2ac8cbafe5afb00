//! The lease table: one row per shard with owner, counter and checkpoint, and what each request to it costs.
//!
//! At AWS: a DynamoDB table of the application's own; every change is a conditional write, so of two workers that
//! want a lease one gets it.
//! We model: rows and counters exactly; requests in units (a row is below 1 KB: a write is one unit; reads are
//! eventually consistent: half a unit per 4 KB).
//! We leave out: throttling of the table, writes of the 3.x index when an owner changes, clean-up of old rows.

use crate::api::Position;
use crate::consumer::work::Work;
use crate::facts::kcl as facts;
use crate::measure::clients::TableRequests;
use crate::random::Stream as Random;

/// Where the next owner of a lease begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// At this position of the stream: nothing has been checkpointed.
    At(Position),
    /// At this row.
    Row(u64),
}

/// A lease that its owner is asked to let go of (3.x).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handoff {
    /// Who gets it.
    pub to: u32,
    /// After this the leader may give it away at once.
    pub until: u64,
}

/// A row.
pub struct Lease {
    /// Its shard.
    pub shard: u32,
    /// Who holds it.
    pub owner: Option<u32>,
    /// Goes up at each renewal and change of owner.
    pub counter: u64,
    /// Where to go on.
    pub restart: Restart,
    /// The row where its first owner began.
    pub begun: Option<u64>,
    /// Worked on to the shard's end.
    pub complete: bool,
    /// On its way to another worker.
    pub handoff: Option<Handoff>,
    /// Bytes per second, mean with half the weight on the last renewal interval.
    pub bytes_per_s: u64,
    /// Bytes since the last renewal.
    pub bytes: u64,
    /// When its shard was subscribed to last, by whichever worker.
    pub subscribed: Option<u64>,
    /// Since when its owner is gone.
    pub orphaned: Option<u64>,
    /// Its processors that are still at work, in order of their start.
    pub processors: Vec<u32>,
    /// The user's code on this shard, and the times of its calls.
    pub work: Work,
    /// Call to answer.
    pub latency: Random,
}

/// The table.
#[derive(Default)]
pub struct Leases {
    /// Rows in order of their shards; a shard has one as soon as it is known.
    rows: Vec<Option<Lease>>,
    /// Is there any row?
    pub written: bool,
    /// Requests so far.
    pub requests: TableRequests,
}

impl Leases {
    /// The row of a shard.
    pub fn get(&self, shard: u32) -> Option<&Lease> {
        self.rows.get(shard as usize)?.as_ref()
    }

    /// The row of a shard that has one.
    pub fn at(&mut self, shard: u32) -> &mut Lease {
        self.rows[shard as usize].as_mut().expect("a lease that was written")
    }

    /// Writes a row, if there is none.
    pub fn write(&mut self, lease: Lease) {
        let i = lease.shard as usize;
        if self.rows.len() <= i {
            self.rows.resize_with(i + 1, || None);
        }
        self.requests.creations += 1;
        self.rows[i].get_or_insert(lease);
        self.written = true;
    }

    /// Rows of shards that are not done, in order of the shards.
    pub fn open(&self) -> impl Iterator<Item = &Lease> {
        self.rows.iter().flatten().filter(|l| !l.complete)
    }

    /// How many.
    pub fn open_count(&self) -> u64 {
        self.open().count() as u64
    }

    /// A look at all rows, or at all of an index, at this many bytes each.
    pub fn count_scan(&mut self, rows: u64, each: u64) {
        self.requests.scans += 1;
        self.requests.read_half_units += (rows * each).div_ceil(facts::READ_UNIT.bytes().0).max(1);
    }

    /// Every worker's or the leader's scan of the whole table.
    pub fn scan(&mut self) {
        let rows = self.open_count();
        self.count_scan(rows, facts::LEASE_ROW.bytes().0);
    }

    /// One small row is read.
    pub fn count_look(&mut self) {
        self.requests.looks += 1;
        self.requests.read_half_units += 1;
    }
}

impl Lease {
    /// A row for a shard, with nobody's name.
    pub fn new(shard: u32, restart: Restart, work: Work, latency: Random) -> Lease {
        Lease {
            shard,
            owner: None,
            counter: 0,
            restart,
            begun: None,
            complete: false,
            handoff: None,
            bytes_per_s: 0,
            bytes: 0,
            subscribed: None,
            orphaned: None,
            processors: Vec::new(),
            work,
            latency,
        }
    }

    /// Whose is it as an observer counts?
    pub fn is_of(&self, worker: u32) -> bool {
        self.owner == Some(worker)
    }
}

/// What one observer has seen of the table: when it last saw each counter move.
#[derive(Default)]
pub struct Seen {
    /// By shard: (counter, moment); the moment is `None` for a lease that nobody has ever held.
    rows: Vec<Option<(u64, Option<u64>)>>,
}

impl Seen {
    /// Looks at the table at `now`. New and owned: renewed now. New and nobody's: free at once. Counter moved:
    /// renewed now.
    pub fn look(&mut self, table: &Leases, now: u64) {
        for lease in table.open() {
            let i = lease.shard as usize;
            if self.rows.len() <= i {
                self.rows.resize(i + 1, None);
            }
            let row = &mut self.rows[i];
            match row {
                Some((counter, _)) if *counter == lease.counter => {}
                None if lease.owner.is_none() => *row = Some((lease.counter, None)),
                _ => *row = Some((lease.counter, Some(now))),
            }
        }
    }

    /// When it saw the counter move last; `None` for a lease that was never held.
    pub fn moved(&self, shard: u32) -> Option<u64> {
        self.rows.get(shard as usize).copied().flatten().and_then(|r| r.1)
    }

    /// For longer than `patience` it has seen no sign of the owner.
    pub fn is_expired(&self, shard: u32, patience: u64, now: u64) -> bool {
        self.moved(shard).is_none_or(|at| now - at > patience)
    }

    /// The observer itself wrote the row.
    pub fn wrote(&mut self, lease: &Lease, now: u64) {
        if let Some(row) = self.rows.get_mut(lease.shard as usize) {
            *row = Some((lease.counter, Some(now)));
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.rows.clear();
    }
}
