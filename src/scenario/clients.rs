//! Clients that are programs of their own, as written: Kinesis Agent.

use super::context::Cx;
use super::grammar::{OPTIONAL, choice, default, fact, section};
use super::law::Law;
use super::shapes::Limited;
use crate::facts::{agent, latency, producers};
use crate::producer::config::AgentConfig;
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
