//! The on-demand stream within a run: its look at each shard's last minute, the splits that follow, warm throughput.
//!
//! What it decides, and when, is `stream/on_demand`; here is who is asked and what becomes of the answer.

use super::World;
use super::control::{Due, ids, seconds};
use super::sizing::Peak;
use crate::facts::data_streams;
use crate::stream::config::Mode;
use crate::stream::on_demand;
use crate::stream::resharding::{self, Step};
use crate::units::{ByteRate, NS_PER_S};

impl World {
    pub(super) fn begin_on_demand(&mut self, now: u64, peak: Peak) {
        (self.control.peak, self.control.reference) = (peak, peak);
        let shards = self.map.open().len();
        let (mib, records) = (peak.bytes_per_s as f64 / (1 << 20) as f64, peak.records_per_s);
        let text =
            format!("starts with {shards} shards; 30-day peak taken as {mib:.2} MiB/s, {records} records/s");
        self.control.note(now, "on_demand_start", text);
        self.forget_observations();
        // A look planned before a switch away and back must not start a second chain.
        self.control.drop_due(|due| matches!(due, Due::Observe));
        self.control.schedule(now + self.config.stream.on_demand.observe.0, Due::Observe);
    }

    pub(super) fn forget_observations(&mut self) {
        for lane in &mut self.lanes {
            (lane.counts.observed, lane.counts.observed_bytes) = (0, 0);
        }
    }

    /// The on-demand stream looks at the last minute of each shard.
    pub(super) fn observe(&mut self, now: u64) {
        if self.mode == Mode::Provisioned {
            return;
        }
        let config = self.config.stream.on_demand.clone();
        let mut total = Peak::default();
        let mut decisions = Vec::new();
        for &id in self.map.open() {
            let counts = &self.lanes[id as usize].counts;
            let mean = on_demand::Mean::over(counts.observed_bytes, counts.observed, config.observe);
            total.bytes_per_s += mean.bytes_per_s;
            total.records_per_s += mean.records_per_s;
            let shard = &self.map.shards()[id as usize];
            let reference = (self.control.reference.bytes_per_s, self.control.reference.records_per_s);
            let threshold = on_demand::threshold(&config, reference, shard.end - shard.start);
            // A shard younger than the observation has not been seen for all of it.
            let seen = shard.opened + config.observe.0 <= now;
            if seen && !self.control.pending.contains(&id) && mean.exceeds(threshold) {
                decisions.push((id, mean));
            }
        }
        self.remember(total, now);
        for (id, mean) in decisions {
            let begun = now - config.observe.0;
            let at = (begun + on_demand::delay(config.delay, &mut self.control.delays)).max(now);
            let text = format!(
                "{} had {:.2} MiB/s, {} records/s over {}: will split in {:.0} s",
                ids(&[id]),
                mean.bytes_per_s as f64 / (1 << 20) as f64,
                mean.records_per_s,
                seconds(config.observe),
                (at - now) as f64 / NS_PER_S as f64
            );
            self.control.note(now, "decision", text);
            self.control.pending.push(id);
            self.control.schedule(at, Due::Split(id));
        }
        self.forget_observations();
        self.control.schedule(now + config.observe.0, Due::Observe);
    }

    /// The last minute of all shards together.
    fn remember(&mut self, total: Peak, now: u64) {
        self.control.recent.push_back((now, total));
        let peak = &mut self.control.peak;
        peak.bytes_per_s = peak.bytes_per_s.max(total.bytes_per_s);
        peak.records_per_s = peak.records_per_s.max(total.records_per_s);
    }

    /// Is the on-demand stream's look at its shards due at `now`; and nothing besides?
    pub(super) fn looks_at(&self, now: u64) -> (bool, bool) {
        let due = || self.control.due.range(..=(now, u32::MAX));
        let looks = due().filter(|(_, due)| matches!(due, Due::Observe)).count();
        (looks > 0, looks == 1 && due().count() == 1 && self.mode != Mode::Provisioned)
    }

    /// That look, at shards that are told to be too calm to split.
    pub(super) fn looked(&mut self, total: Peak, now: u64) {
        self.control.due.pop_first();
        self.remember(total, now);
        self.control.schedule(now + self.config.stream.on_demand.observe.0, Due::Observe);
    }

    pub(super) fn on_demand_split(&mut self, id: u32, now: u64) {
        self.control.pending.retain(|p| *p != id);
        if self.mode == Mode::Provisioned || self.map.shards()[id as usize].closed.is_some() {
            return;
        }
        let shard_bytes = data_streams::SHARD_WRITE_BYTES.byte_rate().0;
        let most = self.config.stream.on_demand.max_write.0 / shard_bytes;
        if self.map.open().len() as u64 >= most {
            return self
                .refuse(now, format!("{} stays: the Region's on-demand maximum is reached", ids(&[id])));
        }
        self.control.reference = self.control.peak;
        self.carry_out(Step::SplitAt(self.map.middle(id)), "on-demand scaling", now);
    }

    /// Warm throughput takes effect: up to it, or down to what the last hour's peak needs.
    pub(super) fn warm(&mut self, rate: ByteRate, now: u64) {
        if self.mode != Mode::OnDemandAdvantage {
            return self.refuse(now, "warm throughput: only with On-demand Advantage".into());
        }
        let hour = crate::facts::on_demand::WARM_DOWN_WINDOW.dur().0;
        self.control.recent.retain(|r| r.0 + hour > now);
        let mut peak = Peak::default();
        for (_, seen) in &self.control.recent {
            peak.bytes_per_s = peak.bytes_per_s.max(seen.bytes_per_s);
            peak.records_per_s = peak.records_per_s.max(seen.records_per_s);
        }
        let shard_bytes = data_streams::SHARD_WRITE_BYTES.byte_rate().0;
        let target = peak.shards().max(rate.0.div_ceil(shard_bytes) as u32);
        self.control.note(now, "warm", format!("warm throughput in force: {target} shards"));
        for step in resharding::plan(&self.map, target) {
            self.carry_out(step, "warm throughput", now);
        }
        self.control.reference = self.control.peak;
    }
}
