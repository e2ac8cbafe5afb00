//! That no design will do is an answer: which limit, how near the designs come, and what would make it feasible.

use super::Trouble;
use super::bound;
use super::outcome::{Infeasible, Relax};
use super::search::{Search, State};
use super::verdict::{Sample, mean};
use crate::scenario::Limit;

/// Every limit in turn: what is reached, and what would do if the others stay.
pub fn why(search: &mut Search) -> Result<Infeasible, Trouble> {
    let mut limits = Vec::new();
    for l in 0..search.limits.len() {
        limits.push(relax(search, l)?);
    }
    Ok(Infeasible { limits })
}

fn relax(search: &mut Search, l: usize) -> Result<Relax, Trouble> {
    let limit = search.limits[l].clone();
    let asked = limit.at_most.or(limit.at_least).map_or(0.0, |a| a.value);
    let mut best: Option<f64> = None;
    let mut would_do: Option<(f64, usize)> = None;
    for (i, state) in search.states.iter().enumerate() {
        let State::Tried(tried) = state else { continue };
        let Some(value) = worst(&limit, &tried.views, l) else { continue };
        if best.is_none_or(|b| better(&limit, value, b)) {
            best = Some(value);
        }
        let holds = |(k, other): (usize, &Limit)| {
            k == l || tried.views.iter().all(|samples| other.holds(mean(samples, k)))
        };
        let all =
            tried.views.len() == search.space.views.len() && search.limits.iter().enumerate().all(holds);
        if all && would_do.is_none_or(|(b, _)| better(&limit, value, b)) {
            would_do = Some((value, i));
        }
    }
    // Designs that closed forms discarded for this limit alone were never run: they are now, without it.
    if would_do.is_none() {
        would_do = without(search, l)?;
    }
    Ok(Relax {
        limit: bound::name(&limit),
        asked,
        best,
        would_do: would_do.map(|w| w.0),
        with: would_do.map(|w| search.settings(w.1)),
        unit: limit.measured.metric.unit.word(),
    })
}

/// The cheapest design that meets all other limits, and its figure for this one.
fn without(search: &mut Search, l: usize) -> Result<Option<(f64, usize)>, Trouble> {
    let others: Vec<Limit> =
        search.limits.iter().enumerate().filter(|(k, _)| *k != l).map(|o| o.1.clone()).collect();
    if others.is_empty() && search.limits[l].measured.metric.name != "monthly_cost" {
        return Ok(None);
    }
    let mut relaxed = Search::new(search.space, others, search.load, search.heard())?;
    let found = relaxed.cheapest()?;
    search.runs += relaxed.runs;
    let Some(i) = found else { return Ok(None) };
    let mut views = Vec::new();
    for view in 0..search.space.views.len() {
        views.push(search.sample(i, view, 0, super::verdict::RUNS_FIRST)?);
    }
    Ok(worst(&search.limits[l], &views, l).map(|value| (value, i)))
}

/// The mean that is farthest from the limit, or least inside it.
fn worst(limit: &Limit, views: &[Vec<Sample>], l: usize) -> Option<f64> {
    let means: Option<Vec<f64>> = views.iter().map(|samples| mean(samples, l)).collect();
    means?.into_iter().reduce(|a, b| if better(limit, a, b) { b } else { a })
}

/// Nearer to the limit, or further inside it.
fn better(limit: &Limit, a: f64, b: f64) -> bool {
    if limit.at_most.is_some() { a < b } else { a > b }
}
