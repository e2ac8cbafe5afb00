//! Findings: ledger, hops, CloudWatch series.

pub mod behind;
pub mod clients;
pub mod latency;
mod ledger;
pub mod lost;
pub mod resolution;
pub mod result;
pub mod sink;
