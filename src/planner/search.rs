//! The search: cheapest first by closed form, simulated on common draws, verified with fresh seeds.

use super::bound;
use super::excuse::{Excuse, Why};
use super::outcome::{Contender, Figure, PlanOutcome, Point, Rejected, Settings, Verified};
use super::space::{Candidate, Space};
use super::verdict::{RUNS_FIRST, RUNS_MOST, Sample, Verdict, interval, judge};
use super::{Trouble, beyond, feasible, minute};
use crate::experiment::outcome::{ModeOutcome, Provenance};
use crate::experiment::plan::Plan;
use crate::experiment::{findings, parallel, single};
use crate::scenario::Limit;

/// Number of the first fresh replication: none of the common draws has it.
pub const FRESH: u32 = 1_000_000;
/// Candidates tried for each runner-up beyond those the plan needed.
const RUNNER_TRIES: usize = 16;

/// What is known of a candidate.
#[derive(Clone, Debug)]
pub enum State {
    /// Not tried yet.
    Untried,
    /// Discarded without a run.
    Ruled(Excuse),
    /// Simulated.
    Tried(Tried),
}

/// A simulated candidate.
#[derive(Clone, Debug)]
pub struct Tried {
    /// Runs by view; a view after a missed one has none.
    pub views: Vec<Vec<Sample>>,
    /// The first limit missed: view, limit, and whether it was too close to call.
    pub missed: Option<(usize, usize, bool)>,
    /// Why it was rejected after it had met the goal.
    pub dropped: Option<Excuse>,
    /// Mean bill of a month over the first runs at the heaviest corner, USD; of the dearest mode where all must do.
    pub month_usd: f64,
}

impl Tried {
    /// Still a possible plan?
    pub fn meets(&self) -> bool {
        self.missed.is_none() && self.dropped.is_none()
    }
}

