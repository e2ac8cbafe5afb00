//! The run: from step to step, with what is carried between them.

use super::book::{Bucket, ConsumerBook, ProducerBook, StreamBook, empty, end_bucket};
use super::demand::{Demand, PerRecord};
use super::fifo::Fifo;
use super::numbers::{add, whole};
use super::places::Places;
use super::points::{Mixture, Points, Wanted, around};
use super::readers::{Inflow, Reader, Reading, Step, pollers};
use super::sample::{Offer, Sample, Small};
use super::speed::Pace;
use super::window::Care;
use crate::consumer::config::{ApplicationConfig, ConsumerConfig, ReadConfig};
use crate::measure::result::Series;
use crate::stream::config::Mode;
use crate::units::NS_PER_S;
use crate::world::Unfit;
use crate::world::carrier::{Carrier, Written, happenings};
use crate::world::config::{Action, WorldConfig};
use crate::world::sizing::calendar;
use std::collections::BTreeSet;

/// A run of few rates on shards that stay is measured with care.
const CARE: Care = Care { most: 32, ranked: 16, records: 250_000.0, near: (180, 300) };
/// One of many rates, or on shards that come and go, is measured at many points, each for a short time of it.
const HASTE: Care = Care { most: 12, ranked: 8, records: 120_000.0, near: (60, 90) };

/// Rates of a run that takes at most so many different ones are measured exactly.
const EXACT_MOST: usize = 16;
/// Leases, assignments and environments of an application come to rest within this.
const APPLICATION: u64 = 120 * NS_PER_S;
/// A queue in a client is worked off at a load of this many times the shards' capacity at most.
const PUSH_MOST: f64 = 3.0;

/// A hot spell of a producer.
struct Spell {
    producer: usize,
    from: u64,
    until: u64,
    share: f64,
}

/// A run at rate resolution.
pub struct Run<'a> {
    pub(super) config: &'a WorldConfig,
    pub(super) step: u64,
    pub(super) carrier: Carrier,
    demands: Vec<Demand>,
    places: Vec<Places>,
    spells: Vec<Spell>,
    pub(super) points: Points,
    sample: Sample,
    hot: Vec<f64>,
    /// Place of each shard among the open ones.
    place: Vec<usize>,
    exact: bool,
    care: Care,
    /// Slowest turn of the consumers' timers.
    slowest: u64,
    pub(super) queues: Vec<Fifo>,
    pub(super) readers: Vec<Reader>,
    pub(super) producers: Vec<ProducerBook>,
    pub(super) consumers: Vec<ConsumerBook>,
    pub(super) stream: StreamBook,
    buckets: Vec<Bucket>,
    pub(super) series: Series,
    /// Written by each stand's shard since the shards were last told: records, bytes, refused; and born meanwhile.
    written: Vec<[f64; 3]>,
    born_since: Vec<f64>,
    /// What is left of each shard's writes after rounding.
    rest: Vec<[f64; 3]>,
    pub(super) simulated: (usize, usize),
}

/// What a step is about.
struct Now {
    from: u64,
    to: u64,
    mixture: Mixture,
    /// Offered per second at the mixture, by producer.
    offered: Vec<f64>,
    record: Vec<PerRecord>,
}

impl Now {
    fn seconds(&self) -> f64 {
        (self.to - self.from) as f64 / NS_PER_S as f64
    }
}

/// What producers did in a step.
#[derive(Default)]
struct Sent {
    stored: f64,
    bytes: f64,
    gone: f64,
    /// Of the gone: share that waited in a queue, and its shortest and longest wait, ns.
    queued: Option<(f64, f64, f64)>,
    /// Mean time from birth to storage of what did not queue, ns.
    delay: f64,
    /// Against the mixture's own.
    scale: f64,
}

