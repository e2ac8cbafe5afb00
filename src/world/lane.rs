//! One shard and all that touches only it: admission, log, the readers, and the retries of clients without limits.
//!
//! Writing never depends on reading, so a lane first settles all entries and retries of a window in one tight loop
//! and reads later, perhaps after several windows, each read seeing what was stored before it. The result is the
//! same, to the bit, as one event at a time.

use super::reader::Reader;
use super::settings::Settings;
use crate::engine::digest::Digest;
use crate::measure::result::ShardMinute;
use crate::measure::sink::{Billed, Sink};
use crate::mechanism::calendar::Calendar;
use crate::producer::retry::Cause;
use crate::random::Stream;
use crate::record::{Entries, Run};
use crate::stream::log::Log;
use crate::stream::polling::ReadGate;
use crate::stream::shard::{Admission, Verdict};

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

/// One shard.
pub struct Lane {
    /// Number in `shardId-…`.
    pub id: u32,
    /// Closed: readable, not writable.
    pub closed_at: Option<u64>,
    /// Write limits.
    admission: Admission,
    /// What is stored.
    pub log: Log,
    /// Read limits.
    pub gate: ReadGate,
    /// Records waiting for another attempt.
    pub retries: Calendar<Waiting>,
    sleeps: Vec<Option<Stream>>,
    /// Per producer, records still waiting at the end.
    left: Vec<u64>,
    /// One per consumer.
    pub readers: Vec<Reader>,
    /// Counters.
    pub counts: LaneCounts,
    /// Reads and refusals, in order.
    pub digest: Digest,
    /// Moments of refusals that the digest has not seen yet, and how many of them it has.
    refusals: Vec<u64>,
    folded: usize,
    /// Latest first attempt stored of a record sent alone.
    newest: u64,
    /// Have all readers begun?
    pub all_started: bool,
    /// Log number of the record that is being followed, once it is stored here.
    pub traced: Option<u64>,
    traced_at: u64,
}

impl Lane {
    /// A new shard; its readers wait to be started.
    pub fn new(id: u32, opened: u64, settings: &Settings) -> Lane {
        Lane {
            id,
            closed_at: None,
            admission: Admission::new(&settings.admission),
            log: Log::new(settings.packs),
            gate: ReadGate::new(&settings.reads, opened),
            retries: Calendar::default(),
            left: Vec::new(),
            sleeps: settings.producers.iter().map(|_| None).collect(),
            readers: (0..settings.consumers.len()).map(|c| Reader::new(c, id, opened, settings)).collect(),
            counts: LaneCounts::default(),
            digest: Digest::default(),
            refusals: Vec::new(),
            folded: 0,
            newest: 0,
            all_started: false,
            traced: None,
            traced_at: 0,
        }
    }

    /// Has it nothing to write before `until`?
    pub fn rests(&self, run: Run, until: u64) -> bool {
        run.is_empty() && self.retries.next() >= until
    }

    /// Judges its own of a window's entries (`rest`) and all retries before `until`; at one moment entries come
    /// before retries.
    pub fn settle(&mut self, entries: &Entries, mut rest: Run, calls: bool, until: u64, out: &mut Outside) {
        self.admission.new_window();
        loop {
            let retry_at = self.retries.next();
            let run = before(rest, until, retry_at);
            let sure = if run.len() < TOGETHER { 0 } else { self.store_together(run, calls, out.settings) };
            self.note_newest(entries, run.head(sure));
            rest = rest.rest(sure);
            if sure == 0 && (1..FEW).contains(&run.len()) {
                rest = rest.rest(self.settle_few(entries, run, out));
            } else if sure == 0 && !run.is_empty() {
                let judged = self.admission.admit_run(run, &entries.ticket, calls);
                self.store(run.head(judged.admitted), judged.bytes, out.settings);
                self.note_newest(entries, run.head(judged.admitted));
                rest = rest.rest(judged.admitted);
                if judged.then != Verdict::Admitted {
                    self.refuse(entries, rest.row[0], judged.then, out);
                    rest = rest.rest(1);
                }
            } else if sure == 0 && retry_at < until {
                self.retry(out);
            } else if sure == 0 {
                break;
            }
        }
    }

