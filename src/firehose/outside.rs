//! What lies beyond the buffers, shared by all of them: the destination, the error bucket, the books.

use super::buffer::Reason;
use super::config::FirehoseConfig;
use super::copies::Copies;
use super::delivery::{Answer, Attempts, Delivery, Step, take_share};
use super::errors::{CONVERSION, ErrorBucket};
use super::load::Load;
use super::shares::Share;
use super::tally::Tally;
use crate::api::Fate;
use crate::random::Seed;

/// Beyond the buffers.
pub struct Outside {
    delivery: Delivery,
    /// Redshift: what was put into S3 is loaded from there.
    pub copies: Option<Copies>,
    convert: Option<Share>,
    /// Failed records.
    pub errors: ErrorBucket,
    /// The books.
    pub tally: Tally,
    /// What left since it was last asked.
    pub departed: Vec<Departed>,
}

/// Records that left.
#[derive(Clone, Debug)]
pub struct Departed {
    /// Which.
    pub load: Load,
    /// When.
    pub at: u64,
    /// Delivered (`None`), or not.
    pub fate: Option<Fate>,
}

impl Outside {
    /// Nothing has left yet.
    pub fn new(config: &FirehoseConfig, bucket_ns: u64, path: &str, seed: Seed) -> Outside {
        let convert = config.writing.convert;
        Outside {
            delivery: Delivery::new(&config.delivery, path, seed),
            copies: config.copy.as_ref().map(|copy| Copies::new(copy, path, seed)),
            convert: convert.map(|c| Share::new(c.failed, seed.stream(path, "conversion_failures"))),
            errors: ErrorBucket::new(&config.error_outages),
            tally: Tally::new(config, bucket_ns),
            departed: Vec::new(),
        }
    }

    /// Until when nothing begins, since failed records cannot be written.
    pub fn pauses_until(&self) -> u64 {
        self.errors.pauses_until()
    }

    /// A request at `now`.
    pub fn request(&mut self, now: u64) -> Step {
        self.delivery.request(now)
    }

    /// The wait after a failed attempt; `None`: given up.
    pub fn wait(&mut self, now: u64, attempts: &mut Attempts) -> Option<Step> {
        self.delivery.wait(now, attempts)
    }

    /// What arrived before this is too old.
    pub fn too_old(&self, now: u64) -> Option<u64> {
        self.delivery.too_old(now)
    }

    /// A request was answered, or not in time.
    pub fn answered(&mut self, answer: Answer, load: &Load) {
        self.tally.requests(self.delivery.requests(load.records), answer == Answer::Ok);
        self.tally.put(load.bytes);
        if answer == Answer::Late && self.delivery.duplicates() {
            self.tally.duplicate(load);
        }
    }

    /// What can be converted is written in its new format.
    pub fn convert(&mut self, now: u64, mut load: Load) -> Load {
        let Some(failing) = &mut self.convert else { return load };
        let failed = take_share(&mut load, failing);
        self.fail(now, CONVERSION, failed);
        self.tally.converted(now, &load);
        load
    }

    /// The destination took an object.
    pub fn arrived(&mut self, now: u64, reason: Reason, mut load: Load) {
        let rejected = self.delivery.reject(&mut load);
        self.fail_to_deliver(now, rejected);
        if load.is_empty() {
            return;
        }
        self.tally.object(now, reason, &load);
        match &mut self.copies {
            Some(copies) => copies.stage(now, load),
            None => self.deliver(now, load),
        }
    }

    /// Records are where they were meant to be.
    pub fn deliver(&mut self, now: u64, load: Load) {
        self.tally.delivered(now, &load);
        self.departed.push(Departed { load, at: now, fate: None });
    }

    /// A request was refused for good: its records are nowhere.
    pub fn reject(&mut self, now: u64, load: Load) {
        self.tally.reject(&load);
        self.departed.push(Departed { load, at: now, fate: Some(Fate::Discarded) });
    }

    /// It was tried for long enough.
    pub fn give_up(&mut self, now: u64, load: Load) {
        self.fail_to_deliver(now, load);
    }

    fn fail_to_deliver(&mut self, now: u64, load: Load) {
        if let Some(prefix) = self.delivery.prefix() {
            self.fail(now, prefix, load);
        }
    }

    /// Records failed: they are written to the error bucket, or wait for it.
    pub fn fail(&mut self, now: u64, prefix: &'static str, load: Load) {
        if load.is_empty() {
            return;
        }
        if let Some(load) = self.errors.put(now, prefix, load) {
            self.write_failed(now, prefix, load);
        }
    }

    fn write_failed(&mut self, now: u64, prefix: &'static str, load: Load) {
        self.tally.fail(now, prefix, &load);
        self.departed.push(Departed { load, at: now, fate: Some(Fate::ToFailureDestination) });
    }

    /// The error bucket is back.
    pub fn write_waiting(&mut self, now: u64) {
        for (prefix, load) in self.errors.take() {
            self.write_failed(now, prefix, load);
        }
    }

    /// Lambda wants them not delivered.
    pub fn drop(&mut self, now: u64, load: Load) {
        if !load.is_empty() {
            self.tally.drop(&load);
            self.departed.push(Departed { load, at: now, fate: Some(Fate::Filtered) });
        }
    }

    /// Too old before they could be delivered.
    pub fn lose(&mut self, now: u64, load: Load) {
        if !load.is_empty() {
            self.tally.lose(&load);
            self.departed.push(Departed { load, at: now, fate: Some(Fate::Lost) });
        }
    }

    /// Redshift's COPY does what is due.
    pub fn copy(&mut self, now: u64) {
        let Some(mut copies) = self.copies.take() else { return };
        copies.step(now, self);
        self.copies = Some(copies);
    }
}
