//! `kinesim explain KEY` for keys of the scenario and for metrics: from the same declarations that read them.

use super::context::{cite, fact_text};
use super::grammar::{Bound, Default, Key, Read, Rule, Shape};
use super::metric::{self, Metric, Unit};
use super::top::TopSpec;
use serde::Serialize;

/// What a key means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyHelp {
    /// The key, dotted; `NAME` stands for a name of the user's.
    pub key: String,
    /// What it means.
    pub meaning: String,
    /// What it holds.
    pub form: String,
    /// Its default, as it would be written.
    pub default: String,
    /// Its range, with the source of each end.
    pub range: Option<String>,
    /// Key of the fact behind the default.
    pub fact: Option<&'static str>,
    /// Words it knows, each with its meaning.
    pub words: Vec<(String, String)>,
}

/// Every key of the grammar.
pub fn keys() -> Vec<KeyHelp> {
    let mut all = Vec::new();
    walk("", TopSpec::shape(), &mut all);
    all
}

/// Help for a key, its last part or its full path: all that match.
pub fn explain(key: &str) -> Vec<KeyHelp> {
    let wanted: Vec<&str> = key.split('.').collect();
    let fits = |k: &KeyHelp| {
        let parts: Vec<&str> = k.key.split('.').collect();
        let tail = &parts[parts.len().saturating_sub(wanted.len())..];
        tail.len() == wanted.len()
            && tail.iter().zip(&wanted).all(|(a, b)| a == b || (*a == "NAME" && parts.len() == wanted.len()))
    };
    keys().into_iter().filter(fits).collect()
}

/// Help for a metric of `goal:` and `expect:`.
pub fn explain_metric(name: &str) -> Vec<(String, &'static str, &'static str)> {
    let stream = metric::STREAM.iter().copied().map(|m| (String::new(), m));
    let producers = metric::producer().map(|m| ("producers.NAME.".to_owned(), m));
    let consumers = metric::consumer().map(|m| ("consumers.NAME.".to_owned(), m));
    let firehoses = metric::FIREHOSE.iter().copied().map(|m| ("firehose.NAME.".to_owned(), m));
    let all = stream.chain(producers).chain(consumers).chain(firehoses);
    let line = |(side, m): (String, Metric)| (format!("{side}{}", m.name), unit_word(m.unit), m.doc);
    all.filter(|(_, m)| m.name == name).map(line).collect()
}

fn unit_word(unit: Unit) -> &'static str {
    match unit {
        Unit::Time => "a duration",
        Unit::Share => "a share",
        Unit::Usd => "US dollars",
        Unit::Count => "a count",
        Unit::Rate => "records per second",
        Unit::Factor => "a multiplier",
        Unit::Bytes => "bytes",
    }
}

fn walk(path: &str, shape: Shape, all: &mut Vec<KeyHelp>) {
    match shape {
        Shape::Section(keys) => {
            for key in keys {
                let at = join(path, key.name);
                all.push(of(&at, key));
                // The streams of an account have the keys of a single one.
                if at != "streams" {
                    walk(&at, (key.shape)(), all);
                }
            }
        }
        Shape::Choice(words) => {
            for word in words {
                if let Some(body) = word.body {
                    walk(&join(path, word.name), body(), all);
                }
            }
        }
        Shape::Named(of) => walk(&join(path, "NAME"), of(), all),
        Shape::List(of) => walk(path, of(), all),
        Shape::Either(one, other) => {
            walk(path, one(), all);
            walk(path, other(), all);
        }
        Shape::Scalar(_) => {}
    }
}

fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        _ => format!("{path}.{name}"),
    }
}

fn of(path: &str, key: &Key) -> KeyHelp {
    let (default, fact) = default_words(&key.rule);
    KeyHelp {
        key: path.to_owned(),
        meaning: key.doc.trim().to_owned(),
        form: form((key.shape)()),
        default,
        range: range(&key.rule),
        fact,
        words: words((key.shape)()),
    }
}

fn default_words(rule: &Rule) -> (String, Option<&'static str>) {
    match rule.default {
        Default::Required => ("none: it must be written".to_owned(), None),
        Default::Nothing => ("nothing".to_owned(), None),
        Default::Text("{}") => ("as below".to_owned(), None),
        Default::Text(text) => (text.to_owned(), None),
        Default::Fact(fact) => (fact_text(fact), Some(fact.key)),
    }
}

fn range(rule: &Rule) -> Option<String> {
    let end = |word: &str, bound: Bound| match bound {
        Bound::Text(text) => format!("{word} {text}"),
        Bound::Fact(fact) => format!("{word} {} from {}", fact_text(fact), cite(fact)),
    };
    let zero = (rule.positive && rule.min.is_none()).then(|| "more than zero".to_owned());
    let low = rule.min.map(|b| end("at least", b));
    let high = rule.max.map(|b| end("at most", b));
    let parts: Vec<String> = [zero, low, high].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What a shape holds, in words.
pub fn form(shape: Shape) -> String {
    match shape {
        Shape::Scalar(s) => format!("{}, for example {}", s.what, s.example),
        Shape::Section(_) => "a map of settings".to_owned(),
        Shape::Named(_) => "a map from names to settings".to_owned(),
        Shape::List(of) => format!("a list, each {}", form(of())),
        Shape::Choice(words) if words.iter().all(|w| w.body.is_none()) => "a word".to_owned(),
        Shape::Choice(_) => "a word, or a map of one word and its settings".to_owned(),
        Shape::Either(one, other) => format!("{}; or {}", form(one()), form(other())),
    }
}

fn words(shape: Shape) -> Vec<(String, String)> {
    match shape {
        Shape::Choice(words) => {
            let line = |w: &super::grammar::Variant| {
                let later = if w.reserved { " (not built yet)" } else { "" };
                (w.name.to_owned(), format!("{}{later}", w.doc.trim()))
            };
            words.iter().map(line).collect()
        }
        Shape::Either(one, other) => words(one()).into_iter().chain(words(other())).collect(),
        Shape::List(of) => words(of()),
        _ => Vec::new(),
    }
}

impl std::fmt::Display for KeyHelp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}\n  {}\n  holds     {}", self.key, self.meaning, self.form)?;
        writeln!(f, "  default   {}", self.default)?;
        if let Some(range) = &self.range {
            writeln!(f, "  range     {range}")?;
        }
        if let Some(fact) = self.fact.and_then(crate::facts::find) {
            writeln!(f, "  from      {}", cite(fact))?;
        }
        for (word, meaning) in &self.words {
            writeln!(f, "  {word:<20} {meaning}")?;
        }
        Ok(())
    }
}
