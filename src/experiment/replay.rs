//! A real history through every mode and every autoscaling rule.
//!
//! The runs say what would have happened to the demand as the metrics show it. A metric is a sum over its period, and
//! the limits hold each second: what the sum hides is bracketed in closed form, step by step, on the shards that the
//! run had open: births evenly apart, Poisson, in batches as large as the history's own scatter from step to step asks
//! for, and all of a step at one instant. Each counts what is refused at the first attempt. Keys are taken as even.

mod together;
mod verdict;

pub use together::total;
pub use verdict::{Risk, verdict};

use super::findings::autoscaler;
use super::outcome::{ModeOutcome, Outcome};
use super::plan::Plan;
use super::{Trouble, run as run_plan};
use crate::measure::result::{Series, TimelineEntry};
use crate::stream::config::{AdmissionConfig, AutoscalerConfig, Mode};
use crate::theory::bursts::{self, gamma_excess, poisson_excess};
use crate::units::{Dur, Money, NS_PER_S};
use serde::Serialize;

/// What the metrics say, step by step.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Name of the stream.
    pub stream: String,
    /// Date and time of its start.
    pub start: Option<String>,
    /// Start of each step, ns.
    pub at: Vec<u64>,
    /// End of the last one.
    pub end: u64,
    /// Records offered in each step: the least (what was stored), our estimate, the most (stored and refused).
    pub offered: Vec<[f64; 3]>,
    /// Mean record of each step in bytes, with its key.
    pub size: Vec<f64>,
    /// Are sizes known at all?
    pub sizes_known: bool,
    /// Steps without a datapoint.
    pub missing: u64,
}

impl Past {
    fn length(&self, step: usize) -> u64 {
        self.at.get(step + 1).copied().unwrap_or(self.end) - self.at[step]
    }

    fn seconds(&self, step: usize) -> f64 {
        Dur(self.length(step)).as_s()
    }

    /// How its steps scatter: 1 is Poisson.
    pub fn dispersion(&self) -> f64 {
        let steps = (0..self.at.len()).map(|i| (self.length(i), self.offered[i][1]));
        bursts::dispersion(&steps.collect::<Vec<_>>())
    }
}

/// What a replay found beside its runs.
#[derive(Clone, Debug, Serialize)]
pub struct Replay {
    /// The stream.
    pub stream: String,
    /// Date and time of the history's start.
    pub start: Option<String>,
    /// Its length in ns.
    pub span_ns: u64,
    /// Steps.
    pub steps: usize,
    /// Length of the first step in ns.
    pub step_ns: u64,
    /// Steps without a datapoint (zero).
    pub missing: u64,
    /// Records offered: at least, our estimate, at most.
    pub offered: [f64; 3],
    /// Highest mean rate of a step by our estimate, records/s.
    pub peak_records_per_s: f64,
    /// Mean record in bytes; `None`: the metrics do not say.
    pub mean_record_bytes: Option<f64>,
    /// Variance over mean of a step's records.
    pub dispersion: f64,
    /// Modes, then autoscaling rules.
    pub designs: Vec<Design>,
    /// The place among them of the one that the others are held against.
    pub against: usize,
    /// Why it is that one, in words.
    pub against_why: &'static str,
}

/// One design the history went through.
#[derive(Clone, Debug, Serialize)]
pub struct Design {
    /// Capacity mode.
    pub mode: &'static str,
    /// Autoscaling rule, by the scenario's word.
    pub policy: Option<&'static str>,
    /// For people.
    pub title: String,
    /// Shards at the start, on average and at most.
    pub shards_start: u32,
    /// Time average.
    pub shards_mean: f64,
    /// Most at once.
    pub shards_max: u32,
    /// The history's own bill.
    pub history_usd: Money,
    /// A month like it.
    pub month_usd: Money,
    /// Records of which an attempt was refused, as simulated; `None`: not shown at this resolution.
    pub delayed_share: Option<f64>,
    /// Share of records refused at first, at the least, estimated and highest demand.
    pub refused: [Bracket; 3],
    /// The step with the most refusals under Poisson births, by our estimate.
    pub worst: Option<Worst>,
    /// What its rule did.
    pub decisions: Vec<TimelineEntry>,
    /// Open shards, one value a bucket.
    #[serde(skip)]
    pub open_shards: Vec<u32>,
    /// Length of a bucket, ns.
    #[serde(skip)]
    pub bucket_ns: u64,
}

