//! Flink's Kinesis sink and sources: defaults and constants of their code. What the managed service adds is in
//! `managed_flink`.

use super::Value;
use super::Value::{Bytes as Size, Count, Dur as Span, Percent as Share, Word};
use super::fact::facts;
use crate::units::{Bytes, Dur, Percent};

facts! {
    SINK_BATCH: "flink_sink.max_batch", Count(500, "records"), FLINKAWS, SourceCode,
        "Records of one call of the sink (maxBatchSize); PutRecords takes no more.";
    SINK_IN_FLIGHT: "flink_sink.max_in_flight", Count(50, "calls"), FLINKAWS, SourceCode,
        "Calls under way of one writer (maxInFlightRequests).";
    SINK_BUFFERED: "flink_sink.max_buffered", Count(10_000, "records"), FLINKAWS, SourceCode,
        "Records one writer buffers (maxBufferedRequests); more than a batch.";
    SINK_BATCH_BYTES: "flink_sink.max_batch_bytes", Size(Bytes::from_mib(5)), FLINKAWS, SourceCode,
        "Data bytes of one call (maxBatchSizeInBytes), without keys.";
    SINK_TIME: "flink_sink.max_time_in_buffer", Span(Dur::from_s(5)), FLINKAWS, SourceCode,
        "The buffer is sent when its first record has waited so long (maxTimeInBufferMS).";
    SINK_RECORD: "flink_sink.max_record", Size(Bytes::from_mib(1)), FLINKAWS, SourceCode,
        "Largest data of one record (maxRecordSizeInBytes); a larger one stops the job.";
    SINK_INCREASE: "flink_sink.increase", Count(10, "records"), FLINKAWS, SourceCode,
        "A call without failure lets so many more records be under way.";
    SINK_DECREASE: "flink_sink.decrease", Share(Percent(990_000_000)), FLINKAWS, SourceCode,
        "A call with a failure leaves this share of the records that may be under way.";
    SOURCE: "flink.source", Word("new"), FLINKAWS, SourceCode,
        "The source of new jobs: KinesisStreamsSource (`new`); FlinkKinesisConsumer (`legacy`) is deprecated.";
    DISCOVERY: "flink.discovery", Span(Dur::from_s(10)), FLINKAWS, SourceCode,
        "Between looks for new shards, both sources (source.shard.discovery.interval).";
    GET_RECORDS_INTERVAL: "flink.get_records_interval", Span(Dur::ZERO), FLINKAWS, SourceCode,
        "Pause of a fetcher after an answer with records (source.shard.get-records.interval): none.";
    IDLE_INTERVAL: "flink.idle_source_interval", Span(Dur::from_ms(250)), FLINKAWS, SourceCode,
        "Pause of a fetcher after an empty answer (source.shard.get-records.idle-source-interval), whichever shard comes next.";
    ELEMENT_QUEUE: "flink.element_queue", Count(2, "batches"), FLINK, SourceCode,
        "Batches that wait between a subtask's fetcher and its slot (source.reader.element.queue.capacity).";
    RETRY_BASE: "flink.retry_base", Span(Dur::from_ms(300)), FLINKAWS, SourceCode,
        "First wait after a refused call, both sources.";
    RETRY_CAP: "flink.retry_cap", Span(Dur::from_s(1)), FLINKAWS, SourceCode,
        "Longest wait after a refused call, both sources.";
    RETRY_ATTEMPTS: "flink.retry_attempts", Count(50, "calls"), FLINKAWS, SourceCode,
        "Calls in a row the new source makes before the job fails.";
    LEGACY_INTERVAL: "flink.legacy_interval", Span(Dur::from_ms(200)), FLINKAWS, SourceCode,
        "Start to start of calls of the legacy source on one shard (SHARD_GETRECORDS_INTERVAL_MILLIS).";
    LEGACY_RETRIES: "flink.legacy_retries", Count(3, "retries"), FLINKAWS, SourceCode,
        "Retries of the legacy source (SHARD_GETRECORDS_RETRIES); when the last is refused too, the job fails.";
    LEGACY_FACTOR: "flink.legacy_backoff_factor", Share(Percent(1_500_000_000)), FLINKAWS, SourceCode,
        "Each wait of the legacy source is drawn from a span longer by this factor.";
    ADAPTIVE_READS: "flink.adaptive_reads", Word("false"), FLINKAWS, SourceCode,
        "SHARD_USE_ADAPTIVE_READS of the legacy source: off.";
    MIN_PAUSE: "flink.checkpoint_min_pause", Span(Dur::from_s(5)), MSF, Documented,
        "From the end of a checkpoint to the next one, at least.";
    CHECKPOINT_TAKES: "flink.checkpoint_takes", Value::Constant(Dur::from_s(1)), MODEL, Assumed,
        "How long a checkpoint takes: it depends on the size of the state, which is not modelled.";
    SINK_GUARANTEE: "flink.sink", Word("at_least_once"), MODEL, Assumed,
        "What the job's sink promises: most sinks write at once, and again after a restart.";
    WATERMARK_SAMPLE: "flink.watermark_sample", Span(Dur::from_s(1)), MODEL, Assumed,
        "How often the watermark's delay is noted.";
    WATERMARK_IDLE: "flink.watermark_idle", Word("holds"), FLINKAWS, SourceCode,
        "A subtask without a shard, or a shard without records, holds the watermark unless withIdleness is set; the legacy source leaves subtasks without shards out by itself.";
    DOWNTIME_MIN: "flink.downtime_min", Span(Dur::from_ms(100)), MODEL, Assumed,
        "A restart takes at least so long.";
    TASK_MANAGERS: "flink.task_managers", Count(1, "task managers"), MODEL, Assumed,
        "Task managers of a job on machines of its own, when the scenario does not say.";
    TASK_MANAGER_SLOTS: "flink.slots", Count(1, "slots"), FLINK, SourceCode,
        "Slots of a task manager (taskmanager.numberOfTaskSlots).";
    CHECKPOINT: "flink.checkpoint_every", Span(Dur::from_min(1)), MSF, Documented,
        "Between checkpoints of a job on Managed Service for Apache Flink, by default.";
}