impl<'a> Run<'a> {
    /// Begins a run.
    pub fn new(config: &'a WorldConfig, step: u64) -> Result<Run<'a>, Unfit> {
        let count_keys = config.stream.admission.count_key_bytes;
        let end = config.duration.0;
        let demand = |p| Demand::new(p, count_keys, calendar(config), end);
        let demands: Vec<Demand> = config.producers.iter().map(demand).collect();
        let keys = config.producers.iter().map(|p| &p.demand.keys).zip(&config.tables);
        let places: Vec<Places> = keys.map(|(law, table)| Places::new(law, table.as_ref())).collect();
        let carrier = Carrier::new(config)?;
        let (producers, consumers) = (config.producers.len(), config.consumers.len());
        let step = step.clamp(NS_PER_S, 60 * NS_PER_S);
        let exact = is_plain(&demands, step, end);
        let care = if exact && config.mode == Mode::Provisioned { CARE } else { HASTE };
        let mut run = Run {
            step,
            exact,
            care,
            slowest: slowest(config),
            demands,
            places,
            spells: spells(config),
            points: Points::default(),
            sample: Sample { stands: Vec::new(), shown: Vec::new(), whole: true },
            hot: vec![0.0; producers],
            place: Vec::new(),
            queues: vec![Fifo::default(); producers],
            readers: (0..consumers).map(|c| Reader::new(happenings(config, c))).collect(),
            producers: vec![ProducerBook { overtaken: Some(0.0), ..ProducerBook::default() }; producers],
            consumers: vec![ConsumerBook::default(); consumers],
            stream: StreamBook::default(),
            buckets: vec![Bucket::default(); consumers],
            series: empty(carrier.bucket(), producers, consumers),
            written: Vec::new(),
            born_since: vec![0.0; producers],
            rest: Vec::new(),
            simulated: (0, 0),
            carrier,
            config,
        };
        run.look_at_shards(0);
        Ok(run)
    }

    /// Runs to the end.
    pub fn go(&mut self) -> Result<(), Unfit> {
        let (end, bucket) = (self.config.duration.0, self.carrier.bucket());
        // How the run begins decides where the first step ends.
        self.operating_point(0, self.step.min(end).max(1))?;
        let mut now = 0;
        while now < end {
            if self.carrier.next_control() <= now {
                self.control(now);
            }
            let to = self.until(now, end);
            self.advance(now, to)?;
            now = to;
            if now.is_multiple_of(bucket) || now == end {
                self.end_bucket();
            }
        }
        self.tell_shards();
        Ok(())
    }

    /// Control acts on what the shards have taken so far.
    fn control(&mut self, now: u64) {
        self.tell_shards();
        let open = self.carrier.map().open().to_vec();
        self.carrier.act(now);
        let hot = self.hot_at(now);
        if open != self.carrier.map().open() || hot != self.hot {
            self.look_at_shards(now);
        }
    }

    fn hot_at(&self, now: u64) -> Vec<f64> {
        let mut hot = vec![0.0f64; self.demands.len()];
        for spell in self.spells.iter().filter(|s| s.from <= now && now < s.until) {
            hot[spell.producer] = hot[spell.producer].max(spell.share);
        }
        hot
    }

    /// The shards or their keys have changed: who stands for whom?
    fn look_at_shards(&mut self, now: u64) {
        self.hot = self.hot_at(now);
        let end = self.config.duration.0;
        let load: Vec<f64> =
            self.demands.iter().map(|d| d.rate(0, end.max(1)) * d.record(now).bytes.max(1.0)).collect();
        let map = self.carrier.map();
        self.sample = Sample::of(map, &self.places, &self.hot, &load, self.care);
        self.place = vec![usize::MAX; map.shards().len()];
        map.open().iter().enumerate().for_each(|(i, id)| self.place[*id as usize] = i);
        self.rest.resize(map.shards().len(), [0.0; 3]);
        self.written = vec![[0.0; 3]; self.sample.stands.len()];
        self.born_since = vec![0.0; self.demands.len()];
        if !self.sample.whole && self.simulated.1 < self.sample.shown.len() {
            self.simulated = (self.sample.stands.len(), self.sample.shown.len());
        }
    }

    /// Shards learn what they have stored since they were last told.
    fn tell_shards(&mut self) {
        let by = |shares: &[f64]| shares.iter().zip(&self.born_since).map(|(s, b)| s * b).sum::<f64>();
        for (i, (stand, shares)) in self.sample.shown.iter().enumerate() {
            let id = self.carrier.map().open()[i];
            let shown = by(&self.sample.stands[*stand].shares);
            let scale = if self.sample.whole || shown <= 0.0 { 1.0 } else { by(shares) / shown };
            let rest = &mut self.rest[id as usize];
            let mut told = [0u64; 3];
            for k in 0..3 {
                rest[k] += self.written[*stand][k] * scale;
                told[k] = whole(rest[k]);
                rest[k] -= told[k] as f64;
            }
            self.carrier.wrote(id, Written { records: told[0], bytes: told[1], throttled: told[2] });
        }
        self.written.iter_mut().for_each(|w| *w = [0.0; 3]);
        self.born_since.iter_mut().for_each(|b| *b = 0.0);
        self.carrier.billed(whole(self.stream.billed.0), whole(self.stream.billed.1));
        for (c, reader) in self.readers.iter().enumerate() {
            self.carrier.read(c, whole(reader.read_bytes), whole(reader.long_term));
        }
    }

    /// The end of the step that begins at `now`.
    fn until(&self, now: u64, end: u64) -> u64 {
        let bucket = self.carrier.bucket();
        let mut to = self.demands.iter().map(|d| d.changes(now)).min().unwrap_or(end).max(now + self.step);
        let carries =
            self.queues.iter().any(|q| q.records > 0.0) || self.readers.iter().any(|r| !r.behind.is_empty());
        if carries {
            to = to.min(now + self.step);
        }
        if let Some((_, opening)) = self.points.opening.filter(|o| o.1 > now) {
            to = to.min(opening);
        }
        to = to.min(self.carrier.next_control().max(now + 1)).min(end).min((now / bucket + 1) * bucket);
        let spells = self.spells.iter().flat_map(|s| [s.from, s.until]);
        let changes = self.readers.iter().zip(&self.config.consumers).map(|(r, c)| r.changes(c, now));
        spells.chain(changes).filter(|at| *at > now).fold(to, u64::min)
    }

    fn advance(&mut self, from: u64, to: u64) -> Result<(), Unfit> {
        if self.hot_at(from) != self.hot {
            self.tell_shards();
            self.look_at_shards(from);
        }
        let now = self.operating_point(from, to)?;
        let sent = self.send(&now);
        self.read(&now, &sent);
        Ok(())
    }

    /// Where the stream works in this step.
    fn operating_point(&mut self, from: u64, to: u64) -> Result<Now, Unfit> {
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
        Ok(Now { from, to, mixture, offered: rates, record })
    }

    /// The points around these rates.
    fn mixture(&mut self, rates: &[f64], from: u64, exact: bool) -> Result<Mixture, Unfit> {
        let load = self.load(rates, from);
        if load <= 0.0 {
            return Ok(vec![(self.point(rates, from)?, 1.0)]);
        }
        let (low, high, share) = if exact { (load, load, 0.0) } else { around(load) };
        let mut mixture = Mixture::new();
        for (at, part) in [(low, 1.0 - share), (high, share)] {
            if part > 0.0 {
                let scaled: Vec<f64> = rates.iter().map(|r| r * at / load).collect();
                mixture.push((self.point(&scaled, from)?, part));
            }
        }
        Ok(mixture)
    }

    /// Has nothing changed since the run began?
    fn rates_since_start(&self, now: u64) -> bool {
        let change = self.demands.iter().map(|d| d.changes(0)).min().unwrap_or(u64::MAX);
        let readers = self.readers.iter().zip(&self.config.consumers).map(|(r, c)| r.changes(c, 0)).min();
        now < change.min(readers.unwrap_or(u64::MAX))
            && self.carrier.map().shards().len() == self.carrier.map().open().len()
    }

    /// Utilisation of the busiest stand.
    fn load(&self, rates: &[f64], at: u64) -> f64 {
        self.loads(rates, at).into_iter().fold(0.0, f64::max)
    }

    fn loads(&self, rates: &[f64], at: u64) -> Vec<f64> {
        let limits = &self.config.stream.admission;
        let bytes: Vec<f64> = self.demands.iter().map(|d| d.record(at).bytes).collect();
        let packs: Vec<bool> = self.config.producers.iter().map(|p| p.client.packs()).collect();
        let of = |shares: &[f64]| {
            let (mut records, mut all) = (0.0, 0.0);
            for p in 0..rates.len() {
                let rate = rates[p] * shares[p];
                records += if packs[p] { 0.0 } else { rate };
                all += rate * bytes[p];
            }
            (records / limits.records_per_s as f64).max(all / limits.bytes_per_s as f64)
        };
        self.sample.stands.iter().map(|s| of(&s.shares)).collect()
    }

    /// The measured point at these rates.
    fn point(&mut self, rates: &[f64], at: u64) -> Result<usize, Unfit> {
        let offers: Vec<Offer> = self.demands.iter().zip(rates).map(|(d, r)| d.offer(at, *r)).collect();
        let readers: Vec<Option<u64>> = self
            .readers
            .iter()
            .zip(&self.config.consumers)
            .map(|(r, c)| r.reads(c, at).then(|| r.slowness(at)))
            .collect();
        let mut key = Vec::new();
        for (p, offer) in offers.iter().enumerate() {
            let part = self.sample.part(p);
            key.extend([(rates[p] * part * 1e3 + 0.5) as u64, offer.size.map_or(0, |s| s.0)]);
            let fine = if self.sample.whole { 1e9 } else { 1e4 };
            key.extend(
                self.sample.stands.iter().map(|s| (s.shares[p] / part.max(1e-12) * fine + 0.5) as u64),
            );
        }
        key.extend(readers.iter().map(|r| r.map_or(u64::MAX, |s| s)));
        let rate = rates.iter().enumerate().map(|(p, r)| r * self.sample.part(p)).sum();
        let wanted = Wanted { load: self.loads(rates, at), offers, rate, key };
        let small = Small {
            config: self.config,
            map: self.carrier.map(),
            places: &self.places,
            hot: &self.hot,
            sample: &self.sample,
            readers: &readers,
        };
        self.points.at(&small, &wanted, (self.care, self.slowest))
    }

    /// Producers: what is born, goes or stays.
    fn send(&mut self, now: &Now) -> Sent {
        let mut sent = Sent::default();
        let (mut shared, mut queued) = ((0.0, 0.0), 0.0);
        let (mut shortest, mut longest) = (f64::MAX, 0.0f64);
        let mut calls = 0.0;
        for p in 0..self.demands.len() {
            let before = self.demands[p].born(now.from) / 1_000_000;
            let born = (self.demands[p].born(now.to) / 1_000_000 - before) as f64;
            let one = self.one_producer(p, born, now);
            sent.gone += one.gone;
            sent.stored += one.stored;
            sent.bytes += one.bytes;
            sent.delay += one.delay * one.gone;
            shared.0 += one.gone;
            shared.1 += one.offered;
            calls += one.calls;
            if let Some((low, high)) = one.waits {
                queued += one.gone;
                shortest = shortest.min(low);
                longest = longest.max(high);
            }
        }
        sent.delay /= sent.gone.max(1e-9);
        sent.queued = (queued > 0.0).then(|| (queued / sent.gone.max(1e-9), shortest, longest));
        sent.scale = if shared.1 > 0.0 { shared.0 / shared.1 } else { 0.0 };
        self.count_stream(now, &sent, calls);
        sent
    }
}

/// What one producer did in a step.
struct One {
    gone: f64,
    stored: f64,
    bytes: f64,
    calls: f64,
    delay: f64,
    /// What the mixture's points would have let go.
    offered: f64,
    waits: Option<(f64, f64)>,
}

impl Run<'_> {
    fn one_producer(&mut self, p: usize, born: f64, now: &Now) -> One {
        let points = &self.points.points;
        let of = |k: usize| &points[k].producers[p];
        let seconds = now.seconds();
        let can: f64 = now.mixture.iter().map(|(k, share)| of(*k).gone * share).sum::<f64>() * seconds;
        let grows = now.mixture.iter().any(|(k, _)| of(*k).grows);
        let book = &mut self.producers[p];
        book.born += born;
        book.born_bytes += born * now.record[p].bytes;
        self.stream.shown[0].sum += born;
        self.stream.shown[1].sum += born * now.record[p].bytes;
        self.born_since[p] += born;
        let mean = |of: fn(&super::window::ProducerPoint) -> f64| {
            let all: f64 = now.mixture.iter().map(|(k, s)| points[*k].producers[p].gone * s).sum();
            let sum = |(k, s): &(usize, f64)| points[*k].producers[p].gone * s * of(&points[*k].producers[p]);
            now.mixture.iter().map(sum).sum::<f64>() / all.max(1e-9)
        };
        let delay = mean(|p| p.buffering.mean + p.put.mean);
        let queue = &mut self.queues[p];
        let (gone, waits) = if grows || queue.records > 0.0 {
            queue.push(now.from as f64, now.to as f64, born);
            let (mut first, mut last) = (None, 0.0);
            let linger = mean(|p| p.buffering.p50.unwrap_or(0) as f64).min(1e9);
            let queued = &mut book.queued;
            let gone = queue.pull(now.from as f64, now.to as f64, can, |left| {
                first.get_or_insert(left.first);
                last = left.last;
                queued.add_even(
                    left.first + linger.min(left.first),
                    left.last + linger.min(left.last),
                    left.records,
                );
            });
            (gone, first.map(|f| (f.min(last), f.max(last))))
        } else {
            let held = born / seconds * delay / 1e9;
            let gone = (born + book.level_held - held).max(0.0);
            book.level_held += born - gone;
            (gone, None)
        };
        book.gone += gone;
        let size = now.record[p].bytes / mean(|p| p.born_bytes).max(1e-9);
        let mut one = One { gone, stored: gone, bytes: 0.0, calls: 0.0, delay, offered: can, waits };
        for (k, share) in &now.mixture {
            let point = &points[*k].producers[p];
            let weight = gone * point.gone * share * seconds / can.max(1e-9);
            add(&mut book.counts, &point.counts, weight);
            add(&mut book.lost, &point.lost, weight);
            add(&mut book.packing, &point.packing, weight);
            let scale = if can > 0.0 { gone / can } else { 1.0 };
            add(&mut book.calls, &point.calls, share * seconds * scale);
            one.calls += point.calls[1] * share * seconds * scale;
            book.overtaken = book.overtaken.zip(point.overtaken).map(|(all, one)| all + one * weight);
            weigh(&mut book.weights, *k, weight);
            if one.waits.is_none() {
                weigh(&mut book.calm, *k, weight);
            }
            let lost: f64 = point.lost.iter().sum::<f64>() * weight;
            one.stored -= lost;
            self.stream.shown[7].sum += lost;
            self.stream.shown[2].sum += point.counts[2] * weight;
            self.stream.shown[6].sum += point.counts[4] * weight;
            let copies = weight - lost + point.counts[0] * weight;
            one.bytes += copies * point.born_bytes * size;
            if point.packing.is_empty() {
                self.stream.billed.0 += copies * now.record[p].units;
                self.stream.billed.1 += copies * now.record[p].kib;
            } else {
                self.stream.billed.0 += point.packing[0] * weight;
                self.stream.billed.1 += point.packing[2] * weight;
            }
            one.stored += point.counts[0] * weight;
            let (records, bytes) = &mut book.buffered_max;
            (*records, *bytes) = ((*records).max(point.buffered.0), (*bytes).max(point.buffered.1));
        }
        one
    }

