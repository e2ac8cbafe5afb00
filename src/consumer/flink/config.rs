//! What a scenario says about a Flink job.

#![allow(missing_docs, reason = "a variant's comment covers its fields")]

use crate::random::LatencyLaw;
use crate::units::{Bytes, Dur, Money, Percent};

/// A job that reads the stream.
#[derive(Clone, Debug)]
pub struct FlinkConfig {
    /// Which source.
    pub source: SourceConfig,
    /// Subtasks of the source, one slot each.
    pub parallelism: u32,
    /// What the sink promises.
    pub sink: SinkGuarantee,
    /// Checkpoints.
    pub checkpoints: CheckpointConfig,
    /// How long the job is away when it is restarted.
    pub downtime: LatencyLaw,
    /// A shard or subtask without records for so long no longer holds the watermark (`withIdleness`).
    pub idleness: Option<Dur>,
    /// Between looks for new shards.
    pub discovery: Dur,
    /// Where it runs.
    pub place: Place,
}

/// Which source, with what is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceConfig {
    /// KinesisStreamsSource: a fetcher in each subtask reads its shards in turn.
    New { interval: Dur, idle_interval: Dur },
    /// FlinkKinesisConsumer: a loop for each shard.
    Legacy { interval: Dur, adaptive_reads: bool },
}

/// What a job's output is worth after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkGuarantee {
    /// Written at once; what was written since the last checkpoint is written again.
    AtLeastOnce,
    /// Visible when a checkpoint completes, once.
    ExactlyOnce,
}

/// When the job's state is kept.
#[derive(Clone, Debug)]
pub struct CheckpointConfig {
    /// Start to start.
    pub every: Dur,
    /// End to start, at least.
    pub min_pause: Dur,
    /// Start to end.
    pub takes: LatencyLaw,
}

/// Where a job runs.
#[derive(Clone, Debug)]
pub enum Place {
    /// Amazon Managed Service for Apache Flink.
    Managed(ManagedConfig),
    /// Task managers on machines of one's own.
    SelfManaged(OwnConfig),
}

/// The managed service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManagedConfig {
    /// Slots of a KPU.
    pub parallelism_per_kpu: u32,
    /// Does it scale by itself?
    pub autoscaling: bool,
    /// KPUs at most.
    pub max_kpus: u32,
    /// Share of a KPU's vCPU that its slots use when all are busy.
    pub cpu: Percent,
    /// KPUs billed beside the application's own.
    pub orchestration_kpus: u32,
    /// Durable backups held.
    pub backups: Bytes,
}

impl ManagedConfig {
    /// KPUs of this parallelism.
    pub fn kpus(&self, parallelism: u32) -> u32 {
        parallelism.div_ceil(self.parallelism_per_kpu.max(1))
    }
}

/// Machines of one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnConfig {
    /// Task managers.
    pub task_managers: u32,
    /// Slots of each.
    pub slots: u32,
    /// Price of one task manager's machine for an hour.
    pub price_per_hour: Money,
}
