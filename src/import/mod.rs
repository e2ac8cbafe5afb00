//! Real histories: what a stream's metrics or a capture of its records say about its demand.
//!
//! At AWS: CloudWatch keeps sums of IncomingRecords, IncomingBytes and WriteProvisionedThroughputExceeded per period
//! (a minute, later five minutes and an hour). A period without puts has no datapoint, and means zero. Answers come
//! in any order and in pages. IncomingRecords counts what was accepted; a throttled record counts once for each
//! refusal, so what was offered lies between the accepted and the accepted plus the refused.
//! We read: `get-metric-data` and `get-metric-statistics` JSON, the console's CSV, a plain CSV of rates, and captures
//! with one JSON object per record. Unknown is `None`: a file of records alone says nothing of bytes.
//! Left out: metrics of consumers (read and named in a note), and anything that is not `AWS/Kinesis`.
//! Sources: CloudWatch API reference (MetricDataResult, Datapoint), AWS CLI examples.

mod capture;
mod cloudwatch;
mod console;
mod grid;
mod history;
mod label;
pub mod plain;
pub mod text;

pub use history::{History, Step};

use crate::units::Dur;
use std::ops::Range;

/// Mistakes reported from one file.
pub const MOST_MISTAKES: usize = 20;
/// Steps of a history at most: four years of minutes, three weeks of seconds.
pub const STEPS_MAX: u64 = 2_000_000;

/// One file, opened by somebody else.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// What to call it; its stem names a stream that the file does not name.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// What is wrong in a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// A stable word for the kind of mistake.
    pub code: &'static str,
    /// Number of the file.
    pub file: usize,
    /// Bytes of its text.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What was expected instead.
    pub expected: String,
}

/// All that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// One per stream, in order of first mention.
    pub streams: Vec<History>,
    /// What a reader should know: metrics left out, pages that may be missing, a period that was guessed.
    pub notes: Vec<String>,
}

/// Forms a file can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    MetricJson,
    Capture,
    PlainCsv,
    ConsoleCsv,
}

/// Reads metrics of any supported form; files that belong together (pages, one metric each) are joined. `period` is
/// the metrics' period where the user states it.
pub fn read(files: &[File], period: Option<Dur>) -> Result<Imported, Vec<Mistake>> {
    let mut found = grid::Found::default();
    let mut streams = Vec::new();
    let mut mistakes = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let text = file.text.trim_start_matches('\u{feff}');
        let into = &mut Says { file: number, skipped: file.text.len() - text.len(), mistakes: &mut mistakes };
        match form(text) {
            None => into.say("empty", 0..0, "the file is empty".into(), "expected metrics or records"),
            Some(form @ (Form::MetricJson | Form::ConsoleCsv)) => {
                found.named_by(stem(file.name));
                let read = if form == Form::MetricJson { cloudwatch::read } else { console::read };
                read(text, &mut found, into);
            }
            Some(Form::PlainCsv) => streams.extend(plain::history(stem(file.name), text, into)),
            Some(Form::Capture) => streams.extend(capture::read(stem(file.name), text, into)),
        }
    }
    let mut notes = std::mem::take(&mut found.notes);
    let grids = found.histories(period, &mut notes, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    streams.splice(0..0, grids);
    Ok(Imported { streams, notes })
}

/// Does this text look like something other than a plain CSV of rates?
pub fn is_foreign(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    matches!(form(text), Some(Form::MetricJson | Form::Capture)) || console::looks_like(text)
}

fn form(text: &str) -> Option<Form> {
    let first = text.trim_start().lines().next()?;
    Some(match first.as_bytes().first()? {
        b'{' if capture::looks_like(first) => Form::Capture,
        b'{' | b'[' => Form::MetricJson,
        _ if plain::looks_like(first) => Form::PlainCsv,
        _ => Form::ConsoleCsv,
    })
}

fn stem(name: &str) -> &str {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    match last.split_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => last,
    }
}

/// Takes the mistakes of one file.
pub struct Says<'a> {
    file: usize,
    /// Bytes before the text the readers see (a byte order mark).
    skipped: usize,
    mistakes: &'a mut Vec<Mistake>,
}

impl<'a> Says<'a> {
    /// For a file read alone.
    pub fn alone(mistakes: &'a mut Vec<Mistake>) -> Says<'a> {
        Says { file: 0, skipped: 0, mistakes }
    }

    /// Reports a mistake.
    pub fn say(&mut self, code: &'static str, at: Range<usize>, message: String, expected: &str) {
        let at = at.start + self.skipped..at.end + self.skipped;
        let expected = expected.to_owned();
        self.mistakes.push(Mistake { code, file: self.file, at, message, expected });
    }

    fn count(&self) -> usize {
        self.mistakes.iter().filter(|m| m.file == self.file).count()
    }

    /// Enough said about this file?
    pub fn enough(&self) -> bool {
        self.count() >= MOST_MISTAKES
    }

    /// Nothing wrong so far in this file?
    pub fn fine(&self) -> bool {
        self.count() == 0
    }
}
