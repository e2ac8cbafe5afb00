//! A short text for a pull request.

use super::{groups, text, words};
use crate::planner::outcome::PlanOutcome;
use crate::report::gate::cell;

/// Groups of excuses shown.
const GROUPS: usize = 8;

/// The plan, or why there is none, as Markdown.
pub fn markdown(outcome: &PlanOutcome) -> String {
    let mut out = String::new();
    match &outcome.plan {
        Some(plan) => {
            out.push_str(&format!("### ✅ `{}`: {}\n\n", outcome.name, words::design(&plan.settings)));
            text::headline(outcome, plan).iter().for_each(|l| out.push_str(&format!("- {l}\n")));
            out.push_str("\n| goal | this plan |\n|---|--:|\n");
            for f in &plan.figures {
                out.push_str(&format!("| `{}` | {} |\n", cell(&f.limit), cell(&words::figure(f))));
            }
            out.push('\n');
            let beyond = text::growth(outcome).into_iter().chain(outcome.regret.iter().map(text::regret));
            beyond.for_each(|l| out.push_str(&format!("- {l}\n")));
        }
        None => {
            out.push_str(&format!("### ❌ `{}`: no design meets the goal\n\n", outcome.name));
            let lines = outcome.infeasible.iter().flat_map(text::relaxed);
            lines.for_each(|l| out.push_str(&format!("- {l}\n")));
        }
    }
    let groups = groups::of(outcome);
    out.push_str(&format!(
        "\n<details><summary>{} designs, why not the others</summary>\n\n",
        outcome.candidates
    ));
    groups.iter().take(GROUPS).for_each(|g| out.push_str(&format!("- {}\n", g.words())));
    out.push_str("\n</details>\n");
    out
}
