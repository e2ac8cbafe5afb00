//! The stream: routing, shards, log, readers.

pub(crate) mod ahead;
pub mod autoscaler;
mod cold;
pub mod config;
pub mod log;
pub mod on_demand;
mod packed;
pub mod polling;
pub mod resharding;
pub mod routing;
pub mod shard;
