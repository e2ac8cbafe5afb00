//! `goal:`, `expect:` and `central:`: what the user wishes, what the author claims.

use super::context::Cx;
use super::diag::Span;
use super::grammar::{At, Key, OPTIONAL, REQUIRED, Read, Shape, choice, default, section};
use super::metric::{self, Measured, Metric, Subject, Unit};
use super::node::{Entry, Kind, Node};
use super::shapes::position;
use crate::stream::config::Mode;
use crate::units::{Bytes, Dur, Factor, Money, Percent, RecordRate};

/// A bound in the unit of its metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    /// In the metric's base unit (ns, fraction, USD, count, records/s).
    pub value: f64,
}

/// `goal:` resolved.
#[derive(Clone, Debug)]
pub struct Goal {
    /// Which modes must meet it.
    pub mode: GoalMode,
    /// Its limits, all of which must hold.
    pub limits: Vec<Limit>,
    /// Where it is written.
    pub(super) at: Span,
}

/// Which modes must meet a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoalMode {
    /// One of them.
    Any,
    /// All of them.
    All,
    /// This one.
    One(Mode),
}

/// A metric and the range it must be in.
#[derive(Clone, Debug)]
pub struct Limit {
    /// The metric as written, `consumers.dashboard.propagation_p99`.
    pub path: String,
    /// What it names.
    pub measured: Measured,
    /// Lower end.
    pub at_least: Option<Amount>,
    /// Upper end.
    pub at_most: Option<Amount>,
    /// The range as written.
    pub text: String,
}

impl Limit {
    /// Whether a value is inside; an unmeasured value is not.
    pub fn holds(&self, value: Option<f64>) -> bool {
        let Some(value) = value else { return false };
        self.at_least.is_none_or(|a| value >= a.value) && self.at_most.is_none_or(|a| value <= a.value)
    }
}

/// The setting a committed scenario turns on, and a value that breaks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Central {
    /// The key, dotted, as for `--set`.
    pub key: String,
    /// A value that makes an expectation fail.
    pub broken: String,
}

choice! {
    /// Which modes must meet the goal.
    GoalModeSpec {
        /// One of them.
        any: Any,
        /// All of them.
        all: All,
        /// Provisioned.
        provisioned: Provisioned,
        /// On-demand Standard.
        on_demand: OnDemand,
        /// On-demand Advantage.
        on_demand_advantage: OnDemandAdvantage,
    }
}

section! {
    /// A setting and a value that breaks it.
    CentralSpec {
        /// The key, dotted.
        key: At<String> = REQUIRED,
        /// A value that makes an expectation fail, as text.
        broken: BrokenText = REQUIRED,
    }
}

/// Any value, kept as the text `--set` would take.
#[derive(Clone, Debug)]
pub struct BrokenText(pub String);

impl Read for BrokenText {
    fn shape() -> Shape {
        String::shape()
    }
    fn read(node: &Node, _: &mut Cx) -> Option<Self> {
        Some(BrokenText(node.to_flow()))
    }
}

/// `goal:` as read: names are resolved while reading.
#[derive(Clone, Debug)]
pub struct GoalSpec(pub Goal);

const MODE_KEY: Key = Key {
    name: "mode",
    doc: "Which modes must meet the goal.",
    shape: <GoalModeSpec as Read>::shape,
    rule: default("any"),
};

fn limit_key(metric: &Metric) -> Key {
    Key {
        name: metric.name,
        doc: metric.doc,
        shape: match metric.unit {
            Unit::Time => <RangeOf<Dur>>::shape,
            Unit::Share => <RangeOf<Percent>>::shape,
            Unit::Usd => <RangeOf<Money>>::shape,
            Unit::Count => <RangeOf<u64>>::shape,
            Unit::Rate => <RangeOf<RecordRate>>::shape,
            Unit::Factor => <RangeOf<Factor>>::shape,
            Unit::Bytes => <RangeOf<Bytes>>::shape,
        },
        rule: OPTIONAL,
    }
}

