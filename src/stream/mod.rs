//! The stream: routing, shards, log, readers.

pub mod config;
