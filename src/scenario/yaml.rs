//! YAML text to a tree of nodes that know where they stand.
//!
//! The parser's events are turned into a tree with tight budgets, so that a bomb, a cycle
//! or a very deep file is refused at once. Anchors, aliases and merge keys work; tags,
//! several documents and duplicate keys are refused.

use super::diag::{Diag, FileId, Sources, Span, quote};
use super::node::{Entry, Kind, Node};
use saphyr_parser::{Event, Parser, ScalarStyle, Span as Marks};
use std::collections::BTreeMap;

/// Largest file that is read.
pub const MAX_BYTES: usize = 1 << 20;
/// Nodes written in a file.
const MAX_NODES: usize = 20_000;
/// Nesting.
const MAX_DEPTH: usize = 64;
/// Nodes that aliases stand for, in all.
const MAX_COPIED: usize = 10_000;

/// The tree of a text; `None` when it cannot be built, with at least one diagnostic.
pub fn parse(text: &str, file: FileId, sources: &Sources, diags: &mut Vec<Diag>) -> Option<Node> {
    if text.len() > MAX_BYTES {
        let at = Span { file, start: 0, end: 1 };
        let d =
            sources.diag("file-too-large", at, "the file is larger than 1 MiB".into(), "starts here".into());
        diags.push(d);
        return None;
    }
    let mut tree = Tree {
        offsets: offsets(text),
        file,
        sources,
        diags,
        open: Vec::new(),
        anchors: BTreeMap::new(),
        nodes: 0,
        copied: 0,
        root: None,
    };
    let end = Span { file, start: text.len(), end: text.len() };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, marks)) => tree.event(event, marks)?,
            Err(e) => {
                let at = tree.at(e.marker().index(), e.marker().index() + 1);
                tree.syntax(at, e.info());
                return None;
            }
        }
    }
    if tree.root.is_none() {
        tree.say(
            "empty-file",
            end,
            "the scenario is empty".into(),
            "expected at least `duration`, `producers` and `stream`",
        );
    }
    tree.root
}

/// Byte offset of each character; empty when every character is one byte.
fn offsets(text: &str) -> Vec<usize> {
    if text.is_ascii() {
        return Vec::new();
    }
    let ends = std::iter::once(text.len());
    text.char_indices().map(|(i, _)| i).chain(ends).collect()
}

/// A collection that is not closed yet.
struct Open {
    node: Node,
    anchor: usize,
    /// The key that waits for its value, and whether it is the merge key.
    key: Option<(String, Span, bool)>,
    /// Where each key of a map stands, so that wide maps stay cheap.
    index: BTreeMap<String, usize>,
}

impl Open {
    fn wants_key(&self) -> bool {
        self.key.is_none() && matches!(self.node.kind, Kind::Map(_))
    }

    fn entry(&mut self, key: &str) -> Option<&mut Entry> {
        let at = *self.index.get(key)?;
        match &mut self.node.kind {
            Kind::Map(entries) => entries.get_mut(at),
            _ => None,
        }
    }

    /// A written key replaces a merged one; a merged key gives way to any.
    fn put(&mut self, new: Entry) {
        if let Some(old) = self.entry(&new.key) {
            if !new.merged {
                *old = new;
            }
        } else if let Kind::Map(entries) = &mut self.node.kind {
            self.index.insert(new.key.clone(), entries.len());
            entries.push(new);
        }
    }
}

struct Tree<'a> {
    offsets: Vec<usize>,
    file: FileId,
    sources: &'a Sources,
    diags: &'a mut Vec<Diag>,
    open: Vec<Open>,
    /// Finished anchors with their sizes.
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
    copied: usize,
    root: Option<Node>,
}

