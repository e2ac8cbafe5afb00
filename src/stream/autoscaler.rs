//! A rule that changes a provisioned stream's shard count from its metrics.
//!
//! At AWS: Kinesis scales provisioned streams only when told. Three ways are in use: alarms that double and halve
//! (aws-samples/kinesis-auto-scaling), a process that reads the metrics (amazon-kinesis-scaling-utils), and target
//! tracking by Application Auto Scaling, which knows no Kinesis and needs a custom resource (an HTTPS endpoint and
//! code of one's own that calls UpdateShardCount).
//! We model: usage of a period is the higher of bytes and records stored, as a share of what the shards open now
//! take; an alarm wants so many of the last periods at or above (below) its threshold; while it holds it asks again,
//! after its cooldown. A throttled stream's usage stays at its limit: none of the rules sees the demand.
//! We leave out: the guard on iterator age (off by default in the sample), anything that looks at reads.
//! Sources: `kinesim facts`, keys `autoscaler.*`.

use super::config::{Alarm, AutoscalerConfig, Change};
use super::resharding::target_allowed;
use crate::facts::data_streams::{SHARD_WRITE_BYTES, SHARD_WRITE_RECORDS, UPDATE_SHARD_COUNT_MAX};
use crate::units::{NS_PER_S, Percent};
use std::collections::VecDeque;

/// What is looked at.
pub const MINUTE: u64 = 60 * NS_PER_S;

/// What CloudWatch has of a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// IncomingRecords.
    pub records: u64,
    /// IncomingBytes.
    pub bytes: u64,
}

/// A wish for another shard count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Shards wanted.
    pub target: u32,
    /// More, or fewer.
    pub up: bool,
    /// Why, with numbers.
    pub reason: String,
}

/// The rule and what it remembers.
#[derive(Clone, Debug)]
pub struct Autoscaler {
    config: AutoscalerConfig,
    /// The latest last.
    minutes: VecDeque<Minute>,
    kept: usize,
    seen: u64,
    last_up: Option<u64>,
    last_down: Option<u64>,
}

impl Autoscaler {
    /// One that has seen nothing.
    pub fn new(config: &AutoscalerConfig) -> Autoscaler {
        let kept = [config.up, config.down].map(|a| minutes(a) * a.periods as usize);
        Autoscaler {
            config: config.clone(),
            minutes: VecDeque::new(),
            kept: kept[0].max(kept[1]),
            seen: 0,
            last_up: None,
            last_down: None,
        }
    }

    /// A minute is over; what now, with so many open shards?
    pub fn minute(&mut self, now: u64, minute: Minute, shards: u32) -> Option<Decision> {
        self.minutes.push_back(minute);
        self.seen += 1;
        if self.minutes.len() > self.kept {
            self.minutes.pop_front();
        }
        let rested = |last: Option<u64>, wait: u64| last.is_none_or(|at| now >= at.saturating_add(wait));
        let (up, down) = (self.config.up, self.config.down);
        if rested(self.last_up, self.config.cooldown_up.0)
            && let Some(used) = self.rings(up, shards, true)
        {
            return self.decide(true, up, used, shards);
        }
        let quiet = rested(self.last_down, self.config.cooldown_down.0);
        if quiet && let Some(used) = self.rings(down, shards, false) {
            return self.decide(false, down, used, shards);
        }
        None
    }

    /// The call was accepted: from here the cooldown runs.
    pub fn acted(&mut self, now: u64, up: bool) {
        *if up { &mut self.last_up } else { &mut self.last_down } = Some(now);
    }

