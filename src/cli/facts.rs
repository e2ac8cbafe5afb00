//! `kinesim facts`: every quota and default.

use super::{Exit, Flags, talk};
use crate::facts::{self, Row};
use comfy_table::{LineStyle, Table, TableStyle};

/// Arguments of `facts`.
#[derive(Debug, clap::Args)]
pub struct Facts {
    /// Only keys that contain this.
    filter: Option<String>,
    #[command(flatten)]
    form: Form,
}

/// How a listing is printed, beside `--json`.
#[derive(Debug, clap::Args)]
pub struct Form {
    /// Print data as CSV.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

impl Facts {
    /// Prints the listing.
    pub fn go(&self, flags: &Flags) -> Exit {
        listing(facts::table(), self.filter.as_deref(), &self.form, flags)
    }
}

/// Prints rows in the form asked for; a filter that fits nothing is wrong input.
pub fn listing(mut rows: Vec<Row>, filter: Option<&str>, form: &Form, flags: &Flags) -> Exit {
    if let Some(part) = filter {
        rows.retain(|r| r.key.contains(part));
        if rows.is_empty() {
            return talk::wrong(format_args!("no key contains '{part}'"));
        }
    }
    if flags.json {
        let mut text = serde_json::to_string_pretty(&rows).unwrap_or_default();
        text.push('\n');
        return talk::data(text.as_bytes());
    }
    if form.csv {
        return talk::data(&csv(&rows));
    }
    let exit = talk::data(table(&rows).as_bytes());
    talk::note(flags, "kinesim explain KEY tells what a key means and where it is from.");
    exit
}

fn csv(rows: &[Row]) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    for row in rows {
        // Writing plain rows to memory cannot fail.
        let _ = out.serialize(row);
    }
    out.into_inner().unwrap_or_default()
}

fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─')));
    table.set_header(["key", "value", "unit", "standing", "source", "date"]);
    for r in rows {
        table.add_row([&r.key, &r.value, r.unit, r.standing, r.source, r.date]);
    }
    table.lines().map(|l| format!("{}\n", l.trim_end())).collect()
}
