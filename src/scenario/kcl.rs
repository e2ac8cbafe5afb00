//! A Kinesis Client Library application as written: its own settings by their own names.

use super::context::{Cx, Defaulted, cite, fact_text};
use super::diag::Span;
use super::grammar::{At, OPTIONAL, choice, default, fact, section};
use super::shapes::Limited;
use crate::consumer::config::ReadConfig;
use crate::consumer::kcl::config::{Assignment, Checkpoint, KclConfig, LeaseTable, Prefetch, Version};
use crate::facts::kcl as facts;
use crate::facts::{Fact, data_streams};
use crate::units::{Bytes, Dur, Percent};

section! {
    /// The Kinesis Client Library: worker processes share the shards by leases in a DynamoDB table.
    KclSpec {
        /// The line whose behaviour is modelled.
        version: VersionSpec = fact(&facts::VERSION),
        /// Worker processes at the start.
        workers: u32 = fact(&facts::WORKERS).positive().max("1000"),
        /// Cores of a worker, shared by its leases: a batch takes the next free one and runs to its end. 3.x balances
        /// by the share of them that works; where they are unlimited, by the bytes that are read.
        cores: Limited<u32> = default("unlimited").positive().max("1000"),
        /// idleTimeBetweenReadsInMillis: how long a polling processor rests after an answer. By version: 1 s in 1.x,
        /// in effect 1.5 s since.
        idle_time: Option<At<Dur>> = OPTIONAL,
        /// maxRecords: what one GetRecords call asks for.
        max_records: u32 = fact(&facts::MAX_RECORDS).positive().max_fact(&data_streams::GET_RECORDS_MAX_RECORDS),
        /// Reading ahead while a batch is processed. By version: off in 1.x, always on since.
        prefetch: Option<At<PrefetchSpec>> = OPTIONAL,
        /// When a processor checkpoints: after a batch, when the last checkpoint is this long ago; or after each
        /// batch; or never before the shard's end. What was processed since is processed again after a crash.
        checkpoint: CheckpointSpec = fact(&facts::CHECKPOINT),
        /// failoverTimeMillis: a lease whose counter has stood still for longer has lost its owner. Renewing, taking
        /// and assigning leases follow from it.
        failover_time: Dur = fact(&facts::FAILOVER).min("1 s").max("1 h"),
        /// maxLeasesForWorker: leases a worker holds at most.
        max_leases_for_worker: Limited<u32> = default("unlimited").positive(),
        /// maxLeasesToStealAtOneTime of 1.x and 2.x: leases a worker takes from a live one in one round.
        max_leases_to_steal: u32 = fact(&facts::TO_STEAL).positive(),
        /// reBalanceThresholdPercentage of 3.x: how far from the mean load, as a share of it, a worker must be for
        /// leases to move.
        rebalance_threshold: Percent = fact(&facts::BALANCE_THRESHOLD).max("100 %"),
        /// dampeningPercentage of 3.x: the share of the gap to the mean that is moved at a time.
        dampening: Percent = fact(&facts::DAMPENING).positive().max("100 %"),
        /// LeaseAssignmentStrategy of 3.x: what the leader goes by when it assigns leases.
        assignment: AssignmentSpec = default("by_load"),
        /// Under which id a worker comes that takes another's place after a crash, a deploy or an outage.
        worker_ids: WorkerIdsSpec = default("new"),
        /// What the application finds in its lease table when it starts.
        lease_table: LeaseTableSpec = default("balanced"),
    }
}

choice! {
    /// Lines of the library.
    VersionSpec {
        /// 1.x: polling only, one call after the other's batch; every worker takes leases for itself.
        v1: V1,
        /// 2.x: enhanced fan-out or polling, reading ahead; every worker takes leases for itself.
        v2: V2,
        /// 3.x: reads as 2.x; a leader assigns leases by load, and leases are handed over in good order.
        v3: V3,
    }
}

choice! {
    /// Reading ahead.
    PrefetchSpec {
        /// None: a call, its batch, the next call. Only 1.x can.
        off: Off,
        /// While answers, records and bytes that wait are below these, or none waits.
        up_to: UpTo(UpToSpec),
    }
}

section! {
    /// Limits of reading ahead.
    UpToSpec {
        /// Answers, the one being processed among them (maxPendingProcessRecordsInput).
        inputs: u32 = fact(&facts::PREFETCH_INPUTS).positive().max("1000"),
        /// Kinesis records in them (maxRecordsCount).
        records: u64 = fact(&facts::PREFETCH_RECORDS).positive(),
        /// Their bytes (maxByteSize).
        bytes: Bytes = fact(&facts::PREFETCH_BYTES).positive(),
    }
}

choice! {
    /// When a processor checkpoints.
    CheckpointSpec {
        /// After each batch.
        every_batch: EveryBatch,
        /// Only at a shard's end, where the library asks for it.
        at_shard_end: AtShardEnd,
    }
    bare Every(Dur);
}

choice! {
    /// What the leader of 3.x goes by.
    AssignmentSpec {
        /// Workers' load and shards' throughput (WORKER_UTILIZATION_AWARE).
        by_load: ByLoad,
        /// The number of leases alone (LEASE_COUNT_BASED, from 3.4.3 on).
        by_count: ByCount,
    }
}

choice! {
    /// Ids of workers that take another's place.
    WorkerIdsSpec {
        /// A new one, as the library gives by default: its leases must first expire.
        new: New,
        /// The same, as an application may set: it takes up the leases under its id at once.
        kept: Kept,
    }
}

choice! {
    /// The lease table at the start.
    LeaseTableSpec {
        /// The application has run before: leases are spread evenly, and reading begins at once.
        balanced: Balanced,
        /// There is none: a worker writes the leases after 1 to 30 s, and they are taken.
        empty: Empty,
    }
}