    fn count_stream(&mut self, now: &Now, sent: &Sent, calls: f64) {
        let points = &self.points.points;
        let all: f64 = now.mixture.iter().map(|(k, s)| gone_at(&points[*k]) * s).sum();
        for (k, share) in &now.mixture {
            let point = &points[*k];
            let weight = sent.gone * gone_at(point) * share / all.max(1e-9);
            let mut counts = point.stream.clone();
            counts[1] = 0.0;
            add(&mut self.stream.counts, &counts, weight);
            self.stream.shown[4].sum += counts[0] * weight;
            self.stream.throttled_seconds += point.throttled_seconds * share * now.seconds();
            self.stream.shown[9].sum += calls * share * point.calls_ok;
            self.stream.shown[10].sum += calls * share * point.call_latency;
            for (written, stand) in self.written.iter_mut().zip(&point.stands) {
                let scale = share * now.seconds() * sent.scale;
                written[0] += stand.stored * scale;
                written[1] += stand.bytes * scale;
                written[2] += stand.throttled * scale;
            }
        }
        self.stream.shown[3].sum += sent.stored;
        self.stream.shown[5].sum += sent.bytes;
        self.stream.counts[1] += sent.bytes;
        self.stream.shown[8].sum += calls;
    }

    /// What each shard takes in, in records.
    fn inflow(&self, now: &Now, sent: &Sent) -> (Vec<Inflow>, Vec<(usize, Inflow)>) {
        let points = &self.points.points;
        let mut stands = vec![Inflow::default(); self.sample.stands.len()];
        let (mut records, mut bytes) = (0.0, 0.0);
        for (k, share) in &now.mixture {
            for (inflow, stand) in stands.iter_mut().zip(&points[*k].stands) {
                inflow.records += stand.stored * share;
                inflow.bytes += stand.bytes * share;
            }
        }
        let weight = |shares: &[f64]| shares.iter().zip(&now.offered).map(|(s, r)| s * r).sum::<f64>();
        let scale_of = |stand: usize, shares: &[f64]| {
            let own = weight(&self.sample.stands[stand].shares);
            if self.sample.whole || own <= 0.0 { 1.0 } else { weight(shares) / own }
        };
        let mut open: Vec<(usize, Inflow)> = Vec::with_capacity(self.sample.shown.len());
        for (stand, shares) in &self.sample.shown {
            let scale = scale_of(*stand, shares);
            let inflow =
                Inflow { records: stands[*stand].records * scale, bytes: stands[*stand].bytes * scale };
            records += inflow.records;
            bytes += inflow.bytes;
            open.push((*stand, inflow));
        }
        // Records (not Kinesis records), and exactly what was stored.
        let exact = |n: &mut Inflow| {
            n.records *= sent.stored / now.seconds() / f64::max(records, 1e-9);
            n.bytes *= sent.bytes / now.seconds() / f64::max(bytes, 1e-9);
        };
        stands.iter_mut().for_each(exact);
        open.iter_mut().for_each(|o| exact(&mut o.1));
        (stands, open)
    }

