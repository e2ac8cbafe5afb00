//! What a reader needs while it walks the tree: the path, the names, the mistakes so far.

use super::diag::{Diag, FileId, Sources, Span, nearest, quote};
use super::grammar::{Bound, Default, Key, Read, Rule, Scalar};
use super::node::{Kind, Node};
use super::scalars::Interval;
use super::yaml;
use crate::facts::{Fact, Value, data_streams};
use crate::units::parse::ParseError;
use crate::units::{Bytes, Dur};
use md5::{Digest, Md5};

/// Reads a file that the scenario names.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// A key that was not written, and what holds instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaulted {
    /// The key, dotted from the top.
    pub key: String,
    /// Its value, as it could have been written.
    pub value: String,
    /// The fact it comes from; `None` for a choice of the model's own.
    pub fact: Option<&'static str>,
}

/// The state of one load.
pub struct Cx<'a> {
    /// All texts read.
    pub sources: Sources,
    /// All mistakes found.
    pub diags: Vec<Diag>,
    /// Keys left to their defaults.
    pub defaults: Vec<Defaulted>,
    /// Rates given as intervals.
    pub intervals: Vec<Interval>,
    /// Names of the producers.
    pub producers: Vec<String>,
    /// Names of the consumers, `count:` expanded.
    pub consumers: Vec<String>,
    /// Names of the Firehose streams, in order of names.
    pub firehoses: Vec<String>,
    /// Largest record the stream accepts, as far as the file is right about it.
    pub max_record: Bytes,
    /// Simulated time, as far as the file is right about it.
    pub duration: Option<Dur>,
    /// Digest of everything read so far.
    pub digest: Md5,
    /// Opens trace and key files.
    pub read_file: ReadFile<'a>,
    path: Vec<String>,
    /// Where the key being read is written.
    key_at: Option<Span>,
}

