//! The Kinesis Producer Library: one process.
//!
//! At AWS: aggregator (user records into Kinesis records, one container per predicted shard) → limiter (token
//! buckets per predicted shard) → collector (Kinesis records into PutRecords calls) → sender → retrier → back into
//! the aggregator, user record by user record.
//! We model: this pipeline with its own flush rules; deadlines and the collector's extension of them; records sent
//! alone and unlimited while there is no shard map or aggregation is off; retries without backoff until the time to
//! live ends; records that landed on another shard than predicted; calls that wait for a connection, first come,
//! first served (the order is inferred).
//! At one moment: shard map, then answers, then births, then the aggregator's timers by shard, then the limiter's
//! round, then the collector's timer.
//! A call that fails as a whole (`line`) has all its records sent again. A restart loses what the process holds.
//! We leave out: the way from the application into the process, timeouts of the library's own, metrics, explicit
//! flushes, explicit hash keys.
//! Sources: KPL C++ source code (`kinesim facts`, keys `kpl.*`).

pub mod aggregate;
pub mod collector;
pub mod limiter;
pub mod parcel;
pub mod reducer;
mod retrier;
mod sender;
mod shards;
mod stages;

use super::client::{Client, Outgoing, Report, Sent};
use super::config::{KplBehaviour, KplConfig};
use super::demand::Columns;
use super::line::Line;
use crate::facts::kpl::{EXTENSION_MAX, EXTENSION_SHARE, LIMITER_BYTES, LIMITER_BYTES_BEFORE};
use crate::measure::result::Packing;
use crate::random::Seed;
use crate::record::Listing;
use crate::units::Percent;
use collector::Collector;
use parcel::{Parcel, Past, User};
use reducer::{Container, Limits};
use retrier::newly_failed;
use sender::{Sender, measure_put};
use shards::Shards;
use stages::{Aggregators, Limiters};
use std::sync::Arc;

/// Partition keys of the producer.
#[derive(Clone, Copy, Debug)]
pub struct KeyBytes {
    /// Length of one.
    pub length: u32,
    /// Do they count against a shard's limit (and are part of each record's size)?
    pub counted: bool,
}

/// What the settings come to.
#[derive(Clone, Copy, Debug)]
struct Law {
    aggregate: bool,
    /// A user record's deadline after its birth, and after a failed attempt.
    hold: u64,
    hold_again: u64,
    ttl: u64,
    /// Time in the collector beyond the deadline.
    extension: u64,
    fail_if_throttled: bool,
    /// A record on a shard that was not predicted, but holds its hash, is accepted.
    accepts_elsewhere: bool,
    keys: KeyBytes,
    aggregation: Limits,
    collection: Limits,
    /// The limiter: percent of a shard's limits, byte tokens at most.
    rate_limit: u64,
    depth: u64,
}

/// One process.
pub struct Kpl {
    law: Law,
    line: Line,
    now: u64,
    /// Down until then; what is born before arrives then.
    up_from: u64,
    /// Nothing happens before this, unless something is born.
    due: u64,
    /// Born, but not yet taken over: from `front` on.
    arriving: Columns,
    front: usize,
    shards: Shards,
    aggregators: Aggregators,
    limiters: Limiters,
    collector: Collector,
    /// Kinesis records under way, by slot.
    parcels: Vec<Slot>,
    idle: Vec<u32>,
    sender: Sender,
    out: Outgoing,
    /// Births of the parcel that is being sent.
    births: Vec<u64>,
    /// Data of the user records of the parcel that is being billed.
    sizes: Vec<u32>,
    /// User records in its hands, and their data.
    records: u64,
    bytes: u64,
    report: Report,
}

/// A Kinesis record under way.
#[derive(Debug, Default)]
struct Slot {
    parcel: Parcel,
    /// Where it was thought to go.
    predicted: Option<u32>,
    /// Where it went, once judged.
    actual: Option<u32>,
    refused: bool,
    /// Under way, and its process is dead.
    orphan: bool,
}

impl Slot {
    /// Is it stored, though the client does not know yet?
    fn is_stored(&self) -> bool {
        self.actual.is_some() && !self.refused
    }
}

