//! The job as a whole: when it runs, what it keeps, and how it comes back.

use super::config::{FlinkConfig, Place, SourceConfig};
use super::output::Output;
use super::place::Meter;
use super::scaling::{Scaler, fullest};
use super::source::{Reading, Waits};
use super::split::Split;
use super::subtask::{Job, Subtask};
use super::watermark::{Voice, Watermark};
use crate::api::{Application, Position, Stream};
use crate::consumer::Situation;
use crate::consumer::config::{Happening, ProcessingConfig, StartAt};
use crate::consumer::work::Work;
use crate::facts::flink as facts;
use crate::measure::clients::{ClientResult, FlinkResult, Rescale};
use crate::random::{LatencySampler, Seed, Stream as Random};
use crate::record::Shard;

const SAMPLE: u64 = facts::WATERMARK_SAMPLE.dur().0;
const MINUTE: u64 = 60_000_000_000;
const NEVER: u64 = u64::MAX;

/// Moments of the job itself.
#[derive(Clone, Copy, Debug)]
struct Clock {
    up: u64,
    discovery: u64,
    checkpoint: u64,
    complete: u64,
    sample: u64,
}

/// A job at work.
pub struct Flink {
    config: FlinkConfig,
    starts: StartAt,
    happenings: Vec<(u64, Happening)>,
    /// How many of them are over.
    happened: usize,
    code: Code,
    takes: LatencySampler,
    downtime: LatencySampler,
    random: Random,
    job: Job,
    parallelism: u32,
    /// Every subtask there ever was; the first `parallelism` of them take part.
    subtasks: Vec<Subtask>,
    due: Vec<u64>,
    clock: Clock,
    next: u64,
    running: bool,
    /// Since when it runs, or is down.
    since: u64,
    /// Time it ran, and times the slots it had.
    ran: u64,
    slot_ns: u128,
    watermark: Watermark,
    scaler: Scaler,
    meter: Meter,
    /// At the last minute's end: time each slot had worked, time the job had run.
    minute: (Vec<u64>, u64),
    /// Subtasks without a shard when shards were last given out.
    idle: u32,
    /// Shards with a poisoned record that are not discovered yet.
    poisoned: Vec<(u32, u64)>,
    counts: Counts,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    checkpoints: u64,
    restarts: u64,
    rewound: u64,
    rescales: Vec<Rescale>,
}

/// What the user's code of every subtask is made from.
struct Code {
    path: String,
    seed: Seed,
    processing: ProcessingConfig,
    slow: Vec<(u64, u64, u64)>,
    failure_ppb: u64,
}

impl Code {
    fn new(situation: &Situation) -> Code {
        Code {
            path: format!("consumer/{}", situation.config.name),
            seed: situation.seed,
            processing: situation.config.processing.clone(),
            slow: situation.slow_spells(),
            failure_ppb: situation.config.failure_rate.0,
        }
    }

    fn subtask(&self, index: usize) -> Subtask {
        let random = |purpose| self.seed.numbered(&self.path, purpose, index as u64);
        let work = Work::new(&self.processing, self.slow.clone(), self.failure_ppb, random("work"));
        Subtask::new(work, random("calls"))
    }
}

impl Flink {
    /// Waits for its start.
    pub fn new(config: &FlinkConfig, situation: &Situation) -> Flink {
        let starts = situation.config.starts;
        let code = Code::new(situation);
        let clock = Clock {
            up: starts.at.0,
            discovery: NEVER,
            checkpoint: NEVER,
            complete: NEVER,
            sample: starts.at.0.saturating_add(SAMPLE),
        };
        let mut flink = Flink {
            starts,
            happenings: situation.happenings.to_vec(),
            happened: 0,
            takes: config.checkpoints.takes.sampler(),
            downtime: config.downtime.sampler(),
            random: situation.seed.stream(&code.path, "job"),
            code,
            job: Job {
                reading: Reading::new(config.source, &situation.config.read),
                splits: Vec::new(),
                output: Output::new(config.sink),
            },
            parallelism: config.parallelism,
            subtasks: Vec::new(),
            due: Vec::new(),
            clock,
            next: 0,
            running: false,
            since: starts.at.0,
            ran: 0,
            slot_ns: 0,
            watermark: Watermark::new(starts.at.0),
            scaler: Scaler::default(),
            meter: Meter::new(&config.place, config.parallelism, starts.at.0),
            minute: (Vec::new(), 0),
            idle: 0,
            poisoned: Vec::new(),
            counts: Counts::default(),
            config: config.clone(),
        };
        flink.plan();
        flink
    }

