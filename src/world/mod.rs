//! The world: owns the sides, routes messages between them, runs the checks; decides nothing.
//!
//! One window: senders move to its end, entries judged in it are dealt to the shards, shards settle them, refusals
//! go back to the clients that wait for them. Where surely nothing is refused (`foresight`), shards settle several
//! windows together. After one or more windows shards are read, in order of their ids
//! (parents before children, so that a reader that ends a parent begins its children in time). Windows never cross
//! a time bucket of the series.

mod applications;
mod autoscaling;
pub mod carrier;
mod children;
pub mod config;
mod control;
mod dealing;
mod delivery;
mod finish;
mod flow;
mod foresight;
mod gather;
pub(crate) mod hosted;
mod intake;
mod keeping;
mod lane;
mod on_demand;
mod order;
mod place;
mod polling;
mod pushing;
mod reader;
mod rows;
mod series;
mod settings;
mod settle;
pub mod sizing;
mod sources;
mod trace;
mod view;
mod worked;

pub use trace::{Hop, RecordTrace, trace};

use crate::engine::{Model, run};
use crate::measure::resolution::Coarse;
use crate::measure::result::{RunResult, Usage};
use crate::measure::sink::Sink;
use crate::mechanism::histogram::Histogram;
use crate::record::Listing;
use crate::stream::config::Mode;
use crate::stream::routing::ShardMap;
use crate::units::NS_PER_S;
use applications::Player;
use config::WorldConfig;
use control::Control;
use foresight::Foresight;
use gather::{Gathered, Hand};
use keeping::OneByOne;
use lane::{Lane, Outside};
use series::SeriesBuilder;
use settings::Settings;
use sources::Source;
use std::sync::Arc;

/// Entries a window holds at most, roughly: what fits a core's cache.
const WINDOW_ENTRIES: u64 = 4096;
/// And per shard, so that looking at a shard pays.
const WINDOW_ENTRIES_PER_SHARD: u64 = 256;
/// Shards are read after so many entries at least: a look at a shard costs much, if there is little to read.
const READ_AFTER_ENTRIES: u64 = 2 * WINDOW_ENTRIES;

/// Why a scenario cannot be simulated as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit(pub String);

/// One simulation.
pub struct World {
    config: WorldConfig,
    settings: Settings,
    map: ShardMap,
    /// What ListShards answers now.
    listing: Arc<Listing>,
    lanes: Vec<Lane>,
    sources: Vec<Source>,
    applications: Vec<Player>,
    one_by_one: OneByOne,
    gathered: Gathered,
    /// What the lane being settled gets.
    hand: Hand,
    refused: Vec<u32>,
    /// Whether windows may wait to be settled, and until how many entries do.
    foresight: Foresight,
    together: usize,
    /// Read up to here; entries judged since; and how many of them are worth a look at every shard.
    read_to: u64,
    unread: usize,
    read_after: usize,
    sink: Sink,
    series: SeriesBuilder,
    control: Control,
    mode: Mode,
    usage: Usage,
    metered: finish::Metered,
    window: u64,
    /// Longest stretch that holds few enough entries, and until when no client can have anything judged.
    stretch: u64,
    quiet_until: u64,
    born: u64,
    /// End-to-end totals of buckets that are over, per consumer.
    end_to_end: Vec<Histogram>,
    cut: Option<String>,
    /// Where records are carried elsewhere: what is held there, and at what grain.
    played: Option<hosted::Played>,
    coarse: Option<Coarse>,
}

/// Can this be simulated? (What `simulate` would say, without the work.)
pub fn fit(config: &WorldConfig) -> Result<(), Unfit> {
    World::new(config).map(|_| ())
}

/// Simulates one scenario in one capacity mode.
pub fn simulate(config: &WorldConfig) -> Result<RunResult, Unfit> {
    let mut world = World::new(config)?;
    let reached = run(&mut world, config.duration.0);
    Ok(world.finish(reached))
}