/// A search over one space at one load.
pub struct Search<'a> {
    /// The candidates.
    pub space: &'a Space,
    /// The limits in force.
    pub limits: Vec<Limit>,
    /// Percent of the workload.
    pub load: u64,
    /// Cost floors.
    pub floors: Vec<f64>,
    /// What is known.
    pub states: Vec<State>,
    /// Runs made.
    pub runs: u64,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl<'a> Search<'a> {
    /// Floors and closed-form excuses of all candidates.
    pub fn new(
        space: &'a Space,
        limits: Vec<Limit>,
        load: u64,
        progress: &'a (dyn Fn(u64) + Sync),
    ) -> Result<Search<'a>, Trouble> {
        let known = parallel::map(&space.candidates, |c| at_first(space, &limits, load, *c));
        let (mut floors, mut states) = (Vec::new(), Vec::new());
        for one in known {
            let (floor, state) = one?;
            floors.push(floor);
            states.push(state);
        }
        Ok(Search { space, limits, load, floors, states, runs: 0, progress })
    }

    /// The same candidates at another load and under other limits, nothing of them known: for single trials.
    pub fn at(from: &Search<'a>, limits: Vec<Limit>, load: u64) -> Search<'a> {
        let (floors, states) = (Vec::new(), Vec::new());
        Search { space: from.space, limits, load, floors, states, runs: 0, progress: from.progress }
    }

    /// Who hears of runs made.
    pub fn heard(&self) -> &'a (dyn Fn(u64) + Sync) {
        self.progress
    }

    /// Candidates in order of their cost floors; ties in the order of the grid.
    pub fn order(&self, of: impl Fn(&Candidate) -> bool) -> Vec<usize> {
        let all = self.space.candidates.iter().enumerate();
        let mut order: Vec<usize> = all.filter(|(_, c)| of(c)).map(|(i, _)| i).collect();
        order.sort_by(|a, b| self.floors[*a].total_cmp(&self.floors[*b]).then(a.cmp(b)));
        order
    }

    /// The cheapest candidate that meets the goal: none that was not tried could cost less.
    pub fn cheapest(&mut self) -> Result<Option<usize>, Trouble> {
        let mut best: Option<(f64, usize)> = None;
        for i in self.order(|_| true) {
            if best.is_some_and(|(cost, _)| self.floors[i] > cost) {
                break;
            }
            if let Some(cost) = self.cost_if_met(i)? {
                let dearer = |(c, j): (f64, usize)| c.total_cmp(&cost).then(j.cmp(&i)).is_gt();
                if best.is_none_or(dearer) {
                    best = Some((cost, i));
                }
            }
        }
        Ok(best.map(|b| b.1))
    }

    /// Its cost where it meets the goal, trying it if need be.
    pub fn cost_if_met(&mut self, i: usize) -> Result<Option<f64>, Trouble> {
        if matches!(self.states[i], State::Untried) {
            self.states[i] = State::Tried(self.attempt(i)?);
        }
        Ok(match &self.states[i] {
            State::Tried(tried) if tried.meets() => Some(tried.month_usd),
            _ => None,
        })
    }

    fn attempt(&mut self, i: usize) -> Result<Tried, Trouble> {
        let mut views = Vec::new();
        let mut missed = None;
        for view in 0..self.space.views.len() {
            let mut samples = self.sample(i, view, 0, RUNS_FIRST)?;
            missed = loop {
                match judge(&self.limits, &samples) {
                    Verdict::Meets => break None,
                    Verdict::Misses(limit) => break Some((view, limit, false)),
                    Verdict::Open(limit) if samples.len() >= RUNS_MOST => break Some((view, limit, true)),
                    Verdict::Open(_) => {
                        let more = self.sample(i, view, samples.len(), RUNS_FIRST)?;
                        samples.extend(more);
                    }
                }
            };
            views.push(samples);
            if missed.is_some() {
                break;
            }
        }
        let month_usd = self.dearest(&views);
        Ok(Tried { views, missed, dropped: None, month_usd })
    }

    /// Mean bill of a month over the first runs, of the dearest look at the heaviest corner.
    pub fn dearest(&self, views: &[Vec<Sample>]) -> f64 {
        let mean = |s: &[Sample]| s.iter().map(|s| s.month_usd).sum::<f64>() / s.len() as f64;
        let heaviest = views.iter().take(self.space.heaviest());
        heaviest.map(|samples| mean(&samples[..RUNS_FIRST])).fold(0.0, f64::max)
    }

    /// `count` runs on the draws numbered from `from`.
    pub fn sample(
        &mut self,
        i: usize,
        view: usize,
        from: usize,
        count: usize,
    ) -> Result<Vec<Sample>, Trouble> {
        let numbers: Vec<u32> = (from..from + count).map(|n| n as u32).collect();
        let samples = parallel::map(&numbers, |n| {
            let outcome = self.run(self.space.candidates[i], view, *n)?;
            (self.progress)(1);
            Ok(Sample::of(&outcome, &self.limits))
        });
        self.runs += count as u64;
        samples.into_iter().collect()
    }

    /// One run, whole.
    pub fn run(&self, candidate: Candidate, view: usize, replication: u32) -> Result<ModeOutcome, Trouble> {
        // A design whose settings do not go together is ruled out before anything is run.
        let plan = self.space.plan_of(candidate, view).expect("a design that can be read");
        let world = self.space.world_of(candidate, view, self.load, replication).expect("its world");
        Ok(single(plan, &world)?)
    }

    /// Runs with fresh seeds. A design that comes through is run as often again, and both count: of many that are
    /// tried, the first to come through may have been lucky.
    pub fn verify(&mut self, i: usize) -> Result<Verified, Trouble> {
        let (runs, asked) = (self.space.planning.fresh_runs, self.space.planning.success);
        let met = self.fresh(i, FRESH, runs)?;
        let once = Verified::of(met, runs, asked);
        if !once.holds() {
            return Ok(once);
        }
        let again = self.fresh(i, FRESH + runs, runs)?;
        Ok(Verified::of(met + again, 2 * runs, asked))
    }

    /// Of `runs` runs numbered from `from`, how many meet the goal however they are looked at.
    fn fresh(&mut self, i: usize, from: u32, runs: u32) -> Result<u32, Trouble> {
        let mut met = vec![true; runs as usize];
        for view in 0..self.space.views.len() {
            let samples = self.sample(i, view, from as usize, runs as usize)?;
            for (met, sample) in met.iter_mut().zip(&samples) {
                *met &= sample.holds(&self.limits);
            }
        }
        Ok(met.iter().filter(|m| **m).count() as u32)
    }

    /// The design of a candidate in words.
    pub fn settings(&self, i: usize) -> Settings {
        let candidate = self.space.candidates[i];
        let set = &self.space.designs[candidate.design].settings;
        let together = self.space.together();
        Settings { together, ..Settings::of(candidate.mode, candidate.shards, set) }
    }

    /// Why a simulated candidate missed.
    pub fn missed(&self, tried: &Tried) -> Option<Excuse> {
        let (view, l, close) = tried.missed?;
        let (limit, samples) = (&self.limits[l], &tried.views[view]);
        let why = if close { Why::TooClose } else { Why::Missed };
        let mut excuse = Excuse::new(why, bound::name(limit), limit.measured.metric.unit.word());
        let values: Option<Vec<f64>> = samples.iter().map(|s| s.values[l]).collect();
        match (values, samples.iter().find_map(|s| s.behind[l].clone())) {
            // The figure would meet the limit: it is that of what was read.
            (Some(values), Some(behind)) if limit.holds(Some(interval(&values).0)) => excuse.note = behind,
            (Some(values), _) => {
                let (mean, half) = interval(&values);
                excuse.found = Some(mean);
                excuse.half_width = Some(half).filter(|h| h.is_finite());
            }
            (None, behind) => excuse.note = behind.unwrap_or_else(|| "nothing was measured".into()),
        }
        let below = |least: f64| excuse.found.is_some_and(|f| f < least);
        let ends = (limit.at_least.map(|a| a.value), limit.at_most.map(|a| a.value));
        excuse.allowed = match ends {
            (Some(least), Some(_)) if below(least) => Some(least),
            (least, most) => most.or(least),
        };
        excuse.fact = samples[0].fact(limit).map(str::to_owned);
        let of_view = &self.space.views[view].words;
        if !of_view.is_empty() {
            let more = if excuse.note.is_empty() { "" } else { ", " };
            excuse.note.push_str(&format!("{more}{of_view}"));
        }
        Some(excuse)
    }
}

