//! `kinesim compare`: two scenarios, or two modes of one, on the same draws.

use super::progress::Progress;
use super::{Exit, Flags, input, key_value, talk};
use crate::experiment::compare::{Comparison, Side, compare};
use crate::experiment::outcome::ModeOutcome;
use crate::experiment::plan::Plan;
use crate::experiment::{evaluate, work};
use crate::facts::prices::Prices;
use crate::report;
use crate::scenario::Scenario;
use crate::stream::config::Mode;
use std::path::PathBuf;

/// Replications by default where the work for five is too large; fewer give no useful interval.
const REPLICATIONS_MIN: u32 = 3;

const ONE: &str =
    "one scenario in one mode: name a second scenario, a change (--with KEY=VALUE) or two modes";

/// Arguments of `compare`.
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// The first design.
    a: PathBuf,
    /// The second; the first again where it is left out, with what `--with` changes or in another mode.
    b: Option<PathBuf>,
    /// Set a scenario key for the second design only; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    with: Vec<(String, String)>,
    /// Modes: the one both are compared in, or (A's),(B's), instead of those the scenarios name.
    #[arg(long, value_name = "MODE[,MODE]", value_delimiter = ',', value_parser = mode)]
    modes: Vec<Mode>,
    /// Pairs of replications, instead of the scenario's or the default number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    replications: Option<u32>,
}

fn mode(word: &str) -> Result<Mode, String> {
    let all = [Mode::Provisioned, Mode::OnDemand, Mode::OnDemandAdvantage];
    let found = all.into_iter().find(|m| m.word() == word);
    found.ok_or_else(|| format!("expected {}", all.map(|m| m.word()).join(", ")))
}

/// One design ready to be run.
struct Design {
    name: String,
    plan: Plan,
}

impl Compare {
    /// Runs both and prints the differences.
    pub fn go(&self, flags: &Flags) -> Exit {
        match self.done(flags) {
            Ok(exit) | Err(exit) => exit,
        }
    }

    fn done(&self, flags: &Flags) -> Result<Exit, Exit> {
        let first = input::load(&self.a, flags)?;
        let mut with = flags.clone();
        with.set.extend(self.with.iter().cloned());
        let second = input::load(self.b.as_ref().unwrap_or(&self.a), &with)?;
        let pairs = self.pairs(&first, &second)?;
        let seed = input::seed(&first, flags);
        let a = design(
            &first,
            "",
            (seed, input::prices(&first.region, flags)?),
            pairs.iter().map(|p| p.0).collect(),
        )?;
        let changed: Vec<String> = self.with.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let b = design(
            &second,
            &changed.join(", "),
            (seed, input::prices(&second.region, flags)?),
            pairs.iter().map(|p| p.1).collect(),
        )?;
        let replications = self.replications(&first, &a.plan, pairs.len());
        let all = run(a, b, replications, flags)?;
        let mut notes: Vec<String> = first.intervals.iter().chain(&second.intervals).map(interval).collect();
        notes.dedup();
        if flags.json {
            let whole = serde_json::json!({
                "seed": seed, "replications": replications, "comparisons": all, "notes": notes,
                "version": env!("CARGO_PKG_VERSION"),
            });
            let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
            text.push('\n');
            return Ok(talk::data(text.as_bytes()));
        }
        Ok(talk::data(report::compare::terminal(&all, replications, &notes).as_bytes()))
    }

    /// Which mode of the first is compared with which of the second.
    fn pairs(&self, a: &Scenario, b: &Scenario) -> Result<Vec<(Mode, Mode)>, Exit> {
        let one_design = self.b.is_none() && self.with.is_empty();
        match (self.modes.as_slice(), one_design) {
            ([one], false) => Ok(vec![(*one, *one)]),
            ([one, other], _) if one != other || !one_design => Ok(vec![(*one, *other)]),
            ([], true) => match a.modes.as_slice() {
                [one, others @ ..] if !others.is_empty() => Ok(others.iter().map(|o| (*one, *o)).collect()),
                _ => Err(talk::wrong(ONE)),
            },
            ([], false) => {
                let both: Vec<(Mode, Mode)> =
                    a.modes.iter().filter(|m| b.modes.contains(m)).map(|m| (*m, *m)).collect();
                match (both.is_empty(), a.modes.first(), b.modes.first()) {
                    (true, Some(one), Some(other)) => Ok(vec![(*one, *other)]),
                    _ => Ok(both),
                }
            }
            ([_], true) => Err(talk::wrong(ONE)),
            _ => Err(talk::wrong("--modes takes the one mode both are compared in, or two different ones")),
        }
    }

    fn replications(&self, scenario: &Scenario, plan: &Plan, pairs: usize) -> u32 {
        let usual = || work::replications(work::records(&plan.world), 2 * pairs).max(REPLICATIONS_MIN);
        self.replications.or(scenario.replications).unwrap_or_else(usual)
    }
}

fn design(
    scenario: &Scenario,
    changed: &str,
    (seed, prices): (u64, Prices),
    modes: Vec<Mode>,
) -> Result<Design, Exit> {
    if let Some(why) = scenario.too_large() {
        return Err(talk::wrong(why));
    }
    let mut plan = scenario.plan_with(seed, prices);
    plan.modes = modes;
    plan.curves = Some(false);
    let name = match changed {
        "" => scenario.name.clone(),
        changed => format!("{} with {changed}", scenario.name),
    };
    Ok(Design { name, plan })
}

/// Runs both designs and compares them, mode by mode.
fn run(mut a: Design, mut b: Design, replications: u32, flags: &Flags) -> Result<Vec<Comparison>, Exit> {
    let progress = Progress::new(flags);
    let work = |d: &Design| {
        let records = work::records(&d.plan.world) as u64;
        records.saturating_mul(d.plan.modes.len() as u64 * u64::from(replications))
    };
    let all = work(&a).saturating_add(work(&b));
    let outcomes = |d: &mut Design| -> Result<Vec<ModeOutcome>, Exit> {
        d.plan.replications = Some(replications);
        let run = evaluate(&d.plan, &|done, _| progress.more(done, all));
        run.map_err(|why| {
            progress.end();
            talk::wrong(format_args!("{}: {why}", d.name))
        })
    };
    let (of_a, of_b) = (outcomes(&mut a)?, outcomes(&mut b)?);
    progress.end();
    let side = |d: &Design, m: &ModeOutcome| Side {
        name: d.name.clone(),
        mode: m.mode,
        title: m.title,
        scenario_digest: d.plan.digest.clone(),
    };
    let pair = |(x, y): (&ModeOutcome, &ModeOutcome)| compare((side(&a, x), x), (side(&b, y), y));
    Ok(of_a.iter().zip(&of_b).map(pair).collect())
}

fn interval(i: &crate::scenario::Interval) -> String {
    format!("{} was given as {} .. {}: the runs take the middle", i.key, i.low, i.high)
}
