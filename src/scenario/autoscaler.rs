//! Who changes the shard count of a provisioned stream.

use super::context::Cx;
use super::diag::Span;
use super::grammar::{OPTIONAL, REQUIRED, choice, default, fact, section};
use crate::facts::autoscaler as facts;
use crate::stream::config::{Alarm, AutoscalerConfig, Change};
use crate::units::{Dur, Percent};

choice! {
    /// Who changes the shard count in provisioned mode.
    AutoscalerSpec {
        /// Nobody.
        none: None,
        /// Application Auto Scaling holds the usage at a target; needs a custom resource of one's own.
        target_tracking: TargetTracking(TrackingSpec),
        /// Alarms that double and halve (aws-samples/kinesis-auto-scaling).
        aws_samples: AwsSamples(SamplesSpec),
        /// awslabs/amazon-kinesis-scaling-utils.
        scaling_utils: ScalingUtils(UtilsSpec),
        /// Thresholds of one's own.
        thresholds: Thresholds(ThresholdsSpec),
    }
}

section! {
    /// Fewest and most shards.
    BoundsSpec {
        /// Fewest shards.
        min: u32 = default("1").positive(),
        /// Most shards.
        max: Option<u32> = OPTIONAL.positive().max_fact(&crate::facts::data_streams::UPDATE_SHARD_COUNT_MAX),
    }
    check ordered(min, max);
}

section! {
    /// Target tracking.
    TrackingSpec {
        /// Usage to hold: the higher of bytes and records, as a share of what the shards take.
        target: Percent = fact(&facts::TRACKING_TARGET).positive().max("100 %"),
        /// From one change to the next in the same direction.
        cooldown: Dur = fact(&facts::TRACKING_COOLDOWN),
        /// From the end of an alarm's last period to the call.
        delay: Dur = fact(&facts::ALARM_DELAY).max("1 h"),
        /// Fewest and most shards.
        shards: BoundsSpec = default("{}"),
    }
}

section! {
    /// The aws-samples rule.
    SamplesSpec {
        /// Usage from which the shards are doubled.
        up_at: Percent = fact(&facts::SAMPLES_UP_AT).positive(),
        /// Usage below which they are halved.
        down_at: Percent = fact(&facts::SAMPLES_DOWN_AT),
        /// From the end of an alarm's last period to the call.
        delay: Dur = fact(&facts::ALARM_DELAY).max("1 h"),
        /// Fewest and most shards.
        shards: BoundsSpec = default("{}"),
    }
    check apart(up_at, down_at);
}

section! {
    /// amazon-kinesis-scaling-utils.
    UtilsSpec {
        /// scaleUp.scaleThresholdPct.
        up_at: Percent = fact(&facts::UTILS_UP_AT).positive(),
        /// scaleUp.scaleAfterMins.
        up_after: Dur = fact(&facts::UTILS_UP_AFTER).min("1 min").max("1 d"),
        /// scaleUp.scalePct: below 100 it is added, from 100 on it is the new size.
        up_percent: u32 = fact(&facts::UTILS_UP_PERCENT).positive(),
        /// scaleDown.scaleThresholdPct.
        down_at: Percent = fact(&facts::UTILS_DOWN_AT),
        /// scaleDown.scaleAfterMins.
        down_after: Dur = fact(&facts::UTILS_DOWN_AFTER).min("1 min").max("1 d"),
        /// scaleDown.scaleCount.
        down_count: u32 = fact(&facts::UTILS_DOWN_COUNT).positive(),
        /// scaleDown.coolOffMins.
        cool_off: Dur = fact(&facts::UTILS_COOL_OFF),
        /// From the end of the last minute to the call.
        delay: Dur = fact(&facts::ALARM_DELAY).max("1 h"),
        /// Fewest and most shards.
        shards: BoundsSpec = default("{}"),
    }
    check apart(up_at, down_at);
}

section! {
    /// Thresholds of one's own, on one-minute metrics.
    ThresholdsSpec {
        /// Usage from which shards are added: the higher of bytes and records, as a share of what the shards take.
        up_at: Percent = REQUIRED.positive(),
        /// So long, every minute.
        up_after: Dur = default("5 min").min("1 min").max("1 d"),
        /// How many are added.
        up_by: ChangeSpec = default("double"),
        /// Usage below which shards are taken away.
        down_at: Percent = REQUIRED,
        /// So long, every minute.
        down_after: Dur = default("1 h").min("1 min").max("1 d"),
        /// How many are taken away.
        down_by: ChangeSpec = default("double"),
        /// From one change to the next in the same direction.
        cooldown: Dur = default("5 min"),
        /// From the end of the last minute to the call.
        delay: Dur = fact(&facts::ALARM_DELAY).max("1 h"),
        /// Fewest and most shards.
        shards: BoundsSpec = default("{}"),
    }
    check apart(up_at, down_at);
}

choice! {
    /// From one shard count to the next.
    ChangeSpec {
        /// Twice as many, or half as many.
        double: Double,
        /// So many more or fewer.
        shards: Shards(u32),
        /// A percentage, as amazon-kinesis-scaling-utils counts.
        percent: Percentage(u32),
    }
}

