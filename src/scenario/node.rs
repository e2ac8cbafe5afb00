//! The tree of a file: values that know where they are written.

use super::diag::Span;

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it is written.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Nothing written, `~` or `null`.
    Null,
    /// A word, number or text.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in the order written, no key twice.
    Map(Vec<Entry>),
}

/// One key of a map.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key is written.
    pub at: Span,
    /// Its value.
    pub value: Node,
    /// Brought in by `<<`, so that a written key may take its place.
    pub merged: bool,
}

impl Node {
    /// A scalar with a place of its own.
    pub fn scalar(text: &str, span: Span) -> Node {
        Node { span, kind: Kind::Scalar(text.to_owned()) }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|e| e.key == key),
            _ => None,
        }
    }

    /// The node as YAML on one line.
    pub fn to_flow(&self) -> String {
        let quoted = |t: &str| {
            let plain = !t.is_empty()
                && t.trim() == t
                && !t.contains(|c: char| c.is_control() || "{}[],:#&*!|>'\"%@`".contains(c));
            if plain { t.to_owned() } else { serde_json::Value::from(t).to_string() }
        };
        match &self.kind {
            Kind::Null => "~".to_owned(),
            Kind::Scalar(text) => quoted(text),
            Kind::List(items) => {
                let items: Vec<String> = items.iter().map(Node::to_flow).collect();
                format!("[{}]", items.join(", "))
            }
            Kind::Map(entries) => {
                let pairs: Vec<String> =
                    entries.iter().map(|e| format!("{}: {}", quoted(&e.key), e.value.to_flow())).collect();
                format!("{{ {} }}", pairs.join(", "))
            }
        }
    }

    /// In words.
    pub fn what(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Scalar(_) => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }

    /// This node and all below it.
    pub fn size(&self) -> usize {
        1 + match &self.kind {
            Kind::Null | Kind::Scalar(_) => 0,
            Kind::List(items) => items.iter().map(Node::size).sum(),
            Kind::Map(entries) => entries.iter().map(|e| e.value.size()).sum(),
        }
    }

    /// Levels below and including this one.
    pub fn depth(&self) -> usize {
        1 + match &self.kind {
            Kind::Null | Kind::Scalar(_) => 0,
            Kind::List(items) => items.iter().map(Node::depth).max().unwrap_or(0),
            Kind::Map(entries) => entries.iter().map(|e| e.value.depth()).max().unwrap_or(0),
        }
    }
}
