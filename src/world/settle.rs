//! What a shard stores and refuses in one window.
//!
//! While nothing waits for another attempt, entries are judged in batches. Where retries are due, they and the
//! entries between them are judged one by one, and all that is only counted is counted once, at the end.

use super::lane::{Lane, Outside, Waiting};
use super::settings::Settings;
use crate::measure::sink::Billed;
use crate::record::{Entries, Run};
use crate::stream::shard::{BATCH, Verdict};

/// What the settling of one window did, as far as it is only counted. Sizes and times are of one producer: another
/// one's begin a new tally.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    producer: usize,
    /// Sizes of the records refused at their first attempt.
    refused_at_once: Vec<u32>,
    /// Retries judged; sizes of those stored, and how long they took.
    retries: u64,
    stored: Vec<u32>,
    took: Vec<u64>,
    /// Of those stored, after a record that was born later.
    overtaken: u64,
    /// Given up.
    lost: u64,
    /// Of all producers: refusals by the bytes limit, and which of the lane's refusals is the window's first.
    over_bytes: u64,
    first_refusal: usize,
}

impl Lane {
    /// Judges its own of a window's entries (`rest`) and all retries before `until`; at one moment entries come
    /// before retries.
    pub fn settle(&mut self, entries: &Entries, mut rest: Run, calls: bool, until: u64, out: &mut Outside) {
        self.admission.new_window();
        self.tally.first_refusal = self.refusals.len();
        while !self.rests(rest, until) {
            let judged = self.settle_each(entries, rest, calls, until, out);
            rest = rest.rest(judged);
            let run = before(rest, until, self.retries.next());
            rest = rest.rest(self.settle_run(entries, run, calls, out));
        }
        if self.refusals.len() > self.tally.first_refusal || self.tally.retries > 0 {
            self.count_all(out);
        }
    }

    /// Records sent alone arrive in order at first: a retry is overtaken when a later one's first attempt was stored.
    fn note_newest(&mut self, entries: &Entries, stored: Run, calls: bool) {
        if self.plays && !calls {
            self.newest = stored.at.last().copied().unwrap_or(self.newest);
        } else if self.plays {
            let alone = |row: &u32| entries.ticket_of(*row as usize).call().is_none();
            self.newest = stored.row.iter().rposition(alone).map_or(self.newest, |i| stored.at[i]);
        }
    }

    /// Judges entries that no retry comes between, up to the first refusal; how many.
    fn settle_run(&mut self, entries: &Entries, run: Run, calls: bool, out: &mut Outside) -> usize {
        let mut rest = run;
        while !rest.is_empty() {
            let sure = if rest.len() < TOGETHER {
                0
            } else {
                self.store_together(entries, rest, calls, out.settings)
            };
            self.note_newest(entries, rest.head(sure), calls);
            rest = rest.rest(sure);
            if sure > 0 {
                continue;
            }
            let judged = self.admission.admit_run(rest, &entries.ticket, calls);
            self.store(entries, rest.head(judged.admitted), judged.bytes, out.settings);
            self.note_newest(entries, rest.head(judged.admitted), calls);
            rest = rest.rest(judged.admitted);
            if judged.then != Verdict::Admitted {
                self.refuse(entries, rest.row[0], judged.then, out);
                return run.len() - rest.len() + 1;
            }
        }
        run.len()
    }

    /// Stores the head of a run, if no limit can bind meanwhile; how many entries.
    fn store_together(&mut self, entries: &Entries, run: Run, calls: bool, settings: &Settings) -> usize {
        let run = run.head(run.len().min(BATCH));
        let Some(bytes) = self.admission.admit_all(run, &entries.ticket, calls) else { return 0 };
        self.store(entries, run, bytes, settings);
        run.len()
    }

    fn store(&mut self, entries: &Entries, run: Run, bytes: u64, settings: &Settings) {
        self.log.append(run);
        self.keep_marks(entries, run.row);
        self.count_stored(run.len() as u64, bytes);
        self.look_for_traced(run.len(), settings);
    }

