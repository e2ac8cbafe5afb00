//! Findings: ledger, hops, CloudWatch series.

pub mod latency;
pub mod result;
