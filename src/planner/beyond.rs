//! Beyond the load the plan was made for: what breaks as it grows, and what half and double the load would have asked.

use super::Trouble;
use super::outcome::{Growth, Regret};
use super::search::{Search, State, Tried};
use super::verdict::{RUNS_FIRST, Sample, Verdict, judge, mean};
use crate::scenario::Limit;

/// Loads tried, in percent, until one breaks a limit.
const LOADS: [u64; 8] = [110, 125, 150, 175, 200, 250, 300, 400];
/// Between a load that holds and one that breaks, no finer than this.
const FINE: u64 = 5;
/// The loads of regret, in percent.
const REGRET: [u64; 2] = [50, 200];

/// The limits that do not grow with the load by themselves.
fn performance(limits: &[Limit]) -> Vec<Limit> {
    limits.iter().filter(|l| !l.measured.metric.name.ends_with("_cost")).cloned().collect()
}

/// The load at which a limit breaks first.
pub fn growth(search: &mut Search, plan: usize) -> Result<Growth, Trouble> {
    let (mut holds, mut breaks) = (100, None);
    for load in LOADS {
        match trial(search, plan, load)? {
            tried if tried.missed.is_none() => holds = load,
            tried => {
                breaks = Some((load, tried));
                break;
            }
        }
    }
    while let Some((load, _)) = &breaks
        && load - holds > FINE
    {
        let middle = (holds + load) / 2 / FINE * FINE;
        let middle = if middle <= holds { holds + FINE } else { middle };
        let tried = trial(search, plan, middle)?;
        match tried.missed {
            None => holds = middle,
            Some(_) => breaks = Some((middle, tried)),
        }
    }
    let limits = performance(&search.limits);
    let excuse = match &breaks {
        None => None,
        Some((load, tried)) => Search::at(search, limits, *load).missed(tried),
    };
    Ok(Growth { holds_percent: holds, breaks_percent: breaks.map(|b| b.0), excuse })
}

/// The plan at another load, on the first common draws at the heaviest corner.
fn trial(search: &mut Search, plan: usize, load: u64) -> Result<Tried, Trouble> {
    let limits = performance(&search.limits);
    let mut there = Search::at(search, limits, load);
    let (mut views, mut missed) = (Vec::new(), None);
    for view in 0..search.space.heaviest() {
        let samples = there.sample(plan, view, 0, RUNS_FIRST)?;
        let here = match judge(&there.limits, &samples) {
            Verdict::Meets => None,
            Verdict::Misses(l) => Some((view, l, false)),
            // Too close to tell with two runs: their means decide.
            Verdict::Open(_) => by_means(&there.limits, &samples).map(|l| (view, l, true)),
        };
        missed = missed.or(here);
        views.push(samples);
    }
    let month_usd = there.dearest(&views);
    let runs = there.runs;
    search.runs += runs;
    Ok(Tried { views, missed, dropped: None, month_usd })
}

fn by_means(limits: &[Limit], samples: &[Sample]) -> Option<usize> {
    (0..limits.len()).find(|l| !limits[*l].holds(mean(samples, *l)))
}

/// The plan at half and at double the load, and the design that load would have got.
pub fn regrets(search: &mut Search, plan: usize) -> Result<Vec<Regret>, Trouble> {
    let mut regrets = Vec::new();
    for load_percent in REGRET {
        let own = trial(search, plan, load_percent)?;
        let limits = performance(&search.limits);
        let misses = Search::at(search, limits.clone(), load_percent).missed(&own);
        let mut there = Search::new(search.space, limits, load_percent, search.heard())?;
        let best = there.cheapest()?;
        let best_usd = best.and_then(|i| match &there.states[i] {
            State::Tried(tried) => Some(tried.month_usd),
            _ => None,
        });
        let best = best.map(|i| there.settings(i));
        let runs = there.runs;
        search.runs += runs;
        regrets.push(Regret { load_percent, plan_usd: own.month_usd, misses, best, best_usd });
    }
    Ok(regrets)
}
