//! Between the rates and the shards: who stands for whom, what each shard is told, and control's look at it.

use super::numbers::whole;
use super::run::Run;
use super::stands::{Sample, Stand};
use crate::world::carrier::Written;

impl Run<'_> {
    /// Control acts on what the shards have taken so far.
    pub(super) fn control(&mut self, now: u64) {
        let (looks, only) = self.carrier.looks_at(now);
        if only && self.looks_calm(now) {
            return;
        }
        self.tell_shards();
        let open = self.carrier.map().open().to_vec();
        self.carrier.act(now);
        self.told &= !looks;
        let hot = self.hot_at(now);
        if open != self.carrier.map().open() || hot != self.hot {
            self.look_at_shards(now);
        }
    }

    /// The on-demand stream's look at shards all of which are far from splitting: only the sum matters.
    fn looks_calm(&mut self, now: u64) -> bool {
        let (records, bytes) = self.carrier.never_splits();
        let (stands, written) = (&self.sample.stands, &self.written);
        let calm = |(stand, w): (&Stand, &[f64; 3])| {
            stand.busiest.is_some_and(|b| w[0] * b < records && w[1] * b < bytes)
        };
        if self.told || !stands.iter().zip(written).all(calm) {
            return false;
        }
        let sum = |k: usize| stands.iter().zip(written).map(|(s, w)| w[k] * s.stands_for()).sum::<f64>();
        self.carrier.looked(sum(0), sum(1), now);
        for (passed, written) in self.passed.iter_mut().zip(&mut self.written) {
            (0..3).for_each(|k| passed[k] += std::mem::take(&mut written[k]));
        }
        true
    }

    /// The shards or their keys have changed: who stands for whom?
    pub(super) fn look_at_shards(&mut self, now: u64) {
        self.hot = self.hot_at(now);
        self.points.grid.clear();
        let end = self.config.duration.0;
        let load: Vec<f64> =
            self.demands.iter().map(|d| d.rate(0, end.max(1)) * d.record(now).bytes.max(1.0)).collect();
        let map = self.carrier.map();
        let rate = self.demands.iter().map(|d| d.rate(0, end.max(1))).sum();
        self.sample = Sample::of(map, &self.places, &self.hot, (&load, rate), self.care);
        self.place = vec![usize::MAX; map.shards().len()];
        map.open().iter().enumerate().for_each(|(i, id)| self.place[*id as usize] = i);
        self.rest.resize(map.shards().len(), [0.0; 3]);
        self.written = vec![[0.0; 3]; self.sample.stands.len()];
        self.passed = self.written.clone();
        self.born_since = vec![0.0; self.demands.len()];
        if !self.sample.whole && self.simulated.1 < self.sample.shown.len() {
            self.simulated = (self.sample.stands.len(), self.sample.shown.len());
        }
    }

    /// Shards learn what they have stored since they were last told.
    pub(super) fn tell_shards(&mut self) {
        let by = |shares: &[f64]| shares.iter().zip(&self.born_since).map(|(s, b)| s * b).sum::<f64>();
        for (i, (stand, shares)) in self.sample.shown.iter().enumerate() {
            let id = self.carrier.map().open()[i];
            let shown = by(&self.sample.stands[*stand].shares);
            let scale = if self.sample.whole || shown <= 0.0 { 1.0 } else { by(shares) / shown };
            let rest = &mut self.rest[id as usize];
            let (mut told, passed) = ([0u64; 3], &self.passed[*stand]);
            for k in 0..3 {
                rest[k] += (self.written[*stand][k] + passed[k]) * scale;
                told[k] = whole(rest[k]);
                rest[k] -= told[k] as f64;
            }
            let seen = |k: usize| told[k] - whole(passed[k] * scale).min(told[k]);
            let observed = (seen(0), seen(1));
            self.carrier
                .wrote(id, Written { records: told[0], bytes: told[1], throttled: told[2], observed });
        }
        self.told = true;
        self.written.iter_mut().chain(&mut self.passed).for_each(|w| *w = [0.0; 3]);
        self.born_since.iter_mut().for_each(|b| *b = 0.0);
        self.carrier.billed(whole(self.stream.billed.0), whole(self.stream.billed.1));
        for (c, reader) in self.readers.iter().enumerate() {
            self.carrier.read(c, whole(reader.read_bytes), whole(reader.long_term));
        }
    }
}
