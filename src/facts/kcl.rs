//! The Kinesis Client Library: defaults, intervals and the constants of its lease management.

use super::Value::{Bytes as Size, Count, Dur as Span, Percent as Share, Uniform, Word};
use super::fact::facts;
use crate::units::{Bytes, Dur, Percent};

/// Per cent in parts per billion.
const PERCENT: u64 = Percent::WHOLE / 100;

facts! {
    VERSION: "kcl.version", Word("v3"), KCL, SourceCode,
        "The line whose behaviour is modelled when the scenario does not say: 3.5.1.";
    WORKERS: "kcl.workers", Count(1, "workers"), MODEL, Assumed,
        "Worker processes of an application when the scenario does not say.";
    RETRIEVAL: "kcl.retrieval", Word("enhanced_fan_out"), KCL, SourceCode,
        "How 2.x and 3.x read unless they are told otherwise.";
    RETRIEVAL_V1: "kcl.retrieval_v1", Word("polling"), KCL, SourceCode,
        "How 1.x reads: it knows nothing else.";
    IDLE: "kcl.idle_time", Span(Dur::from_ms(1_500)), KCL, SourceCode,
        "Between an answer to GetRecords and the next call, 2.x and 3.x: documented as 1,000 ms, effective 1,500 ms.";
    IDLE_V1: "kcl.idle_time_v1", Span(Dur::from_s(1)), KCL, SourceCode,
        "idleTimeBetweenReadsInMillis of 1.x: the worker's loop over its shards sleeps so long, and a shard whose answer was empty once more.";
    IDLE_MIN: "kcl.idle_time_min", Span(Dur::from_ms(200)), KCL, SourceCode,
        "Least idle time 3.x accepts.";
    MAX_RECORDS: "kcl.max_records", Count(10_000, "records"), KCL, SourceCode,
        "maxRecords: what one GetRecords call asks for.";
    TASK_BACKOFF: "kcl.task_backoff", Span(Dur::from_ms(500)), KCL, SourceCode,
        "taskBackoffTimeMillis: how long a 1.x task sleeps after an error.";
    DISPATCH: "kcl.dispatch", Span(Dur::from_s(1)), KCL, SourceCode,
        "shardConsumerDispatchPollIntervalMillis: how often a worker of 2.x or 3.x looks whether a lease of its own still lacks a processor.";
    PREFETCH_INPUTS: "kcl.prefetch_inputs", Count(4, "inputs"), KCL, SourceCode,
        "maxPendingProcessRecordsInput from 3.3 on: answers that wait to be processed or are.";
    PREFETCH_INPUTS_V2: "kcl.prefetch_inputs_v2", Count(3, "inputs"), KCL, SourceCode,
        "maxPendingProcessRecordsInput up to 3.2.";
    PREFETCH_RECORDS: "kcl.prefetch_records", Count(30_000, "records"), KCL, SourceCode,
        "maxRecordsCount: Kinesis records that wait, after which reading ahead pauses.";
    PREFETCH_BYTES: "kcl.prefetch_bytes", Size(Bytes::from_mib(8)), KCL, SourceCode,
        "maxByteSize: bytes that wait, after which reading ahead pauses.";
    PUSHED_INPUTS: "kcl.pushed_inputs", Count(11, "events"), KCL, SourceCode,
        "Enhanced fan-out: ten events wait and one is processed; another is asked for when one is done.";
    SUBSCRIPTION_LOOK: "kcl.subscription_look", Span(Dur::from_s(1)), KCL, SourceCode,
        "How often a processor looks whether it still has its subscription, and makes it again if it was refused or ended by another's.";
    SILENCE: "kcl.subscription_silence", Span(Dur::from_s(60)), KCL, SourceCode,
        "MAX_TIME_BETWEEN_REQUEST_RESPONSE: a subscription that has been silent for so long is made again.";
    CHECKPOINT: "kcl.checkpoint_every", Span(Dur::from_min(1)), KCLS, Documented,
        "Between checkpoints, as in AWS's sample application: about once a minute, in processRecords.";
    FAILOVER: "kcl.failover_time", Span(Dur::from_s(10)), KCL, SourceCode,
        "failoverTimeMillis: a lease whose counter has stood still for longer has lost its owner.";
    EPSILON: "kcl.epsilon", Span(Dur::from_ms(25)), KCL, SourceCode,
        "epsilonMillis: leases are renewed every third of the failover time less this, and taken every two failover times and twice this.";
    VERY_OLD: "kcl.very_old_lease", Count(3, "failover times"), KCL, SourceCode,
        "1.x and 2.x: leases that have not been renewed for so long are taken before any other, beyond the worker's share.";
    TO_STEAL: "kcl.max_leases_to_steal", Count(1, "leases"), KCL, SourceCode,
        "maxLeasesToStealAtOneTime: leases a worker of 1.x or 2.x takes from a live one in one round.";
    EMPTY_TABLE_WAIT: "kcl.empty_table_wait", Uniform(Dur::from_s(1), Dur::from_s(30)), KCL, SourceCode,
        "How long a worker that finds no lease at all waits for another one to write them.";
    EMPTY_TABLE_LOOK: "kcl.empty_table_look", Span(Dur::from_s(3)), KCL, SourceCode,
        "How often it looks meanwhile.";
    PARENT_POLL: "kcl.parent_poll", Span(Dur::from_s(10)), KCL, SourceCode,
        "parentShardPollIntervalMillis: how often a child shard's processor looks whether its parents are done.";
    ASSIGN: "kcl.assign_failovers", Count(2, "failover times"), KCL, SourceCode,
        "3.x (from 3.0.3): the leader assigns leases every so many failover times; every worker looks then whether it is the leader.";
    BALANCE_EVERY: "kcl.balance_every", Count(3, "runs"), KCL, SourceCode,
        "3.x: every so many of its runs the leader moves leases from busy workers to idle ones.";
    BALANCE_THRESHOLD: "kcl.rebalance_threshold", Share(Percent(10 * PERCENT)), KCL, SourceCode,
        "reBalanceThresholdPercentage of 3.x: a worker this far from the mean load, as a share of the mean, starts a move.";
    DAMPENING: "kcl.dampening", Share(Percent(60 * PERCENT)), KCL, SourceCode,
        "dampeningPercentage of 3.x: the share of the gap to the mean that is moved (60 % in code; a text of AWS says 80 %).";
    LOAD_REPORT: "kcl.load_report", Span(Dur::from_s(30)), KCL, SourceCode,
        "3.x: how often a worker writes its load; one that is silent for twice this is dead to the leader.";
    LOAD_SILENT: "kcl.load_silent", Count(2, "reports"), KCL, SourceCode,
        "3.x: reports a worker may miss before it gets no more leases. Until then a dead worker counts as an idle one.";
    HANDOFF: "kcl.handoff", Span(Dur::from_s(30)), KCL, SourceCode,
        "gracefulLeaseHandoffTimeoutMillis of 3.x: after this and the failover time the leader may give a lease away although its owner has not let go.";
    LEADER_LEASE: "kcl.leader_lease", Span(Dur::from_s(120)), KCL, SourceCode,
        "3.x: the leader's lock is free so long after its last heartbeat.";
    LEADER_HEARTBEAT: "kcl.leader_heartbeat", Span(Dur::from_s(30)), KCL, SourceCode,
        "3.x: the leader's heartbeat; a worker that was not the leader does not look again before.";
    AUDIT: "kcl.audit", Span(Dur::from_s(120)), KCL, SourceCode,
        "2.x and 3.x: the leader scans the lease table for holes.";
    SHARD_SYNC_SCAN: "kcl.shard_sync_scan", Span(Dur::from_min(5)), KCL, SourceCode,
        "2.x: every worker scans the lease table to know who leads the shard sync.";
    LEASE_ROW: "kcl.lease_row", Size(Bytes(400)), MODEL, Assumed,
        "Bytes of a lease in the lease table: key, owner, counter, checkpoints, parents, hash range. Below 1 KB a write costs one unit whatever it is.";
    LEASE_KEY: "kcl.lease_key", Size(Bytes(100)), MODEL, Assumed,
        "Bytes of a lease in the index of owners.";
    METRICS_SHARD: "kcl.metrics_per_shard", Count(11, "metrics"), KCLM, Documented,
        "CloudWatch metrics of each shard's processor, at the default level of detail.";
    METRICS_WORKER: "kcl.metrics_per_worker", Count(18, "metrics"), KCLM, Documented,
        "CloudWatch metrics of each worker: 6 of renewing and 12 of taking leases. A worker with a new id makes new ones.";
    METRICS_APPLICATION: "kcl.metrics_per_application", Count(20, "metrics"), KCLM, Documented,
        "CloudWatch metrics of an application as a whole, about.";
    METRICS_BUFFER: "kcl.metrics_buffer", Span(Dur::from_s(10)), KCL, SourceCode,
        "How often a worker sends its metrics.";
    METRICS_CALL: "kcl.metrics_per_call", Count(200, "metrics"), KCL, SourceCode,
        "Metrics in one PutMetricData call of 2.x and 3.x.";
    METRICS_CALL_V1: "kcl.metrics_per_call_v1", Count(20, "metrics"), KCL, SourceCode,
        "Metrics in one PutMetricData call of 1.x.";
    READ_UNIT: "dynamodb.read_unit", Size(Bytes(4096)), DDB, Documented,
        "Bytes of a read request unit; an eventually consistent read costs half a one.";
}
