//! A buffer: gathers records until it holds enough or is old enough, whichever comes first.
//!
//! At AWS: a buffer of its own for each shard, channel or partition; the hints may be passed by a record, and are
//! raised when delivery falls behind. Zero interval: delivered within seconds.
//! We model: the record that reaches the size belongs to the object; while the last object of a buffer is still on its
//! way the next one goes on growing, which is how it is raised.

use super::config::{BufferConfig, Timer};
use super::load::{Group, Load};

/// Why an object was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The buffer held its size.
    Size,
    /// Its interval was over.
    Interval,
}

/// One buffer.
#[derive(Clone, Debug)]
pub struct Buffer {
    size: u64,
    interval: u64,
    timer: Timer,
    load: Load,
    /// When the interval is over; `u64::MAX` while nothing is in it.
    due: u64,
    /// When the clock that runs on began.
    began: u64,
    /// Is it one of many?
    coarse: bool,
}

impl Buffer {
    /// Nothing in it; it exists since `now`.
    pub fn new(config: &BufferConfig, now: u64) -> Buffer {
        let (size, interval) = (config.size.0, config.interval.0);
        Buffer {
            size,
            interval,
            timer: config.timer,
            load: Load::default(),
            due: u64::MAX,
            began: now,
            coarse: false,
        }
    }

    /// One of many: coarser in its moments.
    pub fn coarse(config: &BufferConfig, now: u64) -> Buffer {
        Buffer { load: Load::coarse(), coarse: true, ..Buffer::new(config, now) }
    }

    /// When its interval is over; 0 when it is full.
    pub fn due(&self) -> u64 {
        if self.load.bytes >= self.size && !self.load.is_empty() { 0 } else { self.due }
    }

    /// What is in it.
    pub fn load(&self) -> &Load {
        &self.load
    }

    /// Bytes it takes before it is full.
    pub fn room(&self) -> u64 {
        self.size.saturating_sub(self.load.bytes)
    }

    /// Why it could be delivered at `now`.
    pub fn reason(&self, now: u64) -> Option<Reason> {
        if self.load.is_empty() {
            return None;
        }
        match self.load.bytes >= self.size {
            true => Some(Reason::Size),
            false => (self.due <= now).then_some(Reason::Interval),
        }
    }

    /// Puts records in at `now`.
    pub fn push(&mut self, now: u64, group: Group) {
        if self.load.is_empty() {
            self.due = match self.timer {
                Timer::FirstRecord => now.saturating_add(self.interval),
                Timer::FreeRunning => self.next_tick(now),
            };
        }
        self.load.push(group);
    }

    fn next_tick(&self, now: u64) -> u64 {
        let interval = self.interval.max(1);
        self.began + ((now - self.began) / interval + 1) * interval
    }

    /// Takes everything out.
    pub fn take(&mut self) -> Load {
        self.due = u64::MAX;
        let empty = if self.coarse { Load::coarse() } else { Load::default() };
        std::mem::replace(&mut self.load, empty)
    }

    /// Takes its size out, or everything if it is no more; what stays begins to wait anew.
    pub fn take_some(&mut self, now: u64) -> Load {
        let taken = self.load.take_bytes(self.size);
        self.due = if self.load.is_empty() { u64::MAX } else { now.saturating_add(self.interval) };
        taken
    }

    /// Takes out what arrived before `time`.
    pub fn take_before(&mut self, time: u64) -> Load {
        let gone = self.load.take_before(time);
        if self.load.is_empty() {
            self.due = u64::MAX;
        }
        gone
    }
}