impl Kpl {
    /// The `instance`-th process of a producer.
    pub fn new(config: &KplConfig, name: &str, instance: u32, line: Line, keys: KeyBytes, seed: Seed) -> Kpl {
        let law = Law::new(config, keys);
        let random = seed.numbered(&format!("producer/{name}"), "list_shards_latency", instance.into());
        Kpl {
            law,
            line,
            now: 0,
            up_from: 0,
            due: u64::MAX,
            arriving: Columns::default(),
            front: 0,
            shards: Shards::new(config.list_shards_latency.sampler(), random),
            aggregators: Aggregators::new(law.aggregation),
            limiters: Limiters::new(law.rate_limit, law.depth),
            collector: Collector::new(law.collection),
            parcels: Vec::new(),
            idle: Vec::new(),
            sender: Sender::new(config.max_connections),
            out: Outgoing::default(),
            births: Vec::new(),
            sizes: Vec::new(),
            records: 0,
            bytes: 0,
            report: Report { packing: law.aggregate.then(Packing::default), ..Report::default() },
        }
    }

    /// The next moment of its own, and its place among those of one instant.
    fn next_moment(&mut self) -> (u64, Moment) {
        let mut next = (self.shards.next(), Moment::Map);
        let others = [
            (self.sender.next_answer(), Moment::Answer),
            (self.aggregators.next(), Moment::Aggregator),
            (self.limiters.next_round(), Moment::Round),
            (self.collector.due(), Moment::Collector),
        ];
        for other in others {
            if other.0 < next.0 {
                next = other;
            }
        }
        next
    }

    fn act(&mut self, moment: Moment, shards: &Arc<Listing>) {
        match moment {
            Moment::Map => self.shards.step(self.now, shards, &self.line),
            Moment::Answer => self.answered(),
            Moment::Aggregator => self.aggregator_due(),
            Moment::Round => self.round_of_all(),
            Moment::Collector => self.send(),
        }
    }

    /// Takes over what is born before `until`, up to the first record that makes something happen.
    fn take_over(&mut self, until: u64) {
        let born = &self.arriving.born[self.front..];
        let n = if born.last().is_none_or(|b| *b < until) {
            born.len()
        } else {
            born.partition_point(|b| *b < until)
        };
        if n > 0 && self.shards.is_idle() {
            // The library makes a stream's pipeline when the first record comes.
            self.now = born[0].max(self.up_from);
            self.limiters.start(self.now);
            return self.shards.start(self.now, &self.line);
        }
        let extra = if self.law.keys.counted { self.law.keys.length } else { 0 };
        for i in self.front..self.front + n {
            let born = self.arriving.born[i];
            self.now = born.max(self.up_from);
            self.front = i + 1;
            let data = self.arriving.size[i] - extra;
            self.records += 1;
            self.bytes += u64::from(data);
            let user = User {
                born,
                position: self.arriving.position[i],
                data,
                key_bytes: self.law.keys.length,
                deadline: self.now + self.law.hold,
                past: Past::NONE,
            };
            if self.aggregate(user) {
                break;
            }
        }
    }

    /// When a user record's time is over. It counts from its arrival in the process.
    fn expires(&self, born: u64) -> u64 {
        born.max(self.up_from).saturating_add(self.law.ttl)
    }

    fn forget_taken(&mut self) {
        self.arriving.drop_front(self.front);
        self.front = 0;
    }

    /// User records of a parcel that no earlier attempt stored.
    fn unstored(parcel: &Parcel) -> u64 {
        parcel.len() as u64 - u64::from(parcel.stored_before())
    }
}

/// What happens next, in the order of one instant; births come between answers and the aggregator's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Map,
    Answer,
    Aggregator,
    Round,
    Collector,
}

