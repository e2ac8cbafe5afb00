//! theory

pub mod sizing;
