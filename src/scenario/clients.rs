//! Clients that are programs of their own, as written: Kinesis Agent, Flink's sink.

use super::context::Cx;
use super::diag::Span;
use super::grammar::{At, OPTIONAL, choice, default, fact, section};
use super::law::Law;
use super::shapes::Limited;
use crate::facts::{agent, flink, latency, producers};
use crate::producer::config::{AgentConfig, FlinkSinkConfig};
use crate::units::{Bytes, Dur};

section! {
    /// Amazon Kinesis Agent: tails a log file; what is born is a line written to it.
    AgentSpec {
        /// Agents, one a host; they share the demand evenly.
        instances: u32 = fact(&producers::INSTANCES).positive().max("10000"),
        /// A buffer older than this is handed on (maxBufferAgeMillis).
        max_buffer_age: Dur = fact(&agent::BUFFER_AGE).min_fact(&agent::BUFFER_AGE_MIN).max_fact(&agent::BUFFER_AGE_MAX),
        /// Records a buffer holds at most (maxBufferSizeRecords).
        max_buffer_records: u32 = fact(&agent::BUFFER_RECORDS).positive().max_fact(&agent::BUFFER_RECORDS),
        /// Bytes a buffer holds at most (maxBufferSizeBytes).
        max_buffer_bytes: Bytes = fact(&agent::BUFFER_BYTES).positive().max_fact(&agent::BUFFER_BYTES),
        /// Buffers that wait to be published, at most (publishQueueCapacity).
        publish_queue: u32 = fact(&agent::PUBLISH_QUEUE).positive().max("1000000"),
        /// Threads that send, one call each (maxSendingThreads: 12 a core).
        sending_threads: u32 = fact(&agent::SENDING_THREADS).positive().max("10000"),
        /// Buffers that wait for a sending thread, at most (sendingThreadsMaxQueueSize).
        sending_queue: u32 = fact(&agent::SENDING_QUEUE).positive().max("1000000"),
        /// First wait after a failure (retryInitialBackoffMillis).
        initial_backoff: Dur = fact(&agent::INITIAL_BACKOFF).positive().max("1 h"),
        /// Longest wait (retryMaxBackoffMillis).
        max_backoff: Dur = fact(&agent::MAX_BACKOFF).positive().max("1 h"),
        /// Between looks at the file (minTimeBetweenFilePollsMillis).
        poll_every: Dur = fact(&agent::POLL).min("1 ms").max("1 h"),
        /// Where reading begins when a process starts without a checkpoint (initialPosition).
        initial_position: PositionSpec = fact(&agent::INITIAL_POSITION),
        /// How often the file is rotated: renamed, and a new one begun. Never when it is not written.
        rotate_every: Option<Dur> = OPTIONAL.min_fact(&agent::ROTATION_MIN),
        /// Rotated files that the agent's file pattern finds; with 0 it finds the file under its own name only.
        rotated_files: Limited<u32> = default("unlimited"),
        /// Sending to answer.
        put_latency: Law = fact(&latency::PUT),
    }
}

choice! {
    /// Where reading begins.
    PositionSpec {
        /// Behind the last line there is.
        end_of_file: EndOfFile,
        /// At the first line of the newest file.
        start_of_file: StartOfFile,
    }
}

impl AgentSpec {
    /// The agent's settings.
    pub fn resolve(&self, cx: &mut Cx) -> Option<AgentConfig> {
        Some(AgentConfig {
            instances: self.instances,
            max_buffer_age: self.max_buffer_age,
            max_buffer_records: self.max_buffer_records,
            max_buffer_bytes: self.max_buffer_bytes,
            publish_queue: self.publish_queue,
            sending_threads: self.sending_threads,
            sending_queue: self.sending_queue,
            initial_backoff: self.initial_backoff,
            max_backoff: self.max_backoff,
            poll_every: self.poll_every,
            from_end: matches!(self.initial_position, PositionSpec::EndOfFile),
            rotate_every: self.rotate_every,
            rotated_files: self.rotated_files.0,
            put_latency: self.put_latency.resolve(cx)?,
        })
    }
}

section! {
    /// Flink's Kinesis sink (KinesisStreamsSink); records are written to it as they are born.
    FlinkSinkSpec {
        /// Writer subtasks (the sink's parallelism); they share the demand evenly.
        instances: u32 = fact(&producers::INSTANCES).positive().max("10000"),
        /// Records of one call at most (maxBatchSize).
        max_batch: u32 = fact(&flink::SINK_BATCH).positive().max_fact(&flink::SINK_BATCH),
        /// Calls of one writer under way at most (maxInFlightRequests).
        max_in_flight: u32 = fact(&flink::SINK_IN_FLIGHT).positive().max("10000"),
        /// Records one writer buffers at most (maxBufferedRequests); must be more than a batch.
        max_buffered: At<u32> = fact(&flink::SINK_BUFFERED).positive().max("100000000"),
        /// Data bytes of one call at most (maxBatchSizeInBytes); at least the largest record.
        max_batch_bytes: Bytes = fact(&flink::SINK_BATCH_BYTES).min_fact(&flink::SINK_RECORD).max_fact(&producers::PUT_RECORDS_MAX_BYTES),
        /// How long the first record of the buffer waits (maxTimeInBufferMS).
        max_time_in_buffer: Dur = fact(&flink::SINK_TIME).positive(),
        /// Between checkpoints of the job; a restarted one sends again what it sent since the last.
        checkpoint_every: Limited<Dur> = fact(&flink::CHECKPOINT).min("1 s"),
        /// Sending to answer.
        put_latency: Law = fact(&latency::PUT),
    }
    check buffers_more_than_a_batch(max_buffered, max_batch);
}

/// As the sink itself asks.
fn buffers_more_than_a_batch(max_buffered: &At<u32>, max_batch: &u32, _: Span, cx: &mut Cx) {
    if max_buffered.value > *max_batch {
        return;
    }
    let message = format!("`{}.max_buffered` must be more than `max_batch`, {max_batch}", cx.here());
    let help = format!("source: {}", super::context::cite(&flink::SINK_BUFFERED));
    cx.say_with(
        "not-together",
        max_buffered.at,
        message,
        "the buffer must hold more than a batch",
        Some(help),
    );
}

impl FlinkSinkSpec {
    /// The sink's settings.
    pub fn resolve(&self, cx: &mut Cx) -> Option<FlinkSinkConfig> {
        Some(FlinkSinkConfig {
            instances: self.instances,
            max_batch: self.max_batch,
            max_in_flight: self.max_in_flight,
            max_buffered: self.max_buffered.value,
            max_batch_bytes: self.max_batch_bytes,
            max_time_in_buffer: self.max_time_in_buffer,
            checkpoint_every: self.checkpoint_every.0,
            put_latency: self.put_latency.resolve(cx)?,
        })
    }
}
