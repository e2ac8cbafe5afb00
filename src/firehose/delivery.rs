//! Requests to a destination: how long one takes, whether it fails, and the wait before another.
//!
//! At AWS: S3 is tried again for up to 24 hours (direct puts) or until the stream's retention has passed; HTTP endpoints
//! after 1 s, doubled, ±15 %, at most two minutes, which is the only wait that is published.
//! We model: that wait for every destination (assumed); a request that begins while the destination is away fails when
//! it would have been answered.

use super::config::DeliveryConfig;
use crate::random::{LatencySampler, Stream};

/// A destination as one Firehose stream meets it.
pub struct Delivery {
    request: LatencySampler,
    backoff: (u64, u64),
    jitter_ppb: u64,
    outages: Vec<(u64, u64)>,
    random: Stream,
}

/// What an object on its way waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An answer.
    Request {
        /// When it comes.
        ends: u64,
        /// Is it a failure?
        fails: bool,
    },
    /// The next attempt.
    Wait {
        /// When it begins.
        until: u64,
    },
}

impl Step {
    /// When it is over.
    pub fn at(self) -> u64 {
        match self {
            Step::Request { ends, .. } => ends,
            Step::Wait { until } => until,
        }
    }
}

impl Delivery {
    /// With draws of its own.
    pub fn new(config: &DeliveryConfig, random: Stream) -> Delivery {
        Delivery {
            request: config.request.sampler(),
            backoff: (config.backoff.0, config.backoff_max.0),
            jitter_ppb: config.backoff_jitter.0,
            outages: config.outages.clone(),
            random,
        }
    }

    /// A request at `now`.
    pub fn request(&mut self, now: u64) -> Step {
        let fails = self.outages.iter().any(|o| o.0 <= now && now < o.1);
        Step::Request { ends: now + self.request.draw(&mut self.random), fails }
    }

    /// The wait after a failed request, the `failures` + 1-st of its object.
    pub fn wait(&mut self, now: u64, failures: u32) -> Step {
        let (first, most) = self.backoff;
        let wait = first.saturating_mul(1u64.checked_shl(failures).unwrap_or(u64::MAX)).min(most);
        let swing = (u128::from(wait) * u128::from(self.jitter_ppb) / 1_000_000_000) as u64;
        let drawn = wait - swing + self.random.below(2 * swing + 1);
        Step::Wait { until: now + drawn.max(1) }
    }
}
