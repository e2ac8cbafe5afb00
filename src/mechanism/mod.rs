//! Mechanisms every simulator needs: limits, queues in time, histograms.

pub mod calendar;
pub mod histogram;
pub mod limit;
