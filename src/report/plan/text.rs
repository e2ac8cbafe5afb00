//! The plan on the terminal.

use super::{groups, words};
use crate::planner::outcome::{Contender, Infeasible, PlanOutcome, Regret};
use crate::report::human;
use crate::report::text::{section, wrapped};
use crate::units::Money;
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

/// USD as people read them.
pub(super) fn usd(value: f64) -> String {
    human::money(Money((value * Money::USD as f64) as i128))
}

/// The plan, or why there is none.
pub fn text(outcome: &PlanOutcome) -> String {
    let mut out = format!("{}\n{}", outcome.name, wrapped(&outcome.question, ""));
    match (&outcome.plan, &outcome.infeasible) {
        (Some(plan), _) => chosen(&mut out, outcome, plan),
        (None, Some(why)) => infeasible(&mut out, why),
        (None, None) => {}
    }
    let grid = format!(
        "{} designs over {}; {} simulated in {} runs; every excuse is in candidates.csv",
        human::count(outcome.candidates as u64),
        outcome.axes.iter().map(|a| a.key.as_str()).collect::<Vec<_>>().join(", "),
        human::count(outcome.simulated as u64),
        human::count(outcome.runs)
    );
    let rejected: Vec<String> = groups::of(outcome).iter().map(groups::Group::words).collect();
    let mut lines: Vec<&str> = rejected.iter().map(String::as_str).collect();
    lines.push(&grid);
    section(&mut out, "Rejected", &lines);
    let notes: Vec<&str> = outcome.notes.iter().map(String::as_str).collect();
    section(&mut out, "Notes", &notes);
    out
}

fn chosen(out: &mut String, outcome: &PlanOutcome, plan: &Contender) {
    out.push_str(&format!("\n{}", wrapped(&format!("Plan: {}", words::design(&plan.settings)), "")));
    for line in headline(outcome, plan) {
        out.push_str(&wrapped(&line, "  "));
    }
    out.push_str(&format!("\n{}", goal_table(plan)));
    let others: Vec<String> = outcome.runners_up.iter().map(|r| runner_up(plan, r)).collect();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    section(out, "Runners-up: they meet the goal too", &others);
    let growth = growth(outcome);
    let mut beyond: Vec<&str> = growth.iter().map(String::as_str).collect();
    beyond.extend(outcome.findings.iter().filter(|f| f.contains("next wall")).map(String::as_str));
    section(out, "Next wall", &beyond);
    let regret: Vec<String> = outcome.regret.iter().map(regret).collect();
    section(out, "Regret", &regret.iter().map(String::as_str).collect::<Vec<_>>());
    let minute = minute(outcome);
    section(out, "Inside the minute", &minute.iter().map(String::as_str).collect::<Vec<_>>());
    if let Some(bill) = &outcome.bill {
        out.push_str(&format!("\nBill: {}\n{}", bill.period, plain(&BILL, bill_rows(outcome), 1)));
    }
    out.push_str(&format!("\nTry it: kinesim run FILE {}\n", words::sets(&plan.settings)));
}

/// Cost, corner and certainty of a plan.
pub(super) fn headline(outcome: &PlanOutcome, plan: &Contender) -> Vec<String> {
    let mut lines = vec![format!("{} a month", usd(plan.month_usd))];
    if let Some(low) = plan.month_usd_low {
        lines[0] = format!(
            "{} a month with {}, {} with all at their lower ends",
            usd(plan.month_usd),
            outcome.corner,
            usd(low)
        );
        lines
            .push(format!("sized for the worst corner, {}, and tried at the lower ends too", outcome.corner));
    }
    if let Some(v) = &outcome.verified {
        lines.push(format!(
            "met the goal in {} of {} fresh runs: a run succeeds with {} (95 %: {} to {}), asked {}",
            v.met,
            v.runs,
            human::of_unit(v.likely, "share"),
            human::of_unit(v.low, "share"),
            human::of_unit(v.high, "share"),
            human::of_unit(v.asked, "share")
        ));
    }
    lines
}

fn runner_up(plan: &Contender, other: &Contender) -> String {
    let more = other.month_usd - plan.month_usd;
    format!("{}: {} a month, {} more", words::design(&other.settings), usd(other.month_usd), usd(more))
}