/// Keys of the goal, of one producer's goals, of one consumer's.
fn keys(side: Side) -> &'static [Key] {
    use std::sync::OnceLock;
    static STREAM: OnceLock<Vec<Key>> = OnceLock::new();
    static PRODUCER: OnceLock<Vec<Key>> = OnceLock::new();
    static CONSUMER: OnceLock<Vec<Key>> = OnceLock::new();
    static FIREHOSE: OnceLock<Vec<Key>> = OnceLock::new();
    let named = |name, doc, shape| Key { name, doc, shape, rule: OPTIONAL };
    match side {
        Side::Stream => STREAM.get_or_init(|| {
            let metrics = metric::STREAM.iter().map(limit_key);
            let producers = named("producers", "Limits for single producers.", || {
                Shape::Named(|| Shape::Section(keys(Side::Producer)))
            });
            let consumers = named("consumers", "Limits for single consumers.", || {
                Shape::Named(|| Shape::Section(keys(Side::Consumer)))
            });
            let firehose = named("firehose", "Limits for single Firehose streams.", || {
                Shape::Named(|| Shape::Section(keys(Side::Firehose)))
            });
            std::iter::once(MODE_KEY).chain(metrics).chain([producers, consumers, firehose]).collect()
        }),
        Side::Producer => PRODUCER.get_or_init(|| metric::producer().map(|m| limit_key(&m)).collect()),
        Side::Consumer => CONSUMER.get_or_init(|| metric::consumer().map(|m| limit_key(&m)).collect()),
        Side::Firehose => FIREHOSE.get_or_init(|| metric::FIREHOSE.iter().map(limit_key).collect()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Stream,
    Producer,
    Consumer,
    Firehose,
}

impl Side {
    /// The metric of a name.
    pub(super) fn find(self, name: &str) -> Option<Metric> {
        match self {
            Side::Stream => metric::STREAM.iter().copied().find(|m| m.name == name),
            Side::Producer => metric::producer().find(|m| m.name == name),
            Side::Consumer => metric::consumer().find(|m| m.name == name),
            Side::Firehose => metric::FIREHOSE.iter().copied().find(|m| m.name == name),
        }
    }
    /// All names.
    pub(super) fn words(self) -> Vec<&'static str> {
        match self {
            Side::Stream => metric::STREAM.iter().map(|m| m.name).collect(),
            Side::Producer => metric::producer().map(|m| m.name).collect(),
            Side::Consumer => metric::consumer().map(|m| m.name).collect(),
            Side::Firehose => metric::FIREHOSE.iter().map(|m| m.name).collect(),
        }
    }
}

/// `{ at_least, at_most }` of one type.
struct RangeOf<T>(std::marker::PhantomData<T>);

impl<T: Read> RangeOf<T> {
    const KEYS: &'static [Key] = &[
        Key { name: "at_most", doc: "Upper end.", shape: T::shape, rule: OPTIONAL },
        Key { name: "at_least", doc: "Lower end.", shape: T::shape, rule: OPTIONAL },
    ];
    fn shape() -> Shape {
        Shape::Section(Self::KEYS)
    }
}

impl Read for GoalSpec {
    fn shape() -> Shape {
        Shape::Section(keys(Side::Stream))
    }

    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let before = cx.diags.len();
        cx.section(node, keys(Side::Stream))?;
        static MODE: Key = MODE_KEY;
        let mode = cx.field::<GoalModeSpec>(node, &MODE, &[]);
        let mut limits = Vec::new();
        let Kind::Map(entries) = &node.kind else {
            return None;
        };
        for entry in entries {
            cx.enter(&entry.key);
            match entry.key.as_str() {
                "consumers" => limits.extend(named(entry, Side::Consumer, cx)),
                "producers" => limits.extend(named(entry, Side::Producer, cx)),
                "firehose" => limits.extend(named(entry, Side::Firehose, cx)),
                name => {
                    limits.extend(Side::Stream.find(name).and_then(|m| limit(entry, Subject::Stream, m, cx)))
                }
            }
            cx.leave();
        }
        if limits.is_empty() && cx.diags.len() == before {
            let at = cx.key().unwrap_or(node.span);
            cx.say(
                "empty-goal",
                at,
                "the goal sets no limit".to_owned(),
                "expected a metric, for example `throttled_attempts: { at_most: 0.1 % }`",
            );
        }
        let mode = match mode? {
            GoalModeSpec::Any => GoalMode::Any,
            GoalModeSpec::All => GoalMode::All,
            GoalModeSpec::Provisioned => GoalMode::One(Mode::Provisioned),
            GoalModeSpec::OnDemand => GoalMode::One(Mode::OnDemand),
            GoalModeSpec::OnDemandAdvantage => GoalMode::One(Mode::OnDemandAdvantage),
        };
        contradictions(&limits, node, cx);
        let at = cx.key().unwrap_or(node.span);
        (cx.diags.len() == before).then_some(GoalSpec(Goal { mode, limits, at }))
    }
}

/// Figures of which the one before is never above the one after, whatever happens.
const LADDERS: [&[&str]; 4] = [
    &["_p50", "_p90", "_p99", "_p999", "_max"],
    &["_mean", "_max"],
    &["shards_at_start", "shards_max"],
    &["shards_at_end", "shards_max"],
];

/// Limits of one subject that no run can meet together: a lower figure must be high and a higher one low.
fn contradictions(limits: &[Limit], node: &Node, cx: &mut Cx) {
    for low in limits {
        for high in limits {
            let ladder = LADDERS.iter().find(|l| above(low, high, l));
            let (Some(_), Some(least), Some(most)) = (ladder, low.at_least, high.at_most) else { continue };
            if least.value > most.value {
                let at = cx.key().unwrap_or(node.span);
                let message =
                    format!("`{}` {} and `{}` {} cannot both hold", low.path, low.text, high.path, high.text);
                let expected = format!("`{}` is never above `{}`", low.path, high.path);
                cx.say("contradiction", at, message, &expected);
            }
        }
    }
}

