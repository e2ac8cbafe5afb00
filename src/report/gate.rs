//! Goals as a gate: a short Markdown text for a pull request, from a run.

use super::text;
use crate::experiment::outcome::Outcome;

/// One limit of a goal in one mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The mode as AWS prints it.
    pub mode: &'static str,
    /// The limit as written.
    pub limit: String,
    /// What the run gave.
    pub measured: String,
    /// Does it hold?
    pub met: bool,
}

/// The goal's limits, then the comparison of modes; `met`: the goal as a whole, `None` where there is none.
pub fn markdown(outcome: &Outcome, judged: &[Judged], met: Option<bool>) -> String {
    let verdict = match met {
        Some(true) => "✅ ",
        Some(false) => "❌ ",
        None => "",
    };
    let mut out = format!("### {verdict}`{}`: {}\n", outcome.name, outcome.question);
    if !judged.is_empty() {
        out.push_str("\n| | mode | goal | measured |\n|---|---|---|--:|\n");
        for j in judged {
            let mark = if j.met { "✅" } else { "❌" };
            out.push_str(&format!(
                "| {mark} | {} | `{}` | {} |\n",
                j.mode,
                cell(&j.limit),
                cell(&j.measured)
            ));
        }
    }
    let titles: Vec<&str> = outcome.modes.iter().map(|m| m.title).collect();
    out.push_str(&format!("\n| | {} |\n|---|{}\n", titles.join(" | "), "--:|".repeat(titles.len())));
    for row in text::comparison(outcome) {
        let values: Vec<String> = row.values.iter().map(|v| cell(v)).collect();
        out.push_str(&format!("| {} | {} |\n", cell(&row.label), values.join(" | ")));
    }
    if !outcome.findings.is_empty() {
        out.push('\n');
        outcome.findings.iter().for_each(|f| out.push_str(&format!("- {}\n", f.text)));
    }
    out
}

/// A text that stays in its cell.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}