/// Share of records refused at their first attempt, by what the seconds of a step may look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Bracket {
    /// Evenly apart.
    pub even: f64,
    /// Poisson.
    pub poisson: f64,
    /// In batches that explain the scatter between steps.
    pub burst: f64,
    /// All of a step at one instant.
    pub worst: f64,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Worst {
    /// When it begins, ns.
    pub at_ns: u64,
    /// Share refused in it.
    pub share: f64,
}

/// Runs a plan whose demand is this history, and its autoscaling rules; the mode `now` is what they are held against.
pub fn run(
    plan: &Plan,
    past: &Past,
    policies: &[AutoscalerConfig],
    now: Option<Mode>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Outcome, Trouble> {
    let mut outcome = run_plan(plan, progress)?;
    let autoscaler = plan.world.stream.autoscaler.as_ref();
    let own = autoscaler.map(|a| a.policy);
    let of = |mode: &ModeOutcome, policy| design(plan, past, mode, policy);
    let mut designs: Vec<Design> =
        outcome.modes.iter().map(|m| of(m, own.filter(|_| is_bought(m)))).collect();
    for policy in policies.iter().filter(|p| Some(*p) != autoscaler) {
        let mut plan = plan.clone();
        plan.modes = vec![Mode::Provisioned];
        plan.world.stream.autoscaler = Some(policy.clone());
        plan.curves = Some(false);
        plan.replications = Some(1);
        let tried = run_plan(&plan, progress)?;
        designs.extend(tried.modes.iter().map(|m| of(m, Some(policy.policy))));
        let about = ["autoscaler", "flapping", "autoscaler_refused", "custom_resource"];
        outcome.findings.extend(tried.findings.into_iter().filter(|f| about.contains(&f.kind)));
    }
    let replay = summary(past, designs, now.map(Mode::word));
    outcome.notes.extend(unsaid_shards(plan, &replay, now));
    let mut findings = verdict(&replay);
    findings.append(&mut outcome.findings);
    outcome.findings = findings;
    outcome.replay = Some(replay);
    Ok(outcome)
}

/// A stream said to be provisioned, and not with how many shards: what it is taken to have.
fn unsaid_shards(plan: &Plan, replay: &Replay, now: Option<Mode>) -> Option<String> {
    let base = replay.base().filter(|_| plan.world.stream.shards.is_none())?;
    (now == Some(Mode::Provisioned)).then(|| {
        format!(
            "`--now provisioned` and no `stream.shards`: the stream is taken to have the {} that AWS's sizing formula \
             gives for the busiest minute; `--set stream.shards=N` says how many it has",
            base.shards_start
        )
    })
}

fn is_bought(mode: &ModeOutcome) -> bool {
    mode.mode == Mode::Provisioned.word()
}

fn summary(past: &Past, designs: Vec<Design>, now: Option<&str>) -> Replay {
    let steps = 0..past.at.len();
    let sum = |end: usize| past.offered.iter().map(|o| o[end]).sum::<f64>();
    let bytes: f64 = steps.clone().map(|i| past.offered[i][0] * past.size[i]).sum();
    let rate = |i: usize| past.offered[i][1] / past.seconds(i).max(1e-9);
    let (against, against_why) = against(&designs, now);
    Replay {
        stream: past.stream.clone(),
        start: past.start.clone(),
        span_ns: past.end,
        steps: past.at.len(),
        step_ns: if past.at.is_empty() { 0 } else { past.length(0) },
        missing: past.missing,
        offered: [sum(0), sum(1), sum(2)],
        peak_records_per_s: steps.map(rate).fold(0.0, f64::max),
        mean_record_bytes: (past.sizes_known && sum(0) > 0.0).then(|| bytes / sum(0)),
        dispersion: past.dispersion(),
        against,
        against_why,
        designs,
    }
}

fn design(plan: &Plan, past: &Past, mode: &ModeOutcome, policy: Option<&'static str>) -> Design {
    let run = &mode.run;
    let limits = plan.world.stream.admission;
    let seen = |end| Seen { past, end, series: &run.series, limits, dispersion: past.dispersion() }.bracket();
    let (born, delayed) = run.producers.iter().fold((0, 0), |(b, d), p| (b + p.born, d + p.delayed));
    let title = match policy {
        Some(policy) => format!("{}, {}", mode.title, policy.replace('_', " ")),
        None => mode.title.to_owned(),
    };
    let decisions = run.timeline.iter().filter(|e| e.what.starts_with("autoscale"));
    Design {
        mode: mode.mode,
        policy,
        title,
        shards_start: run.stream.shards_at_start,
        shards_mean: mean(&run.series.open_shards).unwrap_or_else(|| autoscaler::mean_shards(run)),
        shards_max: run.stream.shards_max,
        history_usd: mode.bill_run.total,
        month_usd: mode.bill_month.total,
        delayed_share: (born > 0).then(|| delayed as f64 / born as f64),
        refused: [seen(0).0, seen(1).0, seen(2).0],
        worst: seen(1).1,
        decisions: decisions.cloned().collect(),
        open_shards: run.series.open_shards.clone(),
        bucket_ns: run.series.bucket_ns,
    }
}

fn mean(shards: &[u32]) -> Option<f64> {
    let sum: u64 = shards.iter().map(|s| u64::from(*s)).sum();
    (!shards.is_empty()).then(|| sum as f64 / shards.len() as f64)
}

/// One end of the demand on the shards that a run had open.
struct Seen<'a> {
    past: &'a Past,
    end: usize,
    series: &'a Series,
    limits: AdmissionConfig,
    dispersion: f64,
}

