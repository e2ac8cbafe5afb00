//! The same traffic on Kafka (MSK) and on queues (SQS), in closed form: a sanity row, not a design.
//!
//! We model: brokers or partitions by sustained throughput, storage at the stream's retention, requests by payload
//! chunk. MSK Standard bills every copy; Express and Serverless bill the data once. One SQS queue for each reader.
//! We leave out: traffic between zones, replication across Regions, consumers' own machines, SQS's free requests, SNS in
//! front of several queues, and whether a queue can do what a stream does (order, replay).

use super::bill::{Bill, BillLine};
use super::clients::{Grows, Stretch, Used, with_clients};
use super::lines::BillError;
use crate::facts::alternatives as facts;
use crate::facts::prices::{Item, Prices};
use crate::units::billed::{
    BrokerHours, ClusterHours, GigabyteMonths, Gigabytes, PartitionHours, Requests, mul_div,
};
use crate::units::{ByteRate, Bytes, Dur};
use serde::Serialize;

/// A steady traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Records of the month.
    pub records: u128,
    /// Their bytes.
    pub bytes: u128,
    /// Bytes per second in the busiest minute.
    pub peak: ByteRate,
    /// Applications that read everything.
    pub readers: u64,
    /// How long data are held.
    pub retention: Dur,
    /// Length of the month.
    pub month: Dur,
}

/// One way to do it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alternative {
    /// Its name.
    pub name: &'static str,
    /// What it is sized for.
    pub how: String,
    /// Its bill of a month; `None`: the Region's table lacks a price.
    pub bill: Option<Bill>,
    /// Why there is none.
    pub missing: Option<String>,
}

/// How a traffic is carried: sized in words, and what it uses in a month.
type Way = fn(&Traffic) -> (String, Vec<Used>);

