//! Direct puts to Firehose as written, and the quotas that hold when none are.

use super::context::Cx;
use super::grammar::{OPTIONAL, choice, default, fact, section};
use super::law::Law;
use super::retry::RetrySpec;
use super::sdk::{OnFullSpec, PartialSpec};
use super::shapes::Limited;
use crate::facts::{firehose, latency, producers as facts};
use crate::producer::config::{
    ClientConfig, DirectQuotas, FirehoseDirectConfig, ProducerConfig, PutCall, RaiseConfig, SdkConfig,
};
use crate::units::{ByteRate, Bytes, Dur};

section! {
    /// PutRecord or PutRecordBatch straight to a Firehose stream of the producer's own, not to the Kinesis stream. Keys
    /// play no part. A refused record is tried again as a throttled one, whether it was refused alone or with its call.
    FirehoseDirectSpec {
        /// Which API, and how records are gathered.
        call: DirectCallSpec = default("put_record_batch"),
        /// Client processes; they share the demand evenly.
        instances: u32 = fact(&facts::INSTANCES).positive().max("10000"),
        /// Calls under way at most, per instance; a call holds its place while it waits to retry.
        in_flight: Limited<u32> = fact(&facts::IN_FLIGHT).positive(),
        /// Memory for records waiting in one instance.
        buffer: Limited<Bytes> = fact(&facts::BUFFER).positive(),
        /// What happens to new records when that memory is full.
        on_full: OnFullSpec = fact(&facts::ON_FULL),
        /// What the caller does with the failed entries of a PutRecordBatch answer.
        on_partial_failure: PartialSpec = fact(&facts::ON_PARTIAL_FAILURE),
        /// Attempts and the sleeps between them.
        retry: RetrySpec = fact(&facts::RETRY_MODE),
        /// Records per second that the Firehose stream accepts: the Region's quota when it is not written.
        records_per_s: Option<u64> = OPTIONAL.positive(),
        /// Requests per second: the Region's quota when it is not written.
        requests_per_s: Option<u64> = OPTIONAL.positive(),
        /// Bytes per second: the Region's quota when it is not written.
        bytes_per_s: Option<ByteRate> = OPTIONAL.positive(),
        /// Whether these quotas are raised by themselves under lasting refusals.
        raise: RaiseSpec = fact(&firehose::RAISE),
        /// Sending to answer.
        put_latency: Law = fact(&latency::PUT),
    }
}

choice! {
    /// The automatic raise of a stream's quotas: AWS has one, and publishes nothing about it.
    RaiseSpec {
        /// They stay what they are.
        off: Off,
        /// All three are multiplied after a time of refusals.
        steps: Steps(RaiseSteps),
    }
}

section! {
    /// Raises. The Firehose stream gets as many buffers side by side as its quotas are times the first ones.
    RaiseSteps {
        /// What the quotas are multiplied with.
        factor: u32 = fact(&firehose::RAISE_FACTOR).min("2").max("1000"),
        /// How long there are refusals before a raise, with no quiet minute among them.
        after: Dur = fact(&firehose::RAISE_AFTER).positive(),
        /// At most so many times what they were.
        most: u32 = fact(&firehose::RAISE_MOST).positive().max("1000"),
    }
}

choice! {
    /// Which API, and how records are gathered.
    DirectCallSpec {
        /// One record a call.
        put_record: PutRecord,
        /// Many records a call.
        put_record_batch: PutRecordBatch(BatchSpec),
    }
}

section! {
    /// PutRecordBatch: sent when full, or when the oldest record has waited long enough.
    BatchSpec {
        /// Records a call holds at most.
        max_records: u32 = fact(&firehose::BATCH_RECORDS).positive().max_fact(&firehose::BATCH_RECORDS),
        /// Bytes a call holds at most.
        max_bytes: Bytes = fact(&firehose::BATCH_BYTES).positive().max_fact(&firehose::BATCH_BYTES),
        /// How long the first record of a call waits for others.
        linger: Dur = fact(&facts::LINGER),
    }
}

impl FirehoseDirectSpec {
    /// The client's settings; quotas that are not written are zero.
    pub fn resolve(&self, cx: &mut Cx) -> Option<FirehoseDirectConfig> {
        let quotas = DirectQuotas {
            records: self.records_per_s.unwrap_or(0),
            requests: self.requests_per_s.unwrap_or(0),
            bytes: self.bytes_per_s.map_or(0, |rate| rate.0),
            raise: match &self.raise {
                RaiseSpec::Off => None,
                RaiseSpec::Steps(s) => Some(RaiseConfig { factor: s.factor, after: s.after, most: s.most }),
            },
        };
        let call = match &self.call {
            DirectCallSpec::PutRecord => PutCall::PutRecord,
            DirectCallSpec::PutRecordBatch(s) => {
                PutCall::PutRecords { max_records: s.max_records, max_bytes: s.max_bytes, linger: s.linger }
            }
        };
        let sdk = SdkConfig {
            instances: self.instances,
            call,
            in_flight: self.in_flight.0,
            buffer: self.buffer.0,
            on_full: self.on_full.kind(),
            on_partial_failure: self.on_partial_failure.kind(),
            retry: self.retry.law(),
            put_latency: self.put_latency.resolve(cx)?,
        };
        Some(FirehoseDirectConfig { sdk, quotas })
    }
}

/// Quotas that were not written are the Region's.
pub fn fill_quotas(producer: &mut ProducerConfig, region: &str) {
    let ClientConfig::FirehoseDirect(direct) = &mut producer.client else { return };
    let large = firehose::LARGE_REGIONS.contains(&region);
    let (records, requests, bytes) = match large {
        true => (&firehose::LARGE_RECORDS, &firehose::LARGE_REQUESTS, &firehose::LARGE_BYTES),
        false => (&firehose::OTHER_RECORDS, &firehose::OTHER_REQUESTS, &firehose::OTHER_BYTES),
    };
    let quotas = &mut direct.quotas;
    let or = |own: u64, region: u64| if own == 0 { region } else { own };
    quotas.records = or(quotas.records, records.count());
    quotas.requests = or(quotas.requests, requests.count());
    quotas.bytes = or(quotas.bytes, bytes.byte_rate().0);
}
