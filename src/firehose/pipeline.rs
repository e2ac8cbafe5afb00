//! From what comes in to what is delivered: buffers side by side, each with one delivery under way.
//!
//! A machine with events of its own (`next`, `act`): a buffer's interval is over, a request is answered, a wait before
//! another attempt is over. Everything happens at exact moments; who calls and how often does not matter.

use super::buffer::{Buffer, Reason};
use super::config::FirehoseConfig;
use super::delivery::{Delivery, Step};
use super::load::{Group, Load};
use super::tally::Tally;
use crate::measure::clients::FirehoseResult;
use crate::random::Seed;
use std::collections::BTreeSet;

/// A Firehose stream behind its intake.
pub struct Pipeline {
    config: FirehoseConfig,
    channels: Vec<Channel>,
    /// (moment, channel) of what happens next in each.
    next: BTreeSet<(u64, usize)>,
    delivery: Delivery,
    tally: Tally,
    /// What left since it was last asked.
    departed: Vec<Departed>,
    /// The channel that takes the next record put straight to it.
    turn: usize,
}

/// Records that left.
#[derive(Clone, Debug)]
pub struct Departed {
    /// Which.
    pub load: Load,
    /// When.
    pub at: u64,
    /// Delivered, or lost?
    pub delivered: bool,
}

#[derive(Clone, Debug)]
struct Channel {
    buffer: Buffer,
    flight: Option<Flight>,
    /// Its entry in `next`.
    due: u64,
}

/// An object on its way.
#[derive(Clone, Debug)]
struct Flight {
    load: Load,
    reason: Reason,
    /// Failed attempts.
    failures: u32,
    step: Step,
}

impl Pipeline {
    /// An empty one.
    pub fn new(config: &FirehoseConfig, bucket_ns: u64, seed: Seed) -> Pipeline {
        Pipeline {
            channels: Vec::new(),
            next: BTreeSet::new(),
            delivery: Delivery::new(
                &config.delivery,
                seed.stream(&format!("firehose/{}", config.name), "delivery"),
            ),
            tally: Tally::new(config, bucket_ns),
            departed: Vec::new(),
            turn: 0,
            config: config.clone(),
        }
    }

    /// When something happens in it next.
    pub fn next(&self) -> u64 {
        self.next.first().map_or(u64::MAX, |n| n.0)
    }

    /// Does what is due at `now`, which is `next()`.
    pub fn act(&mut self, now: u64) {
        while let Some(&(at, channel)) = self.next.first().filter(|n| n.0 <= now) {
            self.step(channel, at);
            self.schedule(channel);
        }
    }

    /// Opens channels up to this number at `now`.
    pub fn open(&mut self, channels: usize, now: u64) {
        while self.channels.len() < channels {
            let buffer = Buffer::new(&self.config.buffer, now);
            self.channels.push(Channel { buffer, flight: None, due: u64::MAX });
        }
    }

    /// Bytes of a channel that are not delivered.
    pub fn held(&self, channel: usize) -> u64 {
        let channel = &self.channels[channel];
        channel.buffer.load().bytes + channel.flight.as_ref().map_or(0, |f| f.load.bytes)
    }

    /// Records come in at `now`, sizes and births one each; those of `arrived` are the moments they came to the
    /// stream.
    pub fn receive(&mut self, now: u64, channel: usize, born: &[u64], arrived: &[u64], sizes: &[u32]) {
        for ((born, arrived), sizes) in born.chunks(BLOCK).zip(arrived.chunks(BLOCK)).zip(sizes.chunks(BLOCK))
        {
            self.tally.come_in(sizes);
            let group = neighbours(born, arrived, sizes);
            if group.bytes < self.channels[channel].buffer.room() {
                self.channels[channel].buffer.push(now, group);
                continue;
            }
            for ((born, arrived), size) in born.iter().zip(arrived).zip(sizes) {
                self.channels[channel].buffer.push(now, Group::one(*born, *arrived, *size));
                self.flush(channel, now);
            }
        }
        self.flush(channel, now);
        self.schedule(channel);
    }

