//! The end of a run: what is left is counted, the laws are checked, the result is put together.

use super::World;
use super::hosted::without_largest;
use super::settings::Reading;
use crate::engine::digest::Digest;
use crate::facts::data_streams;
use crate::measure::clients::ClientResult;
use crate::measure::latency::LatencySummary;
use crate::measure::result::{
    ConsumerResult, Digests, ProducerResult, RunResult, ShardResult, StreamResult, Usage,
};
use crate::measure::sink::ConsumerCounts;
use crate::measure::sink::ProducerCounts;
use crate::mechanism::histogram::Histogram;
use crate::producer::client::Client;
use crate::producer::demand::Columns;
use crate::stream::config::Mode;

impl World {
    /// Closes the books at `reached`.
    pub(super) fn finish(mut self, reached: u64) -> RunResult {
        self.accrue(reached);
        self.trim_at_end(reached);
        self.meter_mode();
        self.meter_storage(reached);
        self.sink.consumers.iter_mut().for_each(ConsumerCounts::part_prompt);
        let producers: Vec<ProducerResult> =
            (0..self.sources.len()).map(|p| self.producer_result(p, reached)).collect();
        let stream = self.stream_result();
        let consumers: Vec<ConsumerResult> =
            (0..self.settings.consumers.len()).map(|c| self.consumer_result(c, reached)).collect();
        let mut result = RunResult {
            mode: self.config.mode.word(),
            duration_ns: reached,
            intakes: self.sources.iter().filter_map(|s| s.door.as_ref()).map(|d| d.result(reached)).collect(),
            producers,
            stream,
            consumers,
            series: std::mem::take(&mut self.series.series),
            shards: self.shard_results(),
            timeline: std::mem::take(&mut self.control.timeline),
            usage: self.usage.clone(),
            digests: Digests::default(),
            cut: self.cut.clone(),
            coarse: self.coarse.clone(),
        };
        result.assert_laws(self.config.seed, reached);
        let demand = match self.senders_elsewhere() {
            Some(senders) => senders.demand.clone(),
            None => self.sources.iter().map(|s| s.demand.digest()).collect(),
        };
        if self.played.is_some() {
            without_largest(&mut result, self.senders_elsewhere().is_some());
        }
        result.digests.demand = demand.iter().map(|d| format!("{d:016x}")).collect();
        result.digests.events = self.events_digest(&result);
        let mut digest = Digest::default();
        digest.fold_text(&serde_json::to_string(&result).expect("plain data"));
        result.digests.results = digest.text();
        result
    }

    fn trim_at_end(&mut self, end: u64) {
        for lane in &mut self.lanes {
            for (c, reader) in lane.readers.iter_mut().enumerate() {
                let place = &mut reader.place;
                place.horizon = end.saturating_sub(self.settings.retention);
                self.sink.consumers[c].lost += place.trim(&lane.log);
            }
        }
    }

    fn events_digest(&self, result: &RunResult) -> String {
        let mut digest = Digest::default();
        for lane in &self.lanes {
            digest.fold(lane.digest.value());
            lane.readers.iter().for_each(|r| digest.fold(r.renewals.value()));
        }
        for entry in &result.timeline {
            digest.fold(entry.at_ns);
            digest.fold_text(&entry.text);
        }
        digest.text()
    }

    fn producer_result(&mut self, p: usize, end: u64) -> ProducerResult {
        if let Some(senders) = self.senders_elsewhere() {
            return senders.producers[p].clone();
        }
        let source = &mut self.sources[p];
        // What would have been judged after the end is held: it was born.
        let mut late = Columns::default();
        source.demand.take_until(end, &mut late);
        let counts = &self.sink.producers[p];
        let settings = &self.settings.producers[p];
        let born = source.demand.born();
        let mut result = ProducerResult {
            to_firehose: source.door.is_some(),
            overtaken: Some(counts.overtaken),
            calls: counts.attempts,
            judged_calls: counts.attempts,
            ..counts.result(&settings.name, born)
        };
        let mut put = counts.put.clone();
        put.add_many(settings.leg, counts.at_once);
        let mut buffering = Histogram::default();
        if source.clients.is_empty() {
            buffering.add_many(0, born.0 - late.len() as u64);
            let waiting = self.lanes.iter_mut().map(|l| l.retries_of(p)).sum::<u64>();
            result.held = waiting + late.len() as u64;
        } else {
            (result.calls, result.judged_calls) = (0, counts.calls);
            for client in &mut source.clients {
                client.settle_unanswered(end);
                add_client(&mut result, client.as_ref(), end);
                put.merge(&client.report().put);
                buffering.merge(&client.report().buffering);
            }
        }
        result.put = LatencySummary::of(&put);
        result.buffering = LatencySummary::of(&buffering);
        result
    }

