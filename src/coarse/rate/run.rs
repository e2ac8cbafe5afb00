//! The run: from step to step, with what is carried between them.

use super::book::{Bucket, ConsumerBook, ProducerBook, StreamBook, empty, end_bucket};
use super::demand::{Demand, PerRecord, is_plain};
use super::fifo::Fifo;
use super::places::Places;
use super::points::{Mixture, Points, Wanted, around, on_grid};
use super::readers::{Reader, pollers};
use super::sample::{Offer, Sample, Small, gathered};
use super::speed::turns;
use super::window::{Care, Load, Near};
use crate::measure::result::Series;
use crate::stream::config::Mode;
use crate::units::NS_PER_S;
use crate::world::Unfit;
use crate::world::carrier::{Carrier, happenings};
use crate::world::config::{Action, WorldConfig};
use crate::world::sizing::calendar;

/// A run of few rates on shards that stay is measured with care.
const CARE: Care =
    Care { most: 32, ranked: 16, records: 250_000.0, calm: 20, near: Near::Patient(10_000_000.0) };
/// One of many rates, or on shards that come and go, is measured at many points, each for a short time of it.
const HASTE: Care = Care { most: 12, ranked: 8, records: 60_000.0, calm: 5, near: Near::For(30, 60) };

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
    pub(super) demands: Vec<Demand>,
    pub(super) places: Vec<Places>,
    spells: Vec<Spell>,
    pub(super) points: Points,
    pub(super) sample: Sample,
    pub(super) hot: Vec<f64>,
    /// Place of each shard among the open ones.
    pub(super) place: Vec<usize>,
    pub(super) exact: bool,
    pub(super) care: Care,
    pub(super) queues: Vec<Fifo>,
    pub(super) readers: Vec<Reader>,
    pub(super) producers: Vec<ProducerBook>,
    pub(super) consumers: Vec<ConsumerBook>,
    pub(super) stream: StreamBook,
    pub(super) buckets: Vec<Bucket>,
    pub(super) series: Series,
    /// Written by each stand's shard since the shards were last told or looked at: records, bytes, refused; and born
    /// meanwhile. What calm looks passed over is told later.
    pub(super) written: Vec<[f64; 3]>,
    pub(super) passed: Vec<[f64; 3]>,
    /// Were the shards told of something since the on-demand stream last looked at them?
    pub(super) told: bool,
    pub(super) born_since: Vec<f64>,
    /// What is left of each shard's writes after rounding.
    pub(super) rest: Vec<[f64; 3]>,
    pub(super) simulated: (usize, usize),
}

/// What a step is about.
pub(super) struct Now {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) mixture: Mixture,
    /// Offered per second at the mixture, by producer.
    pub(super) offered: Vec<f64>,
    pub(super) record: Vec<PerRecord>,
    /// Is this how the run begins?
    pub(super) opening: bool,
}

impl Now {
    pub(super) fn seconds(&self) -> f64 {
        (self.to - self.from) as f64 / NS_PER_S as f64
    }
}

/// What producers did in a step.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) stored: f64,
    pub(super) bytes: f64,
    pub(super) gone: f64,
    /// Of the gone: share that waited in a queue, and its shortest and longest wait, ns.
    pub(super) queued: Option<(f64, f64, f64)>,
    /// Mean time from birth to storage of what did not queue, ns.
    pub(super) delay: f64,
    /// Against the mixture's own.
    pub(super) scale: f64,
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
            passed: Vec::new(),
            told: false,
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
        if self.carrier.next_control() == 0 {
            self.control(0);
        }
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

    pub(super) fn hot_at(&self, now: u64) -> Vec<f64> {
        let mut hot = vec![0.0f64; self.demands.len()];
        for spell in self.spells.iter().filter(|s| s.from <= now && now < s.until) {
            hot[spell.producer] = hot[spell.producer].max(spell.share);
        }
        hot
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
        if self.readers.iter().zip(&self.config.consumers).any(|(r, c)| r.changed(c, from)) {
            self.points.grid.clear();
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
        let load = busiest(&self.loads(rates, &self.point_bytes(from)));
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

    /// Utilisation of the busiest stand.
    fn load(&self, rates: &[f64], at: u64) -> f64 {
        let bytes: Vec<f64> = self.demands.iter().map(|d| d.record(at).bytes).collect();
        busiest(&self.loads(rates, &bytes))
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
        let (loads, limits) = (self.loads(rates, &sizes), &self.config.stream.admission);
        let gathered = gathered(&loads);
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
        let wanted = Wanted { loads, offers, rate, key, crowded, all };
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

/// Utilisation of the busiest stand.
fn busiest(loads: &[Load]) -> f64 {
    loads.iter().map(|l| l.utilisation).fold(0.0, f64::max)
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
