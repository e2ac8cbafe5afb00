//! The page of an account: its table, its findings, and the way to each stream's page.

use super::markup::{Table, escape, list, paragraph, section};
use super::sections::history;
use super::{POLICY, STYLE};
use crate::experiment::account::Account;
use crate::report::account::{SHARED, rows};

/// The page; `pages` has the file of each stream's own.
pub fn html(account: &Account, pages: &[String]) -> String {
    let title = escape(&account.name);
    let (head, rows) = rows(account);
    let mut table = Table::new("", &head, 2..head.len());
    let last = rows.len().saturating_sub(account.modes.len());
    for (i, row) in rows.iter().enumerate() {
        table.classed_row(if i >= last { "total" } else { "" }, row);
    }
    let links: String = account
        .streams
        .iter()
        .zip(pages)
        .map(|(s, page)| format!("<li><a href=\"{}\">{}</a></li>\n", escape(page), escape(&s.name)))
        .collect();
    let findings = list(account.findings.iter().map(|f| f.text.as_str()));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} – kinesim</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header><p class=\"kind\">kinesim report</p>\n<h1>{title}</h1>\n{}</header>\n<main>\n{}{}{}</main>\n</body>\n</html>\n",
        paragraph("question", &account.question),
        histories(account) + &section("summary", "The account", &table.finish()),
        section("findings", "Findings", &findings),
        section("streams", "Streams", &format!("<ul>\n{links}</ul>\n")),
    )
}

/// A table per replayed stream, and one of all.
fn histories(account: &Account) -> String {
    let Some(all) = &account.replay else { return String::new() };
    let each = account.streams.iter().filter_map(|s| s.replay.as_ref()).enumerate();
    let own: String = each.map(|(i, r)| history(&format!("replay-{}", i + 1), &r.stream, r)).collect();
    own + &history("replay", "All streams through every design", all) + &paragraph("note", SHARED)
}
