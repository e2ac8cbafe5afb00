//! Retries of an SDK as written: a mode by its name, or attempts and sleeps of one's own.

use super::context::Cx;
use super::diag::{nearest, quote};
use super::grammar::{REQUIRED, Read, Shape, Variant, choice, default, section};
use super::node::{Kind, Node};
use super::scalars::Growth;
use crate::facts::producers::{self as facts, RetryJitter, RetryMode};
use crate::producer::config::{BackoffLaw, Jitter, RetryLaw, RetryQuota};
use crate::units::Dur;

section! {
    /// Attempts and sleeps of one's own: jitter x min(cap, base x factor^i) before retry i, after a throttle or an error.
    CustomRetry {
        /// Attempts, the first included.
        attempts: u32 = REQUIRED.positive().max("1000"),
        /// First sleep.
        base: Dur = REQUIRED,
        /// Growth from sleep to sleep.
        factor: Growth = REQUIRED.positive().max("1000"),
        /// No sleep is longer.
        cap: Dur = REQUIRED,
        /// Random part of a sleep.
        jitter: JitterSpec = default("full"),
    }
}

choice! {
    /// Random part of a sleep.
    JitterSpec {
        /// The whole sleep, always.
        none: None,
        /// Uniform from nothing to the sleep.
        full: Full,
        /// Uniform from half the sleep to the sleep.
        half: Half,
    }
}

/// A retry mode of an SDK, or one's own.
#[derive(Clone, Debug)]
pub enum RetrySpec {
    /// As an SDK does it.
    Mode(&'static RetryMode),
    /// As written.
    Custom(CustomRetry),
}

/// Longest sleep of a mode that has no cap: so long that the attempts end first.
const NO_CAP: Dur = Dur::from_h(24);

const RETRY_WORDS: &[Variant] = &{
    const fn mode(i: usize) -> Variant {
        let mode = &facts::RETRY_MODES[i];
        Variant { name: mode.word, doc: mode.meaning, body: None, reserved: false }
    }
    let custom = Variant {
        name: "custom",
        doc: "Attempts and sleeps of one's own.",
        body: Some(<CustomRetry as Read>::shape),
        reserved: false,
    };
    [mode(0), mode(1), mode(2), mode(3), mode(4), mode(5), mode(6), custom]
};

impl Read for RetrySpec {
    fn shape() -> Shape {
        Shape::Choice(RETRY_WORDS)
    }

    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let Kind::Scalar(text) = &node.kind else {
            let picked = cx.choice(node, RETRY_WORDS, None)?;
            let super::choose::Picked::Word("custom", at, body) = picked else {
                return None;
            };
            return cx.under(at, |cx| CustomRetry::read(&body, cx)).map(RetrySpec::Custom);
        };
        if let Some(mode) = facts::retry_mode(text) {
            return Some(RetrySpec::Mode(mode));
        }
        let words = || facts::RETRY_MODES.iter().map(|m| m.word);
        let near = nearest(text, words()).map(|n| format!("did you mean `{n}`?"));
        let message = format!("`{}` does not know {}", cx.here(), quote(text));
        let all: Vec<&str> = words().chain(["{ custom: ... }"]).collect();
        cx.say_with(
            "unknown-word",
            node.span,
            message,
            &format!("expected {}", super::context::listed(&all)),
            near,
        );
        None
    }
}

impl RetrySpec {
    /// What it comes to.
    pub fn law(&self) -> RetryLaw {
        match self {
            RetrySpec::Mode(mode) => of_mode(mode),
            RetrySpec::Custom(own) => own.law(),
        }
    }
}

impl CustomRetry {
    fn law(&self) -> RetryLaw {
        let jitter = match self.jitter {
            JitterSpec::None => Jitter::None,
            JitterSpec::Full => Jitter::Full,
            JitterSpec::Half => Jitter::Half,
        };
        let sleep = BackoffLaw { base: self.base, factor: self.factor.0, cap: self.cap, jitter };
        RetryLaw {
            mode: "custom",
            attempts: self.attempts,
            throttled: sleep,
            transient: sleep,
            quota: None,
            retry_after: None,
            adaptive: false,
        }
    }
}

fn of_mode(mode: &RetryMode) -> RetryLaw {
    let jitter = match mode.jitter {
        RetryJitter::None => Jitter::None,
        RetryJitter::Full => Jitter::Full,
        RetryJitter::Half => Jitter::Half,
    };
    let sleep =
        |base, jitter| BackoffLaw { base, factor: mode.factor, cap: mode.cap.unwrap_or(NO_CAP), jitter };
    RetryLaw {
        mode: mode.word,
        attempts: mode.attempts,
        throttled: sleep(mode.base, jitter),
        transient: sleep(mode.transient_base, Jitter::Full),
        quota: mode.tokens.map(|t| RetryQuota {
            capacity: t.capacity,
            throttle_cost: t.throttle_cost,
            transient_cost: t.transient_cost,
            success_refund: t.success_refund,
        }),
        retry_after: None,
        adaptive: mode.adaptive,
    }
}
