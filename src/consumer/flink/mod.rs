//! A Flink job that reads the stream: Apache Flink's Kinesis source, managed or on machines of one's own.
//!
//! At Flink: a source has as many subtasks as the job's parallelism; shards are shared among them, and each works on
//! its records in a slot. Progress is kept by checkpoints of the whole job: when one part fails, all of it goes back to
//! the last checkpoint and reads on from there. State then holds each record once; a sink that writes at once writes
//! again what it had written since.
//! We model: both sources (`source`), slots and back-pressure (`slot`), checkpoints and restarts (`job`), the watermark
//! (`watermark`), automatic scaling (`scaling`), the KPUs that are billed (`place`). A restart takes a while, in which
//! nothing is read. A deployment stops the job with a savepoint: nothing is done twice.
//! We leave out: operators behind a shuffle (the whole work on a record is in its slot), sizes of state, unaligned
//! checkpoints, a job that starts again before its first checkpoint (it goes back to where it began; Flink would begin
//! at the tip with LATEST).
//! Sources: Flink and connector source code, Managed Service for Apache Flink developer guide.

pub mod config;
mod job;
mod output;
mod place;
mod scaling;
mod slot;
mod source;
mod split;
mod subtask;
mod watermark;

pub use config::FlinkConfig;
pub use job::Flink;

#[cfg(test)]
mod tests;
