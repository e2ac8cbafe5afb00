//! The designs a search chooses from: every combination of the axes' values, each read as a scenario of its own.

use super::Trouble;
use super::axes::{self, Axis};
use crate::experiment::plan::Plan;
use crate::experiment::prepared;
use crate::facts::data_streams;
use crate::scenario::{Diag, Goal, GoalMode, Planning, Scenario, Source};
use crate::stream::config::{History, Mode};
use crate::world::config::WorldConfig;
use crate::world::sizing;

/// Designs that axes may combine to, mode and shards apart.
pub const DESIGNS_MAX: usize = 4_096;

/// One combination of settings, mode and shards apart.
#[derive(Clone, Debug)]
pub struct Design {
    /// Keys set, with their values; what is left as written is not among them.
    pub settings: Vec<(String, String)>,
    /// The experiment at each corner of the workload, the heaviest first; empty where the settings do not go together.
    pub corners: Vec<Plan>,
    /// Why they do not.
    pub mistake: Option<String>,
}

/// One candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Index of its design.
    pub design: usize,
    /// Capacity mode.
    pub mode: Mode,
    /// Shards bought; `None` where AWS decides.
    pub shards: Option<u32>,
}

/// One look at a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The mode it is run in; `None`: the candidate's own.
    pub mode: Option<Mode>,
    /// The corner of the workload.
    pub corner: usize,
    /// In words; empty where there is but one.
    pub words: String,
}

/// All a search may choose from.
#[derive(Clone, Debug)]
pub struct Space {
    /// The axes, mode and shards first.
    pub axes: Vec<Axis>,
    /// Combinations of the others.
    pub designs: Vec<Design>,
    /// Every candidate, in the order of modes, designs, shards.
    pub candidates: Vec<Candidate>,
    /// The corners of the workload in words; one, empty, where no rate is an interval.
    pub corners: Vec<String>,
    /// How each candidate is looked at, the heaviest corner first: at every corner of the workload, and in every mode
    /// where the goal asks for all.
    pub views: Vec<View>,
    /// What was left out of the search, and why.
    pub notes: Vec<String>,
    /// The goal.
    pub goal: Goal,
    /// How sure the plan must be.
    pub planning: Planning,
    /// What of that is left to its defaults.
    pub defaults: Vec<(String, String, String)>,
    /// The account's shard quota, where it is known.
    pub shard_quota: Option<u64>,
}

impl Space {
    /// The designs of a scenario; `base` is its own experiment, with the seed and the prices in force.
    pub fn of(source: &Source, scenario: &Scenario, base: &Plan) -> Result<Space, Trouble> {
        let goal = scenario.goal.clone().ok_or(Trouble::NoGoal)?;
        let (others, left_out) = axes::of(scenario, source);
        let count = others.iter().map(|a| a.values.len()).fold(1, usize::saturating_mul);
        if count > DESIGNS_MAX {
            return Err(Trouble::TooMany(count));
        }
        let corners = corners(scenario);
        let mut designs = Vec::with_capacity(count);
        for i in 0..count {
            designs.push(design(source, settings(&others, i), &corners, base));
        }
        if let Some(wrong) = mistaken(source, &others, &designs) {
            return Err(Trouble::Mistaken(wrong));
        }
        let modes = modes(scenario, &goal);
        let shards = shards(scenario, &designs);
        let together = goal.mode == GoalMode::All && modes.len() > 1;
        let views = views(&corners, together.then_some(&modes));
        let (own_modes, choices) = match together {
            true => (vec![leading(&modes)], vec![Some(listed(&modes))]),
            false => (modes.clone(), modes.iter().map(|m| Some(m.word().into())).collect()),
        };
        let candidates = candidates(&own_modes, &designs, &shards);
        let mut axes = vec![
            Axis { key: "modes".into(), values: choices },
            Axis {
                key: "stream.shards".into(),
                values: shards.iter().map(|n| Some(n.to_string())).collect(),
            },
        ];
        axes.extend(others);
        let notes = left_out.into_iter().map(|key| {
            format!("{key} is left as written: with it the default axes would combine to too many designs (`plan.choose` can name its values)")
        });
        Ok(Space {
            axes,
            designs,
            candidates,
            corners: corners.into_iter().map(|c| c.0).collect(),
            views,
            notes: notes.collect(),
            goal,
            planning: scenario.planning.clone(),
            defaults: scenario.search_defaults(),
            shard_quota: scenario
                .shard_quota
                .map(u64::from)
                .or_else(|| data_streams::shard_quota(&scenario.region)),
        })
    }

    /// Looks at the heaviest corner: one, or one a mode.
    pub fn heaviest(&self) -> usize {
        self.views.iter().filter(|v| v.corner == 0).count()
    }

    /// The modes a design must do in, where it must do in all.
    pub fn together(&self) -> Vec<&'static str> {
        self.views.iter().filter(|v| v.corner == 0).filter_map(|v| Some(v.mode?.word())).collect()
    }

    /// The experiment of a candidate as looked at.
    pub fn plan_of(&self, candidate: Candidate, view: usize) -> Option<&Plan> {
        self.designs[candidate.design].corners.get(self.views[view].corner)
    }

    /// One run of a candidate at `load` percent of the workload.
    pub fn world_of(
        &self,
        candidate: Candidate,
        view: usize,
        load: u64,
        replication: u32,
    ) -> Option<WorldConfig> {
        let mode = self.views[view].mode.unwrap_or(candidate.mode);
        let mut world = self.plan_of(candidate, view)?.world_of(mode, replication);
        if candidate.shards.is_some() {
            world.stream.shards = candidate.shards;
        }
        if load != 100 {
            for producer in &mut world.producers {
                producer.demand.rate = producer.demand.rate.scaled(load, 100);
            }
        }
        Some(world)
    }
}

