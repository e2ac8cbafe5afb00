//! Workloads for the planner from committed seeds, and the search by brute force it is held against.
//!
//! Brute force simulates every candidate and knows no bound: only the rule of the goal (means with Student's interval,
//! more runs while they are open, fresh runs at the end), written down here a second time.

use kinesim::experiment::single;
use kinesim::planner::{Space, outcome::PlanOutcome, outcome::Settings, plan};
use kinesim::scenario::{Limit, Source};
use rayon::prelude::*;

/// Kinds of workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Plain,
    FanOut,
    OnDemand,
    HotKey,
    Infeasible,
}

/// Workloads that have a plan, and such that have none; sixteen of each kind but plain, of which there are twice as many.
pub const SEEDS: std::ops::RangeInclusive<u64> = 1..=96;

pub fn kind(seed: u64) -> Kind {
    match seed % 6 {
        1 => Kind::FanOut,
        2 => Kind::OnDemand,
        3 => Kind::HotKey,
        4 => Kind::Infeasible,
        _ => Kind::Plain,
    }
}

/// SplitMix64: three lines anyone can check.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// Whole, both ends included.
    fn among(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }
}

/// The scenario of a seed: real limits, large records, so that a run is short. 100 designs, on 20 numbers of shards and
/// on demand: 2,100 candidates.
pub fn scenario(seed: u64) -> String {
    let mut draw = Draw(seed);
    let kind = kind(seed);
    let kib = draw.among(30, 70);
    let size = match draw.among(0, 1) {
        0 => format!("{kib} KiB"),
        _ => format!("{{ uniform: {{ min: {} KiB, max: {} KiB }} }}", kib - 20, kib + 20),
    };
    let rate = draw.among(40, 140);
    let base = match kind {
        // Quiet, with a spike that the least on-demand stream takes and three shards do not.
        Kind::OnDemand => {
            let peak = 3_500 / kib;
            format!("{{ spike: {{ base: 0.5 records/s, peak: {peak} records/s, at: 5 s, for: 10 s }} }}")
        }
        _ => format!("{rate} records/s"),
    };
    let keys = match kind {
        // Between a half and nearly all of what one shard takes.
        Kind::HotKey => {
            let share = (draw.among(50, 80) * 1_024 / kib).div_ceil(rate).clamp(5, 95);
            format!("{{ hot: {{ distinct: 20000, share: {share} % }} }}")
        }
        _ => "{ uniform: { distinct: 20000 } }".to_owned(),
    };
    let throttled = if kind == Kind::OnDemand { 5 } else { draw.among(2, 8) };
    let (a, b) = match kind {
        Kind::FanOut => (draw.among(120, 180), draw.among(700, 1_600)),
        _ => (draw.among(600, 1_800), draw.among(700, 2_000)),
    };
    let extra = match (kind, draw.among(0, 2)) {
        (Kind::Infeasible, 0) => format!(", monthly_cost: {{ at_most: {} USD }}", draw.among(12, 20)),
        (Kind::Infeasible, 1) => ", consumers: { a: { propagation_p50: { at_most: 20 ms } } }".to_owned(),
        (Kind::Infeasible, _) => ", headroom: { at_least: 99.9 % }".to_owned(),
        _ => format!(
            ", consumers: {{ a: {{ propagation_p99: {{ at_most: {a} ms }} }}, b: {{ end_to_end_p99: {{ at_most: {b} ms }} }} }}"
        ),
    };
    format!(
        "version: 1\nduration: 22 s\nseed: {seed}\nmodes: [provisioned, on_demand]\n\
         producers:\n  web:\n    rate: {base}\n    record_size: {size}\n    keys: {keys}\n\
         stream: {{ shards: 4 }}\n\
         consumers: {{ a: {{ read: polling }}, b: {{ read: polling }} }}\n\
         plan:\n  shards: 1 .. 20\n  choose:\n\
         \x20   consumers.a.read: [polling, enhanced_fan_out, {{ polling: {{ interval: 250 ms }} }}, {{ polling: {{ interval: 500 ms }} }}, {{ polling: {{ interval: 2 s }} }}]\n\
         \x20   consumers.b.read: [polling, enhanced_fan_out, {{ polling: {{ interval: 400 ms }} }}, {{ polling: {{ interval: 700 ms }} }}, {{ polling: {{ interval: 1.5 s }} }}]\n\
         \x20   producers.web.client.sdk.call: [put_record, {{ put_records: {{ max_records: 5, linger: 50 ms }} }}, {{ put_records: {{ max_records: 10, linger: 100 ms }} }}, {{ put_records: {{ max_records: 20, linger: 200 ms }} }}]\n\
         goal: {{ throttled_attempts: {{ at_most: {throttled} % }}{extra} }}\n"
    )
}