impl<'a> Cx<'a> {
    /// An empty state.
    pub fn new(read_file: ReadFile<'a>) -> Cx<'a> {
        Cx {
            sources: Sources::default(),
            diags: Vec::new(),
            defaults: Vec::new(),
            intervals: Vec::new(),
            producers: Vec::new(),
            consumers: Vec::new(),
            firehoses: Vec::new(),
            max_record: data_streams::RECORD_SIZE_DEFAULT.bytes(),
            duration: None,
            digest: Md5::new(),
            read_file,
            path: Vec::new(),
            key_at: None,
        }
    }

    /// Counts a text into the digest, kept apart from its neighbours.
    pub fn digest(&mut self, name: &str, text: &str) {
        for part in [name, text] {
            self.digest.update((part.len() as u64).to_le_bytes());
            self.digest.update(part.as_bytes());
        }
    }

    /// Steps into a key.
    pub fn enter(&mut self, key: &str) {
        self.path.push(key.to_owned());
    }

    /// Steps out again.
    pub fn leave(&mut self) {
        self.path.pop();
    }

    /// The dotted key being read.
    pub fn here(&self) -> String {
        match self.path.is_empty() {
            true => "the scenario".to_owned(),
            false => self.path.join("."),
        }
    }

    /// The last part of the path: the name of what is being read.
    pub fn name(&self) -> String {
        self.path.last().cloned().unwrap_or_default()
    }

    /// Reports a mistake.
    pub fn say(&mut self, code: &'static str, at: Span, message: String, expected: &str) -> &mut Diag {
        let diag = self.sources.diag(code, at, message, expected.to_owned());
        let last = self.diags.len();
        self.diags.push(diag);
        &mut self.diags[last]
    }

    /// Reports a mistake with advice.
    pub fn say_with(
        &mut self,
        code: &'static str,
        at: Span,
        message: String,
        expected: &str,
        help: impl Into<Option<String>>,
    ) {
        let diag = self.say(code, at, message, expected);
        diag.help.extend(help.into());
    }

    /// Checks that a node is a map whose keys are all known.
    pub fn section(&mut self, node: &Node, keys: &[Key]) -> Option<()> {
        let entries = match &node.kind {
            Kind::Map(entries) => entries,
            Kind::Null => return Some(()),
            _ => {
                let names: Vec<&str> = keys.iter().map(|k| k.name).collect();
                self.wrong_kind(node, &format!("a map of {}", listed(&names)));
                return None;
            }
        };
        let top = self.path.is_empty();
        for entry in entries {
            let known = keys.iter().any(|k| k.name == entry.key) || (top && entry.key.starts_with("x-"));
            if !known {
                self.unknown_key(&entry.key, entry.at, keys);
            }
        }
        Some(())
    }

    fn unknown_key(&mut self, key: &str, at: Span, keys: &[Key]) {
        let names: Vec<&str> = keys.iter().map(|k| k.name).collect();
        let near = nearest(key, names.iter().copied()).map(|n| format!("did you mean `{n}`?"));
        let place = self.here();
        let message = match place.as_str() {
            "the scenario" => format!("unknown key {}", quote(key)),
            _ => format!("unknown key {} in `{place}`", quote(key)),
        };
        self.say_with("unknown-key", at, message, &format!("expected {}", listed(&names)), near);
    }

    /// Where the key being read is written.
    pub fn key(&self) -> Option<Span> {
        self.key_at
    }

    /// Reads something that belongs to the key at `at`.
    pub fn under<T>(&mut self, at: Span, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.key_at.replace(at);
        let value = read(self);
        self.key_at = outer;
        value
    }

    /// Reads one key of a section, or its default.
    pub fn field<T: Read>(&mut self, section: &Node, key: &'static Key, keys: &[Key]) -> Option<T> {
        self.enter(key.name);
        let read = match section.get(key.name) {
            Some(entry) => {
                let read = self.under(entry.at, |cx| T::read(&entry.value, cx));
                read.filter(|v| self.in_range(v, &entry.value, &key.rule))
            }
            None => self.missing(section, key, keys),
        };
        self.leave();
        read
    }

    fn missing<T: Read>(&mut self, section: &Node, key: &'static Key, keys: &[Key]) -> Option<T> {
        let (text, fact) = match key.rule.default {
            Default::Nothing => return T::absent(),
            Default::Text(text) => (text.to_owned(), None),
            Default::Fact(fact) => (fact_text(fact), Some(fact.key)),
            Default::Required => {
                if !misspelt(section, key.name, keys) {
                    self.require(section, key);
                }
                return None;
            }
        };
        if text != "{}" {
            let (key, value) = (self.here(), text.clone());
            self.defaults.push(Defaulted { key, value, fact });
        }
        self.read_text(&text)
    }

    fn require(&mut self, section: &Node, key: &Key) {
        self.leave();
        let place = self.here();
        self.enter(key.name);
        // A block map begins at its first key, so the key above it is the better place.
        let at = self.key_at.unwrap_or(Span { end: section.span.start, ..section.span });
        let message = format!(
            "`{}` is missing in {}",
            key.name,
            if place == "the scenario" { place } else { format!("`{place}`") }
        );
        let doc = key.doc.trim().to_owned();
        self.say_with("missing-key", at, message, &format!("needs `{}`", key.name), doc);
    }

    /// Reads a text as if the user had written it here.
    pub fn read_text<T: Read>(&mut self, text: &str) -> Option<T> {
        let file = self.sources.add(&format!("(default of {})", self.here()), text);
        let node = self.parse(text, file)?;
        T::read(&node, self)
    }

    /// The tree of a text.
    pub fn parse(&mut self, text: &str, file: FileId) -> Option<Node> {
        yaml::parse(text, file, &self.sources, &mut self.diags)
    }

    /// Checks a value against its rule.
    fn in_range<T: Read>(&mut self, value: &T, node: &Node, rule: &Rule) -> bool {
        let Some(size) = value.measure() else {
            return true;
        };
        if size == 0 && rule.positive {
            let message = format!("`{}` must be more than zero", self.here());
            self.say("zero", node.span, message, "must be more than zero");
            return false;
        }
        let low = rule.min.and_then(|b| self.bound::<T>(b));
        let high = rule.max.and_then(|b| self.bound::<T>(b));
        let below = low.as_ref().is_some_and(|(limit, _)| size < *limit);
        let above = high.as_ref().is_some_and(|(limit, _)| size > *limit);
        if below || above {
            let mut expected = range_words(low.as_ref().map(|b| &b.1), high.as_ref().map(|b| &b.1));
            if let Some(word) = T::besides() {
                expected += &format!(", or `{word}`");
            }
            let source = if below { rule.min } else { rule.max };
            let help = match source {
                Some(Bound::Fact(fact)) => Some(format!("source: {}", cite(fact))),
                _ => None,
            };
            let written = match &node.kind {
                Kind::Scalar(text) => format!(": {}", quote(text)),
                _ => String::new(),
            };
            let message = format!("`{}` is out of range{written}", self.here());
            self.say_with("out-of-range", node.span, message, &expected, help);
        }
        !(below || above)
    }

    fn bound<T: Read>(&mut self, bound: Bound) -> Option<(u128, String)> {
        let text = match bound {
            Bound::Text(text) => text.to_owned(),
            Bound::Fact(fact) => fact_text(fact),
        };
        let value = self.read_text::<T>(&text)?;
        Some((value.measure()?, text))
    }

    /// Reports that another kind of value was expected.
    pub fn wrong_kind(&mut self, node: &Node, wanted: &str) {
        let (code, message) = match node.kind {
            Kind::Null => ("no-value", format!("`{}` has no value", self.here())),
            _ => ("wrong-kind", format!("`{}` is {}", self.here(), node.what())),
        };
        // An empty value has no width: the key shows the place better.
        let at = match node.kind {
            Kind::Null => self.key_at.unwrap_or(node.span),
            _ => node.span,
        };
        self.say(code, at, message, &format!("expected {wanted}"));
    }

    /// The text of a scalar.
    pub fn text<'n>(&mut self, node: &'n Node, scalar: &Scalar) -> Option<&'n str> {
        match &node.kind {
            Kind::Scalar(text) => Some(text),
            _ => {
                self.wrong_kind(node, &format!("{}, for example {}", scalar.what, scalar.example));
                None
            }
        }
    }

    /// Reads a quantity with one of the exact parsers.
    pub fn quantity<T>(
        &mut self,
        node: &Node,
        scalar: &Scalar,
        parse: impl Fn(&str) -> Result<T, ParseError>,
    ) -> Option<T> {
        let text = self.text(node, scalar)?;
        let tame = text.chars().count() <= 60 && !text.contains(char::is_control);
        let error = match parse(text) {
            Ok(value) => return Some(value),
            Err(error) if tame => error,
            Err(_) => ParseError { message: format!("{} is not {}", quote(text), scalar.what), hint: None },
        };
        let code = quantity_code(text);
        let message = format!("`{}`: {}", self.here(), error.message);
        let expected = format!("expected {}, for example {}", scalar.what, scalar.example);
        self.say_with(code, node.span, message, &expected, error.hint);
        None
    }
}