/// How far the load may grow.
pub(super) fn growth(outcome: &PlanOutcome) -> Vec<String> {
    let Some(growth) = &outcome.growth else { return Vec::new() };
    let times = |percent: u64| format!("{} times", human::number(percent as f64 / 100.0, 2));
    vec![match (growth.breaks_percent, &growth.excuse) {
        (Some(breaks), Some(excuse)) => format!(
            "holds the goal at {} the load, breaks at {}: {}",
            times(growth.holds_percent),
            times(breaks),
            words::excuse(excuse)
        ),
        _ => format!("no limit breaks up to {} the load", times(growth.holds_percent)),
    }]
}

/// The plan at another load.
pub(super) fn regret(r: &Regret) -> String {
    let load = match r.load_percent {
        50 => "at half the load".to_owned(),
        200 => "at double the load".to_owned(),
        other => format!("at {other} % of the load"),
    };
    let own = match &r.misses {
        None => format!("it meets the goal at {} a month", usd(r.plan_usd)),
        Some(excuse) => format!("it would miss {}", words::excuse(excuse)),
    };
    let best = match (&r.best, r.best_usd) {
        (Some(best), Some(cost)) if r.misses.is_none() && cost < r.plan_usd => format!(
            "{} would do at {}: {} a month of regret",
            words::design(best),
            usd(cost),
            usd(r.plan_usd - cost)
        ),
        (Some(_), Some(_)) if r.misses.is_none() => "nothing cheaper would do".to_owned(),
        (Some(best), Some(cost)) => format!("{} would do at {} a month", words::design(best), usd(cost)),
        _ => "no design of these would do".to_owned(),
    };
    format!("{load} {own}; {best}")
}

/// The fillings of a traced minute.
pub(super) fn minute(outcome: &PlanOutcome) -> Vec<String> {
    let rows = outcome.minute.iter();
    rows.map(|m| {
        let sized = if m.sized_for { " (what the plan is sized for)" } else { "" };
        let met = if m.meets { "meets the goal" } else { "misses the goal" };
        format!(
            "records spread {}{sized}: {met}; {} throttled, p99 end to end {}",
            m.spread,
            m.throttled.map_or_else(|| human::NOTHING.into(), |s| human::of_unit(s, "share")),
            m.p99_ns.map_or_else(|| human::NOTHING.into(), |ns| human::of_unit(ns, "ns"))
        )
    })
    .collect()
}

fn infeasible(out: &mut String, why: &Infeasible) {
    out.push_str("\nNo design meets the goal.\n");
    let lines: Vec<String> = relaxed(why);
    section(out, "What would make it feasible", &lines.iter().map(String::as_str).collect::<Vec<_>>());
}

/// One line per limit: what is reached, what would do.
pub(super) fn relaxed(why: &Infeasible) -> Vec<String> {
    let lines = why.limits.iter().map(|r| {
        let of = |v: f64| words::amount(v, r.unit);
        let best = r.best.map_or_else(String::new, |b| format!("; the best any design reached is {}", of(b)));
        match (r.would_do, &r.with) {
            (Some(value), Some(with)) => {
                format!(
                    "{}: allow {} and {} meets all the rest{best}",
                    r.limit,
                    of(value),
                    words::design(with)
                )
            }
            _ => format!("{}: relaxing it alone does not help{best}", r.limit),
        }
    });
    lines.collect()
}

fn plain(header: &[&str], rows: Vec<Vec<String>>, numbers_from: usize) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─')));
    table.set_header(header.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>());
    rows.into_iter().for_each(|row| {
        table.add_row(row);
    });
    for column in table.column_iter_mut().skip(numbers_from) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string().lines().map(|l| format!("{}\n", l.trim_end())).collect()
}

fn goal_table(plan: &Contender) -> String {
    let rows = plan.figures.iter().map(|f| vec![f.limit.clone(), words::figure(f)]);
    plain(&["goal", "this plan"], rows.collect(), 1)
}

/// Heads of the bill's table.
pub(super) const BILL: [&str; 5] = ["item", "quantity", "unit", "USD each", "amount"];

/// Its lines, and the total.
pub(super) fn bill_rows(outcome: &PlanOutcome) -> Vec<Vec<String>> {
    let Some(bill) = &outcome.bill else { return Vec::new() };
    let line = |l: &crate::cost::bill::BillLine| {
        let quantity = human::exact(&l.quantity);
        vec![l.item.to_owned(), quantity, l.unit.to_owned(), l.price.clone(), human::money(l.amount)]
    };
    let mut rows: Vec<Vec<String>> = bill.lines.iter().map(line).collect();
    let none = String::new;
    rows.push(vec!["total".into(), none(), none(), none(), human::money(bill.total)]);
    rows
}
