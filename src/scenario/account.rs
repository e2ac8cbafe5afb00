//! `streams:`: an account with several streams.
//!
//! A file with `streams:` is read as one scenario per stream: what stands at the top holds for all, what stands under
//! a name is that stream's. So every rule and every diagnostic of one stream holds for each of many.

use super::consumer::Consumers;
use super::context::Cx;
use super::events::Event;
use super::expect::Expectation;
use super::firehose::Firehose;
use super::goal::{CentralSpec, GoalSpec};
use super::grammar::{At, OPTIONAL, REQUIRED, Read, Shape, default, section};
use super::node::{Kind, Node};
use super::shapes::Named;
use super::stream::StreamSpec;
use super::top::{Modes, Producers};

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
        let expected = "one stream; `kinesim run` takes several";
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
