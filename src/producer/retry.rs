//! Sleeps between attempts, and the SDK's retry quota.
//!
//! Sources: botocore and Java SDK source code (`kinesim facts`, keys `sdk.retry.*`).

use super::config::{BackoffLaw, Jitter, PartialFailure, RetryLaw, RetryQuota};
use crate::facts::producers::RETRY_AFTER_WINDOW;
use crate::measure::lost::Lost;
use crate::random::Stream;
use crate::units::Factor;

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

/// An attempt that left records unstored.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Retries before it.
    pub retries: u32,
    /// It failed as a whole: of its records nothing is known.
    pub failed: bool,
    /// PutRecord. Refused entries of PutRecords are the application's to send again: the SDK saw a success.
    pub alone: bool,
}

/// A retry.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// It begins after so long.
    pub sleep: u64,
    /// What the quota was paid for it.
    pub paid: Option<u32>,
}

/// Which cause a record given up is counted under.
pub type Loss = fn(&mut Lost) -> &mut u64;

impl RetryLaw {
    /// What follows an attempt: a retry, or its records are given up.
    pub fn follow(
        &self,
        attempt: Attempt,
        policy: PartialFailure,
        quota: Option<&mut Quota>,
        sleeps: &mut Stream,
    ) -> Result<Retry, Loss> {
        if policy == PartialFailure::Drop && !attempt.failed {
            return Err(|lost| &mut lost.policy);
        }
        if attempt.retries + 1 >= self.attempts {
            return Err(|lost| &mut lost.attempts);
        }
        let cause = if attempt.failed { Cause::Transient } else { Cause::Throttle };
        let by_sdk = attempt.alone || attempt.failed;
        let paid = match quota.filter(|_| by_sdk) {
            Some(quota) => Some(quota.pay(cause).ok_or::<Loss>(|lost| &mut lost.quota)?),
            None => None,
        };
        Ok(Retry { sleep: self.sleep(cause, attempt.retries, sleeps), paid })
    }

    /// The sleep before retry `i` (from 0).
    pub fn sleep(&self, cause: Cause, i: u32, random: &mut Stream) -> u64 {
        match cause {
            Cause::Transient => self.transient.span(i).draw(random),
            Cause::Throttle => self.ask(self.throttled.span(i).draw(random)),
        }
    }

    /// The service may ask for more.
    fn ask(&self, sleep: u64) -> u64 {
        match self.retry_after {
            None => sleep,
            Some(asked) => asked.0.clamp(sleep, sleep + RETRY_AFTER_EXTRA_NS),
        }
    }
}

/// What a sleep is drawn from: `least`, and below `spread` more.
#[derive(Clone, Copy, Debug)]
struct Span {
    least: u64,
    spread: Option<u64>,
}

impl Span {
    #[inline]
    fn draw(self, random: &mut Stream) -> u64 {
        self.least + self.spread.map_or(0, |n| random.below(n))
    }
}

impl BackoffLaw {
    fn span(&self, i: u32) -> Span {
        let grow = |span: u64| {
            let grown = u128::from(span) * u128::from(self.factor.0) / u128::from(Factor::ONE.0);
            u64::try_from(grown).unwrap_or(u64::MAX)
        };
        let full = (0..i.min(GROWN)).fold(self.base.0, |span, _| grow(span)).min(self.cap.0);
        match self.jitter {
            Jitter::None => Span { least: full, spread: None },
            Jitter::Full => Span { least: 0, spread: Some(full) },
            Jitter::Half => Span { least: full / 2, spread: Some(full - full / 2) },
        }
    }
}

/// A part of all sleeps, even from `least` to `most`.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// The shortest of them.
    pub least: u64,
    /// The longest.
    pub most: u64,
    /// How large a part of all.
    pub part: f64,
}

impl Piece {
    /// All of it so much later.
    pub fn after(self, wait: u64) -> Piece {
        Piece { least: self.least + wait, most: self.most + wait, ..self }
    }
}