impl Law {
    fn new(config: &KplConfig, keys: KeyBytes) -> Law {
        let (buffered, ttl) = (config.record_max_buffered_time.0, config.record_ttl.0);
        let share = u128::from(buffered) * u128::from(EXTENSION_SHARE.percent().0);
        let share = (share / u128::from(Percent::WHOLE)) as u64;
        let large = config.behaviour >= KplBehaviour::V1_0_6;
        let depth = if large { LIMITER_BYTES } else { LIMITER_BYTES_BEFORE };
        Law {
            aggregate: config.aggregation,
            hold: buffered.min(ttl),
            hold_again: buffered / 2,
            ttl,
            extension: if config.aggregation { share.min(EXTENSION_MAX.dur().0) } else { 0 },
            fail_if_throttled: config.fail_if_throttled,
            accepts_elsewhere: config.behaviour >= KplBehaviour::V0_15_11,
            keys,
            aggregation: Limits { count: config.aggregation_max_count, bytes: config.aggregation_max_size.0 },
            collection: Limits {
                count: u64::from(config.collection_max_count),
                bytes: config.collection_max_size.0,
            },
            rate_limit: config.rate_limit,
            depth: depth.bytes().0,
        }
    }
}

impl Client for Kpl {
    fn births(&mut self) -> &mut Columns {
        self.due = 0;
        &mut self.arriving
    }

    fn rests(&self, until: u64) -> bool {
        self.due >= until
    }

    fn quiet_until(&self) -> u64 {
        self.out.next().min(self.due)
    }

    fn advance(&mut self, until: u64, shards: &Arc<Listing>) {
        if until <= self.up_from {
            self.due = self.up_from;
            return;
        }
        loop {
            let (at, moment) = self.next_moment();
            let births_first = u64::from(moment >= Moment::Aggregator);
            let births_before = at.saturating_add(births_first).min(until);
            if self.arriving.born.get(self.front).is_some_and(|born| *born < births_before) {
                self.take_over(births_before);
                continue;
            }
            self.due = at;
            if at >= until {
                break;
            }
            self.now = at;
            self.act(moment, shards);
        }
        self.remember_most();
        self.forget_taken();
    }

    fn outgoing(&self) -> &Outgoing {
        &self.out
    }

    fn refused(&mut self, sent: &Sent, entry: usize) -> u32 {
        let slot = &mut self.parcels[self.sender.parcel(sent.slot, entry) as usize];
        slot.refused = true;
        slot.parcel.stored_before()
    }

    fn judged(&mut self, until: u64, shards: &Arc<Listing>) {
        for i in 0..self.out.calls.partition_point(|call| call.at < until) {
            let Sent { slot: call, entries, .. } = self.out.calls[i];
            for entry in 0..entries as usize {
                let ready = self.sender.call(call).request.entries[entry];
                let slot = &mut self.parcels[ready.parcel as usize];
                slot.actual = Some(shards.shard_at(slot.parcel.place()));
                self.bill(ready);
            }
            if self.sender.orphans > 0 && self.sender.call(call).orphan {
                self.sender.orphans -= 1;
                self.bury(call);
            }
        }
        self.out.drop_judged(until);
    }

    fn restart(&mut self, at: u64, back_at: u64) {
        self.die(at);
        self.up_from = self.up_from.max(back_at);
        (self.now, self.due) = (self.up_from, self.up_from);
    }

    fn held(&self, _: u64) -> u64 {
        let gathered: u64 = self.aggregators.held().map(Kpl::unstored).sum();
        let under_way = self.parcels.iter().filter(|slot| !slot.is_stored());
        let under_way: u64 = under_way.map(|slot| Kpl::unstored(&slot.parcel)).sum();
        gathered + under_way + (self.arriving.len() - self.front) as u64
    }

    fn settle_unanswered(&mut self, _: u64) {
        for call in self.sender.unanswered() {
            for ready in &self.sender.call(call).request.entries {
                let slot = &self.parcels[ready.parcel as usize];
                if slot.is_stored() {
                    measure_put(&mut self.report, &slot.parcel, self.sender.call(call));
                } else if slot.refused {
                    self.report.delayed += newly_failed(&slot.parcel);
                }
            }
        }
    }

    fn buffered(&self) -> (u64, u64) {
        (self.records, self.bytes)
    }

    fn report(&self) -> &Report {
        &self.report
    }
}
