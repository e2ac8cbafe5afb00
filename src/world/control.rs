//! Control: what happens to the stream as a whole, at exact moments between windows.
//!
//! Scenario events, the steps of a reshard, switches of mode, consumers that begin. What an on-demand stream sees and
//! does is in `on_demand`, what an autoscaler does in `autoscaling`. Every decision becomes a line of the timeline with
//! its reason.

use super::World;
use super::autoscaling::Scaling;
use super::config::{Action, WorldConfig};
use super::lane::Lane;
use super::sizing::{self, Peak};
use crate::api::Position;
use crate::consumer::config::{Happening, ReadConfig};
use crate::facts::data_streams;
use crate::measure::result::TimelineEntry;
use crate::random::Stream;
use crate::stream::config::Mode;
use crate::stream::resharding::{self, Step};
use crate::units::{ByteRate, Dur, NS_PER_S};
use std::collections::{BTreeMap, VecDeque};

/// What is due.
#[derive(Clone, Debug)]
pub(super) enum Due {
    Scenario(usize),
    ConsumerBegins(usize),
    ReshardStep,
    Observe,
    Split(u32),
    Warm(ByteRate),
    Metrics,
    Rescale,
}

const DAY: u64 = 86_400 * NS_PER_S;

/// The calendar of control and what it remembers.
pub(super) struct Control {
    pub(super) due: BTreeMap<(u64, u32), Due>,
    sequence: u32,
    steps: VecDeque<Step>,
    updates: Vec<u64>,
    switches: Vec<u64>,
    /// On-demand: highest accepted observation so far, and the one the present shards were made for.
    pub(super) peak: Peak,
    pub(super) reference: Peak,
    pub(super) recent: VecDeque<(u64, Peak)>,
    pub(super) delays: Stream,
    pub(super) pending: Vec<u32>,
    pub(super) scaling: Scaling,
    pub(super) timeline: Vec<TimelineEntry>,
    /// Shard and stream time is accounted up to here.
    pub(super) accrued_to: u64,
    pub(super) shards_max: u32,
    pub(super) shards_at_start: u32,
}

impl Control {
    pub(super) fn new(config: &WorldConfig) -> Control {
        Control {
            due: BTreeMap::new(),
            sequence: 0,
            steps: VecDeque::new(),
            updates: Vec::new(),
            switches: Vec::new(),
            peak: Peak::default(),
            reference: Peak::default(),
            recent: VecDeque::new(),
            delays: config.seed.stream("stream", "split_delay"),
            pending: Vec::new(),
            scaling: Scaling::default(),
            timeline: Vec::new(),
            accrued_to: 0,
            shards_max: 0,
            shards_at_start: 0,
        }
    }

    pub(super) fn next(&self) -> u64 {
        self.due.first_key_value().map_or(u64::MAX, |(k, _)| k.0)
    }

    pub(super) fn schedule(&mut self, at: u64, due: Due) {
        self.sequence += 1;
        self.due.insert((at, self.sequence), due);
    }

    /// Takes things off the calendar.
    pub(super) fn drop_due(&mut self, which: impl Fn(&Due) -> bool) {
        self.due.retain(|_, due| !which(due));
    }

    pub(super) fn is_resharding(&self) -> bool {
        !self.steps.is_empty()
    }

    pub(super) fn note(&mut self, at: u64, what: &'static str, text: String) {
        self.timeline.push(TimelineEntry { at_ns: at, what, text });
    }
}

impl World {
    /// Sets the first moments.
    pub(super) fn begin(&mut self, shards: u32) {
        (self.control.shards_max, self.control.shards_at_start) = (shards, shards);
        for c in 0..self.config.consumers.len() {
            let at = self.config.consumers[c].starts.at.0;
            self.control.schedule(at, Due::ConsumerBegins(c));
        }
        for i in 0..self.config.events.len() {
            self.control.schedule(self.config.events[i].at.0, Due::Scenario(i));
        }
        if self.mode != Mode::Provisioned {
            let (peak, _) = sizing::on_demand_start(&self.config);
            self.begin_on_demand(0, peak);
        } else {
            self.begin_autoscaling(0);
        }
    }