/// A law whose powers are looked up: the same sleeps after throttles.
#[derive(Clone, Debug)]
pub struct Sleeps {
    law: RetryLaw,
    spans: Vec<Span>,
}

/// From this retry on no sleep grows: twice as long each time, it is beyond any cap.
const GROWN: u32 = 64;

impl Sleeps {
    /// Looks a law up.
    pub fn new(law: &RetryLaw) -> Sleeps {
        let spans = (0..=GROWN.min(law.attempts)).map(|i| law.throttled.span(i)).collect();
        Sleeps { law: law.clone(), spans }
    }

    /// Attempts including the first.
    #[inline]
    pub fn attempts(&self) -> u32 {
        self.law.attempts
    }

    fn span(&self, i: u32) -> Span {
        self.spans[(i as usize).min(self.spans.len() - 1)]
    }

    /// The law of `sleep`: from which times to which, how much of it.
    pub fn pieces(&self, i: u32) -> Vec<Piece> {
        let Span { least, spread } = self.span(i);
        let end = least + spread.unwrap_or(0);
        let piece = |least, most, part| Piece { least, most, part };
        let Some(asked) = self.law.retry_after.filter(|_| end > least) else {
            let only = self.law.ask(least);
            return vec![piece(only, only + (end - least), 1.0)];
        };
        // Much shorter ones grow by what the service may add at most, longer ones are as they are.
        let short = asked.0.saturating_sub(RETRY_AFTER_EXTRA_NS).clamp(least, end);
        let long = asked.0.clamp(least, end);
        let part = |from: u64, to: u64| (to - from) as f64 / (end - least) as f64;
        let mut pieces = vec![
            piece(least + RETRY_AFTER_EXTRA_NS, short + RETRY_AFTER_EXTRA_NS, part(least, short)),
            piece(asked.0, asked.0, part(short, long)),
            piece(long, end, part(long, end)),
        ];
        pieces.retain(|p| p.part > 0.0);
        pieces
    }

    /// The sleep before retry `i` (from 0) of a throttled call.
    #[inline]
    pub fn sleep(&self, i: u32, random: &mut Stream) -> u64 {
        self.law.ask(self.span(i).draw(random))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;
    use crate::units::Dur;

    #[test]
    fn parts_of_a_law_are_what_is_drawn() {
        let seed = Seed { user: 1, replication: 0 };
        let asked = [None, Some(Dur::from_ms(3)), Some(Dur::from_ms(400)), Some(Dur::from_s(9))];
        for (k, (jitter, retry_after)) in
            [Jitter::Full, Jitter::Half, Jitter::None].iter().flat_map(|j| asked.map(|a| (*j, a))).enumerate()
        {
            let throttled = BackoffLaw {
                base: Dur::from_ms(200),
                factor: Factor(2_000_000),
                cap: Dur::from_s(5),
                jitter,
            };
            let law = RetryLaw { throttled, retry_after, attempts: 8, ..RetryLaw::NEVER };
            let (sleeps, mut words) = (Sleeps::new(&law), seed.numbered("test", "sleeps", k as u64));
            let drawn: Vec<u64> = (0..20_000).map(|_| sleeps.sleep(2, &mut words)).collect();
            let pieces = sleeps.pieces(2);
            assert!((pieces.iter().map(|p| p.part).sum::<f64>() - 1.0).abs() < 1e-12, "{pieces:?}");
            for tenth in (0..=60).map(|t| t * 100_000_000) {
                let below = |p: &Piece| match p.most > p.least {
                    true => (tenth as f64 - p.least as f64) / (p.most - p.least) as f64,
                    false => f64::from(tenth > p.least),
                };
                let expected: f64 = pieces.iter().map(|p| p.part * below(p).clamp(0.0, 1.0)).sum();
                let found = drawn.iter().filter(|d| **d < tenth).count() as f64 / drawn.len() as f64;
                assert!((expected - found).abs() < 0.015, "{k}: {expected} and {found} below {tenth}");
            }
        }
    }
}
