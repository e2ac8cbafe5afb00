//! Attempts of an SDK's call, the sleeps between them, and the tokens they cost.

use crate::units::{Dur, Factor};

/// Attempts and the sleeps between them.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryLaw {
    /// The mode's name in the scenario (for findings and provenance).
    pub mode: &'static str,
    /// Attempts including the first.
    pub attempts: u32,
    /// Sleep after a throttle.
    pub throttled: BackoffLaw,
    /// Sleep after a call that failed as a whole.
    pub transient: BackoffLaw,
    /// The SDK's retry quota, per instance.
    pub quota: Option<RetryQuota>,
    /// The service's `x-amz-retry-after`, clamped to [sleep, sleep + 5 s] (2026 rules only).
    pub retry_after: Option<Dur>,
    /// Do calls wait for a client-side send-rate limiter?
    pub adaptive: bool,
}

impl RetryLaw {
    /// One attempt.
    pub const NEVER: RetryLaw = RetryLaw {
        mode: "none",
        attempts: 1,
        throttled: BackoffLaw { base: Dur(0), factor: Factor::ONE, cap: Dur(0), jitter: Jitter::None },
        transient: BackoffLaw { base: Dur(0), factor: Factor::ONE, cap: Dur(0), jitter: Jitter::None },
        quota: None,
        retry_after: None,
        adaptive: false,
    };
}

/// Sleep before retry i (from 0): jitter × min(cap, base × factor^i).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackoffLaw {
    /// First sleep's upper end.
    pub base: Dur,
    /// Growth per retry.
    pub factor: Factor,
    /// No sleep is longer.
    pub cap: Dur,
    /// Random part.
    pub jitter: Jitter,
}

/// Random part of a sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// The full sleep, always.
    None,
    /// Uniform on (0, sleep).
    Full,
    /// Uniform on (sleep/2, sleep).
    Half,
}

/// Tokens an SDK spends on retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryQuota {
    /// Tokens at the start and at most.
    pub capacity: u32,
    /// Tokens a retry of a throttled call costs.
    pub throttle_cost: u32,
    /// Tokens a retry of a call that failed as a whole costs.
    pub transient_cost: u32,
    /// Tokens given back by a call that succeeds at once.
    pub success_refund: u32,
}