    fn stream_result(&self) -> StreamResult {
        let sum =
            |of: fn(&super::lane::LaneCounts) -> u64| self.lanes.iter().map(|l| of(&l.counts)).sum::<u64>();
        let to_stream = || self.sources.iter().zip(&self.sink.producers).filter(|(s, _)| s.door.is_none());
        let of_stream = |of: fn(&ProducerCounts) -> u64| to_stream().map(|(_, p)| of(p)).sum();
        let attempts = |l: &super::lane::Lane| l.counts.stored + l.counts.throttled;
        let all: u64 = self.lanes.iter().map(attempts).sum();
        let hottest = self.lanes.iter().max_by_key(|l| (attempts(l), std::cmp::Reverse(l.id)));
        StreamResult {
            shards_at_start: self.control.shards_at_start,
            shards_at_end: self.map.open().len() as u32,
            shards_max: self.control.shards_max,
            stored: match &self.played {
                Some(played) => played.stored,
                None => self.lanes.iter().map(|l| l.log.records_before(l.log.end())).sum(),
            },
            kinesis_records: sum(|c| c.stored),
            stored_bytes: sum(|c| c.stored_bytes),
            first_copies: of_stream(|p| p.stored),
            duplicates: of_stream(|p| p.duplicates),
            throttled_by_records: self.sink.over_records,
            throttled_by_bytes: self.sink.over_bytes,
            throttled_seconds: self.sink.throttled_seconds(),
            hottest_shard: hottest.filter(|l| attempts(l) > 0).map(|l| l.id),
            hottest_share_ppm: hottest.map_or(0, |l| attempts(l) * 1_000_000 / all.max(1)),
        }
    }

    fn consumer_result(&self, c: usize, end: u64) -> ConsumerResult {
        let settings = &self.settings.consumers[c];
        let counts = &self.sink.consumers[c];
        let unread: u64 = match &self.played {
            Some(played) => played.unread[c],
            None => self.lanes.iter().map(|l| l.readers[c].place.undelivered(&l.log)).sum(),
        };
        let client = self.applications.iter().find(|a| a.consumer == c).map(|a| a.machine.result(end));
        let outages = !settings.outages.is_empty();
        let last_outage = settings.outages.iter().map(|o| o.1).max().unwrap_or(0);
        let lanes = self.lanes.iter().filter(|l| !l.readers[c].place.is_finished_before(last_outage));
        let back: Option<u64> =
            lanes.map(|l| l.readers[c].place.back_by()).try_fold(0, |a, b| Some(a.max(b?)));
        ConsumerResult {
            name: settings.name.clone(),
            read: match settings.read {
                Reading::Polling { .. } => "polling",
                Reading::FanOut { .. } => "enhanced_fan_out",
            },
            first_deliveries: counts.records,
            delivered_bytes: counts.bytes,
            redeliveries: counts.redelivered,
            redelivered_bytes: counts.redelivered_bytes,
            overtaken: counts.overtaken,
            skipped: counts.skipped,
            filtered: counts.filtered,
            to_failure_destination: counts.to_failure_destination,
            discarded: counts.discarded,
            before_start: counts.before_start,
            lost_to_retention: counts.lost,
            unread: unread + counts.in_hand,
            calls: counts.calls,
            empty_calls: counts.empty,
            throttled_by_calls: counts.throttled_calls,
            throttled_by_bytes: counts.throttled_bytes,
            failed_batches: counts.failed + client.as_ref().map_or(0, ClientResult::failed_batches),
            from_cold: counts.from_cold,
            iterator_age_ns_max: counts.age_max,
            catch_up_ns: back.filter(|_| outages).map(|b| b.saturating_sub(last_outage)),
            propagation: LatencySummary::of(&counts.propagation),
            processing: LatencySummary::of(&counts.processing),
            end_to_end: LatencySummary::of(&self.end_to_end[c]),
            client,
        }
    }

