//! Rules that change a provisioned stream's shard count from its metrics.
//!
//! Kinesis has no autoscaling of its own for provisioned streams: each of these is somebody's code.

use super::Value::{Count, Dur as Span, Percent as Share};
use super::fact::facts;
use crate::units::{Dur, Percent};

const PERCENT: u64 = 10_000_000;

facts! {
    ALARM_DELAY: "autoscaler.delay", Span(Dur::from_min(1)), MODEL, Assumed,
        "From the end of an alarm's last period to the call that follows: the metric arrives, the alarm is evaluated, code runs. Not published.";
    SAMPLES_PERIOD: "autoscaler.aws_samples.period", Span(Dur::from_min(5)), SAMPLES, SourceCode,
        "Period of both alarms of the aws-samples rule.";
    SAMPLES_UP_AT: "autoscaler.aws_samples.up_at", Share(Percent(75 * PERCENT)), SAMPLES, SourceCode,
        "Usage (the higher of bytes and records) from which the aws-samples rule doubles the shards.";
    SAMPLES_UP_PERIODS: "autoscaler.aws_samples.up_periods", Count(5, "periods"), SAMPLES, SourceCode,
        "Periods that must all be that high: 25 minutes.";
    SAMPLES_DOWN_AT: "autoscaler.aws_samples.down_at", Share(Percent(25 * PERCENT)), SAMPLES, SourceCode,
        "Usage below which the aws-samples rule halves the shards.";
    SAMPLES_DOWN_PERIODS: "autoscaler.aws_samples.down_periods", Count(60, "periods"), SAMPLES, SourceCode,
        "Periods its scale-down alarm looks at: five hours.";
    SAMPLES_DOWN_DATAPOINTS: "autoscaler.aws_samples.down_datapoints", Count(57, "periods"), SAMPLES, SourceCode,
        "How many of them must be that low.";
    UTILS_PERIOD: "autoscaler.scaling_utils.period", Span(Dur::from_min(1)), UTILS, SourceCode,
        "Period of the metrics that amazon-kinesis-scaling-utils reads.";
    UTILS_UP_AT: "autoscaler.scaling_utils.up_at", Share(Percent(80 * PERCENT)), UTILS, SourceCode,
        "scaleUp.scaleThresholdPct of the example in its README; the tool has no default.";
    UTILS_UP_AFTER: "autoscaler.scaling_utils.up_after", Span(Dur::from_min(10)), UTILS, SourceCode,
        "scaleUp.scaleAfterMins of that example: so many minutes above, among the minutes looked at.";
    UTILS_UP_PERCENT: "autoscaler.scaling_utils.up_percent", Count(20, "%"), UTILS, SourceCode,
        "scaleUp.scalePct of that example: below 100 it is added, from 100 on it is the new size.";
    UTILS_DOWN_AT: "autoscaler.scaling_utils.down_at", Share(Percent(20 * PERCENT)), UTILS, SourceCode,
        "scaleDown.scaleThresholdPct of that example.";
    UTILS_DOWN_AFTER: "autoscaler.scaling_utils.down_after", Span(Dur::from_min(60)), UTILS, SourceCode,
        "scaleDown.scaleAfterMins of that example.";
    UTILS_DOWN_COUNT: "autoscaler.scaling_utils.down_count", Count(1, "shards"), UTILS, SourceCode,
        "scaleDown.scaleCount of that example.";
    UTILS_COOL_OFF: "autoscaler.scaling_utils.cool_off", Span(Dur::from_min(120)), UTILS, SourceCode,
        "scaleDown.coolOffMins of that example: time from one scale-down to the next.";
    TRACKING_TARGET: "autoscaler.target_tracking.target", Share(Percent(70 * PERCENT)), MODEL, Assumed,
        "Usage that target tracking holds. There is no predefined metric for Kinesis and no default.";
    TRACKING_PERIOD: "autoscaler.target_tracking.period", Span(Dur::from_min(1)), AASALARM, Assumed,
        "Period of the alarms that Application Auto Scaling makes for a target tracking policy.";
    TRACKING_UP_PERIODS: "autoscaler.target_tracking.up_periods", Count(3, "periods"), AASALARM, Assumed,
        "Periods above the target before it scales out, as its alarms are seen in accounts; the guide names no number.";
    TRACKING_DOWN_PERIODS: "autoscaler.target_tracking.down_periods", Count(15, "periods"), AASALARM, Assumed,
        "Periods below nine tenths of the target before it scales in, likewise.";
    TRACKING_DOWN_AT: "autoscaler.target_tracking.down_share", Share(Percent(90 * PERCENT)), AASALARM, Assumed,
        "Share of the target below which it scales in, likewise.";
    TRACKING_COOLDOWN: "autoscaler.target_tracking.cooldown", Span(Dur::from_s(300)), AAS, Documented,
        "Default cooldown of custom resources, after scaling out and after scaling in.";
    FLAP_WITHIN: "autoscaler.flap_within", Span(Dur::from_h(1)), MODEL, Assumed,
        "Two decisions in opposite directions within this time are called flapping.";
}