    fn read(&mut self, now: &Now, sent: &Sent) {
        if self.readers.is_empty() {
            return;
        }
        let (stands, inflow) = self.inflow(now, sent);
        let configs = &self.config.consumers;
        let reading = Reading {
            configs,
            limits: &self.config.stream.reads,
            map: self.carrier.map(),
            inflow: &inflow,
            place: &self.place,
            pollers: &pollers(configs, &self.readers, now.from),
            stands: &stands,
            retention: self.carrier.retention(),
            from: now.from,
            to: now.to,
            size: sent.bytes / sent.stored.max(1e-9),
        };
        let seconds = now.seconds();
        let mut steps = Vec::with_capacity(configs.len());
        for (c, config) in configs.iter().enumerate() {
            let points = &self.points.points;
            let delay: f64 =
                now.mixture.iter().map(|(k, s)| points[*k].consumers[c].propagation.mean * s).sum();
            let unread = sent.stored / seconds * delay / 1e9;
            if !matches!(config.client, ApplicationConfig::Sdk) {
                let slow = now.mixture.iter().filter_map(|(k, _)| points[*k].consumers[c].too_slow);
                self.readers[c].measured(slow.fold(None, |a, b| Some(a.map_or(b, |a: f64| a.max(b)))));
            }
            steps.push(reading.step(&mut self.readers, c, sent.stored, unread));
        }
        for (c, step) in steps.iter().enumerate() {
            self.count_reader(c, now, sent, step);
        }
    }

