//! Redshift: what was put into S3 is loaded by COPY commands, one at a time.
//!
//! At AWS: the next COPY starts when the last has finished; a failed one is tried again every five minutes for the retry
//! duration, then its objects are skipped: they stay in S3, and a manifest of them is put under `errors/`.
//! We model: a COPY loads everything that has been put into S3 until it starts.
//! Source: Firehose developer guide, data delivery.

use super::config::DeliveryConfig;
use super::delivery::{Answer, Attempts, Delivery, Step};
use super::load::Load;
use super::outside::Outside;
use crate::random::Seed;

/// The COPY commands of one Firehose stream.
pub struct Copies {
    delivery: Delivery,
    staged: Load,
    running: Option<Copy>,
    /// Its entry among the pipeline's moments.
    pub due: u64,
}

struct Copy {
    load: Load,
    attempts: Attempts,
    step: Step,
}

impl Copies {
    /// Nothing staged yet.
    pub fn new(config: &DeliveryConfig, path: &str, seed: Seed) -> Copies {
        let delivery = Delivery::new(config, &format!("{path}/copy"), seed);
        Copies { delivery, staged: Load::default(), running: None, due: u64::MAX }
    }

    /// An object lies in S3.
    pub fn stage(&mut self, now: u64, load: Load) {
        self.staged.append(&load);
        self.start(now);
    }

    fn start(&mut self, now: u64) {
        if self.running.is_none() && !self.staged.is_empty() {
            let step = self.delivery.request(now);
            let load = std::mem::take(&mut self.staged);
            self.running = Some(Copy { load, attempts: Attempts::first(now), step });
        }
    }

    /// When something happens next.
    pub fn next(&self) -> u64 {
        self.running.as_ref().map_or(u64::MAX, |copy| copy.step.at())
    }

    /// Does what is due at `now`.
    pub fn step(&mut self, now: u64, out: &mut Outside) {
        let Some(copy) = self.running.as_mut().filter(|c| c.step.at() <= now) else { return };
        let Step::Request { answer, .. } = copy.step else {
            copy.step = self.delivery.request(now);
            return;
        };
        out.tally.copied(answer == Answer::Ok);
        if answer == Answer::Late && self.delivery.duplicates() {
            out.tally.duplicate(&copy.load);
        }
        let goes_on = match answer {
            Answer::Ok | Answer::Rejected => None,
            Answer::Failed | Answer::Late => self.delivery.wait(now, &mut copy.attempts),
        };
        if let Some(step) = goes_on {
            copy.step = step;
            return;
        }
        if let Some(Copy { mut load, .. }) = self.running.take() {
            let skipped = match answer {
                Answer::Ok => self.delivery.reject(&mut load),
                _ => std::mem::take(&mut load),
            };
            if let Some(prefix) = self.delivery.prefix() {
                out.fail(now, prefix, skipped);
            }
            if !load.is_empty() {
                out.deliver(now, load);
            }
        }
        self.start(now);
    }

    /// Everything in it.
    pub fn loads(&self) -> impl Iterator<Item = &Load> {
        std::iter::once(&self.staged).chain(self.running.as_ref().map(|c| &c.load))
    }
}
