//! Producers: demand and clients.

pub mod adaptive;
pub mod agent;
pub mod arrivals;
pub mod calls;
pub mod client;
pub mod config;
pub mod curve;
pub mod demand;
pub mod flink_sink;
pub mod keys;
pub mod kpl;
mod lanes_md5;
pub mod line;
#[cfg(test)]
mod play;
pub mod retry;
pub mod sdk;
pub mod sizes;
mod tail;
pub mod trace;