    /// Does everything that is due at `now`.
    pub(super) fn act(&mut self, now: u64) {
        while self.control.next() <= now {
            let Some((_, due)) = self.control.due.pop_first() else { return };
            match due {
                Due::ConsumerBegins(c) => self.consumer_begins(c, now),
                Due::Scenario(i) => self.scenario_event(i, now),
                Due::ReshardStep => self.reshard_step(now),
                Due::Observe => self.observe(now),
                Due::Split(id) => self.on_demand_split(id, now),
                Due::Warm(rate) => self.warm(rate, now),
                Due::Metrics => self.metrics(now),
                Due::Rescale => self.rescale(now),
            }
        }
    }

    fn consumer_begins(&mut self, c: usize, now: u64) {
        let settings = &self.settings.consumers[c];
        if settings.is_application {
            return;
        }
        let latest = settings.from == Position::Latest && now > 0;
        for lane in &mut self.lanes {
            let reader = &mut lane.readers[c];
            if !latest && !self.map.shards()[lane.id as usize].parents.is_empty() {
                continue;
            }
            self.sink.consumers[c].before_start += reader.place.begin(&lane.log, settings.from);
            reader.start(now, true, settings);
            if latest && lane.closed_at.is_some() {
                reader.place.done_at = Some(now);
                reader.next_at = u64::MAX;
            }
        }
    }

    fn scenario_event(&mut self, index: usize, now: u64) {
        let action = self.config.events[index].action.clone();
        let name = |c: &usize| self.config.consumers[*c].name.clone();
        match action {
            Action::UpdateShardCount { target } => self.update_shard_count(target, now),
            Action::SplitShard { open_index } => self.single_step(open_index, true, now),
            Action::MergeShards { open_index } => self.single_step(open_index, false, now),
            Action::SwitchMode(mode) => self.switch_mode(mode, now),
            Action::WarmThroughput(rate) => {
                let delay = self.config.stream.advantage.warm_delay.0;
                self.control.note(
                    now,
                    "warm_request",
                    format!("warm throughput of {} MiB/s asked for", rate.0 >> 20),
                );
                self.control.schedule(now + delay, Due::Warm(rate));
            }
            Action::Consumer { consumer, what } => {
                let who = consumer.as_ref().map_or("all consumers".into(), name);
                let (what, text) = happening(&who, what);
                self.control.note(now, what, text);
            }
            Action::Retention(to) => {
                self.accrue(now);
                self.settings.retention = to.0;
                self.control.note(
                    now,
                    "retention",
                    format!("retention is {} h from now on", to.0 / (3600 * NS_PER_S)),
                );
            }
            Action::HotKey { producer, share, lasting } => {
                let text = format!(
                    "{:.1} % of {}'s records take one key for {}",
                    share.fraction() * 100.0,
                    self.config.producers[producer].name,
                    seconds(lasting)
                );
                self.control.note(now, "hot_key", text);
            }
            Action::DestinationOutage { firehose, error_bucket, lasting } => {
                let too = if error_bucket { " with the error bucket" } else { "" };
                let text = format!("the destination of {firehose} is away for {}{too}", seconds(lasting));
                self.control.note(now, "destination_outage", text);
            }
            Action::ProducerOutage { .. }
            | Action::ProcessRestart { .. }
            | Action::PutErrors { .. }
            | Action::SlowNetwork { .. } => self.producer_event(&action, now),
        }
    }

