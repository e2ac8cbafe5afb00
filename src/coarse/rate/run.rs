//! The run: from step to step, with what is carried between them.

use super::book::{Bucket, ConsumerBook, ProducerBook, StreamBook, empty, end_bucket};
use super::demand::{Demand, PerRecord, is_plain, rounded};
use super::doors::Door;
use super::fifo::Fifo;
use super::fleets::{Fleet, News};
use super::followed::{Followed, is_followed};
use super::lengths::{Care, Near};
use super::outlook::Shared;
use super::places::Places;
use super::points::{Mixture, Points};
use super::readers::Reader;
use super::stands::Sample;
use super::taps::Tap;
use crate::consumer::config::{ApplicationConfig, Happening};
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

/// A hot spell of a producer.
pub(super) struct Spell {
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
    pub(super) spells: Vec<Spell>,
    pub(super) points: Points,
    pub(super) sample: Sample,
    pub(super) hot: Vec<f64>,
    /// Place of each shard among the open ones.
    pub(super) place: Vec<usize>,
    pub(super) exact: bool,
    pub(super) care: Care,
    pub(super) queues: Vec<Fifo>,
    /// The doors of producers that put to Firehose.
    pub(super) doors: Vec<Option<Door>>,
    pub(super) readers: Vec<Reader>,
    /// Those of them that are followed call by call, and the read limits of the shards there.
    pub(super) followed: Vec<Followed>,
    pub(super) shared: Vec<Shared>,
    /// What has changed among the workers of each consumer.
    pub(super) news: Vec<News>,
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

impl Sent {
    /// Mean time from birth to storage, ns.
    pub(super) fn wait(&self) -> f64 {
        self.queued.map_or(self.delay, |q| (q.1 + q.2) / 2.0)
    }
}

impl<'a> Run<'a> {
    /// Begins a run.
    pub fn new(config: &'a WorldConfig, step: u64) -> Result<Run<'a>, Unfit> {
        let count_keys = config.stream.admission.count_key_bytes;
        let end = config.duration.0;
        let demand = |p| Demand::new(p, count_keys, calendar(config), end);
        let demands: Vec<Demand> = config.producers.iter().map(demand).collect();
        let keys = config.producers.iter().zip(&config.tables);
        let places: Vec<Places> = keys
            .map(|(p, table)| match p.client.firehose() {
                Some(_) => Places::firehose(),
                None => Places::new(&p.demand.keys, table.as_ref()),
            })
            .collect();
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
            sample: Sample { stands: Vec::new(), shown: Vec::new(), whole: true, to_firehose: Vec::new() },
            hot: vec![0.0; producers],
            place: Vec::new(),
            queues: vec![Fifo::default(); producers],
            doors: (0..producers).map(|p| Door::new(config, p, carrier.bucket())).collect(),
            readers: (0..consumers).map(|c| reader(config, c, carrier.bucket())).collect(),
            followed: (0..consumers).filter_map(|c| followed(config, c)).collect(),
            shared: Vec::new(),
            news: vec![News::default(); consumers],
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
            let to = self.follow_workers(now, to);
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

    /// Workers act up to the next moment at which shards change hands, `to` at most.
    fn follow_workers(&mut self, from: u64, to: u64) -> u64 {
        let (shards, mut to) = (self.carrier.map().shards(), to);
        for (reader, news) in self.readers.iter_mut().zip(&mut self.news) {
            if let Some(fleet) = &mut reader.fleet {
                (to, *news) = fleet.advance(from, to, shards);
            }
        }
        to
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

/// What happens to a consumer, in order.
fn happens(config: &WorldConfig, c: usize) -> Vec<(u64, Happening)> {
    let mut all: Vec<_> = happenings(config, c).collect();
    all.sort_by_key(|h| h.0);
    all
}

fn followed(config: &WorldConfig, c: usize) -> Option<Followed> {
    Followed::new(config, c, &happens(config, c), config.seed)
}

fn reader(config: &WorldConfig, c: usize, bucket: u64) -> Reader {
    let all = happens(config, c);
    let consumer = &config.consumers[c];
    let stream = (0..config.firehose.len()).find(|i| config.firehose[*i].name == consumer.name);
    let is_tap = matches!(consumer.client, ApplicationConfig::Firehose);
    let tap = stream.filter(|_| is_tap).and_then(|i| {
        let keys = config.producers.iter().map(|p| p.demand.key_bytes.0).min();
        let key = keys.filter(|_| config.stream.admission.count_key_bytes).unwrap_or(0);
        let firehose = config.firehose(i);
        let step = firehose.billed_step.0.max(1);
        let billed = config.producers.iter().map(|p| rounded(p, step)).collect();
        Tap::new(&firehose, bucket, config.seed, key, billed)
    });
    let is_followed = is_followed(config, consumer, all.iter().map(|h| h.1));
    let fleet = Fleet::new(consumer, &all, config.seed).filter(|_| !is_followed);
    Reader::new(&all, fleet, tap)
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