    fn count_reader(&mut self, c: usize, now: &Now, sent: &Sent, step: &Step) {
        let points = &self.points.points;
        let (book, bucket, reader) = (&mut self.consumers[c], &mut self.buckets[c], &mut self.readers[c]);
        let reads = reader.reads(&self.config.consumers[c], now.from);
        let open = self.sample.shown.len() as f64;
        let size = sent.bytes / sent.stored.max(1e-9);
        let size = if sent.stored > 0.0 { size } else { reading_size(&self.stream) };
        let delivered = step.level + step.late;
        let (mut p50, mut p99, mut middle) = (0.0, 0.0, 0.0);
        for (k, share) in &now.mixture {
            let point = &points[*k].consumers[c];
            let weight = step.level * share;
            weigh(&mut book.weights, *k, weight);
            weigh(&mut book.prompt, *k, weight * (1.0 - sent.queued.map_or(0.0, |q| q.0)));
            add(&mut book.delivery, &point.delivery, delivered * share);
            if reads {
                let calm = (open - step.late_shards).max(0.0);
                let polls = matches!(self.config.consumers[c].read, ReadConfig::Polling(_));
                add(&mut book.reading, &point.reading, f64::from(polls) * calm * share * now.seconds());
                bucket.age =
                    bucket.age.max(Some(point.age)).filter(|_| point.reading.iter().sum::<f64>() > 0.0);
            }
            p50 += point.end_to_end.p50.unwrap_or(0) as f64 * share;
            p99 += point.end_to_end.p99.unwrap_or(0) as f64 * share;
            middle += (point.propagation.mean + point.processing.mean) * share;
            let again = point.delivery.first().copied().unwrap_or(0.0);
            if let Some(seen) = &point.client {
                // The opening is in the first warm-up's own counts.
                let opening = self.points.opening.is_some_and(|o| o.0 == *k);
                weigh(&mut book.spent, *k, if opening { 0.0 } else { share * now.seconds() / seen.seconds });
            }
            reader.read_bytes += delivered * share * size * (1.0 + again);
            bucket.shown[0].sum += delivered * share * (1.0 + again);
            bucket.shown[2].sum += delivered * share * size * (1.0 + again);
        }
        let calls = match &self.config.consumers[c].read {
            ReadConfig::Polling(_) => step.late_calls,
            // A subscription lives its time and is renewed.
            ReadConfig::FanOut(f) if reads => {
                let since =
                    |t: u64| (t - self.config.consumers[c].starts.at.0).div_ceil(f.renew_every.0.max(1));
                open * (since(now.to) - since(now.from)) as f64
            }
            ReadConfig::FanOut(_) => 0.0,
        };
        add(&mut book.reading, &[calls], 1.0);
        bucket.shown[1].sum = bucket.shown[0].sum;
        bucket.shown[3].sum = book.reading.first().copied().unwrap_or(0.0);
        bucket.shown[4].sum = book.reading.iter().skip(2).sum();
        bucket.age = bucket.age.max(step.age.filter(|a| *a > 0));
        match sent.queued {
            Some((share, low, high)) => {
                let rest = step.level * (1.0 - share);
                bucket.level(rest, p50, p99);
                bucket.late(low + middle, high + middle, step.level * share);
                book.end_to_end.add_even(low + middle, high + middle, step.level * share);
            }
            None => bucket.level(step.level, p50, p99),
        }
        if step.late > 0.0 {
            self.count_late(c, sent, step);
        }
    }

