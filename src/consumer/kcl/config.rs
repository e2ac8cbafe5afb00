//! What a scenario says about a KCL application.

use crate::units::{Bytes, Dur, Percent};

/// A KCL application as written. How often it polls and how much it asks for stand in its `ReadConfig`: the interval
/// is the idle time, the limit `maxRecords`.
#[derive(Clone, Debug)]
pub struct KclConfig {
    /// The line whose behaviour it has.
    pub version: Version,
    /// Worker processes at the start.
    pub workers: u32,
    /// Cores of a worker, shared by its leases; `None`: as many as it takes.
    pub cores: Option<u32>,
    /// Reading ahead while a batch is processed; `None`: only 1.x can do without.
    pub prefetch: Option<Prefetch>,
    /// When a processor checkpoints.
    pub checkpoint: Checkpoint,
    /// A lease that is not renewed for so long has lost its owner.
    pub failover_time: Dur,
    /// Leases a worker holds at most.
    pub max_leases_for_worker: Option<u32>,
    /// Leases taken from a live worker in one round (1.x, 2.x).
    pub max_leases_to_steal: u32,
    /// Distance from the mean load that starts a move (3.x).
    pub rebalance_threshold: Percent,
    /// Share of the gap that is moved (3.x).
    pub dampening: Percent,
    /// What is in the lease table when the application starts.
    pub lease_table: LeaseTable,
    /// How the leader assigns leases (3.x).
    pub assignment: Assignment,
    /// Does a worker that takes another's place come under its id?
    pub keeps_worker_ids: bool,
}

/// Lines of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.15.
    V1,
    /// 2.5.
    V2,
    /// 3.5.
    V3,
}

impl Version {
    /// The scenario's word.
    pub fn word(self) -> &'static str {
        match self {
            Version::V1 => "v1",
            Version::V2 => "v2",
            Version::V3 => "v3",
        }
    }
}

/// Answers that wait to be processed: reading goes on while all three are below, or nothing waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefetch {
    /// Answers, the one being processed among them.
    pub inputs: u32,
    /// Kinesis records in them.
    pub records: u64,
    /// Their bytes.
    pub bytes: Bytes,
}

/// When a processor writes how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoint {
    /// After each batch.
    EveryBatch,
    /// After a batch, when the last one is so long ago.
    Every(Dur),
    /// Only where the shard ends, as the library asks for.
    AtShardEnd,
}

/// The lease table when the application starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseTable {
    /// The application has run before: its leases are spread evenly, and reading begins at once.
    Balanced,
    /// It has never run: one worker writes the leases, then they are taken.
    Empty,
}

/// How the leader of 3.x assigns leases (LeaseAssignmentStrategy).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// By workers' load and shards' throughput.
    ByLoad,
    /// By the number of leases (from 3.4.3 on).
    ByCount,
}