    /// Judges entries one by one, up to the first refusal; how many.
    fn settle_few(&mut self, entries: &Entries, run: Run, out: &mut Outside) -> usize {
        for (judged, &row) in run.row.iter().enumerate() {
            let (at, size) = (run.at[judged], run.size[judged]);
            let verdict = self.admission.admit(at, size, entries.ticket[row as usize].call());
            if verdict != Verdict::Admitted {
                self.refuse(entries, row, verdict, out);
                return judged + 1;
            }
            if self.log.is_packed() {
                self.log.append(run.part(judged, judged + 1));
            } else {
                self.log.push(at, run.born[judged], size);
            }
            self.count_stored(1, size.into());
            self.note_newest(entries, run.part(judged, judged + 1));
            self.look_for_traced(1, out.settings);
        }
        run.len()
    }

    /// Records sent alone arrive in order at first: a retry is overtaken when a later one's first attempt was stored.
    #[inline]
    fn note_newest(&mut self, entries: &Entries, stored: Run) {
        let alone = |row: &&u32| entries.ticket[**row as usize].call().is_none();
        if let Some(row) = stored.row.iter().rev().find(alone) {
            self.newest = entries.times()[*row as usize];
        }
    }

    /// Stores the head of a run, if no limit can bind meanwhile; how many entries.
    fn store_together(&mut self, run: Run, calls: bool, settings: &Settings) -> usize {
        let run = run.head(run.len().min(BATCH));
        let Some(bytes) = self.admission.admit_all(run.at, run.size, calls) else { return 0 };
        self.store(run, bytes, settings);
        run.len()
    }

