//! Readers behind: catching up, falling behind, losing data. Fluid balance at constant rates.

/// Seconds to drain what an outage left, reading at `read` while `write` goes on (same units); `None` = never.
pub fn drain_s(outage_s: f64, write: f64, read: f64) -> Option<f64> {
    (read > write).then(|| write * outage_s / (read - write))
}

/// Share of a shard's read limit each of `readers` shared readers has.
pub fn shared_read(limit: f64, readers: u32) -> f64 {
    limit / f64::from(readers.max(1))
}

/// Seconds after the restart until the lag is gone, at utilisation rho = input / capacity: outage × rho / (1 - rho).
/// The lag's peak is the outage itself.
pub fn catch_up_s(outage_s: f64, utilisation: f64) -> f64 {
    outage_s * utilisation / (1.0 - utilisation)
}

/// A reader slower than its input, starting level.
#[derive(Clone, Copy, Debug)]
pub struct FallingBehind {
    /// Records in per second.
    pub arriving: f64,
    /// Records read per second.
    pub reading: f64,
}

impl FallingBehind {
    /// Seconds of iterator age gained per second, 1 - mu / lambda; also the share lost in the end.
    pub fn slope(&self) -> f64 {
        (1.0 - self.reading / self.arriving).max(0.0)
    }

    /// Age of the record just read, at `t_s`.
    pub fn age_s(&self, t_s: f64) -> f64 {
        self.slope() * t_s
    }

    /// Records unread at `t_s`.
    pub fn backlog(&self, t_s: f64) -> f64 {
        (self.arriving - self.reading).max(0.0) * t_s
    }

    /// Seconds until the age reaches the retention; `None` = never.
    pub fn first_loss_s(&self, retention_s: f64) -> Option<f64> {
        (self.slope() > 0.0).then(|| retention_s / self.slope())
    }
}
