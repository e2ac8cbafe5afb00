//! One shard and all that touches only it: admission, log, the readers, and the retries of clients without limits.
//!
//! A lane's next event is the least of a few scalars. Entries that arrive between two reads are settled in one
//! tight loop (lazy settlement); the result is the same, to the bit, as one event at a time.

use super::reader::Reader;
use super::settings::Settings;
use crate::engine::digest::Digest;
use crate::facts::billing;
use crate::units::Bytes;
use crate::measure::result::ShardMinute;
use crate::measure::sink::Sink;
use crate::mechanism::calendar::Calendar;
use crate::random::Stream;
use crate::record::Put;
use crate::stream::log::Log;
use crate::stream::polling::ReadGate;
use crate::stream::shard::{Admission, Verdict, call_of};

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
    /// Handles of refused entries whose clients wait for the answer.
    pub refused: &'a mut Vec<u64>,
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
            log: Log::default(),
            gate: ReadGate::new(&settings.reads, opened),
            retries: Calendar::default(),
            left: Vec::new(),
            sleeps: settings.producers.iter().map(|_| None).collect(),
            readers: (0..settings.consumers.len()).map(|c| Reader::new(c, id, opened, settings)).collect(),
            counts: LaneCounts::default(),
            digest: Digest::default(),
            all_started: false,
            traced: None,
            traced_at: 0,
        }
    }

    /// Has it nothing to do before `until`? (Pushes wait for the next entries or the bucket's end: their moments
    /// do not depend on when the lane looks.)
    pub fn is_idle(&self, puts: &[Put], until: u64) -> bool {
        puts.is_empty() && self.next_poll().0 >= until && self.retries.next() >= until && self.closed_at.is_none()
    }

    /// Settles everything before `until`; `puts` are all entries judged here from now on, in order.
    pub fn advance(&mut self, puts: &[Put], until: u64, out: &mut Outside) {
        self.admission.new_window();
        let mut rest = puts;
        loop {
            let (poll_at, c) = self.next_poll();
            let polls = poll_at < until;
            self.settle(&mut rest, if polls { poll_at + 1 } else { until }, out);
            if !polls {
                break;
            }
            self.poll(c, poll_at, out);
        }
        for c in 0..self.readers.len() {
            self.push(c, until, out);
        }
        let keep = self.readers.iter().map(|r| r.keeps(&self.log)).min();
        self.log.forget_before(keep.unwrap_or(self.log.end()));
    }

    fn next_poll(&self) -> (u64, usize) {
        let mut next = (u64::MAX, 0);
        for (c, reader) in self.readers.iter().enumerate() {
            if reader.next_at < next.0 {
                next = (reader.next_at, c);
            }
        }
        next
    }

    /// Judges entries and retries before `end`; at one moment entries come before retries.
    fn settle(&mut self, rest: &mut &[Put], end: u64, out: &mut Outside) {
        loop {
            let retry_at = self.retries.next();
            let bound = end.min(retry_at.saturating_add(1));
            let due = match rest.last() {
                Some(last) if last.at < bound => rest.len(),
                Some(_) => rest.partition_point(|p| p.at < bound),
                None => 0,
            };
            if due > 0 {
                let run = &rest[..due];
                let admitted = self.admission.admit_run(run);
                self.store_run(&run[..admitted], out);
                *rest = &rest[admitted..];
                if admitted < due {
                    self.refuse(&run[admitted], out);
                    *rest = &rest[1..];
                }
            } else if retry_at < end {
                self.retry(out);
            } else {
                break;
            }
        }
    }

    fn store_run(&mut self, run: &[Put], out: &mut Outside) {
        if run.is_empty() {
            return;
        }
        let (mut bytes, mut units, mut kib, mut duplicates) = (0u64, 0u64, 0u64, 0u64);
        self.log.reserve(run.len());
        let producers = &out.settings.producers;
        for put in run {
            self.log.push(put.at, put.born, put.size);
            let size = u64::from(put.size);
            let data = Bytes(size - producers[put.tag.producer()].key_bytes);
            bytes += size;
            units += billing::put_payload_units(data);
            kib += billing::on_demand_billed(data).0;
            duplicates += u64::from(put.tag.stored_before());
        }
        self.count_stored(run.len() as u64, bytes, units, kib, out.sink);
        if let [settings] = &out.settings.producers[..] {
            let n = run.len() as u64;
            let counts = &mut out.sink.producers[0];
            counts.attempts += n;
            counts.stored += n - duplicates;
            counts.duplicates += duplicates;
            if settings.alone {
                counts.put.add_many(settings.leg, n);
                out.sink.now.calls += n;
                out.sink.now.calls_ok += n;
                out.sink.now.call_latency += n * settings.answer;
            }
        } else {
            self.count_by_producer(run, out);
        }
        self.look_for_traced(run, out.settings);
    }

    fn count_by_producer(&mut self, run: &[Put], out: &mut Outside) {
        for put in run {
            let p = put.tag.producer();
            let counts = &mut out.sink.producers[p];
            counts.attempts += 1;
            let duplicate = u64::from(put.tag.stored_before());
            counts.stored += 1 - duplicate;
            counts.duplicates += duplicate;
            if !put.tag.is_in_call() {
                let settings = &out.settings.producers[p];
                counts.put.add(settings.leg);
                out.sink.now.calls += 1;
                out.sink.now.calls_ok += 1;
                out.sink.now.call_latency += settings.answer;
            }
        }
    }

    fn count_stored(&mut self, n: u64, bytes: u64, units: u64, kib: u64, sink: &mut Sink) {
        let counts = &mut self.counts;
        counts.stored += n;
        counts.stored_bytes += bytes;
        counts.observed += n;
        counts.observed_bytes += bytes;
        counts.minute.in_records += n;
        counts.minute.in_bytes += bytes;
        sink.now.attempts += n;
        sink.now.stored += n;
        sink.now.stored_bytes += bytes;
        sink.payload_units += units;
        sink.kib_bytes += kib;
    }

    fn look_for_traced(&mut self, run: &[Put], settings: &Settings) {
        if let (Some((born, _)), None) = (settings.traced, self.traced) {
            // Births are drawn to the nanosecond; the size settles the rare tie well enough for a picture.
            let first = self.log.end() - run.len() as u64;
            if let Some(i) = run.iter().position(|p| p.born == born) {
                (self.traced, self.traced_at) = (Some(first + i as u64), run[i].at);
            }
        }
    }

    #[cold]
    fn refuse(&mut self, put: &Put, out: &mut Outside) {
        let verdict = self.admission.admit(put.at, put.size, call_of(put));
        self.count_refusal(put.at, put.tag.producer(), verdict, out.sink);
        if put.tag.is_in_call() {
            out.refused.push(put.key);
            return;
        }
        let p = put.tag.producer();
        out.sink.producers[p].delayed += 1;
        out.sink.now.calls += 1;
        out.sink.now.call_latency += out.settings.producers[p].answer;
        let waiting =
            Waiting { born: put.born, position: put.key, size: put.size, refusals: 1, producer: p as u32 };
        self.sleep_or_lose(put.at, waiting, out);
    }

    fn count_refusal(&mut self, at: u64, producer: usize, verdict: Verdict, sink: &mut Sink) {
        debug_assert_ne!(verdict, Verdict::Admitted, "refused just now");
        self.digest.fold(at);
        self.counts.throttled += 1;
        self.counts.minute.write_throttled += 1;
        sink.producers[producer].attempts += 1;
        sink.producers[producer].throttled += 1;
        sink.now.attempts += 1;
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
        let path = || out.settings.seed.numbered(&format!("producer/{}", settings.name), "retry_in_lane", self.id.into());
        let random = self.sleeps[p].get_or_insert_with(path);
        let sleep = settings.retry.sleep(waiting.refusals - 1, random);
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
        if verdict != Verdict::Admitted {
            self.count_refusal(at, p, verdict, out.sink);
            waiting.refusals += 1;
            return self.sleep_or_lose(at, waiting, out);
        }
        let size = u64::from(waiting.size);
        self.log.push(at, waiting.born, waiting.size);
        let data = Bytes(size - settings.key_bytes);
        let (units, kib) = (billing::put_payload_units(data), billing::on_demand_billed(data).0);
        self.count_stored(1, size, units, kib, out.sink);
        out.sink.now.calls_ok += 1;
        let counts = &mut out.sink.producers[p];
        counts.attempts += 1;
        counts.stored += 1;
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