impl World {
    fn new(config: &WorldConfig) -> Result<World, Unfit> {
        let settings = Settings::new(config);
        let sources = sources::build(config, &settings);
        let floor = sources.iter().map(|s| s.floor).min().unwrap_or(u64::MAX);
        if floor == 0 {
            let why = "a client that waits for answers needs a put latency above zero (its least value sets the \
                       order in which answers and sends can influence one another)";
            return Err(Unfit(why.into()));
        }
        let shards = sizing::starting_shards(config);
        let map = ShardMap::uniform(shards);
        let lanes = (0..shards).map(|id| Lane::new(id, 0, &settings)).collect();
        let peak: u64 = config.producers.iter().map(|p| sizing::peak_rate(config, p)).sum();
        let most = WINDOW_ENTRIES.max(WINDOW_ENTRIES_PER_SHARD * u64::from(shards));
        let by_size = (u128::from(most) * u128::from(NS_PER_S) / u128::from(peak.max(1))) as u64;
        let stretch = by_size.max(1_000_000) / u64::from(config.window_divisor.max(1));
        let window = (floor / u64::from(config.window_divisor.max(1))).min(stretch);
        let mut world = World {
            sink: Sink::new(config.producers.len(), config.consumers.len()),
            series: SeriesBuilder::new(config.duration.0, config.producers.len(), config.consumers.len()),
            control: Control::new(config),
            mode: config.mode,
            end_to_end: vec![Histogram::default(); config.consumers.len()],
            config: config.clone(),
            listing: map.listing(),
            gathered: Gathered::new(settings.packs),
            hand: Hand::default(),
            settings,
            map,
            lanes,
            sources,
            applications: applications::build(config),
            one_by_one: OneByOne::default(),
            refused: Vec::new(),
            foresight: Foresight::default(),
            together: most as usize,
            read_to: 0,
            unread: 0,
            read_after: READ_AFTER_ENTRIES.max(most) as usize,
            usage: Usage::default(),
            metered: finish::Metered::default(),
            window: window.max(1),
            stretch: stretch.max(1),
            quiet_until: 0,
            born: 0,
            cut: None,
            played: None,
            coarse: None,
        };
        world.begin(shards);
        Ok(world)
    }

    /// Settles all that is gathered, judged before `until`; with `and_read` each lane is read while it is near.
    fn settle_lanes(&mut self, until: u64, and_read: bool) {
        self.gathered.deal();
        for id in 0..self.lanes.len() {
            Lane::bring_near(&self.lanes, id, and_read);
            let Gathered { entries, calls, .. } = &self.gathered;
            let run = self.gathered.of_lane(id, &mut self.hand);
            let (settings, sink, refused) = (&self.settings, &mut self.sink, &mut self.refused);
            let lane = &mut self.lanes[id];
            if !lane.rests(run, until) {
                let mut out = Outside { settings, sink, refused };
                lane.settle(entries, run, !calls.is_empty(), until, &mut out);
            }
            if and_read {
                self.read_lane(id, until);
            }
        }
        self.unread += self.gathered.entries.len();
        self.foresight.settled();
    }

    /// Settles windows that wait.
    fn settle_waiting(&mut self, until: u64) {
        if !self.gathered.entries.is_empty() {
            self.settle_lanes(until, false);
            self.gathered.clear();
        }
    }

    fn read_lane(&mut self, id: usize, until: u64) {
        children::start_readers_of(id, &mut self.lanes, &self.map, &self.settings, &mut self.sink);
        let (settings, sink, refused) = (&self.settings, &mut self.sink, &mut self.refused);
        self.lanes[id].read(until, &mut Outside { settings, sink, refused });
    }

    /// Everything is settled up to `until`: now it is read.
    fn read_lanes(&mut self, until: u64) {
        if self.read_to == until {
            return;
        }
        (self.read_to, self.unread) = (until, 0);
        self.act_applications(until);
        for id in 0..self.lanes.len() {
            self.read_lane(id, until);
        }
    }