    pub(super) fn shard_results(&mut self) -> Vec<ShardResult> {
        let shards = self.map.shards().iter().zip(&mut self.lanes);
        shards
            .map(|(shard, lane)| ShardResult {
                id: shard.id,
                parents: shard.parents.clone(),
                starting_hash_key: shard.start.to_string(),
                ending_hash_key: shard.end.to_string(),
                opened_ns: shard.opened,
                closed_ns: shard.closed,
                stored: lane.counts.stored,
                stored_bytes: lane.counts.stored_bytes,
                throttled: lane.counts.throttled,
                minutes: std::mem::take(&mut lane.counts.minutes),
            })
            .collect()
    }

    /// Books what was used since the last mode switch to the present mode.
    pub(super) fn meter_mode(&mut self) {
        let (mut polled, mut pushed) = (0, 0);
        for (counts, settings) in self.sink.consumers.iter().zip(&self.settings.consumers) {
            let bytes = counts.read_bytes;
            match settings.read {
                Reading::Polling { .. } => polled += bytes,
                Reading::FanOut { .. } => pushed += bytes,
            }
        }
        let u = &mut self.usage;
        let (units, kib) = (self.sink.payload_units, self.sink.kib_bytes);
        let in_bytes = kib - u.on_demand_in_bytes - u.advantage_in_bytes - self.metered.kib_elsewhere;
        let out = polled - u.on_demand_out_bytes - u.advantage_out_bytes - self.metered.polled_elsewhere;
        let fan_out = pushed - u.on_demand_fan_out_bytes - u.advantage_fan_out_bytes - u.fan_out_bytes;
        let new_units = units - u.put_payload_units - self.metered.units_elsewhere;
        match self.mode {
            Mode::Provisioned => {
                u.put_payload_units += new_units;
                u.fan_out_bytes += fan_out;
                self.metered.kib_elsewhere += in_bytes;
                self.metered.polled_elsewhere += out;
                return;
            }
            Mode::OnDemand => {
                u.on_demand_in_bytes += in_bytes;
                u.on_demand_out_bytes += out;
                u.on_demand_fan_out_bytes += fan_out;
            }
            Mode::OnDemandAdvantage => {
                u.advantage_in_bytes += in_bytes;
                u.advantage_out_bytes += out;
                u.advantage_fan_out_bytes += fan_out;
            }
        }
        self.metered.units_elsewhere += new_units;
    }

    /// Byte-time held between 24 h and 7 days, and beyond, from what each bucket stored.
    pub(super) fn meter_storage(&mut self, end: u64) {
        let series = &self.series.series;
        let free = data_streams::RETENTION_DEFAULT.dur().0;
        let long = data_streams::RETENTION_EXTENDED_END.dur().0;
        let kept = self.settings.retention;
        let u: &mut Usage = &mut self.usage;
        for (i, &bytes) in series.stored_bytes.iter().enumerate() {
            let oldest = end.saturating_sub(i as u64 * series.bucket_ns).min(kept);
            let middle = oldest.min(long).saturating_sub(free);
            let byte_ns = u128::from(bytes) * u128::from(middle);
            match self.mode {
                Mode::Provisioned => {}
                Mode::OnDemand => u.on_demand_extended_byte_ns += byte_ns,
                Mode::OnDemandAdvantage => u.advantage_retention_byte_ns += byte_ns,
            }
            u.long_term_byte_ns += u128::from(bytes) * u128::from(oldest.saturating_sub(long));
        }
        u.long_term_read_bytes = self.sink.consumers.iter().map(|c| c.long_term_bytes).sum();
        u.stored = series.kinesis_records.iter().sum();
        u.stored_bytes = series.stored_bytes.iter().sum();
    }
}

/// Used while another dimension was billed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Metered {
    kib_elsewhere: u64,
    polled_elsewhere: u64,
    units_elsewhere: u64,
}

fn add_client(result: &mut ProducerResult, client: &dyn Client, end: u64) {
    let report = client.report();
    result.held += client.held(end);
    result.delayed += report.delayed;
    result.lost.add(&report.lost);
    result.failed_calls += report.failed_calls;
    result.unjudged += report.unjudged;
    result.calls += report.calls;
    result.truncated += report.truncated;
    result.truncated_bytes += report.truncated_bytes;
    result.buffered_bytes_max += report.buffered_bytes_max;
    result.buffered_records_max += report.buffered_records_max;
    result.resent_elsewhere += report.resent_elsewhere;
    if let Some(packing) = &report.packing {
        result.packing.get_or_insert_default().add(packing);
    }
}
