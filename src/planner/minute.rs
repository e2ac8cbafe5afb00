//! From minute data: what is offered inside the minute is not known, so the plan is tried with several fillings.

use super::Trouble;
use super::outcome::InsideMinute;
use super::search::Search;
use super::verdict::Sample;
use crate::experiment::single;
use crate::producer::config::{Burstiness, RateShape};
use crate::world::config::WorldConfig;
use crate::world::sizing;

/// The plan with each filling; nothing where no trace is the rate.
pub fn inside(search: &mut Search, plan: usize) -> Result<Vec<InsideMinute>, Trouble> {
    let candidate = search.space.candidates[plan];
    let Some(world) = search.space.world_of(candidate, 0, search.load, 0) else { return Ok(Vec::new()) };
    let traced = |p: &crate::producer::config::ProducerConfig| matches!(p.demand.rate, RateShape::Trace(_));
    if !world.producers.iter().any(traced) {
        return Ok(Vec::new());
    }
    let mut rows = Vec::new();
    for (words, spread) in fillings(&world) {
        let mut filled = world.clone();
        let traces = filled.producers.iter_mut().filter(|p| traced(p));
        traces.zip(&spread).for_each(|(p, b)| p.demand.burstiness = b.clone());
        let sized_for = filled
            .producers
            .iter()
            .zip(&world.producers)
            .all(|(a, b)| a.demand.burstiness == b.demand.burstiness);
        let Some(of) = search.space.plan_of(candidate, 0) else { continue };
        let outcome = single(of, &filled)?;
        search.runs += 1;
        let sample = Sample::of(&outcome, &search.limits);
        rows.push(InsideMinute {
            spread: words,
            sized_for,
            throttled: sample.throttled,
            p99_ns: sample.p99_ns,
            meets: sample.holds(&search.limits),
        });
    }
    Ok(rows)
}

/// In words, and the burstiness of each traced producer: even, Poisson, and each second's records at one moment; the
/// scenario's own where it is another.
fn fillings(world: &WorldConfig) -> Vec<(String, Vec<Burstiness>)> {
    let traced = world.producers.iter().filter(|p| matches!(p.demand.rate, RateShape::Trace(_)));
    let producers: Vec<_> = traced.collect();
    let all = |b: Burstiness| producers.iter().map(|_| b.clone()).collect::<Vec<_>>();
    let lumps = producers.iter().map(|p| {
        let rate = sizing::peak_rate(world, p).clamp(1, u64::from(u32::MAX)) as u32;
        Burstiness::Batches { size: rate }
    });
    let own: Vec<Burstiness> = producers.iter().map(|p| p.demand.burstiness.clone()).collect();
    let mut fillings = vec![
        ("evenly".to_owned(), all(Burstiness::Even)),
        ("at random (Poisson)".to_owned(), all(Burstiness::Poisson)),
        ("worst case: a second's records of the fullest minute at one moment".to_owned(), lumps.collect()),
    ];
    if !fillings.iter().any(|f| f.1 == own) {
        fillings.insert(2, ("as the scenario has it".to_owned(), own));
    }
    fillings
}