    fn keep_marks(&mut self, entries: &Entries, rows: &[u32]) {
        if self.log.keeps_marks() {
            self.log.append_places(rows.iter().map(|row| entries.record.position[*row as usize]));
        }
    }

    /// Kinesis records were stored.
    pub(crate) fn count_stored(&mut self, n: u64, bytes: u64) {
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

    /// Judges entries and retries one by one, as long as retries are due and not many entries come before the next;
    /// how many entries.
    fn settle_each(
        &mut self,
        entries: &Entries,
        run: Run,
        calls: bool,
        until: u64,
        out: &mut Outside,
    ) -> usize {
        let (from, mut bytes, mut judged) = (self.log.end(), 0, 0);
        loop {
            let retry_at = self.retries.next();
            let due = |i: usize| run.at.get(i).is_some_and(|at| *at <= retry_at);
            if retry_at >= until || due(judged + TOGETHER - 1) {
                break;
            }
            bytes += if due(judged) {
                judged += 1;
                self.settle_entry(entries, run.part(judged - 1, judged), calls, out)
            } else {
                self.settle_retry(retry_at, out)
            };
        }
        self.count_stored(self.log.end() - from, bytes);
        judged
    }

    /// Judges one entry; the bytes stored.
    #[inline]
    fn settle_entry(&mut self, entries: &Entries, one: Run, calls: bool, out: &mut Outside) -> u64 {
        let (at, size, row) = (one.at[0], one.size[0], one.row[0]);
        let call = if calls { entries.ticket_of(row as usize).call() } else { None };
        let verdict = self.admission.admit(at, size, call);
        if verdict != Verdict::Admitted {
            self.refuse(entries, row, verdict, out);
            return 0;
        }
        if self.log.is_packed() {
            self.log.append(one);
        } else {
            self.log.push(at, one.born[0], size);
        }
        self.keep_marks(entries, one.row);
        if call.is_none() {
            self.newest = at;
        }
        self.look_for_traced(1, out.settings);
        size.into()
    }

    /// Judges the next retry; the bytes stored.
    #[inline]
    fn settle_retry(&mut self, at: u64, out: &mut Outside) -> u64 {
        let Some(waiting) = self.retries.first() else { return 0 };
        let (size, producer) = (waiting.size, waiting.producer as usize);
        let verdict = self.admission.admit(at, size, None);
        if verdict != Verdict::Admitted {
            waiting.refusals += 1;
            let refusals = waiting.refusals;
            self.tally_of(producer, out).retries += 1;
            self.note_refusal(at, verdict);
            match self.next_attempt(at, producer, refusals, out.settings) {
                Some(next) => self.retries.postpone(next),
                None => drop(self.retries.pop()),
            }
            return 0;
        }
        let Some((_, waiting)) = self.retries.pop() else { return 0 };
        let overtaken = self.newest > waiting.born + out.settings.producers[producer].leg;
        self.log.push(at, waiting.born, size);
        self.log.append_places(std::iter::once(waiting.position));
        let tally = self.tally_of(producer, out);
        tally.retries += 1;
        tally.overtaken += u64::from(overtaken);
        tally.stored.push(size);
        tally.took.push(at - waiting.born);
        if self.traced.is_none() && out.settings.traced == Some((waiting.born, waiting.position)) {
            (self.traced, self.traced_at) = (Some(self.log.end() - 1), at);
        }
        size.into()
    }

    fn refuse(&mut self, entries: &Entries, row: u32, verdict: Verdict, out: &mut Outside) {
        let i = row as usize;
        let at = entries.times()[i];
        self.note_refusal(at, verdict);
        let Some(producer) = entries.ticket_of(i).producer() else {
            return out.refused.push(row);
        };
        let record = &entries.record;
        let (born, position, size) = (record.born[i], record.position[i], record.size[i]);
        self.tally_of(producer, out).refused_at_once.push(size);
        if let Some(next) = self.next_attempt(at, producer, 1, out.settings) {
            self.retries.push(next, Waiting { born, position, size, refusals: 1, producer: producer as u32 });
        }
    }

    #[inline]
    fn note_refusal(&mut self, at: u64, verdict: Verdict) {
        debug_assert_ne!(verdict, Verdict::Admitted, "refused just now");
        self.refusals.push(at);
        self.tally.over_bytes += u64::from(verdict == Verdict::OverBytes);
    }

    /// When a record is tried again that was refused at `at`; `None`: never.
    #[inline]
    fn next_attempt(&mut self, at: u64, producer: usize, refusals: u32, all: &Settings) -> Option<u64> {
        let settings = &all.producers[producer];
        if refusals >= settings.retry.attempts() {
            self.tally.lost += 1;
            return None;
        }
        let random = self.sleeps[producer].get_or_insert_with(|| {
            let path = format!("producer/{}", settings.name);
            all.seed.numbered(&path, "retry_in_lane", self.id.into())
        });
        // The client knows of the refusal when the answer is there, and the next request takes its way again.
        Some(at + settings.answer + settings.retry.sleep(refusals - 1, random))
    }

    /// The tally of one producer.
    #[inline]
    fn tally_of(&mut self, producer: usize, out: &mut Outside) -> &mut Tally {
        if self.tally.producer != producer {
            self.count_producer(out);
            self.tally.producer = producer;
        }
        &mut self.tally
    }

    /// Counts what one producer's records met.
    #[cold]
    fn count_producer(&mut self, out: &mut Outside) {
        let (tally, sink) = (&mut self.tally, &mut *out.sink);
        let settings = &out.settings.producers[tally.producer];
        sink.take_back_all(tally.producer, &tally.refused_at_once, settings.key_bytes);
        let (billed, bytes) = Billed::all(&tally.stored, settings.key_bytes);
        sink.store(bytes, billed);
        let (refused, stored) = (tally.refused_at_once.len() as u64, tally.stored.len() as u64);
        let counts = &mut sink.producers[tally.producer];
        counts.at_once -= refused;
        counts.delayed += refused;
        counts.attempts += tally.retries;
        counts.carried += tally.retries;
        counts.throttled += tally.retries - stored;
        counts.stored += stored;
        counts.lost += tally.lost;
        counts.overtaken += tally.overtaken;
        tally.took.iter().for_each(|ns| counts.put.add(*ns));
        let now = &mut sink.now;
        now.attempts += tally.retries;
        now.entries += stored;
        now.stored += stored;
        now.lost += tally.lost;
        now.calls += tally.retries;
        now.calls_ok = now.calls_ok + stored - refused;
        now.call_latency += tally.retries * settings.answer;
        tally.refused_at_once.clear();
        tally.stored.clear();
        tally.took.clear();
        (tally.retries, tally.overtaken, tally.lost) = (0, 0, 0);
    }

    /// Counts the window's refusals and retries.
    #[cold]
    fn count_all(&mut self, out: &mut Outside) {
        let refusals = &self.refusals[self.tally.first_refusal..];
        let (n, over_bytes) = (refusals.len() as u64, std::mem::take(&mut self.tally.over_bytes));
        self.counts.throttled += n;
        self.counts.minute.write_throttled += n;
        out.sink.now.throttled += n;
        out.sink.over_bytes += over_bytes;
        out.sink.over_records += n - over_bytes;
        out.sink.mark_throttled_seconds(refusals);
        self.count_producer(out);
    }
}

/// The leading entries judged before `until`, and not after `retry_at`.
#[inline]
fn before(run: Run, until: u64, retry_at: u64) -> Run {
    if retry_at >= until {
        return run;
    }
    run.head(run.at.partition_point(|at| *at <= retry_at))
}

/// Runs from this length on are worth being judged together.
const TOGETHER: usize = 16;
