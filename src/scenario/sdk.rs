//! Plain AWS SDK calls as written.

use super::context::Cx;
use super::grammar::{At, OPTIONAL, choice, fact, section};
use super::law::Law;
use super::retry::RetrySpec;
use super::shapes::Limited;
use crate::facts::{latency, producers as facts};
use crate::producer::config::{OnFull, PartialFailure, PutCall, RetryLaw, SdkConfig};
use crate::units::{Bytes, Dur};

section! {
    /// PutRecord or PutRecords through an AWS SDK.
    SdkSpec {
        /// Which API, and how records are gathered.
        call: CallSpec = fact(&facts::CALL),
        /// Client processes; they share the demand evenly.
        instances: u32 = fact(&facts::INSTANCES).positive().max("10000"),
        /// Calls under way at most, per instance; a call holds its place while it waits to retry.
        in_flight: Limited<u32> = fact(&facts::IN_FLIGHT).positive(),
        /// Memory for records waiting in one instance.
        buffer: Limited<Bytes> = fact(&facts::BUFFER).positive(),
        /// What happens to new records when that memory is full.
        on_full: OnFullSpec = fact(&facts::ON_FULL),
        /// What the caller does with the failed entries of a PutRecords answer.
        on_partial_failure: PartialSpec = fact(&facts::ON_PARTIAL_FAILURE),
        /// Attempts and the sleeps between them.
        retry: RetrySpec = fact(&facts::RETRY_MODE),
        /// The service's x-amz-retry-after on a throttle, for modes that honour it (AWS publishes no value: none
        /// unless written).
        retry_after: Option<At<Dur>> = OPTIONAL,
        /// Sending to answer.
        put_latency: Law = fact(&latency::PUT),
    }
}

choice! {
    /// Which API, and how records are gathered.
    CallSpec {
        /// One record a call.
        put_record: PutRecord,
        /// Many records a call.
        put_records: PutRecords(PutRecordsSpec),
    }
}

section! {
    /// PutRecords: sent when full, or when the oldest record has waited long enough.
    PutRecordsSpec {
        /// Records a call holds at most.
        max_records: u32 = fact(&facts::PUT_RECORDS_MAX_RECORDS).positive().max_fact(&facts::PUT_RECORDS_MAX_RECORDS),
        /// Bytes a call holds at most, keys included.
        max_bytes: Bytes = fact(&facts::PUT_RECORDS_MAX_BYTES).positive().max_fact(&facts::PUT_RECORDS_MAX_BYTES),
        /// How long the first record of a call waits for others.
        linger: Dur = fact(&facts::LINGER),
    }
}

choice! {
    /// A full buffer.
    OnFullSpec {
        /// The source waits.
        block: Block,
        /// The record is given up.
        drop: Drop,
    }
}

choice! {
    /// Failed entries of a PutRecords answer.
    PartialSpec {
        /// The failed entries are sent again.
        retry_failed: RetryFailed,
        /// The whole call is sent again; stored entries become duplicates.
        retry_all: RetryAll,
        /// The failed entries are given up.
        drop: Drop,
    }
}

impl OnFullSpec {
    /// The same for the client.
    pub fn kind(&self) -> OnFull {
        match self {
            OnFullSpec::Block => OnFull::Block,
            OnFullSpec::Drop => OnFull::Drop,
        }
    }
}

impl PartialSpec {
    /// The same for the client.
    pub fn kind(&self) -> PartialFailure {
        match self {
            PartialSpec::RetryFailed => PartialFailure::RetryFailed,
            PartialSpec::RetryAll => PartialFailure::RetryAll,
            PartialSpec::Drop => PartialFailure::Drop,
        }
    }
}

impl SdkSpec {
    /// The retry law, with the service's retry-after where the mode honours it.
    fn retry_law(&self, cx: &mut Cx) -> RetryLaw {
        let mut law = self.retry.law();
        let Some(asked) = &self.retry_after else { return law };
        if matches!(&self.retry, RetrySpec::Mode(mode) if mode.honours_retry_after) {
            law.retry_after = Some(asked.value);
        } else {
            let words = facts::RETRY_MODES.iter().filter(|m| m.honours_retry_after).map(|m| m.word);
            let expected =
                format!("expected `retry:` to be {}", super::context::listed(&words.collect::<Vec<_>>()));
            let message = format!("the retry mode {} does not honour `retry_after`", law.mode);
            cx.say_with("not-together", asked.at, message, &expected, None);
        }
        law
    }

    /// The client's settings.
    pub fn resolve(&self, cx: &mut Cx) -> Option<SdkConfig> {
        Some(SdkConfig {
            instances: self.instances,
            call: match &self.call {
                CallSpec::PutRecord => PutCall::PutRecord,
                CallSpec::PutRecords(s) => PutCall::PutRecords {
                    max_records: s.max_records,
                    max_bytes: s.max_bytes,
                    linger: s.linger,
                },
            },
            in_flight: self.in_flight.0,
            buffer: self.buffer.0,
            on_full: self.on_full.kind(),
            on_partial_failure: self.on_partial_failure.kind(),
            retry: self.retry_law(cx),
            put_latency: self.put_latency.resolve(cx)?,
        })
    }
}
