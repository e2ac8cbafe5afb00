//! Where the stream works in a step: the operating points around its rates.

use super::demand::Demand;
use super::lengths::Load;
use super::points::{Mixture, Wanted, around, on_grid};
use super::readers::pollers;
use super::run::{Now, Run};
use super::sample::{Offer, Small, gathered};
use super::speed::turns;
use crate::producer::config::DirectQuotas;
use crate::units::NS_PER_S;
use crate::world::Unfit;

/// A queue in a client is worked off at a load of this many times the shards' capacity at most.
const PUSH_MOST: f64 = 3.0;

impl Run<'_> {
    /// Where the stream works in this step.
    pub(super) fn operating_point(&mut self, from: u64, to: u64) -> Result<Now, Unfit> {
        let mut rates: Vec<f64> = self.demands.iter().map(|d| d.rate(from, to)).collect();
        let mut mixture = self.mixture(&rates, from, self.exact)?;
        let grows = |k: usize| self.points.points[k].producers.iter().any(|p| p.grows);
        if self.queues.iter().any(|q| q.records > 0.0) && !mixture.iter().any(|(k, _)| grows(*k)) {
            // The queue comes on top of what is born, as much of it as shards could possibly take.
            let seconds = ((to - from) as f64 / NS_PER_S as f64).max(1.0);
            let own = self.load(&rates, from);
            rates.iter_mut().zip(&self.queues).for_each(|(rate, queue)| *rate += queue.records / seconds);
            let (all, most) = (self.load(&rates, from), PUSH_MOST.max(own));
            if all > most {
                rates.iter_mut().for_each(|r| *r *= most / all);
            }
            mixture = self.mixture(&rates, from, false)?;
        }
        let opens = self.points.opening.filter(|(_, length)| from < *length && self.rates_since_start(from));
        if let Some((opening, _)) = opens {
            mixture = vec![(opening, 1.0)];
        }
        let record = self.demands.iter().map(|d| d.record(from)).collect();
        Ok(Now { from, to, mixture, offered: rates, record, opening: opens.is_some() })
    }

    /// The points around these rates.
    fn mixture(&mut self, rates: &[f64], from: u64, exact: bool) -> Result<Mixture, Unfit> {
        let load = self.load(rates, from);
        if load <= 0.0 {
            return Ok(vec![(self.point(rates, from)?, 1.0)]);
        }
        if exact {
            return Ok(vec![(self.point(rates, from)?, 1.0)]);
        }
        let (low, high, share) = around(load);
        let mut mixture = Mixture::with_capacity(2);
        for (at, part) in [(low, 1.0 - share), (high, share)] {
            if part > 0.0 {
                mixture.push((self.grid_point(rates, at, from)?, part));
            }
        }
        Ok(mixture)
    }

    /// The point at a place on the grid. One producer's is soon found again, as long as shards and readers stay.
    fn grid_point(&mut self, rates: &[f64], at: usize, from: u64) -> Result<usize, Unfit> {
        let alone = rates.len() == 1;
        let size = self.demands[0].point_size(from, self.exact_sizes()).map_or(0, |s| s.0);
        if let Some(found) = self.points.grid.iter().find(|g| alone && (g.0, g.1) == (at, size)) {
            return Ok(found.2);
        }
        // The load is that of the point's sizes, which are not quite those of this moment.
        let load = self.busiest(rates, &self.point_bytes(from));
        let scaled: Vec<f64> = rates.iter().map(|r| r * on_grid(at) / load).collect();
        let point = self.point(&scaled, from)?;
        self.points.grid.push((at, size, point));
        Ok(point)
    }

    /// Has nothing changed since the run began?
    fn rates_since_start(&self, now: u64) -> bool {
        let change = self.demands.iter().map(|d| d.changes(0)).min().unwrap_or(u64::MAX);
        let readers = self.readers.iter().zip(&self.config.consumers).map(|(r, c)| r.changes(c, 0)).min();
        now < change.min(readers.unwrap_or(u64::MAX))
            && self.carrier.map().shards().len() == self.carrier.map().open().len()
    }

    /// Does nothing ever change before `end`?
    fn stays_until(&self, end: u64) -> bool {
        self.exact
            && self.demands.iter().all(|d| d.changes(0) >= end)
            && self.readers.iter().zip(&self.config.consumers).all(|(r, c)| r.changes(c, 0) >= end)
            && self.carrier.next_control() >= end
            && self.spells.is_empty()
    }

    /// Utilisation of what is busiest.
    fn load(&self, rates: &[f64], at: u64) -> f64 {
        let bytes: Vec<f64> = self.demands.iter().map(|d| d.record(at).bytes).collect();
        self.busiest(rates, &bytes)
    }

    /// Of shards and of doors to Firehose, the utilisation of the busiest.
    fn busiest(&self, rates: &[f64], bytes: &[f64]) -> f64 {
        let all = self.loads(rates, bytes);
        all.iter().chain(&self.door_loads(rates, bytes)).map(|l| l.utilisation).fold(0.0, f64::max)
    }

    /// What each door to Firehose is offered.
    fn door_loads(&self, rates: &[f64], bytes: &[f64]) -> Vec<Load> {
        let producers = self.config.producers.iter().zip(rates.iter().zip(bytes));
        let load = |quotas: DirectQuotas, rate: f64, bytes: f64| {
            let utilisation = (rate / quotas.records as f64).max(rate * bytes / quotas.bytes as f64);
            Load { utilisation, capacity: rate / utilisation.max(1e-12) }
        };
        producers.filter_map(|(p, (rate, bytes))| Some(load(p.client.firehose()?, *rate, *bytes))).collect()
    }

    /// Do points take sizes that follow a trace as they are? One producer's are put into classes where there are many.
    fn exact_sizes(&self) -> bool {
        self.exact || self.demands.len() > 1
    }

    /// Bytes of the producers' records at a point.
    fn point_bytes(&self, at: u64) -> Vec<f64> {
        self.demands.iter().map(|d| d.point_bytes(at, self.exact_sizes())).collect()
    }

    /// What each stand is offered, with records of so many bytes.
    fn loads(&self, rates: &[f64], bytes: &[f64]) -> Vec<Load> {
        let limits = &self.config.stream.admission;
        let packs: Vec<bool> = self.config.producers.iter().map(|p| p.client.packs()).collect();
        let of = |shares: &[f64]| {
            let (mut records, mut bytes_per_s, mut all) = (0.0, 0.0, 0.0);
            for p in 0..rates.len() {
                let rate = rates[p] * shares[p];
                all += rate;
                records += if packs[p] { 0.0 } else { rate };
                bytes_per_s += rate * bytes[p];
            }
            let by_bytes = bytes_per_s / limits.bytes_per_s as f64;
            let utilisation = (records / limits.records_per_s as f64).max(by_bytes);
            Load { utilisation, capacity: all / utilisation.max(1e-12) }
        };
        self.sample.stands.iter().map(|s| of(&s.shares)).collect()
    }

    /// The measured point at these rates.
    fn point(&mut self, rates: &[f64], at: u64) -> Result<usize, Unfit> {
        let (exact, sizes) = (self.exact_sizes(), self.point_bytes(at));
        let offer = |(demand, rate): (&Demand, &f64)| demand.offer(at, *rate, exact);
        let mut offers: Vec<Offer> = self.demands.iter().zip(rates).map(offer).collect();
        let (mut loads, limits) = (self.loads(rates, &sizes), &self.config.stream.admission);
        let gathered = gathered(&loads);
        loads.extend(self.door_loads(rates, &sizes));
        for ((offer, bytes), config) in offers.iter_mut().zip(sizes).zip(&self.config.producers) {
            let binds = bytes * limits.records_per_s as f64 > limits.bytes_per_s as f64;
            offer.gathered = gathered;
            offer.bytes_bind = Some(bytes).filter(|_| binds || config.client.packs());
        }
        let readers: Vec<Option<u64>> = self
            .readers
            .iter()
            .zip(&self.config.consumers)
            .map(|(r, c)| r.reads(c, at).then(|| r.slowness(at)))
            .collect();
        let mut key = Vec::new();
        for (p, offer) in offers.iter().enumerate() {
            let part = self.sample.part(p);
            // A part plays its clients in its own way, and its counts are scaled by it.
            key.extend([(part * 1e12) as u64, (rates[p] * part * 1e3 + 0.5) as u64]);
            key.push(offer.size.map_or(0, |s| s.0));
            let fine = if self.sample.whole { 1e9 } else { 1e4 };
            key.extend(
                self.sample.stands.iter().map(|s| (s.shares[p] / part.max(1e-12) * fine + 0.5) as u64),
            );
        }
        key.extend(readers.iter().map(|r| r.map_or(u64::MAX, |s| s)));
        let rate = rates.iter().enumerate().map(|(p, r)| r * self.sample.part(p)).sum();
        let all = Some(self.config.duration.0).filter(|all| at == 0 && self.stays_until(*all));
        let asked = pollers(&self.config.consumers, &self.readers, at);
        let calls: f64 = asked.iter().map(|c| turns(&self.config.consumers[*c])).sum();
        let crowded = calls > self.config.stream.reads.calls_per_s as f64;
        let rare = self.config.consumers.iter().any(|c| c.failure_rate.0 > 0);
        let wanted = Wanted { loads, offers, rate, key, crowded, rare, all };
        let small = Small {
            config: self.config,
            map: self.carrier.map(),
            places: &self.places,
            hot: &self.hot,
            sample: &self.sample,
            readers: &readers,
        };
        self.points.at(&small, &wanted, self.care)
    }
}
