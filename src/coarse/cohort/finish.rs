//! What is held at a bucket's end, and the end of the run.

use super::calls::Caller;
use super::demand::SIZE_BITS;
use super::engine::Cohorts;
use super::tally::Tally;
use crate::measure::latency::LatencySummary;
use crate::measure::resolution::{Coarse, NotShown};
use crate::measure::result::{ProducerResult, RunResult};
use crate::mechanism::histogram::Histogram;
use crate::world::hosted::{Parts, Played, Senders};

impl Cohorts {
    /// What is held elsewhere than in the world.
    pub(super) fn played(&mut self) -> Played {
        let senders = (!self.one_by_one).then(|| self.senders());
        let Parts { lanes, settings, .. } = self.hosted.parts();
        let consumers = self.config.consumers.len();
        let places = |c: usize| self.shards.iter().zip(lanes.iter().map(move |l| &l.readers[c].place));
        let unread = |c: usize| {
            let plain = !settings.consumers[c].is_application;
            places(c).map(|(s, p)| if plain { s.undelivered(c) } else { p.undelivered(&s.log) }).sum()
        };
        let backlog = |c: usize| {
            let plain = !settings.consumers[c].is_application;
            let read = places(c).filter(|(_, p)| p.counts_backlog());
            read.map(|(s, p)| if plain { s.unread(c) } else { p.backlog(&s.log) }).sum()
        };
        Played {
            senders,
            backlog: (0..consumers).map(backlog).collect(),
            unread: (0..consumers).map(unread).collect(),
            stored: self.shards.iter().map(|s| s.log.records).sum(),
            end_to_end: Vec::new(),
        }
    }

    /// What the senders hold.
    fn senders(&mut self) -> Senders {
        let Parts { sink, .. } = self.hosted.parts();
        let mut buffered = vec![(0, 0); self.config.producers.len()];
        let mut lost: u64 = sink.producers.iter().map(|p| p.lost).sum();
        for g in &self.gathered {
            let n: u64 = g.callers.iter().map(Caller::buffered).sum();
            let mean = self.demands[g.producer].sizes.bytes >> SIZE_BITS;
            buffered[g.producer] = (n, n * mean);
            lost += g.callers.iter().map(|c| c.report.lost.all()).sum::<u64>();
        }
        Senders {
            born: self.demands.iter().fold((0, 0), |a, d| (a.0 + d.born.0, a.1 + d.born.1)),
            lost,
            buffered,
            producers: Vec::new(),
            demand: self.demands.iter().map(|d| d.digest).collect(),
        }
    }

    /// The bucket is over: median and 99th percentile of each consumer's end-to-end delays, where single records have
    /// not given the world some of its own.
    pub(super) fn end_delays(&mut self) -> Vec<[Option<u64>; 2]> {
        let Parts { sink, .. } = self.hosted.parts();
        let readers = sink.consumers.iter_mut().zip(&mut self.delays.readers);
        let ended = readers.map(|(counts, delays)| {
            let own = &mut counts.now.end_to_end;
            if own.count() > 0 {
                delays.end_to_end.pour(own);
                return [None; 2];
            }
            let quantiles = delays.end_to_end.quantiles([500_000, 990_000]);
            delays.end_to_end.move_into(&mut delays.ended);
            quantiles
        });
        ended.collect()
    }

    /// Closes the books.
    pub fn finish(mut self, reached: u64) -> RunResult {
        let Parts { lanes, settings, sink, .. } = self.hosted.parts();
        let horizon = reached.saturating_sub(settings.retention);
        let mut tally = Tally { settings, sink, delays: &mut self.delays };
        for (shard, lane) in self.shards.iter_mut().zip(lanes) {
            (0..settings.consumers.len()).for_each(|c| shard.trim_at_end(c, horizon, lane, &mut tally));
        }
        for (counts, delays) in sink.consumers.iter_mut().zip(&mut self.delays.readers) {
            delays.propagation.pour(&mut counts.propagation);
            delays.processing.pour(&mut counts.processing);
        }
        for (c, delays) in self.delays.readers.iter_mut().enumerate() {
            self.hosted.add_end_to_end(c, &mut delays.ended);
        }
        let mut played = self.played();
        if let Some(senders) = &mut played.senders {
            senders.producers = (0..self.config.producers.len()).map(|p| self.producer(p, reached)).collect();
        }
        let not_shown = not_shown(self.one_by_one);
        let coarse = Coarse { resolution: "cohort", step_ns: self.step, sampled: None, not_shown };
        self.hosted.finish(reached, played, coarse)
    }

    fn producer(&mut self, p: usize, end: u64) -> ProducerResult {
        let Parts { settings, sink, .. } = self.hosted.parts();
        let (counts, demand, settings) = (&sink.producers[p], &self.demands[p], &settings.producers[p]);
        let (calls, judged_calls) = (counts.calls, counts.calls);
        let mut result = ProducerResult { calls, judged_calls, ..counts.result(&settings.name, demand.born) };
        let mut put = Histogram::default();
        put.add_many(settings.leg, counts.at_once);
        self.delays.put[p].pour(&mut put);
        let mut buffering = Histogram::default();
        match self.gathered.iter_mut().find(|g| g.producer == p) {
            None => {
                buffering.add_many(0, demand.born.0);
                result.held = self.shards.iter().map(|s| s.waiting_of(p)).sum();
            }
            Some(gathered) => {
                result.calls = 0;
                for caller in &mut gathered.callers {
                    caller.settle_unanswered();
                    add_caller(&mut result, caller, end);
                    put.merge(&caller.report.put);
                    caller.report.buffering.pour(&mut buffering);
                }
                result.buffered_bytes_max = result.buffered_records_max * (demand.sizes.bytes >> SIZE_BITS);
            }
        }
        result.put = LatencySummary::of(&put);
        result.buffering = LatencySummary::of(&buffering);
        result
    }
}

fn add_caller(result: &mut ProducerResult, caller: &Caller, end: u64) {
    let report = &caller.report;
    result.held += caller.held(end);
    result.delayed += report.delayed;
    result.lost.add(&report.lost);
    result.failed_calls += report.failed_calls;
    result.unjudged += report.unjudged;
    result.calls += report.calls;
    result.buffered_records_max += report.waiting_max;
}

fn not_shown(one_by_one: bool) -> Vec<NotShown> {
    let of = |figure, reason| NotShown { figure, reason };
    let mut all =
        vec![of("largest delays", "a cohort's records are spread evenly, its first and last are not known")];
    if !one_by_one {
        all.insert(0, of("records stored out of order", "cohorts keep no order among their records"));
    }
    all
}