/// A fact's value as a scenario would write it.
pub fn fact_text(fact: &Fact) -> String {
    match fact.value {
        Value::Uniform(min, max) => format!("{{ uniform: {{ min: {min}, max: {max} }} }}"),
        Value::Quantiles(points) => {
            let share = |ppm: u32| crate::units::decimal(u128::from(ppm), 4);
            let points: Vec<String> =
                points.iter().map(|(ppm, v)| format!("{{ at: {} %, is: {v} }}", share(*ppm))).collect();
            format!("{{ quantiles: [{}] }}", points.join(", "))
        }
        other => other.to_string(),
    }
}

/// Where a documented limit is written.
pub fn cite(fact: &Fact) -> String {
    format!("`{}` ({}; {}, {})", fact.key, fact.standing.word(), fact.source.title, fact.source.date)
}

/// A missing key that stands there with a slip is one mistake, not two.
fn misspelt(section: &Node, name: &str, keys: &[Key]) -> bool {
    let unknown = |key: &str| keys.iter().all(|k| k.name != key);
    match &section.kind {
        Kind::Map(entries) => entries.iter().any(|e| unknown(&e.key) && nearest(&e.key, [name]).is_some()),
        _ => false,
    }
}

/// The kind of mistake in a quantity.
fn quantity_code(text: &str) -> &'static str {
    let text = text.trim();
    let number = |c: char| c.is_ascii_digit() || c == '.';
    match text.chars().next() {
        Some('-') => "negative",
        _ if text.contains("..") => "bad-interval",
        Some(c) if number(c) && text.chars().all(number) => "missing-unit",
        Some(c) if number(c) => "wrong-unit",
        _ => "not-a-quantity",
    }
}

fn range_words(low: Option<&String>, high: Option<&String>) -> String {
    match (low, high) {
        (Some(low), Some(high)) if low == high => format!("must be {low}"),
        (Some(low), Some(high)) => format!("must be {low} to {high}"),
        (Some(low), None) => format!("must be at least {low}"),
        (None, Some(high)) => format!("must be at most {high}"),
        (None, None) => String::new(),
    }
}

/// Words in a row: `a`, `b` or `c`.
pub fn listed(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => format!("`{one}`"),
        [rest @ .., last] => format!("`{}` or `{last}`", rest.join("`, `")),
    }
}
