//! A run's bills: what it used, and a month.

use super::plan::Plan;
use super::work::rate_curves;
use crate::consumer::config::ReadConfig;
use crate::cost::bill::Bill;
use crate::cost::steady::Steady;
use crate::cost::{BillError, bill_month, bill_run};
use crate::measure::result::RunResult;
use crate::units::RecordRate;
use crate::world::config::WorldConfig;

/// Bill of the run itself.
pub fn of_run(plan: &Plan, world: &WorldConfig, run: &RunResult) -> Result<Bill, BillError> {
    let bill = bill_run(&run.usage, &plan.prices, world.duration, &world.stream.advantage)?;
    Ok(bill.rounded(plan.rounding))
}

/// Bill of a month.
pub fn of_month(plan: &Plan, world: &WorldConfig, run: &RunResult) -> Result<Bill, BillError> {
    let fan_out = world.consumers.iter().filter(|c| matches!(c.read, ReadConfig::FanOut(_))).count();
    let rate: u64 = rate_curves(world).iter().map(|c| c.base_rate().0).sum();
    let base = Steady {
        mode: world.mode,
        rate: RecordRate(rate),
        shards: run.stream.shards_at_start,
        retention: world.stream.retention,
        polling_readers: (world.consumers.len() - fan_out) as u32,
        fan_out_readers: fan_out as u32,
    };
    let advantage = &world.stream.advantage;
    let bill = bill_month(&run.usage, &base, plan.month, &plan.prices, world.duration, advantage)?;
    Ok(bill.rounded(plan.rounding))
}