/// What closed forms know of a candidate at the heaviest corner, in each mode it must do in.
fn at_first(
    space: &Space,
    limits: &[Limit],
    load: u64,
    candidate: Candidate,
) -> Result<(f64, State), Trouble> {
    let (mut floor, mut ruled): (f64, _) = (0.0, None);
    for view in 0..space.heaviest() {
        let (of_view, excuse) = bounds(space, limits, load, (candidate, view))?;
        floor = floor.max(of_view);
        ruled = ruled.or(excuse);
    }
    Ok((floor, ruled.map_or(State::Untried, State::Ruled)))
}

fn bounds(
    space: &Space,
    limits: &[Limit],
    load: u64,
    (candidate, view): (Candidate, usize),
) -> Result<(f64, Option<Excuse>), Trouble> {
    let world = space.world_of(candidate, view, load, 0);
    let (Some(plan), Some(world)) = (space.plan_of(candidate, view), world) else {
        let mut excuse = Excuse::new(Why::Mistake, "the scenario's grammar", "count");
        excuse.note = space.designs[candidate.design].mistake.clone().unwrap_or_default();
        return Ok((0.0, Some(excuse)));
    };
    let floor =
        bound::cost_floor(plan, &world).map_err(|e| Trouble::Run(crate::experiment::Trouble::Bill(e)))?;
    if let Err(why) = crate::world::fit(&world) {
        let mut excuse = Excuse::new(Why::Mistake, "what can be simulated", "count");
        excuse.note = why.0;
        return Ok((floor, Some(excuse)));
    }
    let held = bound::Held { limits, shard_quota: space.shard_quota, floor };
    Ok((floor, bound::excuse(&world, &held)))
}

