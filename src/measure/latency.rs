//! Latency summaries of a hop.

use crate::mechanism::histogram::Histogram;
use serde::Serialize;

/// Percentiles of one hop, in ns; `None` where nothing was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LatencySummary {
    /// Values measured.
    pub count: u64,
    /// Exact sum in ns.
    pub sum_ns: u128,
    /// Median.
    pub p50_ns: Option<u64>,
    /// 90th percentile.
    pub p90_ns: Option<u64>,
    /// 99th percentile.
    pub p99_ns: Option<u64>,
    /// 99.9th percentile.
    pub p999_ns: Option<u64>,
    /// Largest.
    pub max_ns: Option<u64>,
    /// (lower edge ns, upper edge ns, count) of every bucket that is not empty, in order.
    pub buckets: Vec<(u64, u64, u64)>,
}

impl From<&Histogram> for LatencySummary {
    fn from(h: &Histogram) -> LatencySummary {
        LatencySummary {
            count: h.count(),
            sum_ns: h.sum(),
            p50_ns: h.quantile(500_000),
            p90_ns: h.quantile(900_000),
            p99_ns: h.quantile(990_000),
            p999_ns: h.quantile(999_000),
            max_ns: h.max(),
            buckets: h.buckets().collect(),
        }
    }
}

impl LatencySummary {
    /// What a histogram of ns holds.
    pub fn of(h: &Histogram) -> LatencySummary {
        LatencySummary {
            count: h.count(),
            sum_ns: h.sum(),
            p50_ns: h.quantile(500_000),
            p90_ns: h.quantile(900_000),
            p99_ns: h.quantile(990_000),
            p999_ns: h.quantile(999_000),
            max_ns: h.max(),
            buckets: h.buckets().collect(),
        }
    }

    /// Mean in ns.
    pub fn mean_ns(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_ns as f64 / self.count as f64)
    }
}

/// Sizes of objects in bytes; `None` where there was none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SizeSummary {
    /// Objects.
    pub count: u64,
    /// Their bytes, exactly.
    pub sum: u128,
    /// Median.
    pub p50: Option<u64>,
    /// 90th percentile.
    pub p90: Option<u64>,
    /// Largest.
    pub max: Option<u64>,
    /// (lower edge, upper edge, count) of every bucket that is not empty, in order.
    pub buckets: Vec<(u64, u64, u64)>,
}

impl SizeSummary {
    /// What a histogram of bytes holds.
    pub fn of(h: &Histogram) -> SizeSummary {
        SizeSummary {
            count: h.count(),
            sum: h.sum(),
            p50: h.quantile(500_000),
            p90: h.quantile(900_000),
            max: h.max(),
            buckets: h.buckets().collect(),
        }
    }
}