    /// Something happens to a producer's processes; what happens to their network they know from the start.
    fn producer_event(&mut self, action: &Action, now: u64) {
        let name = |p: usize| &self.config.producers[p].name;
        let (what, text) = match *action {
            Action::ProducerOutage { producer, lasting } => {
                let text = format!("{} cannot reach the service for {}", name(producer), seconds(lasting));
                ("producer_outage", text)
            }
            Action::PutErrors { producer, share, lasting, .. } => {
                let (share, lasting) = (share.fraction() * 100.0, seconds(lasting));
                ("put_error_rate", format!("{share:.1} % of {}'s calls fail for {lasting}", name(producer)))
            }
            Action::SlowNetwork { producer, factor, lasting } => {
                let text =
                    format!("{}'s calls take {factor} times longer for {}", name(producer), seconds(lasting));
                ("slow_network", text)
            }
            Action::ProcessRestart { producer, instances, lasting } => {
                let clients = &mut self.sources[producer].clients;
                let n = clients.len().min(instances.unwrap_or(u32::MAX) as usize);
                for client in &mut clients[..n] {
                    client.restart(now, now.saturating_add(lasting.0));
                }
                let (all, name, lasting) = (clients.len(), name(producer), seconds(lasting));
                ("process_restart", format!("{n} of {all} processes of {name} are down for {lasting}"))
            }
            _ => return,
        };
        self.control.note(now, what, text);
    }

    pub(super) fn refuse(&mut self, now: u64, text: String) {
        self.control.note(now, "refused", text);
    }

    /// Why UpdateShardCount would be refused now.
    pub(super) fn why_not(&mut self, target: u32, now: u64) -> Option<String> {
        let open = self.map.open().len() as u32;
        self.control.updates.retain(|at| at + DAY > now);
        let per_day = data_streams::UPDATE_SHARD_COUNT_PER_DAY.count() as usize;
        if self.mode != Mode::Provisioned {
            return Some(format!("UpdateShardCount to {target}: only in provisioned mode"));
        }
        if self.control.is_resharding() {
            return Some(format!("UpdateShardCount to {target}: the stream is UPDATING"));
        }
        if self.control.updates.len() >= per_day {
            return Some(format!("UpdateShardCount to {target}: {per_day} calls in the last 24 h already"));
        }
        if !resharding::target_allowed(open, target) {
            return Some(format!(
                "UpdateShardCount from {open} to {target}: more than double or less than half"
            ));
        }
        None
    }

    pub(super) fn update_shard_count(&mut self, target: u32, now: u64) {
        if let Some(why) = self.why_not(target, now) {
            return self.refuse(now, why);
        }
        let open = self.map.open().len() as u32;
        self.control.updates.push(now);
        let steps = resharding::plan(&self.map, target);
        let timing = self.config.stream.resharding;
        let text = format!("UpdateShardCount from {open} to {target}: {} splits and merges", steps.len());
        self.control.note(now, "reshard_request", text);
        for k in 0..steps.len() as u64 {
            let turn = k / u64::from(timing.parallel_operations.max(1));
            let at = now + timing.first_operation.0 + turn * timing.per_operation.0;
            self.control.schedule(at, Due::ReshardStep);
        }
        self.control.steps = steps.into();
    }

    fn single_step(&mut self, open_index: u32, split: bool, now: u64) {
        let Some(&id) = self.map.open().get(open_index as usize) else {
            return self.refuse(now, format!("no open shard number {open_index}"));
        };
        let step = if split {
            Step::SplitAt(self.map.middle(id))
        } else {
            match self.map.open().get(open_index as usize + 1) {
                Some(&right) => Step::MergeAt(self.map.shards()[right as usize].start),
                None => {
                    return self
                        .refuse(now, format!("open shard number {open_index} has no right neighbour"));
                }
            }
        };
        self.carry_out(step, "asked for", now);
    }

    fn reshard_step(&mut self, now: u64) {
        if let Some(step) = self.control.steps.pop_front() {
            self.carry_out(step, "UpdateShardCount", now);
        }
    }

    /// Splits or merges, and moves what waits for the parents to their children.
    pub(super) fn carry_out(&mut self, step: Step, why: &str, now: u64) {
        self.accrue(now);
        let Some((parents, children)) = resharding::apply(&mut self.map, step, now) else {
            return self.refuse(now, format!("{step:?} is not possible on today's shards"));
        };
        for &id in &children {
            self.lanes.push(Lane::new(id, now, &self.settings));
        }
        for &p in &parents {
            let parent = &mut self.lanes[p as usize];
            parent.closed_at = Some(now);
            for (at, waiting) in parent.retries.drain() {
                let child = self.map.shard_at(waiting.position) as usize;
                self.lanes[child].retries.push(at, waiting);
            }
        }
        self.listing = self.map.listing();
        self.control.shards_max = self.control.shards_max.max(self.map.open().len() as u32);
        let what = if children.len() == 2 { "split" } else { "merge" };
        let text =
            format!("{} into {} ({why}); {} open", ids(&parents), ids(&children), self.map.open().len());
        self.control.note(now, what, text);
    }