/// Every alternative, in a fixed order.
pub fn all(traffic: &Traffic, prices: &Prices) -> Vec<Alternative> {
    let ways: [(&'static str, Way); 5] = [
        ("MSK Standard", standard),
        ("MSK Express", express),
        ("MSK Serverless", serverless),
        ("SQS standard", |t| sqs(t, false)),
        ("SQS FIFO", |t| sqs(t, true)),
    ];
    let one = |(name, way): (&'static str, Way)| {
        let (how, used) = way(traffic);
        match bill(&used, prices) {
            Ok(bill) => Alternative { name, how, bill: Some(bill), missing: None },
            Err(why) => Alternative { name, how, bill: None, missing: Some(why.to_string()) },
        }
    };
    ways.into_iter().map(one).collect()
}

/// The bill of amounts of a month.
pub fn bill(used: &[Used], prices: &Prices) -> Result<Bill, BillError> {
    let mut bill = with_clients(Bill::default(), used, prices, Stretch::Run)?;
    bill.lines.retain(|l: &BillLine| l.amount.0 > 0);
    Ok(bill)
}

/// Brokers for so long, and what they store.
pub fn brokers(item: Item<BrokerHours>, brokers: u64, over: Dur, stored: GigabyteMonths) -> Vec<Used> {
    let hours = BrokerHours(u128::from(brokers) * u128::from(over.0));
    vec![
        Used::new("MSK", item, hours, Grows::WithTime),
        Used::new("MSK", Item::MSK_STORAGE, stored, Grows::WithTime),
    ]
}

/// Requests, each payload of so many bytes counted by its chunks.
pub fn requests(fifo: bool, calls: u128, payload: Bytes) -> Vec<Used> {
    let chunks = payload.0.div_ceil(facts::SQS_CHUNK.bytes().0).max(1);
    let requests = Requests(calls * u128::from(chunks));
    let ends = [facts::SQS_TIER_1, facts::SQS_TIER_2].map(|f| Requests(f.count().into()));
    let items = match fifo {
        false => [Item::SQS_REQUEST, Item::SQS_REQUEST_2, Item::SQS_REQUEST_3],
        true => [Item::SQS_FIFO, Item::SQS_FIFO_2, Item::SQS_FIFO_3],
    };
    let used = Used::new("SQS", items[0], requests, Grows::WithRecords);
    vec![used.then(ends[0], items[1]).then(ends[1], items[2])]
}

/// Bytes held all month at the month's mean rate.
fn held(traffic: &Traffic, copies: u64) -> GigabyteMonths {
    let held = traffic.bytes.saturating_mul(u128::from(copies));
    // Bytes of the month × retention: rate × retention held for a month.
    GigabyteMonths { byte_ns: held.saturating_mul(u128::from(traffic.retention.0)), month: traffic.month }
}

fn out(traffic: &Traffic) -> u64 {
    traffic.peak.0.saturating_mul(traffic.readers)
}

fn standard(traffic: &Traffic) -> (String, Vec<Used>) {
    let less = facts::STANDARD_SHARE.count();
    let n = broker_count(
        traffic,
        facts::EXPRESS_IN.byte_rate().0 / less,
        facts::EXPRESS_OUT.byte_rate().0 / less,
    );
    let how = format!(
        "{n} × kafka.m7g.large for {} in and {} out, {} copies for {}",
        traffic.peak,
        ByteRate(out(traffic)),
        facts::COPIES.count(),
        traffic.retention
    );
    let stored = held(traffic, facts::COPIES.count());
    (how, brokers(Item::MSK_M7G_LARGE, n, traffic.month, stored))
}

fn express(traffic: &Traffic) -> (String, Vec<Used>) {
    let n = broker_count(traffic, facts::EXPRESS_IN.byte_rate().0, facts::EXPRESS_OUT.byte_rate().0);
    let how = format!(
        "{n} × express.m7g.large for {} in and {} out, stored for {}",
        traffic.peak,
        ByteRate(out(traffic)),
        traffic.retention
    );
    let hours = BrokerHours(u128::from(n) * u128::from(traffic.month.0));
    let used = vec![
        Used::new("MSK", Item::MSK_EXPRESS, hours, Grows::WithTime),
        Used::new("MSK", Item::MSK_EXPRESS_IN, Gigabytes(traffic.bytes), Grows::WithRecords),
        Used::new("MSK", Item::MSK_EXPRESS_STORAGE, held(traffic, 1), Grows::WithTime),
    ];
    (how, used)
}

fn broker_count(traffic: &Traffic, into: u64, from: u64) -> u64 {
    let by_in = traffic.peak.0.div_ceil(into.max(1));
    let by_out = out(traffic).div_ceil(from.max(1));
    by_in.max(by_out).max(facts::BROKERS_MIN.count())
}

fn serverless(traffic: &Traffic) -> (String, Vec<Used>) {
    let by_in = traffic.peak.0.div_ceil(facts::SERVERLESS_IN.byte_rate().0);
    let by_out = out(traffic).div_ceil(facts::SERVERLESS_OUT.byte_rate().0);
    let partitions = by_in.max(by_out).max(1);
    let how = format!(
        "a cluster and {partitions} partitions for {} in and {} out, stored for {}",
        traffic.peak,
        ByteRate(out(traffic)),
        traffic.retention
    );
    let ns = u128::from(traffic.month.0);
    let read = traffic.bytes.saturating_mul(u128::from(traffic.readers));
    let used = vec![
        Used::new("MSK", Item::MSK_SERVERLESS, ClusterHours(ns), Grows::WithTime),
        Used::new("MSK", Item::MSK_PARTITION, PartitionHours(ns * u128::from(partitions)), Grows::WithTime),
        Used::new("MSK", Item::MSK_SERVERLESS_STORAGE, held(traffic, 1), Grows::WithTime),
        Used::new("MSK", Item::MSK_SERVERLESS_IN, Gigabytes(traffic.bytes), Grows::WithRecords),
        Used::new("MSK", Item::MSK_SERVERLESS_OUT, Gigabytes(read), Grows::WithRecords),
    ];
    (how, used)
}

fn sqs(traffic: &Traffic, fifo: bool) -> (String, Vec<Used>) {
    let mean = traffic.bytes.checked_div(traffic.records).unwrap_or(0).max(1);
    let most = facts::SQS_BATCH_BYTES.bytes().0;
    let fit = (u128::from(most) / mean).clamp(1, facts::SQS_BATCH.count().into());
    let payload = Bytes(u64::try_from(fit * mean).unwrap_or(u64::MAX));
    let queues = u128::from(traffic.readers.max(1));
    let batches = mul_div(traffic.records, queues, fit).unwrap_or(u128::MAX);
    let calls = u128::from(facts::SQS_CALLS.count());
    let chunks = u128::from(payload.0.div_ceil(facts::SQS_CHUNK.bytes().0).max(1));
    let how = format!(
        "{queues} queues, batches of {fit}: {} requests by payload and one to delete for each",
        calls * chunks
    );
    let per_chunk = facts::SQS_CHUNK.bytes();
    let all = batches.saturating_mul(calls * chunks + 1);
    (how, requests(fifo, all, per_chunk))
}