    /// Usage of the last period, if the alarm holds at the end of this minute. Shards are taken away only after all
    /// the time looked at; they may be added as soon as there are high periods enough.
    fn rings(&self, alarm: Alarm, shards: u32, up: bool) -> Option<u64> {
        let length = minutes(alarm);
        let wanted = alarm.periods as usize;
        let periods = (self.minutes.len() / length).min(wanted);
        if !self.seen.is_multiple_of(length as u64) || (!up && periods < wanted) {
            return None;
        }
        let from = self.minutes.len() - periods * length;
        let of = |period: usize| {
            let start = from + period * length;
            usage(self.minutes.range(start..start + length), length as u64, shards)
        };
        let holds = |used: &u64| if up { *used >= alarm.at.0 } else { *used < alarm.at.0 };
        let held = (0..periods).map(of).filter(holds).count();
        (periods > 0 && held >= alarm.datapoints as usize).then(|| of(periods - 1))
    }

    fn decide(&self, up: bool, alarm: Alarm, used: u64, shards: u32) -> Option<Decision> {
        let change = if up { self.config.grow } else { self.config.shrink };
        let most = self.config.max.min(UPDATE_SHARD_COUNT_MAX.count() as u32);
        let mut target = changed(change, up, shards, used).clamp(self.config.min, most.max(self.config.min));
        if self.config.keeps_to_limits && !target_allowed(shards, target) {
            target = target.clamp(shards.div_ceil(2), shards.saturating_mul(2));
        }
        if (up && target <= shards) || (!up && target >= shards) {
            return None;
        }
        let percent = |share: u64| share as f64 / (Percent::WHOLE / 100) as f64;
        let reason = format!(
            "{} of the last {} periods of {} {} {:.0} % of {shards} shards, the last at {:.1} %",
            alarm.datapoints,
            alarm.periods,
            alarm.period,
            if up { "at or above" } else { "below" },
            percent(alarm.at.0),
            percent(used),
        );
        Some(Decision { target, up, reason })
    }
}

/// Minutes of an alarm's period.
fn minutes(alarm: Alarm) -> usize {
    (alarm.period.0 / MINUTE).max(1) as usize
}

/// The higher of bytes and records, in billionths of what the shards take in so many minutes.
fn usage<'a>(minutes: impl Iterator<Item = &'a Minute>, length: u64, shards: u32) -> u64 {
    let (mut records, mut bytes) = (0u128, 0u128);
    for minute in minutes {
        records += u128::from(minute.records);
        bytes += u128::from(minute.bytes);
    }
    let share = |amount: u128, per_s: u64| {
        let whole = u128::from(per_s) * u128::from(length * MINUTE / NS_PER_S) * u128::from(shards.max(1));
        (amount * u128::from(Percent::WHOLE) / whole.max(1)) as u64
    };
    let by_records = share(records, SHARD_WRITE_RECORDS.count());
    by_records.max(share(bytes, SHARD_WRITE_BYTES.byte_rate().0))
}

/// The shard count a policy asks for.
fn changed(change: Change, up: bool, shards: u32, used: u64) -> u32 {
    match (change, up) {
        (Change::Double, true) => shards.saturating_mul(2),
        (Change::Double, false) => shards / 2,
        (Change::Count(n), true) => shards.saturating_add(n),
        (Change::Count(n), false) => shards.saturating_sub(n),
        (Change::ScalePercent(percent), _) => scale_percent(shards, percent, up),
        (Change::Track(target), _) => {
            let wanted = u128::from(shards) * u128::from(used);
            u32::try_from(wanted.div_ceil(u128::from(target.0.max(1)))).unwrap_or(u32::MAX)
        }
    }
    .max(1)
}

