//! What Amazon says, and where: quotas, defaults and prices, each with source, date and standing.
//!
//! A number that AWS publishes (or should have) appears here and nowhere else. At the place of use it is typed:
//! `facts::data_streams::SHARD_WRITE_RECORDS.count()`; for listings there is one registry: [`all`], [`find`],
//! [`table`], [`explain`].

pub mod agent;
pub mod alarms;
pub mod alternatives;
pub mod autoscaler;
pub mod billing;
pub mod consumers;
pub mod data_streams;
mod fact;
pub mod fan_out;
pub mod firehose;
pub mod flink;
pub mod kcl;
pub mod kpl;
pub mod lambda;
pub mod latency;
pub mod managed_flink;
pub mod on_demand;
pub mod prices;
pub mod producers;
pub mod source;

pub use fact::{Fact, Standing, Value};
pub use source::Source;

const FILES: &[&[Fact]] = &[
    data_streams::ALL,
    autoscaler::ALL,
    on_demand::ALL,
    fan_out::ALL,
    producers::ALL,
    kpl::ALL,
    agent::ALL,
    flink::ALL,
    managed_flink::ALL,
    firehose::ALL,
    consumers::ALL,
    kcl::ALL,
    lambda::ALL,
    latency::ALL,
    billing::ALL,
    alternatives::ALL,
    alarms::ALL,
];

/// Every fact, in the registry's order.
pub fn all() -> impl Iterator<Item = &'static Fact> {
    FILES.iter().flat_map(|file| file.iter())
}

/// A fact by its key.
pub fn find(key: &str) -> Option<&'static Fact> {
    all().find(|fact| fact.key == key)
}

/// One row of a listing, all text.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// Key for `explain`.
    pub key: String,
    /// Value with its unit where the text has one.
    pub value: String,
    /// Unit, or kind of the value.
    pub unit: &'static str,
    /// Key of the source.
    pub source: &'static str,
    /// Address of the source.
    pub address: &'static str,
    /// Date of the text.
    pub date: &'static str,
    /// documented, source_code, measured, assumed.
    pub standing: &'static str,
    /// What it means.
    pub meaning: String,
}

impl Row {
    fn new(
        key: String,
        value: String,
        unit: &'static str,
        source: Source,
        standing: Standing,
        meaning: String,
    ) -> Row {
        Row {
            key,
            value,
            unit,
            source: source.key,
            address: source.address,
            date: source.date,
            standing: standing.word(),
            meaning,
        }
    }
}

/// Every fact and retry mode as a row of text.
pub fn table() -> Vec<Row> {
    let facts = all().map(|f| {
        let value = f.value.to_string();
        Row::new(f.key.into(), value, f.unit(), f.source, f.standing, f.meaning.into())
    });
    facts.chain(producers::RETRY_MODES.iter().map(retry_row)).collect()
}

fn retry_row(mode: &producers::RetryMode) -> Row {
    let key = format!("producer.retry.{}", mode.word);
    let value = format!("{} attempts", mode.attempts);
    Row::new(key, value, "attempts", mode.source, mode.standing, mode.meaning.into())
}

/// What a fact or price key means; `None` when there is no such key.
pub fn explain(key: &str) -> Option<String> {
    let row = table().into_iter().chain(prices::table()).find(|row| row.key == key)?;
    let source = source::ALL.iter().find(|s| s.key == row.source);
    let title = source.map_or("", |s| s.title);
    Some(format!(
        "{}\n  {}\n  value     {} ({})\n  standing  {}\n  source    {}: {}\n            {}\n  date      {}\n",
        row.key, row.meaning, row.value, row.unit, row.standing, row.source, title, row.address, row.date
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_is_there_once_and_can_be_explained() {
        let rows: Vec<Row> = table().into_iter().chain(prices::table()).collect();
        let keys: BTreeSet<&str> = rows.iter().map(|r| r.key.as_str()).collect();
        assert_eq!(keys.len(), rows.len(), "a key is used twice");
        for row in &rows {
            let text = explain(&row.key).unwrap();
            assert!(text.contains(&row.value) && text.contains(row.address));
            assert!(!row.meaning.is_empty() && !row.date.is_empty());
            assert!(source::ALL.iter().any(|s| s.key == row.source), "{}", row.key);
        }
        assert!(explain("no.such.key").is_none());
    }

    #[test]
    fn our_own_choices_are_called_assumed() {
        for fact in all().filter(|f| f.source == source::MODEL) {
            assert_eq!(fact.standing, Standing::Assumed, "{}", fact.key);
        }
    }

    #[test]
    fn typed_access_at_the_place_of_use() {
        const RECORDS: u64 = data_streams::SHARD_WRITE_RECORDS.count();
        assert_eq!(RECORDS, 1_000);
        assert_eq!(
            latency::PUSH.latency(),
            crate::random::LatencyLaw::Constant(crate::units::Dur::from_ms(70))
        );
        assert_eq!(
            find("latency.put").unwrap().value.to_string(),
            "p0 10 ms, p50 35 ms, p95 100 ms, p99 200 ms, p100 300 ms"
        );
        assert_eq!(billing::price_page_size("1MB").map(billing::put_payload_units), Some(40));
    }
}