/// Searches a space. `progress` hears of runs made, from any thread.
pub fn plan(space: &Space, base: &Plan, progress: &(dyn Fn(u64) + Sync)) -> Result<PlanOutcome, Trouble> {
    let mut search = Search::new(space, space.goal.limits.clone(), 100, progress)?;
    let (mut chosen, mut verified) = (None, None);
    while let Some(i) = search.cheapest()? {
        let sure = search.verify(i)?;
        if sure.holds() {
            (chosen, verified) = (Some(i), Some(sure));
            break;
        }
        drop_unlucky(&mut search, i, &sure);
    }
    let Some(i) = chosen else {
        let infeasible = feasible::why(&mut search)?;
        return Ok(PlanOutcome { infeasible: Some(infeasible), ..outcome(&search, base, None) });
    };
    let runners_up = runners_up(&mut search, i)?;
    let growth = beyond::growth(&mut search, i)?;
    let regret = beyond::regrets(&mut search, i)?;
    let minute = minute::inside(&mut search, i)?;
    let first = dearest_run(&search, i)?;
    let plan = space.plan_of(space.candidates[i], 0).unwrap_or(base);
    let said = findings::of(plan, std::slice::from_ref(&first));
    let (bill, title) = (first.bill_month, first.title);
    Ok(PlanOutcome {
        verified,
        runners_up,
        growth: Some(growth),
        regret,
        minute,
        bill: Some(bill),
        findings: said
            .into_iter()
            .map(|f| f.text.trim_start_matches(&format!("{title}: ")).to_owned())
            .collect(),
        ..outcome(&search, base, Some(i))
    })
}

/// The first run of a candidate, in the dearest of the modes it must do in.
fn dearest_run(search: &Search, i: usize) -> Result<ModeOutcome, Trouble> {
    let candidate = search.space.candidates[i];
    let mut dearest = search.run(candidate, 0, 0)?;
    for view in 1..search.space.heaviest() {
        let other = search.run(candidate, view, 0)?;
        if other.bill_month.total > dearest.bill_month.total {
            dearest = other;
        }
    }
    Ok(dearest)
}

fn drop_unlucky(search: &mut Search, i: usize, sure: &Verified) {
    let mut excuse = Excuse::new(Why::FreshRuns, "fresh runs that meet the goal", "share");
    excuse = excuse.numbers(sure.share(), sure.asked);
    excuse.note = format!("{} of {} fresh runs", sure.met, sure.runs);
    if let State::Tried(tried) = &mut search.states[i] {
        tried.dropped = Some(excuse);
    }
}

