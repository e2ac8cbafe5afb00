//! Where alarms are set in what `export` writes.

use super::Value;
use super::Value::{Count, Dur as Span};
use super::fact::facts;
use crate::units::{Dur, Percent};

facts! {
    ITERATOR_AGE_SHARE: "alarms.iterator_age_share", Value::Percent(Percent(500_000_000)), MONITOR, Documented,
        "Share of the retention at which a reader's age should raise an alarm, where the scenario's goal names no other.";
    FRESHNESS: "alarms.firehose_freshness", Span(Dur::from_min(15)), FHALARM, Documented,
        "Age of the oldest record in Firehose above which an alarm is advised: the longest buffer interval.";
    CAPACITY_SHARE: "alarms.capacity_share", Value::Percent(Percent(800_000_000)), MODEL, Assumed,
        "Share of the shards' capacity at which an alarm is set. AWS advises an alarm near the limit and names no figure.";
    PERIOD: "alarms.period", Span(Dur::from_min(1)), MODEL, Assumed,
        "Period of an alarm: the shortest at which Kinesis reports.";
    PERIODS: "alarms.evaluation_periods", Count(5, "periods"), MODEL, Assumed,
        "Periods in a row above the threshold before an alarm is raised: five minutes, so that one burst does not wake anyone.";
}