/// What a workload gave.
pub struct Compared {
    pub seed: u64,
    pub kind: Kind,
    pub candidates: usize,
    pub simulated: usize,
    pub planned: PlanOutcome,
    /// The design brute force chose, with its cost.
    pub brute: Option<(Settings, f64)>,
    /// Of 20 runs with seeds nobody used: how many meet the goal.
    pub observed: Option<u32>,
    /// Candidates whose cost was below their floor, or that closed forms discarded and that meet the goal.
    pub unsound: Vec<String>,
}

/// Runs with seeds nobody used.
pub const OBSERVED: u32 = 20;

pub fn compare(seed: u64) -> Compared {
    let nothing = |_: &str| Err("no files".to_owned());
    let source = Source::new(scenario(seed), &format!("workload-{seed}.yaml"), &nothing, &[]);
    let scenario = source.with(&[]).unwrap_or_else(|d| panic!("seed {seed}: {d:?}"));
    let base = scenario.plan(seed).expect("prices");
    let space = Space::of(&source, &scenario, &base).expect("a space");
    let planned = plan(&space, &base, &|_| ()).expect("a search");
    let mut judged: Vec<(usize, Judged)> =
        (0..space.candidates.len()).into_par_iter().map(|i| (i, judge(&space, i))).collect();
    judged.sort_by_key(|j| j.0);
    let unsound = unsound(&planned, &space, &judged);
    let brute = cheapest(&space, &judged);
    let observed = brute.map(|i| fresh(&space, i, 2_000_000, OBSERVED));
    let settings = |i: usize| {
        let c = space.candidates[i];
        Settings::of(c.mode, c.shards, &space.designs[c.design].settings)
    };
    Compared {
        seed,
        kind: kind(seed),
        candidates: space.candidates.len(),
        simulated: planned.simulated,
        brute: brute.map(|i| (settings(i), judged[i].1.cost)),
        observed,
        unsound,
        planned,
    }
}

/// A candidate by brute force.
struct Judged {
    meets: bool,
    cost: f64,
}

/// Student's t at 97.5 % for 1, 3, 5, 7, 9, 11 degrees of freedom, from the tables.
const T: [(usize, f64); 6] =
    [(2, 12.706_205), (4, 3.182_446), (6, 2.570_582), (8, 2.364_624), (10, 2.262_157), (12, 2.200_985)];

fn judge(space: &Space, i: usize) -> Judged {
    let limits = &space.goal.limits;
    let mut runs: Vec<(Vec<Option<f64>>, f64)> = Vec::new();
    for (n, t) in T {
        while runs.len() < n {
            runs.push(one(space, i, runs.len() as u32));
        }
        let cost = (runs[0].1 + runs[1].1) / 2.0;
        match verdict(limits, &runs, t) {
            Some(meets) => return Judged { meets, cost },
            None if n == 12 => return Judged { meets: false, cost },
            None => {}
        }
    }
    unreachable!("twelve runs decide")
}

/// One run: its figures and the month's bill.
fn one(space: &Space, i: usize, replication: u32) -> (Vec<Option<f64>>, f64) {
    let candidate = space.candidates[i];
    let plan = space.plan_of(candidate, 0).expect("a design");
    let world = space.world_of(candidate, 0, 100, replication).expect("a design");
    let outcome = single(plan, &world).expect("it runs");
    let kept_up = |l: &&Limit| l.behind(&outcome.run).is_none();
    let value = |l: &Limit| Some(l).filter(kept_up).and_then(|l| l.measured.of(&outcome));
    let values = space.goal.limits.iter().map(value).collect();
    (values, outcome.bill_month.total.as_f64())
}

