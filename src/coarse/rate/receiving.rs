//! One step of the consumers: what each shard takes in, what is read of it, how late.

use super::book::StreamBook;
use super::followed::Deed;
use super::numbers::add;
use super::readers::{Inflow, Reading, Step, pollers};
use super::run::{Now, Run, Sent};
use super::sending::weigh;
use super::window::ConsumerPoint;
use crate::consumer::config::ReadConfig;

/// A reader that takes less than this part of what is stored is starved by others, and stays behind.
const KEEPS_UP: f64 = 0.5;

impl Run<'_> {
    /// What each stand's shard takes in, in records.
    fn inflow(&self, now: &Now, sent: &Sent) -> Vec<Inflow> {
        let points = &self.points.points;
        let mut stands = vec![Inflow::default(); self.sample.stands.len()];
        for (k, share) in &now.mixture {
            for (inflow, stand) in stands.iter_mut().zip(&points[*k].stands) {
                inflow.records += stand.stored * share;
                inflow.bytes += stand.bytes * share;
            }
        }
        let weight = |shares: &[f64]| shares.iter().zip(&now.offered).map(|(s, r)| s * r).sum::<f64>();
        let sum = |of: fn(&Inflow) -> f64| {
            let shown = self.sample.stands.iter().zip(&stands);
            shown.map(|(s, inflow)| of(inflow) * weight(&s.all) / weight(&s.shares).max(1e-300)).sum::<f64>()
        };
        let (records, bytes) = (sum(|i| i.records), sum(|i| i.bytes));
        // Records (not Kinesis records), and exactly what was stored.
        for inflow in &mut stands {
            inflow.records *= sent.stored / now.seconds() / f64::max(records, 1e-9);
            inflow.bytes *= sent.bytes / now.seconds() / f64::max(bytes, 1e-9);
        }
        stands
    }

    pub(super) fn read(&mut self, now: &Now, sent: &Sent) {
        if self.readers.is_empty() {
            return;
        }
        let stands = self.inflow(now, sent);
        let configs = &self.config.consumers;
        let unread: Vec<f64> = (0..configs.len()).map(|c| self.unread(c, now, sent)).collect();
        let reading = Reading {
            configs,
            limits: &self.config.stream.reads,
            map: self.carrier.map(),
            sample: &self.sample,
            offered: &now.offered,
            place: &self.place,
            pollers: &pollers(configs, &self.readers, now.from),
            stands: &stands,
            retention: self.carrier.retention(),
            from: now.from,
            to: now.to,
            size: sent.bytes / sent.stored.max(1e-9),
            delay: sent.wait(),
        };
        reading.follow(&mut self.followed, &mut self.shared, self.config.stream.visibility.0);
        let mut steps = Vec::with_capacity(configs.len());
        for (c, unread) in unread.into_iter().enumerate() {
            steps.push(match self.followed.iter_mut().find(|one| one.consumer == c) {
                Some(one) => {
                    self.readers[c].goes_by(one);
                    Step { deed: Some(one.deed()), ..Step::default() }
                }
                None => {
                    reading.change_hands(&mut self.readers[c], &std::mem::take(&mut self.news[c]));
                    reading.step(&mut self.readers, c, sent.stored, unread)
                }
            });
        }
        let (map, size) = (self.carrier.map(), reading.size);
        for (c, step) in steps.iter().enumerate() {
            self.readers[c].tell_workers(&configs[c], step, (now.from, now.to), size, map);
        }
        for (c, step) in steps.iter().enumerate() {
            match &step.deed {
                Some(deed) => self.count_deed(c, deed),
                None => self.count_reader(c, now, sent, step),
            }
        }
    }

    /// What a reader that keeps level has not read at the end of a step.
    fn unread(&self, c: usize, now: &Now, sent: &Sent) -> f64 {
        let mean = |of: &dyn Fn(&ConsumerPoint) -> f64| -> f64 {
            now.mixture.iter().map(|(k, share)| of(&self.points.points[*k].consumers[c]) * share).sum()
        };
        // A function's records are unread until it has returned.
        let works = f64::from(u8::from(self.config.consumers[c].client.lambda().is_some()));
        let delay = mean(&|p| p.propagation.mean + works * p.processing.mean);
        let keeps_up = mean(&|p| p.keeps_up);
        match keeps_up < KEEPS_UP {
            true => self.readers[c].level_unread + sent.stored * (1.0 - keeps_up),
            false => sent.stored / now.seconds() * delay / 1e9,
        }
    }

    fn count_reader(&mut self, c: usize, now: &Now, sent: &Sent, step: &Step) {
        let points = &self.points.points;
        let (book, bucket, reader) = (&mut self.consumers[c], &mut self.buckets[c], &mut self.readers[c]);
        let reads = reader.reads(&self.config.consumers[c], now.from);
        let open = self.sample.shown.len() as f64;
        let size = sent.bytes / sent.stored.max(1e-9);
        let size = if sent.stored > 0.0 { size } else { reading_size(&self.stream) };
        let delivered = step.level + step.late;
        let is_tap = reader.tap.is_some();
        let (mut p50, mut p99, mut middle) = (0.0, 0.0, 0.0);
        for (k, share) in &now.mixture {
            let point = &points[*k].consumers[c];
            let weight = step.level * share;
            weigh(&mut book.weights, *k, weight);
            add_most(&mut book.client_most, &point.client_most, weight);
            if !is_tap {
                weigh(&mut book.prompt, *k, weight * (1.0 - sent.queued.map_or(0.0, |q| q.0)));
                add(&mut book.delivery, &point.delivery, delivered * share);
            }
            if reads {
                let calm = (open - step.late_shards - step.unread_shards).max(0.0);
                add(&mut book.client, &point.client, calm * share * now.seconds());
                let polls = matches!(self.config.consumers[c].read, ReadConfig::Polling(_));
                add(&mut book.reading, &point.reading, f64::from(polls) * calm * share * now.seconds());
                bucket.age =
                    bucket.age.max(Some(point.age)).filter(|_| point.reading.iter().sum::<f64>() > 0.0);
            }
            p50 += point.end_to_end.p50.unwrap_or(0) as f64 * share;
            p99 += point.end_to_end.p99.unwrap_or(0) as f64 * share;
            middle += (point.propagation.mean + point.processing.mean) * share;
            let again = point.delivery.first().copied().filter(|_| !is_tap).unwrap_or(0.0);
            reader.read_bytes += delivered * share * size * (1.0 + again);
            bucket.shown[0].sum += delivered * share * (1.0 + again);
            bucket.shown[2].sum += delivered * share * size * (1.0 + again);
        }
        add(&mut book.client, &step.client, 1.0);
        let again = std::mem::take(&mut reader.again);
        add(&mut book.delivery, &[again, again * size], 1.0);
        reader.read_bytes += (again + step.read_twice) * size;
        bucket.shown[0].sum += again;
        bucket.shown[2].sum += (again + step.read_twice) * size;
        self.count_calls(c, now, step);
        let (book, bucket) = (&mut self.consumers[c], &mut self.buckets[c]);
        if is_tap {
            return self.count_late(c, sent, step);
        }
        match sent.queued {
            Some((share, low, high)) => {
                let rest = step.level * (1.0 - share);
                bucket.level(rest, p50, p99);
                bucket.late(low + middle, high + middle, step.level * share);
                book.end_to_end.add_even(low + middle, high + middle, step.level * share);
            }
            None => bucket.level(step.level, p50, p99),
        }
        if step.late > 0.0 {
            self.count_late(c, sent, step);
        }
    }

    /// Calls beside those of readers that keep level, and what the series shows of all.
    fn count_calls(&mut self, c: usize, now: &Now, step: &Step) {
        let (config, open) = (&self.config.consumers[c], self.sample.shown.len() as f64);
        let (book, bucket, reader) = (&mut self.consumers[c], &mut self.buckets[c], &mut self.readers[c]);
        let calls = match &config.read {
            ReadConfig::Polling(_) => step.late_calls,
            ReadConfig::FanOut(_) if reader.fleet.is_some() => {
                reader.fleet.as_mut().map_or(0.0, |f| f.subscriptions() as f64)
            }
            // A subscription lives its time and is renewed.
            ReadConfig::FanOut(f) if reader.reads(config, now.from) => {
                let since = |t: u64| (t - config.starts.at.0).div_ceil(f.renew_every.0.max(1));
                open * (since(now.to) - since(now.from)) as f64
            }
            ReadConfig::FanOut(_) => 0.0,
        };
        add(&mut book.reading, &[calls], 1.0);
        bucket.shown[1].sum = bucket.shown[0].sum;
        bucket.shown[3].sum = book.reading.first().copied().unwrap_or(0.0);
        bucket.shown[4].sum = book.reading.iter().skip(2).sum();
        bucket.age = bucket.age.max(step.age.filter(|a| *a > 0));
    }

    /// What an application did that is followed call by call.
    fn count_deed(&mut self, c: usize, deed: &Deed) {
        let (book, bucket, reader) = (&mut self.consumers[c], &mut self.buckets[c], &mut self.readers[c]);
        let size = deed.read.1 as f64 / (deed.read.0 as f64).max(1.0);
        add(&mut book.reading, &deed.calls.map(|n| n as f64), 1.0);
        add(&mut book.delivery, &[deed.again as f64, deed.again as f64 * size], 1.0);
        let [received, worked, done] = &deed.delays;
        book.propagation.merge(received);
        book.worked.merge(worked);
        book.end_to_end.merge(done);
        done.each(|low, high, weight| bucket.late(low, high, weight));
        reader.read_bytes += deed.read.1 as f64;
        reader.before_start += deed.before_start as f64;
        reader.lost += deed.lost as f64;
        for (fate, records) in &deed.given_up {
            *reader.given_up.entry(*fate).or_default() += *records as f64;
        }
        reader.age_max = reader.age_max.max(deed.age.unwrap_or(0));
        bucket.age = bucket.age.max(deed.age);
        bucket.shown[0].sum += deed.read.0 as f64;
        bucket.shown[1].sum = bucket.shown[0].sum;
        bucket.shown[2].sum += deed.read.1 as f64;
        bucket.shown[3].sum = book.reading.first().copied().unwrap_or(0.0);
        bucket.shown[4].sum = book.reading.iter().skip(2).sum();
    }

    /// Deliveries out of a backlog.
    fn count_late(&mut self, c: usize, sent: &Sent, step: &Step) {
        let (book, bucket) = (&mut self.consumers[c], &mut self.buckets[c]);
        for (between, records) in &step.processing {
            *book.processing.entry(*between).or_default() += records;
        }
        let wait = sent.wait();
        let [received, done] = &step.late_delays;
        book.propagation.merge(received);
        done.each(|low, high, weight| {
            book.end_to_end.add_even(low + wait, high + wait, weight);
            bucket.late(low + wait, high + wait, weight);
        });
    }
}

/// Mean size of what is stored so far.
fn reading_size(stream: &StreamBook) -> f64 {
    stream.shown[5].sum / stream.shown[3].sum.max(1e-9)
}

/// The largest figures that any point has seen.
fn add_most(to: &mut Vec<f64>, from: &[f64], weight: f64) {
    to.resize(to.len().max(from.len()), 0.0);
    to.iter_mut().zip(from).filter(|_| weight > 0.0).for_each(|(t, f)| *t = t.max(*f));
}
