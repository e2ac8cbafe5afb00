//! On-demand Standard and Advantage: where a stream starts, when it splits, what the commitment is.
//!
//! AWS publishes the doubling rule and "within 15 minutes"; everything finer is `assumed` and a scenario key.

use super::Value;
use super::Value::{Count, Dur as Span};
use super::fact::facts;
use crate::units::{ByteRate, Dur, Percent};

facts! {
    NEW_SHARDS: "on_demand.new_shards", Count(4, "shards"), LIM, Documented,
        "A new on-demand stream takes 4 MB/s and 4,000 records/s of writes and 8 MB/s of reads: four shards. Never fewer.";
    PEAK_FACTOR: "on_demand.peak_factor", Count(2, "times"), MODE, Documented,
        "Capacity kept: twice the peak write throughput of the last 30 days.";
    PEAK_WINDOW: "on_demand.peak_window", Span(Dur::from_h(720)), MODE, Documented,
        "How far back the peak counts. It is also the only rule found for scaling down.";
    PEAK_IS_ACCEPTED_MINUTE: "on_demand.peak_measure", Value::Word("accepted_minute"), MODEL, Assumed,
        "What the peak is: the highest accepted minute. AWS does not say.";
    SPLIT_BYTES: "on_demand.split_bytes_per_s", Value::ByteRate(ByteRate(1 << 19)), MODE, Documented,
        "A shard with more incoming bytes is split within 15 minutes. AWS prints 500 KB/s; read as half a MiB/s, the factor of two seen from one shard.";
    SPLIT_RECORDS: "on_demand.split_records_per_s", Count(500, "records/s"), MODEL, Assumed,
        "The same for records: half the shard's limit. AWS names only bytes.";
    SPLIT_MARGIN: "on_demand.split_margin", Value::Percent(Percent(100_000_000)), MODEL, Assumed,
        "A shard must exceed its threshold by this share, so that noise alone does not split.";
    OBSERVE: "on_demand.observe", Span(Dur::from_min(1)), MODEL, Assumed,
        "Time over which a shard's mean is taken: CloudWatch's minute.";
    SPLIT_DELAY: "on_demand.delay", Value::Uniform(Dur::from_min(1), Dur::from_min(15)), MODEL, Assumed,
        "From the observation to the split in force. AWS says within 15 minutes; uniform from 1 to 15 minutes is our reading.";
    SPLIT_DELAY_WORST: "on_demand.delay_worst_case", Span(Dur::from_min(15)), MODE, Documented,
        "Longest time to scale: more than doubling the previous peak within 15 minutes may throttle.";
    MAX_WRITE_LARGE: "on_demand.max_write_large", Value::ByteRate(ByteRate(10_000_000_000)), LIM, Documented,
        "Largest write throughput of an on-demand stream in us-east-1, us-west-2 and eu-west-1 (AWS prints 10 GB/s).";
    MAX_WRITE: "on_demand.max_write", Value::ByteRate(ByteRate(200_000_000)), LIM, Documented,
        "The same in other Regions, before a quota request (AWS prints 200 MB/s).";
    STREAMS: "on_demand.streams", Count(50, "streams"), LIM, Documented,
        "On-demand streams per account by default.";
    COMMITMENT: "advantage.commitment", Value::ByteRate(ByteRate(25 << 20)), MODE, Documented,
        "Advantage bills at least this ingest and this retrieval for the account and Region; the shortfall is charged at the same prices.";
    COMMITMENT_MIN_TIME: "advantage.commitment_time_min", Span(Dur::from_h(24)), API, Documented,
        "Shortest time in Advantage.";
    ADVANTAGE_OTHER: "advantage.other_traffic", Value::ByteRate(ByteRate(0)), MODEL, Assumed,
        "The account's other on-demand traffic, sharing the commitment: none unless stated.";
    WARM_DELAY: "advantage.warm_delay", Span(Dur::from_min(3)), MODEL, Assumed,
        "From the request for warm throughput to its effect: AWS says a few minutes.";
    WARM_MAX: "advantage.warm_max", Value::ByteRate(ByteRate(10 << 30)), API, Documented,
        "Largest warm throughput, also limited by the Region's on-demand maximum.";
    WARM_DOWN_WINDOW: "advantage.warm_down_window", Span(Dur::from_h(1)), UPD, Documented,
        "A lower warm throughput takes the stream to the larger of the request and the capacity for the peak of this last stretch.";
    HISTORY: "on_demand.history", Value::Word("steady"), MODEL, Assumed,
        "Where an on-demand stream starts when the scenario does not say: the 30-day peak is the workload's highest minute before the first spike, step, ramp or event.";
}

/// Largest on-demand write throughput in a Region.
pub fn max_write(region: &str) -> ByteRate {
    match region {
        "us-east-1" | "us-west-2" | "eu-west-1" => MAX_WRITE_LARGE.byte_rate(),
        _ => MAX_WRITE.byte_rate(),
    }
}
