//! Runs, replications, curves; the only threads.

pub mod outcome;
