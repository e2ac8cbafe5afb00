//! `streams:`: an account with several streams.
//!
//! A file with `streams:` is read as one scenario per stream: what stands at the top holds for all, what stands under
//! a name is that stream's. So every rule and every diagnostic of one stream holds for each of many.

use super::consumer::Consumers;
use super::context::Cx;
use super::events::Event;
use super::expect::Expectation;
use super::findings::QuotaFinding;
use super::firehose::Firehose;
use super::goal::{CentralSpec, GoalSpec};
use super::grammar::{At, OPTIONAL, REQUIRED, Read, Shape, default, section};
use super::node::{Kind, Node};
use super::shapes::Named;
use super::stream::StreamSpec;
use super::top::{Modes, Producers};
use super::{AccountScenario, Scenario};
use crate::facts::{data_streams, on_demand};
use crate::stream::config::Mode;
use crate::world::sizing;

impl AccountScenario {
    /// Documented quotas that each stream would break, and all of them together.
    pub fn quota_findings(&self) -> Vec<QuotaFinding> {
        if !self.named {
            return self.streams.iter().flat_map(Scenario::quota_findings).collect();
        }
        let mut all = Vec::new();
        for stream in &self.streams {
            let of_it =
                |f: QuotaFinding| QuotaFinding { key: format!("streams.{}.{}", stream.name, f.key), ..f };
            all.extend(stream.quota_findings().into_iter().map(of_it));
        }
        let Some(first) = self.streams.first() else { return all };
        let bought = self.streams.iter().filter(|s| s.modes.contains(&Mode::Provisioned));
        let shards =
            |s: &Scenario| u64::from(sizing::provisioned_shards(&s.world(Mode::Provisioned, s.seed, 0)));
        let together: u64 = bought.map(shards).sum();
        let quota = first.shard_quota.map(u64::from).or_else(|| data_streams::shard_quota(&first.region));
        if let Some(quota) = quota.filter(|q| together > *q) {
            let text =
                format!("{together} shards together; the account's quota in {} is {quota}", first.region);
            let fact = data_streams::SHARD_QUOTA_LARGE.key;
            all.push(QuotaFinding { key: "streams".into(), text, fact });
        }
        let on_demand = |s: &&Scenario| s.modes.iter().any(|m| *m != Mode::Provisioned);
        let (streams, quota) = (self.streams.iter().filter(on_demand).count(), on_demand::STREAMS.count());
        if streams as u64 > quota {
            let text = format!("{streams} on-demand streams; an account has {quota} by default");
            all.push(QuotaFinding { key: "streams".into(), text, fact: on_demand::STREAMS.key });
        }
        all
    }
}

/// Streams of an account at most: beyond, a file is a mistake.
const STREAMS_MAX: usize = 200;

section! {
    /// One stream of an account; duration, Region, account and bill stand at the top of the file.
    StreamOfAccount {
        /// Who sends.
        producers: Producers = REQUIRED,
        /// The stream.
        stream: StreamSpec = REQUIRED,
        /// Who reads.
        consumers: At<Named<Consumers>> = default("{}"),
        /// Delivery by Firehose.
        firehose: Named<Firehose> = default("{}"),
        /// What happens on the way.
        events: Vec<Event> = default("[]"),
        /// The modes this stream may be in; those at the top when it is not written.
        modes: Option<Modes> = OPTIONAL,
        /// What the user wishes of this stream.
        goal: Option<GoalSpec> = OPTIONAL,
        /// What the author claims of it.
        expect: Vec<Expectation> = default("[]"),
        /// The setting everything turns on, below this stream's name.
        central: Option<CentralSpec> = OPTIONAL,
    }
}

/// The map of streams as the grammar sees it; it is taken apart before anything is read.
#[derive(Clone, Debug)]
pub enum Streams {}

impl Read for Streams {
    fn shape() -> Shape {
        Shape::Named(StreamOfAccount::shape)
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let expected = "one of its streams; `kinesim run` and `kinesim check` take all";
        cx.say("several-streams", node.span, "the file describes an account with streams".into(), expected);
        None
    }
}

/// The scenarios of a file: (the stream's name, the tree of its own scenario); `None` after a mistake.
pub fn expand(root: &Node, cx: &mut Cx) -> Option<Vec<(Option<String>, Node)>> {
    let Some(streams) = root.get("streams") else { return Some(vec![(None, root.clone())]) };
    let (Kind::Map(top), Kind::Map(named)) = (&root.kind, &streams.value.kind) else {
        cx.say(
            "wrong-kind",
            streams.at,
            "`streams` is no map".into(),
            "expected a map from names to streams",
        );
        return None;
    };
    if named.is_empty() || named.len() > STREAMS_MAX {
        let message = format!("`streams` has {} streams", named.len());
        cx.say("streams", streams.at, message, &format!("expected 1 to {STREAMS_MAX}"));
        return None;
    }
    let before = cx.diags.len();
    let of_a_stream = |key: &str| StreamOfAccount::KEYS.iter().any(|k| k.name == key);
    for entry in top.iter().filter(|e| of_a_stream(&e.key) && e.key != "modes") {
        let message = format!("`{}` stands at the top of a file with `streams`", entry.key);
        cx.say("several-streams", entry.at, message, "expected it under the name of a stream");
    }
    let mut all = Vec::new();
    for stream in named {
        cx.enter("streams");
        cx.enter(&stream.key);
        let sound = cx.section(&stream.value, StreamOfAccount::KEYS);
        cx.leave();
        cx.leave();
        let (Some(()), Kind::Map(own)) = (sound, &stream.value.kind) else {
            if matches!(stream.value.kind, Kind::Null) {
                cx.say(
                    "no-value",
                    stream.at,
                    format!("`streams.{}` has no value", stream.key),
                    "expected a stream",
                );
            }
            continue;
        };
        let written = |key: &str| own.iter().any(|e| e.key == key);
        let shared = top.iter().filter(|e| e.key != "streams" && !written(&e.key));
        let entries = shared.chain(own).cloned().collect();
        all.push((Some(stream.key.clone()), Node { span: stream.at, kind: Kind::Map(entries) }));
    }
    (cx.diags.len() == before).then_some(all)
}
