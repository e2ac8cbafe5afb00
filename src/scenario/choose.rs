//! Choices: a bare word, or a map of one word and what stands under it.

use super::context::{Cx, listed};
use super::diag::{Span, nearest, quote};
use super::grammar::{Shape, Variant};
use super::node::{Kind, Node};

/// How a choice was written.
pub enum Picked {
    /// A scalar that is none of the words.
    Bare,
    /// A word and what stands under it (an empty map for a bare word).
    Word(&'static str, Span, Node),
}

impl Cx<'_> {
    /// Finds the word of a choice; a bare scalar that is no word is `Bare` where that is allowed.
    pub fn choice(&mut self, node: &Node, words: &'static [Variant], bare: Option<Shape>) -> Option<Picked> {
        let empty = |span| Node { span, kind: Kind::Map(Vec::new()) };
        match &node.kind {
            Kind::Scalar(text) => {
                if let Some(word) = words.iter().find(|w| w.name == text) {
                    self.built(word, words, node.span)?;
                    return Some(Picked::Word(word.name, node.span, empty(node.span)));
                }
                if bare.is_some() && (text.contains(|c: char| c.is_ascii_digit()) || text.is_empty()) {
                    return Some(Picked::Bare);
                }
                self.unknown_word(text, node.span, words);
                None
            }
            Kind::Map(entries) if entries.len() == 1 => {
                let entry = &entries[0];
                let Some(word) = words.iter().find(|w| w.name == entry.key) else {
                    self.unknown_word(&entry.key, entry.at, words);
                    return None;
                };
                self.built(word, words, entry.at)?;
                if word.body.is_none() && !matches!(entry.value.kind, Kind::Null) {
                    let message = format!("`{}` stands alone", word.name);
                    self.say("wrong-kind", entry.value.span, message, &format!("write just `{}`", word.name));
                    return None;
                }
                Some(Picked::Word(word.name, entry.at, entry.value.clone()))
            }
            Kind::Map(entries) if entries.len() > 1 => {
                let names: Vec<&str> = words.iter().filter(|w| !w.reserved).map(|w| w.name).collect();
                let message =
                    format!("`{}` takes one form, and {} keys are written", self.here(), entries.len());
                self.say("one-of", entries[1].at, message, &format!("keep one of {}", listed(&names)));
                None
            }
            _ => {
                let names: Vec<&str> = words.iter().filter(|w| !w.reserved).map(|w| w.name).collect();
                let bare = match bare {
                    Some(Shape::Scalar(s)) => format!("{}, for example {}, or ", s.what, s.example),
                    _ => String::new(),
                };
                self.wrong_kind(node, &format!("{bare}one of {}", listed(&names)));
                None
            }
        }
    }

    fn built(&mut self, word: &Variant, words: &[Variant], at: Span) -> Option<()> {
        if !word.reserved {
            return Some(());
        }
        let names: Vec<&str> = words.iter().filter(|w| !w.reserved).map(|w| w.name).collect();
        let message = format!("`{}` is not built yet ({})", word.name, word.doc.trim().trim_end_matches('.'));
        self.say("not-built-yet", at, message, &format!("what exists: {}", listed(&names)));
        None
    }

    fn unknown_word(&mut self, text: &str, at: Span, words: &[Variant]) {
        let names: Vec<&str> = words.iter().filter(|w| !w.reserved).map(|w| w.name).collect();
        let near = nearest(text, words.iter().map(|w| w.name)).map(|n| format!("did you mean `{n}`?"));
        let message = format!("`{}` does not know {}", self.here(), quote(text));
        self.say_with("unknown-word", at, message, &format!("expected {}", listed(&names)), near);
    }
}
