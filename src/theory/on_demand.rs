//! On-demand capacity that doubles while demand exceeds it: the slowest documented growth (a doubling every
//! 15 minutes, Kinesis Data Streams developer guide, "Choose the right mode").

/// A step in demand met by doublings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Doubling {
    /// Doublings needed.
    pub doublings: u32,
    /// Seconds until demand fits.
    pub seconds: f64,
    /// Amount refused meanwhile, in the unit of the rates × s.
    pub refused: f64,
    /// Capacity in the end.
    pub capacity: f64,
}

/// From `start` to at least `target` (same unit), one doubling per `interval_s`; `start` must be positive.
pub fn doubling(start: f64, target: f64, interval_s: f64) -> Doubling {
    let mut d = Doubling { doublings: 0, seconds: 0.0, refused: 0.0, capacity: start };
    while d.capacity < target && d.doublings < 1024 {
        d.refused += (target - d.capacity) * interval_s;
        d.seconds += interval_s;
        d.capacity *= 2.0;
        d.doublings += 1;
    }
    d
}