    /// When something happens next.
    fn plan(&mut self) {
        let c = self.clock;
        let own = c.up.min(c.discovery).min(c.checkpoint).min(c.complete).min(c.sample);
        let happening = self.happenings.get(self.happened).map_or(NEVER, |h| h.0);
        let subtasks = self.due.iter().copied().min().unwrap_or(NEVER);
        self.next = own.min(happening).min(subtasks);
    }

    /// Everything due now, once, in a fixed order.
    fn round(&mut self, now: u64, stream: &mut dyn Stream) {
        if self.clock.up <= now {
            self.come_up(now, stream);
        }
        if self.clock.discovery <= now {
            self.discover(now, stream);
        }
        self.act_subtasks(now, stream);
        if self.clock.complete <= now {
            self.complete(now, stream);
        }
        if self.clock.checkpoint <= now {
            self.begin_checkpoint(now, stream);
        }
        if self.clock.sample <= now {
            self.sample(now, stream);
        }
        while let Some((_, what)) = self.happenings.get(self.happened).copied().filter(|h| h.0 <= now) {
            self.happened += 1;
            self.happen(now, what, stream);
        }
        self.plan();
    }

    /// Subtasks in their order; the first that fails ends the job's run.
    fn act_subtasks(&mut self, now: u64, stream: &mut dyn Stream) {
        let mut ended = false;
        for i in 0..self.due.len() {
            if self.due[i] > now {
                continue;
            }
            let subtask = &mut self.subtasks[i];
            if !subtask.act(now, &mut self.job, stream) {
                self.counts.restarts += 1;
                let away = self.away();
                return self.crash(now, now.saturating_add(away), stream);
            }
            ended |= std::mem::take(&mut subtask.ended);
            self.due[i] = subtask.next();
        }
        if ended {
            self.assign(now);
        }
    }

    /// How long a restart takes.
    fn away(&mut self) -> u64 {
        self.downtime.draw(&mut self.random).max(facts::DOWNTIME_MIN.dur().0)
    }

    /// The job begins, or comes back.
    fn come_up(&mut self, now: u64, stream: &mut dyn Stream) {
        self.count_time(now);
        (self.running, self.clock.up) = (true, NEVER);
        self.meter.start(now);
        while self.subtasks.len() < self.parallelism as usize {
            self.subtasks.push(self.code.subtask(self.subtasks.len()));
        }
        self.due = vec![NEVER; self.parallelism as usize];
        self.clock.checkpoint = now.saturating_add(self.config.checkpoints.every.0);
        self.discover(now, stream);
    }

    /// Looks for new shards.
    fn discover(&mut self, now: u64, stream: &mut dyn Stream) {
        self.clock.discovery = now.saturating_add(self.config.discovery.0);
        let first = self.job.splits.is_empty();
        let from = if first { self.starts.from } else { Position::TrimHorizon };
        for id in self.job.splits.len()..stream.shards().len() {
            let row = stream.begin(id as u32, from);
            let shard = &stream.shards()[id];
            let legacy = matches!(self.config.source, SourceConfig::Legacy { .. });
            let hash = || self.code.seed.numbered(&self.code.path, "shard", id as u64).word();
            let mut split = Split::new(shard, row, legacy.then(hash));
            if from == Position::Latest && shard.closed.is_some_and(|at| at <= now) {
                // Nothing more comes: ListShards does not even name it.
                split.ends_at(row);
            }
            self.job.splits.push(split);
        }
        for (shard, since) in std::mem::take(&mut self.poisoned) {
            self.poison(shard, since);
        }
        self.assign(now);
    }

    /// Shards that may be read go to their subtasks: to the new source a child is given when its parents are done.
    fn assign(&mut self, now: u64) {
        let ordered = !self.job.reading.by_shard();
        for id in 0..self.job.splits.len() {
            let split = &self.job.splits[id];
            let waits = |parent: &u32| !self.job.splits[*parent as usize].is_finished();
            if split.assigned || split.is_finished() || (ordered && split.parents().iter().any(waits)) {
                continue;
            }
            let i = split.subtask(self.parallelism);
            self.subtasks[i].add(id as u32, now, &mut self.job);
            self.due[i] = self.subtasks[i].next();
        }
        self.idle = self.subtasks[..self.due.len()].iter().filter(|s| s.is_idle()).count() as u32;
    }

