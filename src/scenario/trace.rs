//! Trace and key files, with every mistake placed in the file itself.

use super::context::Cx;
use super::diag::{FileId, Span, quote};
use super::grammar::At;
use crate::facts::producers::PARTITION_KEY_MAX;
use crate::import::{self, Imported, MOST_MISTAKES, Mistake, Says, plain};
use crate::producer::config::Trace;

/// Opens a file named by the scenario.
fn open(name: &At<String>, cx: &mut Cx) -> Option<(String, FileId)> {
    match (cx.read_file)(&name.value) {
        Ok(text) => {
            let text = text.trim_start_matches('\u{feff}').to_owned();
            cx.digest(&name.value, &text);
            let id = cx.sources.add(&name.value, &text);
            Some((text, id))
        }
        Err(why) => {
            let message = format!("cannot read {}: {why}", quote(&name.value));
            cx.say("no-file", name.at, message, "named here");
            None
        }
    }
}

/// A trace file: `timestamp,records_per_second[,mean_record_bytes]`, or a stream's metrics.
pub fn read(name: &At<String>, cx: &mut Cx) -> Option<Trace> {
    let (text, file) = open(name, cx)?;
    if !import::is_foreign(&text) {
        return read_text(&text, file, cx);
    }
    let read = import::read(&[import::File { name: &name.value, text: &text }], None);
    let Imported { streams, .. } = read.map_err(|mistakes| tell(mistakes, file, cx)).ok()?;
    match streams.as_slice() {
        [one] if one.records_micro().is_some() => Some(one.trace(|step| step.records_micro.unwrap_or(0))),
        [_] => {
            let message = format!("{} tells no records", quote(&name.value));
            cx.say("trace-column", name.at, message, "expected a file with IncomingRecords");
            None
        }
        several => {
            let message = format!("{} has {} streams", quote(&name.value), several.len());
            cx.say("trace-column", name.at, message, "expected a file with one stream");
            None
        }
    }
}

/// The same from its text.
pub fn read_text(text: &str, file: FileId, cx: &mut Cx) -> Option<Trace> {
    let mut mistakes = Vec::new();
    let trace = plain::read(text, &mut Says::alone(&mut mistakes));
    tell(mistakes, file, cx);
    trace
}

fn tell(mistakes: Vec<Mistake>, file: FileId, cx: &mut Cx) {
    for m in mistakes {
        cx.say(m.code, Span { file, start: m.at.start, end: m.at.end }, m.message, &m.expected);
    }
}

/// One partition key, checked.
pub fn key(text: &str, at: Span, cx: &mut Cx) -> Option<String> {
    let length = text.chars().count() as u64;
    if (1..=PARTITION_KEY_MAX.count()).contains(&length) {
        return Some(text.to_owned());
    }
    let message = format!("a partition key has {length} characters");
    let expected = format!("expected 1 to {} characters", PARTITION_KEY_MAX.count());
    cx.say_with(
        "out-of-range",
        at,
        message,
        &expected,
        Some(format!("source: {}", super::context::cite(&PARTITION_KEY_MAX))),
    );
    None
}

/// A file of partition keys, one a line.
pub fn keys(name: &At<String>, cx: &mut Cx) -> Option<Vec<String>> {
    let (text, file) = open(name, cx)?;
    let before = cx.diags.len();
    let mut keys = Vec::new();
    for (line, at) in import::text::lines(&text) {
        let at = Span { file, start: at.start, end: at.end };
        if cx.diags.len() - before >= MOST_MISTAKES {
            break;
        }
        keys.extend(key(line, at, cx));
    }
    if keys.is_empty() && cx.diags.len() == before {
        let at = Span { file, start: 0, end: 0 };
        cx.say("keys-empty", at, "the key file is empty".to_owned(), "expected one key a line");
    }
    (cx.diags.len() == before).then_some(keys)
}