/// True: every limit's interval is inside; false: one is outside, nothing was measured or a consumer did not keep up;
/// none: one is across.
fn verdict(limits: &[Limit], runs: &[(Vec<Option<f64>>, f64)], t: f64) -> Option<bool> {
    let mut inside = true;
    for (l, limit) in limits.iter().enumerate() {
        let mut values = Vec::new();
        for run in runs {
            match run.0[l] {
                Some(v) => values.push(v),
                None => return Some(false),
            }
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
        let half = t * (variance / n).sqrt();
        let most = limit.at_most.map_or(f64::INFINITY, |a| a.value);
        let least = limit.at_least.map_or(f64::NEG_INFINITY, |a| a.value);
        if mean - half > most || mean + half < least {
            return Some(false);
        }
        inside &= mean + half <= most && mean - half >= least;
    }
    inside.then_some(true)
}

/// The cheapest that meets the goal on the common draws and often enough with fresh seeds.
fn cheapest(space: &Space, judged: &[(usize, Judged)]) -> Option<usize> {
    let mut met: Vec<&(usize, Judged)> = judged.iter().filter(|j| j.1.meets).collect();
    met.sort_by(|a, b| a.1.cost.total_cmp(&b.1.cost).then(a.0.cmp(&b.0)));
    let runs = space.planning.fresh_runs;
    let sure = |i: usize| {
        let enough = |met: u32, runs: u32| f64::from(met) / f64::from(runs) >= space.planning.success;
        let once = fresh(space, i, 1_000_000, runs);
        enough(once, runs) && enough(once + fresh(space, i, 1_000_000 + runs, runs), 2 * runs)
    };
    met.iter().map(|j| j.0).find(|i| sure(*i))
}

/// How many of `runs` runs from number `from` on meet every limit.
fn fresh(space: &Space, i: usize, from: u32, runs: u32) -> u32 {
    let limits = &space.goal.limits;
    let met = |n: u32| one(space, i, n).0.iter().zip(limits).all(|(v, l)| l.holds(*v));
    (from..from + runs).into_par_iter().filter(|n| met(*n)).count() as u32
}

/// What a bound got wrong.
fn unsound(planned: &PlanOutcome, space: &Space, judged: &[(usize, Judged)]) -> Vec<String> {
    use kinesim::planner::excuse::Why;
    let mut wrong = Vec::new();
    for r in &planned.rejected {
        let same = |c: &kinesim::planner::space::Candidate| {
            Settings::of(c.mode, c.shards, &space.designs[c.design].settings) == r.settings
        };
        let Some(i) = space.candidates.iter().position(same) else { continue };
        let of = &judged[i].1;
        if r.floor_usd > of.cost + 1e-9 {
            wrong.push(format!("{:?}: floor {} above its cost {}", r.settings, r.floor_usd, of.cost));
        }
        let closed = [Why::Quota, Why::CostFloor, Why::Writes, Why::HotKey, Why::PollInterval, Why::Headroom];
        if of.meets && closed.contains(&r.excuse.why) {
            wrong.push(format!("{:?}: discarded ({:?}) and meets the goal", r.settings, r.excuse.why));
        }
    }
    wrong
}

/// Clopper and Pearson's 95 % interval by bisection of the binomial sum.
pub fn clopper_pearson(k: u32, n: u32) -> (f64, f64) {
    let tail = |p: f64, from: u32, to: u32| -> f64 {
        let choose = |i: u32| (0..i).fold(1.0, |c, j| c * f64::from(n - j) / f64::from(j + 1));
        let power = |x: f64, times: u32| (0..times).fold(1.0, |y, _| y * x);
        (from..=to).map(|i| choose(i) * power(p, i) * power(1.0 - p, n - i)).sum()
    };
    let solve = |f: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if f(middle) { low = middle } else { high = middle }
        }
        low
    };
    let low = if k == 0 { 0.0 } else { solve(&|p| tail(p, k, n) < 0.025) };
    let high = if k == n { 1.0 } else { solve(&|p| tail(p, 0, k) > 0.025) };
    (low, high)
}