    fn flush(&mut self, now: u64, stream: &mut dyn Stream) {
        for i in 0..self.due.len() {
            self.subtasks[i].flush(now, &mut self.job, stream);
        }
    }

    /// What is worked on by now is taken down.
    fn begin_checkpoint(&mut self, now: u64, stream: &mut dyn Stream) {
        self.note(now, stream);
        let every = self.config.checkpoints.every.0;
        self.clock.checkpoint = now.saturating_add(every.max(1));
        self.clock.complete = now.saturating_add(self.takes.draw(&mut self.random));
        // No second one begins before this one ends.
        self.clock.checkpoint = self
            .clock
            .checkpoint
            .max(self.clock.complete.saturating_add(self.config.checkpoints.min_pause.0));
    }

    fn note(&mut self, now: u64, stream: &mut dyn Stream) {
        self.flush(now, stream);
        self.job.splits.iter_mut().for_each(Split::note);
    }

    /// The checkpoint is complete: what it covers is kept, and visible.
    fn complete(&mut self, now: u64, stream: &mut dyn Stream) {
        self.clock.complete = NEVER;
        self.counts.checkpoints += 1;
        self.keep(now, stream);
    }

    fn keep(&mut self, now: u64, stream: &mut dyn Stream) {
        let Job { splits, output, .. } = &mut self.job;
        splits.iter_mut().for_each(Split::keep);
        output.commit(now, splits, stream);
        splits.iter_mut().for_each(|s| s.tell(stream));
    }

    /// All processes are gone: the job goes on from its last checkpoint, then.
    fn crash(&mut self, now: u64, back: u64, stream: &mut dyn Stream) {
        if self.running {
            self.flush(now, stream);
            self.go_down(now);
        }
        self.clock.up = if self.clock.up == NEVER { back } else { self.clock.up.max(back) };
    }

    /// The job is stopped in good order and goes on from there, then.
    fn stop(&mut self, now: u64, away: u64, stream: &mut dyn Stream) {
        if !self.running {
            return;
        }
        self.note(now, stream);
        self.keep(now, stream);
        self.go_down(now);
        self.clock.up = now.saturating_add(self.takes.draw(&mut self.random)).saturating_add(away);
    }

    fn go_down(&mut self, now: u64) {
        self.count_time(now);
        self.running = false;
        self.subtasks.iter_mut().for_each(|s| s.clear(now));
        self.due.fill(NEVER);
        self.counts.rewound += self.job.splits.iter_mut().map(Split::rewind).sum::<u64>();
        self.job.output.rewind();
        self.scaler.restarted();
        (self.clock.discovery, self.clock.checkpoint, self.clock.complete) = (NEVER, NEVER, NEVER);
    }

    fn count_time(&mut self, now: u64) {
        let span = now.saturating_sub(self.since);
        if self.running {
            self.ran += span;
            self.slot_ns += u128::from(span) * u128::from(self.parallelism);
        }
        self.since = self.since.max(now);
    }

    /// Notes the watermark; every minute the service looks at the CPU.
    fn sample(&mut self, now: u64, stream: &mut dyn Stream) {
        self.clock.sample = now.saturating_add(SAMPLE);
        if self.running {
            self.flush(now, stream);
            let idleness = self.config.idleness.map_or(NEVER, |d| d.0);
            let since = self.since;
            let legacy = self.job.reading.by_shard();
            let empty = if legacy || now - since.min(now) >= idleness { Voice::Idle } else { Voice::Nothing };
            let subtasks = self.subtasks[..self.due.len()].iter().filter(|s| s.is_idle()).map(|_| empty);
            let read = self.job.splits.iter().filter(|s| s.assigned && !s.is_finished());
            self.watermark.advance(subtasks.chain(read.map(|s| s.voice(now, idleness))));
        }
        self.watermark.note(now);
        if (now - self.starts.at.0).is_multiple_of(MINUTE) {
            self.end_minute(now, stream);
        }
    }

