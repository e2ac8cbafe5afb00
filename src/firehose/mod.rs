//! Amazon Data Firehose: what comes in (`intake`, or `reader` where a Kinesis stream is the source), what waits (`buffer`,
//! `load`), and how it is delivered (`delivery`). `pipeline` puts these together.

pub mod buffer;
pub mod config;
pub mod delivery;
pub mod intake;
pub mod load;
pub mod pipeline;
pub mod reader;
mod tally;