/// Every corner of the workload, in each of `modes` where they must do together.
fn views(corners: &[Corner], modes: Option<&Vec<Mode>>) -> Vec<View> {
    let mut views = Vec::new();
    for (corner, (words, _)) in corners.iter().enumerate() {
        match modes {
            None => views.push(View { mode: None, corner, words: words.clone() }),
            Some(modes) => views.extend(modes.iter().map(|mode| {
                let of_mode = format!("in {} mode", mode.title().to_lowercase());
                let words = if words.is_empty() { of_mode } else { format!("{of_mode}, {words}") };
                View { mode: Some(*mode), corner, words }
            })),
        }
    }
    views
}

/// The mode whose shards are counted where all must do.
fn leading(modes: &[Mode]) -> Mode {
    modes.iter().copied().find(|m| *m == Mode::Provisioned).unwrap_or(modes[0])
}

fn listed(modes: &[Mode]) -> String {
    let words: Vec<&str> = modes.iter().map(|m| m.word()).collect();
    format!("[{}]", words.join(", "))
}

/// Values that no design can have: each wrong by itself, and in every design with it. All of them, with the mistake.
fn mistaken(source: &Source, axes: &[Axis], designs: &[Design]) -> Option<Vec<Diag>> {
    let mut wrong = Vec::new();
    for axis in axes {
        for value in axis.values.iter().flatten() {
            let own = (axis.key.clone(), value.clone());
            let mut with = designs.iter().filter(|d| d.settings.contains(&own));
            if with.all(|d| d.mistake.is_some())
                && let Err(diags) = source.with(&[own])
            {
                wrong.extend(diags);
            }
        }
    }
    (!wrong.is_empty()).then_some(wrong)
}

/// The `i`-th combination; the last axis turns fastest.
fn settings(axes: &[Axis], mut i: usize) -> Vec<(String, String)> {
    let mut set = Vec::new();
    for axis in axes.iter().rev() {
        if let Some(value) = &axis.values[i % axis.values.len()] {
            set.push((axis.key.clone(), value.clone()));
        }
        i /= axis.values.len();
    }
    set.reverse();
    set
}

/// A corner of the workload: in words, and the keys that make it.
type Corner = (String, Vec<(String, String)>);

/// Where rates are intervals: all at their upper ends, and all at their lower ends.
fn corners(scenario: &Scenario) -> Vec<Corner> {
    if scenario.intervals.is_empty() {
        return vec![(String::new(), Vec::new())];
    }
    let all = |words: &str, high: bool| {
        let ends =
            scenario.intervals.iter().map(|i| (i.key.clone(), if high { i.high } else { i.low }.to_string()));
        (format!("all intervals at their {words} ends"), ends.collect())
    };
    vec![all("upper", true), all("lower", false)]
}

fn design(source: &Source, settings: Vec<(String, String)>, corners: &[Corner], base: &Plan) -> Design {
    let mut plans = Vec::new();
    for (_, ends) in corners {
        let sets: Vec<(String, String)> = ends.iter().chain(&settings).cloned().collect();
        let scenario = match source.with(&sets) {
            Ok(scenario) => scenario,
            Err(diags) => {
                let mistake = diags.first().map(|d| d.message.clone());
                return Design { settings, corners: Vec::new(), mistake };
            }
        };
        if let Some(why) = scenario.too_large() {
            return Design { settings, corners: Vec::new(), mistake: Some(why.to_string()) };
        }
        let mut plan = scenario.plan_with(base.world.seed.user, base.prices.clone());
        plan.rounding = crate::cost::Rounding::Exact;
        plans.push(prepared(plan));
    }
    Design { settings, corners: plans, mistake: None }
}

fn modes(scenario: &Scenario, goal: &Goal) -> Vec<Mode> {
    match (goal.mode, &scenario.planning.modes) {
        (GoalMode::One(mode), _) => vec![mode],
        (_, Some(modes)) => modes.clone(),
        _ => scenario.modes.clone(),
    }
}

/// Shard counts below which all are tried; above, steps of a twentieth.
const EACH_BELOW: u32 = 64;

/// Those written, or from one to three times what AWS's formula asks for at the peak minute: room for double the load
/// and for keys that are not even.
fn shards(scenario: &Scenario, designs: &[Design]) -> Vec<u32> {
    if let Some(written) = &scenario.planning.shards {
        return written.clone();
    }
    let need = |d: &Design| {
        let mut world = d.corners.first()?.world.clone();
        world.stream.shards = None;
        Some(sizing::provisioned_shards(&world))
    };
    let need = designs.iter().filter_map(need).max().unwrap_or(1);
    let most =
        need.saturating_mul(3).saturating_add(4).min(data_streams::UPDATE_SHARD_COUNT_MAX.count() as u32);
    let mut counts = Vec::new();
    let mut n = 1;
    while n <= most {
        counts.push(n);
        n += (n / 20 * u32::from(n >= EACH_BELOW)).max(1);
    }
    counts
}

fn candidates(modes: &[Mode], designs: &[Design], shards: &[u32]) -> Vec<Candidate> {
    let mut all = Vec::new();
    for &mode in modes {
        for (design, of) in designs.iter().enumerate() {
            // A stream that was switched from provisioned starts with the shards it had.
            let switched =
                of.corners.first().is_some_and(|p| p.world.stream.on_demand.history == History::Switched);
            match mode == Mode::Provisioned || switched {
                true => all.extend(shards.iter().map(|n| Candidate { design, mode, shards: Some(*n) })),
                false => all.push(Candidate { design, mode, shards: None }),
            }
        }
    }
    all
}
