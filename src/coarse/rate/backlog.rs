//! Shards that are behind: what waits there is forgotten, worked off, done again.

use super::clients;
use super::fleets::News;
use super::numbers::add;
use super::readers::{Inflow, Reader, Reading, Step};
use super::speed::Pace;
use crate::consumer::config::ReadConfig;
use crate::facts::data_streams::RETENTION_EXTENDED_END;

const LONG_TERM_NS: f64 = RETENTION_EXTENDED_END.dur().0 as f64;

impl Reading<'_> {
    /// Shards have changed hands: what was not saved is done again, and what no one remembers is skipped.
    pub fn change_hands(&self, reader: &mut Reader, news: &News) {
        reader.rewound.clear();
        for (shard, ns) in &news.again {
            let records = self.inflow_of(*shard).records * *ns as f64 / 1e9;
            reader.again += records;
            reader.rewound.insert(*shard, records);
        }
        for shard in &news.skipped {
            reader.skipped += reader.behind.remove(shard).map_or(0.0, |f| f.records);
        }
    }

    /// What retention passes is lost; what is too old for a function is given up.
    pub(super) fn forget(&self, reader: &mut Reader, c: usize) {
        let mut drop_older = |span: u64| -> f64 {
            let horizon = self.to.saturating_sub(span) as f64;
            reader.behind.values_mut().map(|f| f.drop_before(horizon)).sum()
        };
        let lost = drop_older(self.retention);
        let most = self.configs[c].client.lambda().and_then(|l| l.record_age);
        let too_old = most.map_or(0.0, |age| drop_older(age.0));
        (reader.lost, reader.too_old) = (reader.lost + lost, reader.too_old + too_old);
        reader.behind.retain(|_, f| f.records > 0.0);
    }

    /// Works on what waits, shard after shard.
    pub(super) fn work_off(&self, readers: &mut [Reader], c: usize, reads: bool, step: &mut Step) {
        self.forget(&mut readers[c], c);
        if !reads {
            return;
        }
        let ids: Vec<u32> = readers[c].behind.keys().copied().collect();
        for id in ids {
            let shard = &self.map.shards()[id as usize];
            let waits = shard.parents.iter().any(|p| readers[c].behind.contains_key(p));
            if !waits && readers[c].reads_shard(id) {
                let inflow = self.inflow_of(id);
                let pace = self.pace(readers, c, inflow, Some(id));
                self.work_off_one(&mut readers[c], c, (id, inflow), pace, step);
            }
        }
        step.age = step.age.or(Some(0));
    }

    /// What a shard takes in, open or closed.
    pub(super) fn inflow_of(&self, shard: u32) -> Inflow {
        match self.place[shard as usize] {
            usize::MAX => Inflow::default(),
            at => self.inflow(at),
        }
    }

    /// Works on one shard's backlog.
    fn work_off_one(
        &self,
        reader: &mut Reader,
        c: usize,
        (id, inflow): (u32, Inflow),
        pace: Pace,
        step: &mut Step,
    ) {
        let (from, to) = (self.from as f64, self.to as f64);
        let begins = reader.fleet.as_ref().is_some_and(|f| f.has_just_begun(id, self.from));
        let Some(fifo) = reader.behind.get_mut(&id) else { return };
        let before = (fifo.records - inflow.records * self.seconds()).max(0.0);
        let most = pace.records * self.seconds();
        let batch = pace.batch.min(before.max(inflow.records * pace.cycle / 1e9)).max(1.0);
        let batch = if reader.fleet.is_some() { batch } else { pace.batch };
        let (least, all) = pace.processing(batch);
        let work = (least + all) / 2.0;
        // Where the work is what takes the time, a record's turn is its end, and it was received before.
        let ahead =
            pace.ahead.min(before) / most.max(1e-9) * (to - from) * f64::from(u8::from(pace.is_busy()));
        let (early, late) = if ahead > 0.0 { (ahead + work, 0.0) } else { (0.0, work) };
        let call = match &self.configs[c].read {
            ReadConfig::Polling(p) => p.call_latency.sampler().mean(),
            ReadConfig::FanOut(f) => f.push_latency.sampler().mean(),
        };
        let (mut long, size) = (0.0, self.size);
        let [received, done] = &mut step.late_delays;
        let mut left = |left: super::fifo::Left| {
            let (first, last) = ((left.first - early).max(0.0), (left.last - early).max(0.0));
            received.add_even(first + call, last + call, left.records);
            done.add_even(left.first + call + late, left.last + call + late, left.records);
            if left.last > LONG_TERM_NS {
                long += left.records * size;
            }
        };
        // The first call returns a batch at once, and in it what is done again comes first.
        let room = (pace.batch - reader.rewound.get(&id).unwrap_or(&0.0)).max(0.0);
        let mut taken = if begins { fifo.pull(from, from, room.min(before), &mut left) } else { 0.0 };
        // What it leaves is known to be there, though the step may see its end.
        if begins && taken < before {
            let oldest = fifo.oldest().unwrap_or(from);
            step.age = step.age.max(Some((from - oldest).max(0.0) as u64));
        }
        taken += fifo.pull(from, to, (most - taken).max(0.0), &mut left);
        reader.long_term += long;
        step.late += taken;
        *step.processing.entry(((least + ahead) as u64, (all + ahead) as u64)).or_default() += taken;
        if reader.fleet.is_some() {
            step.worked.push((id, taken));
        }
        step.late_calls += taken / pace.batch;
        add(&mut step.client, &clients::late(&self.configs[c], pace, taken, self.to - self.from), 1.0);
        step.late_shards += 1.0;
        if fifo.records <= 0.0 {
            let rate = (pace.records - inflow.records).max(1e-9);
            reader.level_at = reader.level_at.max((from + before / rate * 1e9).min(to));
            reader.behind.remove(&id);
        } else {
            let age = (to - fifo.oldest().unwrap_or(to)).max(0.0) as u64;
            step.age = step.age.max(Some(age));
        }
    }
}
