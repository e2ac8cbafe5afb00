//! From what comes in to what is delivered: records are opened, transformed, told apart and gathered, each as far as the
//! stream asks for it; shards and channels side by side.
//!
//! A machine with events of its own (`next`, `act`): a buffer's interval is over, a call or a request is answered, a wait
//! before another attempt is over. Everything happens at exact moments; who calls and how often does not matter.

use super::backup::Backup;
use super::buffer::Buffer;
use super::config::{BufferConfig, FirehoseConfig};
use super::errors;
use super::load::{Group, Load};
use super::opening::Opening;
use super::outlet::Outlet;
use super::outside::{Departed, Outside};
use super::partitions::Partitions;
use super::transform::{Lambda, Transform};
use crate::measure::clients::FirehoseResult;
use crate::mechanism::wide::wide;
use crate::random::Seed;
use crate::units::{Dur, Percent};
use std::collections::BTreeSet;

/// A Firehose stream behind its intake.
pub struct Pipeline {
    opening: Option<Opening>,
    lambda: Option<Lambda>,
    partitions: Option<Partitions>,
    backup: Option<Backup>,
    /// Buffers of the channels.
    hints: BufferConfig,
    channels: Vec<Channel>,
    out: Outside,
    /// What happens next, and where.
    next: BTreeSet<(u64, Place)>,
    /// Its entry of `Place::Errors`.
    errors_due: u64,
    /// Channels of direct puts at the base quota, and the one that takes the next record.
    side_by_side: u64,
    turn: usize,
    /// Partitions that got records, while they are told apart.
    touched: Vec<u64>,
}

/// Where something happens; at one moment in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Errors,
    Transform(usize),
    Channel(usize),
    Partition(u64),
    Copies,
}

/// A shard, or one of the buffers side by side of direct puts.
#[derive(Clone, Debug)]
struct Channel {
    transform: Option<Transform>,
    outlet: Outlet,
}

impl Channel {
    /// Where records come in.
    fn entrance(&mut self) -> &mut Buffer {
        match &mut self.transform {
            Some(transform) => transform.entrance(),
            None => &mut self.outlet.buffer,
        }
    }

    fn loads(&self) -> impl Iterator<Item = &Load> {
        self.transform.iter().flat_map(Transform::loads).chain(self.outlet.loads())
    }
}

impl Pipeline {
    /// An empty one.
    pub fn new(config: &FirehoseConfig, bucket_ns: u64, seed: Seed) -> Pipeline {
        let path = format!("firehose/{}", config.name);
        let partitions = |p| Partitions::new(p, &config.buffer, seed.stream(&path, "partitions"));
        // Records of partitions wait a first time before they are told apart.
        let hints = match &config.partitions {
            Some(p) => {
                BufferConfig { interval: part_of(config.buffer.interval, p.first_stage), ..config.buffer }
            }
            None => config.buffer,
        };
        Pipeline {
            opening: config.opening.as_ref().map(|o| Opening::new(o, seed.stream(&path, "broken"))),
            lambda: config.transform.as_ref().map(|t| Lambda::new(t, &path, seed)),
            partitions: config.partitions.as_ref().map(partitions),
            backup: config.backup.as_ref().map(Backup::new),
            hints,
            channels: Vec::new(),
            out: Outside::new(config, bucket_ns, &path, seed),
            next: BTreeSet::new(),
            errors_due: u64::MAX,
            side_by_side: u64::from(config.buffer.channels.max(1)),
            turn: 0,
            touched: Vec::new(),
        }
    }

    /// When something happens in it next.
    pub fn next(&self) -> u64 {
        let backup = self.backup.as_ref().map_or(u64::MAX, Backup::next);
        self.next.first().map_or(u64::MAX, |n| n.0).min(backup)
    }

    /// Does what is due at `now`, which is `next()`.
    pub fn act(&mut self, now: u64) {
        if let Some(backup) = &mut self.backup {
            backup.act(now, &mut self.out.tally);
        }
        while let Some(&(at, place)) = self.next.first().filter(|n| n.0 <= now) {
            match place {
                Place::Errors => self.out.write_waiting(at),
                Place::Transform(channel) => self.answer(channel, at),
                Place::Channel(channel) if self.partitions.is_some() => self.tell_apart(channel, at),
                Place::Channel(channel) => self.channels[channel].outlet.step(at, &mut self.out),
                Place::Partition(id) => self.step_partition(id, at),
                Place::Copies => self.out.copy(at),
            }
            self.schedule(place);
            self.schedule_shared();
        }
    }

    /// Opens channels up to this number at `now`.
    pub fn open(&mut self, channels: usize, now: u64) {
        while self.channels.len() < channels {
            let transform = self.lambda.as_ref().map(|lambda| Transform::new(lambda, now));
            self.channels.push(Channel { transform, outlet: Outlet::new(&self.hints, now) });
        }
    }

