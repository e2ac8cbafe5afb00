//! Amazon Data Firehose.

pub mod intake;