    /// Deliveries out of a backlog.
    fn count_late(&mut self, c: usize, sent: &Sent, step: &Step) {
        let (book, bucket) = (&mut self.consumers[c], &mut self.buckets[c]);
        let call = match &self.config.consumers[c].read {
            ReadConfig::Polling(p) => p.call_latency.sampler().mean(),
            ReadConfig::FanOut(f) => f.push_latency.sampler().mean(),
        };
        let Pace { batch, per_record, per_call, .. } = step.pace;
        let (least, most) = (per_call + per_record, per_call + batch * per_record);
        *book.processing.entry((least as u64, most as u64)).or_default() += step.late;
        let wait = sent.queued.map_or(sent.delay, |q| (q.1 + q.2) / 2.0);
        let more = call + (least + most) / 2.0;
        step.waits.each(|low, high, weight| {
            book.propagation.add_even(low + call, high + call, weight);
            book.end_to_end.add_even(low + wait + more, high + wait + more, weight);
            bucket.late(low + wait + more, high + wait + more, weight);
        });
    }

    fn end_bucket(&mut self) {
        let queued: Vec<(f64, f64)> = self
            .queues
            .iter()
            .zip(&self.producers)
            .map(|(q, book)| (q.records, q.records * book.born_bytes / book.born.max(1.0)))
            .collect();
        let backlogs: Vec<f64> = self.readers.iter().map(|r| r.backlog() + r.level_unread).collect();
        let open = self.carrier.map().open().len() as u32;
        end_bucket(&mut self.series, &mut self.stream, &mut self.buckets, (&queued, &backlogs), open);
    }
}