/// amazon-kinesis-scaling-utils' arithmetic: up, a percentage below 100 is added, from 100 on it is the new size;
/// down, one above 100 divides, up to 100 it is taken away. Never below one.
pub fn scale_percent(shards: u32, percent: u32, up: bool) -> u32 {
    let (n, percent) = (u64::from(shards), u64::from(percent));
    let scaled = match up {
        true if percent < 100 => (n * (100 + percent)).div_ceil(100),
        true => (n * percent).div_ceil(100),
        false if percent > 100 => n * 100 / percent,
        false => n - n * percent / 100,
    };
    u32::try_from(scaled.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Dur;

    fn alarm(percent: u64, period_min: u64, datapoints: u32, periods: u32) -> Alarm {
        let at = Percent(percent * Percent::WHOLE / 100);
        Alarm { at, period: Dur::from_min(period_min), periods, datapoints }
    }

    fn samples() -> AutoscalerConfig {
        AutoscalerConfig {
            policy: "aws_samples",
            up: alarm(75, 5, 5, 5),
            down: alarm(25, 5, 57, 60),
            grow: Change::Double,
            shrink: Change::Double,
            min: 1,
            max: u32::MAX,
            cooldown_up: Dur::ZERO,
            cooldown_down: Dur::ZERO,
            delay: Dur::ZERO,
            keeps_to_limits: false,
        }
    }

    /// Plays minutes of one load at a time; returns (minute, target) of each decision, each carried out at once.
    fn play(config: &AutoscalerConfig, mut shards: u32, loads: &[(u64, u64)]) -> Vec<(u64, u32)> {
        let mut machine = Autoscaler::new(config);
        let (mut now, mut decisions) = (0, Vec::new());
        for (minutes, records_per_s) in loads {
            for _ in 0..*minutes {
                now += MINUTE;
                let minute = Minute { records: records_per_s * 60, bytes: records_per_s * 60 * 100 };
                if let Some(decision) = machine.minute(now, minute, shards) {
                    machine.acted(now, decision.up);
                    shards = decision.target;
                    decisions.push((now / MINUTE, shards));
                }
            }
        }
        decisions
    }

    /// 25 minutes above 75 % double, 285 of 300 minutes below 25 % halve (its README and template).
    #[test]
    fn the_sample_rule_takes_25_minutes_up_and_five_hours_down() {
        assert_eq!(play(&samples(), 2, &[(24, 1_500)]), []);
        assert_eq!(play(&samples(), 2, &[(60, 1_500)]), [(25, 4)]);
        // Alarms judge the past by the new count: nearly three times what is allowed doubles twice, one period apart.
        assert_eq!(play(&samples(), 2, &[(60, 5_900)]), [(25, 4), (30, 8)]);
        // 15 of 300 minutes may be high.
        assert_eq!(play(&samples(), 8, &[(15, 4_000), (285, 500)]), [(300, 4)]);
        assert_eq!(play(&samples(), 8, &[(20, 4_000), (279, 500)]), []);
    }

    #[test]
    fn target_tracking_goes_where_the_target_is_and_rests() {
        let mut config = samples();
        config.up = alarm(70, 1, 3, 3);
        config.down = alarm(63, 1, 15, 15);
        let target = config.up.at;
        (config.grow, config.shrink) = (Change::Track(target), Change::Track(target));
        (config.cooldown_up, config.cooldown_down) = (Dur::from_s(300), Dur::from_s(300));
        config.keeps_to_limits = true;
        // 3,500 records/s at 70 % are five shards; 14,000 are twenty, but only double is allowed at a time.
        assert_eq!(play(&config, 4, &[(20, 3_500)]), [(3, 5)]);
        assert_eq!(play(&config, 4, &[(20, 14_000)]), [(3, 8), (8, 16), (13, 20)]);
        assert_eq!(play(&config, 10, &[(40, 700)]), [(15, 5), (20, 3), (25, 2), (30, 1)]);
    }

    #[test]
    fn the_utility_adds_by_percent_and_cools_off() {
        let mut config = samples();
        (config.up, config.down) = (alarm(80, 1, 10, 60), alarm(20, 1, 60, 60));
        (config.grow, config.shrink) = (Change::ScalePercent(20), Change::Count(1));
        assert_eq!(play(&config, 10, &[(9, 9_000), (1, 100), (1, 9_000)]), [(11, 12)]);
        config.cooldown_down = Dur::from_min(120);
        assert_eq!(play(&config, 10, &[(50, 100), (10, 9_000)]), [(60, 12)]);
        assert_eq!(play(&config, 10, &[(200, 100)]), [(60, 9), (180, 8)]);
    }
}
