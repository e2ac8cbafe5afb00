//! Designs, figures and excuses in words.

use crate::planner::excuse::{Excuse, Why};
use crate::planner::outcome::{Figure, Settings};
use crate::report::human;

/// A number in its unit.
pub fn amount(value: f64, unit: &str) -> String {
    match unit {
        "count" => human::number(value, 1),
        "records/s" => format!("{} records/s", human::number(value, 0)),
        "factor" => format!("{}x", human::number(value, 3)),
        "bytes" => human::bytes(value.max(0.0) as u64),
        _ => human::of_unit(value, unit),
    }
}

/// `Provisioned, 12 shards, consumers.app.read: polling`.
pub fn design(s: &Settings) -> String {
    let title = match s.together.is_empty() {
        true => s.title.to_owned(),
        false => format!("in {} alike", s.together.join(", ")),
    };
    let mut words = vec![title];
    words.extend(s.shards.map(|n| human::plural(n.into(), "shard")));
    words.extend(s.set.iter().map(|(key, value)| format!("{key}: {value}")));
    words.join(", ")
}

/// The `--set`s that make a design of the scenario.
pub fn sets(s: &Settings) -> String {
    let modes = if s.together.is_empty() { s.mode.to_owned() } else { s.together.join(", ") };
    let mut sets = vec![format!("--set 'modes=[{modes}]'")];
    sets.extend(s.shards.map(|n| format!("--set stream.shards={n}")));
    sets.extend(s.set.iter().map(|(key, value)| {
        match value.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            true => format!("--set '{key}={value}'"),
            false => format!("--set {key}={value}"),
        }
    }));
    sets.join(" ")
}

/// A mean, with half of its interval where there is one.
pub fn figure(f: &Figure) -> String {
    match (f.mean, f.half_width) {
        (None, _) => human::NOTHING.into(),
        (Some(mean), Some(half)) if half > 0.0 && half.is_finite() => {
            format!("{} ± {}", amount(mean, f.unit), amount(half, f.unit))
        }
        (Some(mean), _) => amount(mean, f.unit),
    }
}

/// A reason, with both numbers and the fact.
pub fn excuse(e: &Excuse) -> String {
    let of = |v: Option<f64>| v.map_or_else(|| human::NOTHING.into(), |v| amount(v, e.unit));
    let (found, allowed, limit) = (of(e.found), of(e.allowed), &e.limit);
    let with_half = match e.half_width {
        Some(half) if half > 0.0 => format!("{found} ± {}", amount(half, e.unit)),
        _ => found.clone(),
    };
    let mut words = match e.why {
        Why::Mistake => format!("no valid design: {}", e.note),
        Why::Quota => format!("{limit}: {found}, allowed {allowed}"),
        Why::CostFloor => format!("{limit}: cannot cost less than {found} a month"),
        Why::Writes => format!("{limit}: offered {found} at the fullest, takes {allowed}"),
        Why::HotKey => format!("{limit}: one key brings {found}, a shard takes {allowed}"),
        Why::PollInterval => format!("{limit}: looks so seldom that it is at least {found}"),
        Why::Headroom => format!("{limit}: leaves at most {found} free"),
        Why::Missed if e.found.is_none() => format!("{limit}: {}", e.note),
        Why::Missed => format!("{limit}: simulated {with_half}"),
        Why::TooClose => format!("{limit}: simulated {with_half}, too close to call"),
        Why::FreshRuns => format!("met the goal in only {}, asked {allowed}", e.note),
        Why::DearerFloor => format!("cannot cost less than {found} a month, the plan costs {allowed}"),
        Why::Dearer => format!("meets the goal at {found} a month, the plan costs {allowed}"),
        Why::NotTried => format!("not simulated: from {found} a month"),
    };
    let own_note = matches!(e.why, Why::Missed | Why::TooClose) && e.found.is_some() && !e.note.is_empty();
    if own_note {
        words.push_str(&format!(", {}", e.note));
    }
    // That a month has so many hours explains a cost, and says nothing new.
    let dearer = matches!(e.why, Why::DearerFloor | Why::Dearer | Why::NotTried);
    if let Some(fact) = e.fact.as_ref().filter(|_| !dearer) {
        words.push_str(&format!(" ({fact})"));
    }
    words
}
