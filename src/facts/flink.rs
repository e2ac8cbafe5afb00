//! Flink's Kinesis sink: defaults and constants of its code.

use super::Value::{Bytes as Size, Count, Dur as Span, Percent as Share};
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
    CHECKPOINT: "flink.checkpoint_every", Span(Dur::from_min(1)), MSF, Documented,
        "Between checkpoints of a job on Managed Service for Apache Flink, by default.";
}
