//! Readers of the shapes around values: names that must exist, lists, maps from names, words that stand for none.

use super::context::{Cx, listed};
use super::diag::{Span, nearest, quote};
use super::grammar::{At, Read, Scalar, Shape};
use super::node::{Kind, Node};

/// The name of a consumer that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerName(pub usize);

/// The name of a producer that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerName(pub usize);

/// The name of a Firehose stream that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirehoseName(pub String);

impl Read for FirehoseName {
    fn shape() -> Shape {
        String::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let name = String::read(node, cx)?;
        let names = cx.firehoses.clone();
        position(&name, &names, "Firehose stream", node.span, cx).map(|_| FirehoseName(name))
    }
}

impl Read for ConsumerName {
    fn shape() -> Shape {
        String::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let name = String::read(node, cx)?;
        let names = cx.consumers.clone();
        position(&name, &names, "consumer", node.span, cx).map(ConsumerName)
    }
}

impl Read for ProducerName {
    fn shape() -> Shape {
        String::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let name = String::read(node, cx)?;
        let names = cx.producers.clone();
        position(&name, &names, "producer", node.span, cx).map(ProducerName)
    }
}

/// Where a name stands among those that exist.
pub fn position(name: &str, names: &[String], what: &str, at: Span, cx: &mut Cx) -> Option<usize> {
    let found = names.iter().position(|n| n == name);
    if found.is_none() {
        let words: Vec<&str> = names.iter().map(String::as_str).collect();
        let near = nearest(name, words.iter().copied()).map(|n| format!("did you mean `{n}`?"));
        let message = format!("`{}` names an unknown {what}: {}", cx.here(), quote(name));
        let expected = match words.len() {
            0 => format!("the scenario has no {what}"),
            1..=12 => format!("expected {}", listed(&words)),
            n => format!("none of the {n} {what}s"),
        };
        cx.say_with("unknown-name", at, message, &expected, near);
    }
    found
}

impl<T: Read> Read for Option<T> {
    fn shape() -> Shape {
        T::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        T::read(node, cx).map(Some)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn measure(&self) -> Option<u128> {
        self.as_ref().and_then(T::measure)
    }
}

impl<T: Read> Read for Box<T> {
    fn shape() -> Shape {
        T::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        T::read(node, cx).map(Box::new)
    }
    fn measure(&self) -> Option<u128> {
        T::measure(self)
    }
}

impl<T: Read> Read for At<T> {
    fn shape() -> Shape {
        T::shape()
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        T::read(node, cx).map(|value| At { value, at: node.span })
    }
    fn measure(&self) -> Option<u128> {
        self.value.measure()
    }
}

impl<T: Read> Read for Vec<T> {
    fn shape() -> Shape {
        Shape::List(T::shape)
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let Kind::List(items) = &node.kind else {
            cx.wrong_kind(node, "a list");
            return None;
        };
        let mut read = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            cx.enter(&(i + 1).to_string());
            let at = Span { end: item.span.start + 1, ..item.span };
            read.push(cx.under(at, |cx| T::read(item, cx)));
            cx.leave();
        }
        read.into_iter().collect()
    }
}

/// A map from names that the user chooses.
#[derive(Clone, Debug)]
pub struct Named<T>(pub Vec<(At<String>, T)>);

impl<T: Read> Read for Named<T> {
    fn shape() -> Shape {
        Shape::Named(T::shape)
    }
    fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
        let Kind::Map(entries) = &node.kind else {
            cx.wrong_kind(node, "a map from names to settings");
            return None;
        };
        let mut read = Vec::with_capacity(entries.len());
        for entry in entries {
            let fine = entry.key.len() <= 64
                && entry.key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
                && !entry.key.is_empty();
            if !fine {
                let message = format!("{} cannot be a name", quote(&entry.key));
                cx.say("bad-name", entry.at, message, "expected letters, digits, `_` and `-`, at most 64");
            }
            cx.enter(&entry.key);
            let name = At { value: entry.key.clone(), at: entry.at };
            let value = cx.under(entry.at, |cx| T::read(&entry.value, cx));
            read.push(value.filter(|_| fine).map(|v| (name, v)));
            cx.leave();
        }
        read.into_iter().collect::<Option<Vec<_>>>().map(Named)
    }
}

/// A value, or a word that stands for none.
macro_rules! or_word {
    ($(#[doc = $doc:literal])+ $Name:ident, $word:literal) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $Name<T>(pub Option<T>);

        impl<T: Read> Read for $Name<T> {
            fn shape() -> Shape {
                Shape::Either(T::shape, || Shape::Scalar(Scalar {
                    what: concat!("`", $word, "`"),
                    example: concat!("`", $word, "`"),
                    pattern: concat!("^", $word, "$"),
                }))
            }
            fn read(node: &Node, cx: &mut Cx) -> Option<Self> {
                match &node.kind {
                    Kind::Scalar(text) if text == $word => Some($Name(None)),
                    _ => {
                        let before = cx.diags.len();
                        let read = T::read(node, cx).map(|v| $Name(Some(v)));
                        if let (None, Some(diag)) = (&read, cx.diags.get_mut(before)) {
                            diag.expected.push_str(concat!(", or `", $word, "`"));
                        }
                        read
                    }
                }
            }
            fn measure(&self) -> Option<u128> {
                self.0.as_ref().and_then(T::measure)
            }
            fn besides() -> Option<&'static str> {
                Some($word)
            }
        }
    };
}

or_word!(
    /// A bound, or `unlimited`.
    Limited, "unlimited"
);
or_word!(
    /// A value, or `auto`: worked out from the workload.
    Auto, "auto"
);
or_word!(
    /// A bound, or `-1`: endless, as AWS writes it.
    Endless, "-1"
);