    /// One record put straight to it comes in at `now`: channels take turns.
    pub fn receive_next(&mut self, now: u64, born: u64, size: u32) {
        self.open(self.config.buffer.channels.max(1) as usize, now);
        let channel = self.turn;
        self.turn = (channel + 1) % self.channels.len();
        self.receive(now, channel, &[born], &[now], &[size]);
    }

    /// What left since the last call.
    pub fn departed(&mut self) -> std::vec::Drain<'_, Departed> {
        self.departed.drain(..)
    }

    /// What it did up to `end`.
    pub fn result(&self, end: u64) -> FirehoseResult {
        let loads = self
            .channels
            .iter()
            .flat_map(|c| std::iter::once(c.buffer.load()).chain(c.flight.as_ref().map(|f| &f.load)));
        self.tally.result(loads, end)
    }

    fn schedule(&mut self, channel: usize) {
        let c = &mut self.channels[channel];
        let due = match &c.flight {
            Some(flight) => flight.step.at(),
            None => c.buffer.due(),
        };
        if due != c.due {
            self.next.remove(&(c.due, channel));
            if due < u64::MAX {
                self.next.insert((due, channel));
            }
            c.due = due;
        }
    }

    /// What a channel does at `now`.
    fn step(&mut self, channel: usize, now: u64) {
        let Some(flight) = self.channels[channel].flight.as_mut().filter(|f| f.step.at() <= now) else {
            return self.flush(channel, now);
        };
        match flight.step {
            Step::Wait { .. } => self.attempt(channel, now),
            Step::Request { fails: true, .. } => self.failed(channel, now),
            Step::Request { fails: false, .. } => self.delivered(channel, now),
        }
    }

    /// Sends what is ready, unless the last object is still on its way.
    fn flush(&mut self, channel: usize, now: u64) {
        let c = &mut self.channels[channel];
        let Some(reason) = c.buffer.reason(now).filter(|_| c.flight.is_none()) else { return };
        let step = self.delivery.request(now);
        c.flight = Some(Flight { load: c.buffer.take(), reason, failures: 0, step });
    }

    fn attempt(&mut self, channel: usize, now: u64) {
        self.expire(channel, now);
        if let Some(flight) = &mut self.channels[channel].flight {
            flight.step = self.delivery.request(now);
        }
    }

    fn failed(&mut self, channel: usize, now: u64) {
        self.tally.request(false);
        if let Some(flight) = &mut self.channels[channel].flight {
            flight.step = self.delivery.wait(now, flight.failures);
            flight.failures += 1;
        }
    }

    fn delivered(&mut self, channel: usize, now: u64) {
        let Some(flight) = self.channels[channel].flight.take() else { return };
        self.tally.request(true);
        self.tally.object(now, flight.reason, &flight.load);
        self.departed.push(Departed { load: flight.load, at: now, delivered: true });
        self.flush(channel, now);
    }

    /// What is too old is lost.
    fn expire(&mut self, channel: usize, now: u64) {
        let Some(oldest) = self.config.delivery.give_up.and_then(|age| now.checked_sub(age.0)) else {
            return;
        };
        let c = &mut self.channels[channel];
        let mut gone = vec![c.buffer.take_before(oldest)];
        if let Some(flight) = &mut c.flight {
            gone.push(flight.load.take_before(oldest));
            c.flight = c.flight.take().filter(|f| !f.load.is_empty());
        }
        for load in gone.into_iter().filter(|l| !l.is_empty()) {
            self.tally.lose(&load);
            self.departed.push(Departed { load, at: now, delivered: false });
        }
        self.flush(channel, now);
    }
}

/// Records looked at together.
const BLOCK: usize = 64;

/// Some records as one group.
fn neighbours(born: &[u64], arrived: &[u64], sizes: &[u32]) -> Group {
    let span = |times: &[u64]| times.iter().fold((u64::MAX, 0), |s, t| (s.0.min(*t), s.1.max(*t)));
    let bytes = sizes.iter().map(|s| u64::from(*s)).sum();
    Group { records: sizes.len() as u64, bytes, born: span(born), arrived: span(arrived) }
}
