//! One shard and all that touches only it: admission, log, the readers, and the retries of clients without limits.
//!
//! Writing never depends on reading, so a lane first settles all entries and retries of a window (`settle`) and
//! reads later, perhaps after several windows, each read seeing what was stored before it. The result is the same,
//! to the bit, as one event at a time.

use super::reader::Reader;
use super::settings::Settings;
use super::settle::Tally;
use crate::engine::digest::Digest;
use crate::measure::result::ShardMinute;
use crate::measure::sink::Sink;
use crate::mechanism::calendar::Calendar;
use crate::mechanism::near;
use crate::random::Stream;
use crate::record::Run;
use crate::stream::log::Log;
use crate::stream::polling::ReadGate;
use crate::stream::shard::Admission;

/// A refused record of a client that this lane plays.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// When it was born.
    pub born: u64,
    /// Its place in hash space: a reshard may send it elsewhere.
    pub position: u64,
    /// Bytes.
    pub size: u32,
    /// Refusals so far.
    pub refusals: u32,
    /// Whose it is.
    pub producer: u32,
}

/// What a lane may reach outside itself.
pub struct Outside<'a> {
    /// The scenario.
    pub settings: &'a Settings,
    /// Where it counts.
    pub sink: &'a mut Sink,
    /// Rows of refused entries whose clients wait for the answer.
    pub refused: &'a mut Vec<u32>,
}

/// Totals of one shard.
#[derive(Clone, Debug, Default)]
pub struct LaneCounts {
    /// Copies stored.
    pub stored: u64,
    /// Their bytes.
    pub stored_bytes: u64,
    /// Entries refused.
    pub throttled: u64,
    /// Stored since the on-demand stream last looked.
    pub observed: u64,
    /// Bytes of them.
    pub observed_bytes: u64,
    /// The current minute.
    pub minute: ShardMinute,
    /// Minutes before it.
    pub minutes: Vec<ShardMinute>,
}

/// Records of a log that are brought near; what follows them comes by itself.
const NEAR: usize = 64;

/// One shard.
pub struct Lane {
    /// Number in `shardId-…`.
    pub id: u32,
    /// Closed: readable, not writable.
    pub closed_at: Option<u64>,
    /// Write limits.
    pub(crate) admission: Admission,
    /// What is stored.
    pub log: Log,
    /// Read limits.
    pub gate: ReadGate,
    /// Records waiting for another attempt.
    pub retries: Calendar<Waiting>,
    /// Their sleeps, per producer.
    pub(super) sleeps: Vec<Option<Stream>>,
    /// What the settling of this window did.
    pub(super) tally: Tally,
    /// Per producer, records still waiting at the end.
    left: Vec<u64>,
    /// One per consumer.
    pub readers: Vec<Reader>,
    /// Counters.
    pub counts: LaneCounts,
    /// Reads and refusals, in order.
    pub digest: Digest,
    /// Moments of refusals that the digest has not seen yet, and how many of them it has.
    pub(super) refusals: Vec<u64>,
    folded: usize,
    /// Does it play any client, and the latest first attempt stored of a record of theirs.
    pub(super) plays: bool,
    pub(super) newest: u64,
    /// Have all readers begun?
    pub all_started: bool,
    /// Log number of the record that is being followed, once it is stored here.
    pub traced: Option<u64>,
    pub(super) traced_at: u64,
}

impl Lane {
    /// A new shard; its readers wait to be started.
    pub fn new(id: u32, opened: u64, settings: &Settings) -> Lane {
        Lane {
            id,
            closed_at: None,
            admission: Admission::new(&settings.admission),
            log: Log::new(settings.packs, settings.keeps_marks),
            gate: ReadGate::new(&settings.reads, opened),
            retries: Calendar::default(),
            left: Vec::new(),
            tally: Tally::default(),
            sleeps: settings.producers.iter().map(|_| None).collect(),
            readers: (0..settings.consumers.len()).map(|c| Reader::new(c, id, opened, settings)).collect(),
            counts: LaneCounts::default(),
            digest: Digest::default(),
            refusals: Vec::new(),
            folded: 0,
            plays: settings.producers.iter().any(|p| p.alone),
            newest: 0,
            all_started: false,
            traced: None,
            traced_at: 0,
        }
    }

    /// While lane `id` is at work, those behind it come near, step by step: each step has to know where the next is.
    /// Readers only where they read now.
    #[inline]
    pub fn bring_near(lanes: &[Lane], id: usize, and_read: bool) {
        if let Some(lane) = lanes.get(id + 9) {
            near::value(lane);
        }
        if let Some(lane) = lanes.get(id + 6) {
            lane.log.bring_end_near(NEAR);
            lane.readers.iter().filter(|_| and_read).for_each(Reader::bring_near);
        }
        if let Some(lane) = lanes.get(id + 3).filter(|_| and_read) {
            for reader in &lane.readers {
                lane.log.bring_near(reader.place.cursor, NEAR);
            }
        }
    }

    /// Has it nothing to write before `until`?
    pub fn rests(&self, run: Run, until: u64) -> bool {
        run.is_empty() && self.retries.next() >= until
    }

    /// Lets all readers read what they would read before `until`; everything before it is settled.
    pub fn read(&mut self, until: u64, out: &mut Outside) {
        for c in 0..self.readers.len() {
            if !out.settings.consumers[c].is_application {
                self.push(c, until, out);
            }
        }
        self.poll_before(until, out);
        self.fold_refusals(u64::MAX);
        let keep = self.readers.iter().map(|r| r.place.keeps(&self.log)).min();
        self.log.forget_before(keep.unwrap_or(self.log.end()));
    }

    /// Plain readers' polls before `until`.
    pub fn poll_before(&mut self, until: u64, out: &mut Outside) {
        loop {
            let (at, c) = self.next_poll();
            if at >= until {
                break;
            }
            self.poll(c, at, out);
        }
    }

    /// The next poll.
    fn next_poll(&self) -> (u64, usize) {
        let mut next = (u64::MAX, 0);
        for (c, reader) in self.readers.iter().enumerate() {
            if reader.next_at < next.0 {
                next = (reader.next_at, c);
            }
        }
        next
    }

    /// The digest sees refusals and reads in order of time; at one moment refusals come first.
    pub fn fold_refusals(&mut self, now: u64) {
        while let Some(&at) = self.refusals.get(self.folded).filter(|at| **at <= now) {
            self.digest.fold(at);
            self.folded += 1;
        }
        if self.folded == self.refusals.len() {
            self.refusals.clear();
            self.folded = 0;
        }
    }

    /// When the followed record was stored.
    pub fn traced_at(&self) -> Option<u64> {
        self.traced.map(|_| self.traced_at)
    }

    /// Records of one producer that wait for another attempt (and takes all of them out: the run is over).
    pub fn retries_of(&mut self, producer: usize) -> u64 {
        if self.left.is_empty() {
            self.left = vec![0; self.sleeps.len()];
            for (_, waiting) in self.retries.drain() {
                self.left[waiting.producer as usize] += 1;
            }
        }
        self.left[producer]
    }

    /// Closed, and read to the end by everyone.
    pub fn is_over(&self) -> bool {
        self.closed_at.is_some() && self.readers.iter().all(|r| r.place.done_at.is_some())
    }

    /// The minute is over.
    pub fn end_minute(&mut self) {
        self.counts.minutes.push(std::mem::take(&mut self.counts.minute));
    }
}
