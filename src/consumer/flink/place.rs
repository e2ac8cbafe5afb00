//! Where a job runs, and what of it is billed: KPUs of the managed service, or machines.

use super::config::Place;
use crate::facts::managed_flink as facts;
use crate::measure::clients::FlinkUsage;

/// Meters a job's place.
#[derive(Clone, Debug)]
pub struct Meter {
    place: Place,
    parallelism: u32,
    /// Up to when it is counted, and since when it runs (`None`: stopped, not billed).
    counted: u64,
    started: Option<u64>,
    kpu_ns: u128,
    running_ns: u128,
}

impl Meter {
    /// A job that starts then.
    pub fn new(place: &Place, parallelism: u32, at: u64) -> Meter {
        Meter { place: place.clone(), parallelism, counted: at, started: Some(at), kpu_ns: 0, running_ns: 0 }
    }

    fn kpus(&self) -> u128 {
        match &self.place {
            Place::Managed(m) => m.kpus(self.parallelism).into(),
            Place::SelfManaged(own) => own.task_managers.into(),
        }
    }

    /// Counts up to now.
    fn count(&mut self, now: u64) {
        let span = u128::from(now.saturating_sub(self.counted));
        if self.started.is_some() {
            self.kpu_ns += self.kpus() * span;
            self.running_ns += span;
        }
        self.counted = self.counted.max(now);
    }

    /// The parallelism is another one from now on.
    pub fn rescale(&mut self, now: u64, parallelism: u32) {
        self.count(now);
        self.parallelism = parallelism;
    }

    /// The application is stopped: what is left of its first ten minutes is billed all the same. (Machines go on.)
    pub fn stop(&mut self, now: u64) {
        if matches!(self.place, Place::SelfManaged(_)) {
            return;
        }
        self.count(now);
        let Some(started) = self.started.take() else { return };
        let left = u128::from((started + facts::BILLED_MIN.dur().0).saturating_sub(now));
        self.kpu_ns += self.kpus() * left;
        self.running_ns += left;
    }

    /// The application is started again.
    pub fn start(&mut self, now: u64) {
        self.count(now);
        self.started = self.started.or(Some(now));
    }

    /// In a word, for results.
    pub fn word(&self) -> &'static str {
        match self.place {
            Place::Managed(_) => "managed",
            Place::SelfManaged(_) => "self_managed",
        }
    }

    /// Everything up to `end`.
    pub fn usage(&self, end: u64) -> FlinkUsage {
        let mut all = self.clone();
        all.count(end);
        match all.place {
            Place::Managed(m) => FlinkUsage {
                kpu_ns: all.kpu_ns,
                orchestration_kpu_ns: all.running_ns * u128::from(m.orchestration_kpus),
                backup_bytes: m.backups.0,
                backups_held_ns: end,
                ..FlinkUsage::default()
            },
            Place::SelfManaged(own) => FlinkUsage {
                machine_ns: all.kpu_ns,
                machine_price: own.price_per_hour,
                ..FlinkUsage::default()
            },
        }
    }
}
