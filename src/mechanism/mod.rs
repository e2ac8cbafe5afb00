//! Mechanisms every simulator needs: limits, queues in time, histograms, loops made for wide processors.

pub mod calendar;
pub mod chance;
pub mod histogram;
pub mod limit;
pub(crate) mod near;
pub mod ramps;
pub mod search;
pub(crate) mod wide;
