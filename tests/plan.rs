//! The planner against brute force: the same design, bounds that discard nothing they should not, honest odds.

#[path = "support/plans.rs"]
mod plans;

use kinesim::planner::{Space, plan};
use kinesim::report::plan as report;
use kinesim::scenario::Source;
use plans::{Compared, Kind, OBSERVED, SEEDS, clopper_pearson, compare};
use std::fmt::Write;
use std::path::Path;

/// What is wrong with one comparison.
fn wrong(c: &Compared) -> Vec<String> {
    let mut wrong: Vec<String> = c.unsound.iter().take(3).map(|w| format!("seed {}: {w}", c.seed)).collect();
    let ours = c.planned.plan.as_ref().map(|p| (p.settings.clone(), p.month_usd));
    let same = match (&ours, &c.brute) {
        (Some((a, x)), Some((b, y))) => a == b && (x - y).abs() < 1e-9,
        (None, None) => true,
        _ => false,
    };
    if !same {
        wrong.push(format!("seed {} ({:?}): planned {ours:?}, brute force {:?}", c.seed, c.kind, c.brute));
    }
    if (c.kind == Kind::Infeasible) != c.brute.is_none() {
        wrong.push(format!("seed {}: meant as {:?}, brute force {:?}", c.seed, c.kind, c.brute));
    }
    wrong
}

/// Does the stated probability lie in the interval of what other seeds gave?
fn covered(c: &Compared) -> Option<bool> {
    let (stated, observed) = (c.planned.verified.as_ref()?, c.observed?);
    let share = f64::from(stated.met) / f64::from(stated.runs);
    let (low, high) = clopper_pearson(observed, OBSERVED);
    Some((low..=high).contains(&share))
}

fn is_fan_out(c: &Compared) -> bool {
    c.brute.as_ref().is_some_and(|(s, _)| s.set.iter().any(|(_, v)| v == "enhanced_fan_out"))
}

fn is_on_demand(c: &Compared) -> bool {
    c.brute.as_ref().is_some_and(|(s, _)| s.mode == "on_demand")
}

#[test]
fn the_plan_is_what_brute_force_finds() {
    // A tenth of the seeds, every kind among them; all: `cargo test --test plan -- --ignored`.
    let all: Vec<Compared> = [1, 2, 3, 4, 5, 6, 13].map(compare).into_iter().collect();
    let wrong: Vec<String> = all.iter().flat_map(wrong).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    for c in &all {
        assert!(c.candidates >= 2_000 && c.planned.axes.len() >= 4, "{} candidates", c.candidates);
        assert!(c.planned.rejected.len() + usize::from(c.planned.plan.is_some()) == c.candidates);
    }
    let uncovered = all.iter().filter(|c| covered(c) == Some(false)).count();
    assert!(uncovered <= 1, "{uncovered} stated probabilities outside of what was observed");
}

