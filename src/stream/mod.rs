//! The stream: routing, shards, log, readers.

pub mod config;
pub mod log;
pub mod resharding;
pub mod routing;