impl KclSpec {
    /// Keys of `read: { polling: … }` that a plain loop has, and what this client has instead.
    pub const NOT_ITS_OWN: &'static [(&'static str, &'static str)] = &[
        ("interval", "`client.kcl.idle_time` is the KCL's pace"),
        ("jitter", "the KCL has none"),
        ("phase", "the phases of its processors follow from their starts"),
        ("limit", "`client.kcl.max_records` is what it asks for"),
        ("throttled_poll", "the KCL waits for its idle time"),
    ];

    fn version(&self) -> Version {
        match self.version {
            VersionSpec::V1 => Version::V1,
            VersionSpec::V2 => Version::V2,
            VersionSpec::V3 => Version::V3,
        }
    }

    /// How it reads when the scenario does not say.
    pub fn retrieval(&self) -> &'static Fact {
        match self.version {
            VersionSpec::V1 => &facts::RETRIEVAL_V1,
            _ => &facts::RETRIEVAL,
        }
    }

    /// The settings, resolved; the pace of its calls goes into `read`.
    pub fn resolve(&self, read: &mut ReadConfig, cx: &mut Cx) -> Option<KclConfig> {
        cx.enter("kcl");
        let config = self.config(read, cx);
        cx.leave();
        config
    }

    fn config(&self, read: &mut ReadConfig, cx: &mut Cx) -> Option<KclConfig> {
        let version = self.version();
        match read {
            ReadConfig::Polling(polling) => {
                polling.interval = self.idle(cx)?;
                polling.limit = self.max_records;
            }
            ReadConfig::FanOut(_) if version == Version::V1 => {
                let message = format!("`{}` of version `v1` cannot read by enhanced fan-out", cx.here());
                let help = format!("source: {}", cite(&facts::RETRIEVAL_V1));
                cx.say_with("not-together", self.place, message, "1.x only polls", Some(help));
                return None;
            }
            ReadConfig::FanOut(_) => {}
        }
        Some(KclConfig {
            version,
            workers: self.workers,
            cores: self.cores.0,
            prefetch: self.prefetch(cx)?,
            checkpoint: match self.checkpoint {
                CheckpointSpec::EveryBatch => Checkpoint::EveryBatch,
                CheckpointSpec::Every(span) => Checkpoint::Every(span),
                CheckpointSpec::AtShardEnd => Checkpoint::AtShardEnd,
            },
            failover_time: self.failover_time,
            max_leases_for_worker: self.max_leases_for_worker.0,
            max_leases_to_steal: self.max_leases_to_steal,
            rebalance_threshold: self.rebalance_threshold,
            dampening: self.dampening,
            assignment: match self.assignment {
                AssignmentSpec::ByLoad => Assignment::ByLoad,
                AssignmentSpec::ByCount => Assignment::ByCount,
            },
            keeps_worker_ids: matches!(self.worker_ids, WorkerIdsSpec::Kept),
            lease_table: match self.lease_table {
                LeaseTableSpec::Balanced => LeaseTable::Balanced,
                LeaseTableSpec::Empty => LeaseTable::Empty,
            },
        })
    }

    fn idle(&self, cx: &mut Cx) -> Option<Dur> {
        let own = if self.version() == Version::V1 { &facts::IDLE_V1 } else { &facts::IDLE };
        let Some(idle) = &self.idle_time else {
            by_version("idle_time", fact_text(own), own, cx);
            return Some(own.dur());
        };
        let least = if self.version() == Version::V3 { facts::IDLE_MIN.dur() } else { Dur::from_ms(1) };
        if idle.value >= least {
            return Some(idle.value);
        }
        let help = (self.version() == Version::V3).then(|| format!("source: {}", cite(&facts::IDLE_MIN)));
        out_of_range("idle_time", idle.at, &format!("must be at least {least}"), help, cx);
        None
    }

    fn prefetch(&self, cx: &mut Cx) -> Option<Option<Prefetch>> {
        let ahead = |inputs: &Fact| Prefetch {
            inputs: inputs.count_u32(),
            records: facts::PREFETCH_RECORDS.count(),
            bytes: facts::PREFETCH_BYTES.bytes(),
        };
        let own =
            if self.version() == Version::V3 { &facts::PREFETCH_INPUTS } else { &facts::PREFETCH_INPUTS_V2 };
        match (&self.prefetch, self.version()) {
            (None, Version::V1) => {
                by_version("prefetch", "off".into(), own, cx);
                Some(None)
            }
            (None, _) => {
                by_version("prefetch.up_to.inputs", fact_text(own), own, cx);
                Some(Some(ahead(own)))
            }
            (Some(At { value: PrefetchSpec::Off, .. }), Version::V1) => Some(None),
            (Some(At { value: PrefetchSpec::Off, at }), _) => {
                let help = format!("source: {}", cite(own));
                out_of_range("prefetch", *at, "only 1.x can do without reading ahead", Some(help), cx);
                None
            }
            (Some(At { value: PrefetchSpec::UpTo(s), .. }), _) => {
                Some(Some(Prefetch { inputs: s.inputs, records: s.records, bytes: s.bytes }))
            }
        }
    }
}

/// A key that was not written is what its version has.
fn by_version(key: &str, value: String, fact: &'static Fact, cx: &mut Cx) {
    let key = format!("{}.{key}", cx.here());
    cx.defaults.push(Defaulted { key, value, fact: Some(fact.key) });
}

fn out_of_range(key: &str, at: Span, expected: &str, help: Option<String>, cx: &mut Cx) {
    let message = format!("`{}.{key}` is out of range", cx.here());
    cx.say_with("out-of-range", at, message, expected, help);
}
