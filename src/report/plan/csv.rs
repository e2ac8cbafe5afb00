//! Every candidate with its excuse, every simulated one with its figures, the bill.

use crate::planner::outcome::{PlanOutcome, Settings};
use crate::report::csv_files::{Table, cell};

fn set(s: &Settings) -> String {
    let pairs: Vec<String> = s.set.iter().map(|(k, v)| format!("{k}={v}")).collect();
    pairs.join("; ")
}

/// One row per rejected candidate.
pub fn candidates(outcome: &PlanOutcome) -> Vec<u8> {
    let mut table = Table::new([
        "mode",
        "shards",
        "set",
        "floor_usd",
        "why",
        "limit",
        "found",
        "half_width",
        "allowed",
        "unit",
        "fact",
        "note",
    ]);
    for r in &outcome.rejected {
        let e = &r.excuse;
        let why = serde_json::to_value(e.why).ok().and_then(|v| v.as_str().map(str::to_owned));
        table.row([
            r.settings.mode.to_owned(),
            cell(r.settings.shards),
            set(&r.settings),
            format!("{:.4}", r.floor_usd),
            why.unwrap_or_default(),
            e.limit.clone(),
            cell(e.found),
            cell(e.half_width),
            cell(e.allowed),
            e.unit.to_owned(),
            e.fact.clone().unwrap_or_default(),
            e.note.clone(),
        ]);
    }
    table.finish()
}

/// One row per simulated candidate; `front`: nothing simulated is better in one figure and no worse in the others.
pub fn front(outcome: &PlanOutcome) -> Vec<u8> {
    let mut table = Table::new([
        "mode",
        "shards",
        "set",
        "month_usd",
        "end_to_end_p99_ns",
        "throttled_share",
        "meets_goal",
        "front",
    ]);
    for p in &outcome.points {
        table.row([
            p.settings.mode.to_owned(),
            cell(p.settings.shards),
            set(&p.settings),
            format!("{:.4}", p.month_usd),
            cell(p.p99_ns),
            cell(p.throttled),
            p.meets.to_string(),
            p.front.to_string(),
        ]);
    }
    table.finish()
}

/// The bill of the plan's month.
pub fn cost(outcome: &PlanOutcome) -> Vec<u8> {
    let mut table = Table::new(["item", "quantity", "unit", "price_usd", "price_key", "amount_usd", "how"]);
    if let Some(bill) = &outcome.bill {
        for l in &bill.lines {
            let amount = l.amount.to_string();
            table.row([l.item, &l.quantity, l.unit, &l.price, &l.price_key, &amount, &l.how]);
        }
        let total = bill.total.to_string();
        table.row(["total", "", "", "", "", &total, "sum of the lines above"]);
    }
    table.finish()
}
