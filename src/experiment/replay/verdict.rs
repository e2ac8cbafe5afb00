//! What a replay comes to, in plain words: what could be saved, and at what risk.

use super::{Design, Replay, percent};
use crate::experiment::outcome::Finding;
use crate::units::Money;

/// How a design stands to the demand, by our estimate of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// Nothing is refused, whatever a step hides.
    None,
    /// What batches bring, or births at one instant.
    Bursts,
    /// Births at random are refused now and then.
    Random,
    /// Births evenly apart are refused: the load is above the limits.
    Overload,
}

/// A share of records below this is none.
const NEGLIGIBLE: f64 = 1e-5;

impl Risk {
    /// For a table.
    pub fn word(self) -> &'static str {
        match self {
            Risk::None => "none",
            Risk::Bursts => "bursts only",
            Risk::Random => "random peaks",
            Risk::Overload => "overload",
        }
    }
}

impl Design {
    /// What it risks.
    pub fn risk(&self) -> Risk {
        let b = &self.refused[1];
        match () {
            () if b.even > NEGLIGIBLE => Risk::Overload,
            () if b.poisson > NEGLIGIBLE => Risk::Random,
            () if b.worst > NEGLIGIBLE => Risk::Bursts,
            () => Risk::None,
        }
    }
}

/// In plain words: what is saved without more risk than now, and what the cheapest design of all would cost and risk.
pub fn verdict(replay: &Replay) -> Vec<Finding> {
    let Some(base) = replay.base() else { return Vec::new() };
    let finding = |text: String| Finding { kind: "replay", text };
    let mut all = vec![finding(format!(
        "held against {}: {}; {}",
        base.title,
        cost(base.month_usd),
        risk(base, replay)
    ))];
    let cheaper = |d: &&Design| d.month_usd < base.month_usd;
    let calm = replay.designs.iter().filter(|d| cheaper(d) && d.risk() <= base.risk().max(Risk::Bursts));
    let calm = calm.min_by_key(|d| d.month_usd);
    all.push(finding(match calm {
        Some(d) => format!("{} {}, at no greater risk; {}", d.title, saves(d, base), risk(d, replay)),
        None => format!("no design that refuses nothing but bursts costs less than {}", base.title),
    }));
    let least = replay.designs.iter().filter(cheaper).min_by_key(|d| d.month_usd);
    if let Some(d) = least.filter(|d| calm.is_none_or(|c| c.title != d.title)) {
        all.push(finding(format!("{} {}, at a price: {}", d.title, saves(d, base), risk(d, replay))));
    }
    all
}

fn saves(design: &Design, base: &Design) -> String {
    let saved = Money(base.month_usd.0 - design.month_usd.0);
    let share = saved.as_f64() * 100.0 / base.month_usd.as_f64().max(1e-9);
    format!("would save {:.2} USD a month ({share:.0} %): {}", saved.as_f64(), cost(design.month_usd))
}

fn cost(amount: Money) -> String {
    format!("{:.2} USD a month", amount.as_f64())
}

fn risk(design: &Design, replay: &Replay) -> String {
    let [low, _, high] = design.refused;
    if high.worst == 0.0 {
        return "nothing refused, even if all of a step came at one instant".into();
    }
    let ends = |low: f64, high: f64| match (percent(low), percent(high)) {
        (a, b) if a == b => a,
        (a, b) => format!("{a} to {b}"),
    };
    let mut text = format!(
        "refused at first {} of the records if they come evenly, {} at random, {} in batches",
        ends(low.even, high.even),
        ends(low.poisson, high.poisson),
        ends(low.burst, high.burst),
    );
    if let Some(worst) = design.worst.filter(|_| design.risk() > Risk::Bursts) {
        let when = moment(worst.at_ns, replay);
        text.push_str(&format!("; {} at random in the worst step, {when}", percent(worst.share)));
    }
    text
}

/// When, since the start.
fn moment(at_ns: u64, replay: &Replay) -> String {
    match &replay.start {
        Some(start) => format!("{:.1} h after {start}", at_ns as f64 / 3.6e12),
        None => format!("{:.1} h after the start", at_ns as f64 / 3.6e12),
    }
}
