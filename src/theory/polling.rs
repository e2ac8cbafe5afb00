//! Readers that poll: delays of records that wait for the next GetRecords call.
//!
//! Elementary: a record that is born at a uniform moment of a period waits uniformly long for its end.

/// Delay of a record under periodic polling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PollingDelay {
    /// Time between two polls of one reader, s.
    pub period_s: f64,
    /// Constant time of a call, s.
    pub call_s: f64,
}

impl PollingDelay {
    /// `consumers` readers take turns on a shard's calls per second: each polls every `consumers` / `calls_per_s`.
    pub fn taking_turns(consumers: u32, calls_per_s: f64, call_s: f64) -> PollingDelay {
        PollingDelay { period_s: f64::from(consumers) / calls_per_s, call_s }
    }

    /// T / 2 + L.
    pub fn mean_s(&self) -> f64 {
        self.period_s / 2.0 + self.call_s
    }

    /// The `q`-quantile, q T + L.
    pub fn quantile_s(&self, q: f64) -> f64 {
        q * self.period_s + self.call_s
    }

    /// T / sqrt(12).
    pub fn std_s(&self) -> f64 {
        self.period_s / libm::sqrt(12.0)
    }

    /// Mean delay of the oldest and of the newest of `records` records in one poll: T k / (k + 1) and T / (k + 1)
    /// (order statistics of k uniforms).
    pub fn oldest_and_newest_s(&self, records: u32) -> (f64, f64) {
        let k = f64::from(records);
        (self.period_s * k / (k + 1.0), self.period_s / (k + 1.0))
    }
}

/// Share of calls refused when `consumers` poll every `period_s` whatever happens and a shard answers
/// `calls_per_s`: max(0, 1 - limit / offered).
pub fn refused_share(consumers: u32, period_s: f64, calls_per_s: f64) -> f64 {
    (1.0 - calls_per_s * period_s / f64::from(consumers)).max(0.0)
}
