//! Records a producer gave up, by cause: the one list of causes.

use serde::Serialize;

/// Declares the causes: a counter, its word in tables of figures, and what a person reads.
macro_rules! causes {
    ($($field:ident: $word:literal, $label:literal;)*) => {
        /// Records given up, by cause.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct Lost {
            $(#[doc = $label] pub $field: u64,)*
        }

        impl Lost {
            /// Every cause, in the order of reports.
            pub const CAUSES: &[Cause] = &[$(Cause { word: $word, label: $label, of: |lost| lost.$field },)*];

            /// Adds another producer's, or process's.
            pub fn add(&mut self, other: &Lost) {
                $(self.$field += other.$field;)*
            }
        }
    };
}

causes! {
    attempts: "attempts_used_up", "attempts used up";
    quota: "retry_quota_empty", "retry quota empty";
    policy: "by_policy", "dropped by policy";
    full: "buffer_full", "buffer full";
    restart: "process_died", "its process died";
    expired_waiting: "expired_waiting", "expired waiting for the client's rate limit";
    expired_retrying: "expired_retrying", "expired before another attempt";
    throttled: "throttled", "throttled, and failed at once";
    rotated: "file_rotated_away", "file rotated away unread";
}

/// Why records were given up.
pub struct Cause {
    /// In tables of figures.
    pub word: &'static str,
    /// For a person.
    pub label: &'static str,
    /// How many.
    pub of: fn(&Lost) -> u64,
}

impl Lost {
    /// Whatever the cause.
    pub fn all(&self) -> u64 {
        Lost::CAUSES.iter().map(|cause| (cause.of)(self)).sum()
    }
}
