//! Automatic scaling of Managed Service for Apache Flink: when, and to which parallelism.
//!
//! At AWS: CPU of the fullest container, one point a minute. Fifteen points in a row at 75 % or more double the
//! parallelism; 360 in a row below 10 % halve it, rounded up.
//! We model: one container for each KPU; its CPU is the share of time its slots work, times what they use of its vCPU.
//! A minute in which the job did not run at all is no point, and ends the row.
//! We leave out: delays between the alarm and the action (AWS says there are some, and gives no figure).

use super::config::ManagedConfig;
use crate::facts::managed_flink as facts;
use crate::units::Percent;

/// Counts points in a row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scaler {
    high: u64,
    low: u64,
}

impl Scaler {
    /// A point: the fullest container's CPU in the last minute (parts per billion), `None` when there was none.
    /// The parallelism to go to, when it is time.
    pub fn point(&mut self, cpu: Option<u64>, now: u32, least: u32, config: &ManagedConfig) -> Option<u32> {
        let is = |found: bool, count: u64| if found { count + 1 } else { 0 };
        self.high = is(cpu.is_some_and(|c| c >= facts::UP_CPU.percent().0), self.high);
        self.low = is(cpu.is_some_and(|c| c < facts::DOWN_CPU.percent().0), self.low);
        let most = config.max_kpus.saturating_mul(config.parallelism_per_kpu);
        let to = if self.high >= facts::UP_MINUTES.count() {
            now.saturating_mul(2).min(most).max(now)
        } else if self.low >= facts::DOWN_MINUTES.count() {
            now.div_ceil(2).max(least).min(now)
        } else {
            now
        };
        if to == now {
            return None;
        }
        *self = Scaler::default();
        Some(to)
    }

    /// The job was restarted.
    pub fn restarted(&mut self) {
        *self = Scaler::default();
    }
}

/// CPU of the fullest KPU, when each slot worked so long of `up`.
pub fn fullest(busy: &[u64], up: u64, config: &ManagedConfig) -> Option<u64> {
    let per_kpu = u128::from(config.parallelism_per_kpu.max(1));
    let cpu = |slots: &[u64]| {
        let worked: u128 = slots.iter().map(|b| u128::from(*b)).sum();
        let whole = u128::from(up) * per_kpu;
        (worked * u128::from(config.cpu.0)).checked_div(whole).map_or(0, |c| c as u64).min(Percent::WHOLE)
    };
    (up > 0).then(|| busy.chunks(per_kpu as usize).map(cpu).max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    fn config(max_kpus: u32, parallelism_per_kpu: u32) -> ManagedConfig {
        ManagedConfig {
            parallelism_per_kpu,
            autoscaling: true,
            max_kpus,
            cpu: Percent(Percent::WHOLE),
            orchestration_kpus: 1,
            backups: Bytes(0),
        }
    }

    const FULL: Option<u64> = Some(Percent::WHOLE * 3 / 4);
    const IDLE: Option<u64> = Some(Percent::WHOLE / 10 - 1);

    fn rows(
        scaler: &mut Scaler,
        cpu: Option<u64>,
        points: u64,
        now: u32,
        config: &ManagedConfig,
    ) -> Option<u32> {
        (0..points).find_map(|_| scaler.point(cpu, now, 4, config))
    }

    #[test]
    fn fifteen_full_minutes_double_it_and_fourteen_do_not() {
        let (mut s, c) = (Scaler::default(), config(64, 1));
        assert_eq!(rows(&mut s, FULL, 14, 4, &c), None);
        assert_eq!(s.point(Some(Percent::WHOLE * 3 / 4 - 1), 4, 4, &c), None);
        assert_eq!(rows(&mut s, FULL, 14, 4, &c), None);
        assert_eq!(s.point(FULL, 4, 4, &c), Some(8));
        assert_eq!(rows(&mut s, FULL, 14, 8, &c), None, "the row begins anew");
        assert_eq!(s.point(None, 8, 4, &c), None);
        assert_eq!(rows(&mut s, FULL, 14, 8, &c), None, "a minute without a point ends the row");
    }

    #[test]
    fn six_idle_hours_halve_it_rounded_up_and_never_below_what_is_set() {
        let (mut s, c) = (Scaler::default(), config(64, 1));
        assert_eq!(rows(&mut s, IDLE, 359, 11, &c), None);
        assert_eq!(s.point(IDLE, 11, 4, &c), Some(6));
        assert_eq!(rows(&mut s, IDLE, 360, 6, &c), Some(4));
        assert_eq!(rows(&mut s, IDLE, 2_000, 4, &c), None);
    }

    #[test]
    fn the_limit_of_kpus_is_one_of_parallelism() {
        let (mut s, c) = (Scaler::default(), config(3, 4));
        assert_eq!(rows(&mut s, FULL, 15, 8, &c), Some(12));
        assert_eq!(rows(&mut s, FULL, 100, 12, &c), None);
    }

    #[test]
    fn the_fullest_container_counts_and_idle_slots_beside_it_dilute_it() {
        let minute = 60_000_000_000;
        let busy = [minute, 0, 0, 0];
        assert_eq!(fullest(&busy, minute, &config(64, 1)), Some(Percent::WHOLE));
        assert_eq!(fullest(&busy, minute, &config(64, 2)), Some(Percent::WHOLE / 2));
        assert_eq!(fullest(&busy, 0, &config(64, 2)), None);
    }
}
