//! kinesim: a deterministic simulator and capacity planner for Amazon Kinesis.
#![deny(unsafe_code)]
#![warn(missing_docs)]

// Ground: true of any simulator.
pub mod mechanism;
pub mod random;
pub mod theory;
pub mod units;
// Facts: what Amazon says, and where.
pub mod facts;
// Engine: time and order, nothing else.
pub mod engine;
// Findings' shapes: counters, results, ledger.
pub mod measure;
// World: the journey of a record, folder by folder.
pub mod consumer;
pub mod producer;
pub mod record;
pub mod stream;
pub mod world;
// Money, and runs of many worlds.
pub mod cost;
pub mod experiment;
// Edges: where the outside is allowed in.
pub mod cli;
pub mod report;
pub mod scenario;
