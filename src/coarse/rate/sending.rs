//! One step of the producers: what is born, what goes, what stays in a client, and what the shards make of it.

use super::doors::Accepted;
use super::numbers::add;
use super::run::{Now, Run, Sent};
use super::window::{Point, ProducerPoint};

/// Nothing that a client does without a queue takes longer, ns.
const QUICK: f64 = 1e9;

/// From this share of lost records on, what is held is looked at.
const LOSES: f64 = 0.001;

/// What one producer did in a step.
struct One {
    gone: f64,
    stored: f64,
    bytes: f64,
    calls: f64,
    delay: f64,
    /// What the mixture's points would have let go.
    offered: f64,
    waits: Option<(f64, f64)>,
    /// What its intake counted, where it has one.
    intake: Vec<f64>,
}

impl Run<'_> {
    /// Producers: what is born, goes or stays.
    pub(super) fn send(&mut self, now: &Now) -> Sent {
        let mut sent = Sent::default();
        let (mut shared, mut queued) = ((0.0, 0.0), 0.0);
        let (mut shortest, mut longest) = (f64::MAX, 0.0f64);
        let mut calls = 0.0;
        for p in 0..self.demands.len() {
            let before = self.demands[p].born(now.from) / 1_000_000;
            let born = (self.demands[p].born(now.to) / 1_000_000 - before) as f64;
            let one = self.one_producer(p, born, now);
            if self.doors[p].is_some() {
                self.accept(p, now, &one);
                continue;
            }
            sent.gone += one.gone;
            sent.stored += one.stored;
            sent.bytes += one.bytes;
            sent.delay += one.delay * one.gone;
            shared.0 += one.gone;
            shared.1 += one.offered;
            calls += one.calls;
            if let Some((low, high)) = one.waits {
                queued += one.gone;
                shortest = shortest.min(low);
                longest = longest.max(high);
            }
        }
        sent.delay /= sent.gone.max(1e-9);
        sent.queued = (queued > 0.0).then(|| (queued / sent.gone.max(1e-9), shortest, longest));
        sent.scale = if shared.1 > 0.0 { shared.0 / shared.1 } else { 0.0 };
        self.count_stream(now, &mut sent, calls);
        sent
    }

    fn one_producer(&mut self, p: usize, born: f64, now: &Now) -> One {
        let points = &self.points.points;
        let of = |k: usize| &points[k].producers[p];
        let seconds = now.seconds();
        let can: f64 = now.mixture.iter().map(|(k, share)| of(*k).gone * share).sum::<f64>() * seconds;
        let grows = now.mixture.iter().any(|(k, _)| of(*k).grows);
        let book = &mut self.producers[p];
        book.born += born;
        book.born_bytes += born * now.record[p].bytes;
        self.stream.shown[0].sum += born;
        self.stream.shown[1].sum += born * now.record[p].bytes;
        self.born_since[p] += born;
        let mean = |of: fn(&ProducerPoint) -> f64| {
            let all: f64 = now.mixture.iter().map(|(k, s)| points[*k].producers[p].gone * s).sum();
            let sum = |(k, s): &(usize, f64)| points[*k].producers[p].gone * s * of(&points[*k].producers[p]);
            now.mixture.iter().map(sum).sum::<f64>() / all.max(1e-9)
        };
        let delay = mean(|p| p.buffering.mean + p.put.mean);
        let queue = &mut self.queues[p];
        if grows {
            // What the beginning of the run has left over waits in front of all.
            let (rate, level) = (born / seconds, delay.min(QUICK) / 1e9);
            let excess = book.level_held - rate * level;
            if excess > 0.0 && rate > 0.0 {
                let since = (now.from as f64 - excess / rate * 1e9).max(0.0);
                queue.push(since, now.from as f64, excess);
                book.level_held -= excess;
            }
        }
        let (gone, waits) = if now.opening {
            let point = of(now.mixture[0].0);
            let gone = (born * point.gone / point.born.max(1e-9)).min(born + book.level_held);
            book.level_held += born - gone;
            (gone, None)
        } else if grows || queue.records > 0.0 {
            queue.push(now.from as f64, now.to as f64, born);
            let (mut first, mut last) = (None, 0.0);
            let linger = mean(|p| p.buffering.p50.unwrap_or(0) as f64).min(QUICK);
            let queued = &mut book.queued;
            let gone = queue.pull(now.from as f64, now.to as f64, can, |left| {
                first.get_or_insert(left.first);
                last = left.last;
                queued.add_even(
                    left.first + linger.min(left.first),
                    left.last + linger.min(left.last),
                    left.records,
                );
            });
            (gone, first.map(|f| (f.min(last), f.max(last))))
        } else {
            // Those that are given up wait, too, but have no delay; where none is, what is on its way scatters less
            // by the delay than by a look at two moments.
            let lost = mean(|p| p.lost.iter().sum());
            let held = match lost > LOSES {
                true => mean(|p| p.held / p.born.max(1e-9)) * born / seconds,
                false => born / seconds * delay / 1e9,
            };
            let gone = (born + book.level_held - held).max(0.0);
            book.level_held += born - gone;
            (gone, None)
        };
        book.gone += gone;
        let size = now.record[p].bytes / mean(|p| p.born_bytes).max(1e-9);
        let mut one = One {
            gone,
            stored: gone,
            bytes: 0.0,
            calls: 0.0,
            delay,
            offered: can,
            waits,
            intake: Vec::new(),
        };
        for (k, share) in &now.mixture {
            let point = &points[*k].producers[p];
            let weight = gone * point.gone * share * seconds / can.max(1e-9);
            add(&mut book.counts, &point.counts, weight);
            add(&mut book.lost, &point.lost, weight);
            add(&mut book.packing, &point.packing, weight);
            let scale = if can > 0.0 { gone / can } else { 1.0 };
            add(&mut book.calls, &point.calls, share * seconds * scale);
            one.calls += point.calls[1] * share * seconds * scale;
            book.overtaken = book.overtaken.zip(point.overtaken).map(|(all, one)| all + one * weight);
            weigh(&mut book.weights, *k, weight);
            if one.waits.is_none() {
                weigh(&mut book.calm, *k, weight);
            }
            let lost: f64 = point.lost.iter().sum::<f64>() * weight;
            one.stored -= lost;
            self.stream.shown[7].sum += lost;
            let copies = weight - lost + point.counts[0] * weight;
            one.bytes += copies * point.born_bytes * size;
            match &point.intake {
                Some(intake) => add(&mut one.intake, intake, weight),
                None => {
                    self.stream.shown[2].sum += point.counts[2] * weight;
                    self.stream.shown[6].sum += point.counts[4] * weight;
                }
            }
            if point.intake.is_some() {
                // Firehose bills it.
            } else if point.packing.is_empty() {
                self.stream.billed.0 += copies * now.record[p].units;
                self.stream.billed.1 += copies * now.record[p].kib;
            } else {
                self.stream.billed.0 += point.packing[0] * weight;
                self.stream.billed.1 += point.packing[2] * weight;
            }
            one.stored += point.counts[0] * weight;
            let (records, bytes) = &mut book.buffered_max;
            (*records, *bytes) = ((*records).max(point.buffered.0), (*bytes).max(point.buffered.1));
        }
        one
    }

    /// What an intake took goes to Firehose.
    fn accept(&mut self, p: usize, now: &Now, one: &One) {
        let mut counts = one.intake.clone();
        counts.resize(5, 0.0);
        let waited = one.waits.map_or(one.delay, |w| (w.0 + w.1) / 2.0);
        let (records, step) = (one.stored, (now.from, now.to));
        let accepted =
            Accepted { step, records, size: one.bytes / records.max(1e-9), delay: waited, counts: &counts };
        self.doors[p].iter_mut().for_each(|door| door.accept(&accepted));
    }

    fn count_stream(&mut self, now: &Now, sent: &mut Sent, calls: f64) {
        let points = &self.points.points;
        let all: f64 = now.mixture.iter().map(|(k, s)| gone_at(&points[*k]) * s).sum();
        if self.config.producers.iter().any(|p| p.client.packs()) {
            // Packing has bytes of its own: those that the window's shards counted.
            let share = |k: usize, s: f64| sent.gone * gone_at(&points[k]) * s / all.max(1e-9);
            sent.bytes = now
                .mixture
                .iter()
                .map(|(k, s)| points[*k].stream[1] * share(*k, *s) * drawn(&points[*k], now))
                .sum();
        }
        for (k, share) in &now.mixture {
            let point = &points[*k];
            let weight = sent.gone * gone_at(point) * share / all.max(1e-9);
            let mut counts = point.stream.clone();
            counts[1] = 0.0;
            add(&mut self.stream.counts, &counts, weight);
            self.stream.shown[4].sum += counts[0] * weight;
            self.stream.throttled_seconds += point.throttled_seconds * share * now.seconds();
            self.stream.shown[9].sum += calls * share * point.calls_ok;
            self.stream.shown[10].sum += calls * share * point.call_latency;
            for (written, stand) in self.written.iter_mut().zip(&point.stands) {
                let scale = share * now.seconds() * sent.scale;
                written[0] += stand.stored * scale;
                written[1] += stand.bytes * scale * drawn(point, now);
                written[2] += stand.throttled * scale;
            }
        }
        self.stream.shown[3].sum += sent.stored;
        self.stream.shown[5].sum += sent.bytes;
        self.stream.counts[1] += sent.bytes;
        self.stream.shown[8].sum += calls;
    }
}

/// Bytes of a record now against those of the point's records.
fn drawn(point: &Point, now: &Now) -> f64 {
    let sum = |of: &dyn Fn(usize) -> f64| {
        let to_stream = point.producers.iter().enumerate().filter(|(_, p)| p.intake.is_none());
        to_stream.map(|(p, producer)| producer.gone * of(p)).sum::<f64>()
    };
    sum(&|p| now.record[p].bytes) / sum(&|p| point.producers[p].born_bytes).max(1e-9)
}

/// Records per second that leave the producers of the stream.
fn gone_at(point: &Point) -> f64 {
    point.producers.iter().filter(|p| p.intake.is_none()).map(|p| p.gone).sum()
}

/// Adds to a point's weight.
pub(super) fn weigh(weights: &mut Vec<f64>, k: usize, weight: f64) {
    if weights.len() <= k {
        weights.resize(k + 1, 0.0);
    }
    weights[k] += weight;
}