    /// Bytes of a channel that wait for delivery.
    pub fn held(&self, channel: usize) -> u64 {
        let transform = self.channels[channel].transform.iter().flat_map(Transform::loads);
        let shared = self.partitions.as_ref().map_or(0, |p| p.overdue() / self.channels.len() as u64);
        transform.map(|load| load.bytes).sum::<u64>() + self.channels[channel].outlet.held() + shared
    }

    /// Quotas are so many times what they were: as many more channels.
    pub fn widen(&mut self, times: u32, now: u64) {
        self.open((self.side_by_side * u64::from(times)).min(CHANNELS_MAX) as usize, now);
    }

    /// Records come in at `now`, sizes and births one each; those of `arrived` are the moments they came to the
    /// stream.
    pub fn receive(&mut self, now: u64, channel: usize, born: &[u64], arrived: &[u64], sizes: &[u32]) {
        for ((born, arrived), sizes) in born.chunks(BLOCK).zip(arrived.chunks(BLOCK)).zip(sizes.chunks(BLOCK))
        {
            self.out.tally.come_in(now, sizes);
            let group = neighbours(born, arrived, sizes);
            let grown = self.opening.as_ref().map_or(group.bytes, |o| o.grown(group.bytes));
            if grown < self.channels[channel].entrance().room() {
                self.enter(now, channel, group);
                continue;
            }
            for ((born, arrived), size) in born.iter().zip(arrived).zip(sizes) {
                self.enter(now, channel, Group::one(*born, *arrived, *size));
                self.pass(channel, now);
            }
        }
        self.pass(channel, now);
        self.schedule_channel(channel);
    }

    /// Billed steps × 2^20 of so many billed bytes.
    pub fn steps_of(&self, billed: u64) -> u64 {
        self.out.tally.steps_of(billed)
    }

    /// Neighbours come in at `now`, so many billed steps × 2^20; they are parted where a buffer is full.
    pub fn receive_together(&mut self, now: u64, channel: usize, group: Group, steps: u64) {
        self.out.tally.come_in_together(now, &group, steps);
        let (mut rest, mut is_blocked) = (group, false);
        while rest.records > 0 {
            let room = self.channels[channel].entrance().room();
            let grown = self.opening.as_ref().map_or(rest.bytes, |o| o.grown(rest.bytes));
            // What passes nothing on now passes nothing on later at this moment.
            let fills = grown >= room && !(is_blocked && room == 0);
            let n = match fills {
                true => {
                    (u128::from(room) * u128::from(rest.records)).div_ceil(u128::from(grown.max(1))) as u64
                }
                false => rest.records,
            };
            let part = rest.take_first(n.clamp(1, rest.records));
            self.enter(now, channel, part);
            self.pass(channel, now);
            is_blocked = fills;
        }
        self.schedule_channel(channel);
    }

    /// One record put straight to it comes in at `now`: channels take turns.
    pub fn receive_next(&mut self, now: u64, born: u64, size: u32) {
        if self.channels.is_empty() {
            self.widen(1, now);
        }
        let channel = self.turn % self.channels.len();
        self.turn = channel + 1;
        self.receive(now, channel, &[born], &[now], &[size]);
        self.back_up(now, channel, &[size]);
    }

    /// Records of a channel are backed up, where all are.
    pub fn back_up(&mut self, now: u64, channel: usize, sizes: &[u32]) {
        let Some(backup) = &mut self.backup else { return };
        for sizes in sizes.chunks(BLOCK) {
            let times = [now; BLOCK];
            let group = neighbours(&times[..sizes.len()], &times[..sizes.len()], sizes);
            backup.push(now, channel, group, &mut self.out.tally);
        }
    }

    /// The same for neighbours.
    pub fn back_up_together(&mut self, now: u64, channel: usize, group: Group) {
        let Some(backup) = &mut self.backup else { return };
        let mut rest = group;
        while rest.records > 0 {
            let part = rest.take_first(rest.records.min(rest.records.div_ceil(16).max(BLOCK as u64)));
            backup.push(now, channel, part, &mut self.out.tally);
        }
    }

