//! A first glance at the tree: what parts need to know about each other while they are read, even where the other
//! part has mistakes of its own.

use super::consumer;
use super::context::Cx;
use super::node::{Entry, Kind, Node};
use super::sets;
use crate::facts::data_streams as facts;
use crate::units::parse;
use std::collections::BTreeSet;

/// Names, duration and record size, taken as written; what is wrong with them is said when they are read.
pub fn at(root: &Node, cx: &mut Cx) {
    cx.producers = entries(root, "producers").iter().map(|e| e.key.clone()).collect();
    consumers(root, cx);
    cx.firehoses = entries(root, "firehose").iter().map(|e| e.key.clone()).collect();
    cx.firehoses.sort();
    cx.duration = scalar(root, &["duration"]).and_then(|t| parse::duration(t).ok());
    let bounds = facts::RECORD_SIZE_DEFAULT.bytes()..=facts::RECORD_SIZE_MAX.bytes();
    if let Some(text) = scalar(root, &["stream", "max_record_size"]) {
        // A wrong limit is one mistake: records are then held against the largest there is.
        let written = parse::bytes(text).ok().filter(|size| bounds.contains(size));
        cx.max_record = written.unwrap_or(*bounds.end());
    }
    central(root, cx);
    choices(root, cx);
}

fn entries<'a>(root: &'a Node, key: &str) -> &'a [Entry] {
    match root.get(key).map(|e| &e.value.kind) {
        Some(Kind::Map(entries)) => entries,
        _ => &[],
    }
}

fn scalar<'a>(root: &'a Node, path: &[&str]) -> Option<&'a str> {
    let node = path.iter().try_fold(root, |n, key| n.get(key).map(|e| &e.value))?;
    match &node.kind {
        Kind::Scalar(text) => Some(text),
        _ => None,
    }
}

/// `count:` makes names that another consumer may have.
fn consumers(root: &Node, cx: &mut Cx) {
    let mut seen = BTreeSet::new();
    for entry in entries(root, "consumers") {
        let count = scalar(&entry.value, &["count"]).and_then(|t| parse::count(t).ok());
        let count = count.and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=1_000).contains(n));
        for name in consumer::names(&entry.key, count) {
            if !seen.insert(name.clone()) {
                let message = format!("two consumers are named `{name}`");
                cx.say("duplicate-name", entry.at, message, "`count` makes NAME-1, NAME-2, ...");
            }
            cx.consumers.push(name);
        }
        if cx.consumers.len() > consumer::MOST {
            let message = format!("more than {} consumers", consumer::MOST);
            cx.say("too-many-consumers", entry.at, message, "one entry too many");
            return;
        }
    }
    // A Firehose stream that reads the stream is a consumer of it; one that a producer puts to is not.
    for entry in entries(root, "firehose") {
        let from = entry.value.get("from").map(|e| &e.value.kind);
        if matches!(from, Some(Kind::Map(_))) {
            continue;
        }
        if !seen.insert(entry.key.clone()) {
            let message = format!("a consumer is named `{}` too", entry.key);
            cx.say(
                "duplicate-name",
                entry.at,
                message,
                "a Firehose stream that reads the stream is a consumer",
            );
        }
        cx.consumers.push(entry.key.clone());
    }
}

/// The central setting must be a key of the grammar.
fn central(root: &Node, cx: &mut Cx) {
    let Some(key) = root.get("central").and_then(|c| c.value.get("key")) else {
        return;
    };
    if let Kind::Scalar(text) = &key.value.kind {
        sets::check_key(root, text, key.value.span, cx);
    }
}

/// Keys to choose from must be keys of the grammar.
fn choices(root: &Node, cx: &mut Cx) {
    let Some(choose) = root.get("plan").and_then(|p| p.value.get("choose")) else {
        return;
    };
    if let Kind::Map(entries) = &choose.value.kind {
        entries.iter().for_each(|e| sets::check_key(root, &e.key, e.at, cx));
    }
}
