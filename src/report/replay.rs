//! What a replayed history adds to a report: its designs side by side, their risk and what their rules did.

use super::csv_files::{Table as Csv, cell};
use super::human;
use crate::experiment::replay::{Bracket, Design, Replay, percent};
use crate::stream::config::Mode;

/// Names of the ends of the demand.
const ENDS: [&str; 3] = ["stored_only", "estimated", "stored_and_refused"];

/// What the history is, in sentences.
pub fn about(replay: &Replay) -> Vec<String> {
    let from = replay.start.as_ref().map_or(String::new(), |s| format!(" from {s}"));
    let mut all = vec![format!(
        "{}: {}{from}, {} steps of {}",
        replay.stream,
        human::duration(replay.span_ns),
        human::count(replay.steps as u64),
        human::duration(replay.step_ns),
    )];
    let [low, estimate, high] = replay.offered.map(|r| human::count(r.round() as u64));
    let records = if low == high {
        format!("{low} records")
    } else {
        format!("{estimate} records offered by our estimate, {low} (stored) to {high} (stored and refused)")
    };
    let size = match replay.mean_record_bytes {
        Some(bytes) => format!("mean record {}", human::bytes(bytes.round() as u64)),
        None => "bytes not known".into(),
    };
    all.push(format!(
        "{records}; highest step {} records/s; {size}; steps scatter as batches of {} records would",
        human::number(replay.peak_records_per_s, 1),
        human::number(replay.dispersion, 0),
    ));
    all.extend(replay.base().map(|base| held(base, replay)));
    all
}

/// What the column of savings compares with.
fn held(base: &Design, replay: &Replay) -> String {
    let bought = base.mode == Mode::Provisioned.word();
    let shards = if bought {
        format!(" with {}", human::plural(base.shards_start.into(), "shard"))
    } else {
        String::new()
    };
    format!(
        "Held against {}{shards}, {} a month: {}.",
        base.title,
        human::money(base.month_usd),
        replay.against_why
    )
}

/// Heading and one row per design.
pub fn rows(replay: &Replay) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let head =
        vec!["design", "shards", "most", "month", "saves", "risk", "even", "random", "batches", "at once"];
    let row = |d: &Design| {
        let mut cells = vec![
            d.title.clone(),
            human::number(d.shards_mean, 1),
            human::count(d.shards_max.into()),
            human::money(d.month_usd),
            replay.base().map_or_else(String::new, |base| saves(d, base)),
            d.risk().word().to_owned(),
        ];
        cells.extend(shares(&d.refused));
        cells
    };
    (head, replay.designs.iter().map(row).collect())
}

/// What a design's month saves against the one it is held against.
fn saves(design: &Design, base: &Design) -> String {
    let (month, own) = (base.month_usd.as_f64(), design.month_usd.as_f64());
    match () {
        () if design.title == base.title => "compared".into(),
        () if month <= 0.0 => String::new(),
        () if own <= month => human::number((month - own) * 100.0 / month, 0) + " %",
        () => format!("costs {}x", human::number(own / month, 1)),
    }
}

/// Each shape from the least to the most demand.
fn shares(refused: &[Bracket; 3]) -> [String; 4] {
    let shapes: [fn(&Bracket) -> f64; 4] = [|b| b.even, |b| b.poisson, |b| b.burst, |b| b.worst];
    shapes.map(|f| match (percent(f(&refused[0])), percent(f(&refused[2]))) {
        (low, high) if low == high => low,
        (low, high) => format!("{low} to {high}"),
    })
}

/// How to read the table.
pub const NOTE: &str = "Shards are the mean and the most. Even, random, batches, at once: the share of records that a shard refuses at \
    the first attempt, worked out step by step for what a sum over a step hides: births evenly apart, at random \
    (Poisson), in batches that scatter as the steps do, and all of a step at one instant. Keys are taken as even. Risk: \
    overload is refused even evenly apart, random peaks at random, bursts only in batches or at once.";

/// Designs × ends of the demand, exact.
pub fn csv(replay: &Replay) -> Vec<u8> {
    let mut table = Csv::new([
        "design",
        "mode",
        "policy",
        "demand",
        "shards_start",
        "shards_mean",
        "shards_max",
        "month_usd",
        "history_usd",
        "delayed_share_simulated",
        "refused_even",
        "refused_poisson",
        "refused_batches",
        "refused_all_at_once",
    ]);
    for d in &replay.designs {
        for (end, b) in ENDS.iter().zip(&d.refused) {
            table.row([
                d.title.clone(),
                d.mode.to_owned(),
                d.policy.unwrap_or_default().to_owned(),
                (*end).to_owned(),
                d.shards_start.to_string(),
                format!("{:.4}", d.shards_mean),
                d.shards_max.to_string(),
                d.month_usd.to_string(),
                d.history_usd.to_string(),
                cell(d.delayed_share),
                b.even.to_string(),
                b.poisson.to_string(),
                b.burst.to_string(),
                b.worst.to_string(),
            ]);
        }
    }
    table.finish()
}

/// Every decision of every rule.
pub fn decisions(replay: &Replay) -> Vec<u8> {
    let mut table = Csv::new(["design", "at_ns", "what", "text"]);
    for d in &replay.designs {
        for e in &d.decisions {
            table.row([d.title.clone(), e.at_ns.to_string(), e.what.to_owned(), e.text.clone()]);
        }
    }
    table.finish()
}