    /// Lets all readers read what they would read before `until`; everything before it is settled.
    pub fn read(&mut self, until: u64, out: &mut Outside) {
        for c in 0..self.readers.len() {
            self.push(c, until, out);
        }
        loop {
            let (at, c) = self.next_poll();
            if at >= until {
                break;
            }
            self.poll(c, at, out);
        }
        self.fold_refusals(u64::MAX);
        let keep = self.readers.iter().map(|r| r.keeps(&self.log)).min();
        self.log.forget_before(keep.unwrap_or(self.log.end()));
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

    fn store(&mut self, run: Run, bytes: u64, settings: &Settings) {
        self.log.append(run);
        self.count_stored(run.len() as u64, bytes);
        self.look_for_traced(run.len(), settings);
    }

    fn count_stored(&mut self, n: u64, bytes: u64) {
        let counts = &mut self.counts;
        counts.stored += n;
        counts.stored_bytes += bytes;
        counts.observed += n;
        counts.observed_bytes += bytes;
        counts.minute.in_records += n;
        counts.minute.in_bytes += bytes;
    }

    fn look_for_traced(&mut self, stored: usize, settings: &Settings) {
        if let (Some((born, _)), None) = (settings.traced, self.traced) {
            // Births are drawn to the nanosecond; the size settles the rare tie well enough for a picture.
            let (first, end) = (self.log.end() - stored as u64, self.log.end());
            if let Some(number) = (first..end).find(|n| self.log.births(*n, n + 1).contains(&born)) {
                (self.traced, self.traced_at) = (Some(number), self.log.stored_at(number));
            }
        }
    }

    fn refuse(&mut self, entries: &Entries, row: u32, verdict: Verdict, out: &mut Outside) {
        let i = row as usize;
        let at = entries.times()[i];
        self.count_refusal(at, verdict, out.sink);
        let Some(p) = entries.ticket[i].producer() else {
            return out.refused.push(row);
        };
        let (size, settings) = (entries.record.size[i], &out.settings.producers[p]);
        out.sink.take_back(p, size, Billed::one(size, settings.key_bytes), 1, 0);
        out.sink.producers[p].at_once -= 1;
        out.sink.producers[p].delayed += 1;
        out.sink.now.calls_ok -= 1;
        let (born, position) = (entries.record.born[i], entries.record.position[i]);
        self.sleep_or_lose(at, Waiting { born, position, size, refusals: 1, producer: p as u32 }, out);
    }

    fn count_refusal(&mut self, at: u64, verdict: Verdict, sink: &mut Sink) {
        debug_assert_ne!(verdict, Verdict::Admitted, "refused just now");
        self.refusals.push(at);
        self.counts.throttled += 1;
        self.counts.minute.write_throttled += 1;
        sink.now.throttled += 1;
        if verdict == Verdict::OverRecords {
            sink.over_records += 1;
        } else {
            sink.over_bytes += 1;
        }
        sink.mark_throttled_second(at);
    }

    fn sleep_or_lose(&mut self, at: u64, waiting: Waiting, out: &mut Outside) {
        let p = waiting.producer as usize;
        let settings = &out.settings.producers[p];
        if waiting.refusals >= settings.retry.attempts {
            out.sink.producers[p].lost += 1;
            out.sink.now.lost += 1;
            return;
        }
        let path = || {
            let producer = format!("producer/{}", settings.name);
            out.settings.seed.numbered(&producer, "retry_in_lane", self.id.into())
        };
        let random = self.sleeps[p].get_or_insert_with(path);
        let sleep = settings.retry.sleep(Cause::Throttle, waiting.refusals - 1, random);
        // The client knows of the refusal when the answer is there, and the next request takes its way again.
        self.retries.push(at + settings.answer + sleep, waiting);
    }

    fn retry(&mut self, out: &mut Outside) {
        let Some((at, mut waiting)) = self.retries.pop() else { return };
        let p = waiting.producer as usize;
        let settings = &out.settings.producers[p];
        let verdict = self.admission.admit(at, waiting.size, None);
        out.sink.now.calls += 1;
        out.sink.now.call_latency += settings.answer;
        out.sink.now.attempts += 1;
        out.sink.producers[p].attempts += 1;
        out.sink.producers[p].carried += 1;
        if verdict != Verdict::Admitted {
            self.count_refusal(at, verdict, out.sink);
            out.sink.producers[p].throttled += 1;
            waiting.refusals += 1;
            return self.sleep_or_lose(at, waiting, out);
        }
        let overtaken = self.newest > waiting.born + settings.leg;
        self.log.push(at, waiting.born, waiting.size);
        self.count_stored(1, waiting.size.into());
        out.sink.store(waiting.size.into(), Billed::one(waiting.size, settings.key_bytes));
        out.sink.now.entries += 1;
        out.sink.now.stored += 1;
        out.sink.now.calls_ok += 1;
        let counts = &mut out.sink.producers[p];
        counts.stored += 1;
        counts.overtaken += u64::from(overtaken);
        counts.put.add(at - waiting.born);
        if self.traced.is_none() && out.settings.traced == Some((waiting.born, waiting.position)) {
            (self.traced, self.traced_at) = (Some(self.log.end() - 1), at);
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
        self.closed_at.is_some() && self.readers.iter().all(|r| r.done_at.is_some())
    }

    /// The minute is over.
    pub fn end_minute(&mut self) {
        self.counts.minutes.push(std::mem::take(&mut self.counts.minute));
    }
}

/// The leading entries judged before `until`, and not after `retry_at`.
#[inline]
fn before(run: Run, until: u64, retry_at: u64) -> Run {
    if retry_at >= until {
        return run;
    }
    // Where retries wait, one is due soon.
    run.head(run.at.iter().take(LOOK_AHEAD).take_while(|at| **at <= retry_at).count())
}

/// Entries looked at before a retry is due; more take another round.
const LOOK_AHEAD: usize = 64;
/// Runs from this length on are worth being judged together, in batches of at most this many.
const TOGETHER: usize = 16;
/// Shorter ones, between retries, one by one.
const FEW: usize = 6;
const BATCH: usize = 256;
