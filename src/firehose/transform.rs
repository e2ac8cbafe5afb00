//! Lambda between the source and the buffers.
//!
//! At AWS: records are gathered (0.2 to 3 MB, up to 15 minutes) and sent to a function as one call of at most 6 MB either
//! way and five minutes. After a timeout or a failed call it is tried three more times; then the whole batch goes to
//! `processing-failed/`. Each record comes back as Ok, Dropped or ProcessingFailed. At most five calls are under way for a
//! shard, ten for Splunk.
//! We model: while all calls are under way records go on gathering, and are sent in batches of the size; a batch that
//! finishes after a later one counts as overtaken; an answer beyond 6 MB is a failed call.
//! We leave out: the wait between attempts, which AWS does not publish, is a setting.
//! Sources: Firehose developer guide, data transformation (flow, failure handling), quotas.

use super::buffer::Buffer;
use super::config::{BufferConfig, Timer, TransformConfig};
use super::load::{Load, resized};
use super::outside::Outside;
use super::shares::Share;
use super::tally::Tally;
use crate::facts::firehose::LAMBDA_PAYLOAD;
use crate::random::{LatencySampler, Seed, Stream};
use crate::units::Percent;

/// The function, as all shards call it.
pub struct Lambda {
    config: TransformConfig,
    duration: LatencySampler,
    random: Stream,
    failing: Share,
    dropped: Share,
    failed: Share,
}

/// One shard's way through it.
#[derive(Clone, Debug)]
pub struct Transform {
    gathers: Buffer,
    calls: Vec<Call>,
    /// Batches begun, and the latest that finished.
    begun: u64,
    finished: u64,
    /// Its entry among the pipeline's moments.
    pub due: u64,
}

#[derive(Clone, Debug)]
struct Call {
    batch: u64,
    load: Load,
    attempts: u32,
    /// When this attempt is over, or the wait before the next.
    at: u64,
    does: Doing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Runs { fails: bool },
    Waits,
}

/// What came back.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// To be delivered.
    pub ok: Load,
    /// Dropped on purpose.
    pub dropped: Load,
    /// Failed, one by one or as a batch.
    pub failed: Load,
    /// Did a later batch finish before?
    pub overtaken: bool,
}

impl Lambda {
    /// With draws of its own.
    pub fn new(config: &TransformConfig, path: &str, seed: Seed) -> Lambda {
        // Of what is not dropped, so many fail.
        let kept = Percent::WHOLE.saturating_sub(config.dropped.0).max(1);
        let failed = u128::from(config.failed.0) * u128::from(Percent::WHOLE) / u128::from(kept);
        let share = |share, purpose| Share::new(share, seed.stream(path, purpose));
        Lambda {
            duration: config.duration.sampler(),
            random: seed.stream(path, "transform_durations"),
            failing: share(config.failing, "transform_failures"),
            dropped: share(config.dropped, "transform_dropped"),
            failed: share(Percent(failed as u64), "transform_failed"),
            config: config.clone(),
        }
    }

    /// Buffers before it.
    pub fn hints(&self) -> BufferConfig {
        let TransformConfig { size, interval, .. } = self.config;
        BufferConfig { size, interval, timer: Timer::FirstRecord, channels: 1 }
    }

    /// One attempt at `now`: when it is over, and whether it fails.
    fn attempt(&mut self, now: u64, load: &Load, tally: &mut Tally) -> (u64, Doing) {
        let takes = self.duration.draw(&mut self.random);
        let ran = takes.min(self.config.timeout.0);
        // Records travel in base64.
        let answer = u128::from(resized(load.bytes, self.config.output)) * 4 / 3;
        let too_large = answer > u128::from(LAMBDA_PAYLOAD.bytes().0);
        let fails = self.failing.next() || takes > ran || too_large;
        tally.call(now, ran, fails);
        (now + ran, Doing::Runs { fails })
    }

    /// What becomes of the records of a call that succeeded.
    fn sort(&mut self, mut load: Load) -> Answer {
        let mut answer = Answer::default();
        for mut group in load.drain() {
            for (share, to) in
                [(&mut self.dropped, &mut answer.dropped), (&mut self.failed, &mut answer.failed)]
            {
                let n = share.of(group.records);
                if n > 0 {
                    to.push(group.take(n));
                }
            }
            if group.records > 0 {
                answer.ok.push(group.resized(self.config.output));
            }
        }
        answer
    }
}

impl Transform {
    /// Nothing gathered yet.
    pub fn new(lambda: &Lambda, now: u64) -> Transform {
        let gathers = Buffer::new(&lambda.hints(), now);
        Transform { gathers, calls: Vec::new(), begun: 0, finished: 0, due: u64::MAX }
    }

    /// Where records come in.
    pub fn entrance(&mut self) -> &mut Buffer {
        &mut self.gathers
    }

    /// Sends what is ready, as far as calls may be under way.
    pub fn start(&mut self, now: u64, lambda: &mut Lambda, out: &mut Outside) {
        if now < out.pauses_until() {
            return;
        }
        if let Some(before) = out.too_old(now) {
            out.lose(now, self.gathers.take_before(before));
        }
        while self.has_place(lambda) && self.gathers.reason(now).is_some() {
            let load = self.gathers.take_some(now);
            let (at, does) = lambda.attempt(now, &load, &mut out.tally);
            self.begun += 1;
            self.calls.push(Call { batch: self.begun, load, attempts: 1, at, does });
        }
    }

    fn has_place(&self, lambda: &Lambda) -> bool {
        self.calls.len() < lambda.config.outstanding as usize
    }

    /// When something happens in it next.
    pub fn next(&self, lambda: &Lambda, out: &Outside) -> u64 {
        let calls = self.calls.iter().map(|c| c.at).min().unwrap_or(u64::MAX);
        match self.has_place(lambda) {
            true => calls.min(self.gathers.due().max(out.pauses_until())),
            false => calls,
        }
    }

    /// The next call that is done with at `now`.
    pub fn answer(&mut self, now: u64, lambda: &mut Lambda, tally: &mut Tally) -> Option<Answer> {
        loop {
            let i = self.calls.iter().position(|c| c.at <= now)?;
            let call = &mut self.calls[i];
            match call.does {
                Doing::Waits => {
                    (call.at, call.does) = lambda.attempt(now, &call.load, tally);
                    call.attempts += 1;
                }
                Doing::Runs { fails: true } if call.attempts <= lambda.config.retries => {
                    (call.at, call.does) = (now + lambda.config.retry_wait.0, Doing::Waits);
                }
                Doing::Runs { fails } => {
                    let Call { batch, load, .. } = self.calls.remove(i);
                    let overtaken = batch < self.finished;
                    self.finished = self.finished.max(batch);
                    let answer = match fails {
                        true => Answer { failed: load, ..Answer::default() },
                        false => lambda.sort(load),
                    };
                    return Some(Answer { overtaken, ..answer });
                }
            }
        }
    }

    /// Everything in it.
    pub fn loads(&self) -> impl Iterator<Item = &Load> {
        std::iter::once(self.gathers.load()).chain(self.calls.iter().map(|c| &c.load))
    }
}
