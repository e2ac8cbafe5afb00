//! Producers that put straight to Firehose: their calls are judged by an intake of their own instead of being dealt
//! to shards; answers go back as all others do.

use super::World;
use super::sources::Source;
use crate::firehose::intake::{Intake, Over, Quotas};
use crate::firehose::pipeline::Pipeline;
use crate::measure::result::{IntakeBucket, IntakeResult};
use crate::measure::sink::ProducerCounts;
use crate::producer::client::Sent;
use crate::units::NS_PER_S;

/// A producer's Firehose stream.
pub struct Door {
    intake: Intake,
    counts: IntakeResult,
    /// The last second that was counted as throttled.
    throttled_second: Option<u64>,
    behind: Option<Pipeline>,
}

impl Door {
    /// Nothing has come in yet; `behind` it is a Firehose stream, or nothing that anybody asked about.
    pub fn new(intake: Intake, name: &str, bucket_ns: u64, behind: Option<Pipeline>) -> Door {
        let Quotas { records, requests, bytes } = intake.base();
        let quotas = (records, requests, bytes);
        let counts = IntakeResult { name: name.into(), quotas, bucket_ns, ..IntakeResult::default() };
        Door { intake, counts, throttled_second: None, behind }
    }

    /// What came in and what did not, and what became of it.
    pub fn result(&self, end: u64) -> IntakeResult {
        let firehose = self.behind.as_ref().map(|pipeline| pipeline.result(end));
        IntakeResult { firehose, ..self.counts.clone() }
    }

    /// Everything behind it that happens before `until`.
    fn act(&mut self, until: u64) {
        let Some(pipeline) = &mut self.behind else { return };
        while pipeline.next() < until {
            pipeline.act(pipeline.next());
        }
        pipeline.departed();
    }

    fn accept(&mut self, at: u64, born: u64, size: u32) {
        self.counts.accepted_records += 1;
        self.counts.accepted_bytes += u64::from(size);
        let bucket = self.bucket(at);
        bucket.records += 1;
        bucket.bytes += u64::from(size);
        if let Some(pipeline) = &mut self.behind {
            pipeline.receive_next(at, born, size);
        }
    }

    fn bucket(&mut self, at: u64) -> &mut IntakeBucket {
        let (series, times) = (&mut self.counts.series, self.intake.times());
        let index = (at / self.counts.bucket_ns.max(1)) as usize;
        if series.len() <= index {
            series.resize(index + 1, IntakeBucket::default());
        }
        series[index].times = times;
        &mut series[index]
    }

    fn refuse(&mut self, at: u64, over: Over) {
        self.bucket(at).throttled += 1;
        match over {
            Over::Requests => self.counts.throttled_by_requests += 1,
            Over::Records => self.counts.throttled_by_records += 1,
            Over::Bytes => self.counts.throttled_by_bytes += 1,
        }
        if self.intake.refused(at) {
            self.counts.raised_ns.push(at);
            let times = self.intake.times();
            if let Some(pipeline) = &mut self.behind {
                pipeline.widen(times, at);
            }
        }
        if self.throttled_second.replace(at / NS_PER_S) != Some(at / NS_PER_S) {
            self.counts.throttled_seconds += 1;
        }
    }
}

impl World {
    /// Judges what reaches the intakes before `until`.
    pub(super) fn judge_intakes(&mut self, until: u64) {
        for (source, counts) in self.sources.iter_mut().zip(&mut self.sink.producers) {
            if let Some(mut door) = source.door.take() {
                judge(source, &mut door, counts, until);
                door.act(until);
                source.door = Some(door);
            }
        }
    }
}

fn judge(source: &mut Source, door: &mut Door, counts: &mut ProducerCounts, until: u64) {
    let mut calls: Vec<(usize, Sent)> = Vec::new();
    for (c, client) in source.clients.iter().enumerate() {
        let sent = client.outgoing().calls.iter().take_while(|sent| sent.at < until);
        calls.extend(sent.map(|sent| (c, *sent)));
    }
    // Each process's calls are in order already: processes in order at one moment.
    calls.sort_by_key(|call| call.1.at);
    for (c, sent) in calls {
        judge_call(source, c, &sent, door, counts);
    }
}

fn judge_call(source: &mut Source, client: usize, sent: &Sent, door: &mut Door, counts: &mut ProducerCounts) {
    let client = &mut source.clients[client];
    let (mut refused, mut refused_again) = (0, 0);
    door.act(sent.at);
    door.intake.begin_call(sent.at);
    for entry in 0..sent.entries as usize {
        let row = sent.first as usize + entry;
        let (size, born) = (client.outgoing().entries.size[row], client.outgoing().entries.born[row]);
        match door.intake.judge(sent.at, size) {
            Ok(()) => door.accept(sent.at, born, size),
            Err(over) => {
                door.refuse(sent.at, over);
                refused += 1;
                refused_again += u64::from(client.refused(sent, entry));
            }
        }
    }
    let (entries, again) = (u64::from(sent.entries), u64::from(sent.again) - refused_again);
    let accepted = u64::from(refused < entries);
    door.counts.accepted_calls += accepted;
    door.bucket(sent.at).calls += accepted;
    counts.calls += 1;
    counts.attempts += entries;
    counts.carried += entries;
    counts.throttled += refused;
    counts.duplicates += again;
    counts.stored += entries - refused - again;
}
