//! `expect:`: what the author of a scenario claims, each with its source.

use super::context::{Cx, cite, listed};
use super::diag::{nearest, quote};
use super::goal::{Limit, Side, amount, range, subject};
use super::grammar::{At, OPTIONAL, REQUIRED, Read, Shape, section};
use super::metric::{Measured, Subject};
use super::node::Node;
use super::top::ModeSpec;
use crate::stream::config::Mode;

/// One line of `expect:`.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The mode it is about; `None` = every mode.
    pub mode: Option<Mode>,
    /// What is claimed.
    pub limit: Limit,
    /// Where the claim comes from: a case id, a fact's key, or `regression`.
    pub source: String,
}

section! {
    /// A claim.
    ExpectSpec {
        /// The metric, after the mode it is claimed for: `provisioned.throttled_attempts`.
        that: At<String> = REQUIRED,
        /// Lower end, in the metric's unit.
        at_least: Option<At<String>> = OPTIONAL,
        /// Upper end, in the metric's unit.
        at_most: Option<At<String>> = OPTIONAL,
        /// Case id, fact key, or `regression`.
        source: At<String> = REQUIRED,
    }
}

impl Read for Expectation {
    fn shape() -> Shape {
        ExpectSpec::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let spec = ExpectSpec::read(node, cx)?;
        expectation(&spec, cx)
    }
}

fn expectation(spec: &ExpectSpec, cx: &mut Cx) -> Option<Expectation> {
    let source = known_source(&spec.source, cx);
    let (mode, measured) = metric_path(&spec.that, cx)?;
    let mut end = |end: &Option<At<String>>| match end {
        None => Some(None),
        Some(text) => amount(&Node::scalar(&text.value, text.at), measured.metric.unit, cx).map(Some),
    };
    let (low, high) = (end(&spec.at_least), end(&spec.at_most));
    let limit = range(spec.that.value.clone(), measured, (low?, high?), spec.that.at, cx)?;
    Some(Expectation { mode, limit, source: source? })
}

/// `[mode.]metric`, `[mode.]consumers.NAME.metric`; `producers` and `firehose` likewise.
fn metric_path(path: &At<String>, cx: &mut Cx) -> Option<(Option<Mode>, Measured)> {
    let mut parts: Vec<&str> = path.value.split('.').collect();
    let mode = ModeSpec::of_word(parts[0]);
    if mode.is_some() {
        parts.remove(0);
    }
    let (side, subject, name) = match parts.as_slice() {
        [name] => (Side::Stream, Some(Subject::Stream), *name),
        ["consumers", who, name] => (Side::Consumer, subject(who, Side::Consumer, path.at, cx), *name),
        ["producers", who, name] => (Side::Producer, subject(who, Side::Producer, path.at, cx), *name),
        ["firehose", who, name] => (Side::Firehose, subject(who, Side::Firehose, path.at, cx), *name),
        _ => {
            let message = format!("{} is no metric", quote(&path.value));
            cx.say(
                "unknown-metric",
                path.at,
                message,
                "expected `[MODE.]METRIC` or `[MODE.]consumers.NAME.METRIC`",
            );
            return None;
        }
    };
    let metric = side.find(name);
    if metric.is_none() {
        let words = side.words();
        let near = nearest(name, words.iter().copied()).map(|n| format!("did you mean `{n}`?"));
        let message = format!("unknown metric {}", quote(name));
        cx.say_with("unknown-metric", path.at, message, &format!("expected {}", listed(&words)), near);
    }
    Some((mode, Measured { subject: subject?, metric: metric? }))
}

/// `regression`, a fact, or a case id such as `A01`.
fn known_source(source: &At<String>, cx: &mut Cx) -> Option<String> {
    let text = source.value.as_str();
    let plain = text.len() <= 60 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let case = plain && text.bytes().any(|b| b.is_ascii_digit());
    if text == "regression" || case || crate::facts::find(text).is_some() {
        return Some(text.to_owned());
    }
    let near = nearest(text, crate::facts::all().map(|f| f.key));
    let help = near.and_then(crate::facts::find).map(|f| format!("did you mean {}?", cite(f)));
    let message = format!("{} is no source", quote(text));
    cx.say_with(
        "unknown-source",
        source.at,
        message,
        "expected a case id (`A01`), a fact key, or `regression`",
        help,
    );
    None
}
