//! `--set stream.shards=8`: overlays on the tree before it is read.

use super::context::{Cx, listed};
use super::diag::{FileId, Span, nearest, quote};
use super::grammar::{Read, Shape};
use super::node::{Entry, Kind, Node};
use super::top::TopSpec;

/// Applies every overlay; an unknown key is a mistake in the overlay itself.
pub fn apply(root: &mut Node, sets: &[(String, String)], cx: &mut Cx) {
    for (key, value) in sets {
        let text = format!("{key}={value}");
        let file = cx.sources.add("--set", &text);
        let at = Span { file, start: 0, end: key.len() };
        let Some(mut node) = parse_value(value, file, key.len() + 1, cx) else {
            continue;
        };
        node.span = Span { file, start: key.len() + 1, end: text.len() };
        let written: Vec<&str> = key.split('.').collect();
        let parts: Vec<String> =
            with_words(TopSpec::shape(), &written, root).into_iter().map(str::to_owned).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if known(TopSpec::shape(), &parts, root, at, cx) {
            put(root, &parts, node, at);
        }
    }
}

/// The path with the words put in that the file itself chose: `rate.base` is `rate.spike.base` where the rate is a spike.
fn with_words<'a>(shape: Shape, parts: &[&'a str], node: &'a Node) -> Vec<&'a str> {
    let Some((part, rest)) = parts.split_first() else {
        return Vec::new();
    };
    let below = |shape: Shape| {
        let deeper = node.get(part).map_or_else(|| rest.to_vec(), |e| with_words(shape, rest, &e.value));
        [&[*part], deeper.as_slice()].concat()
    };
    match shape {
        Shape::Section(keys) => match keys.iter().find(|k| k.name == *part) {
            Some(key) => below((key.shape)()),
            None => parts.to_vec(),
        },
        Shape::Named(of) => below(of()),
        Shape::Choice(words) => {
            let chosen = match &node.kind {
                Kind::Map(entries) if entries.len() == 1 => &entries[0],
                _ => return parts.to_vec(),
            };
            let body = |name: &str| words.iter().find(|w| w.name == name).and_then(|w| w.body);
            match (body(part), body(&chosen.key)) {
                (Some(body), _) => below(body()),
                (None, Some(body)) if has(body(), part) => {
                    let deeper = with_words(body(), parts, &chosen.value);
                    [&[chosen.key.as_str()], deeper.as_slice()].concat()
                }
                _ => parts.to_vec(),
            }
        }
        Shape::Either(one, other) => {
            let both = [one(), other()].map(|shape| with_words(shape, parts, node));
            both.into_iter().max_by_key(Vec::len).unwrap_or_default()
        }
        Shape::List(_) | Shape::Scalar(_) => parts.to_vec(),
    }
}

/// Whether a form has such a key of its own.
fn has(shape: Shape, part: &str) -> bool {
    match shape {
        Shape::Section(keys) => keys.iter().any(|k| k.name == part),
        Shape::Either(one, other) => has(one(), part) || has(other(), part),
        _ => false,
    }
}

/// Reports a dotted key that the grammar does not have.
pub fn check_key(root: &Node, key: &str, at: Span, cx: &mut Cx) {
    let parts: Vec<&str> = key.split('.').collect();
    known(TopSpec::shape(), &parts, root, at, cx);
}

/// The value's own tree, its places moved behind `key=`.
fn parse_value(value: &str, file: FileId, by: usize, cx: &mut Cx) -> Option<Node> {
    if value.trim().is_empty() {
        return Some(Node { span: Span { file, start: by, end: by }, kind: Kind::Null });
    }
    let scratch = cx.sources.add("--set", value);
    let before = cx.diags.len();
    let mut node = cx.parse(value, scratch)?;
    if cx.diags.len() > before {
        return None;
    }
    shift(&mut node, file, by);
    Some(node)
}

fn shift(node: &mut Node, file: FileId, by: usize) {
    let moved = |s: Span| Span { file, start: s.start + by, end: s.end + by };
    node.span = moved(node.span);
    match &mut node.kind {
        Kind::Null | Kind::Scalar(_) => {}
        Kind::List(items) => items.iter_mut().for_each(|n| shift(n, file, by)),
        Kind::Map(entries) => entries.iter_mut().for_each(|e| {
            e.at = moved(e.at);
            shift(&mut e.value, file, by);
        }),
    }
}

/// Whether the grammar has such a key; names of producers and consumers must exist in the file.
fn known(shape: Shape, parts: &[&str], node: &Node, at: Span, cx: &mut Cx) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        return true;
    };
    let child = node.get(part).map(|e| &e.value);
    let empty = Node { span: node.span, kind: Kind::Null };
    let below = child.unwrap_or(&empty);
    let names: Vec<&str> = match shape {
        Shape::Section(keys) => match keys.iter().find(|k| k.name == *part) {
            Some(key) => return known((key.shape)(), rest, below, at, cx),
            None => keys.iter().map(|k| k.name).collect(),
        },
        Shape::Choice(words) => match words.iter().find(|w| w.name == *part) {
            Some(word) => {
                return word.body.is_none_or(|body| known(body(), rest, below, at, cx));
            }
            None => words.iter().filter(|w| w.body.is_some()).map(|w| w.name).collect(),
        },
        Shape::Named(of) => match (&node.kind, child) {
            (_, Some(_)) => return known(of(), rest, below, at, cx),
            (Kind::Map(entries), None) => entries.iter().map(|e| e.key.as_str()).collect(),
            _ => Vec::new(),
        },
        Shape::List(of) => match (&node.kind, part.parse::<usize>()) {
            (Kind::List(items), Ok(i)) if (1..=items.len()).contains(&i) => {
                return known(of(), rest, &items[i - 1], at, cx);
            }
            (Kind::List(items), _) => {
                let message = format!("there is no item {} in a list of {}", quote(part), items.len());
                cx.say("unknown-key", at, message, "items are numbered from 1");
                return false;
            }
            _ => Vec::new(),
        },
        Shape::Either(one, other) => {
            let map = |s: &Shape| {
                matches!(s, Shape::Section(_) | Shape::Choice(_) | Shape::Named(_) | Shape::Either(..))
            };
            let shape = if map(&other()) { other() } else { one() };
            return known(shape, parts, node, at, cx);
        }
        Shape::Scalar(_) => Vec::new(),
    };
    let near = nearest(part, names.iter().copied()).map(|n| format!("did you mean `{n}`?"));
    let message = format!("unknown key {}", quote(part));
    cx.say_with("unknown-key", at, message, &format!("expected {}", listed(&names)), near);
    false
}

/// Puts a value at a path, making maps on the way; a bare word gives way to a map of it.
fn put(node: &mut Node, parts: &[&str], value: Node, at: Span) {
    let Some((part, rest)) = parts.split_first() else {
        *node = value;
        return;
    };
    if let (Kind::List(items), Ok(i)) = (&mut node.kind, part.parse::<usize>()) {
        if let Some(item) = i.checked_sub(1).and_then(|i| items.get_mut(i)) {
            put(item, rest, value, at);
        }
        return;
    }
    if !matches!(node.kind, Kind::Map(_)) {
        *node = Node { span: at, kind: Kind::Map(Vec::new()) };
    }
    let Kind::Map(entries) = &mut node.kind else {
        return;
    };
    let found = entries.iter().position(|e| e.key == *part);
    let i = found.unwrap_or_else(|| {
        let value = Node { span: at, kind: Kind::Null };
        entries.push(Entry { key: (*part).to_owned(), at, value, merged: false });
        entries.len() - 1
    });
    put(&mut entries[i].value, rest, value, at);
}
