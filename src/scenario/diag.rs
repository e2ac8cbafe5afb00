//! Diagnostics: what is wrong, where, what was expected, and what to try.
//!
//! A diagnostic carries its own source line, so that it can be printed or sent as JSON
//! long after the file is gone.

pub use crate::import::text::quote;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use serde::Serialize;

/// Longest source line drawn under a message; longer ones are named by position only.
const DRAWN_LINE: usize = 400;

/// Which source a span points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(pub usize);

/// A range of bytes of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The source.
    pub file: FileId,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diag {
    /// A stable word for the kind of mistake.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// The file (or `--set`) it is in.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Column one past the end, on the same line.
    pub end_column: usize,
    /// What was expected instead.
    pub expected: String,
    /// What to try.
    pub help: Vec<String>,
    /// The source line; `None` when it is too long to be drawn.
    #[serde(skip)]
    pub source: Option<String>,
    /// Position of the file among those read.
    #[serde(skip)]
    pub order: usize,
}

/// One text that was read: the scenario, a `--set`, a trace.
#[derive(Debug)]
struct Source {
    name: String,
    text: String,
    /// Byte offset of each line's first byte.
    lines: Vec<usize>,
}

/// All texts of one load, and the mistakes found in them.
#[derive(Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Keeps a text and names it.
    pub fn add(&mut self, name: &str, text: &str) -> FileId {
        let starts = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let lines = std::iter::once(0).chain(starts.map(|(i, _)| i + 1));
        self.0.push(Source { name: name.to_owned(), text: text.to_owned(), lines: lines.collect() });
        FileId(self.0.len() - 1)
    }

    /// The line a span begins on, from 1.
    pub fn line(&self, at: Span) -> usize {
        self.0[at.file.0].lines.partition_point(|&l| l <= at.start).max(1)
    }

    /// A diagnostic at a span; a span over many lines is cut to its first.
    pub fn diag(&self, code: &'static str, at: Span, message: String, expected: String) -> Diag {
        let source = &self.0[at.file.0];
        let text = source.text.as_str();
        let start = floor_boundary(text, at.start);
        let end = floor_boundary(text, at.end.max(start));
        let row = self.line(Span { start, ..at }) - 1;
        let head = source.lines[row];
        let line = text[head..].split(['\n', '\r']).next().unwrap_or("");
        let from = start.min(head + line.len());
        let to = end.min(head + line.len());
        let column = text[head..from].chars().count() + 1;
        let width = text[from..to].chars().count().max(1);
        Diag {
            code,
            message,
            file: source.name.clone(),
            line: row + 1,
            column,
            end_column: column + width,
            expected,
            help: Vec::new(),
            source: (line.len() <= DRAWN_LINE).then(|| line.to_owned()),
            order: at.file.0,
        }
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The diagnostics as text, rustc's look; ASCII and without colour unless `colour`.
pub fn render(diags: &[Diag], colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled().decor_style(DecorStyle::Unicode)
    } else {
        Renderer::plain().decor_style(DecorStyle::Ascii)
    };
    let mut out = String::new();
    for d in diags {
        out.push_str(&one(d, &renderer));
        out.push_str("\n\n");
    }
    let plural = if diags.len() == 1 { "" } else { "s" };
    out.push_str(&format!("{} mistake{plural} found\n", diags.len()));
    out
}

fn one(d: &Diag, renderer: &Renderer) -> String {
    let title = Level::ERROR.primary_title(d.message.as_str()).id(d.code);
    let mut group = match &d.source {
        None => {
            let origin = Origin::path(d.file.as_str()).line(d.line);
            let expected = Level::NOTE.message(d.expected.as_str());
            title.element(origin.char_column(d.column)).element(expected)
        }
        Some(source) => {
            let byte = |column: usize| {
                let at = source.char_indices().nth(column - 1);
                at.map_or(source.len(), |(i, _)| i)
            };
            let mark = AnnotationKind::Primary.span(byte(d.column)..byte(d.end_column));
            let snippet = Snippet::source(source.as_str()).line_start(d.line);
            let mark = mark.label(d.expected.as_str());
            title.element(snippet.path(d.file.as_str()).annotation(mark))
        }
    };
    for help in &d.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// The nearest of some words, if it is near.
pub fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |w: &str| {
        let distance = strsim::damerau_levenshtein(&word.to_lowercase(), &w.to_lowercase());
        (distance <= (w.chars().count().max(3)) / 3).then_some(distance)
    };
    if word.len() > 80 {
        return None;
    }
    among.into_iter().filter_map(|w| Some((near(w)?, w))).min_by_key(|(d, _)| *d).map(|(_, w)| w)
}
