//! Latency distributions a scenario can name.

#![allow(missing_docs, reason = "a variant's comment covers its fields")]

use crate::units::Dur;

/// A latency distribution. Values are drawn through an integer quantile table.
#[derive(Clone, Debug, PartialEq)]
pub enum LatencyLaw {
    /// Always the same.
    Constant(Dur),
    /// Uniform.
    Uniform {
        /// Shortest.
        min: Dur,
        /// Longest.
        max: Dur,
    },
    /// Exponential with this mean.
    Exponential {
        /// Mean.
        mean: Dur,
    },
    /// Log-normal with this mean and coefficient of variation (thousandths).
    LogNormal {
        /// Mean.
        mean: Dur,
        /// Standard deviation over mean, in thousandths.
        cv_milli: u32,
    },
    /// Linear between quantiles: (parts per million, value), from 0 to 1,000,000.
    Quantiles(Vec<(u32, Dur)>),
}
