//! Delays as weights over the buckets of a histogram: mixed with fractions, rounded at the end.

use crate::measure::latency::LatencySummary;
use crate::mechanism::histogram::Histogram;
use std::collections::BTreeMap;

/// Delays as a window measured them: shares of one by bucket.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// (lower edge, upper edge, share), in order.
    buckets: Vec<(u64, u64, f64)>,
    /// Mean, ns (0: nothing was measured).
    pub mean: f64,
    /// Median, ns.
    pub p50: Option<u64>,
    /// 99th percentile, ns.
    pub p99: Option<u64>,
    /// Batches that this was seen of: what moves together is one observation.
    pub batches: f64,
}

impl Measured {
    /// What `later` measured after `earlier`.
    pub fn between(earlier: &LatencySummary, later: &LatencySummary) -> Measured {
        let count = later.count - earlier.count;
        if count == 0 {
            return Measured::default();
        }
        let mut buckets = Vec::new();
        let mut before = earlier.buckets.iter().peekable();
        for &(low, high, n) in &later.buckets {
            while before.peek().is_some_and(|b| b.0 < low) {
                before.next();
            }
            let n = n - before.peek().filter(|b| b.0 == low).map_or(0, |b| b.2);
            if n > 0 {
                buckets.push((low, high, n as f64 / count as f64));
            }
        }
        let mean = (later.sum_ns - earlier.sum_ns) as f64 / count as f64;
        let mut measured = Measured { buckets, mean, p50: None, p99: None, batches: count as f64 };
        let mut all = Delays::default();
        all.add(&measured, 1.0);
        (measured.p50, measured.p99) = (all.quantile(0.5), all.quantile(0.99));
        measured
    }

    /// The same, seen of so many batches at most.
    pub fn of_batches(mut self, most: f64) -> Measured {
        self.batches = self.batches.min(most);
        self
    }

    /// Was nothing measured?
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }
}

/// Weights by bucket.
#[derive(Clone, Debug, Default)]
pub struct Delays {
    /// Lower edge → (upper edge, weight).
    buckets: BTreeMap<u64, (u64, f64)>,
    /// Their sum.
    pub weight: f64,
    /// Sum of delay × weight, ns.
    sum: f64,
    /// Sum of weight² / batches.
    uncertain: f64,
}

/// A span is spread over so many parts at most.
const PARTS: f64 = 512.0;
/// A normal variable lies within so many deviations with 95 %.
const WITHIN: f64 = 1.959_964;

impl Delays {
    /// Mean in ns (0 when empty).
    pub fn mean(&self) -> f64 {
        if self.weight > 0.0 { self.sum / self.weight } else { 0.0 }
    }

    /// Adds what a window measured, so heavy.
    pub fn add(&mut self, measured: &Measured, weight: f64) {
        if weight <= 0.0 || measured.is_empty() {
            return;
        }
        for (low, high, share) in &measured.buckets {
            self.buckets.entry(*low).or_insert((*high, 0.0)).1 += share * weight;
        }
        self.weight += weight;
        self.sum += measured.mean * weight;
        self.uncertain += weight * weight / measured.batches.max(1.0);
    }

    /// Where the quantile lies with 95 %: that many deviations of a binomial share away, on as many batches as the
    /// mixture is worth.
    pub fn interval(&self, share: f64) -> Option<(u64, u64)> {
        let worth = self.weight * self.weight / self.uncertain.max(1e-300);
        let off = WITHIN * (share * (1.0 - share) / worth.max(1.0)).sqrt();
        self.quantile((share - off).max(0.0)).zip(self.quantile((share + off).min(1.0)))
    }

    /// Adds all of another's.
    pub fn merge(&mut self, other: &Delays) {
        for (low, (high, weight)) in &other.buckets {
            self.buckets.entry(*low).or_insert((*high, 0.0)).1 += weight;
        }
        self.weight += other.weight;
        self.sum += other.sum;
        self.uncertain += other.uncertain;
    }

    /// Every bucket with its weight.
    pub fn each(&self, mut see: impl FnMut(f64, f64, f64)) {
        for (low, (high, weight)) in &self.buckets {
            see(*low as f64, *high as f64, *weight);
        }
    }

    /// Adds delays spread evenly over `[low, high]`.
    pub fn add_even(&mut self, low: f64, high: f64, weight: f64) {
        if weight <= 0.0 {
            return;
        }
        let (low, high) = (low.min(high).max(0.0), low.max(high).max(0.0));
        self.weight += weight;
        self.sum += weight * (low + high) / 2.0;
        let mut at = low;
        // Next to a long span the finest buckets are not told apart.
        let least = (high - low) / PARTS;
        loop {
            let end = high.min((Histogram::bucket_of(at as u64).1 as f64).max(at + least));
            let (from, to) = Histogram::bucket_of(((at + end) / 2.0) as u64);
            let part = if high > low { (end - at) / (high - low) } else { 1.0 };
            self.buckets.entry(from).or_insert((to, 0.0)).1 += weight * part;
            if end >= high {
                return;
            }
            at = end;
        }
    }

    /// The delay below which a share of the weight lies.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let (wanted, mut below) = (share * self.weight, 0.0);
        for (low, (high, weight)) in &self.buckets {
            if below + weight >= wanted && *weight > 0.0 {
                let inside = (high - low) as f64 * ((wanted - below) / weight).clamp(0.0, 1.0);
                return Some(low + inside as u64);
            }
            below += weight;
        }
        self.buckets.last_key_value().map(|(_, (high, _))| *high)
    }

    /// A summary of `count` delays so distributed. Single delays, and so the largest, are not known.
    pub fn summary(&self, count: u64) -> LatencySummary {
        if self.weight <= 0.0 || count == 0 {
            return LatencySummary::default();
        }
        let (mut buckets, mut so_far, mut counted) = (Vec::new(), 0.0, 0u64);
        for (low, (high, weight)) in &self.buckets {
            so_far += weight;
            let upto = ((so_far / self.weight * count as f64 + 0.5) as u64).min(count);
            if upto > counted {
                buckets.push((*low, *high, upto - counted));
                counted = upto;
            }
        }
        if let Some(last) = buckets.last_mut() {
            last.2 += count - counted;
        }
        LatencySummary {
            count,
            sum_ns: (self.mean() * count as f64) as u128,
            p50_ns: self.quantile(0.5),
            p90_ns: self.quantile(0.9),
            p99_ns: self.quantile(0.99),
            p999_ns: self.quantile(0.999),
            max_ns: None,
            buckets,
        }
    }
}
