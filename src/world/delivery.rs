//! Records reach a consumer: what is counted, and how long a plain reader works on them.

use super::lane::{Lane, Outside};
use super::rows::Rows;
use super::settings::ConsumerSettings;
use crate::measure::sink::{ConsumerCounts, Sink};
use crate::mechanism::histogram::Histogram;
use crate::mechanism::wide::wide;
use crate::random::Stream;
use crate::stream::log::Log;

impl Lane {
    pub(crate) fn note_age(&mut self, c: usize, age: u64, sink: &mut Sink) {
        let counts = &mut sink.consumers[c];
        counts.age_max = counts.age_max.max(age);
        counts.now.age = Some(counts.now.age.unwrap_or(0).max(age));
        self.counts.minute.iterator_age_ns = self.counts.minute.iterator_age_ns.max(Some(age));
    }

    /// Rows left the stream for a consumer.
    pub(crate) fn count_read(&mut self, c: usize, rows: u64, bytes: u64, sink: &mut Sink) {
        let counts = &mut sink.consumers[c];
        counts.read_bytes += bytes;
        counts.now.entries += rows;
        counts.now.bytes += bytes;
        self.counts.minute.out_records += rows;
        self.counts.minute.out_bytes += bytes;
    }

    /// Hands `[from, to)` to the consumer at `received`; returns when it has worked on them.
    pub(super) fn deliver(
        &mut self,
        c: usize,
        from: u64,
        to: u64,
        bytes: u64,
        received: u64,
        out: &mut Outside,
    ) -> u64 {
        let settings = &out.settings.consumers[c];
        let reader = &mut self.readers[c];
        let counts = &mut out.sink.consumers[c];
        let (again, records) = (reader.place.reached.clamp(from, to), self.log.records(from, to));
        count_delivered(&self.log, counts, (from, again, to), (records, bytes));
        let fails = settings.failure_ppb > 0 && reader.work.below(1_000_000_000) < settings.failure_ppb;
        let prompt = settings.instant && !fails && again == from && self.log.is_prompt(from);
        if prompt {
            counts.now.prompt.add_since(received, self.log.stored(from, to));
        } else {
            add_propagation(&mut counts.propagation, &self.log, again, to, received);
        }
        // A batch that is done again may be shorter than it was.
        reader.place.reached = reader.place.reached.max(to);
        let traced = self.traced.filter(|n| (from..to).contains(n)).and_then(|_| {
            let (born, _) = out.settings.traced?;
            self.log.births(from, to).iter().position(|b| *b == born)
        });
        let slowness = settings.slowness(received);
        if fails {
            counts.failed += 1;
            let mut done = received + settings.per_call.draw(&mut reader.work) * slowness;
            for _ in 0..records {
                done += settings.per_record.draw(&mut reader.work) * slowness;
            }
            done
        } else if settings.instant {
            reader.place.cursor = to;
            counts.processing.add_many(0, records);
            if !prompt {
                counts.now.end_to_end.add_since(received, self.log.births(from, to));
            }
            reader.place.traced = reader.place.traced.or(traced.map(|_| (received, received)));
            received
        } else {
            reader.place.cursor = to;
            let times = Times { received, slowness, traced };
            let hops = (&mut counts.processing, &mut counts.now.end_to_end);
            work(settings, &mut reader.work, self.log.births(from, to), times, hops, &mut reader.place.traced)
        }
    }
}

/// Counts rows `[from, to)`, of which those before `again` were delivered before, as delivered.
pub fn count_delivered(
    log: &impl Rows,
    counts: &mut ConsumerCounts,
    (from, again, to): (u64, u64, u64),
    (records, bytes): (u64, u64),
) {
    if log.is_cold(from) {
        counts.from_cold += records;
    }
    let again_bytes = if again > from { log.bytes(from, again) } else { 0 };
    let redelivered = log.records(from, again);
    counts.records += records - redelivered;
    counts.bytes += bytes - again_bytes;
    counts.redelivered += redelivered;
    counts.redelivered_bytes += again_bytes;
    counts.now.records += records;
    debug_assert!(from <= again && again <= to, "what was delivered before comes first");
}

struct Times {
    received: u64,
    slowness: u64,
    traced: Option<usize>,
}

/// Works on a batch record by record.
fn work(
    settings: &ConsumerSettings,
    random: &mut Stream,
    born: &[u64],
    times: Times,
    (processing, end_to_end): (&mut Histogram, &mut Histogram),
    traced: &mut Option<(u64, u64)>,
) -> u64 {
    let mut done = times.received + settings.per_call.draw(random) * times.slowness;
    for (i, &b) in born.iter().enumerate() {
        done += settings.per_record.draw(random) * times.slowness;
        processing.add(done - times.received);
        end_to_end.add(done - b);
        if times.traced == Some(i) {
            *traced = traced.or(Some((times.received, done)));
        }
    }
    done
}

/// Stored to received, for each record in rows `[from, to)`.
pub fn add_propagation(histogram: &mut Histogram, log: &Log, from: u64, to: u64, received: u64) {
    if !log.is_packed() {
        return histogram.add_since(received, log.stored(from, to));
    }
    for (row, stored) in (from..to).zip(log.stored(from, to)) {
        histogram.add_many(received - stored, log.records(row, row + 1));
    }
}

/// The sum of some sizes.
pub fn bytes_of(sizes: &[u32]) -> u64 {
    sum::best(sizes)
}

wide! {
    fn sum(sizes: &[u32]) -> u64 {
        sizes.iter().map(|s| u64::from(*s)).sum()
    }
}
