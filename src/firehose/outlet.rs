//! The end of a way: a buffer with one delivery under way. Each shard, channel or partition has one.

use super::buffer::{Buffer, Reason};
use super::config::BufferConfig;
use super::delivery::{Answer, Attempts, Step};
use super::load::{Group, Load};
use super::outside::Outside;

/// A buffer and what is on its way from it.
#[derive(Clone, Debug)]
pub struct Outlet {
    /// What gathers.
    pub buffer: Buffer,
    flight: Option<Flight>,
    /// Its entry among the pipeline's moments.
    pub due: u64,
}

/// An object on its way.
#[derive(Clone, Debug)]
pub struct Flight {
    /// Its records.
    pub load: Load,
    /// Why it was made.
    pub reason: Reason,
    /// Attempts so far.
    pub attempts: Attempts,
    /// What it waits for.
    pub step: Step,
}

impl Outlet {
    /// Nothing in it.
    pub fn new(hints: &BufferConfig, now: u64) -> Outlet {
        Outlet { buffer: Buffer::new(hints, now), flight: None, due: u64::MAX }
    }

    /// One of many: coarser in its moments.
    pub fn coarse(hints: &BufferConfig, now: u64) -> Outlet {
        Outlet { buffer: Buffer::coarse(hints, now), flight: None, due: u64::MAX }
    }

    /// Is there nothing in it?
    pub fn is_empty(&self) -> bool {
        self.flight.is_none() && self.buffer.load().is_empty()
    }

    /// Bytes that are not delivered.
    pub fn held(&self) -> u64 {
        self.buffer.load().bytes + self.overdue()
    }

    /// Bytes of the object that is on its way.
    pub fn overdue(&self) -> u64 {
        self.flight.as_ref().map_or(0, |f| f.load.bytes)
    }

    /// Everything in it.
    pub fn loads(&self) -> impl Iterator<Item = &Load> {
        std::iter::once(self.buffer.load()).chain(self.flight.as_ref().map(|f| &f.load))
    }

    /// When something happens in it next.
    pub fn next(&self, out: &Outside) -> u64 {
        match &self.flight {
            Some(Flight { step: Step::Request { ends, .. }, .. }) => *ends,
            Some(flight) => flight.step.at().max(out.pauses_until()),
            None => self.buffer.due().max(out.pauses_until()),
        }
    }

    /// Records come in; objects that are full leave.
    pub fn fill(&mut self, now: u64, group: Group, out: &mut Outside) {
        self.buffer.push(now, group);
        self.flush(now, out);
    }

    /// Does what is due at `now`.
    pub fn step(&mut self, now: u64, out: &mut Outside) {
        let Some(flight) = self.flight.as_mut().filter(|f| f.step.at() <= now) else {
            return self.flush(now, out);
        };
        let Step::Request { answer, .. } = flight.step else { return self.attempt(now, out) };
        out.answered(answer, &flight.load);
        match answer {
            Answer::Ok => {
                if let Some(flight) = self.flight.take() {
                    out.arrived(now, flight.reason, flight.load);
                }
            }
            Answer::Rejected => {
                if let Some(flight) = self.flight.take() {
                    out.reject(now, flight.load);
                }
            }
            Answer::Failed | Answer::Late => match out.wait(now, &mut flight.attempts) {
                Some(step) => flight.step = step,
                None => {
                    if let Some(flight) = self.flight.take() {
                        out.give_up(now, flight.load);
                    }
                }
            },
        }
        self.flush(now, out);
    }

    /// Sends what is ready, unless the last object is still on its way.
    pub fn flush(&mut self, now: u64, out: &mut Outside) {
        while self.flight.is_none() && now >= out.pauses_until() {
            let Some(reason) = self.buffer.reason(now) else { return };
            let load = out.convert(now, self.buffer.take());
            if !load.is_empty() {
                let attempts = Attempts::first(now);
                self.flight = Some(Flight { load, reason, attempts, step: out.request(now) });
            }
        }
    }

    fn attempt(&mut self, now: u64, out: &mut Outside) {
        if now < out.pauses_until() {
            return;
        }
        if let Some(before) = out.too_old(now) {
            out.lose(now, self.buffer.take_before(before));
            if let Some(flight) = &mut self.flight {
                out.lose(now, flight.load.take_before(before));
            }
            self.flight = self.flight.take().filter(|f| !f.load.is_empty());
        }
        match &mut self.flight {
            Some(flight) => flight.step = out.request(now),
            None => self.flush(now, out),
        }
    }
}
