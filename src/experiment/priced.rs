//! The bill without a run: every mode of a scenario from its rates, sizes and readers alone.
//!
//! A month is made of what a run would meter if nothing were refused, lost or sent twice: the demand's integral, the
//! size laws' means ([`expected`]), each reader reading everything once. It goes through the same bill as a run's
//! ([`bill_month`]). What only a run can tell (payload units of packed records, invocations, lease tables, objects,
//! what events change) is named and left unknown, never 0.

mod clients;
mod formula;
mod map;
mod years;

pub use map::{MapRow, READERS, RECORDS, UTILISATIONS};
pub use years::Year;

use super::plan::Plan;
use super::work::rate_curves;
use crate::consumer::config::ReadConfig;
use crate::cost::alternatives::{self, Alternative, Traffic};
use crate::cost::bill::BillLine;
use crate::cost::closed::{BreakEven, break_even};
use crate::cost::expected::{self, Sums};
use crate::cost::steady::{PerRecord, Steady};
use crate::cost::{BillError, MonthRule, bill_month};
use crate::facts::data_streams::shard_limits;
use crate::facts::prices::ItemId;
use crate::measure::result::Usage;
use crate::producer::curve::RateCurve;
use crate::stream::config::Mode;
use crate::units::billed::mul_div;
use crate::units::{Bytes, Dur, Money, RecordRate};
use crate::world::config::{Action, WorldConfig};
use crate::world::sizing;
use serde::Serialize;

/// Micro-records in a record.
const MICRO: u128 = 1_000_000;

/// The bill of every mode, and what it is compared with.
#[derive(Clone, Debug, Serialize)]
pub struct Priced {
    /// Scenario name.
    pub name: String,
    /// Its question.
    pub question: String,
    /// One per mode, in the scenario's order.
    pub modes: Vec<ModePrice>,
    /// Mean bytes of a record of the stream, its key among them where keys count.
    pub record_bytes: f64,
    /// Share of the write limits of the provisioned shards that the month's mean rate uses.
    pub utilisation: Option<f64>,
    /// Break-even of provisioned and on-demand for records of that size and these readers; `None`: no record.
    pub break_even: Option<BreakEven>,
    /// Over record size, utilisation and readers.
    pub map: Vec<MapRow>,
    /// The same traffic elsewhere.
    pub alternatives: Vec<Alternative>,
    /// What to know about it.
    pub notes: Vec<String>,
    /// kinesim's version.
    pub version: &'static str,
    /// Digest of the scenario's text.
    pub scenario_digest: String,
    /// Prices in force.
    pub prices: String,
}

/// The bill of one mode.
#[derive(Clone, Debug, Serialize)]
pub struct ModePrice {
    /// `provisioned`, …
    pub mode: &'static str,
    /// As AWS prints it.
    pub title: &'static str,
    /// What it covers.
    pub period: String,
    /// Its lines.
    pub lines: Vec<PricedLine>,
    /// Sum of the known lines.
    pub total: Money,
    /// A year, by retention.
    pub years: Vec<Year>,
}

/// One line.
#[derive(Clone, Debug, Serialize)]
pub struct PricedLine {
    /// What is billed.
    pub item: String,
    /// How the quantity comes about.
    pub formula: String,
    /// The quantity; `None`: only a run can tell.
    pub quantity: Option<String>,
    /// Its unit.
    pub unit: &'static str,
    /// USD for one.
    pub price: Option<String>,
    /// Key of the price (`kinesim explain KEY`).
    pub price_key: String,
    /// Where the price is from: source, date, standing.
    pub source: String,
    /// quantity × price; `None`: only a run can tell.
    pub amount: Option<Money>,
    /// quantity × price in words, with tiers and what is free; or why it is unknown.
    pub how: String,
}

/// What the demand of one scenario comes to.
struct Demand {
    curves: Vec<RateCurve>,
    /// Of each producer: means of its records.
    means: Vec<Sums>,
    /// Which producers put to the stream.
    to_stream: Vec<bool>,
}

impl Demand {
    fn of(world: &WorldConfig) -> Demand {
        let curves = rate_curves(world);
        let producers = world.producers.iter();
        // Keys count for what is read and held, as in a run, and not for what is put.
        let counts = world.stream.admission.count_key_bytes;
        let mean = |(p, curve): (&crate::producer::config::ProducerConfig, &RateCurve)| {
            let sums = expected::of(&p.demand.record_size, &p.demand.rate, curve);
            let keys = if counts { u128::from(p.demand.key_bytes.0) } else { 0 };
            Sums { bytes: sums.bytes.saturating_add(keys.saturating_mul(sums.records)), ..sums }
        };
        Demand {
            means: producers.clone().zip(&curves).map(mean).collect(),
            to_stream: producers.map(|p| p.client.firehose().is_none()).collect(),
            curves,
        }
    }

    /// Sums over the run of the producers chosen.
    fn run(&self, chosen: impl Fn(usize) -> bool) -> Sums {
        self.sum(chosen, |curve| curve.integral(0, curve.end()) / MICRO)
    }