#[test]
#[ignore = "every seed: some minutes; KINESIM_BLESS=1 writes reports/planner.md"]
fn the_plan_is_what_brute_force_finds_on_every_seed() {
    let all: Vec<Compared> = SEEDS.map(compare).collect();
    let wrong: Vec<String> = all.iter().flat_map(wrong).collect();
    let table = table(&all, wrong.len());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/planner.md");
    if std::env::var_os("KINESIM_BLESS").is_some() {
        std::fs::write(&path, &table).expect("writable");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let count = |f: &dyn Fn(&Compared) -> bool| all.iter().filter(|c| f(c)).count();
    assert!(count(&|c| c.brute.is_none()) >= 10 && count(&is_fan_out) >= 10 && count(&is_on_demand) >= 10);
    assert!(count(&|c| c.kind == Kind::HotKey && c.brute.is_some()) >= 10);
    let (with_plan, covers) = (count(&|c| c.brute.is_some()), count(&|c| covered(c) == Some(true)));
    assert!(with_plan >= 60 && covers * 60 >= 57 * with_plan, "{covers} of {with_plan} covered");
    assert_eq!(std::fs::read_to_string(&path).expect("committed"), table, "KINESIM_BLESS=1 writes it anew");
}

fn table(all: &[Compared], wrong: usize) -> String {
    let mut out = String::from(
        "# The planner against brute force\n\n`KINESIM_BLESS=1 cargo test --release --test plan -- --ignored` writes \
         this table. Each workload comes from its seed (`tests/support/plans.rs`); brute force simulates every \
         candidate on the same draws and shares no bound with the search. *Met* is what the plan states (runs with \
         fresh seeds that met the goal), *observed* the same over 20 other seeds, *covers* whether the stated share lies \
         in Clopper and Pearson's 95 % interval of the observed one.\n\n",
    );
    let count = |f: &dyn Fn(&Compared) -> bool| all.iter().filter(|c| f(c)).count();
    let with_plan = count(&|c| c.brute.is_some());
    let _ = writeln!(
        out,
        "{} workloads, {} differences; {with_plan} with a plan, {} without; fan-out optimal {}, on-demand optimal {}, \
         hot key {}; the stated probability covers the observed one in {} of {with_plan}.\n",
        all.len(),
        wrong,
        all.len() - with_plan,
        count(&is_fan_out),
        count(&is_on_demand),
        count(&|c| c.kind == Kind::HotKey),
        count(&|c| covered(c) == Some(true)),
    );
    out.push_str("| seed | kind | candidates | simulated by the search | plan = brute force | USD a month | met | observed | covers |\n");
    out.push_str("|--:|---|--:|--:|---|--:|--:|--:|---|\n");
    for c in all {
        let (design, cost) = match &c.brute {
            Some((s, cost)) => {
                let shards = s.shards.map_or(String::new(), |n| format!(", {n} shards"));
                let set: Vec<String> = s.set.iter().map(|(_, v)| format!("`{v}`")).collect();
                (format!("{}{shards}, {}", s.title, set.join(", ")), format!("{cost:.2}"))
            }
            None => ("none".into(), "–".into()),
        };
        let met = c.planned.verified.as_ref().map_or("–".into(), |v| format!("{}/{}", v.met, v.runs));
        let observed = c.observed.map_or("–".into(), |o| format!("{o}/{OBSERVED}"));
        let covers = covered(c).map_or("–", |c| if c { "yes" } else { "no" });
        let _ = writeln!(
            out,
            "| {} | {:?} | {} | {} | {design} | {cost} | {met} | {observed} | {covers} |",
            c.seed, c.kind, c.candidates, c.simulated
        );
    }
    out
}

/// The plan of a text.
fn planned(text: &str) -> kinesim::planner::outcome::PlanOutcome {
    let nothing = |_: &str| Err("no files".to_owned());
    let source = Source::new(text.to_owned(), "plan.yaml", &nothing, &[]);
    let scenario = source.with(&[]).unwrap_or_else(|d| panic!("{d:?}"));
    let space = Space::of(&source, &scenario, 1).expect("a space");
    plan(&space, &scenario.plan(1).expect("prices"), &|_| ()).expect("a search")
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let text = plans::scenario(5);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| report::json(&planned(&text)))
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn rates_given_as_intervals_are_sized_for_the_worst_corner() {
    let of = |rate: &str| {
        planned(&format!(
            "duration: 30 s\nproducers: {{ web: {{ rate: {rate} records/s, record_size: 20 KiB }} }}\n\
             stream: {{}}\nmodes: [provisioned]\ngoal: {{ throttled_attempts: {{ at_most: 1 % }} }}\n"
        ))
    };
    let (wide, high) = (of("60 .. 240"), of("240"));
    let shards = |o: &kinesim::planner::outcome::PlanOutcome| o.plan.as_ref().and_then(|p| p.settings.shards);
    assert!(shards(&wide).is_some());
    assert_eq!(shards(&wide), shards(&high), "sized as if the upper end were certain");
    assert!(wide.corner.contains("upper"), "{}", wide.corner);
    let chosen = wide.plan.expect("a plan");
    assert!(chosen.month_usd_low.is_some_and(|low| low < chosen.month_usd));
}

#[test]
fn what_would_make_an_impossible_goal_feasible_does() {
    let text = |most: f64| {
        format!(
            "duration: 30 s\nproducers: {{ web: {{ rate: 200 records/s, record_size: 20 KiB }} }}\nstream: {{}}\n\
             modes: [provisioned]\n\
             goal: {{ throttled_attempts: {{ at_most: 1 % }}, monthly_cost: {{ at_most: {most:.2} USD }} }}\n"
        )
    };
    let none = planned(&text(20.0));
    assert!(none.plan.is_none());
    let why = none.infeasible.expect("a reason");
    let cost = why.limits.iter().find(|l| l.limit.starts_with("monthly_cost")).expect("the cost's line");
    let would_do = cost.would_do.expect("a cost that would do");
    let then = planned(&text(would_do + 0.01)).plan.expect("feasible once it is allowed");
    assert_eq!(Some(&then.settings), cost.with.as_ref());
}