impl Seen<'_> {
    /// Shares over the whole history, and its worst step.
    fn bracket(&self) -> (Bracket, Option<Worst>) {
        let mut sum = Bracket::default();
        let mut all = 0.0;
        let mut worst: Option<Worst> = None;
        for step in 0..self.past.at.len() {
            let records = self.past.offered[step][self.end];
            if records <= 0.0 {
                continue;
            }
            let one = self.step(step, records);
            all += records;
            sum.even += one.even;
            sum.poisson += one.poisson;
            sum.burst += one.burst;
            sum.worst += one.worst;
            let share = one.poisson / records;
            if share > worst.map_or(1e-9, |w| w.share) {
                worst = Some(Worst { at_ns: self.past.at[step], share });
            }
        }
        let share = |refused: f64| if all > 0.0 { (refused / all).clamp(0.0, 1.0) } else { 0.0 };
        let of = [sum.even, sum.poisson, sum.burst, sum.worst].map(share);
        (Bracket { even: of[0], poisson: of[1], burst: of[2], worst: of[3] }, worst)
    }

    /// Records of one step refused at first.
    fn step(&self, step: usize, records: f64) -> Bracket {
        let (from, length) = (self.past.at[step], self.past.length(step));
        let bucket = self.series.bucket_ns.max(1);
        let rate = records / Dur(length).as_s().max(1e-9);
        let mut sum = Bracket::default();
        let mut at = from;
        let mut known: Option<(u32, Bracket)> = None;
        while at < from + length {
            let until = ((at / bucket + 1) * bucket).min(from + length);
            let shards = self.shards((at / bucket) as usize);
            let per_s = match known {
                Some((n, per_s)) if n == shards => per_s,
                _ => self.second(rate, records, self.past.size[step], shards),
            };
            known = Some((shards, per_s));
            let seconds = (until - at) as f64 / NS_PER_S as f64;
            sum.even += per_s.even * seconds;
            sum.poisson += per_s.poisson * seconds;
            sum.burst += per_s.burst * seconds;
            sum.worst += per_s.worst * seconds / Dur(length).as_s();
            at = until;
        }
        sum
    }

    fn shards(&self, bucket: usize) -> u32 {
        let open = &self.series.open_shards;
        open.get(bucket).or(open.last()).copied().unwrap_or(1).max(1)
    }

    /// Records refused in a second of this rate; in the worst case, of all the step's records at once.
    fn second(&self, rate: f64, records: f64, size: f64, shards: u32) -> Bracket {
        let n = f64::from(shards);
        let per_shard = rate / n;
        let by_bytes = self.limits.bytes_per_s as f64 / size.max(1.0);
        let limit = by_bytes.min(self.limits.records_per_s as f64);
        let burst = (self.limits.burst_bytes as f64 / size.max(1.0)).min(self.limits.burst_records as f64);
        // Each of n shards gets a fair share of a batch: variance over mean shrinks towards Poisson's.
        let variance = per_shard * (1.0 + (self.dispersion - 1.0) / n);
        Bracket {
            even: (rate - limit * n).max(0.0),
            poisson: poisson_excess(per_shard, limit) * n,
            burst: gamma_excess(per_shard, variance, limit).max(poisson_excess(per_shard, limit)) * n,
            worst: (records - burst * n).max(0.0),
        }
    }
}

