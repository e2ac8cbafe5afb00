//! `index.html`: one file, no network, works from disk.
//!
//! Text and tables are written here, so the page says everything without scripts; the charts are drawn in the browser
//! from a JSON block by [`uPlot`](https://github.com/leeoniya/uPlot) (vendored, MIT), and are the SVGs without
//! scripts. A strict Content-Security-Policy forbids every fetch. All names come from the user: they are escaped in
//! HTML, and `<` is written `\u003c` in JSON, so that a scenario called `</script>` stays a name.

mod account;
mod clients;
mod data;
mod firehose;
mod markup;
mod sections;
mod tables;

pub use account::html as account;

use crate::experiment::outcome::Outcome;
use crate::report::chart::Figure;
use markup::{Table, escape, list, paragraph, section};

const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'";
const UPLOT_JS: &str = include_str!("../assets/uPlot-1.6.32.iife.min.js");
const UPLOT_CSS: &str = include_str!("../assets/uPlot-1.6.32.min.css");
const UPLOT_LICENCE: &str = include_str!("../assets/uPlot-LICENSE.txt");
const STYLE: &str = include_str!("../assets/page.css");
const SCRIPT: &str = include_str!("../assets/page.js");

/// The page; `drawn` has the SVG of each figure.
pub fn html(outcome: &Outcome, figures: &[Figure], drawn: &[String]) -> String {
    let mut body = sections::header(outcome);
    body.push_str("<main>\n");
    body.push_str(&sections::replay(outcome));
    body.push_str(&sections::summary(outcome));
    body.push_str(&sections::findings(outcome));
    for (figure, svg) in figures.iter().zip(drawn) {
        body.push_str(&sections::figure(figure, svg));
    }
    body.push_str(&tables::latency(outcome));
    body.push_str(&tables::ledgers(outcome));
    body.push_str(&clients::tables(outcome));
    body.push_str(&firehose::streams(outcome));
    body.push_str(&tables::throttling(outcome));
    body.push_str(&tables::bills(outcome));
    body.push_str(&tables::timeline(outcome));
    body.push_str(&sections::cloudwatch(outcome));
    body.push_str(&sections::provenance(outcome));
    body.push_str("</main>\n");
    document(&outcome.name, &body, figures)
}

/// A page around a body, with the figures' data for the script.
fn document(title: &str, body: &str, figures: &[Figure]) -> String {
    let mut out = String::with_capacity(400_000);
    let title = escape(title);
    out.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str(&format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} – kinesim</title>\n\
         <style>{UPLOT_CSS}</style>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    ));
    out.push_str(body);
    out.push_str(&format!(
        "<script type=\"application/json\" id=\"data\">{}</script>\n\
         <script>/*\n{UPLOT_LICENCE}*/\n{UPLOT_JS}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        data::json(figures)
    ));
    out
}

/// A page of plain parts: heading, lead, tables as rows of text, figures, notes.
pub struct Plain<'a> {
    /// What kind of report it is.
    pub kind: &'a str,
    /// Heading.
    pub title: &'a str,
    /// The question it answers.
    pub question: &'a str,
    /// One line of facts about it.
    pub facts: String,
    /// What stands out.
    pub findings: Vec<String>,
    /// What to know about it.
    pub notes: Vec<String>,
    /// (heading, column heads, rows, columns that hold numbers).
    pub tables: Vec<PlainTable>,
}

/// One table of a [`Plain`] page.
pub struct PlainTable {
    /// Heading.
    pub title: String,
    /// Column heads.
    pub head: Vec<String>,
    /// Rows of cells.
    pub rows: Vec<Vec<String>>,
    /// The first column with numbers; all after it have them too.
    pub numbers_from: usize,
}

/// Such a page; `drawn` has the SVG of each figure.
pub fn plain(parts: &Plain<'_>, figures: &[Figure], drawn: &[String]) -> String {
    let mut body = format!(
        "<header><p class=\"kind\">{}</p>\n<h1>{}</h1>\n{}{}</header>\n<main>\n",
        escape(parts.kind),
        escape(parts.title),
        paragraph("question", parts.question),
        paragraph("facts", &parts.facts)
    );
    let mut findings = list(parts.findings.iter().map(String::as_str));
    let notes = list(parts.notes.iter().map(String::as_str));
    if !notes.is_empty() {
        findings.push_str(&format!("<div class=\"notes\"><h3>Notes</h3>\n{notes}</div>\n"));
    }
    if !findings.is_empty() {
        body.push_str(&section("findings", "What stands out", &findings));
    }
    for (figure, svg) in figures.iter().zip(drawn) {
        body.push_str(&sections::figure(figure, svg));
    }
    for (i, table) in parts.tables.iter().enumerate() {
        let head: Vec<&str> = table.head.iter().map(String::as_str).collect();
        let mut drawn = Table::new("", &head, table.numbers_from..head.len());
        table.rows.iter().for_each(|row| drawn.row(row));
        body.push_str(&section(&format!("table-{i}"), &table.title, &drawn.finish()));
    }
    body.push_str("</main>\n");
    document(parts.title, &body, figures)
}
