//! One consumer on one shard: its place there, and what a plain reader's loop needs besides.
//!
//! At AWS: GetRecords is a pull loop on shared limits; SubscribeToShard pushes with a throughput of its own. At the
//! end of a closed shard readers go on to its children.
//! We model: a loop per shard that reads, works, and reads again; a slow consumer's backlog stays in the stream,
//! so that working slowly shows as propagation delay and in the end as loss to retention. A pushed record is
//! received when the pipe, its latency and the worker allow it. A batch that fails is done again. (Applications have
//! machines of their own, in `consumer`; of a reader they use the place, the pipe and its latency.)
//! We leave out: sizes of SubscribeToShard events (not documented).

use super::place::Place;
use super::settings::{ConsumerSettings, Reading, Settings};
use crate::engine::digest::Digest;
use crate::facts::fan_out::PUSH_SLOT;
use crate::mechanism::near;
use crate::random::{LatencySampler, Stream};

/// One consumer on one shard.
pub struct Reader {
    /// Where it stands.
    pub place: Place,
    /// Next GetRecords call; `u64::MAX` when none is due.
    pub next_at: u64,
    pub(crate) jitter: Stream,
    pub(crate) latency: Stream,
    pub(crate) work: Stream,
    /// Working until.
    pub(crate) busy_until: u64,
    /// The fan-out pipe is free again.
    pub(crate) pipe_free: u64,
    pub(crate) next_renewal: u64,
    /// When its first subscription began: others follow it in step.
    pub(crate) subscribed: u64,
    /// Fingerprint of its subscriptions.
    pub renewals: Digest,
    /// When the last records were sent to it.
    pub(crate) last_push: u64,
    pub(crate) refusals_in_a_row: u32,
    /// (slot of time, latency) of the pushes of that slot.
    slot: (u64, u64),
}

/// Pushes whose records were stored in the same 10 ms share one latency draw.
const PUSH_SLOT_NS: u64 = PUSH_SLOT.dur().0;

impl Reader {
    /// A reader of a shard opened at `opened`, waiting to be started.
    pub fn new(consumer: usize, shard: u32, opened: u64, settings: &Settings) -> Reader {
        let c = &settings.consumers[consumer];
        let path = format!("consumer/{}", c.name);
        let random = |purpose| settings.seed.numbered(&path, purpose, shard.into());
        Reader {
            place: Place::new(c, opened),
            next_at: u64::MAX,
            jitter: random("poll_times"),
            latency: random("read_latency"),
            work: random("processing"),
            busy_until: 0,
            pipe_free: 0,
            next_renewal: u64::MAX,
            subscribed: 0,
            renewals: Digest::default(),
            last_push: 0,
            refusals_in_a_row: 0,
            slot: (u64::MAX, 0),
        }
    }

    /// Brings near what a poll looks at.
    #[inline]
    pub fn bring_near(&self) {
        near::value(&self.place);
        near::value(&self.next_at);
        near::value(&self.refusals_in_a_row);
        near::value(&self.jitter);
    }

    /// Begins at `at`; a first poll of a stream's first readers has a phase of its own.
    pub fn start(&mut self, at: u64, with_phase: bool, c: &ConsumerSettings) {
        self.place.started = true;
        self.pipe_free = at;
        self.busy_until = at;
        match &c.read {
            Reading::Polling { config, .. } => {
                let phase = config.phase.map_or_else(|| self.jitter.below(config.interval.0.max(1)), |p| p.0);
                self.next_at = if with_phase { at + phase } else { at };
            }
            Reading::FanOut { .. } => (self.next_renewal, self.subscribed) = (at, at),
        }
    }

    /// The first moment from `at` on at which a subscription delivers: a new one begins with a gap.
    #[inline]
    pub(crate) fn delivers(&self, at: u64, every: u64, gap: u64) -> u64 {
        if gap == 0 || at < self.subscribed + every {
            return at;
        }
        let since = (at - self.subscribed) % every;
        at + gap.min(every).saturating_sub(since)
    }

    /// Latency of the push that carries a record stored at `stored`; records of one slot share it.
    pub(crate) fn push_latency(&mut self, stored: u64, latency: &LatencySampler) -> u64 {
        let slot = stored / PUSH_SLOT_NS;
        if slot != self.slot.0 {
            self.slot = (slot, latency.draw(&mut self.latency));
        }
        self.slot.1
    }
}