impl Replay {
    /// The design that the others are held against.
    pub fn base(&self) -> Option<&Design> {
        self.designs.get(self.against)
    }
}

/// The place of the design that the others are held against, and why it is that one: the mode in use (`now`), else
/// on-demand, else the dearest.
fn against(designs: &[Design], now: Option<&str>) -> (usize, &'static str) {
    let of_mode = |mode: &str| designs.iter().position(|d| d.mode == mode);
    if let Some(place) = now.and_then(of_mode) {
        return (place, "the mode that `--now` says the stream is in");
    }
    if let Some(place) = of_mode(Mode::OnDemand.word()) {
        return (place, "taken as the stream's mode now, since `--now` is not given");
    }
    let dearest = (0..designs.len()).max_by_key(|i| designs[*i].month_usd).unwrap_or(0);
    (dearest, "the dearest, since `--now` is not given and on-demand is not among the modes")
}

/// A share for people.
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        p if p <= 0.0 => "none".into(),
        p if p < 0.001 => "below 0.001 %".into(),
        p if p < 0.1 => format!("{p:.3} %"),
        p => format!("{p:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::config::{AdmissionShape, ByteRounding};

    fn limits() -> AdmissionConfig {
        AdmissionConfig {
            records_per_s: 1_000,
            bytes_per_s: 1 << 20,
            burst_records: 1_000,
            burst_bytes: 1 << 20,
            shape: AdmissionShape::FixedWindow,
            byte_rounding: ByteRounding::None,
            count_key_bytes: false,
        }
    }

    /// Minutes of these records per second, on so many shards.
    fn seen(rates: &[f64], size: f64, shards: u32) -> (Bracket, Option<Worst>) {
        let past = Past {
            at: (0..rates.len() as u64).map(|i| i * 60 * NS_PER_S).collect(),
            end: rates.len() as u64 * 60 * NS_PER_S,
            offered: rates.iter().map(|r| [r * 60.0; 3]).collect(),
            size: vec![size; rates.len()],
            ..Past::default()
        };
        let open_shards = vec![shards; rates.len()];
        let series = Series { bucket_ns: 60 * NS_PER_S, open_shards, ..Series::default() };
        let dispersion = past.dispersion();
        Seen { past: &past, end: 1, series: &series, limits: limits(), dispersion }.bracket()
    }

    /// Overload of 1,050 records/s on one shard: A06.7's share.
    #[test]
    fn random_births_match_the_closed_form() {
        let (bracket, worst) = seen(&[1_050.0; 10], 100.0, 1);
        assert!((bracket.poisson - 0.0484082903).abs() < 1e-8, "{bracket:?}");
        assert!((bracket.even - 50.0 / 1_050.0).abs() < 1e-12);
        assert!((bracket.worst - (1.0 - 1_000.0 / 63_000.0)).abs() < 1e-12);
        assert_eq!(worst.unwrap().at_ns, 0);
    }

    #[test]
    fn the_bracket_is_ordered_and_bytes_count() {
        let (bracket, worst) = seen(&[300.0, 1_900.0, 200.0, 1_500.0], 200.0, 2);
        assert_eq!(bracket.even, 0.0);
        assert!(bracket.poisson < bracket.burst && bracket.burst < bracket.worst, "{bracket:?}");
        assert_eq!(worst.unwrap().at_ns, 60 * NS_PER_S);
        // 400 records/s of 4 KiB are 1.6 MiB/s: two shards take them, one does not.
        assert_eq!(seen(&[400.0], 4_096.0, 2).0.even, 0.0);
        assert!((seen(&[400.0], 4_096.0, 1).0.even - 0.36).abs() < 1e-12);
    }

    #[test]
    fn steady_steps_are_poisson_and_batches_show() {
        let past = |rates: &[f64]| Past {
            at: (0..rates.len() as u64).collect(),
            end: rates.len() as u64,
            offered: rates.iter().map(|r| [*r; 3]).collect(),
            ..Past::default()
        };
        assert_eq!(past(&[500.0; 9]).dispersion(), 1.0);
        // Differences of 200: variance 20,000 over a mean of 500.
        assert_eq!(past(&[400.0, 600.0, 400.0, 600.0]).dispersion(), 40.0);
    }
}
