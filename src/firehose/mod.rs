//! Amazon Data Firehose. What comes in: `intake` (direct puts), or `reader` where a Kinesis stream is the source. What waits:
//! `load`, `buffer`. What is done to it: `opening`, `transform`, `partitions`. How it leaves: `outlet` (a buffer with one
//! delivery under way), `outside` with `delivery`, `copies`, `errors`; `backup` besides. `pipeline` puts these together.

mod backup;
pub mod buffer;
pub mod config;
mod copies;
pub mod delivery;
pub mod errors;
pub mod intake;
pub mod load;
mod opening;
mod outlet;
mod outside;
pub mod partitions;
pub mod pipeline;
pub mod reader;
mod shares;
mod tally;
mod transform;
