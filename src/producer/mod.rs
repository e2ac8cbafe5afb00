//! Producers: demand and clients.

pub mod config;