/// Whether `high` stands above `low` on a ladder, of the same subject and hop.
fn above(low: &Limit, high: &Limit, ladder: &[&str]) -> bool {
    let place = |l: &Limit| {
        let (i, end) = ladder.iter().enumerate().find(|(_, end)| l.path.ends_with(**end))?;
        Some((i, l.path.strip_suffix(end)?.to_owned()))
    };
    matches!((place(low), place(high)), (Some((a, of)), Some((b, also))) if of == also && a < b)
}

pub(super) fn subject(name: &str, side: Side, at: Span, cx: &mut Cx) -> Option<Subject> {
    let (names, what) = match side {
        Side::Consumer => (cx.consumers.clone(), "consumer"),
        Side::Firehose => (cx.firehoses.clone(), "Firehose stream"),
        _ => (cx.producers.clone(), "producer"),
    };
    let found = position(name, &names, what, at, cx)?;
    Some(match side {
        Side::Consumer => Subject::Consumer(found),
        Side::Firehose => Subject::Firehose(found),
        _ => Subject::Producer(found),
    })
}

fn named(map: &Entry, side: Side, cx: &mut Cx) -> Vec<Limit> {
    let mut limits = Vec::new();
    let Kind::Map(entries) = &map.value.kind else {
        cx.wrong_kind(&map.value, "a map from names to limits");
        return limits;
    };
    for entry in entries {
        cx.enter(&entry.key);
        let subject = subject(&entry.key, side, entry.at, cx);
        if let (Some(()), Some(subject), Kind::Map(inner)) =
            (cx.section(&entry.value, keys(side)), subject, &entry.value.kind)
        {
            for one in inner {
                cx.enter(&one.key);
                limits.extend(side.find(&one.key).and_then(|m| limit(one, subject, m, cx)));
                cx.leave();
            }
        }
        cx.leave();
    }
    limits
}

fn limit(entry: &Entry, subject: Subject, metric: Metric, cx: &mut Cx) -> Option<Limit> {
    let Shape::Section(keys) = (limit_key(&metric).shape)() else {
        return None;
    };
    cx.section(&entry.value, keys)?;
    let path = cx.here().trim_start_matches("goal.").to_owned();
    let mut end = |key: &str| match entry.value.get(key) {
        None => Some(None),
        Some(e) => {
            cx.enter(key);
            let read = amount(&e.value, metric.unit, cx);
            cx.leave();
            read.map(Some)
        }
    };
    let (at_least, at_most) = (end("at_least"), end("at_most"));
    range(path, Measured { subject, metric }, (at_least?, at_most?), entry.at, cx)
}

/// An end with the text it was written as.
pub(super) type End = Option<(Amount, String)>;

pub(super) fn range(
    path: String,
    measured: Measured,
    (low, high): (End, End),
    at: Span,
    cx: &mut Cx,
) -> Option<Limit> {
    let text = match (&low, &high) {
        (None, None) => {
            cx.say("no-range", at, format!("`{path}` sets no limit"), "expected `at_most` or `at_least`");
            return None;
        }
        (Some((a, _)), Some((b, _))) if a.value > b.value => {
            cx.say(
                "backwards",
                at,
                format!("`{path}` can never hold: `at_least` is above `at_most`"),
                "the smaller end is `at_least`",
            );
            return None;
        }
        (None, Some((_, high))) => format!("at most {high}"),
        (Some((_, low)), None) => format!("at least {low}"),
        (Some((_, low)), Some((_, high))) => format!("{low} .. {high}"),
    };
    Some(Limit { path, measured, at_least: low.map(|l| l.0), at_most: high.map(|h| h.0), text })
}

/// A bound in the unit of its metric.
pub(super) fn amount(node: &Node, unit: Unit, cx: &mut Cx) -> Option<(Amount, String)> {
    let value = match unit {
        Unit::Time => Dur::read(node, cx)?.0 as f64,
        Unit::Share => Percent::read(node, cx)?.fraction(),
        Unit::Usd => Money::read(node, cx)?.as_f64(),
        Unit::Count => u64::read(node, cx)? as f64,
        Unit::Rate => RecordRate::read(node, cx)?.as_f64(),
        Unit::Factor => Factor::read(node, cx)?.as_f64(),
        Unit::Bytes => Bytes::read(node, cx)?.0 as f64,
    };
    let written = match &node.kind {
        Kind::Scalar(text) => text.clone(),
        _ => node.to_flow(),
    };
    Some((Amount { value }, written))
}