    fn end_minute(&mut self, now: u64, stream: &mut dyn Stream) {
        let Place::Managed(managed) = self.config.place else { return };
        let (ran, busy): (u64, Vec<u64>) = (self.ran_by(now), self.busy_by(now));
        let worked = |(i, b): (usize, &u64)| b - self.minute.0.get(i).copied().unwrap_or(0);
        let in_minute: Vec<u64> = busy.iter().enumerate().map(worked).collect();
        let cpu = fullest(&in_minute[..self.due.len().min(in_minute.len())], ran - self.minute.1, &managed);
        self.minute = (busy, ran);
        if !managed.autoscaling {
            return;
        }
        if let Some(to) = self.scaler.point(cpu, self.parallelism, self.config.parallelism, &managed) {
            self.rescale(now, to, stream);
        }
    }

    fn rescale(&mut self, now: u64, to: u32, stream: &mut dyn Stream) {
        let away = self.away();
        self.stop(now, away, stream);
        self.counts.rescales.push(Rescale { at_ns: now, from: self.parallelism, to });
        self.parallelism = to;
        self.meter.rescale(now, to);
    }

    fn happen(&mut self, now: u64, what: Happening, stream: &mut dyn Stream) {
        match what {
            Happening::Outage { lasting } => {
                if now >= self.starts.at.0 {
                    self.meter.stop(now);
                }
                self.crash(now, now.saturating_add(lasting.0), stream);
            }
            Happening::WorkerCrash { lasting, .. } if self.running => {
                self.counts.restarts += 1;
                let away = self.away().max(lasting.map_or(0, |d| d.0));
                self.crash(now, now.saturating_add(away), stream);
            }
            Happening::Deploy { pause, .. } => {
                let away = if pause.0 > 0 { pause.0 } else { self.away() };
                self.stop(now, away, stream);
            }
            Happening::PoisonRecord { open_index } => {
                if let Some(shard) = Shard::nth_open(stream.shards(), open_index, now) {
                    self.poison(shard, now);
                }
            }
            // Work knows slow spells by itself; the job's slots are those of its parallelism.
            Happening::Slowdown { .. }
            | Happening::WorkerCrash { .. }
            | Happening::WorkersAdded { .. }
            | Happening::WorkersRemoved { .. }
            | Happening::SilentSubscriptions => {}
        }
    }

    fn poison(&mut self, shard: u32, since: u64) {
        match self.job.splits.get_mut(shard as usize) {
            Some(split) => split.poison(since),
            None => self.poisoned.push((shard, since)),
        }
    }

    fn ran_by(&self, now: u64) -> u64 {
        self.ran + if self.running { now.saturating_sub(self.since) } else { 0 }
    }

    fn busy_by(&self, now: u64) -> Vec<u64> {
        self.subtasks.iter().map(|s| s.busy_by(now)).collect()
    }
}

impl Application for Flink {
    fn next(&self) -> u64 {
        self.next
    }

    fn act(&mut self, stream: &mut dyn Stream) {
        let now = stream.now();
        while self.next <= now {
            self.round(now, stream);
        }
    }

    fn result(&self, end: u64) -> ClientResult {
        let busy = self.busy_by(end);
        let ran = self.ran_by(end);
        let slots = self.slot_ns + u128::from(ran - self.ran) * u128::from(self.parallelism);
        let waits = self.subtasks.iter().map(|s| s.waits_by(end)).fold(Waits::default(), Waits::and);
        let share = |part: u64, whole: u128| {
            (u128::from(part) * 1_000_000).checked_div(whole).map_or(0, |ppm| ppm as u64)
        };
        ClientResult::Flink(Box::new(FlinkResult {
            place: self.meter.word(),
            parallelism_at_start: self.config.parallelism,
            parallelism_at_end: self.parallelism,
            idle_subtasks: self.idle,
            slots_busy_ppm: share(busy.iter().sum(), slots),
            busiest_slot_ppm: share(busy.iter().copied().max().unwrap_or(0), ran.into()),
            waiting_for_slot_ppm: share(waits.slot, slots),
            waiting_for_limits_ppm: share(waits.limits, slots),
            watermark_delay: self.watermark.delays().into(),
            watermark_delay_ns_by_minute: self.watermark.by_minute().to_vec(),
            checkpoints: self.counts.checkpoints,
            restarts: self.counts.restarts,
            rewound: self.counts.rewound,
            in_state: self.job.splits.iter().map(Split::records).sum(),
            down_ns: end.saturating_sub(self.starts.at.0) - ran.min(end.saturating_sub(self.starts.at.0)),
            rescales: self.counts.rescales.clone(),
            usage: self.meter.usage(end),
        }))
    }
}