    /// Sums over a month by the rule.
    fn month(&self, plan: &Plan, chosen: impl Fn(usize) -> bool) -> Sums {
        let run = plan.world.duration;
        self.sum(chosen, |curve| {
            let born = curve.integral(0, curve.end());
            let micro = match plan.month {
                MonthRule::Base(month) => {
                    let base = |span: Dur| {
                        mul_div(curve.base_rate().0.into(), span.0.into(), 1_000_000_000).unwrap_or(0)
                    };
                    base(month).saturating_add(born.saturating_sub(base(run)))
                }
                rule => mul_div(born, length(rule).0.into(), run.0.into()).unwrap_or(0),
            };
            micro / MICRO
        })
    }

    fn sum(&self, chosen: impl Fn(usize) -> bool, records: impl Fn(&RateCurve) -> u128) -> Sums {
        let each = (0..self.curves.len()).filter(|i| chosen(*i));
        each.map(|i| self.means[i].over(records(&self.curves[i]))).fold(Sums::default(), Sums::plus)
    }

    fn base_rate(&self) -> RecordRate {
        let streams = self.curves.iter().zip(&self.to_stream).filter(|(_, stream)| **stream);
        RecordRate(streams.map(|(c, _)| c.base_rate().0).sum())
    }
}

/// A month's length.
fn length(rule: MonthRule) -> Dur {
    match rule {
        MonthRule::Base(month) | MonthRule::Repeat(month) => month,
        MonthRule::Calendar { days } => Dur::from_h(24 * u64::from(days)),
    }
}

/// The bills of a plan's modes in closed form.
pub fn price(plan: &Plan) -> Result<Priced, BillError> {
    let demand = Demand::of(&plan.world);
    let to_stream = |i: usize| demand.to_stream[i];
    let month = demand.month(plan, to_stream);
    let modes: Result<Vec<ModePrice>, BillError> =
        plan.modes.iter().map(|mode| mode_price(plan, *mode, &demand)).collect();
    let world = &plan.world;
    let polling = world.consumers.iter().filter(|c| matches!(c.read, ReadConfig::Polling(_))).count() as u32;
    let fan_out = world.consumers.len() as u32 - polling;
    let mean = month.bytes.checked_div(month.records).unwrap_or(0) as u64;
    let even = match mean {
        0 => None,
        _ => break_even(Bytes(mean), polling + fan_out, &plan.prices, shard_limits()).ok(),
    };
    let traffic = Traffic {
        records: month.records,
        bytes: month.bytes,
        peak: crate::units::ByteRate(sizing::peak_minute(world).bytes_per_s),
        readers: world.consumers.len() as u64,
        retention: world.stream.retention,
        month: length(plan.month),
    };
    Ok(Priced {
        name: plan.name.clone(),
        question: plan.question.clone(),
        modes: modes?,
        record_bytes: if month.records > 0 { month.bytes as f64 / month.records as f64 } else { 0.0 },
        utilisation: utilisation(plan, &month),
        break_even: even,
        map: map::rows(&plan.prices)?,
        alternatives: alternatives::all(&traffic, &plan.prices),
        notes: notes(plan),
        version: env!("CARGO_PKG_VERSION"),
        scenario_digest: plan.digest.clone(),
        prices: plan.prices.dated.clone(),
    })
}

/// The mean rate of the month over the write limits of the provisioned shards.
fn utilisation(plan: &Plan, month: &Sums) -> Option<f64> {
    let seconds = length(plan.month).0 as f64 / 1e9;
    let shards = f64::from(sizing::provisioned_shards(&plan.world));
    let limits = shard_limits();
    let records = month.records as f64 / seconds / (limits.write_records_per_s as f64 * shards);
    let bytes = month.bytes as f64 / seconds / (limits.write_bytes_per_s as f64 * shards);
    (month.records > 0 && shards > 0.0).then(|| records.max(bytes))
}

fn mode_price(plan: &Plan, mode: Mode, demand: &Demand) -> Result<ModePrice, BillError> {
    let world = plan.world_of(mode, 0);
    let steady = steady(&world, demand);
    let run = usage(&steady, demand, world.duration);
    let advantage = &world.stream.advantage;
    let bill = bill_month(&run, &steady, plan.month, &plan.prices, world.duration, advantage)?;
    let packs = world.producers.iter().any(|p| p.client.packs());
    let context =
        formula::Context { steady: &steady, per: PerRecord::of_run(&run), month: length(plan.month) };
    let mut lines: Vec<PricedLine> = Vec::new();
    for line in &bill.lines {
        let priced = known(plan, line, context.of(line));
        let by_packing = [ItemId::PutPayloadUnit, ItemId::DataIn, ItemId::AdvantageIn].map(ItemId::title);
        lines.push(match packs && by_packing.contains(&line.item) {
            true => packed(priced),
            false => priced,
        });
    }
    lines.extend(clients::lines(plan, &world, demand)?);
    lines.extend(changed(&world));
    for line in &mut lines {
        line.amount = line.amount.map(|a| plan.rounding.apply(a));
    }
    Ok(ModePrice {
        mode: mode.word(),
        title: mode.title(),
        period: bill.period,
        total: Money(lines.iter().filter_map(|l| l.amount).map(|a| a.0).sum()),
        years: years::of(&steady, &PerRecord::of_run(&run), plan, advantage)?,
        lines,
    })
}