    /// What left since the last call.
    pub fn departed(&mut self) -> std::vec::Drain<'_, Departed> {
        self.out.departed.drain(..)
    }

    /// What it did up to `end`.
    pub fn result(&self, end: u64) -> FirehoseResult {
        let partitions = self.partitions.iter().flat_map(Partitions::loads);
        let copies = self.out.copies.iter().flat_map(|c| c.loads());
        let inside = self.channels.iter().flat_map(Channel::loads).chain(partitions).chain(copies);
        self.out.tally.result(inside.chain(self.out.errors.loads()), end)
    }

    /// Records go into a channel's first buffer, opened where they hold more.
    fn enter(&mut self, now: u64, channel: usize, group: Group) {
        let group = match &mut self.opening {
            None => group,
            Some(opening) => {
                let (group, broken) = opening.open(group);
                self.out.tally.opened(&group, &broken);
                if let Some(broken) = broken {
                    let mut load = Load::default();
                    load.push(broken);
                    self.out.fail(now, errors::DECOMPRESSION, load);
                }
                group
            }
        };
        if group.records > 0 {
            self.channels[channel].entrance().push(now, group);
        }
    }

    /// What is ready in a channel's first buffer goes on.
    fn pass(&mut self, channel: usize, now: u64) {
        let c = &mut self.channels[channel];
        match (&mut c.transform, &mut self.lambda) {
            (Some(transform), Some(lambda)) => transform.start(now, lambda, &mut self.out),
            _ if self.partitions.is_some() => self.tell_apart(channel, now),
            _ => c.outlet.flush(now, &mut self.out),
        }
    }

    /// Lambda's calls that are over at `now`, and the next ones.
    fn answer(&mut self, channel: usize, now: u64) {
        let Channel { transform: Some(transform), outlet } = &mut self.channels[channel] else { return };
        let Some(lambda) = &mut self.lambda else { return };
        while let Some(mut answer) = transform.answer(now, lambda, &mut self.out.tally) {
            self.out.tally.transformed(now, &answer);
            self.out.drop(now, answer.dropped);
            self.out.fail(now, errors::PROCESSING, answer.failed);
            for group in answer.ok.drain() {
                outlet.buffer.push(now, group);
                if self.partitions.is_none() {
                    outlet.flush(now, &mut self.out);
                }
            }
        }
        transform.start(now, lambda, &mut self.out);
        if self.partitions.is_some() {
            self.tell_apart(channel, now);
        }
        self.schedule(Place::Channel(channel));
    }

    /// What is ready in a channel goes into its partitions.
    fn tell_apart(&mut self, channel: usize, now: u64) {
        let Some(partitions) = &mut self.partitions else { return };
        let buffer = &mut self.channels[channel].outlet.buffer;
        if buffer.reason(now).is_none() {
            return;
        }
        let mut touched = std::mem::take(&mut self.touched);
        let exceeded = partitions.split(now, buffer.take(), &mut touched, &mut self.out);
        self.out.fail(now, errors::PARTITIONS, exceeded);
        touched.drain(..).for_each(|id| self.schedule(Place::Partition(id)));
        self.touched = touched;
    }

    fn step_partition(&mut self, id: u64, now: u64) {
        let Some(partitions) = &mut self.partitions else { return };
        let Some(outlet) = partitions.get(id) else { return };
        outlet.step(now, &mut self.out);
    }

    /// Everything that may have changed with records that came in.
    fn schedule_channel(&mut self, channel: usize) {
        if self.lambda.is_some() {
            self.schedule(Place::Transform(channel));
        }
        self.schedule(Place::Channel(channel));
        self.schedule_shared();
    }

    fn schedule_shared(&mut self) {
        if self.out.copies.is_some() {
            self.schedule(Place::Copies);
        }
        if self.errors_due != self.out.errors.next() {
            self.schedule(Place::Errors);
        }
    }

    /// Puts the next moment of a place among all others.
    fn schedule(&mut self, place: Place) {
        let Pipeline { channels, partitions, lambda, out, .. } = self;
        let (due, next, retires) = match place {
            Place::Errors => (&mut self.errors_due, out.errors.next(), false),
            Place::Copies => match &mut out.copies {
                Some(copies) => {
                    let next = copies.next();
                    (&mut copies.due, next, false)
                }
                None => return,
            },
            Place::Transform(i) => match (&mut channels[i].transform, lambda) {
                (Some(transform), Some(lambda)) => {
                    let next = transform.next(lambda, out);
                    (&mut transform.due, next, false)
                }
                _ => return,
            },
            Place::Channel(i) => {
                let next = channels[i].outlet.next(out);
                (&mut channels[i].outlet.due, next, false)
            }
            Place::Partition(id) => match partitions.as_mut().and_then(|p| p.get(id)) {
                Some(outlet) => {
                    let (next, retires) = (outlet.next(out), outlet.is_empty());
                    (&mut outlet.due, next, retires)
                }
                None => return,
            },
        };
        if next != *due {
            self.next.remove(&(*due, place));
            if next < u64::MAX {
                self.next.insert((next, place));
            }
            *due = next;
        }
        if let (true, Place::Partition(id), Some(partitions)) = (retires, place, partitions) {
            partitions.retire(id);
        }
    }
}

/// Buffers side by side at most.
const CHANNELS_MAX: u64 = 10_000;
/// Records looked at together.
const BLOCK: usize = 64;

/// So much of a span.
fn part_of(span: Dur, share: Percent) -> Dur {
    Dur((u128::from(span.0) * u128::from(share.0) / u128::from(Percent::WHOLE)) as u64)
}

/// Some records as one group.
fn neighbours(born: &[u64], arrived: &[u64], sizes: &[u32]) -> Group {
    let bytes = sizes.iter().map(|s| u64::from(*s)).sum();
    let (born, arrived) = (span::best(born), span::best(arrived));
    Group { records: sizes.len() as u64, bytes, raw: bytes, born, arrived }
}

wide! {
    /// The least and the largest of some moments.
    fn span(times: &[u64]) -> (u64, u64) {
        times.iter().fold((u64::MAX, 0), |s, t| (s.0.min(*t), s.1.max(*t)))
    }
}
