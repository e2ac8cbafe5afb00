//! The plan as a page.

use super::{groups, text, words};
use crate::planner::outcome::{Contender, PlanOutcome};
use crate::report::chart::Figure;
use crate::report::human;
use crate::report::page::{Plain, PlainTable, plain};

/// One file, no network.
pub fn html(outcome: &PlanOutcome, figures: &[Figure], drawn: &[String]) -> String {
    let parts = Plain {
        kind: "kinesim plan",
        title: &outcome.name,
        question: &outcome.question,
        facts: facts(outcome),
        findings: findings(outcome),
        notes: outcome.notes.clone(),
        tables: tables(outcome),
    };
    plain(&parts, figures, drawn)
}

fn facts(outcome: &PlanOutcome) -> String {
    [
        format!("{} designs", human::count(outcome.candidates as u64)),
        format!(
            "{} simulated in {} runs",
            human::count(outcome.simulated as u64),
            human::count(outcome.runs)
        ),
        format!("seed {}", outcome.provenance.seed),
        format!("prices {}", outcome.provenance.prices),
    ]
    .join(" · ")
}

fn findings(outcome: &PlanOutcome) -> Vec<String> {
    let mut said = Vec::new();
    match (&outcome.plan, &outcome.infeasible) {
        (Some(plan), _) => {
            said.push(format!("The plan: {}", words::design(&plan.settings)));
            said.extend(text::headline(outcome, plan));
            said.extend(text::growth(outcome));
            said.extend(outcome.regret.iter().map(text::regret));
            said.extend(text::minute(outcome));
        }
        (None, Some(why)) => {
            said.push("No design meets the goal.".into());
            said.extend(text::relaxed(why));
        }
        (None, None) => {}
    }
    said
}

fn tables(outcome: &PlanOutcome) -> Vec<PlainTable> {
    let contenders: Vec<&Contender> = outcome.plan.iter().chain(&outcome.runners_up).collect();
    let mut tables = Vec::new();
    if let Some(first) = contenders.first() {
        let mut head = vec!["design".to_owned(), "a month".to_owned()];
        head.extend(first.figures.iter().map(|f| f.limit.clone()));
        let row = |c: &&Contender| {
            let mut cells = vec![words::design(&c.settings), text::usd(c.month_usd)];
            cells.extend(c.figures.iter().map(words::figure));
            cells
        };
        let rows = contenders.iter().map(row).collect();
        tables.push(PlainTable { title: "The plan and its runners-up".into(), head, rows, numbers_from: 1 });
    }
    let rows = groups::of(outcome).iter().map(|g| vec![human::count(g.count as u64), g.words()]).collect();
    tables.push(PlainTable {
        title: "Why not the others".into(),
        head: vec!["designs".into(), "excuse (every one is in candidates.csv)".into()],
        rows,
        numbers_from: 2,
    });
    if outcome.bill.is_some() {
        tables.push(PlainTable {
            title: "The bill of a month".into(),
            head: text::BILL.map(str::to_owned).to_vec(),
            rows: text::bill_rows(outcome),
            numbers_from: 1,
        });
    }
    tables
}
