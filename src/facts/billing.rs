//! How usage becomes billed units: roundings, gigabytes, months.

use super::Value;
use super::Value::{Bytes as Size, Count, Dur as Span};
use super::fact::facts;
use crate::units::{Bytes, Dur};

facts! {
    PUT_PAYLOAD_UNIT: "billing.put_payload_unit", Size(Bytes::from_kib(25)), PRICE, Documented,
        "A stored record is billed as whole payload units of this size (provisioned): 5 KB is 1, 45 KB is 2, AWS's \"1MB\" (1,000 KB) is 40, 1 MiB is 41.";
    PAYLOAD_KEY_BYTES: "billing.payload_counts_key", Value::Word("false"), MODEL, Assumed,
        "Whether the partition key counts toward payload units is not stated; only data bytes are billed here.";
    ON_DEMAND_ROUNDING: "billing.on_demand_in_rounding", Size(Bytes::from_kib(1)), PRICE, Documented,
        "On-demand ingest is billed per record, rounded up to this size: 4.5 KB is 5 KB. Retrieval is not rounded.";
    GIGABYTE: "billing.gigabyte", Size(Bytes(1 << 30)), CALC, Documented,
        "The GB of a price: the AWS calculator divides KB by 1,024 twice. (Some third parties use 10^9.)";
    MONTH: "billing.month_hours", Span(Dur::from_h(730)), CALC, Documented,
        "A month of a bill: the AWS calculator's 730 hours.";
    REGION: "bill.region", Value::Word("us-east-1"), MODEL, Assumed,
        "Region whose prices and quotas apply when the scenario does not say.";
    METRICS_TIER: "billing.cloudwatch_metrics_tier", Count(10_000, "metrics"), CWP, Documented,
        "CloudWatch custom metrics of a month at the first price; the next 240,000 cost less.";
    PRICE_PAGE_MB: "billing.price_page_mb", Count(1_000, "KB"), PRICE, Documented,
        "In the pricing page's labels 1MB is 1,000 KB, and a KB is 1,024 bytes.";
}

/// PUT payload units of one stored record.
pub const fn put_payload_units(data: Bytes) -> u64 {
    data.0.div_ceil(PUT_PAYLOAD_UNIT.bytes().0)
}

/// Bytes billed for one record ingested on-demand.
pub const fn on_demand_billed(data: Bytes) -> Bytes {
    let unit = ON_DEMAND_ROUNDING.bytes().0;
    Bytes(data.0.div_ceil(unit).saturating_mul(unit))
}

/// A size as the pricing page labels it: `5KB`, `1MB` (1,000 KB). `None` for anything else.
pub fn price_page_size(label: &str) -> Option<Bytes> {
    let (digits, kb) = match label.strip_suffix("KB") {
        Some(digits) => (digits, 1),
        None => (label.strip_suffix("MB")?, PRICE_PAGE_MB.count()),
    };
    let n: u64 = digits.parse().ok()?;
    n.checked_mul(kb)?.checked_mul(1_024).map(Bytes)
}