    /// Refusals find their clients; calls are counted.
    fn answer(&mut self, until: u64) {
        // Shards settle one after another: bring the refusals of one call together, in order of entries.
        self.refused.sort_unstable();
        for &row in &self.refused {
            let i = row as usize;
            let Some(call) = self.gathered.entries.ticket_of(i).call() else { continue };
            let call = &mut self.gathered.calls[call as usize];
            let p = call.source as usize;
            let again = self.sources[p].refused(call, (row - call.row) as usize);
            call.refused += 1;
            let (records, size) = (self.gathered.records(i), self.gathered.entries.record.size[i]);
            let billed = self.gathered.billed_row(i, self.settings.producers[p].key_bytes);
            self.sink.take_back(p, size, billed, records, again.into());
        }
        let mut refused = &self.refused[..];
        for i in self.gathered.window_calls() {
            let call = &self.gathered.calls[i];
            self.sink.now.calls += 1;
            self.sink.now.calls_ok += u64::from(call.refused < call.sent.entries);
            self.sink.now.call_latency += call.sent.latency;
            let (mine, others) = refused.split_at(call.refused as usize);
            refused = others;
            let p = call.source as usize;
            let order = &mut self.sources[p].orders[call.client as usize];
            self.sink.producers[p].overtaken += order.judged(&self.gathered, i, mine, &self.listing);
        }
        self.refused.clear();
        for source in &mut self.sources {
            for client in &mut source.clients {
                client.judged(until, &self.listing);
            }
        }
    }

    /// Who sends, where others than the world's own senders do.
    fn senders_elsewhere(&self) -> Option<&hosted::Senders> {
        self.played.as_ref()?.senders.as_ref()
    }

    /// Collects and counts what is judged before `until`.
    fn collect(&mut self, until: u64) {
        self.gathered.collect(&mut self.sources, &self.map, &self.listing, self.lanes.len(), until);
        self.judge_intakes(until);
        self.gathered.count(&self.settings, &mut self.sink);
    }

    /// Answers what was collected of `[from, until)`, once the shards have settled it; where they surely store it and
    /// nothing `must` be settled now, that can wait. Whether it was settled.
    fn judge(&mut self, (from, until): (u64, u64), must: bool, and_read: bool) -> bool {
        let waits = !must && self.foresight.is_sure(&self.lanes, &self.gathered, (from, until));
        if waits {
            self.answer(until);
        } else {
            self.settle_lanes(until, and_read);
            self.answer(until);
            self.gathered.clear();
        }
        self.quiet_until = self.sources.iter_mut().map(Source::quiet_until).min().unwrap_or(u64::MAX);
        !waits
    }

    fn check_bounds(&mut self) {
        let in_memory: u64 = self.lanes.iter().map(|l| l.log.in_memory()).sum();
        let bounds = self.config.bounds;
        if self.born > bounds.records {
            self.cut = Some(format!("cut after {} records born", bounds.records));
        } else if in_memory > bounds.in_memory {
            self.cut =
                Some(format!("cut when more than {} unread records were held in memory", bounds.in_memory));
        }
    }
}

impl Model for World {
    fn window(&self, now: u64) -> u64 {
        // What feeds back begins with the next entry judged for a client; until then time may pass at one go.
        let quiet = self.quiet_until.saturating_sub(now);
        let window = quiet.saturating_add(self.window).min(self.stretch.max(self.window));
        let bucket = self.series.bucket();
        window.min(bucket - now % bucket)
    }

    fn next_control(&self, now: u64) -> u64 {
        self.control.next().max(now)
    }

    fn control(&mut self, now: u64) {
        self.settle_waiting(now);
        // Shards may be opened now: what was foreseen of those before knows nothing of them.
        self.foresight.settled();
        self.read_lanes(now);
        self.act(now);
    }

    fn advance(&mut self, from: u64, until: u64) {
        self.collect(until);
        let bucket_ends = until.is_multiple_of(self.series.bucket()) || until == self.config.duration.0;
        let waiting = self.gathered.entries.len();
        let reads = bucket_ends || self.unread + waiting >= self.read_after;
        // Applications act between the two, on lanes that are all settled.
        let at_once = reads && self.applications.is_empty();
        self.judge((from, until), reads || waiting >= self.together, at_once);
        if at_once {
            (self.read_to, self.unread) = (until, 0);
        } else if reads {
            self.read_lanes(until);
        }
        if bucket_ends {
            self.end_bucket(until);
        }
    }

    fn cut(&self) -> Option<String> {
        self.cut.clone()
    }
}