fn steady(world: &WorldConfig, demand: &Demand) -> Steady {
    let fan_out = world.consumers.iter().filter(|c| matches!(c.read, ReadConfig::FanOut(_))).count();
    Steady {
        mode: world.mode,
        rate: demand.base_rate(),
        shards: sizing::starting_shards(world),
        retention: world.stream.retention,
        polling_readers: (world.consumers.len() - fan_out) as u32,
        fan_out_readers: fan_out as u32,
    }
}

/// What the run would meter with nothing refused, lost or sent twice.
fn usage(steady: &Steady, demand: &Demand, duration: Dur) -> Usage {
    let sums = demand.run(|i| demand.to_stream[i]);
    let whole = |n: u128| u64::try_from(n).unwrap_or(u64::MAX);
    let per = PerRecord {
        records: whole(sums.records),
        bytes: whole(sums.bytes),
        put_units: whole(sums.put_units),
        billed_in: whole(sums.rounded),
    };
    // A steady stream at the run's own mean rate uses exactly these sums.
    let rate = mul_div(sums.records, MICRO * 1_000_000_000, duration.0.into()).unwrap_or(0);
    let mean = Steady { rate: RecordRate(whole(rate)), ..*steady };
    let full = mean.usage(&per, duration);
    // A run begins with nothing old.
    let mut usage = years::filling(&full, &mean, &per, steady.retention, duration);
    (usage.stored, usage.stored_bytes) = (per.records, per.bytes);
    match steady.mode {
        Mode::Provisioned => usage.put_payload_units = per.put_units,
        Mode::OnDemand => usage.on_demand_in_bytes = per.billed_in,
        Mode::OnDemandAdvantage => usage.advantage_in_bytes = per.billed_in,
    }
    usage
}

fn known(plan: &Plan, line: &BillLine, formula: String) -> PricedLine {
    PricedLine {
        item: line.item.to_owned(),
        formula,
        quantity: Some(line.quantity.clone()),
        unit: line.unit,
        price: Some(line.price.clone()),
        source: source(plan, &line.price_key),
        price_key: line.price_key.clone(),
        amount: Some(line.amount),
        how: line.how.clone(),
    }
}

/// Source, date and standing of a price.
fn source(plan: &Plan, key: &str) -> String {
    let row = plan.prices.table().into_iter().find(|r| r.key == key);
    row.map_or_else(String::new, |r| format!("{}, {}, {}", r.source, r.date, r.standing))
}

/// A line whose quantity depends on how full the clients pack their records.
fn packed(line: PricedLine) -> PricedLine {
    let alone = line.amount.map_or_else(String::new, |a| a.to_string());
    PricedLine {
        how: format!(
            "a client packs several records into one, how many only a run tells; one by one it would be {alone} USD"
        ),
        quantity: None,
        amount: None,
        ..line
    }
}

/// A line that only a run can fill.
fn unknown(item: String, unit: &'static str, how: &str) -> PricedLine {
    PricedLine {
        item,
        formula: String::new(),
        quantity: None,
        unit,
        price: None,
        price_key: String::new(),
        source: String::new(),
        amount: None,
        how: format!("{how}: needs a run (kinesim run)"),
    }
}

/// What events change of shards, mode and retention.
fn changed(world: &WorldConfig) -> Option<PricedLine> {
    let changes = |e: &&crate::world::config::TimedEvent| {
        matches!(
            e.action,
            Action::UpdateShardCount { .. }
                | Action::SplitShard { .. }
                | Action::MergeShards { .. }
                | Action::SwitchMode(_)
                | Action::Retention(_)
        )
    };
    let n = world.events.iter().filter(changes).count();
    (n > 0).then(|| {
        unknown("Events".into(), "", &format!("{n} events change shards, mode or retention in the run"))
    })
}

fn notes(plan: &Plan) -> Vec<String> {
    let mut notes = plan.notes.clone();
    notes.push(
        "nothing is refused, lost or sent twice here, and every reader reads everything once; kinesim run tells what \
         really happens"
            .into(),
    );
    let (peak, limits) = (sizing::peak_minute(&plan.world), shard_limits());
    for mode in &plan.modes {
        let shards = u64::from(sizing::starting_shards(&plan.world_of(*mode, 0)));
        let records = peak.records_per_s as f64 / (limits.write_records_per_s * shards).max(1) as f64;
        let bytes = peak.bytes_per_s as f64 / (limits.write_bytes_per_s * shards).max(1) as f64;
        let packs = plan.world.producers.iter().any(|p| p.client.packs());
        let most = if packs { bytes } else { records.max(bytes) };
        if most > 1.0 {
            notes.push(format!(
                "{}: the busiest minute asks for {:.0} % of the write limits of its {shards} shards: the bill is of what \
                 is offered, not of what gets through",
                mode.title(),
                most * 100.0
            ));
        }
    }
    notes
}