impl Tree<'_> {
    fn at(&self, start: usize, end: usize) -> Span {
        let byte = |i: usize| match self.offsets.last() {
            None => i,
            Some(&last) => self.offsets.get(i).copied().unwrap_or(last),
        };
        Span { file: self.file, start: byte(start), end: byte(end) }
    }

    fn say(&mut self, code: &'static str, at: Span, message: String, expected: &str) {
        let d = self.sources.diag(code, at, message, expected.to_owned());
        self.diags.push(d);
    }

    fn syntax(&mut self, at: Span, info: &str) {
        // The scanner looks ahead of the tree and may meet the depth first.
        if info.contains("recursion limit") {
            return self.too_deep(at);
        }
        let message = format!("this is not YAML: {info}");
        self.say("syntax", at, message, "the reader stopped here");
        if let Some(d) = self.diags.last_mut().filter(|d| d.source.as_ref().is_some_and(|s| s.contains('\t')))
        {
            d.help.push("YAML does not allow tabs for indentation: use spaces".to_owned());
        }
    }

    fn too_deep(&mut self, at: Span) {
        let message = format!("nested deeper than {MAX_DEPTH} levels");
        self.say("too-deep", at, message, "one level too deep");
    }

    fn event(&mut self, event: Event, marks: Marks) -> Option<()> {
        let at = self.at(marks.start.index(), marks.end.index());
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) if self.root.is_some() => {
                self.say(
                    "second-document",
                    at,
                    "a second YAML document begins".into(),
                    "a scenario is one document",
                );
                return None;
            }
            Event::DocumentStart(_) => {}
            Event::Alias(id) => self.alias(id, at)?,
            Event::Scalar(text, style, anchor, tag) => {
                self.no_tag(tag.is_some(), at);
                self.scalar(&text, style, anchor, at)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.no_tag(tag.is_some(), at);
                self.begin(Kind::List(Vec::new()), anchor, at)?;
            }
            Event::MappingStart(anchor, tag) => {
                self.no_tag(tag.is_some(), at);
                self.begin(Kind::Map(Vec::new()), anchor, at)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.finish(at)?,
        }
        Some(())
    }

    fn no_tag(&mut self, tagged: bool, at: Span) {
        if tagged {
            self.say("tag", at, "YAML tags have no meaning in a scenario".into(), "remove the `!tag`");
        }
    }

    fn count(&mut self, at: Span) -> Option<()> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            self.say(
                "too-many-nodes",
                at,
                format!("the file has more than {MAX_NODES} values"),
                "value number 20,001",
            );
            return None;
        }
        Some(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, at: Span) -> Option<()> {
        self.count(at)?;
        let plain = style == ScalarStyle::Plain;
        if self.wants_key() {
            if anchor > 0 {
                self.anchors.insert(anchor, (Node::scalar(text, at), 1));
            }
            return self.key(text, plain, at);
        }
        let kind = match text {
            "" | "~" | "null" if plain => Kind::Null,
            _ => Kind::Scalar(text.to_owned()),
        };
        self.place(Node { span: at, kind }, anchor)
    }

    /// A key is remembered until its value comes; the mistake of writing it twice is kept for then.
    fn key(&mut self, text: &str, plain: bool, at: Span) -> Option<()> {
        let merge = plain && text == "<<";
        let open = self.open.last_mut()?;
        let first = open.entry(text).filter(|e| !e.merged).map(|e| e.at);
        open.key = Some((text.to_owned(), at, merge));
        if let (Some(first), false) = (first, merge) {
            let line = self.sources.line(first);
            let message = format!("the key {} is written twice", quote(text));
            self.say("duplicate-key", at, message, &format!("first written on line {line}"));
        }
        Some(())
    }

    fn begin(&mut self, kind: Kind, anchor: usize, at: Span) -> Option<()> {
        self.count(at)?;
        if self.wants_key() {
            self.say("bad-key", at, "a key must be a word, not a list or a map".into(), "expected a word");
            return None;
        }
        if self.open.len() >= MAX_DEPTH {
            self.too_deep(at);
            return None;
        }
        let node = Node { span: at, kind };
        self.open.push(Open { node, anchor, key: None, index: BTreeMap::new() });
        Some(())
    }

    fn finish(&mut self, at: Span) -> Option<()> {
        let mut open = self.open.pop()?;
        open.node.span.end = at.end.max(open.node.span.start);
        self.place(open.node, open.anchor)
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node, anchor: usize) -> Option<()> {
        if anchor > 0 {
            let size = node.size();
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        match (&mut open.node.kind, open.key.take()) {
            (Kind::List(items), _) => items.push(node),
            (_, Some((_, at, true))) => self.merge(node, at),
            (_, Some((key, at, false))) => open.put(Entry { key, at, value: node, merged: false }),
            (_, None) => {}
        }
        Some(())
    }

    /// `<<: *a` or `<<: [*a, *b]`: keys that are not there yet; earlier maps win.
    fn merge(&mut self, node: Node, at: Span) {
        let maps = match node.kind {
            Kind::List(items) => items,
            _ => vec![node],
        };
        for map in maps {
            let Kind::Map(from) = map.kind else {
                self.say("merge", at, "`<<` merges a map or a list of maps".into(), "expected `<<: *name`");
                continue;
            };
            let Some(open) = self.open.last_mut() else {
                return;
            };
            for entry in from {
                open.put(Entry { merged: true, ..entry });
            }
        }
    }

    fn alias(&mut self, id: usize, at: Span) -> Option<()> {
        let Some((node, size)) = self.anchors.get(&id) else {
            self.say(
                "alias-cycle",
                at,
                "this alias stands inside the value it names".into(),
                "a value cannot contain itself",
            );
            return None;
        };
        self.copied += size;
        if self.copied > MAX_COPIED {
            self.say(
                "alias-bomb",
                at,
                format!("aliases stand for more than {MAX_COPIED} values"),
                "one alias too many",
            );
            return None;
        }
        let node = node.clone();
        if self.open.len() + node.depth() > MAX_DEPTH {
            self.too_deep(at);
            return None;
        }
        match node.kind {
            Kind::Scalar(text) if self.wants_key() => self.key(&text, false, at),
            _ if self.wants_key() => {
                self.say(
                    "bad-key",
                    at,
                    "a key must be a word, not a list or a map".into(),
                    "expected a word",
                );
                None
            }
            _ => self.place(node, 0),
        }
    }

    fn wants_key(&self) -> bool {
        self.open.last().is_some_and(Open::wants_key)
    }
}
