//! Amazon Kinesis Agent: defaults and constants of its code.

use super::Value::{Bytes as Size, Count, Dur as Span, Percent as Share, Word};
use super::fact::facts;
use crate::units::{Bytes, Dur, Percent};

facts! {
    BUFFER_AGE: "agent.max_buffer_age", Span(Dur::from_min(1)), AGENT, SourceCode,
        "A buffer of the agent that is older than this is handed on (maxBufferAgeMillis).";
    BUFFER_AGE_MIN: "agent.max_buffer_age_min", Span(Dur::from_s(1)), AGENT, SourceCode,
        "Least maxBufferAgeMillis.";
    BUFFER_AGE_MAX: "agent.max_buffer_age_max", Span(Dur::from_min(15)), AGENT, SourceCode,
        "Largest maxBufferAgeMillis.";
    BUFFER_RECORDS: "agent.max_buffer_records", Count(500, "records"), AGENT, SourceCode,
        "Records of one buffer, and so of one PutRecords call (maxBufferSizeRecords): default and maximum.";
    BUFFER_BYTES: "agent.max_buffer_bytes", Size(Bytes::from_mib(5)), AGENT, SourceCode,
        "Bytes of one buffer (maxBufferSizeBytes), default and maximum; the guide says 4 MiB.";
    PUBLISH_QUEUE: "agent.publish_queue", Count(100, "buffers"), AGENT, SourceCode,
        "Buffers that wait to be published (publishQueueCapacity); when it is full the file is not read on.";
    SENDING_THREADS: "agent.sending_threads", Count(24, "threads"), AGENT, Assumed,
        "Threads that send (maxSendingThreads): 12 for each core, at least 2; a host of two cores is assumed.";
    SENDING_QUEUE: "agent.sending_queue", Count(100, "buffers"), AGENT, SourceCode,
        "Buffers that wait for a sending thread (sendingThreadsMaxQueueSize).";
    INITIAL_BACKOFF: "agent.initial_backoff", Span(Dur::from_ms(100)), AGENT, SourceCode,
        "First wait of the publishing thread after a failure (retryInitialBackoffMillis); it doubles.";
    MAX_BACKOFF: "agent.max_backoff", Span(Dur::from_s(10)), AGENT, SourceCode,
        "Longest wait, before the random part (retryMaxBackoffMillis).";
    BACKOFF_JITTER: "agent.backoff_jitter", Share(Percent(300_000_000)), AGENT, SourceCode,
        "A wait is this much shorter to this much longer, by chance.";
    BACKOFF_STEP: "agent.backoff_step", Span(Dur::from_ms(250)), AGENT, SourceCode,
        "A wait is slept in steps of this length; a success ends it after the step under way.";
    BACKOFF_RECOVERY: "agent.backoff_recovery", Count(10, "times"), AGENT, SourceCode,
        "A success divides the number of failures by this; below one it is none.";
    POLL: "agent.poll_every", Span(Dur::from_ms(100)), AGENT, SourceCode,
        "Between looks at the file when there was nothing to read (minTimeBetweenFilePollsMillis).";
    HEARTBEAT: "agent.heartbeat", Span(Dur::from_s(1)), AGENT, SourceCode,
        "How often the age of the buffer is looked at.";
    RECORD_MAX: "agent.record_max", Size(Bytes::from_mib(1)), AGENT, SourceCode,
        "Longest record, partition key included; a longer line is cut and ends with the terminator (the guide says 1,000 KB).";
    INITIAL_POSITION: "agent.initial_position", Word("end_of_file"), AGENT, SourceCode,
        "Where reading begins without a checkpoint (initialPosition).";
    ROTATION_MIN: "agent.rotation_min", Span(Dur::from_s(1)), AGENTG, Documented,
        "Files rotated more often than about once a second are not followed safely.";
}
