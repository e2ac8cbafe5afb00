//! Sleeps between attempts, and the SDK's retry quota.
//!
//! Sources: botocore and Java SDK source code (`kinesim facts`, keys `sdk.retry.*`).

use super::config::{BackoffLaw, Jitter, RetryLaw, RetryQuota};
use crate::facts::producers::RETRY_AFTER_WINDOW;
use crate::random::Stream;

/// Longest addition to a computed sleep that the service's `x-amz-retry-after` may ask for.
const RETRY_AFTER_EXTRA_NS: u64 = RETRY_AFTER_WINDOW.dur().0;

/// Why a call is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A shard refused.
    Throttle,
    /// No answer came, or a 5xx.
    Transient,
}

impl RetryLaw {
    /// The sleep before retry `i` (from 0).
    pub fn sleep(&self, cause: Cause, i: u32, random: &mut Stream) -> u64 {
        if cause == Cause::Transient {
            return self.transient.sleep(i, random);
        }
        let sleep = self.throttled.sleep(i, random);
        match self.retry_after {
            None => sleep,
            Some(asked) => asked.0.clamp(sleep, sleep + RETRY_AFTER_EXTRA_NS),
        }
    }
}

impl BackoffLaw {
    fn sleep(&self, i: u32, random: &mut Stream) -> u64 {
        let grown = u64::from(self.factor).saturating_pow(i);
        let full = self.base.0.saturating_mul(grown).min(self.cap.0);
        match self.jitter {
            Jitter::None => full,
            Jitter::Full => random.below(full),
            Jitter::Half => full / 2 + random.below(full - full / 2),
        }
    }
}

/// Tokens of one client.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    law: RetryQuota,
    tokens: u32,
}

impl Quota {
    /// A full quota.
    pub fn new(law: RetryQuota) -> Quota {
        Quota { law, tokens: law.capacity }
    }

    /// Pays for a retry and says what; `None`: the error is returned at once.
    pub fn pay(&mut self, cause: Cause) -> Option<u32> {
        let cost = match cause {
            Cause::Throttle => self.law.throttle_cost,
            Cause::Transient => self.law.transient_cost,
        };
        self.tokens = self.tokens.checked_sub(cost)?;
        Some(cost)
    }

    /// A call succeeded, at once or after a retry that was `paid` for.
    pub fn success(&mut self, paid: Option<u32>) {
        let back = paid.unwrap_or(self.law.success_refund);
        self.tokens = (self.tokens + back).min(self.law.capacity);
    }
}