/// The next best of the plan's own mode, and the best found of each other mode.
fn runners_up(search: &mut Search, plan: usize) -> Result<Vec<Contender>, Trouble> {
    let space = search.space;
    let mut modes: Vec<_> = space.candidates.iter().map(|c| c.mode).collect();
    modes.dedup();
    let mut found = Vec::new();
    for mode in modes {
        let mut best: Option<(f64, usize)> = None;
        let mut tries = 0;
        for i in search.order(|c| c.mode == mode) {
            if i == plan || best.is_some_and(|(cost, _)| search.floors[i] > cost) {
                continue;
            }
            if matches!(search.states[i], State::Untried) {
                tries += 1;
                if tries > RUNNER_TRIES {
                    break;
                }
            }
            if let Some(cost) = search.cost_if_met(i)?
                && best.is_none_or(|(c, _)| cost < c)
            {
                best = Some((cost, i));
            }
        }
        found.extend(best);
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    Ok(found.into_iter().filter_map(|(_, i)| contender(search, i)).collect())
}

/// A design that met the goal, with its figures.
fn contender(search: &Search, i: usize) -> Option<Contender> {
    let State::Tried(tried) = &search.states[i] else { return None };
    let heaviest = search.space.heaviest();
    // Where all modes must do, the one that comes nearest to the limit.
    let figure = |(l, limit): (usize, &Limit)| {
        let of_view = |samples: &Vec<Sample>| {
            let values: Option<Vec<f64>> = samples.iter().map(|s| s.values[l]).collect();
            values.map(|v| interval(&v))
        };
        let over: Option<Vec<(f64, f64)>> = tried.views.iter().take(heaviest).map(of_view).collect();
        let worse = |a: (f64, f64), b: (f64, f64)| match limit.at_most.is_some() == (b.0 > a.0) {
            true => b,
            false => a,
        };
        let over = over.and_then(|o| o.into_iter().reduce(worse));
        Figure {
            limit: bound::name(limit),
            mean: over.map(|o| o.0),
            half_width: over.map(|o| o.1),
            unit: limit.measured.metric.unit.word(),
        }
    };
    let lighter = search.space.views.iter().position(|v| v.corner == 1);
    let lower = lighter.and_then(|from| tried.views.get(from..from + heaviest));
    Some(Contender {
        settings: search.settings(i),
        month_usd: tried.month_usd,
        month_usd_low: lower.map(|views| search.dearest(views)),
        figures: search.limits.iter().enumerate().map(figure).collect(),
        runs: tried.views[0].len(),
    })
}

/// What holds whether or not there is a plan.
fn outcome(search: &Search, base: &Plan, plan: Option<usize>) -> PlanOutcome {
    let space = search.space;
    let simulated = search.states.iter().filter(|s| matches!(s, State::Tried(_))).count();
    let mut notes = space.notes.clone();
    notes.extend(base.notes.iter().filter(|n| !n.contains("takes the middle")).cloned());
    let mut assumptions = base.assumptions.clone();
    assumptions.dedup();
    PlanOutcome {
        name: base.name.clone(),
        question: base.question.clone(),
        goal: search.limits.iter().map(bound::name).collect(),
        axes: space.axes.clone(),
        candidates: space.candidates.len(),
        simulated,
        runs: search.runs,
        corner: space.corners.first().cloned().unwrap_or_default(),
        plan: plan.and_then(|i| contender(search, i)),
        verified: None,
        runners_up: Vec::new(),
        infeasible: None,
        growth: None,
        regret: Vec::new(),
        minute: Vec::new(),
        points: points(search),
        rejected: rejected(search, plan),
        bill: None,
        findings: Vec::new(),
        notes,
        provenance: Provenance {
            version: env!("CARGO_PKG_VERSION"),
            scenario_digest: base.digest.clone(),
            seed: base.world.seed.user,
            replications: RUNS_FIRST as u32,
            prices: base.prices.dated.clone(),
            defaults: base.defaults.iter().chain(&space.defaults).cloned().collect(),
            assumptions,
        },
    }
}

/// Every simulated candidate, and which are on the front.
fn points(search: &Search) -> Vec<Point> {
    let mut points = Vec::new();
    for i in search.order(|_| true) {
        let State::Tried(tried) = &search.states[i] else { continue };
        let sample = &tried.views[0][0];
        points.push(Point {
            settings: search.settings(i),
            month_usd: tried.month_usd,
            p99_ns: sample.p99_ns,
            throttled: sample.throttled,
            meets: tried.meets(),
            front: false,
        });
    }
    let key = |p: &Point| [p.month_usd, p.p99_ns.unwrap_or(f64::MAX), p.throttled.unwrap_or(f64::MAX)];
    let keys: Vec<[f64; 3]> = points.iter().map(key).collect();
    let beats = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).all(|(x, y)| x <= y) && a != b;
    for (point, own) in points.iter_mut().zip(&keys) {
        point.front = !keys.iter().any(|other| beats(other, own));
    }
    points
}

/// Every candidate but the plan, with its reason.
fn rejected(search: &Search, plan: Option<usize>) -> Vec<Rejected> {
    let cost = plan.and_then(|i| match &search.states[i] {
        State::Tried(tried) => Some(tried.month_usd),
        _ => None,
    });
    let dearer = |why: Why, found: f64| {
        let excuse = Excuse::new(why, "the plan's cost of a month", "usd").fact("billing.month_hours");
        excuse.numbers(found, cost.unwrap_or(found))
    };
    let reason = |i: usize| match &search.states[i] {
        State::Ruled(excuse) => excuse.clone(),
        State::Untried if cost.is_some_and(|c| search.floors[i] > c) => {
            dearer(Why::DearerFloor, search.floors[i])
        }
        State::Untried => dearer(Why::NotTried, search.floors[i]),
        State::Tried(tried) => {
            let reason = tried.dropped.clone().or_else(|| search.missed(tried));
            reason.unwrap_or_else(|| dearer(Why::Dearer, tried.month_usd))
        }
    };
    let others = (0..search.states.len()).filter(|i| Some(*i) != plan);
    others
        .map(|i| Rejected { settings: search.settings(i), floor_usd: search.floors[i], excuse: reason(i) })
        .collect()
}
