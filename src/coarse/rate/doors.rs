//! Producers that put straight to Firehose: what their intakes accept goes through Firehose's own machine.
//!
//! How much an intake accepts and refuses is part of the operating point, as with a shard. What it accepts is handed on
//! second by second, to the buffers side by side in equal parts.

use super::demand::rounded;
use super::numbers::{add, whole};
use crate::firehose::config::Source;
use crate::firehose::load::Group;
use crate::firehose::pipeline::Pipeline;
use crate::measure::result::{IntakeBucket, IntakeResult, ProducerResult};
use crate::units::NS_PER_S;
use crate::world::config::WorldConfig;

/// The intake of one producer's Firehose stream.
pub struct Door {
    pipeline: Option<Pipeline>,
    channels: u64,
    bucket: u64,
    /// Bytes that a record is billed as.
    billed: f64,
    /// Accepted calls, and refusals by records, bytes, requests.
    counts: Vec<f64>,
    throttled_seconds: f64,
    accepted_bytes: f64,
    /// Parts of records and bytes that have not come together.
    rest: [f64; 3],
    turn: usize,
    /// Accepted, by the bucket's end: calls, records, bytes, refused.
    series: Vec<[f64; 4]>,
}

/// What came in during a step.
pub struct Accepted<'a> {
    /// From and to, ns.
    pub step: (u64, u64),
    /// Copies of records, and bytes of one.
    pub records: f64,
    /// Bytes of one.
    pub size: f64,
    /// Born to accepted, ns.
    pub delay: f64,
    /// What the intake counts.
    pub counts: &'a [f64],
}

/// What an intake counted, as numbers.
pub fn counts(intake: &IntakeResult) -> [f64; 5] {
    [
        intake.accepted_calls as f64,
        intake.throttled_by_records as f64,
        intake.throttled_by_bytes as f64,
        intake.throttled_by_requests as f64,
        intake.throttled_seconds as f64,
    ]
}

impl Door {
    /// A producer's door; `None`: it puts to the stream.
    pub fn new(config: &WorldConfig, p: usize, bucket: u64) -> Option<Door> {
        config.producers[p].client.firehose()?;
        let stream = config.firehose.iter().position(|f| f.source == Source::Producer(p));
        let firehose = stream.map(|i| config.firehose(i));
        let step = firehose.as_ref().map_or(1, |f| f.billed_step.0.max(1));
        let mut pipeline = firehose.as_ref().map(|f| Pipeline::new(f, bucket, config.seed));
        if let Some(pipeline) = &mut pipeline {
            pipeline.widen(1, 0);
        }
        Some(Door {
            pipeline,
            channels: firehose.map_or(1, |f| u64::from(f.buffer.channels.max(1))),
            bucket,
            billed: rounded(&config.producers[p], step),
            counts: Vec::new(),
            throttled_seconds: 0.0,
            accepted_bytes: 0.0,
            rest: [0.0; 3],
            turn: 0,
            series: Vec::new(),
        })
    }

    /// Records come in, second by second.
    pub fn accept(&mut self, accepted: &Accepted) {
        let (from, to) = accepted.step;
        add(&mut self.counts, &accepted.counts[..4], 1.0);
        self.throttled_seconds += accepted.counts[4];
        self.accepted_bytes += accepted.records * accepted.size;
        self.count(accepted);
        let mut now = from;
        while now < to {
            let next = (now / NS_PER_S + 1).saturating_mul(NS_PER_S).min(to);
            self.rest[0] += accepted.records * (next - now) as f64 / (to - from) as f64;
            let records = whole(self.rest[0]);
            self.rest[0] -= records as f64;
            self.act(next);
            self.hand_on(records, (now, next), accepted);
            now = next;
        }
    }

    /// What came in between two moments goes to the buffers.
    fn hand_on(&mut self, records: u64, (from, to): (u64, u64), accepted: &Accepted) {
        let Some(pipeline) = &mut self.pipeline else { return };
        let channels = self.channels.min(records);
        for k in 0..channels {
            let n = records / channels + u64::from(k < records % channels);
            let mut whole_of = |i: usize, each: f64| {
                self.rest[i] += each * n as f64;
                let all = whole(self.rest[i]);
                self.rest[i] -= all as f64;
                all
            };
            let (bytes, billed) = (whole_of(1, accepted.size), whole_of(2, self.billed));
            let born = |at: u64| at.saturating_sub(accepted.delay as u64);
            let (born, arrived) = ((born(from), born(to)), (from, to));
            let group = Group { records: n, bytes, raw: bytes, born, arrived };
            let channel = self.turn % self.channels as usize;
            self.turn = channel + 1;
            pipeline.receive_together(to, channel, group, pipeline.steps_of(billed));
            pipeline.back_up_together(to, channel, group);
        }
    }

    /// Everything behind it that happens before `until`.
    fn act(&mut self, until: u64) {
        let Some(pipeline) = &mut self.pipeline else { return };
        while pipeline.next() < until {
            pipeline.act(pipeline.next());
        }
        pipeline.departed();
    }

    /// The series' bucket of the step.
    fn count(&mut self, accepted: &Accepted) {
        let i = (accepted.step.0 / self.bucket.max(1)) as usize;
        if self.series.len() <= i {
            self.series.resize(i + 1, [0.0; 4]);
        }
        let c = accepted.counts;
        let more = [c[0], accepted.records, accepted.records * accepted.size, c[1] + c[2] + c[3]];
        self.series[i].iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    }

    /// What came in and what did not, and what became of it.
    pub fn result(&mut self, config: &WorldConfig, p: usize, producer: &ProducerResult) -> IntakeResult {
        let end = config.duration.0;
        self.act(end);
        let quotas = config.producers[p].client.firehose();
        let of = |k: usize| self.counts.get(k).copied().map_or(0, whole);
        let bucket = |b: &[f64; 4]| IntakeBucket {
            calls: whole(b[0]),
            records: whole(b[1]),
            bytes: whole(b[2]),
            throttled: whole(b[3]),
            times: u32::from(b[1] + b[3] > 0.0),
        };
        IntakeResult {
            name: producer.name.clone(),
            accepted_records: producer.stored + producer.duplicates,
            accepted_bytes: whole(self.accepted_bytes),
            accepted_calls: of(0),
            throttled_by_records: of(1),
            throttled_by_bytes: of(2),
            throttled_by_requests: of(3),
            throttled_seconds: whole(self.throttled_seconds),
            quotas: quotas.map_or((0, 0, 0), |q| (q.records, q.requests, q.bytes)),
            bucket_ns: self.bucket,
            series: self.series.iter().map(bucket).collect(),
            firehose: self.pipeline.as_ref().map(|pipeline| pipeline.result(end)),
            ..IntakeResult::default()
        }
    }
}