/// Mean size of what is stored so far.
fn reading_size(stream: &StreamBook) -> f64 {
    stream.shown[5].sum / stream.shown[3].sum.max(1e-9)
}

fn gone_at(point: &super::window::Point) -> f64 {
    point.producers.iter().map(|p| p.gone).sum()
}

fn weigh(weights: &mut Vec<f64>, k: usize, weight: f64) {
    if weights.len() <= k {
        weights.resize(k + 1, 0.0);
    }
    weights[k] += weight;
}

/// The slowest turn of the consumers' timers: a window holds whole ones.
fn slowest(config: &WorldConfig) -> u64 {
    let interval = |f: &crate::firehose::config::FirehoseConfig| {
        let transform = f.transform.as_ref().map_or(0, |t| t.interval.0);
        f.buffer.interval.0.max(transform).max(f.backup.as_ref().map_or(0, |b| b.interval.0))
    };
    let lambda =
        |c: &ConsumerConfig| c.client.lambda().map_or(0, |l| l.batching_window.0.max(l.tumbling_window.0));
    let applications = config.consumers.iter().any(|c| !matches!(c.client, ApplicationConfig::Sdk));
    let slowest =
        config.firehose.iter().map(interval).chain(config.consumers.iter().map(lambda)).max().unwrap_or(0);
    if applications { (2 * slowest).max(APPLICATION) } else { 0 }
}

/// Do the rates take few different values?
fn is_plain(demands: &[Demand], step: u64, end: u64) -> bool {
    let (mut seen, mut now) = (BTreeSet::new(), 0);
    while now < end && seen.len() <= EXACT_MOST {
        let next = demands.iter().map(|d| d.changes(now)).min().unwrap_or(end).max(now + 1);
        let of = |d: &Demand| ((d.rate(now, next.min(end)) * 1e3) as u64, d.record(now).bytes as u64);
        seen.insert(demands.iter().map(of).collect::<Vec<_>>());
        if next < end && next - now < step {
            return false;
        }
        now = next;
    }
    seen.len() <= EXACT_MOST
}

fn spells(config: &WorldConfig) -> Vec<Spell> {
    let spell = |e: &crate::world::config::TimedEvent| match e.action {
        Action::HotKey { producer, share, lasting } => Some(Spell {
            producer,
            from: e.at.0,
            until: e.at.0.saturating_add(lasting.0),
            share: share.fraction(),
        }),
        _ => None,
    };
    config.events.iter().filter_map(spell).collect()
}
