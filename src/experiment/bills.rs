//! A run's bills: what it used, and a month.

use super::plan::Plan;
use super::work::rate_curves;
use crate::consumer::config::ReadConfig;
use crate::cost::bill::Bill;
use crate::cost::clients::firehose::used as used_by_firehose;
use crate::cost::steady::Steady;
use crate::cost::{self, BillError, MonthRule, Stretch, bill_month, bill_run, used_in, with_clients};
use crate::measure::clients::FirehoseResult;
use crate::measure::result::{RunResult, Usage};
use crate::producer::curve::RateCurve;
use crate::units::billed::mul_div;
use crate::units::{Dur, RecordRate};
use crate::world::config::WorldConfig;

/// How many records a second there are.
#[derive(Clone, Copy)]
struct Rates {
    /// Of all producers.
    all: RecordRate,
    /// Of those that put to the stream; the others put straight to Firehose.
    stream: RecordRate,
}

impl Rates {
    fn of(world: &WorldConfig, rate: impl Fn(&RateCurve) -> RecordRate) -> Rates {
        let curves = rate_curves(world);
        let each = || curves.iter().zip(&world.producers);
        let to_stream = each().filter(|(_, p)| p.client.firehose().is_none());
        Rates {
            all: RecordRate(each().map(|(c, _)| rate(c).0).sum()),
            stream: RecordRate(to_stream.map(|(c, _)| rate(c).0).sum()),
        }
    }
}

/// Bill of the run itself.
pub fn of_run(plan: &Plan, world: &WorldConfig, run: &RunResult) -> Result<Bill, BillError> {
    let bill = bill_run(&run.usage, &plan.prices, world.duration, &world.stream.advantage)?;
    let bill = with_clients(bill, &used_in(run), &plan.prices, Stretch::Run)?;
    Ok(bill.rounded(plan.rounding))
}

/// Bill of a month.
pub fn of_month(plan: &Plan, world: &WorldConfig, run: &RunResult) -> Result<Bill, BillError> {
    month(plan, plan.month, world, run, Rates::of(world, RateCurve::base_rate))
}

/// Bill of a month of the scenario at `percent` of its load, from a run of a stretch of it: what a record costs is
/// the run's, how many there are in a month is the scenario's, since its busiest minutes are not its month.
pub fn of_point(plan: &Plan, percent: u64, world: &WorldConfig, run: &RunResult) -> Result<Bill, BillError> {
    let (length, rates) = rate_of_month(plan);
    let at = |rate: RecordRate| RecordRate(rate.0 / 100 * percent);
    let rates = Rates { all: at(rates.all), stream: at(rates.stream) };
    month(plan, MonthRule::Base(length), world, run, rates)
}

/// A month's length, and how many records a second it has.
fn rate_of_month(plan: &Plan) -> (Dur, Rates) {
    let hours = |days: u32| Dur::from_h(24 * u64::from(days));
    let (length, based) = match plan.month {
        MonthRule::Base(length) => (length, true),
        MonthRule::Repeat(length) => (length, false),
        MonthRule::Calendar { days } => (hours(days), false),
    };
    let rate = if based { RateCurve::base_rate } else { RateCurve::mean };
    (length, Rates::of(&plan.world, rate))
}

/// What one Firehose stream adds to a month of the scenario, from a run of a stretch of it.
pub fn of_stream(
    plan: &Plan,
    world: &WorldConfig,
    run: &RunResult,
    f: &FirehoseResult,
) -> Result<Bill, BillError> {
    let (length, rates) = rate_of_month(plan);
    let stretch = stretch(MonthRule::Base(length), world.duration, rates.all, run);
    let bill = with_clients(Bill::default(), &used_by_firehose(f), &plan.prices, stretch)?;
    Ok(bill.rounded(plan.rounding))
}

fn month(
    plan: &Plan,
    rule: MonthRule,
    world: &WorldConfig,
    run: &RunResult,
    rates: Rates,
) -> Result<Bill, BillError> {
    let base = steady(world, run, rates.stream);
    let advantage = &world.stream.advantage;
    let bill = bill_month(&counted(run), &base, rule, &plan.prices, world.duration, advantage)?;
    let stretch = stretch(rule, world.duration, rates.all, run);
    let bill = with_clients(bill, &used_in(run), &plan.prices, stretch)?;
    Ok(bill.rounded(plan.rounding))
}

/// What a month uses, as far as a commitment is met by it.
pub fn usage_of_month(plan: &Plan, world: &WorldConfig, run: &RunResult) -> Usage {
    let rates = Rates::of(world, RateCurve::base_rate);
    cost::usage_of_month(&counted(run), &steady(world, run, rates.stream), plan.month, world.duration)
}

/// What was used, by records as producers make them, as the base rate counts them: a Kinesis record may hold several.
fn counted(run: &RunResult) -> Usage {
    Usage { stored: run.stream.stored, ..run.usage.clone() }
}

/// The stream under a steady rate.
fn steady(world: &WorldConfig, run: &RunResult, rate: RecordRate) -> Steady {
    let fan_out = world.consumers.iter().filter(|c| matches!(c.read, ReadConfig::FanOut(_))).count();
    Steady {
        mode: world.mode,
        rate,
        shards: run.stream.shards_at_start,
        retention: world.stream.retention,
        polling_readers: (world.consumers.len() - fan_out) as u32,
        fan_out_readers: fan_out as u32,
    }
}

/// What a month's bill of clients is over. Records that producers put straight to Firehose count as the stream's do.
fn stretch(rule: MonthRule, duration: Dur, rate: RecordRate, run: &RunResult) -> Stretch {
    let month = match rule {
        MonthRule::Base(month) | MonthRule::Repeat(month) => month,
        MonthRule::Calendar { days } => Dur::from_h(24 * u64::from(days)),
    };
    if !matches!(rule, MonthRule::Base(_)) {
        return Stretch::Repeated { run: duration, month };
    }
    // Micro-records per second times ns.
    let over = |span: Dur| {
        let records = mul_div(rate.0.into(), span.0.into(), 1_000_000_000_000_000);
        records.and_then(|n| u64::try_from(n).ok()).unwrap_or(u64::MAX)
    };
    let stored = run.producers.iter().map(|p| p.stored).sum();
    Stretch::Based { run: duration, month, stored, base_run: over(duration), base_month: over(month) }
}