    fn switch_mode(&mut self, mode: Mode, now: u64) {
        self.control.switches.retain(|at| at + DAY > now);
        let per_day = data_streams::MODE_SWITCHES.count() as usize;
        if mode == self.mode {
            return;
        }
        if self.control.switches.len() >= per_day {
            let text = format!("switch to {}: {per_day} in the last 24 h already", mode.title());
            return self.refuse(now, text);
        }
        self.control.switches.push(now);
        self.accrue(now);
        self.meter_mode();
        let was = std::mem::replace(&mut self.mode, mode);
        self.control.note(now, "mode_switch", format!("{} to {}; shards stay", was.title(), mode.title()));
        if was == Mode::Provisioned {
            let (peak, _) = sizing::on_demand_start(&self.config);
            self.begin_on_demand(now, peak);
        } else if mode == Mode::Provisioned {
            self.begin_autoscaling(now);
        }
    }

    /// Accounts shard and stream time up to `now`.
    pub(super) fn accrue(&mut self, now: u64) {
        let ns = u128::from(now - self.control.accrued_to);
        self.control.accrued_to = now;
        let shards = self.map.open().len() as u128;
        let fan_out = self.config.consumers.iter().filter(|c| matches!(c.read, ReadConfig::FanOut(_)));
        let usage = &mut self.usage;
        match self.mode {
            Mode::Provisioned => {
                usage.provisioned_shard_ns += shards * ns;
                usage.fan_out_consumer_shard_ns += shards * ns * fan_out.count() as u128;
                if self.settings.retention > data_streams::RETENTION_DEFAULT.dur().0 {
                    usage.extended_retention_shard_ns += shards * ns;
                }
            }
            Mode::OnDemand => usage.stream_ns += ns,
            Mode::OnDemandAdvantage => usage.advantage_ns += ns,
        }
    }
}

/// What happens to a consumer: the timeline's word and text.
fn happening(who: &str, what: Happening) -> (&'static str, String) {
    match what {
        Happening::Outage { lasting } => ("outage", format!("{who} stops reading for {}", seconds(lasting))),
        Happening::Slowdown { factor, lasting } => {
            ("slowdown", format!("{who} works {factor} times slower for {}", seconds(lasting)))
        }
        Happening::WorkerCrash { workers, lasting } => {
            let back =
                lasting.map_or("for good".into(), |d| format!("and are replaced after {}", seconds(d)));
            ("worker_crash", format!("{workers} workers of {who} die {back}"))
        }
        Happening::WorkersAdded { workers } => ("worker_add", format!("{workers} workers join {who}")),
        Happening::WorkersRemoved { workers } => {
            ("worker_remove", format!("{workers} workers of {who} stop"))
        }
        Happening::Deploy { every, pause } => {
            let order = every.map_or("all at once".into(), |d| format!("one every {}", seconds(d)));
            (
                "deploy",
                format!("a new version of {who}: workers replaced {order}, each away for {}", seconds(pause)),
            )
        }
        Happening::PoisonRecord { open_index } => {
            let text =
                format!("the next record of open shard number {open_index} can never be processed by {who}");
            ("poison_record", text)
        }
        Happening::SilentSubscriptions => {
            ("silent_subscriptions", format!("the subscriptions of {who} fall silent"))
        }
    }
}

pub(super) fn ids(shards: &[u32]) -> String {
    let names: Vec<String> = shards.iter().map(|id| format!("shard {id}")).collect();
    names.join(" and ")
}

pub(super) fn seconds(d: Dur) -> String {
    match d.0 {
        ns if ns.is_multiple_of(60 * NS_PER_S) => format!("{} min", ns / (60 * NS_PER_S)),
        ns => format!("{} s", ns as f64 / NS_PER_S as f64),
    }
}
