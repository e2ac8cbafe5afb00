//! The report of an account: one table over its streams, and each stream's own report beside it.

use super::csv_files::Table as Csv;
use super::{File, RenderOptions, human, page, text};
use crate::experiment::account::Account;
use crate::experiment::outcome::ModeOutcome;
use crate::measure::result::ProducerResult;

/// Heading and rows: a row per stream and mode, the commitment, and last a total per mode.
pub fn rows(account: &Account) -> ([&'static str; 5], Vec<Vec<String>>) {
    let mut rows = Vec::new();
    let mut group = |name: &str, of: &dyn Fn(usize) -> Option<[String; 3]>| {
        let mut name = name.to_owned();
        for (i, mode) in account.modes.iter().enumerate() {
            if let Some(cells) = of(i) {
                rows.push([vec![std::mem::take(&mut name), mode.title.to_owned()], cells.to_vec()].concat());
            }
        }
    };
    for stream in &account.streams {
        group(&stream.name, &|i| {
            let mode = account.modes[i].mode;
            account.in_mode(stream, mode).map(|m| of_stream(m, mode))
        });
    }
    group("commitment, shortfall", &|i| {
        let total = account.modes[i].commitment.total;
        (total.0 > 0).then(|| [human::money(total), String::new(), String::new()])
    });
    group("the account", &|i| {
        let m = &account.modes[i];
        Some([human::money(m.month_usd), human::count(m.shards_max), String::new()])
    });
    (["stream", "mode", "month", "shards", "throttled"], rows)
}

/// A stream that may not be in the row's mode says in which it is.
fn of_stream(m: &ModeOutcome, mode: &str) -> [String; 3] {
    let sum = |f: fn(&ProducerResult) -> u64| text::total(m, f);
    let shards = human::count(m.run.stream.shards_max.into());
    let own = if m.mode == mode { String::new() } else { format!(" ({})", m.title) };
    [
        human::money(m.bill_month.total),
        format!("{shards}{own}"),
        human::share(sum(|p| p.throttled), sum(|p| p.attempts)),
    ]
}

/// What the streams' own tables leave out.
pub(super) const SHARED: &str = "The commitment of On-demand Advantage is shared by all streams: it is in the last table's months, \
    and not in those of one stream.";

/// The terminal summary.
pub fn terminal(account: &Account) -> String {
    let mut out = format!("{}\n{}\n\n", account.name, account.question);
    let histories = account.streams.iter().filter_map(|s| s.replay.as_ref());
    for history in histories.chain(&account.replay) {
        text::push_history(&mut out, history);
        out.push('\n');
    }
    if account.replay.is_some() {
        out.push_str(&text::wrapped(SHARED, ""));
        out.push('\n');
    }
    let (head, rows) = rows(account);
    text::push_table(&mut out, 2, head.map(str::to_owned).to_vec(), rows);
    let findings: Vec<&str> = account.findings.iter().map(|f| f.text.as_str()).collect();
    text::section(&mut out, "Findings", &findings);
    for stream in &account.streams {
        let own: Vec<&str> = stream.findings.iter().map(|f| f.text.as_str()).collect();
        text::section(&mut out, &stream.name, &own);
    }
    out
}

/// The account as JSON, one line, its streams inside.
pub fn summary(account: &Account) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(account).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// The same table, exact.
fn csv(account: &Account) -> Vec<u8> {
    let mut table =
        Csv::new(["stream", "mode", "shards_max", "attempts", "throttled", "born", "lost", "month_usd"]);
    for stream in &account.streams {
        for m in &stream.modes {
            let sum = |f: fn(&ProducerResult) -> u64| text::total(m, f).to_string();
            table.row([
                stream.name.clone(),
                m.mode.to_owned(),
                m.run.stream.shards_max.to_string(),
                sum(|p| p.attempts),
                sum(|p| p.throttled),
                sum(|p| p.born),
                sum(|p| p.lost.all()),
                m.bill_month.total.to_string(),
            ]);
        }
    }
    for m in &account.modes {
        for (what, amount) in [("(commitment)", m.commitment.total), ("(account)", m.month_usd)] {
            let shards = if what == "(account)" { m.shards_max.to_string() } else { String::new() };
            let none = String::new;
            table.row([
                what.into(),
                m.mode.to_owned(),
                shards,
                none(),
                none(),
                none(),
                none(),
                amount.to_string(),
            ]);
        }
    }
    table.finish()
}

/// Every file: the account's own, and each stream's with its name before theirs.
pub fn render(account: &Account, options: &RenderOptions) -> Vec<File> {
    let file = |name: &str, bytes: Vec<u8>| File { name: name.to_owned(), bytes };
    let mut files = vec![file("summary.json", summary(account)), file("account.csv", csv(account))];
    let mut pages = Vec::new();
    for (i, stream) in account.streams.iter().enumerate() {
        // Names are the user's: a file gets a number and what is plain of the name.
        let plain: String =
            stream.name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        let prefix = format!("{:02}-{plain}", i + 1);
        for f in super::render(stream, options) {
            files.push(file(&format!("{prefix}.{}", f.name), f.bytes));
        }
        pages.push(format!("{prefix}.index.html"));
    }
    if options.page {
        files.push(file("index.html", page::account(account, &pages).into_bytes()));
    }
    files
}
