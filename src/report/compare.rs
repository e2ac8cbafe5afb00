//! Two designs side by side, for the terminal and for machines.

use crate::experiment::compare::{Comparison, Row};
use crate::report::human;
use crate::report::text::{section, wrapped};
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

/// Every comparison as a table, with a final line break.
pub fn terminal(all: &[Comparison], replications: u32, notes: &[String]) -> String {
    let mut out = String::new();
    for (i, one) in all.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        out.push_str(&format!("A: {} ({})\n", one.a.name, one.a.title));
        out.push_str(&format!("B: {} ({})\n", one.b.name, one.b.title));
        let demand = match one.same_demand {
            true => "Both meet the same demand, record for record.",
            false => "The demand of B is not that of A: what differs is demand and design together.",
        };
        out.push_str(&wrapped(demand, ""));
        out.push('\n');
        let mut table = Table::new();
        table.load_style(TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─')));
        table.set_header(["", "A", "B", "B less A", "B is"]);
        one.rows.iter().for_each(|row| {
            table.add_row(cells(row));
        });
        for column in table.column_iter_mut().skip(1).take(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.lines().for_each(|line| out.push_str(&format!("{}\n", line.trim_end())));
    }
    let mut lines: Vec<String> = Vec::new();
    if replications > 1 {
        lines.push(format!(
            "± is half of the 95 % interval of the mean difference over {replications} pairs of replications (Student's \
             t); A and B are means. Less is better in every line."
        ));
    }
    lines.extend(notes.iter().cloned());
    section(&mut out, "Notes", &lines.iter().map(String::as_str).collect::<Vec<_>>());
    out
}

fn cells(row: &Row) -> [String; 5] {
    let value = |v: Option<f64>| v.map_or_else(|| human::NOTHING.into(), |v| human::of_unit(v, row.unit));
    let delta = row.delta.map_or_else(
        || human::NOTHING.to_owned(),
        |d| match row.half_width.filter(|h| *h > d.abs() * 1e-6) {
            Some(half) => format!("{} ± {}", signed(d, row.unit), human::of_unit(half, row.unit)),
            None => signed(d, row.unit),
        },
    );
    [row.label.clone(), value(row.a), value(row.b), delta, row.verdict.words().into()]
}

/// `+12 ms`, `-$3.10`, `0`.
fn signed(v: f64, unit: &str) -> String {
    match v {
        0.0 => human::of_unit(0.0, unit),
        v if v > 0.0 => format!("+{}", human::of_unit(v, unit)),
        v => format!("-{}", human::of_unit(-v, unit)),
    }
}
