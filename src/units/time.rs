//! Time in integer nanoseconds.

/// Nanoseconds in a second.
pub const NS_PER_S: u64 = 1_000_000_000;

/// A moment: nanoseconds since the scenario's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

/// A span of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dur(pub u64);

impl Dur {
    /// Zero length.
    pub const ZERO: Dur = Dur(0);
    /// A span of whole milliseconds.
    pub const fn from_ms(ms: u64) -> Dur {
        Dur(ms * 1_000_000)
    }
    /// A span of whole seconds.
    pub const fn from_s(s: u64) -> Dur {
        Dur(s * NS_PER_S)
    }
    /// A span of whole minutes.
    pub const fn from_min(min: u64) -> Dur {
        Dur(min * 60 * NS_PER_S)
    }
    /// A span of whole hours.
    pub const fn from_h(h: u64) -> Dur {
        Dur(h * 3600 * NS_PER_S)
    }
    /// Seconds as a float, for reports and charts only.
    pub fn as_s(self) -> f64 {
        self.0 as f64 / NS_PER_S as f64
    }
}
