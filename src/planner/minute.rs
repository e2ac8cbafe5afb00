//! From minute data: what is offered inside the minute is not known, so the plan is tried with several fillings.

use super::Trouble;
use super::outcome::InsideMinute;
use super::search::Search;
use super::verdict::Sample;
use crate::experiment::single;
use crate::producer::config::{Burstiness, ProducerConfig, RateShape};
use crate::theory::bursts;
use crate::units::Dur;
use crate::world::config::WorldConfig;
use crate::world::sizing;

/// The plan with each filling; nothing where no trace is the rate.
pub fn inside(search: &mut Search, plan: usize) -> Result<Vec<InsideMinute>, Trouble> {
    let candidate = search.space.candidates[plan];
    let Some(world) = search.space.world_of(candidate, 0, search.load, 0) else { return Ok(Vec::new()) };
    let traced = |p: &ProducerConfig| matches!(p.demand.rate, RateShape::Trace(_));
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

/// In words, and the burstiness of each traced producer: even, Poisson, in batches as large as the trace's own scatter
/// asks for, and each second's records at one moment; the scenario's own where it is another.
fn fillings(world: &WorldConfig) -> Vec<(String, Vec<Burstiness>)> {
    let traced = world.producers.iter().filter(|p| matches!(p.demand.rate, RateShape::Trace(_)));
    let producers: Vec<_> = traced.collect();
    let all = |b: Burstiness| producers.iter().map(|_| b.clone()).collect::<Vec<_>>();
    let lumps = producers.iter().map(|p| {
        let rate = sizing::peak_rate(world, p).clamp(1, u64::from(u32::MAX)) as u32;
        Burstiness::Batches { size: rate }
    });
    let fitted: Vec<u32> = producers.iter().map(|p| batch(p)).collect();
    let batches = fitted.iter().map(|size| Burstiness::Batches { size: *size }).collect::<Vec<_>>();
    let sizes = fitted.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let own: Vec<Burstiness> = producers.iter().map(|p| p.demand.burstiness.clone()).collect();
    let mut fillings = vec![
        ("evenly".to_owned(), all(Burstiness::Even)),
        ("at random (Poisson)".to_owned(), all(Burstiness::Poisson)),
        (format!("in batches of {sizes}, as the scatter from row to row asks for"), batches),
        ("worst case: a second's records of the fullest minute at one moment".to_owned(), lumps.collect()),
    ];
    if !fillings.iter().any(|f| f.1 == own) {
        fillings.insert(3, ("as the scenario has it".to_owned(), own));
    }
    fillings
}

/// Records that are born together, if independent batches make the scatter of a trace's rows: their number's variance
/// over its mean.
fn batch(producer: &ProducerConfig) -> u32 {
    let RateShape::Trace(trace) = &producer.demand.rate else { return 1 };
    let ends = trace.at.iter().skip(1).chain([&trace.end]);
    let steps = trace.at.iter().zip(ends).zip(&trace.rate).map(|((from, to), rate)| {
        let length = to.0.saturating_sub(from.0);
        (length, rate.as_f64() * Dur(length).as_s())
    });
    let of = bursts::dispersion(&steps.collect::<Vec<_>>());
    of.round().clamp(1.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::producer::config::Trace;
    use crate::units::RecordRate;
    use std::sync::Arc;

    /// Rows of a stream whose records come ten at a time: counts are 10 times a Poisson number.
    #[test]
    fn the_fitted_batch_is_the_one_that_made_the_rows() {
        let mut world = crate::scenario::load(
            "duration: 1 h\nproducers: { web: { rate: 5 records/s, record_size: 1 KiB } }\nstream: {}\n",
            "x.yaml",
            &|_| Err(String::new()),
            &[],
        )
        .expect("a scenario")
        .world(crate::stream::config::Mode::Provisioned, 1, 0);
        // Poisson numbers of mean 100, by Knuth's method on Python's random.seed(1).
        let groups: [u64; 40] = [
            97, 83, 99, 101, 107, 113, 94, 114, 117, 110, 94, 100, 107, 116, 84, 104, 75, 100, 94, 100, 107,
            92, 104, 109, 83, 78, 105, 101, 109, 101, 99, 87, 97, 99, 102, 90, 102, 106, 96, 86,
        ];
        let trace = Trace {
            at: (0..40).map(Dur::from_min).collect(),
            rate: groups.iter().map(|n| RecordRate(n * 10 * 1_000_000 / 60)).collect(),
            mean_size: vec![None; 40],
            end: Dur::from_min(40),
        };
        world.producers[0].demand.rate = RateShape::Trace(Arc::new(trace));
        let size = batch(&world.producers[0]);
        assert!((6..=15).contains(&size), "{size}");
    }
}
