//! The autoscaler's part of control: every minute it hears what was stored, and what it wants is asked for later.

use super::World;
use super::control::Due;
use crate::stream::autoscaler::{Autoscaler, Decision, MINUTE, Minute};
use crate::stream::config::Mode;

/// What control remembers of it.
#[derive(Default)]
pub(super) struct Scaling {
    machine: Option<Autoscaler>,
    /// Asked for, and not yet called.
    pending: Option<Decision>,
    /// Its last call was refused: said once, not every minute.
    refused: bool,
}

impl World {
    /// A provisioned stream with a rule begins to be watched.
    pub(super) fn begin_autoscaling(&mut self, now: u64) {
        let Some(config) = &self.config.stream.autoscaler else { return };
        self.control.scaling = Scaling { machine: Some(Autoscaler::new(config)), ..Scaling::default() };
        self.forget_observations();
        self.control.drop_due(|due| matches!(due, Due::Metrics | Due::Rescale));
        self.control.schedule(now + MINUTE, Due::Metrics);
    }

    /// A minute's metrics are there.
    pub(super) fn metrics(&mut self, now: u64) {
        if self.mode != Mode::Provisioned {
            return;
        }
        let mut minute = Minute::default();
        for lane in &self.lanes {
            minute.records += lane.counts.observed;
            minute.bytes += lane.counts.observed_bytes;
        }
        self.forget_observations();
        let shards = self.map.open().len() as u32;
        let scaling = &mut self.control.scaling;
        let wish = scaling.machine.as_mut().and_then(|m| m.minute(now, minute, shards));
        // A stream that is being resharded takes no call: the rule asks again.
        if let Some(wish) = wish
            && scaling.pending.is_none()
            && !self.control.is_resharding()
        {
            self.control.scaling.pending = Some(wish);
            let delay = self.config.stream.autoscaler.as_ref().map_or(0, |a| a.delay.0);
            self.control.schedule(now + delay, Due::Rescale);
        }
        self.control.schedule(now + MINUTE, Due::Metrics);
    }

    /// The call that a decision leads to.
    pub(super) fn rescale(&mut self, now: u64) {
        let Some(wish) = self.control.scaling.pending.take() else { return };
        if let Some(why) = self.why_not(wish.target, now) {
            if !std::mem::replace(&mut self.control.scaling.refused, true) {
                let text = format!("autoscaler: {why} ({}); it goes on asking", wish.reason);
                self.control.note(now, "autoscale_refused", text);
            }
            return;
        }
        self.control.scaling.refused = false;
        if let Some(machine) = &mut self.control.scaling.machine {
            machine.acted(now, wish.up);
        }
        let what = if wish.up { "autoscale_up" } else { "autoscale_down" };
        let from = self.map.open().len();
        self.control.note(
            now,
            what,
            format!("autoscaler: {from} to {} shards: {}", wish.target, wish.reason),
        );
        self.update_shard_count(wish.target, now);
    }
}
