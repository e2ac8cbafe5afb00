//! The world: owns the sides, routes messages, runs the checks; decides nothing.

pub mod config;