/// A rule whose thresholds meet would change the shards for ever.
fn apart(up: &Percent, down: &Percent, at: Span, cx: &mut Cx) {
    if down >= up {
        let message = format!("shards would be taken away below {down} and added from {up}");
        cx.say("thresholds-meet", at, message, "expected `down_at` below `up_at`");
    }
}

fn ordered(min: &u32, max: &Option<u32>, at: Span, cx: &mut Cx) {
    if max.is_some_and(|max| max < *min) {
        cx.say("out-of-range", at, "`max` is below `min`".into(), "expected `min` to be at most `max`");
    }
}

impl ChangeSpec {
    fn resolve(&self) -> Change {
        match self {
            ChangeSpec::Double => Change::Double,
            ChangeSpec::Shards(n) => Change::Count(*n),
            ChangeSpec::Percentage(percent) => Change::ScalePercent(*percent),
        }
    }
}

/// So many minutes in a row.
fn minutes(at: Percent, after: Dur) -> Alarm {
    let periods = (after.0 / Dur::from_min(1).0) as u32;
    Alarm { at, period: Dur::from_min(1), periods, datapoints: periods }
}

impl AutoscalerSpec {
    /// Every policy without any key written, in the order of their words: what a history can be tried with.
    pub fn presets() -> Vec<AutoscalerConfig> {
        let words = ["target_tracking", "aws_samples", "scaling_utils"];
        let nothing = |_: &str| Err(String::new());
        let read = |word: &str| Cx::new(&nothing).read_text::<AutoscalerSpec>(word)?.resolve();
        words.into_iter().filter_map(read).collect()
    }

    /// The rule; `None` where nobody scales.
    pub fn resolve(&self) -> Option<AutoscalerConfig> {
        match self {
            AutoscalerSpec::None => None,
            AutoscalerSpec::TargetTracking(s) => Some(tracking(s)),
            AutoscalerSpec::AwsSamples(s) => Some(samples(s)),
            AutoscalerSpec::ScalingUtils(s) => Some(utils(s)),
            AutoscalerSpec::Thresholds(s) => Some(thresholds(s)),
        }
    }
}

/// What all have in common.
fn rule(policy: &'static str, up: Alarm, down: Alarm, shards: &BoundsSpec, delay: Dur) -> AutoscalerConfig {
    AutoscalerConfig {
        policy,
        up,
        down,
        grow: Change::Double,
        shrink: Change::Double,
        min: shards.min,
        max: shards.max.unwrap_or(u32::MAX),
        cooldown_up: Dur::ZERO,
        cooldown_down: Dur::ZERO,
        delay,
        keeps_to_limits: true,
    }
}

fn tracking(s: &TrackingSpec) -> AutoscalerConfig {
    let period = facts::TRACKING_PERIOD.dur();
    let alarm = |at, periods: u32| Alarm { at, period, periods, datapoints: periods };
    let below = u128::from(s.target.0) * u128::from(facts::TRACKING_DOWN_AT.percent().0);
    let below = Percent((below / u128::from(Percent::WHOLE)) as u64);
    let up = alarm(s.target, facts::TRACKING_UP_PERIODS.count_u32());
    let down = alarm(below, facts::TRACKING_DOWN_PERIODS.count_u32());
    AutoscalerConfig {
        grow: Change::Track(s.target),
        shrink: Change::Track(s.target),
        cooldown_up: s.cooldown,
        cooldown_down: s.cooldown,
        ..rule("target_tracking", up, down, &s.shards, s.delay)
    }
}

fn samples(s: &SamplesSpec) -> AutoscalerConfig {
    let period = facts::SAMPLES_PERIOD.dur();
    let periods = facts::SAMPLES_UP_PERIODS.count_u32();
    let up = Alarm { at: s.up_at, period, periods, datapoints: periods };
    let down = Alarm {
        at: s.down_at,
        period,
        periods: facts::SAMPLES_DOWN_PERIODS.count_u32(),
        datapoints: facts::SAMPLES_DOWN_DATAPOINTS.count_u32(),
    };
    // Its code halves rounding down, which UpdateShardCount refuses for an odd number of shards.
    AutoscalerConfig { keeps_to_limits: false, ..rule("aws_samples", up, down, &s.shards, s.delay) }
}

fn utils(s: &UtilsSpec) -> AutoscalerConfig {
    // It reads as many minutes as the longer of the two needs, and counts the high and the low ones among them.
    let (up, down) = (minutes(s.up_at, s.up_after), minutes(s.down_at, s.down_after));
    let periods = up.periods.max(down.periods);
    let (up, down) = (Alarm { periods, ..up }, Alarm { periods, ..down });
    AutoscalerConfig {
        grow: Change::ScalePercent(s.up_percent),
        shrink: Change::Count(s.down_count),
        cooldown_down: s.cool_off,
        ..rule("scaling_utils", up, down, &s.shards, s.delay)
    }
}

fn thresholds(s: &ThresholdsSpec) -> AutoscalerConfig {
    let (up, down) = (minutes(s.up_at, s.up_after), minutes(s.down_at, s.down_after));
    AutoscalerConfig {
        grow: s.up_by.resolve(),
        shrink: s.down_by.resolve(),
        cooldown_up: s.cooldown,
        cooldown_down: s.cooldown,
        ..rule("thresholds", up, down, &s.shards, s.delay)
    }
}
